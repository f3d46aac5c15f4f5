//! New bytes of a table from those of an older one, section by section: what is the same is copied.
//!
//! Nothing is written into the old bytes, so whoever reads them goes on undisturbed. The result is,
//! byte for byte, what [`encode`](super::encode) makes, as long as the old bytes are what it made, of
//! whatever table. Of other writers' bytes the result is the same table, perhaps in other bytes:
//! their strings and the places of their hash are kept.

use std::borrow::Cow;

use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use super::builder::{EncodeError, HeaderFacts, TablePlan, assemble, put_above};
use super::core::{EntryId, above_stride_bytes};
use super::encoder::encode;
use super::envelope::NewSection;
use super::error::Tag;
use super::layout::{
    ABOV, CLAS, ENTR, ENTRY_DEFAULT, EntryRow, LEFT, NAME, PARM, PATT, RULE, SIGN, STRS, TYPE, TYPE_SEALED,
    TypeRow,
};
use super::logical::{LogicalEntry, LogicalRule, LogicalTable, LogicalType, ParamRef};
use super::rule_data::rule_section;
use super::sections::{put_answers, put_classes};
use super::shape::{check_limits, check_methods, check_shape};
use super::strings_patch::PatchedStrings;
use super::view::TableView;

/// A table's new bytes, and what of the old ones is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patched {
    /// The new table's bytes.
    pub bytes: Vec<u8>,
    /// Sections that are those of the old table, byte for byte, in file order.
    pub reused_sections: Vec<Tag>,
    /// The other sections, in file order.
    pub rewritten: Vec<Tag>,
    /// Bytes that were copied from the old table: its reused sections, and what the new string pool
    /// has of the old one's front.
    pub copied_bytes: u64,
}

/// The bytes of `table` under `plan`, with every section of `old` that did not change.
///
/// `old` should be bytes that [`encode`](super::encode) or this function made, of whatever table; then
/// the bytes are those that `encode` gives, and errors are its errors. The cost is
/// about that of `encode`: what this saves is to know which sections are the old ones, not time.
pub fn patch(old: &TableView<'_>, table: &LogicalTable, plan: &TablePlan) -> Result<Patched, EncodeError> {
    check_limits(table)?;
    check_shape(table, plan)?;
    check_methods(table, plan)?;
    // Rare, and small: not worth a second way to write it.
    if !plan.left_out.is_empty() || old.section(LEFT).is_some() {
        let bytes = encode(table, plan)?;
        let rewritten = TableView::open(&bytes).map(|view| view.section_tags().collect());
        let rewritten = rewritten.map_err(|_| EncodeError::Inconsistent("the new bytes do not open"))?;
        return Ok(Patched { bytes, reused_sections: Vec::new(), rewritten, copied_bytes: 0 });
    }
    let mut patch = Patch::new(old);
    let mut strings = PatchedStrings::new(old.strings());
    let types = type_rows(old, table, &mut strings);
    let rows = EntryPlan {
        order: &plan.order,
        specificity: &plan.specificity,
        call_frequency: &plan.call_frequency,
    };
    let entries = entry_rows(old, table, rows, &mut strings);
    let same_params = has_params(old, table);
    let same_patterns = has_patterns(old, table, &plan.order);
    // The same patterns in one row may be cut into another number of positions.
    let same_signature =
        same_params && same_patterns && old.header().arity == table.arity && has_types(old, table);
    let same_name = old.section(NAME) == Some(table.name.as_bytes());
    let params = || table.params.iter().flat_map(|local| local.to_le_bytes()).collect();
    let patterns = || {
        let params = plan.order.iter().filter_map(|at| table.entries.get(*at as usize));
        params.flat_map(|entry| &entry.pattern).flat_map(|param| param.0.to_le_bytes()).collect()
    };
    patch.put(NAME, same_name, || table.name.clone().into_bytes());
    patch.put(SIGN, same_signature, || table.type_signature(&plan.order).into_bytes());
    patch.strings(&strings);
    patch.compared(TYPE, types.as_bytes().to_vec());
    patch.put(PARM, same_params, params);
    patch.put(ABOV, has_relations(old, table), || made(|section| put_above(section, table)));
    patch.put(PATT, same_patterns, patterns);
    patch.compared(ENTR, entries.as_bytes().to_vec());
    if let Some(rule) = rule_section(table) {
        patch.compared(RULE, rule);
    }
    if let (Some(classes), Some(tag)) = (plan.strategy.classes(), plan.strategy.optimization().section()) {
        patch.compared(CLAS, made(|section| put_classes(section, classes, plan.is_hot())));
        let mut answers = Vec::new();
        put_answers(&mut answers, &plan.strategy, old.section(tag))?;
        patch.compared(tag, answers);
    }
    patch.finish(table, HeaderFacts::of(plan))
}

/// The bytes of `table` without a plan, where nothing but symbols and modules of its methods differ from
/// the table behind `old`; none where anything else does, or the rule is the embedding compiler's, who
/// may choose by symbols. No other rule or optimizer looks at them, so the old answers are the new ones,
/// and all that finds them is copied.
///
/// `call_frequency` is as in [`TablePlan`]. The bytes are those that [`encode`](super::encode) gives
/// under the plan that the optimizer behind `old` would make.
pub fn patch_symbols(
    old: &TableView<'_>,
    table: &LogicalTable,
    call_frequency: &[u32],
    creation_timestamp: u64,
) -> Result<Option<Patched>, EncodeError> {
    check_limits(table)?;
    let header = old.header();
    let is_same = old.section(LEFT).is_none()
        && old.section(NAME) == Some(table.name.as_bytes())
        && (header.arity, header.rule) == (table.arity, table.rule.rule().code())
        && !matches!(table.rule, LogicalRule::Custom { .. })
        && has_types(old, table)
        && has_params(old, table)
        && has_relations(old, table)
        && rule_section(table).as_deref() == old.section(RULE);
    let order = if is_same { same_entries(old, table, call_frequency) } else { None };
    let Some(order) = order else { return Ok(None) };
    let mut specificity = vec![0; table.entries.len()];
    for (canonical, row) in order.iter().zip(old.entry_rows()) {
        if let Some(slot) = specificity.get_mut(*canonical as usize) {
            *slot = row.specificity.get();
        }
    }
    let mut patch = Patch::new(old);
    let mut strings = PatchedStrings::new(old.strings());
    type_rows(old, table, &mut strings);
    let rows = EntryPlan { order: &order, specificity: &specificity, call_frequency };
    let entries = entry_rows(old, table, rows, &mut strings);
    for tag in old.section_tags() {
        match tag {
            STRS => patch.strings(&strings),
            ENTR => patch.compared(ENTR, entries.as_bytes().to_vec()),
            NAME | SIGN | TYPE | PARM | ABOV | PATT | RULE => patch.put(tag, true, Vec::new),
            _ => patch.compared(tag, old.section(tag).unwrap_or_default().to_vec()),
        }
    }
    let facts = HeaderFacts {
        optimization: header.optimization,
        flags: header.flags.get(),
        creation_timestamp,
        entry_count: header.entry_count.get(),
        has_left_out: false,
    };
    patch.finish(table, facts).map(Some)
}

/// A section of its own.
fn made(put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut section = Vec::new();
    put(&mut section);
    section
}

/// Sections on their way into the new file.
struct Patch<'o, 'a> {
    old: &'o TableView<'a>,
    sections: Vec<NewSection<'a>>,
    reused: Vec<Tag>,
    rewritten: Vec<Tag>,
    copied_bytes: usize,
}

impl<'o, 'a> Patch<'o, 'a> {
    const fn new(old: &'o TableView<'a>) -> Self {
        Self { old, sections: Vec::new(), reused: Vec::new(), rewritten: Vec::new(), copied_bytes: 0 }
    }

    /// The old section where it is known to be the `same`, else what `fresh` makes.
    fn put(&mut self, tag: Tag, same: bool, fresh: impl FnOnce() -> Vec<u8>) {
        match self.old.section(tag) {
            Some(old) if same => self.push(tag, Cow::Borrowed(old)),
            _ => self.compared(tag, fresh()),
        }
    }

    /// The old section where it has these bytes, else these.
    fn compared(&mut self, tag: Tag, fresh: Vec<u8>) {
        let old = self.old.section(tag).filter(|old| *old == fresh);
        self.push(tag, old.map_or(Cow::Owned(fresh), Cow::Borrowed));
    }

    fn strings(&mut self, strings: &PatchedStrings<'a>) {
        let (section, kept_bytes) = strings.finish(self.old.section(STRS).unwrap_or_default());
        if matches!(section, Cow::Owned(_)) {
            self.copied_bytes += kept_bytes;
        }
        self.push(STRS, section);
    }

    fn push(&mut self, tag: Tag, bytes: Cow<'a, [u8]>) {
        match bytes {
            Cow::Borrowed(old) => {
                self.copied_bytes += old.len();
                self.reused.push(tag);
            }
            Cow::Owned(_) => self.rewritten.push(tag),
        }
        let is_required = matches!(tag, NAME | SIGN | STRS | TYPE | PARM | ABOV | PATT | ENTR | RULE);
        let section = if is_required { NewSection::required } else { NewSection::optional };
        self.sections.push(section(tag, bytes));
    }

    fn finish(self, table: &LogicalTable, facts: HeaderFacts) -> Result<Patched, EncodeError> {
        let bytes = assemble(table, facts, &self.sections)?;
        let copied_bytes = self.copied_bytes as u64;
        Ok(Patched { bytes, reused_sections: self.reused, rewritten: self.rewritten, copied_bytes })
    }
}

/// Whether `old` lists the same types, in the same order.
fn has_types(old: &TableView<'_>, table: &LogicalTable) -> bool {
    let is_same = |(row, wanted): (&TypeRow, &LogicalType)| {
        old.strings().bytes_of(row.name.get()) == Ok(wanted.name.as_bytes())
            && row.flags.get() == type_flags(wanted)
    };
    old.type_rows().len() == table.types.len() && old.type_rows().iter().zip(&table.types).all(is_same)
}

fn has_params(old: &TableView<'_>, table: &LogicalTable) -> bool {
    let section = old.section(PARM).unwrap_or_default();
    section.len() == 4 * table.params.len()
        && section.chunks_exact(4).zip(&table.params).all(|(bytes, local)| *bytes == local.to_le_bytes())
}

/// Whether the section says, bit for bit, of each type that it is under the same parameters.
fn has_relations(old: &TableView<'_>, table: &LogicalTable) -> bool {
    let stride = above_stride_bytes(table.params.len() as u32);
    let section = old.section(ABOV).unwrap_or_default();
    let mut expected = vec![0_u8; stride];
    section.len() == stride * table.types.len()
        && section.chunks_exact(stride.max(1)).zip(&table.types).all(|(bytes, row)| {
            expected.fill(0);
            for param in &*row.above {
                // A parameter that there is not is found wrong by the shape's check, or differs here.
                match expected.get_mut(usize::from(*param) / 8) {
                    Some(byte) => *byte |= 1 << (param % 8),
                    None => return false,
                }
            }
            expected == bytes
        })
}

/// Whether the entries in file order have the same patterns, one behind the other.
fn has_patterns(old: &TableView<'_>, table: &LogicalTable, order: &[u32]) -> bool {
    let wanted = order.iter().filter_map(|at| table.entries.get(*at as usize));
    let wanted = wanted.flat_map(|entry| &entry.pattern).map(|param| param.0.to_le_bytes());
    let section = old.section(PATT).unwrap_or_default();
    section.len() == 2 * usize::from(table.arity) * order.len()
        && section.chunks_exact(2).zip(wanted).all(|(bytes, param)| *bytes == param)
}

/// For each old entry its canonical index in `table`, if they have the same patterns, marks and calls.
fn same_entries(old: &TableView<'_>, table: &LogicalTable, call_frequency: &[u32]) -> Option<Vec<u32>> {
    let is_counted = !call_frequency.is_empty();
    if old.entry_rows().len() != table.entries.len()
        || is_counted && call_frequency.len() != table.entries.len()
    {
        return None;
    }
    let mut order = Vec::with_capacity(table.entries.len());
    let mut seen = vec![false; table.entries.len()];
    let mut pattern: Vec<ParamRef> = Vec::new();
    for (at, row) in (0..).zip(old.entry_rows()) {
        pattern.clear();
        pattern.extend(old.core().pattern(EntryId(at)).ok()?);
        let canonical = table.entries.binary_search_by(|entry| entry.pattern.cmp(&pattern)).ok()?;
        let calls = call_frequency.get(canonical).copied().unwrap_or(0);
        let is_same = row.call_frequency.get() == calls
            && row.flags.get() == entry_flags(table.entries.get(canonical)?);
        if !is_same || std::mem::replace(seen.get_mut(canonical)?, true) {
            return None;
        }
        order.push(canonical as u32);
    }
    Some(order)
}

fn type_flags(row: &LogicalType) -> u32 {
    if row.sealed { TYPE_SEALED } else { 0 }
}

fn entry_flags(entry: &LogicalEntry) -> u32 {
    if entry.default { ENTRY_DEFAULT } else { 0 }
}

/// The rows of section `TYPE`; their names are the first strings of the pool.
fn type_rows<'a>(
    old: &TableView<'a>,
    table: &'a LogicalTable,
    strings: &mut PatchedStrings<'a>,
) -> Vec<TypeRow> {
    let mut old_rows = old.type_rows().iter().peekable();
    let row = |row: &'a LogicalType| {
        // Both lists are in name order, so a type that is in both is found by going on in the old one.
        let text_of = |old_row: &TypeRow| old.strings().bytes_of(old_row.name.get()).unwrap_or_default();
        while old_rows.next_if(|old_row| text_of(old_row) < row.name.as_bytes()).is_some() {}
        let hint = old_rows.peek().map(|old_row| old_row.name.get());
        TypeRow { name: U32::new(strings.intern(&row.name, hint)), flags: U32::new(type_flags(row)) }
    };
    table.types.iter().map(row).collect()
}

/// What a plan says of entries.
#[derive(Clone, Copy)]
struct EntryPlan<'p> {
    order: &'p [u32],
    specificity: &'p [u32],
    call_frequency: &'p [u32],
}

/// The rows of section `ENTR`.
fn entry_rows<'a>(
    old: &TableView<'a>,
    table: &'a LogicalTable,
    plan: EntryPlan<'_>,
    strings: &mut PatchedStrings<'a>,
) -> Vec<EntryRow> {
    let old_rows = old.entry_rows();
    let mut rows = Vec::with_capacity(plan.order.len());
    let mut cursor = 0;
    for canonical in plan.order {
        let index = *canonical as usize;
        let Some(entry) = table.entries.get(index) else { continue };
        let is_here = |at: &usize| {
            let text = old_rows.get(*at).map(|row| old.strings().bytes_of(row.implementation.get()));
            text == Some(Ok(entry.implementation.as_bytes()))
        };
        // One of the two where an entry went before, or none did; an entry that came has no old row.
        let found = [cursor, cursor + 1].into_iter().find(is_here);
        let near = old_rows.get(found.unwrap_or(cursor));
        let is_replaced = found.is_none() && old_rows.len() >= table.entries.len();
        cursor = found.map_or(cursor + usize::from(is_replaced), |at| at + 1);
        rows.push(EntryRow {
            implementation: U32::new(
                strings.intern(&entry.implementation, near.map(|row| row.implementation.get())),
            ),
            module: U32::new(strings.intern(&entry.module, near.map(|row| row.module.get()))),
            specificity: U32::new(plan.specificity.get(index).copied().unwrap_or(0)),
            call_frequency: U32::new(plan.call_frequency.get(index).copied().unwrap_or(0)),
            flags: U32::new(entry_flags(entry)),
        });
    }
    rows
}
