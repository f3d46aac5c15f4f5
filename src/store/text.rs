//! The texts of a pack: names, each stored once, and traces, each stored once and compressed
//! together with its neighbours (traces of one build share most of their words).

use std::collections::HashMap;

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, IntoBytes};

use super::entry::{MAX_NAME_BYTES, MAX_TRACE_BYTES};
use super::pack_format::{NO_TRACE, StringRecord, TraceBlock};
use crate::codec::Codec;
use crate::digest::{ContentDigest, crc32_of};

/// A block is closed once it holds so much: enough to find repetitions, and little to decode for one
/// trace.
const TRACE_BLOCK_BYTES: usize = 64 << 10;
/// No block decodes to more: a nearly full one and the longest trace.
pub(super) const MAX_TRACE_BLOCK_BYTES: u64 = TRACE_BLOCK_BYTES as u64 + MAX_TRACE_BYTES + 4;

/// Where a trace lies: its block in the section, its record in the decoded block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TracePlace {
    pub(super) block: u32,
    pub(super) at: u32,
}

impl TracePlace {
    pub(super) const NONE: Self = Self { block: NO_TRACE, at: 0 };
}

/// Collects names.
#[derive(Default)]
pub(super) struct StringsBuilder {
    pub(super) bytes: Vec<u8>,
    seen: HashMap<String, u32>,
}

impl StringsBuilder {
    /// The place of `text` in the section, which it gets once.
    pub(super) fn place(&mut self, text: &str) -> u32 {
        if let Some(at) = self.seen.get(text) {
            return *at;
        }
        let at = self.bytes.len() as u32;
        let bytes = U32::new(text.len() as u32);
        let crc = crc_of_string(bytes, text.as_bytes());
        self.bytes.extend_from_slice(StringRecord { bytes, crc32: crc.into() }.as_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        self.seen.insert(text.to_owned(), at);
        at
    }
}

fn crc_of_string(length: U32, text: &[u8]) -> u32 {
    crc32_of(&[length.as_bytes(), text])
}

/// The name at a place, and where the next one begins. `None` for damage.
pub(super) fn string_at(section: &[u8], at: u32) -> Option<(&str, u32)> {
    let (record, rest) = StringRecord::read_from_prefix(section.get(at as usize..)?).ok()?;
    let text = rest.get(..record.bytes.get() as usize)?;
    if u64::from(record.bytes.get()) > MAX_NAME_BYTES
        || crc_of_string(record.bytes, text) != record.crc32.get()
    {
        return None;
    }
    let next = at.checked_add(size_of::<StringRecord>() as u32)?.checked_add(record.bytes.get())?;
    Some((std::str::from_utf8(text).ok()?, next))
}

/// Collects traces.
#[derive(Default)]
pub(super) struct TracesBuilder {
    closed: Vec<u8>,
    open: Vec<u8>,
    seen: HashMap<ContentDigest, TracePlace>,
}

impl TracesBuilder {
    /// The place of a trace, which it gets once. An empty trace has none.
    pub(super) fn place(&mut self, trace: &[u8]) -> TracePlace {
        if trace.is_empty() {
            return TracePlace::NONE;
        }
        let digest = ContentDigest::of(trace);
        if let Some(place) = self.seen.get(&digest) {
            return *place;
        }
        let place = TracePlace { block: self.closed.len() as u32, at: self.open.len() as u32 };
        self.open.extend_from_slice(&(trace.len() as u32).to_le_bytes());
        self.open.extend_from_slice(trace);
        self.seen.insert(digest, place);
        if self.open.len() >= TRACE_BLOCK_BYTES {
            self.close();
        }
        place
    }

    fn close(&mut self) {
        let (codec, stored) = Codec::Lz4.encode(&self.open);
        let mut block = TraceBlock {
            decoded_bytes: (self.open.len() as u32).into(),
            stored_bytes: (stored.len() as u32).into(),
            codec: codec.to_byte(),
            reserved: [0; 3],
            crc32: 0.into(),
        };
        block.crc32 = crc_of_block(&block, &stored).into();
        self.closed.extend_from_slice(block.as_bytes());
        self.closed.extend_from_slice(&stored);
        self.open.clear();
    }

    /// How much is held, compressed or not yet.
    pub(super) fn held_bytes(&self) -> u64 {
        (self.closed.len() + self.open.len()) as u64
    }

    /// The section.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if !self.open.is_empty() {
            self.close();
        }
        self.closed
    }
}

fn crc_of_block(block: &TraceBlock, stored: &[u8]) -> u32 {
    let bytes = block.as_bytes();
    crc32_of(&[bytes.get(..bytes.len() - 4).unwrap_or_default(), stored])
}

/// The decoded block at a place of the section, and where the next one begins. `None` for damage.
pub(super) fn block_at(section: &[u8], at: u32) -> Option<(Vec<u8>, u32)> {
    let (block, rest) = TraceBlock::read_from_prefix(section.get(at as usize..)?).ok()?;
    let stored = rest.get(..block.stored_bytes.get() as usize)?;
    if block.reserved != [0; 3] || crc_of_block(&block, stored) != block.crc32.get() {
        return None;
    }
    let next = at.checked_add(size_of::<TraceBlock>() as u32)?.checked_add(block.stored_bytes.get())?;
    let codec = Codec::from_byte(block.codec)?;
    let decoded = codec.decode(stored, u64::from(block.decoded_bytes.get()), MAX_TRACE_BLOCK_BYTES).ok()?;
    Some((decoded.into_owned(), next))
}

/// The trace at a place of a decoded block, and where the next one begins. `None` for damage.
pub(super) fn trace_in_block(block: &[u8], at: u32) -> Option<(&[u8], u32)> {
    let (length, rest) = U32::read_from_prefix(block.get(at as usize..)?).ok()?;
    let trace = rest.get(..length.get() as usize)?;
    Some((trace, at.checked_add(4)?.checked_add(length.get())?))
}

/// Checks that names fill the section without a gap; answers where the first bad byte run begins.
pub(super) fn verify_strings(section: &[u8]) -> Result<(), u64> {
    let mut at = 0;
    while (at as usize) < section.len() {
        (_, at) = string_at(section, at).ok_or(u64::from(at))?;
    }
    Ok(())
}

/// Checks that trace blocks fill the section, and traces each block, without a gap.
pub(super) fn verify_traces(section: &[u8]) -> Result<(), u64> {
    let mut at = 0;
    while (at as usize) < section.len() {
        let (block, next) = block_at(section, at).ok_or(u64::from(at))?;
        let mut inner = 0;
        while (inner as usize) < block.len() {
            (_, inner) = trace_in_block(&block, inner).ok_or(u64::from(at))?;
        }
        at = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_and_traces_are_stored_once() {
        let mut strings = StringsBuilder::default();
        let (a, b) = (strings.place("core"), strings.place("web"));
        assert_eq!((strings.place("core"), strings.place("web")), (a, b));
        assert_eq!(string_at(&strings.bytes, b).expect("sound").0, "web");
        let mut traces = TracesBuilder::default();
        let first = traces.place(b"rule symmetric");
        assert_eq!(traces.place(b"rule symmetric"), first);
        assert_eq!(traces.place(b""), TracePlace::NONE);
        assert_eq!(traces.held_bytes(), 18);
    }

    #[test]
    fn traces_of_many_blocks_are_found_again_and_share_their_words() {
        let trace =
            |n: u32| format!("rule symmetric\nmethod core::area/1 number {n}\n").repeat(20).into_bytes();
        let mut traces = TracesBuilder::default();
        let places: Vec<_> = (0..400).map(|n| traces.place(&trace(n))).collect();
        let section = traces.finish();
        assert!(places.last().expect("some").block > 0, "one block only");
        assert!(section.len() * 8 < 400 * trace(0).len(), "{} bytes", section.len());
        for (n, place) in places.iter().enumerate() {
            let (block, _) = block_at(&section, place.block).expect("sound");
            assert_eq!(trace_in_block(&block, place.at).expect("sound").0, trace(n as u32));
        }
        assert_eq!(verify_traces(&section), Ok(()));
    }

    #[test]
    fn every_flipped_byte_of_both_sections_is_found() {
        let mut strings = StringsBuilder::default();
        strings.place("core");
        strings.place("");
        let mut traces = TracesBuilder::default();
        traces.place(b"a trace a trace a trace a trace");
        let (strings, traces) = (strings.bytes, traces.finish());
        assert_eq!((verify_strings(&strings), verify_traces(&traces)), (Ok(()), Ok(())));
        for at in 0..strings.len() {
            let mut bad = strings.clone();
            bad[at] ^= 0x40;
            assert!(verify_strings(&bad).is_err(), "string byte {at}");
        }
        for at in 0..traces.len() {
            let mut bad = traces.clone();
            bad[at] ^= 0x40;
            assert!(verify_traces(&bad).is_err(), "trace byte {at}");
        }
    }
}
