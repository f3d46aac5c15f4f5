//! Commands that look after the cache.

pub(crate) mod clear;
pub(crate) mod config;
pub(crate) mod stats;
pub(crate) mod validate;
