//! Packs with a dictionary: when one is trained, what becomes of it in later collections, and what its
//! damage takes with it.

mod store_kit;

use std::collections::BTreeMap;
use std::path::Path;

use janus_cache::clock::Clock;
use janus_cache::codec::Codec;
use janus_cache::digest::ContentDigest;
use janus_cache::store::{
    Damage, Effort, EntryKind, EntryMeta, GcOptions, GcReport, Lookup, MissReason, NewEntry, PackCodec,
    Problem, Repair, Retention, Selection, Store, StoreOptions,
};
use store_kit::*;

const DAY_S: u64 = 24 * 3600;

fn open_on_day(directory: &Path, day: u64) -> Store {
    let unix_ns = (NOW_UNIX_S + day * DAY_S) * 1_000_000_000;
    Store::open(StoreOptions { clock: Clock::Fixed { unix_ns }, ..options(directory) }).expect("opened")
}

/// A content of some hundred bytes that has much in common with others of its `theme`.
fn table(theme: &str, number: u32) -> Vec<u8> {
    let line = |at: u32| format!("{theme}::Type{} is under {theme}::Shape{};", at * 7 % 90, at * 13 % 11);
    (number..number + 9).map(line).collect::<Vec<_>>().concat().into_bytes()
}

fn put_tables(store: &Store, theme: &str, numbers: std::ops::Range<u32>, kind: EntryKind) {
    let session = store.session().expect("a session");
    for number in numbers {
        let meta = EntryMeta { kind, codec: Codec::None, created_unix_s: NOW_UNIX_S, ..meta(number) };
        let content = table(theme, number);
        session.put(&NewEntry { key: key(number), meta: &meta, content: &content, trace: b"" }).expect("put");
    }
    session.commit().expect("committed");
}

fn optimize(store: &Store) -> GcReport {
    let options =
        GcOptions { effort: Effort::Rewrite, compress_unused_s: Some(DAY_S), ..GcOptions::default() };
    store.gc(&options).expect("optimized")
}

fn codecs(store: &Store) -> BTreeMap<&'static str, u32> {
    let mut found = BTreeMap::new();
    store.visit(&mut |entry| *found.entry(entry.codec.as_str()).or_insert(0) += 1).expect("visited");
    found
}

fn sound(store: &Store) {
    assert_eq!(store.validate(false).expect("validated").findings, []);
}

/// A cache with 300 tables in one optimized pack.
fn optimized(directory: &Path, theme: &str) -> Store {
    put_tables(&open_on_day(directory, 0), theme, 0..300, EntryKind::DispatchTable);
    let store = open_on_day(directory, 2);
    assert!(optimize(&store).dictionary_bytes > 0);
    store
}

#[test]
fn cold_tables_are_compressed_with_a_dictionary_and_answer_as_before() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    put_tables(&open_on_day(dir.path(), 0), "geo", 0..300, EntryKind::DispatchTable);
    let used = open_on_day(dir.path(), 2);
    assert_eq!(get(&used, 7), Ok(table("geo", 7)));
    drop(used);
    let store = open_on_day(dir.path(), 2);
    let before = store.used_bytes().expect("counted");
    let report = optimize(&store);
    assert!(report.dictionary_bytes > 0 && report.after_bytes * 2 < before, "{report:?}");
    assert_eq!(codecs(&store), BTreeMap::from([("none", 1), ("zstd+dictionary", 299)]));
    for store in [&store, &open_on_day(dir.path(), 3)] {
        assert!((0..300).all(|number| get(store, number) == Ok(table("geo", number))));
        sound(store);
    }
    let Lookup::Hit(entry) = store.get(&key(8)) else { panic!("it is there") };
    assert_eq!((entry.codec(), entry.meta().codec), (PackCodec::Dictionary, Codec::Zstd));
}

#[test]
fn equal_caches_give_equal_packs_but_for_their_identity() {
    let entries = || {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = optimized(dir.path(), "geo");
        let pack = std::fs::read(only_file(dir.path(), "packs")).expect("read");
        let mut stored = Vec::new();
        store.visit(&mut |entry| stored.push((entry.key, entry.stored_bytes))).expect("visited");
        (pack.len(), stored)
    };
    assert_eq!(entries(), entries());
}

#[test]
fn too_few_tables_and_other_kinds_get_no_dictionary() {
    for (count, kind) in [(3, EntryKind::DispatchTable), (300, EntryKind::FileIr)] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        put_tables(&open_on_day(dir.path(), 0), "geo", 0..count, kind);
        let store = open_on_day(dir.path(), 2);
        assert_eq!(optimize(&store).dictionary_bytes, 0);
        assert_eq!(codecs(&store), BTreeMap::from([("zstd", count)]));
        let pack = std::fs::read(only_file(dir.path(), "packs")).expect("read");
        assert_eq!(pack[8], 1, "older programs can read it");
        assert!((0..count).all(|number| get(&store, number) == Ok(table("geo", number))));
    }
}

#[test]
fn a_dictionary_that_saves_nothing_is_not_kept() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let noise = |number: u32| -> Vec<u8> {
        let digest =
            |part: u32| *ContentDigest::of(&[number.to_le_bytes(), part.to_le_bytes()].concat()).as_bytes();
        // Half of it repeats itself, so that it shrinks alone.
        let once: Vec<u8> = (0..8).flat_map(digest).collect();
        once.repeat(2)
    };
    let store = open_on_day(dir.path(), 0);
    let session = store.session().expect("a session");
    for number in 0..300 {
        let meta = EntryMeta { kind: EntryKind::DispatchTable, codec: Codec::None, ..meta(number) };
        let entry = NewEntry { key: key(number), meta: &meta, content: &noise(number), trace: b"" };
        session.put(&entry).expect("put");
    }
    session.commit().expect("committed");
    let store = open_on_day(dir.path(), 2);
    assert_eq!(optimize(&store).dictionary_bytes, 0);
    assert_eq!(codecs(&store), BTreeMap::from([("zstd", 300)]));
    assert!((0..300).all(|number| get(&store, number) == Ok(noise(number))));
}

#[test]
fn a_second_run_keeps_the_dictionary_and_writes_the_same_entries() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = optimized(dir.path(), "geo");
    let before = store.used_bytes().expect("counted");
    let again = optimize(&store);
    assert_eq!((again.dictionary_bytes, again.after_bytes), (0, before));
    assert_eq!(codecs(&store), BTreeMap::from([("zstd+dictionary", 300)]));
    assert!((0..300).all(|number| get(&store, number) == Ok(table("geo", number))));
    sound(&store);
}

#[test]
fn a_collection_that_compresses_nothing_copies_frames_with_their_dictionary() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = optimized(dir.path(), "geo");
    let retention = Retention {
        select: Some(Selection { project: Some("project 0".into()), ..Selection::default() }),
        ..Retention::default()
    };
    let options = GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() };
    assert_eq!(store.gc(&options).expect("collected").after_entries, 150);
    assert_eq!(codecs(&store), BTreeMap::from([("zstd+dictionary", 150)]));
    assert!(
        (0..300)
            .filter(|number| number % 2 == 1)
            .all(|number| get(&store, number) == Ok(table("geo", number)))
    );
    sound(&store);
}

#[test]
fn frames_of_two_dictionaries_come_together_in_one_pack_and_answer_as_before() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    drop(optimized(dir.path(), "geo"));
    // Another cache's pack, as copied over by hand.
    let other = tempfile::tempdir().expect("a temporary folder");
    put_tables(&open_on_day(other.path(), 0), "net", 300..500, EntryKind::DispatchTable);
    assert!(optimize(&open_on_day(other.path(), 2)).dictionary_bytes > 0);
    let pack = only_file(other.path(), "packs");
    std::fs::copy(&pack, dir.path().join("v1/packs").join(pack.file_name().expect("a name")))
        .expect("copied");
    for options in [
        GcOptions { effort: Effort::Rewrite, ..GcOptions::default() },
        GcOptions { effort: Effort::Rewrite, compress_unused_s: Some(0), ..GcOptions::default() },
    ] {
        let store = open_on_day(dir.path(), 4);
        let report = store.gc(&options).expect("collected");
        assert_eq!((report.after_packs, report.after_entries), (1, 500));
        assert!((0..300).all(|number| get(&store, number) == Ok(table("geo", number))));
        assert!((300..500).all(|number| get(&store, number) == Ok(table("net", number))));
        assert_eq!(codecs(&store), BTreeMap::from([("zstd+dictionary", 500)]));
        sound(&store);
    }
}

#[test]
fn a_few_frames_that_are_left_do_not_keep_their_dictionary() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = optimized(dir.path(), "geo");
    // What past sessions did counts, too.
    let history = files(&dir.path().join("v1/history"));
    let history_bytes: u64 = history.iter().map(|file| std::fs::metadata(file).expect("there").len()).sum();
    let retention = Retention { max_bytes: Some(history_bytes + 4000), ..Retention::default() };
    let options = GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() };
    let left = store.gc(&options).expect("collected").after_entries;
    assert!((1..20).contains(&left), "{left}");
    let found = codecs(&store);
    assert!(!found.contains_key("zstd+dictionary"), "{found:?}");
    let readable = (0..300).filter(|number| get(&store, *number) == Ok(table("geo", *number))).count() as u64;
    assert_eq!(readable, left);
    sound(&store);
}

/// Where the dictionary section of a pack begins, and how long it is.
fn dictionary_of(pack: &[u8]) -> (usize, usize) {
    let footer = pack.len() - 128;
    let number = |at: usize| u64::from_le_bytes(pack[footer + at..footer + at + 8].try_into().expect("8"));
    let align = |at: u64| at.next_multiple_of(64);
    let traces = align(64 + number(32));
    let strings = align(traces + number(40));
    let bytes = u32::from_le_bytes(pack[footer + 112..footer + 116].try_into().expect("4"));
    (align(strings + number(48)) as usize, bytes as usize)
}

/// As [`optimized`], with one used table, which is stored as it is; and its pack.
fn optimized_with_one_in_use(directory: &Path) -> std::path::PathBuf {
    put_tables(&open_on_day(directory, 0), "geo", 0..300, EntryKind::DispatchTable);
    let used = open_on_day(directory, 2);
    assert_eq!(get(&used, 7), Ok(table("geo", 7)));
    drop(used);
    assert!(optimize(&open_on_day(directory, 2)).dictionary_bytes > 0);
    only_file(directory, "packs")
}

#[test]
fn a_damaged_dictionary_is_a_miss_with_a_reason_and_repair_saves_what_does_not_need_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = optimized_with_one_in_use(dir.path());
    let mut pack = std::fs::read(&path).expect("read");
    let (at, bytes) = dictionary_of(&pack);
    pack[at + bytes / 2] ^= 1;
    std::fs::write(&path, &pack).expect("written");
    let store = open_on_day(dir.path(), 3);
    for _ in 0..2 {
        assert_eq!(get(&store, 7), Ok(table("geo", 7)), "it needs no dictionary");
        let found = get(&store, 8);
        assert!(matches!(found, Err(MissReason::Damaged { what: Damage::Dictionary, .. })), "{found:?}");
    }
    let report = store.validate(true).expect("repaired");
    let named =
        |finding: &&janus_cache::store::Finding| finding.problem == Problem::Damaged(Damage::Dictionary);
    assert_eq!(report.findings.iter().filter(named).count(), 300, "the section, and each that needs it");
    assert_eq!(report.findings[0].repair, Some(Repair::Quarantined { salvaged: 1 }));
    sound(&store);
    assert_eq!(get(&store, 7), Ok(table("geo", 7)));
    assert_eq!(get(&store, 8), Err(MissReason::Absent));
}

#[test]
fn repair_of_another_damage_keeps_frames_and_their_dictionary() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = optimized_with_one_in_use(dir.path());
    let mut pack = std::fs::read(&path).expect("read");
    // In the content of the first entry.
    pack[64 + 104] ^= 1;
    std::fs::write(&path, &pack).expect("written");
    let store = open_on_day(dir.path(), 3);
    let report = store.validate(true).expect("repaired");
    assert_eq!(report.findings[0].repair, Some(Repair::Quarantined { salvaged: 299 }));
    sound(&store);
    let readable = (0..300).filter(|number| get(&store, *number) == Ok(table("geo", *number))).count();
    assert_eq!(readable, 299);
    assert!(codecs(&store).get("zstd+dictionary").is_some_and(|count| *count >= 298));
}

#[test]
fn a_dictionary_with_another_number_is_named_and_gives_no_wrong_answer() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = optimized_with_one_in_use(dir.path());
    let mut pack = std::fs::read(&path).expect("read");
    let (at, bytes) = dictionary_of(&pack);
    // Its number stands after its length, its checksum and its magic.
    pack[at + 12] ^= 1;
    let covered = [&pack[at..at + 4], &pack[at + 8..at + bytes]].concat();
    pack[at + 4..at + 8].copy_from_slice(&janus_cache::digest::crc32(&covered).to_le_bytes());
    std::fs::write(&path, &pack).expect("written");
    let store = open_on_day(dir.path(), 3);
    for number in (0..300).filter(|number| *number != 7) {
        let found = get(&store, number);
        assert!(matches!(found, Err(MissReason::Damaged { what: Damage::Dictionary, .. })), "{found:?}");
    }
    assert_eq!(get(&store, 7), Ok(table("geo", 7)));
    let findings = store.validate(false).expect("validated").findings;
    assert_eq!(findings.iter().filter(|finding| finding.key.is_some()).count(), 299);
}

#[test]
fn threads_share_one_dictionary() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = optimized(dir.path(), "geo");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for number in (0..300).map(|at| (at * 7 + thread * 31) % 300) {
                    assert_eq!(get(store, number), Ok(table("geo", number)));
                }
            });
        }
    });
}
