//! The decision DAG: from a type per position to a verdict, one position after the other.
//!
//! Types that are under the same parameters of a position are one class there. A state is the set
//! of methods that still apply after the positions seen so far; equal states are one node, equal
//! nodes are one node, and a node that would answer alike for every class is left out. This is the
//! lookup DAG of Chambers and Chen, *Efficient Multiple and Predicate Dispatching* (OOPSLA 1999).

use std::collections::HashMap;

use super::order::{SpecificityOrder, Verdict};
use super::sets::MethodSet;
use crate::format::layout::{LEAF, LEAF_AMBIGUOUS, LEAF_FIRST_ENTRY, LEAF_NO_METHOD};
use crate::format::{LogicalTable, PositionClasses};

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
    pub(crate) verdicts: Vec<Verdict>,
    /// Children stand before their parents.
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: Child,
}

struct Building<'a> {
    order: &'a SpecificityOrder,
    /// By position and class, the methods that apply there.
    masks: Vec<Vec<MethodSet>>,
    verdict_ids: HashMap<Verdict, u32>,
    verdicts: Vec<Verdict>,
    states: HashMap<(u8, MethodSet), Child>,
    node_ids: HashMap<Node, u32>,
    nodes: Vec<Node>,
    budget_cells: usize,
}

impl DecisionDag {
    /// Builds the DAG; none where it needs more than `budget_cells` children in all.
    pub(crate) fn build(table: &LogicalTable, order: &SpecificityOrder, budget_cells: usize) -> Option<Self> {
        let mut classes = Vec::with_capacity(usize::from(table.arity));
        let mut masks = Vec::with_capacity(usize::from(table.arity));
        for position in 0..usize::from(table.arity) {
            let (class, mask) = classes_of(table, order, position)?;
            classes.push(class);
            masks.push(mask);
        }
        let mut building = Building {
            order,
            masks,
            verdict_ids: HashMap::new(),
            verdicts: Vec::new(),
            states: HashMap::new(),
            node_ids: HashMap::new(),
            nodes: Vec::new(),
            budget_cells,
        };
        let root = building.child(0, MethodSet::full(order.len()))?;
        Some(Self { classes, verdicts: building.verdicts, nodes: building.nodes, root })
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
    /// and parents stand before their children.
    pub(crate) fn words(&self) -> Vec<u32> {
        let mut reduced: Vec<Child> = Vec::with_capacity(self.nodes.len());
        let mut kept: Vec<Node> = Vec::new();
        let mut ids: HashMap<Node, u32> = HashMap::new();
        // From here on `Verdict` holds the leaf's word.
        let leaf = |verdict: u32| match &self.verdicts[verdict as usize] {
            Verdict::NoMethod => LEAF_NO_METHOD,
            Verdict::Ambiguous(_) => LEAF_AMBIGUOUS,
            Verdict::Method(entry) => LEAF_FIRST_ENTRY + entry,
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
    fn child(&mut self, position: u8, state: MethodSet) -> Option<Child> {
        let Some(class_count) = self.masks.get(usize::from(position)).map(Vec::len) else {
            return Some(self.verdict(&state));
        };
        if state.is_empty() {
            return Some(self.verdict(&state));
        }
        if let Some(known) = self.states.get(&(position, state.clone())) {
            return Some(*known);
        }
        self.budget_cells = self.budget_cells.checked_sub(class_count)?;
        let mut children = Vec::with_capacity(class_count);
        for class in 0..class_count {
            let next = state.intersection(&self.masks[usize::from(position)][class]);
            children.push(self.child(position + 1, next)?);
        }
        let child = share(Node { position, children }, &mut self.node_ids, &mut self.nodes);
        self.states.insert((position, state), child);
        Some(child)
    }

    fn verdict(&mut self, applicable: &MethodSet) -> Child {
        let verdict = self.order.verdict(applicable);
        let next = self.verdicts.len() as u32;
        let id = *self.verdict_ids.entry(verdict.clone()).or_insert(next);
        if id == next {
            self.verdicts.push(verdict);
        }
        Child::Verdict(id)
    }
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
/// that apply to each. None where there are more classes than 16 bits hold.
fn classes_of(
    table: &LogicalTable,
    order: &SpecificityOrder,
    position: usize,
) -> Option<(PositionClasses, Vec<MethodSet>)> {
    let mut methods_by_param: HashMap<u16, Vec<usize>> = HashMap::new();
    let mut everywhere = MethodSet::empty(order.len());
    for (file, canonical) in order.order.iter().enumerate() {
        match table.entries[*canonical as usize].pattern[position].ordinal() {
            None => everywhere.insert(file),
            Some(param) => methods_by_param.entry(param).or_default().push(file),
        }
    }
    let mut masks = vec![everywhere.clone()];
    let mut class_by_params: HashMap<Vec<u16>, u16> = HashMap::from([(Vec::new(), 0)]);
    let mut class_of = Vec::with_capacity(table.types.len());
    for row in &table.types {
        let here: Vec<u16> =
            row.above.iter().copied().filter(|param| methods_by_param.contains_key(param)).collect();
        let next = u16::try_from(masks.len()).ok()?;
        let class = *class_by_params.entry(here).or_insert_with_key(|here| {
            let mut mask = everywhere.clone();
            here.iter().flat_map(|param| &methods_by_param[param]).for_each(|method| mask.insert(*method));
            masks.push(mask);
            next
        });
        class_of.push(class);
    }
    let class_count = u16::try_from(masks.len()).ok()?;
    Some((PositionClasses { class_count, class_of }, masks))
}
