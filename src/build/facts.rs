//! What a front end tells the build: facts about sources, never decisions.
//!
//! All names are qualified (`module::Type`, `module::name`) and all paths are relative to the
//! project's root with `/` between their parts, so that facts mean the same on every machine.

use std::sync::Arc;

use crate::digest::ContentDigest;
use crate::dispatch::FamilyRule;
pub use crate::dispatch::TOP_TYPE;
use crate::track::SealBuilder;

/// Where something stands in a source. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Root-relative path.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Everything a front end read out of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Name of the language, as it stands beside entries in the cache: `janus`, `corpus`, …
    pub language: String,
    /// How methods are chosen.
    pub rule: FamilyRule,
    /// Families whose positions are compared in another order than from left to right.
    pub argument_orders: Vec<ArgumentOrderFact>,
    /// Every file that was read or probed, in path order.
    pub sources: Vec<SourceFact>,
    /// Every declared or implied type except the top type, in name order.
    pub types: Vec<TypeFact>,
    /// Every method of every family, in order of family, then of place.
    pub methods: Vec<MethodFact>,
    /// Every function that compiles on its own, in order of place.
    pub functions: Vec<FunctionFact>,
    /// What was wrong with the sources, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// What was looked at for all this.
    pub looked: Looked,
}

/// Every directory, file and absent name on which the facts depend, as it was when it was looked at. It is none of the
/// facts itself: two readings that tell the same are equal, whatever was touched in between.
#[derive(Clone, Debug)]
pub struct Looked(pub SealBuilder);

impl PartialEq for Looked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The order in which a family's positions are compared, under rule `precedence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentOrderFact {
    /// Qualified family name without the arity.
    pub family: String,
    /// Every position once; their number is the arity.
    pub order: Vec<u8>,
}

/// One input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFact {
    /// Root-relative path.
    pub path: Arc<str>,
    /// Size in bytes.
    pub bytes: u64,
    /// Digest of its content.
    pub digest: ContentDigest,
    /// Module it declares, or its path without the extension where it declares none; empty for foreign files.
    pub module: String,
    /// What it imports, in order of place.
    pub imports: Vec<ImportFact>,
    /// What it declares, without where; none where the front end does not tell.
    pub outline: Option<Outline>,
    /// Whether it is a source of the language, or only a dependency by content.
    pub foreign: bool,
}

/// What a source declares, apart from where. As long as `declares` stays the same and the path does, the facts of the
/// project differ in nothing but this file's places, size and fingerprints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Digest of all that facts are made from but places and fingerprints.
    pub declares: ContentDigest,
    /// Line and column of each function, as in its [`Place`], in the order in which they are declared.
    pub places: Vec<(u32, u32)>,
}

/// One import and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFact {
    /// As written in the source.
    pub written: String,
    /// The file it means, if there is one.
    pub resolved: Option<Arc<str>>,
    /// Candidates that were looked for before that one and were not there: were one of them to
    /// appear, the import would mean something else, so they are inputs too.
    pub absent: Vec<Arc<str>>,
    /// Where it stands.
    pub place: Place,
}

/// One type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFact {
    /// Qualified name, unique.
    pub name: String,
    /// Direct supertypes' qualified names, sorted, without the top type.
    pub supers: Vec<String>,
    /// Whether no other subtypes may ever be added.
    pub sealed: bool,
    /// Under rule `precedence`: the type and its supertypes, nearest first; else empty.
    pub precedence: Vec<String>,
    /// Under rule `levels`: what it counts as being under when methods are compared; else empty.
    pub counts_as: Vec<String>,
    /// Where it is declared; none for a built-in or constructed type.
    pub place: Option<Place>,
    /// Root-relative paths of files, the declaring one included, that say what it is under; sorted.
    pub related_in: Vec<Arc<str>>,
}

/// One method of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodFact {
    /// Qualified family name without the arity, such as `graphics::collide`.
    pub family: String,
    /// Qualified parameter types, one for each dispatching position; the arity is their number.
    pub params: Vec<String>,
    /// Symbol of the implementation, unique in the build; never a path or a line.
    pub implementation: String,
    /// Module that defines the implementation.
    pub module: String,
    /// Whether the language marks it as preferred among equals.
    pub default: bool,
    /// Whether a run-time table is asked for even where static resolution would do.
    pub dynamic: bool,
    /// Where it is declared.
    pub place: Place,
}

/// One function: a unit that compiles on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFact {
    /// Qualified name.
    pub name: String,
    /// Fingerprint of its signature's tokens (XXH3-64; comments and white space do not count).
    pub signature_hash: u64,
    /// Fingerprint of its body's tokens (XXH3-64); none where there is no body.
    pub body_hash: Option<u64>,
    /// Where it is declared.
    pub place: Place,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The build cannot be trusted: exit code 1.
    Error,
    /// The build goes on.
    Warning,
}

impl Severity {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something to tell the person who wrote the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable kebab-case name of the kind, such as `unresolved-import`.
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What was expected, what was found; one line, no full stop.
    pub message: String,
    /// The source line at `place` without its line break, shortened to 200 characters; empty if there is none.
    pub excerpt: String,
    /// How many characters of `excerpt` to mark, from `place.column` on; at least 1.
    pub marked_columns: u32,
    /// Further places with what they are, such as the other one of two duplicates.
    pub notes: Vec<(Place, String)>,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}
