//! Thousands of random changes to a project, its output and its cache: after each, an incremental build gives what a
//! build without anything from before gives, and the next one has nothing to do.
//!
//! Some seconds by default; `JANUS_SOAK_S=600` for that long. A failure names its seed, `JANUS_INCREMENTAL_SEED` takes
//! one.

#![allow(clippy::format_collect, reason = "sources are short")]

mod incremental_kit;
mod incremental_world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use incremental_world::World;
use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, Meant, MultiLevelCache, Route, UnitCacheOptions, UnitReason, UnitRequest,
    incremental_build,
};
use janus_cache::store::{Store, StoreOptions};

fn packs(cache: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(cache.join("v1/packs")).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// How often something happened.
#[derive(Debug, Default)]
struct Tally {
    steps: u64,
    routes: BTreeMap<String, u64>,
    /// Sections that were compiled because a package's module shows something else, and because one is meant now or was.
    other_module: u64,
    other_meaning: u64,
    /// Modules that are of another version and show the same.
    other_version: u64,
}

/// Steps with one open cache, as a watching process has it, and builds of other processes between them.
fn live(world: &mut World, tally: &mut Tally, until: Instant, seed: u64) {
    let store = Store::open(StoreOptions::new(&world.project.cache)).expect("a cache");
    let toy = world.toy();
    let (root, output) = (world.project.root.clone(), world.project.output.clone());
    let hashes = FileHashCache::new(&root, &store.layout().state_dir(), &output.to_string_lossy());
    let cache = Cache::of_store(store);
    let mut open = MultiLevelCache::new(&cache, hashes, toy.settings(), UnitCacheOptions::default());
    open.load();
    for _ in 0..60 {
        if Instant::now() >= until {
            return;
        }
        world.keep_for_later();
        let mut done_to = Vec::new();
        let mut ends = false;
        for _ in 0..=world.random.below(2) {
            done_to.push(match world.random.below(20) {
                0..=2 => {
                    let (what, is_end) = world.mishap();
                    ends |= is_end;
                    what
                }
                3..=6 => {
                    world.mend();
                    "mended"
                }
                _ => world.edit(),
            });
        }
        if ends {
            return;
        }
        tally.steps += 1;
        let context = || format!("seed {seed}, step {}: {done_to:?}", tally.steps);
        let before = fs::read(&output).ok();
        let fresh = world.project.fresh(&world.toy());
        // A process that watches compares with its own last build, which may be older than the output, or asks the disk.
        let (is_watching, is_loading) = (world.random.one_in(2), world.random.one_in(2));
        let mut again = || {
            if is_watching {
                if is_loading {
                    open.load();
                }
                let packages = world.project.modules();
                let request = UnitRequest { packages: &packages, ..UnitRequest::new("main.t", &output) };
                let built = incremental_build(&mut open, &toy, &request).expect("an output");
                assert_eq!(open.take_warnings(), [""; 0], "{}", context());
                built
            } else {
                world.project.build(&toy).build
            }
        };
        let built = again();
        *tally.routes.entry(format!("{:?}", built.route)).or_default() += 1;
        for step in &built.steps {
            match &step.reason {
                UnitReason::PackageChanged(_) => tally.other_module += 1,
                UnitReason::ImportMeans { old, new } => {
                    let is_package = |meant: &Meant| meant.package.is_some();
                    tally.other_meaning += u64::from([old, new].into_iter().flatten().any(is_package));
                }
                _ => {}
            }
        }
        tally.other_version += built.packages.iter().filter(|change| change.shows_the_same()).count() as u64;
        match fresh {
            Ok(expected) => {
                assert_eq!(built.problems, [], "{}", context());
                let found = fs::read_to_string(&output).unwrap_or_default();
                assert!(found == expected, "{}: {:?}\n{found}\n----\n{expected}", context(), built);
                let kept = packs(&world.project.cache);
                let time = fs::metadata(&output).and_then(|metadata| metadata.modified()).expect("there");
                let next = again();
                assert_eq!((next.route, next.written), (Route::FastPath, false), "{}: {built:?}", context());
                assert_eq!((next.files, next.output_bytes), (built.files, built.output_bytes));
                assert_eq!(packs(&world.project.cache), kept, "{}", context());
                let now = fs::metadata(&output).and_then(|metadata| metadata.modified()).expect("there");
                assert_eq!((fs::read(&output).ok(), now), (Some(expected.into_bytes()), time));
            }
            Err(problems) => {
                assert_eq!(built.problems, problems, "{}", context());
                assert_eq!((built.route, built.written), (Route::Failed, false), "{}", context());
                assert_eq!(fs::read(&output).ok(), before, "{}: the output of a failed build", context());
            }
        }
    }
}

#[test]
fn after_any_change_an_incremental_build_is_a_fresh_one_and_the_next_has_nothing_to_do() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let until = Instant::now() + Duration::from_secs(number("JANUS_SOAK_S").unwrap_or(12));
    let mut tally = Tally::default();
    let first = number("JANUS_INCREMENTAL_SEED").unwrap_or(1);
    for seed in first.. {
        let mut world = World::new(seed);
        let steps = tally.steps;
        while Instant::now() < until && tally.steps < steps + 500 {
            live(&mut world, &mut tally, until, seed);
        }
        if Instant::now() >= until {
            break;
        }
    }
    println!("{tally:?}");
    assert!(tally.other_module > 0 && tally.other_meaning + tally.other_version > 0, "{tally:?}");
    assert!(tally.steps > 200, "{tally:?}");
    for route in ["FastPath", "Restored", "Patched", "Full(MostChanged)", "Failed"] {
        assert!(tally.routes.contains_key(route), "{route} never happened: {tally:?}");
    }
}
