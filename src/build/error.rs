//! What can fail in a build. A failing cache is not among it: that is a warning and a fresh build.

use std::path::PathBuf;

use super::frontend::FrontendError;
use super::registry::{FamilyId, TypeSignature};
use crate::dispatch::{FamilyError, TypeGraphError};
use crate::format::{EncodeError, OpenError};
use crate::image::ImageError;
use crate::store::StoreError;
use crate::tiers::LevelError;

/// Why something has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is nothing to read.
    #[error(transparent)]
    Frontend(#[from] FrontendError),
    /// The types are no acyclic graph, or name what is not declared.
    #[error("the types cannot be ordered: {0}")]
    Types(#[from] TypeGraphError),
    /// A family has no table.
    #[error(transparent)]
    Family(#[from] FamilyError),
    /// Two families have the same name and arity.
    #[error("family {family} is given twice; give all its methods at once")]
    FamilyTwice {
        /// The family.
        family: FamilyId,
    },
    /// A method has more parameters than any table can have positions.
    #[error("family {family}: a method has {found} dispatching parameters, at most 255 are possible")]
    Arity {
        /// The family's name.
        family: String,
        /// Number of parameters.
        found: usize,
    },
    /// The registry has no such family.
    #[error("the registry has no family {family}; register its methods before asking for its table")]
    NoFamily {
        /// What was asked for.
        family: FamilyId,
    },
    /// The caller's idea of a family is not the registry's.
    #[error("family {family} has the type signature {found} in the registry, the caller expected {expected}")]
    Signature {
        /// The family.
        family: FamilyId,
        /// What the caller said.
        expected: TypeSignature,
        /// What the registry has.
        found: TypeSignature,
    },
    /// A session was started while another one runs.
    #[error("a build session is running already; end it before starting the next")]
    SessionRunning,
    /// The builder that the caller handed over failed.
    #[error("building {family} failed: {source}")]
    Builder {
        /// The family.
        family: FamilyId,
        /// What the builder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table is beyond what the format holds.
    #[error("{family} cannot be encoded: {source}")]
    Encode {
        /// The family.
        family: FamilyId,
        /// Which limit.
        source: EncodeError,
    },
    /// Bytes that were just made do not open.
    #[error("the new table of {family} does not open: {source}")]
    NewTable {
        /// The family.
        family: FamilyId,
        /// What is wrong.
        source: OpenError,
    },
    /// The tables make no image.
    #[error("the image cannot be made: {0}")]
    Image(#[from] ImageError),
    /// An image that was just made does not open, so it cannot be compressed.
    #[error("the new image does not open: {0}")]
    NewImage(OpenError),
    /// Writing the image would destroy a source.
    #[error("the image may not replace the source {}; choose another place with --output", path.display())]
    OutputIsSource {
        /// What was given as the image's place.
        path: PathBuf,
    },
    /// The image cannot be written.
    #[error("cannot write {}: {source}; choose another place with --output", path.display())]
    Output {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What a failure of the cache is, in the words a person sorts them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheErrorKind {
    /// Bytes are not what their checksums say.
    Corrupted,
    /// Written by another version.
    VersionMismatch,
    /// An answer is larger than the format takes.
    Serialization,
    /// No room.
    DiskFull,
    /// The system, or the owner of the directory, does not allow it.
    PermissionDenied,
    /// Another process held a lock for too long.
    LockTimeout,
    /// The path is no cache.
    NotFound,
    /// Everything else that the system said.
    Io,
}

impl CacheErrorKind {
    /// The word in JSON output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Corrupted => "corrupted",
            Self::VersionMismatch => "version-mismatch",
            Self::Serialization => "serialization",
            Self::DiskFull => "disk-full",
            Self::PermissionDenied => "permission-denied",
            Self::LockTimeout => "lock-timeout",
            Self::NotFound => "not-found",
            Self::Io => "io",
        }
    }
}

impl From<&StoreError> for CacheErrorKind {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Corrupted { .. } => Self::Corrupted,
            StoreError::VersionMismatch { .. } => Self::VersionMismatch,
            StoreError::DiskFull { .. } => Self::DiskFull,
            StoreError::PermissionDenied { .. }
            | StoreError::ForeignOwner { .. }
            | StoreError::ReadOnly { .. } => Self::PermissionDenied,
            StoreError::NotACache { .. } => Self::NotFound,
            StoreError::LockTimeout { .. } => Self::LockTimeout,
            StoreError::TooLarge { .. } => Self::Serialization,
            StoreError::Io { .. } => Self::Io,
        }
    }
}

impl From<&LevelError> for CacheErrorKind {
    fn from(error: &LevelError) -> Self {
        match error {
            LevelError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_store_keep_their_kind() {
        let full = StoreError::DiskFull { path: "p".into(), source: std::io::ErrorKind::StorageFull.into() };
        let other = StoreError::ReadOnly { path: "p".into(), what: "clearing", by_choice: true };
        assert_eq!(CacheErrorKind::from(&full), CacheErrorKind::DiskFull);
        assert_eq!(CacheErrorKind::from(&LevelError::from(other)), CacheErrorKind::PermissionDenied);
        assert_eq!(CacheErrorKind::DiskFull.as_str(), "disk-full");
    }
}
