//! Directories of any system: a path. Compiled on Linux for tests, which compare the two doors.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::at::{Links, Listed};
use super::tuple::{FileKind, StatTuple};

#[derive(Debug)]
pub(super) struct Dir(PathBuf);

impl Dir {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        must_be_dir(&std::fs::metadata(path)?)?;
        Ok(Self(path.to_owned()))
    }

    pub(super) fn open_dir(&self, path: &Path, links: Links) -> io::Result<Self> {
        let path = self.0.join(path);
        must_be_dir(&look(&path, links)?)?;
        Ok(Self(path))
    }

    pub(super) fn tuple(&self) -> io::Result<StatTuple> {
        std::fs::metadata(&self.0).map(|found| StatTuple::from_metadata(&found))
    }

    pub(super) fn stat(&self, path: &Path, links: Links) -> io::Result<StatTuple> {
        look(&self.0.join(path), links).map(|found| StatTuple::from_metadata(&found))
    }

    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                kind if kind.is_file() => FileKind::File,
                kind if kind.is_dir() => FileKind::Dir,
                kind if kind.is_symlink() => FileKind::Link,
                _ => FileKind::Other,
            };
            listed.push(Listed { name: entry.file_name(), kind });
        }
        Ok(listed)
    }

    pub(super) fn open_file(&self, path: &Path, links: Links) -> io::Result<File> {
        let mut options = File::options();
        options.read(true);
        let options = match links {
            Links::Follow => super::read::without_waiting(&mut options),
            Links::Refuse => super::read::without_links(&mut options),
        };
        options.open(self.0.join(path))
    }
}

fn look(path: &Path, links: Links) -> io::Result<Metadata> {
    match links {
        Links::Follow => std::fs::metadata(path),
        Links::Refuse => std::fs::symlink_metadata(path),
    }
}

fn must_be_dir(found: &Metadata) -> io::Result<()> {
    if found.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}
