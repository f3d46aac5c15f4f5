//! What this process did with a store, in numbers.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::lookup::{Lookup, MissReason};

/// Threads count in different cache lines, so that counting hits costs them nothing.
const SHARDS: usize = 8;

#[derive(Default)]
#[repr(align(128))]
struct Shard {
    hits: AtomicU64,
    absent: AtomicU64,
}

#[derive(Default)]
pub(super) struct Counters {
    shards: [Shard; SHARDS],
    removed: AtomicU64,
    damaged: AtomicU64,
    objects_missing: AtomicU64,
    wrong_version: AtomicU64,
    unreadable: AtomicU64,
    pub(super) published_entries: AtomicU64,
    pub(super) published_packs: AtomicU64,
    pub(super) dropped_puts: AtomicU64,
}

/// What this process did with a store since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Lookups that found an entry.
    pub hits: u64,
    /// Lookups of keys that no pack holds.
    pub absent: u64,
    /// Lookups of entries that were removed.
    pub removed: u64,
    /// Lookups that met damage, an entry counted each time.
    pub damaged: u64,
    /// Lookups whose object was missing.
    pub objects_missing: u64,
    /// Lookups that met a pack of another version.
    pub wrong_version: u64,
    /// Lookups that the system failed.
    pub unreadable: u64,
    /// Entries published.
    pub published_entries: u64,
    /// Packs published.
    pub published_packs: u64,
    /// Entries put and dropped: the store is read-only, or publishing failed.
    pub dropped_puts: u64,
}

impl Activity {
    /// Lookups that found nothing, whatever the reason.
    pub const fn misses(&self) -> u64 {
        self.absent
            + self.removed
            + self.damaged
            + self.objects_missing
            + self.wrong_version
            + self.unreadable
    }
}

impl Counters {
    #[inline]
    pub(super) fn count(&self, found: &Lookup) {
        let counter = match found {
            Lookup::Hit(_) => &self.shard().hits,
            Lookup::Miss(MissReason::Absent) => &self.shard().absent,
            Lookup::Miss(MissReason::Removed { .. }) => &self.removed,
            Lookup::Miss(MissReason::Damaged { .. }) => &self.damaged,
            Lookup::Miss(MissReason::ObjectMissing { .. }) => &self.objects_missing,
            Lookup::Miss(MissReason::WrongVersion { .. }) => &self.wrong_version,
            Lookup::Miss(MissReason::Unreadable { .. }) => &self.unreadable,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what was asked of a snapshot.
    pub(super) fn add(&self, hits: u64, absent: u64) {
        self.shard().hits.fetch_add(hits, Ordering::Relaxed);
        self.shard().absent.fetch_add(absent, Ordering::Relaxed);
    }

    fn shard(&self) -> &Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<Option<usize>> = const { Cell::new(None) };
        }
        let mine = MINE.get().unwrap_or_else(|| {
            let drawn = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
            MINE.set(Some(drawn));
            drawn
        });
        &self.shards[mine % SHARDS]
    }

    pub(super) fn read(&self) -> Activity {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let sum = |get: fn(&Shard) -> &AtomicU64| self.shards.iter().map(|shard| of(get(shard))).sum();
        Activity {
            hits: sum(|shard| &shard.hits),
            absent: sum(|shard| &shard.absent),
            removed: of(&self.removed),
            damaged: of(&self.damaged),
            objects_missing: of(&self.objects_missing),
            wrong_version: of(&self.wrong_version),
            unreadable: of(&self.unreadable),
            published_entries: of(&self.published_entries),
            published_packs: of(&self.published_packs),
            dropped_puts: of(&self.dropped_puts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_all_threads_are_summed() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| counters.count(&Lookup::Miss(MissReason::Absent)));
            }
        });
        assert_eq!((counters.read().absent, counters.read().misses(), counters.read().hits), (20, 20, 0));
    }
}
