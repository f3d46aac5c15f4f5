//! The shapes of JSON output. They are an interface: a change that is not an addition raises
//! [`SCHEMA_VERSION`].

use janus_cache::build::facts::{Diagnostic, Place};
use janus_cache::build::{
    BuildMetrics, BuildOutcome, Change, FamilyId, NeverSelected, Reason, Step, describe,
};
use janus_cache::key::InputChange;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::say;

/// Version of every object that a command prints with `--format json`.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// Prints one object and a line break on standard output.
pub(crate) fn print(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| Failure::new(Exit::System, &error))?;
    text.push(b'\n');
    say::out(text)
}

#[derive(Serialize)]
pub(crate) struct Build {
    schema_version: u32,
    project: String,
    files: usize,
    functions: usize,
    methods: usize,
    families: usize,
    ambiguities: usize,
    tables: Tables,
    diagnostics: Vec<DiagnosticRow>,
    plan: Vec<PlanRow>,
    removed: Vec<String>,
    reasons: Vec<ReasonRow>,
    never_selected: Vec<NeverSelectedRow>,
    cache: Option<Cache>,
    cache_warnings: Vec<CacheWarning>,
    image: Option<String>,
    image_bytes: Option<u64>,
    image_codec: Option<&'static str>,
    image_written: bool,
    elapsed_ms: f64,
    metrics: BuildMetrics,
}

#[derive(Serialize)]
struct Tables {
    built: u64,
    reused: u64,
}

#[derive(Serialize)]
struct DiagnosticRow {
    file: String,
    line: u32,
    column: u32,
    severity: &'static str,
    code: &'static str,
    message: String,
    notes: Vec<NoteRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Serialize)]
struct NoteRow {
    file: String,
    line: u32,
    column: u32,
    message: String,
}

#[derive(Serialize)]
struct PlanRow {
    family: String,
    arity: u8,
    action: &'static str,
    reason: &'static str,
}

#[derive(Serialize)]
struct ReasonRow {
    family: String,
    arity: u8,
    action: &'static str,
    reason: &'static str,
    text: String,
    /// Paths of the files in `because`.
    files: Vec<String>,
    because: Vec<String>,
    changes: Vec<ChangeRow>,
}

/// An input that changed, with what that means.
#[derive(Serialize)]
pub(crate) struct ChangeRow {
    group: &'static str,
    item: String,
    old: Option<String>,
    new: Option<String>,
    pub(crate) text: String,
}

#[derive(Serialize)]
struct NeverSelectedRow {
    family: String,
    arity: u8,
    pattern: Vec<String>,
    implementation: String,
    module: String,
    place: Option<String>,
}

#[derive(Serialize)]
struct Cache {
    dir: String,
    bytes: u64,
    entries: u64,
}

#[derive(Serialize)]
struct CacheWarning {
    kind: &'static str,
    message: String,
}

impl Build {
    pub(crate) fn new(project: &str, outcome: &BuildOutcome, plan_only: bool) -> Self {
        let metrics = &outcome.session.metrics;
        let (reused, built) = outcome.plan.counts();
        let tables = if plan_only {
            Tables { built: built as u64, reused: reused as u64 }
        } else {
            Tables { built: metrics.tables_built, reused: metrics.tables_from_cache }
        };
        Self {
            schema_version: SCHEMA_VERSION,
            project: project.to_owned(),
            files: outcome.files,
            functions: outcome.functions,
            methods: outcome.methods,
            families: outcome.families,
            ambiguities: outcome.ambiguities,
            tables,
            diagnostics: outcome.diagnostics.iter().map(DiagnosticRow::from).collect(),
            plan: outcome.plan.steps.iter().map(PlanRow::from).collect(),
            removed: outcome.plan.removed.iter().map(ToString::to_string).collect(),
            reasons: outcome
                .plan
                .steps
                .iter()
                .filter(|step| step.reason != Reason::Unchanged)
                .map(ReasonRow::from)
                .collect(),
            never_selected: outcome.never_selected.iter().map(NeverSelectedRow::from).collect(),
            cache: outcome.cache.as_ref().map(|cache| Cache {
                dir: cache.dir.display().to_string(),
                bytes: cache.bytes,
                entries: cache.entries,
            }),
            cache_warnings: outcome
                .session
                .warnings
                .iter()
                .map(|warning| CacheWarning { kind: warning.kind.as_str(), message: warning.message.clone() })
                .collect(),
            image: outcome.image.as_ref().map(|image| image.path.display().to_string()),
            image_bytes: outcome.image.as_ref().map(|image| image.bytes),
            image_codec: outcome.image.as_ref().map(|image| image.codec.as_str()),
            image_written: outcome.image.as_ref().is_some_and(|image| image.written),
            elapsed_ms: outcome.elapsed_ns as f64 / 1e6,
            metrics: metrics.clone(),
        }
    }
}

impl From<&Diagnostic> for DiagnosticRow {
    fn from(diagnostic: &Diagnostic) -> Self {
        let notes = diagnostic.notes.iter().map(|(place, message)| NoteRow {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            message: message.clone(),
        });
        Self {
            file: diagnostic.place.file.to_string(),
            line: diagnostic.place.line,
            column: diagnostic.place.column,
            severity: diagnostic.severity.as_str(),
            code: diagnostic.code,
            message: diagnostic.message.clone(),
            notes: notes.collect(),
            help: diagnostic.help.clone(),
        }
    }
}

fn place_text(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

impl From<&NeverSelected> for NeverSelectedRow {
    fn from(method: &NeverSelected) -> Self {
        Self {
            family: method.family.name.clone(),
            arity: method.family.arity,
            pattern: method.params.clone(),
            implementation: method.implementation.clone(),
            module: method.module.clone(),
            place: method.place.as_ref().map(place_text),
        }
    }
}

impl From<&Step> for PlanRow {
    fn from(step: &Step) -> Self {
        Self {
            family: step.family.name.clone(),
            arity: step.family.arity,
            action: step.action.as_str(),
            reason: step.reason.word(),
        }
    }
}

impl From<&Step> for ReasonRow {
    fn from(step: &Step) -> Self {
        let change = step.reason.change();
        Self {
            family: step.family.name.clone(),
            arity: step.family.arity,
            action: step.action.as_str(),
            reason: step.reason.word(),
            text: step.reason.to_string(),
            files: change.map_or_else(Vec::new, |change| {
                change.because.iter().map(|file| file.path.clone()).collect()
            }),
            because: change.map_or_else(Vec::new, Change::files_in_words),
            changes: change.map_or_else(Vec::new, |change| change_rows(&change.inputs, &step.family)),
        }
    }
}

/// The changed inputs of a family's question.
pub(crate) fn change_rows(inputs: &[InputChange], family: &FamilyId) -> Vec<ChangeRow> {
    let row = |change: &InputChange| ChangeRow {
        group: change.group.as_str(),
        item: change.item.clone(),
        old: change.old.clone(),
        new: change.new.clone(),
        text: describe(change, family),
    };
    inputs.iter().map(row).collect()
}
