//! The decision DAG: from a type per position to a verdict, one position after the other.
//!
//! Types that are under the same parameters of a position are one class there (and have them in the
//! same order, where the rule asks how near they are). A state is the set of methods that still apply
//! after the positions seen so far, grouped by nearness; equal states are one node, equal nodes are
//! one node, and a node that would answer alike for every class is left out. This is the lookup DAG
//! of Chambers and Chen, *Efficient Multiple and Predicate Dispatching* (OOPSLA 1999).

use std::collections::HashMap;

use super::rules::{Applicable, Choice, ResolutionRule};
use super::sets::MethodSet;
use crate::format::layout::{LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY, LEAF_NO_METHOD};
use crate::format::{LogicalRule, LogicalTable, PositionClasses};

/// A child: a node, or a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Child {
    Node(u32),
    Verdict(u32),
}

/// A test of one position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) position: u8,
    /// By class of the position.
    pub(crate) children: Vec<Child>,
}

/// A DAG whose leaves tell ambiguities of different candidates apart.
#[derive(Clone, Debug)]
pub(crate) struct DecisionDag {
    pub(crate) classes: Vec<PositionClasses>,
    /// In the order in which they are tested.
    pub(crate) positions: Vec<u8>,
    pub(crate) verdicts: Vec<Choice>,
    /// Children stand before their parents.
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: Child,
}

/// Methods that still apply, nearest group first; a single group where nearness does not count.
type State = Box<[MethodSet]>;

struct Building<'a> {
    rule: &'a dyn ResolutionRule,
    /// Positions in the order in which they are tested.
    positions: Vec<u8>,
    /// By position and class, the methods that apply there, grouped as in a state.
    masks: Vec<Vec<State>>,
    verdict_ids: HashMap<Choice, u32>,
    verdicts: Vec<Choice>,
    states: HashMap<(u8, State), Child>,
    node_ids: HashMap<Node, u32>,
    nodes: Vec<Node>,
    budget_cells: usize,
}

impl DecisionDag {
    /// Builds the DAG; none where it needs more than `budget_cells` children in all.
    pub(crate) fn build(
        table: &LogicalTable,
        rule: &dyn ResolutionRule,
        budget_cells: usize,
    ) -> Option<Self> {
        let mut classes = Vec::with_capacity(usize::from(table.arity));
        let mut masks = Vec::with_capacity(usize::from(table.arity));
        for position in 0..usize::from(table.arity) {
            let (class, mask) = classes_of(table, rule.argument_order().is_some(), position)?;
            classes.push(class);
            masks.push(mask);
        }
        let positions = rule.argument_order().map_or((0..table.arity).collect(), <[u8]>::to_vec);
        let mut building = Building {
            rule,
            positions,
            masks,
            verdict_ids: HashMap::new(),
            verdicts: Vec::new(),
            states: HashMap::new(),
            node_ids: HashMap::new(),
            nodes: Vec::new(),
            budget_cells,
        };
        let root = building.child(0, [MethodSet::full(table.entries.len())].into())?;
        Some(Self {
            classes,
            positions: building.positions,
            verdicts: building.verdicts,
            nodes: building.nodes,
            root,
        })
    }

    /// The verdict for one class per position.
    pub(crate) fn verdict_of(&self, class_at: impl Fn(usize) -> u16) -> u32 {
        let mut child = self.root;
        loop {
            match child {
                Child::Verdict(verdict) => return verdict,
                Child::Node(node) => {
                    let node = &self.nodes[node as usize];
                    child = node.children[usize::from(class_at(usize::from(node.position)))];
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
        let mut reduced: Vec<Child> = Vec::with_capacity(self.nodes.len());
        let mut kept: Vec<Node> = Vec::new();
        let mut ids: HashMap<Node, u32> = HashMap::new();
        // From here on `Verdict` holds the leaf's word.
        let leaf = |verdict: u32| match &self.verdicts[verdict as usize] {
            Choice::NoMethod => LEAF_NO_METHOD,
            Choice::Ambiguous(_) => LEAF_AMBIGUOUS,
            Choice::Method(entry) => LEAF_FIRST_ENTRY + file_index[*entry as usize],
        };
        let reduce = |child: Child, reduced: &[Child]| match child {
            Child::Node(node) => reduced[node as usize],
            Child::Verdict(verdict) => Child::Verdict(leaf(verdict)),
        };
        for node in &self.nodes {
            let children: Vec<Child> = node.children.iter().map(|child| reduce(*child, &reduced)).collect();
            reduced.push(share(Node { position: node.position, children }, &mut ids, &mut kept));
        }
        let root = reduce(self.root, &reduced);

        // `kept` has children first; the file has parents first, so that every walk goes forward.
        let mut word_of = vec![0_u32; kept.len()];
        let mut next = 1_u32;
        for (node, word) in kept.iter().zip(&mut word_of).rev() {
            *word = next;
            next += 1 + node.children.len() as u32;
        }
        let word = |child: Child| match child {
            Child::Node(node) => word_of[node as usize],
            Child::Verdict(leaf) => leaf,
        };
        let mut words = Vec::with_capacity(next as usize);
        words.push(word(root));
        for node in kept.iter().rev() {
            words.push(u32::from(node.position) | (node.children.len() as u32) << 8);
            words.extend(node.children.iter().map(|child| word(*child)));
        }
        debug_assert!(words.iter().all(|word| *word != LEAF - 1));
        words
    }
}

impl Building<'_> {
    fn child(&mut self, depth: u8, state: State) -> Option<Child> {
        let Some(position) = self.positions.get(usize::from(depth)).copied() else {
            return Some(self.verdict(&state));
        };
        if state.is_empty() {
            return Some(self.verdict(&state));
        }
        if let Some(known) = self.states.get(&(depth, state.clone())) {
            return Some(*known);
        }
        let class_count = self.masks[usize::from(position)].len();
        self.budget_cells = self.budget_cells.checked_sub(class_count)?;
        let mut children = Vec::with_capacity(class_count);
        for class in 0..class_count {
            let next = narrowed(&state, &self.masks[usize::from(position)][class]);
            children.push(self.child(depth + 1, next)?);
        }
        let child = share(Node { position, children }, &mut self.node_ids, &mut self.nodes);
        self.states.insert((depth, state), child);
        Some(child)
    }

    fn verdict(&mut self, state: &State) -> Child {
        let verdict =
            if state.is_empty() { Choice::NoMethod } else { self.rule.choose(&Applicable::new(state)) };
        let next = self.verdicts.len() as u32;
        let id = *self.verdict_ids.entry(verdict.clone()).or_insert(next);
        if id == next {
            self.verdicts.push(verdict);
        }
        Child::Verdict(id)
    }
}

/// What is left of `state` where the methods of `mask` apply: each group is split into its nearer and
/// farther methods.
fn narrowed(state: &State, mask: &State) -> State {
    let groups = state.iter().flat_map(|group| mask.iter().map(|near| group.intersection(near)));
    groups.filter(|group| !group.is_empty()).collect()
}

/// The one child of a node that answers alike for every class, or the node, stored once.
fn share(node: Node, ids: &mut HashMap<Node, u32>, nodes: &mut Vec<Node>) -> Child {
    if let Some((first, rest)) = node.children.split_first()
        && rest.iter().all(|child| child == first)
    {
        return *first;
    }
    let next = nodes.len() as u32;
    let id = *ids.entry(node.clone()).or_insert(next);
    if id == next {
        nodes.push(node);
    }
    Child::Node(id)
}

/// The classes of a position, numbered in order of their first type behind class 0, and the methods
/// that apply to each: one group, or by nearness. None where there are more classes than 16 bits hold.
fn classes_of(
    table: &LogicalTable,
    by_nearness: bool,
    position: usize,
) -> Option<(PositionClasses, Vec<State>)> {
    let count = table.entries.len();
    let mut methods_by_param: Vec<Option<MethodSet>> = vec![None; table.params.len()];
    let mut everywhere = MethodSet::empty(count);
    for (method, entry) in table.entries.iter().enumerate() {
        match entry.pattern[position].ordinal() {
            None => everywhere.insert(method),
            Some(param) => methods_by_param[usize::from(param)]
                .get_or_insert_with(|| MethodSet::empty(count))
                .insert(method),
        }
    }
    let mask_of = |here: &[u16]| -> State {
        let sets = here.iter().filter_map(|param| methods_by_param[usize::from(*param)].as_ref());
        if by_nearness {
            let groups = sets.chain([&everywhere]).filter(|group| !group.is_empty());
            return groups.cloned().collect();
        }
        let mut mask = everywhere.clone();
        sets.for_each(|set| mask.unite(set));
        if mask.is_empty() { Box::default() } else { [mask].into() }
    };
    let mut masks = vec![mask_of(&[])];
    let mut class_by_params: HashMap<Vec<u16>, u16> = HashMap::from([(Vec::new(), 0)]);
    let mut class_of = Vec::with_capacity(table.types.len());
    for (local, row) in table.types.iter().enumerate() {
        let above = match &table.rule {
            LogicalRule::Precedence { nearest, .. } if by_nearness => &nearest[local],
            _ => &row.above,
        };
        let here: Vec<u16> =
            above.iter().copied().filter(|param| methods_by_param[usize::from(*param)].is_some()).collect();
        let next = u16::try_from(masks.len()).ok()?;
        let class = *class_by_params.entry(here).or_insert_with_key(|here| {
            masks.push(mask_of(here));
            next
        });
        class_of.push(class);
    }
    let class_count = u16::try_from(masks.len()).ok()?;
    Some((PositionClasses { class_count, class_of }, masks))
}
