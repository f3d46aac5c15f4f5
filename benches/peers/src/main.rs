//! Our store beside LMDB, `redb`, a file for each entry, `cacache`, and a bare mapped table as the floor.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- [--row N]... [--small] [--million] [--ours]`;
//! `--ours` leaves all but the floor and ours out;
//! with `JANUS_CORPUS=FILE` the tables of that corpus are asked, too. How to read the output and what it
//! was: `docs/performance.md`. Stores are made in the system's folder for temporary files.

mod cacache_store;
mod commits;
#[path = "../../support/corpus.rs"]
mod corpus;
mod eviction;
mod files;
mod floor;
mod lmdb;
mod load;
mod measure;
mod opens;
mod ours;
mod peer;
mod pressed;
mod reads;
mod redb_store;

use std::path::Path;

use load::Load;
use peer::Peer;

const LOOKUP_ROUNDS: usize = 15;
const PROCESS_ROUNDS: usize = 41;
const SMALL_COMMIT_ROUNDS: usize = 48;
const LARGE_ROUNDS: usize = 5;
const EVICTION_ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("child", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        opens::child(rest);
        return;
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let rows: Vec<u32> = arguments
        .iter()
        .zip(arguments.iter().skip(1))
        .filter(|(flag, _)| *flag == "--row")
        .map(|(_, number)| number.parse().expect("--row takes a number from 1 to 10"))
        .collect();
    let wanted = |row: u32| rows.is_empty() || rows.contains(&row);
    let peers: Vec<Peer> =
        Peer::WRITERS.into_iter().filter(|peer| !has("--ours") || *peer <= Peer::Ours).collect();
    // It takes a millisecond to write an entry.
    let fast: Vec<Peer> = peers.iter().copied().filter(|peer| *peer != Peer::Cacache).collect();
    println!("median of each contestant, and its ratio to the first of its table");
    run(&Load::log_normal(10_000), &wanted, &peers);
    if !has("--small") {
        run(&Load::log_normal(100_000), &wanted, &fast);
    }
    if let Some(corpus) = std::env::var_os("JANUS_CORPUS") {
        run(&Load::corpus(Path::new(&corpus)), &wanted, &peers);
    }
    if wanted(9) && has("--million") {
        let dir = tempfile::tempdir().expect("a temporary folder");
        eviction::rows(dir.path(), &Load::log_normal(1_000_000), 1);
    }
}

/// All rows of one load. Commits are measured for small ones, eviction for large ones.
fn run(load: &Load, wanted: &dyn Fn(u32) -> bool, peers: &[Peer]) {
    let small = load.len() < 50_000;
    println!("\n== {}, {:.1} MB", load.name, load.payload_bytes() as f64 / 1e6);
    let dir = tempfile::tempdir().expect("a temporary folder");
    if (1..=5).any(wanted) {
        let filled = reads::Filled::new(dir.path(), load, peers);
        if (1..=3).any(wanted) {
            reads::rows(&filled, load, LOOKUP_ROUNDS, wanted);
        }
        opens::rows(&filled, load, PROCESS_ROUNDS, wanted);
    }
    if wanted(6) && small {
        commits::small(dir.path(), load, SMALL_COMMIT_ROUNDS, peers);
    }
    if wanted(7) && small {
        commits::large(dir.path(), load, LARGE_ROUNDS, peers);
    }
    if wanted(8) {
        commits::space(dir.path(), load, peers);
    }
    if wanted(10) {
        pressed::rows(dir.path(), load, LARGE_ROUNDS);
    }
    if wanted(9) && !small {
        eviction::rows(dir.path(), load, EVICTION_ROUNDS);
    }
}
