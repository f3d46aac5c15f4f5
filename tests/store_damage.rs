//! Damage: every byte flipped, every length cut. A read never gives wrong bytes, validation names
//! the file, and repair keeps what is sound.

mod store_kit;

use std::path::{Path, PathBuf};

use janus_cache::store::{Damage, MissReason, Problem, Repair, Store, StoreOptions};
use store_kit::*;

const ENTRIES: u32 = 5;

fn small_options(directory: &Path) -> StoreOptions {
    // Of the even ones, which are stored as they are, the largest is an object.
    StoreOptions { loose_above_bytes: 90, ..options(directory) }
}

/// A cache with packs, an object, a removal record and recency.
fn sample() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path().join("cache");
    let store = Store::open(small_options(&root)).expect("opened");
    commit(&store, 0..ENTRIES);
    // A removal record comes from an object that is gone.
    let session = store.session().expect("a session");
    put_content(&session, 100, &[7; 500]);
    session.commit().expect("committed");
    let gone = files(&root.join("v1/objects"))
        .into_iter()
        .find(|path| std::fs::read(path).expect("read") == [7; 500])
        .expect("an object");
    std::fs::remove_file(gone).expect("removed");
    assert!(!store.validate(true).expect("validated").needs_repair());
    assert!((0..ENTRIES).all(|number| get(&store, number) == Ok(content(number))));
    drop(store);
    assert_eq!(files(&root.join("v1/dead")).len(), 1);
    (dir, root)
}

fn is_checked(root: &Path, file: &Path) -> bool {
    !file.starts_with(root.join("v1/recency"))
}

/// No answer is wrong; answers how many entries are lost.
fn assert_no_wrong_answer(root: &Path, what: &str) -> usize {
    // Many thousand stores are opened here, and each would add to it.
    let history = root.join("v1/history/sessions");
    let before = std::fs::read(&history);
    let Ok(store) = Store::open(small_options(root)) else { return ENTRIES as usize };
    let mut lost = 0;
    for number in 0..ENTRIES {
        match get(&store, number) {
            Ok(found) => assert_eq!(found, content(number), "{what}"),
            Err(_) => lost += 1,
        }
    }
    assert!(get(&store, 100).is_err() || get(&store, 100) == Ok(vec![7; 500]), "{what}");
    drop(store);
    if let Ok(before) = before {
        std::fs::write(&history, before).expect("written");
    }
    lost
}

fn assert_validation_names(root: &Path, file: &Path, what: &str) {
    let store = Store::open(small_options(root)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let report = store.validate(false).expect("validated");
    assert!(report.findings.iter().any(|finding| finding.path == file), "{what}: {:?}", report.findings);
    assert!(!report.is_sound(), "{what}");
}

#[test]
fn a_sound_cache_has_nothing_to_report() {
    let (_dir, root) = sample();
    let report = Store::open(small_options(&root)).expect("opened").validate(false).expect("validated");
    assert_eq!(report.findings, []);
    assert_eq!((report.checked.packs, report.checked.dead_files, report.checked.objects > 0), (2, 1, true));
}

#[test]
fn every_flipped_byte_is_named_by_validation_and_never_gives_a_wrong_answer() {
    let (_dir, root) = sample();
    for file in files(&root).into_iter().filter(|file| is_checked(&root, file)) {
        let sound = std::fs::read(&file).expect("read");
        for at in 0..sound.len() {
            let what = format!("{} byte {at}", file.display());
            let mut bad = sound.clone();
            bad[at] ^= 0x10;
            std::fs::write(&file, &bad).expect("written");
            let lost = assert_no_wrong_answer(&root, &what);
            assert!(lost <= ENTRIES as usize, "{what}");
            assert_validation_names(&root, &file, &what);
        }
        std::fs::write(&file, &sound).expect("written");
    }
}

#[test]
fn every_cut_file_is_named_by_validation_and_never_gives_a_wrong_answer() {
    let (_dir, root) = sample();
    let signal = root.join("v1/state/published");
    for file in files(&root).into_iter().filter(|file| is_checked(&root, file) && *file != signal) {
        let sound = std::fs::read(&file).expect("read");
        for len in (0..sound.len()).filter(|len| !ends_with_a_whole_record(&file, &sound[..*len])) {
            let what = format!("{} cut to {len}", file.display());
            std::fs::write(&file, &sound[..len]).expect("written");
            assert_no_wrong_answer(&root, &what);
            assert_validation_names(&root, &file, &what);
        }
        std::fs::write(&file, &sound).expect("written");
    }
}

#[test]
fn any_recency_is_legal() {
    let (_dir, root) = sample();
    let file = files(&root.join("v1/recency")).into_iter().next().expect("some");
    for bytes in [vec![], vec![0xff; 20], vec![0xff; 3]] {
        std::fs::write(&file, bytes).expect("written");
        assert_eq!(assert_no_wrong_answer(&root, "recency"), 0);
        let store = Store::open(small_options(&root)).expect("opened");
        assert!(store.validate(false).expect("validated").findings.is_empty());
    }
}

#[test]
fn repair_after_any_single_flip_loses_one_entry_at_most_and_leaves_a_sound_cache() {
    let (_dir, root) = sample();
    let packs = root.join("v1/packs");
    let pack = files(&packs).into_iter().max_by_key(|path| std::fs::metadata(path).expect("there").len());
    let pack = pack.expect("a pack");
    let sound = std::fs::read(&pack).expect("read");
    for at in (0..sound.len()).step_by(7) {
        let copy = tempfile::tempdir().expect("a temporary folder");
        let there = copy.path().join("cache");
        copy_tree(&root, &there);
        let mut bad = sound.clone();
        bad[at] ^= 0x04;
        std::fs::write(there.join(pack.strip_prefix(&root).expect("below")), bad).expect("written");
        let store = Store::open(small_options(&there)).expect("opened");
        let report = store.validate(true).expect("repaired");
        assert!(!report.needs_repair(), "byte {at}: {:?}", report.findings);
        let again = store.validate(false).expect("validated");
        assert!(again.is_sound(), "byte {at}: {:?}", again.findings);
        let lost = assert_no_wrong_answer(&there, &format!("byte {at}"));
        // A name that all entries share takes them all with it.
        let shares_a_name = report.findings.iter().any(|f| f.problem == Problem::Damaged(Damage::Name));
        assert!(lost <= 1 || shares_a_name, "byte {at} lost {lost}");
        assert_eq!(files(&there.join("v1/quarantine")).len(), 1, "byte {at}");
    }
}

#[test]
fn damage_is_a_miss_with_a_reason_that_is_counted_and_remembered() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(dir.path()), [2]);
    let pack = only_file(dir.path(), "packs");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[64 + 104] ^= 1;
    std::fs::write(&pack, bytes).expect("written");
    let store = open(dir.path());
    for _ in 0..3 {
        assert!(matches!(get(&store, 2), Err(MissReason::Damaged { .. })));
    }
    assert_eq!(store.stats().expect("counted").activity.damaged, 3);
}

#[test]
fn an_intact_older_answer_stands_in_for_a_damaged_newer_one() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    commit(&store, [2]);
    let old = only_file(dir.path(), "packs");
    commit(&store, [2]);
    let new = files(&dir.path().join("v1/packs")).into_iter().find(|path| *path != old).expect("another");
    let mut bytes = std::fs::read(&new).expect("read");
    bytes[64 + 104] ^= 1;
    std::fs::write(&new, bytes).expect("written");
    assert_eq!(get(&open(dir.path()), 2), Ok(content(2)));
}

#[test]
fn a_removed_entry_is_a_miss_until_it_is_put_again() {
    let (_dir, root) = sample();
    let store = Store::open(small_options(&root)).expect("opened");
    assert!(matches!(get(&store, 100), Err(MissReason::Removed { .. })));
    let session = store.session().expect("a session");
    put_content(&session, 100, &[7; 500]);
    session.commit().expect("committed");
    assert_eq!(get(&store, 100), Ok(vec![7; 500]));
}

#[test]
fn a_store_that_is_open_honours_a_removal_made_by_another() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path().join("cache");
    let (early, other) = (
        Store::open(small_options(&root)).expect("opened"),
        Store::open(small_options(&root)).expect("opened"),
    );
    commit(&early, [4]);
    assert_eq!(get(&early, 4), Ok(content(4)));
    std::fs::write(only_file(&root, "objects"), b"changed").expect("written");
    let report = other.validate(true).expect("repaired");
    assert!(report.findings.iter().any(|finding| finding.repair == Some(Repair::Buried)), "{report:?}");
    early.refresh().expect("refreshed");
    assert!(matches!(get(&early, 4), Err(MissReason::Removed { .. })));
}

#[test]
fn strays_are_named_and_left_alone() {
    let (_dir, root) = sample();
    let strays = ["mine.txt", "v1/packs/x.pack", "v1/dead/y", "v1/objects/zz", "v1/recency/q", "v1/tmp/t"];
    for stray in strays {
        std::fs::write(root.join(stray), b"?").expect("written");
    }
    let report = Store::open(small_options(&root)).expect("opened").validate(true).expect("validated");
    let named: Vec<_> = report.findings.iter().filter(|finding| finding.problem == Problem::Stray).collect();
    for stray in strays {
        assert!(named.iter().any(|finding| finding.path == root.join(stray)), "{stray}");
        assert!(root.join(stray).exists(), "{stray}");
    }
    assert!(report.is_sound());
}

#[test]
fn a_pack_of_another_version_is_a_miss_that_says_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(dir.path()), [2]);
    let pack = only_file(dir.path(), "packs");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[8] = 9;
    std::fs::write(&pack, bytes).expect("written");
    let found = get(&open(dir.path()), 2);
    assert!(matches!(found, Err(MissReason::WrongVersion { found: 9, supported: 2, .. })), "{found:?}");
}

#[test]
fn what_repair_saved_from_an_old_pack_stays_behind_a_newer_answer() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let answer = |content: &[u8], other: u32| {
        let session = store.session().expect("a session");
        put_content(&session, other, b"another");
        put_content(&session, 2, content);
        session.commit().expect("committed");
    };
    answer(b"old", 10);
    let old = only_file(dir.path(), "packs");
    answer(b"new", 11);
    let mut bytes = std::fs::read(&old).expect("read");
    bytes[64 + 104] ^= 1;
    std::fs::write(&old, bytes).expect("written");
    let repaired = open(dir.path()).validate(true).expect("repaired");
    assert!(
        repaired.findings.iter().any(|f| f.repair == Some(Repair::Quarantined { salvaged: 1 })),
        "{repaired:?}"
    );
    assert_eq!(get(&open(dir.path()), 2).expect("there"), b"new");
}
