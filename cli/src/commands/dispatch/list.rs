//! `janus dispatch list`: the families of an image.

use std::fmt::Write as _;

use janus_cache::format::{AccessError, Optimization};
use janus_cache::image::FamilyView;
use serde::Serialize;

use super::image::{damaged, families, open, view};
use crate::args::{Format, ImageArgs};
use crate::exit::{Exit, Failure};
use crate::human;
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    name: String,
    types: u32,
    bytes: u64,
    families: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    family: String,
    arity: u8,
    methods: u32,
    types: u32,
    optimization: &'static str,
}

pub(crate) fn run(args: &ImageArgs) -> Result<Exit, Failure> {
    let file = open(&args.image)?;
    let image = view(&file)?;
    let rows: Result<Vec<Row>, AccessError> = families(&image)?.iter().map(row).collect();
    let output = Output {
        schema_version: SCHEMA_VERSION,
        name: image.name().map_err(|error| damaged(&error))?.to_owned(),
        types: image.type_count(),
        bytes: file.file_len_bytes(),
        families: rows.map_err(|error| damaged(&error))?,
    };
    match args.format {
        Format::Json => json::print(&output)?,
        Format::Human => {
            let mut text = String::new();
            let width = output.families.iter().map(|row| shown(row).chars().count()).max().unwrap_or(0);
            for row in &output.families {
                let methods = human::count(row.methods as usize, "method", "methods");
                let types = human::count(row.types as usize, "type", "types");
                let _ = writeln!(text, "{:<width$}  {methods}, {types}, {}", shown(row), row.optimization);
            }
            let families = human::count(output.families.len(), "family", "families");
            let types = human::count(output.types as usize, "type", "types");
            let _ = writeln!(text, "{}: {families}, {types}, {}", output.name, human::bytes(output.bytes));
            say::out(text)?;
        }
    }
    Ok(Exit::Success)
}

fn shown(row: &Row) -> String {
    format!("{}/{}", row.family, row.arity)
}

fn row(family: &FamilyView<'_>) -> Result<Row, AccessError> {
    Ok(Row {
        family: family.name()?.to_owned(),
        arity: family.arity(),
        methods: family.core().entry_count(),
        types: family.row().type_count.get(),
        optimization: optimization(family),
    })
}

/// How a family's table answers.
pub(super) fn optimization(family: &FamilyView<'_>) -> &'static str {
    Optimization::from_code(family.row().optimization).map_or("unknown", Optimization::as_str)
}
