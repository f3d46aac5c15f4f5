//! Several stores on one directory: threads, and a real second process that is killed.

mod store_kit;

use std::path::Path;
use std::process::Command;

use janus_cache::store::{MissReason, Store, StoreError, StoreOptions};
use store_kit::*;

const CHILD: &str = "JANUS_STORE_TEST_CHILD";

/// Runs a test of this file again in a process of its own.
fn child(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", test, "--nocapture"]).env(CHILD, directory);
    command
}

fn child_directory() -> Option<std::path::PathBuf> {
    std::env::var_os(CHILD).map(Into::into)
}

#[test]
fn many_threads_with_stores_of_their_own_see_all_of_each_others_entries() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let directory = dir.path();
            scope.spawn(move || {
                let store = open(directory);
                for round in 0..10 {
                    let number = thread * 100 + round;
                    commit(&store, [number]);
                    for other in (0..4).flat_map(|thread| (0..10).map(move |round| thread * 100 + round)) {
                        if let Ok(found) = get(&store, other) {
                            assert_eq!(found, content(other));
                        }
                    }
                    assert_eq!(get(&store, number), Ok(content(number)));
                }
            });
        }
    });
    let store = open(dir.path());
    for number in (0..4).flat_map(|thread| (0..10).map(move |round| thread * 100 + round)) {
        assert_eq!(get(&store, number), Ok(content(number)));
    }
    assert!(store.validate(false).expect("validated").findings.is_empty());
}

#[test]
fn one_session_takes_puts_of_many_threads() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let options = StoreOptions { publish_after_bytes: 2000, loose_above_bytes: 80, ..options(dir.path()) };
    let store = Store::open(options).expect("opened");
    let session = store.session().expect("a session");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let session = &session;
            scope.spawn(move || (0..100).for_each(|n| put(session, thread * 50 + n)));
        }
    });
    session.commit().expect("committed");
    assert!((0..250).all(|number| get(&store, number) == Ok(content(number))));
    assert!(store.validate(false).expect("validated").is_sound());
}

#[test]
fn a_killed_process_loses_nothing_that_it_published_and_is_swept_up() {
    if let Some(directory) = child_directory() {
        let store = open(&directory);
        let session = store.session().expect("a session");
        (0..20).for_each(|number| put(&session, number));
        session.publish_now().expect("published");
        put_content(&session, 50, &vec![1; 3 << 20]);
        std::process::abort();
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let test = "a_killed_process_loses_nothing_that_it_published_and_is_swept_up";
    let done = child(test, dir.path()).output().expect("ran");
    assert!(!done.status.success());
    assert_eq!(files(&dir.path().join("v1/tmp")).len(), 2, "its lock and its object");
    let store = open(dir.path());
    assert!((0..20).all(|number| get(&store, number) == Ok(content(number))));
    assert_eq!(get(&store, 50), Err(MissReason::Absent));
    assert!(store.validate(false).expect("validated").is_sound());
    commit(&store, [60]);
    assert!(leftovers(dir.path()).is_empty());
}

#[test]
fn a_session_of_another_process_keeps_the_cache_from_being_cleared() {
    if let Some(directory) = child_directory() {
        let cleared = open(&directory).clear(false);
        assert!(matches!(cleared, Err(StoreError::LockTimeout { .. })), "{cleared:?}");
        commit(&open(&directory), [8]);
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let session = store.session().expect("a session");
    let test = "a_session_of_another_process_keeps_the_cache_from_being_cleared";
    assert!(child(test, dir.path()).status().expect("ran").success());
    drop(session);
    assert_eq!(get(&store, 8), Ok(content(8)), "the other process could put");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_a_typed_error_and_leaves_a_sound_cache() {
    if let Some(directory) = child_directory() {
        let store = open(&directory);
        commit(&store, [1]);
        let session = store.session().expect("a session");
        put_content(&session, 2, &vec![1; 100_000]);
        let committed = session.commit();
        assert!(matches!(committed, Err(StoreError::DiskFull { .. })), "{committed:?}");
        assert_eq!(store.stats().expect("counted").activity.dropped_puts, 1);
        commit(&store, [3]);
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let test = "a_file_that_may_not_grow_is_a_typed_error_and_leaves_a_sound_cache";
    // The limit is a shell's business; its signal is ignored, so that the write fails instead.
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new("sh");
    command.args(["-c", limited]).arg(program).args(["--exact", test]).env(CHILD, dir.path());
    let done = command.output().expect("ran");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let store = open(dir.path());
    assert_eq!((get(&store, 1), get(&store, 3)), (Ok(content(1)), Ok(content(3))));
    assert_eq!(get(&store, 2), Err(MissReason::Absent));
    assert!(store.validate(false).expect("validated").findings.is_empty());
}
