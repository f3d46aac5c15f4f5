//! The corpus front end: a type hierarchy and its methods as JSON, from any toolchain.
//!
//! | file | one idea |
//! |---|---|
//! | `document` | the JSON text, as it stands |
//! | `facts` | from the document to facts, and where what is wrong stands |
//! | `types`, `functions` | what a corpus says about each, and what is wrong with it |
//! | `frontend` | the door: [`CorpusFrontend`] |
//! | `check` | what the bytes of its tables answer, against what a runtime selected |
//!
//! The format `dispatch-corpus/1` is specified in `format-spec/corpus.md`.

mod check;
mod document;
mod facts;
mod frontend;
mod functions;
mod types;

pub use check::{CheckError, CheckReport, Disagreement, check};
pub use frontend::CorpusFrontend;
