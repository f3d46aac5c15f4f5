//! Incremental builds whose cache is copied, damaged, of another version, poisoned, or shared by processes.

#![allow(clippy::format_collect, reason = "sources are short")]

mod incremental_kit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use incremental_kit::*;
use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, FileIr, FullBecause, IrStats, MultiLevelCache, Route, UnitCacheOptions, UnitRequest,
    incremental_build,
};
use janus_cache::clock::Clock;
use janus_cache::digest::ContentDigest;
use janus_cache::store::{Effort, GcOptions, Retention, Store, StoreOptions};

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("copied");
        }
    }
}

#[test]
fn a_cache_that_was_copied_to_another_machine_gives_its_answers_and_nothing_stale() {
    let project = small();
    let toy = Toy::default();
    project.build(&toy);
    let text = project.text();
    let other = small();
    copy_folder(&project.cache, &other.cache);
    let done = other.build_right(&toy);
    assert_eq!((done.build.route, other.text()), (Route::Restored, text));
    assert_eq!(
        toy.asked().iter().filter(|asked| asked.starts_with("compile")).count(),
        4,
        "by the first build"
    );

    // A folder that comes to lie where another one lay has its state, of other files with other times.
    let third = Project::new(&[("main.t", "import a.t\nfn main 0 = a\n"), ("a.t", "fn a 0 = 5\n")]);
    third.build(&toy);
    let states: Vec<PathBuf> = fs::read_dir(third.cache.join("v1/state"))
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "seal" || ending == "output"))
        .collect();
    assert_eq!(states.len(), 2);
    for state in &states {
        let ending = state.extension().expect("one");
        let of_other = fs::read_dir(other.cache.join("v1/state")).expect("a folder");
        let of_other = of_other.map(|entry| entry.expect("readable").path());
        let own = of_other.filter(|path| path.extension() == Some(ending)).last().expect("its state");
        fs::copy(own, state).expect("copied");
    }
    third.build_right(&toy);
}

fn state_file(project: &Project, ending: &str) -> PathBuf {
    let listed = fs::read_dir(project.cache.join("v1/state")).expect("a folder");
    let mut paths = listed.map(|entry| entry.expect("readable").path());
    paths.find(|path| path.extension().is_some_and(|found| found == ending)).expect("a state file")
}

#[test]
fn the_state_of_one_build_beside_the_output_of_another_is_not_believed() {
    let project = small();
    let toy = Toy::default();
    project.build(&toy);
    let seal = state_file(&project, "seal");
    let of_first = fs::read(&seal).expect("read");
    project.write("a.t", "fn a 0 = 2\n");
    project.build(&toy);
    // Two builds that ran at once may leave the first one's seal and the second one's output, with its note.
    fs::write(&seal, of_first).expect("written");
    project.write("a.t", "fn a 0 = 1\n");
    assert_eq!(project.build_right(&toy).build.route, Route::Restored);
}

fn caches<'c>(project: &Project, cache: &'c Cache) -> MultiLevelCache<'c> {
    let hashes = FileHashCache::new(&project.root, &project.cache.join("v1/state"), "other");
    MultiLevelCache::new(cache, hashes, Toy::default().settings(), UnitCacheOptions::default())
}

#[test]
fn a_form_of_a_file_that_the_compiler_cannot_use_is_made_anew() {
    let project = small();
    let toy = Toy::default();
    let content = ContentDigest::of(&fs::read(project.path("a.t")).expect("read"));
    let open = || Cache::of_store(Store::open(StoreOptions::new(&project.cache)).expect("opened"));
    // As another build of the compiler may leave it that has the same version.
    let other = FileIr { ir: b"another encoding".to_vec(), interface: b"a 0\n".to_vec() };
    let cache = open();
    let poisoned = caches(&project, &cache);
    poisoned.zir.put("a.t", content, &other, 0);
    poisoned.save();
    let done = project.try_build(&toy).expect("built");
    assert_eq!((done.build.problems, done.warnings.len()), (vec![], 1), "{:?}", done.warnings);
    assert!(
        done.warnings[0].starts_with("a.t: the file: byte 0 of 16 that were kept and 11 that are made: ")
    );
    assert_eq!(fs::read_dir(project.cache.join("v1/quarantine")).expect("a folder").count(), 1);
    assert_eq!(Ok(project.text()), project.fresh(&toy));
    let cache = open();
    assert_eq!(
        caches(&project, &cache).zir.get("a.t", content).map(|form| form.ir),
        Some(b"fn a 0 = 1\n".to_vec())
    );
}

#[test]
fn a_state_of_another_version_is_as_good_as_none() {
    let project = small();
    let toy = Toy::default();
    project.build(&toy);
    let seal = state_file(&project, "seal");
    let mut bytes = fs::read(&seal).expect("read");
    bytes[8] += 1;
    fs::write(&seal, bytes).expect("written");
    project.write("a.t", "fn a 0 = 8\n");
    let done = project.build_right(&toy);
    assert_eq!(done.build.route, Route::Full(FullBecause::FirstBuild));
    assert_eq!(project.build(&toy).build.route, Route::FastPath);
}

#[test]
fn a_cache_that_cannot_be_opened_again_costs_time_and_nothing_else() {
    let project = small();
    let toy = Toy::default();
    let hashes = FileHashCache::new(&project.root, Path::new("/dev/null/no/folder"), "out");
    let cache = Cache::off();
    let mut caches = MultiLevelCache::new(&cache, hashes, toy.settings(), UnitCacheOptions::default());
    let request = UnitRequest::new("main.t", &project.output);
    for _ in 0..2 {
        let built = incremental_build(&mut caches, &toy, &request).expect("built");
        assert_eq!(built.problems, []);
        assert_eq!(Ok(project.text()), project.fresh(&Toy::default()));
        project.write("a.t", "fn a 0 = 8\n");
    }
}

const CHILD: &str = "JANUS_INCREMENTAL_TEST_CHILD";

#[test]
fn two_processes_that_build_at_once_both_leave_the_right_output() {
    let test = "two_processes_that_build_at_once_both_leave_the_right_output";
    if let Some(dir) = std::env::var_os(CHILD) {
        let dir = PathBuf::from(dir);
        let (root, cache, output) = (dir.join("root"), dir.join("cache"), dir.join("out"));
        let done =
            try_build(&root, &cache, &output, &Toy::default(), UnitCacheOptions::default()).expect("built");
        assert_eq!((done.build.problems, done.warnings), (vec![], vec![]));
        return;
    }
    let project = small();
    let dir = project.root.parent().expect("a folder").to_owned();
    let toy = Toy::default();
    for round in 0..12 {
        for (at, name) in ["a", "b", "c"].iter().enumerate() {
            if round % (at + 1) == 0 {
                project.write(
                    &format!("{name}.t"),
                    &format!("fn {name} 0 = {round}\nfn more{round} 0 = {round}\n"),
                );
            }
        }
        match round % 4 {
            1 => drop(fs::remove_file(&project.output)),
            2 => fs::write(&project.output, "somebody else's").expect("written"),
            _ => {}
        }
        let start = || {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(["--exact", test]).env(CHILD, &dir).stdout(std::process::Stdio::null());
            command.spawn().expect("starts")
        };
        for mut child in [start(), start(), start()] {
            assert!(child.wait().expect("ends").success(), "round {round}");
            assert_eq!(Ok(project.text()), project.fresh(&toy), "round {round}");
        }
        let after = project.build(&toy);
        assert_eq!((after.build.route, after.build.written), (Route::FastPath, false), "round {round}");
    }
    let store = Store::open(StoreOptions::new(&project.cache)).expect("opened");
    assert!(store.validate(false).expect("validated").is_sound());
}

const DAY_S: u64 = 24 * 3600;

/// A build so many days after the first one.
fn build_on_day(project: &Project, toy: &Toy, day: u64) -> (Route, IrStats) {
    let clock = Clock::Fixed { unix_ns: (1_700_000_000 + day * DAY_S) * 1_000_000_000 };
    let store = Store::open(StoreOptions { clock, ..StoreOptions::new(&project.cache) }).expect("opened");
    let hashes = FileHashCache::new(&project.root, &store.layout().state_dir(), "out");
    let cache = Cache::of_store(store);
    let options = UnitCacheOptions { clock, ..UnitCacheOptions::default() };
    let mut caches = MultiLevelCache::new(&cache, hashes, toy.settings(), options);
    caches.load();
    let request = UnitRequest::new("main.t", &project.output);
    let built = incremental_build(&mut caches, toy, &request).expect("built");
    (built.route, caches.stats().functions)
}

#[test]
fn what_builds_without_changes_rest_on_does_not_grow_old() {
    for is_edited in [false, true] {
        let project = small();
        let toy = Toy::default();
        build_on_day(&project, &toy, 0);
        for day in 1..=20 {
            // Every day's edit is of one file, and of no use to the others.
            if is_edited {
                project.write("c.t", &format!("fn c 0 = {}\n", 100 + day));
            }
            let (route, functions) = build_on_day(&project, &toy, day);
            assert_eq!(route, if is_edited { Route::Patched } else { Route::FastPath });
            assert_eq!(functions.misses, u64::from(is_edited), "day {day}");
            let again = build_on_day(&project, &toy, day);
            assert_eq!(again, (Route::FastPath, IrStats::default()), "once a day is enough");
        }
        toy.asked();
        let clock = Clock::Fixed { unix_ns: (1_700_000_000 + 20 * DAY_S) * 1_000_000_000 };
        let store = Store::open(StoreOptions { clock, ..StoreOptions::new(&project.cache) }).expect("opened");
        let retention = Retention { max_age_s: Some(3 * DAY_S), ..Retention::default() };
        store
            .gc(&GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() })
            .expect("collected");
        drop(store);
        fs::remove_file(&project.output).expect("removed");
        fs::remove_dir_all(project.cache.join("v1/state")).expect("removed");
        project.write("main.t", "import a.t\nimport b.t\nimport c.t\nfn main 0 = a b c\nfn other 0 = 1\n");
        let (route, functions) = build_on_day(&project, &toy, 20);
        assert_eq!(route, Route::Full(FullBecause::FirstBuild));
        assert_eq!(functions.misses, 1, "only the new function is not there");
    }
}

#[test]
fn an_output_that_is_too_large_to_be_kept_whole_comes_from_what_its_functions_became() {
    let project = small();
    let toy = Toy::default();
    let large = |digit: &str| format!("fn c 0 = {}\n", digit.repeat(700_000));
    project.write("b.t", &large("2").replace("fn c", "fn b"));
    project.write("c.t", &large("3"));
    project.build_right(&toy);
    let first = project.text();
    assert!(first.len() > 1 << 20);
    project.write("c.t", &large("4"));
    assert_eq!(project.build_right(&toy).build.route, Route::Patched);
    toy.asked();
    project.write("c.t", &large("3"));
    let back = project.build_right(&toy);
    assert_eq!(
        (back.build.route, back.stats.functions.hits, project.text()),
        (Route::Patched, 1, first.clone())
    );
    fs::remove_file(&project.output).expect("removed");
    let lost = project.build_right(&toy);
    assert_eq!(lost.build.route, Route::Full(FullBecause::OutputGone));
    assert_eq!((lost.stats.functions.misses, project.text()), (0, first.clone()));
    assert_eq!(toy.asked(), [""; 0], "nothing was compiled for either");
    // Nobody's change is taken over, however large the rest is.
    fs::write(&project.output, first.replacen("22", "23", 1)).expect("written");
    project.write("c.t", &large("5"));
    assert_eq!(project.build_right(&toy).build.route, Route::Full(FullBecause::OutputDamaged));
}

#[test]
fn a_write_into_the_output_right_after_a_build_is_seen_by_the_next_edit() {
    let project = small();
    let toy = Toy::default();
    for round in 0..50 {
        project.write("a.t", &format!("fn a 0 = 1{round}\n"));
        project.build(&toy);
        // Of the same length, in the same tick, into a section that the next build keeps.
        let edited = project.text().replace("b.t:b/0", "b.t:B/0");
        assert_ne!(edited, project.text());
        fs::write(&project.output, edited).expect("written");
        project.write("a.t", &format!("fn a 0 = 2{round}\n"));
        project.build_right(&toy);
    }
}

#[test]
fn a_patch_leaves_the_old_output_to_those_who_have_it_open() {
    use std::io::Read;
    let project = small();
    let toy = Toy::default();
    project.build(&toy);
    let before = project.text();
    let mut open = fs::File::open(&project.output).expect("opened");
    project.write("a.t", "fn a 0 = 7\n");
    assert_eq!(project.build_right(&toy).build.route, Route::Patched);
    let mut held = String::new();
    open.read_to_string(&mut held).expect("read");
    assert_eq!(held, before);
    let beside = fs::read_dir(project.output.parent().expect("a folder")).expect("a folder");
    let hidden = beside
        .filter(|entry| entry.as_ref().expect("readable").file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "and nothing beside the new one");
}
