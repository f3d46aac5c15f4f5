//! One TOML file: its settings with their lines, and what in it is no setting.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::quoted;
use super::inputs::FileBytes;
use super::nearest::nearest;
use super::table::SETTINGS;
use super::{ConfigError, ConfigWarning, Origin};

/// Where in a file the settings stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the top level: `cache.toml`.
    TopLevel,
    /// In the table `[cache]`; the other tables belong to others: `janus.toml`.
    CacheTable,
}

/// A setting that a file names.
pub(super) struct Found<'a> {
    pub(super) key: &'static str,
    pub(super) line: usize,
    pub(super) value: DeValue<'a>,
}

/// What a file says.
#[derive(Default)]
pub(super) struct Document<'a> {
    pub(super) found: Vec<Found<'a>>,
    pub(super) warnings: Vec<ConfigWarning>,
}

/// Reads the settings of `file`. `origin` names a line of it.
pub(super) fn read<'a>(
    file: &'a FileBytes,
    place: Place,
    origin: &dyn Fn(usize) -> Origin,
) -> Result<Document<'a>, ConfigError> {
    let (text, top) = parse(file)?;
    let mut reader = Reader { path: &file.path, text, origin, document: Document::default() };
    match place {
        Place::TopLevel => reader.table("", top, place)?,
        Place::CacheTable => {
            for (key, value) in top {
                if key.get_ref() == "cache" {
                    let line = line_of(text, key.span().start);
                    match value.into_inner() {
                        DeValue::Table(settings) => reader.table("", settings, place)?,
                        other => return Err(not_a_table(origin(line), "cache", &other)),
                    }
                }
            }
        }
    }
    Ok(reader.document)
}

/// The text of `file`, and its top level.
pub(super) fn parse(file: &FileBytes) -> Result<(&str, DeTable<'_>), ConfigError> {
    let text = utf8(file)?;
    let top = DeTable::parse(text).map_err(|error| syntax_error(file, text, &error))?;
    Ok((text, top.into_inner()))
}

struct Reader<'a, 'o> {
    path: &'o Path,
    text: &'a str,
    origin: &'o dyn Fn(usize) -> Origin,
    document: Document<'a>,
}

impl<'a> Reader<'a, '_> {
    /// Depth is bounded by the known keys: an unknown table is named and not entered.
    fn table(&mut self, prefix: &str, table: DeTable<'a>, place: Place) -> Result<(), ConfigError> {
        for (name, value) in table {
            let line = line_of(self.text, name.span().start);
            let key = format!("{prefix}{}", name.get_ref());
            let inner = format!("{key}.");
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) {
                let value = value.into_inner();
                self.document.found.push(Found { key: setting.key, line, value });
            } else if SETTINGS.iter().any(|setting| setting.key.starts_with(&inner)) {
                match value.into_inner() {
                    DeValue::Table(settings) => self.table(&inner, settings, place)?,
                    other => return Err(not_a_table((self.origin)(line), &key, &other)),
                }
            } else if key == "cache" && place == Place::TopLevel {
                let path = self.path.to_owned();
                self.document.warnings.push(ConfigWarning::NeedlessTable { path, line });
            } else {
                let nearest = nearest(&key, SETTINGS.iter().map(|setting| setting.key));
                let path = self.path.to_owned();
                self.document.warnings.push(ConfigWarning::UnknownKey { path, line, key, nearest });
            }
        }
        Ok(())
    }
}

/// A value of a file in a message.
pub(super) fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string {}", quoted(text)),
        DeValue::Integer(number) => format!("the integer {}", quoted(&number.to_string())),
        DeValue::Float(number) => format!("the number {}", quoted(number.as_str())),
        DeValue::Boolean(truth) => format!("the boolean `{truth}`"),
        DeValue::Datetime(date) => format!("the date {}", quoted(&date.to_string())),
        DeValue::Array(items) => {
            let shown: Vec<String> = items.iter().map(|item| item_text(item.get_ref())).collect();
            format!("the list {}", quoted(&format!("[{}]", shown.join(", "))))
        }
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn item_text(item: &DeValue<'_>) -> String {
    match item {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => "[…]".to_owned(),
        DeValue::Table(_) => "{…}".to_owned(),
    }
}

fn not_a_table(origin: Origin, key: &str, found: &DeValue<'_>) -> ConfigError {
    ConfigError::Value {
        origin,
        key: key.to_owned(),
        expected: "a table of settings",
        found: described(found),
    }
}

fn utf8(file: &FileBytes) -> Result<&str, ConfigError> {
    std::str::from_utf8(&file.bytes).map_err(|error| {
        let valid = file.bytes.get(..error.valid_up_to()).unwrap_or_default();
        let (line, column) = position(&String::from_utf8_lossy(valid), valid.len());
        ConfigError::Syntax {
            path: file.path.clone(),
            line,
            column,
            what: "expected UTF-8, found other bytes".into(),
        }
    })
}

fn syntax_error(file: &FileBytes, text: &str, error: &toml::de::Error) -> ConfigError {
    let (line, column) = position(text, error.span().map_or(text.len(), |span| span.start));
    // The parser's own rendering repeats the line over several lines; a message here is one line.
    let what = error.message().replace('\n', ", ");
    ConfigError::Syntax { path: file.path.clone(), line, column, what }
}

/// The line of the byte at `offset`, counted from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    position(text, offset).0
}

/// Line and column of the byte at `offset`, both counted from 1, the column in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    (line, column)
}
