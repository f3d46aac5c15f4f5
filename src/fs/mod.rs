//! The disk: the only door to it.

mod read;
mod walk;

pub use read::{ReadError, read_bounded};
pub use walk::{WalkOptions, Walked, walk};
