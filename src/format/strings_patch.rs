//! A string pool made from an older one: the ids of a new pool, mostly without hashing.

use std::borrow::Cow;

use hashbrown::HashTable;

use super::strings::Strings;
#[allow(unused_imports, reason = "for the documentation's links")]
use super::strings::StringsBuilder;
use crate::digest::fast_hash;

/// Old pools are searched from end to end so often; from then on an index is cheaper.
const MAX_SEARCHES: u32 = 4;
/// In place of a new id: none yet.
const UNUSED: u32 = u32::MAX;

/// Gives the ids that a [`StringsBuilder`] gives, but finds a string in an older pool by its id there,
/// which spares hashing it.
#[derive(Debug)]
pub(crate) struct PatchedStrings<'a> {
    old: Strings<'a>,
    /// For each old id the new one, or [`UNUSED`].
    new_of: Vec<u32>,
    /// For each new id its text.
    texts: Vec<&'a [u8]>,
    /// So many strings at the front have the ids they had.
    kept: usize,
    searches: u32,
    /// Old ids by the hash of their text, once it is worth it.
    index: Option<HashTable<u32>>,
    /// New ids of strings that the old pool has not, by the hash of their text.
    added: HashTable<u32>,
}

impl<'a> PatchedStrings<'a> {
    pub(crate) fn new(old: Strings<'a>) -> Self {
        let count = old.len() as usize;
        Self {
            old,
            new_of: vec![UNUSED; count],
            texts: Vec::with_capacity(count),
            kept: 0,
            searches: 0,
            index: None,
            added: HashTable::new(),
        }
    }

    /// The id of `text`, which is added if it is new. `hint` is the id that it may have in the old pool.
    pub(crate) fn intern(&mut self, text: &'a str, hint: Option<u32>) -> u32 {
        let text = text.as_bytes();
        let hinted = hint.filter(|id| self.old.bytes_of(*id) == Ok(text));
        let Some(old_id) = hinted.or_else(|| self.find_old(text)) else { return self.intern_added(text) };
        let next = self.texts.len() as u32;
        let Some(new) = self.new_of.get_mut(old_id as usize) else { return self.intern_added(text) };
        if *new == UNUSED {
            *new = next;
            self.texts.push(text);
            if next == old_id && self.kept == next as usize {
                self.kept += 1;
            }
        }
        *new
    }

    fn find_old(&mut self, text: &[u8]) -> Option<u32> {
        let old = self.old;
        let all = 0..old.len();
        if self.searches < MAX_SEARCHES {
            self.searches += 1;
            return all.into_iter().find(|id| old.bytes_of(*id) == Ok(text));
        }
        let hash_of = |id: &u32| fast_hash(old.bytes_of(*id).unwrap_or_default());
        let index = self.index.get_or_insert_with(|| {
            let mut index = HashTable::with_capacity(all.len());
            all.for_each(|id| {
                index.insert_unique(hash_of(&id), id, hash_of);
            });
            index
        });
        index.find(fast_hash(text), |id| old.bytes_of(*id) == Ok(text)).copied()
    }

    fn intern_added(&mut self, text: &'a [u8]) -> u32 {
        let Self { texts, added, .. } = self;
        let text_of = |id: u32| texts.get(id as usize).copied().unwrap_or_default();
        let hash = fast_hash(text);
        if let Some(id) = added.find(hash, |id| text_of(*id) == text) {
            return *id;
        }
        let id = texts.len() as u32;
        added.insert_unique(hash, id, |id| fast_hash(text_of(*id)));
        texts.push(text);
        id
    }

    /// The section's bytes, and how many of them are the old ones. `old` is the section of the old pool.
    pub(crate) fn finish(&self, old: &'a [u8]) -> (Cow<'a, [u8]>, usize) {
        let count = self.texts.len();
        if self.kept == count && count == self.old.len() as usize {
            return (Cow::Borrowed(old), old.len());
        }
        // A pool begins with its count and the first offset, which is 0.
        let offsets = old.get(4..8 + 4 * self.kept).unwrap_or_default();
        let mut end = self.old.offsets.get(self.kept).map_or(0, |end| end.get());
        let kept = self.old.bytes.get(..end as usize).unwrap_or_default();
        let added = self.texts.get(self.kept..).unwrap_or_default();
        let added_bytes: usize = added.iter().map(|text| text.len()).sum();
        let mut section = Vec::with_capacity(8 + 4 * count + kept.len() + added_bytes);
        section.extend_from_slice(&(count as u32).to_le_bytes());
        section.extend_from_slice(offsets);
        for text in added {
            // A pool that 32 bits cannot measure is refused with the table, by its length.
            end = end.wrapping_add(text.len() as u32);
            section.extend_from_slice(&end.to_le_bytes());
        }
        section.extend_from_slice(kept);
        for text in added {
            section.extend_from_slice(text);
        }
        (Cow::Owned(section), offsets.len() + kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layout::STRS;

    fn pool(texts: &[String]) -> Vec<u8> {
        let mut builder = StringsBuilder::default();
        for text in texts {
            builder.intern(text);
        }
        builder.finish()
    }

    fn names(numbers: impl Iterator<Item = u32>) -> Vec<String> {
        numbers.map(|at| format!("name {at}")).collect()
    }

    /// The pool of `texts` by way of `old`, and how many bytes of it are old.
    fn patched(old: &[u8], texts: &[String], hint: impl Fn(u32) -> Option<u32>) -> (Vec<u8>, usize) {
        let mut strings = PatchedStrings::new(Strings::parse(STRS, old).expect("well formed"));
        for (at, text) in (0..).zip(texts) {
            strings.intern(text, hint(at));
        }
        let (section, kept) = strings.finish(old);
        (section.into_owned(), kept)
    }

    #[test]
    fn a_patched_pool_is_the_pool_of_its_strings_whatever_the_hints_say() {
        let old = pool(&names(0..40));
        let worlds = [
            names(0..40),
            names(0..39),
            names(0..0),
            names((0..20).chain(50..60).chain(20..40)),
            names((0..40).rev().chain(0..50)),
            names(100..130),
        ];
        for texts in worlds {
            for hint in [|_| None, |at| Some(at), |at| Some(39 - at % 40), |_| Some(u32::MAX)] {
                assert_eq!(patched(&old, &texts, hint).0, pool(&texts), "{texts:?}");
            }
        }
    }

    #[test]
    fn the_strings_in_front_of_the_first_new_one_are_copied() {
        let old = pool(&names(0..40));
        assert_eq!(patched(&old, &names(0..40), Some).1, old.len());
        // Four bytes for an offset and six for a text of each; the first offset is there, too.
        let (section, kept) = patched(&old, &names((0..5).chain(90..99)), Some);
        assert_eq!((section.len(), kept), (8 + 14 * 4 + 5 * 6 + 9 * 7, 4 + 5 * 4 + 5 * 6));
    }
}
