//! Languages: sources in, facts out. Each sub-room implements [`crate::build::Frontend`].

pub mod janus;
