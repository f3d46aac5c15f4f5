//! A disk that loses power, for tests: from what was done, every state that may be left.
//!
//! Nothing is assumed about order. After a power loss
//! - a name in a folder is what it was when its folder was last synced, or any of what it was made since;
//!   each name by itself, so that a rename may have reached one folder and not the other;
//! - a file has what it had when it was last synced, and of each write since all, nothing, or, for the
//!   whole of them, a front part, or a block of 512 bytes or 4 KiB that is zeros or garbage;
//! - what was synced, file or folder, is there. Syncing a file says nothing about its name.
//!
//! Where the states are few they are all made; else the two ends, all states that differ from one of them
//! in one answer, and drawn ones up to a budget.

//!
//! | file | one idea |
//! |---|---|
//! | `log` | what was done, and the states that it may leave |
//! | `disk` | names and contents with what is safe of each |
//! | `random` | draws |

mod disk;
mod log;
mod random;
mod tests;

pub(super) use log::Recorder;
pub(crate) use log::{Log, read_tree, write_tree};
