//! Which files lie below a root: sorted, without hidden and ignored ones.

use std::path::{Path, PathBuf};

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
    pub errors: Vec<(PathBuf, std::io::Error)>,
}

/// Finds the files with the wanted extension below `root`. Hidden files and folders, what
/// `.gitignore` and `.ignore` files below the root name, and `excluded` trees are left out; links
/// are not followed. Files ignored by settings outside the root are not left out: a build must
/// mean the same for everybody.
pub fn walk(root: &Path, options: &WalkOptions<'_>) -> Walked {
    let excluded: Vec<PathBuf> = options.excluded.iter().map(|path| root.join(path)).collect();
    let mut walked = Walked::default();
    let entries = ignore::WalkBuilder::new(root)
        .hidden(true)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| !excluded.iter().any(|path| path == entry.path()))
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
                let said = error.into_io_error().unwrap_or_else(|| std::io::Error::other("cannot be read"));
                walked.errors.push((path, said));
            }
        }
    }
    walked.files.sort_unstable();
    walked
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
}
