//! Edges in compact adjacency: for each node, a slice of one array.

use super::components::Components;

/// A directed graph: an edge leads from the dependent to what it depends on.
///
/// Edges are a set: naming one twice is naming it once, and graphs with the same edges are equal. Nodes
/// are numbered from 0; there are at most `u32::MAX` of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyGraph {
    pub(super) dependencies: Adjacency,
    pub(super) dependents: Adjacency,
}

impl DependencyGraph {
    /// A graph of `node_count` nodes; edges to or from other nodes are left out. Cost: linear.
    pub fn new(node_count: usize, edges: &[(u32, u32)]) -> Self {
        // The largest number stays free, so that it can stand for "no node".
        let node_count = node_count.min(u32::MAX as usize);
        // Counting sort keeps the order within a list, so turning the edges around twice sorts them.
        let mut dependencies = Adjacency::by_target(node_count, edges).turned_around();
        dependencies.drop_repeated();
        let dependents = dependencies.turned_around();
        Self { dependencies, dependents }
    }

    /// Number of nodes.
    pub const fn len(&self) -> usize {
        self.dependencies.node_count()
    }

    /// Whether there is no node.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of edges, each counted once.
    pub const fn edge_count(&self) -> usize {
        self.dependencies.targets.len()
    }

    /// What `node` depends on directly, ascending; nothing for a node outside the graph.
    pub fn dependencies(&self, node: u32) -> &[u32] {
        self.dependencies.of(node)
    }

    /// What depends on `node` directly, ascending; nothing for a node outside the graph.
    pub fn dependents(&self, node: u32) -> &[u32] {
        self.dependents.of(node)
    }

    /// The strongly connected components, each behind those it depends on. Cost: linear.
    pub fn components(&self) -> Components {
        Components::of(self)
    }
}

/// Lists of nodes, one for each node, each ascending and without repetitions once the graph is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Adjacency {
    /// Where each node's list starts in `targets`, and the end of the last. Not narrowed to `u32`: four
    /// billion edges fit into memory.
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl Adjacency {
    /// For each node the sources of the edges that lead to it, in the order of `edges`.
    fn by_target(node_count: usize, edges: &[(u32, u32)]) -> Self {
        let is_inside = |(from, to): &&(u32, u32)| (*from.max(to) as usize) < node_count;
        let inside = || edges.iter().filter(is_inside);
        Self::sorted(node_count, inside().map(|(from, to)| (*to, *from)))
    }

    /// The same edges seen from their other ends; each list ascends.
    fn turned_around(&self) -> Self {
        let node_count = self.node_count();
        let edges = (0..node_count as u32).flat_map(|node| self.of(node).iter().map(move |to| (*to, node)));
        Self::sorted(node_count, edges)
    }

    /// Counting sort by the first of each pair. Both of a pair are below `node_count`.
    fn sorted(node_count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_usize; node_count + 1];
        for (key, _) in pairs.clone() {
            starts[key as usize + 1] += 1;
        }
        for node in 0..node_count {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut targets = vec![0_u32; starts[node_count]];
        for (key, target) in pairs {
            let slot = &mut next[key as usize];
            targets[*slot] = target;
            *slot += 1;
        }
        Self { starts, targets }
    }

    /// Drops repetitions that stand side by side within a list.
    fn drop_repeated(&mut self) {
        let (mut kept, mut read) = (0, 0);
        for node in 0..self.node_count() {
            let (start, end) = (kept, self.starts[node + 1]);
            while read < end {
                let target = self.targets[read];
                if kept == start || self.targets[kept - 1] != target {
                    self.targets[kept] = target;
                    kept += 1;
                }
                read += 1;
            }
            self.starts[node + 1] = kept;
        }
        self.targets.truncate(kept);
    }

    const fn node_count(&self) -> usize {
        // There is one start more than nodes.
        self.starts.len() - 1
    }

    pub(super) fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        match (self.starts.get(node), self.starts.get(node + 1)) {
            (Some(start), Some(end)) => &self.targets[*start..*end],
            _ => &[],
        }
    }

    /// The lists of `node_count` nodes, at least as many as there are, of which those in `replaced` are
    /// new. `replaced` ascends by node and names nodes below `node_count`. Cost: a copy of the arrays.
    pub(super) fn with_lists(&self, node_count: usize, replaced: &[(u32, Vec<u32>)]) -> Self {
        let added: usize = replaced.iter().map(|(_, list)| list.len()).sum();
        let mut starts = Vec::with_capacity(node_count + 1);
        let mut targets = Vec::with_capacity(self.targets.len() + added);
        starts.push(0);
        let mut next = 0;
        for (node, list) in replaced {
            self.copy_lists(next, *node as usize, &mut starts, &mut targets);
            targets.extend_from_slice(list);
            starts.push(targets.len());
            next = *node as usize + 1;
        }
        self.copy_lists(next, node_count, &mut starts, &mut targets);
        Self { starts, targets }
    }

    /// Appends the lists of the nodes from `from` to before `to`, in one piece; of nodes that are not
    /// there yet, empty ones.
    fn copy_lists(&self, from: usize, to: usize, starts: &mut Vec<usize>, targets: &mut Vec<u32>) {
        let known = to.min(self.node_count());
        if from < known {
            let (old_start, new_start) = (self.starts[from], targets.len());
            targets.extend_from_slice(&self.targets[old_start..self.starts[known]]);
            starts.extend(self.starts[from + 1..=known].iter().map(|end| end - old_start + new_start));
        }
        starts.resize(to + 1, targets.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn edges_to_and_from_nodes_outside_the_graph_are_left_out() {
        let graph = DependencyGraph::new(2, &[(0, 7), (7, 0), (u32::MAX, u32::MAX), (0, 1)]);
        assert_eq!((graph.dependencies(0), graph.dependents(0), graph.edge_count()), (&[1][..], &[][..], 1));
        assert_eq!((graph.dependencies(7), graph.dependents(u32::MAX)), (&[][..], &[][..]));
    }

    #[test]
    fn a_graph_without_nodes_answers_every_question() {
        let graph = DependencyGraph::new(0, &[(0, 0)]);
        assert_eq!((graph.is_empty(), graph.edge_count(), graph.components().iter().count()), (true, 0, 0));
        assert_eq!(graph.affected_by(&[0]), [0_u32; 0]);
    }

    proptest! {
        #[test]
        fn edges_are_a_set_in_whatever_order_and_however_often_they_are_named(
            edges in prop::collection::vec((0_u32..9, 0_u32..9), 0..60),
        ) {
            let graph = DependencyGraph::new(8, &edges);
            let inside = edges.iter().copied().filter(|(from, to)| *from < 8 && *to < 8);
            let set: BTreeSet<(u32, u32)> = inside.collect();
            let of = |node: u32| set.iter().filter(move |(from, _)| *from == node).map(|(_, to)| *to);
            let onto = |node: u32| set.iter().filter(move |(_, to)| *to == node).map(|(from, _)| *from);
            for node in 0..8 {
                prop_assert_eq!(graph.dependencies(node), of(node).collect::<Vec<_>>());
                prop_assert_eq!(graph.dependents(node), onto(node).collect::<Vec<_>>());
            }
            prop_assert_eq!(graph.edge_count(), set.len());
        }
    }
}
