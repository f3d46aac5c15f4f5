//! Which files a target starts from: golden vectors, examples, and what `seeds/` adds.

use std::path::{Path, PathBuf};

/// Larger files make each run slow, and hold nothing that smaller ones do not.
const MOST_SEED_BYTES: u64 = 32 << 10;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files that `target` starts from, sorted by path.
///
/// # Panics
/// Where a folder of the repository cannot be read.
pub fn seed_files(target: &str) -> Vec<PathBuf> {
    let vectors = here().join("../format-spec/vectors");
    let mut seeds = match target {
        "table" => files(&vectors, "jdt"),
        "image" => files(&vectors, "jdi"),
        "columnar" | "lz4" | "zstd" => [files(&vectors, "jdt"), files(&vectors, "jdi")].concat(),
        "pack" => files(&here().join("../format-spec/pack-vectors"), "pack"),
        "scanner" => files(&here().join("../examples"), "jan"),
        _ => Vec::new(),
    };
    seeds.extend(files(&here().join("seeds").join(target), ""));
    seeds.retain(|path| path.metadata().is_ok_and(|metadata| metadata.len() <= MOST_SEED_BYTES));
    seeds
}

/// The finds of `target`, sorted by path. Each broke a promise once.
///
/// # Panics
/// Where their folder cannot be read.
pub fn regression_files(target: &str) -> Vec<PathBuf> {
    files(&here().join("regressions").join(target), "")
}

/// All files below `dir` whose names end with `.extension`, or all. None where there is no such folder.
fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop().filter(|folder| folder.exists()) {
        for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if extension.is_empty() || path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
