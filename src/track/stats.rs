//! The quick half of a check: tuples only, and which of them prove nothing.

use std::num::NonZeroUsize;
use std::path::Path;

use super::check::Counters;
use super::seal::{Seal, SealedDir, SealedFile};
use super::spread::{Pieces, spread};
use crate::clock::Stopwatch;
use crate::fs::{DirHandle, Links, StatTuple};

/// Below so many names a second thread costs more than it saves.
const NAMES_FOR_THREADS: usize = 500;
/// Names that one thread takes at a time, so that one large directory is shared too.
const NAMES_IN_PIECE: usize = 128;

/// What has to be looked at more closely, by the indexes in the seal.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// Directories whose tuple differs or is no proof.
    pub(super) dirs: Vec<usize>,
    /// Names whose tuple differs or is no proof: directory, place in it, and the tuple that was found.
    pub(super) files: Vec<(usize, usize, StatTuple)>,
}

/// Names of one directory.
struct Piece {
    dir: usize,
    start: usize,
    end: usize,
}

/// Takes the tuple of every name and every listed directory.
pub(super) fn suspects(
    root: &DirHandle,
    seal: &Seal<'_>,
    threads: NonZeroUsize,
    counters: &mut Counters,
) -> Suspects {
    let mut pieces = Vec::with_capacity(seal.dirs().len() + seal.name_count() / NAMES_IN_PIECE);
    for (dir, sealed) in seal.dirs().enumerate() {
        let names = sealed.files().len();
        let mut start = 0;
        loop {
            let end = names.min(start + NAMES_IN_PIECE);
            pieces.push(Piece { dir, start, end });
            start = end;
            if start >= names {
                break;
            }
        }
    }
    let threads = if seal.name_count() < NAMES_FOR_THREADS { NonZeroUsize::MIN } else { threads };
    let found = spread(threads, pieces.len(), |queue: &Pieces| {
        let watch = Stopwatch::start();
        let (mut found, mut counted) = (Suspects::default(), Counters::default());
        while let Some(piece) = queue.take().and_then(|index| pieces.get(index)) {
            look(root, seal, piece, &mut found, &mut counted);
        }
        counted.stat_ns = watch.elapsed_ns();
        (found, counted)
    });
    let mut all = Suspects::default();
    for (suspects, counted) in found {
        all.dirs.extend(suspects.dirs);
        all.files.extend(suspects.files);
        *counters += counted;
    }
    all.dirs.sort_unstable();
    all.files.sort_unstable_by_key(|(dir, file, _)| (*dir, *file));
    all
}

fn look(root: &DirHandle, seal: &Seal<'_>, piece: &Piece, found: &mut Suspects, counted: &mut Counters) {
    let Some(dir) = seal.dir(piece.dir) else { return };
    let handle = open(root, &dir);
    if piece.start == 0 && dir.is_listed() {
        counted.stat_calls += 1;
        let tuple = handle.as_ref().and_then(|handle| handle.tuple().ok()).unwrap_or(StatTuple::ABSENT);
        if tuple == dir.tuple() && !dir.is_racy() {
            counted.hits += 1;
        } else {
            found.dirs.push(piece.dir);
        }
    }
    for index in piece.start..piece.end {
        let Some(file) = dir.file(index) else { return };
        let now = handle.as_ref().map_or(StatTuple::ABSENT, |handle| {
            counted.stat_calls += 1;
            tuple_of(handle, &file)
        });
        if now == *file.tuple() && !file.is_racy() {
            counted.hits += 1;
        } else {
            found.files.push((piece.dir, index, now));
        }
    }
}

/// A directory of the seal, if one is there. One that was listed is none behind a link.
pub(super) fn open(root: &DirHandle, dir: &SealedDir<'_>) -> Option<DirHandle> {
    let path = dir.path()?;
    let opened = match (path.is_absolute(), dir.is_listed()) {
        (true, _) => DirHandle::open(path),
        (false, true) => root.open_dir(path, Links::Refuse),
        (false, false) => root.open_dir(path, Links::Follow),
    };
    opened.ok()
}

/// What stands under a name of the seal. What cannot be reached counts as absent, and so does what is no
/// regular file where none was: it is as good as none.
#[inline]
pub(super) fn tuple_of(dir: &DirHandle, file: &SealedFile<'_>) -> StatTuple {
    let found = file.name().map(|name: &Path| dir.stat(name, file.links()));
    match found {
        Some(Ok(tuple)) if tuple.is_file() || *file.tuple() != StatTuple::ABSENT => tuple,
        _ => StatTuple::ABSENT,
    }
}
