//! `janus dispatch tree`: how a table finds its answers, drawn.

use std::fmt::Write as _;

use janus_cache::format::{AccessError, Optimization, Rule};
use janus_cache::image::FamilyView;

use super::image::{MethodRow, damaged, find_one, name_and_arity, open, view};
use super::list::optimization;
use super::matrix::write_picture;
use crate::draw::dot::dot;
use crate::draw::flow::{self, Flow, Target};
use crate::draw::grid::Cell;
use crate::draw::tree::svg;
use crate::exit::{Exit, Failure};
use crate::human;
use crate::names::ShortNames;
use crate::picture_args::TreeArgs;
use crate::say;

/// More questions make no picture that can be read.
const MAX_QUESTIONS: usize = 500;

pub(crate) fn run(args: &TreeArgs) -> Result<Exit, Failure> {
    let file = open(&args.image)?;
    let image = view(&file)?;
    let (name, arity) = name_and_arity(&args.function);
    let family = find_one(&image, name, arity)?;
    let (flow, title, subtitle, methods) = look(&family).map_err(|error| damaged(&error))?;
    let text = match &args.svg {
        Some(_) if flow.questions.len() > MAX_QUESTIONS => {
            return Err(Failure::usage(format!(
                "{title} asks {} questions, too many for a picture; print them without --svg, or with --dot",
                flow.questions.len()
            )));
        }
        Some(path) => {
            write_picture(path, &svg(&flow, (&title, &subtitle), &methods))?;
            format!("{}: {subtitle}\n", path.display())
        }
        None if args.dot => dot(&flow, &format!("{title}: {subtitle}"), &methods),
        None => text(&flow, (&title, &subtitle), &methods),
    };
    say::out(text)?;
    Ok(Exit::Success)
}

/// The questions, what they are of, how they are asked, and what the methods are called.
fn look(family: &FamilyView<'_>) -> Result<(Flow, String, String, Vec<String>), AccessError> {
    let title = format!("{}/{}", family.name()?, family.arity());
    let word = optimization(family);
    let count = human::count(family.core().entry_count() as usize, "method", "methods");
    let (flow, subtitle) = if let Some(dag) = family.decision_dag()? {
        let questions = human::count(dag.nodes.len(), "question", "questions");
        (flow::of_dag(family, &dag)?, format!("answered by {word}: {questions} for {count}"))
    } else {
        let order = order(family)?;
        let flow = flow::of_list(family, order.clone())?;
        let hint = "`janus build --optimizer dag` makes one";
        (flow, format!("answered by {word}, without a decision DAG ({hint}): {count}, {order}"))
    };
    let short = flow::names_of(family)?;
    let methods = flow.methods.iter().map(|entry| Ok(called(&MethodRow::of(family, *entry)?, &short)));
    let methods = methods.collect::<Result<_, AccessError>>()?;
    Ok((flow, title, subtitle, methods))
}

/// What the list of the methods means: only under one rule the first of them that applies answers.
fn order(family: &FamilyView<'_>) -> Result<String, AccessError> {
    let is_scanned = matches!(family.core().optimization(), Optimization::Single | Optimization::Linear);
    Ok(match family.rule() {
        // Without arguments there is one method.
        Rule::Precedence if family.arity() > 0 => {
            let order: Vec<String> = family.argument_order()?.iter().map(u8::to_string).collect();
            format!("chosen by the lists of the arguments' types, argument {}", order.join(" before "))
        }
        Rule::Levels => "level by level".to_owned(),
        _ if is_scanned => "tested in this order".to_owned(),
        _ => "most specific first".to_owned(),
    })
}

fn called(row: &MethodRow, short: &ShortNames) -> String {
    let pattern: Vec<&str> = row.pattern.iter().map(|name| short.of_type(name)).collect();
    // The list has the pattern; the place is what a reader goes to.
    let place = row.place.as_ref().map_or_else(String::new, |place| format!(" {place}"));
    format!("({}){place}", pattern.join(", "))
}

fn text(flow: &Flow, (title, subtitle): (&str, &str), methods: &[String]) -> String {
    let mut text = format!("{title}: {subtitle}\n");
    for (at, question) in flow.questions.iter().enumerate() {
        if flow.is_list {
            let _ = writeln!(text, "{}", question.title);
        } else {
            let _ = writeln!(text, "q{at}: {}", question.title);
        }
        let width = question.branches.iter().map(|branch| branch.label.chars().count()).max().unwrap_or(0);
        for branch in &question.branches {
            let target = match &branch.target {
                Target::Question(next) => format!("q{next}"),
                Target::Result(Cell::Method(method)) => methods.get(*method).cloned().unwrap_or_default(),
                Target::Result(Cell::NoMethod) => "no method".to_owned(),
                Target::Result(Cell::Ambiguous(_)) => "ambiguous".to_owned(),
            };
            let _ = writeln!(text, "  {:<width$}  -> {target}", branch.label);
        }
    }
    text
}
