//! Levels asked one after the other, the nearest first.

use std::sync::Arc;

use super::counters::{Counters, LevelActivity};
use super::level::{Answer, Fetch, Level, LevelError, LevelMode, Written};
use crate::clock::Stopwatch;
use crate::config::WriteErrorPolicy;
use crate::store::{Claim, EntryKey, MissReason, NewEntry};

/// How a chain treats failures.
#[derive(Clone, Copy, Debug)]
pub struct ChainOptions {
    /// Whose failure to write makes a write fail. Read-only levels never count.
    pub write_error_policy: WriteErrorPolicy,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self { write_error_policy: WriteErrorPolicy::L0 }
    }
}

/// Levels of cache, nearest first. Threads share it.
pub struct Chain {
    levels: Vec<Link>,
    options: ChainOptions,
}

struct Link {
    level: Arc<dyn Level>,
    counters: Counters,
}

/// What a chain says to a key.
#[derive(Debug)]
pub enum Fetched {
    /// A level has the answer.
    Hit {
        /// The answer.
        answer: Answer,
        /// Name of the level.
        level: String,
    },
    /// None has it. The reason is that of the nearest level that knows more than "absent".
    Miss(MissReason),
}

/// A write that failed, by the chain's policy.
#[derive(Debug, thiserror::Error)]
#[error("cache level {level} ({location}): {source}")]
pub struct ChainError {
    /// Name of the level.
    pub level: String,
    /// Where it is.
    pub location: String,
    /// What it said.
    pub source: LevelError,
}

/// A level as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelReport {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub location: String,
    /// Whether it takes writes.
    pub mode: LevelMode,
    /// What it did.
    pub activity: LevelActivity,
}

impl Chain {
    /// A chain of `levels`, nearest first. Without levels every lookup is a miss.
    pub fn new(levels: Vec<Arc<dyn Level>>, options: ChainOptions) -> Self {
        let levels = levels.into_iter().map(|level| Link { level, counters: Counters::default() }).collect();
        Self { levels, options }
    }

    /// Asks each level until one answers, and copies the answer to the nearer ones that take
    /// writes. A level that fails is passed over; its failure is counted, not told.
    pub fn get(&self, key: &EntryKey) -> Fetched {
        let mut worst = MissReason::Absent;
        for (at, link) in self.levels.iter().enumerate() {
            let watch = Stopwatch::start();
            let fetch = link.level.get(key);
            link.counters.count_fetch(&fetch, watch.elapsed_ns());
            match fetch {
                Fetch::Hit(answer) => {
                    self.backfill(at, key, &answer);
                    return Fetched::Hit { answer, level: link.level.name().to_owned() };
                }
                Fetch::Miss(reason) => {
                    if worst == MissReason::Absent {
                        worst = reason;
                    }
                }
                Fetch::Failed(error) => {
                    tracing::warn!(level = link.level.name(), %error, "a cache level could not be asked");
                }
            }
        }
        Fetched::Miss(worst)
    }

    /// The canonical text of a key's inputs, from the nearest level that has it. No use of the entry.
    pub fn trace(&self, key: &EntryKey) -> Option<Vec<u8>> {
        self.levels.iter().find_map(|link| link.level.trace(key))
    }

    fn backfill(&self, hit_at: usize, key: &EntryKey, answer: &Answer) {
        let nearer = self.levels.iter().take(hit_at).filter(|link| link.is_written());
        let mut copied: Option<(_, Vec<u8>)> = None;
        for link in nearer {
            let (meta, trace) =
                copied.get_or_insert_with(|| (answer.meta(), answer.trace().unwrap_or_default()));
            let entry = NewEntry { key: *key, meta, content: answer.content(), trace };
            if let Err(error) = link.write(&entry, true) {
                tracing::warn!(level = link.level.name(), %error, "a hit was not copied to a nearer level");
            }
        }
    }

    /// Writes an entry to every level that takes writes. Each is tried; whether a failure is told
    /// is the policy's business.
    pub fn put(&self, entry: &NewEntry<'_>) -> Result<(), ChainError> {
        self.on_written(|link| link.write(entry, false))
    }

    /// Keeps other processes from building the same answer: the nearest level that can says whether.
    pub fn claim(&self, key: &EntryKey, limit_ns: u64) -> Option<Claim> {
        let mut written = self.levels.iter().filter(|link| link.is_written());
        written.find_map(|link| link.level.claim(key, limit_ns))
    }

    /// Shows others what was put, before the commit, in every level that can.
    pub fn publish(&self) -> Result<(), ChainError> {
        self.on_written(|link| link.level.publish())
    }

    /// Commits every level that takes writes; when it returns nothing is left in the background.
    /// The answer is the sum over the levels.
    pub fn commit(&self) -> Result<Written, ChainError> {
        let mut sum = Written::default();
        self.on_written(|link| {
            let watch = Stopwatch::start();
            let committed = link.level.commit();
            link.counters.count_commit(committed.is_ok(), watch.elapsed_ns());
            let written = committed?;
            sum.entries += written.entries;
            sum.bytes += written.bytes;
            sum.evicted_bytes += written.evicted_bytes;
            Ok(())
        })?;
        Ok(sum)
    }

    fn on_written(&self, mut act: impl FnMut(&Link) -> Result<(), LevelError>) -> Result<(), ChainError> {
        let mut first_failure = None;
        for (at, link) in self.levels.iter().filter(|link| link.is_written()).enumerate() {
            let Err(source) = act(link) else { continue };
            let counts = match self.options.write_error_policy {
                WriteErrorPolicy::Ignore => false,
                WriteErrorPolicy::L0 => at == 0,
                WriteErrorPolicy::All => true,
            };
            if counts && first_failure.is_none() {
                let (level, location) = (link.level.name().to_owned(), link.level.location());
                first_failure = Some(ChainError { level, location, source });
            } else {
                tracing::warn!(level = link.level.name(), error = %source, "a cache level was not written");
            }
        }
        first_failure.map_or(Ok(()), Err)
    }

    /// What each level is and did, nearest first.
    pub fn report(&self) -> Vec<LevelReport> {
        let report = |link: &Link| LevelReport {
            name: link.level.name().to_owned(),
            location: link.level.location(),
            mode: link.level.mode(),
            activity: link.counters.read(),
        };
        self.levels.iter().map(report).collect()
    }

    /// Whether some level takes writes.
    pub fn is_written(&self) -> bool {
        self.levels.iter().any(Link::is_written)
    }
}

impl Link {
    fn is_written(&self) -> bool {
        self.level.mode() == LevelMode::ReadWrite
    }

    fn write(&self, entry: &NewEntry<'_>, is_backfill: bool) -> Result<(), LevelError> {
        let watch = Stopwatch::start();
        let written = self.level.put(entry);
        self.counters.count_write(written.is_ok(), is_backfill, watch.elapsed_ns());
        written
    }
}
