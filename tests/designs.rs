//! `docs/designs.md` says where each thing of the five designs lives. A claim is worth as much as the test it
//! names, so these tests follow every reference into the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The designs by their file names; each has one section, in this order.
const DESIGNS: [&str; 5] = [
    "janus-dispatch-table-caching.md",
    "mini-multi-level-cache.md",
    "sccache-multilevel.rs.txt",
    "rust-cache-rfc-summary.md",
    "clyde-cache-architecture.md",
];

/// Who may own what is not built. A misspelt owner is nobody, so no other word is taken.
const OWNERS: [&str; 5] =
    ["dispatch at the limit", "the local store", "incremental builds", "levels and remote", "packages"];

/// Below this the map would no longer be a map of tests but a list of promises.
const LEAST_REFERENCES: usize = 40;

const HEAD: &str = "| what | where it lives | status |";

#[test]
fn every_test_that_the_map_names_exists() {
    let references = references(&map());
    assert!(
        references.len() >= LEAST_REFERENCES,
        "docs/designs.md names {} tests, expected at least {LEAST_REFERENCES}",
        references.len()
    );
    let missing: Vec<String> = references.iter().filter_map(|(file, test)| missing(file, test)).collect();
    assert!(missing.is_empty(), "docs/designs.md names what is not there:\n{}", missing.join("\n"));
}

#[test]
fn every_test_that_the_promises_of_crash_safety_name_exists() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/crash-safety.md");
    let references = references(&fs::read_to_string(path).expect("the page is there"));
    assert!(references.len() >= 30, "{} tests only", references.len());
    let missing: Vec<String> = references.iter().filter_map(|(file, test)| missing(file, test)).collect();
    assert!(missing.is_empty(), "docs/crash-safety.md names what is not there:\n{}", missing.join("\n"));
}

#[test]
fn every_test_that_the_page_about_incremental_builds_names_exists() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/incremental.md");
    let references = references(&fs::read_to_string(path).expect("the page is there"));
    assert!(references.len() >= 10, "{} tests only", references.len());
    let missing: Vec<String> = references.iter().filter_map(|(file, test)| missing(file, test)).collect();
    assert!(missing.is_empty(), "docs/incremental.md names what is not there:\n{}", missing.join("\n"));
}

#[test]
fn every_file_that_the_map_names_exists() {
    let folders = ["src/", "cli/", "tests/", "benches/", "docs/", "format-spec/", "examples/"];
    let text = map();
    let named = quoted(&text).filter(|word| folders.iter().any(|folder| word.starts_with(folder)));
    let missing: Vec<&str> = named
        .map(|word| word.split_once("::").map_or(word, |(file, _)| file))
        .filter(|path| inside_project(path).is_none_or(|path| !path.exists()))
        .collect();
    assert!(missing.is_empty(), "docs/designs.md names what is not there:\n{}", missing.join("\n"));
}

#[test]
fn every_design_has_one_section_with_rows() {
    let text = map();
    let titles: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let expected: Vec<String> = DESIGNS.iter().map(|design| format!("`{design}`")).collect();
    assert_eq!(titles, expected, "the sections of docs/designs.md");
    for section in sections(&text) {
        let title = section.lines().next().unwrap_or_default();
        assert!(section.contains(HEAD), "the table of {title} does not begin with {HEAD}");
        assert!(!rows(section).is_empty(), "the section {title} has no row");
    }
}

#[test]
fn every_row_has_a_test_or_an_owner_or_a_reason() {
    let text = map();
    let bad: Vec<&str> = sections(&text).flat_map(rows).filter(|row| !is_answered(row)).collect();
    assert!(bad.is_empty(), "rows of docs/designs.md without an answer:\n{}", bad.join("\n"));
}

#[test]
fn nothing_of_a_design_stands_twice() {
    let text = map();
    for section in sections(&text) {
        let mut seen = BTreeSet::new();
        for row in rows(section) {
            let what = row.split('|').nth(1).unwrap_or_default().trim();
            assert!(seen.insert(what), "docs/designs.md answers twice for {what}");
        }
    }
}

fn map() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/designs.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n## ").skip(1)
}

/// The rows of the table in `section`, without head and rule.
fn rows(section: &str) -> Vec<&str> {
    section
        .lines()
        .filter(|line| line.starts_with('|') && *line != HEAD && !line.starts_with("|---"))
        .collect()
}

/// Whether a row has its three cells, and the last is a test, a known owner, or a reason for deviating.
fn is_answered(row: &str) -> bool {
    let cells: Vec<&str> = row.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [what, place, status] = cells.as_slice() else {
        return false;
    };
    let known = if let Some(owner) = status.strip_prefix("later: ") {
        OWNERS.contains(&owner)
    } else if let Some(reason) = status.strip_prefix("deviates: ") {
        !reason.is_empty()
    } else {
        status.starts_with('`') && !references(status).is_empty()
    };
    known && !what.is_empty() && !place.is_empty()
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Every text in backticks of the form `path.rs::name`, as (path, name), each once.
fn references(text: &str) -> BTreeSet<(String, String)> {
    quoted(text)
        .filter_map(|quoted| quoted.split_once(".rs::"))
        .map(|(path, name)| (format!("{path}.rs"), name.to_owned()))
        .collect()
}

/// The place of a path that does not lead out of the project.
fn inside_project(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    is_inside.then(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

/// What is wrong with a reference: no such file in the project, no such function, or one that is no test.
fn missing(file: &str, test: &str) -> Option<String> {
    let Some(path) = inside_project(file) else {
        return Some(format!("{file}: leads out of the project"));
    };
    let source = match fs::read_to_string(path) {
        Ok(source) => source,
        Err(error) => return Some(format!("{file}: {error}")),
    };
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let start = format!("fn {test}(");
    let Some(at) = lines.iter().position(|line| line.starts_with(&start)) else {
        return Some(format!("{file}: no `{start}`"));
    };
    // Attributes stand right above the function, maybe with others and a doc comment between.
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with('#') || line.starts_with("//"));
    let is_test = above.into_iter().any(|line| *line == "#[test]");
    (!is_test).then(|| format!("{file}: `{test}` is no test"))
}
