//! Compressed dispatch tables: a cell for each tuple of classes, types that every tuple answers alike
//! being one class.
//!
//! The decision DAG is walked once for all tuples that have an outcome; then classes of a position
//! whose rows are equal are merged. Dujardin, Amiel and Simon, *Fast Algorithms for Compressed
//! Multimethod Dispatch Table Generation* (TOPLAS 20, 1998), find the same classes ("poles") without
//! the walk.

use std::collections::HashMap;

use super::decision::{Child, DecisionDag};
use super::rules::Choice;
use crate::format::layout::{CELL_AMBIGUOUS, CELL_FIRST_ENTRY, CELL_NO_METHOD};
use crate::format::{PositionClasses, Strategy};

/// Tuples of classes that may have an outcome; a family that has more is answered otherwise.
const TUPLE_BUDGET: usize = 1 << 18;
/// Cells that a matrix may have.
const CELL_BUDGET: u64 = 1 << 21;

/// The tuples that have an outcome, over merged classes.
#[derive(Clone, Debug)]
pub(crate) struct CompressedMatrix {
    classes: Vec<PositionClasses>,
    /// By number, the last position counting fastest; ascending.
    tuples: Vec<(u64, u32)>,
}

impl CompressedMatrix {
    /// Walks the DAG; none where it has too many tuples. `file_order` holds canonical indexes.
    pub(crate) fn build(dag: &DecisionDag, file_order: &[u32]) -> Option<Self> {
        let mut file_index = vec![0_u32; file_order.len()];
        for (file, canonical) in file_order.iter().enumerate() {
            file_index[*canonical as usize] = file as u32;
        }
        let outcome = |verdict: &Choice| match verdict {
            Choice::NoMethod => CELL_NO_METHOD,
            Choice::Ambiguous(_) => CELL_AMBIGUOUS,
            Choice::Method(entry) => CELL_FIRST_ENTRY + file_index[*entry as usize],
        };
        let mut walk = Walk {
            dag,
            outcomes: dag.verdicts.iter().map(outcome).collect(),
            tuple: vec![0; dag.classes.len()],
            found: Vec::new(),
        };
        walk.descend(dag.root, 0)?;
        merge(&dag.classes, walk.found)
    }

    /// Number of tuples, those without an outcome too.
    pub(crate) fn tuple_count(&self) -> u64 {
        self.classes
            .iter()
            .fold(1, |count: u64, position| count.saturating_mul(u64::from(position.class_count)))
    }

    /// Number of tuples that have an outcome.
    pub(crate) fn outcome_count(&self) -> usize {
        self.tuples.len()
    }

    /// The merged classes.
    pub(crate) fn classes(&self) -> &[PositionClasses] {
        &self.classes
    }

    /// The largest outcome.
    pub(crate) fn largest(&self) -> u32 {
        self.tuples.iter().map(|(_, outcome)| *outcome).max().unwrap_or(CELL_NO_METHOD)
    }

    /// A cell for each tuple; none where they would be too many.
    pub(crate) fn matrix(&self) -> Option<Strategy> {
        let count = Some(self.tuple_count()).filter(|count| *count <= CELL_BUDGET)?;
        let mut cells = vec![CELL_NO_METHOD; count as usize];
        for (tuple, outcome) in &self.tuples {
            cells[*tuple as usize] = *outcome;
        }
        Some(Strategy::Matrix { classes: self.classes.clone(), cells })
    }

    /// A slot for each tuple that has an outcome; none where tuples' numbers do not fit.
    pub(crate) fn hash(&self) -> Option<Strategy> {
        if self.tuple_count() > u64::from(u32::MAX) {
            return None;
        }
        let tuples = self.tuples.iter().map(|(tuple, outcome)| (*tuple as u32, *outcome)).collect();
        Some(Strategy::Hash { classes: self.classes.clone(), tuples })
    }
}

struct Walk<'a> {
    dag: &'a DecisionDag,
    /// By verdict.
    outcomes: Vec<u32>,
    /// The classes so far.
    tuple: Vec<u16>,
    found: Vec<(Vec<u16>, u32)>,
}

impl Walk<'_> {
    /// Fills the positions that are tested from `depth` on; a position that a path does not test is
    /// answered alike for all its classes.
    fn descend(&mut self, child: Child, depth: usize) -> Option<()> {
        if let Child::Verdict(verdict) = child
            && self.outcomes[verdict as usize] == CELL_NO_METHOD
        {
            return Some(());
        }
        let Some(position) = self.dag.positions.get(depth).map(|position| usize::from(*position)) else {
            let Child::Verdict(verdict) = child else { return None };
            if self.found.len() >= TUPLE_BUDGET {
                return None;
            }
            self.found.push((self.tuple.clone(), self.outcomes[verdict as usize]));
            return Some(());
        };
        let dag = self.dag;
        match child {
            Child::Node(node) if usize::from(dag.nodes[node as usize].position) == position => {
                for (class, next) in dag.nodes[node as usize].children.iter().enumerate() {
                    self.tuple[position] = class as u16;
                    self.descend(*next, depth + 1)?;
                }
            }
            _ => {
                for class in 0..dag.classes[position].class_count {
                    self.tuple[position] = class;
                    self.descend(child, depth + 1)?;
                }
            }
        }
        Some(())
    }
}

/// Merges the classes of each position that no tuple tells apart, numbered in the order of their first
/// class. None where tuples cannot be numbered.
fn merge(classes: &[PositionClasses], mut found: Vec<(Vec<u16>, u32)>) -> Option<CompressedMatrix> {
    found.sort_unstable();
    let mut merged = Vec::with_capacity(classes.len());
    for (position, old) in classes.iter().enumerate() {
        // What each class answers, as the outcomes of the tuples of the other positions.
        let mut rows: Vec<Vec<(Vec<u16>, u32)>> = vec![Vec::new(); usize::from(old.class_count)];
        for (tuple, outcome) in &found {
            let mut rest = tuple.clone();
            let class = rest.remove(position);
            rows[usize::from(class)].push((rest, *outcome));
        }
        let mut numbers: HashMap<&[(Vec<u16>, u32)], u16> = HashMap::new();
        let mut new_of = Vec::with_capacity(rows.len());
        for row in &rows {
            let next = numbers.len() as u16;
            new_of.push(*numbers.entry(row.as_slice()).or_insert(next));
        }
        let class_count = numbers.len() as u16;
        for (tuple, _) in &mut found {
            tuple[position] = new_of[usize::from(tuple[position])];
        }
        found.sort_unstable();
        found.dedup();
        let class_of = old.class_of.iter().map(|class| new_of[usize::from(*class)]).collect();
        merged.push(PositionClasses { class_count, class_of });
    }
    let number = |tuple: &[u16]| {
        tuple.iter().zip(&merged).try_fold(0_u64, |number, (class, position)| {
            number.checked_mul(u64::from(position.class_count))?.checked_add(u64::from(*class))
        })
    };
    let tuples =
        found.iter().map(|(tuple, outcome)| Some((number(tuple)?, *outcome))).collect::<Option<_>>()?;
    Some(CompressedMatrix { classes: merged, tuples })
}
