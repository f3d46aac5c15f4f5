//! What the store's tests share: keys and metadata by number, and stores that open the same way.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};

use janus_cache::clock::Clock;
use janus_cache::codec::Codec;
use janus_cache::digest::ContentDigest;
use janus_cache::store::{
    EntryKey, EntryKind, EntryMeta, Lookup, MissReason, NewEntry, Session, Store, StoreOptions,
};

pub(crate) const NOW_UNIX_S: u64 = 1_763_683_200;

pub(crate) fn key(number: u32) -> EntryKey {
    EntryKey::from_bytes(*ContentDigest::of(&number.to_le_bytes()).as_bytes())
}

pub(crate) fn content(number: u32) -> Vec<u8> {
    format!("content of entry {number}, ").repeat(1 + number as usize % 5).into_bytes()
}

pub(crate) fn meta(number: u32) -> EntryMeta {
    EntryMeta {
        kind: EntryKind::ALL[number as usize % 5],
        codec: if number.is_multiple_of(2) { Codec::None } else { Codec::Lz4 },
        created_unix_s: NOW_UNIX_S + u64::from(number),
        rebuild_cost_ns: 1000,
        project: format!("project {}", number % 2),
        producer: String::new(),
        language: "janus".into(),
    }
}

pub(crate) fn put(session: &Session, number: u32) {
    put_content(session, number, &content(number));
}

pub(crate) fn put_content(session: &Session, number: u32, content: &[u8]) {
    let trace = format!("rule symmetric\nnumber {number}\n");
    let entry = NewEntry { key: key(number), meta: &meta(number), content, trace: trace.as_bytes() };
    session.put(&entry).expect("put");
}

pub(crate) fn options(directory: &Path) -> StoreOptions {
    StoreOptions {
        clock: Clock::Fixed { unix_ns: NOW_UNIX_S * 1_000_000_000 },
        lock_timeout_ns: 50_000_000,
        ..StoreOptions::new(directory)
    }
}

pub(crate) fn open(directory: &Path) -> Store {
    Store::open(options(directory)).expect("opened")
}

pub(crate) fn commit(store: &Store, numbers: impl IntoIterator<Item = u32>) {
    let session = store.session().expect("a session");
    numbers.into_iter().for_each(|number| put(&session, number));
    session.commit().expect("committed");
}

/// The content under a number, or why there is none.
pub(crate) fn get(store: &Store, number: u32) -> Result<Vec<u8>, MissReason> {
    match store.get(&key(number)) {
        Lookup::Hit(entry) => Ok(entry.content().to_vec()),
        Lookup::Miss(reason) => Err(reason),
    }
}

/// All files below a directory, sorted.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// What sessions left in `tmp/`, without the lock of the one folder that stays.
pub(crate) fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let mut found = files(&directory.join("v1/tmp"));
    if let Some(lock) = found.iter().position(|path| path.ends_with("lock")) {
        found.remove(lock);
    }
    found
}

/// The only file of `v1/<folder>`.
pub(crate) fn only_file(directory: &Path, folder: &str) -> PathBuf {
    let found = files(&directory.join("v1").join(folder));
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one")
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("below"));
        std::fs::create_dir_all(target.parent().expect("has one")).expect("made");
        std::fs::copy(file, target).expect("copied");
    }
}

/// A history that ends with a whole record is one that ended earlier.
pub(crate) fn ends_with_a_whole_record(file: &Path, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(accesses) = rest.get(12..16) {
        let accesses = u32::from_le_bytes(accesses.try_into().expect("four")) as usize;
        let Some(behind) = rest.get(64 + 12 * accesses..) else { return false };
        rest = behind;
    }
    file.parent().is_some_and(|folder| folder.ends_with("history")) && rest.is_empty()
}

pub(crate) fn at_unix_s(directory: &Path, unix_s: u64) -> StoreOptions {
    StoreOptions {
        clock: Clock::Fixed { unix_ns: unix_s.saturating_mul(1_000_000_000) },
        ..options(directory)
    }
}

pub(crate) fn open_at_unix_s(directory: &Path, unix_s: u64) -> Store {
    Store::open(at_unix_s(directory, unix_s)).expect("opened")
}
