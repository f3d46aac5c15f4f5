//! How a store is: what a person looks at who wonders why it misses, fails, or is slow.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::gc::{GcOptions, GcReport};
use super::handle::Store;
use super::staging;
use crate::fs::{self, FileLock, LockError, Measured};

/// A time that lies further ahead than this is a clock that is, or was, wrong.
const CLOCK_TOLERANCE_S: u64 = 3600;

/// What another process does to a store at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupation {
    /// Nothing that keeps anybody waiting.
    Free,
    /// It clears it.
    Clearing,
    /// It evicts, merges or repairs.
    Cleaning,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Permission bits of the directory, where there are such.
    pub mode: Option<u32>,
    /// It lies on another machine: files are read, not mapped.
    pub is_remote: bool,
    /// Not everything can be written, whatever the options say.
    pub is_read_only: bool,
    /// What stands where a folder of the store belongs and is none; nothing is kept for as long.
    pub obstacle: Option<PathBuf>,
    /// Who holds it now.
    pub occupation: Occupation,
    /// Sessions that died and whose leftovers wait for the next session.
    pub dead_sessions: u64,
    /// Packs, each of which a miss asks.
    pub packs: u64,
    /// Of them those that cannot be read.
    pub useless_packs: u64,
    /// Files that a repair moved away.
    pub quarantine: Measured,
    /// Entries that are said to be made or used more than an hour from now.
    pub from_the_future: u64,
    /// When it was last cleaned up by itself, in seconds since the Unix epoch.
    pub last_cleanup_unix_s: Option<u64>,
    /// What keeping the limits of the options would do.
    pub due: GcReport,
}

impl Store {
    /// Looks at everything but contents, and changes nothing. Cost: a look at every entry's header.
    pub fn health(&self) -> Result<Health, StoreError> {
        let shared = &*self.shared;
        let layout = &shared.layout;
        // Asked for only where it is, since asking makes it.
        let asked = |path: PathBuf, ask: fn(&Path) -> Result<Option<FileLock>, LockError>| {
            if path.exists() { ask(&path).map(|lock| lock.is_none()) } else { Ok(false) }
        };
        let cleared = asked(layout.lock(), FileLock::try_shared);
        let maintained = asked(layout.maintenance_lock(), FileLock::try_exclusive);
        let quarantine = layout.quarantine();
        let quarantine =
            fs::measure(&quarantine).map_err(|error| StoreError::io(&quarantine, "measure", error))?;
        let limit_unix_s = shared.unix_s().saturating_add(CLOCK_TOLERANCE_S);
        let mut from_the_future = 0;
        self.visit(&mut |entry| {
            let latest = entry.meta.created_unix_s.max(u64::from(entry.last_used_hour) * 3600);
            from_the_future += u64::from(latest > limit_unix_s);
        })?;
        let slots = shared.catalog.packs().clone();
        let useless = slots.iter().filter(|slot| slot.pack(layout, shared.how).is_err()).count();
        let retention = shared.options.retention.clone();
        Ok(Health {
            mode: fs::mode(layout.root()),
            is_remote: fs::is_remote(layout.root()),
            is_read_only: !layout.is_writable() || cleared.is_err() || maintained.is_err(),
            obstacle: layout.obstacle(),
            // A lock that cannot be asked for is not held by anybody who could.
            occupation: match (cleared, maintained) {
                (Ok(true), _) => Occupation::Clearing,
                (_, Ok(true)) => Occupation::Cleaning,
                _ => Occupation::Free,
            },
            dead_sessions: staging::abandoned(layout)?.len() as u64,
            packs: slots.len() as u64,
            useless_packs: useless as u64,
            quarantine,
            from_the_future,
            last_cleanup_unix_s: fs::modified_unix_s(&layout.collected_mark()),
            due: self.gc(&GcOptions { retention, dry_run: true, ..GcOptions::default() })?,
        })
    }
}
