//! `janus cache inspect`: one entry, and the inputs that its key stands for.

use std::fmt::Write as _;

use janus_cache::format::TableView;
use janus_cache::store::{EntryInfo, EntryKind, Lookup};
use serde::Serialize;

use super::entries::{Row, entries_of};
use crate::args::Format;
use crate::context::{Project, failure_of};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;
use crate::store_args::{EntryArgs, Which};

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    entry: Row,
    /// Why it would be a miss, if so.
    damage: Option<String>,
    table: Option<Table>,
    /// The inputs of the key, a line each.
    trace: Vec<String>,
}

#[derive(Serialize)]
struct Table {
    family: String,
    arity: u8,
    rule: &'static str,
    optimization: &'static str,
    entries: u32,
    types: u32,
}

pub(crate) fn run(args: &EntryArgs) -> Result<Exit, Failure> {
    let project = Project::open(&args.cache.project, &args.cache.settings)?;
    let dir = project.settings.dir.value.display();
    let wanted = args.key.to_ascii_lowercase();
    if wanted.len() < 4 || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let hint = "`janus cache list` shows all";
        return Err(Failure::usage(format!(
            "a key has at least 4 hexadecimal digits, found {wanted:?}; {hint}"
        )));
    }
    let Some(store) = project.existing_store(true)? else {
        return Err(Failure::usage(format!("no cache at {dir} yet")));
    };
    let all = Which { of_project: None, kind: None, older_than: None };
    let mut found = entries_of(&store, &all)?;
    found.retain(|entry| entry.key.to_string().starts_with(&wanted));
    // Packs come newest first; the first one of a key is the one that answers.
    found.sort_by_key(|entry| entry.key);
    found.dedup_by_key(|entry| entry.key);
    let entry = match found.as_slice() {
        [entry] => entry,
        [] => {
            let hint = "`janus cache list` shows all";
            return Err(Failure::usage(format!("no entry of {dir} begins with {wanted}; {hint}")));
        }
        several => {
            let keys: Vec<String> = several.iter().take(3).map(|entry| entry.key.short()).collect();
            let count = several.len();
            return Err(Failure::usage(format!(
                "{count} entries begin with {wanted}: {}, …; give more digits",
                keys.join(", ")
            )));
        }
    };
    let (output, exit) = match store.get(&entry.key) {
        Lookup::Hit(hit) => {
            let trace = hit.trace().map_err(|error| failure_of(&error))?;
            let trace = String::from_utf8_lossy(&trace).lines().map(str::to_owned).collect();
            let is_table = entry.meta.kind == EntryKind::DispatchTable;
            let table =
                TableView::open(hit.content()).ok().filter(|_| is_table).and_then(|view| table(&view));
            (output(entry, None, table, trace), Exit::Success)
        }
        Lookup::Miss(reason) => (output(entry, Some(reason.to_string()), None, Vec::new()), Exit::Damaged),
    };
    match args.cache.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(text(&output))?,
    }
    Ok(exit)
}

fn output(entry: &EntryInfo, damage: Option<String>, table: Option<Table>, trace: Vec<String>) -> Output {
    Output { schema_version: SCHEMA_VERSION, entry: Row::from(entry), damage, table, trace }
}

fn table(view: &TableView<'_>) -> Option<Table> {
    Some(Table {
        family: view.name().ok()?.to_owned(),
        arity: view.header().arity,
        rule: view.rule().as_str(),
        optimization: view.core().optimization().as_str(),
        entries: view.core().entry_count(),
        types: view.type_count(),
    })
}

fn text(output: &Output) -> String {
    let mut text = output.entry.lines();
    if let Some(damage) = &output.damage {
        let _ = writeln!(text, "{:<12}{damage}", "damaged");
    }
    if let Some(table) = &output.table {
        let Table { family, arity, rule, optimization, entries, types } = table;
        let methods = human::count(*entries as usize, "method", "methods");
        let types = human::count(*types as usize, "type", "types");
        let family = human::printable(family).into_owned();
        let _ = writeln!(
            text,
            "{:<12}{family}/{arity}: {methods}, {types}, rule {rule}, answered by {optimization}",
            "table"
        );
    }
    if !output.trace.is_empty() {
        let _ = writeln!(text, "inputs of the key");
    }
    for line in &output.trace {
        // Group, item and value; a name's own tabs are escaped.
        let mut fields = line.splitn(3, '\t').filter(|field| !field.is_empty());
        let fields = [fields.next(), fields.next(), fields.next()].map(Option::unwrap_or_default);
        let _ = writeln!(text, "  {}", human::printable(fields.join("  ").trim_end()));
    }
    text
}
