//! `janus dispatch check`: what the tables of a corpus answer, against what a runtime selected.

use std::fmt::Write as _;
use std::io::BufReader;

use janus_cache::frontend::corpus::{CheckError, CheckReport, Disagreement, check};
use serde::Serialize;

use crate::args::{CheckArgs, Format};
use crate::commands::build::optimizer;
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Output<'a> {
    schema_version: u32,
    cases: u64,
    agree: u64,
    disagree: u64,
    functions: u64,
    cases_per_second: u64,
    table_bytes: u64,
    compile_ms: f64,
    optimizations: &'a std::collections::BTreeMap<String, u64>,
    disagreements: Vec<FunctionRow<'a>>,
}

#[derive(Serialize)]
struct FunctionRow<'a> {
    function: &'a str,
    disagree: u64,
    /// The first few.
    cases: Vec<CaseRow<'a>>,
}

#[derive(Serialize)]
struct CaseRow<'a> {
    line: u64,
    arguments: &'a [String],
    expected: &'a str,
    found: &'a str,
}

pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let truth = janus_cache::fs::open_to_read(&args.truth).map_err(|error| {
        Failure::usage(format!(
            "cannot read the truth {}: {error}; name an existing file",
            args.truth.display()
        ))
    })?;
    let report = check(&args.corpus, BufReader::new(truth), optimizer(args.optimizer)).map_err(|error| {
        let exit = match &error {
            CheckError::Frontend(_) => Exit::Usage,
            CheckError::Open { .. } | CheckError::Access(_) => Exit::System,
            _ => Exit::Sources,
        };
        Failure::new(exit, &error)
    })?;
    match args.format {
        Format::Json => json::print(&output(&report))?,
        Format::Human => say::out(text(&report))?,
    }
    Ok(if report.disagree == 0 { Exit::Success } else { Exit::Sources })
}

fn cases_per_second(report: &CheckReport) -> u64 {
    let cases = u128::from(report.cases) * 1_000_000_000;
    u64::try_from(cases / u128::from(report.dispatch_ns.max(1))).unwrap_or(u64::MAX)
}

fn output(report: &CheckReport) -> Output<'_> {
    Output {
        schema_version: SCHEMA_VERSION,
        cases: report.cases,
        agree: report.agree,
        disagree: report.disagree,
        functions: report.functions,
        cases_per_second: cases_per_second(report),
        table_bytes: report.table_bytes,
        compile_ms: report.compile_ns as f64 / 1e6,
        optimizations: &report.optimizations,
        disagreements: report.disagreements.iter().map(function_row).collect(),
    }
}

fn function_row<'a>(
    (function, (disagree, cases)): (&'a String, &'a (u64, Vec<Disagreement>)),
) -> FunctionRow<'a> {
    FunctionRow { function, disagree: *disagree, cases: cases.iter().map(case_row).collect() }
}

fn case_row(case: &Disagreement) -> CaseRow<'_> {
    CaseRow { line: case.line, arguments: &case.args, expected: &case.expected, found: &case.found }
}

fn text(report: &CheckReport) -> String {
    let mut text = String::new();
    for (function, (count, cases)) in &report.disagreements {
        let _ = writeln!(
            text,
            "{function}: {}",
            human::count(*count as usize, "case disagrees", "cases disagree")
        );
        for case in cases {
            let (line, arguments) = (case.line, case.args.join(", "));
            let _ =
                writeln!(text, "  line {line}: ({arguments}) is {}, expected {}", case.found, case.expected);
        }
        if (*count as usize) > cases.len() {
            let _ = writeln!(text, "  and {} more", *count as usize - cases.len());
        }
    }
    let optimizations: Vec<String> =
        report.optimizations.iter().map(|(word, tables)| format!("{tables} {word}")).collect();
    let functions = human::count(report.functions as usize, "function", "functions");
    let _ =
        writeln!(text, "cases     {}, {} agree, {} disagree", report.cases, report.agree, report.disagree);
    let _ = writeln!(
        text,
        "tables    {functions}: {}; {}",
        optimizations.join(", "),
        human::bytes(report.table_bytes)
    );
    let _ = writeln!(
        text,
        "time      compiled in {:.1} ms, {} cases a second",
        report.compile_ns as f64 / 1e6,
        cases_per_second(report)
    );
    text
}
