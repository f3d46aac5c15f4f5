//! The thorough half of a check: contents are compared, and directories are listed anew.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::change::{ChangeKind, FileChange};
use super::check::Counters;
use super::input::{Stability, look};
use super::racy::FileTime;
use super::refresh::Renewal;
use super::scan::{Scan, ScannedDir, Scanner, scan};
use super::seal::{Seal, SealedDir, SealedFile};
use super::seal_builder::shown;
use super::spread::{Pieces, spread};
use super::stats::{self, Suspects};
use crate::clock::Stopwatch;
use crate::fs::{DirHandle, FileKind, StatTuple, bytes_of_path};

/// How often a file is read that somebody writes just then.
const ATTEMPTS: u32 = 3;

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Settled {
    changes: BTreeMap<String, ChangeKind>,
    /// New tuples of names with the same content, by directory and place.
    files: BTreeMap<(usize, usize), StatTuple>,
    /// New tuples of directories that list the same.
    dirs: BTreeMap<usize, StatTuple>,
    /// Directories that are gone and held nothing.
    gone: BTreeSet<usize>,
    /// Directories that came and hold nothing.
    new: Vec<ScannedDir>,
    /// All of them, where rules changed.
    all: Option<Scan>,
}

impl Settled {
    pub(super) fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(super) fn changes(&mut self) -> Vec<FileChange> {
        let changes = std::mem::take(&mut self.changes);
        changes.into_iter().map(|(path, kind)| FileChange { path, kind }).collect()
    }

    pub(super) fn renewal(self, began: FileTime) -> Renewal {
        let Self { files, dirs, gone, new, all, .. } = self;
        Renewal { began, files, dirs, gone, new, all }
    }

    /// A path that was seen in two ways is what is worse.
    fn change(&mut self, dir: &[u8], name: &[u8], kind: ChangeKind) {
        let known = self.changes.entry(shown(dir, name)).or_insert(kind);
        *known = kind.max(*known);
    }
}

/// Settles the suspects of a seal.
pub(super) fn settle(
    root: &Path,
    handle: &DirHandle,
    seal: &Seal<'_>,
    suspects: &Suspects,
    threads: NonZeroUsize,
    counters: &mut Counters,
) -> Settled {
    let mut settled = Settled::default();
    let mut have_rules_changed = compare(handle, seal, suspects, threads, counters, &mut settled);
    if !have_rules_changed && !suspects.dirs.is_empty() {
        have_rules_changed = relist_all(root, handle, seal, &suspects.dirs, counters, &mut settled);
    }
    if have_rules_changed {
        let all = scan(root, seal.selection());
        counters.dirs_listed += all.dirs.len() as u64;
        compare_all(seal, &all, &mut settled);
        settled.all = Some(all);
    }
    settled
}

/// Lists directories anew, in path order; true as soon as one has other rules. Rules reach only what lies
/// below them and so comes later: what was listed before still holds, what comes after might not be entered
/// at all.
fn relist_all(
    root: &Path,
    handle: &DirHandle,
    seal: &Seal<'_>,
    dirs: &[usize],
    counters: &mut Counters,
    settled: &mut Settled,
) -> bool {
    let Ok(mut scanner) = Scanner::open(root, seal.selection()) else { return true };
    dirs.iter().any(|index| {
        counters.dirs_listed += 1;
        seal.dir(*index).is_some_and(|dir| relist(handle, &mut scanner, seal, *index, &dir, settled))
    })
}

/// What a closer look at one name says.
enum Found {
    Same(StatTuple),
    Change(ChangeKind),
    /// It is an ignore file, and says something else.
    OtherRules,
}

/// Compares contents; true where rules changed.
fn compare(
    root: &DirHandle,
    seal: &Seal<'_>,
    suspects: &Suspects,
    threads: NonZeroUsize,
    counters: &mut Counters,
    settled: &mut Settled,
) -> bool {
    let found = spread(threads, suspects.files.len(), |queue: &Pieces| {
        let watch = Stopwatch::start();
        let (mut answers, mut counted) = (Vec::new(), Counters::default());
        let mut buffer = Vec::new();
        let mut open: Option<(usize, Option<DirHandle>)> = None;
        while let Some((at, index, now)) = queue.take().and_then(|piece| suspects.files.get(piece)) {
            let Some(dir) = seal.dir(*at) else { continue };
            let Some(file) = dir.file(*index) else { continue };
            if open.as_ref().is_none_or(|(opened, _)| opened != at) {
                open = Some((*at, stats::open(root, &dir)));
            }
            let handle = open.as_ref().and_then(|(_, handle)| handle.as_ref());
            answers.push((*at, *index, compare_one(handle, &file, now, &mut buffer, &mut counted)));
        }
        counted.read_ns = watch.elapsed_ns();
        (answers, counted)
    });
    let mut have_rules_changed = false;
    for (answers, counted) in found {
        *counters += counted;
        for (at, index, found) in answers {
            match (found, seal.dir(at)) {
                (Found::Same(tuple), _) => drop(settled.files.insert((at, index), tuple)),
                (Found::OtherRules, _) => have_rules_changed = true,
                (Found::Change(kind), Some(dir)) => {
                    settled.change(dir.path, dir.file(index).map_or(&[][..], |file| file.name), kind);
                }
                (Found::Change(_), None) => {}
            }
        }
    }
    have_rules_changed
}

fn compare_one(
    dir: Option<&DirHandle>,
    file: &SealedFile<'_>,
    now: &StatTuple,
    buffer: &mut Vec<u8>,
    counted: &mut Counters,
) -> Found {
    let change = |kind| if file.is_ignore_file() { Found::OtherRules } else { Found::Change(kind) };
    if file.tuple().kind() == FileKind::Absent {
        return if now.is_file() { change(ChangeKind::Added) } else { Found::Same(StatTuple::ABSENT) };
    }
    let (true, Some(dir), Some(name)) = (now.is_file(), dir, file.name()) else {
        return change(ChangeKind::Removed);
    };
    let Some(digest) = file.digest() else {
        // An ignore file without rights stays one without rules; all else that was not read is new.
        let is_unreadable =
            file.is_ignore_file() && file.tuple().is_file() && dir.open_file(name, file.links()).is_err();
        counted.stat_calls += 1;
        return match stats::tuple_of(dir, file) {
            tuple if is_unreadable && tuple.is_file() => Found::Same(tuple),
            _ => change(ChangeKind::Edited),
        };
    };
    if now.len_bytes() != file.tuple().len_bytes() {
        return change(ChangeKind::Edited);
    }
    for _ in 0..ATTEMPTS {
        counted.files_read += 1;
        match look(dir, name, file.links(), buffer, &mut counted.bytes_read) {
            Ok(seen) if seen.stability == Stability::ChangedWhileRead => {}
            Ok(seen) if seen.digest == digest => return Found::Same(seen.tuple),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return change(ChangeKind::Removed),
            Ok(_) | Err(_) => break,
        }
    }
    change(ChangeKind::Edited)
}

/// Lists one directory anew and compares; true where rules changed.
fn relist(
    root: &DirHandle,
    scanner: &mut Scanner,
    seal: &Seal<'_>,
    index: usize,
    dir: &SealedDir<'_>,
    settled: &mut Settled,
) -> bool {
    let Some(path) = dir.path() else { return true };
    let listed = match scanner.list_alone(path) {
        Ok(listed) => listed,
        Err(_) if stats::open(root, dir).is_none() => {
            settled.gone.insert(index);
            remove_below(seal, dir, settled);
            return false;
        }
        Err(_) => {
            if !dir.is_trouble() {
                settled.change(dir.path, b"", ChangeKind::Edited);
                for file in dir.files().filter(SealedFile::is_selected) {
                    settled.change(dir.path, file.name, ChangeKind::Removed);
                }
            }
            return false;
        }
    };
    let is_known = |name: &str| dir.find(name.as_bytes()).is_some_and(|file| file.is_ignore_file());
    if dir.is_trouble() || !listed.ignore_files.iter().all(|file| is_known(file.name)) {
        return true;
    }
    compare_names(seal, &listed, settled);
    for name in &listed.folders {
        let folder = path.join(name);
        let is_known = seal.find_dir(&bytes_of_path(&folder)).is_some_and(|known| known.is_listed());
        if !is_known {
            enter(scanner, seal, folder, settled);
        }
    }
    settled.dirs.insert(index, listed.tuple);
    false
}

/// Looks through a folder that was not there.
fn enter(scanner: &mut Scanner, seal: &Seal<'_>, folder: PathBuf, settled: &mut Settled) {
    let Scan { dirs, errors } = scanner.below_alone(folder);
    for dir in &dirs {
        compare_names(seal, dir, settled);
        if !dir.is_listed {
            settled.change(&bytes_of_path(&dir.path), b"", ChangeKind::Added);
        }
    }
    for (place, _) in errors.iter().filter(|_| dirs.is_empty()) {
        settled.change(&bytes_of_path(place), b"", ChangeKind::Added);
    }
    settled.new.extend(dirs);
}

/// Compares the selected names of one directory, either way.
fn compare_names(seal: &Seal<'_>, listed: &ScannedDir, settled: &mut Settled) {
    let path = bytes_of_path(&listed.path);
    let sealed = seal.find_dir(&path);
    let was_selected =
        |name: &[u8]| sealed.and_then(|dir| dir.find(name)).is_some_and(|file| file.is_selected());
    let mut now = BTreeSet::new();
    for name in &listed.files {
        let name = bytes_of_path(Path::new(name));
        if !was_selected(&name) {
            settled.change(&path, &name, ChangeKind::Added);
        }
        now.insert(name);
    }
    for file in sealed.iter().flat_map(SealedDir::files).filter(SealedFile::is_selected) {
        if !now.contains(file.name) {
            settled.change(&path, file.name, ChangeKind::Removed);
        }
    }
}

/// A directory is none any more: nothing that was found below it would be found again, even where a link in
/// its place leads to the same.
fn remove_below(seal: &Seal<'_>, gone: &SealedDir<'_>, settled: &mut Settled) {
    let is_below = |path: &[u8]| {
        gone.path.is_empty()
            || path.strip_prefix(gone.path).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    for dir in seal.dirs().filter(|dir| is_below(dir.path)) {
        for file in dir.files().filter(SealedFile::is_selected) {
            settled.change(dir.path, file.name, ChangeKind::Removed);
        }
    }
}

/// Compares everything that the selection finds, after rules changed.
fn compare_all(seal: &Seal<'_>, all: &Scan, settled: &mut Settled) {
    let mut seen = BTreeSet::new();
    if all.dirs.is_empty() {
        // The root itself is gone since it was opened.
        settled.change(b"", b"", ChangeKind::Removed);
    }
    for dir in &all.dirs {
        compare_names(seal, dir, settled);
        let path = bytes_of_path(&dir.path);
        let was_trouble = seal.find_dir(&path).is_some_and(|dir| dir.is_trouble());
        if dir.is_listed == was_trouble {
            settled.change(&path, b"", ChangeKind::Edited);
        }
        seen.insert(path);
    }
    for dir in seal.dirs().filter(|dir| dir.is_listed() && !seen.contains(dir.path)) {
        for file in dir.files().filter(SealedFile::is_selected) {
            settled.change(dir.path, file.name, ChangeKind::Removed);
        }
    }
}
