//! Eviction by entries, and compaction.

mod store_kit;

use std::collections::BTreeMap;
use std::sync::Mutex;

use janus_cache::clock::Clock;
use janus_cache::store::{
    Effort, EntryKind, Evicted, EvictionReason, GcOptions, GcReport, Lookup, MissReason, Retention,
    Selection, Store, StoreOptions,
};
use store_kit::*;

fn at_hour(directory: &std::path::Path, hour: u64) -> StoreOptions {
    let unix_ns = (NOW_UNIX_S + hour * 3600) * 1_000_000_000;
    StoreOptions { clock: Clock::Fixed { unix_ns }, ..options(directory) }
}

fn open_at(directory: &std::path::Path, hour: u64) -> Store {
    Store::open(at_hour(directory, hour)).expect("opened")
}

fn packs(directory: &std::path::Path) -> usize {
    files(&directory.join("v1/packs")).len()
}

fn collect(store: &Store, retention: Retention, effort: Effort) -> GcReport {
    store.gc(&GcOptions { retention, effort, ..GcOptions::default() }).expect("collected")
}

/// Every file with its bytes, but for the hours of use, which each look writes down.
fn snapshot(directory: &std::path::Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let of = |path: std::path::PathBuf| (path.clone(), std::fs::read(path).expect("readable"));
    files(directory).into_iter().map(of).collect()
}

fn sound(store: &Store) {
    assert_eq!(store.validate(false).expect("validated").findings, []);
}

#[test]
fn only_the_entries_that_were_unused_longest_go_and_the_others_keep_their_hours() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open_at(dir.path(), 0), 0..100);
    let store = open_at(dir.path(), 50);
    for number in (0..100).filter(|number| number % 2 == 1) {
        assert_eq!(get(&store, number), Ok(content(number)));
    }
    drop(store);
    let store = open_at(dir.path(), 60);
    let before = store.used_bytes().expect("counted");
    let max_bytes = Some(before / 10 * 6);
    let report = collect(&store, Retention { max_bytes, ..Retention::default() }, Effort::Slice);
    assert_eq!((report.before_bytes, report.before_entries), (before, 100));
    assert!(report.after_bytes <= before / 10 * 6, "{report:?}");
    assert_eq!(report.after_bytes, store.used_bytes().expect("counted"));
    let gone = report.evicted[&EvictionReason::Size].entries;
    assert!((20..=50).contains(&gone), "{report:?}");
    let left = (0..100).filter(|number| get(&store, *number).is_ok()).count() as u64;
    assert_eq!((left, report.after_entries), (100 - gone, 100 - gone));
    assert!(
        (0..100).filter(|number| number % 2 == 1).all(|number| get(&store, number) == Ok(content(number)))
    );
    sound(&store);
    let mut hours = Vec::new();
    store.visit(&mut |entry| hours.push((entry.last_used_hour, entry.hits))).expect("visited");
    let used = (NOW_UNIX_S / 3600) as u32 + 50;
    assert_eq!(hours.iter().filter(|hour| **hour == (used, 1)).count(), 50);
    let Lookup::Hit(entry) = store.get(&key(1)) else { panic!("it is there") };
    assert_eq!(entry.trace().expect("readable"), b"rule symmetric\nnumber 1\n");
}

#[test]
fn many_packs_become_few_and_older_answers_go() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open_at(dir.path(), 0);
    for round in 0..30_u32 {
        let session = store.session().expect("a session");
        put_content(&session, 0, &round.to_le_bytes());
        put(&session, 100 + round);
        session.commit().expect("committed");
    }
    assert_eq!(packs(dir.path()), 30);
    let report = collect(&store, Retention::default(), Effort::Slice);
    assert!(packs(dir.path()) <= 8, "{}", packs(dir.path()));
    assert_eq!(report.after_packs as usize, packs(dir.path()));
    assert!(report.evicted[&EvictionReason::Superseded].entries >= 20, "{report:?}");
    for store in [&store, &open_at(dir.path(), 1)] {
        assert_eq!(get(store, 0), Ok(29_u32.to_le_bytes().to_vec()));
        assert!((0..30).all(|round| get(store, 100 + round) == Ok(content(100 + round))));
        sound(store);
    }
    let whole = collect(&store, Retention::default(), Effort::Rewrite);
    assert_eq!((packs(dir.path()), whole.after_entries), (1, 31));
    assert_eq!(get(&store, 0), Ok(29_u32.to_le_bytes().to_vec()));
}

#[test]
fn a_store_that_was_open_before_finds_everything_after_and_what_it_holds_stays_readable() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (reader, cleaner) = (open_at(dir.path(), 0), open_at(dir.path(), 0));
    for number in 0..20 {
        commit(&cleaner, [number]);
    }
    let Lookup::Hit(held) = reader.get(&key(0)) else { panic!("it is there") };
    let retention = Retention {
        select: Some(Selection { project: Some("project 0".into()), ..Selection::default() }),
        ..Retention::default()
    };
    collect(&cleaner, retention, Effort::Rewrite);
    assert_eq!(held.content(), content(0));
    for number in 0..20 {
        let expected = if number % 2 == 1 { Ok(content(number)) } else { Err(MissReason::Absent) };
        // A pack that is mapped still may answer what was removed: every intact answer is right.
        let found = get(&reader, number);
        assert!(found == expected || found == Ok(content(number)), "{number}: {found:?}");
        assert_eq!(get(&cleaner, number), expected);
    }
}

#[test]
fn a_dry_run_removes_and_writes_nothing_and_tells_what_would_go() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open_at(dir.path(), 0);
    for number in 0..12 {
        commit(&store, [number]);
    }
    let before = snapshot(dir.path());
    let select = Some(Selection { kind: Some(EntryKind::ALL[0]), ..Selection::default() });
    let options = GcOptions {
        retention: Retention { select, ..Retention::default() },
        effort: Effort::Thorough,
        dry_run: true,
        ..GcOptions::default()
    };
    let told = store.gc(&options).expect("told");
    assert_eq!(snapshot(dir.path()), before);
    let done = store.gc(&GcOptions { dry_run: false, ..options.clone() }).expect("collected");
    assert_eq!(told.evicted, done.evicted);
    assert_eq!(told.evicted[&EvictionReason::Selected].entries, 3);
    assert_eq!((told.after_entries, told.removed_packs.clone()), (9, done.removed_packs));
    assert_eq!(store.gc(&options).expect("told").evicted, BTreeMap::new());
}

#[test]
fn what_nobody_used_for_long_goes_when_cleaning_is_due_and_not_before() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open_at(dir.path(), 0), 0..10);
    let with_age = |hour| {
        let retention = Retention { max_age_s: Some(7 * 24 * 3600), ..Retention::default() };
        Store::open(StoreOptions { retention, ..at_hour(dir.path(), hour) }).expect("opened")
    };
    let mark = dir.path().join("v1/state/collected");
    let set_hour = |hour: u64| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW_UNIX_S + hour * 3600);
        std::fs::File::options().append(true).open(&mark).expect("there").set_modified(time).expect("set");
    };
    let first = with_age(1).maintain().expect("due: it never ran").expect("collected");
    assert_eq!((first.after_entries, first.evicted.len()), (10, 0));
    set_hour(1);
    assert!(with_age(20).maintain().is_none(), "a day has not passed");
    let used = with_age(100);
    assert_eq!(get(&used, 3), Ok(content(3)));
    drop(used);
    let report = with_age(24 * 8).maintain().expect("due").expect("collected");
    assert_eq!(report.evicted[&EvictionReason::Age].entries, 9);
    set_hour(1_000_000);
    assert!(with_age(24 * 9).maintain().is_some(), "a mark in the future is nobody's");
    let store = with_age(24 * 8);
    assert_eq!((get(&store, 3), get(&store, 4)), (Ok(content(3)), Err(MissReason::Absent)));
}

#[test]
fn too_many_packs_are_merged_even_where_cleaning_is_not_due() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(StoreOptions { cleanup_interval_s: 1_000_000_000, ..at_hour(dir.path(), 0) });
    let store = store.expect("opened");
    commit(&store, [0]);
    store.maintain().expect("due: it never ran").expect("collected");
    for number in 1..8 {
        commit(&store, [number]);
    }
    assert_eq!((store.maintain().is_none(), packs(dir.path())), (true, 8));
    commit(&store, [8]);
    store.maintain().expect("too many packs").expect("collected");
    assert!(packs(dir.path()) <= 5);
    assert!((0..9).all(|number| get(&store, number) == Ok(content(number))));
}

#[test]
fn a_collection_tells_how_far_it_is_up_to_its_end() {
    static TOLD: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let on_progress: Option<fn(u64, u64)> =
        Some(|done, all| TOLD.lock().expect("no panic").push((done, all)));
    let store = Store::open(StoreOptions { on_progress, ..options(dir.path()) }).expect("opened");
    commit(&store, 0..5);
    store.gc(&GcOptions { effort: Effort::Rewrite, ..GcOptions::default() }).expect("collected");
    assert_eq!(*TOLD.lock().expect("no panic"), (0..=5).map(|done| (done, 5)).collect::<Vec<_>>());
}

#[test]
fn damage_is_not_copied_and_is_told() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open_at(dir.path(), 0), 0..4);
    let pack = only_file(dir.path(), "packs");
    let mut bytes = std::fs::read(&pack).expect("readable");
    let needle = content(2);
    let at = bytes.windows(needle.len()).position(|window| window == needle).expect("stored as it is");
    bytes[at] ^= 1;
    std::fs::write(&pack, bytes).expect("written");
    let store = open_at(dir.path(), 0);
    let report = collect(&store, Retention::default(), Effort::Rewrite);
    let damaged: Vec<(&EvictionReason, &Evicted)> = report.evicted.iter().collect();
    assert!(matches!(damaged[..], [(EvictionReason::Damaged, Evicted { entries: 1, .. })]), "{damaged:?}");
    assert_eq!((get(&store, 2), get(&store, 1)), (Err(MissReason::Absent), Ok(content(1))));
    sound(&store);
}

#[test]
fn loose_objects_survive_compaction_and_go_with_their_last_entry() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let options = |hour| StoreOptions { loose_above_bytes: 10, ..at_hour(dir.path(), hour) };
    let store = Store::open(options(0)).expect("opened");
    for number in 0..12 {
        commit(&store, [number]);
    }
    collect(&store, Retention::default(), Effort::Rewrite);
    assert!((0..12).all(|number| get(&store, number) == Ok(content(number))));
    sound(&store);
    let select = Some(Selection::default());
    let report = collect(&store, Retention { select, ..Retention::default() }, Effort::Slice);
    assert_eq!((report.after_entries, report.after_packs), (0, 0));
    assert_eq!(files(&dir.path().join("v1/objects")), Vec::<std::path::PathBuf>::new());
    assert_eq!(report.after_bytes, store.used_bytes().expect("counted"));
}

#[test]
fn one_process_collects_and_the_others_are_told() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open_at(dir.path(), 0);
    commit(&store, 0..3);
    let lock = std::fs::File::create(dir.path().join("v1/state/maintenance.lock")).expect("made");
    lock.lock().expect("free");
    let report = collect(&store, Retention::default(), Effort::Rewrite);
    assert_eq!(report, GcReport { busy_elsewhere: true, ..GcReport::default() });
    assert_eq!(packs(dir.path()), 1);
}

#[test]
fn what_nobody_used_for_long_is_compressed_when_asked_and_answers_as_before() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let long = |number: u32| format!("the content of {number} that repeats itself ").repeat(20).into_bytes();
    let store = open_at(dir.path(), 0);
    let session = store.session().expect("a session");
    (0..40).for_each(|number| put_content(&session, number * 2, &long(number)));
    session.commit().expect("committed");
    drop(store);
    let used = open_at(dir.path(), 100);
    assert_eq!(get(&used, 6), Ok(long(3)));
    drop(used);
    let store = open_at(dir.path(), 101);
    let before = store.used_bytes().expect("counted");
    let effort = Effort::Rewrite;
    let options = GcOptions { effort, compress_unused_s: Some(24 * 3600), ..GcOptions::default() };
    let report = store.gc(&options).expect("collected");
    assert!(report.after_bytes * 2 < before, "{report:?}");
    assert!((0..40).all(|number| get(&store, number * 2) == Ok(long(number))));
    let mut codecs = BTreeMap::new();
    store.visit(&mut |entry| *codecs.entry(entry.codec.as_str()).or_insert(0) += 1).expect("visited");
    assert_eq!(codecs, BTreeMap::from([("none", 1), ("zstd", 39)]));
    sound(&store);
    let again = store.gc(&options).expect("collected");
    assert_eq!((again.written_bytes, again.after_entries), (report.written_bytes, 40));
    assert!((0..40).all(|number| get(&store, number * 2) == Ok(long(number))));
}

#[test]
fn packs_that_cannot_be_read_are_named_with_what_they_take() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open_at(dir.path(), 0);
    commit(&store, 0..5);
    let bad = only_file(dir.path(), "packs");
    commit(&store, 10..15);
    let bytes = std::fs::read(&bad).expect("read");
    std::fs::write(&bad, &bytes[..bytes.len() - 1]).expect("cut");
    let store = open_at(dir.path(), 1);
    let report = collect(&store, Retention::default(), Effort::Thorough);
    let name = bad.file_stem().expect("has one").to_string_lossy().into_owned();
    assert_eq!(report.useless_packs.iter().map(ToString::to_string).collect::<Vec<_>>(), [name]);
    assert_eq!(report.useless_bytes, bytes.len() as u64 - 1);
    assert!(bad.exists(), "what is sound in it is for a repair to save");
    store.validate(true).expect("repaired");
    let store = open_at(dir.path(), 2);
    assert_eq!(collect(&store, Retention::default(), Effort::Thorough).useless_packs, []);
    assert!((0..5).chain(10..15).all(|number| get(&store, number) == Ok(content(number))));
}
