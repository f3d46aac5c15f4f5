//! Power losses: whatever the disk keeps of what was not synced, the cache opens, gives no wrong byte, has
//! what was promised, names the damage, mends it, and goes on.
//!
//! Every step of every operation is followed by every loss, or by a bounded number of drawn ones:
//! `JANUS_CRASH_SEED` draws others, `JANUS_SOAK_S` more.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use super::crash_tests::{NEW, NEW_LOOSE, OLD, OTHER, OTHER_LOOSE, commit, content, folder, key, options};
use super::test_kit::leftovers;
use super::*;
use crate::fs::power::{Log, read_tree, write_tree};
use crate::fs::{Durability, faults};

const FIRST_BOOT: Option<[u8; 16]> = Some([1; 16]);
const SECOND_BOOT: Option<[u8; 16]> = Some([2; 16]);
const THIRD_BOOT: Option<[u8; 16]> = Some([3; 16]);

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What a scenario promised: from a step on, these numbers are there.
#[derive(Default)]
struct Promises(Vec<(usize, Vec<u8>)>);

impl Promises {
    fn at(&self, step: usize) -> Vec<u8> {
        self.0.iter().filter(|(from, _)| *from <= step).flat_map(|(_, numbers)| numbers.clone()).collect()
    }
}

/// What a scenario uses: the directory, and its place in the log.
struct Run<'a> {
    directory: &'a Path,
    recording: &'a faults::Recording,
    promises: &'a mut Promises,
}

impl Run<'_> {
    fn store(&self, durability: Durability) -> Store {
        Store::open(options(self.directory, durability)).expect("opened")
    }

    /// From now on these survive a power loss.
    fn promise(&mut self, numbers: &[u8]) {
        self.promises.0.push((self.recording.steps(), numbers.to_vec()));
    }
}

/// Lets a scenario run on a disk that `before` has filled, takes the power away after each of its steps,
/// and looks at what is left. `kept` is what `before` left for good.
fn lose_power_at_every_step(name: &str, before: impl Fn(&Path), kept: &[u8], run: impl Fn(&mut Run<'_>)) {
    let dir = folder();
    let directory = dir.path().join("cache");
    let boot = faults::pretend_boot(FIRST_BOOT);
    before(&directory);
    drop(boot);
    let boot = faults::pretend_boot(SECOND_BOOT);
    let recording = faults::record(dir.path());
    let mut promises = Promises(vec![(0, kept.to_vec())]);
    run(&mut Run { directory: &directory, recording: &recording, promises: &mut promises });
    let log = recording.end();
    drop(boot);
    assert_eq!(log.end_tree(), read_tree(dir.path()), "{name}: the model is not what the disk has");
    let looked_at = look_at_all(name, &log, &promises);
    println!("{name}: {} steps, {looked_at} different states", log.steps());
    assert!(looked_at > log.steps(), "{name}: {looked_at} states only");
}

fn look_at_all(name: &str, log: &Log, promises: &Promises) -> usize {
    let seed = number_from("JANUS_CRASH_SEED").unwrap_or(20_261_121);
    // About so many states for all steps together.
    let budget = if number_from("JANUS_SOAK_S").is_some() { 40_000 } else { 700 };
    let each = (budget / (log.steps() + 1)).max(12);
    let (hasher, mut known) = (RandomState::new(), HashSet::new());
    for step in 0..=log.steps() {
        let wanted = promises.at(step);
        for left in log.states(step, each, seed) {
            if known.insert(hasher.hash_one((&left.tree, &wanted))) {
                let dir = folder();
                write_tree(&left.tree, dir.path());
                let _boot = faults::pretend_boot(THIRD_BOOT);
                look_at(&dir.path().join("cache"), &wanted, &format!("{name}, {}", left.told));
            }
        }
    }
    known.len()
}

/// True where an entry is there, with the right bytes.
fn holds(store: &Store, number: u8, told: &str) -> bool {
    match store.get(&key(number)) {
        Lookup::Hit(entry) => {
            assert_eq!(entry.content(), content(number), "{told}: a wrong byte under {number}");
            true
        }
        Lookup::Miss(_) => false,
    }
}

const ALL: [u8; 5] = [OLD, NEW, NEW_LOOSE, OTHER, OTHER_LOOSE];

fn look_at(directory: &Path, promised: &[u8], told: &str) {
    let open = || {
        Store::open(options(directory, Durability::Rename))
            .unwrap_or_else(|error| panic!("{told}: the cache does not open: {error:?}"))
    };
    let expect = |store: &Store, when: &str| {
        for number in promised {
            assert!(
                holds(store, *number, told),
                "{told}: {when}, {number} is lost: {:?}",
                store.get(&key(*number)).miss()
            );
        }
    };
    let store = open();
    expect(&store, "after the loss");
    let mut damaged = false;
    for number in ALL {
        holds(&store, number, told);
        damaged |= matches!(store.get(&key(number)).miss(), Some(MissReason::Damaged { .. }));
    }
    let report = store.validate(false).expect("validated");
    assert!(!damaged || !report.is_sound(), "{told}: damage that nobody names");
    drop(store);
    let store = open();
    let repaired = store.validate(true).expect("repaired");
    assert!(!repaired.needs_repair(), "{told}: {:?}", repaired.findings);
    let again = store.validate(false).expect("validated");
    assert!(again.is_sound(), "{told}: {:?}", again.findings);
    expect(&store, "after a repair");
    expect(&open(), "after a repair, for a new process");
    commit(&store, &ALL).unwrap_or_else(|error| panic!("{told}: the next build stores nothing: {error:?}"));
    assert_eq!(leftovers(&store), [] as [std::path::PathBuf; 0], "{told}: leftovers stay");
    let rewrite = GcOptions { effort: Effort::Rewrite, ..GcOptions::default() };
    store.gc(&rewrite).unwrap_or_else(|error| panic!("{told}: not collected: {error:?}"));
    assert!(ALL.iter().all(|number| holds(&open(), *number, told)), "{told}: a collection lost something");
}

/// Commits that the machine kept over a restart.
fn filled(directory: &Path, sessions: &[&[u8]], durability: Durability) {
    for numbers in sessions {
        commit(&Store::open(options(directory, durability)).expect("opened"), numbers).expect("committed");
    }
}

#[test]
fn a_cache_that_is_made_opens_after_a_loss_at_any_step() {
    lose_power_at_every_step(
        "creation",
        |_| {},
        &[],
        |run| {
            drop(run.store(Durability::Rename));
        },
    );
}

#[test]
fn a_commit_is_whole_or_a_miss_and_takes_nothing_else_with_it() {
    let before = |directory: &Path| filled(directory, &[&[OLD]], Durability::Rename);
    lose_power_at_every_step("commit", before, &[OLD], |run| {
        commit(&run.store(Durability::Rename), &[NEW, NEW_LOOSE]).expect("committed");
    });
}

#[test]
fn a_synced_commit_survives_from_its_return_on_also_in_a_cache_that_was_just_made() {
    let before = |directory: &Path| filled(directory, &[&[OLD]], Durability::Sync);
    lose_power_at_every_step("synced commit", before, &[OLD], |run| {
        commit(&run.store(Durability::Sync), &[NEW, NEW_LOOSE]).expect("committed");
        run.promise(&[NEW, NEW_LOOSE]);
    });
    lose_power_at_every_step(
        "synced commit into a new cache",
        |_| {},
        &[],
        |run| {
            commit(&run.store(Durability::Sync), &[NEW, NEW_LOOSE]).expect("committed");
            run.promise(&[NEW, NEW_LOOSE]);
        },
    );
    lose_power_at_every_step(
        "synced commit after one that was not",
        |_| {},
        &[],
        |run| {
            commit(&run.store(Durability::Rename), &[OTHER_LOOSE]).expect("committed");
            commit(&run.store(Durability::Sync), &[NEW, NEW_LOOSE]).expect("committed");
            run.promise(&[NEW, NEW_LOOSE]);
        },
    );
}

#[test]
fn a_collection_loses_nothing_that_was_to_stay() {
    for durability in [Durability::Rename, Durability::Sync] {
        let before = |directory: &Path| {
            filled(directory, &[&[OLD, NEW_LOOSE], &[NEW], &[OLD, OTHER]], durability);
        };
        lose_power_at_every_step("optimize", before, &[OLD, NEW, NEW_LOOSE, OTHER], |run| {
            let rewrite = GcOptions { effort: Effort::Rewrite, ..GcOptions::default() };
            run.store(Durability::Rename).gc(&rewrite).expect("collected");
        });
    }
}

#[test]
fn an_eviction_loses_nothing_of_what_stays() {
    let before = |directory: &Path| {
        let store = Store::open(options(directory, Durability::Rename)).expect("opened");
        commit(&store, &[OLD, NEW_LOOSE]).expect("committed");
        commit(&store, &[NEW, OTHER_LOOSE]).expect("committed");
    };
    lose_power_at_every_step("eviction", before, &[OLD, NEW_LOOSE], |run| {
        let store = run.store(Durability::Rename);
        // What was asked for is younger than what was not.
        assert!(holds(&store, OLD, "now") && holds(&store, NEW_LOOSE, "now"));
        store.session().expect("a session").commit().expect("recency is written");
        let used = store.used_bytes().expect("counted");
        let report = store.enforce_limit(used - 600).expect("evicted");
        assert!(report.evicted.contains_key(&EvictionReason::Size), "{report:?}");
        assert!(holds(&store, OLD, "now") && holds(&store, NEW_LOOSE, "now"), "{report:?}");
    });
}

#[test]
fn a_synced_answer_stays_when_a_newer_one_that_is_not_synced_takes_its_place() {
    for again in [OLD, OTHER_LOOSE] {
        let before = |directory: &Path| filled(directory, &[&[again]], Durability::Sync);
        for effort in [Effort::Slice, Effort::Thorough, Effort::Rewrite] {
            let name = format!("{again} superseded, {effort:?}");
            lose_power_at_every_step(&name, before, &[again], |run| {
                commit(&run.store(Durability::Rename), &[again, NEW]).expect("committed");
                let report = run
                    .store(Durability::Rename)
                    .gc(&GcOptions { effort, ..GcOptions::default() })
                    .expect("collected");
                assert!(!report.removed_packs.is_empty());
            });
        }
    }
}

#[test]
fn a_synced_answer_stays_when_a_newer_one_lies_in_an_object_that_is_not_synced() {
    let before = |directory: &Path| {
        let options = StoreOptions { loose_above_bytes: 10_000, ..options(directory, Durability::Sync) };
        commit(&Store::open(options).expect("opened"), &[NEW_LOOSE]).expect("committed");
    };
    for effort in [Effort::Slice, Effort::Rewrite] {
        let name = format!("superseded by an object, {effort:?}");
        lose_power_at_every_step(&name, before, &[NEW_LOOSE], |run| {
            commit(&run.store(Durability::Rename), &[NEW_LOOSE]).expect("committed");
            let options = GcOptions { effort, ..GcOptions::default() };
            let report = run.store(Durability::Rename).gc(&options).expect("collected");
            assert!(!report.removed_packs.is_empty());
        });
    }
}

#[test]
fn what_a_collection_copied_survives_though_its_commit_was_not_synced() {
    let before = |directory: &Path| filled(directory, &[&[OTHER]], Durability::Rename);
    lose_power_at_every_step("copied", before, &[OTHER], |run| {
        commit(&run.store(Durability::Rename), &[OLD]).expect("committed");
        commit(&run.store(Durability::Rename), &[NEW]).expect("committed");
        let rewrite = GcOptions { effort: Effort::Rewrite, ..GcOptions::default() };
        run.store(Durability::Rename).gc(&rewrite).expect("collected");
        run.promise(&[OLD, NEW]);
    });
}

#[test]
fn clearing_leaves_no_wrong_byte_and_a_synced_commit_after_it_stays() {
    let before = |directory: &Path| filled(directory, &[&[OLD, NEW_LOOSE], &[NEW]], Durability::Rename);
    lose_power_at_every_step("clear", before, &[], |run| {
        run.store(Durability::Rename).clear(false).expect("cleared");
        commit(&run.store(Durability::Sync), &[OTHER, NEW_LOOSE]).expect("committed");
        run.promise(&[OTHER, NEW_LOOSE]);
    });
}

/// A pack of which OLD is damaged, and an object that is missing.
fn damaged(directory: &Path, durability: Durability) {
    filled(directory, &[&[OLD, NEW, NEW_LOOSE], &[OTHER_LOOSE]], durability);
    let packs = crate::fs::list(&directory.join("v1/packs")).expect("listed");
    let mut bytes = std::fs::read(&packs[0].path).expect("read");
    // The first byte of the first entry's content.
    bytes[64 + 104] ^= 1;
    std::fs::write(&packs[0].path, bytes).expect("written");
    let digest = crate::digest::ContentDigest::of(&content(OTHER_LOOSE));
    std::fs::remove_file(Layout::new(directory).object(&digest)).expect("removed");
}

#[test]
fn a_repair_loses_no_sound_entry() {
    // A pack that was not synced is a miss as a whole before its repair; one that was is read entry by entry.
    for (durability, kept) in [(Durability::Rename, &[][..]), (Durability::Sync, &[NEW, NEW_LOOSE])] {
        let before = |directory: &Path| damaged(directory, durability);
        lose_power_at_every_step(&format!("repair, {durability:?}"), before, kept, |run| {
            let report = run.store(Durability::Rename).validate(true).expect("repaired");
            assert!(!report.needs_repair());
            run.promise(&[NEW, NEW_LOOSE]);
        });
    }
}

#[test]
fn removals_and_uses_that_are_written_down_disturb_nothing() {
    let before = |directory: &Path| {
        damaged(directory, Durability::Rename);
        let store = Store::open(options(directory, Durability::Rename)).expect("opened");
        store.validate(true).expect("repaired");
    };
    lose_power_at_every_step("recency", before, &[NEW, NEW_LOOSE], |run| {
        for _ in 0..2 {
            let store = run.store(Durability::Rename);
            assert!(holds(&store, NEW, "now") && holds(&store, NEW_LOOSE, "now"));
            store.session().expect("a session").commit().expect("recency is written");
        }
    });
}

#[test]
fn a_pack_of_an_earlier_boot_that_is_verified_and_used_stays() {
    let before = |directory: &Path| filled(directory, &[&[OLD, NEW_LOOSE], &[NEW]], Durability::Rename);
    lose_power_at_every_step("settling", before, &[OLD, NEW, NEW_LOOSE], |run| {
        let store = run.store(Durability::Rename);
        assert!([OLD, NEW, NEW_LOOSE].iter().all(|number| holds(&store, *number, "now")));
        commit(&store, &[OTHER]).expect("committed");
    });
}
