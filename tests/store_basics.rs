//! Put, commit, get, and what a session promises.

mod store_kit;

use janus_cache::codec::Codec;
use janus_cache::fs::{Durability, FileAccess};
use janus_cache::store::{EntryMeta, Lookup, MissReason, NewEntry, Store, StoreError, StoreOptions};
use store_kit::*;

#[test]
fn what_was_committed_is_there_with_all_that_is_known_about_it_after_a_reopen() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(dir.path()), 0..20);
    for access in [FileAccess::Map, FileAccess::Read] {
        let store = Store::open(StoreOptions { access, ..options(dir.path()) }).expect("opened");
        for number in 0..20 {
            let Lookup::Hit(entry) = store.get(&key(number)) else { panic!("{number} is missing") };
            assert_eq!(entry.content(), content(number));
            let mut expected = meta(number);
            if expected.codec == Codec::Lz4 && entry.codec() == Codec::None.into() {
                expected.codec = Codec::None;
            }
            assert_eq!(entry.meta(), expected);
            assert_eq!(entry.key(), key(number));
            assert_eq!(
                entry.trace().expect("sound"),
                format!("rule symmetric\nnumber {number}\n").as_bytes()
            );
        }
        assert_eq!(get(&store, 20), Err(MissReason::Absent));
    }
}

#[test]
fn contents_that_shrink_are_stored_compressed_and_others_as_they_are() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    put_content(&session, 1, &vec![b'a'; 5000]);
    put_content(&session, 3, b"xyz");
    session.commit().expect("committed");
    let codec = |number| store.get(&key(number)).hit().map(|entry| entry.codec());
    assert_eq!((codec(1), codec(3)), (Some(Codec::Lz4.into()), Some(Codec::None.into())));
}

#[test]
fn every_codec_of_an_entry_gives_its_content_back_and_none_is_the_default() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    let text = b"geo::Circle under geo::Shape; ".repeat(100);
    let codecs = [Codec::None, Codec::Lz4, Codec::Zstd];
    for (number, codec) in (0..).zip(codecs) {
        let meta = EntryMeta { codec, ..meta(number) };
        let entry = NewEntry { key: key(number), meta: &meta, content: &text, trace: b"" };
        session.put(&entry).expect("put");
    }
    session.commit().expect("committed");
    for (number, codec) in (0..).zip(codecs) {
        let Lookup::Hit(entry) = store.get(&key(number)) else { panic!("{number} is missing") };
        assert_eq!((entry.codec(), entry.content()), (codec.into(), text.as_slice()));
    }
    assert_eq!(Codec::default(), Codec::None);
}

#[test]
fn a_dropped_session_keeps_what_it_published_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    put(&session, 1);
    session.publish_now().expect("published");
    put(&session, 2);
    drop(session);
    assert_eq!(get(&store, 1), Ok(content(1)));
    assert_eq!(get(&store, 2), Err(MissReason::Absent));
    assert!(leftovers(dir.path()).is_empty());
}

#[test]
fn a_session_publishes_by_itself_when_it_holds_enough_or_for_long_enough() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (publish_after_bytes, publish_after_ns) in [(500, u64::MAX), (u64::MAX, 0)] {
        let directory = dir.path().join(publish_after_ns.to_string());
        let options = StoreOptions { publish_after_bytes, publish_after_ns, ..options(&directory) };
        let store = Store::open(options).expect("opened");
        let session = store.session().expect("a session");
        (0..10).for_each(|number| put(&session, number));
        assert_eq!(get(&open(&directory), 0), Ok(content(0)), "before the commit");
        drop(session);
    }
}

#[test]
fn a_later_answer_to_the_same_question_is_the_one_that_is_found() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    put_content(&session, 1, b"first");
    put_content(&session, 1, b"second");
    session.commit().expect("committed");
    assert_eq!(get(&store, 1).expect("there"), b"second");
    let session = store.session().expect("a session");
    put_content(&session, 1, b"third");
    session.commit().expect("committed");
    assert_eq!(get(&store, 1).expect("there"), b"third");
    assert_eq!(get(&open(dir.path()), 1).expect("there"), b"third");
}

#[test]
fn an_equal_answer_put_twice_is_stored_once() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    put(&session, 1);
    put(&session, 1);
    let report = session.commit().expect("committed");
    assert_eq!((report.entries, report.packs.len()), (1, 1));
}

#[test]
fn a_large_content_lies_in_a_file_of_its_own_and_is_a_miss_without_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let options = StoreOptions { loose_above_bytes: 100, ..options(dir.path()) };
    let store = Store::open(options.clone()).expect("opened");
    let session = store.session().expect("a session");
    let large: Vec<u8> = (0..5000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    put_content(&session, 2, &large);
    session.commit().expect("committed");
    assert_eq!(get(&store, 2).as_deref(), Ok(large.as_slice()));
    let object = only_file(dir.path(), "objects");
    assert_eq!(std::fs::read(&object).expect("read"), large);
    std::fs::remove_file(object).expect("removed");
    let store = Store::open(options).expect("opened");
    assert!(matches!(get(&store, 2), Err(MissReason::ObjectMissing { .. })));
    assert_eq!(store.stats().expect("counted").activity.objects_missing, 1);
}

#[test]
fn a_hit_becomes_an_output_whether_it_lies_in_a_pack_or_in_a_file_of_its_own() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, output) = (dir.path().join("cache"), dir.path().join("out/result"));
    let store = Store::open(StoreOptions { loose_above_bytes: 4000, ..options(&root) }).expect("opened");
    let session = store.session().expect("a session");
    for (number, len) in [(0, 10_000), (2, 100), (4, 0)] {
        put_content(&session, number, &vec![number as u8; len]);
    }
    session.commit().expect("committed");
    for (number, len) in [(0, 10_000), (2, 100), (4, 0)] {
        let Lookup::Hit(entry) = store.get(&key(number)) else { panic!("{number} is a miss") };
        assert!(entry.write_output(&output).expect("written"));
        assert_eq!(std::fs::read(&output).expect("read"), vec![number as u8; len]);
        assert!(!entry.write_output(&output).expect("looked at"), "it has this content");
    }
    let Lookup::Hit(entry) = store.get(&key(0)) else { panic!("a miss") };
    std::fs::remove_file(&files(&root.join("v1/objects"))[0]).expect("removed");
    assert!(entry.write_output(&output).expect("from what was mapped"));
    assert_eq!(std::fs::read(&output).expect("read"), vec![0; 10_000]);
}

#[test]
fn a_store_that_was_opened_before_sees_new_packs_with_its_next_miss() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (early, writer) = (open(dir.path()), open(dir.path()));
    for number in 0..50 {
        assert_eq!(get(&early, number), Err(MissReason::Absent));
        commit(&writer, [number]);
        assert_eq!(get(&early, number), Ok(content(number)));
    }
}

#[test]
fn a_hit_stays_valid_when_its_pack_is_removed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    commit(&store, [2]);
    let Lookup::Hit(entry) = store.get(&key(2)) else { panic!("it was committed") };
    store.clear(false).expect("cleared");
    assert_eq!(entry.content(), content(2));
    assert_eq!(get(&store, 2), Err(MissReason::Absent));
}

#[test]
fn a_read_only_store_answers_and_counts_what_it_drops() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(dir.path()), [1]);
    let before = files(dir.path());
    let options = StoreOptions { read_only: true, ..options(dir.path()) };
    let store = Store::open(options).expect("opened");
    assert_eq!(get(&store, 1), Ok(content(1)));
    let session = store.session().expect("a session");
    put(&session, 2);
    assert_eq!(session.counts(), (1, 1));
    assert_eq!(session.commit().expect("nothing to do").dropped, 1);
    assert_eq!(get(&store, 2), Err(MissReason::Absent));
    assert_eq!(store.stats().expect("counted").activity.dropped_puts, 1);
    assert!(matches!(store.clear(false), Err(StoreError::ReadOnly { .. })));
    drop(store);
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_read_only_store_without_a_directory_is_empty_and_makes_none() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let missing = dir.path().join("none");
    let store = Store::open(StoreOptions { read_only: true, ..options(&missing) }).expect("opened");
    assert_eq!(get(&store, 1), Err(MissReason::Absent));
    assert!(!missing.exists());
}

#[test]
fn names_and_traces_over_their_limit_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    let mut meta = meta(1);
    meta.project = "x".repeat(5000);
    let put = session.put(&NewEntry { key: key(1), meta: &meta, content: b"", trace: b"" });
    assert!(
        matches!(put, Err(StoreError::TooLarge { what: "project name", found_bytes: 5000, .. })),
        "{put:?}"
    );
}

#[test]
fn a_commit_that_survives_power_loss_gives_the_same_answers() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let options = StoreOptions { durability: Durability::Sync, loose_above_bytes: 20, ..options(dir.path()) };
    let store = Store::open(options).expect("opened");
    commit(&store, 0..6);
    assert!((0..6).all(|number| get(&store, number) == Ok(content(number))));
    assert!(store.validate(false).expect("validated").findings.is_empty());
}

#[test]
fn a_store_and_its_parts_may_be_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Store>();
    shared::<janus_cache::store::Session>();
    shared::<janus_cache::store::Entry>();
}
