//! Strongly connected components (Tarjan, *Depth-First Search and Linear Graph Algorithms*, 1972),
//! without recursion: import chains may be thousands deep.

use super::DependencyGraph;

/// Components in dependency order: each behind those it depends on. A component's number is its place in
/// that order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// All nodes, those of one component side by side.
    members: Vec<u32>,
    /// Where each component's nodes start in `members`, and the end of the last.
    starts: Vec<u32>,
    component_of: Vec<u32>,
}

impl Components {
    pub(super) fn of(graph: &DependencyGraph) -> Self {
        let count = graph.len();
        let mut walk = Walk {
            index: vec![UNSEEN; count],
            low: vec![CLOSED; count],
            open: Vec::new(),
            next_index: 0,
            found: Self { members: Vec::with_capacity(count), starts: vec![0], component_of: vec![0; count] },
        };
        for root in 0..count as u32 {
            if walk.index[root as usize] == UNSEEN {
                walk.from(graph, root);
            }
        }
        walk.found
    }

    /// Number of components.
    pub const fn len(&self) -> usize {
        // There is one start more than components.
        self.starts.len() - 1
    }

    /// Whether there is no component, and so no node.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each component's nodes, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.members[ends[0] as usize..ends[1] as usize])
    }

    /// The nodes of one component, ascending; nothing for a number that is none.
    pub fn members(&self, component: u32) -> &[u32] {
        let component = component as usize;
        match (self.starts.get(component), self.starts.get(component + 1)) {
            (Some(start), Some(end)) => &self.members[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Every node, those it depends on before it, those of one component side by side.
    pub fn in_dependency_order(&self) -> &[u32] {
        &self.members
    }

    /// Number of a node's component; none for a node outside the graph.
    pub fn component_of(&self, node: u32) -> Option<u32> {
        self.component_of.get(node as usize).copied()
    }

    /// Components of more than one node: the cycles. A node that depends on itself alone is none.
    pub fn cycles(&self) -> impl Iterator<Item = &[u32]> {
        self.iter().filter(|members| members.len() > 1)
    }
}

const UNSEEN: u32 = u32::MAX;
/// The low mark of a node whose component is known: no path leads up through it any more.
const CLOSED: u32 = u32::MAX;

struct Walk {
    index: Vec<u32>,
    /// The smallest index that is known to be reached; [`CLOSED`] outside the open nodes.
    low: Vec<u32>,
    open: Vec<u32>,
    next_index: u32,
    found: Components,
}

impl Walk {
    fn enter(&mut self, node: u32) {
        self.index[node as usize] = self.next_index;
        self.low[node as usize] = self.next_index;
        self.next_index += 1;
        self.open.push(node);
    }

    fn from(&mut self, graph: &DependencyGraph, root: u32) {
        // The path from the root, each node with those of its targets that were not followed yet.
        let mut path = vec![(root, graph.dependencies(root))];
        self.enter(root);
        while let Some((node, to_follow)) = path.last_mut() {
            let node = *node;
            if let Some((&target, rest)) = to_follow.split_first() {
                *to_follow = rest;
                if self.index[target as usize] == UNSEEN {
                    self.enter(target);
                    path.push((target, graph.dependencies(target)));
                } else if self.low[target as usize] != CLOSED {
                    self.low[node as usize] = self.low[node as usize].min(self.index[target as usize]);
                }
            } else {
                path.pop();
                let low = self.low[node as usize];
                if let Some((parent, _)) = path.last() {
                    self.low[*parent as usize] = self.low[*parent as usize].min(low);
                }
                if low == self.index[node as usize] {
                    self.close(node);
                }
            }
        }
    }

    fn close(&mut self, root: u32) {
        let start = self.open.iter().rposition(|node| *node == root).unwrap_or(0);
        let component = self.found.len() as u32;
        let first = self.found.members.len();
        self.found.members.extend(self.open.drain(start..));
        let members = &mut self.found.members[first..];
        members.sort_unstable();
        for node in members {
            self.low[*node as usize] = CLOSED;
            self.found.component_of[*node as usize] = component;
        }
        self.found.starts.push(self.found.members.len() as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn components_stand_behind_what_they_depend_on() {
        let graph = DependencyGraph::new(5, &[(0, 1), (1, 2), (2, 1), (2, 3), (4, 4)]);
        let components = graph.components();
        assert_eq!(components.iter().collect::<Vec<_>>(), [&[3][..], &[1, 2], &[0], &[4]]);
        assert_eq!(components.cycles().collect::<Vec<_>>(), [&[1, 2][..]]);
        assert_eq!((components.component_of(2), components.component_of(9)), (Some(1), None));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_needs_no_deep_stack() {
        let edges: Vec<(u32, u32)> = (0..99_999).map(|node| (node, node + 1)).collect();
        assert_eq!(DependencyGraph::new(100_000, &edges).components().iter().count(), 100_000);
    }

    #[test]
    fn a_cycle_through_a_hundred_thousand_is_one_component() {
        let edges: Vec<(u32, u32)> = (0..100_000).map(|node| (node, (node + 1) % 100_000)).collect();
        let components = DependencyGraph::new(100_000, &edges).components();
        assert_eq!(components.iter().map(<[u32]>::len).collect::<Vec<_>>(), [100_000]);
        assert!(components.in_dependency_order().iter().copied().eq(0..100_000));
    }

    #[test]
    fn a_number_that_is_no_component_has_no_members() {
        let components = DependencyGraph::new(1, &[]).components();
        assert_eq!((components.members(0), components.members(1)), (&[0][..], &[][..]));
        assert_eq!((components.members(u32::MAX), components.len()), (&[][..], 1));
    }

    proptest! {
        #[test]
        fn nodes_share_a_component_exactly_if_each_reaches_the_other(
            edges in prop::collection::vec((0_u32..8, 0_u32..8), 0..24),
        ) {
            let mut reaches = [[false; 8]; 8];
            (0..8).for_each(|node| reaches[node][node] = true);
            for (from, to) in &edges {
                reaches[*from as usize][*to as usize] = true;
            }
            for via in 0..8 {
                for from in 0..8 {
                    for to in 0..8 {
                        reaches[from][to] |= reaches[from][via] && reaches[via][to];
                    }
                }
            }
            let components = DependencyGraph::new(8, &edges).components();
            for a in 0..8_u32 {
                for b in 0..8_u32 {
                    let together = components.component_of(a) == components.component_of(b);
                    prop_assert_eq!(together, reaches[a as usize][b as usize] && reaches[b as usize][a as usize]);
                    if reaches[a as usize][b as usize] {
                        prop_assert!(components.component_of(a) >= components.component_of(b));
                    }
                }
            }
        }
    }
}
