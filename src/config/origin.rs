//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// The layer, and the place in it, that gave a setting its value; strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A word on the command line.
    Flag {
        /// Its name with the dashes; the key of the setting where that has no flag.
        name: &'static str,
    },
    /// An environment variable.
    Variable {
        /// Its full name.
        name: &'static str,
    },
    /// The project's `janus.toml`.
    Project {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The user's `cache.toml`.
    User {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The system's `cache.toml`.
    System {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// The file and the line in it, where a file was the origin.
    pub fn file(&self) -> Option<(&PathBuf, usize)> {
        match self {
            Self::Project { path, line } | Self::User { path, line } | Self::System { path, line } => {
                Some((path, *line))
            }
            Self::Flag { .. } | Self::Variable { .. } | Self::Default => None,
        }
    }

    /// How the author of a wrong value gets out of it.
    pub(super) fn way_out(&self) -> &'static str {
        match self {
            Self::Flag { .. } => "give it such a value or leave it out",
            Self::Variable { .. } => "give it such a value or unset it",
            _ => "correct the line or remove it",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { name } | Self::Variable { name } => f.write_str(name),
            Self::Project { path, line } | Self::User { path, line } | Self::System { path, line } => {
                write!(f, "{}:{line}", path.display())
            }
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// What holds.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}
