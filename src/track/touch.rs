//! Could a change at a path be a change of what a seal holds?

use std::path::{Path, PathBuf};

use super::seal::Seal;
use super::seal_builder::dir_and_name;
use crate::fs::bytes_of_path;

impl Seal<'_> {
    /// Whether a change at any of these paths, relative to `root`, may be one of what is sealed: it has such a name, is a
    /// directory above one, or stands in a directory whose listing mattered. False proves that none is; true only asks for
    /// a check. Cost: some searches a path.
    pub fn is_touched_by(&self, root: &Path, paths: &[PathBuf]) -> bool {
        paths.iter().any(|path| {
            // What was sealed by its absolute path may lie below the root all the same.
            self.is_touched_at(&bytes_of_path(path)) || self.is_touched_at(&bytes_of_path(&root.join(path)))
        })
    }

    fn is_touched_at(&self, path: &[u8]) -> bool {
        if path.is_empty() || self.has_dir_at_or_below(path) {
            return true;
        }
        let (dir, name) = dir_and_name(path);
        self.find_dir(dir).is_some_and(|dir| dir.is_listed() || dir.find(name).is_some())
    }

    fn has_dir_at_or_below(&self, path: &[u8]) -> bool {
        if self.find_dir(path).is_some() {
            return true;
        }
        let below = [path, b"/"].concat();
        self.first_dir_from(&below).is_some_and(|dir| dir.path.starts_with(&below))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::fs::Links;
    use crate::track::{FileTime, SealBuilder, Selection, scan};

    /// `a.jan` and `sub/b.jan` were found, `gone/lib/c.jan` was probed in vain, `/etc/x` and the root's `janus.toml` were
    /// probed by their absolute paths.
    fn sealed(root: &Path) -> Vec<u8> {
        std::fs::create_dir(root.join("sub")).expect("made");
        std::fs::create_dir(root.join("out")).expect("made");
        for path in ["a.jan", "sub/b.jan"] {
            std::fs::write(root.join(path), path).expect("written");
        }
        let selection = Selection {
            extensions: vec!["jan".to_owned()],
            excluded: vec!["out".into()],
            ..Selection::default()
        };
        let mut builder = SealBuilder::new(selection.clone());
        builder.scan(&scan(root, &selection));
        builder.absent("gone/lib/c.jan".as_ref(), Links::Follow);
        builder.absent("/etc/x".as_ref(), Links::Follow).absent(&root.join("out/game.jdi"), Links::Follow);
        builder.finish(&FileTime::probe(root, root).expect("the time")).expect("small")
    }

    #[test]
    fn names_directories_above_them_and_what_appears_beside_them_touch_a_seal() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let bytes = sealed(dir.path());
        let seal = Seal::open(&bytes).expect("whole");
        let touches = |path: &str| seal.is_touched_by(dir.path(), &[path.into()]);
        for path in [
            "",
            "a.jan",
            "new.jan",
            "sub",
            "sub/b.jan",
            "sub/new",
            "gone",
            "gone/lib",
            "gone/lib/c.jan",
            "out",
            "out/game.jdi",
        ] {
            assert!(touches(path), "{path}");
        }
    }

    #[test]
    fn what_lies_in_folders_that_were_not_listed_touches_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let bytes = sealed(dir.path());
        let seal = Seal::open(&bytes).expect("whole");
        let touches = |path: &str| seal.is_touched_by(dir.path(), &[path.into()]);
        for path in ["out/other", "out/deep/x", ".git/index", "gone/li", "gone/lib/d.jan", "sub2/x"] {
            assert!(!touches(path), "{path}");
        }
        assert!(!seal.is_touched_by(dir.path(), &[]));
        assert!(seal.is_touched_by(dir.path(), &["out/other".into(), "a.jan".into()]));
    }
}
