//! Languages: sources in, facts out. Each sub-room implements [`crate::build::Frontend`].

pub mod janus;

pub use janus::JanusFrontend;
