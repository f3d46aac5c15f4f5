//! Outputs: files that a build hands to its user.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::faults;
use super::publish::sibling;
use super::read::read_bounded;

/// Gives the file at `path` the content `bytes` if it has another one, and tells whether it did.
///
/// A process that has the old file open or mapped keeps the old content. Missing folders are made,
/// and the file gets the permissions that the user's mask leaves. Not synced: an output can be made
/// again, and a torn one differs from what the next build expects.
pub fn write_output(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    // Whatever else is there, or in the way, replacing it says so best.
    if read_bounded(path, bytes.len() as u64).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    let tmp = sibling(path);
    let written = write_beside(&tmp, path, bytes);
    if written.is_err() {
        let _ = super::remove_file(&tmp);
    }
    written.map(|()| true)
}

fn write_beside(tmp: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    faults::step()?;
    OpenOptions::new().write(true).create_new(true).open(tmp)?.write_all(bytes)?;
    faults::step()?;
    std::fs::rename(tmp, path)
}

/// Lets an output be executed by whoever may read it, or by nobody. Does nothing where the system
/// has no such mark.
pub fn set_executable(path: &Path, executable: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let old = std::fs::metadata(path)?.permissions();
        let readable = old.mode() & 0o444;
        let mode = if executable { old.mode() | readable >> 2 } else { old.mode() & !0o111 };
        if mode != old.mode() {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
    }
    #[cfg(not(unix))]
    let _ = (path, executable);
    Ok(())
}

/// The one absolute path of an existing file or folder, without links.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_written_once_and_restored_when_it_was_edited_or_deleted() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("build/out");
        let write = || write_output(&path, b"content").expect("writable");
        assert!(write());
        assert!(!write());
        for edited in [&b"contenT"[..], b"content and more", b""] {
            std::fs::write(&path, edited).expect("editable");
            assert!(write());
            assert_eq!(std::fs::read(&path).expect("there"), b"content");
        }
        std::fs::remove_file(&path).expect("there");
        assert!(write());
        assert_eq!(std::fs::read_dir(dir.path().join("build")).expect("a folder").count(), 1);
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_and_leaves_no_stray_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("out")).expect("writable");
        write_output(&dir.path().join("out"), b"content").expect_err("a folder is in the way");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
