//! Where things lie in a cache directory, and whether a directory is one.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::pack_format::PackId;
use crate::digest::ContentDigest;
use crate::fs::{self, Durability};

pub(super) const TAG_NAME: &str = "CACHEDIR.TAG";
/// Directory and version together: another version lives beside it.
const VERSION_DIRECTORY: &str = "v1";

/// The files that say what the directory is, and their whole content.
pub(super) const SIGNS: [(&str, &str); 3] = [
    (
        TAG_NAME,
        "Signature: 8a477f597d28d172789f06886806bc55\n\
         # This directory is a Janus Cache. Backup programs may skip it.\n\
         # About such tags: https://bford.info/cachedir/\n",
    ),
    (".gitignore", "*\n"),
    (
        "README",
        "This is a Janus Cache: answers that a build computed once and need not compute again.\n\
         It can be removed at any time; the next build is slower and fills it again.\n\
         `janus cache stats` tells what is in it, `janus cache validate` whether it is sound.\n",
    ),
];

/// The directories below the version's one, in the order in which `clear` empties them: a removal
/// record never goes before the pack it speaks about.
pub(super) const CLEARED: [&str; 9] =
    ["packs", "dead", "objects", "recency", "history", "state", "artifacts", "tmp", "quarantine"];

/// The paths of one cache directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    version: PathBuf,
}

/// What was found at the path of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, or an empty directory.
    Nothing,
    /// A cache with its tag.
    Cache,
    /// A cache by its inside, whose tag is damaged or missing.
    Untagged,
}

impl Layout {
    /// The paths below `root`. Touches nothing.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), version: root.join(VERSION_DIRECTORY) }
    }

    /// The cache directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of this format version.
    pub fn version_dir(&self) -> &Path {
        &self.version
    }

    /// Its time is that of the last collection that ran by itself.
    pub(super) fn collected_mark(&self) -> PathBuf {
        self.state_dir().join("collected")
    }

    /// Where each project's state file lies.
    pub fn state_dir(&self) -> PathBuf {
        self.version.join("state")
    }

    /// Where package outputs lie.
    pub fn artifacts_dir(&self) -> PathBuf {
        self.version.join("artifacts")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.version.join("lock")
    }

    pub(super) fn packs(&self) -> PathBuf {
        self.version.join("packs")
    }

    pub(super) fn pack(&self, id: PackId) -> PathBuf {
        self.packs().join(format!("{id}.pack"))
    }

    pub(super) fn dead(&self) -> PathBuf {
        self.version.join("dead")
    }

    pub(super) fn dead_file(&self, id: PackId) -> PathBuf {
        self.dead().join(format!("{id}.dead"))
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.version.join("objects")
    }

    pub(super) fn object(&self, digest: &ContentDigest) -> PathBuf {
        let name = digest.to_string();
        let (folder, _) = name.split_at_checked(2).unwrap_or_default();
        self.objects().join(folder).join(&name)
    }

    pub(super) fn recency(&self) -> PathBuf {
        self.version.join("recency")
    }

    pub(super) fn recency_of(&self, id: PackId) -> PathBuf {
        self.recency().join(id.to_string())
    }

    pub(super) fn history_dir(&self) -> PathBuf {
        self.version.join("history")
    }

    /// What past sessions did.
    pub(super) fn history(&self) -> PathBuf {
        self.history_dir().join("sessions")
    }

    /// What those before them did.
    pub(super) fn history_before(&self) -> PathBuf {
        self.history_dir().join("sessions.before")
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.version.join("tmp")
    }

    pub(super) fn quarantine(&self) -> PathBuf {
        self.version.join("quarantine")
    }

    /// Its length counts publications.
    pub(super) fn published_signal(&self) -> PathBuf {
        self.state_dir().join("published")
    }

    /// Lock files of answers that somebody builds.
    pub(super) fn claims(&self) -> PathBuf {
        self.state_dir().join("claims")
    }

    /// Tells which folders' names are known to survive a power loss.
    fn safe_names(&self) -> PathBuf {
        self.state_dir().join("names")
    }

    /// Held by the one process that evicts or repairs.
    pub(super) fn maintenance_lock(&self) -> PathBuf {
        self.state_dir().join("maintenance.lock")
    }

    /// Empty files named like packs that were verified and synced after a restart of the machine.
    pub(super) fn settled(&self) -> PathBuf {
        self.state_dir().join("settled")
    }

    pub(super) fn settled_mark(&self, id: PackId) -> PathBuf {
        self.settled().join(id.to_string())
    }

    /// Says what is at the path, or why it must be left alone. Changes nothing.
    pub(super) fn recognise(&self) -> Result<Found, StoreError> {
        let root = &self.root;
        let not_a_cache = |why| StoreError::NotACache { path: root.clone(), why };
        let looked_at = match fs::look_at(root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(StoreError::io(root, "look at", error)),
            Ok(found) if !found.is_dir() => return Err(not_a_cache("it is a file")),
            Ok(found) => found,
        };
        if let Some(owner) = fs::foreign_owner(&looked_at) {
            return Err(StoreError::ForeignOwner { path: root.clone(), owner });
        }
        let (_, whole_tag) = SIGNS[0];
        let read_tag = || fs::read_bounded(&root.join(TAG_NAME), 4096).ok();
        let is_tagged = || read_tag().as_deref() == Some(whole_tag.as_bytes());
        if is_tagged() {
            return Ok(Found::Cache);
        }
        if self.packs().is_dir() && self.lock().is_file() && !is_tagged() {
            return Ok(Found::Untagged);
        }
        let names = fs::list_if_dir(root).map_err(|error| StoreError::io(root, "list", error))?;
        // The tag is the first file of a new cache: a process killed while it wrote the tag leaves
        // nothing but a part of it, and one that makes the cache right now has written the tag before
        // anything else that was listed.
        let begun = read_tag().is_some_and(|tag| whole_tag.as_bytes().starts_with(&tag));
        let ours = |name: &str| name == TAG_NAME && begun || is_unfinished_tag(name);
        if names.iter().all(|found| ours(&found.name)) {
            return Ok(Found::Nothing);
        }
        if is_tagged() {
            return Ok(Found::Cache);
        }
        Err(not_a_cache("it is not empty and has no tag of ours"))
    }

    /// Whether every folder that is there takes new files; those that are not, [`Layout::create`] makes.
    pub(super) fn is_writable(&self) -> bool {
        let above = [self.root.clone(), self.version.clone()];
        let mut folders = above.into_iter().chain(CLEARED.iter().map(|name| self.version.join(name)));
        let is_missing = |folder: &Path| {
            fs::look_at(folder).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        folders.all(|folder| fs::is_writable(&folder) || is_missing(&folder))
    }

    /// What stands in the way of [`Layout::create`]: no folder, and no link to one, where a folder belongs.
    pub(super) fn obstacle(&self) -> Option<PathBuf> {
        let folders = CLEARED.iter().map(|name| self.version.join(name)).chain([self.settled()]);
        std::iter::once(self.version.clone())
            .chain(folders)
            .find(|folder| !folder.is_dir() && (fs::is_link(folder) || fs::look_at(folder).is_ok()))
    }

    /// Makes what is missing, tag first. Safe to be done by several processes at once. Under
    /// [`Durability::Sync`] the folders' names survive a power loss, also where another process made them:
    /// else what is synced in them would be safe and out of reach.
    pub(super) fn create(&self, found: Found, durability: Durability) -> Result<(), StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| StoreError::io(&path, "create", error)
        };
        let missing_above = self.root.ancestors().take_while(|above| !above.exists()).count();
        fs::create_private(&self.root).map_err(failed(&self.root))?;
        for (name, content) in SIGNS {
            let path = self.root.join(name);
            // Without its tag a directory that is not empty is refused, so the tag is safe before anything
            // else can reach the disk. The others only explain.
            let sign_survives = if name == TAG_NAME { Durability::Sync } else { Durability::Rename };
            // A damaged tag is for `validate --repair`, where somebody looks on.
            if found == Found::Nothing || found == Found::Cache && !path.exists() {
                fs::replace(&path, content.as_bytes(), sign_survives).map_err(failed(&path))?;
            }
        }
        for name in CLEARED {
            let path = self.version.join(name);
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
            for folder in [&self.version, &self.root] {
                fs::sync_dir(folder).map_err(failed(folder))?;
            }
            for above in self.root.ancestors().skip(1).take(missing_above.max(1)) {
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
        let root = std::path::absolute(&self.root).ok()?;
        let folders = CLEARED.iter().map(|name| self.version.join(name));
        let folders = [root.clone(), self.version.clone()].into_iter().chain(folders);
        let identities: Option<Vec<[u64; 4]>> = folders.map(|folder| fs::identity(&folder)).collect();
        let numbers = identities?.into_iter().flatten().flat_map(u64::to_le_bytes);
        let mut seen = root.into_os_string().into_encoded_bytes();
        seen.extend(numbers);
        Some(ContentDigest::of(&seen).as_bytes().to_vec())
    }
}

/// What [`fs::replace`] leaves of a tag when it is killed.
fn is_unfinished_tag(name: &str) -> bool {
    name.strip_prefix('.')
        .and_then(|rest| rest.strip_prefix(TAG_NAME))
        .is_some_and(|rest| rest.strip_suffix(".tmp").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(dir: &Path) -> Layout {
        Layout::new(&dir.join("cache"))
    }

    #[test]
    fn a_new_cache_is_tagged_ignored_explained_and_private() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        assert_eq!(layout.recognise().expect("free"), Found::Nothing);
        layout.create(Found::Nothing, Durability::Rename).expect("made");
        assert_eq!(layout.recognise().expect("ours"), Found::Cache);
        let tag = std::fs::read_to_string(layout.root().join("CACHEDIR.TAG")).expect("tagged");
        assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
        assert_eq!(std::fs::read_to_string(layout.root().join(".gitignore")).expect("ignored"), "*\n");
        for name in CLEARED {
            assert!(layout.version_dir().join(name).is_dir(), "{name}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::look_at(layout.root()).expect("made").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
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

    #[test]
    fn a_file_and_a_directory_with_other_things_are_no_cache() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        std::fs::write(layout.root(), "").expect("written");
        assert!(matches!(layout.recognise(), Err(StoreError::NotACache { why: "it is a file", .. })));
        std::fs::remove_file(layout.root()).expect("removed");
        std::fs::create_dir(layout.root()).expect("made");
        std::fs::write(layout.root().join("thesis.tex"), "").expect("written");
        assert!(matches!(layout.recognise(), Err(StoreError::NotACache { .. })));
    }

    #[test]
    fn the_tag_of_another_program_does_not_make_a_cache_of_ours() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let foreign = "Signature: 8a477f597d28d172789f06886806bc55\n# by another program\n";
        std::fs::write(dir.path().join(TAG_NAME), foreign).expect("written");
        let found = Layout::new(dir.path()).recognise();
        assert!(matches!(found, Err(StoreError::NotACache { .. })), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_of_another_user_is_refused() {
        // Only the superuser may give a directory away; everybody else finds `/` in foreign hands.
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = match std::os::unix::fs::chown(dir.path(), Some(12345), None) {
            Ok(()) => dir.path(),
            Err(_) => Path::new("/"),
        };
        let found = Layout::new(root).recognise();
        assert!(matches!(found, Err(StoreError::ForeignOwner { .. })), "{found:?}");
    }
}
