//! Strongly connected components (Tarjan, *Depth-First Search and Linear Graph Algorithms*, 1972),
//! without recursion: import chains may be thousands deep.

use super::DependencyGraph;

/// Components in dependency order: each behind those it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    members: Vec<Vec<u32>>,
    component_of: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

impl Components {
    pub(super) fn of(graph: &DependencyGraph) -> Self {
        let count = graph.len();
        let mut walk = Walk {
            index: vec![UNSEEN; count],
            low: vec![0; count],
            on_stack: vec![false; count],
            stack: Vec::new(),
            next_index: 0,
            members: Vec::new(),
            component_of: vec![0; count],
        };
        for root in 0..count as u32 {
            if walk.index[root as usize] == UNSEEN {
                walk.from(graph, root);
            }
        }
        Self { members: walk.members, component_of: walk.component_of }
    }

    /// Each component's nodes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.members.iter().map(Vec::as_slice)
    }

    /// Index of a node's component; none for a node outside the graph.
    pub fn component_of(&self, node: u32) -> Option<u32> {
        self.component_of.get(node as usize).copied()
    }

    /// Components of more than one node: the cycles.
    pub fn cycles(&self) -> impl Iterator<Item = &[u32]> {
        self.iter().filter(|members| members.len() > 1)
    }
}

struct Walk {
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    next_index: u32,
    members: Vec<Vec<u32>>,
    component_of: Vec<u32>,
}

impl Walk {
    fn enter(&mut self, node: u32) {
        self.index[node as usize] = self.next_index;
        self.low[node as usize] = self.next_index;
        self.next_index += 1;
        self.stack.push(node);
        self.on_stack[node as usize] = true;
    }

    fn from(&mut self, graph: &DependencyGraph, root: u32) {
        // The path from the root, each node with the number of its edges that were followed.
        let mut path = vec![(root, 0_usize)];
        self.enter(root);
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            if let Some(&target) = graph.dependencies(node).get(*followed) {
                *followed += 1;
                if self.index[target as usize] == UNSEEN {
                    self.enter(target);
                    path.push((target, 0));
                } else if self.on_stack[target as usize] {
                    self.low[node as usize] = self.low[node as usize].min(self.index[target as usize]);
                }
            } else {
                path.pop();
                if let Some((parent, _)) = path.last() {
                    self.low[*parent as usize] = self.low[*parent as usize].min(self.low[node as usize]);
                }
                if self.low[node as usize] == self.index[node as usize] {
                    self.close(node);
                }
            }
        }
    }

    fn close(&mut self, root: u32) {
        let start = self.stack.iter().rposition(|node| *node == root).unwrap_or(0);
        let mut members = self.stack.split_off(start);
        members.sort_unstable();
        for node in &members {
            self.on_stack[*node as usize] = false;
            self.component_of[*node as usize] = self.members.len() as u32;
        }
        self.members.push(members);
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
