//! What does it take to make tables: of families that are hard, and of a whole corpus?
//!
//! The floor is the definition: the naive resolver, asked one tuple for each method, the method's own
//! parameters. Who has no tables pays that for the first call of each. A table answers every tuple.
//!
//! `JANUS_CORPUS=FILE` adds a corpus (`dispatch-corpus/1`): all its tables, one after the other on one
//! thread.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/large.rs"]
mod large;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use janus_cache::dispatch::{CompileOptions, Family, TypeGraph, TypeId, optimize, resolve, restrict};
use janus_cache::format::encode;

/// Time of one round, and rounds at most.
const ROUND: Duration = Duration::from_millis(600);
const MAX_ROUNDS: usize = 101;

/// Median time of `work` in milliseconds.
fn median_ms(mut work: impl FnMut()) -> f64 {
    let (mut found, start) = (Vec::new(), Instant::now());
    while found.is_empty() || (found.len() < MAX_ROUNDS && start.elapsed() < ROUND) {
        let before = Instant::now();
        work();
        found.push(before.elapsed().as_secs_f64() * 1e3);
    }
    found.sort_by(f64::total_cmp);
    found[found.len() / 2]
}

/// The naive answer for the parameters of a method.
fn ask(graph: &TypeGraph, family: &Family, method: usize) {
    let args: Vec<Option<TypeId>> =
        family.methods[method].params.iter().map(|name| graph.get(name)).collect();
    black_box(resolve(graph, family, &args));
}

/// Milliseconds that the naive resolver takes for the parameters of every method. Of slow families it is
/// asked some, spread over all, and the rest is reckoned.
fn naive_ms(graph: &TypeGraph, family: &Family) -> f64 {
    let methods = family.methods.len();
    // Odd and near the golden section of their number, so that the first few are spread.
    let step = (methods * 5 / 8) | 1;
    let (mut asked, start) = (0, Instant::now());
    while asked < methods && (asked == 0 || start.elapsed() < ROUND) {
        ask(graph, family, asked * step % methods);
        asked += 1;
    }
    start.elapsed().as_secs_f64() * 1e3 * methods as f64 / asked as f64
}

/// Prints what each step costs, and how it compares with the floor.
fn print(name: &str, floor_ms: f64, steps: &[(&str, f64)]) {
    println!("\n{name}: median, and ratio to `naive answers`");
    for (step, ms) in std::iter::once(&("naive answers", floor_ms)).chain(steps) {
        println!("  {step:<34} {ms:>14.3} ms  {:>9.4}", ms / floor_ms);
    }
}

fn one_family(large: &large::Large) {
    let large::Large { name, graph, family } = large;
    let options = CompileOptions::default();
    let table = restrict(graph, family).expect("a family");
    let plan = optimize(&table, &options).expect("a plan").plan;
    let steps = [
        ("restrict", median_ms(|| drop(black_box(restrict(graph, family))))),
        ("optimize", median_ms(|| drop(black_box(optimize(&table, &options))))),
        ("encode", median_ms(|| drop(black_box(encode(&table, &plan))))),
    ];
    let all = ("all three", steps.iter().map(|(_, ms)| ms).sum());
    print(name, naive_ms(graph, family), &[&steps[..], &[all]].concat());
    println!("  {}", plan.strategy.optimization().as_str());
}

fn whole_corpus(path: &Path) {
    let corpus = corpus::read(path);
    let options = CompileOptions::default();
    let mut bytes = 0;
    let build_ms = median_ms(|| {
        let tables = corpus.families.iter().map(|family| {
            let table = restrict(&corpus.graph, family).expect("a family over the corpus's types");
            let plan = optimize(&table, &options).expect("a rule of ours").plan;
            encode(&table, &plan).expect("fits the format").len()
        });
        bytes = tables.sum();
    });
    let floor_ms = median_ms(|| {
        for family in &corpus.families {
            (0..family.methods.len()).for_each(|method| ask(&corpus.graph, family, method));
        }
    });
    let name = format!("{} families, {bytes} bytes of tables", corpus.families.len());
    print(&name, floor_ms, &[("restrict, optimize and encode", build_ms)]);
}

fn main() {
    // `cargo test` only wants to know whether it runs.
    let is_test = std::env::args().any(|arg| arg == "--test");
    let mut families = large::all();
    families.truncate(if is_test { 1 } else { families.len() });
    families.iter().for_each(one_family);
    if let Some(path) = std::env::var_os("JANUS_CORPUS") {
        whole_corpus(Path::new(&path));
    }
}
