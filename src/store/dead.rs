//! Removal records: small immutable files that name entries which count as removed, because packs
//! are never edited. The shape is in `format-spec/PACK.md`.

use std::path::Path;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::entry::EntryKey;
use super::error::StoreError;
use super::layout::Layout;
use super::lookup::Damage;
use super::pack_format::PackId;
use crate::digest::crc32_of;
use crate::fs::{self, Durability, ReadError};

const MAGIC: [u8; 8] = *b"JCDD\r\n\x1a\0";
const VERSION: u32 = 1;
/// A million records; a compactor comes long before.
const MAX_FILE_BYTES: u64 = 64 << 20;

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct DeadHeader {
    magic: [u8; 8],
    version: U32,
    record_count: U32,
    created_unix_s: U64,
    reserved: [u8; 4],
    crc32: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct DeadRecord {
    pack_id: [u8; 16],
    key: [u8; 32],
    reason: u8,
    reserved: [u8; 7],
}

/// Why an entry was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RemovalReason {
    /// It, or its object, is damaged or missing.
    Damaged,
    /// It had to make room. Read, and not written: eviction copies what stays into a new pack instead.
    Evicted,
}

impl RemovalReason {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Damaged => 1,
            Self::Evicted => 2,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Damaged),
            2 => Some(Self::Evicted),
            _ => None,
        }
    }
}

/// One entry that counts as removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) pack: PackId,
    pub(super) key: EntryKey,
    pub(super) reason: RemovalReason,
}

fn crc(header: &DeadHeader, records: &[u8]) -> u32 {
    let bytes = header.as_bytes();
    crc32_of(&[bytes.get(..bytes.len() - 4).unwrap_or_default(), records])
}

/// The bytes of a file with these records.
pub(super) fn encode(removals: &[Removal], created_unix_s: u64) -> Vec<u8> {
    let records: Vec<DeadRecord> = removals
        .iter()
        .map(|removal| DeadRecord {
            pack_id: *removal.pack.as_bytes(),
            key: *removal.key.as_bytes(),
            reason: removal.reason.to_byte(),
            reserved: [0; 7],
        })
        .collect();
    let mut header = DeadHeader {
        magic: MAGIC,
        version: VERSION.into(),
        record_count: (records.len() as u32).into(),
        created_unix_s: created_unix_s.into(),
        reserved: [0; 4],
        crc32: 0.into(),
    };
    header.crc32 = crc(&header, records.as_bytes()).into();
    [header.as_bytes(), records.as_bytes()].concat()
}

/// The records of a file, or what is wrong with it.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Removal>, Damage> {
    let (header, rest) = DeadHeader::read_from_prefix(bytes).map_err(|_| Damage::TooShort)?;
    let sound = header.magic == MAGIC && header.version.get() == VERSION && header.reserved == [0; 4];
    if !sound || crc(&header, rest) != header.crc32.get() {
        return Err(Damage::Header);
    }
    let records = <[DeadRecord]>::ref_from_bytes(rest).map_err(|_| Damage::Structure)?;
    if records.len() as u64 != u64::from(header.record_count.get()) {
        return Err(Damage::Structure);
    }
    records
        .iter()
        .map(|record| {
            let reason = RemovalReason::from_byte(record.reason).filter(|_| record.reserved == [0; 7]);
            Ok(Removal {
                pack: PackId::from_bytes(record.pack_id),
                key: EntryKey::from_bytes(record.key),
                reason: reason.ok_or(Damage::Unknown)?,
            })
        })
        .collect()
}

/// True for the name of a file with removal records.
pub(super) fn is_name(name: &str) -> bool {
    name.strip_suffix(".dead").and_then(PackId::parse).is_some()
}

/// Reads a file of `dead/`.
pub(super) fn read(path: &Path) -> Result<Vec<Removal>, StoreError> {
    let corrupted = |what| StoreError::Corrupted { path: path.to_owned(), what };
    match fs::read_bounded(path, MAX_FILE_BYTES) {
        Ok(bytes) => decode(&bytes).map_err(corrupted),
        Err(ReadError::Io(error)) => Err(StoreError::io(path, "read", error)),
        Err(ReadError::TooLarge { .. }) => Err(corrupted(Damage::Structure)),
    }
}

/// Publishes records, synced: what they take away must not come back after a power loss.
pub(super) fn publish(
    layout: &Layout,
    id: PackId,
    removals: &[Removal],
    created_unix_s: u64,
) -> Result<(), StoreError> {
    let path = layout.dead_file(id);
    fs::replace(&path, &encode(removals, created_unix_s), Durability::Sync)
        .map_err(|error| StoreError::io(&path, "write", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec_tables::assert_spec;

    const SPEC: &str = include_str!("../../format-spec/PACK.md");

    fn sample() -> Vec<Removal> {
        let removal = |n: u8, reason| Removal {
            pack: PackId::new(u64::from(n), 7),
            key: EntryKey::from_bytes([n; 32]),
            reason,
        };
        vec![removal(1, RemovalReason::Damaged), removal(2, RemovalReason::Evicted)]
    }

    #[test]
    fn the_tables_of_the_specification_say_what_the_structs_are() {
        assert_spec!(SPEC, DeadHeader { magic, version, record_count, created_unix_s, reserved, crc32 });
        assert_spec!(SPEC, DeadRecord { pack_id, key, reason, reserved });
    }

    #[test]
    fn records_are_read_back() {
        assert_eq!(decode(&encode(&sample(), 5)), Ok(sample()));
        assert_eq!(decode(&encode(&[], 5)), Ok(Vec::new()));
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let sound = encode(&sample(), 5);
        for at in 0..sound.len() {
            let mut bad = sound.clone();
            bad[at] ^= 1;
            assert!(decode(&bad).is_err(), "byte {at}");
            assert!(decode(&sound[..at]).is_err(), "cut at {at}");
        }
        assert!(decode(&[sound.as_slice(), &[0]].concat()).is_err());
    }
}
