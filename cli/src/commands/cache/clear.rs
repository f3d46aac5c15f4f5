//! `janus cache clear`: removes everything that the cache keeps, after asking.

use std::io::IsTerminal;
use std::io::Write as _;

use serde::Serialize;

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
    let Some(store) = project.existing_store(args.dry_run)? else {
        return print(args, &dir, 0, 0);
    };
    if !args.dry_run && !args.yes {
        let found = store.clear(true).map_err(|error| failure_of(&error))?;
        if !confirmed(&dir, found.files, found.bytes)? {
            say::note("nothing was removed");
            return Ok(Exit::Success);
        }
    }
    let found = store.clear(args.dry_run).map_err(|error| failure_of(&error))?;
    print(args, &dir, found.files, found.bytes)
}

fn confirmed(dir: &str, files: u64, bytes: u64) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage("clearing asks first, and there is no terminal to ask on; say --yes"));
    }
    let unasked =
        |error| Failure::message(Exit::System, format!("cannot ask on the terminal: {error}; say --yes"));
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "remove {files} files ({}) from {dir}? [y/N] ", human::bytes(bytes)).map_err(unasked)?;
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
            say::out(format!("{word} {files} ({}) from {dir}\n", human::bytes(bytes)))?;
        }
    }
    Ok(Exit::Success)
}
