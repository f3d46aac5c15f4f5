//! The door through which a language enters: one trait.

use std::path::Path;

use super::facts::{Facts, Outline};
use crate::dispatch::Redundancy;

/// Reads a project's sources and tells what they declare.
///
/// A front end never fails on what the sources *say*: that is a diagnostic in its facts. It fails
/// only where there is nothing to read.
pub trait Frontend: Sync {
    /// Name of the language, part of every key.
    fn language(&self) -> &str;

    /// Version of what the front end makes of the same sources. Changing it misses every entry.
    fn version(&self) -> &str;

    /// What becomes of methods that no call selects. [`Redundancy::LeaveOut`] is for languages in which
    /// a sealed type with others under it never has values of its own.
    fn redundancy(&self) -> Redundancy {
        Redundancy::Keep
    }

    /// What one source of this content declares, without where; none where something is wrong in it, or where the language
    /// cannot tell. It has to be what [`Frontend::read`] says of the same content.
    fn outline(&self, content: &[u8]) -> Option<Outline> {
        let _ = content;
        None
    }

    /// Reads everything below `root`. `excluded` are paths (absolute, or relative to `root`) that
    /// are never sources: the cache and the outputs.
    fn read(&self, root: &Path, excluded: &[&Path]) -> Result<Facts, FrontendError>;
}

/// Why there are no facts at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrontendError {
    /// The root cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The path as it was given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing below the root is a source.
    #[error("no {extension} file below {path} (hidden, ignored and output folders are not searched)")]
    NoSources {
        /// The path as it was given.
        path: String,
        /// Which file names were looked for, such as `*.jan`.
        extension: String,
    },
}
