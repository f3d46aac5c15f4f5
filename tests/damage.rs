//! Damaged files: what the checksums cover never opens; what a faulty writer could have sealed with
//! right checksums is refused, or gives the right answers or error values.

use janus_cache::digest::crc32;
use janus_cache::format::layout::{SectionRow, TableHeader};
use janus_cache::format::{AccessError, EntryId, LocalType, OpenError, Outcome, TableView, Tag, verify};
use janus_cache::image::layout::ImageHeader;
use janus_cache::image::{GlobalType, ImageView};

const TABLE: &[u8] = include_bytes!("../format-spec/vectors/dag.jdt");
const SCANNED: &[u8] = include_bytes!("../format-spec/vectors/linear.jdt");
const IMAGE: &[u8] = include_bytes!("../format-spec/vectors/shared.jdi");

/// Where the fields of the envelope lie, from `SPEC.md`.
#[derive(Clone, Copy)]
struct Envelope {
    header_len: usize,
    section_count: usize,
    data_crc: usize,
}

const TABLES: Envelope = Envelope { header_len: size_of::<TableHeader>(), section_count: 52, data_crc: 80 };
const IMAGES: Envelope = Envelope { header_len: size_of::<ImageHeader>(), section_count: 32, data_crc: 56 };

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Makes both checksums right again, for as much of the directory as there is.
fn reseal(bytes: &mut [u8], envelope: Envelope) {
    let rows = u32_at(bytes, envelope.section_count) as usize;
    let directory_end = rows.saturating_mul(16).saturating_add(envelope.header_len).min(bytes.len());
    let data_crc = crc32(&bytes[directory_end..]);
    put(bytes, envelope.data_crc, data_crc);
    let crc_field = envelope.header_len - 4;
    let covered = [&bytes[..crc_field], &bytes[envelope.header_len..directory_end]].concat();
    put(bytes, crc_field, crc32(&covered));
}

/// The row of the directory of `tag`: where it begins.
fn row_of(bytes: &[u8], envelope: Envelope, tag: &str) -> usize {
    let rows = u32_at(bytes, envelope.section_count) as usize;
    (0..rows)
        .map(|row| envelope.header_len + row * size_of::<SectionRow>())
        .find(|at| bytes[*at..*at + 4] == *tag.as_bytes())
        .expect("the section is there")
}

/// Where section `tag` begins.
fn section_at(bytes: &[u8], envelope: Envelope, tag: &str) -> usize {
    u32_at(bytes, row_of(bytes, envelope, tag) + 8) as usize
}

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
    for (field, at) in [("entry_count", 16), ("type_count", 20), ("param_count", 24), ("nodes_len", 60)] {
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

#[test]
fn a_family_with_an_unknown_code_is_refused_and_the_others_stay_readable() {
    let first_row = section_at(IMAGE, IMAGES, "FAMI");
    for (field, at) in [("rule", 5), ("optimization", 6)] {
        let mut bytes = IMAGE.to_vec();
        bytes[first_row + at] = 99;
        reseal(&mut bytes, IMAGES);
        let image = ImageView::open(&bytes).expect("opens");
        assert!(image.family("geo::draw", 1).is_err(), "{field}");
        assert_eq!(image_answer(&image, "geo::scale", 2, "geo::Box"), Ok("scale_box".to_owned()), "{field}");
    }
}

/// What opening says of `file` after `change`, with the checksums made right again.
fn resealed(file: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Result<(), OpenError> {
    let mut bytes = file.to_vec();
    change(&mut bytes);
    reseal(&mut bytes, TABLES);
    TableView::open(&bytes).map(|_| ())
}

#[test]
fn codes_that_this_version_does_not_define_are_refused_by_name() {
    for (field, at) in [("optimization", 36), ("rule", 38), ("codec", 39)] {
        let found = resealed(TABLE, |bytes| bytes[at] = 99);
        assert_eq!(found, Err(OpenError::Field { field, found: 99 }));
    }
    let found = resealed(TABLE, |bytes| bytes[4] = 2);
    assert_eq!(found, Err(OpenError::Version { found: 2, supported: 1 }));
}

#[test]
fn counts_beyond_the_limits_are_refused_by_name() {
    let found = resealed(TABLE, |bytes| put(bytes, 32, (1 << 24) + 1));
    assert_eq!(found, Err(OpenError::Field { field: "entry_count", found: (1 << 24) + 1 }));
    let found = resealed(TABLE, |bytes| put(bytes, 44, 65_535));
    assert_eq!(found, Err(OpenError::Field { field: "param_count", found: 65_535 }));
}

#[test]
fn a_higher_minor_version_and_unknown_flags_are_read() {
    let found = resealed(TABLE, |bytes| {
        bytes[6] = 9;
        put(bytes, 72, 0xffff_fffe);
        put(bytes, 76, u32::MAX);
    });
    assert_eq!(found, Ok(()));
}

/// Gives the section `from` another tag and other flags.
fn rename(bytes: &mut [u8], from: &str, to: [u8; 4], flags: u32) {
    let row = row_of(bytes, TABLES, from);
    bytes[row..row + 4].copy_from_slice(&to);
    put(bytes, row + 4, flags);
}

#[test]
fn an_unknown_section_is_skipped_if_it_is_optional_and_refuses_the_file_if_it_is_required() {
    let unknown = Tag(*b"ZZZZ");
    // The scan of `dag.jdt` needs no nodes.
    let scanned = |bytes: &mut [u8]| bytes[36] = 2;
    let found = resealed(TABLE, |bytes| {
        scanned(bytes);
        rename(bytes, "DDAG", unknown.0, 0);
    });
    assert_eq!(found, Ok(()));
    let found = resealed(TABLE, |bytes| {
        scanned(bytes);
        rename(bytes, "DDAG", unknown.0, 1);
    });
    assert_eq!(found, Err(OpenError::UnknownRequired { tag: unknown }));
}

#[test]
fn a_missing_section_is_named() {
    for tag in ["NAME", "SIGN", "STRS", "TYPE", "PARM", "ABOV", "PATT", "ENTR", "CLAS", "DDAG"] {
        let found = resealed(TABLE, |bytes| rename(bytes, tag, *b"ZZZZ", 0));
        let tag = Tag(tag.as_bytes().try_into().expect("four letters"));
        assert_eq!(found, Err(OpenError::MissingSection { tag }));
    }
}

#[test]
fn a_directory_that_breaks_its_rules_is_refused_with_the_section_and_the_place() {
    let name_row = row_of(TABLE, TABLES, "NAME");
    let sign_row = row_of(TABLE, TABLES, "SIGN");
    let last_row = row_of(TABLE, TABLES, "DDAG");
    let last_offset = u32_at(TABLE, last_row + 8);
    let cases: [(Result<(), OpenError>, &str); 5] = [
        (
            resealed(TABLE, |bytes| put(bytes, name_row + 8, 252)),
            "section NAME at byte 252: its offset is not a multiple of 8",
        ),
        (
            resealed(TABLE, |bytes| put(bytes, name_row + 8, 240)),
            "section NAME at byte 240: it begins before the section or directory in front of it ends",
        ),
        (
            resealed(TABLE, |bytes| put(bytes, sign_row + 8, 256)),
            "section SIGN at byte 256: it begins before the section or directory in front of it ends",
        ),
        (
            resealed(TABLE, |bytes| put(bytes, last_row + 8, last_offset + 8)),
            "section DDAG at byte 672: it ends behind the last byte",
        ),
        (
            resealed(TABLE, |bytes| rename(bytes, "SIGN", *b"NAME", 1)),
            "section NAME at byte 264: it is there twice",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found.expect_err("refused").to_string(), expected);
    }
}

#[test]
fn sections_whose_length_contradicts_the_header_are_refused_by_name() {
    // One less of the header's count, so that the section is too long.
    for (tag, count) in [("NAME", 24), ("SIGN", 28), ("TYPE", 40), ("PARM", 44), ("ENTR", 32)] {
        let found = resealed(TABLE, |bytes| {
            let one_less = u32_at(bytes, count) - 1;
            put(bytes, count, one_less);
        });
        let Err(OpenError::Section { tag: found, .. }) = found else { panic!("{tag}: {found:?}") };
        assert_eq!(found.to_string(), tag);
    }
    for (tag, less) in [("ABOV", 1), ("PATT", 1), ("DDAG", 1), ("CLAS", 16)] {
        let found = resealed(TABLE, |bytes| {
            let row = row_of(bytes, TABLES, tag);
            let shorter = u32_at(bytes, row + 12) - less;
            put(bytes, row + 12, shorter);
        });
        let Err(OpenError::Section { tag: found, .. }) = found else { panic!("{tag}: {found:?}") };
        assert_eq!(found.to_string(), tag);
    }
    let pool = section_at(TABLE, TABLES, "STRS");
    let found = resealed(TABLE, |bytes| put(bytes, pool, u32::MAX));
    assert_eq!(
        found.expect_err("refused").to_string(),
        format!("section STRS at byte {pool}: its count of strings does not fit into it")
    );
}

#[test]
fn class_elements_of_another_width_are_refused() {
    let classes = section_at(TABLE, TABLES, "CLAS");
    for width in [0, 3, 255] {
        let found = resealed(TABLE, |bytes| bytes[classes + 6] = width);
        let Err(OpenError::Section { tag, .. }) = found else { panic!("width {width}: {found:?}") };
        assert_eq!(tag.to_string(), "CLAS");
    }
}

#[test]
fn a_class_array_outside_its_section_is_an_error_value() {
    let classes = section_at(TABLE, TABLES, "CLAS");
    for (width, offset) in [(1, 20), (1, u32::MAX), (2, 20), (2, 19), (2, u32::MAX)] {
        let mut bytes = TABLE.to_vec();
        put(&mut bytes, classes, offset);
        bytes[classes + 6] = width;
        reseal(&mut bytes, TABLES);
        let table = TableView::open(&bytes).expect("arrays are checked when they are asked");
        let found = table.dispatch(&[LocalType(0), LocalType(0)]);
        assert!(
            matches!(found, Err(AccessError::OutOfBounds { tag, .. }) if tag.to_string() == "CLAS"),
            "width {width}, offset {offset}: {found:?}"
        );
    }
}

#[test]
fn names_that_are_not_utf8_are_error_values_and_the_answers_stay() {
    for tag in ["NAME", "SIGN"] {
        let mut bytes = TABLE.to_vec();
        let at = section_at(&bytes, TABLES, tag);
        bytes[at] = 0xff;
        reseal(&mut bytes, TABLES);
        let table = TableView::open(&bytes).expect("text is checked when it is asked for");
        let found = if tag == "NAME" { table.name() } else { table.type_signature() };
        let tag = Tag(tag.as_bytes().try_into().expect("four letters"));
        assert_eq!(found, Err(AccessError::NotUtf8 { tag, index: 0 }));
        assert_eq!(table_answers(&table), table_answers(&TableView::open(TABLE).expect("opens")));
    }
}

#[test]
fn a_string_id_outside_the_pool_is_an_error_value() {
    let mut bytes = TABLE.to_vec();
    let entries = section_at(&bytes, TABLES, "ENTR");
    put(&mut bytes, entries, 10);
    reseal(&mut bytes, TABLES);
    let table = TableView::open(&bytes).expect("ids are checked when they are asked for");
    let found = table.entry(EntryId(0)).expect_err("no such string").to_string();
    assert_eq!(found, "section STRS: index 10 is outside its 10 elements");
}

#[test]
fn questions_that_a_table_cannot_have_are_error_values() {
    for file in [TABLE, SCANNED] {
        let table = TableView::open(file).expect("opens");
        let found = table.dispatch(&[LocalType(0)]);
        assert_eq!(found, Err(AccessError::ArgumentCount { expected: 2, found: 1 }));
        assert!(table.dispatch(&[LocalType(4), LocalType(4)]).is_err(), "there are four types");
        assert!(table.type_info(LocalType(4)).is_err());
        assert_eq!(table.type_info(LocalType::OTHER), Ok(None));
        assert!(table.entry(EntryId(4)).is_err(), "there are four entries");
        assert!(table.core().pattern(EntryId(u32::MAX)).is_err());
        assert!(table.core().param_type(3).is_err(), "there are three parameters");
    }
}
