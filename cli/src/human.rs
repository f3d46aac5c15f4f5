//! Numbers and diagnostics for people.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytesize::ByteSize;
use janus_cache::build::facts::{Diagnostic, Place};

/// A size in powers of ten: `12.3 kB`.
pub(crate) fn bytes(bytes: u64) -> String {
    ByteSize(bytes).display().si().to_string()
}

/// A time in the unit that leaves a readable number.
pub(crate) fn time_ns(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} us", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.2} s", ns as f64 / 1e9),
    }
}

/// A share as percent, or a dash where there is none.
pub(crate) fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{:.1} %", ratio * 100.0))
}

/// A share from 0 to 1 as a bar that is `width` letters wide.
pub(crate) fn bar(share: f64, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let most = width * 8;
    let eighths = (0..most).filter(|eighth| (*eighth as f64 + 0.5) / most as f64 <= share).count();
    let bar = "█".repeat(eighths / 8) + PARTS.get(eighths % 8).copied().unwrap_or_default();
    format!("{bar:<width$}")
}

/// `1 table`, `2 tables`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `2 packs and 0 objects`.
pub(crate) fn packs_and_objects(packs: u64, objects: u64) -> String {
    let packs = count(packs as usize, "pack", "packs");
    format!("{packs} and {}", count(objects as usize, "object", "objects"))
}

/// A text that came with the sources, on one line and without power over the terminal: a name may
/// hold a line break, or a sequence that clears the screen.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// A source line in which tabs stay, and other control characters take one column as they did.
fn excerpt_of(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn shown(place: &Place) -> String {
    format!("{}:{}:{}", printable(&place.file), place.line, place.column)
}

/// A diagnostic with its source line, and the marked part under it.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> String {
    let Diagnostic { severity, code, place, message, excerpt, marked_columns, notes, help } = diagnostic;
    let mut text = format!("{}[{code}]: {}\n", severity.as_str(), printable(message));
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = writeln!(text, "{gutter}--> {}", shown(place));
    if !excerpt.is_empty() {
        let _ = writeln!(text, "{gutter} |\n{number} | {}", excerpt_of(excerpt));
        // Tabs stay tabs, so that the mark stands under what it marks whatever their width.
        let before = (place.column as usize).saturating_sub(1);
        let indent = excerpt.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' });
        let indent: String = indent.collect();
        if indent.chars().count() == before {
            let room = excerpt.chars().count().saturating_sub(before).max(1);
            let marks = "^".repeat((*marked_columns as usize).clamp(1, room));
            let _ = writeln!(text, "{gutter} | {indent}{marks}");
        }
    }
    for (place, note) in notes {
        let _ = writeln!(text, "{gutter} = note: {}: {}", shown(place), printable(note));
    }
    if let Some(help) = help {
        let _ = writeln!(text, "{gutter} = help: {}", printable(help));
    }
    text
}

#[cfg(test)]
mod tests {
    use janus_cache::build::facts::Severity;

    use super::*;

    #[test]
    fn the_mark_stands_under_what_it_marks_behind_tabs_and_wide_letters() {
        let place = Place { file: "a.jan".into(), line: 12, column: 4 };
        let shown = diagnostic(&Diagnostic {
            severity: Severity::Error,
            code: "malformed",
            place,
            message: "expected a name, found `}`".to_owned(),
            excerpt: "\tö } x".to_owned(),
            marked_columns: 1,
            notes: vec![(Place { file: "b.jan".into(), line: 1, column: 2 }, "first".to_owned())],
            help: Some("write one".to_owned()),
        });
        let expected = "error[malformed]: expected a name, found `}`\n  --> a.jan:12:4\n   |\n\
                        12 | \tö } x\n   | \t  ^\n   = note: b.jan:1:2: first\n   = help: write one\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_mark_beyond_the_excerpt_is_left_out() {
        let place = Place { file: "a.jan".into(), line: 1, column: 900 };
        let shown = diagnostic(&Diagnostic {
            severity: Severity::Warning,
            code: "x",
            place,
            message: "m".to_owned(),
            excerpt: "short".to_owned(),
            marked_columns: 3,
            notes: Vec::new(),
            help: None,
        });
        assert!(!shown.contains('^'), "{shown}");
    }

    #[test]
    fn times_and_sizes_keep_one_digit() {
        assert_eq!(
            [999, 1_500, 2_500_000, 3_210_000_000].map(time_ns),
            ["999 ns", "1.5 us", "2.5 ms", "3.21 s"]
        );
        assert_eq!(bytes(12_345), "12.3 kB");
        assert_eq!((percent(Some(0.5)), percent(None)), ("50.0 %".to_owned(), "-".to_owned()));
    }
}
