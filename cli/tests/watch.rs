//! `janus watch` beside `janus build`, as processes: whatever happens to either, a build is right.

#![cfg(unix)]

mod kit;

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use kit::{Project, text};

const SOON: Duration = Duration::from_secs(30);
const BY_WATCHER: &str = "as the watcher says";

/// A running `janus watch`, killed at the end.
struct Watch {
    child: Child,
    out: PathBuf,
}

impl Watch {
    /// Starts it, and waits until it has built once.
    fn start(project: &Project, args: &[&str]) -> Self {
        let watch = Self::spawn(project, args);
        watch.wait_for_builds(1);
        watch
    }

    fn spawn(project: &Project, args: &[&str]) -> Self {
        let out = project.root().with_extension(format!("watch{}.txt", args.len()));
        let file = File::create(&out).expect("writable");
        let mut command = project.command(&[&["watch"], args].concat());
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("open")).stderr(file);
        Self { child: command.spawn().expect("runs"), out }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.out).expect("readable")
    }

    fn builds(&self) -> usize {
        self.said().matches("waiting ").count()
    }

    #[track_caller]
    fn wait_for_builds(&self, count: usize) {
        wait_until(|| self.builds() >= count, || self.said());
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args([signal, &pid]).status().expect("runs");
        assert!(sent.success());
    }

    #[track_caller]
    fn wait_for_end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("asked") {
                return status;
            }
            assert!(began.elapsed() < SOON, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn wait_until(is_so: impl Fn() -> bool, told: impl Fn() -> String) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON, "{}", told());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a build prints, and the proof that its image is that of the sources.
#[track_caller]
fn right(project: &Project, args: &[&str]) -> String {
    let output = project.run(&[&["build"], args].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let fresh = project.root().with_extension("fresh.jdi");
    let fresh_args = ["build", "--no-cache", "--output", fresh.to_str().expect("text")];
    let made = project.run(&fresh_args);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let read = |path: &Path| std::fs::read(path).expect("readable");
    assert!(read(&project.image()) == read(&fresh), "a stale image: {}", text(&output.stdout));
    text(&output.stdout)
}

/// Builds until the watcher alone answers.
#[track_caller]
fn until_told(project: &Project) {
    wait_until(|| text(&project.run(&["build"]).stdout).contains(BY_WATCHER), || "never told".to_owned());
}

fn sockets(project: &Project) -> Vec<PathBuf> {
    let dir = project.cache().join("v1/state/watch");
    let paths = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "sock")).collect()
}

fn calls(project: &Project, extension: &str) -> Vec<PathBuf> {
    let calls = std::fs::read_dir(project.cache().join("v1/state/calls")).expect("a folder");
    let paths = calls.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

#[test]
fn with_a_watcher_a_build_without_changes_looks_at_no_file() {
    let project = Project::copy_of("arcade");
    let _watch = Watch::start(&project, &[]);
    until_told(&project);
    let seals = calls(&project, "seal");
    assert_eq!(seals.len(), 1, "the watch builds as the build does");
    // Without the seal there are no names that could be looked at.
    std::fs::write(&seals[0], "damaged").expect("writable");
    assert!(right(&project, &[]).contains(BY_WATCHER));
    project.write("src/new.jan", "module new;\nfunc f(x: int) { 1 }\n");
    assert!(!right(&project, &[]).contains("nothing changed"));
}

#[test]
fn edits_of_every_kind_are_built_as_soon_as_they_are_made() {
    let project = Project::small();
    let _watch = Watch::start(&project, &[]);
    let source =
        |name: &str| format!("module a;\nfunc {name}(x: int) {{ 1 }}\nfunc {name}(x: bool) {{ 1 }}\n");
    let steps: [&dyn Fn(); 8] = [
        &|| project.write("a.jan", source("g")),
        &|| project.write("a.jan", source("h")),
        &|| {
            project.write(".a.jan.swp", source("i"));
            std::fs::rename(project.root().join(".a.jan.swp"), project.root().join("a.jan"))
                .expect("renamed");
        },
        &|| project.write("lib/deep/b.jan", "module b;\nfunc f(x: int) { 1 }\n"),
        &|| std::fs::rename(project.root().join("lib"), project.root().join("libs")).expect("renamed"),
        &|| project.write(".gitignore", "libs/\n"),
        &|| project.write("janus.toml", "[build.define]\nmode = \"x\"\n"),
        &|| std::fs::remove_dir_all(project.root().join("libs")).expect("removed"),
    ];
    for (index, step) in steps.iter().enumerate() {
        until_told(&project);
        step();
        let said = right(&project, &[]);
        assert!(index > 4 || !said.contains("nothing changed"), "step {index}: {said}");
    }
}

#[test]
fn watch_builds_after_a_change_and_keeps_still_where_nothing_concerns_it() {
    let project = Project::small();
    let watch = Watch::start(&project, &[]);
    project.write("notes.txt", "not a source");
    project.write("a.jan", "module a;\nfunc f(x: int) { 1 }\n");
    until_told(&project);
    assert_eq!(watch.builds(), 1, "{}", watch.said());
    project.write("b.jan", "module b;\nfunc g(x: int) { 1 }\n");
    watch.wait_for_builds(2);
    assert!(watch.said().contains("2 files"), "{}", watch.said());
}

#[test]
fn errors_in_sources_and_settings_are_told_and_may_be_mended() {
    let project = Project::small();
    let watch = Watch::start(&project, &[]);
    project.write("a.jan", "module a;\nfunc f(\n");
    watch.wait_for_builds(2);
    assert!(watch.said().contains("error["), "{}", watch.said());
    project.write("janus.toml", "[cache]\nmax_size = \"huge\"\n");
    wait_until(|| watch.said().contains("error: "), || watch.said());
    std::fs::remove_file(project.root().join("janus.toml")).expect("removed");
    project.write("a.jan", "module a;\nfunc f(x: int) { 1 }\nfunc g(x: int) { 1 }\n");
    wait_until(|| watch.said().contains("2 functions"), || watch.said());
    std::thread::sleep(Duration::from_millis(400));
    let builds = watch.builds();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(watch.builds(), builds, "it comes to rest: {}", watch.said());
}

#[test]
fn a_killed_watcher_is_missed_by_nobody_and_the_next_takes_its_socket() {
    let project = Project::small();
    let mut watch = Watch::start(&project, &[]);
    until_told(&project);
    watch.signal("-KILL");
    watch.wait_for_end();
    assert_eq!(sockets(&project).len(), 1, "nobody was there to remove it");
    let said = right(&project, &[]);
    assert!(said.contains("nothing changed") && !said.contains(BY_WATCHER), "{said}");
    project.write("b.jan", "module b;\nfunc g(x: int) { 1 }\n");
    let _next = Watch::start(&project, &[]);
    // The token is the killed one's.
    assert!(right(&project, &[]).contains("2 files"));
    until_told(&project);
}

#[test]
fn a_watcher_that_was_stopped_keeps_nobody_waiting() {
    let project = Project::small();
    let watch = Watch::start(&project, &[]);
    until_told(&project);
    watch.signal("-STOP");
    project.write("b.jan", "module b;\nfunc g(x: int) { 1 }\n");
    let said = right(&project, &[]);
    watch.signal("-CONT");
    assert!(said.contains("2 files"), "{said}");
}

#[test]
fn an_interrupted_watch_takes_its_socket_with_it_and_ends_by_the_signal() {
    let project = Project::small();
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let mut watch = Watch::start(&project, &[]);
        assert_eq!(sockets(&project).len(), 1);
        watch.signal(signal);
        assert_eq!(watch.wait_for_end().signal(), Some(number));
        assert!(sockets(&project).is_empty());
    }
    right(&project, &[]);
    assert!(project.run(&["cache", "validate"]).status.success());
}

#[test]
fn two_watches_of_one_root_are_one_too_many() {
    let project = Project::small();
    let _watch = Watch::start(&project, &[]);
    let (code, said) = project.said(&["watch", "--codec", "lz4"]);
    assert_eq!(code, 4);
    assert!(said.contains("another janus watch"), "{said}");
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let project = Project::small();
    for (args, word) in [
        (["watch", "--plan"], "--plan"),
        (["watch", "--no-cache"], "a cache"),
        (["watch", "missing"], "missing"),
    ] {
        let (code, said) = project.said(&args);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_watch_ends_when_its_root_is_gone() {
    let project = Project::small();
    let mut watch = Watch::start(&project, &[]);
    std::fs::rename(project.root(), project.root().with_extension("moved")).expect("renamed");
    assert_eq!(watch.wait_for_end().code(), Some(4));
    assert!(watch.said().contains("is gone"), "{}", watch.said());
    let project = Project::small();
    let mut watch = Watch::start(&project, &[]);
    // What the watch is about to write may come in between.
    wait_until(|| std::fs::remove_dir_all(project.root()).is_ok(), || "it cannot be removed".to_owned());
    assert_eq!(watch.wait_for_end().code(), Some(4), "{}", watch.said());
}

#[test]
fn a_cache_that_is_cleared_meanwhile_is_served_again() {
    let project = Project::small();
    let _watch = Watch::start(&project, &[]);
    until_told(&project);
    assert!(project.run(&["cache", "clear", "--yes"]).status.success());
    right(&project, &[]);
    until_told(&project);
}

#[test]
fn a_cache_that_is_removed_beside_a_watcher_is_made_anew() {
    let project = Project::small();
    let _watch = Watch::start(&project, &[]);
    until_told(&project);
    let socket = sockets(&project).pop().expect("there");
    std::fs::remove_dir_all(project.cache()).expect("removed");
    wait_until(|| socket.exists(), || "no new socket".to_owned());
    assert!(!project.cache().join("CACHEDIR.TAG").exists(), "only the watcher was there");
    let (code, said) = project.said(&["build"]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(project.cache().join("CACHEDIR.TAG").exists());
    until_told(&project);
}

#[test]
fn ten_thousand_files_that_are_switched_are_built_right() {
    const FILES: usize = 10_000;
    let project = Project::empty();
    for branch in ["src", "other"] {
        std::fs::create_dir(project.root().join(branch)).expect("made");
        for file in 0..FILES {
            project.write(&format!("{branch}/{file}.jan"), format!("module m{file};\n// {branch}\n"));
        }
        project.write(&format!("{branch}/f.jan"), format!("module f;\nfunc {branch}(x: int) {{ 1 }}\n"));
    }
    let other = project.root().with_extension("other");
    std::fs::rename(project.root().join("other"), &other).expect("renamed");
    let _watch = Watch::start(&project, &[]);
    right(&project, &[]);
    // One by one, as a switch of branches does it.
    for entry in std::fs::read_dir(&other).expect("a folder") {
        let entry = entry.expect("an entry");
        std::fs::rename(entry.path(), project.root().join("src").join(entry.file_name())).expect("renamed");
    }
    right(&project, &[]);
    until_told(&project);
    project.write("src/f.jan", "module f;\nfunc third(x: int) { 1 }\n");
    right(&project, &[]);
}

#[test]
fn a_project_reached_by_a_link_is_told_of_changes_too() {
    let project = Project::small();
    let link = project.root().with_extension("link");
    symlink(project.root(), &link).expect("linked");
    let link = link.to_str().expect("text");
    let _watch = Watch::start(&project, &[link]);
    wait_until(
        || text(&project.run(&["build", link]).stdout).contains(BY_WATCHER),
        || "never told".to_owned(),
    );
    project.write("b.jan", "module b;\nfunc g(x: int) { 1 }\n");
    let said = right(&project, &[link]);
    assert!(said.contains("2 files"), "{said}");
}

#[test]
fn a_file_that_is_written_under_another_name_of_it_is_not_missed() {
    let project = Project::small();
    let other = project.root().with_extension("elsewhere.jan");
    std::fs::hard_link(project.root().join("a.jan"), &other).expect("linked");
    let _watch = Watch::start(&project, &[]);
    for _ in 0..3 {
        right(&project, &[]);
    }
    std::fs::write(&other, "module a;\nfunc z(x: int) { 1 }\nfunc f(x: int) { 1 }\n").expect("writable");
    assert!(right(&project, &[]).contains("2 functions"));
}

#[test]
fn settings_outside_of_the_root_are_looked_at() {
    let project = Project::small();
    let _watch = Watch::start(&project, &[]);
    until_told(&project);
    let settings = project.root().with_file_name(".config").join("janus/cache.toml");
    std::fs::create_dir_all(settings.parent().expect("a folder")).expect("made");
    std::fs::write(&settings, "max_size = \"huge\"\n").expect("writable");
    let (code, said) = project.said(&["build"]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn builds_beside_a_watch_that_builds_are_right() {
    let project = Project::small();
    let _watch = Watch::start(&project, &[]);
    for time in 0..25 {
        project.write("a.jan", format!("module a;\nfunc f{time}(x: int) {{ 1 }}\n"));
        std::thread::sleep(Duration::from_millis(time * 7));
        right(&project, &[]);
    }
}

#[test]
fn a_damaged_note_and_a_socket_that_talks_nonsense_change_nothing() {
    let project = Project::small();
    let mut watch = Watch::start(&project, &[]);
    until_told(&project);
    for note in calls(&project, "watch") {
        std::fs::write(note, "damaged").expect("writable");
    }
    assert!(!right(&project, &[]).contains(BY_WATCHER));
    until_told(&project);
    watch.signal("-KILL");
    watch.wait_for_end();
    let socket = sockets(&project).pop().expect("left behind");
    std::fs::remove_file(&socket).expect("removed");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
    std::thread::spawn(move || {
        for peer in listener.incoming().flatten() {
            let mut peer = peer;
            let _ = peer.write_all(b"token 0000000000000000-0 paths 1000000 999999999\nnonsense");
        }
    });
    project.write("b.jan", "module b;\nfunc g(x: int) { 1 }\n");
    let said = right(&project, &[]);
    assert!(said.contains("2 files") && !said.contains(BY_WATCHER), "{said}");
}
