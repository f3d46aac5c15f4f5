//! Languages: sources in, facts out. Each sub-room implements [`crate::build::Frontend`].

pub mod corpus;
pub mod janus;
mod places;

pub use corpus::CorpusFrontend;
pub use janus::JanusFrontend;
