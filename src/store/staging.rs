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
        if durability == Durability::Sync {
            // The folder's own name has to survive, too, whoever made it and when.
            let above = layout.objects();
            fs::sync_dir(&above).map_err(|error| StoreError::io(&above, "sync", error))?;
        }
        if durability == Durability::Rename && target.exists() {
            // The object that it replaces may have been promised to survive.
            fs::sync_file(&self.path).map_err(|error| StoreError::io(&target, "sync", error))?;
        }
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

/// The folders of dead sessions.
pub(super) fn abandoned(layout: &Layout) -> Result<Vec<Abandoned>, StoreError> {
    let tmp = layout.tmp();
    let found = fs::list_if_dir(&tmp).map_err(|error| StoreError::io(&tmp, "list", error))?;
    let folders = found.into_iter().filter(|found| found.is_dir);
    let abandoned = folders.filter_map(|found| {
        let lock_path = found.path.join(LOCK_NAME);
        let mut lock = None;
        if lock_path.exists() {
            lock = Some(FileLock::try_exclusive(&lock_path).ok()??);
        }
        Some(Abandoned { folder: found.path, lock })
    });
    Ok(abandoned.collect())
}

/// A folder of a dead session; nobody else sweeps it while this lives.
pub(super) struct Abandoned {
    pub(super) folder: PathBuf,
    lock: Option<FileLock>,
}

impl Abandoned {
    /// Without a lock, its maker or its remover died between two steps, or it is being made right now:
    /// then it goes while it is empty, and a living maker finds it gone and makes another. Where it is not
    /// empty, a power loss took the lock's name and left others; whoever can make the lock anew owns it.
    pub(super) fn remove(&self) -> Result<Measured, StoreError> {
        let failed = |error| StoreError::io(&self.folder, "remove", error);
        if self.lock.is_none() {
            fs::remove_empty_dir(&self.folder).map_err(failed)?;
        }
        let _lock = match &self.lock {
            None if !self.folder.is_dir() => return Ok(Measured::default()),
            None => match FileLock::try_exclusive(&self.folder.join(LOCK_NAME)) {
                Ok(Some(lock)) => Some(lock),
                // Its maker has it now, or somebody else removes it.
                Ok(None) | Err(_) => return Ok(Measured::default()),
            },
            Some(_) => None,
        };
        remove_folder(&self.folder).map_err(failed)
    }
}

/// Removes what dead sessions left.
pub(super) fn sweep(layout: &Layout) -> Result<Measured, StoreError> {
    let mut removed = Measured::default();
    for folder in abandoned(layout)? {
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
        let removed = sweep(&layout).expect("swept");
        assert_eq!(removed, Measured { files: 2, bytes: 4 });
        assert!(!dead.exists() && living.folder.join("0.object").exists());
        drop(living);
        assert_eq!(fs::list(&layout.tmp()).expect("listed"), []);
    }

    #[test]
    fn a_folder_without_a_lock_goes_empty_or_full_unless_its_lock_is_taken() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        let (empty, full) = (layout.tmp().join("empty"), layout.tmp().join("full"));
        std::fs::create_dir(&empty).expect("made");
        std::fs::create_dir(&full).expect("made");
        std::fs::write(full.join("x"), "x").expect("written");
        let found = abandoned(&layout).expect("listed");
        let maker = FileLock::try_exclusive(&full.join(LOCK_NAME)).expect("made").expect("free");
        for folder in &found {
            folder.remove().expect("removed, or left");
        }
        assert!(!empty.exists() && full.join("x").exists(), "its maker came in between");
        drop(maker);
        std::fs::remove_file(full.join(LOCK_NAME)).expect("removed");
        assert_eq!(sweep(&layout).expect("swept"), Measured { files: 2, bytes: 1 });
        assert!(!full.exists());
    }

    #[test]
    fn sessions_that_start_while_others_sweep_keep_their_folders() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let sweeper = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    sweep(&layout).expect("swept");
                }
            });
            for _ in 0..300 {
                let staging = Staging::create(&layout).expect("made");
                staging.stage_object(ContentDigest::of(b"x"), b"x", Durability::Rename).expect("still there");
            }
            done.store(true, Ordering::Relaxed);
            sweeper.join().expect("swept to the end");
        });
    }
}
