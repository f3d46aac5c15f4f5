//! Is the dependency graph out of the way of a build of 100,000 files with 1,000,000 imports?
//!
//! The floor is one pass over the edges that the change can reach, in the graph's own arrays: whoever
//! finds what is affected looks at each of them. A wave over all files is to stay below 10 ms.

#[path = "support/ratios.rs"]
mod ratios;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use janus_cache::graph::{CombinedHashes, Components, DependencyGraph, OwnDigest, Wave, invalidate};

const NODES: u32 = 100_000;
const IMPORTS_PER_NODE: u32 = 10;
/// One file in so many is imported by its neighbour, too: small cycles, as real projects have them.
const CYCLE_EVERY: u32 = 50;

const WHOLE: &str = "graph, 100,000 nodes, 1,000,000 edges";
const FLOOR: &str = "one pass over all edges";

/// Pseudo-random numbers, the same in every run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// Every file imports one that leads to file 0 in a few steps, some near ones as in its own folder, and
/// some from anywhere.
fn edges() -> Vec<(u32, u32)> {
    let mut numbers = Numbers(1);
    let mut edges = Vec::new();
    for node in 1..NODES {
        edges.push((node, node / 2));
        for import in 1..IMPORTS_PER_NODE {
            let near = node.saturating_sub(1 + numbers.below(200));
            edges.push((node, if import < 7 { near } else { numbers.below(node) }));
        }
        if node % CYCLE_EVERY == 0 {
            edges.push((node - 1, node));
        }
    }
    edges
}

fn own_digest(number: u32) -> OwnDigest {
    let mut numbers = Numbers(u64::from(number));
    OwnDigest::from_bytes(std::array::from_fn(|_| numbers.below(256) as u8))
}

/// A node whose change reaches three nodes or a few more.
fn almost_on_top(graph: &DependencyGraph, components: &Components) -> u32 {
    let reaches = |node: &u32| invalidate(graph, components, &[*node]).len();
    (0..NODES).rev().find(|node| reaches(node) >= 3).expect("some node is imported")
}

fn pass_over_edges(graph: &DependencyGraph, nodes: &[u32]) -> u64 {
    nodes.iter().flat_map(|node| graph.dependents(*node)).map(|to| u64::from(*to)).sum()
}

/// Rebuilds whatever is handed out.
fn run(mut wave: Wave<'_>) -> usize {
    let mut rebuilt = 0;
    while let Some(unit) = wave.next_ready() {
        rebuilt += unit.members.len();
        wave.finished(unit.component, true).expect("it was handed out");
    }
    rebuilt
}

fn main() {
    let mut criterion = ratios::criterion()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    bench(&mut criterion);
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion) {
    let edges = edges();
    let graph = DependencyGraph::new(NODES as usize, &edges);
    let components = graph.components();
    let own: Vec<OwnDigest> = (0..NODES).map(own_digest).collect();
    let hashes = CombinedHashes::of(&graph, &components, &own);
    let top = almost_on_top(&graph, &components);
    let all = invalidate(&graph, &components, &[0]);
    assert_eq!(all.len(), NODES as usize, "a change of file 0 reaches all");
    println!(
        "{} edges, {} components, the largest of {} nodes; file {top} reaches {}",
        graph.edge_count(),
        components.len(),
        components.iter().map(<[u32]>::len).max().unwrap_or(0),
        invalidate(&graph, &components, &[top]).len(),
    );
    // One more import, and all but one less.
    let replaced = [(top, [graph.dependencies(top), &[1]].concat()), (top - 1, vec![1])];
    let edited = graph.with_edges_replaced(&replaced);
    let edited_components = edited.components();

    let mut group = criterion.benchmark_group(WHOLE);
    group.bench_function(FLOOR, |b| b.iter(|| pass_over_edges(&graph, all.nodes())));
    group.bench_function("construct", |b| b.iter(|| DependencyGraph::new(NODES as usize, black_box(&edges))));
    group.bench_function("replace edges of two files", |b| {
        b.iter(|| graph.with_edges_replaced(black_box(&replaced)));
    });
    group.bench_function("components", |b| b.iter(|| graph.components()));
    group.bench_function("combined hashes", |b| b.iter(|| CombinedHashes::of(&graph, &components, &own)));
    let update = |node: u32| {
        let (graph, components) = (&graph, &components);
        move |mut hashes: CombinedHashes| {
            let changed = hashes.update(graph, components, &[(node, own_digest(NODES))]);
            (hashes, changed)
        }
    };
    group.bench_function("update, few above", |b| {
        b.iter_batched(|| hashes.clone(), update(top), BatchSize::LargeInput);
    });
    group.bench_function("update, all above", |b| {
        b.iter_batched(|| hashes.clone(), update(0), BatchSize::LargeInput);
    });
    group.bench_function("follow edges of two files", |b| {
        let follow = |mut hashes: CombinedHashes| {
            let changed = hashes.follow((&graph, &components), (&edited, &edited_components), &[]);
            (hashes, changed)
        };
        b.iter_batched(|| hashes.clone(), follow, BatchSize::LargeInput);
    });
    group.bench_function("invalidate all", |b| b.iter(|| invalidate(&graph, &components, black_box(&[0]))));
    group.bench_function("invalidate few", |b| b.iter(|| invalidate(&graph, &components, black_box(&[top]))));
    group.bench_function("wave, all rebuilt", |b| b.iter(|| run(Wave::new(&graph, &components, &[0]))));
    group.bench_function("wave, few rebuilt", |b| b.iter(|| run(Wave::new(&graph, &components, &[top]))));
    group.finish();
    let contestants = [
        FLOOR,
        "construct",
        "replace edges of two files",
        "components",
        "combined hashes",
        "update, few above",
        "update, all above",
        "follow edges of two files",
        "invalidate all",
        "invalidate few",
        "wave, all rebuilt",
        "wave, few rebuilt",
    ];
    ratios::print_ratios(WHOLE, FLOOR, &contestants);
}
