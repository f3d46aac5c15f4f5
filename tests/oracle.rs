//! A reader and writer made from the text of the specification alone agree with the frozen files and
//! with the library: the text is enough.

mod naive_reader;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use janus_cache::dispatch::{CompileOptions, Family, OptimizerChoice, TypeDecl, compile, restrict};
use janus_cache::format::{EntryId, LocalType, Optimization, Outcome as LibraryOutcome, TableView};
use janus_cache::image::{GlobalType, ImageContent, ImagePlace, ImageType, ImageView, encode_image};
use naive_reader::{Image, ImageQuestion, Method, Outcome, Place, Question, Table};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{World, worlds};

/// Tuples that a test tries of one family.
const MOST_TUPLES: u128 = 65_536;

fn vector(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors").join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names of all vectors whose name ends so, without that ending.
fn vectors(ending: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors");
    let names = fs::read_dir(folder).expect("is there").map(|file| file.expect("listed").file_name());
    let names = names.map(|name| name.into_string().expect("is ASCII"));
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

fn answers(name: &str) -> Vec<Value> {
    serde_json::from_slice(&vector(&format!("{name}.answers.json"))).expect("is a list")
}

/// Names of the table files that are to be read, with what they say.
fn readable_tables() -> Vec<(String, Table)> {
    let read = |name: &String| {
        Table::read(&vector(&format!("{name}.jdt"))).unwrap_or_else(|why| panic!("{name}: {why:?}"))
    };
    let is_table = |name: &String| vectors(".jdt").contains(name);
    vectors(".answers.json").into_iter().filter(is_table).map(|name| (name.clone(), read(&name))).collect()
}

/// What a family answers, in the words of an answers file.
fn answer(family: &naive_reader::Family, question: &Value) -> Value {
    let names: Vec<Option<&str>> =
        question["args"].as_array().expect("is a list").iter().map(Value::as_str).collect();
    let tuple = family.locals(&names);
    let symbol = |entry: usize| family.entries[entry].implementation.as_str();
    let mut found = json!({ "args": question["args"] });
    match family.answer(&tuple).expect("can be walked") {
        Outcome::NoMethod => found["outcome"] = json!("none"),
        Outcome::Method(entry) => {
            found["outcome"] = json!("method");
            found["implementation"] = json!(symbol(entry));
        }
        Outcome::Ambiguous => {
            let candidates: BTreeSet<&str> = family.candidates(&tuple).into_iter().map(symbol).collect();
            found["outcome"] = json!("ambiguous");
            found["candidates"] = json!(candidates);
        }
    }
    found
}

#[test]
fn every_frozen_answer_of_a_table_follows_from_the_text() {
    let tables = readable_tables();
    assert_eq!(tables.len(), 13);
    for (name, table) in tables {
        for expected in answers(&name) {
            assert_eq!(answer(&table.family, &expected), expected, "{name}");
        }
    }
}

#[test]
fn every_frozen_answer_of_the_image_follows_from_the_text() {
    let image = Image::read(&vector("shared.jdi")).expect("is readable");
    for expected in answers("shared") {
        let (name, arity) =
            (expected["family"].as_str().expect("a name"), expected["arity"].as_u64().expect("a number"));
        let with = image.family(name, arity as u8).expect("is listed");
        let mut found = answer(&with.family, &expected);
        found["family"] = json!(name);
        found["arity"] = json!(arity);
        if let Some(symbol) = found["implementation"].as_str() {
            let entry = with.family.entries.iter().position(|entry| entry.implementation == symbol);
            let place = with.places[entry.expect("was selected")].as_ref();
            found["place"] = place
                .map_or(Value::Null, |at| json!({ "file": at.file, "line": at.line, "column": at.column }));
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn every_vector_that_is_to_be_refused_is_refused_for_its_reason() {
    let refused = vectors(".refused.json");
    assert_eq!(refused.len(), 4);
    for name in refused {
        let expected: Value =
            serde_json::from_slice(&vector(&format!("{name}.refused.json"))).expect("is an object");
        let why = Table::read(&vector(&format!("{name}.jdt"))).expect_err("is to be refused");
        assert_eq!(why.word(), expected["refused"].as_str(), "{name}: {why:?}");
    }
}

#[test]
fn hash_signature_and_figures_of_every_vector_follow_from_the_text() {
    for (name, table) in readable_tables() {
        let family = &table.family;
        assert_eq!(family.computed_table_hash(), family.table_hash, "{name}");
        assert_eq!(family.type_signature(), table.type_signature, "{name}");
        assert_eq!(family.compression_ratio_ppm(table.total_len), table.compression_ratio_ppm, "{name}");
        assert_eq!(family.memory_saved(table.total_len), table.memory_saved, "{name}");
    }
    for with in Image::read(&vector("shared.jdi")).expect("is readable").families {
        assert_eq!(with.family.computed_table_hash(), with.family.table_hash, "{}", with.family.name);
    }
}

#[test]
fn walk_scan_and_definition_agree_on_every_vector() {
    let tables = readable_tables().into_iter().map(|(_, table)| table.family);
    let image = Image::read(&vector("shared.jdi")).expect("is readable");
    for family in tables.chain(image.families.into_iter().map(|with| with.family)) {
        let mut meets_ambiguity = false;
        for tuple in family.tuples(MOST_TUPLES) {
            let expected = family.by_definition(&tuple);
            assert_eq!(family.by_scan(&tuple), expected, "{}: {tuple:?}", family.name);
            assert_eq!(family.answer(&tuple), Ok(expected.clone()), "{}: {tuple:?}", family.name);
            meets_ambiguity |= expected == Outcome::Ambiguous;
        }
        assert_eq!(family.may_be_ambiguous, meets_ambiguity, "{}", family.name);
    }
}

#[test]
fn every_table_is_written_again_byte_for_byte_from_the_text() {
    let mut whole = 0;
    for (name, table) in readable_tables() {
        let family = Question::of(&table.family).family(table.family.optimization);
        // A writer of version 1 makes no newer files; but their sections that it knows are its own.
        if table.version_minor == 0 && table.family.optimization <= 3 {
            let bytes = naive_reader::table_bytes(&family, table.creation_timestamp);
            assert_eq!(bytes, vector(&format!("{name}.jdt")), "{name}");
            whole += 1;
        } else {
            for section in naive_reader::sections(&family) {
                let tag = std::str::from_utf8(&section.tag).expect("is ASCII");
                assert_eq!(table.section(tag), Some(section.bytes.as_slice()), "{name}: {tag}");
            }
        }
    }
    assert_eq!(whole, 11);
}

#[test]
fn the_image_is_written_again_byte_for_byte_from_the_text() {
    let bytes = vector("shared.jdi");
    let image = Image::read(&bytes).expect("is readable");
    let again = |with: &naive_reader::ImageFamily| {
        let family = Question::of(&with.family).family(with.family.optimization);
        assert_eq!(family, with.family);
        (family, with.places.clone())
    };
    let question = ImageQuestion {
        name: &image.name,
        creation_timestamp: image.creation_timestamp,
        types: image.types.iter().cloned().collect(),
        families: image.families.iter().rev().map(again).collect(),
    };
    assert_eq!(naive_reader::image_bytes(&question), bytes);
}

#[test]
fn every_flipped_bit_is_refused() {
    let table = vector("ambiguous.jdt");
    let image = vector("shared.jdi");
    assert!(Table::read(&table).is_ok() && Image::read(&image).is_ok());
    for bit in 0..table.len() * 8 {
        let mut damaged = table.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Table::read(&damaged).is_err(), "bit {bit} of the table");
    }
    for bit in 0..image.len() * 8 {
        let mut damaged = image.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Image::read(&damaged).is_err(), "bit {bit} of the image");
    }
}

/// A family of a world, for the writer: each type with all types that it is under.
fn question(world: &World, family: &Family) -> Question {
    let mut under: BTreeMap<String, (bool, BTreeSet<String>)> = BTreeMap::new();
    // Supertypes are declared earlier, so what they are under is complete.
    for TypeDecl { name, supers, sealed } in &world.decls {
        let mut names: BTreeSet<String> = supers.iter().flat_map(|above| under[above].1.clone()).collect();
        names.insert(name.clone());
        under.insert(name.clone(), (*sealed, names));
    }
    let method = |method: &janus_cache::dispatch::Method| Method {
        params: method.params.iter().map(|param| (param != "any").then(|| param.clone())).collect(),
        implementation: method.implementation.clone(),
        module: method.module.clone(),
        default: method.default,
        calls: 0,
    };
    Question {
        name: family.name.clone(),
        arity: family.arity,
        types: under,
        methods: family.methods.iter().map(method).collect(),
    }
}

fn optimizers() -> [OptimizerChoice; 4] {
    let [single, linear, dag] = Optimization::ALL.map(OptimizerChoice::Force);
    [OptimizerChoice::Auto, single, linear, dag]
}

fn in_own_words(outcome: LibraryOutcome) -> Outcome {
    match outcome {
        LibraryOutcome::Method(entry) => Outcome::Method(entry.0 as usize),
        LibraryOutcome::NoMethod => Outcome::NoMethod,
        LibraryOutcome::Ambiguous => Outcome::Ambiguous,
    }
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
    fn library_and_text_agree_on_every_table(world in worlds(9, 7, 3)) {
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
                let candidates: Result<Vec<EntryId>, _> = view.core().candidates(&locals).collect();
                let candidates: Vec<usize> = candidates.expect("readable").iter().map(|entry| entry.0 as usize).collect();
                prop_assert_eq!(candidates, family.candidates(&tuple));
            }
        }
    }

    #[test]
    fn library_and_text_write_the_same_table(world in worlds(12, 9, 3)) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        for optimizer in optimizers() {
            let compiled = compile(&table, &CompileOptions { optimizer, creation_timestamp: 7 }).expect("fits");
            let optimization = Table::read(&compiled.bytes).expect("well formed").family.optimization;
            let family = question(&world, &world.family).family(optimization);
            prop_assert_eq!(naive_reader::table_bytes(&family, 7), compiled.bytes);
        }
    }

    #[test]
    fn library_and_text_write_the_same_image_and_agree_on_it(
        world in worlds(8, 7, 2),
        optimizer in prop::sample::select(optimizers().to_vec()),
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
            let written = question(&world, &family).family(optimization);
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

        let view = ImageView::open(&bytes).expect("well formed");
        let naive = Image::read(&bytes).map_err(|why| TestCaseError::fail(format!("{why:?}")))?;
        prop_assert_eq!(view.name(), Ok(naive.name.as_str()));
        prop_assert_eq!(view.family_count() as usize, naive.families.len());
        for (index, with) in (0..).zip(&naive.families) {
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
