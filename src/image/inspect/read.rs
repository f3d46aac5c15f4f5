//! Reads that give up nothing that is there: what is missing is `None` or a question mark, and told.

use super::dump::Problem;

/// More problems than this are counted only.
const MAX_PROBLEMS: usize = 100;
/// Rows that are told of one file; damaged counts, or many families over the same bytes, could ask for
/// more than any memory holds.
const MAX_ROWS: usize = 1 << 20;
/// Text that is told of one file: rows may all name one long string.
const MAX_TEXT_BYTES: usize = 256 << 20;
/// Cells and bits that are looked at in one file: families may all have one matrix.
const MAX_CELLS: u64 = 1 << 28;

/// Stands for a text that cannot be read.
pub(super) const UNREADABLE: &str = "?";

/// What is met on the way.
pub(super) struct Notes {
    pub(super) problems: Vec<Problem>,
    pub(super) more_problems: usize,
    rows_left: usize,
    text_left_bytes: usize,
    cells_left: u64,
    pub(super) truncated: bool,
}

impl Notes {
    pub(super) const fn new() -> Self {
        Self {
            problems: Vec::new(),
            more_problems: 0,
            rows_left: MAX_ROWS,
            text_left_bytes: MAX_TEXT_BYTES,
            cells_left: MAX_CELLS,
            truncated: false,
        }
    }

    pub(super) fn problem(&mut self, at_bytes: u64, what: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { at_bytes, what: what.into() });
        } else {
            self.more_problems += 1;
        }
    }

    /// Whether no more rows are told, so that reading on is of no use.
    pub(super) const fn is_full(&self) -> bool {
        self.rows_left == 0
    }

    /// How many of `rows` rows may still be told.
    pub(super) fn take(&mut self, rows: usize) -> usize {
        let taken = rows.min(self.rows_left);
        self.truncated |= taken < rows;
        self.rows_left -= taken;
        taken
    }

    /// How many of `cells` cells, or bits, may still be looked at.
    pub(super) fn take_cells(&mut self, cells: u64) -> u64 {
        let taken = cells.min(self.cells_left);
        self.truncated |= taken < cells;
        self.cells_left -= taken;
        taken
    }

    /// As much of a text as may still be told.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut len = text.len().min(self.text_left_bytes);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let told = text.get(..len).unwrap_or_default();
        self.truncated |= len < text.len();
        self.text_left_bytes -= len;
        told.to_owned()
    }

    /// As [`Notes::text`], of bytes that should be UTF-8; a problem where they are not.
    pub(super) fn utf8(&mut self, part: Part<'_>, what: &str) -> String {
        if let Ok(text) = std::str::from_utf8(part.bytes) {
            self.text(text)
        } else {
            self.problem(part.at_bytes, format!("{what} is not UTF-8"));
            UNREADABLE.to_owned()
        }
    }
}

/// Bytes of the file with their place in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Part<'a> {
    pub(super) at_bytes: u64,
    pub(super) bytes: &'a [u8],
}

impl Part<'_> {
    /// What is there of `len` bytes from `start`.
    pub(super) fn slice(self, start: usize, len: usize) -> Self {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let bytes = rest.get(..len).unwrap_or(rest);
        Self { at_bytes: self.at_bytes.saturating_add(start as u64), bytes }
    }

    pub(super) fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn u64(self, at: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Whole rows of this size.
    pub(super) const fn rows(self, row_bytes: usize) -> usize {
        match self.bytes.len().checked_div(row_bytes) {
            Some(rows) => rows,
            None => 0,
        }
    }
}

/// The numbers of the first `count` bits that are set in a row; what is there of it, that is.
pub(super) fn set_bits(row: Part<'_>, count: usize, notes: &mut Notes) -> Vec<usize> {
    let there = count.min(row.bytes.len().saturating_mul(8));
    let looked_at = notes.take_cells(there as u64) as usize;
    let is_set = |at: &usize| row.bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
    let set: Vec<usize> = (0..looked_at).filter(is_set).collect();
    let told = notes.take(set.len());
    set.into_iter().take(told).collect()
}

/// A string pool, of which any part may be missing.
#[derive(Clone, Copy, Default)]
pub(super) struct Pool<'a>(pub(super) Part<'a>);

impl<'a> Pool<'a> {
    fn find(self, id: u32) -> Option<&'a str> {
        let count = self.0.u32(0)?;
        if id >= count {
            return None;
        }
        let first = 4 + 4 * id as usize;
        let text = 8 + 4 * count as usize;
        let (start, end) = (self.0.u32(first)? as usize, self.0.u32(first + 4)? as usize);
        std::str::from_utf8(self.0.bytes.get(text.checked_add(start)?..text.checked_add(end)?)?).ok()
    }

    /// A string, or a question mark and a note of the place that asked for it.
    pub(super) fn get(self, id: Option<u32>, asked_at: u64, notes: &mut Notes) -> String {
        let Some(id) = id else { return UNREADABLE.to_owned() };
        if let Some(text) = self.find(id) {
            notes.text(text)
        } else {
            notes.problem(asked_at, format!("string {id} of section STRS cannot be read"));
            UNREADABLE.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_letters_once_enough_was_told() {
        let mut notes = Notes::new();
        notes.text_left_bytes = 6;
        assert_eq!(notes.text("abc"), "abc");
        assert!(!notes.truncated);
        assert_eq!(notes.text("a\u{e9}\u{e9}"), "a\u{e9}");
        assert!(notes.truncated);
        assert_eq!(notes.text("abc"), "");
    }

    #[test]
    fn bits_are_not_looked_at_for_ever() {
        let mut notes = Notes::new();
        notes.cells_left = 10;
        let row = Part { at_bytes: 0, bytes: &[0b1010_0101] };
        assert_eq!(set_bits(row, 100, &mut notes), [0, 2, 5, 7]);
        assert!(!notes.truncated);
        assert_eq!(set_bits(row, 8, &mut notes), [0]);
        assert!(notes.truncated);
    }
}
