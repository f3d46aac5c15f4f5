//! One scanned file, and how to tell a person about a place in it.

use std::sync::Arc;

use super::super::decl::Scan;
use super::super::outline::outline;
use super::super::problem::{Problem, ProblemKind};
use super::super::scan::scan;
use crate::build::facts::{Diagnostic, Outline, Place, Severity};
use crate::frontend::places::Lines;

/// Longest excerpt, in characters.
const MAX_EXCERPT_CHARS: usize = 200;
/// Longest piece of a source that a message repeats, in characters.
const MAX_FOUND_CHARS: usize = 40;

/// A file and what a scan read out of it.
pub(super) struct Unit<'t> {
    pub(super) path: Arc<str>,
    pub(super) scan: Scan,
    text: &'t str,
    lines: Lines<'t>,
}

/// A piece of a file, by byte offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) file: usize,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl<'t> Unit<'t> {
    /// Scans a text.
    pub(super) fn new(path: Arc<str>, text: &'t str) -> Self {
        Self { path, scan: scan(text), text, lines: Lines::new(text) }
    }

    /// What the file declares, without where.
    pub(super) fn outline(&self) -> Option<Outline> {
        outline(&self.scan, &self.lines)
    }

    /// The name that the file has as a module where it declares none: its path without extension.
    pub(super) fn path_name(&self) -> &str {
        self.path.strip_suffix(".jan").unwrap_or(&self.path)
    }

    /// Where a byte stands.
    pub(super) fn place(&self, offset: u32) -> Place {
        let (line, column) = self.lines.locate(offset);
        Place { file: Arc::clone(&self.path), line, column }
    }

    /// Something to tell about the bytes from `start` to `end`.
    pub(super) fn diagnostic(
        &self,
        severity: Severity,
        code: &'static str,
        (start, end): (u32, u32),
        message: String,
    ) -> Diagnostic {
        let place = self.place(start);
        let line = self.lines.line(place.line);
        let marked = self.text.get(start as usize..end as usize).unwrap_or_default();
        let marked = marked.lines().next().unwrap_or_default().chars().count().max(1);
        Diagnostic {
            severity,
            code,
            message,
            excerpt: line.chars().take(MAX_EXCERPT_CHARS).collect(),
            marked_columns: marked as u32,
            notes: Vec::new(),
            help: None,
            place,
        }
    }

    /// What the scan found wrong.
    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> =
            self.scan.problems.iter().map(|problem| self.tell(problem)).collect();
        if self.scan.problems_left_out > 0 {
            let at = self.scan.problems.last().map_or(0, |problem| problem.start);
            let message = format!("{} more problems follow in this file", self.scan.problems_left_out);
            found.push(self.diagnostic(Severity::Error, "too-many-problems", (at, at), message));
        }
        found
    }

    fn tell(&self, problem: &Problem) -> Diagnostic {
        let found = self.found(problem.start, problem.end);
        let expected = problem.expected.as_deref();
        let (message, help) = match problem.kind {
            ProblemKind::Character => (format!("expected a token, found {found}"), None),
            ProblemKind::OpenText => {
                ("expected the end of the string, found the end of its line".to_owned(), None)
            }
            ProblemKind::OpenComment => {
                ("expected `*/`, found the end of the file".to_owned(), Some("only this line was skipped"))
            }
            ProblemKind::OpenCharacter => {
                ("expected the end of the character, found the end of its line".to_owned(), None)
            }
            ProblemKind::Unexpected => {
                (format!("expected {}, found {found}", expected.unwrap_or("something else")), None)
            }
            ProblemKind::OpenBlock => (
                format!("expected {} for this block, found none", expected.unwrap_or("its end")),
                Some("what follows was read by the layout of its lines"),
            ),
            ProblemKind::DeepType => {
                ("expected a type of at most 64 levels, found a deeper one".to_owned(), None)
            }
        };
        let range = (problem.start, problem.end);
        let mut told = self.diagnostic(Severity::Error, problem.kind.code(), range, message);
        told.help = help.map(str::to_owned);
        told
    }

    /// What stands between two offsets, as a message says it.
    fn found(&self, start: u32, end: u32) -> String {
        let piece = self.text.get(start as usize..end as usize).unwrap_or_default();
        if piece.is_empty() {
            return "the end of the file".to_owned();
        }
        let line = piece.lines().next().unwrap_or_default();
        let mut shown: String = line.chars().take(MAX_FOUND_CHARS).flat_map(printable).collect();
        if shown.len() < piece.len()
            && (line.len() < piece.len() || line.chars().nth(MAX_FOUND_CHARS).is_some())
        {
            shown.push('…');
        }
        format!("`{shown}`")
    }
}

/// A character that would disturb a terminal as its escape.
fn printable(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}
