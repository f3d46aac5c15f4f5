//! Which files lie below a root: sorted, without hidden and ignored ones.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What to look for.
#[derive(Clone, Debug)]
pub struct WalkOptions<'a> {
    /// File name extension without the dot.
    pub extension: &'a str,
    /// Absolute or root-relative paths whose trees are left out.
    pub excluded: &'a [&'a Path],
}

/// What was found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Paths of regular files, sorted by their bytes; each starts with the root as it was given.
    pub files: Vec<PathBuf>,
    /// Places that could not be looked at, and what the system said.
    pub errors: Vec<(PathBuf, io::Error)>,
}

/// Finds the files with the wanted extension below `root`. Hidden files and folders, what
/// `.gitignore` and `.ignore` files below the root name, and `excluded` trees are left out; links
/// are not followed. Files ignored by settings outside the root are not left out: a build must
/// mean the same for everybody.
pub fn walk(root: &Path, options: &WalkOptions<'_>) -> Walked {
    let excluded: Vec<PathBuf> = options.excluded.iter().map(|path| root.join(path)).collect();
    let mut walked = Walked::default();
    if let Some(odd) = endless_ignore_file(root) {
        walked.errors.push(odd);
        return walked;
    }
    let odd = Arc::new(Mutex::new(Vec::new()));
    let left_out = Arc::clone(&odd);
    let entries = ignore::WalkBuilder::new(root)
        .hidden(true)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            if excluded.iter().any(|path| path == entry.path()) {
                return false;
            }
            let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
            let found = if is_dir { endless_ignore_file(entry.path()) } else { None };
            let enters = found.is_none();
            left_out.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            enters
        })
        .build();
    for entry in entries {
        match entry {
            Ok(entry) => {
                let regular = entry.file_type().is_some_and(|kind| kind.is_file());
                if regular && entry.path().extension().is_some_and(|found| found == options.extension) {
                    walked.files.push(entry.into_path());
                }
            }
            Err(error) => {
                let path = error_path(&error).unwrap_or(root).to_owned();
                // Only the kind: the text would repeat the path, as this machine has it.
                let said = error.io_error().map(|said| said.kind().into());
                let said = said.unwrap_or_else(|| io::Error::other("cannot be read"));
                walked.errors.push((path, said));
            }
        }
    }
    walked.errors.append(&mut odd.lock().unwrap_or_else(PoisonError::into_inner));
    walked.files.sort_unstable();
    walked
}

/// An ignore file in `dir` that is a pipe or a device, or a link to one: the walk would read it before
/// it goes on, and might never come to its end.
fn endless_ignore_file(dir: &Path) -> Option<(PathBuf, io::Error)> {
    let mut paths = [".gitignore", ".ignore"].into_iter().map(|name| dir.join(name));
    let path =
        paths.find(|path| std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()))?;
    Some((path, io::Error::new(io::ErrorKind::InvalidInput, "not a regular file; its folder is left out")))
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_ignored_excluded_and_foreign_files_are_left_out() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for path in ["b.jan", "a.jan", ".h/x.jan", "gen/x.jan", "build/x.jan", "c.zig", "sub/d.jan"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        std::fs::write(dir.path().join(".gitignore"), "gen/\n").expect("written");
        let options = WalkOptions { extension: "jan", excluded: &[Path::new("build")] };
        let walked = walk(dir.path(), &options);
        let names: Vec<_> = walked
            .files
            .iter()
            .map(|path| path.strip_prefix(dir.path()).expect("below").to_owned())
            .collect();
        assert_eq!(names, [Path::new("a.jan"), Path::new("b.jan"), Path::new("sub/d.jan")]);
        assert!(walked.errors.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn an_ignore_file_without_an_end_is_told_and_only_its_folder_left_out() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for folder in ["endless", "fine"] {
            std::fs::create_dir(dir.path().join(folder)).expect("made");
            std::fs::write(dir.path().join(folder).join("a.jan"), "").expect("written");
        }
        let endless = dir.path().join("endless/.gitignore");
        std::os::unix::fs::symlink("/dev/zero", &endless).expect("linked");
        let walked = walk(dir.path(), &WalkOptions { extension: "jan", excluded: &[] });
        assert_eq!(walked.files, [dir.path().join("fine/a.jan")]);
        let [(path, _)] = &walked.errors[..] else { panic!("{:?}", walked.errors) };
        assert_eq!(*path, endless);
        let root = walk(&dir.path().join("endless"), &WalkOptions { extension: "jan", excluded: &[] });
        assert_eq!((root.files.len(), root.errors.len()), (0, 1));
    }
}
