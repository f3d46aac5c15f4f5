//! The rooms and their arrows: calls go down the list, and the floor's doors are the only ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// From the user down to the floor. A room calls only rooms behind it in this list; rooms in one
/// line are the floor, where each may use what stands behind it, too.
const ROOMS: [&str; 18] = [
    "frontend",
    "artifact",
    "build",
    "tiers",
    "trust",
    "store",
    "graph",
    "track",
    "key",
    "image",
    "dispatch",
    "format",
    "config",
    "codec",
    "fs",
    "digest",
    "clock",
    "spec_tables",
];

/// What only one room may touch: the words, the room that may, and the place of the words' owner.
const DOORS: [(&str, &[&str]); 6] = [
    ("std::fs", &["fs"]),
    ("SystemTime", &["clock"]),
    ("Instant", &["clock"]),
    ("blake3::", &["digest"]),
    ("lz4_flex", &["codec"]),
    ("::zstd::", &["codec"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder of sources") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The lines of a file that are code, with their numbers; tests at its end are left out if asked.
fn code(path: &Path, with_tests: bool) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).expect("readable");
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()));
    let is_test_file = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
        || path.components().any(|part| part.as_os_str() == "tests");
    if is_test_file && !with_tests {
        return Vec::new();
    }
    lines
        .take_while(|(_, line)| with_tests || !line.starts_with("#[cfg(test)]\nmod") && line != "mod tests {")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("below src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn every_room_of_the_map_exists_and_the_map_has_every_room() {
    let on_disk: BTreeSet<String> = rust_files(&root().join("src"))
        .iter()
        .map(|path| room_of(path))
        .filter(|room| room != "lib")
        .collect();
    let on_the_map: BTreeSet<String> = ROOMS.iter().map(|room| (*room).to_owned()).collect();
    assert_eq!(on_disk, on_the_map);
}

#[test]
fn calls_go_down_the_list() {
    let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in rust_files(&root().join("src")) {
        let room = room_of(&path);
        let Some(own) = rank(&room) else { continue };
        for (line, text) in code(&path, false) {
            for used in text.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(theirs) = rank(&used) else { continue };
                seen += 1;
                if theirs < own {
                    wrong.push(format!("{}:{line}: {room} uses {used}, which is above it", path.display()));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} uses were found, so this test looks in the wrong place");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_system_is_reached_through_its_doors_only() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let room = room_of(&path);
        for (line, text) in code(&path, false) {
            for (words, allowed) in DOORS {
                if text.contains(words) && !allowed.contains(&room.as_str()) {
                    wrong.push(format!("{}:{line}: `{words}` belongs to {allowed:?}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_stands_in_one_file() {
    let expecting: Vec<PathBuf> = rust_files(&root().join("src"))
        .into_iter()
        .filter(|path| code(path, true).iter().any(|(_, text)| text.contains("unsafe_code")))
        .collect();
    assert_eq!(expecting, [root().join("src/fs/map.rs")]);
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    assert!(manifest.contains("unsafe_code = \"deny\""));
}

#[test]
fn no_file_has_more_than_400_lines() {
    let dirs = ["src", "cli/src", "fuzz/src", "xtask/src", "tests", "benches"].map(|dir| root().join(dir));
    let files = dirs.iter().filter(|dir| dir.exists()).flat_map(|dir| rust_files(dir));
    // A tool wrote it, and nobody edits it.
    let files = files.filter(|path| !path.ends_with("benches/support/plain_generated.rs"));
    let long: Vec<String> = files
        .filter_map(|path| {
            let lines = std::fs::read_to_string(&path).expect("readable").lines().count();
            (lines > 400).then(|| format!("{} has {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
