//! `janus cache list`: the entries of the cache, one a line.

use std::cmp::Reverse;
use std::fmt::Write as _;

use janus_cache::clock::Clock;
use janus_cache::store::{EntryInfo, Store};
use serde::Serialize;

use super::stats::date;
use crate::args::Format;
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;
use crate::store_args::{EntriesArgs, Sort, Which};

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    entries: Vec<Row>,
}

#[derive(Serialize)]
pub(super) struct Row {
    key: String,
    kind: &'static str,
    project: String,
    language: String,
    codec: &'static str,
    stored_bytes: u64,
    decoded_bytes: u64,
    made_unix_s: u64,
    last_used_unix_s: u64,
    hits: u32,
    rebuild_cost_ns: u64,
    loose: bool,
    pack: String,
}

impl From<&EntryInfo> for Row {
    fn from(entry: &EntryInfo) -> Self {
        Self {
            key: entry.key.to_string(),
            kind: entry.meta.kind.name(),
            project: entry.meta.project.clone(),
            language: entry.meta.language.clone(),
            codec: entry.codec.as_str(),
            stored_bytes: entry.stored_bytes,
            decoded_bytes: entry.decoded_bytes,
            made_unix_s: entry.meta.created_unix_s,
            last_used_unix_s: entry.last_used_unix_s(),
            hits: entry.hits,
            rebuild_cost_ns: entry.meta.rebuild_cost_ns,
            loose: entry.loose,
            pack: entry.pack.to_string(),
        }
    }
}

impl Row {
    /// The entry on one line.
    pub(super) fn summary(&self) -> String {
        let (key, size) = (self.key.get(..16).unwrap_or(&self.key), human::bytes(self.stored_bytes));
        let (kind, project) = (self.kind, human::printable(&self.project));
        format!("{key}  {size:>9}  {:>4} hits  {kind}  {project}", self.hits)
    }

    /// What people want to know, a line each.
    pub(super) fn lines(&self) -> String {
        let mut text = String::new();
        let mut line = |label: &str, value: String| {
            let _ = writeln!(text, "{label:<12}{}", human::printable(&value));
        };
        line("key", self.key.clone());
        line("kind", self.kind.to_owned());
        line("project", self.project.clone());
        line("language", self.language.clone());
        let (stored, decoded) = (human::bytes(self.stored_bytes), human::bytes(self.decoded_bytes));
        line("size", format!("{stored} stored ({}), {decoded} used", self.codec));
        line("made", date(self.made_unix_s));
        let hits = if self.hits >= 1023 { "1023 or more".to_owned() } else { self.hits.to_string() };
        line("last used", format!("{}, hits: {hits}", date(self.last_used_unix_s)));
        line("rebuilding", format!("takes {}", human::time_ns(self.rebuild_cost_ns)));
        let place = if self.loose { "a file of its own, named in pack" } else { "pack" };
        line("stored in", format!("{place} {}", self.pack));
        text
    }
}

/// The entries of a store that are meant.
pub(super) fn entries_of(store: &Store, which: &Which) -> Result<Vec<EntryInfo>, Failure> {
    let now_unix_s = Clock::System.unix_s();
    let mut found = Vec::new();
    let mut show = |entry: EntryInfo| {
        let idle_s = now_unix_s.saturating_sub(entry.last_used_unix_s());
        let is_meant = which.of_project.as_ref().is_none_or(|project| *project == entry.meta.project)
            && which.kind.is_none_or(|kind| kind == entry.meta.kind)
            && which.older_than.is_none_or(|time| idle_s >= time.as_secs());
        if is_meant {
            found.push(entry);
        }
    };
    store.visit(&mut show).map_err(|error| failure_of(&error))?;
    Ok(found)
}

pub(crate) fn list(args: &EntriesArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let mut entries = match project.existing_store(true)? {
        Some(store) => entries_of(&store, &args.which)?,
        None => Vec::new(),
    };
    entries.sort_by_key(|entry| {
        let by = match args.sort {
            Sort::Used => entry.last_used_unix_s(),
            Sort::Size => entry.stored_bytes,
            Sort::Cost => entry.meta.rebuild_cost_ns,
            Sort::Hits => u64::from(entry.hits),
            Sort::Made => entry.meta.created_unix_s,
        };
        (Reverse(by), entry.key)
    });
    entries.truncate(args.limit.unwrap_or(usize::MAX));
    let output = Output {
        schema_version: SCHEMA_VERSION,
        dir: project.settings.dir.value.display().to_string(),
        entries: entries.iter().map(Row::from).collect(),
    };
    match args.cache.format {
        Format::Json => json::print(&output)?,
        Format::Human => {
            let mut text = String::new();
            for (entry, row) in entries.iter().zip(&output.entries) {
                let _ = writeln!(
                    text,
                    "{}  {}  {:>9}  {:>8}  {:>4} hits  {}  {}",
                    entry.key.short(),
                    date(row.last_used_unix_s),
                    human::bytes(row.stored_bytes),
                    human::time_ns(row.rebuild_cost_ns),
                    row.hits,
                    row.kind,
                    human::printable(&row.project),
                );
            }
            say::out(text)?;
        }
    }
    Ok(Exit::Success)
}
