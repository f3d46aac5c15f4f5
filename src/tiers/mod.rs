//! Levels of cache behind one trait, and the chain that asks them from the nearest to the farthest.
//!
//! | file | one idea |
//! |---|---|
//! | `level` | what a level can do, and what it answers |
//! | `disk` | the local directory as a level |
//! | `chain` | hits are copied to the nearer levels, writes go to all; one level's mode or failure is its own |
//! | `counters` | what each level did: hits, misses, damage and errors are told apart |

mod chain;
mod counters;
mod disk;
mod level;

pub use chain::{Chain, ChainError, ChainOptions, Fetched, LevelReport};
pub use counters::LevelActivity;
pub use disk::DiskLevel;
pub use level::{Answer, Fetch, Level, LevelError, LevelMode, Written};
