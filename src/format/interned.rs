//! The strings of one table, numbered, in memory that is used again.
//!
//! Types' names come first and are distinct and in order. Where they are far more than methods, they are not
//! even hashed: a symbol is looked for among them.

use super::layout::MAX_ENTRIES;
use super::logical::LogicalType;

/// What [`TableStrings`] works in; of a table before, nothing is left.
#[derive(Debug, Default)]
pub(super) struct StringMemory {
    /// An open-addressed table; a slot holds the upper half of its string's hash and, below it, one
    /// more than its id. 0 is empty.
    slots: Vec<u64>,
    /// Strings that are no type's name, in the order of their first use; the first has the id behind
    /// the last type's.
    texts: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

/// Gives the ids that a [`StringsBuilder`](super::strings::StringsBuilder) gives.
#[derive(Debug)]
pub(super) struct TableStrings<'a> {
    types: &'a [LogicalType],
    memory: &'a mut StringMemory,
    /// Whether types' names have slots; else a string without is looked for among them.
    are_types_hashed: bool,
    used: usize,
    /// The upper half of a hash, shifted by this, is its first slot.
    shift: u32,
}

// An id and one fits into the lower half of a slot.
const _: () = assert!(2 * MAX_ENTRIES < 1 << 31);

impl<'a> TableStrings<'a> {
    /// The names of `types` have the first ids. There will be a symbol for each of `entries`, and all
    /// strings together will have about `text_bytes`.
    pub(super) fn new(
        types: &'a [LogicalType],
        entries: usize,
        text_bytes: usize,
        memory: &'a mut StringMemory,
    ) -> Self {
        // A search in order compares with a name for each bit of their number.
        let is_search_dear = entries * (usize::BITS - types.len().leading_zeros()) as usize > types.len();
        let hashed_types = if is_search_dear { types } else { &[] };
        // At most two thirds full where modules are few.
        let strings = entries + hashed_types.len();
        let slot_count = (strings + strings / 2 + 8).next_power_of_two();
        memory.slots.clear();
        memory.slots.resize(slot_count, 0);
        memory.texts.clear();
        memory.texts.reserve(text_bytes);
        memory.ends.clear();
        memory.ends.reserve(entries + 1);
        let shift = u32::BITS - slot_count.trailing_zeros();
        let mut strings = Self { types, memory, are_types_hashed: is_search_dear, used: 0, shift };
        for (id, row) in (0..).zip(hashed_types) {
            let tag = upper_half(name_hash(row.name.as_bytes()));
            strings.take_slot(strings.free_slot(tag), tag, id);
        }
        strings
    }

    /// The id of `text`, which is UTF-8, has this [`name_hash`] and is added if it is new.
    pub(super) fn intern(&mut self, text: &[u8], hash: u64) -> u32 {
        let tag = upper_half(hash);
        let mask = self.memory.slots.len() - 1;
        let mut at = (tag >> self.shift) as usize;
        loop {
            let slot = self.memory.slots[at & mask];
            if slot == 0 {
                break;
            }
            let id = (slot as u32) - 1;
            if upper_half(slot) == tag && self.text(id) == text {
                return id;
            }
            at += 1;
        }
        let id = self.find_type(text).unwrap_or_else(|| {
            let StringMemory { texts, ends, .. } = &mut *self.memory;
            texts.extend_from_slice(text);
            ends.push(texts.len());
            (self.types.len() + ends.len() - 1) as u32
        });
        self.take_slot(at & mask, tag, id);
        if self.used * 4 > self.memory.slots.len() * 3 {
            self.grow();
        }
        id
    }

    /// The type of this name that has no slot yet.
    fn find_type(&self, text: &[u8]) -> Option<u32> {
        if self.are_types_hashed {
            return None;
        }
        self.types.binary_search_by(|row| row.name.as_bytes().cmp(text)).ok().map(|at| at as u32)
    }

    fn free_slot(&self, tag: u32) -> usize {
        let mask = self.memory.slots.len() - 1;
        let mut at = (tag >> self.shift) as usize;
        while self.memory.slots[at & mask] != 0 {
            at += 1;
        }
        at & mask
    }

    fn take_slot(&mut self, at: usize, tag: u32, id: u32) {
        self.memory.slots[at] = u64::from(tag) << 32 | u64::from(id + 1);
        self.used += 1;
    }

    fn text(&self, id: u32) -> &[u8] {
        let at = id as usize;
        if let Some(row) = self.types.get(at) {
            return row.name.as_bytes();
        }
        let (ends, at) = (&self.memory.ends, at - self.types.len());
        &self.memory.texts[at.checked_sub(1).map_or(0, |before| ends[before])..ends[at]]
    }

    /// Twice as many slots; the upper half of a hash is all that finds one.
    #[cold]
    fn grow(&mut self) {
        let slots = vec![0; 2 * self.memory.slots.len()];
        let old = std::mem::replace(&mut self.memory.slots, slots);
        self.shift -= 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let at = self.free_slot(upper_half(slot));
            self.memory.slots[at] = slot;
        }
    }

    /// Length of the section that [`Self::put`] puts.
    pub(super) fn section_len(&self) -> usize {
        let names: usize = self.types.iter().map(|row| row.name.len()).sum();
        8 + 4 * (self.types.len() + self.memory.ends.len()) + names + self.memory.texts.len()
    }

    /// Puts section `STRS`.
    pub(super) fn put(&self, section: &mut Vec<u8>) {
        let StringMemory { texts, ends, .. } = &*self.memory;
        let count = self.types.len() + ends.len();
        let start = section.len();
        section.resize(start + 8 + 4 * count, 0);
        section[start..start + 4].copy_from_slice(&(count as u32).to_le_bytes());
        let mut offsets = section[start + 8..].chunks_exact_mut(4);
        // A pool that 32 bits cannot measure is refused with the table, by its length.
        let mut names_end = 0;
        for (row, offset) in self.types.iter().zip(&mut offsets) {
            names_end += row.name.len();
            offset.copy_from_slice(&(names_end as u32).to_le_bytes());
        }
        for (end, offset) in ends.iter().zip(offsets) {
            offset.copy_from_slice(&((names_end + end) as u32).to_le_bytes());
        }
        self.types.iter().for_each(|row| section.extend_from_slice(row.name.as_bytes()));
        section.extend_from_slice(texts);
    }
}

const fn upper_half(word: u64) -> u32 {
    (word >> 32) as u32
}

/// A hash for the memory of one writer; it enters no bytes. Names are short, so what counts is that no
/// multiplication waits for the one before.
pub(super) fn name_hash(text: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        wide as u64 ^ (wide >> 64) as u64
    };
    let add = |a: u64, b: u64, key: u64| fold(a ^ key, b.wrapping_add(key));
    let (mut sum, mut key) = (text.len() as u64, ODD);
    let mut rest = text;
    while let Some((block, behind)) = rest.split_first_chunk::<32>() {
        if let [a, b, c, d] = block.as_chunks().0 {
            sum ^= add(word(a), word(b), key) ^ add(word(c), word(d), !key);
        }
        key = key.wrapping_add(ODD << 1);
        rest = behind;
    }
    // Of what is left, some bytes may be read twice.
    key = key.rotate_left(32);
    sum ^= match (rest.first_chunk(), rest.last_chunk(), rest.first_chunk(), rest.last_chunk()) {
        (Some(first), Some(last), ..) => {
            let [first, last]: [u128; 2] = [first, last].map(|bytes| u128::from_le_bytes(*bytes));
            add(first as u64, (first >> 64) as u64, key) ^ add(last as u64, (last >> 64) as u64, !key)
        }
        (.., Some(first), Some(last)) => add(word(first), word(last), key),
        _ => {
            let (mut first, mut last) = ([0; 8], [0; 8]);
            let (front, back) = rest.split_at(rest.len() / 2);
            first[..front.len()].copy_from_slice(front);
            last[..back.len()].copy_from_slice(back);
            add(word(&first), word(&last), key)
        }
    };
    fold(sum, ODD)
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
        // Of a table before, whose strings must not be met again.
        let mut memory = StringMemory::default();
        TableStrings::new(&types(&texts[..texts.len() / 2]), 3, 0, &mut memory)
            .intern(b"before", name_hash(b"before"));
        let mut strings = TableStrings::new(&rows, expected, 99, &mut memory);
        let ids =
            texts.iter().map(|text| strings.intern(text.as_bytes(), name_hash(text.as_bytes()))).collect();
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
    fn the_hash_depends_on_every_byte_and_on_the_length() {
        for len in 0..70 {
            let text: Vec<u8> = (0..len).map(|at| (at as u8).wrapping_mul(7)).collect();
            let mut longer = text.clone();
            longer.push(0);
            assert_ne!(name_hash(&text), name_hash(&longer), "{len}");
            for at in 0..len {
                let mut other = text.clone();
                other[at] ^= 1;
                assert_ne!(name_hash(&text), name_hash(&other), "byte {at} of {len}");
            }
        }
    }
}
