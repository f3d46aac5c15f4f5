//! What can go wrong with a store as a whole. A damaged or missing entry is no error but a miss.

use std::io;
use std::path::{Path, PathBuf};

use super::lookup::Damage;
use crate::fs::{LockError, Owner};

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file of the cache is not what its checksums say.
    #[error("{} is damaged: {what}; `cache validate --repair` moves it away", path.display())]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: Damage,
    },
    /// A file was written by another version.
    #[error("{} has format version {found}, this program reads version {supported}", path.display())]
    VersionMismatch {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The version that is understood.
        supported: u32,
    },
    /// No room: a full disk, a quota, or a limit on file sizes.
    #[error("no room to write {}; free some, or lower the cache's size limit", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not let us.
    #[error("no permission for {}; choose another cache directory, or use it read-only", path.display())]
    PermissionDenied {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory belongs to another user, who could change what we trust.
    #[error(
        "{} belongs to user {}, we are user {}; choose a directory of your own",
        path.display(), owner.owner_uid, owner.our_uid
    )]
    ForeignOwner {
        /// The directory.
        path: PathBuf,
        /// Whose it is, and who we are.
        owner: Owner,
    },
    /// The path is something else than a cache, and is left alone.
    #[error("{} is not a cache directory: {why}; nothing in it was touched", path.display())]
    NotACache {
        /// The path.
        path: PathBuf,
        /// How one can tell.
        why: &'static str,
    },
    /// Another process held a lock for longer than we were to wait.
    #[error("{} was locked by another process for {waited_ms} ms; try again when it is done", path.display())]
    LockTimeout {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The store was opened for reading, or its directory cannot be written.
    #[error("{} is used read-only, so {what} is not possible", path.display())]
    ReadOnly {
        /// The cache directory.
        path: PathBuf,
        /// What was asked for.
        what: &'static str,
        /// The options say so; else the system does not let us write.
        by_choice: bool,
    },
    /// Something given to the store is larger than its format takes.
    #[error("the {what} has {found_bytes} bytes, at most {limit_bytes} can be stored")]
    TooLarge {
        /// Which part of the entry.
        what: &'static str,
        /// Its size.
        found_bytes: u64,
        /// The largest size.
        limit_bytes: u64,
    },
    /// Anything else that the system said.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was being done with it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl StoreError {
    /// Sorts an I/O error by what a person would do about it.
    pub(super) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { path, source }
            }
            _ => Self::Io { path, doing, source },
        }
    }
}

impl From<LockError> for StoreError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Timeout { path, waited_ms } => Self::LockTimeout { path, waited_ms },
            LockError::Io { path, source } => Self::io(&path, "lock", source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_lack_of_permission_are_told_apart_from_other_errors() {
        let of = |kind| StoreError::io(Path::new("f"), "write", io::Error::from(kind));
        assert!(matches!(of(io::ErrorKind::StorageFull), StoreError::DiskFull { .. }));
        assert!(matches!(of(io::ErrorKind::FileTooLarge), StoreError::DiskFull { .. }));
        assert!(matches!(of(io::ErrorKind::ReadOnlyFilesystem), StoreError::PermissionDenied { .. }));
        assert!(matches!(of(io::ErrorKind::NotFound), StoreError::Io { .. }));
    }
}
