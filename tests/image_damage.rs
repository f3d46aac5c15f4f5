//! Images that a faulty or a later writer made: their checksums are right, and one thing is wrong or
//! new.

#[path = "support/seal.rs"]
mod seal;

use janus_cache::format::{AccessError, OpenError, VerifyError};
use janus_cache::image::{GlobalType, ImageView};
use seal::{IMAGES, put, reseal, row_of, section_at, u32_at};

/// `geo::draw/1` (a DAG), `geo::outline/1` (a scan), `geo::scale/2` (a DAG).
const IMAGE: &[u8] = include_bytes!("../format-spec/vectors/shared.jdi");

/// `IMAGE` after `change`, with the checksums made right again.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = IMAGE.to_vec();
    change(&mut bytes);
    reseal(&mut bytes, IMAGES);
    bytes
}

/// Where field `at` of a family's row stands.
fn family_field(family: usize, at: usize) -> usize {
    section_at(IMAGE, IMAGES, "FAMI") + 64 * family + at
}

fn wrong(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let bytes = changed(change);
    let image = ImageView::open(&bytes).expect("it opens: only the deep proof can tell");
    image.verify().expect_err("the deep proof finds it").to_string()
}

#[test]
fn a_family_of_an_unknown_rule_is_refused_and_the_others_answer() {
    let bytes = changed(|bytes| bytes[family_field(0, 5)] = 99);
    let image = ImageView::open(&bytes).expect("opens");
    let found = image.family("geo::draw", 1).map(|_| ());
    assert_eq!(found, Err(AccessError::UnknownRule { found: 99 }));
    let outline = image.family("geo::outline", 1).expect("readable").expect("is there");
    assert!(outline.dispatch(&[GlobalType(0)]).is_ok());
}

#[test]
fn a_family_of_an_unknown_optimization_is_scanned_and_answers_alike() {
    let bytes = changed(|bytes| bytes[family_field(0, 6)] = 99);
    let (changed, known) = (ImageView::open(&bytes).expect("opens"), ImageView::open(IMAGE).expect("opens"));
    let draw = |image: &ImageView<'_>, argument: GlobalType| {
        image.family("geo::draw", 1).expect("readable").expect("is there").dispatch(&[argument])
    };
    for argument in (0..known.type_count()).map(GlobalType).chain([GlobalType::OTHER]) {
        assert_eq!(draw(&changed, argument), draw(&known, argument));
    }
    assert_eq!(changed.verify(), Ok(()));
}

#[test]
fn unknown_further_pieces_are_ignored() {
    let pieces = section_at(IMAGE, IMAGES, "PIEC");
    let bytes = changed(|bytes| {
        bytes[family_field(0, 6)] = 99;
        bytes[pieces..pieces + 4].copy_from_slice(b"ZZZZ");
        bytes[pieces + 12..pieces + 16].copy_from_slice(b"ZZZY");
    });
    assert_eq!(ImageView::open(&bytes).expect("opens").verify(), Ok(()));
}

#[test]
fn a_decision_dag_without_its_pieces_is_an_error_value_that_names_them() {
    let bytes = changed(|bytes| put(bytes, family_field(0, 56), 0));
    let image = ImageView::open(&bytes).expect("opens");
    let found = image.family("geo::draw", 1).expect_err("no classes").to_string();
    assert_eq!(found, "piece CLAS of family 0: it is shorter than a row for each position");
}

#[test]
fn pieces_outside_their_sections_are_error_values() {
    let pieces = section_at(IMAGE, IMAGES, "PIEC");
    let cases = [
        changed(|bytes| put(bytes, family_field(0, 52), u32::MAX)),
        changed(|bytes| put(bytes, family_field(0, 56), u32::MAX)),
        changed(|bytes| put(bytes, pieces + 4, u32::MAX)),
        changed(|bytes| put(bytes, pieces + 8, u32::MAX)),
        changed(|bytes| put(bytes, family_field(0, 32), u32::MAX)),
    ];
    for bytes in cases {
        let image = ImageView::open(&bytes).expect("pieces are checked when a family is asked for");
        let found = image.family("geo::draw", 1);
        assert!(matches!(found, Err(AccessError::OutOfBounds { .. })), "{found:?}");
    }
}

#[test]
fn the_deep_proof_finds_what_only_an_image_can_have_wrong() {
    let types = section_at(IMAGE, IMAGES, "TYPE");
    let families = section_at(IMAGE, IMAGES, "FAMI");
    let first_name = u32_at(IMAGE, types);
    assert_eq!(
        wrong(|bytes| put(bytes, types + 8, first_name)),
        "section TYPE: row 1 is not behind row 0 in its order"
    );
    let first_family = u32_at(IMAGE, families);
    assert_eq!(
        wrong(|bytes| put(bytes, family_field(1, 0), first_family)),
        "section FAMI: row 1 is not behind row 0 in its order"
    );
    assert_eq!(
        wrong(|bytes| put(bytes, family_field(1, 60), 0)),
        "section PLAC: row 1 is not behind row 0 in its order"
    );
    let places = section_at(IMAGE, IMAGES, "PLAC");
    let found = wrong(|bytes| put(bytes, places, u32::MAX));
    assert!(found.contains("section STRS: index 4294967295 is outside"), "{found}");
}

#[test]
fn the_deep_proof_names_the_family_that_is_wrong() {
    let bytes = changed(|bytes| bytes[family_field(1, 8)] ^= 1);
    let found = ImageView::open(&bytes).expect("opens").verify();
    let Err(VerifyError::Family { name, arity, .. }) = &found else { panic!("{found:?}") };
    assert_eq!((name.as_str(), *arity), ("geo::outline", 1));
}

#[test]
fn a_section_of_pieces_that_contradicts_the_header_is_refused() {
    let row = row_of(IMAGE, IMAGES, "PIEC");
    let bytes = changed(|bytes| {
        let shorter = u32_at(bytes, row + 12) - 12;
        put(bytes, row + 12, shorter);
    });
    let found = ImageView::open(&bytes).map(|_| ());
    let Err(OpenError::Section { tag, .. }) = found else { panic!("{found:?}") };
    assert_eq!(tag.to_string(), "PIEC");
}
