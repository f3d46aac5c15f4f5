//! Makes a cache directory, or what is missing of one.

use std::path::Path;

use super::error::StoreError;
use super::layout::{CLEARED, Found, Layout, SIGNS, TAG_NAME};
use crate::digest::ContentDigest;
use crate::fs::{self, Durability};

impl Layout {
    /// Makes what is missing, tag first. Safe to be done by several processes at once. Under
    /// [`Durability::Sync`] the folders' names survive a power loss, also where another process made them:
    /// else what is synced in them would be safe and out of reach.
    pub(super) fn create(&self, found: Found, durability: Durability) -> Result<(), StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| StoreError::io(&path, "create", error)
        };
        let missing_above = self.root().ancestors().take_while(|above| !above.exists()).count();
        fs::create_private(self.root()).map_err(failed(self.root()))?;
        for (name, content) in SIGNS {
            let path = self.root().join(name);
            // Without its tag a directory that is not empty is refused, so the tag is safe before anything
            // else can reach the disk. The others only explain.
            let sign_survives = if name == TAG_NAME { Durability::Sync } else { Durability::Rename };
            // A damaged tag is for `validate --repair`, where somebody looks on.
            if found == Found::Nothing || found == Found::Cache && !path.exists() {
                fs::replace(&path, content.as_bytes(), sign_survives).map_err(failed(&path))?;
            }
        }
        for name in CLEARED {
            let path = self.version_dir().join(name);
            fs::create_private(&path).map_err(failed(&path))?;
        }
        let settled = self.settled();
        fs::create_private(&settled).map_err(failed(&settled))?;
        for path in [self.lock(), self.published_signal()] {
            // A link that leads nowhere is for `validate --repair`, too.
            if !path.exists() && !fs::is_link(&path) {
                fs::append(&path, b"").map_err(failed(&path))?;
            }
        }
        let names = self.names();
        let are_safe = || {
            let noted = fs::read_bounded(&self.safe_names(), 4096).ok();
            names.is_some() && noted == names
        };
        if durability == Durability::Sync && !are_safe() {
            for folder in [self.version_dir(), self.root()] {
                fs::sync_dir(folder).map_err(failed(folder))?;
            }
            for above in self.root().ancestors().skip(1).take(missing_above.max(1)) {
                let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
                match fs::sync_dir(above) {
                    // A folder that may be passed and not read is not ours to make safe.
                    Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
                    synced => synced.map_err(failed(above))?,
                }
            }
            // Without the note the next session syncs once more.
            let noted = names.map(|names| fs::replace(&self.safe_names(), &names, Durability::Rename));
            if let Some(Err(error)) = noted {
                tracing::debug!(%error, "that the folders' names are synced could not be noted");
            }
        }
        Ok(())
    }

    /// Where the cache lies and which folders it has now: what is noted once their names are synced. A folder
    /// that is made anew, or a cache that is moved, makes another. `None` where the system does not tell.
    fn names(&self) -> Option<Vec<u8>> {
        let root = std::path::absolute(self.root()).ok()?;
        let folders = CLEARED.iter().map(|name| self.version_dir().join(name));
        let folders = [root.clone(), self.version_dir().to_owned()].into_iter().chain(folders);
        let identities: Option<Vec<[u64; 4]>> = folders.map(|folder| fs::identity(&folder)).collect();
        let numbers = identities?.into_iter().flatten().flat_map(u64::to_le_bytes);
        let mut seen = root.into_os_string().into_encoded_bytes();
        seen.extend(numbers);
        Some(ContentDigest::of(&seen).as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(dir: &Path) -> Layout {
        Layout::new(&dir.join("cache"))
    }

    #[test]
    fn a_creation_killed_at_any_step_is_finished_by_the_next_one() {
        let mut failed = 0;
        for steps in 0..60 {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let layout = layout(dir.path());
            let stopped = fs::faults::stop_after(steps, std::io::ErrorKind::Other);
            let done = layout.create(Found::Nothing, Durability::Sync);
            let refused = stopped.happened();
            drop(stopped);
            // Only the note of what was synced may be missing in the end.
            assert!(refused || done.is_ok(), "step {steps}");
            failed += u32::from(done.is_err());
            let found = layout.recognise().unwrap_or_else(|error| panic!("step {steps}: {error}"));
            layout.create(found, Durability::Sync).expect("made");
            assert_eq!(layout.recognise().expect("ours"), Found::Cache);
        }
        assert!(failed >= 25, "{failed} steps only");
    }

    #[test]
    fn folders_are_synced_once_and_again_when_one_is_another_or_all_are_moved() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let first = layout(dir.path());
        let syncs = |layout: &Layout| {
            let recording = fs::faults::record(dir.path());
            layout.create(Found::Cache, Durability::Sync).expect("made");
            recording.steps()
        };
        first.create(Found::Nothing, Durability::Sync).expect("made");
        assert_eq!(syncs(&first), 0);
        std::fs::remove_dir(first.objects()).expect("removed");
        assert!(syncs(&first) > 0, "another folder");
        assert_eq!(syncs(&first), 0);
        let second = Layout::new(&dir.path().join("elsewhere"));
        std::fs::rename(first.root(), second.root()).expect("moved");
        assert!(syncs(&second) > 0, "another name");
    }

    #[test]
    fn a_cache_that_many_make_at_once_is_one_cache_for_all_of_them() {
        for _ in 0..60 {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let layout = layout(dir.path());
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| {
                        let found = layout.recognise().expect("free or ours");
                        layout.create(found, Durability::Rename).expect("made");
                    });
                }
            });
            assert_eq!(layout.recognise().expect("ours"), Found::Cache);
        }
    }
}
