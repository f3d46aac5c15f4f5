//! The JSON text of a corpus, as it stands: nothing is looked up or believed yet.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What the field `format` must hold.
pub(super) const FORMAT: &str = "dispatch-corpus/1";

/// A corpus. Types and methods keep their text, so that their places are known.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'t> {
    pub(super) format: String,
    pub(super) resolution: Resolution,
    /// The type that all types are under; `Some(None)` where the text says that there is none.
    #[serde(default, deserialize_with = "present")]
    pub(super) top: Option<Option<String>>,
    #[serde(borrow)]
    pub(super) types: Vec<&'t RawValue>,
    #[serde(borrow)]
    pub(super) functions: Vec<&'t RawValue>,
}

/// A field that is there, null or not.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
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
