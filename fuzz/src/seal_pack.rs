//! Packs with right checksums, from `format-spec/PACK.md`, as far as their parts can be found.

use janus_cache::digest::crc32;

use crate::seal::{put, u32_at, u64_at};

const HEADER_LEN: usize = 64;
const ENTRY_LEN: usize = 104;
const FOOTER_LEN: usize = 128;
const BLOCK_LEN: usize = 16;
const RECORD_LEN: usize = 8;

/// `data` with the checksums of every part that its footer leads to, and with the footer's length and
/// identity right. None where header and footer do not fit.
pub(crate) fn sealed(data: &[u8]) -> Option<Vec<u8>> {
    let footer = data.len().checked_sub(FOOTER_LEN).filter(|footer| *footer >= HEADER_LEN)?;
    let mut bytes = data.to_vec();
    let id: [u8; 16] = *bytes.get(16..)?.first_chunk()?;
    put(&mut bytes, footer, &id);
    put(&mut bytes, footer + 64, &(data.len() as u64).to_le_bytes());
    let entries_end = entries(&mut bytes, &id, footer)?;
    let traces = entries_end.checked_next_multiple_of(64)?;
    let strings = traces.checked_add(size(&bytes, footer + 40)?)?;
    parts(&mut bytes, traces, strings, BLOCK_LEN, 4, 12);
    let strings = strings.checked_next_multiple_of(64)?;
    let dictionary = strings.checked_add(size(&bytes, footer + 48)?)?;
    parts(&mut bytes, strings, dictionary, RECORD_LEN, 0, 4);
    let dictionary = dictionary.checked_next_multiple_of(64)?;
    let index = dictionary.checked_add(u32_at(&bytes, footer + 112) as usize)?;
    // Its head is like a name's.
    parts(&mut bytes, dictionary, index, RECORD_LEN, 0, 4);
    let index = index.checked_next_multiple_of(64)?;
    let index_end = index.checked_add(u32_at(&bytes, footer + 24) as usize * 8)?;
    whole(&mut bytes, index..index_end, footer + 104);
    let filter = index_end.checked_next_multiple_of(64)?;
    let filter_end = filter.checked_add(u32_at(&bytes, footer + 56) as usize * 32)?;
    whole(&mut bytes, filter..filter_end, footer + 108);
    whole(&mut bytes, 0..60, 60);
    whole(&mut bytes, footer..footer + 116, footer + 116);
    Some(bytes)
}

/// A length of 64 bits, as far as it can be one here.
fn size(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64_at(bytes, at)).ok()
}

/// Puts the checksum of `range`, if it is there, at `crc_at`.
fn whole(bytes: &mut [u8], range: std::ops::Range<usize>, crc_at: usize) {
    if let Some(covered) = bytes.get(range) {
        let crc = crc32(covered);
        put(bytes, crc_at, &crc.to_le_bytes());
    }
}

/// Seals one entry after the other; gives where they end.
fn entries(bytes: &mut [u8], id: &[u8; 16], footer: usize) -> Option<usize> {
    let end = HEADER_LEN.checked_add(size(bytes, footer + 32)?)?;
    let mut at = HEADER_LEN;
    while at.checked_add(ENTRY_LEN)? <= end.min(footer) {
        let is_loose = bytes.get(at + 34).is_some_and(|flags| flags & 1 == 1);
        let inline = if is_loose { 32 } else { size(bytes, at + 40)? };
        let inline_at = at + ENTRY_LEN;
        let Some(next) = inline_at.checked_add(inline) else { break };
        whole(bytes, inline_at..next, at + 96);
        let fields = bytes.get(at..at + 100).unwrap_or_default();
        let crc = crc32(&[id.as_slice(), &(at as u64).to_le_bytes(), fields].concat());
        put(bytes, at + 100, &crc.to_le_bytes());
        let Some(next) = next.checked_next_multiple_of(8) else { break };
        at = next;
    }
    Some(end)
}

/// Seals parts that follow each other without gaps: a head with a length at `len_at` and, at `crc_at`,
/// the checksum of what is before it and of what follows the head.
fn parts(bytes: &mut [u8], from: usize, to: usize, head: usize, len_at: usize, crc_at: usize) {
    let mut at = from;
    while let Some(content) = at.checked_add(head).filter(|content| *content <= to.min(bytes.len())) {
        let Some(next) = content.checked_add(u32_at(bytes, at + len_at) as usize) else { break };
        let (Some(fields), Some(follows)) = (bytes.get(at..at + crc_at), bytes.get(content..next)) else {
            break;
        };
        let crc = crc32(&[fields, follows].concat());
        put(bytes, at + crc_at, &crc.to_le_bytes());
        at = next;
    }
}
