//! A table's methods in file order, in memory that is used again: their rows, patterns and signature.

use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use super::builder::{EncodeError, TablePlan};
use super::canonical::Canonical;
use super::interned::{TableStrings, name_hash};
use super::layout::{ENTRY_DEFAULT, EntryRow};
use super::logical::LogicalTable;
use super::shape::{check_all_named, name_once};

/// Sections on their way; of a table before, nothing is left behind their lengths.
#[derive(Debug, Default)]
pub(super) struct Methods {
    /// Section `ENTR`.
    pub(super) rows: Vec<u8>,
    /// Section `PATT`.
    pub(super) patterns: Vec<u8>,
    /// Section `SIGN`.
    pub(super) signature: String,
    /// For each method in canonical order, whether the plan named it.
    is_named: Vec<bool>,
    /// For each name of a module, its string's id, or [`NO_ID`].
    module_ids: Vec<u32>,
    /// For each position, whether a method has the top type or one of the parameters there.
    marks: Vec<bool>,
}

const NO_ID: u32 = u32::MAX;

impl Methods {
    /// Reads each method once, in the plan's order, and numbers its names in `strings`.
    ///
    /// `canonical` is that of `table`; patterns are whole and of the table's parameters, and there is a
    /// specificity for each method.
    pub(super) fn place(
        &mut self,
        table: &LogicalTable,
        plan: &TablePlan,
        canonical: &Canonical,
        strings: &mut TableStrings<'_>,
    ) -> Result<(), EncodeError> {
        let (arity, marks_a_position) = (usize::from(table.arity), table.params.len() + 1);
        self.rows.resize(size_of::<EntryRow>() * plan.order.len(), 0);
        self.patterns.resize(2 * arity * plan.order.len(), 0);
        refill(&mut self.is_named, table.entries.len(), false);
        refill(&mut self.module_ids, canonical.module_count(), NO_ID);
        refill(&mut self.marks, arity * marks_a_position, false);
        let mut patterns = self.patterns.as_mut_slice();
        for (index, row) in plan.order.iter().zip(self.rows.chunks_exact_mut(size_of::<EntryRow>())) {
            name_once(&mut self.is_named, *index)?;
            let index = *index as usize;
            let method = canonical.methods()[index];
            let (pattern, behind) = patterns.split_at_mut(2 * arity);
            patterns = behind;
            let params = canonical.pattern(method, arity).as_chunks::<2>().0;
            let marks = self.marks.chunks_exact_mut(marks_a_position);
            for ((param, to), marks) in params.iter().zip(pattern.as_chunks_mut().0).zip(marks) {
                *to = *param;
                marks[usize::from(u16::from_le_bytes(*param))] = true;
            }
            let implementation = strings.intern(canonical.symbol(method), method.symbol_hash);
            let module = &mut self.module_ids[method.module as usize];
            if *module == NO_ID {
                let text = canonical.module(method);
                *module = strings.intern(text, name_hash(text));
            }
            let filled = EntryRow {
                implementation: U32::new(implementation),
                module: U32::new(*module),
                specificity: U32::new(plan.specificity[index]),
                call_frequency: U32::new(plan.call_frequency.get(index).copied().unwrap_or(0)),
                flags: U32::new(if method.is_default { ENTRY_DEFAULT } else { 0 }),
            };
            row.copy_from_slice(filled.as_bytes());
        }
        for index in &plan.left_out {
            name_once(&mut self.is_named, *index)?;
        }
        check_all_named(table, plan)?;
        self.signature.clear();
        // A guess, so that a small one does not grow step by step.
        self.signature.reserve(64 * arity);
        for marks in self.marks.chunks_exact_mut(marks_a_position) {
            table.put_signature_line(&mut self.signature, marks);
        }
        Ok(())
    }
}

fn refill<T: Copy>(list: &mut Vec<T>, count: usize, with: T) {
    list.clear();
    list.resize(count, with);
}
