//! An error in a source, and where it is.

use serde::{Deserialize, Serialize};

/// A place in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in Unicode characters.
    pub(crate) column: u32,
}

impl Place {
    /// Where every file begins.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind `text`, if `text` begins here.
    pub(crate) fn behind(self, text: &str) -> Self {
        text.chars().fold(self, |place, character| match character {
            '\n' => Self { line: place.line.saturating_add(1), column: 1 },
            _ => Self { column: place.column.saturating_add(1), ..place },
        })
    }
}

/// What is wrong at a place. The file is not part of it: who prints it knows the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Problem {
    /// The line for the user.
    pub(crate) fn in_file(&self, path: &str) -> String {
        let Self { place: Place { line, column }, expected, found } = self;
        format!("{path}:{line}:{column}: expected {expected}, found {found}")
    }
}

/// A piece of a source for a message: cut if it is long, and without what a terminal would obey.
pub(crate) fn quoted(text: &str) -> String {
    /// Characters.
    const SHOWN: usize = 40;
    let mut quoted = String::from("`");
    for character in text.chars().take(SHOWN) {
        match character {
            '"' | '\'' | '\\' => quoted.push(character),
            _ => quoted.extend(character.escape_debug()),
        }
    }
    quoted.push_str(if text.chars().nth(SHOWN).is_some() { "…`" } else { "`" });
    quoted
}
