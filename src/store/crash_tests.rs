//! A session on a disk that stops at step n, for every n: what was committed before is there, what
//! was being committed is there whole or not at all, and the next session cleans up.

use std::io;
use std::path::Path;

use super::test_kit::leftovers;
use super::*;
use crate::clock::Clock;
use crate::codec::Codec;
use crate::fs::{Durability, faults};

pub(super) const OLD: u8 = 1;
pub(super) const NEW: u8 = 2;
pub(super) const NEW_LOOSE: u8 = 3;
pub(super) const OTHER: u8 = 4;
pub(super) const OTHER_LOOSE: u8 = 5;

pub(super) fn key(number: u8) -> EntryKey {
    EntryKey::from_bytes([number; 32])
}

pub(super) fn content(number: u8) -> Vec<u8> {
    vec![number; if matches!(number, NEW_LOOSE | OTHER_LOOSE) { 500 } else { 50 }]
}

pub(super) fn options(directory: &Path, durability: Durability) -> StoreOptions {
    StoreOptions {
        clock: Clock::Fixed { unix_ns: 1_763_683_200_000_000_000 },
        durability,
        loose_above_bytes: 100,
        lock_timeout_ns: 0,
        ..StoreOptions::new(directory)
    }
}

pub(super) fn commit(store: &Store, numbers: &[u8]) -> Result<CommitReport, StoreError> {
    let session = store.session()?;
    for number in numbers {
        let meta = EntryMeta {
            kind: EntryKind::FileIr,
            codec: Codec::None,
            created_unix_s: 0,
            rebuild_cost_ns: 0,
            project: String::new(),
            producer: String::new(),
            language: String::new(),
        };
        let content = content(*number);
        session.put(&NewEntry { key: key(*number), meta: &meta, content: &content, trace: b"t" })?;
    }
    session.commit()
}

fn holds(store: &Store, number: u8) -> bool {
    match store.get(&key(number)) {
        Lookup::Hit(entry) => {
            assert_eq!(entry.content(), content(number));
            true
        }
        Lookup::Miss(_) => false,
    }
}

/// A folder in memory where the machine has one: thousands of caches are made and looked at.
pub(super) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
        .expect("a temporary folder")
}

/// Commits on a disk that stops after `steps`; answers with the result and whether it stopped.
fn commit_on_stopping_disk(
    directory: &Path,
    durability: Durability,
    steps: u32,
    kind: io::ErrorKind,
) -> (Result<CommitReport, StoreError>, bool) {
    let store = Store::open(options(directory, durability)).expect("opened");
    let stopped = faults::stop_after(steps, kind);
    let result = commit(&store, &[NEW, NEW_LOOSE]);
    drop(store);
    let refused = stopped.happened();
    (result, refused)
}

#[test]
fn a_session_killed_at_any_step_leaves_a_whole_state_that_the_next_one_cleans() {
    for durability in [Durability::Rename, Durability::Sync] {
        let mut outcomes = [0; 3];
        for steps in 0.. {
            let dir = folder();
            let directory = dir.path();
            commit(&Store::open(options(directory, durability)).expect("opened"), &[OLD]).expect("committed");
            let (result, refused) =
                commit_on_stopping_disk(directory, durability, steps, io::ErrorKind::Interrupted);

            let store = Store::open(options(directory, durability)).expect("always opens");
            assert!(holds(&store, OLD), "step {steps} lost what was committed before");
            let (new, loose) = (holds(&store, NEW), holds(&store, NEW_LOOSE));
            assert!(new || !loose, "step {steps}: an object came before its pack");
            assert!(result.is_err() || new && loose, "step {steps}: a commit that returned lost something");
            outcomes[usize::from(new) + usize::from(loose)] += 1;

            let report = store.validate(false).expect("validated");
            let harmless = |problem| !Problem::is_damage(problem) || problem == Problem::ObjectMissing;
            assert!(
                report.findings.iter().all(|found| harmless(found.problem)),
                "step {steps}: {:?}",
                report.findings
            );
            commit(&store, &[NEW, NEW_LOOSE]).expect("the next one succeeds");
            assert!(holds(&store, NEW) && holds(&store, NEW_LOOSE));
            assert_eq!(leftovers(&store), [] as [std::path::PathBuf; 0], "step {steps}: leftovers stay");
            if !refused {
                break;
            }
        }
        assert!(outcomes.iter().all(|count| *count > 0), "not every state was met: {outcomes:?}");
    }
}

#[test]
fn a_disk_that_fills_up_at_any_step_is_a_typed_error_and_leaves_a_sound_cache() {
    let mut full = 0;
    for steps in 0.. {
        let dir = folder();
        let (result, refused) =
            commit_on_stopping_disk(dir.path(), Durability::Sync, steps, io::ErrorKind::StorageFull);
        if let Err(error) = result {
            assert!(matches!(error, StoreError::DiskFull { .. }), "step {steps}: {error:?}");
            full += 1;
        }
        if !refused {
            break;
        }
        let store = Store::open(options(dir.path(), Durability::Sync)).expect("always opens");
        commit(&store, &[NEW]).expect("there is room again");
        assert!(holds(&store, NEW));
    }
    assert!(full > 5, "{full} errors only");
}

#[test]
fn a_repair_killed_at_any_step_loses_no_sound_entry() {
    for steps in 0.. {
        let dir = folder();
        let store = Store::open(options(dir.path(), Durability::Rename)).expect("opened");
        commit(&store, &[OLD, NEW]).expect("committed");
        drop(store);
        let packs = crate::fs::list(&dir.path().join("v1/packs")).expect("listed");
        let mut bytes = std::fs::read(&packs[0].path).expect("read");
        // The first byte of the first entry's content: OLD is lost, NEW is not.
        bytes[64 + 104] ^= 1;
        std::fs::write(&packs[0].path, bytes).expect("written");

        let store = Store::open(options(dir.path(), Durability::Rename)).expect("opened");
        let stopped = faults::stop_after(steps, io::ErrorKind::Interrupted);
        let _ = store.validate(true);
        let refused = stopped.happened();
        drop(stopped);
        let store = Store::open(options(dir.path(), Durability::Rename)).expect("always opens");
        assert!(holds(&store, NEW), "step {steps} lost a sound entry");
        assert!(!holds(&store, OLD), "step {steps}");
        assert!(!store.validate(true).expect("repaired").needs_repair(), "step {steps}");
        assert!(store.validate(false).expect("validated").is_sound(), "step {steps}");
        assert!(holds(&store, NEW), "step {steps}");
        if !refused {
            break;
        }
    }
}

/// Collects on a disk that stops after `steps`, and looks at what the next process finds.
#[test]
fn a_collection_killed_at_any_step_loses_nothing_that_was_to_stay() {
    for kind in [io::ErrorKind::Interrupted, io::ErrorKind::StorageFull] {
        for steps in 0.. {
            let dir = folder();
            let open = || Store::open(options(dir.path(), Durability::Rename)).expect("always opens");
            for numbers in [&[OLD, NEW_LOOSE][..], &[NEW], &[OLD]] {
                commit(&open(), numbers).expect("committed");
            }
            let store = open();
            let rewrite = GcOptions { effort: Effort::Rewrite, ..GcOptions::default() };
            let stopped = faults::stop_after(steps, kind);
            let result = store.gc(&rewrite);
            let refused = stopped.happened();
            drop(stopped);
            // Both who was there and who comes now find everything.
            for store in [store, open()] {
                let all = [OLD, NEW, NEW_LOOSE].iter().all(|number| holds(&store, *number));
                assert!(all, "step {steps} lost an entry: {result:?}");
            }
            let report = open().gc(&rewrite).expect("the next one succeeds");
            assert_eq!((report.after_packs, report.after_entries), (1, 3), "step {steps}");
            assert!(open().validate(false).expect("validated").is_sound(), "step {steps}");
            commit(&open(), &[NEW]).expect("committed");
            assert_eq!(leftovers(&open()), [] as [std::path::PathBuf; 0], "step {steps}");
            if !refused {
                assert!(steps > 5, "{steps} steps only");
                break;
            }
        }
    }
}

/// Gives a pack of the directory another boot identity, as if the machine had been restarted.
fn restart_machine(directory: &Path) {
    use zerocopy::{FromBytes, IntoBytes};
    for file in crate::fs::list(&directory.join("v1/packs")).expect("listed") {
        let mut bytes = std::fs::read(&file.path).expect("read");
        let (header, _) = pack_format::PackHeader::mut_from_prefix(&mut bytes).expect("a header");
        header.boot_id.as_mut_bytes()[0] ^= 1;
        header.crc32 = header.computed_crc().into();
        std::fs::write(&file.path, bytes).expect("written");
    }
}

#[test]
fn after_a_restart_an_unsynced_pack_is_verified_whole_and_then_trusted() {
    let dir = folder();
    commit(&Store::open(options(dir.path(), Durability::Rename)).expect("opened"), &[OLD, NEW])
        .expect("committed");
    restart_machine(dir.path());
    let store = Store::open(options(dir.path(), Durability::Rename)).expect("opened");
    assert!(holds(&store, OLD));
    assert_eq!(crate::fs::list(&store.layout().settled()).expect("listed").len(), 1);
    assert_eq!(store.validate(false).expect("validated").findings, []);
}

#[test]
fn after_a_restart_a_torn_unsynced_pack_is_a_miss_as_a_whole_and_a_synced_one_entry_by_entry() {
    for (durability, other_is_held) in [(Durability::Rename, false), (Durability::Sync, true)] {
        let dir = folder();
        commit(&Store::open(options(dir.path(), durability)).expect("opened"), &[OLD, NEW])
            .expect("committed");
        restart_machine(dir.path());
        let packs = crate::fs::list(&dir.path().join("v1/packs")).expect("listed");
        let mut bytes = std::fs::read(&packs[0].path).expect("read");
        bytes[64 + 104] ^= 1;
        std::fs::write(&packs[0].path, bytes).expect("written");
        let store = Store::open(options(dir.path(), durability)).expect("opened");
        assert!(!holds(&store, OLD));
        assert_eq!(holds(&store, NEW), other_is_held, "{durability:?}");
    }
}
