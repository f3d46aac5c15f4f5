//! The fixed parts of an image file, byte for byte; `format-spec/SPEC.md` says what they mean.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::format::Tag;

/// `JDI\n`.
pub const IMAGE_MAGIC: [u8; 4] = *b"JDI\n";

/// The global string pool.
pub const STRS: Tag = Tag(*b"STRS");
/// The global types, in name order.
pub const TYPE: Tag = Tag(*b"TYPE");
/// The families, in order of name and arity.
pub const FAMI: Tag = Tag(*b"FAMI");
/// The pieces of each family that only some families have: an optimizer's sections.
pub const PIEC: Tag = Tag(*b"PIEC");
/// The families' relations, patterns, entries and further pieces; equal pieces are stored once.
pub const BLOB: Tag = Tag(*b"BLOB");
/// Where each entry of each family stands in the sources.
pub const PLAC: Tag = Tag(*b"PLAC");

/// The first 64 bytes of an image.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ImageHeader {
    /// [`IMAGE_MAGIC`].
    pub magic: [u8; 4],
    /// The same version as that of tables.
    pub version_major: U16,
    /// Which optional sections may be there.
    pub version_minor: U16,
    /// Seconds since the Unix epoch, or 0.
    pub creation_timestamp: U64,
    /// String id of the project's name.
    pub name: U32,
    /// Number of families.
    pub family_count: U32,
    /// Number of global types.
    pub type_count: U32,
    /// Number of places: the entries of all families.
    pub place_count: U32,
    /// Number of section directory rows.
    pub section_count: U32,
    /// 0: no bit has a meaning yet.
    pub flags: U32,
    /// Number of rows of section `PIEC`: the pieces of all families.
    pub piece_count: U32,
    /// Code of the codec of what is behind the directory; 0: none.
    pub codec: u8,
    /// 0.
    pub reserved: [u8; 3],
    /// Length of the whole image in bytes, decoded.
    pub total_len: U64,
    /// CRC-32 of everything behind the section directory.
    pub data_crc: U32,
    /// CRC-32 of the header before this field and of the section directory.
    pub metadata_crc: U32,
}

/// One row of section `FAMI`. Offsets count from the first byte of section `BLOB` and are multiples
/// of 8; the pieces that stand here have the lengths that the counts give.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FamilyRow {
    /// String id of the qualified name.
    pub name: U32,
    /// Number of dispatching positions.
    pub arity: u8,
    /// Code of the resolution rule.
    pub rule: u8,
    /// Code of the optimization.
    pub optimization: u8,
    /// 0.
    pub reserved: u8,
    /// The table's hash.
    pub table_hash: U64,
    /// The table's flags.
    pub flags: U32,
    /// Number of entries.
    pub entry_count: U32,
    /// Number of types under a parameter.
    pub type_count: U32,
    /// Number of parameter types.
    pub param_count: U32,
    /// For each local type its global type, ascending, 4 bytes each.
    pub type_map: U32,
    /// As section `PARM` of a table.
    pub params: U32,
    /// As section `ABOV` of a table.
    pub above: U32,
    /// As section `PATT` of a table.
    pub patterns: U32,
    /// As section `ENTR` of a table, with global string ids.
    pub entries: U32,
    /// Row in section `PIEC` of the family's first further piece.
    pub first_piece: U32,
    /// Number of further pieces.
    pub piece_count: U32,
    /// Row in section `PLAC` of entry 0.
    pub first_place: U32,
}

/// One row of section `PIEC`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PieceRow {
    /// The tag of the table's section that the piece is.
    pub tag: [u8; 4],
    /// From the first byte of section `BLOB`; a multiple of 8.
    pub offset: U32,
    /// In bytes.
    pub len: U32,
}

/// One row of section `PLAC`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PlaceRow {
    /// String id of the root-relative path.
    pub file: U32,
    /// Line, from 1; 0 where the place is not known.
    pub line: U32,
    /// Column in characters, from 1; 0 where the place is not known.
    pub column: U32,
}

const _: () = assert!(size_of::<ImageHeader>() == 64);
const _: () = assert!(size_of::<FamilyRow>() == 64);
const _: () = assert!(size_of::<PieceRow>() == 12);
const _: () = assert!(size_of::<PlaceRow>() == 12);
