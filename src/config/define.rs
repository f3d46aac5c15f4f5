//! The build's configuration: names and values that enter every key, so that builds which differ in one
//! share nothing.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::document::{described, line_of, parse};
use super::error::quoted;
use super::inputs::FileBytes;
use super::nearest::nearest;
use super::{ConfigError, ConfigWarning, Origin};

/// The flag that gives one name its value.
pub const DEFINE_FLAG: &str = "--define";
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The longest value, in bytes: it stands in the trace of every table.
const MAX_VALUE_BYTES: usize = 4096;
/// What table `[build]` may hold.
const BUILD_KEYS: [&str; 1] = ["build.define"];

const FLAG_FORM: &str = "NAME=VALUE, the name of 1 to 64 ASCII letters, digits, `.`, `_` or `-`, the value of \
                         at most 4096 bytes";
const NAME_FORM: &str = "a name of 1 to 64 ASCII letters, digits, `.`, `_` or `-`";
const VALUE_FORM: &str = "a string of at most 4096 bytes, a whole number, true or false";

/// The build's configuration, and what was not taken into account on the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defines {
    /// Each name once, with its value.
    pub values: BTreeMap<String, String>,
    /// Other keys of table `[build]`.
    pub warnings: Vec<ConfigWarning>,
}

impl Defines {
    /// Table `[build.define]` of the project's `janus.toml`, and over it what the flags say as
    /// `NAME=VALUE`; of two flags for one name the later counts.
    pub fn resolve(flags: &[String], project_file: Option<&FileBytes>) -> Result<Self, ConfigError> {
        let mut defines = Self::default();
        if let Some(file) = project_file {
            defines.add_file(file)?;
        }
        for flag in flags {
            let said = flag.split_once('=').filter(|(name, value)| is_name(name) && is_value(value));
            let (name, value) = said.ok_or_else(|| ConfigError::Value {
                origin: Origin::Flag { name: DEFINE_FLAG },
                key: DEFINE_FLAG.to_owned(),
                expected: FLAG_FORM,
                found: quoted(flag),
            })?;
            defines.values.insert(name.to_owned(), value.to_owned());
        }
        Ok(defines)
    }

    fn add_file(&mut self, file: &FileBytes) -> Result<(), ConfigError> {
        let (text, top) = parse(file)?;
        let origin = |offset| Origin::Project { path: file.path.clone(), line: line_of(text, offset) };
        let Some((key, build)) = top.into_iter().find(|(key, _)| key.get_ref() == "build") else {
            return Ok(());
        };
        let build = table(origin(key.span().start), "build", build.into_inner())?;
        for (key, found) in build {
            let at = key.span().start;
            let key = format!("build.{}", key.get_ref());
            if !BUILD_KEYS.contains(&key.as_str()) {
                let (path, line) = (file.path.clone(), line_of(text, at));
                let nearest = nearest(&key, BUILD_KEYS.into_iter());
                self.warnings.push(ConfigWarning::UnknownKey { path, line, key, nearest });
                continue;
            }
            for (name, value) in table(origin(at), &key, found.into_inner())? {
                let wrong = |expected, found| ConfigError::Value {
                    origin: origin(name.span().start),
                    key: format!("{key}.{}", name.get_ref()),
                    expected,
                    found,
                };
                if !is_name(name.get_ref()) {
                    return Err(wrong(NAME_FORM, quoted(name.get_ref())));
                }
                let value = value.into_inner();
                let said = as_text(&value).ok_or_else(|| wrong(VALUE_FORM, described(&value)))?;
                self.values.insert(name.get_ref().clone().into_owned(), said);
            }
        }
        Ok(())
    }
}

fn table<'a>(origin: Origin, key: &str, found: DeValue<'a>) -> Result<DeTable<'a>, ConfigError> {
    match found {
        DeValue::Table(table) => Ok(table),
        found => {
            let (key, expected, found) = (key.to_owned(), "a table", described(&found));
            Err(ConfigError::Value { origin, key, expected, found })
        }
    }
}

/// A value as a flag would say it.
fn as_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => is_value(text).then(|| text.clone().into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
}

fn is_value(value: &str) -> bool {
    value.len() <= MAX_VALUE_BYTES
}
