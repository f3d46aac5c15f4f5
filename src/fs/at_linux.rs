//! Directories of Linux: a descriptor that needs no right to read, and `statx` relative to it.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Statx, StatxFlags};

use super::at::{Links, Listed};
use super::tuple::{FileKind, RawTuple, StatTuple, nanoseconds};

/// Only what a tuple holds: a file system over a network has more to ask for the rest.
const WANTED: StatxFlags = StatxFlags::TYPE
    .union(StatxFlags::SIZE)
    .union(StatxFlags::MTIME)
    .union(StatxFlags::CTIME)
    .union(StatxFlags::INO);

#[derive(Debug)]
pub(super) struct Dir(OwnedFd);

impl Dir {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(CWD, path, opening(Links::Follow), Mode::empty())?))
    }

    pub(super) fn open_dir(&self, path: &Path, links: Links) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(&self.0, path, opening(links), Mode::empty())?))
    }

    pub(super) fn tuple(&self) -> io::Result<StatTuple> {
        Ok(tuple_of(&rustix::fs::statx(&self.0, "", AtFlags::EMPTY_PATH, WANTED)?))
    }

    #[inline]
    pub(super) fn stat(&self, path: &Path, links: Links) -> io::Result<StatTuple> {
        let flags = match links {
            Links::Follow => AtFlags::empty(),
            Links::Refuse => AtFlags::SYMLINK_NOFOLLOW,
        };
        Ok(tuple_of(&rustix::fs::statx(&self.0, path, flags, WANTED)?))
    }

    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        // The descriptor itself cannot be read; this opens the same directory once more.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut entries = rustix::fs::Dir::new(rustix::fs::openat(&self.0, ".", flags, Mode::empty())?)?;
        let mut listed = Vec::new();
        while let Some(entry) = entries.read() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say it in the listing.
                FileType::Unknown => {
                    super::tuple::absent_or(self.stat(Path::new(name), Links::Refuse))?.kind()
                }
                known => kind_of(known),
            };
            listed.push(Listed { name: name.to_owned(), kind });
        }
        Ok(listed)
    }

    pub(super) fn open_file(&self, path: &Path, links: Links) -> io::Result<File> {
        let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        if links == Links::Refuse {
            flags |= OFlags::NOFOLLOW;
        }
        Ok(File::from(rustix::fs::openat(&self.0, path, flags, Mode::empty())?))
    }
}

fn opening(links: Links) -> OFlags {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if links == Links::Refuse { flags | OFlags::NOFOLLOW } else { flags }
}

fn kind_of(found: FileType) -> FileKind {
    match found {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Dir,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    }
}

#[inline]
fn tuple_of(found: &Statx) -> StatTuple {
    let time = |at: rustix::fs::StatxTimestamp| nanoseconds(at.tv_sec, i64::from(at.tv_nsec));
    StatTuple::from(RawTuple {
        kind: kind_of(FileType::from_raw_mode(u32::from(found.stx_mode))),
        len_bytes: found.stx_size,
        mtime_ns: time(found.stx_mtime),
        ctime_ns: time(found.stx_ctime),
        inode: found.stx_ino,
        // As `std` gives it, so that both doors agree.
        device: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
    })
}
