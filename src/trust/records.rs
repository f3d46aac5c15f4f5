//! The text of `trusted.toml`.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::digest::ContentDigest;

/// 1: first. A file that says another number is refused: it may trust less than it seems to.
const VERSION: i64 = 1;

/// One project that the user trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRecord {
    /// The project's folder: absolute, without links.
    pub project: PathBuf,
    /// Of the content of its `janus.toml`.
    pub digest: ContentDigest,
    /// When the user said so, in seconds since the Unix epoch.
    pub trusted_at_unix_s: u64,
}

/// Why the text of a record makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedFileError {
    /// It is no TOML of the expected shape.
    #[error("line {line}: {what}")]
    Shape {
        /// Counted from 1.
        line: usize,
        /// What was expected and found.
        what: String,
    },
    /// Another release wrote it.
    #[error("expected version {VERSION}, found {found}")]
    Version {
        /// What it says.
        found: i64,
    },
    /// A record has a value that no record can have.
    #[error("line {line}: expected {expected}, found `{}`", .found.escape_debug())]
    Value {
        /// Counted from 1.
        line: usize,
        /// What would be fine.
        expected: &'static str,
        /// What was found.
        found: String,
    },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: i64,
    #[serde(default)]
    project: Vec<Record>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    path: toml::Spanned<String>,
    content: toml::Spanned<String>,
    trusted_at: toml::Spanned<String>,
}

/// The records in `bytes`, sorted by path.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<TrustRecord>, TrustedFileError> {
    let text = std::str::from_utf8(bytes).map_err(|error| TrustedFileError::Shape {
        line: line_of(bytes, error.valid_up_to()),
        what: "expected UTF-8, found other bytes".to_owned(),
    })?;
    let file: File = toml::from_str(text).map_err(|error| TrustedFileError::Shape {
        line: line_of(bytes, error.span().map_or(0, |span| span.start)),
        what: error.message().replace('\n', ", "),
    })?;
    if file.version != VERSION {
        return Err(TrustedFileError::Version { found: file.version });
    }
    let mut records =
        file.project.iter().map(|record| check(bytes, record)).collect::<Result<Vec<_>, _>>()?;
    records.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(records)
}

fn check(bytes: &[u8], record: &Record) -> Result<TrustRecord, TrustedFileError> {
    let wrong = |value: &toml::Spanned<String>, expected| TrustedFileError::Value {
        line: line_of(bytes, value.span().start),
        expected,
        found: value.get_ref().clone(),
    };
    let digest = parse_digest(record.content.get_ref())
        .ok_or_else(|| wrong(&record.content, "`blake3:` and 64 hexadecimal digits"))?;
    let trusted_at_unix_s = parse_time(record.trusted_at.get_ref())
        .ok_or_else(|| wrong(&record.trusted_at, "a time such as `2026-01-31T12:00:00Z`"))?;
    let project = PathBuf::from(record.path.get_ref());
    if !project.is_absolute() {
        return Err(wrong(&record.path, "an absolute path"));
    }
    Ok(TrustRecord { project, digest, trusted_at_unix_s })
}

/// The text for `records`; [`parse`] reads the same from it.
pub(super) fn write(mut records: Vec<TrustRecord>) -> String {
    records.sort_by(|a, b| a.project.cmp(&b.project));
    let mut text = format!(
        "# Projects whose janus.toml may lead out of the project. `janus trust` keeps this file.\n\
         version = {VERSION}\n"
    );
    for record in &records {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n[[project]]\npath = {}\ncontent = \"blake3:{}\"\ntrusted_at = \"{}\"\n",
            toml_string(&record.project.to_string_lossy()),
            record.digest,
            time_text(record.trusted_at_unix_s),
        );
    }
    text
}

/// A basic string of TOML: quoted, with what may not stand in it escaped.
fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn time_text(unix_s: u64) -> String {
    // What jiff cannot say lies after the year 9999, where no `Clock` reaches.
    i64::try_from(unix_s)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}

fn parse_time(text: &str) -> Option<u64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_second()).ok()
}

fn parse_digest(text: &str) -> Option<ContentDigest> {
    let digits = text.strip_prefix("blake3:")?;
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(ContentDigest::from_bytes(bytes))
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
