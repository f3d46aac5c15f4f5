//! The documents lead where they say: links to files that exist, commands that the command line has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every command of `janus`, as its documents may write it.
const COMMANDS: [&str; 28] = [
    "build",
    "watch",
    "cache stats",
    "cache validate",
    "cache clear",
    "cache config",
    "cache gc",
    "cache prune",
    "cache optimize",
    "cache list",
    "cache inspect",
    "cache explain",
    "cache diff",
    "cache doctor",
    "cache simulate",
    "cache size",
    "cache dir",
    "dispatch query",
    "dispatch list",
    "dispatch show",
    "dispatch check",
    "dispatch diff",
    "dispatch matrix",
    "dispatch tree",
    "dispatch inspect",
    "trust",
    "completions",
    "man",
];

/// It names commands of later work too, so only its code blocks are command lines.
const MAP: &str = "docs/designs.md";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and every page of docs/, by their paths from the root.
fn documents() -> Vec<(String, String)> {
    let mut paths = vec!["README.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).expect("docs/ is there") {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            paths.push(format!("docs/{name}"));
        }
    }
    paths.sort();
    let text = |path: &String| fs::read_to_string(root().join(path)).expect("readable");
    paths.iter().map(|path| (path.clone(), text(path))).collect()
}

/// The lines of code blocks, and the others.
fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    let mut inside = false;
    let (mut code, mut prose) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push(line);
        } else {
            prose.push(line);
        }
    }
    (code, prose)
}

/// What stands in backticks in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Targets of `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The heading as an anchor: lower case, spaces as dashes, other marks left out.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn headings(text: &str) -> BTreeSet<String> {
    let (_, prose) = split(text);
    let heading = |line: &&str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_owned());
    prose.iter().filter_map(heading).collect()
}

/// A command line in a document: what follows `janus`, where the first words are no variables.
fn command(code: &str) -> Option<&str> {
    let mut rest = code.trim().trim_start_matches("$ ");
    while let Some((word, after)) = rest.split_once(' ') {
        match word {
            "janus" => return Some(after),
            _ if word.contains('=') && word.starts_with(|c: char| c.is_ascii_uppercase()) => rest = after,
            _ => return None,
        }
    }
    None
}

fn is_known(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    // `janus cache` and `janus cache …` name a group itself, `janus …` all of them.
    let is_group =
        matches!(words.as_slice(), ["cache" | "dispatch"] | ["cache" | "dispatch", "…"] | ["…", ..]);
    let starts = |known: &&str| known.split(' ').zip(&words).all(|(known, word)| known == *word);
    let long_enough = |known: &&str| words.len() >= known.split(' ').count();
    is_group || words == ["--help"] || COMMANDS.iter().any(|known| long_enough(known) && starts(known))
}

/// Source files of the library and of the example compiler.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).expect("readable"));
        }
    }
}

/// Lines of a source without what depends on where they stand.
fn plain(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Each block of Rust in `docs/embedding.md` is a piece of a source, or several with `…` between them.
#[test]
fn code_that_the_page_about_embedding_quotes_stands_in_the_sources() {
    let page = fs::read_to_string(root().join("docs/embedding.md")).expect("readable");
    let mut all = Vec::new();
    for folder in ["src/build/incremental", "src/graph", "examples/mini"] {
        sources(&root().join(folder), &mut all);
    }
    let all: Vec<String> = all.iter().map(|text| plain(text)).collect();
    let blocks = page.split("```rust\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let mut seen = 0;
    for piece in blocks.flat_map(|block| block.split('…')).map(plain).filter(|piece| !piece.is_empty()) {
        seen += 1;
        assert!(all.iter().any(|text| text.contains(&piece)), "no source has this:\n{piece}");
    }
    assert!(seen >= 5, "only {seen} pieces were found");
}

#[test]
fn every_relative_link_resolves() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for (path, text) in documents() {
        let folder = root().join(&path).parent().expect("a folder").to_owned();
        let (_, prose) = split(&text);
        for target in prose.iter().flat_map(|line| targets(line)).filter(|target| !target.contains("://")) {
            seen += 1;
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let place = if file.is_empty() { root().join(&path) } else { folder.join(file) };
            let there = match fs::read_to_string(&place) {
                Ok(linked) => {
                    fragment.is_empty() || headings(&linked).iter().any(|heading| anchor(heading) == fragment)
                }
                Err(_) => place.is_dir() && fragment.is_empty(),
            };
            if !there {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    assert!(seen >= 10, "only {seen} links were found");
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_command_line_begins_with_a_command_that_exists() {
    let mut unknown = Vec::new();
    let mut seen = 0;
    for (path, text) in documents() {
        let (code, prose) = split(&text);
        let inline = prose.iter().flat_map(|line| quoted(line)).filter(|_| path != MAP);
        for command in code.iter().copied().chain(inline).filter_map(command) {
            seen += 1;
            if !is_known(command) {
                unknown.push(format!("{path}: janus {command}"));
            }
        }
    }
    assert!(seen >= 20, "only {seen} command lines were found");
    assert!(unknown.is_empty(), "commands that do not exist:\n{}", unknown.join("\n"));
}

#[test]
fn the_commands_are_those_of_the_command_line() {
    let path = root().join("cli/src/args.rs");
    let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for command in COMMANDS {
        for word in command.split(' ') {
            let (first, rest) = word.split_at(1);
            let variant = format!("\n    {}{rest}", first.to_uppercase());
            let is_there =
                [format!("{variant}("), format!("{variant} {{")].iter().any(|form| source.contains(form));
            assert!(is_there, "{} has no command `{word}`", path.display());
        }
    }
}

/// `docs/designs.md` may answer with a chapter of a page: the page in backticks, then the chapter in italics.
#[test]
fn every_chapter_that_the_map_of_the_designs_names_exists() {
    let map = fs::read_to_string(root().join(MAP)).expect("readable");
    let mut seen = 0;
    for line in map.lines() {
        let pieces: Vec<&str> = line.split('`').collect();
        for pair in pieces.windows(2) {
            let [page, after] = pair else { continue };
            let chapter = after.strip_prefix(", *").and_then(|rest| rest.split_once('*'));
            let Some((chapter, _)) = chapter.filter(|_| page.starts_with("docs/")) else { continue };
            seen += 1;
            let text = fs::read_to_string(root().join(page)).unwrap_or_default();
            assert!(headings(&text).contains(chapter), "{page} has no chapter {chapter}");
        }
    }
    assert!(seen >= 5, "only {seen} chapters were found");
}
