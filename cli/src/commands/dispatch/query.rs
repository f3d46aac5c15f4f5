//! `janus dispatch query`: who answers a call, and why.

use std::fmt::Write as _;

use janus_cache::format::{AccessError, EntryId, LocalType, Outcome, Rule};
use janus_cache::image::FamilyView;
use serde::Serialize;

use super::image::{MethodRow, damaged, find_one, find_type, open, view};
use crate::args::{Format, QueryArgs};
use crate::exit::{Exit, Failure};
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    family: String,
    arity: u8,
    arguments: Vec<String>,
    outcome: &'static str,
    method: Option<MethodRow>,
    /// Methods that apply, each with how it stands to the one that won.
    applicable: Vec<Candidate>,
}

#[derive(Serialize)]
struct Candidate {
    #[serde(flatten)]
    method: MethodRow,
    standing: String,
}

pub(crate) fn run(args: &QueryArgs) -> Result<Exit, Failure> {
    let file = open(&args.image)?;
    let image = view(&file)?;
    let arity = u8::try_from(args.types.len())
        .map_err(|_| Failure::usage("at most 255 argument types are possible"))?;
    let family = find_one(&image, &args.function, Some(arity))?;
    let mut arguments = Vec::with_capacity(args.types.len());
    let mut locals = Vec::with_capacity(args.types.len());
    for written in &args.types {
        let (local, name) = find_type(&image, &family, written)?;
        locals.push(local);
        arguments.push(name);
    }
    let output = answer(&family, &locals, arguments).map_err(|error| damaged(&error))?;
    match args.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(text(&output))?,
    }
    Ok(if output.outcome == "method" { Exit::Success } else { Exit::Sources })
}

fn answer(
    family: &FamilyView<'_>,
    locals: &[LocalType],
    arguments: Vec<String>,
) -> Result<Output, AccessError> {
    let outcome = family.core().dispatch(locals)?;
    let applicable: Vec<EntryId> = family.core().applicable(locals).collect::<Result<_, _>>()?;
    let (word, winner, best) = match outcome {
        Outcome::Method(entry) => ("method", Some(entry), vec![entry]),
        Outcome::Ambiguous => ("ambiguous", None, family.core().candidates(locals)?),
        Outcome::NoMethod => ("no-method", None, Vec::new()),
    };
    let mut candidates = Vec::with_capacity(applicable.len());
    for entry in applicable {
        let standing = if winner == Some(entry) {
            "wins".to_owned()
        } else if best.contains(&entry) {
            "none of the others is more specific".to_owned()
        } else {
            less_specific(family, entry, &best)?
        };
        candidates.push(Candidate { method: MethodRow::of(family, entry)?, standing });
    }
    Ok(Output {
        schema_version: SCHEMA_VERSION,
        family: family.name()?.to_owned(),
        arity: family.arity(),
        arguments,
        outcome: word,
        method: winner.map(|entry| MethodRow::of(family, entry)).transpose()?,
        applicable: candidates,
    })
}

/// In which positions an entry is less specific than one of the best.
fn less_specific(family: &FamilyView<'_>, entry: EntryId, best: &[EntryId]) -> Result<String, AccessError> {
    let names = family.pattern_names(entry)?;
    for better in best {
        let better_names = family.pattern_names(*better)?;
        let better_params: Vec<_> = family.core().pattern(*better)?.collect();
        let params = family.core().pattern(entry)?;
        let mut told = Vec::new();
        let mut is_below = true;
        for (at, (param, better_param)) in params.zip(&better_params).enumerate() {
            if param == *better_param {
                continue;
            }
            is_below &= match better_param.ordinal() {
                None => false,
                Some(ordinal) => family.core().is_below(family.core().param_type(ordinal)?, param)?,
            };
            if let (Some(name), Some(better_name)) = (names.get(at), better_names.get(at)) {
                told.push(format!("{better_name} is below {name}"));
            }
        }
        if is_below && !told.is_empty() {
            return Ok(format!("less specific: {}", told.join(", ")));
        }
    }
    by_rule(family, entry, best)
}

/// Why one of the best is before an entry that it is not below.
fn by_rule(family: &FamilyView<'_>, entry: EntryId, best: &[EntryId]) -> Result<String, AccessError> {
    let Some(better) = best.first().copied() else { return Ok("not chosen".to_owned()) };
    match family.rule() {
        Rule::Precedence => {
            let (names, better_names) = (family.pattern_names(entry)?, family.pattern_names(better)?);
            let mut order = family.argument_order()?.iter().map(|at| usize::from(*at));
            let differs = |at: &usize| names.get(*at) != better_names.get(*at);
            let Some(at) = order.find(differs) else { return Ok("not chosen".to_owned()) };
            let (name, nearer) = (names.get(at).unwrap_or(&""), better_names.get(at).unwrap_or(&""));
            Ok(format!("less near in argument {at}: {nearer} comes before {name} in its type's list"))
        }
        Rule::Levels => {
            let (level, best_level) = (family.entry(entry)?.specificity, family.entry(better)?.specificity);
            if level > best_level {
                return Ok(format!("on level {level}, the first that applies is {best_level}"));
            }
            Ok("on the same level, without the default mark".to_owned())
        }
        _ => Ok("not chosen".to_owned()),
    }
}

fn text(output: &Output) -> String {
    let mut text = String::new();
    let call = format!("{}({})", output.family, output.arguments.join(", "));
    match (&output.method, output.outcome) {
        (Some(method), _) => {
            let _ = writeln!(text, "{call} is answered by\n  {}", method.text());
            let _ = writeln!(text, "  {} in module {}", method.implementation, method.module);
        }
        (None, "ambiguous") => {
            let _ = writeln!(text, "{call} is ambiguous");
        }
        _ => {
            let _ = writeln!(text, "{call} has no method");
        }
    }
    let _ = match output.applicable.len() {
        0 => writeln!(text, "no method applies"),
        1 => writeln!(text, "it is the only method that applies"),
        count => writeln!(text, "of {count} methods that apply"),
    };
    if output.applicable.len() > 1 {
        for candidate in &output.applicable {
            let _ = writeln!(text, "  {}: {}", candidate.method.text(), candidate.standing);
        }
    }
    text
}
