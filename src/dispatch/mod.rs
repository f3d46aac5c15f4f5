//! Types, methods, resolution.

mod rule;
pub use rule::Rule;
