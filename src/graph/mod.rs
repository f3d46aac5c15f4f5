//! Who depends on whom: strongly connected components and what a change affects.
//!
//! Import cycles are legal, so the unit of order is the component. Nodes are numbers below a count;
//! what they stand for is the caller's business.

mod components;

pub use components::Components;

/// A directed graph in compact adjacency: an edge leads from the dependent to what it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyGraph {
    dependencies: Adjacency,
    dependents: Adjacency,
}

/// For each node, a slice of one array.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Adjacency {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Adjacency {
    fn new(node_count: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; node_count + 1];
        for (from, _) in edges.clone() {
            starts[from as usize + 1] += 1;
        }
        for node in 0..node_count {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut targets = vec![0_u32; starts[node_count] as usize];
        for (from, to) in edges {
            let slot = &mut next[from as usize];
            targets[*slot as usize] = to;
            *slot += 1;
        }
        Self { starts, targets }
    }

    fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        match (self.starts.get(node), self.starts.get(node + 1)) {
            (Some(start), Some(end)) => &self.targets[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

impl DependencyGraph {
    /// A graph of `node_count` nodes; edges to or from other nodes are left out. Cost: linear.
    pub fn new(node_count: usize, edges: &[(u32, u32)]) -> Self {
        let inside = |node: u32| (node as usize) < node_count;
        let edges = edges.iter().copied().filter(move |(from, to)| inside(*from) && inside(*to));
        let dependencies = Adjacency::new(node_count, edges.clone());
        let dependents = Adjacency::new(node_count, edges.map(|(from, to)| (to, from)));
        Self { dependencies, dependents }
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.dependencies.starts.len() - 1
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What `node` depends on directly.
    pub fn dependencies(&self, node: u32) -> &[u32] {
        self.dependencies.of(node)
    }

    /// What depends on `node` directly.
    pub fn dependents(&self, node: u32) -> &[u32] {
        self.dependents.of(node)
    }

    /// The strongly connected components, each behind those it depends on.
    pub fn components(&self) -> Components {
        Components::of(self)
    }

    /// The changed nodes and all that depend on one of them, directly or not, ascending. Cost:
    /// linear in the affected edges.
    pub fn affected_by(&self, changed: &[u32]) -> Vec<u32> {
        let mut seen = vec![false; self.len()];
        let mut affected = Vec::new();
        let mut reach = |node: u32, affected: &mut Vec<u32>| {
            if let Some(seen @ false) = seen.get_mut(node as usize) {
                *seen = true;
                affected.push(node);
            }
        };
        for node in changed {
            reach(*node, &mut affected);
        }
        let mut next = 0;
        while let Some(&node) = affected.get(next) {
            next += 1;
            self.dependents(node).iter().for_each(|node| reach(*node, &mut affected));
        }
        affected.sort_unstable();
        affected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_change_affects_what_depends_on_it_through_cycles_and_nothing_else() {
        // 0 → 1 ⇄ 2 → 3, 4 → 3
        let graph = DependencyGraph::new(5, &[(0, 1), (1, 2), (2, 1), (2, 3), (4, 3)]);
        assert_eq!(graph.affected_by(&[2]), [0, 1, 2]);
        assert_eq!(graph.affected_by(&[3]), [0, 1, 2, 3, 4]);
        assert_eq!(graph.affected_by(&[4]), [4]);
        assert_eq!(graph.affected_by(&[]), [0_u32; 0]);
    }

    #[test]
    fn nodes_outside_the_graph_are_left_out() {
        let graph = DependencyGraph::new(1, &[(0, 7), (7, 0)]);
        assert_eq!((graph.dependencies(0), graph.affected_by(&[7])), (&[][..], vec![]));
    }

    proptest! {
        #[test]
        fn affected_nodes_are_those_that_reach_a_changed_one(
            edges in prop::collection::vec((0_u32..12, 0_u32..12), 0..40),
            changed in prop::collection::vec(0_u32..12, 0..3),
        ) {
            let graph = DependencyGraph::new(12, &edges);
            let mut reaches: Vec<bool> = (0..12).map(|node| changed.contains(&node)).collect();
            for _ in 0..12 {
                for (from, to) in &edges {
                    reaches[*from as usize] |= reaches[*to as usize];
                }
            }
            let expected: Vec<u32> = (0..12).filter(|node| reaches[*node as usize]).collect();
            prop_assert_eq!(graph.affected_by(&changed), expected);
        }
    }
}
