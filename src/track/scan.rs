//! Which files lie below a root, and in which directories one had to look to know it.
//!
//! A directory's tuple is taken *before* it is listed: what happens to it meanwhile makes the tuple
//! differ at the next look. Nothing is kept on the stack of calls, however deep a tree is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::rules::{IgnoreFile, Rules, Said};
use super::selection::Selection;
use crate::fs::{DirHandle, FileKind, Links, StatTuple, bytes_of_path};

/// A directory that was listed.
#[derive(Clone, Debug)]
pub struct ScannedDir {
    /// Root-relative; empty for the root.
    pub path: PathBuf,
    /// Its own, taken before it was listed.
    pub tuple: StatTuple,
    /// Names of the selected regular files, sorted by their bytes.
    pub files: Vec<OsString>,
    /// Names of the folders that were entered, sorted by their bytes.
    pub folders: Vec<OsString>,
    /// What rules it has. Where one is missing, the directory's tuple proves that.
    pub ignore_files: Vec<IgnoreFile>,
    /// False where it could not be looked at, so that its lists are empty and its tuple proves nothing.
    pub is_listed: bool,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Every directory, sorted by the bytes of its path.
    pub dirs: Vec<ScannedDir>,
    /// Root-relative places that could not be looked at, and what the system said; sorted like `dirs`.
    pub errors: Vec<(PathBuf, io::Error)>,
}

impl Scan {
    /// Root-relative paths of the files, sorted by their bytes.
    pub fn files(&self) -> Vec<PathBuf> {
        let of = |dir: &ScannedDir| {
            let paths: Vec<PathBuf> = dir.files.iter().map(|name| dir.path.join(name)).collect();
            paths
        };
        let mut files: Vec<PathBuf> = self.dirs.iter().flat_map(of).collect();
        files.sort_unstable_by(|left, right| bytes_of_path(left).cmp(&bytes_of_path(right)));
        files
    }
}

/// Finds what `selection` selects below `root`. Left out are hidden files and folders, what `.gitignore`
/// and `.ignore` files below the root name, and what the selection excludes; an ignore file can keep a
/// hidden name. Links are not followed, but the root may be one. Rules outside of the root do not count: a
/// build must mean the same for everybody.
///
/// A folder whose ignore file is a pipe or a device might be waited for without end; it is left out and
/// listed among the errors, as what cannot be read is.
///
/// ```
/// use janus_cache::track::{Selection, scan};
///
/// let selection = Selection { extensions: vec!["rs".to_owned()], ..Selection::default() };
/// let found = scan(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &selection);
/// assert!(found.files().contains(&"lib.rs".into()));
/// assert_eq!(found.dirs[0].path, std::path::PathBuf::new());
/// ```
pub fn scan(root: &Path, selection: &Selection) -> Scan {
    match Scanner::open(root, selection) {
        Ok(scanner) => scanner.below(PathBuf::new(), &Arc::default()),
        Err(error) => Scan { dirs: Vec::new(), errors: vec![(PathBuf::new(), error)] },
    }
}

/// An open root with what to look for.
#[derive(Debug)]
pub(super) struct Scanner {
    root: DirHandle,
    selection: Selection,
    /// Of folders that were asked for one by one.
    known: BTreeMap<PathBuf, Arc<Rules>>,
}

impl Scanner {
    pub(super) fn open(root: &Path, selection: &Selection) -> io::Result<Self> {
        let selection = selection.relative_to(root);
        Ok(Self { root: DirHandle::open(root)?, selection, known: BTreeMap::new() })
    }

    /// Everything at and below a root-relative folder, with the rules of the folder above it.
    fn below(&self, start: PathBuf, above: &Arc<Rules>) -> Scan {
        let mut found = Scan::default();
        let mut pending = vec![(start, Arc::clone(above))];
        while let Some((path, above)) = pending.pop() {
            match self.list(&path, &above) {
                Ok((dir, rules)) => {
                    let folders = dir.folders.iter().map(|name| (path.join(name), Arc::clone(&rules)));
                    pending.extend(folders);
                    found.dirs.push(dir);
                }
                Err(trouble) => {
                    found.dirs.push(ScannedDir {
                        path,
                        tuple: trouble.tuple,
                        files: Vec::new(),
                        folders: Vec::new(),
                        ignore_files: Vec::new(),
                        is_listed: false,
                    });
                    found.errors.push((trouble.place, trouble.error));
                }
            }
        }
        found.dirs.sort_unstable_by(|left, right| bytes_of_path(&left.path).cmp(&bytes_of_path(&right.path)));
        found.errors.sort_unstable_by(|left, right| bytes_of_path(&left.0).cmp(&bytes_of_path(&right.0)));
        found
    }

    /// As [`Scanner::below`], where nobody knows the rules yet: they are read from the root down.
    pub(super) fn below_alone(&mut self, path: PathBuf) -> Scan {
        match self.rules_above(&path) {
            Ok(above) => self.below(path, &above),
            Err(error) => Scan { dirs: Vec::new(), errors: vec![(path, error)] },
        }
    }

    /// One folder only, under the rules of the folders above it.
    pub(super) fn list_alone(&mut self, path: &Path) -> io::Result<ScannedDir> {
        let above = self.rules_above(path)?;
        let (dir, rules) = self.list(path, &above).map_err(|trouble| trouble.error)?;
        self.known.insert(path.to_owned(), rules);
        Ok(dir)
    }

    fn rules_above(&mut self, path: &Path) -> io::Result<Arc<Rules>> {
        let mut rules = Arc::default();
        // The last of the ancestors is the root, whose path is empty.
        let above: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_owned).collect();
        for folder in above.into_iter().rev() {
            if let Some(known) = self.known.get(&folder) {
                rules = Arc::clone(known);
                continue;
            }
            let dir = self.root.open_dir(&folder, Links::Refuse)?;
            let (entered, _) = Rules::enter(&rules, &dir, &folder, None).map_err(|bad| bad.error)?;
            rules = Arc::clone(&entered);
            self.known.insert(folder, entered);
        }
        Ok(rules)
    }

    fn list(&self, path: &Path, above: &Arc<Rules>) -> Result<(ScannedDir, Arc<Rules>), Trouble> {
        // Only the kind: the text may repeat the path, as this machine has it.
        let failed = |tuple| {
            let place = path.to_owned();
            move |error: io::Error| Trouble { tuple, place, error: error.kind().into() }
        };
        let dir = self.root.open_dir(path, Links::Refuse).map_err(failed(StatTuple::ABSENT))?;
        let tuple = dir.tuple().map_err(failed(StatTuple::ABSENT))?;
        let listed = dir.list().map_err(failed(tuple))?;
        let (rules, ignore_files) = Rules::enter(above, &dir, path, Some(&listed))
            .map_err(|bad| Trouble { tuple, place: path.join(bad.name), error: bad.error })?;
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in listed {
            let is_wanted = match entry.kind {
                FileKind::File => self.selection.selects(&entry.name),
                FileKind::Dir => !self.selection.leaves_out_folder(&entry.name),
                FileKind::Link | FileKind::Other | FileKind::Absent => false,
            };
            if !is_wanted {
                continue;
            }
            let place = path.join(&entry.name);
            let is_dir = entry.kind == FileKind::Dir;
            let is_left_out = match rules.said(&place, is_dir) {
                Said::LeaveOut => true,
                Said::Keep => false,
                Said::Nothing => entry.name.as_encoded_bytes().starts_with(b"."),
            };
            if !is_left_out && !self.selection.excluded.contains(&place) {
                if is_dir { &mut folders } else { &mut files }.push(entry.name);
            }
        }
        files.sort_unstable();
        folders.sort_unstable();
        let path = path.to_owned();
        Ok((ScannedDir { path, tuple, files, folders, ignore_files, is_listed: true }, rules))
    }
}

struct Trouble {
    tuple: StatTuple,
    place: PathBuf,
    error: io::Error,
}
