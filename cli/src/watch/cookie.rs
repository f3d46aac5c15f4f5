//! A file whose own event says that all earlier ones have been seen.
//!
//! The system queues events in the order in which things were done, each before the call that did it returns. So once the
//! watcher is told of a file that was made *after* a question came, it has been told of all that was done before it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use janus_cache::fs;

const PREFIX: &str = ".janus-cookie-";
const DIGITS: usize = 16;

/// A cookie's file, removed when this goes.
#[derive(Debug)]
pub(super) struct Cookie(PathBuf);

/// A name that no other question uses.
pub(super) fn new_name() -> String {
    format!("{PREFIX}{:016x}", fs::unique())
}

/// Whether a root-relative path is that of a cookie, whoever made it.
pub(super) fn is_name(path: &Path) -> bool {
    path.to_str().and_then(|name| name.strip_prefix(PREFIX)).is_some_and(|digits| {
        digits.len() == DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

impl Cookie {
    /// Makes a new file; what stands under the name already is never opened.
    pub(super) fn make(root: &Path, name: &str) -> io::Result<Self> {
        let path = root.join(name);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    /// Removes what killed watchers left.
    pub(super) fn sweep(root: &Path) {
        for found in fs::list(root).unwrap_or_default() {
            if !found.is_dir && is_name(Path::new(&found.name)) {
                // One that stays is hidden, empty, and in nobody's way.
                let _ = fs::remove_file(&found.path);
            }
        }
    }
}

impl Drop for Cookie {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cookies_are_taken_for_cookies() {
        assert!(is_name(new_name().as_ref()));
        for other in [".janus-cookie-", ".janus-cookie-123", "sub/.janus-cookie-0123456789abcdef", "a.jan"] {
            assert!(!is_name(other.as_ref()), "{other}");
        }
        assert!(!is_name(".janus-cookie-0123456789ABCDEF".as_ref()));
    }

    #[test]
    fn cookies_that_were_left_are_swept_and_nothing_else_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (left, other) = (dir.path().join(new_name()), dir.path().join(".janus-cookie-mine"));
        for path in [&left, &other] {
            std::fs::write(path, "").expect("written");
        }
        Cookie::sweep(dir.path());
        assert!(!left.exists() && other.exists());
        drop(Cookie::make(dir.path(), &new_name()).expect("made"));
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
