//! Paths at which every change shows in a directory below a root: no links on the way, and no second names.

use std::io;
use std::path::{Component, Path};

/// Whether no part of a path below the root is a link. What is not there can only appear in a directory that is.
pub fn is_plain_dir(root: &Path, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    let mut part = root.to_owned();
    for component in below.components() {
        let Component::Normal(name) = component else { return false };
        part.push(name);
        match std::fs::symlink_metadata(&part) {
            Ok(found) if found.is_dir() => {}
            Ok(found) => return !found.is_symlink(),
            Err(error) => return error.kind() == io::ErrorKind::NotFound,
        }
    }
    true
}

/// Whether a change of what stands under a name is one in its directory.
pub fn is_plain_name(path: &Path) -> bool {
    if !matches!(path.components().next_back(), Some(Component::Normal(_))) {
        return false;
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => false,
        Ok(found) if found.is_file() => has_one_name(&found),
        Ok(_) => true,
        Err(error) => matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}

fn has_one_name(found: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::fs::MetadataExt::nlink(found) == 1
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        true
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_what_lies_elsewhere_are_not_plain_and_what_is_not_there_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = crate::fs::canonical(dir.path()).expect("is there");
        std::fs::create_dir_all(root.join("a/b")).expect("made");
        symlink(root.join("a"), root.join("link")).expect("linked");
        symlink(root.join("none"), root.join("dangling")).expect("linked");
        for plain in ["", "a", "a/b", "gone/deep"] {
            assert!(is_plain_dir(&root, &root.join(plain)), "{plain}");
        }
        for other in ["link", "link/b", "dangling", "dangling/x", "a/..", "a/../b"] {
            assert!(!is_plain_dir(&root, &root.join(other)), "{other}");
        }
        assert!(!is_plain_dir(&root, Path::new("/")));
    }

    #[test]
    fn a_file_with_two_names_is_not_plain() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        std::fs::write(&one, "").expect("written");
        assert!(is_plain_name(&one) && is_plain_name(&two));
        std::fs::hard_link(&one, &two).expect("linked");
        assert!(!is_plain_name(&one) && !is_plain_name(&two));
        assert!(!is_plain_name(&dir.path().join("..")));
    }
}
