//! Commands that look into images.

pub(crate) mod diff;
mod diff_text;
mod image;
pub(crate) mod list;
mod names;
pub(crate) mod query;
mod revision;
pub(crate) mod show;
