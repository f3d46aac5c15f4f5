//! What counts as a change, one promise each.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::change::{ChangeKind, FileChange};
use super::check::{Check, CheckOptions, Verdict, check};
use super::input::read_input;
use super::racy::FileTime;
use super::scan::scan;
use super::seal::Seal;
use super::seal_builder::SealBuilder;
use super::selection::Selection;
use crate::fs::{Links, StatTuple};

/// A tree, a folder to ask for the time, and the last seal.
struct Project {
    root: tempfile::TempDir,
    cache: tempfile::TempDir,
    seal: Vec<u8>,
}

fn change(path: &str, kind: ChangeKind) -> FileChange {
    FileChange { path: path.to_owned(), kind }
}

fn added(path: &str) -> FileChange {
    change(path, ChangeKind::Added)
}

fn edited(path: &str) -> FileChange {
    change(path, ChangeKind::Edited)
}

fn removed(path: &str) -> FileChange {
    change(path, ChangeKind::Removed)
}

/// Longer than any grain of the clock of a test's file system.
fn wait() {
    std::thread::sleep(Duration::from_millis(60));
}

impl Project {
    /// `a.jan` and `b.jan` at the root, `sub/c.jan`, `sub/deep/d.jan`; `sub/a.jan` was probed in vain. Old
    /// enough that every tuple proves something.
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let cache = tempfile::tempdir().expect("a temporary folder");
        let mut project = Self { root, cache, seal: Vec::new() };
        for path in ["a.jan", "b.jan", "sub/c.jan", "sub/deep/d.jan"] {
            project.write(path, &format!("content of {path}"));
        }
        wait();
        project.build();
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(path, content).expect("written");
    }

    fn probe(&self) -> FileTime {
        FileTime::probe(self.cache.path(), self.root.path()).expect("probed")
    }

    fn collect(&self) -> SealBuilder {
        let selection = Selection { extensions: vec!["jan".to_owned()], ..Selection::default() };
        let found = scan(self.root.path(), &selection);
        let mut builder = SealBuilder::new(selection);
        builder.scan(&found);
        for path in found.files() {
            let input = read_input(&self.root.path().join(&path), 1 << 20).expect("readable");
            builder.file(&path, Links::Refuse, &input.seen);
        }
        builder.absent("sub/a.jan.toml".as_ref(), Links::Refuse);
        builder.absent("lib/none/x.jan".as_ref(), Links::Refuse);
        builder.payload("text", b"kept".to_vec());
        builder
    }

    fn build(&mut self) {
        let began = self.probe();
        self.seal = self.collect().finish(&began).expect("small");
    }

    fn check(&self) -> Check {
        let seal = Seal::open(&self.seal).expect("whole");
        let options = CheckOptions { probe_dir: Some(self.cache.path()), ..CheckOptions::default() };
        check(self.root.path(), &seal, &options)
    }

    fn changes(&self) -> Vec<FileChange> {
        match self.check().verdict {
            Verdict::Unchanged { .. } => Vec::new(),
            Verdict::Changed { files } => files,
        }
    }

    /// Checks that nothing changed and that a refreshed seal proves it by tuples alone.
    fn is_unchanged_and_refreshes(&mut self) {
        wait();
        let checked = self.check();
        assert_eq!(checked.verdict, Verdict::Unchanged { wants_refresh: true });
        self.seal =
            checked.refresh(&Seal::open(&self.seal).expect("whole")).expect("asked for").expect("small");
        let again = self.check();
        assert_eq!(again.verdict, Verdict::Unchanged { wants_refresh: false });
        assert_eq!((again.counters.files_read, again.counters.dirs_listed), (0, 0));
        assert_eq!(Seal::open(&self.seal).expect("whole").payload("text"), Some(&b"kept"[..]));
    }
}

fn set_time(path: &Path, since_1970: Duration) {
    let file = std::fs::File::open(path).expect("opened");
    file.set_modified(std::time::UNIX_EPOCH + since_1970).expect("set");
}

#[test]
fn an_old_tree_is_proved_by_one_look_at_each_name_and_no_read() {
    let project = Project::new();
    let checked = project.check();
    assert_eq!(checked.verdict, Verdict::Unchanged { wants_refresh: false });
    let counters = checked.counters;
    assert_eq!((counters.files_read, counters.bytes_read, counters.dirs_listed), (0, 0, 0));
    // Three directories, four files, and an absent name; the other one's folder does not exist.
    assert_eq!((counters.stat_calls, counters.hits), (8, 9));
}

#[test]
fn edits_additions_and_removals_are_told_apart() {
    let project = Project::new();
    project.write("a.jan", "other");
    project.write("sub/new.jan", "");
    std::fs::rename(project.path("b.jan"), project.path("sub/deep/b.jan")).expect("renamed");
    let expected = [edited("a.jan"), removed("b.jan"), added("sub/deep/b.jan"), added("sub/new.jan")];
    assert_eq!(project.changes(), expected);
}

#[test]
fn an_edit_of_the_same_length_with_its_time_set_back_is_noticed() {
    for _ in 0..20 {
        let project = Project::new();
        let path = project.path("a.jan");
        let time = std::fs::metadata(&path).and_then(|found| found.modified()).expect("has a time");
        project.write("a.jan", "c0ntent of a.jan");
        std::fs::File::open(&path).and_then(|file| file.set_modified(time)).expect("set");
        assert_eq!(project.changes(), [edited("a.jan")]);
    }
}

#[test]
fn an_edit_right_after_it_was_read_is_noticed() {
    for round in 0..40 {
        let mut project = Project::new();
        project.write("a.jan", &format!("first {round:03}"));
        project.build();
        project.write("a.jan", &format!("other {round:03}"));
        assert_eq!(project.changes(), [edited("a.jan")]);
    }
}

/// The clock of this machine's file system may be too fine for the real thing, so the tuple after the edit
/// is sealed as if the clock had stood still.
#[test]
fn an_edit_within_one_tick_is_noticed_by_the_racy_rule_and_by_nothing_else() {
    let mut project = Project::new();
    let before = read_input(&project.path("a.jan"), 1 << 20).expect("readable");
    let began = project.probe();
    project.write("a.jan", "c0ntent of a.jan");
    let after = StatTuple::of(&project.path("a.jan")).expect("is there");
    let frozen = super::input::Seen { tuple: after, ..before.seen };
    let seal_at = |began: &FileTime| {
        let mut builder = SealBuilder::new(Selection::default());
        builder.file("a.jan".as_ref(), Links::Refuse, &frozen);
        builder.finish(began).expect("small")
    };
    project.seal = seal_at(&began);
    assert_eq!(project.changes(), [edited("a.jan")]);
    // The same with a time from long after: the rule is what noticed.
    project.seal = seal_at(&FileTime::on_device_of(&after, after.ctime_ns() + 10_000_000_000));
    assert_eq!(project.changes(), []);
}

#[test]
fn what_was_written_right_before_a_build_is_compared_once_and_proved_from_then_on() {
    let mut project = Project::new();
    project.write("a.jan", "new");
    project.build();
    let checked = project.check();
    assert_eq!(checked.counters.files_read, 1);
    project.is_unchanged_and_refreshes();
}

#[test]
fn a_touched_file_has_not_changed_and_is_read_once() {
    let mut project = Project::new();
    project.write("a.jan", "content of a.jan");
    let checked = project.check();
    assert_eq!((checked.counters.files_read, checked.counters.bytes_read), (1, 16));
    project.is_unchanged_and_refreshes();
}

#[test]
fn names_that_nobody_asked_for_are_no_change() {
    let mut project = Project::new();
    project.write("sub/.c.jan.swp", "");
    project.write("sub/c.o", "");
    std::fs::create_dir(project.path("sub/empty")).expect("made");
    std::fs::create_dir_all(project.path("lib/none")).expect("made");
    project.is_unchanged_and_refreshes();
    project.write("sub/empty/e.jan", "");
    assert_eq!(project.changes(), [added("sub/empty/e.jan")], "the folder that came is looked into");
    std::fs::remove_dir_all(project.path("sub/empty")).expect("removed");
    project.is_unchanged_and_refreshes();
}

#[test]
fn a_name_that_was_probed_in_vain_is_noticed_when_it_appears() {
    let mut project = Project::new();
    std::fs::create_dir_all(project.path("sub/a.jan.toml")).expect("made");
    assert_eq!(project.changes(), [], "a folder is no file");
    wait();
    project.build();
    let checked = project.check();
    assert_eq!(checked.counters.hits, 10, "neither is it looked at more than once: {checked:?}");
    std::fs::remove_dir(project.path("sub/a.jan.toml")).expect("removed");
    project.write("sub/a.jan.toml", "");
    project.write("lib/none/x.jan", "");
    assert_eq!(project.changes(), [added("lib/none/x.jan"), added("sub/a.jan.toml")]);
}

#[test]
fn rules_that_come_change_and_go_change_what_is_selected() {
    let mut project = Project::new();
    project.write("sub/.gitignore", "deep/\n");
    assert_eq!(project.changes(), [removed("sub/deep/d.jan")]);
    project.build();
    assert_eq!(project.changes(), []);
    project.write("sub/.gitignore", "c.jan\n");
    assert_eq!(project.changes(), [removed("sub/c.jan"), added("sub/deep/d.jan")]);
    project.write("sub/.gitignore", "# text only\ndeep/\n");
    project.is_unchanged_and_refreshes();
    std::fs::remove_file(project.path("sub/.gitignore")).expect("removed");
    assert_eq!(project.changes(), [added("sub/deep/d.jan")]);
}

#[test]
fn rules_behind_a_link_that_led_nowhere_are_noticed() {
    let project = {
        let mut project = Project::new();
        symlink("../rules", project.path("sub/.ignore")).expect("linked");
        wait();
        project.build();
        project
    };
    assert_eq!(project.changes(), []);
    project.write("rules", "*.jan");
    assert_eq!(project.changes(), [removed("sub/c.jan"), removed("sub/deep/d.jan")]);
}

#[test]
fn a_link_or_a_folder_in_the_place_of_a_file_is_a_removal() {
    let project = Project::new();
    std::fs::rename(project.path("a.jan"), project.path("kept")).expect("renamed");
    symlink("kept", project.path("a.jan")).expect("linked");
    std::fs::remove_file(project.path("b.jan")).expect("removed");
    std::fs::create_dir(project.path("b.jan")).expect("made");
    symlink("c.jan", project.path("sub/loop.jan")).expect("linked");
    std::fs::remove_file(project.path("sub/c.jan")).expect("removed");
    symlink("c.jan", project.path("sub/c.jan")).expect("linked to itself");
    assert_eq!(project.changes(), [removed("a.jan"), removed("b.jan"), removed("sub/c.jan")]);
}

#[test]
fn a_link_in_the_place_of_a_folder_hides_what_is_below_it() {
    let project = Project::new();
    std::fs::rename(project.path("sub"), project.path(".moved")).expect("renamed");
    symlink(".moved", project.path("sub")).expect("linked");
    assert_eq!(project.changes(), [removed("sub/c.jan"), removed("sub/deep/d.jan")]);
}

#[test]
fn a_root_that_is_gone_has_lost_every_file() {
    let project = Project::new();
    let all = ["a.jan", "b.jan", "sub/c.jan", "sub/deep/d.jan"].map(removed);
    std::fs::remove_dir_all(project.root.path()).expect("removed");
    let expected: Vec<_> = std::iter::once(removed(".")).chain(all).collect();
    assert_eq!(project.changes(), expected);
    std::fs::write(project.root.path(), "now a file").expect("written");
    assert_eq!(project.changes(), expected);
    std::fs::remove_file(project.root.path()).expect("removed");
}

#[test]
fn times_in_the_future_are_compared_each_time_and_written_never() {
    let mut project = Project::new();
    set_time(&project.path("a.jan"), Duration::from_secs(4_000_000_000));
    set_time(&project.path("b.jan"), Duration::from_secs(1));
    wait();
    project.build();
    for _ in 0..2 {
        let checked = project.check();
        assert_eq!(checked.verdict, Verdict::Unchanged { wants_refresh: false });
        assert_eq!(checked.counters.files_read, 1);
    }
    for path in ["a.jan", "b.jan"] {
        let time = std::fs::metadata(project.path(path)).and_then(|found| found.modified()).expect("a time");
        project.write(path, &format!("c0ntent of {path}"));
        std::fs::File::open(project.path(path)).and_then(|file| file.set_modified(time)).expect("set");
    }
    assert_eq!(project.changes(), [edited("a.jan"), edited("b.jan")]);
}

#[test]
fn a_folder_that_cannot_be_listed_any_more_is_named() {
    let project = Project::new();
    project.write("sub/swap.tmp", "");
    let refused = crate::fs::faults::fail_all(|act| matches!(act, crate::fs::faults::Act::List), 13);
    let changes = project.changes();
    assert!(refused.happened());
    drop(refused);
    assert_eq!(changes, [edited("sub"), removed("sub/c.jan")]);
}

#[test]
fn a_folder_that_could_not_be_listed_is_tried_each_time() {
    let mut project = Project::new();
    let refuse = || crate::fs::faults::fail_all(|act| matches!(act, crate::fs::faults::Act::List), 13);
    let refused = refuse();
    project.build();
    wait();
    assert_eq!(project.check().verdict, Verdict::Unchanged { wants_refresh: false });
    drop(refused);
    let all = ["a.jan", "b.jan", "sub/c.jan", "sub/deep/d.jan"].map(added);
    let expected: Vec<_> = std::iter::once(edited(".")).chain(all).collect();
    assert_eq!(project.changes(), expected, "the problem that was told is none any more");
}

#[test]
fn files_outside_of_the_root_are_checked_with_links_followed() {
    let mut project = Project::new();
    let outside = tempfile::tempdir().expect("a temporary folder");
    let (real, link) = (outside.path().join("real.toml"), outside.path().join("cache.toml"));
    std::fs::write(&real, "one").expect("written");
    symlink("real.toml", &link).expect("linked");
    wait();
    let began = project.probe();
    let seen = read_input(&link, 100).expect("readable").seen;
    let mut builder = project.collect();
    builder.file(&link, Links::Follow, &seen).absent(&outside.path().join("none"), Links::Follow);
    project.seal = builder.finish(&began).expect("small");
    assert_eq!(project.changes(), []);
    std::fs::write(&real, "two").expect("written");
    assert_eq!(project.changes(), [edited(link.to_str().expect("UTF-8"))]);
}

#[test]
fn without_a_place_to_ask_for_the_time_nothing_is_refreshed() {
    let project = Project::new();
    project.write("a.jan", "content of a.jan");
    let seal = Seal::open(&project.seal).expect("whole");
    let checked = check(project.root.path(), &seal, &CheckOptions::default());
    assert_eq!(checked.verdict, Verdict::Unchanged { wants_refresh: false });
    assert!(checked.refresh(&seal).is_none());
}
