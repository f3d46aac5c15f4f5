//! Commands that look into an image.

mod image;
pub(crate) mod list;
pub(crate) mod query;
pub(crate) mod show;
