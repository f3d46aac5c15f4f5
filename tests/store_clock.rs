//! A clock that jumps back and forth by years: nothing that is in use goes, and nothing overflows.

mod store_kit;

use janus_cache::store::{Effort, EntryMeta, GcOptions, NewEntry, Retention, Store, StoreOptions};
use store_kit::*;

const YEAR_S: u64 = 365 * 24 * 3600;

#[test]
fn a_clock_that_jumps_by_years_deletes_nothing_that_is_in_use_and_keeps_the_newest_answer_in_front() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let retention = Retention { max_age_s: Some(30 * 24 * 3600), ..Retention::default() };
    let times = [
        NOW_UNIX_S,
        NOW_UNIX_S + 50 * YEAR_S,
        NOW_UNIX_S - 20 * YEAR_S,
        NOW_UNIX_S + 400 * YEAR_S,
        0,
        // The last second whose nanoseconds fit 64 bits.
        u64::MAX / 1_000_000_000,
        NOW_UNIX_S + 1,
    ];
    for (round, unix_s) in times.into_iter().enumerate() {
        let options = StoreOptions { retention: retention.clone(), ..at_unix_s(dir.path(), unix_s) };
        let store = Store::open(options).expect("opened");
        let session = store.session().expect("a session");
        // One key gets a new answer in each session; the others come one by one.
        put_content(&session, 1000, format!("answer {round}").as_bytes());
        put(&session, round as u32);
        session.commit().expect("committed");
        for store in [&store, &open_at_unix_s(dir.path(), unix_s)] {
            assert_eq!(get(store, 1000), Ok(format!("answer {round}").into_bytes()), "round {round}");
            assert_eq!(get(store, round as u32), Ok(content(round as u32)), "round {round}");
        }
        store.maintain().transpose().expect("maintained");
        let report = store
            .gc(&GcOptions { effort: Effort::Rewrite, retention: retention.clone(), ..GcOptions::default() })
            .expect("collected");
        assert!(!report.busy_elsewhere);
        // What this session made or used is not old, whatever the clock says.
        for store in [&store, &open_at_unix_s(dir.path(), unix_s)] {
            assert_eq!(get(store, 1000), Ok(format!("answer {round}").into_bytes()), "round {round}");
            assert_eq!(get(store, round as u32), Ok(content(round as u32)), "round {round}");
            assert!(store.validate(false).expect("validated").is_sound());
        }
        store.health().expect("looked at");
        store.stats().expect("counted");
    }
}

#[test]
fn what_is_from_the_future_is_kept_and_counted_and_a_mark_of_the_future_stops_no_cleaning() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let future = NOW_UNIX_S + 30 * YEAR_S;
    let session = open_at_unix_s(dir.path(), future).session().expect("a session");
    let meta = EntryMeta { created_unix_s: future, ..meta(2) };
    session.put(&NewEntry { key: key(2), meta: &meta, content: &content(2), trace: b"" }).expect("put");
    session.commit().expect("committed");
    let retention = Retention { max_age_s: Some(24 * 3600), ..Retention::default() };
    let options = || StoreOptions { retention: retention.clone(), ..at_unix_s(dir.path(), NOW_UNIX_S) };
    let store = Store::open(options()).expect("opened");
    assert_eq!(store.health().expect("looked at").from_the_future, 1);
    let mark = dir.path().join("v1/state/collected");
    std::fs::write(&mark, "").expect("written");
    let file = std::fs::File::options().write(true).open(&mark).expect("opened");
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(future)).expect("set");
    store.maintain().expect("a wrong mark makes it due").expect("maintained");
    assert_eq!(get(&store, 2), Ok(content(2)), "harmless: it lives longer than it should");
    // Objects of the future are nobody's yet: they stay.
    let object = dir.path().join("v1/objects/00");
    std::fs::create_dir_all(&object).expect("made");
    let object = object.join("00".repeat(32));
    std::fs::write(&object, "x").expect("written");
    let file = std::fs::File::options().write(true).open(&object).expect("opened");
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(future)).expect("set");
    store.gc(&GcOptions::default()).expect("collected");
    assert!(object.exists());
}
