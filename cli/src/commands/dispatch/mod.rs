//! Commands that look into images, and into what tables answer.

pub(crate) mod check;
mod image;
pub(crate) mod list;
pub(crate) mod query;
pub(crate) mod show;
