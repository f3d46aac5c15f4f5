//! The size limit, clearing, statistics.

mod store_kit;

use janus_cache::clock::Clock;
use janus_cache::store::{EntryKind, MissReason, Retention, Store, StoreError, StoreOptions};
use store_kit::*;

fn at_hour(directory: &std::path::Path, hour: u64) -> StoreOptions {
    let unix_ns = (NOW_UNIX_S + hour * 3600) * 1_000_000_000;
    StoreOptions { clock: Clock::Fixed { unix_ns }, ..options(directory) }
}

fn open_at(directory: &std::path::Path, hour: u64) -> Store {
    Store::open(at_hour(directory, hour)).expect("opened")
}

fn pack_bytes(directory: &std::path::Path) -> u64 {
    files(&directory.join("v1/packs")).iter().map(|path| std::fs::metadata(path).expect("there").len()).sum()
}

#[test]
fn the_size_limit_removes_what_was_used_longest_ago() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for number in 0..4 {
        commit(&open_at(dir.path(), u64::from(number)), [number]);
    }
    // 0 is the oldest pack, and is used again later.
    let later = open_at(dir.path(), 100);
    assert_eq!(get(&later, 0), Ok(content(0)));
    drop(later);
    let store = open_at(dir.path(), 101);
    let before = pack_bytes(dir.path());
    let report = store.enforce_limit(before - 1).expect("kept");
    assert_eq!(report.removed_packs.len(), 1);
    assert!(report.after_bytes < before && report.before_bytes >= before);
    assert_eq!(get(&store, 1), Err(MissReason::Absent));
    for number in [0, 2, 3] {
        assert_eq!(get(&store, number), Ok(content(number)));
    }
    assert!(store.validate(false).expect("validated").findings.is_empty());
}

#[test]
fn a_commit_keeps_the_limit_and_spares_its_own_packs() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open_at(dir.path(), 0), 0..5);
    let options = StoreOptions {
        retention: Retention { max_bytes: Some(1), ..Retention::default() },
        ..at_hour(dir.path(), 1)
    };
    let store = Store::open(options).expect("opened");
    let session = store.session().expect("a session");
    put(&session, 9);
    let report = session.commit().expect("committed");
    let limit = report.limit.expect("there is a limit").expect("kept as far as it goes");
    assert_eq!(limit.removed_packs.len(), 1);
    assert_eq!(get(&store, 9), Ok(content(9)));
    assert_eq!(get(&store, 0), Err(MissReason::Absent));
}

#[test]
fn objects_go_with_the_last_pack_that_names_them() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let open = |hour| {
        Store::open(StoreOptions { loose_above_bytes: 10, ..at_hour(dir.path(), hour) }).expect("opened")
    };
    let same = vec![3; 5000];
    for (hour, number) in [(0, 0), (1, 2)] {
        let store = open(hour);
        let session = store.session().expect("a session");
        put_content(&session, number, &same);
        session.commit().expect("committed");
    }
    let store = open(2);
    only_file(dir.path(), "objects");
    let all = store.enforce_limit(u64::MAX).expect("nothing to do").before_bytes;
    store.enforce_limit(all - 1).expect("one pack goes");
    assert_eq!(get(&store, 2), Ok(same));
    store.enforce_limit(0).expect("all goes");
    assert_eq!(files(&dir.path().join("v1/objects")), Vec::<std::path::PathBuf>::new());
    assert!(store.validate(false).expect("validated").findings.is_empty());
}

#[test]
fn a_dry_clear_removes_nothing_and_says_what_a_clear_removes() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    commit(&store, 0..9);
    let before = files(dir.path());
    let announced = store.clear(true).expect("counted");
    assert_eq!(files(dir.path()), before);
    assert!(announced.files >= 1 && announced.bytes > 0);
    assert_eq!(store.clear(false).expect("cleared"), announced);
    assert_eq!(get(&store, 1), Err(MissReason::Absent));
    for kept in ["CACHEDIR.TAG", ".gitignore", "README", "v1/lock"] {
        assert!(dir.path().join(kept).exists(), "{kept}");
    }
    commit(&store, [1]);
    assert_eq!(get(&store, 1), Ok(content(1)));
}

#[test]
fn clearing_waits_for_sessions_and_gives_up_at_its_limit() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, other) = (open(dir.path()), open(dir.path()));
    let session = other.session().expect("a session");
    put(&session, 1);
    let cleared = store.clear(false);
    assert!(matches!(cleared, Err(StoreError::LockTimeout { .. })), "{cleared:?}");
    session.commit().expect("committed");
    assert_eq!(get(&store, 1), Ok(content(1)));
    store.clear(false).expect("free now");
}

#[test]
fn clearing_touches_nothing_in_a_directory_whose_tag_is_gone() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    commit(&store, [1]);
    std::fs::write(dir.path().join("CACHEDIR.TAG"), "something else").expect("written");
    assert!(matches!(store.clear(false), Err(StoreError::NotACache { .. })));
    assert_eq!(get(&store, 1), Ok(content(1)));
    store.validate(true).expect("repaired");
    store.clear(false).expect("cleared");
}

#[test]
fn an_open_store_goes_on_after_somebody_else_cleared_the_cache() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, other) = (open(dir.path()), open(dir.path()));
    commit(&store, [1]);
    other.clear(false).expect("cleared");
    commit(&other, [2]);
    assert_eq!(get(&store, 2), Ok(content(2)));
    assert_eq!(get(&store, 1), Err(MissReason::Absent));
    commit(&store, [3]);
    assert_eq!(get(&other, 3), Ok(content(3)));
}

#[test]
fn statistics_count_entries_by_kind_project_and_language() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    commit(&store, 0..10);
    let (_, _) = (get(&store, 1), get(&store, 77));
    let stats = store.stats().expect("counted");
    assert_eq!((stats.total.entries, stats.packs.files, stats.objects.files), (10, 1, 0));
    assert_eq!(stats.by_kind[&EntryKind::DispatchTable].entries, 2);
    assert_eq!(stats.by_project["project 0"].entries, 5);
    assert_eq!(
        stats.by_language["janus"].decoded_bytes,
        (0..10).map(|n| content(n).len() as u64).sum::<u64>()
    );
    assert_eq!((stats.oldest_unix_s, stats.newest_unix_s), (Some(NOW_UNIX_S), Some(NOW_UNIX_S + 9)));
    let activity = stats.activity;
    assert_eq!((activity.hits, activity.absent, activity.published_entries), (1, 1, 10));
}

#[test]
fn the_hottest_and_the_largest_are_named_and_what_no_lookup_finds_is_dead() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open_at(dir.path(), 0);
    for len in [900, 10] {
        let session = store.session().expect("a session");
        put_content(&session, 0, &vec![0; len]);
        session.commit().expect("committed");
    }
    let session = store.session().expect("a session");
    (1..8).for_each(|number| put_content(&session, number * 2, &vec![number as u8; number as usize * 100]));
    session.commit().expect("committed");
    for number in [4, 2, 4, 4, 2, 6] {
        get(&store, number).expect("there");
    }
    store.session().expect("a session").commit().expect("written down");
    let stats = store.stats().expect("counted");
    let hits: Vec<_> = stats.hottest.iter().map(|entry| (entry.key, entry.hits)).collect();
    assert_eq!(hits, [(key(4), 3), (key(2), 2), (key(6), 1)]);
    let lengths: Vec<_> = stats.largest.iter().map(|entry| entry.stored_bytes).collect();
    assert_eq!(lengths, [700, 600, 500, 400, 300], "the longest one is behind a newer answer");
    assert_eq!((stats.dead.entries, stats.dead.stored_bytes), (1, 900));
}

#[test]
fn hits_are_written_down_with_the_hour_of_their_session() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open_at(dir.path(), 0), 0..3);
    let store = open_at(dir.path(), 50);
    (0..4).for_each(|_| assert_eq!(get(&store, 1), Ok(content(1))));
    store.session().expect("a session").commit().expect("nothing but recency");
    let mut seen = Vec::new();
    store.visit(&mut |entry| seen.push((entry.key, entry.last_used_hour, entry.hits))).expect("visited");
    let hour = (NOW_UNIX_S / 3600 + 50) as u32;
    assert_eq!(seen, [(key(0), 0, 0), (key(1), hour, 4), (key(2), 0, 0)]);
}

#[test]
fn what_repair_saves_keeps_the_hour_of_its_last_use() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open_at(dir.path(), 0), 0..3);
    let store = open_at(dir.path(), 50);
    assert_eq!(get(&store, 2), Ok(content(2)));
    drop(store);
    let pack = only_file(dir.path(), "packs");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[64] ^= 1;
    std::fs::write(&pack, bytes).expect("written");
    let store = open_at(dir.path(), 51);
    store.validate(true).expect("repaired");
    let mut seen = Vec::new();
    store.visit(&mut |entry| seen.push((entry.key, entry.last_used_hour, entry.hits))).expect("visited");
    let hour = (NOW_UNIX_S / 3600 + 50) as u32;
    assert_eq!(seen, [(key(1), 0, 0), (key(2), hour, 1)]);
}

#[test]
fn the_same_puts_at_the_same_time_differ_in_nothing_but_the_identity() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let pack = |name: &str| {
        let directory = dir.path().join(name);
        commit(&open(&directory), 0..8);
        std::fs::read(only_file(&directory, "packs")).expect("read")
    };
    let (one, two) = (pack("one"), pack("two"));
    // Every place that differs is part of an identity or a checksum over one.
    let differing = one.iter().zip(&two).filter(|(one, two)| one != two).count();
    assert_eq!(one.len(), two.len());
    assert!(differing <= 2 * 8 + 4 + 8 * 4 + 4, "{differing} bytes differ");
}
