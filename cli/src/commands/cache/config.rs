//! `janus cache config`: every setting, its value, and who said so.

use std::fmt::Write as _;

use serde::Serialize;

use crate::args::{CacheArgs, Format};
use crate::context::Project;
use crate::exit::{Exit, Failure};
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    settings: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: &'static str,
    value: String,
    origin: String,
    default: String,
    variables: &'static [&'static str],
    flag: Option<&'static str>,
}

pub(crate) fn run(args: &CacheArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.project, &args.settings)?;
    let entries = project.settings.entries();
    match args.format {
        Format::Json => {
            let row = |entry: &janus_cache::config::Entry<'_>| Row {
                key: entry.setting.key,
                value: entry.value_text.clone(),
                origin: entry.origin.to_string(),
                default: (entry.setting.default_text)(),
                variables: entry.setting.variables,
                flag: entry.setting.flag.map(janus_cache::config::Flag::name),
            };
            json::print(&Output {
                schema_version: SCHEMA_VERSION,
                settings: entries.iter().map(row).collect(),
            })?;
        }
        Format::Human => {
            let width = |texts: Vec<usize>| texts.into_iter().max().unwrap_or(0);
            let keys = width(entries.iter().map(|entry| entry.setting.key.len()).collect());
            let values = width(entries.iter().map(|entry| entry.value_text.chars().count()).collect());
            let mut text = String::new();
            for entry in &entries {
                let (key, value, origin) = (entry.setting.key, &entry.value_text, entry.origin);
                let _ = writeln!(text, "{key:<keys$}  {value:<values$}  {origin}");
            }
            say::out(text)?;
        }
    }
    Ok(Exit::Success)
}
