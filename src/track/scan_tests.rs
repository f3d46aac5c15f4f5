//! What a scan finds, beside two others that read the same rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::scan::{Scanner, scan};
use super::selection::Selection;

fn selection(excluded: &[&str]) -> Selection {
    Selection {
        extensions: vec!["jan".to_owned()],
        excluded: excluded.iter().map(Into::into).collect(),
        left_out_folders: Vec::new(),
    }
}

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
    std::fs::write(path, content).expect("written");
}

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

#[test]
fn hidden_ignored_excluded_and_foreign_files_are_left_out() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let names =
        ["b.jan", "a.jan", ".h/x.jan", "gen/x.jan", "build/x.jan", "c.zig", "sub/d.jan", "sub/tool/e.jan"];
    for path in names {
        write(dir.path(), path, "");
    }
    write(dir.path(), ".gitignore", "gen/\n");
    let absolute = dir.path().join("build");
    let mut wanted = selection(&[absolute.to_str().expect("UTF-8")]);
    wanted.left_out_folders.push("tool".to_owned());
    let found = scan(dir.path(), &wanted);
    assert_eq!(found.files(), paths(&["a.jan", "b.jan", "sub/d.jan"]));
    assert!(found.errors.is_empty());
    let listed: Vec<&Path> = found.dirs.iter().map(|dir| &*dir.path).collect();
    assert_eq!(listed, [Path::new(""), Path::new("sub")]);
    assert_eq!(found.dirs[0].folders, ["sub"]);
    assert_eq!(found.dirs[0].ignore_files.len(), 1);
}

#[cfg(unix)]
#[test]
fn an_ignore_file_without_an_end_is_told_and_only_its_folder_left_out() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for folder in ["endless", "fine", "pipe"] {
        write(dir.path(), &format!("{folder}/a.jan"), "");
    }
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("endless/.gitignore")).expect("linked");
    let made = Command::new("mkfifo").arg(dir.path().join("pipe/.ignore")).status().expect("mkfifo runs");
    assert!(made.success());
    let found = scan(dir.path(), &selection(&[]));
    assert_eq!(found.files(), paths(&["fine/a.jan"]));
    let places: BTreeSet<_> = found.errors.iter().map(|(place, _)| place.clone()).collect();
    assert_eq!(places, BTreeSet::from(["endless/.gitignore".into(), "pipe/.ignore".into()]));
    let root = scan(&dir.path().join("endless"), &selection(&[]));
    assert_eq!((root.files().len(), root.errors.len()), (0, 1));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_a_loop_of_them_ends() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(dir.path(), "real/a.jan", "");
    std::os::unix::fs::symlink("..", dir.path().join("real/up")).expect("linked");
    std::os::unix::fs::symlink("a.jan", dir.path().join("real/b.jan")).expect("linked");
    assert_eq!(scan(dir.path(), &selection(&[])).files(), paths(&["real/a.jan"]));
}

#[test]
fn a_root_that_is_not_there_is_an_error_and_no_panic() {
    let found = scan(Path::new("/no/such/root"), &selection(&[]));
    assert_eq!((found.dirs.len(), found.errors.len()), (0, 1));
}

#[test]
fn a_tree_of_a_thousand_levels_is_walked() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let deep = "d/".repeat(1000);
    write(dir.path(), &format!("{deep}x.jan"), "");
    write(dir.path(), "d/.gitignore", "y.jan");
    write(dir.path(), &format!("{deep}y.jan"), "");
    let found = scan(dir.path(), &selection(&[]));
    assert_eq!(found.files(), [PathBuf::from(format!("{deep}x.jan"))]);
    assert_eq!(found.dirs.len(), 1001);
}

#[test]
fn a_folder_listed_alone_is_as_the_whole_scan_found_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(dir.path(), ".gitignore", "/a/b/no.jan\n!/a/b/.kept.jan\n");
    write(dir.path(), "a/.ignore", "b/also.jan\n");
    for name in ["yes.jan", "no.jan", "also.jan", ".kept.jan", ".hidden.jan", "deeper/z.jan"] {
        write(dir.path(), &format!("a/b/{name}"), "");
    }
    let mut alone = Scanner::open(dir.path(), &selection(&[])).expect("opened");
    for expected in scan(dir.path(), &selection(&[])).dirs {
        let found = alone.list_alone(&expected.path).expect("listed");
        assert_eq!((&found.files, &found.folders), (&expected.files, &expected.folders));
        assert_eq!(found.tuple, expected.tuple);
    }
    let b = alone.list_alone("a/b".as_ref()).expect("listed");
    assert_eq!(b.files, [".kept.jan", "yes.jan"]);
}

/// The walker of the crate that also reads the rules for us.
fn of_the_crate(root: &Path, excluded: &'static [&str]) -> Vec<PathBuf> {
    let top = root.to_owned();
    let mut builder = ignore::WalkBuilder::new(root);
    builder.hidden(true).parents(false).git_global(false).git_exclude(false).require_git(false);
    builder.filter_entry(move |entry| !excluded.iter().any(|path| entry.path() == top.join(path)));
    let mut files: Vec<PathBuf> = builder
        .build()
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.path().strip_prefix(root).expect("below").to_owned())
        .filter(|path| path.extension().is_some_and(|found| found == "jan"))
        .collect();
    files.sort_unstable_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
    files
}

const PARTS: [&str; 7] = ["a", "b", "c", ".h", "a.jan", "b.jan", ".c.jan"];
const PATTERNS: [&str; 20] = [
    "a",
    "/a",
    "a/",
    "!a",
    "b/c",
    "**/b",
    "b/**",
    "*.jan",
    "!b.jan",
    "!/a/b.jan",
    "a.*",
    "/*",
    "!.h",
    "!.c.jan",
    "c/*/a.jan",
    "[ab].jan",
    "\\!a",
    "# no",
    "a/**/c",
    "!*/",
];

/// A folder, whether its file is a `.gitignore`, and its lines; all by their places in the lists above.
type IgnoreText = (Vec<usize>, bool, Vec<usize>);

fn trees() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<IgnoreText>)> {
    let folder = || prop::collection::vec(0..4_usize, 0..3);
    let files = prop::collection::vec(prop::collection::vec(0..PARTS.len(), 1..5), 1..30);
    let rules = (folder(), any::<bool>(), prop::collection::vec(0..PATTERNS.len(), 1..4));
    (files, prop::collection::vec(rules, 0..4))
}

/// Makes a tree; parts that are taken by a file already are passed over.
fn grow(root: &Path, files: &[Vec<usize>], rules: &[IgnoreText], only_git: bool) {
    for parts in files {
        let mut path: PathBuf = parts.iter().map(|part| PARTS[*part]).collect();
        path.set_file_name(PARTS[4 + parts[parts.len() - 1] % 3]);
        let path = root.join(path);
        if std::fs::create_dir_all(path.parent().expect("has one")).is_ok() && !path.is_dir() {
            std::fs::write(path, "").expect("written");
        }
    }
    for (folder, is_gitignore, lines) in rules {
        let folder = root.join(folder.iter().map(|part| PARTS[*part]).collect::<PathBuf>());
        let name = if only_git || *is_gitignore { ".gitignore" } else { ".ignore" };
        if std::fs::create_dir_all(&folder).is_ok() {
            let text: Vec<&str> = lines.iter().map(|line| PATTERNS[*line]).collect();
            std::fs::write(folder.join(name), text.join("\n")).expect("written");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_same_files_are_found_as_by_the_walker_of_the_crate((files, rules) in trees()) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        grow(dir.path(), &files, &rules, false);
        let found = scan(dir.path(), &selection(&["c/a", "b/b.jan"]));
        prop_assert_eq!(found.files(), of_the_crate(dir.path(), &["c/a", "b/b.jan"]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn git_lists_the_same_files((files, rules) in trees()) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let git = |words: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(dir.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").args(words);
            command.env("GIT_CONFIG_SYSTEM", "/dev/null").output()
        };
        // A machine without git has nothing to compare with.
        let Ok(made) = git(&["init", "-q", "."]) else { return Ok(()) };
        prop_assert!(made.status.success());
        grow(dir.path(), &files, &rules, true);
        let listed = git(&["ls-files", "-z", "-o", "-c", "--exclude-standard"]).expect("git runs");
        prop_assert!(listed.status.success());
        let listed = String::from_utf8(listed.stdout).expect("plain names");
        // Git knows no hidden names.
        let is_hidden = |path: &Path| path.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
        let plain = |path: &PathBuf| path.extension().is_some_and(|found| found == "jan") && !is_hidden(path);
        let expected: BTreeSet<PathBuf> = listed.split('\0').map(PathBuf::from).filter(plain).collect();
        let found = scan(dir.path(), &selection(&[])).files();
        let found: BTreeSet<PathBuf> = found.into_iter().filter(|path| !is_hidden(path)).collect();
        prop_assert_eq!(found, expected);
    }
}
