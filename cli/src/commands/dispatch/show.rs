//! `janus dispatch show`: what a family's table says.

use std::fmt::Write as _;

use janus_cache::format::{AccessError, EntryId, LocalType};
use janus_cache::image::diff::{DiffLimits, never_selected};
use janus_cache::image::{FamilyView, ImageView};
use serde::Serialize;

use super::image::{MethodRow, damaged, families, find, name_and_arity, open, view};
use super::list::optimization;
use crate::args::{Format, ShowArgs};
use crate::exit::{Exit, Failure};
use crate::json::{self, SCHEMA_VERSION};
use crate::say;

/// Tuples of classes of types that are tried in each family: a whole image is shown in seconds.
const TRIED_TUPLES: u64 = 1 << 18;

#[derive(Serialize)]
struct Output {
    schema_version: u32,
    families: Vec<FamilyRow>,
}

#[derive(Serialize)]
struct FamilyRow {
    family: String,
    arity: u8,
    rule: &'static str,
    optimization: &'static str,
    /// Most specific first; behind them those that are left out.
    methods: Vec<Method>,
    types: Vec<Type>,
}

#[derive(Serialize)]
struct Method {
    #[serde(flatten)]
    row: MethodRow,
    /// None if it is left out.
    specificity: Option<u32>,
    call_frequency: Option<u32>,
    /// Unknown where there are too many tuples of types.
    unreachable: Option<bool>,
    left_out: bool,
}

#[derive(Serialize)]
struct Type {
    name: String,
    sealed: bool,
}

pub(crate) fn run(args: &ShowArgs) -> Result<Exit, Failure> {
    let file = open(&args.image)?;
    let image = view(&file)?;
    let found = match &args.function {
        None => families(&image)?,
        Some(written) => {
            let (name, arity) = name_and_arity(written);
            find(&image, name, arity)?
        }
    };
    let families: Result<Vec<FamilyRow>, AccessError> =
        found.iter().map(|family| describe(&image, family)).collect();
    let output =
        Output { schema_version: SCHEMA_VERSION, families: families.map_err(|error| damaged(&error))? };
    match args.format {
        Format::Json => json::print(&output)?,
        Format::Human => say::out(text(&output))?,
    }
    Ok(Exit::Success)
}

fn describe(image: &ImageView<'_>, family: &FamilyView<'_>) -> Result<FamilyRow, AccessError> {
    let limits = DiffLimits { tuples: TRIED_TUPLES, ..DiffLimits::default() };
    let never = never_selected(image, family, &limits)?;
    let mut methods = Vec::new();
    for entry in (0..family.core().entry_count()).map(EntryId) {
        let info = family.entry(entry)?;
        let (specificity, call_frequency) = (Some(info.specificity), Some(info.call_frequency));
        let unreachable = never.as_ref().map(|never| never.binary_search(&entry).is_ok());
        let row = MethodRow::of(family, entry)?;
        methods.push(Method { row, specificity, call_frequency, unreachable, left_out: false });
    }
    for method in family.left_out()? {
        methods.push(Method {
            row: MethodRow::of_left_out(family, &method)?,
            specificity: None,
            call_frequency: None,
            unreachable: Some(true),
            left_out: true,
        });
    }
    let mut types = Vec::new();
    for local in (0..family.row().type_count.get()).map(LocalType) {
        if let Some(global) = family.global_type(local) {
            let (name, sealed) = image.type_info(global)?;
            types.push(Type { name: name.to_owned(), sealed });
        }
    }
    Ok(FamilyRow {
        family: family.name()?.to_owned(),
        arity: family.arity(),
        rule: family.rule().as_str(),
        optimization: optimization(family),
        methods,
        types,
    })
}

fn text(output: &Output) -> String {
    let mut text = String::new();
    for family in &output.families {
        let FamilyRow { rule, optimization, methods, types, .. } = family;
        let _ = writeln!(text, "{}/{}  rule {rule}, answered by {optimization}", family.family, family.arity);
        for method in methods.iter().filter(|method| !method.left_out) {
            let _ = writeln!(text, "  {}", method.row.text());
        }
        let unreachable = methods.iter().filter(|method| method.unreachable == Some(true));
        let patterns: Vec<String> =
            unreachable.map(|method| format!("({})", method.row.pattern.join(", "))).collect();
        if !patterns.is_empty() {
            let _ = writeln!(text, "  never selected: {}", patterns.join(", "));
        }
        let names: Vec<&str> = types.iter().map(|row| row.name.as_str()).collect();
        let _ = writeln!(
            text,
            "  types: {}",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        );
    }
    text
}
