//! Did a file change?

mod change;
mod rules;
mod scan;
#[cfg(test)]
mod scan_tests;
mod selection;

pub use change::{ChangeKind, FileChange, TrackedFile, changes};
pub use rules::IgnoreFile;
pub use scan::{Scan, ScannedDir, scan};
pub use selection::Selection;
