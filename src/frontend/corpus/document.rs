//! The JSON text of a corpus, as it stands: nothing is looked up or believed yet.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What the field `format` must hold.
pub(super) const FORMAT: &str = "dispatch-corpus/1";

/// A corpus. Types and methods keep their text, so that their places are known.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'t> {
    pub(super) format: String,
    pub(super) resolution: Resolution,
    #[serde(default)]
    pub(super) top: Top,
    #[serde(borrow)]
    pub(super) types: Vec<&'t RawValue>,
    #[serde(borrow)]
    pub(super) functions: Vec<&'t RawValue>,
}

/// The type that all types are under.
#[derive(Debug, Default)]
pub(super) enum Top {
    /// The only type without supertypes, if there is only one.
    #[default]
    Unstated,
    /// The text says `null`.
    Absent,
    /// The text names it.
    Named(String),
}

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Self::Absent, Self::Named))
    }
}

/// How methods are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Resolution {
    Symmetric,
    Precedence,
    Levels,
}

/// A type.
#[derive(Debug, Deserialize)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) supers: Vec<String>,
    #[serde(default)]
    pub(super) precedence: Vec<String>,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) sealed: bool,
    #[serde(default)]
    pub(super) counts_as: Vec<String>,
}

/// A function and its methods, which keep their text.
#[derive(Debug, Deserialize)]
pub(super) struct Function<'t> {
    pub(super) name: String,
    pub(super) arity: usize,
    #[serde(default)]
    pub(super) argument_precedence: Vec<u64>,
    #[serde(borrow)]
    pub(super) methods: Vec<&'t RawValue>,
}

/// A method.
#[derive(Debug, Deserialize)]
pub(super) struct Method {
    pub(super) params: Vec<String>,
    pub(super) implementation: String,
    #[serde(default)]
    pub(super) module: String,
    #[serde(default)]
    pub(super) default: bool,
}

/// One line of a truth file: indexes count from 0 in the order of the corpus.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    /// The function.
    pub(super) f: usize,
    /// A type for each position.
    pub(super) args: Vec<usize>,
    /// The method; null: none applies; −1: the call is ambiguous.
    pub(super) m: Option<i64>,
}
