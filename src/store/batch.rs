//! Many keys at once: a lookup waits for memory at the filter, the index and the entry, and lookups that do
//! not know of each other wait one after the other. Asked together, each of these places is touched for a
//! whole group of keys before any of them is looked at, so the processor fetches them at the same time.

use std::sync::Arc;

use super::entry::EntryKey;
use super::handle::{Shared, Store};
use super::lookup::{Lookup, MissReason};
use super::pack_answer::Place;
use super::pack_reader::Pack;

/// More than a processor fetches at once, and few enough to stay in its nearest cache.
const GROUP: usize = 32;

type Places<'a> = [Option<Place<'a>>; GROUP];

impl Store {
    /// As [`Store::get`] for each key, in their order. Cheaper for more than a few keys; the newest pack
    /// that has an answer gives it, as always.
    pub fn get_many(&self, keys: &[EntryKey]) -> Vec<Lookup> {
        let shared = &*self.shared;
        let mut found = Vec::with_capacity(keys.len());
        for group in keys.chunks(GROUP) {
            shared.look_up_group(group, &mut found);
        }
        let has_missed = found.iter().any(|found| found.miss().is_some());
        if has_missed && shared.catalog.is_stale() && self.refresh().is_ok() {
            for (key, found) in keys.iter().zip(&mut found).filter(|(_, found)| found.miss().is_some()) {
                *found = shared.look_up(key);
            }
        }
        for found in &found {
            shared.counters.count(found);
        }
        found
    }
}

impl Shared {
    fn look_up_group(&self, keys: &[EntryKey], found: &mut Vec<Lookup>) {
        let mut answers: [Option<Lookup>; GROUP] = [const { None }; GROUP];
        // Whatever is not a plain hit or a plain miss is asked again by itself, and gets its reason.
        let mut is_plain = true;
        for slot in self.catalog.packs().iter() {
            let Ok(pack) = slot.pack(&self.layout, self.how) else {
                is_plain = false;
                continue;
            };
            let Some(places) = pack.find_group(keys, &answers) else {
                is_plain = false;
                continue;
            };
            for (place, answer) in places.into_iter().zip(&mut answers) {
                let Some(place) = place else { continue };
                match pack.take(place, &self.layout) {
                    Ok(entry) => *answer = Some(Lookup::Hit(entry)),
                    Err(_) => is_plain = false,
                }
            }
        }
        found.extend(keys.iter().zip(answers).map(|(key, answer)| match answer {
            Some(hit) => hit,
            None if is_plain => Lookup::Miss(MissReason::Absent),
            None => self.look_up(key),
        }));
    }
}

impl Pack {
    /// Where the keys without an answer stand; none where the pack is not mapped.
    fn find_group<'a>(
        self: &'a Arc<Self>,
        keys: &[EntryKey],
        answers: &[Option<Lookup>; GROUP],
    ) -> Option<Places<'a>> {
        let table = self.mapped_table()?;
        let mut may_hold = [false; GROUP];
        for ((key, answer), may_hold) in keys.iter().zip(answers).zip(&mut may_hold) {
            *may_hold = answer.is_none() && table.may_hold(key);
        }
        let mut candidates = [None; GROUP];
        for ((key, may_hold), candidate) in keys.iter().zip(may_hold).zip(&mut candidates) {
            *candidate = if may_hold { table.first_candidate(key) } else { None };
        }
        let mut places: Places<'a> = [const { None }; GROUP];
        for ((key, candidate), place) in keys.iter().zip(candidates).zip(&mut places) {
            *place = candidate.and_then(|candidate| {
                // Another key may have the same fingerprint, so the first candidate is not always it.
                table.place_at(candidate, key).or_else(|| table.find(key, false))
            });
        }
        Some(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::FileAccess;
    use crate::store::StoreOptions;
    use crate::store::test_kit::put_bare;

    fn key(number: u32) -> EntryKey {
        EntryKey::from_bytes(*blake3::hash(&number.to_le_bytes()).as_bytes())
    }

    fn put(store: &Store, numbers: impl Iterator<Item = u32>, content: &str) {
        let session = store.session().expect("a session");
        for number in numbers {
            put_bare(&session, key(number), format!("{content} {number}").as_bytes());
        }
        session.commit().expect("committed");
    }

    #[test]
    fn many_keys_get_what_each_gets_alone_and_are_counted_alike() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        put(&store, 0..500, "old");
        put(&store, (0..500).filter(|number| number % 3 == 0), "new");
        let keys: Vec<EntryKey> = (0..1000).map(|number| key(number * 7 % 1000)).collect();
        for access in [FileAccess::Map, FileAccess::Read] {
            let open =
                || Store::open(StoreOptions { access, ..StoreOptions::new(dir.path()) }).expect("opened");
            let (alone, together) = (open(), open());
            let shown = |found: &Lookup| match found {
                Lookup::Hit(entry) => Ok(entry.content().to_vec()),
                Lookup::Miss(reason) => Err(*reason),
            };
            let expected: Vec<_> = keys.iter().map(|key| shown(&alone.get(key))).collect();
            for _ in 0..2 {
                let found: Vec<_> = together.get_many(&keys).iter().map(shown).collect();
                assert!(found == expected, "{access:?}");
            }
            assert_eq!(expected.iter().filter(|found| found.is_ok()).count(), 500);
            let activity = together.stats().expect("counted").activity;
            assert_eq!((activity.hits, activity.absent), (1000, 1000));
        }
    }

    #[test]
    fn an_entry_that_another_process_put_since_is_found() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let open = || Store::open(StoreOptions::new(dir.path())).expect("opened");
        let store = open();
        assert!(store.get_many(&[key(1)])[0].miss().is_some());
        put(&open(), 1..2, "late");
        assert!(store.get_many(&[key(1), key(2)])[0].miss().is_none());
    }

    #[test]
    fn damage_has_its_reason_and_an_older_answer_stands_in_for_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let open = || Store::open(StoreOptions::new(dir.path())).expect("opened");
        let store = open();
        put(&store, 0..2, "old");
        put(&store, 1..3, "new");
        drop(store);
        let mut packs: Vec<_> = std::fs::read_dir(dir.path().join("v1/packs")).expect("listed").collect();
        packs.sort_by_key(|pack| pack.as_ref().map(std::fs::DirEntry::file_name).ok());
        let newest = packs.pop().and_then(Result::ok).expect("two packs").path();
        let bytes = std::fs::read(&newest).expect("read");
        let damaged = replaced(&bytes, b"new ", b"bad ");
        std::fs::write(&newest, damaged).expect("written");
        let store = open();
        let found = store.get_many(&[key(0), key(1), key(2)]);
        let content = |at: usize| match &found[at] {
            Lookup::Hit(entry) => entry.content().to_vec(),
            Lookup::Miss(reason) => panic!("{reason}"),
        };
        assert_eq!((content(0), content(1)), (b"old 0".to_vec(), b"old 1".to_vec()));
        assert!(matches!(found[2].miss(), Some(MissReason::Damaged { .. })), "{:?}", found[2]);
    }

    fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for at in 0..bytes.len().saturating_sub(from.len()) {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
        bytes
    }
}
