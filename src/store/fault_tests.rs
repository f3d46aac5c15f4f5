//! A system that says no: once at every point, or always to one kind of act. A build goes on; what was
//! asked for is a miss with its reason, counted; nothing that was committed goes.

use super::crash_tests::{NEW, NEW_LOOSE, OLD, OTHER_LOOSE, commit, content, folder, key, options};
use super::*;
use crate::fs::faults::{self, Act};
use crate::fs::{Durability, FileAccess};

const EIO: i32 = 5;
const EACCES: i32 = 13;
const ENOSPC: i32 = 28;
const ENOLCK: i32 = 37;
#[cfg(target_os = "linux")]
const EOPNOTSUPP: i32 = 95;
#[cfg(not(target_os = "linux"))]
const EOPNOTSUPP: i32 = 102;

/// What a build does with a store; errors are what it would warn about.
fn build(store: &Store, numbers: &[u8]) -> u64 {
    let mut hits = 0;
    for number in numbers {
        if let Lookup::Hit(entry) = store.get(&key(*number)) {
            assert_eq!(entry.content(), content(*number), "a wrong byte under {number}");
            hits += 1;
        }
    }
    let _ = commit(store, numbers);
    hits
}

#[test]
fn an_error_at_any_point_fails_no_build_and_loses_nothing_that_was_committed() {
    for (errno, access) in [(EIO, FileAccess::Map), (EIO, FileAccess::Read), (EACCES, FileAccess::Map)] {
        let (mut misses, mut refusals) = (0, 0);
        for acts in 0.. {
            let dir = folder();
            let options = || StoreOptions { access, ..options(dir.path(), Durability::Sync) };
            let open = || Store::open(options()).expect("opened");
            commit(&open(), &[OLD, OTHER_LOOSE]).expect("committed");
            let store = open();
            let faulty = faults::fail_nth(acts, errno);
            let hits = build(&store, &[OLD, OTHER_LOOSE, NEW, NEW_LOOSE]);
            let happened = faulty.happened();
            drop(faulty);
            let activity = store.stats().expect("counted").activity;
            assert_eq!(activity.hits, hits, "act {acts}");
            if hits < 2 {
                misses += 1;
                // In a pack that is read piece by piece, names that cannot be read look like damaged ones.
                let told = activity.unreadable + activity.damaged;
                assert!(told >= 2 - hits, "act {acts}: a miss without its reason: {activity:?}");
                assert_eq!(activity.misses(), 4 - hits, "act {acts}: {activity:?}");
            }
            refusals += u32::from(happened);
            // A store that could not read a pack remembers it; a new process asks again.
            assert!(holds_all(&open(), &[OLD, OTHER_LOOSE]), "act {acts} lost an entry");
            assert!(hits < 2 || holds_all(&store, &[OLD, OTHER_LOOSE]), "act {acts} lost an entry");
            let report = open().validate(false).expect("validated");
            // A commit that failed between a pack and its objects leaves entries without one: misses.
            let damage = report.findings.iter().filter(|found| found.problem.is_damage());
            let damage: Vec<_> = damage.filter(|found| found.problem != Problem::ObjectMissing).collect();
            assert_eq!(damage, Vec::<&Finding>::new(), "act {acts}");
            commit(&open(), &[NEW, NEW_LOOSE]).expect("the next build stores");
            assert!(holds_all(&open(), &[OLD, OTHER_LOOSE, NEW, NEW_LOOSE]), "act {acts}");
            if !happened {
                break;
            }
        }
        assert!(refusals > 30 && misses >= 2, "{refusals} refusals, {misses} misses");
    }
}

fn holds_all(store: &Store, numbers: &[u8]) -> bool {
    numbers.iter().all(|number| match store.get(&key(*number)) {
        Lookup::Hit(entry) => entry.content() == content(*number),
        Lookup::Miss(_) => false,
    })
}

#[test]
fn an_error_at_any_point_of_opening_and_maintenance_loses_nothing() {
    let kinds = [(EIO, FileAccess::Map), (EIO, FileAccess::Read), (ENOSPC, FileAccess::Map)];
    for (errno, access) in kinds {
        for acts in 0.. {
            let dir = folder();
            let options = || StoreOptions { access, ..options(dir.path(), Durability::Rename) };
            let open = || Store::open(options()).expect("opened");
            for numbers in [&[OLD, NEW_LOOSE][..], &[NEW], &[OLD]] {
                commit(&open(), numbers).expect("committed");
            }
            let faulty = faults::fail_nth(acts, errno);
            if let Ok(store) = Store::open(options()) {
                let rewrite = GcOptions { effort: Effort::Rewrite, ..GcOptions::default() };
                let _ = store.gc(&rewrite);
                let _ = store.validate(true);
                let _ = store.maintain();
                let _ = store.health();
            }
            let happened = faulty.happened();
            drop(faulty);
            assert!(holds_all(&open(), &[OLD, NEW, NEW_LOOSE]), "act {acts}, {access:?} lost an entry");
            open().validate(true).expect("repaired");
            assert!(open().validate(false).expect("validated").is_sound(), "act {acts}");
            assert!(holds_all(&open(), &[OLD, NEW, NEW_LOOSE]), "act {acts} lost an entry");
            if !happened {
                assert!(acts > 60, "{acts} acts only");
                break;
            }
        }
    }
}

#[test]
fn a_file_system_without_locks_is_read_and_not_written() {
    for errno in [ENOLCK, EOPNOTSUPP] {
        let dir = folder();
        commit(&Store::open(options(dir.path(), Durability::Rename)).expect("opened"), &[OLD])
            .expect("committed");
        let faulty = faults::fail_all(|act| matches!(act, Act::Lock), errno);
        let store = Store::open(options(dir.path(), Durability::Rename)).expect("opened");
        assert!(holds_all(&store, &[OLD]), "reading takes no lock");
        for refused in [
            store.session().map(drop),
            store.gc(&GcOptions::default()).map(drop),
            store.clear(false).map(drop),
            store.validate(true).map(drop),
        ] {
            let error = refused.expect_err("nothing is written without a lock");
            assert!(matches!(error, StoreError::Io { doing: "lock", .. }), "{error:?}");
        }
        assert!(store.validate(false).expect("validated").is_sound());
        let looking = StoreOptions { read_only: true, ..options(dir.path(), Durability::Rename) };
        assert!(Store::open(looking).expect("opened").health().expect("looked at").is_read_only);
        drop((store, faulty));
        let store = Store::open(options(dir.path(), Durability::Rename)).expect("opened");
        assert!(holds_all(&store, &[OLD]));
    }
}
