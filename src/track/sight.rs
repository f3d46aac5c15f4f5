//! What a watcher of the root cannot see change.
//!
//! It is told of names below the root. It is not told of what lies elsewhere, of what a link leads to, or of a file that
//! is written under another of its names; those have to be looked at.

use std::path::{Path, PathBuf};

use super::seal::{Seal, SealedFile};
use crate::fs::{Links, StatTuple, is_plain_dir, is_plain_name};

/// A name of a seal that no watcher of the root sees change, and its tuple, which proves that it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfSight {
    /// Absolute.
    pub path: PathBuf,
    /// Links followed.
    pub tuple: StatTuple,
}

impl OutOfSight {
    /// Whether it is as it was. Cost: one system call.
    pub fn is_unchanged(&self) -> bool {
        match StatTuple::of(&self.path) {
            Ok(now) if now == self.tuple => true,
            // What is no regular file where none was is as good as none.
            Ok(now) => self.tuple == StatTuple::ABSENT && !now.is_file(),
            Err(_) => false,
        }
    }
}

impl Seal<'_> {
    /// Names that have to be looked at beside asking a watcher of `root`, which is told nothing of what lies in
    /// `unwatched`; both without links. `None` where looking would not prove enough: a directory that cannot be watched
    /// was listed, a tuple is too young, or there are more than [`Seal::MAX_OUT_OF_SIGHT`]. Cost: one system call a name.
    pub fn out_of_sight(&self, root: &Path, unwatched: &[PathBuf]) -> Option<Vec<OutOfSight>> {
        let mut found = Vec::new();
        for dir in self.dirs() {
            let path = root.join(dir.path()?);
            let is_watched = !unwatched.iter().any(|out| path.starts_with(out)) && is_plain_dir(root, &path);
            if dir.is_trouble() || (dir.is_listed() && !is_watched) {
                return None;
            }
            for file in dir.files() {
                let path = path.join(file.name()?);
                if is_watched && is_plain_name(&path) {
                    continue;
                }
                found.push(OutOfSight { tuple: proof(&file)?, path });
                if found.len() > Self::MAX_OUT_OF_SIGHT {
                    return None;
                }
            }
        }
        Some(found)
    }

    /// Looking at more would take as long as a check.
    pub const MAX_OUT_OF_SIGHT: usize = 256;
}

fn proof(file: &SealedFile<'_>) -> Option<StatTuple> {
    let is_proof = !file.is_racy() && file.links() == Links::Follow;
    is_proof.then(|| *file.tuple())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::track::{FileTime, SealBuilder, Selection, read_input, scan};

    struct Place {
        _dir: tempfile::TempDir,
        root: PathBuf,
        elsewhere: PathBuf,
    }

    impl Place {
        /// A root with `a.jan`, and a folder elsewhere with `x`.
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let base = crate::fs::canonical(dir.path()).expect("is there");
            let place = Self { root: base.join("root"), elsewhere: base.join("elsewhere"), _dir: dir };
            for folder in [&place.root, &place.elsewhere] {
                std::fs::create_dir(folder).expect("made");
            }
            std::fs::write(place.root.join("a.jan"), "a").expect("written");
            std::fs::write(place.elsewhere.join("x"), "x").expect("written");
            place
        }

        /// Seals the scan and these files, absolute or not, long after they were written.
        fn sealed(&self, more: &[&Path]) -> Vec<u8> {
            std::thread::sleep(std::time::Duration::from_millis(60));
            let began = FileTime::probe(&self.elsewhere, &self.root).expect("the time");
            let selection = Selection {
                extensions: vec!["jan".to_owned()],
                excluded: vec!["cache".into()],
                ..Selection::default()
            };
            let mut builder = SealBuilder::new(selection.clone());
            builder.scan(&scan(&self.root, &selection));
            for path in more.iter().copied().chain([Path::new("a.jan")]) {
                match read_input(&self.root.join(path), 99) {
                    Ok(input) => builder.file(path, Links::Follow, &input.seen),
                    Err(_) => builder.absent(path, Links::Follow),
                };
            }
            builder.finish(&began).expect("small")
        }

        fn out_of_sight(&self, more: &[&Path]) -> Option<Vec<PathBuf>> {
            let bytes = self.sealed(more);
            let found =
                Seal::open(&bytes).expect("whole").out_of_sight(&self.root, &[self.root.join("cache")])?;
            assert!(found.iter().all(OutOfSight::is_unchanged));
            Some(found.into_iter().map(|one| one.path).collect())
        }
    }

    #[test]
    fn names_below_the_root_are_seen_by_a_relative_and_by_an_absolute_path() {
        let place = Place::new();
        let output = place.root.join("build/game.jdi");
        std::fs::create_dir(place.root.join("build")).expect("made");
        std::fs::write(&output, "image").expect("written");
        let seen = [Path::new("lib/gone.jan"), &output, &place.root.join("janus.toml")];
        assert_eq!(place.out_of_sight(&seen), Some(Vec::new()));
    }

    #[test]
    fn what_lies_elsewhere_behind_a_link_or_under_a_second_name_is_out_of_sight() {
        let place = Place::new();
        let (x, none) = (place.elsewhere.join("x"), place.elsewhere.join("none"));
        symlink(&x, place.root.join("link.txt")).expect("linked");
        symlink(&none, place.root.join("dangling.txt")).expect("linked");
        symlink(&place.elsewhere, place.root.join("folder")).expect("linked");
        std::fs::hard_link(&x, place.root.join("hard.txt")).expect("linked");
        std::fs::create_dir(place.root.join("cache")).expect("made");
        std::fs::write(place.root.join("cache/f"), "f").expect("written");
        let relative = ["link.txt", "dangling.txt", "folder/x", "hard.txt", "cache/f"];
        for path in [&x, &none].into_iter().cloned().chain(relative.map(|path| place.root.join(path))) {
            assert_eq!(place.out_of_sight(&[&path]), Some(vec![path.clone()]), "absolute");
        }
        for path in relative {
            assert_eq!(place.out_of_sight(&[Path::new(path)]), Some(vec![place.root.join(path)]), "{path}");
        }
    }

    #[test]
    fn a_name_out_of_sight_tells_that_it_changed_came_or_went() {
        let place = Place::new();
        let (x, none) = (place.elsewhere.join("x"), place.elsewhere.join("none"));
        let bytes = place.sealed(&[&x, &none]);
        let found = Seal::open(&bytes).expect("whole").out_of_sight(&place.root, &[]).expect("old enough");
        let unchanged = || found.iter().map(OutOfSight::is_unchanged).collect::<Vec<_>>();
        assert_eq!(unchanged(), [true, true]);
        std::fs::create_dir(&none).expect("made");
        assert_eq!(unchanged(), [true, true], "a folder is no file");
        std::fs::remove_dir(&none).expect("removed");
        std::fs::write(&none, "").expect("written");
        std::fs::write(&x, "y").expect("written");
        assert_eq!(unchanged(), [false, false]);
        std::fs::remove_file(&x).expect("removed");
        assert_eq!(unchanged(), [false, false]);
    }

    #[test]
    fn where_tuples_prove_too_little_there_is_no_answer() {
        let place = Place::new();
        let x = place.elsewhere.join("x");
        let selection = Selection { extensions: vec!["jan".to_owned()], ..Selection::default() };
        let began = FileTime::probe(&place.elsewhere, &place.root).expect("the time");
        std::fs::write(&x, "just now").expect("written");
        let mut builder = SealBuilder::new(selection);
        builder.file(&x, Links::Follow, &read_input(&x, 99).expect("read").seen);
        let bytes = builder.finish(&began).expect("small");
        assert_eq!(Seal::open(&bytes).expect("whole").out_of_sight(&place.root, &[]), None, "too young");
        let bytes = place.sealed(&[]);
        let seal = Seal::open(&bytes).expect("whole");
        assert_eq!(
            seal.out_of_sight(&place.root, std::slice::from_ref(&place.root)),
            None,
            "listed and not watched"
        );
    }
}
