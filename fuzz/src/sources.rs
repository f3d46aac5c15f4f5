//! The front ends: a corpus, and the text of a Janus source.

use std::num::NonZeroUsize;
use std::path::Path;

use janus_cache::build::facts::{Diagnostic, Facts, Place};
use janus_cache::build::{Frontend, Registry};
use janus_cache::frontend::{CorpusFrontend, JanusFrontend};

/// Reads `data` as a corpus.
///
/// # Panics
/// Where facts are not in their order, where a place lies outside of the text, or where what is left
/// without a diagnostic makes no families.
pub fn corpus(data: &[u8]) {
    let valid = std::str::from_utf8(data).unwrap_or_else(|error| {
        let valid = data.get(..error.valid_up_to()).unwrap_or_default();
        std::str::from_utf8(valid).unwrap_or_default()
    });
    let facts = in_a_file("c.json", data, |path, root| CorpusFrontend::new(path).read(root, &[]));
    assert_facts(&facts, valid);
}

/// Scans `data`, made UTF-8, as a Janus source, by itself and as a project of one file.
///
/// # Panics
/// As [`corpus`]; and where two scans of one text differ.
pub fn scanner(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let told = JanusFrontend::check_text("c.jan", &text);
    assert_eq!(told, JanusFrontend::check_text("c.jan", &text), "a scan depends on the text alone");
    assert_told(&told, &text);
    let facts = in_a_file("c.jan", text.as_bytes(), |path, _| {
        JanusFrontend::with_threads(NonZeroUsize::MIN).read(path, &[])
    });
    assert_facts(&facts, &text);
}

fn in_a_file<E: std::fmt::Debug>(
    name: &str,
    bytes: &[u8],
    read: impl Fn(&Path, &Path) -> Result<Facts, E>,
) -> Facts {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("writable");
    read(&path, dir.path()).expect("what a source says is no error of the reader")
}

fn assert_facts(facts: &Facts, text: &str) {
    let Facts { sources, types, methods, functions, diagnostics, .. } = facts;
    assert!(sources.is_sorted_by(|a, b| a.path < b.path), "sources, in path order");
    assert!(types.is_sorted_by(|a, b| a.name < b.name), "types, in name order");
    assert!(methods.is_sorted_by_key(|method| (&method.family, &method.place)), "methods, in order");
    assert!(functions.is_sorted_by_key(|function| &function.place), "functions, in order of place");
    let declared = types.iter().filter_map(|fact| fact.place.as_ref());
    let declared = declared.chain(methods.iter().map(|fact| &fact.place));
    for place in declared.chain(functions.iter().map(|fact| &fact.place)) {
        assert_inside(place, text);
    }
    assert_told(diagnostics, text);
    for fact in types {
        assert!(fact.supers.is_sorted(), "supertypes of {}, sorted", fact.name);
    }
    if let Err(error) = Registry::from_facts(facts) {
        assert!(!diagnostics.is_empty(), "nothing was told, and yet: {error}");
    }
}

fn assert_told(told: &[Diagnostic], text: &str) {
    assert!(told.is_sorted_by_key(|diagnostic| &diagnostic.place), "diagnostics, in order of place");
    for diagnostic in told {
        assert_inside(&diagnostic.place, text);
        for (place, _) in &diagnostic.notes {
            assert_inside(place, text);
        }
        assert!(diagnostic.marked_columns >= 1, "{diagnostic:?} marks nothing");
        assert!(!diagnostic.message.contains('\n'), "{diagnostic:?} is more than a line");
        let excerpt = diagnostic.excerpt.as_str();
        assert!(excerpt.chars().count() <= 201, "{diagnostic:?} repeats too much");
    }
}

/// A place may stand right behind the last character of its line, where something is missing.
fn assert_inside(place: &Place, text: &str) {
    let line = (place.line as usize).checked_sub(1).and_then(|line| text.split('\n').nth(line));
    let Some(line) = line else { panic!("{place:?} is on a line that is not there") };
    let columns = line.chars().count() + 1;
    assert!((1..=columns).contains(&(place.column as usize)), "{place:?} is not among {columns} columns");
}
