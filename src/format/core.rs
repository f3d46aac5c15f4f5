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
    ABOV, CLAS, CLASS_RUNS, ClassRow, DDAG, ENTR, EntryRow, LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY,
    LEAF_NO_METHOD, MTRX, PARM, PATT, PHSH, RULE,
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

/// Where a section or piece lies in the bytes that hold it, which are fewer than 2³².
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part {
    pub(crate) at: u32,
    pub(crate) len: u32,
}

impl Part {
    /// Its bytes, if all of it lies inside `bytes`.
    #[inline]
    pub(crate) fn get(self, bytes: &[u8]) -> Option<&[u8]> {
        let at = self.at as usize;
        bytes.get(at..at.saturating_add(self.len as usize))
    }

    /// Its bytes; empty where it reaches out of `bytes`.
    #[inline]
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        self.get(bytes).unwrap_or_default()
    }
}

/// Where the sections lie, and the counts by which they are indexed.
///
/// Small, for it is moved more often than it is asked: lengths that follow from counts were compared
/// with them when it was made, and are not kept.
#[derive(Clone, Copy, Debug)]
pub struct DispatchCore<'a> {
    /// The table, or the pieces of an image.
    pub(super) bytes: &'a [u8],
    optimization: Optimization,
    rule: Rule,
    pub(super) arity: u8,
    /// Of a matrix.
    cell_bits: u8,
    pub(super) entry_count: u32,
    pub(super) type_count: u32,
    param_count: u32,
    above: u32,
    params: u32,
    patterns: u32,
    entries: u32,
    rule_section: Part,
    pub(super) classes: Part,
    answers: Part,
}

/// The raw sections of a core, lengths not yet checked; all lie inside `bytes`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoreParts<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) optimization: Optimization,
    pub(crate) rule: Rule,
    /// Empty unless the rule needs it.
    pub(crate) rule_section: Part,
    pub(crate) arity: u8,
    pub(crate) entry_count: u32,
    pub(crate) type_count: u32,
    pub(crate) param_count: u32,
    pub(crate) entries: Part,
    pub(crate) params: Part,
    pub(crate) above: Part,
    pub(crate) patterns: Part,
    /// Both empty unless the optimization has sections of its own.
    pub(crate) classes: Part,
    /// Section `DDAG`, `MTRX` or `PHSH`.
    pub(crate) answers: Part,
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

    /// As [`DispatchCore::new`], for the one caller who opens most tables: in its place, parts and core
    /// stay in registers, and errors that nobody looks at are never made.
    #[inline(always)]
    pub(super) fn checked(parts: CoreParts<'a>) -> Result<Self, (Tag, &'static str)> {
        const LENGTH: &str = "its length contradicts the counts in the header";
        let arity = usize::from(parts.arity);
        let above_stride = above_stride_bytes(parts.param_count);
        // Neither factor has more than 32 bits.
        let expect = |tag: Tag, part: Part, rows: u32, row_bytes: usize| {
            if u64::from(rows) * row_bytes as u64 == u64::from(part.len) {
                Ok(())
            } else {
                Err((tag, LENGTH))
            }
        };
        expect(ENTR, parts.entries, parts.entry_count, size_of::<EntryRow>())?;
        expect(PARM, parts.params, parts.param_count, 4)?;
        expect(ABOV, parts.above, parts.type_count, above_stride)?;
        expect(PATT, parts.patterns, parts.entry_count, 2 * arity)?;
        if parts.rule != Rule::Symmetric {
            let section = parts.rule_section.of(parts.bytes);
            RuleView::parse(parts.rule, section, arity, parts.type_count, parts.param_count)
                .map_err(|what| (RULE, what))?;
        }
        if parts.rule == Rule::Custom && !parts.optimization.is_walked() {
            return Err((
                RULE,
                "a custom rule is answered by an optimizer's section, and there is none that this reader knows",
            ));
        }
        let mut cell_bits = 0;
        if parts.optimization.is_walked() {
            let class_rows = <[ClassRow]>::ref_from_prefix_with_elems(parts.classes.of(parts.bytes), arity)
                .map_err(|_| (CLAS, "it is shorter than a row for each position"))?
                .0;
            if class_rows.iter().any(|row| !matches!(row.width.get(), 1 | 2 | CLASS_RUNS)) {
                return Err((CLAS, "the elements of a position are neither 1 nor 2 bytes wide, nor runs"));
            }
            let answers = parts.answers.of(parts.bytes);
            match parts.optimization {
                Optimization::Matrix => {
                    cell_bits =
                        MatrixView::parse(answers, class_rows).map_err(|what| (MTRX, what))?.cell_bits;
                }
                Optimization::Hash => {
                    HashView::parse(answers, class_rows).map_err(|what| (PHSH, what))?;
                }
                _ => {
                    if answers.is_empty() || !answers.len().is_multiple_of(4) {
                        return Err((DDAG, "it is not a root and whole nodes"));
                    }
                }
            }
        }
        Ok(Self {
            bytes: parts.bytes,
            optimization: parts.optimization,
            rule: parts.rule,
            arity: parts.arity,
            cell_bits: cell_bits as u8,
            entry_count: parts.entry_count,
            type_count: parts.type_count,
            param_count: parts.param_count,
            above: parts.above.at,
            params: parts.params.at,
            patterns: parts.patterns.at,
            entries: parts.entries.at,
            rule_section: parts.rule_section,
            classes: parts.classes,
            answers: parts.answers,
        })
    }

    /// How a method is chosen.
    pub(super) const fn rule(&self) -> Rule {
        self.rule
    }

    /// How this core finds its answers.
    pub const fn optimization(&self) -> Optimization {
        self.optimization
    }

    /// Where the outcomes of numbered tuples stand, if an optimizer numbers them.
    #[inline]
    pub(super) fn cells(&self) -> Option<Cells<'a>> {
        match self.optimization {
            Optimization::Matrix => self.matrix().map(Cells::Matrix),
            Optimization::Hash => HashView::read(self.answers.of(self.bytes)).map(Cells::Hash),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn matrix(&self) -> Option<MatrixView<'a>> {
        MatrixView::read(self.answers.get(self.bytes)?, u32::from(self.cell_bits))
    }

    /// What the rule reads beside patterns and relations.
    pub(super) fn rule_view(&self) -> RuleView<'a> {
        let (arity, section) = (usize::from(self.arity), self.rule_section.of(self.bytes));
        let view = RuleView::read(self.rule, section, arity, self.type_count, self.param_count);
        // Its length was right before.
        view.unwrap_or(RuleView::Custom { name: &[] })
    }

    /// Entries' rows as they lie.
    pub(super) fn entry_rows(&self) -> &'a [EntryRow] {
        let len = self.entry_count as usize * size_of::<EntryRow>();
        let rows = Part { at: self.entries, len: len as u32 }.of(self.bytes);
        <[EntryRow]>::ref_from_bytes(rows).unwrap_or_default()
    }

    /// The row of one entry.
    #[inline]
    pub(crate) fn entry_row(&self, entry: u32) -> Option<&'a EntryRow> {
        if entry >= self.entry_count {
            return None;
        }
        let at = self.entries as usize + entry as usize * size_of::<EntryRow>();
        EntryRow::ref_from_prefix(self.bytes.get(at..)?).ok().map(|(row, _)| row)
    }

    /// Number of entries.
    pub const fn entry_count(&self) -> u32 {
        self.entry_count
    }

    /// The answer for one type per position. Allocates nothing; the cost is one step per position
    /// for a decision DAG, one per entry otherwise.
    #[inline]
    pub fn dispatch(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        if args.len() != usize::from(self.arity) {
            return Err(AccessError::ArgumentCount { expected: self.arity, found: args.len() });
        }
        // A matrix, which most tables of several positions have, is read in place; the others take so
        // many steps that a call more is not felt.
        match self.optimization {
            Optimization::Matrix => self.look_into_matrix(args),
            Optimization::DecisionDag => self.walk(args),
            Optimization::Hash => self.look_into_cells(args),
            Optimization::Single | Optimization::Linear => self.scan(args),
        }
    }

    /// The parameter references of `entry`, one for each position.
    pub fn pattern(&self, entry: EntryId) -> Result<impl Iterator<Item = ParamRef> + 'a, AccessError> {
        Ok(self.pattern_row(entry.0)?.iter().map(|param| ParamRef(param.get())))
    }

    /// Local type of parameter `ordinal`.
    pub fn param_type(&self, ordinal: u16) -> Result<LocalType, AccessError> {
        let outside = AccessError::OutOfBounds {
            tag: PARM,
            index: u64::from(ordinal),
            bound: u64::from(self.param_count),
        };
        if u32::from(ordinal) >= self.param_count {
            return Err(outside);
        }
        let at = self.params as usize + 4 * usize::from(ordinal);
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(outside)?;
        Ok(LocalType(u32::from_le_bytes(*bytes)))
    }

    /// Whether `local` is the parameter type `param` refers to, or a subtype of it.
    #[inline]
    pub fn is_below(&self, local: LocalType, param: ParamRef) -> Result<bool, AccessError> {
        let Some(ordinal) = param.ordinal().map(usize::from) else { return Ok(true) };
        if ordinal >= self.param_count as usize {
            let (index, bound) = (ordinal as u64, u64::from(self.param_count));
            return Err(AccessError::OutOfBounds { tag: PATT, index, bound });
        }
        if local == LocalType::OTHER {
            return Ok(false);
        }
        if local.0 >= self.type_count {
            return Err(self.type_outside(local));
        }
        // The section is `type_count` rows of as many bytes (checked by `new`).
        let row = (local.0 as usize).saturating_mul(above_stride_bytes(self.param_count));
        let at = (self.above as usize).saturating_add(row).saturating_add(ordinal / 8);
        let byte = self.bytes.get(at).ok_or_else(|| self.type_outside(local))?;
        Ok(byte >> (ordinal % 8) & 1 == 1)
    }

    #[inline(never)]
    fn walk(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        let nodes = <[U32]>::ref_from_bytes(self.answers.of(self.bytes)).unwrap_or_default();
        let class_rows = self.class_rows();
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
            let row = *class_rows.get(position).ok_or_else(|| node_outside(node))?;
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
        let outside = || AccessError::OutOfBounds {
            tag: PATT,
            index: u64::from(entry),
            bound: u64::from(self.entry_count),
        };
        if entry >= self.entry_count {
            return Err(outside());
        }
        let row_bytes = 2 * usize::from(self.arity);
        let start = (self.patterns as usize).saturating_add((entry as usize).saturating_mul(row_bytes));
        let row = self.bytes.get(start..start.saturating_add(row_bytes)).ok_or_else(outside)?;
        <[U16]>::ref_from_bytes(row).map_err(|_| outside())
    }

    pub(super) fn type_outside(&self, local: LocalType) -> AccessError {
        AccessError::OutOfBounds { tag: ABOV, index: u64::from(local.0), bound: u64::from(self.type_count) }
    }
}
