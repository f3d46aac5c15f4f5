//! A combined output: one file with a section for each unit, which can be taken apart and patched.
//!
//! In a text each section stands below a marker line, a comment of the output's language, with the hash and the path of
//! the section; the last marker ends the last section. A binary has a table of its sections behind them. Either proves
//! itself: a section whose bytes are not those of its hash is not taken over.

use std::ops::Range;

use super::section_table::{parse_table, push_table};
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

const MARKER: &str = "janus section ";
const END: &str = "janus end";

/// Makes an output: `prologue`, the sections in their order, `epilogue`. Kept sections are copied from `old`, whose places
/// must be of these bytes. Cost: one copy of the output.
pub fn combine(
    form: OutputForm,
    old: &[u8],
    prologue: &[u8],
    sections: &[NewSection<'_>],
    epilogue: &[u8],
) -> Result<Combined, SectionError> {
    let lengths = sections.iter().map(|section| match section {
        NewSection::Compiled { path, bytes } => path.len() + bytes.len() + 64,
        NewSection::Kept(place) => place.whole.len(),
    });
    let mut bytes = Vec::with_capacity(lengths.sum::<usize>() + prologue.len() + epilogue.len() + 64);
    let mut places = Vec::with_capacity(sections.len());
    push_block(form, &mut bytes, prologue);
    for section in sections {
        let start = bytes.len();
        match section {
            NewSection::Compiled { path, bytes: content } => {
                places.push(push_section(form, &mut bytes, path, content)?);
            }
            NewSection::Kept(place) => {
                let gone =
                    SectionError::Damaged { what: "a section is missing", at_bytes: place.whole.start };
                bytes.extend_from_slice(old.get(place.whole.clone()).ok_or(gone)?);
                let content = start + (place.content.start - place.whole.start);
                let moved = SectionPlace {
                    path: place.path.clone(),
                    hash: place.hash,
                    whole: start..bytes.len(),
                    content: content..content + place.content.len(),
                };
                places.push(moved);
            }
        }
    }
    match form {
        OutputForm::Text { comment } => {
            bytes.extend_from_slice(format!("{comment}{END}\n").as_bytes());
            push_block(form, &mut bytes, epilogue);
        }
        OutputForm::Binary => {
            bytes.extend_from_slice(epilogue);
            push_table(&mut bytes, &places);
        }
    }
    Ok(Combined { bytes, sections: places })
}

/// A block of a text ends with a line end, so that what follows stands in a line of its own.
fn push_block(form: OutputForm, out: &mut Vec<u8>, block: &[u8]) {
    out.extend_from_slice(block);
    let is_open = block.last().is_some_and(|last| *last != b'\n');
    if is_open && matches!(form, OutputForm::Text { .. }) {
        out.push(b'\n');
    }
}

fn push_section(
    form: OutputForm,
    out: &mut Vec<u8>,
    path: &str,
    content: &[u8],
) -> Result<SectionPlace, SectionError> {
    let start = out.len();
    if let OutputForm::Text { comment } = form {
        let (marker, end) = (format!("{comment}{MARKER}"), format!("{comment}{END}"));
        let looks_like =
            |line: &[u8]| line.starts_with(marker.as_bytes()) || line.starts_with(end.as_bytes());
        if content.split(|byte| *byte == b'\n').any(looks_like) {
            return Err(SectionError::LooksLikeMarker { path: path.to_owned(), marker });
        }
        // The hash is that of the lines as they stand, so it is put in when they do.
        out.extend_from_slice(marker.as_bytes());
        let hash_at = out.len();
        out.extend_from_slice(&[b'0'; 16]);
        out.push(b' ');
        out.extend_from_slice(path.escape_default().to_string().as_bytes());
        out.push(b'\n');
        let content_at = out.len();
        push_block(form, out, content);
        let hash = fast_hash(out.get(content_at..).unwrap_or_default());
        if let Some(digits) = out.get_mut(hash_at..hash_at + 16) {
            digits.copy_from_slice(format!("{hash:016x}").as_bytes());
        }
        let (whole, content) = (start..out.len(), content_at..out.len());
        return Ok(SectionPlace { path: path.to_owned(), hash, whole, content });
    }
    out.extend_from_slice(content);
    let whole = start..out.len();
    Ok(SectionPlace { path: path.to_owned(), hash: fast_hash(content), content: whole.clone(), whole })
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
