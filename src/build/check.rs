//! Diagnostics that need all sources together: ambiguities, and families beyond what a table holds.

use std::collections::HashMap;
use std::path::Path;

use super::facts::{Diagnostic, Facts, MethodFact, Place, Severity};
use super::question::Question;
use super::registry::{FamilyId, Registry};
use super::table::Table;
use crate::dispatch::{Ambiguity, find_ambiguities};
use crate::format::LogicalTable;
use crate::fs::read_bounded;

/// Name of the diagnostic for an ambiguity.
pub(super) const AMBIGUOUS: &str = "ambiguous-dispatch";
/// Longest excerpt, in characters.
const MAX_EXCERPT: usize = 200;
/// Sources larger than this were not read by any front end.
const MAX_SOURCE_BYTES: u64 = 64 << 20;

/// The methods of a build by family and symbol.
pub(super) struct Methods<'a>(HashMap<(&'a str, usize, &'a str), &'a MethodFact>);

impl<'a> Methods<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let key =
            |fact: &'a MethodFact| (fact.family.as_str(), fact.params.len(), fact.implementation.as_str());
        Self(facts.methods.iter().map(|fact| (key(fact), fact)).collect())
    }

    pub(super) fn find(&self, family: &FamilyId, implementation: &str) -> Option<&'a MethodFact> {
        self.0.get(&(family.name.as_str(), usize::from(family.arity), implementation)).copied()
    }
}

/// A method that no call selects: where it applies, another one is more specific, or its parameter is a
/// sealed type whose every value is of a type with a method of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NeverSelected {
    /// Its family.
    pub family: FamilyId,
    /// Its parameter types.
    pub params: Vec<String>,
    /// Its symbol.
    pub implementation: String,
    /// The module that defines it.
    pub module: String,
    /// Where it stands in the sources.
    pub place: Option<Place>,
}

/// The methods that these tables leave out.
pub(super) fn never_selected(facts: &Facts, tables: &[(FamilyId, Table)]) -> Vec<NeverSelected> {
    let mut methods = None;
    let mut found = Vec::new();
    for (family, table) in tables {
        // A table was opened before it came here; what cannot be read of it is its reader's to tell.
        let Ok(view) = table.view() else { continue };
        for left_out in view.left_out().unwrap_or_default() {
            let methods = methods.get_or_insert_with(|| Methods::of(facts));
            let params = left_out.pattern.iter().map(|param| view.param_name(*param).map(str::to_owned));
            found.push(NeverSelected {
                family: family.clone(),
                params: params.collect::<Result<_, _>>().unwrap_or_default(),
                implementation: left_out.implementation.to_owned(),
                module: left_out.module.to_owned(),
                place: methods.find(family, left_out.implementation).map(|fact| fact.place.clone()),
            });
        }
    }
    found
}

/// A diagnostic for each maximal ambiguous tuple of a table, with every candidate's place.
pub(super) fn ambiguities(
    root: &Path,
    registry: &Registry,
    methods: &Methods<'_>,
    question: &Question<'_>,
) -> Vec<Diagnostic> {
    // That a family has no table is told where its question is asked.
    let Ok(table) = question.table() else { return Vec::new() };
    let found = find_ambiguities(registry.graph(), &table);
    let mut diagnostics: Vec<Diagnostic> = found
        .tuples
        .iter()
        .filter_map(|ambiguity| describe(root, methods, &question.family, &table, ambiguity))
        .collect();
    if found.truncated
        && let Some(place) = first_place(methods, &question.family, &table)
    {
        let message =
            format!("the search for ambiguities of {} stopped early; there may be more", question.family);
        diagnostics.push(plain(root, Severity::Warning, "ambiguity-search", place, message));
    }
    diagnostics
}

fn describe(
    root: &Path,
    methods: &Methods<'_>,
    family: &FamilyId,
    table: &LogicalTable,
    ambiguity: &Ambiguity,
) -> Option<Diagnostic> {
    let entries = ambiguity.candidates.iter().filter_map(|at| table.entries.get(*at as usize));
    let candidates: Vec<(Place, String)> = entries
        .filter_map(|entry| {
            let fact = methods.find(family, &entry.implementation)?;
            let pattern = table.pattern_text(&entry.pattern);
            Some((fact.place.clone(), format!("{}{pattern} applies", family.name)))
        })
        .collect();
    let tuple = format!("({})", ambiguity.tuple.join(", "));
    let (place, _) = candidates.first()?;
    let message = format!(
        "{}{tuple} is ambiguous: {} methods apply and none is more specific than the others",
        family.name,
        candidates.len()
    );
    let mut diagnostic = plain(root, Severity::Warning, AMBIGUOUS, place.clone(), message);
    diagnostic.help = Some(format!("add a method for {tuple}, or make one of these more specific"));
    diagnostic.notes = candidates;
    Some(diagnostic)
}

/// An error that a whole family has, at its first method.
pub(super) fn family_error(
    root: &Path,
    facts: &Facts,
    family: &FamilyId,
    error: &dyn std::error::Error,
) -> Option<Diagnostic> {
    let is_member =
        |fact: &&MethodFact| fact.family == family.name && fact.params.len() == usize::from(family.arity);
    let place = facts.methods.iter().find(is_member)?.place.clone();
    Some(plain(root, Severity::Error, "no-table", place, error.to_string()))
}

fn first_place(methods: &Methods<'_>, family: &FamilyId, table: &LogicalTable) -> Option<Place> {
    let mut entries = table.entries.iter();
    entries.find_map(|entry| Some(methods.find(family, &entry.implementation)?.place.clone()))
}

fn plain(root: &Path, severity: Severity, code: &'static str, place: Place, message: String) -> Diagnostic {
    let excerpt = excerpt(root, &place);
    Diagnostic { severity, code, place, message, excerpt, marked_columns: 1, notes: Vec::new(), help: None }
}

/// The source line at a place; empty where it cannot be read any more.
fn excerpt(root: &Path, place: &Place) -> String {
    let Ok(bytes) = read_bounded(&root.join(place.file.as_ref()), MAX_SOURCE_BYTES) else {
        return String::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let line = (place.line as usize).checked_sub(1).and_then(|skipped| text.lines().nth(skipped));
    line.unwrap_or_default().chars().take(MAX_EXCERPT).collect()
}
