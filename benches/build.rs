//! What does a build cost in which nothing changed, and where does the time go?
//!
//! The project is a copy of `examples/arcade`. The floor of a warm build that reads every source is
//! reading and hashing them.

#[path = "support/ratios.rs"]
mod ratios;
#[path = "support/sources.rs"]
mod sources;

use std::path::Path;

use criterion::Throughput;
use janus_cache::build::{BuildCacheManager, BuildRequest, Cache, Frontend, ManagerOptions, build_project};
use janus_cache::digest::ContentDigest;
use janus_cache::format::FileCodec;
use janus_cache::frontend::JanusFrontend;
use janus_cache::store::{Store, StoreOptions};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("writable");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("known") {
            kind if kind.is_dir() => copy(&entry.path(), &target),
            _ => drop(std::fs::copy(entry.path(), target).expect("copied")),
        }
    }
}

fn build(root: &Path, cache: Cache) -> u64 {
    let frontend = JanusFrontend::default();
    let manager = BuildCacheManager::new(cache, ManagerOptions::default());
    let request = BuildRequest {
        root,
        frontend: &frontend,
        name: "arcade",
        image: &root.join("build/arcade.jdi"),
        excluded: &[Path::new("cache"), Path::new("build")],
        codec: FileCodec::None,
        plan_only: false,
        explain: false,
        deny: &[],
        keep_going: false,
    };
    build_project(&request, &manager).expect("builds").session.metrics.tables_from_cache
}

fn main() {
    let mut criterion = ratios::criterion();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path().join("arcade");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/arcade/src"), &root.join("src"));
    let store = || Store::open(StoreOptions::new(root.join("cache"))).expect("opens");
    build(&root, Cache::of_store(store()));
    let files = sources::below(&root.join("src"));
    let bytes: u64 = files.iter().map(|path| std::fs::metadata(path).expect("there").len()).sum();

    let name = "build of examples/arcade";
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("read and hash the sources", |b| {
        b.iter(|| {
            let digests = files.iter().map(|path| ContentDigest::of(&std::fs::read(path).expect("there")));
            digests.fold(0_u8, |sum, digest| sum ^ digest.as_bytes()[0])
        });
    });
    group.bench_function("read the facts", |b| {
        b.iter(|| JanusFrontend::default().read(&root, &[]).expect("facts").methods.len());
    });
    group.bench_function("warm, nothing changed", |b| {
        b.iter(|| assert!(build(&root, Cache::of_store(store())) > 0));
    });
    group.bench_function("without a cache", |b| b.iter(|| assert_eq!(build(&root, Cache::off()), 0)));
    group.finish();
    let contestants =
        ["read and hash the sources", "read the facts", "warm, nothing changed", "without a cache"];
    ratios::print_ratios(name, "read and hash the sources", &contestants);
    println!("{} files, {bytes} bytes", files.len());
    criterion.final_summary();
}
