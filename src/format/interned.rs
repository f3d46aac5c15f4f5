//! The strings of one table, numbered without writing them down twice.
//!
//! Types' names come first and are distinct and in order, so only methods' symbols and modules are
//! hashed, and each once: most strings of a large table are symbols, most of a small one types' names.

use super::layout::MAX_ENTRIES;
use super::logical::LogicalType;
use crate::digest::fast_hash;

/// Gives the ids that a [`StringsBuilder`](super::strings::StringsBuilder) gives.
#[derive(Debug)]
pub(crate) struct TableStrings<'a> {
    types: TypeNames<'a>,
    /// Strings that are no type's name, in the order of their first use; the first has the id behind
    /// the last type's.
    added: Vec<&'a str>,
    /// An open-addressed table; a slot holds the upper half of its string's hash and, below it, one
    /// more than its id. 0 is empty.
    slots: Vec<u64>,
    used: usize,
    /// The upper half of a hash, shifted by this, is its first slot.
    shift: u32,
    /// The last string that [`Self::module`] was asked for.
    last_module: Option<(&'a str, u32)>,
}

// An id and one fits into the lower half of a slot.
const _: () = assert!(2 * MAX_ENTRIES < 1 << 31);

impl<'a> TableStrings<'a> {
    /// The names of `types` have the first ids. `entries` is how many symbols there will be.
    pub(crate) fn new(types: &'a [LogicalType], entries: usize) -> Self {
        // At most two thirds full where modules are few.
        let slot_count = (entries + entries / 2 + 8).next_power_of_two();
        Self {
            types: TypeNames::new(types, entries),
            added: Vec::with_capacity(entries + 1),
            slots: vec![0; slot_count],
            used: 0,
            shift: u32::BITS - slot_count.trailing_zeros(),
            last_module: None,
        }
    }

    /// The id of a module's name; mostly that of the entry before.
    pub(crate) fn module(&mut self, text: &'a str) -> u32 {
        match self.last_module {
            Some((last, id)) if last == text => id,
            _ => {
                let id = self.intern(text);
                self.last_module = Some((text, id));
                id
            }
        }
    }

    /// The id of `text`, which is added if it is new.
    pub(crate) fn intern(&mut self, text: &'a str) -> u32 {
        let tag = (fast_hash(text.as_bytes()) >> 32) as u32;
        let mask = self.slots.len() - 1;
        let mut at = (tag >> self.shift) as usize;
        loop {
            let slot = self.slots[at & mask];
            if slot == 0 {
                break;
            }
            let id = (slot as u32) - 1;
            if (slot >> 32) as u32 == tag && self.text(id) == text {
                return id;
            }
            at += 1;
        }
        let id = self.types.find(text).unwrap_or_else(|| {
            self.added.push(text);
            (self.types.rows.len() + self.added.len() - 1) as u32
        });
        self.slots[at & mask] = u64::from(tag) << 32 | u64::from(id + 1);
        self.used += 1;
        if self.used * 4 > self.slots.len() * 3 {
            self.grow();
        }
        id
    }

    fn text(&self, id: u32) -> &'a str {
        let at = id as usize;
        let name = self.types.rows.get(at).map(|row| &*row.name);
        name.unwrap_or_else(|| self.added[at - self.types.rows.len()])
    }

    /// Twice as many slots; the upper half of a hash is all that finds one.
    #[cold]
    fn grow(&mut self) {
        let slots = vec![0; 2 * self.slots.len()];
        let old = std::mem::replace(&mut self.slots, slots);
        self.shift -= 1;
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = ((slot >> 32) as u32 >> self.shift) as usize;
            while self.slots[at & mask] != 0 {
                at += 1;
            }
            self.slots[at & mask] = slot;
        }
    }

    /// Length of the section that [`Self::put`] puts.
    pub(crate) fn section_len(&self) -> usize {
        let names: usize = self.types.rows.iter().map(|row| row.name.len()).sum();
        let added: usize = self.added.iter().map(|text| text.len()).sum();
        8 + 4 * (self.types.rows.len() + self.added.len()) + names + added
    }

    /// Puts section `STRS`.
    pub(crate) fn put(&self, section: &mut Vec<u8>) {
        let names = self.types.rows.iter().map(|row| &*row.name);
        let texts = names.chain(self.added.iter().copied());
        let count = self.types.rows.len() + self.added.len();
        let start = section.len();
        section.resize(start + 8 + 4 * count, 0);
        section[start..start + 4].copy_from_slice(&(count as u32).to_le_bytes());
        let mut end = 0_u32;
        for (offset, text) in section[start + 8..].chunks_exact_mut(4).zip(texts.clone()) {
            // A pool that 32 bits cannot measure is refused with the table, by its length.
            end = end.wrapping_add(text.len() as u32);
            offset.copy_from_slice(&end.to_le_bytes());
        }
        texts.for_each(|text| section.extend_from_slice(text.as_bytes()));
    }
}

/// Finds a string among types' names.
#[derive(Debug)]
struct TypeNames<'a> {
    rows: &'a [LogicalType],
    /// Bits of the sketches of all names, where there are so many strings to look for that it is worth
    /// the walk over the names; else empty.
    sketched: Vec<u64>,
}

/// Bits for each name: one string of so many that is no type's name is searched for in vain.
const BITS_A_NAME: usize = 16;

impl<'a> TypeNames<'a> {
    fn new(rows: &'a [LogicalType], searches: usize) -> Self {
        // A search compares with a name for each bit of their number.
        let is_worth_it = searches * (usize::BITS - rows.len().leading_zeros()) as usize > rows.len();
        let mut names = Self { rows, sketched: Vec::new() };
        if is_worth_it && !rows.is_empty() {
            names.sketched = vec![0; (rows.len() * BITS_A_NAME / 64).next_power_of_two()];
            for row in rows {
                let (word, bit) = names.place(&row.name);
                names.sketched[word] |= bit;
            }
        }
        names
    }

    fn place(&self, text: &str) -> (usize, u64) {
        let sketch = sketch(text.as_bytes());
        ((sketch >> 6) as usize & (self.sketched.len() - 1), 1 << (sketch % 64))
    }

    fn find(&self, text: &str) -> Option<u32> {
        if !self.sketched.is_empty() {
            let (word, bit) = self.place(text);
            if self.sketched[word] & bit == 0 {
                return None;
            }
        }
        self.rows.binary_search_by(|row| (*row.name).cmp(text)).ok().map(|at| at as u32)
    }
}

/// A hash of the length and of the bytes at both ends, where names differ most.
fn sketch(text: &[u8]) -> u64 {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let ends = match text {
        [] => 0,
        // Too short for words: three of its bytes.
        [first, ..] if text.len() < 8 => {
            u64::from_le_bytes([*first, text[text.len() / 2], text[text.len() - 1], 0, 0, 0, 0, 0])
        }
        _ => word(text.first_chunk()).rotate_left(32) ^ word(text.last_chunk()),
    };
    (ends ^ (text.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::strings::StringsBuilder;

    fn types(names: &[String]) -> Vec<LogicalType> {
        let mut names: Vec<&String> = names.iter().collect();
        names.sort();
        let row = |name: &String| LogicalType { name: name.as_str().into(), sealed: false, above: [].into() };
        names.into_iter().map(row).collect()
    }

    /// Ids and pool of `texts` behind the names, by both ways.
    fn both(names: &[String], texts: &[String], expected: usize) -> [(Vec<u32>, Vec<u8>); 2] {
        let rows = types(names);
        let mut strings = TableStrings::new(&rows, expected);
        let ids = texts.iter().map(|text| strings.intern(text)).collect();
        let mut pool = vec![7];
        strings.put(&mut pool);
        assert_eq!(pool.len(), 1 + strings.section_len());
        let mut plain = StringsBuilder::default();
        for (id, row) in (0..).zip(&rows) {
            assert_eq!(plain.intern(&row.name), id);
        }
        let plain_ids = texts.iter().map(|text| plain.intern(text)).collect();
        [(ids, pool.split_off(1)), (plain_ids, plain.finish())]
    }

    #[test]
    fn ids_and_pool_are_those_of_strings_that_are_looked_up_one_by_one() {
        let name = |at: usize| format!("module::Type{at}");
        let symbols: Vec<String> =
            (0..600).map(|at| if at % 5 == 0 { name(at % 90) } else { format!("f{}", at % 400) }).collect();
        let short = ["", "a", "ab", "abc", "abcdefg", "abcdefgh", "b", ""].map(str::to_owned);
        for names in [(0..0), (0..1), (0..40), (0..300)] {
            let names: Vec<String> = names.map(name).collect();
            // Announced too few, as many, and so few that the names are not sketched.
            for expected in [0, 1, 600] {
                let [ours, plain] = both(&names, &symbols, expected);
                assert_eq!(ours, plain, "{} names, {expected} announced", names.len());
            }
        }
        let [ours, plain] = both(&short[1..6], &short, 8);
        assert_eq!(ours, plain);
    }

    #[test]
    fn a_module_has_the_id_of_its_text_whichever_was_asked_for_before() {
        let rows = types(&[]);
        let mut strings = TableStrings::new(&rows, 4);
        assert_eq!(["a", "a", "b", "a"].map(|text| strings.module(text)), [0, 0, 1, 0]);
        assert_eq!(strings.intern("b"), 1);
    }
}
