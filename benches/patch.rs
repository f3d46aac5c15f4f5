//! What does patching save where one method of a table changed?
//!
//! The floor is a copy of the new bytes and one CRC-32 over them: whoever writes a table pays that.
//! Every way begins with the old bytes and the new restricted question and ends with the same bytes;
//! the question itself is made by walking the graph, or from the one before the change.

#[path = "support/families.rs"]
mod families;
#[path = "support/ratios.rs"]
mod ratios;

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use janus_cache::dispatch::{
    CompileOptions, Family, Method, MethodChange, TypeGraph, compile, optimize, recompile, repatch, restrict,
};
use janus_cache::format::{LogicalTable, TableView, encode, patch};

const FLOOR: &str = "copy and CRC-32 of the bytes";

/// Prints what the bytes have in common, and measures each way to the new ones.
fn bytes(criterion: &mut Criterion, what: &str, before: &LogicalTable, after: &LogicalTable) {
    let options = CompileOptions::default();
    let old = compile(before, &options).expect("a table").bytes;
    let old = TableView::open(&old).expect("opens");
    let plan = optimize(after, &options).expect("a plan").plan;
    let patched = recompile(&old, after, &options).expect("a table");
    let fresh = compile(after, &options).expect("a table").bytes;
    assert!(patched.bytes == fresh, "{what}: the patched table is another one");
    let mut group = criterion.benchmark_group(what);
    group.bench_function(FLOOR, |b| {
        b.iter(|| {
            let copy = black_box(&fresh).clone();
            (crc32fast::hash(&copy), copy)
        });
    });
    group.bench_function("encode, planned", |b| b.iter(|| encode(black_box(after), &plan)));
    group.bench_function("patch, planned", |b| b.iter(|| patch(&old, black_box(after), &plan)));
    group.bench_function("compile", |b| b.iter(|| compile(black_box(after), &options)));
    group.bench_function("recompile", |b| b.iter(|| recompile(&old, black_box(after), &options)));
    group.finish();
    let tags = |tags: &[janus_cache::format::Tag]| {
        tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    println!(
        "{what}: {} of {} bytes are old ones; rewritten: {}",
        patched.copied_bytes,
        fresh.len(),
        tags(&patched.rewritten)
    );
    let ways = [FLOOR, "encode, planned", "patch, planned", "compile", "recompile"];
    ratios::print_ratios(what, FLOOR, &ways);
}

/// Measures the way to the new question.
fn question(
    criterion: &mut Criterion,
    what: &str,
    graph: &TypeGraph,
    before: &LogicalTable,
    (after, change): (&Family, &MethodChange),
) {
    let what = format!("{what}: the question");
    let mut group = criterion.benchmark_group(&what);
    group.bench_function("restrict", |b| b.iter(|| restrict(graph, black_box(after))));
    group.bench_function("repatch", |b| {
        let old = || before.clone();
        b.iter_batched(old, |old| repatch(graph, after, old, black_box(change)), BatchSize::LargeInput);
    });
    group.finish();
    ratios::print_ratios(&what, "restrict", &["restrict", "repatch"]);
}

fn main() {
    let mut criterion = ratios::criterion();
    for methods in [10, 100, 1000] {
        let (graph, family) = families::world(methods);
        let middle = methods / 2;
        let renamed =
            Method { implementation: "collide_faster".to_owned(), ..family.methods[middle].clone() };
        let with = |change: fn(&mut Vec<Method>, usize, Method), method: &Method| {
            let mut after = family.clone();
            change(&mut after.methods, middle, method.clone());
            after
        };
        let replaced = with(|methods, at, method| methods[at] = method, &renamed);
        let smaller = with(|methods, at, _| drop(methods.remove(at)), &renamed);
        let gone = &family.methods[middle];
        // What was added last comes to the family without it.
        let changes = [
            ("another symbol", &family, &replaced, MethodChange::Replace(renamed.clone())),
            ("a method less", &family, &smaller, MethodChange::Remove(gone.params.clone())),
            ("a method more", &smaller, &family, MethodChange::Add(gone.clone())),
        ];
        for (what, from, to, change) in changes {
            let what = format!("{what}, {methods} methods");
            let from = restrict(&graph, from).expect("a family");
            let after = restrict(&graph, to).expect("a family");
            bytes(&mut criterion, &what, &from, &after);
            question(&mut criterion, &what, &graph, &from, (to, &change));
        }
    }
    criterion.final_summary();
}
