//! The sources of an example.

use std::path::{Path, PathBuf};

/// Every `*.jan` file below `dir`.
pub(crate) fn below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.extension().is_some_and(|extension| extension == "jan") {
            found.push(path);
        }
    }
    found.sort();
    found
}
