//! One hash for a component and all it rests on, so that "did anything below here change?" is one
//! comparison.
//!
//! | input | in the hash | why |
//! |---|---|---|
//! | own digests of the members, sorted | yes | what the files are |
//! | combined hashes of the components they import, sorted, each once | yes | what they rest on |
//! | which member imports which | no | the own digest covers the resolved imports |
//! | node numbers, order of files and edges | no | they are no property of the sources |

use super::adjacency::DependencyGraph;
use super::bits::BitSet;
use super::components::Components;
use super::hash::{CombinedHash, OwnDigest};
use crate::digest::MessageHasher;

/// The combined hashes of a graph, kept up to date with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedHashes {
    own: Vec<OwnDigest>,
    /// By node, the hash of its component: so they outlive the numbers of components.
    hashes: Vec<CombinedHash>,
}

impl CombinedHashes {
    /// The combined hashes of `graph`, whose components are `components`, from each node's own digest. A
    /// node without one counts with 32 zero bytes; digests beyond the graph are left out.
    ///
    /// Cost: one BLAKE3 over 32 bytes for each node and each edge between components.
    pub fn of(graph: &DependencyGraph, components: &Components, own: &[OwnDigest]) -> Self {
        let mut own: Vec<OwnDigest> = own.iter().copied().take(graph.len()).collect();
        own.resize(graph.len(), OwnDigest::NONE);
        let mut all = Self { own, hashes: vec![CombinedHash::NONE; graph.len()] };
        let mut maker = Maker::new();
        for members in components.iter() {
            let hash = maker.hash(graph, components, members, &all);
            all.set(members, hash);
        }
        all
    }

    /// The combined hash of a node's component; none for a node outside the graph.
    pub fn of_node(&self, node: u32) -> Option<CombinedHash> {
        self.hashes.get(node as usize).copied()
    }

    /// Takes in other own digests of the same graph. Gives the nodes whose combined hash changed, in
    /// dependency order.
    ///
    /// Cost: linear in the edges of the components that are hashed anew, which end where a hash came out
    /// as before; of the rest of the graph a bit for each component is looked at.
    pub fn update(
        &mut self,
        graph: &DependencyGraph,
        components: &Components,
        changed: &[(u32, OwnDigest)],
    ) -> Vec<u32> {
        let mut stale = BitSet::new(components.len());
        self.take_own(components, changed, &mut stale);
        self.hash_anew(graph, components, stale)
    }

    /// Follows the graph to other edges, and takes in other own digests. `before` and `now` are graphs
    /// with their components; nodes that `now` has more are new, nodes that it has less are forgotten.
    /// Gives the nodes whose combined hash changed, in dependency order; new nodes count.
    ///
    /// Cost: as [`Self::update`], and one comparison of the two graphs' edges.
    pub fn follow(
        &mut self,
        before: (&DependencyGraph, &Components),
        now: (&DependencyGraph, &Components),
        changed: &[(u32, OwnDigest)],
    ) -> Vec<u32> {
        let (graph, components) = now;
        let known = self.hashes.len().min(graph.len()) as u32;
        self.own.resize(graph.len(), OwnDigest::NONE);
        self.hashes.resize(graph.len(), CombinedHash::NONE);
        let mut stale = BitSet::new(components.len());
        let mut add = |node: u32| {
            if let Some(component) = components.component_of(node) {
                stale.insert(component);
            }
        };
        (known..graph.len() as u32).for_each(&mut add);
        for touched in graph.nodes_with_other_edges(before.0) {
            add(touched);
            // A component that fell apart leaves pieces whose own edges are the old ones.
            let old = before.1.component_of(touched).map_or(&[][..], |old| before.1.members(old));
            old.iter().copied().for_each(&mut add);
        }
        self.take_own(components, changed, &mut stale);
        self.hash_anew(graph, components, stale)
    }

    fn take_own(&mut self, components: &Components, changed: &[(u32, OwnDigest)], stale: &mut BitSet) {
        for (node, digest) in changed {
            let Some(own) = self.own.get_mut(*node as usize).filter(|own| *own != digest) else { continue };
            *own = *digest;
            if let Some(component) = components.component_of(*node) {
                stale.insert(component);
            }
        }
    }

    /// Hashes stale components in dependency order, and those that depend on one that changed by it.
    fn hash_anew(&mut self, graph: &DependencyGraph, components: &Components, mut stale: BitSet) -> Vec<u32> {
        let mut changed = Vec::new();
        let mut maker = Maker::new();
        while let Some(component) = stale.take_first() {
            let members = components.members(component);
            let hash = maker.hash(graph, components, members, self);
            for &member in members {
                // After an edit the members may have come from different components.
                if self.of_node(member).is_none_or(|old| old == hash) {
                    continue;
                }
                changed.push(member);
                for dependent in graph.dependents(member) {
                    // Dependents come behind, so none is before the one that was taken last.
                    let above = components.component_of(*dependent).filter(|above| *above != component);
                    if let Some(above) = above {
                        stale.insert(above);
                    }
                }
            }
            self.set(members, hash);
        }
        changed
    }

    fn set(&mut self, members: &[u32], hash: CombinedHash) {
        for member in members {
            if let Some(slot) = self.hashes.get_mut(*member as usize) {
                *slot = hash;
            }
        }
    }
}

/// Hashes components, with room that is used again.
struct Maker {
    hasher: MessageHasher,
    message: Vec<[u8; 32]>,
}

impl Maker {
    fn new() -> Self {
        Self { hasher: MessageHasher::new("janus-cache 2026 graph: combined hash"), message: Vec::new() }
    }

    /// The message is the number of members (little-endian, in 32 bytes like all the rest, so that the
    /// members end where it says), their own digests, and the combined hashes that they import.
    fn hash(
        &mut self,
        graph: &DependencyGraph,
        components: &Components,
        members: &[u32],
        known: &CombinedHashes,
    ) -> CombinedHash {
        let message = &mut self.message;
        message.clear();
        message.push([0; 32]);
        message
            .extend(members.iter().filter_map(|node| known.own.get(*node as usize)).map(OwnDigest::as_bytes));
        let imports_at = message.len();
        let (count, own) = message.split_at_mut(1);
        count.as_flattened_mut()[..8].copy_from_slice(&(own.len() as u64).to_le_bytes());
        own.sort_unstable();

        let here = members.first().and_then(|node| components.component_of(*node));
        for member in members {
            for import in graph.dependencies(*member) {
                match known.hashes.get(*import as usize) {
                    Some(hash) if components.component_of(*import) != here => message.push(*hash.as_bytes()),
                    _ => {}
                }
            }
        }
        let kept = imports_at + sort_and_dedup(&mut message[imports_at..]);
        CombinedHash::from_bytes(self.hasher.hash(message[..kept].as_flattened()))
    }
}

/// Sorts hashes, each once, and gives how many are kept in front.
fn sort_and_dedup(hashes: &mut [[u8; 32]]) -> usize {
    // Hashes differ in their first bytes, so most comparisons are of two numbers.
    let first = |hash: &[u8; 32]| hash.first_chunk().map_or(0, |chunk| u64::from_be_bytes(*chunk));
    hashes.sort_unstable_by(|a, b| first(a).cmp(&first(b)).then_with(|| a.cmp(b)));
    let mut kept = 0;
    for at in 0..hashes.len() {
        if kept == 0 || hashes[kept - 1] != hashes[at] {
            hashes[kept] = hashes[at];
            kept += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn own(value: u8) -> OwnDigest {
        OwnDigest::from_bytes([value; 32])
    }

    fn digests(values: &[u8]) -> Vec<OwnDigest> {
        values.iter().copied().map(own).collect()
    }

    fn hashes(edges: &[(u32, u32)], own: &[u8]) -> CombinedHashes {
        let graph = DependencyGraph::new(own.len(), edges);
        CombinedHashes::of(&graph, &graph.components(), &digests(own))
    }

    #[test]
    fn a_hash_changes_with_what_a_node_rests_on_and_with_nothing_else() {
        // 0 → 1 → 2, 3
        let edges = [(0, 1), (1, 2)];
        let (before, after) = (hashes(&edges, &[1, 2, 3, 4]), hashes(&edges, &[1, 9, 3, 4]));
        let changed: Vec<u32> = (0..4).filter(|node| before.of_node(*node) != after.of_node(*node)).collect();
        assert_eq!(changed, [0, 1]);
        assert_eq!(before.of_node(4), None);
    }

    #[test]
    fn numbers_of_nodes_and_order_of_edges_are_not_in_the_hash() {
        // A cycle of two that imports a third, twice: under other numbers, with repeated edges.
        let one = hashes(&[(0, 1), (1, 0), (1, 2)], &[10, 11, 12]);
        let other = hashes(&[(1, 0), (2, 1), (1, 2), (1, 0), (2, 1)], &[12, 11, 10]);
        assert_eq!((one.of_node(0), one.of_node(2)), (other.of_node(2), other.of_node(0)));
        assert_eq!(one.of_node(0), one.of_node(1));
    }

    #[test]
    fn what_a_component_is_and_what_it_imports_do_not_stand_for_each_other() {
        let leaf = hashes(&[], &[1]);
        let importer = hashes(&[(0, 1)], &[2, 1]);
        let leaf_digest = OwnDigest::from_bytes(*leaf.of_node(0).expect("a node").as_bytes());
        let cycle = DependencyGraph::new(2, &[(0, 1), (1, 0)]);
        let cycle = CombinedHashes::of(&cycle, &cycle.components(), &[own(2), leaf_digest]);
        assert_ne!(importer.of_node(0), cycle.of_node(0));
    }

    #[test]
    fn an_update_stops_where_a_hash_came_out_as_before() {
        // A cycle 1 ⇄ 2 below 0: swapping two members' digests leaves their sorted digests alone.
        let graph = DependencyGraph::new(3, &[(0, 1), (1, 2), (2, 1)]);
        let components = graph.components();
        let mut hashes = CombinedHashes::of(&graph, &components, &digests(&[1, 2, 3]));
        let swapped = [(1, own(3)), (2, own(2))];
        assert_eq!(hashes.update(&graph, &components, &swapped), [0_u32; 0]);
        assert_eq!(hashes.update(&graph, &components, &[(1, own(3)), (7, own(1))]), [0_u32; 0]);
        assert_eq!(hashes.update(&graph, &components, &[(2, own(4))]), [1, 2, 0]);
    }

    #[test]
    fn a_node_that_a_component_lost_is_hashed_anew_though_the_component_came_out_as_before() {
        // 0 ⇄ 1 and 2 → 0 become 0 ⇄ 2 and 1 → 0, where 1 and 2 are the same by themselves.
        let before = DependencyGraph::new(3, &[(0, 1), (1, 0), (2, 0)]);
        let now = before.with_edges_replaced(&[(0, vec![2])]);
        let (old, new) = (before.components(), now.components());
        let mut hashes = CombinedHashes::of(&before, &old, &digests(&[1, 2, 2]));
        assert_eq!(hashes.follow((&before, &old), (&now, &new), &[]), [2, 1]);
        assert_eq!(hashes, CombinedHashes::of(&now, &new, &digests(&[1, 2, 2])));
    }

    #[test]
    fn imports_count_as_a_set_of_what_they_are() {
        let edges = [(0, 1), (0, 2), (0, 3)];
        let one = hashes(&edges, &[1, 2, 3, 4]).of_node(0);
        assert_eq!(one, hashes(&edges, &[1, 3, 4, 2]).of_node(0));
        // Two imports that rest on the same are one.
        assert_eq!(hashes(&edges, &[1, 2, 3, 3]).of_node(0), hashes(&edges[..2], &[1, 2, 3, 3]).of_node(0));
        assert_ne!(one, hashes(&edges, &[1, 2, 3, 3]).of_node(0));
    }

    #[test]
    fn new_nodes_count_as_changed_and_forgotten_ones_are_gone() {
        let before = DependencyGraph::new(1, &[]);
        let now = before.with_nodes_appended(1);
        let (old, new) = (before.components(), now.components());
        let mut hashes = CombinedHashes::of(&before, &old, &digests(&[1]));
        assert_eq!(hashes.follow((&before, &old), (&now, &new), &[(1, own(2))]), [1]);
        assert_eq!(hashes, CombinedHashes::of(&now, &new, &digests(&[1, 2])));
        assert_eq!(hashes.follow((&now, &new), (&before, &old), &[]), [0_u32; 0]);
        assert_eq!(hashes.of_node(1), None);
    }

    #[test]
    fn a_chain_and_a_cycle_of_a_hundred_thousand_are_hashed_without_a_deep_stack() {
        let chain: Vec<(u32, u32)> = (0..99_999).map(|node| (node, node + 1)).collect();
        for edges in [chain.clone(), [chain, vec![(99_999, 0)]].concat()] {
            let graph = DependencyGraph::new(100_000, &edges);
            let components = graph.components();
            let mut hashes = CombinedHashes::of(&graph, &components, &[]);
            assert_eq!(hashes.update(&graph, &components, &[(99_999, own(1))]).len(), 100_000);
        }
    }

    proptest! {
        #[test]
        fn following_changes_gives_what_hashing_from_scratch_gives(
            count in 1_usize..14,
            edges in prop::collection::vec((0_u32..14, 0_u32..14), 0..30),
            changes in prop::collection::vec(
                (
                    // Few different digests, so that some changes change nothing and some cancel out.
                    prop::collection::vec((0_u32..16, 0_u8..3), 0..4),
                    prop::collection::btree_map(0_u32..16, prop::collection::vec(0_u32..16, 0..4), 0..3),
                    prop::option::of(0_u32..16),
                    0_usize..2,
                ),
                1..4,
            ),
        ) {
            let mut graph = DependencyGraph::new(count, &edges);
            let mut components = graph.components();
            let mut digests = vec![own(0); count];
            let mut hashes = CombinedHashes::of(&graph, &components, &digests);
            for (new_own, new_edges, isolated, appended) in changes {
                let new_own: BTreeMap<u32, OwnDigest> =
                    new_own.into_iter().map(|(node, value)| (node, own(value))).collect();
                let new_own: Vec<(u32, OwnDigest)> = new_own.into_iter().collect();
                let new_edges: Vec<(u32, Vec<u32>)> = new_edges.into_iter().collect();
                let now = graph
                    .with_nodes_appended(appended)
                    .with_edges_replaced(&new_edges)
                    .with_nodes_isolated(isolated.as_slice());
                let now_components = now.components();
                let old_hashes = hashes.clone();
                digests.resize(now.len(), OwnDigest::NONE);
                for (node, digest) in &new_own {
                    if let Some(slot) = digests.get_mut(*node as usize) {
                        *slot = *digest;
                    }
                }
                let mut changed = if new_edges.is_empty() && isolated.is_none() && appended == 0 {
                    hashes.update(&graph, &components, &new_own)
                } else {
                    hashes.follow((&graph, &components), (&now, &now_components), &new_own)
                };
                let expected = CombinedHashes::of(&now, &now_components, &digests);
                prop_assert_eq!(&hashes, &expected);
                let place = |node: &u32| (now_components.component_of(*node), *node);
                prop_assert!(changed.iter().map(place).is_sorted());
                changed.sort_unstable();
                let differing = (0..now.len() as u32)
                    .filter(|node| old_hashes.of_node(*node) != expected.of_node(*node));
                prop_assert_eq!(changed, differing.collect::<Vec<_>>());
                (graph, components) = (now, now_components);
            }
        }
    }
}
