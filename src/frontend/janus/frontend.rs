//! The door: reads a project and tells what it declares.

use std::num::NonZeroUsize;
use std::path::Path;

use super::{meaning, project};
use crate::build::facts::{Diagnostic, Facts, Outline};
use crate::build::parallel;
use crate::build::{Frontend, FrontendError};
use crate::dispatch::Redundancy;

/// What the front end makes of sources. History:
/// 1: first.
/// 2: `sealed` counts for sums alone; a record of which it is said has values of its own.
const VERSION: &str = "2";

/// The Janus front end: declarations of all `*.jan` files below a root.
///
/// It reads declarations, not bodies: a body counts only by its fingerprint. Cost is linear in the
/// bytes of the sources; they are held in memory while their facts are made.
#[derive(Clone, Copy, Debug)]
pub struct JanusFrontend {
    threads: NonZeroUsize,
}

impl JanusFrontend {
    /// A front end that uses as many threads as the machine runs at once.
    pub fn new() -> Self {
        Self { threads: parallel::available() }
    }

    /// A front end that uses so many threads. The facts are the same for any number.
    pub const fn with_threads(threads: NonZeroUsize) -> Self {
        Self { threads }
    }
}

impl JanusFrontend {
    /// What is wrong in one text by itself, in the order of its places: what an editor shows while it
    /// is written. Names of other files are not looked up. `path` stands in the places.
    ///
    /// Cost: one scan, linear in the bytes; no file is touched.
    ///
    /// ```
    /// use janus_cache::frontend::JanusFrontend;
    ///
    /// let found = JanusFrontend::check_text("src/shape.jan", "func area(c: Circle -> f64 do\nend\n");
    /// let places: Vec<(u32, u32)> = found.iter().map(|told| (told.place.line, told.place.column)).collect();
    /// assert_eq!(places.first(), Some(&(1, 21)));
    /// assert!(JanusFrontend::check_text("a.jan", "func f() do end\n").is_empty());
    /// ```
    pub fn check_text(path: &str, text: &str) -> Vec<Diagnostic> {
        meaning::problems(path, text)
    }
}

impl Default for JanusFrontend {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontend for JanusFrontend {
    fn language(&self) -> &'static str {
        "janus"
    }

    fn version(&self) -> &'static str {
        VERSION
    }

    /// Only sums are sealed, and each of their values is one of an alternative.
    fn redundancy(&self) -> Redundancy {
        Redundancy::LeaveOut
    }

    fn outline(&self, content: &[u8]) -> Option<Outline> {
        meaning::outline(project::text_of(content)?)
    }

    /// Sources are the `*.jan` files below `root` that are neither hidden nor named by a
    /// `.gitignore` below it nor in a folder for outputs; with or without a `janus.toml`. If `root`
    /// is a file, the sources are that file and those that it imports, directly or not, by their
    /// place relative to its folder.
    fn read(&self, root: &Path, excluded: &[&Path]) -> Result<Facts, FrontendError> {
        let loaded = project::load(root, excluded, self.threads)?;
        Ok(meaning::facts(&loaded, self.threads))
    }
}
