//! What a change can reach, in the order in which it is to be rebuilt, and by which way it came.

use super::adjacency::DependencyGraph;
use super::bits::BitSet;
use super::components::Components;
use super::paged::PagedMap;

/// When one node in this many is affected, going through all nodes in order is cheaper than sorting.
const SORTED_SHARE: usize = 16;

/// The nodes that a change can reach: those that changed and all that depend on one of them, directly or
/// not.
#[derive(Clone, Debug)]
pub struct Invalidated {
    in_order: Vec<u32>,
    /// For each affected node the next one on a shortest way to a changed one; for those themselves.
    toward: PagedMap,
}

/// Finds what a change of the nodes `changed` reaches. `components` are those of `graph`; nodes outside
/// it are left out.
///
/// Cost: linear in the affected edges, and sorting the affected nodes while they are few; of the rest of
/// the graph about a bit for each node is cleared.
///
/// ```
/// use janus_cache::graph::{DependencyGraph, invalidate};
///
/// // 0 imports 1, which imports 2; 3 imports nothing.
/// let graph = DependencyGraph::new(4, &[(0, 1), (1, 2)]);
/// let reached = invalidate(&graph, &graph.components(), &[2]);
/// assert_eq!(reached.nodes(), [2, 1, 0]);
/// assert_eq!(reached.because(0).collect::<Vec<_>>(), [0, 1, 2]);
/// ```
pub fn invalidate(graph: &DependencyGraph, components: &Components, changed: &[u32]) -> Invalidated {
    let mut toward = PagedMap::new(graph.len());
    let (reached, seen) = reach(graph, changed, |node, next| {
        toward.insert_first(node, next);
    });
    Invalidated { in_order: in_dependency_order(components, reached, &seen), toward }
}

impl Invalidated {
    /// The affected nodes, each behind those it depends on, those of one component side by side.
    pub fn nodes(&self) -> &[u32] {
        &self.in_order
    }

    /// Number of affected nodes.
    pub const fn len(&self) -> usize {
        self.in_order.len()
    }

    /// Whether nothing is affected.
    pub const fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// Whether the change reaches `node`.
    pub fn contains(&self, node: u32) -> bool {
        self.toward.get(node).is_some()
    }

    /// The way by which the change reached `node`: from it down to one that changed, each depending
    /// directly on the next. No way is shorter, and the same change gives the same one. A changed node
    /// alone is its own; one that is not affected has none.
    pub fn because(&self, node: u32) -> impl Iterator<Item = u32> {
        // Each step comes nearer to a changed node, so the walk ends.
        std::iter::successors(self.toward.get(node).map(|_| node), |node| {
            self.toward.get(*node).filter(|next| next != node)
        })
    }
}

impl DependencyGraph {
    /// The changed nodes and all that depend on one of them, directly or not, ascending. Cost: as of
    /// [`invalidate`].
    pub fn affected_by(&self, changed: &[u32]) -> Vec<u32> {
        let (_, mut seen) = reach(self, changed, |_, _| {});
        std::iter::from_fn(|| seen.take_first()).collect()
    }
}

/// The affected nodes, nearest to the change first, and the same as a set. `visit` hears of each node
/// once, with the next one on the way to the change.
fn reach(graph: &DependencyGraph, changed: &[u32], mut visit: impl FnMut(u32, u32)) -> (Vec<u32>, BitSet) {
    // Most edges of a large wave lead to a node that was seen before: a bit tells, which lies near.
    let mut seen = BitSet::new(graph.len());
    let mut reached: Vec<u32> =
        changed.iter().copied().filter(|node| (*node as usize) < graph.len()).collect();
    // Sorted, so that of several shortest ways the order of `changed` does not choose one.
    reached.sort_unstable();
    reached.dedup();
    for node in &reached {
        seen.insert(*node);
        visit(*node, *node);
    }
    let mut next = 0;
    while let Some(&node) = reached.get(next) {
        next += 1;
        for dependent in graph.dependents(node) {
            if seen.insert(*dependent) {
                visit(*dependent, node);
                reached.push(*dependent);
            }
        }
    }
    (reached, seen)
}

fn in_dependency_order(components: &Components, mut reached: Vec<u32>, seen: &BitSet) -> Vec<u32> {
    let all = components.in_dependency_order();
    if reached.len() > all.len() / SORTED_SHARE {
        let mut in_order = Vec::with_capacity(reached.len());
        in_order.extend(all.iter().copied().filter(|node| seen.contains(*node)));
        // Components of another graph must not make affected nodes disappear.
        if in_order.len() == reached.len() {
            return in_order;
        }
    }
    reached.sort_unstable_by_key(|node| (components.component_of(*node), *node));
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reached(graph: &DependencyGraph, changed: &[u32]) -> Invalidated {
        invalidate(graph, &graph.components(), changed)
    }

    #[test]
    fn a_change_affects_what_depends_on_it_through_cycles_and_nothing_else() {
        // 0 → 1 ⇄ 2 → 3, 4 → 3
        let graph = DependencyGraph::new(5, &[(0, 1), (1, 2), (2, 1), (2, 3), (4, 3)]);
        assert_eq!(graph.affected_by(&[2]), [0, 1, 2]);
        assert_eq!(graph.affected_by(&[3]), [0, 1, 2, 3, 4]);
        assert_eq!(graph.affected_by(&[4]), [4]);
        assert_eq!(graph.affected_by(&[]), [0_u32; 0]);
        assert_eq!(reached(&graph, &[3]).nodes(), [3, 1, 2, 0, 4]);
    }

    #[test]
    fn nodes_outside_the_graph_are_left_out() {
        let graph = DependencyGraph::new(1, &[(0, 7), (7, 0)]);
        assert_eq!((graph.dependencies(0), graph.affected_by(&[7])), (&[][..], vec![]));
        let reached = reached(&graph, &[7, u32::MAX]);
        assert!(reached.is_empty() && !reached.contains(7));
        assert_eq!(reached.because(7).count(), 0);
    }

    #[test]
    fn of_several_ways_the_shortest_is_told() {
        // 0 → 1 → 2 → 4, 0 → 3 → 4
        let graph = DependencyGraph::new(6, &[(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)]);
        let reached = reached(&graph, &[4]);
        assert_eq!(reached.because(0).collect::<Vec<_>>(), [0, 3, 4]);
        assert_eq!(reached.because(4).collect::<Vec<_>>(), [4]);
        assert_eq!(reached.because(5).collect::<Vec<_>>(), [0_u32; 0]);
    }

    #[test]
    fn a_change_at_the_end_of_a_chain_of_a_hundred_thousand_reaches_its_start() {
        let edges: Vec<(u32, u32)> = (0..99_999).map(|node| (node, node + 1)).collect();
        let reached = reached(&DependencyGraph::new(100_000, &edges), &[99_999]);
        assert!(reached.nodes().iter().copied().eq((0..100_000).rev()));
        assert!(reached.because(0).eq(0..100_000));
    }

    #[test]
    fn components_of_another_graph_lose_no_affected_node() {
        let graph = DependencyGraph::new(3, &[(0, 1), (1, 2)]);
        let others = DependencyGraph::new(1, &[]).components();
        assert_eq!(invalidate(&graph, &others, &[2]).len(), 3);
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

        #[test]
        fn affected_nodes_stand_behind_what_they_depend_on_with_a_shortest_way_to_the_change(
            // Many nodes and few edges, so that both ways of ordering are taken.
            edges in prop::collection::vec((0_u32..60, 0_u32..60), 0..90),
            changed in prop::collection::vec(0_u32..60, 0..3),
        ) {
            let graph = DependencyGraph::new(60, &edges);
            let components = graph.components();
            let found = invalidate(&graph, &components, &changed);
            let order: Vec<(Option<u32>, u32)> =
                found.nodes().iter().map(|node| (components.component_of(*node), *node)).collect();
            prop_assert!(order.is_sorted());
            let mut nodes = found.nodes().to_vec();
            nodes.sort_unstable();
            prop_assert_eq!(nodes, graph.affected_by(&changed));

            let mut distance = [usize::MAX; 60];
            for node in &changed {
                distance[*node as usize] = 0;
            }
            for _ in 0..60 {
                for (from, to) in &edges {
                    let by_this = distance[*to as usize].saturating_add(1);
                    distance[*from as usize] = distance[*from as usize].min(by_this);
                }
            }
            for node in 0..60 {
                let way: Vec<u32> = found.because(node).collect();
                prop_assert_eq!(found.contains(node), !way.is_empty());
                let Some(end) = way.last() else { continue };
                prop_assert!(way[0] == node && changed.contains(end));
                prop_assert_eq!(way.len() - 1, distance[node as usize]);
                prop_assert!(way.windows(2).all(|step| edges.contains(&(step[0], step[1]))));
            }
        }
    }
}
