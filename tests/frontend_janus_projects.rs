//! Whole projects: which files are sources, the examples, determinism, and any input at all.

mod janus_kit;

use std::collections::BTreeSet;
use std::path::Path;

use janus_cache::build::facts::{Facts, Severity};
use janus_cache::build::{Frontend, FrontendError, Registry};
use janus_cache::frontend::JanusFrontend;
use janus_kit::{Project, example, functions, problems, symbols};
use proptest::prelude::*;

fn read(root: &Path) -> Facts {
    JanusFrontend::new().read(root, &[]).expect("there are sources")
}

fn families(facts: &Facts) -> BTreeSet<(&str, usize)> {
    facts.methods.iter().map(|method| (method.family.as_str(), method.params.len())).collect()
}

#[test]
fn the_arcade_has_many_families_and_no_problem() {
    let facts = read(&example("arcade"));
    assert_eq!(facts.diagnostics, []);
    assert_eq!(facts.sources.iter().filter(|source| !source.foreign).count(), 43);
    assert_eq!(facts.sources.iter().filter(|source| source.foreign).count(), 1);
    assert!(families(&facts).len() > 60, "{}", families(&facts).len());
    assert!(facts.methods.len() >= 250, "{}", facts.methods.len());
    Registry::from_facts(&facts).expect("types and families that a build takes");
    let collide: BTreeSet<&str> = facts
        .methods
        .iter()
        .filter(|method| method.family == "physics::collide")
        .map(|method| method.module.as_str())
        .collect();
    assert_eq!(collide, ["entities.boss", "entities.projectile", "physics"].into());
    assert!(facts.methods.iter().any(|method| method.family == "audio.wave::area"));
    assert!(facts.methods.iter().any(|method| method.family == "geometry.shape::area"));
    assert!(facts.methods.iter().any(|method| method.family == "tools/level_lint::main"));
}

#[test]
fn the_ambiguous_example_has_exactly_its_three_mistakes_of_form() {
    let facts = read(&example("ambiguous"));
    let told: Vec<(&str, &str, u32)> =
        facts.diagnostics.iter().map(|told| (told.code, told.place.file.as_ref(), told.place.line)).collect();
    assert_eq!(
        told,
        [
            ("unexpected-token", "src/sector.jan", 13),
            ("unresolved-import", "src/trade.jan", 6),
            ("duplicate-method", "src/trade.jan", 15)
        ]
    );
    assert_eq!(facts.diagnostics[2].notes[0].0.line, 14);
    let names = functions(&facts);
    for name in ["sector::danger", "sector::dock", "sector::hail"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(facts.types.iter().any(|ty| ty.name == "sector::Beacon"));
    Registry::from_facts(&facts).expect("types and families that a build takes");
}

#[test]
fn facts_are_the_same_on_any_number_of_threads() {
    for name in ["arcade", "ambiguous"] {
        let one = JanusFrontend::with_threads(1.try_into().expect("not zero"));
        let expected = one.read(&example(name), &[]).expect("there are sources");
        for threads in [2, 3, 16] {
            let many = JanusFrontend::with_threads(threads.try_into().expect("not zero"));
            assert_eq!(many.read(&example(name), &[]).expect("there are sources"), expected, "{threads}");
        }
    }
}

#[test]
fn every_list_is_in_its_order() {
    let facts = read(&example("arcade"));
    assert!(facts.sources.is_sorted_by(|a, b| a.path < b.path));
    assert!(facts.types.is_sorted_by(|a, b| a.name < b.name));
    assert!(facts.types.iter().all(|ty| ty.supers.is_sorted_by(|a, b| a < b)));
    assert!(facts.methods.is_sorted_by(|a, b| (&a.family, &a.place) < (&b.family, &b.place)));
    assert!(facts.functions.is_sorted_by(|a, b| a.place < b.place));
    assert!(facts.sources.iter().all(|source| source.imports.is_sorted_by(|a, b| a.place < b.place)));
    let symbols: BTreeSet<&str> = symbols(&facts).into_iter().collect();
    assert_eq!(symbols.len(), facts.methods.len(), "symbols are unique");
}

#[test]
fn hidden_ignored_excluded_and_output_folders_hold_no_sources() {
    let project = Project::new()
        .file(".gitignore", "gen/\n")
        .file("src/build/a.jan", "")
        .file("b.jan", "")
        .file(".hidden/x.jan", "")
        .file(".x.jan", "")
        .file("gen/x.jan", "")
        .file("build/x.jan", "")
        .file("target/x.jan", "")
        .file("lib/zig-out/x.jan", "")
        .file("lib/node_modules/y/x.jan", "")
        .file("out/x.jan", "")
        .file("c.txt", "func f() { }");
    let excluded = [Path::new("out")];
    let facts = JanusFrontend::new().read(project.root(), &excluded).expect("there are sources");
    let paths: Vec<&str> = facts.sources.iter().map(|source| source.path.as_ref()).collect();
    assert_eq!(paths, ["b.jan", "src/build/a.jan"]);
}

#[test]
fn a_single_file_is_read_with_what_it_imports() {
    let project = Project::new()
        .file("main.jan", "import lib.a.{f}\nfunc f(a: int) { }")
        .file("lib/a.jan", "module lib.a;\nimport b;\nfunc f(a: bool) { }")
        .file("lib/b.jan", "module b;")
        .file("other.jan", "func (");
    let facts = read(&project.root().join("main.jan"));
    let paths: Vec<&str> = facts.sources.iter().map(|source| source.path.as_ref()).collect();
    assert_eq!(paths, ["lib/a.jan", "lib/b.jan", "main.jan"]);
    assert_eq!(symbols(&facts), ["lib.a::f(bool)", "lib.a::f(int)"]);
    assert_eq!(problems(&facts), [""; 0]);
}

#[test]
fn where_nothing_is_to_be_read_there_is_an_error() {
    let project = Project::new().file("a.txt", "");
    let read = |path: &Path| JanusFrontend::new().read(path, &[]).map(|_| ());
    assert!(matches!(read(project.root()), Err(FrontendError::NoSources { .. })));
    assert!(matches!(read(&project.root().join("a.txt")), Err(FrontendError::NoSources { .. })));
    assert!(matches!(read(&project.root().join("gone")), Err(FrontendError::Unreadable { .. })));
}

#[test]
fn the_same_sources_elsewhere_give_the_same_facts() {
    let make =
        || Project::new().file("a.jan", "func f(a: ) { }\nimport x.y").file("b/c.jan", "type A = B | C");
    assert_eq!(make().read(), make().read_on(2));
}

/// All sources of the examples, one after the other.
fn real_sources() -> Vec<String> {
    let mut texts = Vec::new();
    for name in ["arcade", "ambiguous"] {
        let root = example(name);
        for source in read(&root).sources.iter().filter(|source| !source.foreign) {
            texts.push(std::fs::read_to_string(root.join(source.path.as_ref())).expect("there"));
        }
    }
    texts
}

/// Any facts must be fit for a build: unique types, an acyclic graph, places inside the file.
fn check(facts: &Facts, text: &str) {
    Registry::from_facts(facts).expect("types and families that a build takes");
    let lines = text.lines().count() as u32 + 1;
    for told in &facts.diagnostics {
        assert!(told.place.line >= 1 && told.place.line <= lines, "{:?}", told.place);
        assert!(told.marked_columns >= 1 && !told.message.is_empty());
    }
    let duplicates = facts.diagnostics.iter().filter(|told| told.severity == Severity::Error).count();
    assert!(facts.methods.len() <= facts.functions.len() + duplicates);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let facts = Project::new().file("m.jan", &bytes).read();
        check(&facts, &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_sequence_of_tokens_is_read(
        tokens in proptest::collection::vec(
            prop::sample::select(vec![
                "func", "fn", "type", "struct", "enum", "trait", "impl", "for", "module", "import", "use", "const", "=",
                "{", "}", "(", ")", "[", "]", "<", ">", "|", "&", "*", "?", "!", "->", "=>", ":", "::", ";", ",", ".", "..",
                "do", "end", "if", "else", "self", "Self", "A", "B", "C", "int", "any", "\n", "\n  ", "\"x\"", "\"", "'", "0", "1.5",
                "/*", "*/", "// c\n", "r#\"", "\"#", "{.dispatch: dynamic.}", "@a", "#[b]", "extern", "pub", "where", "as", "sealed",
            ]),
            0..400,
        )
    ) {
        let text = tokens.join(" ");
        check(&Project::new().file("m.jan", &text).read(), &text);
    }

    #[test]
    fn a_damaged_source_is_read(which in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, "[ -~]{0,4}"), 1..8)) {
        let sources = real_sources();
        let mut text: Vec<char> = which.get(&sources).chars().collect();
        for (at, kind, new) in edits {
            let at = at.index(text.len().max(1)).min(text.len());
            match kind {
                0 => text.truncate(at),
                1 => drop(text.drain(at..(at + new.len() * 9).min(text.len()))),
                _ => drop(text.splice(at..at, new.chars())),
            }
        }
        let text: String = text.into_iter().collect();
        check(&Project::new().file("m.jan", &text).read(), &text);
    }
}
