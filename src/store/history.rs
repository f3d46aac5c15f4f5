//! What past sessions asked for and found: one record a session, appended to a file that stays small.
//!
//! Statistics over time and the simulation of other limits read it; no lookup does. A record that was
//! torn by a crash is passed over, so a lost or damaged file loses numbers and nothing else. When the
//! file is full it takes the place of the one before it. Two processes that are full in the same moment
//! may turn over twice and so forget half; nothing is worth a lock here.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::counters::{Activity, Counters};
use super::entry::EntryKey;
use super::error::StoreError;
use super::handle::{Shared, Store};
use super::history_format::{decode, encode, short_key};
use super::layout::Layout;
use super::pack_format::EntryHeader;
use crate::fs;

/// A file that is longer than this is turned over. With a size limit it is a part of that, if less.
const MOST_FILE_BYTES: u64 = 4 << 20;
const PART_OF_LIMIT: u64 = 128;
/// However small the limit is: enough for some thousand entries.
const LEAST_FILE_BYTES: u64 = 64 << 10;
/// No reader takes more of a file than this, whoever wrote it.
const MOST_READ_BYTES: u64 = 16 << 20;

/// What a session, or a process that only looked, did with a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastSession {
    /// When it ended, in seconds since the Unix epoch.
    pub ended_unix_s: u64,
    /// Lookups that found an entry.
    pub hits: u64,
    /// Lookups of what was not there, or not any more.
    pub misses: u64,
    /// Lookups that met damage, a missing object, another version, or an error of the system.
    pub failures: u64,
    /// What the hits saved, in nanoseconds.
    pub saved_ns: u64,
    /// The entries that it used or made, each once.
    pub accesses: Vec<Access>,
    /// So many more that were too many to be written down.
    pub left_out: u32,
}

/// The use of one entry in one session. Sizes and times are rounded down to three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The first 48 bits of the entry's key.
    pub key: u64,
    /// What it takes in its pack, or as an object.
    pub stored_bytes: u64,
    /// How long it took to make, in nanoseconds.
    pub rebuild_cost_ns: u64,
    /// How often it was hit; 0 where the session made it.
    pub hits: u16,
}

impl Access {
    pub(super) fn new(key: &EntryKey, stored_bytes: u64, rebuild_cost_ns: u64, hits: u32) -> Self {
        let hits = u16::try_from(hits).unwrap_or(u16::MAX);
        Self { key: short_key(key.as_bytes()), stored_bytes, rebuild_cost_ns, hits }
    }

    pub(super) fn of(header: &EntryHeader, hits: u32) -> Self {
        let key = EntryKey::from_bytes(header.key);
        Self::new(&key, header.stored_bytes.get(), header.rebuild_cost_ns.get(), hits)
    }
}

/// What a process has to write down at its next flush.
#[derive(Default)]
pub(super) struct Unwritten {
    made: Mutex<Vec<Access>>,
    counted: Mutex<Activity>,
}

impl Unwritten {
    /// Entries that were published.
    pub(super) fn add(&self, made: impl IntoIterator<Item = Access>) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(made);
    }

    /// What happened since the last time; none where nothing did.
    fn take(&self, counters: &Counters, hits: Vec<Access>, ended_unix_s: u64) -> Option<PastSession> {
        let mut before = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock: what another thread read last must not be more than this.
        let activity = counters.read();
        let mut accesses = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        let saved_ns = hits.iter().fold(0_u64, |sum, hit| {
            sum.saturating_add(hit.rebuild_cost_ns.saturating_mul(u64::from(hit.hits)))
        });
        // What a session made and then found, it did not find made.
        let own: HashSet<u64> = accesses.iter().map(|access| access.key).collect();
        accesses.extend(hits.into_iter().filter(|hit| !own.contains(&hit.key)));
        let gone = |of: &Activity| of.absent + of.removed;
        let failed = |of: &Activity| of.misses() - gone(of);
        let session = PastSession {
            ended_unix_s,
            hits: activity.hits - before.hits,
            misses: gone(&activity) - gone(&before),
            failures: failed(&activity) - failed(&before),
            saved_ns,
            accesses,
            left_out: 0,
        };
        *before = activity;
        let is_idle = session.hits + session.misses + session.failures == 0 && session.accesses.is_empty();
        (!is_idle).then_some(session)
    }
}

/// Writes down what this process did since the last time; `hits` are the entries it used.
pub(super) fn flush(shared: &Shared, hits: Vec<Access>) -> Result<(), StoreError> {
    let Some(session) = shared.unwritten.take(&shared.counters, hits, shared.unix_s()) else {
        return Ok(());
    };
    let of_limit = shared.options.retention.max_bytes.map_or(u64::MAX, |bytes| bytes / PART_OF_LIMIT);
    let of_limit = of_limit.max(LEAST_FILE_BYTES);
    let most_bytes = MOST_FILE_BYTES.min(of_limit);
    let bytes = encode(session, most_bytes);
    let path = shared.layout.history();
    let failed = |error| StoreError::io(&path, "write", error);
    let is_full = fs::look_at(&path).is_ok_and(|found| found.len() + bytes.len() as u64 > most_bytes);
    if is_full {
        let before = shared.layout.history_before();
        fs::rename_into(&path, &before, fs::Durability::Rename).map_err(failed)?;
    }
    fs::append(&path, &bytes).map_err(failed)
}

/// Removes a file that is longer than any reader takes. It tells nobody anything, and would count until every
/// entry had gone for it.
pub(super) fn remove_unreadable(layout: &Layout) -> Result<(), StoreError> {
    for path in files(layout) {
        if fs::look_at(&path).is_ok_and(|found| found.is_file() && found.len() > MOST_READ_BYTES) {
            fs::remove_file(&path).map_err(|error| StoreError::io(&path, "remove", error))?;
        }
    }
    Ok(())
}

/// The two files, the earlier one first.
pub(super) fn files(layout: &Layout) -> [std::path::PathBuf; 2] {
    [layout.history_before(), layout.history()]
}

/// A file's bytes; as many as a reader takes.
pub(super) fn read(path: &std::path::Path) -> Result<Vec<u8>, fs::ReadError> {
    fs::read_bounded(path, MOST_READ_BYTES)
}

impl Store {
    /// What past sessions did, in the order in which they ended, as far back as is remembered. Cost: reads at
    /// most some MiB.
    pub fn history(&self) -> Vec<PastSession> {
        let files = files(&self.shared.layout);
        let read = files.iter().filter_map(|path| read(path).ok());
        let mut sessions: Vec<PastSession> = read.flat_map(|bytes| decode(&bytes).sessions).collect();
        sessions.sort_by_key(|session| session.ended_unix_s);
        sessions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::test_kit::put_bare;
    use crate::store::{Lookup, MissReason, StoreOptions};

    fn put(store: &Store, number: u8) {
        let session = store.session().expect("a session");
        let key = EntryKey::from_bytes([number; 32]);
        put_bare(&session, key, b"content");
        session.commit().expect("committed");
    }

    #[test]
    fn a_process_leaves_what_it_found_and_made() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let open = || Store::open(StoreOptions::new(dir.path())).expect("opened");
        let key = |number: u8| EntryKey::from_bytes([number; 32]);
        put(&open(), 1);
        let store = open();
        for number in [1, 1, 2] {
            let _ = store.get(&key(number));
        }
        drop(store);
        drop(open());
        let history = open().history();
        let [made, used] = history.as_slice() else { panic!("{history:?}") };
        assert_eq!((made.hits, made.accesses[0].hits, made.accesses[0].stored_bytes), (0, 0, 7));
        assert_eq!((used.hits, used.misses, used.failures, used.saved_ns), (2, 1, 0, 2000));
        assert_eq!((used.accesses[0].key, used.accesses[0].hits), (0x0101_0101_0101, 2));
    }

    #[test]
    fn reading_the_inputs_of_an_entry_is_no_use_of_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        put(&store, 1);
        assert_eq!(store.trace(&EntryKey::from_bytes([1; 32])).as_deref(), Some(&b"inputs"[..]));
        assert_eq!(store.trace(&EntryKey::from_bytes([2; 32])), None);
        drop(store);
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        assert_eq!(store.history().len(), 1, "of the session that made it");
        let mut hits = Vec::new();
        store.visit(&mut |entry| hits.push(entry.hits)).expect("visited");
        assert_eq!(hits, [0]);
    }

    #[test]
    fn threads_that_write_down_at_the_same_time_lose_and_double_nothing() {
        const EACH: u64 = 5000;
        let (unwritten, counters) = (Unwritten::default(), Counters::default());
        let written = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        counters.count(&Lookup::Miss(MissReason::Absent));
                        let session = unwritten.take(&counters, Vec::new(), 0);
                        written.lock().expect("no panic").extend(session);
                    }
                });
            }
        });
        let misses = written.into_inner().expect("no panic").iter().map(|past| past.misses).sum::<u64>();
        assert_eq!(misses, 8 * EACH);
    }

    #[test]
    fn no_entry_goes_for_a_file_that_nobody_can_read() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        put(&store, 1);
        let file = std::fs::File::create(store.layout().history_before()).expect("made");
        file.set_len(1 << 40).expect("a hole");
        let report = store.enforce_limit(100 << 20).expect("collected");
        assert_eq!((report.after_entries, report.evicted.len()), (1, 0));
        assert!(!store.layout().history_before().exists());
    }

    #[test]
    fn the_files_stay_small_and_the_newest_sessions_stay_known() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut options = StoreOptions::new(dir.path());
        options.retention.max_bytes = Some(1 << 20);
        let limit = LEAST_FILE_BYTES;
        let store = Store::open(options).expect("opened");
        for _ in 0..3000 {
            let _ = store.get(&EntryKey::from_bytes([9; 32]));
            store.shared.flush_use();
        }
        let bytes = fs::measure(&store.layout().history_dir()).expect("measured").bytes;
        assert!((limit..=2 * limit).contains(&bytes), "{bytes} bytes");
        assert!(store.history().len() as u64 > limit / 64);
    }
}
