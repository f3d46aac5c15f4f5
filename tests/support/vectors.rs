//! The descriptions from which the golden vectors of `format-spec/vectors` are made.
//!
//! A description never changes once its file is there: a new idea gets a new name.

#[path = "image_vectors.rs"]
mod image_vectors;
#[path = "later.rs"]
mod later;
#[path = "seal.rs"]
mod seal;

use image_vectors::{draw, image_bytes, mixed, outline, scale};
use janus_cache::codec::Level;
use janus_cache::dispatch::{
    Applicable, CallProfile, Choice, CompileOptions, Family, FamilyRule, Method, OptimizerChoice, Redundancy,
    ResolutionRule, TypeDecl, TypeGraph, compile, compile_with, restrict,
};
use janus_cache::format::{FileCodec, LogicalTable, Optimization};
use later::{newer_minor, unknown_optimization, unknown_required};

/// A family over some types, and how its table is made.
#[derive(Clone, Debug)]
pub(crate) struct TableSource {
    pub(crate) decls: Vec<TypeDecl>,
    pub(crate) family: Family,
    pub(crate) optimizer: OptimizerChoice,
    pub(crate) creation_timestamp: u64,
    pub(crate) redundancy: Redundancy,
    /// Calls by symbol; empty: no profile.
    pub(crate) calls: &'static [(&'static str, u64)],
}

impl TableSource {
    fn new(decls: Vec<TypeDecl>, family: Family, optimization: Optimization) -> Self {
        Self {
            decls,
            family,
            optimizer: OptimizerChoice::Force(optimization),
            creation_timestamp: 0,
            redundancy: Redundancy::Keep,
            calls: &[],
        }
    }

    pub(crate) fn graph(&self) -> TypeGraph {
        TypeGraph::new(self.decls.clone()).expect("the declarations are acyclic")
    }

    pub(crate) fn logical(&self) -> LogicalTable {
        restrict(&self.graph(), &self.family).expect("the family fits its types")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let table = self.logical();
        let mut profile = CallProfile::default();
        for (symbol, calls) in self.calls {
            profile.add(&self.family.name, self.family.arity, symbol, *calls);
        }
        let options = CompileOptions {
            optimizer: self.optimizer,
            creation_timestamp: self.creation_timestamp,
            redundancy: self.redundancy,
            calls: profile.calls_of(&table),
        };
        let compiled = match &self.family.rule {
            FamilyRule::Custom { .. } => compile_with(&table, &LastByName::of(&table), &options),
            _ => compile(&table, &options),
        };
        compiled.expect("it fits the format").bytes
    }
}

/// A rule of our own: of the methods that apply, the one whose symbol comes last.
pub(crate) struct LastByName(Vec<String>);

impl LastByName {
    fn of(table: &LogicalTable) -> Self {
        Self(table.entries.iter().map(|entry| entry.implementation.clone()).collect())
    }
}

impl ResolutionRule for LastByName {
    fn choose(&self, applicable: &Applicable<'_>) -> Choice {
        let last = applicable.iter().max_by_key(|entry| &self.0[*entry as usize]);
        last.map_or(Choice::NoMethod, Choice::Method)
    }
}

/// What a vector file holds.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// One table.
    Table(TableSource),
    /// An image of this name and these tables, with the types of all.
    Image(&'static str, Vec<TableSource>),
    /// The bytes of a table, changed into what a writer of another version could have made, with the
    /// checksums made right again.
    Changed(TableSource, fn(&mut [u8])),
}

/// A golden file's name and description.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) file: &'static str,
    pub(crate) source: Source,
    /// What a reader of this version refuses it for, in a word; it answers from the others.
    pub(crate) refused: Option<&'static str>,
}

impl Vector {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.source {
            Source::Table(table) => table.bytes(),
            Source::Image(name, tables) => image_bytes(name, tables),
            Source::Changed(table, change) => {
                let mut bytes = table.bytes();
                change(&mut bytes);
                seal::reseal(&mut bytes, seal::TABLES);
                bytes
            }
        }
    }

    /// The families of the file, in the file's order.
    pub(crate) fn tables(&self) -> &[TableSource] {
        match &self.source {
            Source::Table(table) | Source::Changed(table, _) => std::slice::from_ref(table),
            Source::Image(_, tables) => tables,
        }
    }
}

/// Every vector. Files are only ever added here.
pub(crate) fn all() -> Vec<Vector> {
    let colliding = |optimization| TableSource::new(shapes(), collide(), optimization);
    let table = |file, table| Vector { file, source: Source::Table(table), refused: None };
    let changed = |file, change| Vector {
        file,
        source: Source::Changed(colliding(Optimization::DecisionDag), change),
        refused: None,
    };
    let refused = |file, change, reason| Vector { refused: Some(reason), ..changed(file, change) };
    let image = |file, name, tables| Vector { file, source: Source::Image(name, tables), refused: None };
    vec![
        table("single.jdt", area(0)),
        table("epoch.jdt", area(1_700_000_000)),
        table("arity0.jdt", arity_zero()),
        table("linear.jdt", colliding(Optimization::Linear)),
        table("dag.jdt", colliding(Optimization::DecisionDag)),
        table("matrix.jdt", colliding(Optimization::Matrix)),
        table("hash.jdt", colliding(Optimization::Hash)),
        table(
            "ambiguous-matrix.jdt",
            TableSource { optimizer: OptimizerChoice::Force(Optimization::Matrix), ..ambiguous() },
        ),
        table("runs.jdt", runs()),
        table("profiled.jdt", profiled()),
        table("ambiguous.jdt", ambiguous()),
        table("sealed.jdt", sealed()),
        table("top.jdt", top()),
        table("wide.jdt", wide()),
        table("arity8.jdt", arity_eight()),
        table("untyped.jdt", untyped()),
        table("precedence.jdt", precedence(Optimization::DecisionDag, true)),
        table("precedence-lists.jdt", precedence(Optimization::Linear, false)),
        table("levels.jdt", levels(Optimization::Linear)),
        table("levels-dag.jdt", levels(Optimization::DecisionDag)),
        table("custom.jdt", custom()),
        table("left-out.jdt", left_out()),
        changed("newer-minor.jdt", newer_minor),
        changed("unknown-optimization.jdt", unknown_optimization),
        refused("newer-major.jdt", |bytes| bytes[4] = 2, "version_major"),
        refused("unknown-required.jdt", unknown_required, "required_section"),
        refused("unknown-rule.jdt", |bytes| bytes[38] = 99, "rule"),
        refused("unknown-codec.jdt", |bytes| bytes[39] = 99, "codec"),
        image("shared.jdi", "shapes", vec![draw(), outline(), scale()]),
        image("mixed.jdi", "mixed", mixed()),
        image("left-out-image.jdi", "left out", vec![left_out(), draw()]),
    ]
}

/// A vector in a codec: its file, the vector that it decodes to, and the codec.
#[allow(dead_code, reason = "not every test that includes this file decodes")]
pub(crate) fn compressed() -> [(&'static str, &'static str, FileCodec); 5] {
    [
        ("columnar.jdt", "levels-dag.jdt", FileCodec::Columnar),
        ("columnar-wide.jdt", "wide.jdt", FileCodec::Columnar),
        ("columnar.jdi", "shared.jdi", FileCodec::Columnar),
        ("lz4.jdt", "levels-dag.jdt", FileCodec::Lz4),
        ("zstd.jdt", "levels-dag.jdt", FileCodec::Zstd(Level::DEFAULT)),
    ]
}

fn shapes() -> Vec<TypeDecl> {
    vec![
        TypeDecl::new("geo::Shape", &[]),
        TypeDecl::new("geo::Circle", &["geo::Shape"]),
        TypeDecl::new("geo::Box", &["geo::Shape"]),
        TypeDecl::new("geo::Square", &["geo::Box"]),
        TypeDecl::new("geo::Unrelated", &[]),
    ]
}

/// One method, found by testing it.
fn area(creation_timestamp: u64) -> TableSource {
    let decls = vec![TypeDecl::new("geo::Shape", &[]), TypeDecl::new("geo::Circle", &["geo::Shape"])];
    let family = Family::new("geo::area", 1, vec![Method::new(&["geo::Shape"], "area_shape", "geo")]);
    let source = TableSource::new(decls, family, Optimization::Single);
    TableSource { creation_timestamp, ..source }
}

fn arity_zero() -> TableSource {
    let family = Family::new("sys::now", 0, vec![Method::new(&[], "now_clock", "sys")]);
    TableSource::new(Vec::new(), family, Optimization::DecisionDag)
}

fn collide() -> Family {
    let methods = vec![
        Method::new(&["geo::Shape", "geo::Shape"], "collide_any", "geo"),
        Method::new(&["geo::Circle", "geo::Shape"], "collide_circle", "geo"),
        Method::new(&["geo::Circle", "geo::Circle"], "collide_circles", "geo"),
        Method::new(&["geo::Box", "geo::Box"], "collide_boxes", "geo::boxes"),
    ];
    Family::new("geo::collide", 2, methods)
}

/// Three ambiguities: two methods that cross, the same below them, and one that a third settles.
fn ambiguous() -> TableSource {
    let methods = vec![
        Method::new(&["geo::Shape", "geo::Box"], "shape_box", "geo"),
        Method::new(&["geo::Box", "geo::Shape"], "box_shape", "geo"),
        Method::new(&["geo::Square", "geo::Square"], "squares", "geo"),
        Method { default: true, ..Method::new(&["geo::Circle", "geo::Circle"], "circles", "geo") },
    ];
    TableSource::new(shapes(), Family::new("geo::cross", 2, methods), Optimization::DecisionDag)
}

/// A sealed sum: two methods cover it, a third takes the whole.
fn sealed() -> TableSource {
    let decls = vec![
        TypeDecl::new("opt::Maybe", &[]).sealed(),
        TypeDecl::new("opt::Some", &["opt::Maybe"]).sealed(),
        TypeDecl::new("opt::None", &["opt::Maybe"]).sealed(),
        TypeDecl::new("opt::Open", &[]),
    ];
    let methods = vec![
        Method::new(&["opt::Some"], "get_some", "opt"),
        Method::new(&["opt::None"], "get_none", "opt"),
        Method::new(&["opt::Maybe"], "get_maybe", "opt"),
        Method::new(&["opt::Open"], "get_open", "opt"),
    ];
    TableSource::new(decls, Family::new("opt::get", 1, methods), Optimization::DecisionDag)
}

/// Top-type parameters, a name beyond ASCII, and a position that no method tests.
fn top() -> TableSource {
    let decls = vec![TypeDecl::new("txt::Größe", &[]), TypeDecl::new("txt::Klein", &["txt::Größe"])];
    let methods = vec![
        Method::new(&["any", "any", "any"], "show_any", "txt"),
        Method::new(&["txt::Größe", "any", "any"], "show_first", "txt"),
        Method::new(&["any", "any", "txt::Klein"], "show_last", "txt"),
        Method::new(&["txt::Größe", "any", "txt::Klein"], "show_both", "txt"),
    ];
    TableSource::new(decls, Family::new("txt::show", 3, methods), Optimization::DecisionDag)
}

/// Position 0 has 3 classes and an odd number of types, so the 2-byte array of position 1, which
/// has more than 256 classes, begins at an odd offset.
fn wide() -> TableSource {
    const PARAMS: u32 = 9;
    let param = |bit: u32| format!("w::P{bit}");
    let mut decls = vec![TypeDecl::new("w::Left", &[]), TypeDecl::new("w::Lower", &["w::Left"])];
    decls.extend((0..PARAMS).map(|bit| TypeDecl::new(&param(bit), &[])));
    // A type for each set of two parameters or more, as many as make the classes too many for a byte.
    let sets = (0_u32..1 << PARAMS).filter(|set| set.count_ones() >= 2).take(250);
    decls.extend(sets.map(|set| {
        let supers: Vec<String> = (0..PARAMS).filter(|bit| set >> bit & 1 == 1).map(param).collect();
        TypeDecl { name: format!("w::S{set:03}"), supers, ..TypeDecl::default() }
    }));
    let mut methods: Vec<Method> =
        (0..PARAMS).map(|bit| Method::new(&["any", &param(bit)], &format!("p{bit}"), "w")).collect();
    methods.push(Method::new(&["w::Left", "w::P0"], "left_p0", "w"));
    methods.push(Method::new(&["w::Lower", "w::S003"], "lower_s003", "w"));
    TableSource::new(decls, Family::new("w::wide", 2, methods), Optimization::DecisionDag)
}

/// So many types that stand side by side in name order that their classes are runs.
fn runs() -> TableSource {
    const TYPES: u32 = 1100;
    let mut decls = vec![TypeDecl::new("r::Low", &[]), TypeDecl::new("r::Top", &[])];
    decls.extend((0..TYPES).map(|at| {
        let upper = if at < 600 { "r::Low" } else { "r::Top" };
        TypeDecl::new(&format!("r::A{at:04}"), &[upper])
    }));
    let methods = vec![Method::new(&["r::Low"], "run_low", "r"), Method::new(&["r::Top"], "run_top", "r")];
    TableSource::new(decls, Family::new("r::run", 1, methods), Optimization::Matrix)
}

/// Three methods that are equally specific and one that is less, called most; two of equally many calls.
fn profiled() -> TableSource {
    let TableSource { mut decls, .. } = runs();
    decls.push(TypeDecl::new("r::Mid", &[]));
    let methods = [("r::Low", "hot_low"), ("r::Mid", "hot_mid"), ("r::Top", "hot_top"), ("any", "hot_any")];
    let methods = methods.map(|(param, symbol)| Method::new(&[param], symbol, "r"));
    let family = Family::new("r::hot", 1, methods.to_vec());
    let calls = &[("hot_low", 3), ("hot_mid", 7), ("hot_top", 3), ("hot_any", 1_000)];
    TableSource { calls, ..TableSource::new(decls, family, Optimization::Matrix) }
}

/// Eight positions, of which each method tests some.
fn arity_eight() -> TableSource {
    let decls = vec![TypeDecl::new("e::A", &[]), TypeDecl::new("e::B", &["e::A"])];
    let methods = vec![
        Method::new(&["any"; 8], "all_any", "e"),
        Method::new(&["e::A", "any", "any", "any", "any", "any", "any", "any"], "first", "e"),
        Method::new(&["any", "any", "any", "any", "any", "any", "any", "e::B"], "last", "e"),
        Method::new(&["e::A", "any", "any", "e::B", "any", "any", "any", "e::B"], "both", "e"),
    ];
    TableSource::new(decls, Family::new("e::eight", 8, methods), Optimization::DecisionDag)
}

/// No type at all: whatever the arguments are, there is one method.
fn untyped() -> TableSource {
    let family = Family::new("any::print", 1, vec![Method::new(&["any"], "print_any", "any")]);
    TableSource::new(Vec::new(), family, Optimization::Single)
}

/// Two types that see their supertypes in the same order, or in opposite ones, so that no one order
/// of all parameters agrees with both. The second position is compared first.
fn precedence(optimization: Optimization, agree: bool) -> TableSource {
    let other = if agree { ["k::Two", "k::A", "k::B"] } else { ["k::Two", "k::B", "k::A"] };
    let decls = vec![
        TypeDecl::new("k::A", &[]).with_precedence(&["k::A"]),
        TypeDecl::new("k::B", &[]).with_precedence(&["k::B"]),
        TypeDecl::new("k::One", &["k::A", "k::B"]).with_precedence(&["k::One", "k::A", "k::B"]),
        TypeDecl::new("k::Two", &["k::B", "k::A"]).with_precedence(&other),
    ];
    let methods = vec![
        Method::new(&["k::A", "k::A"], "meet_aa", "k"),
        Method::new(&["k::A", "k::B"], "meet_ab", "k"),
        Method::new(&["k::B", "k::A"], "meet_ba", "k"),
        Method::new(&["any", "k::B"], "meet_any_b", "k"),
    ];
    let rule = FamilyRule::Precedence { argument_order: vec![1, 0] };
    TableSource::new(decls, Family { rule, ..Family::new("k::meet", 2, methods) }, optimization)
}

/// A tie that a default decides, one that none decides, and a type that counts as being under another
/// one although it is not.
fn levels(optimization: Optimization) -> TableSource {
    let decls = vec![
        TypeDecl::new("r::Cool", &[]),
        TypeDecl::new("r::Role", &[]).counting_as(&["r::Cool"]),
        TypeDecl::new("r::Both", &["r::Cool", "r::Role"]),
        TypeDecl::new("r::Left", &[]),
        TypeDecl::new("r::Right", &[]),
        TypeDecl::new("r::Mixed", &["r::Left", "r::Right"]),
    ];
    let methods = vec![
        Method::new(&["r::Cool", "any"], "cool", "r"),
        Method::new(&["r::Role", "any"], "role", "r"),
        Method::new(&["r::Left", "any"], "left", "r"),
        Method::new(&["r::Right", "any"], "right", "r"),
        Method { default: true, ..Method::new(&["r::Left", "r::Left"], "left_left", "r") },
        Method::new(&["r::Left", "r::Right"], "left_right", "r"),
    ];
    let family = Family { rule: FamilyRule::Levels, ..Family::new("r::pick", 2, methods) };
    TableSource::new(decls, family, optimization)
}

/// A rule that only its owner knows.
fn custom() -> TableSource {
    let rule = FamilyRule::Custom { name: "last by name 1".to_owned() };
    TableSource::new(shapes(), Family { rule, ..collide() }, Optimization::DecisionDag)
}

/// Two sums, one in the other: two methods that no call selects, and one whose sum has an alternative
/// without a method of its own.
fn left_out() -> TableSource {
    let sum = |name, supers| TypeDecl { sealed: true, ..TypeDecl::new(name, supers) };
    let decls = vec![
        sum("sum::Shape", &[]),
        sum("sum::Round", &["sum::Shape"]),
        TypeDecl::new("sum::Circle", &["sum::Round"]),
        TypeDecl::new("sum::Ellipse", &["sum::Round"]),
        TypeDecl::new("sum::Box", &["sum::Shape"]),
    ];
    let method = |params: &[&str], name: &str| Method::new(params, name, "geo");
    let methods = vec![
        method(&["sum::Shape", "any"], "shape"),
        Method { default: true, ..method(&["sum::Round", "any"], "round") },
        method(&["sum::Circle", "any"], "circle"),
        method(&["sum::Ellipse", "any"], "ellipse"),
        method(&["sum::Box", "any"], "box"),
        method(&["sum::Shape", "sum::Round"], "on_round"),
    ];
    let table = TableSource::new(decls, Family::new("geo::fit", 2, methods), Optimization::Matrix);
    TableSource { redundancy: Redundancy::LeaveOut, ..table }
}
