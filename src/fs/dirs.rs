//! Private directories: made, listed, measured, removed.

use std::io;
use std::path::{Path, PathBuf};

use super::faults::{self, Act};

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name; what is not UTF-8 is replaced, so such a name never equals one of ours.
    pub name: String,
    /// Directory and name together.
    pub path: PathBuf,
    /// A directory, links not followed.
    pub is_dir: bool,
    /// Bytes of a file, 0 for others.
    pub len_bytes: u64,
    /// Seconds since the Unix epoch of its last change; 0 where unknown.
    pub modified_unix_s: u64,
}

/// How much lies somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Files, directories not counted.
    pub files: u64,
    /// Their lengths together.
    pub bytes: u64,
}

impl std::ops::AddAssign for Measured {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
    }
}

/// Who owns a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user whose it is.
    pub owner_uid: u32,
    /// The user we are.
    pub our_uid: u32,
}

/// Makes a directory and those above it, each open to its owner only. One that exists stays as it is.
pub fn create_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    faults::step(Act::MakeDir(path))?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The owner of what [`look_at`] found where that is not the effective user; `None` where it is, and on
/// systems without owners.
pub fn foreign_owner(found: &std::fs::Metadata) -> Option<Owner> {
    #[cfg(unix)]
    {
        let owner_uid = std::os::unix::fs::MetadataExt::uid(found);
        let our_uid = rustix::process::geteuid().as_raw();
        (owner_uid != our_uid).then_some(Owner { owner_uid, our_uid })
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        None
    }
}

/// Which directory stands at a path: its device, its number there and when it was made. One that is made anew
/// in its place is another; `None` where the system does not tell.
pub fn identity(path: &Path) -> Option<[u64; 4]> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
        let made = found.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some([found.dev(), found.ino(), made.as_secs(), u64::from(made.subsec_nanos())])
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// True when new names may be made in the directory.
pub fn is_writable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::Access;
        rustix::fs::access(path, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(path).is_ok_and(|found| !found.permissions().readonly())
    }
}

/// What a directory holds, sorted by name; nothing where it does not exist. Names that vanish
/// meanwhile are left out.
pub fn list(path: &Path) -> io::Result<Vec<Found>> {
    faults::step(Act::List)?;
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        found.push(Found {
            name: entry.file_name().to_string_lossy().into_owned(),
            path: entry.path(),
            is_dir: metadata.is_dir(),
            len_bytes: if metadata.is_dir() { 0 } else { metadata.len() },
            modified_unix_s: modified_of(&metadata),
        });
    }
    found.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}

/// As [`list`], and nothing where something else than a directory stands.
pub fn list_if_dir(path: &Path) -> io::Result<Vec<Found>> {
    match list(path) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Vec::new()),
        listed => listed,
    }
}

/// The names in a directory that are no directories', sorted; nothing where there is none. What is not UTF-8 is
/// replaced. Unlike [`list`] this looks at no file.
pub fn file_names(path: &Path) -> io::Result<Vec<String>> {
    faults::step(Act::List)?;
    let entries = match std::fs::read_dir(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type().is_ok_and(|kind| !kind.is_dir()) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// When a file was last changed, as [`Found::modified_unix_s`]; `None` when it is not there.
pub fn modified_unix_s(path: &Path) -> Option<u64> {
    std::fs::symlink_metadata(path).ok().map(|metadata| modified_of(&metadata))
}

/// The permission bits of a path, links followed; `None` where the system has none.
pub fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

fn modified_of(metadata: &std::fs::Metadata) -> u64 {
    let modified = metadata.modified().ok();
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

/// What is known of a path, links followed.
pub fn look_at(path: &Path) -> io::Result<std::fs::Metadata> {
    std::fs::metadata(path)
}

/// Whether a path itself is a symbolic link.
pub fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// How much lies below `path`; nothing where it does not exist or is no directory.
pub fn measure(path: &Path) -> io::Result<Measured> {
    let mut measured = Measured::default();
    for found in list_if_dir(path)? {
        measured +=
            if found.is_dir { measure(&found.path)? } else { Measured { files: 1, bytes: found.len_bytes } };
    }
    Ok(measured)
}

/// Unlinks a file. One that is gone already is no error, and answers false.
pub fn remove_file(path: &Path) -> io::Result<bool> {
    faults::step(Act::Unlink(path))?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        done => done.map(|()| true),
    }
}

/// Removes a directory with everything below it, links not followed, and says how much that was.
pub fn remove_tree(path: &Path) -> io::Result<Measured> {
    let removed = empty_tree(path)?;
    faults::step(Act::RemoveDir(path))?;
    match std::fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(removed),
        done => done.map(|()| removed),
    }
}

/// As [`remove_tree`], and leaves the directory itself, empty: who opens it meanwhile finds it.
pub fn empty_tree(path: &Path) -> io::Result<Measured> {
    let mut removed = Measured::default();
    for found in list(path)? {
        if found.is_dir {
            removed += remove_tree(&found.path)?;
        } else if remove_file(&found.path)? {
            removed += Measured { files: 1, bytes: found.len_bytes };
        }
    }
    Ok(removed)
}

/// Removes a directory if nothing is in it; one that is gone, or not empty, is no error.
pub fn remove_empty_dir(path: &Path) -> io::Result<()> {
    faults::step(Act::RemoveDir(path))?;
    match std::fs::remove_dir(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
            Ok(())
        }
        done => done,
    }
}

/// Gives a file another name on the same file system.
pub fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    faults::step(Act::Rename { from, to })?;
    std::fs::rename(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_a_tree_says_what_measuring_it_said() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path().join("r");
        create_private(&root.join("a/b")).expect("made");
        std::fs::write(root.join("x"), b"123").expect("written");
        std::fs::write(root.join("a/b/y"), b"12345").expect("written");
        let measured = measure(&root).expect("measured");
        assert_eq!(measured, Measured { files: 2, bytes: 8 });
        assert_eq!(remove_tree(&root).expect("removed"), measured);
        assert!(!root.exists());
    }

    #[cfg(unix)]
    #[test]
    fn removing_a_tree_does_not_follow_links() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let outside = dir.path().join("outside");
        std::fs::create_dir(&outside).expect("made");
        std::fs::write(outside.join("kept"), b"x").expect("written");
        let root = dir.path().join("r");
        std::fs::create_dir(&root).expect("made");
        std::os::unix::fs::symlink(&outside, root.join("link")).expect("linked");
        remove_tree(&root).expect("removed");
        assert!(outside.join("kept").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_private_directory_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a/b");
        create_private(&path).expect("made");
        assert_eq!(std::fs::metadata(&path).expect("made").permissions().mode() & 0o777, 0o700);
        assert_eq!(foreign_owner(&look_at(&path).expect("is there")), None);
    }

    #[test]
    fn a_directory_that_is_missing_is_empty() {
        assert_eq!(list(Path::new("/nonexistent/at/all")).expect("no error"), []);
    }

    #[test]
    fn a_file_is_not_listed_and_where_that_is_said_counts_as_empty() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, b"x").expect("written");
        assert_eq!(list(&path).expect_err("a file").kind(), io::ErrorKind::NotADirectory);
        assert_eq!(list_if_dir(&path).expect("no error"), []);
    }
}
