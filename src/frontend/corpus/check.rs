//! What the bytes of a corpus's tables answer, against what a runtime selected.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::Path;

use super::document::Case;
use super::frontend::load;
use crate::build::facts::Severity;
use crate::build::{BuildError, FrontendError, Registry};
use crate::clock::Stopwatch;
use crate::dispatch::{CompileError, CompileOptions, FamilyError, OptimizerChoice, compile, restrict};
use crate::format::{AccessError, LocalType, OpenError, Outcome, TableView};

/// Disagreements of one function that are kept for the report.
const MAX_KEPT: usize = 5;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckReport {
    /// Cases that were asked.
    pub cases: u64,
    /// Cases that the bytes answer as the runtime did.
    pub agree: u64,
    /// The others.
    pub disagree: u64,
    /// Functions that cases asked.
    pub functions: u64,
    /// Bytes of the tables of these functions.
    pub table_bytes: u64,
    /// How long their compilation took, in nanoseconds.
    pub compile_ns: u64,
    /// How long the answers took, in nanoseconds: from the types' numbers to the outcome.
    pub dispatch_ns: u64,
    /// Tables by the word of their optimization.
    pub optimizations: BTreeMap<String, u64>,
    /// By function, how many cases disagree, and the first few.
    pub disagreements: BTreeMap<String, (u64, Vec<Disagreement>)>,
}

/// A case that the bytes answer otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Line of the truth file, from 1.
    pub line: u64,
    /// Types of the arguments.
    pub args: Vec<String>,
    /// What the runtime selected: an implementation, `no method`, `ambiguous`.
    pub expected: String,
    /// What the bytes say, in the same words.
    pub found: String,
}

/// Why a check cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The corpus cannot be read.
    #[error(transparent)]
    Frontend(#[from] FrontendError),
    /// The corpus says something that makes no tables.
    #[error("{place}: {message}")]
    Corpus {
        /// File, line and column.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// Its types or families make no registry.
    #[error(transparent)]
    Registry(#[from] BuildError),
    /// A family has no table.
    #[error(transparent)]
    Family(#[from] FamilyError),
    /// A table cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A compiled table does not open.
    #[error("the table of {function} does not open: {source}")]
    Open {
        /// The function.
        function: String,
        /// Why.
        source: OpenError,
    },
    /// A compiled table cannot be asked.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The truth cannot be read.
    #[error("cannot read the truth: {0}")]
    Truth(#[from] io::Error),
    /// A line of the truth is no case, or names what the corpus has not.
    #[error("line {line} of the truth: {what}")]
    Case {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// A table and what is needed to ask it in the corpus's numbers.
struct Asked {
    name: String,
    arity: usize,
    implementations: Vec<String>,
    bytes: Vec<u8>,
    /// By type of the corpus.
    locals: Vec<LocalType>,
}

/// Compiles the functions that `truth` asks, under `optimizer`, and answers every case from the bytes.
///
/// A table is compiled at its first case, and kept. Cost: memory for all tables of the corpus.
pub fn check(
    corpus: &Path,
    truth: impl BufRead,
    optimizer: OptimizerChoice,
) -> Result<CheckReport, CheckError> {
    let (facts, types, functions) = load(corpus)?;
    if let Some(told) = facts.diagnostics.iter().find(|told| told.severity == Severity::Error) {
        let place = format!("{}:{}:{}", told.place.file, told.place.line, told.place.column);
        return Err(CheckError::Corpus { place, message: told.message.clone() });
    }
    let registry = Registry::from_facts(&facts)?;
    let options = CompileOptions { optimizer, ..CompileOptions::default() };
    let mut report = CheckReport::default();
    let mut tables: Vec<Option<Asked>> = functions.iter().map(|_| None).collect();
    for (line, text) in (1..).zip(truth.lines()) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |what: String| CheckError::Case { line, what };
        let case: Case = serde_json::from_str(&text).map_err(|error| wrong(format!("no case: {error}")))?;
        let slot = tables.get_mut(case.f).ok_or_else(|| wrong(format!("there is no function {}", case.f)))?;
        let asked = if let Some(asked) = slot {
            asked
        } else {
            let function = functions.get(case.f).ok_or_else(|| wrong("no such function".to_owned()))?;
            let watch = Stopwatch::start();
            let arity = u8::try_from(function.arity).unwrap_or(u8::MAX);
            let family = registry
                .family(&function.name, arity)
                .ok_or_else(|| wrong(format!("{} has no family", function.name)))?;
            let table = restrict(registry.graph(), family)?;
            let compiled = compile(&table, &options)?;
            report.compile_ns += watch.elapsed_ns();
            report.functions += 1;
            report.table_bytes += compiled.bytes.len() as u64;
            *report.optimizations.entry(compiled.optimization.as_str().to_owned()).or_default() += 1;
            let view = open(&function.name, &compiled.bytes)?;
            let locals = types.iter().map(|name| view.local_type(name)).collect::<Result<_, _>>()?;
            slot.insert(Asked {
                name: function.name.clone(),
                arity: function.arity,
                implementations: function.implementations.clone(),
                bytes: compiled.bytes,
                locals,
            })
        };
        if case.args.len() != asked.arity {
            let (name, arity, found) = (&asked.name, asked.arity, case.args.len());
            return Err(wrong(format!("{found} arguments for {name}/{arity}")));
        }
        let local = |index: &usize| asked.locals.get(*index).copied();
        let args: Option<Vec<LocalType>> = case.args.iter().map(local).collect();
        let args = args.ok_or_else(|| wrong("an argument's type is not in the corpus".to_owned()))?;
        let view = TableView::open_proved(&asked.bytes)
            .map_err(|source| CheckError::Open { function: asked.name.clone(), source })?;
        let watch = Stopwatch::start();
        let outcome = view.dispatch(&args)?;
        report.dispatch_ns += watch.elapsed_ns();
        let found = match outcome {
            Outcome::Method(entry) => view.entry(entry)?.implementation.to_owned(),
            Outcome::NoMethod => "no method".to_owned(),
            Outcome::Ambiguous => "ambiguous".to_owned(),
        };
        let expected = match case.m {
            None => "no method".to_owned(),
            Some(-1) => "ambiguous".to_owned(),
            Some(method) => usize::try_from(method)
                .ok()
                .and_then(|method| asked.implementations.get(method).cloned())
                .ok_or_else(|| wrong(format!("{} has no method {method}", asked.name)))?,
        };
        report.cases += 1;
        if found == expected {
            report.agree += 1;
            continue;
        }
        report.disagree += 1;
        let (count, kept) = report.disagreements.entry(asked.name.clone()).or_default();
        *count += 1;
        if kept.len() < MAX_KEPT {
            let args = case.args.iter().filter_map(|index| types.get(*index).cloned()).collect();
            kept.push(Disagreement { line, args, expected, found });
        }
    }
    Ok(report)
}

/// The first open of a table proves its checksums.
fn open<'b>(function: &str, bytes: &'b [u8]) -> Result<TableView<'b>, CheckError> {
    TableView::open(bytes).map_err(|source| CheckError::Open { function: function.to_owned(), source })
}
