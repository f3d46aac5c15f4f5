//! The logical table behind the bytes of a table or of an image's family.

use std::borrow::Cow;

use super::core::{DispatchCore, EntryId, LocalType};
use super::error::AccessError;
use super::layout::{LEFT, PARM, PATT, TYPE};
use super::left_out::LeftOut;
use super::logical::{LogicalEntry, LogicalTable, LogicalType, ParamRef};
use super::rule_data::logical_rule;
use super::verify::VerifyError;
use super::view::{EntryInfo, TableView};

/// A table in a file of its own, or a family of an image.
pub(crate) trait Provable<'a> {
    fn core(&self) -> &DispatchCore<'a>;
    fn name(&self) -> Result<&'a str, AccessError>;
    fn arity(&self) -> u8;
    fn table_hash(&self) -> u64;
    fn type_count(&self) -> u32;
    fn param_count(&self) -> u32;
    fn may_be_ambiguous(&self) -> bool;
    fn type_info(&self, local: LocalType) -> Result<Option<(&'a str, bool)>, AccessError>;
    fn entry(&self, entry: EntryId) -> Result<EntryInfo<'a>, AccessError>;
    fn left_out(&self) -> Result<Vec<LeftOut<'a>>, AccessError>;
}

impl<'a> Provable<'a> for TableView<'a> {
    fn core(&self) -> &DispatchCore<'a> {
        self.core()
    }
    fn name(&self) -> Result<&'a str, AccessError> {
        self.name()
    }
    fn arity(&self) -> u8 {
        self.header().arity
    }
    fn table_hash(&self) -> u64 {
        self.header().table_hash.get()
    }
    fn type_count(&self) -> u32 {
        self.type_count()
    }
    fn param_count(&self) -> u32 {
        self.header().param_count.get()
    }
    fn may_be_ambiguous(&self) -> bool {
        self.may_be_ambiguous()
    }
    fn type_info(&self, local: LocalType) -> Result<Option<(&'a str, bool)>, AccessError> {
        self.type_info(local)
    }
    fn entry(&self, entry: EntryId) -> Result<EntryInfo<'a>, AccessError> {
        self.entry(entry)
    }
    fn left_out(&self) -> Result<Vec<LeftOut<'a>>, AccessError> {
        self.left_out()
    }
}

/// The question that the table was made for: with the methods that were left out.
pub(super) fn with_left_out<'a, 't>(
    table: &impl Provable<'a>,
    entries: &'t LogicalTable,
) -> Result<Cow<'t, LogicalTable>, VerifyError> {
    let left_out = table.left_out()?;
    if left_out.is_empty() {
        return Ok(Cow::Borrowed(entries));
    }
    let mut asked = entries.clone();
    asked.entries.extend(left_out.iter().map(LeftOut::to_entry));
    sort_canonical(&mut asked.entries);
    let param_count = asked.params.len();
    for pair in asked.entries.windows(2) {
        if let [first, second] = pair
            && first.pattern == second.pattern
        {
            let pattern = asked.pattern_text(&first.pattern);
            return Err(VerifyError::Inconsistent(format!("two methods have the pattern {pattern}")));
        }
    }
    let refs = asked.entries.iter().flat_map(|entry| &entry.pattern);
    if let Some(bad) = refs.into_iter().find(|param| usize::from(param.0) > param_count) {
        let (index, bound) = (u64::from(bad.0), param_count as u64);
        return Err(AccessError::OutOfBounds { tag: LEFT, index, bound }.into());
    }
    Ok(Cow::Owned(asked))
}

fn sort_canonical(entries: &mut [LogicalEntry]) {
    entries.sort_by(|a, b| {
        (&a.pattern, &a.implementation, &a.module).cmp(&(&b.pattern, &b.implementation, &b.module))
    });
}

/// The logical table of the entries, in canonical order.
pub(super) fn logical_of<'a>(table: &impl Provable<'a>) -> Result<LogicalTable, VerifyError> {
    let core = table.core();
    let param_count = table.param_count();
    let mut types: Vec<LogicalType> = Vec::new();
    for local in 0..table.type_count() {
        let (name, sealed) = table.type_info(LocalType(local))?.unwrap_or_default();
        if types.last().is_some_and(|previous| &*previous.name >= name) {
            return Err(VerifyError::Order { tag: TYPE, row: local, previous: local.saturating_sub(1) });
        }
        let mut above = Vec::new();
        for param in 0..param_count as u16 {
            if core.is_below(LocalType(local), ParamRef(param + 1))? {
                above.push(param);
            }
        }
        types.push(LogicalType { name: name.into(), sealed, above: above.into() });
    }
    let mut params: Vec<u32> = Vec::new();
    for param in 0..param_count as u16 {
        let local = core.param_type(param)?;
        if table.type_info(local)?.is_none() {
            return Err(VerifyError::Inconsistent(format!("parameter {param} is no type of the table")));
        }
        if params.last().is_some_and(|previous| *previous >= local.0) {
            let row = u32::from(param);
            return Err(VerifyError::Order { tag: PARM, row, previous: row.saturating_sub(1) });
        }
        if !core.is_below(local, ParamRef(param + 1))? {
            return Err(VerifyError::Inconsistent(format!("parameter {param} is not above itself")));
        }
        params.push(local.0);
    }
    let mut entries = Vec::new();
    for entry in 0..core.entry_count() {
        let info = table.entry(EntryId(entry))?;
        let pattern: Vec<ParamRef> = core.pattern(EntryId(entry))?.collect();
        if let Some(bad) = pattern.iter().find(|param| u32::from(param.0) > param_count) {
            let (index, bound) = (u64::from(bad.0), u64::from(param_count));
            return Err(AccessError::OutOfBounds { tag: PATT, index, bound }.into());
        }
        entries.push(LogicalEntry {
            pattern,
            implementation: info.implementation.to_owned(),
            module: info.module.to_owned(),
            default: info.default,
        });
    }
    sort_canonical(&mut entries);
    let name = table.name()?.to_owned();
    let rule = logical_rule(&core.rule_view(), &types, param_count)?;
    Ok(LogicalTable { name, arity: table.arity(), rule, types, params, entries })
}
