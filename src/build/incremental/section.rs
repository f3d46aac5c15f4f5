//! A combined output: one file with a section for each unit, which can be taken apart and patched.
//!
//! In a text each section stands below a marker line, a comment of the output's language, with the hash and the path of
//! the section; the last marker ends the last section. A binary has a table of its sections behind them. Either proves
//! itself: a section whose bytes are not those of its hash is not taken over.

use std::ops::Range;

use super::layout::{Layout, Part, ReadySection, assemble};
use super::section_table::parse_table;
use crate::digest::fast_hash;

/// How an output is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// Lines of text. `comment` begins a comment that goes to the end of its line.
    Text {
        /// Such as `"; "`.
        comment: &'static str,
    },
    /// Bytes, and a table behind them.
    Binary,
}

/// Where a section stands in an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionPlace {
    /// The unit's root-relative path.
    pub path: String,
    /// XXH3-64 of its bytes.
    pub hash: u64,
    /// Its bytes and, in a text, its marker.
    pub whole: Range<usize>,
    /// Its bytes.
    pub content: Range<usize>,
}

/// An output and where its sections stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combined {
    /// All of the output.
    pub bytes: Vec<u8>,
    /// Its sections, in their order.
    pub sections: Vec<SectionPlace>,
}

/// One section of an output that is to be made.
#[derive(Clone, Copy, Debug)]
pub enum NewSection<'a> {
    /// It was compiled.
    Compiled {
        /// The unit's path.
        path: &'a str,
        /// What the compiler made of it.
        bytes: &'a [u8],
    },
    /// It stands in the old output, whose bytes are given to [`combine`].
    Kept(&'a SectionPlace),
}

/// Why an output cannot be made or taken apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SectionError {
    /// The compiler's text has a line that would be taken for a marker.
    #[error(
        "the section of {path} has a line that begins like a section marker ({marker:?}); choose another comment"
    )]
    LooksLikeMarker {
        /// Whose section.
        path: String,
        /// How markers begin.
        marker: String,
    },
    /// The old output is not what it was: cut, edited, or of another form.
    #[error("the output cannot be taken apart: {what} at byte {at_bytes}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at_bytes: usize,
    },
}

pub(super) const MARKER: &str = "janus section ";
pub(super) const END: &str = "janus end";

/// Makes an output: `prologue`, the sections in their order, `epilogue`. Kept sections are copied from `old`, whose places
/// must be of these bytes. Cost: one copy of the output.
pub fn combine(
    form: OutputForm,
    old: &[u8],
    prologue: &[u8],
    sections: &[NewSection<'_>],
    epilogue: &[u8],
) -> Result<Combined, SectionError> {
    let ready: Vec<Option<ReadySection>> = sections
        .iter()
        .map(|section| match section {
            NewSection::Compiled { path, bytes } => ReadySection::new(form, path, bytes.to_vec()).map(Some),
            NewSection::Kept(_) => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let parts = sections.iter().zip(&ready).filter_map(|(section, ready)| match section {
        NewSection::Compiled { path, .. } => Some((*path, Part::Ready(ready.as_ref()?))),
        NewSection::Kept(place) => Some((place.path.as_str(), Part::Kept(place))),
    });
    let parts: Vec<(&str, Part<'_>)> = parts.collect();
    let layout = Layout::new(form, prologue, &parts, epilogue);
    let bytes = assemble(&layout.pieces(&parts), layout.output_bytes, old)?;
    Ok(Combined { bytes, sections: layout.sections })
}

/// A block of a text ends with a line end, so that what follows stands in a line of its own.
pub(super) fn close(block: &mut Vec<u8>) {
    if block.last().is_some_and(|last| *last != b'\n') {
        block.push(b'\n');
    }
}

/// What stands above a section's bytes: in a text, a line.
pub(super) fn marker(form: OutputForm, path: &str, hash: u64) -> Vec<u8> {
    match form {
        OutputForm::Text { comment } => {
            format!("{comment}{MARKER}{hash:016x} {}\n", path.escape_default()).into_bytes()
        }
        OutputForm::Binary => Vec::new(),
    }
}

/// Finds the sections of an output and proves each by its hash. Cost: one pass over the output.
pub fn take_apart(form: OutputForm, bytes: &[u8]) -> Result<Vec<SectionPlace>, SectionError> {
    let sections = match form {
        OutputForm::Text { comment } => parse_text(comment, bytes)?,
        OutputForm::Binary => parse_table(bytes)?,
    };
    for section in &sections {
        let content = bytes.get(section.content.clone()).unwrap_or_default();
        if fast_hash(content) != section.hash {
            let what = "a section is not what its marker says";
            return Err(SectionError::Damaged { what, at_bytes: section.whole.start });
        }
    }
    Ok(sections)
}

fn parse_text(comment: &str, bytes: &[u8]) -> Result<Vec<SectionPlace>, SectionError> {
    let (marker, end) = (format!("{comment}{MARKER}"), format!("{comment}{END}"));
    let damaged = |what, at_bytes| SectionError::Damaged { what, at_bytes };
    let mut sections: Vec<SectionPlace> = Vec::new();
    let (mut at, mut open) = (0, None::<(usize, usize, u64, String)>);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (start, next) = (at, at + line.len());
        at = next;
        let is_end = line.strip_suffix(b"\n") == Some(end.as_bytes());
        let rest = line.strip_prefix(marker.as_bytes());
        if !is_end && rest.is_none() {
            continue;
        }
        if let Some((whole_at, content_at, hash, path)) = open.take() {
            sections.push(SectionPlace { path, hash, whole: whole_at..start, content: content_at..start });
        }
        if is_end {
            return Ok(sections);
        }
        let (hash, path) = rest.and_then(parse_marker).ok_or(damaged("a marker is damaged", start))?;
        open = Some((start, next, hash, path));
    }
    Err(damaged("the end marker is missing", bytes.len()))
}

/// The hash and the path that stand behind a marker's word.
fn parse_marker(rest: &[u8]) -> Option<(u64, String)> {
    let text = std::str::from_utf8(rest.strip_suffix(b"\n")?).ok()?;
    let (hash, path) = text.split_once(' ')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    let hash = u64::from_str_radix(hash, 16).ok().filter(|_| is_hash)?;
    Some((hash, unescape(path)?))
}

/// Takes back what `escape_default` did.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        out.push(match letters.next()? {
            't' => '\t',
            'r' => '\r',
            'n' => '\n',
            'u' => {
                let rest = letters.as_str().strip_prefix('{')?;
                let (digits, rest) = rest.split_once('}')?;
                letters = rest.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            same @ ('\\' | '\'' | '"') => same,
            _ => return None,
        });
    }
    Some(out)
}
