//! Replaces a small file as a whole, by one process at a time.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::Durability;
use super::publish::open_or_create;

/// Gives the file at `path` the content `bytes`, readable and writable by its owner only, and makes missing
/// folders above it, open to their owner only.
///
/// A crash after any step leaves the old or the new content, never a mix:
///  1. a temporary file beside it is written and synced: a stray file that nobody reads
///  2. it is renamed over `path`: from here every reader sees the new content
///  3. the folder is synced: from here the new content survives a power loss
///
/// An error before step 2 leaves the old file; an error in step 3 leaves the new one. A link at `path` is
/// replaced, not followed. Cost: two waits for the disk.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    super::create_private(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
    super::replace(path, bytes, Durability::Sync)
}

/// Waits until no other process or thread holds the turn for `path`, and holds it until the answer is dropped.
///
/// The lock lies in a file of its own beside `path`, which stays: the file at `path` is exchanged, and a lock
/// on it would go with the old one. Only for changes of some milliseconds, since the wait has no limit.
pub(crate) fn lock_beside(path: &Path) -> io::Result<File> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    super::create_private(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
    let mut lock = std::ffi::OsString::from(".");
    lock.push(name);
    lock.push(".lock");
    let file = open_or_create(&path.with_file_name(lock), OpenOptions::new().write(true))?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_new_content_stands_alone_in_a_folder_that_was_missing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a/b/file");
        replace_file(&path, b"first").expect("written");
        replace_file(&path, b"second").expect("replaced");
        assert_eq!(fs::read(&path).expect("there"), b"second");
        let names: Vec<_> = fs::read_dir(dir.path().join("a/b"))
            .expect("a folder")
            .map(|entry| entry.expect("readable").file_name())
            .collect();
        assert_eq!(names, ["file"]);
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_state_and_no_stray_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("taken");
        fs::create_dir(&path).expect("made");
        assert!(replace_file(&path, b"x").is_err());
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_touch_the_file_and_the_new_folders() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("new/file");
        replace_file(&path, b"x").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&dir.path().join("new")), 0o700);
    }
}
