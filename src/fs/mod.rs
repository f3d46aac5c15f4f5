//! The disk: the only door to it.

mod own;
mod read;
mod replace;
mod walk;

pub use own::{OwnError, read_own};
pub use read::{ReadError, read_bounded};
pub(crate) use replace::{lock_beside, replace_file};
pub use walk::{WalkOptions, Walked, walk};
