//! The part of a table that answers: relations, patterns, classes and nodes, without any name.
//!
//! A table in a file of its own and a family in an image have the same core, byte for byte; only
//! the names around it differ. Every access is checked, and a bad one is an error value, so a core
//! over arbitrary bytes is safe to ask.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use super::cells::{Cells, HashView, MatrixView};
use super::error::{AccessError, Tag};
use super::layout::{
    ABOV, CLAS, CLASS_RUNS, ClassRow, DDAG, EntryRow, LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY, LEAF_NO_METHOD,
    MTRX, PARM, PATT, PHSH, RULE,
};
use super::logical::ParamRef;
use super::rule::{Optimization, Rule};
use super::rule_data::RuleView;

/// A type as one table numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalType(pub u32);

impl LocalType {
    /// Every type that is under none of the table's parameters.
    pub const OTHER: Self = Self(u32::MAX);
}

/// An entry's index in its table: most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u32);

/// What a dispatch answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// This entry is selected.
    Method(EntryId),
    /// No entry applies.
    NoMethod,
    /// Several apply, and none is the most specific.
    Ambiguous,
}

/// Sections' bytes and the counts by which they are indexed.
#[derive(Clone, Copy, Debug)]
pub struct DispatchCore<'a> {
    optimization: Optimization,
    pub(super) rule: RuleView<'a>,
    pub(super) arity: usize,
    pub(super) entry_count: u32,
    pub(super) type_count: u32,
    above: &'a [u8],
    above_stride: usize,
    params: &'a [U32],
    patterns: &'a [U16],
    /// Entries' rows as they lie, for their marks.
    pub(super) entries: &'a [EntryRow],
    pub(super) class_rows: &'a [ClassRow],
    class_section: &'a [u8],
    answers: Answers<'a>,
}

/// What an optimizer left.
#[derive(Clone, Copy, Debug)]
enum Answers<'a> {
    /// Nothing: the entries answer.
    Scan,
    Dag(&'a [U32]),
    Cells(Cells<'a>),
}

/// The raw sections of a core, lengths not yet checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoreParts<'a> {
    pub(crate) optimization: Optimization,
    pub(crate) rule: Rule,
    /// Empty unless the rule needs it.
    pub(crate) rule_section: &'a [u8],
    pub(crate) arity: u8,
    pub(crate) entries: &'a [EntryRow],
    pub(crate) type_count: u32,
    pub(crate) param_count: u32,
    pub(crate) params: &'a [u8],
    pub(crate) above: &'a [u8],
    pub(crate) patterns: &'a [u8],
    /// Both empty unless the optimization has sections of its own.
    pub(crate) classes: &'a [u8],
    /// Section `DDAG`, `MTRX` or `PHSH`.
    pub(crate) answers: &'a [u8],
}

/// Bytes in a row of section `ABOV`.
pub(crate) fn above_stride_bytes(param_count: u32) -> usize {
    (param_count as usize).div_ceil(8)
}

impl<'a> DispatchCore<'a> {
    /// Checks that each section has the length its counts ask for; names the first that has not.
    pub(crate) fn new(parts: CoreParts<'a>) -> Result<Self, (Tag, &'static str)> {
        Self::checked(parts)
    }

    /// As [`DispatchCore::new`], for the one caller who opens most tables.
    #[expect(clippy::inline_always, reason = "parts and core stay in registers, errors are never made")]
    #[inline(always)]
    pub(super) fn checked(parts: CoreParts<'a>) -> Result<Self, (Tag, &'static str)> {
        const LENGTH: &str = "its length contradicts the counts in the header";
        let (arity, entry_count) = (usize::from(parts.arity), parts.entries.len() as u32);
        let above_stride = above_stride_bytes(parts.param_count);
        let expect = |tag: Tag, bytes: &[u8], rows: u32, row_bytes: usize| {
            let expected = (rows as usize).checked_mul(row_bytes);
            if expected == Some(bytes.len()) { Ok(()) } else { Err((tag, LENGTH)) }
        };
        expect(PARM, parts.params, parts.param_count, 4)?;
        expect(ABOV, parts.above, parts.type_count, above_stride)?;
        expect(PATT, parts.patterns, entry_count, 2 * arity)?;
        let rule =
            RuleView::parse(parts.rule, parts.rule_section, arity, parts.type_count, parts.param_count)
                .map_err(|what| (RULE, what))?;
        if parts.rule == Rule::Custom && !parts.optimization.is_walked() {
            return Err((
                RULE,
                "a custom rule is answered by an optimizer's section, and there is none that this reader knows",
            ));
        }
        let class_rows: &[ClassRow] = if parts.optimization.is_walked() {
            let rows = <[ClassRow]>::ref_from_prefix_with_elems(parts.classes, arity)
                .map_err(|_| (CLAS, "it is shorter than a row for each position"))?
                .0;
            if rows.iter().any(|row| !matches!(row.width.get(), 1 | 2 | CLASS_RUNS)) {
                return Err((CLAS, "the elements of a position are neither 1 nor 2 bytes wide, nor runs"));
            }
            rows
        } else {
            &[]
        };
        let answers = match parts.optimization {
            Optimization::Single | Optimization::Linear => Answers::Scan,
            Optimization::DecisionDag => {
                let nodes = <[U32]>::ref_from_bytes(parts.answers).ok().filter(|nodes| !nodes.is_empty());
                Answers::Dag(nodes.ok_or((DDAG, "it is not a root and whole nodes"))?)
            }
            Optimization::Matrix => {
                let matrix = MatrixView::parse(parts.answers, class_rows).map_err(|what| (MTRX, what))?;
                Answers::Cells(Cells::Matrix(matrix))
            }
            Optimization::Hash => {
                let hash = HashView::parse(parts.answers, class_rows).map_err(|what| (PHSH, what))?;
                Answers::Cells(Cells::Hash(hash))
            }
        };
        Ok(Self {
            optimization: parts.optimization,
            arity,
            rule,
            entry_count,
            type_count: parts.type_count,
            above: parts.above,
            above_stride,
            params: <[U32]>::ref_from_bytes(parts.params).map_err(|_| (PARM, LENGTH))?,
            patterns: <[U16]>::ref_from_bytes(parts.patterns).map_err(|_| (PATT, LENGTH))?,
            entries: parts.entries,
            class_rows,
            class_section: parts.classes,
            answers,
        })
    }

    /// How this core finds its answers.
    pub const fn optimization(&self) -> Optimization {
        self.optimization
    }

    /// Where the outcomes of numbered tuples stand, if an optimizer numbers them.
    #[inline]
    pub(super) const fn cells(&self) -> Option<&Cells<'a>> {
        match &self.answers {
            Answers::Cells(cells) => Some(cells),
            Answers::Scan | Answers::Dag(_) => None,
        }
    }

    /// Whether an optimizer numbers tuples.
    pub(super) const fn has_cells(&self) -> bool {
        self.cells().is_some()
    }

    /// Number of entries.
    pub const fn entry_count(&self) -> u32 {
        self.entry_count
    }

    /// The answer for one type per position. Allocates nothing; the cost is one step per position
    /// for a decision DAG, one per entry otherwise.
    #[inline]
    pub fn dispatch(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        if args.len() != self.arity {
            return Err(AccessError::ArgumentCount { expected: self.arity as u8, found: args.len() });
        }
        // A matrix, which most tables of several positions have, is read in place; the others take so
        // many steps that a call more is not felt.
        match &self.answers {
            Answers::Dag(nodes) => self.walk(nodes, args),
            Answers::Cells(Cells::Matrix(matrix)) => self.look_into_matrix(matrix, args),
            Answers::Cells(Cells::Hash(hash)) => self.look_into_hash(hash, args),
            Answers::Scan => self.scan(args),
        }
    }

    /// The parameter references of `entry`, one for each position.
    pub fn pattern(&self, entry: EntryId) -> Result<impl Iterator<Item = ParamRef> + 'a, AccessError> {
        Ok(self.pattern_row(entry.0)?.iter().map(|param| ParamRef(param.get())))
    }

    /// Local type of parameter `ordinal`.
    pub fn param_type(&self, ordinal: u16) -> Result<LocalType, AccessError> {
        let local = self.params.get(usize::from(ordinal)).ok_or(AccessError::OutOfBounds {
            tag: PARM,
            index: u64::from(ordinal),
            bound: self.params.len() as u64,
        })?;
        Ok(LocalType(local.get()))
    }

    /// Whether `local` is the parameter type `param` refers to, or a subtype of it.
    #[inline]
    pub fn is_below(&self, local: LocalType, param: ParamRef) -> Result<bool, AccessError> {
        let Some(ordinal) = param.ordinal().map(usize::from) else { return Ok(true) };
        if ordinal >= self.params.len() {
            let (index, bound) = (ordinal as u64, self.params.len() as u64);
            return Err(AccessError::OutOfBounds { tag: PATT, index, bound });
        }
        if local == LocalType::OTHER {
            return Ok(false);
        }
        // Each row is `above_stride` bytes and the section is `type_count` rows (checked by `new`).
        let byte = (local.0 as usize)
            .checked_mul(self.above_stride)
            .and_then(|row| self.above.get(row.saturating_add(ordinal / 8)))
            .ok_or_else(|| self.type_outside(local))?;
        Ok(byte >> (ordinal % 8) & 1 == 1)
    }

    /// Class of `local` at a position: types of one class are answered alike there.
    #[inline]
    pub(super) fn class_in(&self, row: ClassRow, local: LocalType) -> Result<u32, AccessError> {
        self.readable_class(row, local).ok_or_else(|| self.unreadable_class(row, local))
    }

    /// [`DispatchCore::class_in`], none where that is an error.
    #[inline]
    pub(super) fn readable_class(&self, row: ClassRow, local: LocalType) -> Option<u32> {
        if local.0 >= self.type_count {
            return (local == LocalType::OTHER).then_some(0);
        }
        self.element(row, local).filter(|class| *class < u32::from(row.class_count.get()))
    }

    /// What a position's array holds for a listed type.
    #[inline]
    fn element(&self, row: ClassRow, local: LocalType) -> Option<u32> {
        if row.width.get() != 1 {
            return self.wide_element(row, local);
        }
        let at = (row.offset.get() as usize).saturating_add(local.0 as usize);
        self.class_section.get(at).map(|class| u32::from(*class))
    }

    /// As [`DispatchCore::element`], of arrays that few positions have: those of more than 256 classes,
    /// and runs. Apart, so that the common one is small enough to stand in the caller.
    #[inline(never)]
    fn wide_element(&self, row: ClassRow, local: LocalType) -> Option<u32> {
        let (offset, index) = (row.offset.get() as usize, local.0 as usize);
        if row.width.get() != 2 {
            return class_in_runs(self.class_section.get(offset..)?, local.0);
        }
        let element = self.class_section.get(offset.saturating_add(index.saturating_mul(2))..)?;
        element.first_chunk().map(|bytes| u32::from(u16::from_le_bytes(*bytes)))
    }

    /// Why there is no class.
    #[cold]
    #[inline(never)]
    fn unreadable_class(&self, row: ClassRow, local: LocalType) -> AccessError {
        if local.0 >= self.type_count {
            return self.type_outside(local);
        }
        let (index, bound) = match self.element(row, local) {
            Some(class) => (u64::from(class), u64::from(row.class_count.get())),
            None => (u64::from(row.offset.get()), self.class_section.len() as u64),
        };
        AccessError::OutOfBounds { tag: CLAS, index, bound }
    }

    #[inline(never)]
    fn walk(&self, nodes: &[U32], args: &[LocalType]) -> Result<Outcome, AccessError> {
        let node_outside = |index: usize| AccessError::OutOfBounds {
            tag: DDAG,
            index: index as u64,
            bound: nodes.len() as u64,
        };
        let mut parent = 0_u32;
        let mut child = nodes.first().ok_or_else(|| node_outside(0))?.get();
        while child & LEAF == 0 {
            // The root's word is word 0, so the first node is word 1 at the least; every step goes
            // forward, so the walk ends.
            if child <= parent {
                return Err(AccessError::Backwards { tag: DDAG, parent, child });
            }
            let node = child as usize;
            let head = nodes.get(node).ok_or_else(|| node_outside(node))?.get();
            let (position, class_count) = ((head & 0xff) as usize, head >> 8);
            let local = *args.get(position).ok_or_else(|| node_outside(node))?;
            let row = *self.class_rows.get(position).ok_or_else(|| node_outside(node))?;
            let class = self.class_in(row, local)?;
            if class >= class_count {
                return Err(AccessError::OutOfBounds {
                    tag: DDAG,
                    index: u64::from(class),
                    bound: u64::from(class_count),
                });
            }
            let at = node + 1 + class as usize;
            parent = child;
            child = nodes.get(at).ok_or_else(|| node_outside(at))?.get();
        }
        match child {
            LEAF_NO_METHOD => Ok(Outcome::NoMethod),
            LEAF_AMBIGUOUS => Ok(Outcome::Ambiguous),
            entry => {
                let entry = entry - LEAF_FIRST_ENTRY;
                if entry >= self.entry_count {
                    let bound = u64::from(self.entry_count);
                    return Err(AccessError::OutOfBounds { tag: DDAG, index: u64::from(entry), bound });
                }
                Ok(Outcome::Method(EntryId(entry)))
            }
        }
    }

    pub(super) fn pattern_row(&self, entry: u32) -> Result<&'a [U16], AccessError> {
        let start = (entry as usize).saturating_mul(self.arity);
        self.patterns.get(start..start.saturating_add(self.arity)).ok_or(AccessError::OutOfBounds {
            tag: PATT,
            index: u64::from(entry),
            bound: u64::from(self.entry_count),
        })
    }

    pub(super) fn type_outside(&self, local: LocalType) -> AccessError {
        AccessError::OutOfBounds { tag: ABOV, index: u64::from(local.0), bound: u64::from(self.type_count) }
    }
}

/// The class of a type in runs: a count, the first type of each run ascending from 0, the classes.
fn class_in_runs(runs: &[u8], local: u32) -> Option<u32> {
    let (count, rest) = U32::ref_from_prefix(runs).ok()?;
    let count = count.get() as usize;
    if count > rest.len() / 6 {
        return None;
    }
    let (starts, rest) = <[U32]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let (classes, _) = <[U16]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let run = starts.partition_point(|start| start.get() <= local).checked_sub(1)?;
    classes.get(run).map(|class| u32::from(class.get()))
}
