//! Small Janus projects for tests, and short questions about their facts.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use janus_cache::build::Frontend;
use janus_cache::build::facts::{Diagnostic, Facts, ImportFact};
use janus_cache::frontend::JanusFrontend;

/// A project in a folder of its own.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    /// With one more file.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("a folder");
        std::fs::write(path, content).expect("written");
        self
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// What the front end reads in it.
    pub(crate) fn read(&self) -> Facts {
        JanusFrontend::new().read(self.root(), &[]).expect("there are sources")
    }

    /// The same on so many threads.
    pub(crate) fn read_on(&self, threads: usize) -> Facts {
        let threads = NonZeroUsize::new(threads).expect("not zero");
        JanusFrontend::with_threads(threads).read(self.root(), &[]).expect("there are sources")
    }
}

/// One of the examples of this repository.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// Facts of one file `m.jan` that begins with `module m;`, which must have no problems.
pub(crate) fn good(text: &str) -> Facts {
    let facts = any(text);
    assert_eq!(facts.diagnostics, [], "{text}");
    facts
}

/// Facts of one file `m.jan` that begins with `module m;`.
pub(crate) fn any(text: &str) -> Facts {
    Project::new().file("m.jan", format!("module m;\n{text}")).read()
}

/// Symbols of all methods, in order.
pub(crate) fn symbols(facts: &Facts) -> Vec<&str> {
    facts.methods.iter().map(|method| method.implementation.as_str()).collect()
}

/// Names of all functions, in order of place.
pub(crate) fn functions(facts: &Facts) -> Vec<&str> {
    facts.functions.iter().map(|function| function.name.as_str()).collect()
}

/// Types with their direct supertypes.
pub(crate) fn types(facts: &Facts) -> BTreeMap<&str, Vec<&str>> {
    facts.types.iter().map(|ty| (ty.name.as_str(), ty.supers.iter().map(String::as_str).collect())).collect()
}

/// Direct supertypes of one type.
pub(crate) fn supers<'f>(facts: &'f Facts, name: &str) -> Vec<&'f str> {
    types(facts).remove(name).unwrap_or_else(|| panic!("{name} is a type"))
}

/// Whether one type is below another, directly or not.
pub(crate) fn is_below(facts: &Facts, sub: &str, sup: &str) -> bool {
    let all = types(facts);
    let mut open = vec![sub];
    let mut seen = Vec::new();
    while let Some(name) = open.pop() {
        if !seen.contains(&name) {
            seen.push(name);
            open.extend(all.get(name).into_iter().flatten());
        }
    }
    sub != sup && seen.contains(&sup)
}

/// `code file:line:column` of each diagnostic.
pub(crate) fn problems(facts: &Facts) -> Vec<String> {
    facts.diagnostics.iter().map(told).collect()
}

fn told(diagnostic: &Diagnostic) -> String {
    let place = &diagnostic.place;
    format!("{} {}:{}:{}", diagnostic.code, place.file, place.line, place.column)
}

/// The imports of one file.
pub(crate) fn imports<'f>(facts: &'f Facts, file: &str) -> &'f [ImportFact] {
    let source = facts.sources.iter().find(|source| source.path.as_ref() == file);
    &source.unwrap_or_else(|| panic!("{file} is a source")).imports
}

/// What an import means, and what was not there before.
pub(crate) fn meaning(import: &ImportFact) -> (Option<&str>, Vec<&str>) {
    (import.resolved.as_deref(), import.absent.iter().map(AsRef::as_ref).collect())
}
