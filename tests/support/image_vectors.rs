//! The images among the golden vectors, and the families that only they hold.

use std::collections::BTreeMap;

use janus_cache::dispatch::{Family, Method};
use janus_cache::format::Optimization;
use janus_cache::image::{ImageContent, ImagePlace, ImageType, encode_image};

use super::{TableSource, area, custom, levels, precedence, shapes};

/// A family under each rule and by each optimizer; of `over` an ambiguous tuple has a third method that
/// applies and is no candidate.
pub(super) fn mixed() -> Vec<TableSource> {
    let over = vec![
        Method::new(&["geo::Shape", "geo::Shape"], "over_any", "geo"),
        Method::new(&["geo::Shape", "geo::Box"], "over_right", "geo"),
        Method::new(&["geo::Box", "geo::Shape"], "over_left", "geo"),
    ];
    let named = |name: &str, source: TableSource| {
        let family = Family { name: name.to_owned(), ..source.family };
        TableSource { family, ..source }
    };
    vec![
        precedence(Optimization::Linear, false),
        named("k::found", precedence(Optimization::Hash, true)),
        levels(Optimization::Matrix),
        named("r::scanned", levels(Optimization::Linear)),
        named("geo::owned", custom()),
        TableSource::new(shapes(), Family::new("geo::over", 2, over), Optimization::Hash),
        area(0),
    ]
}

/// `draw`, `outline` and `scale` share types, relations and patterns; `outline` has no classes and
/// no nodes, because it is scanned.
pub(super) fn draw() -> TableSource {
    one_position("geo::draw", Optimization::DecisionDag)
}

pub(super) fn outline() -> TableSource {
    one_position("geo::outline", Optimization::Linear)
}

pub(super) fn scale() -> TableSource {
    let methods = vec![
        Method::new(&["geo::Shape", "any"], "scale_shape", "geo"),
        Method::new(&["geo::Box", "any"], "scale_box", "geo"),
    ];
    TableSource::new(shapes(), Family::new("geo::scale", 2, methods), Optimization::DecisionDag)
}

fn one_position(name: &str, optimization: Optimization) -> TableSource {
    let short = name.trim_start_matches("geo::");
    let methods = vec![
        Method::new(&["geo::Shape"], &format!("{short}_shape"), "geo"),
        Method::new(&["geo::Box"], &format!("{short}_box"), "geo"),
    ];
    TableSource::new(shapes(), Family::new(name, 1, methods), optimization)
}

/// Where the image's methods stand: `outline_box` is nowhere, the others are.
fn place_of(family: &str, implementation: &str) -> Option<ImagePlace> {
    let line = match implementation {
        "outline_box" => return None,
        other if other.ends_with("_box") => 12,
        _ => 7,
    };
    let file = format!("src/{}.jan", family.rsplit("::").next().unwrap_or(family));
    Some(ImagePlace { file, line, column: 1 })
}

pub(super) fn image_bytes(name: &str, sources: &[TableSource]) -> Vec<u8> {
    let tables: Vec<Vec<u8>> = sources.iter().map(TableSource::bytes).collect();
    let decls = sources.iter().flat_map(|source| &source.decls);
    let types: BTreeMap<String, bool> = decls.map(|decl| (decl.name.clone(), decl.sealed)).collect();
    let types = types.into_iter().map(|(name, sealed)| ImageType { name, sealed }).collect();
    let content = ImageContent {
        name,
        types,
        tables: tables.iter().map(Vec::as_slice).collect(),
        creation_timestamp: 0,
    };
    encode_image(&content, place_of).expect("it fits the format")
}
