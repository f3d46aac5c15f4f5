//! The part of a table that answers: relations, patterns, classes and nodes, without any name.
//!
//! A table in a file of its own and a family in an image have the same core, byte for byte; only
//! the names around it differ. Every access is checked, and a bad one is an error value, so a core
//! over arbitrary bytes is safe to ask.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use super::error::{AccessError, Tag};
use super::layout::{
    ABOV, CLAS, ClassRow, DDAG, EntryRow, LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY, LEAF_NO_METHOD, PARM, PATT,
    RULE,
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
    class_rows: &'a [ClassRow],
    class_section: &'a [u8],
    nodes: &'a [U32],
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
    /// Both empty unless the optimization is the decision DAG.
    pub(crate) classes: &'a [u8],
    pub(crate) nodes: &'a [u8],
}

/// Bytes in a row of section `ABOV`.
pub(crate) fn above_stride_bytes(param_count: u32) -> usize {
    (param_count as usize).div_ceil(8)
}

impl<'a> DispatchCore<'a> {
    /// Checks that each section has the length its counts ask for; names the first that has not.
    pub(crate) fn new(parts: CoreParts<'a>) -> Result<Self, (Tag, &'static str)> {
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
        let (class_rows, nodes): (&[ClassRow], &[U32]) = if parts.optimization == Optimization::DecisionDag {
            let rows = <[ClassRow]>::ref_from_prefix_with_elems(parts.classes, arity)
                .map_err(|_| (CLAS, "it is shorter than a row for each position"))?
                .0;
            if rows.iter().any(|row| !matches!(row.width.get(), 1 | 2)) {
                return Err((CLAS, "the elements of a position are neither 1 nor 2 bytes wide"));
            }
            let nodes = <[U32]>::ref_from_bytes(parts.nodes)
                .ok()
                .filter(|nodes| !nodes.is_empty())
                .ok_or((DDAG, "it is not a root and whole nodes"))?;
            (rows, nodes)
        } else {
            (&[], &[])
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
            nodes,
        })
    }

    /// How this core finds its answers.
    pub const fn optimization(&self) -> Optimization {
        self.optimization
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
        match self.optimization {
            Optimization::DecisionDag => self.walk(args),
            Optimization::Single | Optimization::Linear => self.scan(args),
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

    /// Class of `local` at `position`: types of one class are answered alike there.
    #[inline]
    fn class_of(&self, position: usize, local: LocalType) -> Result<u32, AccessError> {
        if local == LocalType::OTHER {
            return Ok(0);
        }
        if local.0 >= self.type_count {
            return Err(self.type_outside(local));
        }
        let outside = || AccessError::OutOfBounds {
            tag: CLAS,
            index: position as u64,
            bound: self.class_section.len() as u64,
        };
        let row = self.class_rows.get(position).ok_or_else(outside)?;
        let (offset, local) = (row.offset.get() as usize, local.0 as usize);
        if row.width.get() == 1 {
            self.class_section
                .get(offset.saturating_add(local))
                .map(|class| u32::from(*class))
                .ok_or_else(outside)
        } else {
            let at = offset.saturating_add(local.saturating_mul(2));
            match self.class_section.get(at..at.saturating_add(2)) {
                Some(&[low, high]) => Ok(u32::from(u16::from_le_bytes([low, high]))),
                _ => Err(outside()),
            }
        }
    }

    #[inline]
    fn walk(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        let node_outside = |index: usize| AccessError::OutOfBounds {
            tag: DDAG,
            index: index as u64,
            bound: self.nodes.len() as u64,
        };
        let mut parent = 0_u32;
        let mut child = self.nodes.first().ok_or_else(|| node_outside(0))?.get();
        while child & LEAF == 0 {
            // The root's word is word 0, so the first node is word 1 at the least; every step goes
            // forward, so the walk ends.
            if child <= parent {
                return Err(AccessError::Backwards { tag: DDAG, parent, child });
            }
            let node = child as usize;
            let head = self.nodes.get(node).ok_or_else(|| node_outside(node))?.get();
            let (position, class_count) = ((head & 0xff) as usize, head >> 8);
            let local = *args.get(position).ok_or_else(|| node_outside(node))?;
            let class = self.class_of(position, local)?;
            if class >= class_count {
                return Err(AccessError::OutOfBounds {
                    tag: DDAG,
                    index: u64::from(class),
                    bound: u64::from(class_count),
                });
            }
            let at = node + 1 + class as usize;
            parent = child;
            child = self.nodes.get(at).ok_or_else(|| node_outside(at))?.get();
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
