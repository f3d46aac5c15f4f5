//! Commands that look after the cache.

pub(crate) mod clear;
pub(crate) mod collect;
pub(crate) mod config;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod entries;
pub(crate) mod entry;
pub(crate) mod explain;
mod explain_text;
mod past;
pub(crate) mod place;
pub(crate) mod simulate;
pub(crate) mod stats;
pub(crate) mod validate;
