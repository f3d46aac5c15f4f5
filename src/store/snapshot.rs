//! The packs as they are at one moment: lookups that borrow, take no lock and ask the system nothing.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::entry::EntryKey;
use super::handle::{Shared, Store};
use super::lookup::{Damage, Entry, Lookup, MissReason};
use super::pack_answer::{Place, plain_range};
use super::pack_format::EntryHeader;
use super::pack_reader::{CHECKED, DAMAGE_MASK, Pack, REMOVED};

/// What a store held when this was made. For whoever asks for many entries in one piece of work, one for each
/// thread; making it opens every pack.
///
/// Entries that are published later are not seen, those that are removed later may still be: every intact answer
/// to a question is right. Hits and misses are counted when it is dropped.
///
/// ```
/// # use janus_cache::{codec::Codec, store::{EntryKey, EntryKind, EntryMeta, NewEntry, Store, StoreOptions}};
/// # let directory = tempfile::tempdir()?;
/// # let store = Store::open(StoreOptions::new(directory.path().join("cache")))?;
/// # let (key, other) = (EntryKey::from_bytes([7; 32]), EntryKey::from_bytes([8; 32]));
/// # let meta = EntryMeta { kind: EntryKind::FileIr, codec: Codec::None, created_unix_s: 1, rebuild_cost_ns: 1,
/// #     project: String::new(), producer: String::new(), language: String::new() };
/// # let session = store.session()?;
/// # session.put(&NewEntry { key, meta: &meta, content: b"an answer", trace: b"" })?;
/// # session.commit()?;
/// let snapshot = store.snapshot();
/// let seen = snapshot.get(&key).ok().ok_or("it was committed")?;
/// assert_eq!(seen.content(), b"an answer");
/// assert!(snapshot.get(&other).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Snapshot {
    shared: Arc<Shared>,
    /// Newest first.
    packs: Vec<Arc<Pack>>,
    /// Some pack could not be opened, so that a miss has another reason than absence.
    incomplete: bool,
    hits: Cell<u64>,
    absent: Cell<u64>,
}

/// A checked answer that a snapshot lends.
pub struct Seen<'a>(Inner<'a>);

enum Inner<'a> {
    InPlace {
        pack: &'a Arc<Pack>,
        at: u64,
        header: &'a EntryHeader,
        content: &'a [u8],
    },
    /// Decoded, read, or checked for the first time.
    Owned(Entry),
}

impl Store {
    /// What the store holds now, as far as this process knows: see [`Store::refresh`].
    pub fn snapshot(&self) -> Snapshot {
        let slots = self.shared.catalog.packs().clone();
        let packs = self.shared.open_packs();
        let incomplete = packs.len() < slots.len();
        let shared = Arc::clone(&self.shared);
        Snapshot { shared, packs, incomplete, hits: Cell::new(0), absent: Cell::new(0) }
    }
}

impl Snapshot {
    /// The entry of a key, or why there is none. As [`Store::get`], but for what others publish meanwhile.
    #[inline]
    pub fn get(&self, key: &EntryKey) -> Result<Seen<'_>, MissReason> {
        let filtered = self.packs.len() > 1;
        for pack in &self.packs {
            let Some(table) = pack.mapped_table() else { return self.get_at_length(key) };
            let Some(place) = table.find(key, filtered) else { continue };
            let Some(seen) = seen_in_place(pack, place) else { return self.get_at_length(key) };
            self.hits.set(self.hits.get() + 1);
            return Ok(seen);
        }
        if self.incomplete {
            return self.get_at_length(key);
        }
        self.absent.set(self.absent.get() + 1);
        Err(MissReason::Absent)
    }

    #[cold]
    #[inline(never)]
    fn get_at_length(&self, key: &EntryKey) -> Result<Seen<'_>, MissReason> {
        let found = self.shared.look_up(key);
        self.shared.counters.count(&found);
        match found {
            Lookup::Hit(entry) => Ok(Seen(Inner::Owned(entry))),
            Lookup::Miss(reason) => Err(reason),
        }
    }
}

/// An entry that was checked before and is stored as it is.
#[inline]
fn seen_in_place<'a>(pack: &'a Arc<Pack>, Place { slot, at, header }: Place<'a>) -> Option<Seen<'a>> {
    let mark = pack.marks().get(slot as usize)?;
    let known = mark.load(Ordering::Relaxed);
    if known & (CHECKED | REMOVED | DAMAGE_MASK) != CHECKED {
        return None;
    }
    let content = pack.mapped()?.get(plain_range(at, header)?)?;
    pack.count_hit(slot, mark, known);
    Some(Seen(Inner::InPlace { pack, at, header, content }))
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.shared.counters.add(self.hits.get(), self.absent.get());
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("packs", &self.packs.len()).finish_non_exhaustive()
    }
}

impl Seen<'_> {
    /// The answer, decoded. Borrowed from the mapped file where it is stored as it is.
    #[inline]
    pub fn content(&self) -> &[u8] {
        match &self.0 {
            Inner::InPlace { content, .. } => content,
            Inner::Owned(entry) => entry.content(),
        }
    }

    /// All that is known of it, to be kept longer than the snapshot.
    pub fn into_entry(self) -> Result<Entry, MissReason> {
        match self.0 {
            Inner::InPlace { pack, at, header, .. } => {
                // It was checked, so only what changes files behind us can make this a miss.
                let damaged = MissReason::Damaged { pack: pack.id(), what: Damage::Unknown };
                pack.read_again(at, header).ok_or(damaged)
            }
            Inner::Owned(entry) => Ok(entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::FileAccess;
    use crate::store::StoreOptions;
    use crate::store::test_kit::put_bare;

    fn key(number: u8) -> EntryKey {
        EntryKey::from_bytes([number; 32])
    }

    fn put(store: &Store, numbers: &[u8]) {
        let session = store.session().expect("a session");
        for number in numbers {
            put_bare(&session, key(*number), &[*number; 40]);
        }
        session.commit().expect("committed");
    }

    #[test]
    fn a_snapshot_answers_as_the_store_did_and_counts_what_it_answered() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for access in [FileAccess::Map, FileAccess::Read] {
            let directory = dir.path().join(format!("{access:?}"));
            let store = Store::open(StoreOptions { access, ..StoreOptions::new(directory) }).expect("opened");
            put(&store, &[1, 2]);
            put(&store, &[3]);
            let snapshot = store.snapshot();
            put(&store, &[4]);
            for round in 0..2 {
                for number in 1..=3 {
                    let seen =
                        snapshot.get(&key(number)).unwrap_or_else(|reason| panic!("{round}: {reason}"));
                    assert_eq!(seen.content(), [number; 40]);
                    assert_eq!(seen.into_entry().expect("sound").content(), [number; 40]);
                }
            }
            // Where nothing is mapped, the store itself is asked.
            assert_eq!(snapshot.get(&key(4)).is_ok(), access == FileAccess::Read);
            assert_eq!(snapshot.get(&key(5)).err(), Some(MissReason::Absent));
            drop(snapshot);
            assert_eq!(
                store.shared.counters.read().hits + store.shared.counters.read().absent,
                8,
                "{access:?}"
            );
            let mut hits = Vec::new();
            drop(store);
            let store =
                Store::open(StoreOptions::new(dir.path().join(format!("{access:?}")))).expect("opened");
            store.visit(&mut |entry| hits.push((entry.key, entry.hits))).expect("visited");
            hits.sort_unstable();
            assert_eq!(hits.iter().map(|(_, hits)| *hits).collect::<Vec<_>>()[..3], [2, 2, 2]);
        }
    }

    #[test]
    fn what_was_removed_or_damaged_before_has_its_reason() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        put(&store, &[1, 2]);
        let pack = std::fs::read_dir(store.layout().packs()).expect("listed").next().expect("one");
        let path = pack.expect("read").path();
        let mut bytes = std::fs::read(&path).expect("read");
        let at = bytes.windows(40).position(|piece| piece == [1; 40]).expect("stored as it is");
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).expect("written");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        let snapshot = store.snapshot();
        for _ in 0..2 {
            assert!(matches!(snapshot.get(&key(1)).err(), Some(MissReason::Damaged { .. })));
            assert!(snapshot.get(&key(2)).is_ok());
        }
    }
}
