//! What opening refuses, and what an access answers with an error value, each with its name and place:
//! tables whose checksums are right, so that only the one thing is wrong.

#[path = "support/seal.rs"]
mod seal;

use janus_cache::format::{AccessError, EntryId, LocalType, OpenError, Outcome, TableView, Tag};
use seal::{TABLES, put, rename, reseal, row_of, section_at, u32_at};

const TABLE: &[u8] = include_bytes!("../format-spec/vectors/dag.jdt");
const SCANNED: &[u8] = include_bytes!("../format-spec/vectors/linear.jdt");

/// What opening says of `file` after `change`, with the checksums made right again.
fn resealed(file: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Result<(), OpenError> {
    let mut bytes = file.to_vec();
    change(&mut bytes);
    reseal(&mut bytes, TABLES);
    TableView::open(&bytes).map(|_| ())
}

#[test]
fn rules_codecs_and_versions_that_this_reader_does_not_know_are_refused_by_name() {
    let found = resealed(TABLE, |bytes| bytes[38] = 99);
    assert_eq!(found, Err(OpenError::UnknownRule { found: 99 }));
    let found = resealed(TABLE, |bytes| bytes[39] = 99);
    assert_eq!(found, Err(OpenError::UnknownCodec { found: 99 }));
    let found = resealed(TABLE, |bytes| bytes[4] = 2);
    assert_eq!(found, Err(OpenError::Version { found: 2, supported: 1 }));
}

#[test]
fn a_compressed_table_is_refused_for_its_codec_whatever_its_length() {
    let found = TableView::open(&{
        let mut bytes = TABLE.to_vec();
        bytes[39] = 1;
        bytes.truncate(TABLE.len() - 100);
        bytes
    })
    .map(|_| ());
    assert_eq!(found, Err(OpenError::Compressed { codec: "lz4" }));
}

#[test]
fn an_unknown_optimization_is_answered_by_the_scan() {
    let mut bytes = TABLE.to_vec();
    bytes[36] = 99;
    rename(&mut bytes, "CLAS", *b"ZZZY", 0);
    rename(&mut bytes, "DDAG", *b"ZZZZ", 0);
    reseal(&mut bytes, TABLES);
    let (unknown, known) = (TableView::open(&bytes).expect("opens"), TableView::open(TABLE).expect("opens"));
    let choices = [0, 1, 2, 3, u32::MAX].map(LocalType);
    for args in choices.iter().flat_map(|first| choices.map(|second| [*first, second])) {
        assert_eq!(unknown.dispatch(&args), known.dispatch(&args), "{args:?}");
    }
    assert_eq!(unknown.header().optimization, 99);
}

#[test]
fn counts_beyond_the_limits_are_refused_by_name() {
    let found = resealed(TABLE, |bytes| put(bytes, 32, (1 << 24) + 1));
    let expected = "at most 16777216";
    assert_eq!(found, Err(OpenError::Field { field: "entry_count", found: (1 << 24) + 1, expected }));
    let found = resealed(TABLE, |bytes| put(bytes, 44, 65_535));
    let expected = "at most 65534";
    assert_eq!(found, Err(OpenError::Field { field: "param_count", found: 65_535, expected }));
    let found = resealed(TABLE, |bytes| put(bytes, 76, 7));
    let Err(OpenError::Field { field, found: 7, .. }) = found else { panic!("{found:?}") };
    assert_eq!(field, "data_len");
}

#[test]
fn a_higher_minor_version_and_unknown_flags_are_read() {
    let found = resealed(TABLE, |bytes| {
        bytes[6] = 9;
        put(bytes, 72, 0xffff_fffe);
    });
    assert_eq!(found, Ok(()));
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
        let boxes = [table.local_type("geo::Box").expect("readable"); 2];
        assert_eq!(table.dispatch(&boxes), Ok(Outcome::Method(EntryId(0))));
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
