//! Collects entries in memory and ends in the bytes of a pack. The only writer of the format.

use std::collections::HashMap;

use zerocopy::{FromBytes, IntoBytes};

use super::entry::{EntryKey, EntryKind};
use super::pack_codec::{Frame, PackCodec};
use super::pack_format::{
    ENTRY_ALIGN, ENTRY_HEADER_BYTES, ENTRY_LOOSE, EntryHeader, FOOTER_BYTES, FOOTER_MAGIC, HEADER_BYTES,
    HEADER_MAGIC, MAX_PACK_BYTES, PACK_SYNCED, PLAIN_VERSION, PackFooter, PackHeader, PackId, SECOND_VERSION,
    SECTION_ALIGN, Sections,
};
use super::text::{StringsBuilder, TracesBuilder};
use super::{filter, index, pack_dictionary};
use crate::codec::{Codec, Dictionary};
use crate::digest::crc32;

/// What is known about an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryFields<'a> {
    pub(super) key: EntryKey,
    pub(super) kind: EntryKind,
    pub(super) created_unix_s: u64,
    pub(super) rebuild_cost_ns: u64,
    pub(super) project: &'a str,
    pub(super) producer: &'a str,
    pub(super) language: &'a str,
    pub(super) decoded_bytes: u64,
    pub(super) trace: &'a [u8],
}

/// An entry whose content is encoded already, by a codec that needs nothing else: it may go into any pack.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredEntry<'a> {
    pub(super) fields: EntryFields<'a>,
    pub(super) codec: Codec,
    pub(super) content: StoredContent<'a>,
}

/// Where the stored content goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum StoredContent<'a> {
    /// Into the pack.
    Inline(&'a [u8]),
    /// Into an object of that length; the pack holds its digest.
    Loose { digest: &'a [u8; 32], stored_bytes: u64 },
}

/// What a pack says about itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackStamp {
    pub(super) id: PackId,
    pub(super) created_unix_s: u64,
    pub(super) boot_id: Option<[u8; 16]>,
    /// The data will be synced before the pack gets its name.
    pub(super) synced: bool,
}

/// Shorter contents are not worth a version that older programs cannot read.
const LEAST_SHARED_BYTES: usize = 64;

/// A pack that grows.
pub(super) struct PackWriter {
    /// Room for the header, then entries; checksums that need the pack's identity are added last.
    bytes: Vec<u8>,
    entries: Vec<(EntryKey, u64)>,
    known: HashMap<EntryKey, u32>,
    strings: StringsBuilder,
    traces: TracesBuilder,
    loose_count: u32,
    loose_bytes: u64,
    decoded_bytes: u64,
    created_unix_s: (u64, u64),
    dictionary: Option<Dictionary>,
    /// Entries that need the dictionary.
    framed_count: u32,
    /// Where the bytes of an entry stand first, by their CRC, length and codec.
    contents: HashMap<(u32, u64, u8), u64>,
    /// Entries whose bytes stand with an earlier one.
    shared_count: u32,
}

impl PackWriter {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; HEADER_BYTES as usize],
            entries: Vec::new(),
            known: HashMap::new(),
            strings: StringsBuilder::default(),
            traces: TracesBuilder::default(),
            loose_count: 0,
            loose_bytes: 0,
            decoded_bytes: 0,
            created_unix_s: (u64::MAX, 0),
            dictionary: None,
            framed_count: 0,
            contents: HashMap::new(),
            shared_count: 0,
        }
    }

    /// A pack that takes frames made with this dictionary.
    pub(super) fn with_dictionary(dictionary: Option<Dictionary>) -> Self {
        Self { dictionary, ..Self::new() }
    }

    pub(super) fn entry_count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// About how long the pack is by now, and how much memory it holds.
    pub(super) fn held_bytes(&self) -> u64 {
        let dictionary = self.needed_dictionary().map_or(0, |dictionary| dictionary.bytes().len());
        (self.bytes.len() + self.strings.bytes.len() + dictionary) as u64 + self.traces.held_bytes()
    }

    /// True when so much more still fits into the format's offsets.
    pub(super) fn has_room_for(&self, more_bytes: u64) -> bool {
        // Twice the text, for the worst case of the side structures.
        self.held_bytes().saturating_add(more_bytes).saturating_mul(2)
            < MAX_PACK_BYTES.min(u64::from(u32::MAX))
    }

    /// The CRC of what is stored under a key, if it is in this pack.
    pub(super) fn inline_crc_of(&self, key: &EntryKey) -> Option<u32> {
        self.known.get(key).copied()
    }

    /// Adds an entry. The caller sees to it that a key comes once.
    pub(super) fn push(&mut self, entry: &StoredEntry<'_>) {
        self.add(&entry.fields, entry.codec.into(), &entry.content);
    }

    /// Adds an entry that is stored as a frame. False, and nothing is added, where the frame was made with
    /// another dictionary than this pack's.
    pub(super) fn push_frame(&mut self, fields: &EntryFields<'_>, frame: Frame<'_>) -> bool {
        let Some(bytes) = self.dictionary.as_ref().and_then(|dictionary| frame.beside(dictionary)) else {
            return false;
        };
        self.add(fields, PackCodec::Dictionary, &StoredContent::Inline(bytes));
        self.framed_count += 1;
        true
    }

    fn add(&mut self, entry: &EntryFields<'_>, codec: PackCodec, content: &StoredContent<'_>) {
        let at = self.bytes.len() as u64;
        let (inline, stored_bytes, flags): (&[u8], _, _) = match *content {
            StoredContent::Inline(bytes) => (bytes, bytes.len() as u64, 0),
            StoredContent::Loose { digest, stored_bytes } => (digest, stored_bytes, ENTRY_LOOSE),
        };
        let trace = self.traces.place(entry.trace);
        let inline_crc32 = crc32(inline);
        let owner_at =
            if flags & ENTRY_LOOSE == 0 { self.owner_of(inline, inline_crc32, codec, at) } else { at };
        let header = EntryHeader {
            key: *entry.key.as_bytes(),
            kind: entry.kind.to_byte(),
            codec: codec.to_byte(),
            flags: flags.into(),
            ordinal: (self.entries.len() as u32).into(),
            stored_bytes: stored_bytes.into(),
            decoded_bytes: entry.decoded_bytes.into(),
            created_unix_s: entry.created_unix_s.into(),
            rebuild_cost_ns: entry.rebuild_cost_ns.into(),
            project: self.strings.place(entry.project).into(),
            producer: self.strings.place(entry.producer).into(),
            language: self.strings.place(entry.language).into(),
            trace_block: trace.block.into(),
            trace_at: trace.at.into(),
            shared_back: (((at - owner_at) / ENTRY_ALIGN) as u32).into(),
            inline_crc32: inline_crc32.into(),
            header_crc32: 0.into(),
        };
        self.bytes.extend_from_slice(header.as_bytes());
        if header.is_shared() {
            self.shared_count += 1;
        } else {
            self.bytes.extend_from_slice(inline);
        }
        pad(&mut self.bytes, ENTRY_ALIGN);
        self.entries.push((entry.key, at));
        self.known.insert(entry.key, inline_crc32);
        if flags & ENTRY_LOOSE != 0 {
            self.loose_count += 1;
            self.loose_bytes += stored_bytes;
        }
        self.decoded_bytes += entry.decoded_bytes;
        let (min, max) = self.created_unix_s;
        self.created_unix_s = (min.min(entry.created_unix_s), max.max(entry.created_unix_s));
    }

    /// Where the entry stands that has these bytes already; else this one, at `at`, is the first.
    fn owner_of(&mut self, inline: &[u8], crc: u32, codec: PackCodec, at: u64) -> u64 {
        if inline.len() < LEAST_SHARED_BYTES {
            return at;
        }
        let known = *self.contents.entry((crc, inline.len() as u64, codec.to_byte())).or_insert(at);
        let start = (known + ENTRY_HEADER_BYTES) as usize;
        // Equal checksums are no proof.
        let is_same = known < at && self.bytes.get(start..).is_some_and(|held| held.starts_with(inline));
        if is_same { known } else { at }
    }

    /// The dictionary, if an entry needs it.
    pub(super) fn needed_dictionary(&self) -> Option<&Dictionary> {
        self.dictionary.as_ref().filter(|_| self.framed_count > 0)
    }

    /// The pack. The same entries in the same order with the same stamp give the same bytes. A dictionary
    /// that no entry needs is left out, so that older programs can read the pack.
    pub(super) fn finish(mut self, stamp: &PackStamp) -> Vec<u8> {
        let dictionary = self.needed_dictionary().map(pack_dictionary::section_of).unwrap_or_default();
        let is_plain = dictionary.is_empty() && self.shared_count == 0;
        let version = if is_plain { PLAIN_VERSION } else { SECOND_VERSION };
        let mut header = PackHeader {
            magic: HEADER_MAGIC,
            version: version.into(),
            flags: if stamp.synced { PACK_SYNCED } else { 0 }.into(),
            pack_id: *stamp.id.as_bytes(),
            created_unix_s: stamp.created_unix_s.into(),
            boot_id: stamp.boot_id.unwrap_or_default(),
            reserved: [0; 4],
            crc32: 0.into(),
        };
        header.crc32 = header.computed_crc().into();
        if let Some(room) = self.bytes.get_mut(..HEADER_BYTES as usize) {
            room.copy_from_slice(header.as_bytes());
        }
        for (_, at) in &self.entries {
            let room =
                self.bytes.get_mut(*at as usize..).and_then(|rest| EntryHeader::mut_from_prefix(rest).ok());
            if let Some((entry, _)) = room {
                entry.header_crc32 = entry.computed_crc(stamp.id, *at).into();
            }
        }
        let entries_bytes = self.bytes.len() as u64 - HEADER_BYTES;
        let traces = self.traces.finish();
        let strings = self.strings.bytes;
        let index = index::build(self.entries.iter().map(|(key, at)| (key, *at)));
        let filter = filter::build(self.entries.iter().map(|(key, _)| key));
        for section in [&traces, &strings, &dictionary, &index.bytes, &filter] {
            pad(&mut self.bytes, SECTION_ALIGN);
            self.bytes.extend_from_slice(section);
        }
        pad(&mut self.bytes, SECTION_ALIGN);
        let (min, max) = self.created_unix_s;
        let mut footer = PackFooter {
            pack_id: *stamp.id.as_bytes(),
            entry_count: (self.entries.len() as u32).into(),
            loose_count: self.loose_count.into(),
            slot_count: (index::slot_count(self.entries.len() as u64) as u32).into(),
            max_probe: index.max_probe.into(),
            entries_bytes: entries_bytes.into(),
            traces_bytes: (traces.len() as u64).into(),
            strings_bytes: (strings.len() as u64).into(),
            filter_blocks: ((filter.len() / filter::BLOCK_BYTES) as u32).into(),
            version: version.into(),
            file_bytes: (self.bytes.len() as u64 + FOOTER_BYTES).into(),
            decoded_bytes: self.decoded_bytes.into(),
            loose_bytes: self.loose_bytes.into(),
            min_created_unix_s: min.into(),
            max_created_unix_s: max.into(),
            index_crc32: crc32(&index.bytes).into(),
            filter_crc32: crc32(&filter).into(),
            dictionary_bytes: (dictionary.len() as u32).into(),
            crc32: 0.into(),
            magic: FOOTER_MAGIC,
        };
        footer.crc32 = footer.computed_crc().into();
        debug_assert_eq!(
            Sections::of(&footer).map(|sections| sections.footer_at),
            Some(self.bytes.len() as u64)
        );
        self.bytes.extend_from_slice(footer.as_bytes());
        self.bytes
    }
}

fn pad(bytes: &mut Vec<u8>, align: u64) {
    bytes.resize(bytes.len().next_multiple_of(align as usize), 0);
}
