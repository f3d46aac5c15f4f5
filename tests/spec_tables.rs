//! `format-spec/SPEC.md` and the code say the same: layouts, constants, codes, tags and the example.

use std::mem::offset_of;
use std::path::Path;

use janus_cache::digest::{crc32, fast_hash};
use janus_cache::format::layout::{
    self as table, ClassRow, EntryRow, HashHead, MatrixHead, SectionRow, SlotRow, TableHeader, TypeRow,
};
use janus_cache::format::{FileCodec, Optimization, Rule, Tag};
use janus_cache::image::layout::{self as image, FamilyRow, ImageHeader, PieceRow, PlaceRow};
use zerocopy::FromZeros;

fn spec_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec").join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("format-spec/{name}: {error}"))
}

/// The first table behind the heading `### heading`: its rows' cells, without back quotes.
fn rows_under(text: &str, heading: &str) -> Vec<Vec<String>> {
    let wanted = format!("### {heading}");
    let mut lines = text.lines().skip_while(|line| *line != wanted);
    assert!(lines.next().is_some(), "SPEC.md has no heading `{wanted}`");
    let cells = |line: &str| {
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    lines
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect()
}

/// A struct as the compiler lays it out.
struct Layout {
    name: &'static str,
    size: usize,
    /// Offset, size and name of each field.
    fields: Vec<(usize, usize, &'static str)>,
}

/// The layout of a struct whose fields are all named; one that is left out does not compile.
macro_rules! layout_of {
    ($name:ident { $($field:ident),* $(,)? }) => {{
        let zeroed = $name::new_zeroed();
        let $name { $($field: _),* } = zeroed;
        Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            fields: vec![$((offset_of!($name, $field), size_of_val(&zeroed.$field), stringify!($field))),*],
        }
    }};
}

fn layouts() -> Vec<Layout> {
    vec![
        layout_of!(TableHeader {
            magic,
            version_major,
            version_minor,
            table_hash,
            creation_timestamp,
            name_len,
            type_signature_len,
            entry_count,
            optimization,
            arity,
            rule,
            codec,
            type_count,
            param_count,
            compression_ratio_ppm,
            section_count,
            memory_saved,
            total_len,
            flags,
            data_len,
            data_crc,
            metadata_crc,
        }),
        layout_of!(SectionRow { tag, flags, offset, len }),
        layout_of!(TypeRow { name, flags }),
        layout_of!(EntryRow { implementation, module, specificity, call_frequency, flags }),
        layout_of!(ClassRow { offset, class_count, width }),
        layout_of!(MatrixHead { cell_bits }),
        layout_of!(HashHead { bucket_count, slot_count }),
        layout_of!(SlotRow { tuple, outcome }),
        layout_of!(ImageHeader {
            magic,
            version_major,
            version_minor,
            creation_timestamp,
            name,
            family_count,
            type_count,
            place_count,
            section_count,
            flags,
            piece_count,
            codec,
            reserved,
            total_len,
            data_crc,
            metadata_crc,
        }),
        layout_of!(FamilyRow {
            name,
            arity,
            rule,
            optimization,
            reserved,
            table_hash,
            flags,
            entry_count,
            type_count,
            param_count,
            type_map,
            params,
            above,
            patterns,
            entries,
            first_piece,
            piece_count,
            first_place,
        }),
        layout_of!(PieceRow { tag, offset, len }),
        layout_of!(PlaceRow { file, line, column }),
    ]
}

#[test]
fn every_layout_table_is_the_structs_layout() {
    let spec = spec_file("SPEC.md");
    for Layout { name, size, fields } in layouts() {
        let rows = rows_under(&spec, &format!("Struct `{name}` ({size} bytes)"));
        for (index, row) in rows.iter().enumerate() {
            let stated = (row[0].as_str(), row[1].as_str(), row[2].as_str());
            let Some((offset, bytes, field)) = fields.get(index) else {
                panic!("{name}: row {index} of SPEC.md, {stated:?}, is no field of the struct")
            };
            let real = (offset.to_string(), bytes.to_string());
            assert_eq!(
                stated,
                (real.0.as_str(), real.1.as_str(), *field),
                "{name}, row {index} (left: SPEC.md)"
            );
        }
        let missing: Vec<&str> = fields.iter().skip(rows.len()).map(|(_, _, field)| *field).collect();
        assert_eq!(missing, Vec::<&str>::new(), "fields of {name} that SPEC.md lacks");
        let end = fields.last().map_or(0, |(offset, bytes, _)| offset + bytes);
        assert_eq!(end, size, "{name} has bytes behind its last field");
    }
}

#[test]
fn no_layout_table_is_about_an_unknown_struct() {
    let spec = spec_file("SPEC.md");
    let stated: Vec<&str> = spec
        .lines()
        .filter_map(|line| line.strip_prefix("### Struct `"))
        .filter_map(|rest| rest.split_once('`').map(|(name, _)| name))
        .collect();
    let mut known: Vec<&str> = layouts().iter().map(|layout| layout.name).collect();
    let mut sorted = stated.clone();
    sorted.sort_unstable();
    known.sort_unstable();
    assert_eq!(sorted, known);
}

fn magic_text(magic: [u8; 4]) -> String {
    magic.map(|byte| format!("{byte:02X}")).join(" ")
}

/// The first two cells of each row.
fn pairs(rows: &[Vec<String>]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect()
}

fn assert_constants(heading: &str, constants: &[(&str, String)]) {
    let spec = spec_file("SPEC.md");
    let rows = rows_under(&spec, heading);
    let expected: Vec<(&str, &str)> = constants.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(pairs(&rows), expected, "SPEC.md, {heading} (left: SPEC.md)");
}

#[test]
fn every_constant_of_the_text_is_that_of_the_code() {
    assert_constants(
        "Constants",
        &[
            ("TABLE_MAGIC", magic_text(table::TABLE_MAGIC)),
            ("IMAGE_MAGIC", magic_text(image::IMAGE_MAGIC)),
            ("VERSION_MAJOR", table::VERSION_MAJOR.to_string()),
            ("VERSION_MINOR", table::VERSION_MINOR.to_string()),
            ("SECTION_ALIGN", table::SECTION_ALIGN.to_string()),
            ("SECTION_REQUIRED", table::SECTION_REQUIRED.to_string()),
            ("TABLE_MAY_BE_AMBIGUOUS", table::TABLE_MAY_BE_AMBIGUOUS.to_string()),
            ("TYPE_SEALED", table::TYPE_SEALED.to_string()),
            ("ENTRY_DEFAULT", table::ENTRY_DEFAULT.to_string()),
            ("LEAF", table::LEAF.to_string()),
            ("LEAF_NO_METHOD", table::LEAF_NO_METHOD.to_string()),
            ("LEAF_AMBIGUOUS", table::LEAF_AMBIGUOUS.to_string()),
            ("CLASS_RUNS", table::CLASS_RUNS.to_string()),
            ("CELL_NO_METHOD", table::CELL_NO_METHOD.to_string()),
            ("CELL_AMBIGUOUS", table::CELL_AMBIGUOUS.to_string()),
            ("CELL_FIRST_ENTRY", table::CELL_FIRST_ENTRY.to_string()),
            ("MATRIX_TAIL_BYTES", table::MATRIX_TAIL_BYTES.to_string()),
            ("EMPTY_SLOT", table::EMPTY_SLOT.to_string()),
            ("LEAF_FIRST_ENTRY", table::LEAF_FIRST_ENTRY.to_string()),
        ],
    );
    assert_constants(
        "Limits",
        &[
            ("MAX_ARITY", table::MAX_ARITY.to_string()),
            ("MAX_PARAMS", table::MAX_PARAMS.to_string()),
            ("MAX_ENTRIES", table::MAX_ENTRIES.to_string()),
        ],
    );
}

#[test]
fn every_code_that_the_reader_knows_is_in_the_text_with_its_word() {
    let spec = spec_file("SPEC.md");
    let rules: Vec<(String, &str)> =
        (0..=u8::MAX).filter_map(|code| Some((code.to_string(), Rule::from_code(code)?.as_str()))).collect();
    let optimizations: Vec<(String, &str)> = (0..=u8::MAX)
        .filter_map(|code| Some((code.to_string(), Optimization::from_code(code)?.as_str())))
        .collect();
    let codecs: Vec<(String, &str)> = (0..=u8::MAX)
        .filter_map(|code| Some((code.to_string(), FileCodec::from_code(code)?.as_str())))
        .collect();
    for (heading, known) in
        [("Resolution rules", rules), ("Optimizations", optimizations), ("Codecs", codecs)]
    {
        let known: Vec<(&str, &str)> = known.iter().map(|(code, word)| (code.as_str(), *word)).collect();
        assert_eq!(pairs(&rows_under(&spec, heading)), known, "SPEC.md, {heading} (left: SPEC.md)");
    }
}

#[test]
fn every_tag_is_in_the_text_in_the_order_of_the_file() {
    let spec = spec_file("SPEC.md");
    let tables = [
        table::NAME,
        table::SIGN,
        table::STRS,
        table::TYPE,
        table::PARM,
        table::ABOV,
        table::PATT,
        table::ENTR,
        table::RULE,
        table::CLAS,
        table::DDAG,
        table::MTRX,
        table::PHSH,
        table::LEFT,
    ];
    let images = [image::STRS, image::TYPE, image::FAMI, image::PIEC, image::BLOB, image::PLAC];
    let text = |tags: &[Tag]| tags.iter().map(Tag::to_string).collect::<Vec<_>>();
    let cases = [
        (
            "Tags of tables",
            text(&tables),
            &["dag.jdt", "precedence.jdt", "matrix.jdt", "hash.jdt", "left-out.jdt"][..],
            size_of::<TableHeader>(),
            52,
        ),
        ("Tags of images", text(&images), &["shared.jdi"], size_of::<ImageHeader>(), 32),
    ];
    for (heading, known, vectors, header_len, count_at) in cases {
        let stated: Vec<String> = rows_under(&spec, heading).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(stated, known, "SPEC.md, {heading} (left: SPEC.md)");
        let mut met = Vec::new();
        for vector in vectors {
            let bytes = vector_bytes(vector);
            let count = u32::from_le_bytes(bytes[count_at..count_at + 4].try_into().expect("four bytes"));
            let places: Vec<usize> = bytes[header_len..]
                .chunks_exact(size_of::<SectionRow>())
                .take(count as usize)
                .map(|row| String::from_utf8_lossy(&row[..4]).into_owned())
                .map(|tag| known.iter().position(|known| *known == tag).expect("a stated tag"))
                .collect();
            assert!(places.is_sorted(), "{vector}: {places:?}");
            met.extend(places);
        }
        met.sort_unstable();
        met.dedup();
        assert_eq!(met.len(), known.len(), "a vector for each tag of {heading}");
    }
}

fn vector_bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/vectors").join(name);
    std::fs::read(path).unwrap_or_else(|error| panic!("format-spec/vectors/{name}: {error}"))
}

#[test]
fn the_hashes_have_the_check_values_of_the_text() {
    let spec = spec_file("SPEC.md");
    for value in [format!("{:08X}", crc32(b"123456789")), format!("{:016X}", fast_hash(b""))] {
        assert!(spec.contains(&format!("`{value}`")), "SPEC.md does not give the check value {value}");
    }
}

#[test]
fn the_file_in_full_is_the_vector() {
    let spec = spec_file("SPEC.md");
    let block = spec.split_once("```hex\n").and_then(|(_, rest)| rest.split_once("```")).expect("is there").0;
    let dump: Vec<String> = vector_bytes("single.jdt")
        .chunks(16)
        .enumerate()
        .map(|(row, bytes)| {
            let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:04x}  {}", row * 16, bytes.join(" "))
        })
        .collect();
    assert_eq!(block.lines().collect::<Vec<_>>(), dump);
}
