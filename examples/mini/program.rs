//! A whole program, from its entry on: the way of a build that has no cache.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::emit::{compile_function, epilogue, file_section, prologue};
use super::module::{Module, interface};
use super::parser::{imports, parse};
use super::paths::candidates;
use super::problem::{Place, Problem, quoted};
use super::scope::{Scope, check};

/// Reads the file at a root-relative path.
pub(crate) type Read<'r> = dyn FnMut(&str) -> io::Result<Vec<u8>> + 'r;

/// A file that was read.
struct Source {
    text: String,
    /// The files that it imports.
    imported: Vec<String>,
    /// What is wrong with its bytes and its imports.
    problems: Vec<Problem>,
}

/// Compiles the file `entry` and what it imports, transitively. Asks `read` once for each file, and for
/// candidates of imports that may not exist.
///
/// The errors are the lines for the user, sorted by file and place. The calls in a file are checked once
/// its syntax and that of the files it imports is right: what a broken file declares is not known.
pub(crate) fn build(entry: &str, read: &mut Read<'_>) -> Result<String, Vec<String>> {
    let sources = load(entry, read)?;
    let mut problems: Vec<(&str, Problem)> = Vec::new();
    let mut modules: BTreeMap<&str, (Module, Vec<u8>)> = BTreeMap::new();
    for (path, source) in &sources {
        problems.extend(source.problems.iter().map(|problem| (path.as_str(), problem.clone())));
        match parse(&source.text) {
            Ok(module) if source.problems.is_empty() => {
                let interface = interface(&module);
                modules.insert(path, (module, interface));
            }
            Ok(_) => {}
            Err(found) => problems.extend(found.into_iter().map(|problem| (path.as_str(), problem))),
        }
    }

    let mut sections = Vec::new();
    for (path, (module, _)) in &modules {
        let imported = sources.get(*path).into_iter().flat_map(|source| &source.imported);
        let imported: Option<Vec<(&str, &[u8])>> = imported
            .map(|from| {
                modules.get(from.as_str()).map(|(_, interface)| (from.as_str(), interface.as_slice()))
            })
            .collect();
        let Some(imported) = imported else { continue };
        let scope = Scope::new(path, module, &imported);
        let mut wrong = check(module, &scope);
        if *path == entry {
            wrong.extend(check_entry(module));
        }
        if wrong.is_empty() {
            let functions: Result<Vec<String>, _> =
                module.functions.iter().map(|function| compile_function(function, &scope)).collect();
            let functions = functions.map_err(|error| vec![format!("{path}: {error}")])?;
            sections.push(file_section(path, &functions));
        }
        problems.extend(wrong.into_iter().map(|problem| (*path, problem)));
    }
    if problems.is_empty() {
        Ok(format!("{}{}{}", prologue(), sections.concat(), epilogue(entry)))
    } else {
        problems.sort();
        Err(problems.into_iter().map(|(path, problem)| problem.in_file(path)).collect())
    }
}

/// What is wrong with the start of a program whose entry is `module`.
pub(crate) fn check_entry(module: &Module) -> Option<Problem> {
    let main = module.functions.iter().zip(&module.places).find(|(function, _)| function.name == "main");
    let (place, found) = match main {
        None => (Place::START, "none in the file where the program starts".to_owned()),
        Some((function, _)) if function.parameters == 0 => return None,
        Some((function, places)) => (places.name, format!("`main` with {} parameters", function.parameters)),
    };
    Some(Problem { place, expected: "a function `main()`".to_owned(), found })
}

/// Reads the entry and all that it imports.
fn load(entry: &str, read: &mut Read<'_>) -> Result<BTreeMap<String, Source>, Vec<String>> {
    let bytes = read(entry).map_err(|error| vec![format!("{entry}: cannot be read: {error}")])?;
    let mut sources = BTreeMap::from([(entry.to_owned(), Source::new(&bytes))]);
    let mut waiting = vec![entry.to_owned()];
    while let Some(importer) = waiting.pop() {
        let heads = sources.get(&importer).map(|source| imports(&source.text)).unwrap_or_default();
        let (mut imported, mut problems) = (Vec::new(), Vec::new());
        for import in heads {
            match resolve(&importer, &import.path, &mut sources, read) {
                Ok((path, fresh)) => {
                    if fresh {
                        waiting.push(path.clone());
                    }
                    imported.push(path);
                }
                Err((expected, found)) => {
                    problems.push(Problem { place: import.place, expected, found });
                }
            }
        }
        if let Some(source) = sources.get_mut(&importer) {
            source.imported = imported;
            source.problems.extend(problems);
        }
    }
    Ok(sources)
}

/// The file that an import means, and whether it was read just now.
fn resolve(
    importer: &str,
    import: &str,
    sources: &mut BTreeMap<String, Source>,
    read: &mut Read<'_>,
) -> Result<(String, bool), (String, String)> {
    let candidates = candidates(importer, import);
    for path in &candidates {
        if sources.contains_key(path) {
            return Ok((path.clone(), false));
        }
        match read(path) {
            Ok(bytes) => {
                sources.insert(path.clone(), Source::new(&bytes));
                return Ok((path.clone(), true));
            }
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {}
                _ => return Err(("a file that can be read".to_owned(), format!("`{path}`: {error}"))),
            },
        }
    }
    Err(if candidates.is_empty() {
        ("a path inside the root, its parts separated by `/`".to_owned(), quoted(import))
    } else {
        ("a file that exists".to_owned(), format!("none at {}", candidates.join(" or ")))
    })
}

impl Source {
    fn new(bytes: &[u8]) -> Self {
        let (text, problems) = match text_of(bytes) {
            Ok(text) => (text.to_owned(), Vec::new()),
            Err(problem) => (String::new(), vec![problem]),
        };
        Self { text, imported: Vec::new(), problems }
    }
}

/// The text of a source.
pub(crate) fn text_of(bytes: &[u8]) -> Result<&str, Problem> {
    str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        Problem {
            place: Place::START.behind(&String::from_utf8_lossy(valid)),
            expected: "text in UTF-8".to_owned(),
            found: "other bytes".to_owned(),
        }
    })
}
