//! `janus cache stats`: what is in the cache, in numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use janus_cache::store::{AGE_ENDS_S, Stats, Tally};
use serde::Serialize;

use super::entries::Row;
use super::past::{self, Past};
use crate::args::Format;
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;
use crate::store_args::StatsArgs;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    exists: bool,
    entries: u64,
    bytes: u64,
    limit_bytes: u64,
    content_bytes: u64,
    rebuild_cost_ns: u64,
    packs: u64,
    unusable_packs: u64,
    objects: u64,
    removals: u64,
    quarantined_files: u64,
    quarantined_bytes: u64,
    oldest_unix_s: Option<u64>,
    newest_unix_s: Option<u64>,
    lookups: Past,
    by_age: Vec<Age>,
    dead: Group,
    hottest: Vec<Row>,
    largest: Vec<Row>,
    by_kind: BTreeMap<String, Group>,
    by_project: BTreeMap<String, Group>,
    by_language: BTreeMap<String, Group>,
}

#[derive(Serialize)]
struct Group {
    entries: u64,
    stored_bytes: u64,
    rebuild_cost_ns: u64,
}

#[derive(Serialize)]
struct Age {
    up_to_s: Option<u64>,
    #[serde(flatten)]
    group: Group,
}

impl From<&Tally> for Group {
    fn from(tally: &Tally) -> Self {
        let Tally { entries, stored_bytes, rebuild_cost_ns, .. } = *tally;
        Self { entries, stored_bytes, rebuild_cost_ns }
    }
}

/// People see so many of the hottest and the largest entries.
const SHOWN: usize = 3;

pub(crate) fn run(args: &StatsArgs) -> Result<Exit, Failure> {
    let since = args.since;
    let args = &args.cache;
    let project = Project::open(&args.project, &args.settings)?;
    let store = project.existing_store(true)?;
    let mut used_bytes = 0;
    let mut stats = Stats::default();
    let mut past = Past::default();
    if let Some(store) = &store {
        past = Past::of(&past::sessions(store, since));
        stats = store.stats().map_err(|error| failure_of(&error))?;
        used_bytes = store.used_bytes().map_err(|error| failure_of(&error))?;
    }
    let limit_bytes = project.settings.max_size.value.bytes;
    let output = Output {
        schema_version: SCHEMA_VERSION,
        dir: project.settings.dir.value.display().to_string(),
        exists: store.is_some(),
        entries: stats.total.entries,
        bytes: used_bytes,
        limit_bytes,
        content_bytes: stats.total.decoded_bytes,
        rebuild_cost_ns: stats.total.rebuild_cost_ns,
        packs: stats.packs.files,
        unusable_packs: stats.useless_packs,
        objects: stats.objects.files,
        removals: stats.removals,
        quarantined_files: stats.quarantine.files,
        quarantined_bytes: stats.quarantine.bytes,
        oldest_unix_s: stats.oldest_unix_s,
        newest_unix_s: stats.newest_unix_s,
        lookups: past,
        by_age: ages(&stats),
        dead: (&stats.dead).into(),
        hottest: stats.hottest.iter().map(Row::from).collect(),
        largest: stats.largest.iter().map(Row::from).collect(),
        by_kind: stats.by_kind.iter().map(|(kind, tally)| (kind.to_string(), tally.into())).collect(),
        by_project: groups(&stats.by_project),
        by_language: groups(&stats.by_language),
    };
    match args.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(text(&output))?,
    }
    Ok(Exit::Success)
}

fn ages(stats: &Stats) -> Vec<Age> {
    let ages = AGE_ENDS_S.iter().zip(&stats.by_age);
    ages.map(|(end_s, tally)| Age { up_to_s: (*end_s < u64::MAX).then_some(*end_s), group: tally.into() })
        .collect()
}

fn groups(tallies: &BTreeMap<String, Tally>) -> BTreeMap<String, Group> {
    tallies.iter().map(|(name, tally)| (name.clone(), tally.into())).collect()
}

/// Of the ages of [`AGE_ENDS_S`].
const AGE_NAMES: [&str; AGE_ENDS_S.len()] =
    ["within an hour", "within a day", "within a week", "within 30 days", "longer ago"];

fn text(output: &Output) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line("cache", human::printable(&output.dir).into_owned());
    if !output.exists {
        line("state", "no cache yet; a build makes one".to_owned());
        return text;
    }
    let share = output.bytes as f64 / output.limit_bytes as f64 * 100.0;
    let limit = human::bytes(output.limit_bytes);
    line("size", format!("{} of {limit} ({share:.1} %)", human::bytes(output.bytes)));
    let (packs, objects) = (output.packs, output.objects);
    line("entries", format!("{} in {}", output.entries, human::packs_and_objects(packs, objects)));
    line("rebuilding", format!("would take {}", human::time_ns(output.rebuild_cost_ns)));
    for (label, value) in output.lookups.lines() {
        line(label, value);
    }
    if let (Some(oldest), Some(newest)) = (output.oldest_unix_s, output.newest_unix_s) {
        line("made", format!("{} to {}", date(oldest), date(newest)));
    }
    if output.unusable_packs > 0 {
        let packs = human::count(output.unusable_packs as usize, "pack", "packs");
        line("unusable", format!("{packs}; see janus cache validate"));
    }
    if output.quarantined_files > 0 {
        let bytes = human::bytes(output.quarantined_bytes);
        let files = human::count(output.quarantined_files as usize, "file", "files");
        line("quarantine", format!("{files}, {bytes}"));
    }
    if output.dead.entries > 0 {
        let entries = human::count(output.dead.entries as usize, "entry", "entries");
        let bytes = human::bytes(output.dead.stored_bytes);
        line("dead", format!("{entries}, {bytes}; janus cache gc removes them"));
    }
    let all = output.by_age.iter().map(|age| age.group.entries).sum::<u64>().max(1);
    for (age, name) in output.by_age.iter().zip(AGE_NAMES).filter(|(age, _)| age.group.entries > 0) {
        let entries = human::count(age.group.entries as usize, "entry", "entries");
        let bar = human::bar(age.group.entries as f64 / all as f64, 20);
        line("last used", format!("{name:<18}{bar}  {entries}, {}", human::bytes(age.group.stored_bytes)));
    }
    for row in output.hottest.iter().take(SHOWN) {
        line("hottest", row.summary());
    }
    for row in output.largest.iter().take(SHOWN) {
        line("largest", row.summary());
    }
    for (what, groups) in
        [("kind", &output.by_kind), ("project", &output.by_project), ("language", &output.by_language)]
    {
        for (name, group) in groups {
            let name = if name.is_empty() { "(none)" } else { name };
            let (entries, bytes) = (group.entries, human::bytes(group.stored_bytes));
            let entries = human::count(entries as usize, "entry", "entries");
            line(what, format!("{name}: {entries}, {bytes}"));
        }
    }
    text
}

pub(super) fn date(unix_s: u64) -> String {
    let second = i64::try_from(unix_s).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(second).map_or_else(|_| unix_s.to_string(), |time| time.to_string())
}
