//! `janus watch`, and how `janus build` asks it what changed.
//!
//! | file | one idea |
//! |---|---|
//! | `place` | where the socket of a root lies, and who may reach it |
//! | `protocol` | one line asks, one line and maybe a list answers; every length is bounded |
//! | `cookie` | a file that is made so that its own event tells that all earlier ones were seen |
//! | `state` | what the watchers of a root were told |
//! | `eyes` | the watchers: which one counts, and when it covers the whole tree |
//! | `mounts` | file systems below a root, of which no watcher is told |
//! | `server`, `client` | the two ends of the socket |
//!
//! `docs/watch.md` says what is promised, and why each step is needed.

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod cookie;
#[cfg(unix)]
mod eyes;
#[cfg(unix)]
mod mounts;
#[cfg(unix)]
mod place;
#[cfg(unix)]
mod protocol;
#[cfg(unix)]
mod server;
#[cfg(all(test, unix))]
mod server_tests;
#[cfg(unix)]
mod state;

#[cfg(unix)]
pub(crate) use client::ask;
#[cfg(unix)]
pub(crate) use eyes::{Eyes, Woken};
#[cfg(unix)]
pub(crate) use place::Place;
#[cfg(unix)]
pub(crate) use server::{NoServer, Server};

use janus_cache::track::{Changes, Token};

/// What a watcher says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The moment of the answer: everything that was done before the question is in it.
    pub(crate) token: Token,
    pub(crate) changes: Changes,
}

/// There are no local sockets here, so nobody to ask.
#[cfg(not(unix))]
pub(crate) fn ask(_: &std::path::Path, _: &std::path::Path, _: Option<Token>) -> Option<Answer> {
    None
}
