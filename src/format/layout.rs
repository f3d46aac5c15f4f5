//! The fixed parts of a table file, byte for byte. `format-spec/SPEC.md` says what they mean; a
//! test holds the two together.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::error::Tag;

/// `JDT\n`: a text-mode transfer that rewrites line ends breaks it.
pub const TABLE_MAGIC: [u8; 4] = *b"JDT\n";

/// 1: first. A reader refuses every other major version.
pub const VERSION_MAJOR: u16 = 1;

/// Raised when optional sections are added; a reader reads every minor version.
pub const VERSION_MINOR: u16 = 1;

/// Sections start at multiples of this.
pub const SECTION_ALIGN: usize = 8;

/// Bit 0 of a section's flags: a reader that does not know the section must refuse the file. The
/// sections of optimizers have it not: the entries alone answer every question.
pub const SECTION_REQUIRED: u32 = 1;

/// The family's qualified name, UTF-8.
pub const NAME: Tag = Tag(*b"NAME");
/// The type signature, UTF-8: a line for each position, its types separated by tabs.
pub const SIGN: Tag = Tag(*b"SIGN");
/// The string pool.
pub const STRS: Tag = Tag(*b"STRS");
/// The types, in name order.
pub const TYPE: Tag = Tag(*b"TYPE");
/// The parameter types, as local type ids, ascending.
pub const PARM: Tag = Tag(*b"PARM");
/// For each type, a bit for each parameter type above it.
pub const ABOV: Tag = Tag(*b"ABOV");
/// For each entry, a parameter reference for each position.
pub const PATT: Tag = Tag(*b"PATT");
/// The entries, most specific first.
pub const ENTR: Tag = Tag(*b"ENTR");
/// What the rule needs beside patterns and relations.
pub const RULE: Tag = Tag(*b"RULE");
/// For each position, the class of each type.
pub const CLAS: Tag = Tag(*b"CLAS");
/// The decision DAG.
pub const DDAG: Tag = Tag(*b"DDAG");
/// The compressed matrix: a cell for each tuple of classes.
pub const MTRX: Tag = Tag(*b"MTRX");
/// The perfect hash: a slot for each tuple of classes that has an outcome.
pub const PHSH: Tag = Tag(*b"PHSH");
/// Methods that no call selects, told and not asked. Since minor version 1.
pub const LEFT: Tag = Tag(*b"LEFT");

/// The first 88 bytes of a table.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TableHeader {
    /// [`TABLE_MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION_MAJOR`].
    pub version_major: U16,
    /// Which optional sections may be there.
    pub version_minor: U16,
    /// XXH3-64 of the logical table in canonical order.
    pub table_hash: U64,
    /// Seconds since the Unix epoch, or 0.
    pub creation_timestamp: U64,
    /// Length of section `NAME` in bytes.
    pub name_len: U32,
    /// Length of section `SIGN` in bytes.
    pub type_signature_len: U32,
    /// Number of entries.
    pub entry_count: U32,
    /// Code of the optimization.
    pub optimization: u8,
    /// Number of dispatching positions.
    pub arity: u8,
    /// Code of the resolution rule.
    pub rule: u8,
    /// Code of the codec of what is behind the directory; 0: none.
    pub codec: u8,
    /// Number of types under a parameter type.
    pub type_count: U32,
    /// Number of distinct parameter types other than the top type.
    pub param_count: U32,
    /// `total_len` ÷ baseline in parts per million, rounded up, at most 2³² − 1.
    pub compression_ratio_ppm: U32,
    /// Number of section directory rows.
    pub section_count: U32,
    /// Baseline − `total_len`, at least 0.
    pub memory_saved: U64,
    /// Length of the whole table in bytes, decoded.
    pub total_len: U64,
    /// Bit 0: some tuple is, or may be, ambiguous. The others are 0.
    pub flags: U32,
    /// Length of what is behind the directory in bytes, as it is stored.
    pub data_len: U32,
    /// CRC-32 of everything behind the section directory.
    pub data_crc: U32,
    /// CRC-32 of the header before this field and of the section directory.
    pub metadata_crc: U32,
}

/// Bit 0 of a table's flags: a build that reuses the table looks for ambiguities to report.
pub const TABLE_MAY_BE_AMBIGUOUS: u32 = 1;

/// One row of the section directory, which follows the header.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct SectionRow {
    /// Which section.
    pub tag: [u8; 4],
    /// Bit 0: required. The others are 0.
    pub flags: U32,
    /// From the table's first byte; a multiple of 8.
    pub offset: U32,
    /// In bytes, without padding.
    pub len: U32,
}

/// One row of section `TYPE`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TypeRow {
    /// String id of the qualified name.
    pub name: U32,
    /// Bit 0: sealed. The others are 0.
    pub flags: U32,
}

/// Bit 0 of a type's flags.
pub const TYPE_SEALED: u32 = 1;

/// One row of section `ENTR`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct EntryRow {
    /// String id of the implementation's symbol.
    pub implementation: U32,
    /// String id of the implementation's module.
    pub module: U32,
    /// Length of the longest chain of entries that are strictly more specific.
    pub specificity: U32,
    /// Calls seen in the profile; 0 where there is none.
    pub call_frequency: U32,
    /// Bit 0: default among equals. The others are 0.
    pub flags: U32,
}

/// Bit 0 of an entry's flags.
pub const ENTRY_DEFAULT: u32 = 1;

/// One row of section `CLAS`, for each position; the arrays follow the rows.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ClassRow {
    /// Where the position's array begins, from the section's first byte.
    pub offset: U32,
    /// Number of classes; class 0 holds every type that is under none of the position's parameters.
    pub class_count: U16,
    /// Bytes in an element of the array, 1 or 2; or [`CLASS_RUNS`].
    pub width: U16,
}

/// In place of a width: the classes are stored as runs of equal ones.
pub const CLASS_RUNS: u16 = 16;

/// Cell and slot: no method applies.
pub const CELL_NO_METHOD: u32 = 0;
/// Cell and slot: several methods apply and none is selected.
pub const CELL_AMBIGUOUS: u32 = 1;
/// Cell and slot: entry 0; entry `n` is this plus `n`.
pub const CELL_FIRST_ENTRY: u32 = 2;

/// The first 4 bytes of section `MTRX`; the cells follow, and [`MATRIX_TAIL_BYTES`] bytes of 0.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct MatrixHead {
    /// Bits of a cell: 1 to 32.
    pub cell_bits: U32,
}

/// Behind the last cell, so that a cell is read with one load of 8 bytes.
pub const MATRIX_TAIL_BYTES: usize = 7;

/// The first 8 bytes of section `PHSH`; the displacements follow, then the slots.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct HashHead {
    /// Number of displacements, at least 1.
    pub bucket_count: U32,
    /// Number of slots, at least 1.
    pub slot_count: U32,
}

/// One slot of section `PHSH`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct SlotRow {
    /// Number of the tuple of classes; [`EMPTY_SLOT`] where the slot is empty.
    pub tuple: U32,
    /// Its outcome, as in a cell.
    pub outcome: U32,
}

/// The tuple of an empty slot; no tuple has this number.
pub const EMPTY_SLOT: u32 = u32::MAX;

/// In a node's child and in the root: the rest is an outcome, not a node.
pub const LEAF: u32 = 1 << 31;
/// Outcome: no method applies.
pub const LEAF_NO_METHOD: u32 = LEAF;
/// Outcome: several methods apply and none is the most specific.
pub const LEAF_AMBIGUOUS: u32 = LEAF | 1;
/// Outcome: entry 0; entry `n` is this plus `n`.
pub const LEAF_FIRST_ENTRY: u32 = LEAF | 2;

/// Most dispatching positions.
pub const MAX_ARITY: usize = 255;
/// Most parameter types: references to them are 16 bits wide, and 0 is the top type.
pub const MAX_PARAMS: usize = u16::MAX as usize - 1;
/// Most entries: a leaf must hold one.
pub const MAX_ENTRIES: usize = 1 << 24;

const _: () = assert!(size_of::<TableHeader>() == 88);
const _: () = assert!(size_of::<SectionRow>() == 16);
const _: () = assert!(size_of::<TypeRow>() == 8);
const _: () = assert!(size_of::<EntryRow>() == 20);
const _: () = assert!(size_of::<ClassRow>() == 8);
const _: () = assert!(size_of::<MatrixHead>() == 4);
const _: () = assert!(size_of::<HashHead>() == 8);
const _: () = assert!(size_of::<SlotRow>() == 8);
