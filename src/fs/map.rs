//! Immutable files as bytes: mapped, or read piece by piece behind the same type.
//!
//! The one place of the crate with `unsafe`. Only files that are never written again after they got
//! their name may be opened here: packs and loose objects.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::faults::{self, Act};

/// How the bytes of a file are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileAccess {
    /// Mapped into memory: no copy. An I/O error while it is read kills the process, so this is
    /// not for remote file systems.
    #[default]
    Map,
    /// Read at a position into memory that belongs to the caller. Every failure is an error value.
    Read,
}

/// The bytes of one immutable file.
#[derive(Debug)]
pub struct FileBytes(Source);

#[derive(Debug)]
enum Source {
    Mapped(memmap2::Mmap),
    Positional { file: File, len_bytes: u64 },
}

impl FileBytes {
    /// Opens a file that nobody writes to any more. Cost: two to four system calls, nothing that
    /// grows with the file.
    pub fn open(path: &Path, access: FileAccess) -> io::Result<Self> {
        let (file, metadata) = super::read::open(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let len_bytes = metadata.len();
        // An empty map is an error on some systems; reading nothing is one nowhere.
        if access == FileAccess::Read || len_bytes == 0 {
            return Ok(Self(Source::Positional { file, len_bytes }));
        }
        faults::step(Act::Map)?;
        Ok(Self(Source::Mapped(map(&file, len_bytes)?)))
    }

    /// How long the file was when it was opened.
    pub fn len_bytes(&self) -> u64 {
        match &self.0 {
            Source::Mapped(map) => map.len() as u64,
            Source::Positional { len_bytes, .. } => *len_bytes,
        }
    }

    /// All bytes, where they are mapped.
    #[inline]
    pub fn mapped(&self) -> Option<&[u8]> {
        match &self.0 {
            Source::Mapped(map) => Some(map),
            Source::Positional { .. } => None,
        }
    }

    /// `len_bytes` bytes from `at_bytes` on: borrowed where they are mapped, else read. A range that
    /// leaves the file is an `UnexpectedEof`, and reserves no memory.
    pub fn get(&self, at_bytes: u64, len_bytes: u64) -> io::Result<Cow<'_, [u8]>> {
        let end = at_bytes.checked_add(len_bytes).filter(|end| *end <= self.len_bytes());
        let Some(end) = end else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        match &self.0 {
            Source::Mapped(map) => {
                let piece = map.get(at_bytes as usize..end as usize);
                piece.map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            Source::Positional { file, .. } => {
                faults::step(Act::Read)?;
                let mut piece = vec![0; len_bytes as usize];
                read_at(file, at_bytes, &mut piece)?;
                Ok(Cow::Owned(piece))
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, at_bytes: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at_bytes)
}

#[cfg(windows)]
fn read_at(file: &File, mut at_bytes: u64, mut into: &mut [u8]) -> io::Result<()> {
    while !into.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, into, at_bytes)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        at_bytes += read as u64;
        into = into.get_mut(read..).unwrap_or_default();
    }
    Ok(())
}

#[expect(unsafe_code, reason = "the one place that maps files")]
fn map(file: &File, len_bytes: u64) -> io::Result<memmap2::Mmap> {
    let len = usize::try_from(len_bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    // SAFETY: the bytes behind the returned slice must neither change nor go away while it lives.
    // - They do not change: this room gives names only to finished files (`publish`), `patch` is
    //   used only on recency files, which are never mapped, and nothing opens a pack or an object
    //   for writing after its rename.
    // - They do not go away: eviction, clearing and repair unlink or rename, never truncate, and an
    //   unlinked file keeps its pages until the last mapping ends.
    // What another program does to the files of a private directory (mode 0700, our owner) is
    // outside this contract and documented as such; every value read from the map is checked before
    // it is used as an offset or a length, so changed bytes can give a wrong answer but no wild read.
    unsafe { memmap2::MmapOptions::new().len(len).map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same_bytes_and_refuse_the_same_ranges() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, b"0123456789").expect("written");
        for access in [FileAccess::Map, FileAccess::Read] {
            let bytes = FileBytes::open(&path, access).expect("opened");
            assert_eq!(bytes.len_bytes(), 10);
            assert_eq!(bytes.get(3, 4).expect("inside").as_ref(), b"3456");
            assert_eq!(bytes.get(10, 0).expect("the end is inside").as_ref(), b"");
            for (at, len) in [(3, 8), (11, 0), (u64::MAX, 2)] {
                let error = bytes.get(at, len).expect_err("outside");
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            }
        }
    }

    #[test]
    fn a_mapped_file_can_be_read_after_it_was_unlinked() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, [7; 5000]).expect("written");
        let bytes = FileBytes::open(&path, FileAccess::Map).expect("opened");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(bytes.mapped().expect("mapped"), [7; 5000]);
    }

    #[test]
    fn an_empty_file_opens_and_a_folder_does_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, b"").expect("written");
        assert_eq!(FileBytes::open(&path, FileAccess::Map).expect("opened").len_bytes(), 0);
        assert!(FileBytes::open(dir.path(), FileAccess::Map).is_err());
    }
}
