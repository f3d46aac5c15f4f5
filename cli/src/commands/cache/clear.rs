//! `janus cache clear`: removes everything that the cache keeps, after asking.

use std::io::IsTerminal;
use std::io::Write as _;

use janus_cache::store::{Effort, GcOptions, Retention, Selection};
use serde::Serialize;

use super::collect::{self, selection};
use crate::args::{ClearArgs, Format};
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    dry_run: bool,
    files: u64,
    bytes: u64,
}

pub(crate) fn run(args: &ClearArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let dir = project.settings.dir.value.display().to_string();
    if let Some(select) = selection(&args.which) {
        return clear_some(&project, args, select);
    }
    let Some(store) = project.existing_store(args.dry_run)? else {
        return print(args, &dir, 0, 0);
    };
    if !args.dry_run && !args.yes {
        let found = store.clear(true).map_err(|error| failure_of(&error))?;
        let files = human::count(found.files as usize, "file", "files");
        if !confirmed(&format!("remove {files} ({}) from {dir}", human::bytes(found.bytes)))? {
            say::note("nothing was removed");
            return Ok(Exit::Success);
        }
    }
    let found = store.clear(args.dry_run).map_err(|error| failure_of(&error))?;
    print(args, &dir, found.files, found.bytes)
}

/// Some entries go as `janus cache prune` takes them, after asking.
fn clear_some(project: &Project, args: &ClearArgs, select: Selection) -> Result<Exit, Failure> {
    let retention = Retention { select: Some(select), ..Retention::default() };
    if !args.dry_run && !args.yes {
        let Some(store) = project.existing_store(true)? else {
            return collect::run(project, &args.cache, retention, Effort::Thorough, false);
        };
        let options = GcOptions {
            retention: retention.clone(),
            effort: Effort::Thorough,
            dry_run: true,
            ..GcOptions::default()
        };
        let told = store.gc(&options).map_err(|error| failure_of(&error))?;
        let entries: u64 = told.evicted.values().map(|evicted| evicted.entries).sum();
        let entries = human::count(entries as usize, "entry", "entries");
        if !confirmed(&format!("remove {entries} from {}", project.settings.dir.value.display()))? {
            say::note("nothing was removed");
            return Ok(Exit::Success);
        }
    }
    collect::run(project, &args.cache, retention, Effort::Thorough, args.dry_run)
}

fn confirmed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage("clearing asks first, and there is no terminal to ask on; say --yes"));
    }
    let unasked =
        |error| Failure::message(Exit::System, format!("cannot ask on the terminal: {error}; say --yes"));
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{}? [y/N] ", human::printable(question)).map_err(unasked)?;
    terminal.flush().map_err(unasked)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(unasked)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn print(args: &ClearArgs, dir: &str, files: u64, bytes: u64) -> Result<Exit, Failure> {
    let dry_run = args.dry_run;
    match args.cache.format {
        Format::Json => {
            json::print(&Output {
                schema_version: SCHEMA_VERSION,
                dir: dir.to_owned(),
                dry_run,
                files,
                bytes,
            })?;
        }
        Format::Human => {
            let word = if dry_run { "would remove" } else { "removed" };
            let files = human::count(files as usize, "file", "files");
            let dir = human::printable(dir);
            say::out(format!("{word} {files} ({}) from {dir}\n", human::bytes(bytes)))?;
        }
    }
    Ok(Exit::Success)
}
