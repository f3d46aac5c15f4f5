//! Commands that look into images, and into what tables answer.

pub(crate) mod check;
pub(crate) mod diff;
mod diff_text;
mod image;
pub(crate) mod inspect;
mod inspect_json;
mod inspect_text;
pub(crate) mod list;
pub(crate) mod matrix;
pub(crate) mod query;
mod revision;
pub(crate) mod show;
pub(crate) mod tree;
