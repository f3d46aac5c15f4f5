//! How many bytes of source does the scanner read in a second, and how far is that from reading them
//! at all?
//!
//! The sources are those of `examples/arcade`, file by file. The floors are what every build does
//! with them anyway: to look at each byte once (a line count), and to hash them (BLAKE3). Throughput
//! stands in the output of each contestant.

#[path = "support/ratios.rs"]
mod ratios;
#[path = "support/sources.rs"]
mod sources;

use std::hint::black_box;
use std::path::Path;

use criterion::Throughput;
use janus_cache::digest::ContentDigest;
use janus_cache::frontend::JanusFrontend;

fn main() {
    let mut criterion = ratios::criterion();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/arcade/src");
    let texts: Vec<String> =
        sources::below(&root).iter().map(|path| std::fs::read_to_string(path).expect("text")).collect();
    let bytes: usize = texts.iter().map(String::len).sum();

    let name = "scan the sources of examples/arcade";
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("count lines", |b| {
        b.iter(|| texts.iter().map(|text| text.bytes().filter(|byte| *byte == b'\n').count()).sum::<usize>());
    });
    group.bench_function("hash", |b| {
        b.iter(|| {
            for text in &texts {
                black_box(ContentDigest::of(text.as_bytes()));
            }
        });
    });
    group.bench_function("scan declarations", |b| {
        b.iter(|| {
            for text in &texts {
                assert!(JanusFrontend::check_text("arcade.jan", text).is_empty());
            }
        });
    });
    group.finish();
    let contestants = ["count lines", "hash", "scan declarations"];
    ratios::print_ratios(name, "hash", &contestants);
    ratios::print_throughput(name, bytes, &contestants);
    criterion.final_summary();
}
