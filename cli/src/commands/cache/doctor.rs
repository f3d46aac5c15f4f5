//! `janus cache doctor`: what makes a cache miss, fail, or slow, and what to do about it.

use std::fmt::Write as _;

use janus_cache::build::store_options;
use janus_cache::clock::Clock;
use janus_cache::store::{Health, Occupation, Store, StoreOptions};
use serde::Serialize;

use super::stats::date;
use crate::args::{CacheArgs, Format};
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

/// More packs than this make misses slow.
const MANY_PACKS: u64 = 8;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    dir: String,
    healthy: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    found: String,
    advice: Option<&'static str>,
}

pub(crate) fn run(args: &CacheArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.project, &args.settings)?;
    let mut checks = Checks(Vec::new());
    let dir = &project.settings.dir;
    checks.is("directory", format!("{} ({})", dir.value.display(), dir.origin));
    if project.settings.enabled.value {
        checks.is("enabled", format!("yes ({})", project.settings.enabled.origin));
    } else {
        let advice = "every build is a fresh one; unset JANUS_CACHE_DISABLE or `enabled`";
        checks.odd("enabled", format!("no ({})", project.settings.enabled.origin), advice);
    }
    // What keeps a cache from being looked at keeps builds from using it: that is a finding, too.
    if let Err(failure) = examine(&mut checks, &project) {
        let advice =
            "builds go on without the cache; move aside what is in the way, or choose another directory";
        checks.odd("state", failure.text().to_owned(), advice);
    }
    let output = Output {
        schema_version: SCHEMA_VERSION,
        dir: dir.value.display().to_string(),
        healthy: checks.0.iter().all(|check| check.ok),
        checks: checks.0,
    };
    match args.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(text(&output))?,
    }
    Ok(Exit::Success)
}

fn examine(checks: &mut Checks, project: &Project) -> Result<(), Failure> {
    if project.existing_store(true)?.is_none() {
        checks.is("state", "no cache yet; a build makes one".to_owned());
        return Ok(());
    }
    // Opened for writing, folders that are missing would be made.
    let options = store_options(&project.settings, Clock::System);
    let store = Store::open(StoreOptions { read_only: true, ..options });
    let store = store.map_err(|error| failure_of(&error))?;
    let health = store.health().map_err(|error| failure_of(&error))?;
    look(checks, &health, project.settings.read_only.value);
    limits(checks, project, &store, &health)
}

struct Checks(Vec<Check>);

impl Checks {
    fn is(&mut self, name: &'static str, found: String) {
        self.0.push(Check { name, ok: true, found, advice: None });
    }

    fn odd(&mut self, name: &'static str, found: String, advice: &'static str) {
        self.0.push(Check { name, ok: false, found, advice: Some(advice) });
    }

    fn one(&mut self, name: &'static str, is_odd: bool, found: String, advice: &'static str) {
        if is_odd { self.odd(name, found, advice) } else { self.is(name, found) }
    }
}

fn look(checks: &mut Checks, health: &Health, is_read_only: bool) {
    if let Some(mode) = health.mode {
        let is_open = mode & 0o077 != 0;
        let advice = "others of this machine may read or change it; `chmod 700` it unless that is meant";
        checks.one("permissions", is_open, format!("{mode:04o}"), advice);
    }
    if let Some(obstacle) = &health.obstacle {
        let advice = "builds go on without the cache; move it away, or choose another directory";
        checks.odd("access", format!("{} is no folder or file of the cache", obstacle.display()), advice);
    } else if is_read_only {
        checks.odd("access", "read only".to_owned(), "the settings ask for it; nothing new is kept");
    } else {
        let written = if health.is_read_only { "read only" } else { "read and written" };
        let advice = "nothing new is kept; check who owns it and all in it";
        checks.one("access", health.is_read_only, written.to_owned(), advice);
    }
    let place = if health.is_remote { "of another machine" } else { "local" };
    let advice = "files are read, not mapped, and locks may not hold; a local directory is faster and safer";
    checks.one("file system", health.is_remote, place.to_owned(), advice);
    let lock = match health.occupation {
        Occupation::Clearing => "somebody clears the cache",
        Occupation::Cleaning => "somebody cleans the cache up",
        Occupation::Free => "free",
    };
    checks.one(
        "locks",
        health.occupation == Occupation::Clearing,
        lock.to_owned(),
        "builds go on without the cache until it is done",
    );
    let future = human::count(health.from_the_future as usize, "entry", "entries");
    let advice = "the clock was, or is, wrong; such entries outlive their time, and are used all the same";
    checks.one("clock", health.from_the_future > 0, format!("{future} from the future"), advice);
    let packs = human::count(health.packs as usize, "pack", "packs");
    let advice = "each miss asks all of them; `janus cache gc` merges them";
    checks.one("packs", health.packs > MANY_PACKS, packs, advice);
    let advice = "`janus cache validate --repair` saves what is sound in them";
    let useless = human::count(health.useless_packs as usize, "pack", "packs");
    checks.one("damage", health.useless_packs > 0, format!("{useless} cannot be read"), advice);
    let files = human::count(health.quarantine.files as usize, "file", "files");
    let files = format!("{files}, {}", human::bytes(health.quarantine.bytes));
    let advice = "damage was repaired; look at the disk if it comes back, then remove them";
    checks.one("quarantine", health.quarantine.files > 0, files, advice);
    let dead = human::count(health.dead_sessions as usize, "session", "sessions");
    checks.is("leftovers", format!("of {dead}; the next session removes them"));
}

fn limits(checks: &mut Checks, project: &Project, store: &Store, health: &Health) -> Result<(), Failure> {
    let settings = &project.settings;
    let used = store.used_bytes().map_err(|error| failure_of(&error))?;
    let limit = settings.max_size.value.bytes;
    let size = format!("{} of {} ({})", human::bytes(used), human::bytes(limit), settings.max_size.origin);
    let advice = "entries go before they are used again; raise JANUS_CACHE_SIZE or `max_size`";
    checks.one("size", used > limit / 10 * 9, size, advice);
    let said = |key: &str| {
        let entries = settings.entries();
        let entry = entries.iter().find(|entry| entry.setting.key == key);
        entry.map_or_else(String::new, |entry| format!("{} ({})", entry.value_text, entry.origin))
    };
    checks.is("age", said("max_age"));
    checks.is("eviction", said("eviction"));
    let last = health.last_cleanup_unix_s.map_or_else(|| "never".to_owned(), date);
    checks.is("cleanup", format!("last {last}, every {}", said("cleanup_interval")));
    let due: u64 = health.due.evicted.values().map(|evicted| evicted.entries).sum();
    let due = human::count(due as usize, "entry", "entries");
    checks.is("due", format!("a cleanup now would remove {due}"));
    Ok(())
}

fn text(output: &Output) -> String {
    let mut text = String::new();
    for check in &output.checks {
        let mark = if check.ok { "ok  " } else { "odd " };
        let _ = writeln!(text, "{mark} {:<12}{}", check.name, human::printable(&check.found));
        if let Some(advice) = check.advice {
            let _ = writeln!(text, "                 {advice}");
        }
    }
    let odd = output.checks.iter().filter(|check| !check.ok).count();
    let _ = match odd {
        0 => writeln!(text, "nothing is odd"),
        _ => writeln!(text, "{} odd", human::count(odd, "thing is", "things are")),
    };
    text
}
