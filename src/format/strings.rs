//! String pool: a count, offsets, bytes. Ids are indexes; equal strings are stored once.

use hashbrown::HashTable;
use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::error::{AccessError, Tag};
use crate::digest::fast_hash;

/// A pool in a file. Strings are checked when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Strings<'a> {
    tag: Tag,
    pub(super) offsets: &'a [U32],
    pub(super) bytes: &'a [u8],
}

impl<'a> Strings<'a> {
    /// Splits a section's bytes. None where the offsets do not fit into the section.
    pub(crate) fn parse(tag: Tag, section: &'a [u8]) -> Option<Self> {
        let (count, rest) = U32::ref_from_prefix(section).ok()?;
        let offset_count = (count.get() as usize).checked_add(1)?;
        if offset_count > rest.len() / 4 {
            return None;
        }
        let (offsets, bytes) = <[U32]>::ref_from_prefix_with_elems(rest, offset_count).ok()?;
        Some(Self { tag, offsets, bytes })
    }

    /// A pool without strings.
    pub(crate) const fn none(tag: Tag) -> Self {
        Self { tag, offsets: &[], bytes: &[] }
    }

    /// Number of strings.
    pub fn len(&self) -> u32 {
        (self.offsets.len() as u32).saturating_sub(1)
    }

    /// Whether there is no string.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// String `id`. Cost: two loads and a UTF-8 check of its bytes.
    pub fn get(&self, id: u32) -> Result<&'a str, AccessError> {
        let bytes = self.bytes_of(id)?;
        std::str::from_utf8(bytes).map_err(|_| AccessError::NotUtf8 { tag: self.tag, index: id })
    }

    /// The bytes of string `id`, which need not be UTF-8: enough to compare with.
    pub(crate) fn bytes_of(&self, id: u32) -> Result<&'a [u8], AccessError> {
        let outside =
            AccessError::OutOfBounds { tag: self.tag, index: u64::from(id), bound: u64::from(self.len()) };
        let index = id as usize;
        let pair = index.checked_add(2).and_then(|end| self.offsets.get(index..end));
        let Some([start, end]) = pair else { return Err(outside) };
        self.bytes.get(start.get() as usize..end.get() as usize).ok_or(outside)
    }
}

/// Collects strings and gives each an id in order of first use.
#[derive(Debug, Default)]
pub(crate) struct StringsBuilder {
    /// Ids by the hash of their text, which stands in `bytes` and nowhere else.
    ids: HashTable<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl StringsBuilder {
    /// The id of `text`, which is added if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        let Self { ids, ends, bytes } = self;
        let text_of = |ends: &[u32], id: u32| {
            let start = id.checked_sub(1).map_or(0, |before| ends[before as usize]);
            start as usize..ends[id as usize] as usize
        };
        let hash = fast_hash(text.as_bytes());
        if let Some(id) = ids.find(hash, |id| bytes[text_of(ends, *id)] == *text.as_bytes()) {
            return *id;
        }
        let id = ends.len() as u32;
        bytes.extend_from_slice(text.as_bytes());
        ends.push(bytes.len() as u32);
        ids.insert_unique(hash, id, |id| fast_hash(&bytes[text_of(ends, *id)]));
        id
    }

    /// The section's bytes.
    pub(crate) fn finish(&self) -> Vec<u8> {
        let mut section = Vec::with_capacity(8 + 4 * self.ends.len() + self.bytes.len());
        section.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        section.extend_from_slice(&0_u32.to_le_bytes());
        section.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        section.extend_from_slice(&self.bytes);
        section
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layout::STRS;

    #[test]
    fn strings_come_back_and_equal_ones_share_an_id() {
        let mut builder = StringsBuilder::default();
        assert_eq!([builder.intern("a"), builder.intern("bß"), builder.intern("a")], [0, 1, 0]);
        let section = builder.finish();
        let strings = Strings::parse(STRS, &section).expect("well formed");
        assert_eq!((strings.len(), strings.get(1)), (2, Ok("bß")));
    }

    #[test]
    fn a_count_beyond_the_section_is_refused_and_a_bad_id_is_an_error() {
        assert!(Strings::parse(STRS, &u32::MAX.to_le_bytes()).is_none());
        assert!(Strings::parse(STRS, &[]).is_none());
        let section = StringsBuilder::default().finish();
        let strings = Strings::parse(STRS, &section).expect("an empty pool");
        assert!(strings.is_empty());
        assert_eq!(strings.get(0), Err(AccessError::OutOfBounds { tag: STRS, index: 0, bound: 0 }));
        assert!(strings.get(u32::MAX).is_err());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_an_error() {
        let mut builder = StringsBuilder::default();
        builder.intern("é");
        let mut section = builder.finish();
        *section.last_mut().expect("has bytes") = 0xff;
        let strings = Strings::parse(STRS, &section).expect("well formed");
        assert_eq!(strings.get(0), Err(AccessError::NotUtf8 { tag: STRS, index: 0 }));
    }
}
