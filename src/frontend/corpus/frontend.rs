//! The door: reads one corpus.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::facts::{Read, read};
use crate::build::facts::{Facts, SourceFact};
use crate::build::{Frontend, FrontendError};
use crate::fs::{self, Links, ReadError};
use crate::track::{Input, read_input};

/// What the front end makes of a corpus. History:
/// 1: first.
const VERSION: &str = "1";

/// Larger corpora are refused; the largest known one, of a whole Lisp with sixty libraries, has 3 MB.
const MAX_CORPUS_BYTES: u64 = 1 << 30;

/// Reads one `dispatch-corpus/1` file; the root of the project only says where outputs go.
///
/// Cost: linear in its bytes; the text is held in memory while its facts are made.
#[derive(Clone, Debug)]
pub struct CorpusFrontend {
    file: PathBuf,
}

impl CorpusFrontend {
    /// A front end for this file.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }
}

impl Frontend for CorpusFrontend {
    fn language(&self) -> &'static str {
        "corpus"
    }

    fn version(&self) -> &'static str {
        VERSION
    }

    fn read(&self, _root: &Path, _excluded: &[&Path]) -> Result<Facts, FrontendError> {
        Ok(load(&self.file)?.0)
    }
}

/// The facts of a corpus, and its types and functions in the order of the text.
pub(super) fn load(
    path: &Path,
) -> Result<(Facts, Vec<String>, Vec<super::facts::ReadFunction>), FrontendError> {
    let shown = path.display().to_string();
    let Input { bytes, seen } = read_input(path, MAX_CORPUS_BYTES).map_err(|error| match error {
        ReadError::Io(source) => FrontendError::Unreadable { path: shown.clone(), source },
        other => FrontendError::Unreadable {
            path: shown.clone(),
            source: std::io::Error::new(std::io::ErrorKind::FileTooLarge, other.to_string()),
        },
    })?;
    let file: Arc<str> =
        path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned()).into();
    let Read { mut facts, types, functions } = read(&bytes, &file);
    facts.sources.push(SourceFact {
        path: file,
        bytes: bytes.len() as u64,
        digest: seen.digest,
        module: String::new(),
        imports: Vec::new(),
        outline: None,
        foreign: false,
    });
    // It may lie anywhere, so its place is told from the root of all.
    if let Ok(place) = fs::canonical(path) {
        facts.looked.0.file(&place, Links::Follow, &seen);
    }
    Ok((facts, types, functions))
}
