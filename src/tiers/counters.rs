//! What a level did, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::{is_damage, is_failure};
use super::level::Fetch;

#[derive(Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    damaged: AtomicU64,
    errors: AtomicU64,
    writes: AtomicU64,
    write_failures: AtomicU64,
    backfills: AtomicU64,
    read_ns: AtomicU64,
    write_ns: AtomicU64,
    read_bytes: AtomicU64,
}

/// What a level did since its chain was made. Every lookup is a hit, a miss, damage or an error,
/// and never two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelActivity {
    /// Lookups that were answered.
    pub hits: u64,
    /// Lookups of keys that it does not have.
    pub misses: u64,
    /// Lookups of keys whose answer is damaged.
    pub damaged: u64,
    /// Lookups that it could not be asked.
    pub errors: u64,
    /// Entries written, copies of farther hits included.
    pub writes: u64,
    /// Entries, and commits, that could not be written.
    pub write_failures: u64,
    /// Hits of farther levels that were copied to it.
    pub backfills: u64,
    /// Time spent in lookups, in nanoseconds over all threads.
    pub read_ns: u64,
    /// Time spent in writes and commits, in nanoseconds over all threads.
    pub write_ns: u64,
    /// Bytes of the answers.
    pub read_bytes: u64,
}

impl Counters {
    pub(super) fn count_fetch(&self, fetch: &Fetch, elapsed_ns: u64) {
        add(&self.read_ns, elapsed_ns);
        let counter = match fetch {
            Fetch::Hit(answer) => {
                add(&self.read_bytes, answer.content().len() as u64);
                &self.hits
            }
            Fetch::Failed(_) => &self.errors,
            Fetch::Miss(reason) if is_failure(*reason) => &self.errors,
            Fetch::Miss(reason) if is_damage(*reason) => &self.damaged,
            Fetch::Miss(_) => &self.misses,
        };
        add(counter, 1);
    }

    pub(super) fn count_write(&self, is_written: bool, is_backfill: bool, elapsed_ns: u64) {
        add(&self.write_ns, elapsed_ns);
        add(if is_written { &self.writes } else { &self.write_failures }, 1);
        if is_written && is_backfill {
            add(&self.backfills, 1);
        }
    }

    pub(super) fn count_commit(&self, is_written: bool, elapsed_ns: u64) {
        add(&self.write_ns, elapsed_ns);
        if !is_written {
            add(&self.write_failures, 1);
        }
    }

    pub(super) fn read(&self) -> LevelActivity {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LevelActivity {
            hits: get(&self.hits),
            misses: get(&self.misses),
            damaged: get(&self.damaged),
            errors: get(&self.errors),
            writes: get(&self.writes),
            write_failures: get(&self.write_failures),
            backfills: get(&self.backfills),
            read_ns: get(&self.read_ns),
            write_ns: get(&self.write_ns),
            read_bytes: get(&self.read_bytes),
        }
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}
