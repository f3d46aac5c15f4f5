//! `janus dispatch matrix`: who wins for each pair of types, drawn.

use std::io::IsTerminal as _;
use std::path::Path;

use janus_cache::dispatch::TOP_TYPE;
use janus_cache::format::{AccessError, LocalType};
use janus_cache::image::{FamilyView, ImageView};
use serde::Serialize;

use super::image::{MethodRow, damaged, find_one, find_type, name_and_arity, open, view};
use crate::args::Format;
use crate::draw::blocks::{Legend, blocks};
use crate::draw::grid::{Cell, Grid, GridError, Group, MAX_SIDE, Question, grid};
use crate::draw::matrix::{Heading, svg};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::names::ShortNames;
use crate::picture_args::{Color, MatrixArgs};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    family: String,
    arity: u8,
    down: Vec<GroupRow>,
    across: Vec<GroupRow>,
    methods: Vec<MethodRow>,
    /// By row and column.
    cells: Vec<Vec<CellRow>>,
}

#[derive(Serialize)]
struct GroupRow {
    types: Vec<String>,
    any_other: bool,
}

#[derive(Serialize)]
struct CellRow {
    outcome: &'static str,
    /// Indexes of `methods`: the one that wins, or the candidates.
    methods: Vec<usize>,
}

pub(crate) fn run(args: &MatrixArgs) -> Result<Exit, Failure> {
    let file = open(&args.image)?;
    let image = view(&file)?;
    let (name, arity) = name_and_arity(&args.function);
    let family = find_one(&image, name, arity)?;
    let (question, fixed) = question(args, &image, &family)?;
    let name = format!("{}/{}", family.name().map_err(|error| damaged(&error))?, family.arity());
    let found = grid(&family, &question).map_err(|error| failure(&name, &error))?;
    let methods: Result<Vec<MethodRow>, AccessError> =
        found.methods.iter().map(|entry| MethodRow::of(&family, *entry)).collect();
    let methods = methods.map_err(|error| damaged(&error))?;
    if args.format == Format::Json {
        json::print(&output(&family, &name, &found, methods))?;
        return Ok(Exit::Success);
    }
    let short = short_names(&found, &methods);
    let legend = Legend { methods: methods.iter().map(|row| line(row, &short)).collect(), short: &short };
    let heading = Heading { subtitle: subtitle(&question, &found, &fixed), title: name };
    let text = if let Some(path) = &args.svg {
        write_picture(path, &svg(&found, &heading, &legend))?;
        format!("{}: {} x {} cells\n", path.display(), found.rows.len(), found.columns.len())
    } else {
        let cells = blocks(&found, &legend, is_coloured(args.color));
        format!("{}: {}\n\n{cells}", heading.title, heading.subtitle)
    };
    say::out(text)?;
    Ok(Exit::Success)
}

/// Writes a picture where the user wants it.
pub(super) fn write_picture(path: &Path, picture: &str) -> Result<(), Failure> {
    let written = janus_cache::fs::write_output(path, picture.as_bytes());
    written
        .map_err(|error| Failure::system(format!("cannot write the picture {}: {error}", path.display())))?;
    Ok(())
}

/// The positions, and what is said of the others.
fn question(
    args: &MatrixArgs,
    image: &ImageView<'_>,
    family: &FamilyView<'_>,
) -> Result<(Question, Vec<String>), Failure> {
    let arity = usize::from(family.arity());
    let [down, across] = args.positions[..] else {
        return Err(Failure::usage("--positions takes two numbers, such as 0,1"));
    };
    let (down, across) = (usize::from(down), usize::from(across));
    let (down, across) = match arity {
        0 => (None, None),
        1 => (Some(0), None),
        _ if down == across || down >= arity || across >= arity => {
            let last = arity - 1;
            return Err(Failure::usage(format!(
                "--positions {down},{across}: two different arguments of {arity} are needed, from 0 to {last}"
            )));
        }
        _ => (Some(down), Some(across)),
    };
    let mut names = vec![TOP_TYPE.to_owned(); arity];
    let mut fixed = vec![LocalType::OTHER; arity];
    for written in &args.fixed {
        let wrong = || {
            Failure::usage(format!(
                "--fixed {written}: an argument that goes neither down nor across and its type are needed, such as 2=Player"
            ))
        };
        let (at, name) = written.split_once('=').ok_or_else(wrong)?;
        let at: usize = at.parse().map_err(|_| wrong())?;
        let (local, name) = find_type(image, family, name)?;
        if Some(at) == down || Some(at) == across {
            return Err(wrong());
        }
        *fixed.get_mut(at).ok_or_else(wrong)? = local;
        *names.get_mut(at).ok_or_else(wrong)? = name;
    }
    let others = names.into_iter().enumerate().filter(|(at, _)| Some(*at) != down && Some(*at) != across);
    let said = others.map(|(at, name)| format!("argument {at} is {name}")).collect();
    Ok((Question { down, across, fixed }, said))
}

fn failure(name: &str, error: &GridError) -> Failure {
    match error {
        GridError::Access(error) => damaged(error),
        GridError::TooLarge(classes) => Failure::usage(format!(
            "{name} tells {classes} classes of types apart at one argument; more than {MAX_SIDE} make no picture that can be read"
        )),
    }
}

fn short_names(grid: &Grid, methods: &[MethodRow]) -> ShortNames {
    let groups = grid.rows.iter().chain(&grid.columns).flat_map(|group| &group.types);
    ShortNames::of(groups.chain(methods.iter().flat_map(|row| &row.pattern)).map(String::as_str))
}

fn line(row: &MethodRow, short: &ShortNames) -> String {
    let pattern: Vec<&str> = row.pattern.iter().map(|name| short.of_type(name)).collect();
    let place = row.place.as_ref().map_or_else(String::new, |place| format!("  {place}"));
    format!("({}){place}", pattern.join(", "))
}

fn subtitle(question: &Question, grid: &Grid, fixed: &[String]) -> String {
    let types = |groups: &[Group]| {
        let types = groups.iter().map(|group| group.types.len()).sum::<usize>();
        format!(
            "{} in {}",
            human::count(types, "type", "types"),
            human::count(groups.len(), "group", "groups")
        )
    };
    let mut parts = Vec::new();
    if let Some(down) = question.down {
        parts.push(format!("argument {down} down, {}", types(&grid.rows)));
    }
    if let Some(across) = question.across {
        parts.push(format!("argument {across} across, {}", types(&grid.columns)));
    }
    parts.extend(fixed.iter().cloned());
    if parts.is_empty() { "no arguments".to_owned() } else { parts.join("; ") }
}

fn is_coloured(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !is_refused && std::io::stdout().is_terminal()
        }
    }
}

fn output(family: &FamilyView<'_>, name: &str, grid: &Grid, methods: Vec<MethodRow>) -> Output {
    let groups = |groups: &[Group]| -> Vec<GroupRow> {
        groups
            .iter()
            .map(|group| GroupRow { types: group.types.clone(), any_other: group.has_other })
            .collect()
    };
    let cell = |cell: &Cell| match cell {
        Cell::Method(method) => CellRow { outcome: "method", methods: vec![*method] },
        Cell::NoMethod => CellRow { outcome: "no-method", methods: Vec::new() },
        Cell::Ambiguous(among) => CellRow { outcome: "ambiguous", methods: among.clone() },
    };
    Output {
        schema_version: SCHEMA_VERSION,
        family: name.rsplit_once('/').map_or(name, |(name, _)| name).to_owned(),
        arity: family.arity(),
        down: groups(&grid.rows),
        across: groups(&grid.columns),
        methods,
        cells: grid.cells.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}
