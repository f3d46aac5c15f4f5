//! Compressed dispatch tables: a cell for each tuple of classes, types that every tuple answers alike
//! being one class.
//!
//! The decision DAG is walked once for all tuples that have an outcome; then classes of a position
//! whose rows are equal are merged. Dujardin, Amiel and Simon, *Fast Algorithms for Compressed
//! Multimethod Dispatch Table Generation* (TOPLAS 20, 1998), find the same classes ("poles") without
//! the walk.

use hashbrown::HashTable;

use super::decision::DecisionDag;
use super::nodes::{Child, Link};
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
        let outcomes: Vec<u32> = dag.verdicts.iter().map(outcome).collect();
        if tuples_with_outcome(dag, &outcomes) > TUPLE_BUDGET as u64 {
            return None;
        }
        let mut walk = Walk {
            dag,
            outcomes,
            tuple: vec![0; dag.classes.len()],
            found: Tuples { arity: dag.classes.len(), classes: Vec::new(), outcomes: Vec::new() },
        };
        walk.descend(dag.root, 0);
        // Positions that are tested from left to right are walked in the order of tuples.
        let mut found = walk.found;
        if !dag.positions.is_sorted() {
            found.sort();
        }
        merge(&dag.classes, found)
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

    /// Number of cells of a matrix; none where they would be too many.
    pub(crate) fn cell_count(&self) -> Option<u64> {
        Some(self.tuple_count()).filter(|count| *count <= CELL_BUDGET)
    }

    /// A cell for each tuple; none where they would be too many.
    pub(crate) fn matrix(&self) -> Option<Strategy> {
        let mut cells = vec![CELL_NO_METHOD; self.cell_count()? as usize];
        for (tuple, outcome) in &self.tuples {
            cells[*tuple as usize] = *outcome;
        }
        Some(Strategy::Matrix { classes: self.classes.clone(), cells })
    }

    /// Whether tuples' numbers fit into a hash.
    pub(crate) fn is_numbered(&self) -> bool {
        u32::try_from(self.tuple_count()).is_ok()
    }

    /// A slot for each tuple that has an outcome; none where tuples' numbers do not fit.
    pub(crate) fn hash(&self) -> Option<Strategy> {
        if !self.is_numbered() {
            return None;
        }
        let tuples = self.tuples.iter().map(|(tuple, outcome)| (*tuple as u32, *outcome)).collect();
        Some(Strategy::Hash { classes: self.classes.clone(), tuples })
    }
}

/// Tuples of classes and their outcomes.
struct Tuples {
    arity: usize,
    /// The classes of the first tuple, by position, then those of the second, and so on.
    classes: Vec<u16>,
    outcomes: Vec<u32>,
}

impl Tuples {
    fn len(&self) -> usize {
        self.outcomes.len()
    }

    fn tuple(&self, at: usize) -> &[u16] {
        &self.classes[at * self.arity..(at + 1) * self.arity]
    }

    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_unstable_by_key(|at| self.tuple(*at));
        self.classes = order.iter().flat_map(|at| self.tuple(*at).iter().copied()).collect();
        self.outcomes = order.iter().map(|at| self.outcomes[*at]).collect();
    }

    /// Whether two tuples have equal outcomes and, but for one position, equal classes.
    fn is_same_beside(&self, position: usize, one: usize, other: usize) -> bool {
        let (a, b) = (self.tuple(one), self.tuple(other));
        self.outcomes[one] == self.outcomes[other]
            && a[..position] == b[..position]
            && a[position + 1..] == b[position + 1..]
    }

    /// Keeps the tuples whose class at the position is the first of the classes that are merged with it,
    /// which says what the others say, and gives classes their new numbers.
    fn renumber(&mut self, position: usize, new_of: &[u16], is_first: &[bool]) {
        let mut kept = 0;
        for at in 0..self.len() {
            let class = usize::from(self.tuple(at)[position]);
            if is_first[class] {
                self.classes.copy_within(at * self.arity..(at + 1) * self.arity, kept * self.arity);
                self.classes[kept * self.arity + position] = new_of[class];
                self.outcomes[kept] = self.outcomes[at];
                kept += 1;
            }
        }
        self.classes.truncate(kept * self.arity);
        self.outcomes.truncate(kept);
    }
}

struct Walk<'a> {
    dag: &'a DecisionDag,
    /// By verdict.
    outcomes: Vec<u32>,
    /// The classes so far.
    tuple: Vec<u16>,
    found: Tuples,
}

impl Walk<'_> {
    /// Fills the positions that are tested from `depth` on; a position that a path does not test is
    /// answered alike for all its classes.
    fn descend(&mut self, link: Link, depth: usize) {
        let child = link.child();
        if let Child::Verdict(verdict) = child {
            let outcome = self.outcomes[verdict as usize];
            if outcome == CELL_NO_METHOD {
                return;
            }
            if depth == self.dag.positions.len() {
                self.found.classes.extend_from_slice(&self.tuple);
                self.found.outcomes.push(outcome);
                return;
            }
        }
        let dag = self.dag;
        let position = usize::from(dag.positions[depth]);
        match child {
            Child::Node(node) if usize::from(dag.nodes.position(node)) == position => {
                for (class, next) in dag.nodes.children(node).iter().enumerate() {
                    self.tuple[position] = class as u16;
                    self.descend(*next, depth + 1);
                }
            }
            _ => {
                for class in 0..dag.classes[position].class_count {
                    self.tuple[position] = class;
                    self.descend(link, depth + 1);
                }
            }
        }
    }
}

/// Number of tuples of classes that have an outcome, which a walk over all of them would find.
fn tuples_with_outcome(dag: &DecisionDag, outcomes: &[u32]) -> u64 {
    let class_count = |position: &u8| u64::from(dag.classes[usize::from(*position)].class_count);
    // By number of positions tested, the tuples of the others.
    let mut tuples_behind = vec![1_u64; dag.positions.len() + 1];
    for (depth, position) in dag.positions.iter().enumerate().rev() {
        tuples_behind[depth] = tuples_behind[depth + 1].saturating_mul(class_count(position));
    }
    let mut depth_of = vec![0; dag.positions.len()];
    for (depth, position) in dag.positions.iter().enumerate() {
        depth_of[usize::from(*position)] = depth;
    }
    let depth_of_node = |node: u32| depth_of[usize::from(dag.nodes.position(node))];
    let mut of_node: Vec<u64> = Vec::with_capacity(dag.nodes.len());
    // Positions between two that are tested multiply what is behind them.
    let of_link = |link: Link, depth: usize, of_node: &[u64]| match link.child() {
        Child::Verdict(verdict) if outcomes[verdict as usize] == CELL_NO_METHOD => 0,
        Child::Verdict(_) => tuples_behind[depth],
        Child::Node(node) => {
            let skipped = &dag.positions[depth..depth_of_node(node)];
            let factor = skipped.iter().map(class_count).fold(1, u64::saturating_mul);
            of_node[node as usize].saturating_mul(factor)
        }
    };
    for node in 0..dag.nodes.len() as u32 {
        let depth = depth_of_node(node) + 1;
        let children = dag.nodes.children(node).iter();
        let tuples = children.fold(0, |sum: u64, link| sum.saturating_add(of_link(*link, depth, &of_node)));
        of_node.push(tuples);
    }
    of_link(dag.root, 0, &of_node)
}

/// Merges the classes of each position that no tuple tells apart, numbered in the order of their first
/// class. None where tuples cannot be numbered. `found` is in order, and stays so.
fn merge(classes: &[PositionClasses], mut found: Tuples) -> Option<CompressedMatrix> {
    let mut merged = Vec::with_capacity(classes.len());
    for (position, old) in classes.iter().enumerate() {
        let (new_of, is_first) = merged_classes(&found, position, usize::from(old.class_count));
        let class_count = is_first.iter().filter(|first| **first).count() as u16;
        if class_count < old.class_count {
            found.renumber(position, &new_of, &is_first);
        }
        let class_of = old.class_of.iter().map(|class| new_of[usize::from(*class)]).collect();
        merged.push(PositionClasses { class_count, class_of });
    }
    let number = |tuple: &[u16]| {
        tuple.iter().zip(&merged).try_fold(0_u64, |number, (class, position)| {
            number.checked_mul(u64::from(position.class_count))?.checked_add(u64::from(*class))
        })
    };
    let tuples = (0..found.len())
        .map(|at| Some((number(found.tuple(at))?, found.outcomes[at])))
        .collect::<Option<_>>()?;
    Some(CompressedMatrix { classes: merged, tuples })
}

/// For each class of a position its number once equal classes are one, and whether it is the first of
/// those that it is merged with.
fn merged_classes(found: &Tuples, position: usize, class_count: usize) -> (Vec<u16>, Vec<bool>) {
    // The tuples of each class, in their order, one class behind the other: its row.
    let mut starts = vec![0_usize; class_count + 1];
    let class_at = |at: usize| usize::from(found.tuple(at)[position]);
    (0..found.len()).for_each(|at| starts[class_at(at) + 1] += 1);
    for class in 0..class_count {
        starts[class + 1] += starts[class];
    }
    let mut next = starts.clone();
    let mut by_class = vec![0_u32; found.len()];
    let mut hashes = vec![0_u64; class_count];
    for at in 0..found.len() {
        let class = class_at(at);
        by_class[next[class]] = at as u32;
        next[class] += 1;
        hashes[class] = hash_beside(found.tuple(at), position, found.outcomes[at], hashes[class]);
    }
    let row_of = |class: usize| &by_class[starts[class]..starts[class + 1]];
    let is_same = |one: usize, other: usize| {
        let (one, other) = (row_of(one), row_of(other));
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| found.is_same_beside(position, *one as usize, *other as usize))
    };
    // First classes by the hash of their row.
    let mut firsts: HashTable<usize> = HashTable::new();
    let (mut new_of, mut is_first) = (vec![0_u16; class_count], vec![false; class_count]);
    let mut count = 0_u16;
    for class in 0..class_count {
        if let Some(first) = firsts.find(hashes[class], |first| is_same(*first, class)) {
            new_of[class] = new_of[*first];
            continue;
        }
        firsts.insert_unique(hashes[class], class, |first| hashes[*first]);
        (new_of[class], is_first[class]) = (count, true);
        count += 1;
    }
    (new_of, is_first)
}

/// `hash`, going on with a tuple without one of its positions, and its outcome.
fn hash_beside(tuple: &[u16], position: usize, outcome: u32, hash: u64) -> u64 {
    let mix = |hash: u64, value: u64| {
        let mixed = (hash ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    };
    let rest = tuple[..position].iter().chain(&tuple[position + 1..]);
    rest.fold(mix(hash, u64::from(outcome) + 1), |hash, class| mix(hash, u64::from(*class)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::rules::rule_of;
    use crate::dispatch::{Family, Method, TypeDecl, TypeGraph, restrict};

    #[test]
    fn tuples_are_counted_as_the_walk_finds_them() {
        let decls = [TypeDecl::new("A", &[]), TypeDecl::new("B", &["A"]), TypeDecl::new("C", &[])];
        let graph = TypeGraph::new(decls).expect("acyclic");
        let patterns: [&[[&str; 3]]; 3] = [
            &[["A", "any", "C"], ["B", "B", "any"], ["C", "A", "A"]],
            // The position in the middle is tested nowhere.
            &[["A", "any", "A"], ["B", "any", "any"]],
            &[["any", "any", "any"], ["B", "any", "B"]],
        ];
        for patterns in patterns {
            let methods = patterns.iter().map(|params| Method::new(params, &params.concat(), "m"));
            let family = Family::new("f", 3, methods.collect());
            let table = restrict(&graph, &family).expect("a family");
            let rule = rule_of(&table).expect("a rule of ours");
            let dag = DecisionDag::build(&table, rule.as_ref(), 1 << 10).expect("small");
            let outcomes: Vec<u32> =
                dag.verdicts.iter().map(|verdict| u32::from(*verdict != Choice::NoMethod)).collect();
            let found = Tuples { arity: 3, classes: Vec::new(), outcomes: Vec::new() };
            let mut walk = Walk { dag: &dag, outcomes: outcomes.clone(), tuple: vec![0; 3], found };
            walk.descend(dag.root, 0);
            assert_eq!(tuples_with_outcome(&dag, &outcomes), walk.found.len() as u64, "{patterns:?}");
        }
    }
}
