//! Where things lie in a cache directory, and whether a directory is one.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::pack_format::PackId;
use crate::digest::ContentDigest;
use crate::fs;

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
    pub(super) fn safe_names(&self) -> PathBuf {
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
        let is_free = |found: &fs::Found| {
            ours(&found.name) || found.name == VERSION_DIRECTORY && found.is_dir && self.is_left_over()
        };
        if names.iter().all(is_free) {
            return Ok(Found::Nothing);
        }
        if is_tagged() {
            return Ok(Found::Cache);
        }
        Err(not_a_cache("it is not empty and has no tag of ours"))
    }

    /// Whether the version's directory holds nothing but folders of ours. A build or a watcher that runs while
    /// somebody removes the cache makes those that it writes to anew, without a tag: that must not keep the
    /// next build from making a cache there.
    fn is_left_over(&self) -> bool {
        let is_ours = |found: &fs::Found| {
            found.is_dir && CLEARED.contains(&found.name.as_str())
                || !found.is_dir && found.path == self.lock()
        };
        fs::list_if_dir(&self.version).is_ok_and(|names| names.iter().all(is_ours))
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
        layout.create(Found::Nothing, fs::Durability::Rename).expect("made");
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
    fn what_a_running_build_makes_anew_of_a_removed_cache_is_no_obstacle_and_anything_else_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(dir.path());
        std::fs::create_dir_all(layout.state_dir().join("calls")).expect("made");
        assert_eq!(layout.recognise().expect("free"), Found::Nothing);
        for other in ["v1/thesis.tex", "v1/state.tex", "thesis.tex"] {
            let path = layout.root().join(other);
            std::fs::write(&path, "").expect("written");
            assert!(matches!(layout.recognise(), Err(StoreError::NotACache { .. })), "{other}");
            std::fs::remove_file(path).expect("removed");
        }
        std::fs::create_dir(layout.version_dir().join("chapters")).expect("made");
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
