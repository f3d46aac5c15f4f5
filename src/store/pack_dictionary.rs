//! The dictionary of a pack: a section with a head, and the dictionary that it holds.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, IntoBytes};

use super::pack_format::{DictionaryHeader, MAX_DICTIONARY_BYTES};
use crate::codec::Dictionary;
use crate::digest::crc32_of;

/// The section that holds a dictionary.
pub(super) fn section_of(dictionary: &Dictionary) -> Vec<u8> {
    let bytes = U32::new(dictionary.bytes().len() as u32);
    let crc = crc32_of(&[bytes.as_bytes(), dictionary.bytes()]);
    let head = DictionaryHeader { bytes, crc32: crc.into() };
    [head.as_bytes(), dictionary.bytes()].concat()
}

/// The dictionary at the beginning of `bytes`, and how long its section is. `None` for damage.
pub(super) fn dictionary_at(bytes: &[u8]) -> Option<(Dictionary, u64)> {
    let (head, rest) = DictionaryHeader::read_from_prefix(bytes).ok()?;
    if u64::from(head.bytes.get()) > MAX_DICTIONARY_BYTES {
        return None;
    }
    let raw = rest.get(..head.bytes.get() as usize)?;
    if crc32_of(&[head.bytes.as_bytes(), raw]) != head.crc32.get() {
        return None;
    }
    let dictionary = Dictionary::from_bytes(raw.to_vec()).ok()?;
    Some((dictionary, (size_of::<DictionaryHeader>() + raw.len()) as u64))
}

/// The dictionary that fills a section. `None` for damage.
pub(super) fn dictionary_of(section: &[u8]) -> Option<Dictionary> {
    dictionary_at(section)
        .filter(|(_, bytes)| *bytes == section.len() as u64)
        .map(|(dictionary, _)| dictionary)
}
