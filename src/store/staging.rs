//! A session's folder in `tmp/`: what is not finished lies there, and only there.
//!
//! The folder holds a lock file which its session keeps locked. A folder whose lock can be taken
//! belongs to nobody any more: the process died, or was killed, and the next session removes it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::StoreError;
use super::layout::Layout;
use super::pack_format::PackId;
use crate::digest::ContentDigest;
use crate::fs::{self, Durability, FileLock, Measured};

const LOCK_NAME: &str = "lock";
/// A folder without a lock file is one that is being made, or whose maker died in that moment.
const UNLOCKED_GRACE_S: u64 = 3600;

/// A locked folder.
pub(super) struct Staging {
    folder: PathBuf,
    serial: AtomicU32,
    _lock: FileLock,
}

/// An object that waits for its pack.
pub(super) struct StagedObject {
    path: PathBuf,
    digest: ContentDigest,
}

impl Staging {
    pub(super) fn create(layout: &Layout) -> Result<Self, StoreError> {
        loop {
            let folder = layout.tmp().join(format!("{:016x}", fs::unique()));
            fs::create_private(&folder).map_err(|error| StoreError::io(&folder, "create", error))?;
            let lock_path = folder.join(LOCK_NAME);
            // A sweeper may come between the folder and its lock; then another folder is made.
            let lock = match FileLock::try_exclusive(&lock_path) {
                Ok(Some(lock)) if lock.still_named(&lock_path) => lock,
                Err(error) if folder.exists() => return Err(error.into()),
                _ => continue,
            };
            return Ok(Self { folder, serial: AtomicU32::new(0), _lock: lock });
        }
    }

    fn fresh(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", self.serial.fetch_add(1, Ordering::Relaxed)))
    }

    /// Writes a pack here and gives it its name.
    pub(super) fn publish_pack(
        &self,
        layout: &Layout,
        id: PackId,
        bytes: &[u8],
        durability: Durability,
    ) -> Result<(), StoreError> {
        let (tmp, target) = (self.fresh("pack"), layout.pack(id));
        fs::publish(&tmp, &target, bytes, durability).map_err(|error| {
            let _ = fs::remove_file(&tmp);
            StoreError::io(&target, "write", error)
        })
    }

    /// Writes an object here.
    pub(super) fn stage_object(
        &self,
        digest: ContentDigest,
        stored: &[u8],
        durability: Durability,
    ) -> Result<StagedObject, StoreError> {
        let path = self.fresh("object");
        fs::write_new(&path, stored, durability).map_err(|error| {
            let _ = fs::remove_file(&path);
            StoreError::io(&path, "write", error)
        })?;
        Ok(StagedObject { path, digest })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What is left behind is swept by the next session.
        let _ = remove_folder(&self.folder);
    }
}

impl StagedObject {
    /// Gives the object its name, for which its pack must have its own already: an object that no
    /// pack names may be swept.
    pub(super) fn publish(&self, layout: &Layout, durability: Durability) -> Result<(), StoreError> {
        let target = layout.object(&self.digest);
        let folder = target.parent().unwrap_or(&target);
        fs::create_private(folder).map_err(|error| StoreError::io(folder, "create", error))?;
        fs::rename_into(&self.path, &target, durability)
            .map_err(|error| StoreError::io(&target, "write", error))
    }

    /// Forgets an object that is not needed.
    pub(super) fn discard(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The lock file goes last, so that the folder has an owner until it is empty.
fn remove_folder(folder: &Path) -> std::io::Result<Measured> {
    let mut removed = Measured::default();
    for found in fs::list(folder)?.into_iter().filter(|found| found.name != LOCK_NAME) {
        if found.is_dir {
            removed += fs::remove_tree(&found.path)?;
        } else if fs::remove_file(&found.path)? {
            removed += Measured { files: 1, bytes: found.len_bytes };
        }
    }
    removed += fs::remove_tree(folder)?;
    Ok(removed)
}

/// The folders of dead sessions, and loose files that no session makes.
pub(super) fn abandoned(layout: &Layout, now_unix_s: u64) -> Result<Vec<Abandoned>, StoreError> {
    let tmp = layout.tmp();
    let found = fs::list(&tmp).map_err(|error| StoreError::io(&tmp, "list", error))?;
    let folders = found.into_iter().filter(|found| found.is_dir);
    let abandoned = folders.filter_map(|found| {
        let lock_path = found.path.join(LOCK_NAME);
        if !lock_path.exists() {
            let old = found.modified_unix_s.saturating_add(UNLOCKED_GRACE_S) < now_unix_s;
            return old.then_some(Abandoned { folder: found.path, _lock: None });
        }
        let lock = FileLock::try_exclusive(&lock_path).ok()??;
        Some(Abandoned { folder: found.path, _lock: Some(lock) })
    });
    Ok(abandoned.collect())
}

/// A folder of a dead session; nobody else sweeps it while this lives.
pub(super) struct Abandoned {
    pub(super) folder: PathBuf,
    _lock: Option<FileLock>,
}

impl Abandoned {
    pub(super) fn remove(&self) -> Result<Measured, StoreError> {
        remove_folder(&self.folder).map_err(|error| StoreError::io(&self.folder, "remove", error))
    }
}

/// Removes what dead sessions left.
pub(super) fn sweep(layout: &Layout, now_unix_s: u64) -> Result<Measured, StoreError> {
    let mut removed = Measured::default();
    for folder in abandoned(layout, now_unix_s)? {
        removed += folder.remove()?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(dir: &Path) -> Layout {
        let layout = Layout::new(dir);
        std::fs::create_dir_all(layout.tmp()).expect("made");
        layout
    }

    #[test]
    fn a_sweeper_takes_what_the_dead_left_and_nothing_of_the_living() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        let living = Staging::create(&layout).expect("made");
        living.stage_object(ContentDigest::of(b"x"), b"x", Durability::Rename).expect("written");
        let dead = layout.tmp().join("dead");
        std::fs::create_dir(&dead).expect("made");
        std::fs::write(dead.join(LOCK_NAME), "").expect("written");
        std::fs::write(dead.join("0.pack"), "1234").expect("written");
        let removed = sweep(&layout, Clock::System.unix_s()).expect("swept");
        assert_eq!(removed, Measured { files: 2, bytes: 4 });
        assert!(!dead.exists() && living.folder.join("0.object").exists());
        drop(living);
        assert_eq!(fs::list(&layout.tmp()).expect("listed"), []);
    }

    #[test]
    fn a_folder_that_is_just_being_made_is_left_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        let young = layout.tmp().join("young");
        std::fs::create_dir(&young).expect("made");
        let now = Clock::System.unix_s();
        sweep(&layout, now).expect("swept");
        assert!(young.exists());
        sweep(&layout, now + 2 * UNLOCKED_GRACE_S).expect("swept");
        assert!(!young.exists());
    }

    use crate::clock::Clock;
}
