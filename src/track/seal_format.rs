//! The fixed parts of a seal, byte for byte, and where each section lies.
//!
//! ```text
//! header │ directories │ files │ payload records │ selection │ heap │ payloads, each at a multiple of 8
//! ```
//!
//! Numbers are little-endian. The heap holds every path and name, one after the other. Directories are
//! sorted by path, the files of each follow those of the one before and are sorted by name.

use zerocopy::little_endian::{I64, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::fs::StatTuple;

pub(super) const MAGIC: [u8; 8] = *b"JANSEAL\n";
/// 1: first. Another version counts as no seal.
pub(super) const VERSION: u32 = 1;
/// What the checksum does not cover: magic, version, itself.
pub(super) const BEFORE_CHECKED_BYTES: usize = 16;
/// Payloads start at multiples of this, so that their owner may map numbers onto them.
pub(super) const PAYLOAD_ALIGN: usize = 8;

/// | offset | size | field             | meaning                                            |
/// |      0 |    8 | `magic`           | `JANSEAL\n`                                        |
/// |      8 |    4 | `version`         | others are refused                                 |
/// |     12 |    4 | `crc`             | CRC-32 of all that follows                         |
/// |     16 |    8 | `len_bytes`       | of the whole seal                                  |
/// |     24 |    8 | `time_ns`         | when looking began, by the file system's clock     |
/// |     32 |    4 | `dir_count`       |                                                    |
/// |     36 |    4 | `file_count`      |                                                    |
/// |     40 |    4 | `payload_count`   |                                                    |
/// |     44 |    4 | `selection_bytes` |                                                    |
/// |     48 |    4 | `heap_bytes`      |                                                    |
/// |     52 |    4 | `reserved`        | 0                                                  |
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Header {
    pub(super) magic: [u8; 8],
    pub(super) version: U32,
    pub(super) crc: U32,
    pub(super) len_bytes: U64,
    pub(super) time_ns: I64,
    pub(super) dir_count: U32,
    pub(super) file_count: U32,
    pub(super) payload_count: U32,
    pub(super) selection_bytes: U32,
    pub(super) heap_bytes: U32,
    pub(super) reserved: U32,
}

/// A directory: its path is root-relative, or absolute for what lies outside of the root.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct DirRecord {
    pub(super) path_at: U32,
    pub(super) path_bytes: U32,
    pub(super) first_file: U32,
    pub(super) file_count: U32,
    /// The bits `DIR_…`.
    pub(super) flags: U32,
    pub(super) reserved: U32,
    /// Only where it was listed.
    pub(super) tuple: StatTuple,
}

/// Its listing mattered.
pub(super) const DIR_LISTED: u32 = 1;
/// Its tuple proves nothing.
pub(super) const DIR_RACY: u32 = 2;
/// It could not be listed; it holds no files that way, and is tried anew each time.
pub(super) const DIR_TROUBLE: u32 = 4;

/// A file, or a name under which no file was.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct FileRecord {
    /// Zeros where `FILE_UNREAD`.
    pub(super) digest: [u8; 32],
    /// Of kind 0 where the name was probed and no regular file was there.
    pub(super) tuple: StatTuple,
    pub(super) name_at: U32,
    pub(super) name_bytes: U16,
    /// The bits `FILE_…`.
    pub(super) flags: U16,
}

/// Its tuple proves nothing, its content is compared.
pub(super) const FILE_RACY: u16 = 1;
/// What a link leads to counts.
pub(super) const FILE_FOLLOW: u16 = 2;
/// It is an ignore file: it has no say but in what is listed.
pub(super) const FILE_IGNORES: u16 = 4;
/// The selection found it.
pub(super) const FILE_SELECTED: u16 = 8;
/// It was there and nobody knows its content.
pub(super) const FILE_UNREAD: u16 = 16;

/// Bytes of the caller's.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct PayloadRecord {
    pub(super) name_at: U32,
    pub(super) name_bytes: U32,
    /// From the start of the seal.
    pub(super) at_bytes: U64,
    pub(super) len_bytes: U64,
}

const _: () = assert!(size_of::<Header>() == 56 && size_of::<DirRecord>() == 72);
const _: () = assert!(size_of::<FileRecord>() == 88 && size_of::<PayloadRecord>() == 24);

/// Why some bytes are no seal, or why none can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// They end before they say so.
    #[error("the seal ends too early: expected {needed_bytes} bytes, found {found_bytes}")]
    TooShort {
        /// At least so many.
        needed_bytes: u64,
        /// So many there are.
        found_bytes: u64,
    },
    /// They are something else.
    #[error("expected a seal, found other bytes")]
    Magic,
    /// Another release wrote them.
    #[error("expected a seal of version {supported}, found version {found}")]
    Version {
        /// Theirs.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// They are damaged.
    #[error("the seal is damaged: expected the checksum {expected:08x}, found {found:08x}")]
    Checksum {
        /// What was written.
        expected: u32,
        /// What the bytes have.
        found: u32,
    },
    /// The checksum is right, and yet a part leads out of the bytes or is out of order.
    #[error("the seal contradicts itself: {what}")]
    Layout {
        /// Which part.
        what: &'static str,
    },
    /// Too much was to be sealed.
    #[error("a seal cannot hold so much: {what}")]
    TooLarge {
        /// What exceeds the format.
        what: &'static str,
    },
}
