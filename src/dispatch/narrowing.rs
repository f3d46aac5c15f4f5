//! States of the decision DAG: the methods that still apply after some positions, and what is left of
//! them by class of the next one.
//!
//! Where nearness does not count a state is a set of bits, which costs the same however many methods
//! apply. Where it does, a state is a list of groups, nearest first; lists are short where types are
//! under few parameters, and are made from the methods alone, not from each class.

use zerocopy::{Immutable, IntoBytes};

use super::position::Position;
use super::rules::Applicable;
use super::sets::MethodSet;
use crate::format::LogicalTable;

/// What a state is made of, and how it is narrowed.
pub(crate) trait Narrowing {
    /// A state is a slice of these; an empty slice: no method applies.
    type Word: Copy + Eq + IntoBytes + Immutable;

    /// Every method.
    fn all(&self) -> Vec<Self::Word>;

    /// For each class of the position what is left of `state`.
    fn narrow(&self, state: &[Self::Word], position: usize, left: &mut Narrowed<Self::Word>);

    /// For each class of the position, which is the last, the method that is left of `state` and nearest;
    /// [`NO_METHOD`] where none is. False where the state does not tell.
    fn nearest(&self, state: &[Self::Word], position: usize, methods: &mut Vec<u32>) -> bool;

    /// The state as a rule is asked about it.
    fn applicable<'s>(&self, state: &'s [Self::Word]) -> Applicable<'s>;
}

/// In place of a method: none applies.
pub(crate) const NO_METHOD: u32 = u32::MAX;

/// States by class.
#[derive(Debug)]
pub(crate) struct Narrowed<W> {
    words: Vec<W>,
    /// By class, where its state ends.
    ends: Vec<usize>,
}

impl<W> Default for Narrowed<W> {
    fn default() -> Self {
        Self { words: Vec::new(), ends: Vec::new() }
    }
}

impl<W> Narrowed<W> {
    /// The state of a class.
    pub(crate) fn state(&self, class: usize) -> &[W] {
        let start = class.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.words[start..self.ends[class]]
    }

    fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
    }
}

/// States as sets.
#[derive(Debug)]
pub(crate) struct BySet {
    methods: usize,
    /// By position, for each class the methods that apply there, one set behind the other.
    masks: Vec<Vec<u64>>,
}

impl BySet {
    pub(crate) fn new(table: &LogicalTable, positions: &[Position]) -> Self {
        let methods = table.entries.len();
        let masks = positions.iter().enumerate().map(|(at, position)| {
            let by_param = methods_by_param(table, at);
            let mut masks = Vec::with_capacity(position.params_of.len() * MethodSet::words_for(methods));
            for params in &position.params_of {
                let mut mask = MethodSet::empty(methods);
                let refs = params.iter().map(|param| usize::from(*param) + 1).chain([0]);
                refs.flat_map(|param| &by_param[param]).for_each(|method| mask.insert(*method as usize));
                masks.extend_from_slice(mask.words());
            }
            masks
        });
        Self { methods, masks: masks.collect() }
    }
}

impl Narrowing for BySet {
    type Word = u64;

    fn all(&self) -> Vec<u64> {
        MethodSet::full(self.methods).words().to_vec()
    }

    fn narrow(&self, state: &[u64], position: usize, left: &mut Narrowed<u64>) {
        left.clear();
        for mask in self.masks[position].chunks_exact(state.len()) {
            let start = left.words.len();
            left.words.extend(state.iter().zip(mask).map(|(state, mask)| state & mask));
            if left.words[start..].iter().fold(0, |all, word| all | word) == 0 {
                left.words.truncate(start);
            }
            left.ends.push(left.words.len());
        }
    }

    fn nearest(&self, _: &[u64], _: usize, _: &mut Vec<u32>) -> bool {
        false
    }

    fn applicable<'s>(&self, state: &'s [u64]) -> Applicable<'s> {
        Applicable::of_set(state)
    }
}

/// Methods by the parameter reference that they have at a position.
fn methods_by_param(table: &LogicalTable, position: usize) -> Vec<Vec<u32>> {
    let mut methods = vec![Vec::new(); table.params.len() + 1];
    for (method, entry) in table.entries.iter().enumerate() {
        methods[usize::from(entry.pattern[position].0)].push(method as u32);
    }
    methods
}

/// Marks the first method of a group.
pub(crate) const GROUP_START: u32 = 1 << 31;

/// States as groups of methods: their numbers, nearest group first, ascending in each.
#[derive(Debug)]
pub(crate) struct ByNearness<'a> {
    table: &'a LogicalTable,
    /// By position, for each parameter the classes under it and how near it is to each.
    nearness: Vec<Vec<Vec<(u16, u16)>>>,
    class_counts: Vec<usize>,
    /// Whether the nearest method is the answer, which spares the others.
    is_nearest_chosen: bool,
}

/// Behind every parameter: the top type.
const FARTHEST: u16 = u16::MAX;

/// A method that is left: its group before, how near it is at this position, its number.
type Left = (u32, u16, u32);

impl<'a> ByNearness<'a> {
    pub(crate) fn new(table: &'a LogicalTable, positions: &[Position], is_nearest_chosen: bool) -> Self {
        let nearness = positions.iter().map(|position| {
            let mut classes_of = vec![Vec::new(); table.params.len()];
            for (class, params) in position.params_of.iter().enumerate() {
                for (rank, param) in params.iter().enumerate() {
                    classes_of[usize::from(*param)].push((class as u16, rank as u16));
                }
            }
            classes_of
        });
        let class_counts = positions.iter().map(|position| position.params_of.len()).collect();
        Self { table, nearness: nearness.collect(), class_counts, is_nearest_chosen }
    }

    /// Calls `each` with every class at which a method of `state` still applies.
    fn for_each_left(&self, state: &[u32], position: usize, mut each: impl FnMut(usize, Left)) {
        let mut group = 0;
        for word in state {
            let method = word & !GROUP_START;
            group += u32::from(word & GROUP_START != 0);
            match self.table.entries[method as usize].pattern[position].ordinal() {
                None => {
                    for class in 0..self.class_counts[position] {
                        each(class, (group, FARTHEST, method));
                    }
                }
                Some(param) => {
                    for (class, rank) in &self.nearness[position][usize::from(param)] {
                        each(usize::from(*class), (group, *rank, method));
                    }
                }
            }
        }
    }
}

impl Narrowing for ByNearness<'_> {
    type Word = u32;

    fn all(&self) -> Vec<u32> {
        let methods = 0..self.table.entries.len() as u32;
        methods.map(|method| if method == 0 { GROUP_START } else { method }).collect()
    }

    fn narrow(&self, state: &[u32], position: usize, left: &mut Narrowed<u32>) {
        left.clear();
        // Counted, then put where they belong by class.
        let mut starts = vec![0_usize; self.class_counts[position] + 1];
        self.for_each_left(state, position, |class, _| starts[class + 1] += 1);
        for class in 1..starts.len() {
            starts[class] += starts[class - 1];
        }
        let mut next = starts.clone();
        let mut sorted: Vec<Left> = vec![(0, 0, 0); starts[self.class_counts[position]]];
        self.for_each_left(state, position, |class, method| {
            sorted[next[class]] = method;
            next[class] += 1;
        });
        for (start, end) in starts.iter().zip(&starts[1..]) {
            let methods = &mut sorted[*start..*end];
            methods.sort_unstable();
            let mut last = None;
            left.words.extend(methods.iter().map(|(group, rank, method)| {
                let is_first = last.replace((*group, *rank)) != Some((*group, *rank));
                if is_first { method | GROUP_START } else { *method }
            }));
            left.ends.push(*end);
        }
    }

    fn nearest(&self, state: &[u32], position: usize, methods: &mut Vec<u32>) -> bool {
        if !self.is_nearest_chosen {
            return false;
        }
        let mut best: Vec<Left> = vec![(u32::MAX, FARTHEST, NO_METHOD); self.class_counts[position]];
        self.for_each_left(state, position, |class, method| best[class] = best[class].min(method));
        methods.clear();
        methods.extend(best.iter().map(|(_, _, method)| *method));
        true
    }

    fn applicable<'s>(&self, state: &'s [u32]) -> Applicable<'s> {
        Applicable::of_groups(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Family, FamilyRule, Method, TypeDecl, TypeGraph, restrict};

    /// Types A above B above C, and methods of two positions in this order of patterns.
    fn table(patterns: &[[&str; 2]]) -> LogicalTable {
        let decls = [
            TypeDecl::new("A", &[]).with_precedence(&["A"]),
            TypeDecl::new("B", &["A"]).with_precedence(&["B", "A"]),
            TypeDecl::new("C", &["B"]).with_precedence(&["C", "B", "A"]),
        ];
        let methods = patterns.iter().map(|params| Method::new(params, &params.concat(), "m"));
        let rule = FamilyRule::Precedence { argument_order: Vec::new() };
        let family = Family { rule, ..Family::new("f", 2, methods.collect()) };
        restrict(&TypeGraph::new(decls).expect("a chain"), &family).expect("a family")
    }

    fn positions(table: &LogicalTable, by_nearness: bool) -> Vec<Position> {
        let position = |at| Position::new(table, by_nearness, at).expect("few classes");
        (0..usize::from(table.arity)).map(position).collect()
    }

    /// What is left for `class`, in groups.
    fn groups<N: Narrowing>(states: &N, left: &Narrowed<N::Word>, class: usize) -> Vec<Vec<u32>> {
        states.applicable(left.state(class)).groups().collect()
    }

    #[test]
    fn nearer_parameters_come_first_and_the_top_type_last() {
        // In canonical order: (any, A) 0, (A, any) 1, (A, B) 2, (B, A) 3.
        let table = table(&[["any", "A"], ["A", "any"], ["A", "B"], ["B", "A"]]);
        let positions = positions(&table, true);
        let states = ByNearness::new(&table, &positions, true);
        let mut left = Narrowed::default();
        states.narrow(&states.all(), 0, &mut left);
        // Class 0 is any other type, 1 that of A, 2 that of B and C.
        let found: Vec<_> = (0..3).map(|class| groups(&states, &left, class)).collect();
        assert_eq!(found, [vec![vec![0]], vec![vec![1, 2], vec![0]], vec![vec![3], vec![1, 2], vec![0]]]);
        let state = left.state(1).to_vec();
        states.narrow(&state, 1, &mut left);
        let found: Vec<_> = (0..3).map(|class| groups(&states, &left, class)).collect();
        assert_eq!(found, [vec![vec![1]], vec![vec![1], vec![0]], vec![vec![2], vec![1], vec![0]]]);
        let mut nearest = Vec::new();
        assert!(states.nearest(&state, 1, &mut nearest));
        assert_eq!(nearest, [1, 1, 2]);
    }

    #[test]
    fn a_set_keeps_the_methods_that_apply() {
        let table = table(&[["any", "A"], ["A", "any"], ["A", "B"], ["B", "A"]]);
        let states = BySet::new(&table, &positions(&table, false));
        let mut left = Narrowed::default();
        states.narrow(&states.all(), 1, &mut left);
        let found: Vec<_> = (0..3).map(|class| groups(&states, &left, class)).collect();
        assert_eq!(found, [vec![vec![1]], vec![vec![0, 1, 3]], vec![vec![0, 1, 2, 3]]]);
    }
}
