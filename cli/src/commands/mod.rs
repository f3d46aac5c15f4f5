//! One file for each command.

pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod dispatch;
pub(crate) mod man;
pub(crate) mod trust;
pub(crate) mod watch;
