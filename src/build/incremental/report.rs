//! What a compiler's build did with each file, and why.

use std::fmt;

use super::compiler::UnitProblem;
use super::section::SectionError;
use crate::digest::ContentDigest;

/// Which way a build took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Nothing had changed and the output was there: no source had to be compiled, the output was not written.
    FastPath,
    /// The output was in the cache as a whole.
    Restored,
    /// Sections of the old output were kept, the others compiled.
    Patched,
    /// Every section was made anew, with what the caches had of files and functions.
    Full(FullBecause),
    /// Sources have errors: the output is as it was.
    Failed,
}

/// Why no old output was patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullBecause {
    /// The build was asked to use nothing that was kept.
    Recache,
    /// There was no build before, or not with these settings.
    FirstBuild,
    /// The old output is gone, and the cache has none either.
    OutputGone,
    /// The old output is not what was written.
    OutputDamaged,
    /// Less than half of the sections could be kept.
    MostChanged,
}

impl FullBecause {
    /// The words that are printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recache => "nothing that was kept is to be used",
            Self::FirstBuild => "there is no earlier build",
            Self::OutputGone => "the old output is gone",
            Self::OutputDamaged => "the old output was changed by somebody else",
            Self::MostChanged => "most sections changed",
        }
    }
}

/// Why a file's section was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitReason {
    /// It was not part of the last build.
    New,
    /// Its content is another.
    Edited {
        /// What it was.
        old: ContentDigest,
        /// What it is.
        new: ContentDigest,
    },
    /// An import means another file, or a file where it meant none, or none any more.
    ImportMeans {
        /// What it meant.
        old: Option<String>,
        /// What it means.
        new: Option<String>,
    },
    /// A file that it imports shows something else.
    InterfaceChanged {
        /// The imported file.
        import: String,
    },
    /// The whole output is made anew.
    Full(FullBecause),
}

/// A file whose section was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitStep {
    /// Its root-relative path.
    pub path: String,
    /// Why.
    pub reason: UnitReason,
    /// Its functions that were compiled.
    pub compiled: u32,
    /// Its functions that the cache had.
    pub reused: u32,
}

/// What a build did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitBuild {
    /// Which way it took.
    pub route: Route,
    /// Files of the build.
    pub files: usize,
    /// Files whose sections were compiled, in path order.
    pub steps: Vec<UnitStep>,
    /// Files that a change could have reached, and did not.
    pub cut_off: usize,
    /// Files that were not compiled because one that they import failed.
    pub blocked: Vec<String>,
    /// What is wrong with the sources, in path order.
    pub problems: Vec<UnitProblem>,
    /// Sources that changed while the build ran; the next build sees to them.
    pub changed_meanwhile: Vec<String>,
    /// Whether the output was written.
    pub written: bool,
    /// Its length.
    pub output_bytes: u64,
}

impl UnitBuild {
    /// Of a build in which no section was compiled.
    pub(super) const fn nothing_done(route: Route, output_bytes: u64) -> Self {
        Self {
            route,
            files: 0,
            steps: Vec::new(),
            cut_off: 0,
            blocked: Vec::new(),
            problems: Vec::new(),
            changed_meanwhile: Vec::new(),
            written: false,
            output_bytes,
        }
    }
}

/// Why there is no build at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitBuildError {
    /// The output cannot be written.
    #[error("cannot write {path}")]
    Output {
        /// Where.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The compiler's sections make no output.
    #[error(transparent)]
    Section(#[from] SectionError),
}

impl fmt::Display for UnitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("it is new"),
            Self::Edited { old, new } => {
                write!(f, "its content changed from {} to {}", old.short(), new.short())
            }
            Self::ImportMeans { old, new } => {
                let (old, new) = (old.as_deref().unwrap_or("nothing"), new.as_deref().unwrap_or("nothing"));
                write!(f, "an import means {new} where it meant {old}")
            }
            Self::InterfaceChanged { import } => write!(f, "what {import} shows changed"),
            Self::Full(because) => f.write_str(because.as_str()),
        }
    }
}
