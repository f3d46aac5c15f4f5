//! What can be wrong with settings, and what is only odd.

use std::fmt;
use std::path::PathBuf;

use super::Origin;
use crate::fs::ReadError;

/// A setting that cannot be understood: the author must look at it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value of the wrong type, or out of range.
    #[error("{} expects {expected}, found {found}; {}", subject(.origin, .key), .origin.way_out())]
    Value {
        /// Who said it.
        origin: Origin,
        /// Of which setting.
        key: String,
        /// What would be fine.
        expected: &'static str,
        /// What was said.
        found: String,
    },
    /// A flag handed over a value for a setting that does not exist.
    #[error("no setting is called {}{}", quoted(.key), or_meant(.nearest.as_deref()))]
    UnknownSetting {
        /// The name.
        key: String,
        /// The most similar key, if one is similar.
        nearest: Option<&'static str>,
    },
    /// A file that is no TOML.
    #[error("{}:{line}:{column}: {what}; correct the line, nothing of this file counts until then", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What the parser expected and found.
        what: String,
    },
    /// A file that is there but cannot be read.
    #[error("{}: cannot be read: {source}; make it readable or remove it", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: ReadError,
    },
    /// The process stands in a directory that is gone or closed to it, so relative paths mean nothing.
    #[error("the current directory is not known: {source}; change to one that exists")]
    CurrentDir {
        /// What the system said.
        source: std::io::Error,
    },
}

/// Something that was not taken into account; the build goes on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigWarning {
    /// A variable with the prefix of settings that is none.
    UnknownVariable {
        /// Its full name.
        name: String,
        /// The most similar variable, if one is similar.
        nearest: Option<&'static str>,
    },
    /// Two variables for one setting that say different things.
    AliasIgnored {
        /// The one that counts.
        used: &'static str,
        /// The one that does not.
        ignored: &'static str,
    },
    /// A key of a file that is no setting.
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key with its tables.
        key: String,
        /// The most similar key, if one is similar.
        nearest: Option<&'static str>,
    },
    /// A `[cache]` table in a `cache.toml`, where settings stand on the top level.
    NeedlessTable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A project file that is not trusted names a place outside the project.
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The setting.
        key: &'static str,
        /// What the file says.
        value_text: String,
        /// The folder that the user would have to trust.
        project: PathBuf,
        /// Why it is not trusted.
        why: Distrust,
    },
}

/// Why the content of a project file is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// The user never recorded it.
    NotRecorded,
    /// It is not the content that the user recorded.
    Changed,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable { name, nearest } => {
                write!(f, "{} is ignored: no setting has this variable{}", quoted(name), or_meant(*nearest))
            }
            Self::AliasIgnored { used, ignored } => {
                write!(
                    f,
                    "`{ignored}` is ignored: `{used}` is set too and says something else; unset one of them"
                )
            }
            Self::UnknownKey { path, line, key, nearest } => {
                let (path, key) = (path.display(), quoted(key));
                write!(f, "{path}:{line}: {key} is ignored: no setting has this key{}", or_meant(*nearest))
            }
            Self::NeedlessTable { path, line } => {
                write!(f, "{}:{line}: the table `[cache]` is ignored: ", path.display())?;
                write!(f, "only janus.toml has it; in this file settings stand on the top level")
            }
            Self::Untrusted { path, line, key, value_text, project, why } => {
                write!(f, "{}:{line}: `{key}` = {} is ignored: ", path.display(), quoted(value_text))?;
                let why = match why {
                    Distrust::NotRecorded => "which is not trusted",
                    Distrust::Changed => "and the file changed since it was trusted",
                };
                write!(f, "it leads out of the project, {why}; ")?;
                write!(f, "read the file, then run `janus trust {}`", project.display())
            }
        }
    }
}

/// Flags and variables name themselves; a line of a file needs its key.
fn subject(origin: &Origin, key: &str) -> String {
    match origin.file() {
        Some(_) => format!("{origin}: {}", quoted(key)),
        None => origin.to_string(),
    }
}

fn or_meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; docs/config.md lists them all".to_owned(),
        |nearest| format!("; did you mean `{nearest}`?"),
    )
}

/// The most characters of a foreign text that a message repeats.
const SHOWN_CHARS: usize = 80;

/// A foreign text in a message: cut, and with control characters escaped, because a project file from a
/// stranger must not speak to the terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN_CHARS) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
