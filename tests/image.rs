//! Images: every table of a build in one file, which answers as the tables do.

use janus_cache::dispatch::{
    CompileOptions, Family, Method, OptimizerChoice, TypeDecl, TypeGraph, compile, restrict,
};
use janus_cache::format::{
    AccessError, EntryId, LocalType, OpenError, Optimization, Outcome, Rule, TableView, Tag,
};
use janus_cache::image::layout::FamilyRow;
use janus_cache::image::{
    FamilyView, GlobalType, ImageContent, ImageError, ImagePlace, ImageType, ImageView, PlaceInfo,
    encode_image,
};
use zerocopy::little_endian::U32;

fn decls() -> Vec<TypeDecl> {
    vec![
        TypeDecl::new("m::Animal", &[]),
        TypeDecl::new("m::Cat", &["m::Animal"]),
        TypeDecl::new("m::Dog", &["m::Animal"]).sealed(),
        TypeDecl::new("m::Stone", &[]),
    ]
}

fn types() -> Vec<ImageType> {
    decls().into_iter().map(|decl| ImageType { name: decl.name, sealed: decl.sealed }).collect()
}

fn table_of(family: &Family, optimizer: OptimizerChoice) -> Vec<u8> {
    let graph = TypeGraph::new(decls()).expect("acyclic");
    let options = CompileOptions { optimizer, ..CompileOptions::default() };
    compile(&restrict(&graph, family).expect("a family"), &options).expect("fits").bytes
}

/// A family of one position with a method for each of these types.
fn over(name: &str, params: &[&str]) -> Family {
    let methods = params.iter().map(|param| Method::new(&[*param], &format!("{name}({param})"), "m"));
    Family::new(name, 1, methods.collect())
}

fn meet() -> Family {
    let methods = vec![
        Method::new(&["m::Cat", "any"], "cat_any", "m"),
        Method::new(&["any", "m::Dog"], "any_dog", "m"),
    ];
    Family::new("m::meet", 2, methods)
}

/// Four tables: three over the same types with the same patterns, one of two positions.
fn tables() -> Vec<Vec<u8>> {
    let params = ["m::Animal", "m::Cat"];
    let dag = OptimizerChoice::Force(Optimization::DecisionDag);
    vec![
        table_of(&over("m::call", &params), dag),
        table_of(&over("m::feed", &params), dag),
        table_of(&over("m::wash", &params), OptimizerChoice::Force(Optimization::Linear)),
        table_of(&meet(), dag),
    ]
}

fn content(tables: &[Vec<u8>]) -> ImageContent<'_> {
    ImageContent {
        name: "zoo",
        types: types(),
        tables: tables.iter().map(Vec::as_slice).collect(),
        creation_timestamp: 5,
    }
}

fn nowhere(_: &str, _: &str) -> Option<ImagePlace> {
    None
}

fn family<'a>(image: &ImageView<'a>, name: &str, arity: u8) -> FamilyView<'a> {
    image.family(name, arity).expect("readable").expect("the image has the family")
}

#[test]
fn an_image_answers_every_tuple_as_its_tables_do() {
    let tables = tables();
    let bytes = encode_image(&content(&tables), nowhere).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    assert_eq!(image.verify(), Ok(()));
    assert_eq!(image.family_count() as usize, tables.len());
    let names = ["m::Animal", "m::Cat", "m::Dog", "m::Stone", "m::Unheard"];
    let global = |name: &str| image.type_id(name).expect("readable").unwrap_or(GlobalType::OTHER);
    for table in &tables {
        let table = TableView::open(table).expect("opens");
        let family = family(&image, table.name().expect("readable"), table.header().arity);
        assert_eq!(family.row().table_hash, table.header().table_hash);
        assert_eq!(family.type_signature(), table.type_signature().map(str::to_owned));
        for first in names {
            for second in names {
                let args = &[first, second][..usize::from(family.arity())];
                let locals: Vec<LocalType> =
                    args.iter().map(|name| table.local_type(name).expect("readable")).collect();
                let globals: Vec<GlobalType> = args.iter().map(|name| global(name)).collect();
                assert_eq!(family.dispatch(&globals), table.dispatch(&locals), "{args:?}");
            }
        }
        for entry in (0..table.core().entry_count()).map(EntryId) {
            assert_eq!(family.entry(entry), table.entry(entry));
        }
    }
}

#[test]
fn an_image_tells_the_projects_name_its_types_and_its_families() {
    let tables = tables();
    let bytes = encode_image(&content(&tables), nowhere).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    assert_eq!((image.name(), image.type_count()), (Ok("zoo"), 4));
    assert_eq!(image.header().creation_timestamp.get(), 5);
    assert_eq!(image.type_info(GlobalType(1)), Ok(("m::Cat", false)));
    assert_eq!(image.type_info(GlobalType(2)), Ok(("m::Dog", true)));
    let names: Vec<&str> = (0..image.family_count())
        .map(|index| image.family_at(index).expect("readable").name().expect("readable"))
        .collect();
    assert_eq!(names, ["m::call", "m::feed", "m::meet", "m::wash"]);
    let meet = family(&image, "m::meet", 2);
    assert_eq!((meet.rule(), meet.core().optimization()), (Rule::Symmetric, Optimization::DecisionDag));
    assert_eq!(meet.pattern_names(EntryId(0)), Ok(vec!["any", "m::Dog"]));
    assert_eq!(meet.local_type(GlobalType(2)), LocalType(1));
    assert_eq!(meet.global_type(LocalType(1)), Some(GlobalType(2)));
    assert_eq!(meet.global_type(LocalType::OTHER), None);
}

#[test]
fn an_image_is_smaller_than_its_tables_and_equal_pieces_have_one_place() {
    let tables = tables();
    let bytes = encode_image(&content(&tables), nowhere).expect("an image");
    let sum: usize = tables.iter().map(Vec::len).sum();
    assert!(bytes.len() < sum, "{} bytes, the tables have {sum}", bytes.len());
    let image = ImageView::open(&bytes).expect("opens");
    let (call, feed, wash) = (
        family(&image, "m::call", 1).row(),
        family(&image, "m::feed", 1).row(),
        family(&image, "m::wash", 1).row(),
    );
    let relations = |row: &FamilyRow| [row.type_map, row.params, row.above, row.patterns].map(U32::get);
    assert_eq!(relations(call), relations(feed));
    assert_eq!(relations(call), relations(wash));
    let further = |name: &str| {
        let pieces = family(&image, name, 1).further_pieces().expect("inside the section");
        pieces.iter().map(|piece| (Tag(piece.tag).to_string(), piece.offset.get())).collect::<Vec<_>>()
    };
    let tags: Vec<String> = further("m::call").into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, ["CLAS", "DDAG"]);
    assert_eq!(further("m::call"), further("m::feed"), "equal sections lie at one place");
    assert_ne!(call.entries, feed.entries, "their implementations differ");
    assert_eq!(further("m::wash"), [], "it is scanned");
}

#[test]
fn the_order_of_tables_and_types_and_a_type_given_twice_change_no_byte() {
    let tables = tables();
    let expected = encode_image(&content(&tables), nowhere).expect("an image");
    for turn in 0..tables.len() {
        let mut other = content(&tables);
        other.tables.rotate_left(turn);
        other.types.rotate_left(turn);
        assert_eq!(encode_image(&other, nowhere).as_ref(), Ok(&expected), "turned by {turn}");
        other.tables.reverse();
        other.types.reverse();
        other.types.push(types()[0].clone());
        assert_eq!(encode_image(&other, nowhere).as_ref(), Ok(&expected), "turned by {turn}, reversed");
    }
}

#[test]
fn a_type_or_family_that_the_image_does_not_know_is_a_value() {
    let tables = tables();
    let bytes = encode_image(&content(&tables), nowhere).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    assert_eq!(image.type_id("m::Unheard"), Ok(None));
    assert!(image.family("m::meet", 1).expect("readable").is_none(), "the arity is part of the question");
    assert!(image.family("m::unheard", 1).expect("readable").is_none());
    let stranger = GlobalType::OTHER;
    let stone = image.type_id("m::Stone").expect("readable").expect("of the build, under no parameter");
    let cat = image.type_id("m::Cat").expect("readable").expect("of the build");
    let meet = family(&image, "m::meet", 2);
    assert_eq!((meet.local_type(stone), meet.local_type(stranger)), (LocalType::OTHER, LocalType::OTHER));
    assert_eq!(meet.dispatch(&[stranger, stranger]), Ok(Outcome::NoMethod));
    let Ok(Outcome::Method(entry)) = meet.dispatch(&[cat, stranger]) else {
        panic!("cat_any takes any type")
    };
    assert_eq!(meet.entry(entry).expect("readable").implementation, "cat_any");
    assert_eq!(
        meet.dispatch(&[cat, image.type_id("m::Dog").expect("readable").expect("is one")]),
        Ok(Outcome::Ambiguous)
    );
}

#[test]
fn places_are_those_of_the_entries_and_an_unknown_one_is_none() {
    let tables = tables();
    let place_of = |family: &str, implementation: &str| {
        let line = if implementation.contains("Cat") { 3 } else { 1 };
        (family != "m::wash").then(|| ImagePlace { file: format!("{family}.jan"), line, column: 9 })
    };
    let bytes = encode_image(&content(&tables), place_of).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    for name in ["m::call", "m::feed", "m::wash"] {
        let family = family(&image, name, 1);
        for entry in [EntryId(0), EntryId(1)] {
            let info = family.entry(entry).expect("readable");
            let expected = place_of(name, info.implementation);
            let found = family.place(entry).expect("readable");
            assert_eq!(
                found,
                expected.as_ref().map(|place| PlaceInfo {
                    file: &place.file,
                    line: place.line,
                    column: place.column
                })
            );
        }
    }
    let last = family(&image, "m::wash", 1);
    assert!(last.place(EntryId(2)).is_err(), "it has two entries, and no family follows");
}

#[test]
fn two_tables_of_one_family_are_an_error_and_another_arity_is_another_family() {
    let twice = [
        table_of(&over("m::f", &["m::Cat"]), OptimizerChoice::Auto),
        table_of(&over("m::f", &["m::Dog"]), OptimizerChoice::Auto),
    ];
    let found = encode_image(&content(&twice), nowhere);
    assert_eq!(found, Err(ImageError::DuplicateFamily { name: "m::f".to_owned(), arity: 1 }));
    let two = Family::new("m::f", 2, vec![Method::new(&["m::Cat", "m::Cat"], "cats", "m")]);
    let both = [twice[0].clone(), table_of(&two, OptimizerChoice::Auto)];
    let bytes = encode_image(&content(&both), nowhere).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    assert_eq!([family(&image, "m::f", 1).arity(), family(&image, "m::f", 2).arity()], [1, 2]);
}

#[test]
fn a_table_with_a_type_that_the_build_has_not_is_an_error() {
    let tables = tables();
    let mut smaller = content(&tables);
    smaller.types.retain(|row| row.name != "m::Cat");
    let expected = ImageError::UnknownType { family: "m::call".to_owned(), name: "m::Cat".to_owned() };
    assert_eq!(encode_image(&smaller, nowhere), Err(expected));
}

#[test]
fn bytes_that_are_no_table_are_an_error_with_their_index() {
    let mut tables = tables();
    tables[2].truncate(20);
    let Err(ImageError::Table { index, source }) = encode_image(&content(&tables), nowhere) else {
        panic!("20 bytes are no table")
    };
    assert_eq!((index, source), (2, OpenError::TooShort { needed_bytes: 88, found_bytes: 20 }));
}

#[test]
fn a_table_is_no_image_and_an_image_is_no_table() {
    let tables = tables();
    let image = encode_image(&content(&tables), nowhere).expect("an image");
    let wrong_kind = |found: OpenError| matches!(found, OpenError::Magic { .. });
    assert!(wrong_kind(TableView::open(&image).expect_err("an image")));
    assert!(wrong_kind(ImageView::open(&tables[0]).expect_err("a table")));
}

#[test]
fn a_family_of_more_than_eight_positions_answers() {
    let wide = ["m::Cat"; 9];
    let family_of_nine = Family::new("m::nine", 9, vec![Method::new(&wide, "nine_cats", "m")]);
    let tables = [table_of(&family_of_nine, OptimizerChoice::Auto)];
    let bytes = encode_image(&content(&tables), nowhere).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    let nine = family(&image, "m::nine", 9);
    let cat = image.type_id("m::Cat").expect("readable").expect("of the build");
    let dog = image.type_id("m::Dog").expect("readable").expect("of the build");
    let mut args = [cat; 9];
    assert_eq!(nine.dispatch(&args), Ok(Outcome::Method(EntryId(0))));
    args[8] = dog;
    assert_eq!(nine.dispatch(&args), Ok(Outcome::NoMethod));
    for found in [0, 8, 10, 255, 256, 1000] {
        let expected = AccessError::ArgumentCount { expected: 9, found };
        assert_eq!(nine.dispatch(&vec![cat; found]), Err(expected));
    }
}

#[test]
fn an_image_of_nothing_opens_and_knows_nothing() {
    let bytes = encode_image(&ImageContent::default(), nowhere).expect("an image");
    let image = ImageView::open(&bytes).expect("opens");
    assert_eq!((image.name(), image.type_count(), image.family_count()), (Ok(""), 0, 0));
    assert_eq!(image.type_id("m::Cat"), Ok(None));
    assert!(image.family("m::f", 0).expect("readable").is_none());
    assert!(image.family_at(0).is_err() && image.type_info(GlobalType(0)).is_err());
}
