//! The only writer of tables: a logical table and a strategy in, bytes out.
//!
//! The bytes are a function of the logical table, the strategy and the time stamp that is given:
//! no path, line, time or machine enters them.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::core::above_stride_bytes;
use super::envelope::{NewSection, total_len, write};
use super::error::Tag;
use super::layout::{
    ABOV, CLAS, ENTR, ENTRY_DEFAULT, EntryRow, LEFT, MAX_ARITY, MAX_ENTRIES, MAX_PARAMS, NAME, PARM, PATT,
    RULE, SIGN, STRS, TABLE_MAGIC, TABLE_MAY_BE_AMBIGUOUS, TYPE, TYPE_SEALED, TableHeader, TypeRow,
    VERSION_MAJOR, VERSION_MINOR,
};
use super::left_out::left_section;
use super::logical::{LogicalRule, LogicalTable, LogicalType, ParamRef, TOP_TYPE};
use super::rule::Optimization;
use super::rule_data::rule_section;
use super::sections::{answer_section, class_section};
use super::strings::StringsBuilder;

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

/// The bytes of a table.
pub fn encode(table: &LogicalTable, plan: &TablePlan) -> Result<Vec<u8>, EncodeError> {
    check_limits(table)?;
    check_shape(table, plan)?;
    let symbols = table.entries.iter().map(|entry| entry.implementation.len() + entry.module.len());
    let text_bytes = table.types.iter().map(|row| row.name.len()).chain(symbols).sum();
    let mut strings = StringsBuilder::with_capacity(table.types.len() + 2 * table.entries.len(), text_bytes);
    let types: Vec<TypeRow> = table
        .types
        .iter()
        .map(|row| TypeRow {
            name: U32::new(strings.intern(&row.name)),
            flags: U32::new(if row.sealed { TYPE_SEALED } else { 0 }),
        })
        .collect();
    let mut entries = Vec::with_capacity(plan.order.len());
    let mut patterns: Vec<U16> = Vec::with_capacity(plan.order.len() * usize::from(table.arity));
    for canonical in &plan.order {
        let index = *canonical as usize;
        let entry = &table.entries[index];
        patterns.extend(entry.pattern.iter().map(|param| U16::new(param.0)));
        entries.push(EntryRow {
            implementation: U32::new(strings.intern(&entry.implementation)),
            module: U32::new(strings.intern(&entry.module)),
            specificity: U32::new(plan.specificity[index]),
            call_frequency: U32::new(plan.call_frequency.get(index).copied().unwrap_or(0)),
            flags: U32::new(if entry.default { ENTRY_DEFAULT } else { 0 }),
        });
    }
    let params: Vec<U32> = table.params.iter().map(|local| U32::new(*local)).collect();

    let mut sections = vec![
        NewSection::required(NAME, table.name.as_bytes()),
        NewSection::required(SIGN, table.type_signature(&plan.order).into_bytes()),
        NewSection::required(STRS, strings.finish()),
        NewSection::required(TYPE, types.as_bytes()),
        NewSection::required(PARM, params.as_bytes()),
        NewSection::required(ABOV, above_bits(table)),
        NewSection::required(PATT, patterns.as_bytes()),
        NewSection::required(ENTR, entries.as_bytes()),
    ];
    if let Some(rule) = rule_section(table) {
        sections.push(NewSection::required(RULE, rule));
    }
    if let (Some(classes), Some(tag)) = (plan.strategy.classes(), plan.strategy.optimization().section()) {
        sections.push(NewSection::optional(CLAS, class_section(classes)));
        sections.push(NewSection::optional(tag, answer_section(&plan.strategy, None)?));
    }
    if let Some(left) = left_section(table, &plan.left_out) {
        sections.push(NewSection::optional(LEFT, left));
    }
    assemble(table, HeaderFacts::of(plan), &sections)
}

/// What the header tells beside the table and the lengths of its sections.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderFacts {
    pub(super) optimization: u8,
    pub(super) flags: u32,
    pub(super) creation_timestamp: u64,
    pub(super) entry_count: u32,
}

impl HeaderFacts {
    pub(super) const fn of(plan: &TablePlan) -> Self {
        Self {
            entry_count: plan.order.len() as u32,
            optimization: plan.strategy.optimization().code(),
            flags: if plan.may_be_ambiguous { TABLE_MAY_BE_AMBIGUOUS } else { 0 },
            creation_timestamp: plan.creation_timestamp,
        }
    }
}

/// Header, directory and sections as a table's bytes.
pub(super) fn assemble(
    table: &LogicalTable,
    facts: HeaderFacts,
    sections: &[NewSection<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let len_of = |tag: Tag| {
        let section = sections.iter().find(|section| section.tag == tag);
        U32::new(section.map_or(0, |section| section.bytes.len()) as u32)
    };
    let mut header = TableHeader::new_zeroed();
    header.magic = TABLE_MAGIC;
    header.version_major = U16::new(VERSION_MAJOR);
    // The lowest that has all that is in the file, so that tables without news keep their bytes.
    let has_news = sections.iter().any(|section| section.tag == LEFT);
    header.version_minor = U16::new(if has_news { VERSION_MINOR } else { 0 });
    header.table_hash = U64::new(table.table_hash());
    header.creation_timestamp = U64::new(facts.creation_timestamp);
    header.name_len = len_of(NAME);
    header.type_signature_len = len_of(SIGN);
    header.entry_count = U32::new(facts.entry_count);
    header.optimization = facts.optimization;
    header.arity = table.arity;
    header.rule = table.rule.rule().code();
    header.type_count = U32::new(table.types.len() as u32);
    header.param_count = U32::new(table.params.len() as u32);
    header.flags = U32::new(facts.flags);
    let total = total_len(size_of::<TableHeader>(), sections).map_err(|found| EncodeError::TooMany {
        what: "bytes",
        found,
        limit: u64::from(u32::MAX),
    })?;
    let baseline = baseline_bytes(table);
    let ratio = (u128::from(total) * 1_000_000).div_ceil(u128::from(baseline));
    header.compression_ratio_ppm = U32::new(u32::try_from(ratio).unwrap_or(u32::MAX));
    header.memory_saved = U64::new(baseline.saturating_sub(u64::from(total)));
    Ok(write(size_of::<TableHeader>(), sections, |totals| {
        header.section_count = U32::new(totals.section_count);
        header.total_len = U64::new(totals.total_len);
        header.data_len = U32::new(totals.data_len);
        header.data_crc = U32::new(totals.data_crc);
        header.as_bytes().to_vec()
    }))
}

/// What the header's compression ratio and saved memory compare with: a dense matrix with a 16-bit
/// cell for every tuple of the table's types, "everything else" being one of them.
pub fn baseline_bytes(table: &LogicalTable) -> u64 {
    let side = table.types.len() as u64 + 1;
    (0..table.arity).fold(2_u64, |bytes, _| bytes.saturating_mul(side))
}

pub(super) fn check_limits(table: &LogicalTable) -> Result<(), EncodeError> {
    let limits = [
        ("dispatching positions", usize::from(table.arity), MAX_ARITY),
        ("parameter types", table.params.len(), MAX_PARAMS),
        ("methods", table.entries.len(), MAX_ENTRIES),
    ];
    for (what, found, limit) in limits {
        if found > limit {
            return Err(EncodeError::TooMany { what, found: found as u64, limit: limit as u64 });
        }
    }
    if table.types.iter().any(|row| *row.name == *TOP_TYPE) {
        return Err(EncodeError::ReservedName);
    }
    let names = std::iter::once(table.name.as_str()).chain(table.types.iter().map(|row| &*row.name));
    for name in names {
        if name.chars().any(char::is_control) {
            return Err(EncodeError::ControlCharacter { name: name.to_owned() });
        }
    }
    Ok(())
}

/// What the writer leans on: whatever passes here is written without a panic and without losing a
/// bit. Whether it says the truth is the deep proof's question.
pub(super) fn check_shape(table: &LogicalTable, plan: &TablePlan) -> Result<(), EncodeError> {
    let (types, params, arity) = (table.types.len(), table.params.len(), usize::from(table.arity));
    let expect = |holds: bool, what| if holds { Ok(()) } else { Err(EncodeError::Inconsistent(what)) };
    let relations = table.types.iter().flat_map(|row| &row.above);
    expect(
        relations.into_iter().all(|param| usize::from(*param) < params),
        "a type is under no such parameter",
    )?;
    expect(table.params.iter().all(|local| (*local as usize) < types), "a parameter is no such type")?;
    let mut patterns = table.entries.iter().map(|entry| &entry.pattern);
    let fits = |pattern: &Vec<ParamRef>| {
        pattern.len() == arity && pattern.iter().all(|param| usize::from(param.0) <= params)
    };
    expect(patterns.all(fits), "a pattern has not a parameter for each position")?;
    match &table.rule {
        LogicalRule::Symmetric => {}
        LogicalRule::Precedence { argument_order, nearest } => {
            let mut positions = argument_order.clone();
            positions.sort_unstable();
            expect(
                positions == (0..table.arity).collect::<Vec<_>>(),
                "the order of positions does not name each once",
            )?;
            expect(nearest.len() == types, "there is not a list of parameters for each type")?;
            let fits = |(list, row): (&Vec<u16>, &LogicalType)| {
                let mut list = list.clone();
                list.sort_unstable();
                list == row.above
            };
            expect(
                nearest.iter().zip(&table.types).all(fits),
                "a type's list is not of the parameters above it",
            )?;
        }
        LogicalRule::Levels { counts_as } => {
            expect(counts_as.len() == params, "there is not a row of what it counts as for each parameter")?;
            let known = counts_as.iter().flatten().all(|param| usize::from(*param) < params);
            expect(known, "a parameter counts as no such parameter")?;
        }
        LogicalRule::Custom { .. } => {
            let walked = plan.strategy.optimization().is_walked();
            expect(walked, "a custom rule is answered by an optimizer's section alone, and there is none")?;
        }
    }
    let mut seen = vec![false; table.entries.len()];
    for canonical in plan.order.iter().chain(&plan.left_out) {
        let seen = seen
            .get_mut(*canonical as usize)
            .ok_or(EncodeError::Inconsistent("the order names no such method"))?;
        expect(!std::mem::replace(seen, true), "the order names a method twice")?;
    }
    expect(
        seen.into_iter().all(|seen| seen),
        "the order names a method neither among the entries nor left out",
    )?;
    expect(plan.left_out.is_sorted(), "methods that are left out are not in canonical order")?;
    expect(plan.specificity.len() == table.entries.len(), "there is not one specificity for each method")?;
    let calls = plan.call_frequency.len();
    expect(calls == 0 || calls == table.entries.len(), "there is not one count of calls for each method")?;
    if let Strategy::DecisionDag { nodes, .. } = &plan.strategy {
        expect(!nodes.is_empty(), "the decision DAG has no root")?;
    }
    if let Some(classes) = plan.strategy.classes() {
        expect(classes.len() == arity, "there are not classes for each position")?;
        let fits = |position: &PositionClasses| {
            position.class_of.len() == types
                && position.class_of.iter().all(|class| *class < position.class_count)
        };
        expect(classes.iter().all(fits), "a position has not one of its classes for each type")?;
    }
    Ok(())
}

pub(super) fn above_bits(table: &LogicalTable) -> Vec<u8> {
    let stride = above_stride_bytes(table.params.len() as u32);
    let mut bits = vec![0_u8; stride * table.types.len()];
    for (row, bytes) in table.types.iter().zip(bits.chunks_exact_mut(stride.max(1))) {
        for param in &row.above {
            bytes[usize::from(*param) / 8] |= 1 << (param % 8);
        }
    }
    bits
}
