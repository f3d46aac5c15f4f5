//! Equal contents under several keys stand in a pack once.

mod store_kit;

use std::path::Path;

use janus_cache::fs::FileAccess;
use janus_cache::store::{
    Effort, EntryKind, EvictionReason, GcOptions, MissReason, Retention, Selection, Store, StoreOptions,
};
use store_kit::*;

const CONTENT: &[u8] = &[7; 1000];

fn only_pack(dir: &Path) -> std::path::PathBuf {
    let packs = files(&dir.join("v1/packs"));
    let [pack] = packs.as_slice() else { panic!("{packs:?}") };
    pack.clone()
}

fn pack_bytes(dir: &Path) -> u64 {
    files(&dir.join("v1/packs")).iter().map(|pack| std::fs::metadata(pack).expect("there").len()).sum()
}

/// Ten entries of one content, and one of its own.
fn filled(dir: &Path) -> Store {
    let store = open(dir);
    let session = store.session().expect("a session");
    for number in 0..10 {
        put_content(&session, number * 2, CONTENT);
    }
    put_content(&session, 100, &[8; 1000]);
    session.commit().expect("committed");
    store
}

fn assert_answers(store: &Store) {
    for number in 0..10 {
        assert_eq!(get(store, number * 2).as_deref(), Ok(CONTENT), "{number}");
    }
    assert_eq!(get(store, 100), Ok(vec![8; 1000]));
}

#[test]
fn many_entries_of_one_content_take_its_room_once_and_all_answer() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = filled(dir.path());
    assert!(pack_bytes(dir.path()) < 5000, "{} bytes", pack_bytes(dir.path()));
    for access in [FileAccess::Map, FileAccess::Read] {
        let store = Store::open(StoreOptions { access, ..options(dir.path()) }).expect("opened");
        assert_answers(&store);
        assert_answers(&store);
    }
    assert!(store.validate(false).expect("validated").is_sound());
}

#[test]
fn packs_that_come_together_share_and_what_stays_of_them_keeps_its_content() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    for number in 0..10 {
        let session = store.session().expect("a session");
        put_content(&session, number * 2, CONTENT);
        session.commit().expect("committed");
    }
    let session = store.session().expect("a session");
    put_content(&session, 100, &[8; 1000]);
    session.commit().expect("committed");
    let before = pack_bytes(dir.path());
    store.gc(&GcOptions { effort: Effort::Rewrite, ..GcOptions::default() }).expect("collected");
    assert!(pack_bytes(dir.path()) * 2 < before, "{} of {before}", pack_bytes(dir.path()));
    assert_answers(&store);
    // The first of them, which has the bytes, goes with its kind; the others stay.
    let select = Some(Selection { kind: Some(EntryKind::DispatchTable), ..Selection::default() });
    let retention = Retention { select, ..Retention::default() };
    let options = GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() };
    let mut of_kind = Vec::new();
    store
        .visit(&mut |entry| {
            if entry.meta.kind == EntryKind::DispatchTable {
                of_kind.push(entry.key);
            }
        })
        .expect("visited");
    assert!((2..10).contains(&of_kind.len()), "{}", of_kind.len());
    let report = store.gc(&options).expect("collected");
    assert_eq!(report.evicted[&EvictionReason::Selected].entries, of_kind.len() as u64);
    for number in 0..10 {
        let expected =
            if of_kind.contains(&key(number * 2)) { Err(MissReason::Absent) } else { Ok(CONTENT.to_vec()) };
        assert_eq!(get(&store, number * 2), expected, "{number}");
    }
    assert!(store.validate(false).expect("validated").is_sound());
}

#[test]
fn each_flipped_byte_is_found_no_answer_is_wrong_and_repair_saves_the_rest() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    drop(filled(dir.path()));
    let pack = only_pack(dir.path());
    let sound = std::fs::read(&pack).expect("read");
    for at in (0..sound.len()).step_by(3) {
        let mut bad = sound.clone();
        bad[at] ^= 0x10;
        std::fs::write(&pack, &bad).expect("written");
        let store = Store::open(StoreOptions { read_only: true, ..options(dir.path()) }).expect("opened");
        assert!(!store.validate(false).expect("validated").is_sound(), "byte {at}");
        for number in 0..10 {
            if let Ok(found) = get(&store, number * 2) {
                assert_eq!(found, CONTENT, "byte {at}");
            }
        }
    }
    // In the header of the fifth one: the others are saved with what they share.
    let header_at = 64 + 104 + 1000 + 4 * 104;
    let mut bad = sound.clone();
    bad[header_at] ^= 0x10;
    std::fs::write(&pack, &bad).expect("written");
    let store = open(dir.path());
    store.validate(true).expect("repaired");
    let found = (0..10).filter(|number| get(&store, number * 2).as_deref() == Ok(CONTENT)).count();
    assert_eq!(found, 9);
    assert!(pack_bytes(dir.path()) < 5000);
    assert!(store.validate(false).expect("validated").is_sound());
}
