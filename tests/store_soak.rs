//! Eight processes on one directory: sessions, lookups, collections, clearing, and kills, with a model beside.
//!
//! A few seconds by default; `JANUS_SOAK_S=60` for a minute each.

mod store_kit;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use janus_cache::store::{Effort, Finding, GcOptions, Problem, Retention, Store, StoreError, StoreOptions};
use store_kit::*;

const DIRECTORY: &str = "JANUS_SOAK_DIRECTORY";
const ROLE: &str = "JANUS_SOAK_ROLE";
const SEED: &str = "JANUS_SOAK_SEED";

fn soak_time() -> Duration {
    let seconds = std::env::var("JANUS_SOAK_S").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

fn start(test: &str, directory: &Path, role: &str, seed: u32) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(DIRECTORY, directory)
        .env(ROLE, role)
        .env(SEED, seed.to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts")
}

/// What this process is to do, if it is one of the eight.
fn role() -> Option<(std::path::PathBuf, String, u32)> {
    let seed = std::env::var(SEED).ok()?.parse().expect("a number");
    Some((std::env::var_os(DIRECTORY)?.into(), std::env::var(ROLE).ok()?, seed))
}

/// A small generator: every run of a seed is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % limit
    }
}

fn store_of(directory: &Path) -> Store {
    let options = StoreOptions {
        loose_above_bytes: 90,
        publish_after_bytes: 4000,
        lock_timeout_ns: 20_000_000_000,
        ..StoreOptions::new(directory.join("cache"))
    };
    Store::open(options).expect("opened")
}

/// What is found under a number is what was put there, or nothing.
fn expect_right(store: &Store, number: u32) -> bool {
    match get(store, number) {
        Ok(found) => {
            assert_eq!(found, content(number), "a wrong byte under {number}");
            true
        }
        Err(_) => false,
    }
}

/// Commits entries of its own range, and writes down which ones a commit returned for.
fn write_entries(directory: &Path, seed: u32, is_cleared: bool) {
    let record = directory.join(format!("committed.{seed}"));
    let mut record = std::fs::File::options().create(true).append(true).open(record).expect("opened");
    let mut random = Random(u64::from(seed) * 7919 + 1);
    let (started, mut next, mut mine) = (Instant::now(), seed * 1_000_000, Vec::new());
    while started.elapsed() < soak_time() {
        let store = store_of(directory);
        for _ in 0..=random.below(4) {
            let session = store.session().expect("a session");
            let numbers: Vec<u32> = (next..next + 1 + random.below(12)).collect();
            for number in &numbers {
                put(&session, *number);
            }
            session.commit().expect("committed");
            next += 20;
            for number in &numbers {
                writeln!(record, "{number}").expect("written");
            }
            mine.extend(numbers);
            for _ in 0..20 {
                let number = mine[random.below(mine.len() as u32) as usize];
                let found = expect_right(&store, number);
                assert!(found || is_cleared, "{number} was committed and is lost");
            }
        }
    }
}

fn run_role(directory: &Path, role: &str, seed: u32) {
    let (started, mut random) = (Instant::now(), Random(u64::from(seed) + 99));
    match role {
        "writer" => write_entries(directory, seed, false),
        "cleared-writer" => write_entries(directory, seed, true),
        "reader" => {
            let store = store_of(directory);
            while started.elapsed() < soak_time() {
                expect_right(&store, (random.below(6) + 1) * 1_000_000 + random.below(400));
            }
        }
        // As `janus cache optimize`: all packs anew, and what nobody used for long compressed.
        "optimizer" => {
            while started.elapsed() < soak_time() {
                let compress_unused_s = Some(0);
                let options =
                    GcOptions { effort: Effort::Rewrite, compress_unused_s, ..GcOptions::default() };
                store_of(directory).gc(&options).expect("optimized");
                std::thread::sleep(Duration::from_millis(u64::from(random.below(30))));
            }
        }
        "collector" => {
            while started.elapsed() < soak_time() {
                let efforts = [Effort::Slice, Effort::Thorough, Effort::Rewrite];
                let effort = efforts[random.below(3) as usize];
                let options = GcOptions { effort, ..GcOptions::default() };
                store_of(directory).gc(&options).expect("collected");
            }
        }
        "evictor" => {
            while started.elapsed() < soak_time() {
                let retention = Retention { max_bytes: Some(40_000), ..Retention::default() };
                let options = GcOptions { retention, ..GcOptions::default() };
                store_of(directory).gc(&options).expect("collected");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        "clearer" => {
            while started.elapsed() < soak_time() {
                match store_of(directory).clear(false) {
                    Ok(_) | Err(StoreError::LockTimeout { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
                std::thread::sleep(Duration::from_millis(150));
            }
        }
        "validator" => {
            while started.elapsed() < soak_time() {
                let report = store_of(directory).validate(true).expect("validated");
                let damage = report.findings.iter().filter(|found| is_worse_than_a_missing_object(found));
                assert_eq!(damage.collect::<Vec<_>>(), Vec::<&Finding>::new());
            }
        }
        other => panic!("no role {other}"),
    }
}

/// An object comes after its pack: a kill in between leaves an entry without one, which is a miss.
fn is_worse_than_a_missing_object(found: &Finding) -> bool {
    found.problem.is_damage() && found.problem != Problem::ObjectMissing
}

fn only_objects_may_miss(store: &Store) {
    let report = store.validate(false).expect("validated");
    let damage = report.findings.iter().filter(|found| is_worse_than_a_missing_object(found));
    assert_eq!(damage.collect::<Vec<_>>(), Vec::<&Finding>::new());
}

fn committed(directory: &Path) -> BTreeSet<u32> {
    let records = files(directory)
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("committed.")));
    let texts = records.map(|path| std::fs::read_to_string(path).expect("readable"));
    // A kill may leave half a line: the number of a commit that was not reported whole.
    let whole = texts.map(|text| text.rsplit_once('\n').map_or(String::new(), |(whole, _)| whole.to_owned()));
    whole
        .flat_map(|text| text.lines().map(|line| line.parse().expect("a number")).collect::<Vec<_>>())
        .collect()
}

#[test]
fn nothing_that_was_committed_is_lost_while_others_collect_and_writers_are_killed() {
    if let Some((directory, role, seed)) = role() {
        return run_role(&directory, &role, seed);
    }
    let test = "nothing_that_was_committed_is_lost_while_others_collect_and_writers_are_killed";
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut others: Vec<Child> = ["writer", "writer", "collector", "optimizer", "reader", "reader"]
        .into_iter()
        .zip(1..)
        .map(|(role, seed)| start(test, dir.path(), role, seed))
        .collect();
    // Two more writers are killed again and again.
    let (started, mut seed, mut kills) = (Instant::now(), 10, 0);
    while started.elapsed() < soak_time() {
        let mut victims =
            [start(test, dir.path(), "writer", seed), start(test, dir.path(), "writer", seed + 1)];
        seed += 2;
        std::thread::sleep(Duration::from_millis(40 + u64::from(seed) * 37 % 200));
        for victim in &mut victims {
            victim.kill().expect("killed");
            victim.wait().expect("gone");
            kills += 1;
        }
    }
    for other in &mut others {
        assert!(other.wait().expect("ends").success());
    }
    let store = store_of(dir.path());
    let committed = committed(dir.path());
    assert!(committed.len() > 100 && kills > 4, "{} entries, {kills} kills", committed.len());
    let lost: Vec<&u32> = committed.iter().filter(|number| !expect_right(&store, **number)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    only_objects_may_miss(&store);
    // A session sweeps what the killed ones left, and a collection leaves one pack.
    commit(&store, [1]);
    store.gc(&GcOptions { effort: Effort::Rewrite, ..GcOptions::default() }).expect("collected");
    assert!(leftovers(&dir.path().join("cache")).is_empty());
    assert_eq!(files(&dir.path().join("cache/v1/packs")).len(), 1);
    assert!(committed.iter().all(|number| expect_right(&store, *number)));
}

#[test]
fn clearing_evicting_and_repairing_beside_builds_gives_no_wrong_byte_and_no_growth() {
    if let Some((directory, role, seed)) = role() {
        return run_role(&directory, &role, seed);
    }
    let test = "clearing_evicting_and_repairing_beside_builds_gives_no_wrong_byte_and_no_growth";
    let dir = tempfile::tempdir().expect("a temporary folder");
    let roles = [
        "cleared-writer",
        "cleared-writer",
        "cleared-writer",
        "reader",
        "evictor",
        "clearer",
        "optimizer",
        "validator",
    ];
    let mut all: Vec<Child> =
        roles.into_iter().zip(1..).map(|(role, seed)| start(test, dir.path(), role, seed)).collect();
    for one in &mut all {
        assert!(one.wait().expect("ends").success());
    }
    let store = store_of(dir.path());
    assert!(store.validate(true).expect("validated").findings.iter().all(|found| !found.problem.is_damage()));
    let retention = Retention { max_bytes: Some(40_000), ..Retention::default() };
    let report = store
        .gc(&GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() })
        .expect("collected");
    assert!(report.after_bytes <= 40_000, "{report:?}");
    commit(&store, [7]);
    assert!(expect_right(&store, 7));
}
