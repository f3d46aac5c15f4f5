//! Over random worlds of types the library and the text write the same bytes and give the same answers.

use std::collections::{BTreeMap, BTreeSet};

use janus_cache::dispatch::{
    CallProfile, CompileOptions, Family, FamilyRule, OptimizerChoice, TypeDecl, TypeGraph, compile, restrict,
};
use janus_cache::format::{EntryId, FileCodec, LocalType, Optimization, TableView, compress};
use janus_cache::image::{
    GlobalType, ImageContent, ImagePlace, ImageType, ImageView, compress_image, encode_image,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::naive_reader::{self, AskedRule, Image, ImageQuestion, Method, Outcome, Place, Question, Table};
use crate::support::{World, ruled_worlds};
use crate::{MOST_TUPLES, in_own_words};

/// A family of a world, for the writer: each type with all types that it is under.
fn question(decls: &[TypeDecl], family: &Family, calls_of: impl Fn(&str) -> u32) -> Question {
    let mut under: BTreeMap<String, (bool, BTreeSet<String>)> = BTreeMap::new();
    // Supertypes are declared earlier, so what they are under is complete.
    for TypeDecl { name, supers, sealed, .. } in decls {
        let mut names: BTreeSet<String> = supers.iter().flat_map(|above| under[above].1.clone()).collect();
        names.insert(name.clone());
        under.insert(name.clone(), (*sealed, names));
    }
    let rule = rule(decls, &family.rule, &under);
    let method = |method: &janus_cache::dispatch::Method| Method {
        params: method.params.iter().map(|param| (param != "any").then(|| param.clone())).collect(),
        implementation: method.implementation.clone(),
        module: method.module.clone(),
        default: method.default,
        calls: calls_of(&method.implementation),
        left_out: false,
    };
    Question {
        name: family.name.clone(),
        arity: family.arity,
        types: under,
        methods: family.methods.iter().map(method).collect(),
        rule,
    }
}

/// A rule by names. What a type counts as being under is what it is under, what is above the types that it
/// pretends to be under, and nothing more: a subtype pretends for itself.
fn rule(
    decls: &[TypeDecl],
    rule: &FamilyRule,
    under: &BTreeMap<String, (bool, BTreeSet<String>)>,
) -> AskedRule {
    match rule {
        FamilyRule::Symmetric => AskedRule::Symmetric,
        FamilyRule::Precedence { argument_order } => AskedRule::Precedence {
            order: argument_order.clone(),
            lists: decls.iter().map(|decl| (decl.name.clone(), decl.precedence.clone())).collect(),
        },
        FamilyRule::Levels => {
            let row = |decl: &TypeDecl| {
                let pretended = decl.counts_as.iter().flat_map(|above| &under[above].1);
                (decl.name.clone(), under[&decl.name].1.iter().chain(pretended).cloned().collect())
            };
            AskedRule::Levels { counts_as: decls.iter().map(row).collect() }
        }
        FamilyRule::Custom { name } => AskedRule::Custom { name: name.clone() },
    }
}

fn optimizers() -> impl Iterator<Item = OptimizerChoice> {
    std::iter::once(OptimizerChoice::Auto).chain(Optimization::ALL.map(OptimizerChoice::Force))
}

/// Three families over the types of one world: its own, one of every second method, and one of the
/// first positions under the first family's name.
fn families(world: &World) -> Vec<Family> {
    let methods = &world.family.methods;
    let every_second = Family::new("m::e", world.family.arity, methods.iter().step_by(2).cloned().collect());
    let mut firsts = Vec::new();
    for method in methods {
        let param = method.params[0].clone();
        if !firsts.iter().any(|known: &janus_cache::dispatch::Method| known.params[0] == param) {
            firsts.push(janus_cache::dispatch::Method { params: vec![param], ..method.clone() });
        }
    }
    let mut families = vec![world.family.clone(), every_second];
    if world.family.arity > 1 {
        families.push(Family::new(&world.family.name, 1, firsts));
    }
    families
}

fn place_of(family: &str, symbol: &str) -> Option<Place> {
    let line = symbol.trim_start_matches('f').parse().ok().filter(|number| number % 2 == 1)?;
    Some(Place { file: format!("{family}.jan"), line, column: 3 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn library_and_text_agree_on_every_table(world in ruled_worlds(9, 7, 3)) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        for optimizer in optimizers() {
            let compiled = compile(&table, &CompileOptions { optimizer, ..CompileOptions::default() }).expect("fits");
            let view = TableView::open(&compiled.bytes).expect("well formed");
            let naive = Table::read(&compiled.bytes).map_err(|why| TestCaseError::fail(format!("{why:?}")))?;
            let family = &naive.family;
            prop_assert_eq!(view.name(), Ok(family.name.as_str()));
            prop_assert_eq!(view.type_signature().expect("readable"), family.type_signature());
            prop_assert_eq!(view.header().table_hash.get(), family.computed_table_hash());
            prop_assert_eq!(view.header().compression_ratio_ppm.get(), family.compression_ratio_ppm(naive.total_len));
            prop_assert_eq!(view.header().memory_saved.get(), family.memory_saved(naive.total_len));
            prop_assert_eq!(view.may_be_ambiguous(), family.may_be_ambiguous);
            prop_assert_eq!(view.type_count() as usize, family.types.len());
            for (local, listed) in (0..).map(LocalType).zip(&family.types) {
                prop_assert_eq!(view.local_type(&listed.name), Ok(local));
                prop_assert_eq!(view.type_info(local), Ok(Some((listed.name.as_str(), listed.sealed))));
            }
            for (id, entry) in (0..).map(EntryId).zip(&family.entries) {
                prop_assert_eq!(view.entry(id).expect("listed").implementation, entry.implementation.as_str());
            }
            for tuple in family.tuples(MOST_TUPLES) {
                let locals: Vec<LocalType> =
                    tuple.iter().map(|local| local.map_or(LocalType::OTHER, |local| LocalType(local as u32))).collect();
                let expected = family.by_definition(&tuple);
                prop_assert_eq!(in_own_words(view.dispatch(&locals).expect("well formed")), expected.clone());
                prop_assert_eq!(family.answer(&tuple), Ok(expected), "{:?} by {:?}", tuple, optimizer);
                let candidates = view.core().candidates(&locals);
                let candidates: Vec<usize> = candidates.expect("readable").iter().map(|entry| entry.0 as usize).collect();
                // Where the default mark settles a tie, the library names the method alone.
                let expected = match family.by_definition(&tuple) {
                    Outcome::Method(entry) => vec![entry],
                    Outcome::NoMethod | Outcome::Ambiguous => family.candidates(&tuple),
                };
                prop_assert_eq!(candidates, expected);
            }
        }
    }

    #[test]
    fn library_and_text_write_the_same_table(world in ruled_worlds(12, 9, 3), counted in vec(0_u32..4, 0..9)) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        // Of some methods a profile counted calls, of many as many as of another.
        let mut profile = CallProfile::default();
        for (method, calls) in world.family.methods.iter().zip(&counted) {
            profile.add(&world.family.name, world.family.arity, &method.implementation, u64::from(*calls));
        }
        let calls = profile.calls_of(&table);
        let calls_of = |symbol: &str| {
            let methods = world.family.methods.iter().zip(&counted);
            methods.filter(|(method, _)| method.implementation == symbol).map(|(_, calls)| *calls).sum()
        };
        for optimizer in optimizers() {
            let compiled = compile(&table, &CompileOptions { optimizer, creation_timestamp: 7, calls: calls.clone(), ..CompileOptions::default() }).expect("fits");
            let optimization = Table::read(&compiled.bytes).expect("well formed").family.optimization;
            let family = question(&world.decls, &world.family, calls_of).family(optimization);
            prop_assert_eq!(&naive_reader::table_bytes(&family, 7), &compiled.bytes);
            for codec in [FileCodec::Lz4, FileCodec::Columnar] {
                let pressed = compress(&compiled.bytes, codec).expect("opens");
                prop_assert!(Table::decoded(&pressed).as_ref() == Ok(&compiled.bytes), "{codec:?} decodes to other bytes");
            }
        }
    }

    #[test]
    fn library_and_text_write_the_same_image_and_agree_on_it(
        world in ruled_worlds(8, 7, 2),
        optimizer in prop::sample::select(optimizers().collect::<Vec<_>>()),
    ) {
        let tables: Vec<Vec<u8>> = families(&world)
            .iter()
            .map(|family| {
                let table = restrict(&world.graph(), family).expect("a family");
                compile(&table, &CompileOptions { optimizer, ..CompileOptions::default() }).expect("fits").bytes
            })
            .collect();
        let types = world.decls.iter().map(|decl| ImageType { name: decl.name.clone(), sealed: decl.sealed });
        let content = ImageContent {
            name: "world",
            types: types.collect(),
            tables: tables.iter().map(Vec::as_slice).collect(),
            creation_timestamp: 9,
        };
        let library_place = |family: &str, symbol: &str| {
            place_of(family, symbol).map(|Place { file, line, column }| ImagePlace { file, line, column })
        };
        let bytes = encode_image(&content, library_place).expect("fits");

        let written = families(&world).into_iter().zip(&tables).map(|(family, table)| {
            let optimization = Table::read(table).expect("well formed").family.optimization;
            let written = question(&world.decls, &family, |_| 0).family(optimization);
            let places = written.entries.iter().map(|entry| place_of(&family.name, &entry.implementation)).collect();
            (written, places)
        });
        let asked = ImageQuestion {
            name: "world",
            creation_timestamp: 9,
            types: world.decls.iter().map(|decl| (decl.name.clone(), decl.sealed)).collect(),
            families: written.collect(),
        };
        prop_assert!(naive_reader::image_bytes(&asked) == bytes, "the images' bytes differ");
        let pressed = compress_image(&bytes, FileCodec::Columnar).expect("opens");
        prop_assert!(Image::decoded(&pressed).as_ref() == Ok(&bytes), "the columns of the image do not join");

        let view = ImageView::open(&bytes).expect("well formed");
        let naive = Image::read(&bytes).map_err(|why| TestCaseError::fail(format!("{why:?}")))?;
        prop_assert_eq!(view.name(), Ok(naive.name.as_str()));
        prop_assert_eq!(view.family_count() as usize, naive.families.len());
        for (index, with) in (0..).zip(&naive.families) {
            let with = with.as_ref().map_err(|why| TestCaseError::fail(format!("{why:?}")))?;
            let (found, family) = (view.family_at(index).expect("listed"), &with.family);
            prop_assert_eq!(found.name(), Ok(family.name.as_str()));
            prop_assert_eq!(found.arity(), family.arity);
            prop_assert_eq!(found.type_signature(), Ok(family.type_signature()));
            prop_assert_eq!(found.row().table_hash.get(), family.computed_table_hash());
            for (id, place) in (0..).map(EntryId).zip(&with.places) {
                let found = found.place(id).expect("readable");
                let found = found.map(|at| Place { file: at.file.to_owned(), line: at.line, column: at.column });
                prop_assert_eq!(&found, place);
            }
            for tuple in family.tuples(MOST_TUPLES) {
                let globals: Vec<GlobalType> = tuple
                    .iter()
                    .map(|local| local.map(|local| view.type_id(&family.types[local].name).expect("readable")))
                    .map(|global| global.map_or(GlobalType::OTHER, |global| global.expect("is listed")))
                    .collect();
                let expected = family.by_definition(&tuple);
                prop_assert_eq!(in_own_words(found.dispatch(&globals).expect("well formed")), expected.clone());
                prop_assert_eq!(family.answer(&tuple), Ok(expected));
            }
        }
    }
}

/// Each of three types counts as being under the next, so none of their methods is the narrowest.
#[test]
fn entries_that_are_narrower_than_each_other_in_circles_are_one_level() {
    let counting = |name: &str, above: &str| TypeDecl::new(name, &[]).counting_as(&[above]);
    let mut decls = vec![counting("m::A", "m::B"), counting("m::B", "m::C"), counting("m::C", "m::A")];
    decls.push(TypeDecl::new("m::All", &["m::A", "m::B", "m::C"]));
    decls.push(TypeDecl::new("m::Under", &["m::All"]));
    let method = |param: &str| janus_cache::dispatch::Method::new(&[param], &format!("of {param}"), "m");
    let methods = ["m::A", "m::B", "m::C", "m::All"].map(method).to_vec();
    let family = Family { rule: FamilyRule::Levels, ..Family::new("m::f", 1, methods) };
    let table = restrict(&TypeGraph::new(decls.clone()).expect("acyclic"), &family).expect("a family");
    let compiled = compile(&table, &CompileOptions::default()).expect("fits");
    let read = Table::read(&compiled.bytes).expect("well formed").family;
    let levels: Vec<u32> = read.entries.iter().map(|entry| entry.specificity).collect();
    assert_eq!(levels, [0, 1, 1, 1]);
    let written = question(&decls, &family, |_| 0).family(read.optimization);
    assert_eq!(naive_reader::table_bytes(&written, 0), compiled.bytes);
}

/// As many types under one as there are classes but one, each with a method of its own.
#[test]
fn elements_have_two_bytes_from_257_classes_on() {
    for (classes, width) in [(256, 1_u8), (257, 2)] {
        // The type at the top has a method too, so its class is one more.
        let name = |index: usize| format!("m::T{index:03}");
        let mut decls = vec![TypeDecl::new("m::Top", &[])];
        decls.extend((2..classes).map(|index| TypeDecl::new(&name(index), &["m::Top"])));
        let method = |(index, decl): (usize, &TypeDecl)| {
            janus_cache::dispatch::Method::new(&[&decl.name], &format!("f{index}"), "m")
        };
        let family = Family::new("m::f", 1, decls.iter().enumerate().map(method).collect());
        let graph = TypeGraph::new(decls.clone()).expect("supertypes are declared earlier");
        let table = restrict(&graph, &family).expect("a family");
        let optimizer = OptimizerChoice::Force(Optimization::DecisionDag);
        let compiled =
            compile(&table, &CompileOptions { optimizer, ..CompileOptions::default() }).expect("fits");
        assert_eq!(naive_reader::table_bytes(&question(&decls, &family, |_| 0).family(3), 0), compiled.bytes);
        let read = Table::read(&compiled.bytes).expect("well formed");
        assert_eq!(
            read.section("CLAS").expect("is there")[4..8],
            [classes as u8, (classes >> 8) as u8, width, 0]
        );
    }
}
