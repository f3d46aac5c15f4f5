//! The sections of outcomes by tuples of classes: `MTRX` and `PHSH`, as far as they go.

use std::collections::BTreeMap;
use std::mem::offset_of;

use super::dump::{HashDump, MatrixDump, MatrixRow, OutcomeCount};
use super::read::{Notes, Part, UNREADABLE};
use crate::format::layout::{
    CELL_AMBIGUOUS, CELL_FIRST_ENTRY, CELL_NO_METHOD, ClassRow, EMPTY_SLOT, HashHead, MATRIX_TAIL_BYTES,
    MTRX, MatrixHead, PHSH, SlotRow,
};

/// A matrix with more cells is counted and not told cell by cell.
const FEW_CELLS: u64 = 1 << 12;

/// What both sections are read with.
pub(super) struct Outcomes<'a> {
    pub(super) classes: Part<'a>,
    pub(super) arity: u8,
    pub(super) entry_count: u32,
}

/// Outcomes by the number that stands for them; `None` for one that means nothing.
type Counts = BTreeMap<Option<u32>, u64>;

impl Outcomes<'_> {
    /// None where the family has no such section.
    pub(super) fn matrix(&self, section: Part<'_>, notes: &mut Notes) -> Option<MatrixDump> {
        if section.bytes.is_empty() {
            return None;
        }
        let head = size_of::<MatrixHead>();
        let cell_bits = section.u32(offset_of!(MatrixHead, cell_bits)).unwrap_or(0);
        if !(1..=32).contains(&cell_bits) {
            notes.problem(section.at_bytes, format!("{MTRX}: a cell has {cell_bits} bits, not 1 to 32"));
            return Some(MatrixDump { cell_bits, cells: 0, outcomes: Vec::new(), rows: Vec::new() });
        }
        let bytes = section.slice(head, section.bytes.len().saturating_sub(head));
        let class_counts = self.class_counts();
        let stated = class_counts.as_deref().and_then(tuple_count);
        let room = |bytes: usize| bytes as u64 * 8 / u64::from(cell_bits);
        // Where nobody says how many there are, the tail is not taken for cells.
        let cells = stated.unwrap_or_else(|| room(bytes.bytes.len().saturating_sub(MATRIX_TAIL_BYTES)));
        let there = room(bytes.bytes.len()).min(cells);
        if there < cells {
            notes.problem(section.at_bytes, format!("{MTRX} should have {cells} cells, {there} are there"));
        }
        let looked_at = notes.take_cells(there);
        let mut counts = Counts::new();
        for tuple in 0..looked_at {
            let cell = cell(bytes.bytes, tuple, cell_bits);
            let known = self.known(cell);
            if known.is_none() {
                let place = bytes.at_bytes + tuple * u64::from(cell_bits) / 8;
                notes.problem(
                    place,
                    format!(
                        "{MTRX}: the cell of tuple {tuple} is entry {} of {}",
                        cell - CELL_FIRST_ENTRY,
                        self.entry_count
                    ),
                );
            }
            *counts.entry(known).or_default() += 1;
        }
        let told = if cells <= FEW_CELLS { notes.take(looked_at as usize) } else { 0 };
        let told: Vec<String> =
            (0..told as u64).map(|tuple| word(self.known(cell(bytes.bytes, tuple, cell_bits)))).collect();
        let rows = in_rows(&told, class_counts.as_deref().unwrap_or_default());
        Some(MatrixDump { cell_bits, cells, outcomes: counted(&counts, notes), rows })
    }

    /// None where the family has no such section.
    pub(super) fn hash(&self, section: Part<'_>, notes: &mut Notes) -> Option<HashDump> {
        if section.bytes.is_empty() {
            return None;
        }
        let buckets = section.u32(offset_of!(HashHead, bucket_count)).unwrap_or(0);
        let slots = section.u32(offset_of!(HashHead, slot_count)).unwrap_or(0);
        let slots_at =
            (buckets as usize).next_multiple_of(2).saturating_mul(2).saturating_add(size_of::<HashHead>());
        let rows = section.slice(slots_at, (slots as usize).saturating_mul(size_of::<SlotRow>()));
        let there = rows.rows(size_of::<SlotRow>()).min(slots as usize) as u64;
        if there < u64::from(slots) {
            notes.problem(section.at_bytes, format!("{PHSH} should have {slots} slots, {there} are there"));
        }
        let tuples = self.class_counts().as_deref().and_then(tuple_count);
        let mut counts = Counts::new();
        for slot in 0..notes.take_cells(there) as usize {
            let row = rows.slice(slot * size_of::<SlotRow>(), size_of::<SlotRow>());
            let tuple = row.u32(offset_of!(SlotRow, tuple)).unwrap_or(EMPTY_SLOT);
            if tuple == EMPTY_SLOT {
                continue;
            }
            let outcome = row.u32(offset_of!(SlotRow, outcome)).unwrap_or(CELL_NO_METHOD);
            let known = self.known(outcome);
            if known.is_none() {
                notes.problem(
                    row.at_bytes,
                    format!(
                        "{PHSH}: slot {slot} is entry {} of {}",
                        outcome - CELL_FIRST_ENTRY,
                        self.entry_count
                    ),
                );
            }
            if let Some(tuples) = tuples.filter(|tuples| u64::from(tuple) >= *tuples) {
                notes.problem(row.at_bytes, format!("{PHSH}: slot {slot} is of tuple {tuple} of {tuples}"));
            }
            *counts.entry(known).or_default() += 1;
        }
        let occupied = counts.values().sum();
        Some(HashDump { buckets, slots, occupied, outcomes: counted(&counts, notes) })
    }

    /// The number of classes of each position; none where a row is missing.
    fn class_counts(&self) -> Option<Vec<u32>> {
        let row = |position| position * size_of::<ClassRow>() + offset_of!(ClassRow, class_count);
        (0..usize::from(self.arity)).map(|position| self.classes.u16(row(position)).map(u32::from)).collect()
    }

    /// The number of an outcome, if it means one.
    fn known(&self, outcome: u32) -> Option<u32> {
        let is_entry = |outcome: u32| {
            outcome.checked_sub(CELL_FIRST_ENTRY).is_some_and(|entry| entry < self.entry_count)
        };
        Some(outcome).filter(|outcome| *outcome < CELL_FIRST_ENTRY || is_entry(*outcome))
    }
}

fn tuple_count(class_counts: &[u32]) -> Option<u64> {
    class_counts.iter().try_fold(1_u64, |count, classes| count.checked_mul(u64::from(*classes)))
}

/// A cell of at most 32 bits, which may begin inside a byte.
fn cell(cells: &[u8], tuple: u64, cell_bits: u32) -> u32 {
    let bit = tuple.saturating_mul(u64::from(cell_bits));
    let rest = usize::try_from(bit / 8).ok().and_then(|at| cells.get(at..)).unwrap_or_default();
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(rest) {
        *to = *from;
    }
    let mask = (1_u64 << cell_bits) - 1;
    ((u64::from_le_bytes(word) >> (bit % 8)) & mask) as u32
}

fn word(outcome: Option<u32>) -> String {
    match outcome {
        None => UNREADABLE.to_owned(),
        Some(CELL_NO_METHOD) => "no method".to_owned(),
        Some(CELL_AMBIGUOUS) => "ambiguous".to_owned(),
        Some(entry) => format!("entry {}", entry - CELL_FIRST_ENTRY),
    }
}

fn counted(counts: &Counts, notes: &mut Notes) -> Vec<OutcomeCount> {
    let told = notes.take(counts.len());
    // `None` sorts first, and is told last.
    let (wrong, right): (Vec<_>, Vec<_>) = counts.iter().partition(|(outcome, _)| outcome.is_none());
    let all = right.into_iter().chain(wrong).take(told);
    all.map(|(outcome, count)| OutcomeCount { outcome: word(*outcome), count: *count }).collect()
}

/// Cells in the order of their tuples, cut where the last position begins anew.
fn in_rows(cells: &[String], class_counts: &[u32]) -> Vec<MatrixRow> {
    let (across, down) = class_counts.split_last().map_or((1, &[][..]), |(last, down)| (*last, down));
    let width = across.max(1) as usize;
    let classes = |row: usize| {
        let mut left = row;
        let mut classes: Vec<u32> = down
            .iter()
            .rev()
            .map(|count| {
                let (count, class) = ((*count).max(1) as usize, left);
                left = class / count;
                (class % count) as u32
            })
            .collect();
        classes.reverse();
        classes
    };
    let rows = cells.chunks(width).enumerate();
    rows.map(|(row, outcomes)| MatrixRow { classes: classes(row), outcomes: outcomes.to_vec() }).collect()
}
