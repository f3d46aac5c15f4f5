//! What ignore files say: the rules of one folder and of those above it, up to the root.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::digest::ContentDigest;
use crate::fs::{DirHandle, FileKind, Links, Listed, StatTuple, bytes_of_path, path_from_bytes};

/// The names of ignore files, the stronger first.
pub(super) const IGNORE_NAMES: [&str; 2] = [".ignore", ".gitignore"];
/// More is no list of rules that somebody wrote.
const MAX_IGNORE_BYTES: u64 = 4 << 20;

/// An ignore file that was looked at, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoreFile {
    /// Its name, one of two.
    pub name: &'static str,
    /// Before it was read; [`StatTuple::ABSENT`] where a name is listed and leads to no file.
    pub tuple: StatTuple,
    /// Of its content; `None` where that could not be read, so that it has no rules.
    pub digest: Option<ContentDigest>,
}

/// The rules that hold in a folder. Folders without an ignore file share those of the folder above.
#[derive(Debug, Default)]
pub(super) struct Rules {
    above: Option<Arc<Rules>>,
    /// Bytes of a path before what is matched: the folder's own path and the separator.
    skipped_bytes: usize,
    /// By [`IGNORE_NAMES`].
    own: [Option<Gitignore>; IGNORE_NAMES.len()],
}

/// An ignore file for whose sake its folder is not entered.
#[derive(Debug)]
pub(super) struct BadIgnoreFile {
    pub(super) name: &'static str,
    pub(super) error: io::Error,
}

/// What the rules say of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    LeaveOut,
    /// Expressly wanted, even if it is hidden.
    Keep,
}

impl Rules {
    /// What holds for a root-relative path below the folder of these rules. The nearest folder that
    /// says something wins, and any `.ignore` wins over every `.gitignore`.
    pub(super) fn said(&self, path: &Path, is_dir: bool) -> Said {
        let bytes = bytes_of_path(path);
        for which in 0..IGNORE_NAMES.len() {
            let mut rules = Some(self);
            while let Some(here) = rules {
                if let Some(matcher) = here.own.get(which).and_then(Option::as_ref)
                    && let Some(below) = bytes.get(here.skipped_bytes..).and_then(path_from_bytes)
                {
                    match matcher.matched(below, is_dir) {
                        Match::None => {}
                        Match::Ignore(_) => return Said::LeaveOut,
                        Match::Whitelist(_) => return Said::Keep,
                    }
                }
                rules = here.above.as_deref();
            }
        }
        Said::Nothing
    }

    /// The rules in the folder at the root-relative `path`, which `dir` is and which holds `listed`, or
    /// nobody looked; with the ignore files that were read for them. An ignore file that cannot be read has no rules; one that
    /// may have no end is an error, with its name.
    pub(super) fn enter(
        above: &Arc<Rules>,
        dir: &DirHandle,
        path: &Path,
        listed: Option<&[Listed]>,
    ) -> Result<(Arc<Rules>, Vec<IgnoreFile>), BadIgnoreFile> {
        let mut own = [const { None }; IGNORE_NAMES.len()];
        let mut files = Vec::new();
        for (name, own) in IGNORE_NAMES.into_iter().zip(&mut own) {
            if listed.is_none_or(|listed| listed.iter().any(|entry| entry.name == name)) {
                let (file, matcher) = read(dir, name).map_err(|error| BadIgnoreFile { name, error })?;
                files.push(file);
                *own = matcher;
            }
        }
        if own.iter().all(Option::is_none) {
            return Ok((Arc::clone(above), files));
        }
        let path_bytes = bytes_of_path(path).len();
        let skipped_bytes = if path_bytes == 0 { 0 } else { path_bytes + 1 };
        Ok((Arc::new(Rules { above: Some(Arc::clone(above)), skipped_bytes, own }), files))
    }
}

fn read(dir: &DirHandle, name: &'static str) -> io::Result<(IgnoreFile, Option<Gitignore>)> {
    let path = Path::new(name);
    // What cannot be looked at, as a link to itself, has no rules, as with git.
    let tuple = dir.stat(path, Links::Follow).unwrap_or(StatTuple::ABSENT);
    match tuple.kind() {
        FileKind::File => {}
        FileKind::Absent | FileKind::Dir => {
            return Ok((IgnoreFile { name, tuple: StatTuple::ABSENT, digest: None }, None));
        }
        FileKind::Link | FileKind::Other => {
            let why = "not a regular file; its folder is left out";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
    }
    let Ok((tuple, bytes)) = read_whole(dir, path) else {
        return Ok((IgnoreFile { name, tuple, digest: None }, None));
    };
    if bytes.len() as u64 > MAX_IGNORE_BYTES {
        let why = format!("more than {MAX_IGNORE_BYTES} bytes of rules; its folder is left out");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let digest = Some(ContentDigest::of(&bytes));
    Ok((IgnoreFile { name, tuple, digest }, parse(&bytes)))
}

fn read_whole(dir: &DirHandle, path: &Path) -> io::Result<(StatTuple, Vec<u8>)> {
    let file = dir.open_file(path, Links::Follow)?;
    let tuple = file.tuple()?;
    if !tuple.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_IGNORE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((tuple, bytes))
}

/// The matcher of an ignore file, line by line; `None` where it says nothing. A line that is no pattern
/// is passed over, and the first that is not UTF-8 ends the file.
fn parse(bytes: &[u8]) -> Option<Gitignore> {
    // The root is empty: what is matched is relative to the folder already.
    let mut builder = GitignoreBuilder::new("");
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let Ok(line) = std::str::from_utf8(line) else { break };
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = if at == 0 { line.trim_start_matches('\u{FEFF}') } else { line };
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|matcher| !matcher.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(above: &Arc<Rules>, path: &str, names: [Option<&str>; 2]) -> Arc<Rules> {
        let own = names.map(|text| text.and_then(|text| parse(text.as_bytes())));
        let skipped_bytes = if path.is_empty() { 0 } else { path.len() + 1 };
        Arc::new(Rules { above: Some(Arc::clone(above)), skipped_bytes, own })
    }

    #[test]
    fn the_nearest_folder_wins_and_ignore_wins_over_gitignore() {
        let none = Arc::new(Rules::default());
        let root = rules(&none, "", [None, Some("*.jan\n/top\n")]);
        assert_eq!(root.said("a/x.jan".as_ref(), false), Said::LeaveOut);
        assert_eq!(root.said("top".as_ref(), true), Said::LeaveOut);
        let below = rules(&root, "a", [None, Some("!x.jan")]);
        assert_eq!(below.said("a/x.jan".as_ref(), false), Said::Keep);
        assert_eq!(below.said("a/y.jan".as_ref(), false), Said::LeaveOut);
        assert_eq!(below.said("a/top".as_ref(), true), Said::Nothing);
        let stronger = rules(&none, "", [Some("!*.jan"), Some("*.jan")]);
        assert_eq!(stronger.said("x.jan".as_ref(), false), Said::Keep);
    }

    #[test]
    fn a_byte_order_mark_line_ends_of_windows_and_broken_lines_do_no_harm() {
        let none = Arc::new(Rules::default());
        let text = b"\xEF\xBB\xBFfirst\r\n[z-a]\nsecond\r\n\xFF\nthird\n";
        let own = [None, parse(text)];
        let rules = Rules { above: Some(none), skipped_bytes: 0, own };
        let said = ["first", "second", "third"].map(|name| rules.said(name.as_ref(), false));
        assert_eq!(said, [Said::LeaveOut, Said::LeaveOut, Said::Nothing]);
    }
}
