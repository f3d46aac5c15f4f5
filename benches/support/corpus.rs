//! A corpus of a real run-time's families (`dispatch-corpus/1`).

use std::path::Path;

use janus_cache::dispatch::{
    CompileOptions, Family, FamilyRule, Method, TypeDecl, TypeGraph, compile, restrict,
};
use janus_cache::format::LogicalTable;
use janus_cache::image::{ImageContent, ImagePlace, ImageType, encode_image};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    name: String,
    resolution: String,
    types: Vec<Type>,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Type {
    name: String,
    supers: Vec<String>,
    #[serde(default)]
    precedence: Vec<String>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    arity: u8,
    methods: Vec<Row>,
    argument_precedence: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Row {
    params: Vec<String>,
    implementation: String,
    module: String,
    #[serde(default)]
    default: bool,
}

/// All families of a corpus over its types.
pub(crate) struct Corpus {
    name: String,
    types: Vec<ImageType>,
    pub(crate) graph: TypeGraph,
    pub(crate) families: Vec<Family>,
}

/// Reads a corpus; panics where it is none, for a bench without its input measures nothing.
pub(crate) fn read(path: &Path) -> Corpus {
    let file: File = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("a corpus");
    let types = file.types.iter().map(|row| ImageType { name: row.name.clone(), sealed: false }).collect();
    let decls = file.types.into_iter().map(|row| TypeDecl {
        name: row.name,
        // A list may name more than the direct supertypes lead to; a method applies by the list.
        supers: row.precedence.get(1..).map_or(row.supers, <[String]>::to_vec),
        precedence: row.precedence,
        ..TypeDecl::default()
    });
    let graph = TypeGraph::new(decls.collect::<Vec<_>>()).expect("supertypes come first");
    let families = file.functions.into_iter().map(|function| {
        let methods = function.methods.into_iter().map(|row| Method {
            params: row.params,
            implementation: row.implementation,
            module: row.module,
            default: row.default,
        });
        let mut family = Family::new(&function.name, function.arity, methods.collect());
        family.rule = match file.resolution.as_str() {
            "precedence" => FamilyRule::Precedence {
                argument_order: function.argument_precedence.unwrap_or_else(|| (0..function.arity).collect()),
            },
            "levels" => FamilyRule::Levels,
            _ => FamilyRule::Symmetric,
        };
        family
    });
    Corpus { name: file.name, types, graph, families: families.collect() }
}

/// The table's bytes.
#[allow(dead_code, reason = "not every bench compiles only")]
pub(crate) fn compiled(table: &LogicalTable) -> Vec<u8> {
    compile(table, &CompileOptions::default()).expect("fits the format").bytes
}

impl Corpus {
    /// The restricted questions of all families.
    #[allow(dead_code, reason = "not every bench keeps them all")]
    pub(crate) fn tables(&self) -> Vec<LogicalTable> {
        let restricted = self.families.iter().map(|family| restrict(&self.graph, family));
        restricted.collect::<Result<_, _>>().expect("families over the corpus's types")
    }

    /// The image of all tables; the corpus tells no places, so they are made up: a file for each module,
    /// and lines that ascend.
    #[allow(dead_code, reason = "not every bench makes an image")]
    pub(crate) fn image(&self, tables: &[Vec<u8>]) -> Vec<u8> {
        let content = ImageContent {
            name: &self.name,
            types: self.types.clone(),
            tables: tables.iter().map(Vec::as_slice).collect(),
            creation_timestamp: 0,
        };
        let line = std::cell::Cell::new(0);
        let place = |_: &str, symbol: &str| {
            line.set(line.get() % 4000 + 3 + symbol.len() as u32 % 17);
            Some(ImagePlace { file: "lib/source.lisp".to_owned(), line: line.get(), column: 1 })
        };
        encode_image(&content, place).expect("fits the format")
    }
}
