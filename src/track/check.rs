//! Did anything change that a build looked at?
//!
//! 1. Every name and every listed directory gets one `statx` ([`super::stats`]). A tuple that is the same and
//!    older than the look at it (see [`super::racy`]) proves its content.
//! 2. What is left is read and compared, and its directories are listed anew ([`super::settle`]): a touched
//!    file has not changed, and neither has a directory in which an editor's swap file came and went.
//!
//! Nothing is written but, for a moment, the empty file that tells the time, and that only where there is
//! something to refresh.

use std::num::NonZeroUsize;
use std::path::Path;

use super::change::{ChangeKind, FileChange};
use super::input::Seen;
use super::racy::FileTime;
use super::refresh::Renewal;
use super::seal::Seal;
use super::seal_builder::{dir_and_name, shown};
use super::seal_format::SealError;
use super::settle::settle;
use super::stats::suspects;
use crate::fs::{DirHandle, FileKind, StatTuple, bytes_of_path};

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions<'a> {
    /// At most so many threads; some hundred names are looked at by one.
    pub threads: NonZeroUsize,
    /// A directory in which a file may be written to ask for the time, best on the file system of the root
    /// and outside of it. Without one, a seal is never refreshed.
    pub probe_dir: Option<&'a Path>,
}

impl Default for CheckOptions<'_> {
    /// As many threads as the machine runs at once, and no place to ask for the time.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { threads, probe_dir: None }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The build would see the same.
    Unchanged {
        /// [`Check::refresh`] gives a seal that proves more than the old one, so that the next check is
        /// quicker.
        wants_refresh: bool,
    },
    /// It would not.
    Changed {
        /// What differs, in path order. A renamed file is removed and added; an absent one that appeared is
        /// added; one that the rules leave out now is removed. A folder that cannot be listed any more is
        /// itself edited, and `.` is the root.
        files: Vec<FileChange>,
    },
}

/// What a check cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// System calls for a tuple.
    pub stat_calls: u64,
    /// Time for them, all threads together.
    pub stat_ns: u64,
    /// Names and directories that their tuple alone proved.
    pub hits: u64,
    /// Files whose content was compared.
    pub files_read: u64,
    /// Their bytes.
    pub bytes_read: u64,
    /// Time for that, all threads together.
    pub read_ns: u64,
    /// Directories that were listed.
    pub dirs_listed: u64,
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, more: Self) {
        self.stat_calls += more.stat_calls;
        self.stat_ns += more.stat_ns;
        self.hits += more.hits;
        self.files_read += more.files_read;
        self.bytes_read += more.bytes_read;
        self.read_ns += more.read_ns;
        self.dirs_listed += more.dirs_listed;
    }
}

/// A verdict, its price, and what is needed to refresh the seal.
#[derive(Debug)]
pub struct Check {
    /// Whether a build would see the same.
    pub verdict: Verdict,
    /// What it cost.
    pub counters: Counters,
    /// When the look at contents began.
    pub began: Began,
    renewal: Option<Renewal>,
}

/// The moment before a check looked at anything but tuples. It judges what is read after the check as well: what the tuples
/// alone proved was older than the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Began {
    /// The tuples proved everything; any moment after the check does as well.
    NotYet,
    /// Then.
    At(FileTime),
    /// Nobody was asked for the time, or it was not told: what was looked at cannot be judged.
    Unknown,
}

impl Check {
    /// The seal that was checked with the tuples of now and its own payloads; `None` where the verdict does
    /// not ask for it.
    pub fn refresh(&self, seal: &Seal<'_>) -> Option<Result<Vec<u8>, SealError>> {
        let is_wanted = self.verdict == Verdict::Unchanged { wants_refresh: true };
        self.renewal.as_ref().filter(|_| is_wanted).map(|renewal| renewal.seal(seal))
    }

    /// The tuple with which a sealed file was found to hold what was sealed, by its path as it was sealed; `None` where
    /// it was not.
    pub fn proved_tuple(&self, seal: &Seal<'_>, path: &Path) -> Option<StatTuple> {
        let bytes = bytes_of_path(path);
        let (dir, name) = dir_and_name(&bytes);
        let dir = seal.dir_index(dir)?;
        let (index, sealed) = (seal.dir(dir)?.index_of(name)?, seal.dir(dir)?.find(name)?);
        if let Verdict::Changed { files } = &self.verdict
            && files.iter().any(|file| Path::new(&file.path) == path)
        {
            return None;
        }
        let touched = self.renewal.as_ref().and_then(|renewal| renewal.files.get(&(dir, index)));
        Some(touched.copied().unwrap_or(*sealed.tuple()))
    }

    /// The seal that was checked, for a build that found out that nothing else came of the edited files: with what it saw
    /// of each of them, by root-relative path, and with other bytes in payloads that the seal has. `None` where the
    /// verdict names more than these files, where something but contents changed, or where no time was told. Cost: a copy
    /// of the seal.
    pub fn amend(
        &self,
        seal: &Seal<'_>,
        edited: &[(&str, Seen)],
        payloads: &[(&str, &[u8])],
    ) -> Option<Result<Vec<u8>, SealError>> {
        let Verdict::Changed { files } = &self.verdict else { return None };
        let is_seen = |file: &FileChange| edited.iter().any(|(path, _)| *path == file.path);
        if !files.iter().all(|file| file.kind == ChangeKind::Edited && is_seen(file)) {
            return None;
        }
        self.renewal.as_ref()?.amend(seal, edited, payloads)
    }
}

/// Compares what lies below `root` now with what a build saw. Never fails: what cannot be looked at counts
/// as removed. Cost: one system call a name, shared by the threads, and one to open each directory.
pub fn check(root: &Path, seal: &Seal<'_>, options: &CheckOptions<'_>) -> Check {
    let mut counters = Counters::default();
    let Ok(handle) = DirHandle::open(root) else {
        return Check {
            verdict: Verdict::Changed { files: all_removed(seal) },
            counters,
            began: Began::NotYet,
            renewal: None,
        };
    };
    let suspects = suspects(&handle, seal, options.threads, &mut counters);
    if suspects.dirs.is_empty() && suspects.files.is_empty() {
        let verdict = Verdict::Unchanged { wants_refresh: false };
        return Check { verdict, counters, began: Began::NotYet, renewal: None };
    }
    // Before anything is looked at once more: only so do the new tuples prove what is read now.
    let time = options.probe_dir.and_then(|dir| FileTime::probe(dir, root).ok());
    let began = time.map_or(Began::Unknown, Began::At);
    let mut settled = settle(root, &handle, seal, &suspects, options.threads, &mut counters);
    if settled.is_changed() {
        let files = settled.changes();
        let renewal = time.map(|time| settled.renewal(time));
        return Check { verdict: Verdict::Changed { files }, counters, began, renewal };
    }
    let renewal = time.map(|time| settled.renewal(time)).filter(|renewal| renewal.is_worth_it(seal));
    Check { verdict: Verdict::Unchanged { wants_refresh: renewal.is_some() }, counters, began, renewal }
}

fn all_removed(seal: &Seal<'_>) -> Vec<FileChange> {
    let mut removed = Vec::new();
    for dir in seal.dirs().filter(|dir| !dir.path().is_some_and(Path::is_absolute)) {
        let files = dir.files().filter(|file| !file.is_ignore_file());
        let files = files.filter(|file| file.tuple().kind() != FileKind::Absent);
        removed.extend(
            files.map(|file| FileChange { path: shown(dir.path, file.name), kind: ChangeKind::Removed }),
        );
    }
    removed.push(FileChange { path: shown(b"", b""), kind: ChangeKind::Removed });
    removed.sort_unstable();
    removed
}
