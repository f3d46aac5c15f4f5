//! Build sessions.

pub mod facts;
mod frontend;

pub use frontend::{Frontend, FrontendError};
