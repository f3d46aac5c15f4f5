//! Machines that are unkind: a disk that is full, or may not be written.
#![cfg(target_os = "linux")]

mod store_kit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use janus_cache::store::{Effort, GcOptions, Retention, Store, StoreError};
use store_kit::*;

const CHILD: &str = "JANUS_HOSTILE_CHILD";

/// Runs a test of this file again in a process of its own, where `script` has prepared `$1` in a private
/// mount namespace. False, with the reason printed, where the machine does not allow that.
fn elsewhere(test: &str, folder: &Path, script: &str) -> bool {
    let program = std::env::current_exe().expect("this program");
    for flags in ["-m", "-rm"] {
        let script = format!("{script} && exec \"$0\" --exact {test} --nocapture");
        let mut command = std::process::Command::new("unshare");
        command.args([flags, "sh", "-c", &script]).arg(&program).arg(folder).env(CHILD, folder);
        let Ok(done) = command.output() else { break };
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() {
            return true;
        }
        let refused = said.starts_with("unshare:") || said.starts_with("mount:");
        assert!(refused, "{said}{}", String::from_utf8_lossy(&done.stdout));
        println!("not with unshare {flags}: {}", said.trim());
    }
    println!("skipped: this machine gives no private mounts");
    false
}

fn child() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(Into::into)
}

/// Content that no codec shrinks.
fn noise(number: u32, bytes: usize) -> Vec<u8> {
    let mut state = u64::from(number) * 2 + 1;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..bytes).map(next).collect()
}

fn commit_noise(store: &Store, numbers: std::ops::Range<u32>, bytes: usize) -> Result<(), StoreError> {
    let session = store.session()?;
    for number in numbers {
        put_content(&session, number * 2, &noise(number, bytes));
    }
    session.commit().map(drop)
}

fn is_there(store: &Store, number: u32, bytes: usize) -> bool {
    match get(store, number * 2) {
        Ok(found) => {
            assert_eq!(found, noise(number, bytes));
            true
        }
        Err(_) => false,
    }
}

#[test]
fn a_disk_that_fills_up_is_an_error_of_one_commit_and_loses_nothing_of_the_others() {
    let test = "a_disk_that_fills_up_is_an_error_of_one_commit_and_loses_nothing_of_the_others";
    if let Some(disk) = child() {
        let directory = disk.join("cache");
        let store = open(&directory);
        let mut kept = 0;
        let error = loop {
            match commit_noise(&store, kept..kept + 1, 20_000) {
                Ok(()) => kept += 1,
                Err(error) => break error,
            }
            assert!(kept < 1000, "the disk has no end");
        };
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
        assert!(kept > 3, "{kept} commits only");
        for store in [&store, &open(&directory)] {
            assert!((0..kept).all(|number| is_there(store, number, 20_000)));
            assert!(store.validate(false).expect("validated").is_sound());
        }
        // Something else fills what is left; clearing works then, too.
        let mut rest = std::fs::File::create(disk.join("other")).expect("made");
        while std::io::Write::write_all(&mut rest, &[1; 512]).is_ok() {}
        assert!((0..kept).all(|number| is_there(&open(&directory), number, 20_000)));
        store.clear(false).expect("cleared");
        commit_noise(&store, 0..2, 20_000).expect("there is room again");
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    elsewhere(test, dir.path(), "mount -t tmpfs -o size=512k tmpfs \"$1\"");
}

#[test]
fn a_collection_makes_room_on_a_full_disk() {
    let test = "a_collection_makes_room_on_a_full_disk";
    if let Some(disk) = child() {
        let directory = disk.join("cache");
        // Packs of which all, half, and nothing is used later.
        for (hour, numbers) in [0..2, 2..4, 4..6, 6..8].into_iter().enumerate() {
            commit_noise(&open_at_unix_s(&directory, NOW_UNIX_S + hour as u64 * 3600), numbers, 30_000)
                .expect("room");
        }
        let later = open_at_unix_s(&directory, NOW_UNIX_S + 100 * 3600);
        assert!([2, 4, 6, 7].into_iter().all(|number| is_there(&later, number, 30_000)));
        drop(later);
        let mut rest = std::fs::File::create(disk.join("other")).expect("made");
        while std::io::Write::write_all(&mut rest, &[1; 512]).is_ok() {}
        let store = open_at_unix_s(&directory, NOW_UNIX_S + 101 * 3600);
        let before = store.used_bytes().expect("counted");
        // Two packs' worth: the first pack goes whole, the halves were to be written anew.
        let retention = Retention { max_bytes: Some(before / 2), ..Retention::default() };
        let report = store
            .gc(&GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() })
            .expect("a full disk is no reason to fail");
        assert!(report.after_bytes <= before / 2, "{report:?}");
        assert_eq!(report.after_bytes, store.used_bytes().expect("counted"), "{report:?}");
        assert!(report.removed_packs.len() >= 2 || !report.new_packs.is_empty(), "{report:?}");
        let store = open_at_unix_s(&directory, NOW_UNIX_S + 102 * 3600);
        assert!([6, 7].into_iter().all(|number| is_there(&store, number, 30_000)), "{report:?}");
        assert!(store.validate(false).expect("validated").is_sound());
        commit_noise(&store, 20..21, 30_000).expect("there is room");
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    elsewhere(test, dir.path(), "mount -t tmpfs -o size=400k tmpfs \"$1\"");
}

#[test]
fn a_file_system_that_is_mounted_read_only_answers_and_takes_nothing() {
    let test = "a_file_system_that_is_mounted_read_only_answers_and_takes_nothing";
    if let Some(folder) = child() {
        let store = open(&folder.join("cache"));
        assert!(store.is_read_only());
        assert!((0..5).all(|number| get(&store, number) == Ok(content(number))));
        let session = store.session().expect("a session that keeps nothing");
        put(&session, 9);
        assert_eq!(session.commit().expect("nothing to do").dropped, 1);
        assert!(store.validate(false).expect("validated").is_sound());
        for refused in [store.validate(true).map(drop), store.clear(false).map(drop)] {
            let error = refused.expect_err("nothing may be written");
            assert!(matches!(error, StoreError::ReadOnly { by_choice: false, .. }), "{error:?}");
        }
        let new = Store::open(options(&folder.join("new"))).map(drop);
        assert!(matches!(new, Err(StoreError::PermissionDenied { .. })), "{new:?}");
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    commit(&open(&dir.path().join("cache")), 0..5);
    let before = snapshot(dir.path());
    let mounted =
        elsewhere(test, dir.path(), "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"");
    assert!(!mounted || snapshot(dir.path()) == before);
}

fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let of = |path: PathBuf| (path.clone(), std::fs::read(path).expect("readable"));
    files(directory).into_iter().map(of).collect()
}
