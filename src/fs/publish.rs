//! New files appear whole or not at all.
//!
//! What is assumed of the disk: a rename inside one file system is atomic for everyone who looks,
//! before and after the death of a process. Nothing is assumed about the order in which a power
//! loss keeps writes, except that what was synced is kept.
//!
//! ```text
//! publish(tmp, target)              killed here leaves          power lost here leaves
//!  1. tmp created and written       a stray tmp, swept later    a stray tmp, of any content
//!  2. [sync] data of tmp synced     the same                    the same
//!  3. renamed to target             the whole target            without sync: nothing, the target, or a
//!                                                               target with holes (so readers check sums)
//!  4. [sync] directory synced       the whole target            the whole target
//! ```
//!
//! Under [`Durability::Rename`] steps 2 and 4 are left out: a kill after the return loses nothing,
//! a power loss may lose or tear the newest files, which their own checksums turn into misses.
//! Under [`Durability::Sync`] the file survives a power loss once the call has returned, and a
//! target that can be seen is whole at every moment, because its data were synced before its name.
//!
//! [`replace`] takes something away (the old content), so what matters is replaced under
//! [`Durability::Sync`]: new data, rename, directory. A crash at any step leaves the old or the new
//! content, never a mix. [`Durability::Rename`] is for files that may be lost, such as recency.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::faults::{self, Act};
use super::read::without_links;

/// What a finished publication survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The death of the process. A power loss may take the last seconds.
    #[default]
    Rename,
    /// A power loss too. Costs two syncs a publication.
    Sync,
}

/// Writes `bytes` to `tmp` and renames it to `target`; both must lie on one file system. `tmp`
/// must not exist, an existing `target` is replaced. After an error `tmp` may be left behind.
pub fn publish(tmp: &Path, target: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    write_new(tmp, bytes, durability)?;
    rename_into(tmp, target, durability)
}

/// Steps 1 and 2: creates `path`, which must not exist, readable by its owner only.
pub fn write_new(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    faults::step(Act::Create(path))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // Two writes, so that the crash tests can stop in the middle of a file.
    let (front, back) = bytes.split_at(bytes.len() / 2);
    for (at, part) in [(0, front), (front.len() as u64, back)] {
        if !part.is_empty() {
            faults::step(Act::Write { path, at_bytes: Some(at), bytes: part })?;
            file.write_all(part)?;
        }
    }
    if durability == Durability::Sync {
        faults::step(Act::SyncFile(path))?;
        file.sync_data()?;
    }
    Ok(())
}

/// Steps 3 and 4: gives a written file its name.
pub fn rename_into(tmp: &Path, target: &Path, durability: Durability) -> io::Result<()> {
    faults::step(Act::Rename { from: tmp, to: target })?;
    std::fs::rename(tmp, target)?;
    if durability == Durability::Sync
        && let Some(parent) = target.parent()
    {
        sync_dir(parent)?;
    }
    Ok(())
}

/// Replaces the content of `target`, or creates it, by way of a hidden file beside it. See the module
/// text for which durability is right.
pub fn replace(target: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let tmp = sibling(target);
    let done = publish(&tmp, target, bytes, durability);
    if done.is_err() {
        // The error that counts is the first one; a stray temporary is harmless.
        let _ = super::remove_file(&tmp);
    }
    done
}

/// Appends to `path` in one write, creating it if needed. Never synced. A link at `path` is an error and is
/// not followed: the file is ours, and where a link leads is somebody else's.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open_or_create(path, OpenOptions::new().append(true))?;
    if bytes.is_empty() {
        return Ok(());
    }
    faults::step(Act::Write { path, at_bytes: None, bytes })?;
    file.write_all(bytes)
}

/// Opens a file of ours, or makes it, readable by its owner only. Links are not followed, not even those
/// that lead nowhere, and nothing is waited for.
pub(super) fn open_or_create(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    /// Another process makes or removes it at the same time; then one of the two ways works soon.
    const ATTEMPTS: u32 = 100;
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let options = without_links(options);
    for _ in 0..ATTEMPTS {
        match options.create_new(false).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        faults::step(Act::Create(path))?;
        match options.create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Makes an existing file empty where it is. A link at `path` is an error.
pub fn empty(path: &Path) -> io::Result<()> {
    without_links(OpenOptions::new().write(true)).open(path)?.set_len(0)
}

/// Overwrites a part of the existing file at `path` in place: only for files of which every content is
/// legal. A link at `path` is an error.
pub fn patch(path: &Path, at_bytes: u64, bytes: &[u8]) -> io::Result<()> {
    let file = without_links(OpenOptions::new().write(true)).open(path)?;
    faults::step(Act::Write { path, at_bytes: Some(at_bytes), bytes })?;
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::write_all_at(&file, bytes, at_bytes)
    }
    #[cfg(not(unix))]
    {
        use std::io::{Seek, SeekFrom};
        let mut file = file;
        file.seek(SeekFrom::Start(at_bytes))?;
        file.write_all(bytes)
    }
}

/// Makes the names in a directory survive a power loss. Does nothing where directories cannot be
/// synced.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    faults::step(Act::SyncDir(path))?;
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes the content of a file survive a power loss.
pub fn sync_file(path: &Path) -> io::Result<()> {
    faults::step(Act::SyncFile(path))?;
    File::open(path)?.sync_data()
}

/// A hidden name beside `target`. Random, because the number of a process means nothing to another
/// container or after a restart, and what a killed one left must not be in the way.
pub(super) fn sibling(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{:016x}.tmp", unique()))
}

/// Whether `name` is one that [`sibling`] gives for `target`.
pub(super) fn is_sibling(target: &Path, name: &str) -> bool {
    let target = target.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix('.')
        .and_then(|rest| rest.strip_prefix(&*target)?.strip_prefix('.')?.strip_suffix(".tmp"))
        .is_some_and(|drawn| drawn.len() == 16 && drawn.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A number that no other process or thread draws, as far as 64 random bits go.
pub fn unique() -> u64 {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u64(DRAWN.fetch_add(1, Ordering::Relaxed));
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_stopped_at_any_step_leaves_the_old_or_the_new_content() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("state");
        let (mut kept_old, mut took_new) = (0, 0);
        for steps in 0..20 {
            std::fs::write(&path, b"old content").expect("written");
            let stopped = faults::stop_after(steps, io::ErrorKind::Other);
            let result = replace(&path, b"the new content", Durability::Sync);
            let failed = result.is_err();
            drop(stopped);
            let found = std::fs::read(&path).expect("is there");
            if found == b"old content" {
                assert!(failed, "old content after success at step {steps}");
                kept_old += 1;
            } else {
                assert_eq!(found, b"the new content", "a mix at step {steps}");
                took_new += 1;
            }
        }
        assert!(kept_old >= 3 && took_new >= 3, "{kept_old} old, {took_new} new");
    }

    #[test]
    fn a_publication_never_shows_a_half_written_target() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for steps in 0..8 {
            let (tmp, target) = (dir.path().join(format!("t{steps}")), dir.path().join(format!("f{steps}")));
            let stopped = faults::stop_after(steps, io::ErrorKind::Other);
            let done = publish(&tmp, &target, b"whole", Durability::Sync);
            drop(stopped);
            match std::fs::read(&target) {
                Ok(found) => assert_eq!(found, b"whole"),
                Err(_) => assert!(done.is_err()),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_published_file_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let target = dir.path().join("f");
        publish(&dir.path().join("t"), &target, b"x", Durability::Rename).expect("published");
        let mode = std::fs::metadata(&target).expect("is there").permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
