//! A session's folder in `tmp/`: what is not finished lies there, and only there.
//!
//! The folder holds a lock file which its session keeps locked. A folder whose lock can be taken
//! belongs to nobody any more: its session is over, or was killed. The next session empties it and
//! takes it over, and removes what others lie about: on some disks the removal of a folder waits for
//! the disk (`docs/performance.md`), so that one which stays is the better half of a small commit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::StoreError;
use super::layout::Layout;
use super::pack_format::PackId;
use crate::digest::ContentDigest;
use crate::fs::{self, Attempt, Durability, FileLock, Measured};

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
    /// Takes a folder over that nobody has, or makes one. Removes what dead sessions left; a failure of
    /// that is the next session's.
    pub(super) fn start(layout: &Layout) -> Result<Self, StoreError> {
        let free = abandoned_or_kept(layout).unwrap_or_else(|error| {
            tracing::warn!(%error, "the leftovers of killed sessions stay");
            Vec::new()
        });
        let mut kept = None;
        for found in free {
            if kept.is_none() {
                kept = found.take_over();
            } else if let Err(error) = found.remove() {
                tracing::warn!(%error, "the leftovers of a killed session stay");
            }
        }
        kept.map_or_else(|| Self::create(layout), Ok)
    }

    fn create(layout: &Layout) -> Result<Self, StoreError> {
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
        // The folder stays for the next session, which empties it where this fails.
        let _ = empty_folder(&self.folder);
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

/// Removes all but the lock file.
fn empty_folder(folder: &Path) -> std::io::Result<Measured> {
    let mut removed = Measured::default();
    for found in fs::list(folder)?.into_iter().filter(|found| found.name != LOCK_NAME) {
        if found.is_dir {
            removed += fs::remove_tree(&found.path)?;
        } else if fs::remove_file(&found.path)? {
            removed += Measured { files: 1, bytes: found.len_bytes };
        }
    }
    Ok(removed)
}

/// The lock file goes last, so that the folder has an owner until it is empty.
fn remove_folder(folder: &Path) -> std::io::Result<Measured> {
    let mut removed = empty_folder(folder)?;
    removed += fs::remove_tree(folder)?;
    Ok(removed)
}

/// The folders in which dead sessions left something: more than the lock, or no lock.
pub(super) fn abandoned(layout: &Layout) -> Result<Vec<Abandoned>, StoreError> {
    let mut found = abandoned_or_kept(layout)?;
    found.retain(|found| found.lock.is_none() || !found.is_empty());
    Ok(found)
}

/// The folders that no session has now.
fn abandoned_or_kept(layout: &Layout) -> Result<Vec<Abandoned>, StoreError> {
    let tmp = layout.tmp();
    let found = fs::list_if_dir(&tmp).map_err(|error| StoreError::io(&tmp, "list", error))?;
    let folders = found.into_iter().filter(|found| found.is_dir);
    let abandoned = folders.filter_map(|found| {
        let lock_path = found.path.join(LOCK_NAME);
        let lock = match FileLock::try_exclusive_of_existing(&lock_path).ok()? {
            Attempt::Taken(lock) => Some(lock),
            Attempt::Held => return None,
            Attempt::Missing => None,
        };
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
    fn is_empty(&self) -> bool {
        fs::list(&self.folder).is_ok_and(|found| found.iter().all(|found| found.name == LOCK_NAME))
    }

    /// `None` where another sweeper removed it, or where it cannot be emptied.
    fn take_over(self) -> Option<Staging> {
        let lock = self.lock.filter(|lock| lock.still_named(&self.folder.join(LOCK_NAME)))?;
        empty_folder(&self.folder).ok()?;
        Some(Staging { folder: self.folder, serial: AtomicU32::new(0), _lock: lock })
    }

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
        let living = Staging::start(&layout).expect("made");
        living.stage_object(ContentDigest::of(b"x"), b"x", Durability::Rename).expect("written");
        for name in ["dead 1", "dead 2"] {
            let dead = layout.tmp().join(name);
            std::fs::create_dir(&dead).expect("made");
            std::fs::write(dead.join(LOCK_NAME), "").expect("written");
            std::fs::write(dead.join("0.pack"), "1234").expect("written");
        }
        assert_eq!(abandoned(&layout).expect("listed").len(), 2);
        let second = Staging::start(&layout).expect("taken over");
        assert_eq!(second.folder, layout.tmp().join("dead 1"));
        assert!(!second.folder.join("0.pack").exists() && !layout.tmp().join("dead 2").exists());
        assert!(living.folder.join("0.object").exists());
        second.stage_object(ContentDigest::of(b"x"), b"x", Durability::Rename).expect("written");
    }

    #[test]
    fn one_folder_stays_for_the_next_session_and_is_no_leftover() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        let (one, two) = (Staging::start(&layout).expect("made"), Staging::start(&layout).expect("made"));
        one.stage_object(ContentDigest::of(b"x"), b"x", Durability::Rename).expect("written");
        let names = || -> Vec<_> {
            fs::list(&layout.tmp()).expect("listed").into_iter().map(|found| found.path).collect()
        };
        let mut both = vec![one.folder.clone(), two.folder.clone()];
        both.sort();
        assert_eq!(names(), both);
        drop((one, two));
        assert_eq!(abandoned(&layout).expect("listed").len(), 0, "what was staged is gone, locks are none");
        for _ in 0..3 {
            let next = Staging::start(&layout).expect("taken over");
            assert_eq!(names(), std::slice::from_ref(&next.folder));
            assert_eq!(next.folder, both[0]);
        }
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
        for folder in found {
            folder.remove().expect("removed, or left");
        }
        assert!(!empty.exists() && full.join("x").exists(), "its maker came in between");
        drop(maker);
        std::fs::remove_file(full.join(LOCK_NAME)).expect("removed");
        let [dead] = &abandoned(&layout).expect("listed")[..] else { panic!("one is left") };
        assert_eq!(dead.remove().expect("removed"), Measured { files: 2, bytes: 1 });
        assert!(!full.exists());
    }

    #[test]
    fn sessions_that_start_while_others_do_each_have_a_folder_of_their_own() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..150 {
                        let staging = Staging::start(&layout).expect("started");
                        let object = staging.stage_object(ContentDigest::of(b"x"), b"x", Durability::Rename);
                        let object = object.expect("nobody else's name");
                        let sweeping = Staging::start(&layout).expect("another");
                        assert_ne!(staging.folder, sweeping.folder);
                        assert!(object.path.exists(), "swept while it was in use");
                    }
                });
            }
        });
        assert!(fs::list(&layout.tmp()).expect("listed").len() <= 8);
    }
}
