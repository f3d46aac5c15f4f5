//! From the document to facts, and what is wrong with it.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::document::{Document, FORMAT, Resolution};
use crate::build::facts::{Diagnostic, Facts, Looked, Place, Severity};
use crate::dispatch::FamilyRule;
use crate::frontend::places::Lines;
use crate::track::{SealBuilder, Selection};

const MALFORMED: &str = "malformed-corpus";

/// A corpus that was read.
pub(super) struct Read {
    pub(super) facts: Facts,
    /// Qualified names, in the order of the text; the top type is `any`.
    pub(super) types: Vec<String>,
    /// In the order of the text.
    pub(super) functions: Vec<ReadFunction>,
}

/// A function as truth files count it.
pub(super) struct ReadFunction {
    pub(super) name: String,
    pub(super) arity: usize,
    /// Symbols of the implementations, in the order of the text.
    pub(super) implementations: Vec<String>,
}

/// A text that is read, and what was found wrong with it.
pub(super) struct Reader<'t> {
    text: &'t str,
    lines: Lines<'t>,
    file: Arc<str>,
    pub(super) told: Vec<Diagnostic>,
}

/// Reads a corpus. What is wrong with it is told in the facts, and left out of them.
pub(super) fn read(bytes: &[u8], file: &Arc<str>) -> Read {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = std::str::from_utf8(valid).unwrap_or_default();
            let mut reader = Reader::new(text, file);
            reader.tell(text.len(), "not-utf8", "this byte is not UTF-8 text".to_owned(), None);
            return reader.nothing();
        }
    };
    let mut reader = Reader::new(text, file);
    let document: Document<'_> = match object(text) {
        Ok(document) => document,
        Err((at, message)) => {
            let help = Some("see format-spec/corpus.md for what a corpus holds".to_owned());
            reader.tell(at, MALFORMED, format!("not a corpus: {message}"), help);
            return reader.nothing();
        }
    };
    if document.format != FORMAT {
        let message = format!("expected the format {FORMAT:?}, found {:?}", document.format);
        reader.tell(0, "unknown-format", message, None);
        return reader.nothing();
    }
    reader.corpus(&document)
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, file: &Arc<str>) -> Self {
        Self { text, lines: Lines::new(text), file: Arc::clone(file), told: Vec::new() }
    }

    fn nothing(self) -> Read {
        let facts = facts(FamilyRule::Symmetric, self.told);
        Read { facts, types: Vec::new(), functions: Vec::new() }
    }

    fn corpus(mut self, document: &Document<'t>) -> Read {
        let types = self.types(document);
        let mut made = facts(rule_of(document.resolution), Vec::new());
        let functions = self.functions(&document.functions, &types, &mut made);
        // While it is in doubt who is below whom, no family is formed: its table would answer wrongly.
        if types.are_sound {
            made.types = types.facts;
        } else {
            made.methods.clear();
            made.argument_orders.clear();
        }
        made.methods.sort_by(|a, b| (&a.family, &a.place).cmp(&(&b.family, &b.place)));
        made.functions.sort_by(|a, b| a.place.cmp(&b.place));
        made.diagnostics = self.told;
        made.diagnostics.sort_by(|a, b| (&a.place, a.code).cmp(&(&b.place, b.code)));
        Read { facts: made, types: types.names, functions }
    }

    /// Where a piece of the text begins: it is borrowed from the text.
    pub(super) fn offset(&self, raw: &RawValue) -> usize {
        (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    pub(super) fn parse<'r, T: serde::Deserialize<'r>>(
        &mut self,
        raw: &'r RawValue,
        what: &str,
    ) -> Option<T> {
        let at = self.offset(raw);
        match object(raw.get()) {
            Ok(parsed) => Some(parsed),
            Err((inside, message)) => {
                self.tell(at + inside, MALFORMED, format!("not a {what}: {message}"), None);
                None
            }
        }
    }

    /// Tells of a name, symbol or module that no table could hold or no person could read.
    pub(super) fn is_good_name(&mut self, at: usize, what: &str, name: &str) -> bool {
        if name.is_empty() {
            self.tell(at, "empty-name", format!("the name of this {what} is empty"), None);
        } else if name.chars().any(char::is_control) {
            let message = format!("the name {name:?} of this {what} holds a control character");
            self.tell(at, "control-character", message, None);
        } else {
            return true;
        }
        false
    }

    pub(super) fn place(&self, at: usize) -> Place {
        let (line, column) = self.lines.locate(u32::try_from(at).unwrap_or(u32::MAX));
        Place { file: Arc::clone(&self.file), line, column }
    }

    pub(super) fn tell(&mut self, at: usize, code: &'static str, message: String, help: Option<String>) {
        let place = self.place(at);
        self.told.push(Diagnostic {
            severity: Severity::Error,
            code,
            place,
            message,
            // A corpus is one long line: to repeat it would help nobody.
            excerpt: String::new(),
            marked_columns: 1,
            notes: Vec::new(),
            help,
        });
    }

    pub(super) fn tell_again(&mut self, at: usize, first: usize, code: &'static str, what: &str) {
        self.tell(at, code, format!("{what} is there twice"), None);
        let first = self.place(first);
        if let Some(told) = self.told.last_mut() {
            told.notes.push((first, "the first one is here".to_owned()));
        }
    }
}

/// Reads a JSON object. What is wrong stands at a byte of the text.
fn object<'r, T: serde::Deserialize<'r>>(text: &'r str) -> Result<T, (usize, String)> {
    // A list of a struct's values in order would be taken for the struct.
    let start = text.len() - text.trim_ascii_start().len();
    if text.trim_ascii_start().starts_with('[') {
        return Err((start, "expected an object, found a list".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| {
        let (at, told) = (offset_of(text, error.line(), error.column()), error.to_string());
        // The place is told beside the message, in lines and columns of the whole text.
        let place = format!(" at line {} column {}", error.line(), error.column());
        (at, told.strip_suffix(&place).map_or_else(|| told.clone(), str::to_owned))
    })
}

fn rule_of(resolution: Resolution) -> FamilyRule {
    match resolution {
        Resolution::Symmetric => FamilyRule::Symmetric,
        Resolution::Precedence => FamilyRule::Precedence { argument_order: Vec::new() },
        Resolution::Levels => FamilyRule::Levels,
    }
}

/// The byte at a line and column (both from 1, in bytes) of a text.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

fn facts(rule: FamilyRule, diagnostics: Vec<Diagnostic>) -> Facts {
    Facts {
        language: "corpus".to_owned(),
        rule,
        argument_orders: Vec::new(),
        sources: Vec::new(),
        types: Vec::new(),
        methods: Vec::new(),
        functions: Vec::new(),
        diagnostics,
        looked: Looked(SealBuilder::new(Selection::default())),
    }
}
