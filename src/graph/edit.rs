//! A graph after an edit: the old one stays, the new one is a copy with other lists.
//!
//! The arrays are copied in long pieces, so an edit of a million edges costs about a millisecond, and
//! nobody sees a graph that is half changed.

use super::adjacency::DependencyGraph;

impl DependencyGraph {
    /// The graph in which each named node depends on its new targets, instead of those it had. Targets and
    /// nodes outside the graph are left out; of a node that is named twice, the last list counts.
    ///
    /// Cost: a copy of the arrays, and a merge for each node whose dependents change.
    #[must_use]
    pub fn with_edges_replaced(&self, replaced: &[(u32, Vec<u32>)]) -> Self {
        let is_inside = |node: u32| (node as usize) < self.len();
        let mut lists: Vec<(u32, Vec<u32>)> = Vec::with_capacity(replaced.len());
        // From the last on, so that sorting by node alone keeps the last list of a node in front.
        for (node, targets) in replaced.iter().rev().filter(|(node, _)| is_inside(*node)) {
            let mut targets: Vec<u32> = targets.iter().copied().filter(|to| is_inside(*to)).collect();
            targets.sort_unstable();
            targets.dedup();
            lists.push((*node, targets));
        }
        lists.sort_by_key(|(node, _)| *node);
        lists.dedup_by_key(|(node, _)| *node);

        let mut changes = Vec::new();
        for (from, targets) in &lists {
            let old = self.dependencies(*from);
            let gone = old.iter().filter(|to| targets.binary_search(to).is_err());
            let new = targets.iter().filter(|to| old.binary_search(to).is_err());
            changes.extend(gone.map(|to| EdgeChange { to: *to, from: *from, is_new: false }));
            changes.extend(new.map(|to| EdgeChange { to: *to, from: *from, is_new: true }));
        }
        changes.sort_unstable();
        let of_one_target = changes.chunk_by(|a, b| a.to == b.to);
        let dependents: Vec<(u32, Vec<u32>)> = of_one_target
            .filter_map(|changes| {
                let to = changes.first()?.to;
                Some((to, merged(self.dependents(to), changes)))
            })
            .collect();
        Self {
            dependencies: self.dependencies.with_lists(self.len(), &lists),
            dependents: self.dependents.with_lists(self.len(), &dependents),
        }
    }

    /// The graph with `count` nodes more, behind the others and without edges. Cost: a copy.
    #[must_use]
    pub fn with_nodes_appended(&self, count: usize) -> Self {
        let node_count = self.len().saturating_add(count).min(u32::MAX as usize);
        Self {
            dependencies: self.dependencies.with_lists(node_count, &[]),
            dependents: self.dependents.with_lists(node_count, &[]),
        }
    }

    /// The graph in which no edge leads to or from `nodes`: they are removed, and the others keep their
    /// numbers. Cost: as [`Self::with_edges_replaced`] for the nodes and all that depend on them.
    #[must_use]
    pub fn with_nodes_isolated(&self, nodes: &[u32]) -> Self {
        let mut nodes = nodes.to_vec();
        nodes.sort_unstable();
        let is_removed = |node: &u32| nodes.binary_search(node).is_ok();
        let mut touched: Vec<u32> = nodes.iter().flat_map(|node| self.dependents(*node)).copied().collect();
        touched.retain(|node| !is_removed(node));
        touched.sort_unstable();
        touched.dedup();
        let kept = |node: &u32| {
            let targets = self.dependencies(*node).iter().copied();
            (*node, targets.filter(|to| !is_removed(to)).collect())
        };
        let mut lists: Vec<(u32, Vec<u32>)> = touched.iter().map(kept).collect();
        lists.extend(nodes.iter().map(|node| (*node, Vec::new())));
        self.with_edges_replaced(&lists)
    }

    /// Nodes whose dependencies differ from those in `before`, ascending; those that `before` does not
    /// have count if they have any. Cost: one comparison of the arrays.
    pub(super) fn nodes_with_other_edges(&self, before: &Self) -> Vec<u32> {
        let count = self.len().max(before.len()) as u32;
        (0..count).filter(|node| self.dependencies(*node) != before.dependencies(*node)).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct EdgeChange {
    to: u32,
    from: u32,
    is_new: bool,
}

/// A list of dependents after changes that ascend by dependent, one for each at most.
fn merged(old: &[u32], changes: &[EdgeChange]) -> Vec<u32> {
    let mut list = Vec::with_capacity(old.len() + changes.len());
    let mut rest = old;
    for change in changes {
        let (before, from_here) = rest.split_at(rest.partition_point(|from| *from < change.from));
        list.extend_from_slice(before);
        if change.is_new {
            list.push(change.from);
        }
        rest = from_here.strip_prefix(&[change.from]).unwrap_or(from_here);
    }
    list.extend_from_slice(rest);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_list_of_a_node_counts_and_what_lies_outside_is_left_out() {
        let graph = DependencyGraph::new(3, &[(0, 1)]);
        let edited = graph.with_edges_replaced(&[(0, vec![1]), (9, vec![0]), (0, vec![2, 9, 2])]);
        assert_eq!(edited, DependencyGraph::new(3, &[(0, 2)]));
    }

    #[test]
    fn a_removed_node_keeps_its_number_and_loses_its_edges() {
        let graph = DependencyGraph::new(4, &[(0, 1), (1, 2), (3, 1), (3, 2), (1, 1)]);
        assert_eq!(graph.with_nodes_isolated(&[1, 8]), DependencyGraph::new(4, &[(3, 2)]));
    }

    #[test]
    fn appended_nodes_stand_behind_the_others_and_can_be_given_edges() {
        let graph = DependencyGraph::new(2, &[(0, 1)]).with_nodes_appended(2);
        assert_eq!(graph, DependencyGraph::new(4, &[(0, 1)]));
        let edited = graph.with_edges_replaced(&[(3, vec![0]), (1, vec![2])]);
        assert_eq!(edited, DependencyGraph::new(4, &[(0, 1), (1, 2), (3, 0)]));
    }

    proptest! {
        #[test]
        fn an_edited_graph_equals_the_one_made_from_its_edges(
            edges in prop::collection::vec((0_u32..10, 0_u32..10), 0..40),
            replaced in prop::collection::btree_map(0_u32..10, prop::collection::vec(0_u32..10, 0..6), 0..4),
        ) {
            let graph = DependencyGraph::new(10, &edges);
            let mut expected: Vec<(u32, u32)> =
                edges.iter().copied().filter(|(from, _)| !replaced.contains_key(from)).collect();
            for (from, targets) in &replaced {
                expected.extend(targets.iter().map(|to| (*from, *to)));
            }
            let lists: Vec<(u32, Vec<u32>)> = replaced.into_iter().collect();
            let edited = graph.with_edges_replaced(&lists);
            let expected = DependencyGraph::new(10, &expected);
            let differing = (0..10).filter(|node| graph.dependencies(*node) != expected.dependencies(*node));
            prop_assert_eq!(edited.nodes_with_other_edges(&graph), differing.collect::<Vec<_>>());
            prop_assert_eq!(edited, expected);
        }
    }
}
