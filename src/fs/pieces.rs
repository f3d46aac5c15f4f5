//! Outputs in pieces: what an old output has of the new one is copied by the system, only the rest passes through here.
//!
//! The new file is made under a hidden name and takes the place of the old one when it is whole. Nothing is ever written
//! into the old file: others may have it open or mapped.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::faults::{self, Act};
use super::output::{make_room, refuse_others, remove_stray};
use super::publish::{sibling, unique};
use super::read;
use super::tuple::StatTuple;

/// A part of an output that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// These bytes.
    New(&'a [u8]),
    /// Those of the old file.
    Old(Range<u64>),
}

/// An output as it was left, open to be read.
#[derive(Debug)]
pub struct OldFile {
    file: File,
    tuple: StatTuple,
}

/// An output that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its tuple, under its name.
    pub tuple: StatTuple,
    /// Whether finding this tuple again proves the content, however soon it is looked for; see [`write_pieces`].
    pub is_signed: bool,
}

/// Why an output was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PieceError {
    /// Somebody changed the old file while it was copied; what stands at the path was left alone.
    #[error("the old output was changed while it was copied")]
    OldChanged,
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl OldFile {
    /// Opens a regular file. A link to one is none: no output is written there either.
    pub fn open(path: &Path) -> io::Result<Self> {
        refuse_others(path)?;
        let (file, metadata) = read::open(path)?;
        let tuple = StatTuple::from_metadata(&metadata);
        if tuple.is_file() { Ok(Self { file, tuple }) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// What it was when it was opened.
    pub const fn tuple(&self) -> &StatTuple {
        &self.tuple
    }

    /// Some of its bytes. The memory is reserved first, so the caller bounds the length.
    pub fn read(&self, range: &Range<u64>) -> io::Result<Vec<u8>> {
        faults::step(Act::Read)?;
        let mut bytes = vec![0; range.end.saturating_sub(range.start) as usize];
        (&self.file).seek(SeekFrom::Start(range.start))?;
        (&self.file).read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn is_as_opened(&self) -> bool {
        self.file.metadata().is_ok_and(|now| StatTuple::from_metadata(&now) == self.tuple)
    }
}

/// The tuple of the file at `path` if it has the content that `pieces` tell. It is read as far as it is the same, and not at
/// all where its length is another; [`Piece::Old`] is never the same. What is no regular file, or a link, has none.
pub fn find_pieces(path: &Path, pieces: &[Piece<'_>]) -> Option<StatTuple> {
    let old = OldFile::open(path).ok()?;
    let new = pieces.iter().map(|piece| match piece {
        Piece::New(bytes) => Some(*bytes),
        Piece::Old(_) => None,
    });
    let new: Vec<&[u8]> = new.collect::<Option<_>>()?;
    let mut left_bytes = old.tuple.len_bytes();
    let lengths = new.iter().map(|bytes| bytes.len() as u64);
    if lengths.sum::<u64>() != left_bytes {
        return None;
    }
    let mut buffer = vec![0; 64 << 10];
    let mut from = &old.file;
    for part in new.iter().flat_map(|bytes| bytes.chunks(64 << 10)) {
        let into = buffer.get_mut(..part.len())?;
        from.read_exact(into).ok().filter(|()| into == part)?;
        left_bytes -= part.len() as u64;
    }
    (left_bytes == 0 && old.is_as_opened()).then_some(old.tuple)
}

/// Gives the file at `path` the content that `pieces` tell, in their order. What is refused, what becomes of folders and
/// permissions, and what survives a crash is as with [`write_output`](super::write_output). `old` is what
/// [`Piece::Old`] refers to, whatever stands at `path`.
///
/// The file is *signed*: its time of change is set to one that no clock of a file system gives, some part of a
/// millisecond beyond a tick. So a write by somebody else shows in the tuple even where it falls into the tick in which the
/// file got its name, in which case the change time tells nothing. What this cannot see is who writes the same number of bytes
/// within that tick and sets the very nanosecond back. Where the file system keeps no nanoseconds, nothing is signed.
///
/// Cost: the system copies what is kept, from memory to memory; nothing is read or compared.
pub fn write_pieces(path: &Path, pieces: &[Piece<'_>], old: Option<&OldFile>) -> Result<Written, PieceError> {
    refuse_others(path)?;
    make_room(path)?;
    let tmp = sibling(path);
    let written = write_beside(&tmp, path, pieces, old);
    if written.is_err() {
        let _ = super::remove_file(&tmp);
    } else {
        remove_stray(path);
    }
    written
}

fn write_beside(
    tmp: &Path,
    path: &Path,
    pieces: &[Piece<'_>],
    old: Option<&OldFile>,
) -> Result<Written, PieceError> {
    faults::step(Act::Create(tmp))?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(tmp)?;
    let mut at_bytes = 0;
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        if let Piece::Old(range) = first {
            copy(tmp, &mut file, at_bytes, range, old)?;
            at_bytes += range.end.saturating_sub(range.start);
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let count = rest.iter().take_while(|piece| matches!(piece, Piece::New(_))).count();
        let (new, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        at_bytes += write_all(tmp, &mut file, at_bytes, new)?;
        rest = later;
    }
    if old.is_some_and(|old| !old.is_as_opened()) {
        return Err(PieceError::OldChanged);
    }
    let signed_ns = sign(&file)?;
    take_place(tmp, path)?;
    // Of the open file: who replaces the output meanwhile gets no tuple noted for what is not ours.
    let tuple = StatTuple::from_metadata(&file.metadata()?);
    Ok(Written { tuple, is_signed: signed_ns == Some(tuple.mtime_ns()) && tuple.len_bytes() == at_bytes })
}

fn copy(
    tmp: &Path,
    to: &mut File,
    at_bytes: u64,
    range: &Range<u64>,
    old: Option<&OldFile>,
) -> Result<(), PieceError> {
    let Some(old) = old else { return Err(io::Error::from(io::ErrorKind::InvalidInput).into()) };
    faults::step(Act::Write { path: tmp, at_bytes: Some(at_bytes), bytes: &[] })?;
    let mut from = &old.file;
    from.seek(SeekFrom::Start(range.start))?;
    let len_bytes = range.end.saturating_sub(range.start);
    // File to file: where the system can, no byte comes into this process, and blocks are shared where the file system can.
    if io::copy(&mut from.take(len_bytes), to)? == len_bytes { Ok(()) } else { Err(PieceError::OldChanged) }
}

fn write_all(tmp: &Path, to: &mut File, at_bytes: u64, pieces: &[Piece<'_>]) -> io::Result<u64> {
    /// The system takes no more at once.
    const MOST_SLICES: usize = 1024;
    let mut written_bytes = 0;
    let bytes_of = |piece: &Piece<'_>| match piece {
        Piece::New(bytes) => bytes.len() as u64,
        Piece::Old(_) => 0,
    };
    for some in pieces.chunks(MOST_SLICES) {
        let mut slices: Vec<IoSlice<'_>> = some
            .iter()
            .filter_map(|piece| match piece {
                Piece::New(bytes) if !bytes.is_empty() => Some(IoSlice::new(bytes)),
                _ => None,
            })
            .collect();
        for piece in some {
            if let Piece::New(bytes) = piece {
                faults::step(Act::Write { path: tmp, at_bytes: Some(at_bytes + written_bytes), bytes })?;
            }
            written_bytes += bytes_of(piece);
        }
        let mut left = slices.as_mut_slice();
        while !left.is_empty() {
            match to.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut left, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(written_bytes)
}

/// Sets the time of change to one that no tick has, and tells it, in nanoseconds since the Unix epoch. None where it cannot be
/// set, which costs the next build a look at the content.
fn sign(file: &File) -> io::Result<Option<i64>> {
    /// Less than the shortest tick of a kernel, and not 0.
    const MOST_NS: u64 = 999_999;
    let metadata = file.metadata()?;
    let beyond_ns = 1 + unique() % MOST_NS;
    let signed = metadata.modified().ok().and_then(|time| time.checked_add(Duration::from_nanos(beyond_ns)));
    let wanted_ns = StatTuple::from_metadata(&metadata).mtime_ns().checked_add_unsigned(beyond_ns);
    Ok(signed.filter(|time| file.set_modified(*time).is_ok()).and(wanted_ns))
}

/// Gives a written file the name of the output.
///
/// What is there is exchanged with it where the system can, and goes under the hidden name: a rename over it would make some
/// file systems (ext4) write out all of the new file's data first, to spare it from a power loss, which outputs are not
/// promised. A kill in between leaves the old output under the hidden name, which a later write removes.
fn take_place(tmp: &Path, path: &Path) -> io::Result<()> {
    faults::step(Act::Rename { from: tmp, to: path })?;
    #[cfg(target_os = "linux")]
    if exchange(tmp, path).is_ok() {
        // Somebody may have put a folder there since it was looked at. It is theirs.
        if !std::fs::symlink_metadata(tmp).is_ok_and(|found| found.is_dir()) {
            // The output is there, so what cannot be removed is left for a later write.
            let _ = std::fs::remove_file(tmp);
            return Ok(());
        }
        exchange(tmp, path)?;
    }
    std::fs::rename(tmp, path)
}

/// Fails where nothing stands at `path`, or where the file system cannot.
#[cfg(target_os = "linux")]
fn exchange(tmp: &Path, path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, tmp, CWD, path, RenameFlags::EXCHANGE)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old_of(path: &Path, bytes: &[u8]) -> OldFile {
        std::fs::write(path, bytes).expect("written");
        OldFile::open(path).expect("a file")
    }

    #[test]
    fn pieces_of_an_old_file_and_new_ones_make_a_new_file_and_the_old_one_keeps_its_content() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out");
        let old = old_of(&path, b"0123456789");
        let pieces = [
            Piece::New(b"<"),
            Piece::Old(5..10),
            Piece::New(b""),
            Piece::New(b"--"),
            Piece::New(b"+"),
            Piece::Old(0..2),
            Piece::Old(3..3),
        ];
        write_pieces(&path, &pieces, Some(&old)).expect("written");
        assert_eq!(std::fs::read(&path).expect("there"), b"<56789--+01");
        assert_eq!(old.read(&(0..10)).expect("still open"), b"0123456789");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn more_pieces_than_the_system_takes_at_once_are_written_in_their_order() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("new/out");
        let texts: Vec<String> = (0..5000).map(|at| format!("{at},")).collect();
        let pieces: Vec<Piece<'_>> = texts.iter().map(|text| Piece::New(text.as_bytes())).collect();
        write_pieces(&path, &pieces, None).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), texts.concat());
    }

    #[test]
    fn a_signed_file_has_a_tuple_that_no_write_of_the_same_length_leaves_however_soon() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out");
        for round in 0..200 {
            let written = write_pieces(&path, &[Piece::New(b"content")], None).expect("written");
            assert_eq!(StatTuple::of(&path).expect("there"), written.tuple);
            if !written.is_signed {
                return;
            }
            std::fs::write(&path, b"CONTENT").expect("written at once");
            let now = StatTuple::of(&path).expect("there");
            assert_ne!(now.mtime_ns(), written.tuple.mtime_ns(), "round {round}");
        }
    }

    #[test]
    fn an_old_file_that_is_changed_or_cut_meanwhile_gives_no_output() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (old_path, path) = (dir.path().join("old"), dir.path().join("out"));
        std::fs::write(&path, b"before").expect("written");
        for changed in [&b"012"[..], b"0123456789 and more"] {
            let old = old_of(&old_path, b"0123456789");
            std::fs::write(&old_path, changed).expect("changed");
            let error = write_pieces(&path, &[Piece::Old(2..8)], Some(&old)).expect_err("it moved");
            assert!(matches!(error, PieceError::OldChanged), "{error}");
        }
        assert_eq!(std::fs::read(&path).expect("there"), b"before");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn a_killed_write_leaves_the_old_output_or_the_new_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out");
        for steps in 0.. {
            let old = old_of(&path, b"0123456789");
            let faulty = faults::stop_after(steps, io::ErrorKind::Interrupted);
            let done = write_pieces(&path, &[Piece::Old(0..5), Piece::New(b"new")], Some(&old));
            drop(faulty);
            let found = std::fs::read(&path).expect("there");
            assert_eq!(
                found,
                if done.is_ok() { &b"01234new"[..] } else { b"0123456789" },
                "after {steps} steps"
            );
            if done.is_ok() {
                break;
            }
        }
    }
}
