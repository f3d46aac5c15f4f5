//! The shape of a pack: fixed structs and where they stand. The text for strangers, with the same
//! tables, is `format-spec/PACK.md`; a test compares the two.

use std::fmt;
use std::ops::Range;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// First bytes of a pack. The line ends and the zero catch transfers that treat it as text.
pub(super) const HEADER_MAGIC: [u8; 8] = *b"JCPK\r\n\x1a\0";
/// Last bytes of a pack.
pub(super) const FOOTER_MAGIC: [u8; 8] = *b"JCPKEND\n";
/// 1: first. A pack that needs no more is still written so, and every program can read it.
pub(super) const PLAIN_VERSION: u32 = 1;
/// 2: a dictionary between names and index, entries that need it, and entries that share a content.
pub(super) const SECOND_VERSION: u32 = 2;

/// Entries begin at multiples of this, so that an index slot names one in 32 bits.
pub(super) const ENTRY_ALIGN: u64 = 8;
/// Sections begin at multiples of this: one cache line.
pub(super) const SECTION_ALIGN: u64 = 64;
pub(super) const HEADER_BYTES: u64 = size_of::<PackHeader>() as u64;
pub(super) const ENTRY_HEADER_BYTES: u64 = size_of::<EntryHeader>() as u64;
pub(super) const FOOTER_BYTES: u64 = size_of::<PackFooter>() as u64;
/// A pack is no longer than an index slot can reach.
pub(super) const MAX_PACK_BYTES: u64 = u32::MAX as u64 * ENTRY_ALIGN;

/// No dictionary is longer. Readers hold it in memory.
pub(super) const MAX_DICTIONARY_BYTES: u64 = 1 << 20;

/// Header flag: the data were synced before the pack got its name.
pub(super) const PACK_SYNCED: u32 = 1;
/// Entry flag: the bytes after the header are the digest of a loose object, not the content.
pub(super) const ENTRY_LOOSE: u16 = 1;
/// Length of that digest.
pub(super) const LOOSE_INLINE_BYTES: u64 = 32;
/// Stands for "no trace" in [`EntryHeader::trace_block`].
pub(super) const NO_TRACE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PackHeader {
    pub(super) magic: [u8; 8],
    pub(super) version: U32,
    pub(super) flags: U32,
    pub(super) pack_id: [u8; 16],
    pub(super) created_unix_s: U64,
    pub(super) boot_id: [u8; 16],
    pub(super) reserved: [u8; 4],
    pub(super) crc32: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct EntryHeader {
    pub(super) key: [u8; 32],
    pub(super) kind: u8,
    pub(super) codec: u8,
    pub(super) flags: U16,
    pub(super) ordinal: U32,
    pub(super) stored_bytes: U64,
    pub(super) decoded_bytes: U64,
    pub(super) created_unix_s: U64,
    pub(super) rebuild_cost_ns: U64,
    pub(super) project: U32,
    pub(super) producer: U32,
    pub(super) language: U32,
    pub(super) trace_block: U32,
    pub(super) trace_at: U32,
    pub(super) shared_back: U32,
    pub(super) inline_crc32: U32,
    pub(super) header_crc32: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct TraceBlock {
    pub(super) decoded_bytes: U32,
    pub(super) stored_bytes: U32,
    pub(super) codec: u8,
    pub(super) reserved: [u8; 3],
    pub(super) crc32: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct StringRecord {
    pub(super) bytes: U32,
    pub(super) crc32: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct DictionaryHeader {
    pub(super) bytes: U32,
    pub(super) crc32: U32,
}

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct IndexSlot {
    pub(super) fingerprint: U32,
    pub(super) entry_at: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PackFooter {
    pub(super) pack_id: [u8; 16],
    pub(super) entry_count: U32,
    pub(super) loose_count: U32,
    pub(super) slot_count: U32,
    pub(super) max_probe: U32,
    pub(super) entries_bytes: U64,
    pub(super) traces_bytes: U64,
    pub(super) strings_bytes: U64,
    pub(super) filter_blocks: U32,
    pub(super) version: U32,
    pub(super) file_bytes: U64,
    pub(super) decoded_bytes: U64,
    pub(super) loose_bytes: U64,
    pub(super) min_created_unix_s: U64,
    pub(super) max_created_unix_s: U64,
    pub(super) index_crc32: U32,
    pub(super) filter_crc32: U32,
    pub(super) dictionary_bytes: U32,
    pub(super) crc32: U32,
    pub(super) magic: [u8; 8],
}

/// Where the sections of a pack stand: each begins at the first multiple of [`SECTION_ALIGN`] after
/// the one before, and what lies between is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sections {
    pub(super) entries_end: u64,
    pub(super) traces_at: u64,
    pub(super) traces_bytes: u64,
    pub(super) strings_at: u64,
    pub(super) strings_bytes: u64,
    pub(super) dictionary_at: u64,
    pub(super) dictionary_bytes: u64,
    pub(super) index_at: u64,
    pub(super) index_bytes: u64,
    pub(super) filter_at: u64,
    pub(super) filter_bytes: u64,
    pub(super) footer_at: u64,
}

impl Sections {
    /// `None` where the sizes do not fit into 64 bits.
    pub(super) fn lay_out(
        entries_bytes: u64,
        traces_bytes: u64,
        strings_bytes: u64,
        dictionary_bytes: u64,
        index_bytes: u64,
        filter_bytes: u64,
    ) -> Option<Self> {
        let after = |at: u64, bytes: u64| at.checked_add(bytes)?.checked_next_multiple_of(SECTION_ALIGN);
        let entries_end = HEADER_BYTES.checked_add(entries_bytes)?;
        let traces_at = after(HEADER_BYTES, entries_bytes)?;
        let strings_at = after(traces_at, traces_bytes)?;
        let dictionary_at = after(strings_at, strings_bytes)?;
        let index_at = after(dictionary_at, dictionary_bytes)?;
        let filter_at = after(index_at, index_bytes)?;
        let footer_at = after(filter_at, filter_bytes)?;
        Some(Self {
            entries_end,
            traces_at,
            traces_bytes,
            strings_at,
            strings_bytes,
            dictionary_at,
            dictionary_bytes,
            index_at,
            index_bytes,
            filter_at,
            filter_bytes,
            footer_at,
        })
    }

    pub(super) fn of(footer: &PackFooter) -> Option<Self> {
        Self::lay_out(
            footer.entries_bytes.get(),
            footer.traces_bytes.get(),
            footer.strings_bytes.get(),
            u64::from(footer.dictionary_bytes.get()),
            u64::from(footer.slot_count.get()) * size_of::<IndexSlot>() as u64,
            u64::from(footer.filter_blocks.get()) * super::filter::BLOCK_BYTES as u64,
        )
    }
}

/// CRC-32 of a struct whose last field is the CRC itself.
pub(super) fn crc_before_last_word(bytes: &[u8]) -> u32 {
    crate::digest::crc32(bytes.get(..bytes.len().saturating_sub(4)).unwrap_or_default())
}

impl PackHeader {
    pub(super) fn computed_crc(&self) -> u32 {
        crc_before_last_word(self.as_bytes())
    }
}

impl PackFooter {
    /// Everything before the CRC field; the magic after it is compared as it is.
    pub(super) fn computed_crc(&self) -> u32 {
        let bytes = self.as_bytes();
        crc_before_last_word(bytes.get(..bytes.len() - FOOTER_MAGIC.len()).unwrap_or_default())
    }
}

impl EntryHeader {
    /// Bound to the pack and the place, so that an old block that a file system brings back, or a
    /// pack inside a blob, is never taken for an entry of this pack.
    pub(super) fn computed_crc(&self, id: PackId, at_bytes: u64) -> u32 {
        let bytes = self.as_bytes();
        let fields = bytes.get(..bytes.len() - 4).unwrap_or_default();
        crate::digest::crc32_of(&[&id.0, &at_bytes.to_le_bytes(), fields])
    }

    pub(super) fn is_loose(&self) -> bool {
        self.flags.get() & ENTRY_LOOSE != 0
    }

    /// Its bytes stand behind the header of an earlier entry, which has the same.
    pub(super) fn is_shared(&self) -> bool {
        self.shared_back.get() != 0
    }

    /// How many bytes follow the header inside the pack.
    pub(super) fn inline_bytes(&self) -> u64 {
        if self.is_shared() { 0 } else { self.held_bytes() }
    }

    /// How many bytes the pack holds for the entry, wherever they stand.
    pub(super) fn held_bytes(&self) -> u64 {
        if self.is_loose() { LOOSE_INLINE_BYTES } else { self.stored_bytes.get() }
    }

    /// Where these bytes stand, if the header is at `at_bytes`. None where no entry can.
    pub(super) fn held_range(&self, at_bytes: u64) -> Option<Range<u64>> {
        let owner_at = at_bytes.checked_sub(u64::from(self.shared_back.get()) * ENTRY_ALIGN)?;
        let start = owner_at.checked_add(ENTRY_HEADER_BYTES)?;
        let end = start.checked_add(self.held_bytes())?;
        (owner_at >= HEADER_BYTES).then_some(start..end)
    }

    /// Where the next entry begins, if this one begins at `at_bytes`.
    pub(super) fn next_at(&self, at_bytes: u64) -> Option<u64> {
        at_bytes
            .checked_add(ENTRY_HEADER_BYTES)?
            .checked_add(self.inline_bytes())?
            .checked_next_multiple_of(ENTRY_ALIGN)
    }
}

/// The identity of a pack: when it was made, then a part that no other pack has. Sorts by time; its
/// text is the pack's file name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackId([u8; 16]);

impl PackId {
    /// `order` is the time in nanoseconds, or more where a pack must sort after an older one.
    pub(super) fn new(order: u64, unique: u64) -> Self {
        Self((u128::from(order) << 64 | u128::from(unique)).to_be_bytes())
    }

    pub(super) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn order(self) -> u64 {
        (u128::from_be_bytes(self.0) >> 64) as u64
    }

    /// Reads what `Display` writes, and nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (order, unique) = text.split_once('-')?;
        let hex = |part: &str| {
            let canonical = part.len() == 16 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            canonical.then(|| u64::from_str_radix(part, 16).ok())?
        };
        Some(Self::new(hex(order)?, hex(unique)?))
    }
}

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let both = u128::from_be_bytes(self.0);
        write!(f, "{:016x}-{:016x}", (both >> 64) as u64, both as u64)
    }
}

impl fmt::Debug for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec_tables::assert_spec;

    const SPEC: &str = include_str!("../../format-spec/PACK.md");

    #[test]
    fn the_tables_of_the_specification_say_what_the_structs_are() {
        assert_spec!(
            SPEC,
            PackHeader { magic, version, flags, pack_id, created_unix_s, boot_id, reserved, crc32 }
        );
        assert_spec!(
            SPEC,
            EntryHeader {
                key,
                kind,
                codec,
                flags,
                ordinal,
                stored_bytes,
                decoded_bytes,
                created_unix_s,
                rebuild_cost_ns,
                project,
                producer,
                language,
                trace_block,
                trace_at,
                shared_back,
                inline_crc32,
                header_crc32
            }
        );
        assert_spec!(SPEC, TraceBlock { decoded_bytes, stored_bytes, codec, reserved, crc32 });
        assert_spec!(SPEC, StringRecord { bytes, crc32 });
        assert_spec!(SPEC, DictionaryHeader { bytes, crc32 });
        assert_spec!(SPEC, IndexSlot { fingerprint, entry_at });
        assert_spec!(
            SPEC,
            PackFooter {
                pack_id,
                entry_count,
                loose_count,
                slot_count,
                max_probe,
                entries_bytes,
                traces_bytes,
                strings_bytes,
                filter_blocks,
                version,
                file_bytes,
                decoded_bytes,
                loose_bytes,
                min_created_unix_s,
                max_created_unix_s,
                index_crc32,
                filter_crc32,
                dictionary_bytes,
                crc32,
                magic
            }
        );
    }

    #[test]
    fn a_pack_name_is_read_back_and_only_the_canonical_one() {
        let id = PackId::new(0x17, 0xabc);
        assert_eq!(id.to_string(), "0000000000000017-0000000000000abc");
        assert_eq!(PackId::parse(&id.to_string()), Some(id));
        assert_eq!(id.order(), 0x17);
        for bad in ["", "17-abc", "0000000000000017-0000000000000ABC", "+000000000000017-0000000000000abc"] {
            assert_eq!(PackId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn packs_sort_by_time_first() {
        assert!(PackId::new(2, 0) > PackId::new(1, u64::MAX));
    }

    #[test]
    fn sections_that_leave_64_bits_are_refused() {
        assert_eq!(Sections::lay_out(u64::MAX - 70, 0, 0, 0, 0, 0), None);
        assert!(Sections::lay_out(100, 1, 1, 9, 8, 32).is_some());
    }
}
