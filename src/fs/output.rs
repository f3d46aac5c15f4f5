//! Outputs: files that a build hands to its user.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::faults::{self, Act};
use super::publish::{is_sibling, sibling};
use super::read::read_bounded;

/// Gives the file at `path` the content `bytes` if it has another one, and tells whether it did.
///
/// A process that has the old file open or mapped keeps the old content. Missing folders are made,
/// and the file gets the permissions that the user's mask leaves. Not synced: an output can be made
/// again, and a torn one differs from what the next build expects.
///
/// Anything else than a regular file is refused: to replace `/dev/null` would harm the whole machine,
/// and a link may lead where its maker, not the user, wants the bytes.
pub fn write_output(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    place(path, bytes, None)
}

/// As [`write_output`], for bytes that are the whole content of the file at `from`, too: where the file system
/// can, both share their blocks and nothing is copied; elsewhere the bytes are streamed by the system.
pub fn clone_output(path: &Path, bytes: &[u8], from: &Path) -> io::Result<bool> {
    place(path, bytes, Some(from))
}

fn place(path: &Path, bytes: &[u8], from: Option<&Path>) -> io::Result<bool> {
    refuse_others(path)?;
    if read_bounded(path, bytes.len() as u64).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    make_room(path)?;
    let tmp = sibling(path);
    let written = write_beside(&tmp, path, bytes, from);
    if written.is_err() {
        let _ = super::remove_file(&tmp);
    } else {
        remove_stray(path);
    }
    written.map(|()| true)
}

/// Refuses what is no regular file.
pub(super) fn refuse_others(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => {
            let what = if found.is_symlink() { "a link" } else { "a device, a pipe or a socket" };
            let said = format!("{what} is there, not a regular file; it was left alone");
            Err(io::Error::new(io::ErrorKind::InvalidInput, said))
        }
        // What is in the way of a look is in the way of the writing, which says so best.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Makes missing folders above an output.
pub(super) fn make_room(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::create_dir_all(parent),
        None => Ok(()),
    }
}

/// How much older than a finished output a temporary file of it has to be to count as left by a
/// process that was killed. Writing one takes milliseconds.
const STRAY_AFTER_S: u64 = 3600;

/// Removes what killed processes left beside `path`. Ages are differences between times that the same
/// file system gave, so no clock is asked. Failing changes nothing: the output is there.
///
/// Only names are read, not what each file is: outputs may lie among thousands of others.
pub(super) fn remove_stray(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(names) = super::file_names(parent) else { return };
    for name in names.iter().filter(|name| is_sibling(path, name)) {
        let stray = parent.join(name);
        let ages = super::modified_unix_s(&stray).zip(super::modified_unix_s(path));
        if ages.is_some_and(|(modified_s, now_s)| modified_s.saturating_add(STRAY_AFTER_S) < now_s) {
            let _ = super::remove_file(&stray);
        }
    }
}

fn write_beside(tmp: &Path, path: &Path, bytes: &[u8], from: Option<&Path>) -> io::Result<()> {
    faults::step(Act::Create(tmp))?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(tmp)?;
    faults::step(Act::Write { path: tmp, at_bytes: Some(0), bytes })?;
    // A source that is gone or was cut short meanwhile gives fewer bytes: then those that were proved count.
    let cloned = from.and_then(|from| io::copy(&mut File::open(from).ok()?, &mut file).ok());
    if cloned != Some(bytes.len() as u64) {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(bytes)?;
    }
    faults::step(Act::Rename { from: tmp, to: path })?;
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
    fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_stays() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out");
        let (old, new) = (sibling(&path), sibling(&path));
        let other = dir.path().join(".out.not-ours.tmp");
        for file in [&old, &new, &other] {
            std::fs::write(file, "half").expect("written");
        }
        for file in [&old, &other] {
            let file = File::options().write(true).open(file).expect("there");
            file.set_modified(std::time::UNIX_EPOCH).expect("ours");
        }
        write_output(&path, b"content").expect("writable");
        assert_eq!((old.exists(), new.exists(), other.exists()), (false, true, true));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_socket_in_the_way_is_refused_and_stays() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (kept, link) = (dir.path().join("kept"), dir.path().join("link"));
        std::fs::write(&kept, "kept").expect("written");
        std::os::unix::fs::symlink(&kept, &link).expect("linked");
        let socket = dir.path().join("socket");
        let _held = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
        for path in [&link, &socket] {
            let before = std::fs::symlink_metadata(path).expect("there").file_type();
            let error = write_output(path, b"content").expect_err("not a regular file");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
            assert_eq!(std::fs::symlink_metadata(path).expect("still there").file_type(), before);
        }
        assert_eq!(std::fs::read(&kept).expect("there"), b"kept");
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_and_leaves_no_stray_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("out")).expect("writable");
        write_output(&dir.path().join("out"), b"content").expect_err("a folder is in the way");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
