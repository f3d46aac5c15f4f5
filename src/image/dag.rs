//! A family's decision DAG as nodes and classes, for who wants to look at it. Calls walk the bytes.

use std::collections::HashMap;

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use super::family::FamilyView;
use crate::format::layout::{
    CLAS, CLASS_RUNS, ClassRow, DDAG, LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY, LEAF_NO_METHOD,
};
use crate::format::{AccessError, EntryId, LocalType, Optimization, Outcome, Tag};

/// Where a decision leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To another question: an index of [`DecisionDag::nodes`], larger than that of the node that
    /// leads there.
    Node(usize),
    /// To the answer.
    Answer(Outcome),
}

/// A question: which class is the argument at this position of?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DagNode {
    /// Index of its head in section `DDAG`.
    pub word: u32,
    /// The argument that is looked at, from 0.
    pub position: u8,
    /// Where each class leads.
    pub steps: Vec<Step>,
}

/// A whole DAG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionDag {
    /// Where a call begins.
    pub root: Step,
    /// All nodes, each behind those that lead to it.
    pub nodes: Vec<DagNode>,
    /// By position: the class of each listed type. Any other type has class 0.
    pub classes: Vec<Vec<u32>>,
}

impl DecisionDag {
    /// The listed types of a class at a position, in name order.
    pub fn types_of(&self, position: u8, class: u32) -> impl Iterator<Item = LocalType> {
        let classes = self.classes.get(usize::from(position)).map_or(&[][..], Vec::as_slice);
        let members = classes.iter().enumerate().filter(move |(_, found)| **found == class);
        members.map(|(local, _)| LocalType(local as u32))
    }
}

impl FamilyView<'_> {
    /// The decision DAG; none where the family is answered in another way. Cost: all nodes and
    /// classes are read and checked.
    pub fn decision_dag(&self) -> Result<Option<DecisionDag>, AccessError> {
        if self.core().optimization() != Optimization::DecisionDag {
            return Ok(None);
        }
        let words = self.piece(DDAG)?;
        let words = <[U32]>::ref_from_bytes(words).map_err(|_| outside(DDAG, words.len(), words.len()))?;
        let heads = heads(words);
        let known: HashMap<u32, usize> = heads.iter().enumerate().map(|(at, head)| (*head, at)).collect();
        let step = |word: &U32, parent: u32| -> Result<Step, AccessError> {
            let word = word.get();
            if word & LEAF == 0 {
                let node = known.get(&word).filter(|_| word > parent);
                return node.map(|node| Step::Node(*node)).ok_or(AccessError::Backwards {
                    tag: DDAG,
                    parent,
                    child: word,
                });
            }
            answer(word, self.core().entry_count()).map(Step::Answer)
        };
        let root = words.first().ok_or_else(|| outside(DDAG, 0, 0))?;
        let mut nodes = Vec::with_capacity(heads.len());
        for head in &heads {
            let at = *head as usize;
            let (position, count) = words.get(at).map_or((0, 0), |head| split(head.get()));
            if position >= self.arity() {
                return Err(outside(DDAG, usize::from(position), usize::from(self.arity())));
            }
            let children = words.get(at + 1..at.saturating_add(1).saturating_add(count));
            let children = children.ok_or_else(|| outside(DDAG, at, words.len()))?;
            let steps = children.iter().map(|word| step(word, *head)).collect::<Result<_, _>>()?;
            nodes.push(DagNode { word: *head, position, steps });
        }
        let classes = self.piece(CLAS)?;
        let positions = 0..usize::from(self.arity());
        let types = self.row().type_count.get() as usize;
        let classes = positions.map(|position| {
            classes_at(classes, position, types).ok_or_else(|| outside(CLAS, position, classes.len()))
        });
        Ok(Some(DecisionDag { root: step(root, 0)?, nodes, classes: classes.collect::<Result<_, _>>()? }))
    }
}

fn outside(tag: Tag, index: usize, bound: usize) -> AccessError {
    AccessError::OutOfBounds { tag, index: index as u64, bound: bound as u64 }
}

/// Position and class count of a node's head.
pub(super) fn split(head: u32) -> (u8, usize) {
    (head as u8, (head >> 8) as usize)
}

/// The words at which nodes begin: they follow each other without gaps, the first one behind the root.
pub(super) fn heads(words: &[U32]) -> Vec<u32> {
    let (mut heads, mut at) = (Vec::new(), 1_usize);
    while let Some(head) = words.get(at) {
        heads.push(at as u32);
        at = at.saturating_add(1).saturating_add(split(head.get()).1);
    }
    heads
}

/// What a leaf says.
pub(super) fn answer(word: u32, entry_count: u32) -> Result<Outcome, AccessError> {
    match word {
        LEAF_NO_METHOD => Ok(Outcome::NoMethod),
        LEAF_AMBIGUOUS => Ok(Outcome::Ambiguous),
        entry => match entry.checked_sub(LEAF_FIRST_ENTRY) {
            Some(entry) if entry < entry_count => Ok(Outcome::Method(EntryId(entry))),
            entry => Err(outside(DDAG, entry.unwrap_or(word) as usize, entry_count as usize)),
        },
    }
}

/// The class of each of `types` types at a position, from section `CLAS`.
pub(super) fn classes_at(section: &[u8], position: usize, types: usize) -> Option<Vec<u32>> {
    let row = section.get(position.checked_mul(size_of::<ClassRow>())?..)?;
    let (row, _) = ClassRow::ref_from_prefix(row).ok()?;
    let array = section.get(row.offset.get() as usize..)?;
    let width = match row.width.get() {
        CLASS_RUNS => return classes_in_runs(array, types),
        width @ (1 | 2) => usize::from(width),
        _ => return None,
    };
    let class = |bytes: &[u8]| match *bytes {
        [low] => u32::from(low),
        [low, high] => u32::from(u16::from_le_bytes([low, high])),
        _ => 0,
    };
    Some(array.get(..types.checked_mul(width)?)?.chunks_exact(width).map(class).collect())
}

/// The same from runs: a count, the first type of each run ascending from 0, the classes.
fn classes_in_runs(runs: &[u8], types: usize) -> Option<Vec<u32>> {
    let (count, rest) = U32::ref_from_prefix(runs).ok()?;
    let count = usize::try_from(count.get()).ok().filter(|count| *count <= rest.len() / 6)?;
    let (starts, rest) = <[U32]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let (classes, _) = <[U16]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let mut found = Vec::new();
    for (at, (start, class)) in starts.iter().zip(classes).enumerate() {
        let end = starts.get(at + 1).map_or(types, |next| next.get() as usize).min(types);
        if start.get() as usize != found.len() || end < found.len() {
            return None;
        }
        found.resize(end, u32::from(class.get()));
    }
    (found.len() == types).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One position whose array stands behind its row.
    fn section(width: u16, array: &[u8]) -> Vec<u8> {
        [&8_u32.to_le_bytes()[..], &3_u16.to_le_bytes(), &width.to_le_bytes(), array].concat()
    }

    fn runs(rows: &[(u32, u16)]) -> Vec<u8> {
        let starts = rows.iter().flat_map(|(start, _)| start.to_le_bytes());
        let classes = rows.iter().flat_map(|(_, class)| class.to_le_bytes());
        (rows.len() as u32).to_le_bytes().into_iter().chain(starts).chain(classes).collect()
    }

    #[test]
    fn classes_are_read_in_each_of_the_forms() {
        assert_eq!(classes_at(&section(1, &[1, 1, 2]), 0, 3), Some(vec![1, 1, 2]));
        assert_eq!(classes_at(&section(2, &[1, 0, 1, 0, 2, 0]), 0, 3), Some(vec![1, 1, 2]));
        assert_eq!(classes_at(&section(CLASS_RUNS, &runs(&[(0, 1), (2, 2)])), 0, 3), Some(vec![1, 1, 2]));
    }

    #[test]
    fn what_is_no_classes_is_none() {
        assert_eq!(classes_at(&section(1, &[1, 1]), 0, 3), None);
        assert_eq!(classes_at(&section(3, &[0; 9]), 0, 3), None);
        assert_eq!(classes_at(&section(1, &[1, 1, 2]), 1, 3), None);
        for bad in [&[(1, 1)][..], &[(0, 1), (0, 2), (5, 1)], &[(0, 1), (2, 2), (1, 1)], &[]] {
            assert_eq!(classes_at(&section(CLASS_RUNS, &runs(bad)), 0, 3), None, "{bad:?}");
        }
        assert_eq!(classes_at(&section(CLASS_RUNS, &u32::MAX.to_le_bytes()), 0, 3), None);
    }
}
