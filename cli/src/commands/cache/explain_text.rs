//! What `janus cache explain` tells people.

use std::fmt::Write as _;

use super::explain::{EventOut, FamilyOut, FileOut, InputOut, Output, ReachOut, ReachedOut};
use super::stats::date;
use crate::human::{self, count, printable};

/// So many of a list are shown; JSON has all.
const SHOWN: usize = 20;

/// Lines with a label in front.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, label: &str, value: &str) {
        let _ = writeln!(self.0, "{}", format!("{label:<10}{}", printable(value)).trim_end());
    }

    fn below(&mut self, value: &str) {
        let _ = writeln!(self.0, "  {}", printable(value));
    }

    /// A list of which the first ones are shown.
    fn list(&mut self, values: impl ExactSizeIterator<Item = String>) {
        let more = values.len().saturating_sub(SHOWN);
        values.take(SHOWN).for_each(|value| self.below(&value));
        if more > 0 {
            self.below(&format!("… and {more} more (--format json has all)"));
        }
    }
}

pub(super) fn text(output: &Output) -> String {
    let mut lines = Lines::default();
    if !output.named.is_empty() {
        lines.add("several", "name one of these families");
        lines.list(output.named.iter().cloned());
    }
    match (&output.family, &output.if_changed) {
        (Some(family), None) => of_family(&mut lines, family),
        (Some(family), Some(_)) => lines.add("family", &format!("{}/{}", family.family, family.arity)),
        (None, _) => {}
    }
    if let Some(file) = &output.file {
        of_file(&mut lines, file);
    }
    if let Some(reach) = &output.if_changed {
        of_reach(&mut lines, reach);
    }
    lines.0
}

fn of_family(lines: &mut Lines, family: &FamilyOut) {
    lines.add("family", &format!("{}/{}", family.family, family.arity));
    lines.add("key", short(&family.key));
    lines.add("methods", &format!("in {}", family.files.join(", ")));
    let made = family.made_unix_s.zip(family.rebuild_cost_ns);
    lines.add(
        "cache",
        &match (&family.missing, made) {
            (None, Some((made, cost_ns))) => {
                format!("has its answer, made {} in {}", date(made), human::time_ns(cost_ns))
            }
            (reason, _) => format!("does not have its answer: {}", reason.as_deref().unwrap_or_default()),
        },
    );
    match &family.built {
        Some(event) => of_event(lines, "built", event, &family.key),
        None => lines.add("built", "by no build that is remembered here"),
    }
    match &family.reused {
        Some(event) => of_event(lines, "reused", event, &family.key),
        None if family.built.is_some() => lines.add("reused", "by every build since then"),
        None => {}
    }
    if !family.inputs.is_empty() {
        lines.add("inputs", "");
        for group in family.inputs.chunk_by(|a, b| a.group == b.group) {
            let shown = |input: &InputOut| {
                // The usual symbol says what the parameter types say already.
                let usual = format!("{}{} ", family.family, input.item);
                let value = input.value.strip_prefix(&usual).unwrap_or(&input.value);
                let fields = [input.group, &input.item, value];
                let fields: Vec<&str> = fields.into_iter().filter(|field| !field.is_empty()).collect();
                fields.join("  ")
            };
            lines.list(group.iter().map(shown));
        }
    }
}

fn of_event(lines: &mut Lines, label: &str, event: &EventOut, key: &str) {
    let other = if event.key == key { "" } else { ", for another question than today's" };
    let because = if event.files.is_empty() { ": " } else { " because " };
    lines.add(label, &format!("{}{other}{because}{}", date(event.at_unix_s), event.text));
    lines.list(event.changes.iter().map(|change| change.text.clone()));
    let more = (event.change_count as usize).saturating_sub(event.changes.len());
    if more > 0 {
        lines.below(&format!("and {more} more that were not kept"));
    }
}

fn of_file(lines: &mut Lines, file: &FileOut) {
    lines.add("file", &file.path);
    lines.add("digest", short(&file.digest));
    for import in &file.imports {
        let target = match &import.resolved {
            Some(path) => format!("{} is {path}", import.written),
            None => format!("{} is no file", import.written),
        };
        let absent = if import.absent.is_empty() {
            String::new()
        } else {
            format!("; not there: {}", import.absent.join(", "))
        };
        lines.add("imports", &format!("{target}{absent}"));
    }
    let files = count(file.imported_by.len(), "file", "files");
    let further = match file.imported_indirectly {
        0 => String::new(),
        further => format!(", through these by {further} more"),
    };
    lines.add("imported", &format!("by {files}{further}"));
    lines.list(file.imported_by.iter().cloned());
    lines.add("families", &format!("{} ask about something in it", file.families.len()));
    lines.list(file.families.iter().map(reached));
    of_unknown(lines, file.unknown);
}

fn reached(reached: &ReachedOut) -> String {
    const NAMED: usize = 3;
    let mut parts = Vec::new();
    for (what, names) in [("method", &reached.methods), ("type", &reached.types)] {
        if names.is_empty() {
            continue;
        }
        let more = names.len().saturating_sub(NAMED);
        let plural = if names.len() == 1 { "" } else { "s" };
        let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        parts.push(format!("{what}{plural} {named}{more}"));
    }
    format!("{}/{}: {}", reached.family, reached.arity, parts.join("; "))
}

fn of_reach(lines: &mut Lines, reach: &ReachOut) {
    lines.add("if", &format!("{} changed", reach.file));
    match reach.reached {
        Some("directly") => {
            lines.add("asked", "anew, if one of these changed");
            lines.list(reach.families.iter().map(reached));
            return;
        }
        Some("through-imports") => {
            lines.add("asked", "anew only if a name that it takes from there came to mean something else");
            return;
        }
        Some(_) => {
            lines.add("asked", "as before: nothing in its question comes from there");
            return;
        }
        None => {}
    }
    let families = count(reach.families.len(), "family", "families");
    lines.add("asked", &format!("anew at most {families}, by what the file has in them"));
    lines.list(reach.families.iter().map(reached));
    let (through, not) = (reach.through_imports.len(), reach.not_reached);
    lines.add(
        "perhaps",
        &format!("{through} more, if a name that they take from it came to mean something else"),
    );
    lines.add("never", &format!("{not}, unless the file came to have something for them"));
    of_unknown(lines, reach.unknown);
    lines.add("importers", &format!("{}, nearest first", count(reach.importers.len(), "file", "files")));
    lines.list(reach.importers.iter().map(|importer| importer.chain.join(" imports ")));
}

fn of_unknown(lines: &mut Lines, unknown: usize) {
    if unknown > 0 {
        let tables = count(unknown, "table", "tables");
        let told = format!("the types of {tables}, which the cache does not have any more; build to know");
        lines.add("unknown", &told);
    }
}

fn short(hex: &str) -> &str {
    hex.get(..16).unwrap_or(hex)
}
