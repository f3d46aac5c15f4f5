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
    /// An import means something else, or something where it meant nothing, or nothing any more.
    ImportMeans {
        /// What it meant.
        old: Option<Meant>,
        /// What it means.
        new: Option<Meant>,
    },
    /// A file that it imports shows something else.
    InterfaceChanged {
        /// The imported file.
        import: String,
    },
    /// A module of another package that it imports shows something else.
    PackageChanged(PackageChange),
    /// The whole output is made anew.
    Full(FullBecause),
}

/// What an import means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The path of the file or of the package's module.
    pub path: String,
    /// The package and its version; none for a file.
    pub package: Option<String>,
}

/// A module of another package, as one build saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSeen {
    /// The package and its version, as people read them.
    pub package: String,
    /// Digest of what importers see.
    pub interface: ContentDigest,
}

/// A module of another package that is not what the last build saw: in its version, in what it shows, or in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageChange {
    /// The path under which sources import it.
    pub path: String,
    /// What it was.
    pub old: PackageSeen,
    /// What it is.
    pub new: PackageSeen,
}

impl PackageChange {
    /// Whether importers see what they saw, so that nothing has to be compiled.
    pub fn shows_the_same(&self) -> bool {
        self.old.interface == self.new.interface
    }
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
    /// Modules of other packages that the last build used, too, and that are not what it saw, in path order. Where one
    /// shows the same, nothing was compiled because of it.
    pub packages: Vec<PackageChange>,
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
            packages: Vec::new(),
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
                let name =
                    |meant: &Option<Meant>| meant.as_ref().map_or("nothing".to_owned(), Meant::to_string);
                write!(f, "an import means {} where it meant {}", name(new), name(old))
            }
            Self::InterfaceChanged { import } => write!(f, "what {import} shows changed"),
            Self::PackageChanged(change) => change.fmt(f),
            Self::Full(because) => f.write_str(because.as_str()),
        }
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.package {
            Some(package) => write!(f, "{} of package {package}", self.path),
            None => f.write_str(&self.path),
        }
    }
}

impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (&self.old, &self.new);
        write!(f, "package {}", new.package)?;
        if old.package != new.package {
            write!(f, " (was {})", version_or_all(&old.package, &new.package))?;
        }
        let what = if self.shows_the_same() { "the same" } else { "something else" };
        write!(f, " shows {what} in {}", self.path)?;
        if old.package == new.package {
            // One version with two contents: a package that is being worked on.
            write!(f, ", which changed from {} to {}", old.interface.short(), new.interface.short())?;
        }
        Ok(())
    }
}

/// The version of `old` where `new` names the same package, else all of it.
fn version_or_all<'a>(old: &'a str, new: &str) -> &'a str {
    let name = |label: &str| label.rsplit_once(' ').map(|(name, _)| name.len());
    let version = |(name, version): (&str, &'a str)| {
        new.get(..name.len()).filter(|same| *same == name).map(|_| version)
    };
    let is_one_name = name(old) == name(new);
    old.rsplit_once(' ').filter(|_| is_one_name).and_then(version).unwrap_or(old)
}
