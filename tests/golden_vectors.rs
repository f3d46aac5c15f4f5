//! The golden vectors of `format-spec/vectors`: bytes that every later version writes alike and reads
//! alike.
//!
//! `BLESS_VECTORS=1 cargo test --test golden_vectors` adds the files that are missing; it never
//! changes one that is there.

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use janus_cache::dispatch::{FamilyRule, Redundancy, Selection, TypeGraph, TypeId, resolve};
use janus_cache::format::{
    EntryId, FileCodec, LocalType, OpenError, Outcome, TableView, compress, decompress, verify,
};
use janus_cache::image::{FamilyView, GlobalType, ImageView, compress_image, decompress_image};
use serde_json::{Value, json};
use vectors::{Source, TableSource, Vector};

/// Tuples of a family that are written down at most; of a larger family it is one tuple for each
/// type at the last position.
const MAX_ANSWERS: usize = 400;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors")
}

fn answers_file(vector: &Vector) -> String {
    let stem = vector.file.rsplit_once('.').map_or(vector.file, |(stem, _)| stem);
    let kind = if vector.refused.is_some() { "refused" } else { "answers" };
    format!("{stem}.{kind}.json")
}

/// The vectors that a reader of this version answers from.
fn readable() -> Vec<Vector> {
    vectors::all().into_iter().filter(|vector| vector.refused.is_none()).collect()
}

/// The frozen bytes of `file`. With `BLESS_VECTORS=1` a missing file is first made of `fresh`.
fn golden(file: &str, fresh: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let path = folder().join(file);
    if !path.exists() && std::env::var_os("BLESS_VECTORS").is_some_and(|value| value == "1") {
        std::fs::write(&path, fresh()).expect("the folder of vectors is writable");
    }
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{file}: {error}; BLESS_VECTORS=1 adds vectors that are missing"))
}

/// Whether a type has no values of its own in a table that leaves methods out for it.
fn is_empty(source: &TableSource, graph: &TypeGraph, id: TypeId) -> bool {
    let name = graph.name(id);
    let has_below = source.decls.iter().any(|decl| decl.supers.iter().any(|above| above == name));
    source.redundancy == Redundancy::LeaveOut && graph.is_sealed(id) && has_below
}

/// Tuples of a source's types, none being a type that the table does not list.
fn tuples(source: &TableSource, graph: &TypeGraph) -> Vec<Vec<Option<TypeId>>> {
    let choices: Vec<Option<TypeId>> = std::iter::once(None)
        .chain(graph.iter().filter(|id| !is_empty(source, graph, *id)).map(Some))
        .collect();
    let arity = usize::from(source.family.arity);
    if choices.len().saturating_pow(arity as u32) <= MAX_ANSWERS {
        return (0..arity).fold(vec![Vec::new()], |tuples, _| {
            let longer = |tuple: &Vec<Option<TypeId>>| {
                let tuple = tuple.clone();
                choices.iter().map(move |choice| [tuple.clone(), vec![*choice]].concat()).collect::<Vec<_>>()
            };
            tuples.iter().flat_map(longer).collect()
        });
    }
    // The other positions go through the first few types, so that each meets many of the last.
    let few = &choices[..choices.len().min(3)];
    let tuple = |(index, last): (usize, &Option<TypeId>)| {
        let front = (1..arity).map(|position| few[(index + position) % few.len()]);
        front.chain(std::iter::once(*last)).collect()
    };
    choices.iter().enumerate().map(tuple).collect()
}

/// The answer in the terms of the answers' file: what was found, and its methods by symbol.
fn answer_row(
    outcome: Outcome,
    symbol: impl Fn(EntryId) -> String,
    candidates: impl FnOnce() -> Vec<EntryId>,
) -> Value {
    match outcome {
        Outcome::Method(entry) => json!({"outcome": "method", "implementation": symbol(entry)}),
        Outcome::NoMethod => json!({"outcome": "none"}),
        Outcome::Ambiguous => {
            let candidates: Vec<String> = candidates().into_iter().map(symbol).collect();
            json!({"outcome": "ambiguous", "candidates": candidates})
        }
    }
}

/// The definition's answer, with the candidates in the order of their symbols.
fn defined_row(source: &TableSource, graph: &TypeGraph, args: &[Option<TypeId>]) -> Value {
    let symbol = |method: usize| source.family.methods[method].implementation.clone();
    match resolve(graph, &source.family, args) {
        Selection::Method(method) => json!({"outcome": "method", "implementation": symbol(method)}),
        Selection::NoMethod => json!({"outcome": "none"}),
        // What the rule of `custom.jdt` makes of the methods that apply.
        Selection::Ambiguous(methods) if matches!(source.family.rule, FamilyRule::Custom { .. }) => {
            let last = methods.into_iter().map(symbol).max();
            json!({"outcome": "method", "implementation": last})
        }
        Selection::Ambiguous(methods) => {
            let candidates: BTreeSet<String> = methods.into_iter().map(symbol).collect();
            json!({"outcome": "ambiguous", "candidates": candidates})
        }
    }
}

fn table_row(table: &TableView<'_>, args: &[Option<&str>]) -> Value {
    let locals: Vec<LocalType> = args
        .iter()
        .map(|arg| arg.map_or(LocalType::OTHER, |name| table.local_type(name).expect("readable")))
        .collect();
    let symbol = |entry| table.entry(entry).expect("readable").implementation.to_owned();
    let candidates = || {
        let mut candidates: Vec<EntryId> = table.core().candidates(&locals).expect("readable");
        candidates.sort_by_key(|entry| symbol(*entry));
        candidates
    };
    answer_row(table.dispatch(&locals).expect("readable"), symbol, candidates)
}

fn image_row(image: &ImageView<'_>, family: &FamilyView<'_>, args: &[Option<&str>]) -> Value {
    let global = |arg: Option<&str>| {
        arg.and_then(|name| image.type_id(name).expect("readable")).unwrap_or(GlobalType::OTHER)
    };
    let globals: Vec<GlobalType> = args.iter().copied().map(global).collect();
    let locals: Vec<LocalType> = globals.iter().map(|global| family.local_type(*global)).collect();
    let symbol = |entry| family.entry(entry).expect("readable").implementation.to_owned();
    let candidates = || {
        let mut candidates: Vec<EntryId> = family.core().candidates(&locals).expect("readable");
        candidates.sort_by_key(|entry| symbol(*entry));
        candidates
    };
    let mut row = answer_row(family.dispatch(&globals).expect("readable"), symbol, candidates);
    if let Outcome::Method(entry) = family.dispatch(&globals).expect("readable") {
        row["place"] = family.place(entry).expect("readable").map_or(
            Value::Null,
            |place| json!({"file": place.file, "line": place.line, "column": place.column}),
        );
    }
    row["family"] = json!(family.name().expect("readable"));
    row["arity"] = json!(family.arity());
    row
}

/// Every answer of the library about `bytes`, for the tuples of `vector`'s description.
fn library_answers(vector: &Vector, bytes: &[u8]) -> Vec<Value> {
    let mut rows = Vec::new();
    for source in vector.tables() {
        let graph = source.graph();
        for args in tuples(source, &graph) {
            let names: Vec<Option<&str>> = args.iter().map(|arg| arg.map(|id| graph.name(id))).collect();
            let mut row = ask(vector, bytes, source, &names);
            row["args"] = json!(names);
            rows.push(row);
        }
    }
    rows
}

fn ask(vector: &Vector, bytes: &[u8], source: &TableSource, names: &[Option<&str>]) -> Value {
    match &vector.source {
        Source::Table(_) | Source::Changed(..) => table_row(&TableView::open(bytes).expect("opens"), names),
        Source::Image(..) => {
            let image = ImageView::open(bytes).expect("opens");
            let family = image.family(&source.family.name, source.family.arity).expect("readable");
            image_row(&image, &family.expect("the image has the family"), names)
        }
    }
}

/// A row on each line, so that a change would show as a line.
fn json_text(rows: &[Value]) -> Vec<u8> {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", lines.join(",\n")).into_bytes()
}

#[test]
fn every_vector_is_rebuilt_byte_for_byte() {
    for vector in vectors::all() {
        let fresh = vector.bytes();
        let frozen = golden(vector.file, || vector.bytes());
        let at = fresh.iter().zip(&frozen).position(|(fresh, frozen)| fresh != frozen);
        assert!(
            fresh == frozen,
            "{}: {} bytes, frozen {}; they first differ at byte {at:?}",
            vector.file,
            fresh.len(),
            frozen.len()
        );
    }
}

/// A frozen vector in a codec, and what this version's writer makes.
fn recompressed(file: &str, of: &str, codec: FileCodec) -> (Vec<u8>, Vec<u8>) {
    let plain = golden(of, || panic!("{of} is missing"));
    let press = || match ImageView::open(&plain) {
        Ok(_) => compress_image(&plain, codec).expect("opens"),
        Err(_) => compress(&plain, codec).expect("opens"),
    };
    (golden(file, press), press())
}

#[test]
fn every_compressed_vector_decodes_to_the_vector_it_was_made_of() {
    for (file, of, codec) in vectors::compressed() {
        let plain = golden(of, || panic!("{of} is missing"));
        let (frozen, _) = recompressed(file, of, codec);
        assert!(frozen.len() < plain.len(), "{file}");
        let limit_bytes = plain.len() as u64;
        let is_image = ImageView::open(&plain).is_ok();
        let decoded =
            if is_image { decompress_image(&frozen, limit_bytes) } else { decompress(&frozen, limit_bytes) };
        assert!(decoded.as_deref() == Ok(&plain), "{file}");
    }
}

#[test]
fn columns_are_written_byte_for_byte() {
    for (file, of, codec) in vectors::compressed() {
        let (frozen, fresh) = recompressed(file, of, codec);
        // Another version of the other codecs may find other matches.
        assert!(codec != FileCodec::Columnar || frozen == fresh, "{file}");
    }
}

#[test]
fn every_frozen_answer_is_the_librarys_and_the_definitions() {
    for vector in readable() {
        let bytes = golden(vector.file, || vector.bytes());
        let frozen = golden(&answers_file(&vector), || json_text(&library_answers(&vector, &bytes)));
        let frozen: Vec<Value> = serde_json::from_slice(&frozen).expect("a list of answers");
        assert_eq!(frozen, library_answers(&vector, &bytes), "{}", vector.file);
        let mut frozen = frozen.iter();
        for source in vector.tables() {
            let graph = source.graph();
            for args in tuples(source, &graph) {
                let defined = defined_row(source, &graph, &args);
                let frozen = frozen.next().expect("as many as above");
                for (field, value) in defined.as_object().expect("is one") {
                    assert_eq!(&frozen[field], value, "{}: `{field}` of {}", vector.file, frozen["args"]);
                }
            }
        }
        assert_eq!(frozen.next(), None, "{}", vector.file);
    }
}

#[test]
fn every_readable_vector_passes_the_deep_proof() {
    for vector in readable() {
        let bytes = golden(vector.file, || vector.bytes());
        let found = match vector.source {
            Source::Table(_) | Source::Changed(..) => verify(&bytes),
            Source::Image(..) => ImageView::open(&bytes).expect("opens").verify(),
        };
        assert_eq!(found, Ok(()), "{}", vector.file);
    }
}

#[test]
fn every_other_vector_is_refused_for_its_reason() {
    let mut seen = BTreeSet::new();
    for vector in vectors::all() {
        let Some(reason) = vector.refused else { continue };
        let bytes = golden(vector.file, || vector.bytes());
        let word = match TableView::open(&bytes).expect_err(vector.file) {
            OpenError::Version { found: 2, supported: 1 } => "version_major",
            OpenError::UnknownRequired { tag } if tag.0 == *b"LATE" => "required_section",
            OpenError::UnknownRule { found: 99 } => "rule",
            OpenError::UnknownCodec { found: 99 } => "codec",
            other => panic!("{}: {other}", vector.file),
        };
        assert_eq!(word, reason, "{}", vector.file);
        let text = || format!("{}\n", json!({"refused": word})).into_bytes();
        let frozen: Value = serde_json::from_slice(&golden(&answers_file(&vector), text)).expect("JSON");
        assert_eq!(frozen, json!({"refused": word}), "{}", vector.file);
        seen.insert(word);
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn tables_of_one_family_have_the_same_table_hash_whatever_optimizer_made_them() {
    let hash = |file: &str| {
        let bytes = golden(file, || panic!("{file} is missing"));
        TableView::open(&bytes).expect("opens").header().table_hash.get()
    };
    for other in ["dag.jdt", "matrix.jdt", "hash.jdt"] {
        assert_eq!(hash("linear.jdt"), hash(other), "{other}");
    }
}

#[test]
fn a_time_stamp_changes_only_the_header() {
    let single = golden("single.jdt", || panic!("single.jdt is missing"));
    let epoch = golden("epoch.jdt", || panic!("epoch.jdt is missing"));
    let differing: Vec<usize> = (0..single.len()).filter(|at| single[*at] != epoch[*at]).collect();
    assert!(differing.iter().all(|at| (16..24).contains(at) || (84..88).contains(at)), "{differing:?}");
    assert_eq!(TableView::open(&epoch).expect("opens").header().creation_timestamp.get(), 1_700_000_000);
}

#[test]
fn the_wide_vector_has_a_two_byte_class_array_at_an_odd_offset() {
    let bytes = golden("wide.jdt", || panic!("wide.jdt is missing"));
    let table = TableView::open(&bytes).expect("opens");
    let row = table.section_rows().iter().find(|row| row.tag == *b"CLAS").expect("has classes");
    let at = row.offset.get() as usize + 8;
    let position_1 = &bytes[at..at + 8];
    let offset = u32::from_le_bytes(position_1[..4].try_into().expect("four bytes"));
    assert_eq!((offset % 2, position_1[6]), (1, 2), "offset and width of position 1");
    assert!(bytes.len() < 40 << 10, "{} bytes", bytes.len());
}

#[test]
fn the_folder_holds_exactly_the_files_that_its_readme_names() {
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("is there");
    let mut expected = BTreeSet::from(["README.md".to_owned()]);
    for vector in vectors::all() {
        assert!(readme.contains(&format!("`{}`", vector.file)), "README.md does not name {}", vector.file);
        expected.extend([vector.file.to_owned(), answers_file(&vector)]);
    }
    for (file, _, _) in vectors::compressed() {
        assert!(readme.contains(&format!("`{file}`")), "README.md does not name {file}");
        expected.insert(file.to_owned());
    }
    let entries = std::fs::read_dir(folder()).expect("is there");
    let found: BTreeSet<String> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(found, expected);
}
