//! Random steps on a small tree, against the plainest comparison there is: read everything, both times.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::change::{ChangeKind, FileChange};
use super::check::{CheckOptions, Verdict, check};
use super::input::read_input;
use super::racy::FileTime;
use super::scan::scan;
use super::seal::Seal;
use super::seal_builder::SealBuilder;
use super::selection::Selection;
use crate::fs::Links;

const DIRS: [&str; 6] = ["", "a", "b", "a/b", "a/c", "b/out"];
const FILES: [&str; 5] = ["x.jan", "y.jan", "z.jan", "n.txt", ".h.jan"];
const RULES: [&str; 6] = ["", "x.jan\n", "/b\n", "*.jan\n!y.jan\n", "!.h.jan\n", "c/\n# text\n"];
const PROBED: [&str; 4] = ["x.toml", "a/x.toml", "c/d/x.toml", "b/n.txt"];

/// Xorshift: the same steps in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }

    fn file(&mut self, root: &Path) -> PathBuf {
        root.join(self.of(&DIRS)).join(self.of(&FILES))
    }
}

fn selection() -> Selection {
    Selection {
        extensions: vec!["jan".to_owned()],
        excluded: vec!["a/z.jan".into()],
        left_out_folders: vec!["out".to_owned()],
    }
}

/// Everything that a build would see: the content of selected files, and of probed names that are files.
#[derive(PartialEq)]
struct Seen {
    selected: BTreeMap<String, Vec<u8>>,
    probed: BTreeMap<String, Vec<u8>>,
}

fn naive(root: &Path) -> Seen {
    let excluded = root.join("a/z.jan");
    let mut walker = ignore::WalkBuilder::new(root);
    walker.parents(false).git_global(false).git_exclude(false).require_git(false);
    walker.filter_entry(move |entry| {
        let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.path() != excluded && !(is_dir && entry.file_name() == "out")
    });
    let files = walker.build().map(|entry| entry.expect("readable"));
    let files = files.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let files = files.filter(|entry| entry.path().extension().is_some_and(|found| found == "jan"));
    let text = |path: &Path| path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
    let selected = files.map(|entry| (text(entry.path()), std::fs::read(entry.path()).expect("readable")));
    let probed = PROBED.into_iter().filter(|path| is_file(root, path));
    let probed = probed.map(|path| (path.to_owned(), std::fs::read(root.join(path)).expect("readable")));
    Seen { selected: selected.collect(), probed: probed.collect() }
}

fn is_file(root: &Path, path: &str) -> bool {
    std::fs::symlink_metadata(root.join(path)).is_ok_and(|found| found.is_file())
}

fn difference(before: &Seen, now: &Seen) -> Vec<FileChange> {
    let mut changes = Vec::new();
    for (before, now) in [(&before.selected, &now.selected), (&before.probed, &now.probed)] {
        let mut say = |path: &String, kind| changes.push(FileChange { path: path.clone(), kind });
        for (path, content) in before {
            match now.get(path) {
                None => say(path, ChangeKind::Removed),
                Some(other) if other != content => say(path, ChangeKind::Edited),
                Some(_) => {}
            }
        }
        now.keys().filter(|path| !before.contains_key(*path)).for_each(|path| say(path, ChangeKind::Added));
    }
    changes.sort_unstable();
    changes
}

fn build(root: &Path, cache: &Path) -> Vec<u8> {
    let began = FileTime::probe(cache, root).expect("probed");
    let found = scan(root, &selection());
    let mut builder = SealBuilder::new(selection());
    builder.scan(&found);
    for path in found.files() {
        let seen = read_input(&root.join(&path), 1 << 20).expect("readable").seen;
        builder.file(&path, Links::Refuse, &seen);
    }
    for path in PROBED {
        match read_input(&root.join(path), 1 << 20) {
            Ok(input) if is_file(root, path) => builder.file(path.as_ref(), Links::Refuse, &input.seen),
            _ => builder.absent(path.as_ref(), Links::Refuse),
        };
    }
    builder.payload("text", b"kept".to_vec());
    builder.finish(&began).expect("small")
}

/// One random step; what does not fit the tree as it is fails and does nothing.
fn step(dice: &mut Dice, root: &Path) -> Option<()> {
    let file = dice.file(root);
    match dice.roll(19) {
        0 | 1 => std::fs::write(&file, format!("{:04}", dice.roll(10_000))).ok(),
        2 => std::fs::write(&file, "x".repeat(dice.roll(9))).ok(),
        3 => {
            let content = std::fs::read(&file).ok()?;
            std::fs::write(&file, content).ok()
        }
        4 => std::fs::rename(&file, dice.file(root)).ok(),
        5 => {
            let (other, between) = (dice.file(root), root.join("between"));
            std::fs::rename(&file, &between).ok()?;
            let swapped = std::fs::rename(&other, &file);
            std::fs::rename(&between, if swapped.is_ok() { &other } else { &file }).ok()
        }
        6 => {
            let content = std::fs::read(&file).ok()?;
            std::fs::write(&file, "for a moment").ok()?;
            std::fs::write(&file, content).ok()
        }
        7 | 8 => std::fs::create_dir_all(root.join(dice.of(&DIRS))).ok(),
        9 => std::fs::remove_dir_all(root.join(dice.of(&DIRS[1..]))).ok(),
        10 => std::fs::write(root.join(dice.of(&DIRS)).join("n.o"), "object").ok(),
        11 => {
            let name = dice.of(&[".gitignore", ".ignore"]);
            std::fs::write(root.join(dice.of(&DIRS)).join(name), dice.of(&RULES)).ok()
        }
        12 => std::fs::remove_file(root.join(dice.of(&DIRS)).join(".gitignore")).ok(),
        13 => {
            // The same length, and the time set back.
            let time = std::fs::metadata(&file).and_then(|found| found.modified()).ok()?;
            let len = std::fs::metadata(&file).ok()?.len() as usize;
            std::fs::write(&file, dice.of(&["a", "b", "c"]).repeat(len)).ok()?;
            std::fs::File::open(&file).and_then(|file| file.set_modified(time)).ok()
        }
        14 => {
            let times =
                [Duration::ZERO, Duration::from_secs(1_000_000_000), Duration::from_secs(4_000_000_000)];
            let time = SystemTime::UNIX_EPOCH + times[dice.roll(3)];
            std::fs::File::open(&file).and_then(|file| file.set_modified(time)).ok()
        }
        15 => std::fs::remove_file(&file).ok(),
        16 => {
            let path = root.join(dice.of(&PROBED));
            std::fs::create_dir_all(path.parent()?).ok()?;
            std::fs::write(path, "probed").ok()
        }
        17 => std::fs::remove_file(root.join(dice.of(&PROBED))).ok(),
        _ => {
            std::fs::remove_file(&file).ok();
            symlink(dice.of(&["x.jan", "y.jan", "nowhere", ".."]), &file).ok()
        }
    }
}

#[test]
fn every_random_step_is_judged_as_by_reading_everything() {
    let (mut unchanged, mut changed, mut refreshed, mut proved) = (0, 0, 0, 0);
    for seed in 1..=4_u64 {
        let root = tempfile::tempdir().expect("a temporary folder");
        let cache = tempfile::tempdir().expect("a temporary folder");
        let (root, cache) = (root.path(), cache.path());
        let options = CheckOptions { probe_dir: Some(cache), ..CheckOptions::default() };
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ seed);
        let (mut before, mut seal) = (naive(root), build(root, cache));
        for at in 0..500 {
            if dice.roll(12) == 0 {
                // So that some tuples are old enough to prove something.
                std::thread::sleep(Duration::from_millis(30));
            }
            for _ in 0..=dice.roll(3) {
                let _ = step(&mut dice, root);
            }
            let now = naive(root);
            let opened = Seal::open(&seal).expect("whole");
            let checked = check(root, &opened, &options);
            let expected = difference(&before, &now);
            proved += checked.counters.hits;
            match &checked.verdict {
                Verdict::Changed { files } => {
                    assert_eq!(*files, expected, "seed {seed}, step {at}");
                    changed += 1;
                    seal = build(root, cache);
                }
                Verdict::Unchanged { .. } => {
                    assert_eq!(expected, [], "seed {seed}, step {at}");
                    unchanged += 1;
                    if let Some(new) = checked.refresh(&opened) {
                        seal = new.expect("small");
                        refreshed += 1;
                    }
                }
            }
            before = now;
            let again = check(root, &Seal::open(&seal).expect("whole"), &options);
            assert!(matches!(again.verdict, Verdict::Unchanged { .. }), "seed {seed}, step {at}: {again:?}");
        }
    }
    assert!(unchanged > 500 && changed > 500, "{unchanged} unchanged, {changed} changed");
    assert!(refreshed > 100 && proved > 500, "{refreshed} refreshed, {proved} proved");
}
