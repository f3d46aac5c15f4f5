//! What changed between two images, for people: as text, and as Markdown for a review.

use std::fmt::Write as _;

use janus_cache::image::diff::{
    Age, ChangeKind, DiffMethod, FamilyDiff, ImageDiff, MethodNumber, Region, TypeSet, Verdict,
};

use crate::human;
use crate::names::ShortNames;

/// More names of one position, or more candidates, are no help.
const MAX_NAMES: usize = 4;
/// More rows of one family nobody reads in a review; the JSON has all.
const MAX_MARKDOWN_ROWS: usize = 40;

/// Where a method stands.
pub(super) fn place(method: &DiffMethod) -> Option<String> {
    method.place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column))
}

/// A family, and how its types are called: by the last part of the name where only one has it.
struct Shown<'a> {
    family: &'a FamilyDiff,
    names: ShortNames,
}

impl<'a> Shown<'a> {
    fn of(family: &'a FamilyDiff) -> Self {
        let in_patterns = family.methods.iter().flat_map(|method| &method.pattern);
        let sets = family.regions.iter().flat_map(|region| &region.types);
        let in_sets = sets.flat_map(|set| set.types.iter().chain(&set.except));
        Self { family, names: ShortNames::of(in_patterns.chain(in_sets).map(String::as_str)) }
    }

    fn method(&self, number: MethodNumber) -> Option<&'a DiffMethod> {
        self.family.method(number)
    }

    fn methods(&self, numbers: &'a [MethodNumber]) -> impl Iterator<Item = &'a DiffMethod> {
        let family = self.family;
        numbers.iter().filter_map(move |number| family.method(*number))
    }

    /// `(Enemy, any)`.
    fn pattern(&self, method: &DiffMethod) -> String {
        let names = method.pattern.iter().map(|name| self.names.of_type(name));
        format!("({})", names.collect::<Vec<_>>().join(", "))
    }

    fn with_place(&self, method: &DiffMethod) -> String {
        let place = place(method).map_or_else(String::new, |place| format!("  {place}"));
        format!("{}{place}", self.pattern(method))
    }

    fn few(&self, names: &[String]) -> String {
        let shown = names.iter().take(MAX_NAMES).map(|name| self.names.of_type(name));
        let shown = shown.collect::<Vec<_>>().join("|");
        match names.len().saturating_sub(MAX_NAMES) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }

    /// `Actor +3 below`, `Actor +2 below except Enemy`, `any`.
    fn set(&self, set: &TypeSet) -> String {
        if set.is_all {
            return "any".to_owned();
        }
        let mut parts = Vec::new();
        if !set.tops.is_empty() {
            parts.push(self.few(&set.tops));
        }
        if set.has_other {
            parts.push("any other type".to_owned());
        }
        let mut text = parts.join("|");
        let below = set.types.len().saturating_sub(set.tops.len());
        if below > 0 {
            let _ = write!(text, " +{below} below");
        }
        if !set.except.is_empty() {
            let _ = write!(text, " except {}", self.few(&set.except));
        }
        text
    }

    fn call(&self, region: &Region) -> String {
        format!("({})", region.types.iter().map(|set| self.set(set)).collect::<Vec<_>>().join(", "))
    }
}

const fn said(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::NewAmbiguity => "ambiguous now",
        ChangeKind::Winner => "another method",
        ChangeKind::Lost => "no method any more",
        ChangeKind::Candidates => "ambiguous, other candidates",
        ChangeKind::Resolved => "no longer ambiguous",
        ChangeKind::Gained => "answered now",
    }
}

const fn about(age: Age) -> &'static str {
    match age {
        Age::Both => "",
        Age::Added => ", new types",
        Age::Removed => ", types that are gone",
    }
}

/// What a verdict says, a line for each method.
fn verdict(shown: &Shown<'_>, verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::NoMethod => vec!["no method".to_owned()],
        Verdict::Method(number) => {
            shown.method(*number).map(|method| shown.with_place(method)).into_iter().collect()
        }
        Verdict::Ambiguous(numbers) => {
            let first = numbers.iter().take(MAX_NAMES).filter_map(|number| shown.method(*number));
            let mut lines: Vec<String> =
                first.map(|method| format!("ambiguous: {}", shown.with_place(method))).collect();
            match numbers.len().saturating_sub(MAX_NAMES) {
                0 => {}
                more => lines.push(format!("ambiguous: {more} more")),
            }
            lines
        }
    }
}

/// One family in one line: `physics::collide/2: 1 method added, 12 calls answered differently`.
fn summary(family: &FamilyDiff) -> String {
    let mut parts = Vec::new();
    let methods = |count, what: &str| format!("{} {what}", human::count(count, "method", "methods"));
    match family.added().count() {
        0 => {}
        count => parts.push(methods(count, "added")),
    }
    match family.removed().count() {
        0 => {}
        count => parts.push(methods(count, "removed")),
    }
    if let Some((old, new)) = family.rules {
        parts.push(format!("rule {} instead of {}", new.as_str(), old.as_str()));
    }
    if family.changed_tuples > 0 {
        parts.push(format!("{} answered differently", calls(family.changed_tuples)));
    }
    match family.new_ambiguities().count() {
        0 => {}
        count => parts.push(human::count(count, "new ambiguity", "new ambiguities")),
    }
    match family.unreachable.len() {
        0 => {}
        count => parts.push(format!("{count} unreachable")),
    }
    format!("{}/{} {}: {}", family.name, family.arity, family.state.as_str(), parts.join(", "))
}

fn calls(tuples: u64) -> String {
    if tuples == 1 { "1 call".to_owned() } else { format!("{tuples} calls") }
}

/// All of it in one line.
fn totals(found: &ImageDiff) -> String {
    if found.is_empty() {
        return format!("no difference in {}", families(found.same_families as usize));
    }
    let sum = |of: fn(&FamilyDiff) -> u64| found.families.iter().map(of).fold(0, u64::saturating_add);
    let differ = if found.families.len() == 1 { "differs" } else { "differ" };
    let mut parts = vec![format!("{} {differ}", families(found.families.len()))];
    parts.push(format!("{} answered differently", calls(sum(|family| family.changed_tuples))));
    let ambiguities = sum(|family| family.new_ambiguities().count() as u64);
    parts.push(human::count(ambiguities as usize, "new ambiguity", "new ambiguities"));
    let unreachable = sum(|family| family.unreachable.len() as u64);
    parts.push(format!("{} unreachable", human::count(unreachable as usize, "method", "methods")));
    let (added, removed) = (found.types_added.len(), found.types_removed.len());
    if added + removed > 0 {
        parts.push(format!("{} added, {removed} removed", human::count(added, "type", "types")));
    }
    format!("{}; {} as before", parts.join(", "), families(found.same_families as usize))
}

fn families(count: usize) -> String {
    human::count(count, "family", "families")
}

const TRUNCATED: &str =
    "too large to compare in full: there may be more, and methods without calls are not known";

/// The text for a terminal.
pub(super) fn human(found: &ImageDiff) -> String {
    let mut text = String::new();
    for family in &found.families {
        let shown = Shown::of(family);
        let _ = writeln!(text, "{}", summary(family));
        for method in family.removed() {
            let _ = writeln!(text, "  - {}", shown.with_place(method));
        }
        for method in family.added() {
            let _ = writeln!(text, "  + {}", shown.with_place(method));
        }
        for region in &family.regions {
            let (call, tuples) = (shown.call(region), calls(region.tuples));
            let _ = writeln!(text, "  {call}: {}, {tuples}{}", said(region.kind()), about(region.age));
            for line in verdict(&shown, &region.before) {
                let _ = writeln!(text, "    was {line}");
            }
            for line in verdict(&shown, &region.after) {
                let _ = writeln!(text, "    now {line}");
            }
        }
        for method in shown.methods(&family.unreachable) {
            let _ = writeln!(text, "  no call selects {}", shown.with_place(method));
        }
        for method in shown.methods(&family.reachable) {
            let _ = writeln!(text, "  calls select again {}", shown.with_place(method));
        }
        if family.truncated {
            let _ = writeln!(text, "  {TRUNCATED}");
        }
    }
    for (word, types) in [("added", &found.types_added), ("removed", &found.types_removed)] {
        if !types.is_empty() {
            let _ = writeln!(text, "types {word}: {}", types.join(", "));
        }
    }
    let _ = writeln!(text, "{}", totals(found));
    text
}

/// A piece of text in a cell of a table, as code.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " "))
}

fn markdown_method(shown: &Shown<'_>, method: &DiffMethod) -> String {
    let place = place(method).map_or_else(String::new, |place| format!(" {}", code(&place)));
    format!("{}{place}", code(&shown.pattern(method)))
}

fn markdown_verdict(shown: &Shown<'_>, verdict: &Verdict) -> String {
    match verdict {
        Verdict::NoMethod => "no method".to_owned(),
        Verdict::Method(number) => {
            shown.method(*number).map_or_else(String::new, |method| markdown_method(shown, method))
        }
        Verdict::Ambiguous(numbers) => {
            let first = numbers.iter().take(MAX_NAMES).filter_map(|number| shown.method(*number));
            let first: Vec<String> = first.map(|method| markdown_method(shown, method)).collect();
            let more = numbers.len().saturating_sub(MAX_NAMES);
            let more = if more > 0 { format!("<br>and {more} more") } else { String::new() };
            format!("**ambiguous**:<br>{}{more}", first.join("<br>"))
        }
    }
}

/// The text for the description of a change.
pub(super) fn markdown(names: [&str; 2], found: &ImageDiff) -> String {
    let mut text = format!("### Dispatch: {} to {}\n\n{}\n", code(names[0]), code(names[1]), totals(found));
    for family in &found.families {
        let shown = Shown::of(family);
        let name = code(&format!("{}/{}", family.name, family.arity));
        let said = summary(family);
        let said = said.split_once(": ").map_or("", |(_, said)| said);
        let _ = writeln!(text, "\n#### {name} {}\n\n{said}\n", family.state.as_str());
        for method in family.removed() {
            let _ = writeln!(text, "- removed {}", markdown_method(&shown, method));
        }
        for method in family.added() {
            let _ = writeln!(text, "- added {}", markdown_method(&shown, method));
        }
        for method in shown.methods(&family.unreachable) {
            let _ = writeln!(text, "- **no call selects** {}", markdown_method(&shown, method));
        }
        for method in shown.methods(&family.reachable) {
            let _ = writeln!(text, "- calls select again {}", markdown_method(&shown, method));
        }
        if !family.regions.is_empty() {
            text.push_str("\n| call | before | after | calls |\n|---|---|---|---:|\n");
        }
        for region in family.regions.iter().take(MAX_MARKDOWN_ROWS) {
            let (before, after) =
                (markdown_verdict(&shown, &region.before), markdown_verdict(&shown, &region.after));
            let (call, tuples) = (code(&shown.call(region)), region.tuples);
            let _ = writeln!(text, "| {call}{} | {before} | {after} | {tuples} |", about(region.age));
        }
        match family.regions.len().saturating_sub(MAX_MARKDOWN_ROWS) {
            0 => {}
            more => {
                let _ = writeln!(text, "\n{more} more rows; `--format json` has them all.");
            }
        }
        if family.truncated {
            let _ = writeln!(text, "\n{TRUNCATED}.");
        }
    }
    for (word, types) in [("added", &found.types_added), ("removed", &found.types_removed)] {
        if !types.is_empty() {
            let types: Vec<String> = types.iter().map(|name| code(name)).collect();
            let _ = writeln!(text, "\nTypes {word}: {}", types.join(", "));
        }
    }
    text
}
