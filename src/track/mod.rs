//! Did a file change?
//!
//! A build *scans* for its sources, *reads* what it needs, and *seals* what it looked at: tuples, digests,
//! and names that were not there. The next one *checks* the seal: where nothing changed, one system call a
//! file proves it, and no source is opened.
//!
//! | file | one idea |
//! |---|---|
//! | `change` | how files differ, by content |
//! | `selection` | what to look for |
//! | `rules` | what ignore files say |
//! | `scan` | which files there are, and which directories had to be listed to know it |
//! | `input` | reading a file that may be written meanwhile |
//! | `racy` | when a tuple proves something |
//! | `seal_format`, `seal_builder`, `seal` | what a build looked at, as bytes: shape, writer, reader |
//! | `check` | the verdict; `stats` is its quick half, `settle` the thorough one |
//! | `journal`, `touch` | what a watcher saw change since when, and whether that concerns a seal |
//! | `sight` | what a watcher cannot see |
//! | `refresh`, `amend` | the same seal with newer tuples, or with other contents of a few files |
//! | `spread` | work shared by threads |
//!
//! Known limits: a program that maps a file and writes to it through the mapping may change it without
//! moving its times until the system writes it out. Systems without a change time (Windows) cannot see an
//! edit of the same length whose time was set back. What another machine does to a network file system is
//! seen when the system asks the server again.

mod amend;
mod change;
mod check;
#[cfg(all(test, unix))]
mod check_tests;
mod input;
mod journal;
#[cfg(all(test, unix))]
mod model_tests;
mod racy;
mod refresh;
mod rules;
mod scan;
#[cfg(test)]
mod scan_tests;
mod seal;
mod seal_builder;
mod seal_format;
#[cfg(test)]
mod seal_tests;
mod selection;
mod settle;
mod sight;
mod spread;
mod stats;
mod touch;

pub use change::{ChangeKind, FileChange, TrackedFile, changes};
pub use check::{Began, Check, CheckOptions, Counters, Verdict, check};
pub use input::{Input, Seen, Stability, read_input, read_input_in};
pub use journal::{Changes, Journal, Token, TokenError};
pub use racy::FileTime;
pub use rules::IgnoreFile;
pub use scan::{Scan, ScannedDir, scan};
pub use seal::{Seal, SealedDir, SealedFile};
pub use seal_builder::SealBuilder;
pub use seal_format::SealError;
pub use selection::Selection;
pub use sight::OutOfSight;
