//! How files differ, by content: a touched file with the same bytes does not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::ContentDigest;

/// What is remembered of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedFile {
    /// Root-relative path.
    pub path: String,
    /// Digest of its content.
    pub digest: ContentDigest,
}

/// How a file differs from what was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// Its content is another.
    Edited,
    /// It is not there any more.
    Removed,
}

impl ChangeKind {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Edited => "edited",
            Self::Removed => "removed",
        }
    }
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileChange {
    /// Root-relative path with `/`, absolute for a file outside of the root; what is not UTF-8 is replaced.
    pub path: String,
    /// How.
    pub kind: ChangeKind,
}

/// What differs between the files that were remembered and those that are there, in path order.
pub fn changes(before: &[TrackedFile], now: &[TrackedFile]) -> Vec<FileChange> {
    let mut gone: BTreeMap<&str, ContentDigest> =
        before.iter().map(|file| (file.path.as_str(), file.digest)).collect();
    let mut changes = Vec::new();
    for file in now {
        let kind = match gone.remove(file.path.as_str()) {
            None => ChangeKind::Added,
            Some(digest) if digest != file.digest => ChangeKind::Edited,
            Some(_) => continue,
        };
        changes.push(FileChange { path: file.path.clone(), kind });
    }
    let removed = gone.keys().map(|path| FileChange { path: (*path).to_owned(), kind: ChangeKind::Removed });
    changes.extend(removed);
    changes.sort_unstable();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_content() {
        let file = |path: &str, content: &str| TrackedFile {
            path: path.to_owned(),
            digest: ContentDigest::of(content.as_bytes()),
        };
        let before = [file("a", "1"), file("b", "1"), file("c", "1")];
        let now = [file("d", "1"), file("b", "2"), file("a", "1")];
        let change = |path: &str, kind| FileChange { path: path.to_owned(), kind };
        let expected = [
            change("b", ChangeKind::Edited),
            change("c", ChangeKind::Removed),
            change("d", ChangeKind::Added),
        ];
        assert_eq!(changes(&before, &now), expected);
        assert_eq!(changes(&before, &before), []);
    }
}
