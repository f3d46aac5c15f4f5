//! A reader and writer made from the text of the specification and its vectors agree with the frozen files and
//! with the library: the text is enough.

#[path = "oracle/damaged.rs"]
mod damaged;
mod naive_reader;
#[path = "oracle/random_worlds.rs"]
mod random_worlds;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use janus_cache::format::Outcome as LibraryOutcome;
use naive_reader::{Image, ImageQuestion, Outcome, Question, Rule, Table};
use serde_json::{Value, json};

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

/// Names of the image files, with what they say.
fn readable_images() -> Vec<(String, Image)> {
    let read = |name: String| {
        let image =
            Image::read(&vector(&format!("{name}.jdi"))).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        (name, image)
    };
    // An image that is compressed has no answers beside it.
    let is_image = |name: &String| vectors(".jdi").contains(name);
    vectors(".answers.json").into_iter().filter(is_image).map(read).collect()
}

fn families(image: &Image) -> Vec<naive_reader::ImageFamily> {
    image.families.iter().map(|with| with.clone().expect("is readable")).collect()
}

/// The families of all frozen images.
fn image_families() -> Vec<naive_reader::ImageFamily> {
    readable_images().iter().flat_map(|(_, image)| families(image)).collect()
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
    // Whatever is neither to be refused nor compressed is read; byte 39 names the codec.
    let compressed =
        vectors(".jdt").iter().filter(|name| matches!(vector(&format!("{name}.jdt"))[39], 1..=3)).count();
    assert_eq!(tables.len(), vectors(".jdt").len() - compressed - vectors(".refused.json").len());
    for (name, table) in tables {
        for expected in answers(&name) {
            assert_eq!(answer(&table.family, &expected), expected, "{name}");
        }
    }
}

#[test]
fn every_frozen_answer_of_an_image_follows_from_the_text() {
    let images = readable_images();
    assert_eq!(images.len(), 3);
    let questions = images
        .iter()
        .flat_map(|(name, image)| answers(name).into_iter().map(move |expected| (image, expected)));
    for (image, expected) in questions {
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
    for with in image_families() {
        assert_eq!(with.family.computed_table_hash(), with.family.table_hash, "{}", with.family.name);
    }
}

#[test]
fn walk_scan_and_definition_agree_on_every_vector() {
    let tables = readable_tables().into_iter().map(|(_, table)| table.family);
    for family in tables.chain(image_families().into_iter().map(|with| with.family)) {
        let mut meets_ambiguity = false;
        for tuple in family.tuples(MOST_TUPLES) {
            let expected = family.by_definition(&tuple);
            let by_scan = family.by_scan(&tuple);
            assert_eq!(by_scan.is_none(), matches!(family.rule, Rule::Custom { .. }), "{}", family.name);
            assert!(by_scan.is_none_or(|found| found == expected), "{}: {tuple:?}", family.name);
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
        // A writer of version 1.1 makes no newer files; but their sections that it knows are its own.
        if table.version_minor <= 1 && table.family.optimization <= 5 {
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
    assert_eq!(whole, readable_tables().len() - 2);
}

#[test]
fn every_image_is_written_again_byte_for_byte_from_the_text() {
    for (name, image) in readable_images() {
        let again = |with: &naive_reader::ImageFamily| {
            let family = Question::of(&with.family).family(with.family.optimization);
            assert_eq!(family, with.family);
            (family, with.places.clone())
        };
        let question = ImageQuestion {
            name: &image.name,
            creation_timestamp: image.creation_timestamp,
            types: image.types.iter().cloned().collect(),
            families: families(&image).iter().rev().map(again).collect(),
        };
        assert!(
            naive_reader::image_bytes(&question) == vector(&format!("{name}.jdi")),
            "{name}: other bytes"
        );
    }
}

#[test]
fn every_file_in_blocks_or_columns_decodes_from_the_text() {
    for (file, of) in
        [("lz4.jdt", "levels-dag.jdt"), ("columnar.jdt", "levels-dag.jdt"), ("columnar-wide.jdt", "wide.jdt")]
    {
        assert!(Table::decoded(&vector(file)).as_ref() == Ok(&vector(of)), "{file}");
    }
    assert!(Image::decoded(&vector("columnar.jdi")).as_ref() == Ok(&vector("shared.jdi")), "columnar.jdi");
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

/// What the library answers, in the words of the naive reader.
fn in_own_words(outcome: LibraryOutcome) -> Outcome {
    match outcome {
        LibraryOutcome::Method(entry) => Outcome::Method(entry.0 as usize),
        LibraryOutcome::NoMethod => Outcome::NoMethod,
        LibraryOutcome::Ambiguous => Outcome::Ambiguous,
    }
}
