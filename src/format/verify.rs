//! The deep proof: everything that `open` leaves to each access, and that the answers agree with
//! the naive reading of the patterns.
//!
//! Too slow for every open: it reads each section whole, and tries one type of each class.

use super::core::{EntryId, LocalType, Outcome};
use super::error::{AccessError, OpenError};
use super::layout::{ENTR, PARM, PATT, TYPE};
use super::logical::{LogicalEntry, LogicalTable, LogicalType, ParamRef};
use super::view::TableView;

/// Tuples that are tried at most; a table of more classes is tried on an even sample of them.
const MAX_TUPLES: u64 = 1 << 16;

/// What is wrong with bytes that open well or not at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// They do not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An access fails.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Rows are not in the order the specification asks for.
    #[error("section {tag}: row {row} is not behind row {previous} in its order")]
    Order {
        /// Which section.
        tag: super::error::Tag,
        /// The row that is out of place.
        row: u32,
        /// The row in front of it.
        previous: u32,
    },
    /// A relation contradicts another one.
    #[error("{0}")]
    Inconsistent(String),
    /// The optimized answer is not the one the patterns give.
    #[error("the answer for ({args}) is {found:?}, the patterns say {expected:?}")]
    Answer {
        /// Type names.
        args: String,
        /// What `dispatch` says.
        found: Outcome,
        /// What the patterns say.
        expected: Outcome,
    },
}

/// Opens `bytes` and proves all that can be proved from them alone.
pub fn verify(bytes: &[u8]) -> Result<(), VerifyError> {
    let table = TableView::open(bytes)?;
    let logical = logical_of(&table)?;
    if table.type_signature()? != logical.type_signature() {
        return Err(VerifyError::Inconsistent("the type signature is not that of the patterns".to_owned()));
    }
    let (stored, computed) = (table.header().table_hash.get(), logical.table_hash());
    if stored != computed {
        return Err(VerifyError::Inconsistent(format!(
            "the table hash is {stored:016x}, the logical table has {computed:016x}"
        )));
    }
    check_order(&table, &logical)?;
    check_answers(&table)
}

/// The logical table behind the bytes, in canonical order.
fn logical_of(table: &TableView<'_>) -> Result<LogicalTable, VerifyError> {
    let core = table.core();
    let param_count = table.header().param_count.get();
    let mut types: Vec<LogicalType> = Vec::new();
    for local in 0..table.type_count() {
        let (name, sealed) = table.type_info(LocalType(local))?.unwrap_or_default();
        if types.last().is_some_and(|previous| previous.name.as_str() >= name) {
            return Err(VerifyError::Order { tag: TYPE, row: local, previous: local.saturating_sub(1) });
        }
        let mut above = Vec::new();
        for param in 0..param_count as u16 {
            if core.is_below(LocalType(local), ParamRef(param + 1))? {
                above.push(param);
            }
        }
        types.push(LogicalType { name: name.to_owned(), sealed, above });
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
    entries.sort_by(|a, b| {
        (&a.pattern, &a.implementation, &a.module).cmp(&(&b.pattern, &b.implementation, &b.module))
    });
    let name = table.name()?.to_owned();
    Ok(LogicalTable { name, arity: table.header().arity, rule: table.rule(), types, params, entries })
}

/// Entries stand in specificity order, and no two have the same pattern.
fn check_order(table: &TableView<'_>, logical: &LogicalTable) -> Result<(), VerifyError> {
    let mut previous = 0;
    for entry in 0..table.core().entry_count() {
        let specificity = table.entry(EntryId(entry))?.specificity;
        if specificity < previous {
            return Err(VerifyError::Order { tag: ENTR, row: entry, previous: entry.saturating_sub(1) });
        }
        previous = specificity;
    }
    for pair in logical.entries.windows(2) {
        if let [first, second] = pair
            && first.pattern == second.pattern
        {
            let pattern = logical.pattern_text(&first.pattern);
            return Err(VerifyError::Inconsistent(format!("two entries have the pattern {pattern}")));
        }
    }
    Ok(())
}

/// Tries tuples of one type per distinct row of relations: others are answered like one of these,
/// or the classes disagree with the relations, which trying every type of a position shows.
fn check_answers(table: &TableView<'_>) -> Result<(), VerifyError> {
    let arity = usize::from(table.header().arity);
    let choices: Vec<LocalType> =
        (0..table.type_count()).map(LocalType).chain(std::iter::once(LocalType::OTHER)).collect();
    let side = choices.len() as u64;
    let tuples = (0..arity).fold(1_u64, |product, _| product.saturating_mul(side));
    // A step that shares no factor with the side visits every digit of every position.
    let mut step = (tuples / MAX_TUPLES).max(1);
    while step > 1 && gcd(step, side) != 1 {
        step += 1;
    }
    let mut args = vec![LocalType::OTHER; arity];
    let mut index = 0_u64;
    while index < tuples {
        let mut rest = index;
        for arg in &mut args {
            *arg = choices[(rest % side) as usize];
            rest /= side;
        }
        check_one(table, &args)?;
        let Some(next) = index.checked_add(step) else { break };
        index = next;
    }
    Ok(())
}

fn check_one(table: &TableView<'_>, args: &[LocalType]) -> Result<(), VerifyError> {
    let found = table.dispatch(args)?;
    let candidates: Vec<EntryId> = table.core().candidates(args).collect::<Result<_, _>>()?;
    let expected = match candidates.as_slice() {
        [] => Outcome::NoMethod,
        [one] => Outcome::Method(*one),
        _ => Outcome::Ambiguous,
    };
    if found == expected {
        return Ok(());
    }
    let mut names = Vec::new();
    for local in args {
        names.push(table.type_info(*local)?.map_or("any other type", |(name, _)| name));
    }
    Err(VerifyError::Answer { args: names.join(", "), found, expected })
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
