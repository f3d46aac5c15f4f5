//! Which files are sources, and their bytes.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::candidates;
use super::scan::scan;
use crate::build::FrontendError;
use crate::build::facts::{Diagnostic, Place, Severity};
use crate::build::parallel;
use crate::digest::ContentDigest;
use crate::fs::{self, Links, ReadError};
use crate::track::{self, Input, SealBuilder, Seen, Selection, read_input};

/// Larger sources are refused: offsets and look-behind are made for files that people write.
pub(super) const MAX_SOURCE_BYTES: u64 = 64 << 20;
/// Folders for outputs directly below the root.
const OUTPUTS_AT_ROOT: [&str; 2] = ["target", "build"];
/// Folders of tools anywhere: no source of anybody's lies in them.
const TOOL_FOLDERS: [&str; 3] = ["zig-out", "zig-cache", "node_modules"];

/// One file that was read.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Root-relative, with `/`.
    pub(super) path: Arc<str>,
    pub(super) bytes: u64,
    pub(super) digest: ContentDigest,
    pub(super) seen: Seen,
    /// Its text without a byte order mark; `None` where it is not UTF-8.
    pub(super) text: Option<String>,
}

/// The sources of a project.
#[derive(Debug)]
pub(super) struct Project {
    /// Absolute.
    pub(super) root: PathBuf,
    /// In path order.
    pub(super) files: Vec<Loaded>,
    /// What could not be read, or not as text.
    pub(super) problems: Vec<Diagnostic>,
    /// What was listed, read and probed.
    pub(super) looked: SealBuilder,
}

/// Finds and reads the sources below `root`, or those that a single file needs.
pub(super) fn load(root: &Path, excluded: &[&Path], threads: NonZeroUsize) -> Result<Project, FrontendError> {
    let unreadable = |source| FrontendError::Unreadable { path: root.display().to_string(), source };
    let real = fs::canonical(root).map_err(unreadable)?;
    match fs::list(&real) {
        Ok(_) => folder(root, real, excluded, threads),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            single_file(&real).ok_or_else(|| no_sources(root))
        }
        Err(error) => Err(unreadable(error)),
    }
}

fn no_sources(root: &Path) -> FrontendError {
    FrontendError::NoSources { path: root.display().to_string(), extension: "*.jan".to_owned() }
}

fn folder(
    given: &Path,
    root: PathBuf,
    excluded: &[&Path],
    threads: NonZeroUsize,
) -> Result<Project, FrontendError> {
    // What is excluded may be written through links, the scan's paths are not.
    let resolve = |path: &&Path| fs::canonical(&root.join(path)).unwrap_or_else(|_| root.join(path));
    let outputs = OUTPUTS_AT_ROOT.iter().map(PathBuf::from);
    let selection = Selection {
        extensions: vec!["jan".to_owned()],
        excluded: excluded.iter().map(resolve).chain(outputs).collect(),
        left_out_folders: TOOL_FOLDERS.map(str::to_owned).to_vec(),
    };
    let scanned = track::scan(&root, &selection);
    let mut looked = SealBuilder::new(selection.relative_to(&root));
    looked.scan(&scanned);
    let mut problems = Vec::new();
    for (path, error) in &scanned.errors {
        let path = as_text(path).unwrap_or_else(|path| path);
        problems.push(unreadable(&path, &error.to_string()));
    }
    let mut found = Vec::new();
    for file in &scanned.files() {
        match as_text(file) {
            Ok(path) => found.push(path),
            Err(path) => problems.push(unreadable(&path, "its name is not UTF-8")),
        }
    }
    if found.is_empty() && problems.is_empty() {
        return Err(no_sources(given));
    }
    found.sort_unstable();
    let mut files = Vec::with_capacity(found.len());
    for (read, problem) in parallel::map(&found, threads, |path| read(&root, path)) {
        if let Some(read) = read {
            looked.file(Path::new(&*read.path), Links::Refuse, &read.seen);
            files.push(read);
        }
        problems.extend(problem);
    }
    Ok(Project { root, files, problems, looked })
}

/// The file and what it imports by place. `None` for a file of another language.
fn single_file(file: &Path) -> Option<Project> {
    if file.extension().is_none_or(|found| found != "jan") {
        return None;
    }
    let root = file.parent()?.to_owned();
    let first = file.file_name()?.to_str()?.to_owned();
    let mut known: BTreeMap<String, Option<Loaded>> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut wanted = VecDeque::from([first]);
    let mut looked = SealBuilder::new(Selection::default());
    while let Some(path) = wanted.pop_front() {
        if known.contains_key(&path) {
            continue;
        }
        let (loaded, problem) = read(&root, &path);
        problems.extend(problem);
        for import in
            loaded.iter().filter_map(|file| file.text.as_deref()).flat_map(|text| scan(text).imports)
        {
            for candidate in candidates::own(&path, &import) {
                if known.contains_key(&candidate) || is_file(&root, &candidate) {
                    wanted.push_back(candidate);
                    break;
                }
                looked.absent(Path::new(&candidate), Links::Follow);
            }
        }
        if let Some(loaded) = &loaded {
            looked.file(Path::new(&path), Links::Follow, &loaded.seen);
        }
        known.insert(path, loaded);
    }
    Some(Project { root, files: known.into_values().flatten().collect(), problems, looked })
}

fn is_file(root: &Path, path: &str) -> bool {
    match fs::read_bounded(&root.join(path), 0) {
        Ok(_) | Err(ReadError::TooLarge { .. }) => true,
        Err(_) => false,
    }
}

/// Reads one source; a problem does not always mean that there is no file.
fn read(root: &Path, path: &str) -> (Option<Loaded>, Option<Diagnostic>) {
    let Input { bytes, seen } = match read_input(&root.join(path), MAX_SOURCE_BYTES) {
        Ok(input) => input,
        Err(error) => return (None, Some(refused(path, &error))),
    };
    let count = bytes.len() as u64;
    let (text, problem) = match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{FEFF}') {
                text.drain(..'\u{FEFF}'.len_utf8());
            }
            (Some(text), None)
        }
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            (None, Some(not_utf8(path, error.as_bytes(), valid)))
        }
    };
    (Some(Loaded { path: path.into(), bytes: count, digest: seen.digest, seen, text }), problem)
}

/// The text of a source, as [`read`] takes it; none where that refuses it.
pub(super) fn text_of(content: &[u8]) -> Option<&str> {
    if content.len() as u64 > MAX_SOURCE_BYTES {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    Some(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Says why a file was not read.
pub(super) fn refused(path: &str, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::TooLarge { limit_bytes } => {
            let message =
                format!("expected a source of at most {} MiB, found a larger one", limit_bytes >> 20);
            problem(path, "too-large", message, Some("split it, or name it in `.gitignore`"))
        }
        ReadError::Io(error) => unreadable(path, &error.to_string()),
    }
}

fn unreadable(path: &str, why: &str) -> Diagnostic {
    problem(path, "unreadable", format!("expected a readable file: {why}"), None)
}

fn problem(path: &str, code: &'static str, message: String, help: Option<&str>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        place: Place { file: path.into(), line: 1, column: 1 },
        message,
        excerpt: String::new(),
        marked_columns: 1,
        notes: Vec::new(),
        help: help.map(str::to_owned),
    }
}

fn not_utf8(path: &str, bytes: &[u8], valid_up_to: usize) -> Diagnostic {
    let valid =
        bytes.get(..valid_up_to).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
    let line_start = valid.rfind('\n').map_or(0, |at| at + 1);
    let before = valid.get(line_start..).unwrap_or_default().trim_start_matches('\u{FEFF}');
    let found = bytes.get(valid_up_to).copied().unwrap_or_default();
    let message = format!("expected UTF-8, found the byte 0x{found:02X}");
    let mut diagnostic = problem(path, "not-utf8", message, Some("save the file as UTF-8"));
    diagnostic.place.line = valid.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
    diagnostic.place.column = before.chars().count() as u32 + 1;
    let rest = bytes.get(line_start..).unwrap_or_default();
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Enough bytes for any 200 characters.
    let shown = String::from_utf8_lossy(line.get(..1024).unwrap_or(line)).into_owned();
    diagnostic.excerpt =
        shown.trim_end_matches('\r').trim_start_matches('\u{FEFF}').chars().take(200).collect();
    diagnostic
}

/// A root-relative path with `/` between its parts; an approximation where it is not UTF-8.
fn as_text(path: &Path) -> Result<String, String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| path.to_string_lossy().replace('\\', "/"))
}
