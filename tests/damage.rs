//! Damaged files: what the checksums cover never opens; what a faulty writer could have sealed with
//! right checksums is refused, or gives the right answers or error values.

#[path = "support/seal.rs"]
mod seal;

use janus_cache::format::{AccessError, LocalType, OpenError, Outcome, TableView, verify};
use janus_cache::image::{GlobalType, ImageView};
use seal::{IMAGES, TABLES, put, reseal, section_at, u32_at};

const TABLE: &[u8] = include_bytes!("../format-spec/vectors/dag.jdt");
const SCANNED: &[u8] = include_bytes!("../format-spec/vectors/linear.jdt");
const IMAGE: &[u8] = include_bytes!("../format-spec/vectors/shared.jdi");

/// Every answer of a table of two positions over the names that the vectors' answers know: an
/// implementation's symbol, or what there is instead of it.
fn table_answers(table: &TableView<'_>) -> Vec<Result<String, AccessError>> {
    let names = ["geo::Box", "geo::Circle", "geo::Shape", "geo::Square", "geo::Unrelated"];
    let mut answers = Vec::new();
    for first in names {
        for second in names {
            answers.push(table_answer(table, &[first, second]));
        }
    }
    answers
}

fn table_answer(table: &TableView<'_>, names: &[&str]) -> Result<String, AccessError> {
    let locals: Vec<LocalType> = names.iter().map(|name| table.local_type(name)).collect::<Result<_, _>>()?;
    match table.dispatch(&locals)? {
        Outcome::Method(entry) => Ok(table.entry(entry)?.implementation.to_owned()),
        other => Ok(format!("{other:?}")),
    }
}

fn image_answers(image: &ImageView<'_>) -> Vec<Result<String, AccessError>> {
    let names = ["geo::Box", "geo::Circle", "geo::Shape", "geo::Square", "geo::Unrelated"];
    let mut answers = Vec::new();
    for (family, arity) in [("geo::draw", 1), ("geo::outline", 1), ("geo::scale", 2)] {
        answers.extend(names.map(|name| image_answer(image, family, arity, name)));
    }
    answers
}

fn image_answer(image: &ImageView<'_>, family: &str, arity: u8, name: &str) -> Result<String, AccessError> {
    let Some(family) = image.family(family, arity)? else { return Ok("no such family".to_owned()) };
    let global = image.type_id(name)?.unwrap_or(GlobalType(u32::MAX));
    match family.dispatch(&vec![global; usize::from(arity)])? {
        Outcome::Method(entry) => {
            family.place(entry)?;
            Ok(family.entry(entry)?.implementation.to_owned())
        }
        other => Ok(format!("{other:?}")),
    }
}

/// Answers that are there are the right ones; an error value is no answer.
fn assert_no_wrong_answer(
    found: &[Result<String, AccessError>],
    right: &[Result<String, AccessError>],
    what: &str,
) {
    assert_eq!(found.len(), right.len(), "{what}");
    for (found, right) in found.iter().zip(right) {
        assert!(found.is_err() || found == right, "{what}: {found:?}, right is {right:?}");
    }
}

#[test]
fn every_bit_of_a_table_and_of_an_image_is_covered() {
    for at in 0..TABLE.len().max(IMAGE.len()) {
        for bit in 0..8 {
            let flipped = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= 1 << bit;
                bytes
            };
            if at < TABLE.len() {
                assert!(TableView::open(&flipped(TABLE)).is_err(), "table: bit {bit} of byte {at}");
            }
            if at < IMAGE.len() {
                assert!(ImageView::open(&flipped(IMAGE)).is_err(), "image: bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn no_truncation_and_no_extension_opens() {
    for len in 0..TABLE.len() {
        assert!(TableView::open(&TABLE[..len]).is_err(), "a table of {len} bytes");
    }
    for len in 0..IMAGE.len() {
        assert!(ImageView::open(&IMAGE[..len]).is_err(), "an image of {len} bytes");
    }
    for extra in 1..=64 {
        for fill in [0, 0xff] {
            let longer = |bytes: &[u8]| [bytes, &vec![fill; extra]].concat();
            let (found_bytes, stated_bytes) = ((TABLE.len() + extra) as u64, TABLE.len() as u64);
            let expected = OpenError::TooLong { stated_bytes, found_bytes };
            assert_eq!(TableView::open(&longer(TABLE)).expect_err("too long"), expected);
            assert!(ImageView::open(&longer(IMAGE)).is_err(), "{extra} more bytes");
        }
    }
}

/// Values that count more than there is, for a field of four bytes.
fn over_counts(value: u32) -> Vec<u32> {
    let mut values = vec![0x7fff_ffff, 0x8000_0000, 0xffff_fff8, u32::MAX];
    values.extend([1, 2, 3, 4, 7, 8, 16, 256, 65_536].map(|more| value.wrapping_add(more)));
    values.extend([2, 3, 16].map(|times| value.wrapping_mul(times)));
    values.retain(|other| *other > value);
    values
}

#[test]
fn over_counted_fields_of_a_table_are_refused_or_give_no_wrong_answer() {
    let mut refused = 0;
    for (name, file) in [("dag", TABLE), ("linear", SCANNED)] {
        let right = table_answers(&TableView::open(file).expect("opens"));
        let metadata_end = TABLES.header_len + u32_at(file, TABLES.section_count) as usize * 16;
        for at in (0..metadata_end).step_by(4) {
            for value in over_counts(u32_at(file, at)) {
                let mut bytes = file.to_vec();
                put(&mut bytes, at, value);
                reseal(&mut bytes, TABLES);
                match TableView::open(&bytes) {
                    Ok(table) => {
                        let what = format!("{name}: word at {at} is {value:#x}");
                        assert_no_wrong_answer(&table_answers(&table), &right, &what);
                        // Whatever the deep proof says, it says it.
                        let _ = verify(&bytes);
                    }
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(refused > 500, "only {refused} were refused: does the test reseal the checksums?");
}

#[test]
fn over_counted_fields_of_an_image_are_refused_or_give_no_wrong_answer() {
    let right = image_answers(&ImageView::open(IMAGE).expect("opens"));
    let metadata_end = IMAGES.header_len + u32_at(IMAGE, IMAGES.section_count) as usize * 16;
    for at in (0..metadata_end).step_by(4) {
        for value in over_counts(u32_at(IMAGE, at)) {
            let mut bytes = IMAGE.to_vec();
            put(&mut bytes, at, value);
            reseal(&mut bytes, IMAGES);
            if let Ok(image) = ImageView::open(&bytes) {
                let what = format!("word at {at} is {value:#x}");
                assert_no_wrong_answer(&image_answers(&image), &right, &what);
            }
        }
    }
}

#[test]
fn counts_of_a_family_beyond_its_pieces_are_errors_when_the_family_is_asked_for() {
    let first_row = section_at(IMAGE, IMAGES, "FAMI");
    for (field, at) in [("entry_count", 20), ("type_count", 24), ("param_count", 28), ("piece_count", 56)] {
        let mut bytes = IMAGE.to_vec();
        put(&mut bytes, first_row + at, u32::MAX);
        reseal(&mut bytes, IMAGES);
        let image = ImageView::open(&bytes).expect("families are checked when they are asked for");
        assert!(image.family("geo::draw", 1).is_err(), "{field}");
        assert_eq!(
            image_answer(&image, "geo::outline", 1, "geo::Box"),
            Ok("outline_box".to_owned()),
            "{field}"
        );
    }
}
