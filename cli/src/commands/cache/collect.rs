//! `janus cache gc|prune|optimize`: makes the cache smaller, and lookups faster.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use janus_cache::build::store_options;
use janus_cache::clock::Clock;
use janus_cache::store::{Effort, GcOptions, GcReport, Retention, Selection};
use serde::Serialize;

use crate::args::{CacheArgs, Format};
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;
use crate::store_args::{CollectArgs, PruneArgs, Which};

/// What nobody used for a day is compressed by `optimize`, if the settings allow it.
const COLD_S: u64 = 24 * 3600;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    dry_run: bool,
    busy_elsewhere: bool,
    no_room: bool,
    before: Size,
    after: Size,
    written_bytes: u64,
    dictionary_bytes: u64,
    removed_files: u64,
    removed_bytes: u64,
    removed_entries: u64,
    useless_packs: Vec<String>,
    useless_bytes: u64,
    reasons: BTreeMap<&'static str, Reason>,
}

#[derive(Serialize)]
struct Size {
    bytes: u64,
    entries: u64,
    packs: u64,
}

#[derive(Serialize)]
struct Reason {
    entries: u64,
    bytes: u64,
}

/// Keeps the limits of the settings now, whatever the interval says.
pub(crate) fn gc(args: &CollectArgs) -> Result<Exit, Failure> {
    let project = open(&args.cache)?;
    let retention = store_options(&project.settings, Clock::System).retention;
    run(&project, &args.cache, retention, Effort::Thorough, args.dry_run)
}

/// Removes what was asked for.
pub(crate) fn prune(args: &PruneArgs) -> Result<Exit, Failure> {
    let select = selection(&args.which);
    if select.is_none() && args.down_to.is_none() {
        let hint =
            "name --of-project, --kind, --older-than or --down-to; `janus cache clear` removes everything";
        return Err(Failure::usage(format!("prune does not know what to remove: {hint}")));
    }
    let project = open(&args.cache)?;
    let keep_packages = project.settings.keep_packages.value;
    let retention = Retention { select, max_bytes: args.down_to, keep_packages, ..Retention::default() };
    run(&project, &args.cache, retention, Effort::Thorough, args.dry_run)
}

/// Writes all packs anew.
pub(crate) fn optimize(args: &CollectArgs) -> Result<Exit, Failure> {
    let project = open(&args.cache)?;
    let retention = store_options(&project.settings, Clock::System).retention;
    run(&project, &args.cache, retention, Effort::Rewrite, args.dry_run)
}

/// What is asked for; none where that is everything.
pub(crate) fn selection(which: &Which) -> Option<Selection> {
    let Which { of_project, kind, older_than } = which;
    if of_project.is_none() && kind.is_none() && older_than.is_none() {
        return None;
    }
    let unused_s = older_than.map(|time| time.as_secs());
    Some(Selection { project: of_project.clone(), kind: *kind, unused_s })
}

fn open(args: &CacheArgs) -> Result<Project, Failure> {
    Project::open(&args.project, &args.settings)
}

/// As the commands above, for whoever has a selection.
pub(crate) fn run(
    project: &Project,
    args: &CacheArgs,
    retention: Retention,
    effort: Effort,
    dry_run: bool,
) -> Result<Exit, Failure> {
    let is_pressed = effort == Effort::Rewrite && project.settings.compression.value;
    let compress_unused_s = is_pressed.then_some(COLD_S);
    let report = match project.existing_store(dry_run)? {
        Some(store) => store
            .gc(&GcOptions { retention, effort, dry_run, compress_unused_s })
            .map_err(|error| failure_of(&error))?,
        None => GcReport::default(),
    };
    let dir = project.settings.dir.value.display().to_string();
    let output = output(dir, dry_run, &report);
    match args.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(text(&output))?,
    }
    Ok(if report.busy_elsewhere { Exit::System } else { Exit::Success })
}

fn output(dir: String, dry_run: bool, report: &GcReport) -> Output {
    let reasons: BTreeMap<_, _> = report
        .evicted
        .iter()
        .map(|(reason, evicted)| (reason.as_str(), Reason { entries: evicted.entries, bytes: evicted.bytes }))
        .collect();
    Output {
        schema_version: SCHEMA_VERSION,
        dir,
        dry_run,
        busy_elsewhere: report.busy_elsewhere,
        no_room: report.no_room,
        before: Size {
            bytes: report.before_bytes,
            entries: report.before_entries,
            packs: report.before_packs,
        },
        after: Size { bytes: report.after_bytes, entries: report.after_entries, packs: report.after_packs },
        written_bytes: report.written_bytes,
        dictionary_bytes: report.dictionary_bytes,
        removed_files: report.removed.files,
        removed_bytes: report.removed.bytes,
        removed_entries: reasons.values().map(|reason| reason.entries).sum(),
        useless_packs: report.useless_packs.iter().map(|pack| format!("{pack}.pack")).collect(),
        useless_bytes: report.useless_bytes,
        reasons,
    }
}

fn text(output: &Output) -> String {
    let Output { dry_run, before, after, .. } = output;
    let dir = human::printable(&output.dir);
    if output.busy_elsewhere {
        return format!("another process is cleaning {dir} up; nothing was done\n");
    }
    let mut text = String::new();
    for (reason, of) in &output.reasons {
        let entries = human::count(of.entries as usize, "entry", "entries");
        let _ = writeln!(text, "{reason:<12}{entries}, {}", human::bytes(of.bytes));
    }
    for pack in &output.useless_packs {
        let _ = writeln!(text, "unreadable  {pack}");
    }
    if !output.useless_packs.is_empty() {
        let _ = writeln!(
            text,
            "what is unreadable takes {} of the limit; `janus cache validate --repair` saves what is sound in it and moves it away",
            human::bytes(output.useless_bytes)
        );
    }
    if output.no_room {
        text.push_str("the disk had no room for new packs: whole packs went, or stay as they are\n");
    }
    let entries = human::count(output.removed_entries as usize, "entry", "entries");
    let word = if *dry_run { "would remove" } else { "removed" };
    let packs = |count: u64| human::count(count as usize, "pack", "packs");
    let _ = writeln!(
        text,
        "{word} {entries} from {dir}: {} in {} {} {} in {}",
        human::bytes(before.bytes),
        packs(before.packs),
        if *dry_run { "would be about" } else { "are now" },
        human::bytes(after.bytes),
        packs(after.packs),
    );
    if output.dictionary_bytes > 0 {
        let bytes = human::bytes(output.dictionary_bytes);
        let _ = writeln!(text, "compressed tables with a dictionary of {bytes}, trained over them");
    }
    text
}
