//! What a table's bytes are made of beside the logical table: how they find the answer, and what their
//! header tells.
//!
//! The bytes are a function of the logical table, the plan and the time stamp in it: no path, line, time
//! or machine enters them.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::core::above_stride_bytes;
use super::envelope::{NewSection, Totals, total_len, write};
use super::error::Tag;
use super::layout::{
    NAME, RULE, SIGN, TABLE_MAGIC, TABLE_MAY_BE_AMBIGUOUS, TYPE_SEALED, TableHeader, TypeRow, VERSION_MAJOR,
    VERSION_MINOR,
};
use super::logical::LogicalTable;
use super::rule::Optimization;

/// How the bytes find their answer: what an optimizer decided, in the format's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// Test the one entry.
    Single,
    /// Test the entries in file order.
    Linear,
    /// Walk from the root.
    DecisionDag {
        /// For each position, the class of each local type.
        classes: Vec<PositionClasses>,
        /// The words of section `DDAG`: the root, then nodes, children behind their parents. Leaves
        /// hold entries' numbers in *file order*.
        nodes: Vec<u32>,
    },
    /// Look into a matrix.
    Matrix {
        /// For each position, the class of each local type.
        classes: Vec<PositionClasses>,
        /// For each tuple of classes, the last position counting fastest, its outcome: 0 no method,
        /// 1 ambiguous, 2 + *n* entry *n* in *file order*.
        cells: Vec<u32>,
    },
    /// Look into a perfect hash.
    Hash {
        /// For each position, the class of each local type.
        classes: Vec<PositionClasses>,
        /// The tuples that have another outcome than *no method*, by their number, ascending; outcomes
        /// as in a matrix.
        tuples: Vec<(u32, u32)>,
    },
}

impl Strategy {
    /// The optimization's name and code.
    pub const fn optimization(&self) -> Optimization {
        match self {
            Self::Single => Optimization::Single,
            Self::Linear => Optimization::Linear,
            Self::DecisionDag { .. } => Optimization::DecisionDag,
            Self::Matrix { .. } => Optimization::Matrix,
            Self::Hash { .. } => Optimization::Hash,
        }
    }

    /// For each position the class of each local type, where the way needs them.
    pub fn classes(&self) -> Option<&[PositionClasses]> {
        match self {
            Self::Single | Self::Linear => None,
            Self::DecisionDag { classes, .. } | Self::Matrix { classes, .. } | Self::Hash { classes, .. } => {
                Some(classes)
            }
        }
    }
}

/// The classes of one position: types of one class are answered alike there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PositionClasses {
    /// Number of classes, at least 1; class 0 holds every type under none of the position's parameters.
    pub class_count: u16,
    /// For each local type, its class.
    pub class_of: Vec<u16>,
}

/// What is written beside the logical table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePlan {
    /// Canonical indexes of the entries in file order: most specific first, of equally specific ones
    /// the most called first.
    pub order: Vec<u32>,
    /// Canonical indexes of the methods that no call selects, ascending: they are told in a section
    /// of their own, and no entries. `order` holds all others.
    pub left_out: Vec<u32>,
    /// For each canonical index, the length of the longest chain of strictly more specific entries;
    /// of a method that is left out whatever.
    pub specificity: Vec<u32>,
    /// For each canonical index, the calls seen in a profile; empty where there is none.
    pub call_frequency: Vec<u32>,
    /// How the bytes find their answer.
    pub strategy: Strategy,
    /// Whether some tuple is, or may be, ambiguous.
    pub may_be_ambiguous: bool,
    /// Seconds since the Unix epoch, or 0.
    pub creation_timestamp: u64,
}

impl TablePlan {
    /// Whether a profile counted calls: the arrays of classes then stay dense, for a load beats a search.
    pub fn is_hot(&self) -> bool {
        self.call_frequency.iter().any(|calls| *calls > 0)
    }
}

/// Why a logical table has no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A count is beyond what the format can hold.
    #[error("{what}: {found} is more than the format's {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: u64,
        /// How much would do.
        limit: u64,
    },
    /// A type has the name that the format gives to the top type.
    #[error("a type is named `any`, which means the top type and is never declared: give it another name")]
    ReservedName,
    /// Table and plan contradict themselves or each other: a mistake of the program that made them.
    #[error("the table and its plan contradict each other: {0}")]
    Inconsistent(&'static str),
    /// A name holds a control character, which the type signature uses as a separator.
    #[error("the name {name:?} holds a control character")]
    ControlCharacter {
        /// The name.
        name: String,
    },
}

/// The rows of section `TYPE`: the types' names are the first strings of the pool.
pub(super) fn put_types(section: &mut Vec<u8>, table: &LogicalTable) {
    let start = section.len();
    section.resize(start + size_of::<TypeRow>() * table.types.len(), 0);
    let rows = section[start..].chunks_exact_mut(size_of::<TypeRow>());
    for ((name, row), bytes) in (0_u32..).zip(&table.types).zip(rows) {
        let flags = if row.sealed { TYPE_SEALED } else { 0 };
        bytes.copy_from_slice(TypeRow { name: U32::new(name), flags: U32::new(flags) }.as_bytes());
    }
}

pub(super) fn put_above(section: &mut Vec<u8>, table: &LogicalTable) {
    let stride = above_stride_bytes(table.params.len() as u32);
    let start = section.len();
    section.resize(start + stride * table.types.len(), 0);
    for (row, bytes) in table.types.iter().zip(section[start..].chunks_exact_mut(stride.max(1))) {
        for param in &*row.above {
            bytes[usize::from(*param) / 8] |= 1 << (param % 8);
        }
    }
}

/// What the header tells beside the table and the lengths of its sections.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderFacts {
    pub(super) optimization: u8,
    pub(super) flags: u32,
    pub(super) creation_timestamp: u64,
    pub(super) entry_count: u32,
    pub(super) has_left_out: bool,
}

impl HeaderFacts {
    pub(super) const fn of(plan: &TablePlan) -> Self {
        Self {
            entry_count: plan.order.len() as u32,
            has_left_out: !plan.left_out.is_empty(),
            optimization: plan.strategy.optimization().code(),
            flags: if plan.may_be_ambiguous { TABLE_MAY_BE_AMBIGUOUS } else { 0 },
            creation_timestamp: plan.creation_timestamp,
        }
    }
}

/// Lengths in bytes that the header repeats.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderLengths {
    pub(super) name: usize,
    pub(super) signature: usize,
    pub(super) total: u32,
}

/// Header, directory and sections as a table's bytes.
pub(super) fn assemble(
    table: &LogicalTable,
    facts: HeaderFacts,
    sections: &[NewSection<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let bytes_of =
        |tag: Tag| sections.iter().find(|section| section.tag == tag).map(|section| &*section.bytes);
    let len_of = |tag: Tag| bytes_of(tag).map_or(0, <[u8]>::len);
    let total = total_len(size_of::<TableHeader>(), sections).map_err(too_long)?;
    let lengths = HeaderLengths { name: len_of(NAME), signature: len_of(SIGN), total };
    let header = header(table, facts, lengths, table.table_hash_with(bytes_of(RULE)));
    Ok(write(size_of::<TableHeader>(), sections, |totals| filled(header, totals)))
}

pub(super) const fn too_long(found: u64) -> EncodeError {
    EncodeError::TooMany { what: "bytes", found, limit: u32::MAX as u64 }
}

/// The header without what only the finished sections tell.
pub(super) fn header(
    table: &LogicalTable,
    facts: HeaderFacts,
    lengths: HeaderLengths,
    table_hash: u64,
) -> TableHeader {
    let mut header = TableHeader::new_zeroed();
    header.magic = TABLE_MAGIC;
    header.version_major = U16::new(VERSION_MAJOR);
    // The lowest that has all that is in the file, so that tables without news keep their bytes.
    header.version_minor = U16::new(if facts.has_left_out { VERSION_MINOR } else { 0 });
    header.table_hash = U64::new(table_hash);
    header.creation_timestamp = U64::new(facts.creation_timestamp);
    header.name_len = U32::new(lengths.name as u32);
    header.type_signature_len = U32::new(lengths.signature as u32);
    header.entry_count = U32::new(facts.entry_count);
    header.optimization = facts.optimization;
    header.arity = table.arity;
    header.rule = table.rule.rule().code();
    header.type_count = U32::new(table.types.len() as u32);
    header.param_count = U32::new(table.params.len() as u32);
    header.flags = U32::new(facts.flags);
    let baseline = baseline_bytes(table);
    let ratio = (u128::from(lengths.total) * 1_000_000).div_ceil(u128::from(baseline));
    header.compression_ratio_ppm = U32::new(u32::try_from(ratio).unwrap_or(u32::MAX));
    header.memory_saved = U64::new(baseline.saturating_sub(u64::from(lengths.total)));
    header
}

pub(super) fn filled(mut header: TableHeader, totals: Totals) -> [u8; size_of::<TableHeader>()] {
    header.section_count = U32::new(totals.section_count);
    header.total_len = U64::new(totals.total_len);
    header.data_len = U32::new(totals.data_len);
    header.data_crc = U32::new(totals.data_crc);
    zerocopy::transmute!(header)
}

/// What the header's compression ratio and saved memory compare with: a dense matrix with a 16-bit
/// cell for every tuple of the table's types, "everything else" being one of them.
pub fn baseline_bytes(table: &LogicalTable) -> u64 {
    let side = table.types.len() as u64 + 1;
    (0..table.arity).fold(2_u64, |bytes, _| bytes.saturating_mul(side))
}
