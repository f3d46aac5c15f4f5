//! Incremental builds whose cache is copied, damaged, of another version, poisoned, or shared by processes.

#![allow(clippy::format_collect, reason = "sources are short")]

mod incremental_kit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use incremental_kit::*;
use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, FileIr, FullBecause, MultiLevelCache, Route, UnitCacheOptions, UnitRequest,
    incremental_build,
};
use janus_cache::digest::ContentDigest;
use janus_cache::store::{Store, StoreOptions};

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
    let request = UnitRequest { entry: "main.t", output: &project.output };
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
