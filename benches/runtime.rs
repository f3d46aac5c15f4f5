//! What does a call cost in a running process, by its own type ids?
//!
//! One family of two positions, a method for each pair of 14 of 1,000 types, so that every call has one,
//! as in a program that runs. The floor is a dense matrix of all million answers in memory, 4 MB for this
//! one family. The peer is what run-times use who have no table: a hash map of the exact tuples that they
//! met, with a fast hash. Calls come in four streams, by how many different tuples they have; each is
//! measured with calls that do not wait for each other, and with calls that wait for the one before.

#[path = "support/ratios.rs"]
mod ratios;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
use janus_cache::format::Outcome;
use janus_cache::image::{
    BindError, BoundFamily, DispatchImage, ImageContent, ImageType, InlineCache, OwnType, SharedInlineCache,
    encode_image,
};
use rustc_hash::FxHashMap;

const TYPES: u32 = 1000;
const PARAMS: u32 = 14;
const CALLS: usize = 1 << 16;
const FLOOR: &str = "dense matrix in memory";

/// Numbers that follow each other in a scattered, fixed order.
struct Scattered(u64);

impl Scattered {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

fn name_of(at: u32) -> String {
    format!("game::world::Type{at:03}")
}

fn image() -> Vec<u8> {
    let decl = |at: u32| TypeDecl {
        name: name_of(at),
        supers: if at == 0 { vec![] } else { vec![name_of((at - 1) / 3)] },
        ..TypeDecl::default()
    };
    let graph = TypeGraph::new((0..TYPES).map(decl)).expect("a tree");
    let mut collide = Family::new("game::rules::collide", 2, Vec::new());
    for (a, b) in (0..PARAMS).flat_map(|a| (0..PARAMS).map(move |b| (a, b))) {
        let params = [name_of(a), name_of(b)];
        let implementation = format!("collide({}, {})", params[0], params[1]);
        collide.methods.push(Method {
            params: params.to_vec(),
            implementation,
            module: "game::rules".to_owned(),
            default: false,
        });
    }
    let logical = restrict(&graph, &collide).expect("a family");
    let compiled = compile(&logical, &CompileOptions::default()).expect("a table");
    println!("table: {}, {} bytes", compiled.optimization.as_str(), compiled.bytes.len());
    let types = (0..TYPES).map(|at| ImageType { name: name_of(at), sealed: false }).collect();
    let content =
        ImageContent { name: "game", types, tables: vec![&compiled.bytes], ..ImageContent::default() };
    encode_image(&content, |_, _| None).expect("an image")
}

fn code(outcome: Result<Outcome, BindError>) -> u32 {
    match outcome {
        Ok(Outcome::Method(entry)) => entry.0,
        Ok(Outcome::NoMethod) => u32::MAX,
        Ok(Outcome::Ambiguous) => u32::MAX - 1,
        Err(_) => u32::MAX - 2,
    }
}

/// Measures one contestant with independent calls, and with calls of which each waits for the last.
fn contest(
    criterion: &mut Criterion,
    (independent, dependent): (&str, &str),
    contestant: &str,
    calls: &[[OwnType; 2]],
    mut ask: impl FnMut(&[OwnType; 2]) -> u32,
) {
    let mut group = criterion.benchmark_group(independent);
    group.throughput(Throughput::Elements(calls.len() as u64));
    group.bench_function(contestant, |b| {
        b.iter(|| calls.iter().fold(0_u32, |sum, call| sum.wrapping_add(ask(call))));
    });
    group.finish();
    let mut group = criterion.benchmark_group(dependent);
    group.throughput(Throughput::Elements(calls.len() as u64));
    // 0, and the compiler does not know it: the next call needs the last answer and asks the same.
    let none = black_box(0_u32);
    group.bench_function(contestant, |b| {
        b.iter(|| {
            calls.iter().fold(0_u32, |last, [first, second]| {
                ask(&[OwnType(first.0 ^ (last & none)), OwnType(second.0)])
            })
        });
    });
    group.finish();
}

fn stream(criterion: &mut Criterion, name: &str, tuples: &[[OwnType; 2]], family: &BoundFamily<'_>) {
    let mut scattered = Scattered(7);
    let calls: Vec<[OwnType; 2]> =
        (0..CALLS).map(|_| tuples[scattered.below(tuples.len() as u32) as usize]).collect();
    let matrix: Vec<u32> = (0..TYPES * TYPES)
        .map(|at| code(family.dispatch(&[OwnType(at / TYPES), OwnType(at % TYPES)])))
        .collect();
    let hashed: FxHashMap<[u32; 2], u32> =
        tuples.iter().map(|tuple| ([tuple[0].0, tuple[1].0], code(family.dispatch(tuple)))).collect();
    let (mut site, shared) = (InlineCache::<2>::new(), SharedInlineCache::<2>::new());
    let groups = (format!("{name}, independent"), format!("{name}, dependent"));
    let groups = (groups.0.as_str(), groups.1.as_str());

    contest(criterion, groups, FLOOR, &calls, |call| {
        matrix.get((call[0].0 * TYPES + call[1].0) as usize).copied().unwrap_or(u32::MAX)
    });
    contest(criterion, groups, "bound family", &calls, |call| code(family.dispatch(call)));
    contest(criterion, groups, "inline cache", &calls, |call| code(site.dispatch(family, call)));
    contest(criterion, groups, "shared inline cache", &calls, |call| code(shared.dispatch(family, call)));
    contest(criterion, groups, "hash map of exact tuples", &calls, |call| {
        hashed.get(&[call[0].0, call[1].0]).copied().unwrap_or(u32::MAX)
    });
    let contestants =
        [FLOOR, "bound family", "inline cache", "shared inline cache", "hash map of exact tuples"];
    for group in [groups.0, groups.1] {
        ratios::print_per_call(group, CALLS, FLOOR, &contestants);
    }
}

fn main() {
    let mut criterion =
        ratios::criterion().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("game.jdi");
    std::fs::write(&path, image()).expect("written");
    let image = DispatchImage::open(&path).expect("opens");
    let names: Vec<String> = (0..TYPES).map(name_of).collect();
    let bind = || image.bind(names.iter().map(String::as_str)).expect("readable");
    criterion.bench_function("bind 1,000 types", |b| b.iter(bind));
    let binding = bind();
    let bind_family = || binding.family("game::rules::collide", 2).expect("readable").expect("is there");
    criterion.bench_function("bind a family to 1,000 types", |b| b.iter(bind_family));
    let family = bind_family();

    let square = |side: u32, step: u32| -> Vec<[OwnType; 2]> {
        let pairs = (0..side).flat_map(|a| (0..side).map(move |b| [a * step, b * step].map(OwnType)));
        pairs.collect()
    };
    let few: Vec<_> = (0..8).map(|at| [OwnType(100 + at * 97), OwnType(900 - at * 53)]).collect();
    stream(&mut criterion, "1 tuple", &few[..1], &family);
    stream(&mut criterion, "8 tuples", &few, &family);
    stream(&mut criterion, "10,000 tuples", &square(100, 10), &family);
    stream(&mut criterion, "1,000,000 tuples", &square(TYPES, 1), &family);
    criterion.final_summary();
}
