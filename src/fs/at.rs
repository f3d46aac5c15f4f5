//! Names relative to an open directory: one look costs one system call and no memory.
//!
//! On Linux a directory is a descriptor, so what is asked goes on in the same directory even where
//! somebody renames it meanwhile, and the system walks no long paths. Elsewhere it is a path
//! (`at_portable`), which answers the same more slowly.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;

#[cfg(target_os = "linux")]
use super::at_linux as system;
#[cfg(not(target_os = "linux"))]
use super::at_portable as system;
use super::faults::{self, Act};
use super::tuple::{FileKind, StatTuple, absent_or};

/// What becomes of a link in the last part of a path. Links before it are always followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// What it leads to counts.
    Follow,
    /// It is a link, and never a file or a directory.
    Refuse,
}

/// One name in a listed directory, links not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: OsString,
    /// What it is.
    pub kind: FileKind,
}

/// An open directory.
///
/// ```
/// use janus_cache::fs::{DirHandle, Links};
///
/// let root = DirHandle::open(std::path::Path::new(env!("CARGO_MANIFEST_DIR")))?;
/// let sources = root.open_dir("src".as_ref(), Links::Refuse)?;
/// assert!(sources.stat("lib.rs".as_ref(), Links::Refuse)?.is_file());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DirHandle(system::Dir);

impl DirHandle {
    /// Opens a directory, links followed. It need not be readable.
    pub fn open(path: &Path) -> io::Result<Self> {
        faults::step(Act::Open)?;
        system::Dir::open(path).map(Self)
    }

    /// Opens a directory by its path from this one; the empty path is this one.
    pub fn open_dir(&self, path: &Path, links: Links) -> io::Result<Self> {
        faults::step(Act::Open)?;
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        self.0.open_dir(path, links).map(Self)
    }

    /// The directory's own tuple.
    pub fn tuple(&self) -> io::Result<StatTuple> {
        self.0.tuple()
    }

    /// The tuple of a path from here; [`StatTuple::ABSENT`] where nothing stands. Allocates nothing for
    /// paths below 256 bytes.
    #[inline]
    pub fn stat(&self, path: &Path, links: Links) -> io::Result<StatTuple> {
        absent_or(self.0.stat(path, links))
    }

    /// Every name in the directory but `.` and `..`, in no order.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        faults::step(Act::List)?;
        self.0.list()
    }

    /// Opens a file to be read, and waits for nobody: whatever stands there is opened, so ask
    /// [`InputFile::tuple`] what it is before reading.
    pub fn open_file(&self, path: &Path, links: Links) -> io::Result<InputFile> {
        faults::step(Act::Open)?;
        self.0.open_file(path, links).map(InputFile)
    }
}

/// A file that was opened to be read.
#[derive(Debug)]
pub struct InputFile(std::fs::File);

impl InputFile {
    /// Opens the file that `path` leads to, links followed; as [`DirHandle::open_file`].
    pub fn open(path: &Path) -> io::Result<Self> {
        faults::step(Act::Open)?;
        super::read::without_waiting(std::fs::File::options().read(true)).open(path).map(Self)
    }

    /// The tuple of the open file, whatever its name leads to by now.
    pub fn tuple(&self) -> io::Result<StatTuple> {
        self.0.metadata().map(|found| StatTuple::from_metadata(&found))
    }
}

impl Read for InputFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        faults::step(Act::Read)?;
        self.0.read(into)
    }
}

/// A path as bytes that [`path_from_bytes`] understands, with `/` between its parts. What is not Unicode
/// comes back unchanged on Unix and is replaced elsewhere.
pub fn bytes_of_path(path: &Path) -> Cow<'_, [u8]> {
    #[cfg(unix)]
    {
        Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
    }
    #[cfg(not(unix))]
    {
        Cow::Owned(path.to_string_lossy().replace('\\', "/").into_bytes())
    }
}

/// The path of some bytes; `None` where no path of this system has them.
#[inline]
pub fn path_from_bytes(bytes: &[u8]) -> Option<&Path> {
    #[cfg(unix)]
    {
        let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
        Some(Path::new(name))
    }
    #[cfg(not(unix))]
    {
        std::str::from_utf8(bytes).ok().map(|text| Path::new(OsStr::new(text)))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::super::at_portable;
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(dir.path().join("a/b")).expect("made");
        std::fs::write(dir.path().join("a/f"), b"12345").expect("written");
        symlink("f", dir.path().join("a/to-file")).expect("linked");
        symlink("b", dir.path().join("a/to-dir")).expect("linked");
        symlink("nowhere", dir.path().join("a/dangling")).expect("linked");
        symlink("loop", dir.path().join("a/loop")).expect("linked");
        dir
    }

    #[test]
    fn the_door_of_linux_and_the_portable_one_say_the_same() {
        let dir = tree();
        let root = DirHandle::open(dir.path()).expect("opened");
        let portable = at_portable::Dir::open(dir.path()).expect("opened");
        assert_eq!(root.tuple().expect("its tuple"), portable.tuple().expect("its tuple"));
        for links in [Links::Follow, Links::Refuse] {
            for name in ["a", "a/f", "a/to-file", "a/to-dir", "a/dangling", "a/loop", "a/no", "a/f/x"] {
                let path = Path::new(name);
                let (ours, theirs) = (root.stat(path, links), absent_or(portable.stat(path, links)));
                assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{name} {links:?}");
                let is_dir = root.open_dir(path, links).is_ok();
                assert_eq!(is_dir, portable.open_dir(path, links).is_ok(), "{name} {links:?}");
                assert_eq!(is_dir, ours.is_ok_and(|tuple| tuple.is_dir()), "{name} {links:?}");
                let opened = root.open_file(path, links).and_then(|file| file.tuple());
                let other = portable.open_file(path, links).and_then(|file| InputFile(file).tuple());
                assert_eq!(opened.ok(), other.ok(), "{name} {links:?}");
            }
        }
        let mut ours = root.open_dir("a".as_ref(), Links::Refuse).and_then(|a| a.list()).expect("listed");
        let mut theirs =
            portable.open_dir("a".as_ref(), Links::Refuse).and_then(|a| a.list()).expect("listed");
        ours.sort_by(|left, right| left.name.cmp(&right.name));
        theirs.sort_by(|left, right| left.name.cmp(&right.name));
        assert_eq!(ours, theirs);
        assert_eq!(ours.len(), 6);
    }

    #[test]
    fn an_open_directory_is_asked_further_after_it_was_renamed() {
        let dir = tree();
        let root = DirHandle::open(dir.path()).expect("opened");
        let folder = root.open_dir("a".as_ref(), Links::Refuse).expect("opened");
        std::fs::rename(dir.path().join("a"), dir.path().join("moved")).expect("renamed");
        let found = folder.stat("f".as_ref(), Links::Refuse).expect("asked");
        assert_eq!(found.is_file(), cfg!(target_os = "linux"));
    }

    #[test]
    fn names_that_are_not_unicode_are_found_and_come_back_from_their_bytes() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let name = b"caf\xE9\xFF.jan";
        let path = path_from_bytes(name).expect("a path");
        std::fs::write(dir.path().join(path), b"x").expect("written");
        let root = DirHandle::open(dir.path()).expect("opened");
        assert!(root.stat(path, Links::Refuse).expect("asked").is_file());
        assert_eq!(root.list().expect("listed")[0].name.as_bytes(), name);
        assert_eq!(&*bytes_of_path(path), name);
    }

    #[test]
    fn opening_a_pipe_waits_for_nobody() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = std::process::Command::new("mkfifo").arg(dir.path().join("p")).status().expect("runs");
        assert!(made.success());
        let root = DirHandle::open(dir.path()).expect("opened");
        let pipe = root.open_file("p".as_ref(), Links::Refuse).expect("opened at once");
        assert_eq!(pipe.tuple().expect("its tuple").kind(), FileKind::Other);
    }
}
