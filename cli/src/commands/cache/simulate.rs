//! `janus cache simulate`: what builds would have found in a cache of another size, or with another policy.

use std::fmt::Write as _;

use janus_cache::build::store_options;
use janus_cache::clock::Clock;
use janus_cache::store::{EvictionPolicy, PastSession, Retention, Simulated, simulate, working_set_bytes};
use serde::Serialize;

use super::past;
use super::stats::date;
use crate::args::Format;
use crate::context::Project;
use crate::draw::curve;
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;
use crate::store_args::{Policy, SimulateArgs};

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    sessions: u64,
    since_unix_s: Option<u64>,
    asked: u64,
    left_out: u64,
    working_set_bytes: u64,
    limit_bytes: u64,
    policy: &'static str,
    results: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    max_bytes: u64,
    policy: &'static str,
    hits: u64,
    hit_ratio: Option<f64>,
    rebuilt_ns: u64,
    evicted: u64,
    peak_bytes: u64,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let retention = store_options(&project.settings, Clock::System).retention;
    let limit_bytes = project.settings.max_size.value.bytes;
    let store = project.existing_store(true)?;
    let sessions = store.map(|store| past::sessions(&store, args.since)).unwrap_or_default();
    let working_set_bytes = working_set_bytes(&sessions);
    let sizes =
        if args.sizes.is_empty() { ladder(working_set_bytes, limit_bytes) } else { sorted(&args.sizes) };
    let policies = match args.policy {
        None => vec![EvictionPolicy::Lru, EvictionPolicy::Value],
        Some(Policy::Lru) => vec![EvictionPolicy::Lru],
        Some(Policy::Value) => vec![EvictionPolicy::Value],
    };
    let output = Output {
        schema_version: SCHEMA_VERSION,
        dir: project.settings.dir.value.display().to_string(),
        sessions: sessions.len() as u64,
        since_unix_s: sessions.first().map(|first| first.ended_unix_s),
        asked: sessions.iter().map(|session| session.accesses.len() as u64).sum(),
        left_out: sessions.iter().map(|session| u64::from(session.left_out)).sum(),
        working_set_bytes,
        limit_bytes,
        policy: retention.policy.as_str(),
        results: rows(&sessions, &sizes, &policies, &retention),
    };
    if let Some(path) = &args.svg {
        let curves = policies.iter().map(|policy| curve::Curve {
            name: policy.as_str(),
            points: output.of_policy(policy.as_str()).map(|row| (row.max_bytes, row.ratio())).collect(),
        });
        let picture = curve::svg(&curves.collect::<Vec<_>>(), limit_bytes, &output.title());
        janus_cache::fs::write_output(path, picture.as_bytes()).map_err(|error| {
            let message = format!("cannot write {}: {error}; choose another place", path.display());
            Failure::message(Exit::System, message)
        })?;
    }
    match args.cache.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(output.text())?,
    }
    Ok(Exit::Success)
}

/// Parts of what was asked for, and today's limit.
fn ladder(working_set_bytes: u64, limit_bytes: u64) -> Vec<u64> {
    let parts = [32, 16, 8, 4, 2].map(|part| working_set_bytes / part);
    let more = [working_set_bytes / 4 * 3, working_set_bytes, limit_bytes];
    sorted(&[parts.as_slice(), &more].concat())
}

fn sorted(sizes: &[u64]) -> Vec<u64> {
    let mut sizes: Vec<u64> = sizes.iter().copied().filter(|size| *size > 0).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn rows(
    sessions: &[PastSession],
    sizes: &[u64],
    policies: &[EvictionPolicy],
    retention: &Retention,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for max_bytes in sizes {
        for policy in policies {
            let limits = Retention { max_bytes: Some(*max_bytes), policy: *policy, ..retention.clone() };
            let told = simulate(sessions, &limits);
            let Simulated { hits, rebuilt_ns, evicted, peak_bytes, .. } = told;
            let (max_bytes, policy, hit_ratio) = (*max_bytes, policy.as_str(), told.hit_ratio());
            rows.push(Row { max_bytes, policy, hits, hit_ratio, rebuilt_ns, evicted, peak_bytes });
        }
    }
    rows
}

impl Row {
    fn ratio(&self) -> f64 {
        self.hit_ratio.unwrap_or_default()
    }
}

impl Output {
    fn of_policy(&self, policy: &'static str) -> impl Iterator<Item = &Row> {
        self.results.iter().filter(move |row| row.policy == policy)
    }

    fn title(&self) -> String {
        let sessions = human::count(self.sessions as usize, "session", "sessions");
        let entries = human::count(self.asked as usize, "entry", "entries");
        let since = self.since_unix_s.map_or_else(String::new, |unix_s| format!(" since {}", date(unix_s)));
        format!(
            "{sessions}{since} asked for {entries}, each once a session; all of them are {}",
            human::bytes(self.working_set_bytes)
        )
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.title());
        if self.left_out > 0 {
            let more = human::count(self.left_out as usize, "entry", "entries");
            let _ = writeln!(text, "{more} more were too many to be remembered");
        }
        if self.asked == 0 {
            text.push_str("nothing to replay yet; a build leaves what it asked for\n");
            return text;
        }
        for row in &self.results {
            let is_now = row.max_bytes == self.limit_bytes && row.policy == self.policy;
            let _ = writeln!(
                text,
                "{:>10}  {:<5}  {:>7}  {}  rebuilding {}{}",
                human::bytes(row.max_bytes),
                row.policy,
                human::percent(row.hit_ratio),
                human::bar(row.ratio(), 30),
                human::time_ns(row.rebuilt_ns),
                if is_now { ", the settings of now" } else { "" },
            );
        }
        text
    }
}
