//! The decision DAG: from a type per position to a verdict, one position after the other.
//!
//! Types that are under the same parameters of a position are one class there (and have them in the
//! same order, where the rule asks how near they are). A state is the set of methods that still apply
//! after the positions seen so far, grouped by nearness; equal states are one node, equal nodes are
//! one node, and a node that would answer alike for every class is left out. This is the lookup DAG
//! of Chambers and Chen, *Efficient Multiple and Predicate Dispatching* (OOPSLA 1999).

use hashbrown::HashTable;
use zerocopy::IntoBytes;

use super::narrowing::{ByNearness, BySet, NO_METHOD, Narrowed, Narrowing};
use super::nodes::{Child, Link, Nodes};
use super::position::Position;
use super::rules::{Choice, ResolutionRule};
use crate::digest::fast_hash;
use crate::format::layout::{LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY, LEAF_NO_METHOD};
use crate::format::{LogicalRule, LogicalTable, PositionClasses};

/// A DAG whose leaves tell ambiguities of different candidates apart.
#[derive(Clone, Debug)]
pub(crate) struct DecisionDag {
    pub(crate) classes: Vec<PositionClasses>,
    /// In the order in which they are tested.
    pub(crate) positions: Vec<u8>,
    pub(crate) verdicts: Vec<Choice>,
    /// Children stand before their parents.
    pub(crate) nodes: Nodes,
    pub(crate) root: Link,
}

impl DecisionDag {
    /// Builds the DAG; none where it needs more than `budget_cells` children in all.
    pub(crate) fn build(
        table: &LogicalTable,
        rule: &dyn ResolutionRule,
        budget_cells: usize,
    ) -> Option<Self> {
        let by_nearness = rule.argument_order().is_some();
        let at = |position| Position::new(table, by_nearness, position);
        let positions: Vec<Position> = (0..usize::from(table.arity)).map(at).collect::<Option<_>>()?;
        if by_nearness {
            let is_nearest_chosen = matches!(table.rule, LogicalRule::Precedence { .. });
            let states = ByNearness::new(table, &positions, is_nearest_chosen);
            Building::new(table, rule, states, budget_cells).build(positions)
        } else {
            let states = BySet::new(table, &positions);
            Building::new(table, rule, states, budget_cells).build(positions)
        }
    }

    /// The verdict for one class per position.
    pub(crate) fn verdict_of(&self, class_at: impl Fn(usize) -> u16) -> u32 {
        let mut link = self.root;
        loop {
            match link.child() {
                Child::Verdict(verdict) => return verdict,
                Child::Node(node) => {
                    let class = class_at(usize::from(self.nodes.position(node)));
                    link = self.nodes.children(node)[usize::from(class)];
                }
            }
        }
    }

    /// The words of section `DDAG`: ambiguities are one leaf there, which lets more nodes be equal,
    /// and parents stand before their children. `file_order` holds entries' canonical indexes.
    pub(crate) fn words(&self, file_order: &[u32]) -> Vec<u32> {
        let mut file_index = vec![0_u32; file_order.len()];
        for (file, canonical) in file_order.iter().enumerate() {
            file_index[*canonical as usize] = file as u32;
        }
        let leaf = |verdict: &Choice| match verdict {
            Choice::NoMethod => LEAF_NO_METHOD,
            Choice::Ambiguous(_) => LEAF_AMBIGUOUS,
            Choice::Method(entry) => LEAF_FIRST_ENTRY + file_index[*entry as usize],
        };
        // From here on verdicts are leaves less their mark.
        let leaves: Vec<Link> =
            self.verdicts.iter().map(|verdict| Link::to_verdict(leaf(verdict) - LEAF)).collect();
        let mut reduced: Vec<Link> = Vec::with_capacity(self.nodes.len());
        let mut kept = Nodes::default();
        let reduce = |link: Link, reduced: &[Link]| match link.child() {
            Child::Node(node) => reduced[node as usize],
            Child::Verdict(verdict) => leaves[verdict as usize],
        };
        let mut children = Vec::new();
        for node in 0..self.nodes.len() as u32 {
            children.clear();
            children.extend(self.nodes.children(node).iter().map(|link| reduce(*link, &reduced)));
            reduced.push(kept.share(self.nodes.position(node), &children));
        }
        let root = reduce(self.root, &reduced);

        // `kept` has children first; the file has parents first, so that every walk goes forward.
        let mut word_of = vec![0_u32; kept.len()];
        let mut next = 1_u32;
        for node in (0..kept.len() as u32).rev() {
            word_of[node as usize] = next;
            next += 1 + kept.children(node).len() as u32;
        }
        let word = |link: Link| match link.child() {
            Child::Node(node) => word_of[node as usize],
            Child::Verdict(leaf) => LEAF | leaf,
        };
        let mut words = Vec::with_capacity(next as usize);
        words.push(word(root));
        for node in (0..kept.len() as u32).rev() {
            let children = kept.children(node);
            words.push(u32::from(kept.position(node)) | (children.len() as u32) << 8);
            words.extend(children.iter().map(|link| word(*link)));
        }
        words
    }
}

/// A state that was seen: where its words stand among all, and what came of it.
#[derive(Clone, Copy)]
struct Seen {
    start: usize,
    end: usize,
    link: Link,
}

struct Building<'a, N: Narrowing> {
    rule: &'a dyn ResolutionRule,
    narrowing: N,
    /// Positions in the order in which they are tested.
    order: Vec<u8>,
    verdicts: Vec<Choice>,
    /// By method, the verdict that it is selected; behind them, that none is.
    verdict_of: Vec<Option<Link>>,
    /// The verdicts that are ambiguities, by the hash of their candidates.
    ambiguous: HashTable<u32>,
    /// By number of positions tested, the states that were seen there.
    seen: Vec<HashTable<Seen>>,
    /// The words of all states that were seen.
    words: Vec<N::Word>,
    /// Memory of calls that are done.
    spare: Vec<(Narrowed<N::Word>, Vec<Link>)>,
    nodes: Nodes,
    budget_cells: usize,
}

impl<'a, N: Narrowing> Building<'a, N> {
    fn new(table: &LogicalTable, rule: &'a dyn ResolutionRule, narrowing: N, budget_cells: usize) -> Self {
        let order = rule.argument_order().map_or((0..table.arity).collect(), <[u8]>::to_vec);
        Self {
            rule,
            narrowing,
            verdicts: Vec::new(),
            verdict_of: vec![None; table.entries.len() + 1],
            ambiguous: HashTable::new(),
            seen: order.iter().map(|_| HashTable::new()).collect(),
            order,
            words: Vec::new(),
            spare: Vec::new(),
            nodes: Nodes::default(),
            budget_cells,
        }
    }

    fn build(mut self, positions: Vec<Position>) -> Option<DecisionDag> {
        let class_counts: Vec<usize> = positions.iter().map(|position| position.params_of.len()).collect();
        let root = self.link(0, &self.narrowing.all(), &class_counts)?;
        let classes = positions.into_iter().map(|position| position.classes).collect();
        Some(DecisionDag { classes, positions: self.order, verdicts: self.verdicts, nodes: self.nodes, root })
    }

    fn link(&mut self, depth: usize, state: &[N::Word], class_counts: &[usize]) -> Option<Link> {
        let Some(position) = self.order.get(depth).map(|position| usize::from(*position)) else {
            return Some(self.verdict(state));
        };
        if state.is_empty() {
            return Some(self.verdict(state));
        }
        let hash = fast_hash(state.as_bytes());
        let is_same = |seen: &Seen, words: &[N::Word]| words[seen.start..seen.end] == *state;
        if let Some(known) = self.seen[depth].find(hash, |seen| is_same(seen, &self.words)) {
            return Some(known.link);
        }
        let class_count = class_counts[position];
        self.budget_cells = self.budget_cells.checked_sub(class_count)?;
        let (mut left, mut children) = self.spare.pop().unwrap_or_default();
        children.clear();
        let is_last = depth + 1 == self.order.len();
        let mut methods = Vec::new();
        if is_last && self.narrowing.nearest(state, position, &mut methods) {
            children.extend(methods.into_iter().map(|method| match method {
                NO_METHOD => self.chosen(Choice::NoMethod),
                method => self.chosen(Choice::Method(method)),
            }));
        } else {
            self.narrowing.narrow(state, position, &mut left);
            for class in 0..class_count {
                children.push(self.link(depth + 1, left.state(class), class_counts)?);
            }
        }
        let link = self.nodes.share(position as u8, &children);
        self.spare.push((left, children));
        let start = self.words.len();
        self.words.extend_from_slice(state);
        let seen = Seen { start, end: self.words.len(), link };
        let words = &self.words;
        self.seen[depth].insert_unique(hash, seen, |seen| fast_hash(words[seen.start..seen.end].as_bytes()));
        Some(link)
    }

    fn verdict(&mut self, state: &[N::Word]) -> Link {
        let is_none = state.is_empty();
        let choice =
            if is_none { Choice::NoMethod } else { self.rule.choose(&self.narrowing.applicable(state)) };
        self.chosen(choice)
    }

    /// The leaf of a choice, stored once. A method that there is not cannot be selected.
    fn chosen(&mut self, choice: Choice) -> Link {
        let methods = self.verdict_of.len() - 1;
        let (place, choice) = match choice {
            Choice::Ambiguous(candidates) => return self.ambiguous(candidates),
            Choice::Method(method) if (method as usize) < methods => (method as usize, choice),
            _ => (methods, Choice::NoMethod),
        };
        let verdicts = &mut self.verdicts;
        *self.verdict_of[place].get_or_insert_with(|| {
            verdicts.push(choice);
            Link::to_verdict(verdicts.len() as u32 - 1)
        })
    }

    fn ambiguous(&mut self, candidates: Vec<u32>) -> Link {
        let Self { verdicts, ambiguous, .. } = self;
        let hash_of = |verdict: u32, verdicts: &[Choice]| match &verdicts[verdict as usize] {
            Choice::Ambiguous(candidates) => fast_hash(candidates.as_bytes()),
            Choice::Method(_) | Choice::NoMethod => 0,
        };
        let is_same = |verdict: &u32| match &verdicts[*verdict as usize] {
            Choice::Ambiguous(others) => *others == candidates,
            Choice::Method(_) | Choice::NoMethod => false,
        };
        let hash = fast_hash(candidates.as_bytes());
        if let Some(known) = ambiguous.find(hash, is_same) {
            return Link::to_verdict(*known);
        }
        let next = verdicts.len() as u32;
        verdicts.push(Choice::Ambiguous(candidates));
        ambiguous.insert_unique(hash, next, |verdict| hash_of(*verdict, verdicts));
        Link::to_verdict(next)
    }
}
