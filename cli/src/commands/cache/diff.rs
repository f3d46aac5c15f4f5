//! `janus cache diff`: what two builds of a project were made of, compared.

use std::fmt::Write as _;

use janus_cache::build::{BuildDiff, FamilyDiff, PastBuild, PastBuilds, describe};
use janus_cache::track::ChangeKind;
use serde::Serialize;

use super::stats::date;
use crate::args::Format;
use crate::context::Project;
use crate::exit::{Exit, Failure};
use crate::explain_args::BuildsArgs;
use crate::human::{count, printable};
use crate::json::{self, ChangeRow, SCHEMA_VERSION, change_rows};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    before: BuildRow,
    after: BuildRow,
    differs: bool,
    files: Vec<FileRow>,
    files_same: usize,
    families: Vec<FamilyRow>,
    families_same: usize,
}

#[derive(Serialize)]
struct BuildRow {
    number: u64,
    at_unix_s: u64,
    project: String,
    language: String,
    front_end: String,
    built: u64,
    reused: u64,
}

#[derive(Serialize)]
struct FileRow {
    path: String,
    change: &'static str,
}

#[derive(Serialize)]
struct FamilyRow {
    family: String,
    arity: u8,
    change: &'static str,
    /// Whether the cache still has the inputs of both questions.
    known: bool,
    changes: Vec<ChangeRow>,
}

pub(crate) fn run(args: &BuildsArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let dir = project.settings.dir.value.display();
    let Some(store) = project.existing_store(true)? else {
        return Err(Failure::usage(format!("no cache at {dir} yet")));
    };
    let past = PastBuilds::of(&store, &project.root);
    let (before, after) = chosen(&past, &args.session)?;
    let diff = before.diff(&after, &store);
    match args.cache.format {
        Format::Json => json::print(&output(&before, &after, &diff))?,
        Format::Human => say::out(text(&before, &after, &diff))?,
    }
    Ok(if args.exit_code && !diff.is_empty() { Exit::Sources } else { Exit::Success })
}

/// The two builds that are meant.
fn chosen(past: &PastBuilds, sessions: &[String]) -> Result<(PastBuild, PastBuild), Failure> {
    let numbers = past.numbers();
    let load = |number: u64| {
        past.load(number).ok_or_else(|| Failure::usage(format!("the manifest of build {number} is damaged")))
    };
    let named = |session: &String| load(number_of(session, &numbers)?);
    match sessions {
        [] => {
            let mut newest = numbers.iter().rev().filter_map(|number| past.load(*number));
            let after = newest.next();
            let is_alike = |build: &PastBuild| {
                after.as_ref().is_some_and(|after| {
                    (&build.language, &build.project) == (&after.language, &after.project)
                })
            };
            let before = newest.find(is_alike);
            before.zip(after).ok_or_else(|| {
                Failure::usage(format!(
                    "two builds are needed, the cache remembers {} of this project that changed something; \
                     build, edit and build",
                    numbers.len()
                ))
            })
        }
        [before] => Ok((named(before)?, named(&"last".to_owned())?)),
        [before, after, ..] => Ok((named(before)?, named(after)?)),
    }
}

fn number_of(session: &str, numbers: &[u64]) -> Result<u64, Failure> {
    let from_last = match session.strip_prefix('-') {
        None if session == "last" => Some(0),
        None => None,
        Some(digits) => digits.parse::<usize>().ok(),
    };
    let found = match from_last {
        Some(back) => numbers.iter().rev().nth(back).copied(),
        None => session.parse().ok().filter(|number| numbers.contains(number)),
    };
    found.ok_or_else(|| {
        let known = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => format!("known are {first} to {last}"),
            _ => "none is known yet".to_owned(),
        };
        Failure::usage(format!(
            "no build of this project is {session:?}: expected a number, `last`, or `-1` for the one before; {known}"
        ))
    })
}

fn output(before: &PastBuild, after: &PastBuild, diff: &BuildDiff) -> Output {
    let build = |build: &PastBuild| BuildRow {
        number: build.number,
        at_unix_s: build.at_unix_s,
        project: build.project.clone(),
        language: build.language.clone(),
        front_end: build.front_end.clone(),
        built: build.built,
        reused: build.reused,
    };
    let family = |FamilyDiff { family, kind, inputs }: &FamilyDiff| FamilyRow {
        family: family.name.clone(),
        arity: family.arity,
        change: word(*kind),
        known: inputs.is_some(),
        changes: inputs.as_deref().map_or_else(Vec::new, |inputs| change_rows(inputs, family)),
    };
    Output {
        schema_version: SCHEMA_VERSION,
        before: build(before),
        after: build(after),
        differs: !diff.is_empty(),
        files: diff
            .files
            .iter()
            .map(|file| FileRow { path: file.path.clone(), change: file.kind.as_str() })
            .collect(),
        files_same: diff.files_same,
        families: diff.families.iter().map(family).collect(),
        families_same: diff.families_same,
    }
}

/// A family is not edited: its question changes.
const fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Edited => "changed",
        kind => kind.as_str(),
    }
}

fn text(before: &PastBuild, after: &PastBuild, diff: &BuildDiff) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<9} {}", printable(value));
    };
    let told = |build: &PastBuild| {
        let tables = count(build.built as usize, "table", "tables");
        let (number, at) = (build.number, date(build.at_unix_s));
        format!("build {number} of {at}, {tables} built, {} reused", build.reused)
    };
    line("before", &told(before));
    line("after", &told(after));
    if before.front_end != after.front_end {
        line("front end", &format!("{} -> {}", before.front_end, after.front_end));
    }
    for file in &diff.files {
        line(file.kind.as_str(), &file.path);
    }
    for FamilyDiff { family, kind, inputs } in &diff.families {
        match inputs {
            Some(inputs) => {
                line(word(*kind), &family.to_string());
                for input in inputs {
                    line("", &describe(input, family));
                }
            }
            None if *kind == ChangeKind::Edited => {
                line("changed", &format!("{family}, the cache no longer has both questions"));
            }
            None => line(word(*kind), &family.to_string()),
        }
    }
    let families = count(diff.families_same, "family", "families");
    line("same", &format!("{}, {families}", count(diff.files_same, "file", "files")));
    text
}
