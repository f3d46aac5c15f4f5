//! Dumps of damaged tables and images: at every cut and with every changed byte something is told, and
//! nothing panics.

#[path = "support/seal.rs"]
mod seal;

use janus_cache::image::inspect::{
    Checksum, FamilyDump, FileKind, OutcomeCount, ParamList, Problem, RuleDump, inspect, kind_of,
};
use seal::{TABLES, put, reseal, section_at};

const VECTORS: [(&str, FileKind); 17] = [
    ("dag.jdt", FileKind::Table),
    ("wide.jdt", FileKind::Table),
    ("arity0.jdt", FileKind::Table),
    ("precedence.jdt", FileKind::Table),
    ("precedence-lists.jdt", FileKind::Table),
    ("levels.jdt", FileKind::Table),
    ("custom.jdt", FileKind::Table),
    ("matrix.jdt", FileKind::Table),
    ("hash.jdt", FileKind::Table),
    ("left-out.jdt", FileKind::Table),
    ("lz4.jdt", FileKind::Table),
    ("zstd.jdt", FileKind::Table),
    ("columnar.jdt", FileKind::Table),
    ("shared.jdi", FileKind::Image),
    ("mixed.jdi", FileKind::Image),
    ("left-out-image.jdi", FileKind::Image),
    ("columnar.jdi", FileKind::Image),
];

fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/format-spec/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("readable")
}

#[test]
fn sound_files_have_no_problem() {
    for (name, kind) in VECTORS {
        let bytes = vector(name);
        let found = inspect(kind, &bytes);
        assert_eq!(kind_of(&bytes), Some(kind));
        assert_eq!(found.problems, [], "{name}");
        assert!(found.is_sound() && !found.truncated && found.checksums.iter().all(Checksum::is_right));
        assert_eq!(found.len_bytes, bytes.len() as u64);
    }
}

#[test]
fn every_cut_is_told() {
    for (name, kind) in VECTORS {
        let whole = vector(name);
        for len in 0..whole.len() {
            let found = inspect(kind, &whole[..len]);
            assert!(!found.is_sound(), "{name} cut at {len}");
            let inside = |problem: &&Problem| problem.at_bytes <= whole.len() as u64;
            assert_eq!(
                found.problems.iter().filter(inside).count(),
                found.problems.len(),
                "{name} cut at {len}"
            );
        }
    }
}

#[test]
fn every_changed_byte_is_told() {
    for (name, kind) in VECTORS {
        let mut bytes = vector(name);
        for at in 0..bytes.len() {
            for bits in [0x01, 0xff] {
                bytes[at] ^= bits;
                assert!(!inspect(kind, &bytes).is_sound(), "{name}: byte {at}, bits {bits:#x}");
                bytes[at] ^= bits;
            }
        }
    }
}

#[test]
fn counts_that_the_bytes_cannot_hold_cost_no_memory() {
    let mut bytes = vector("dag.jdt");
    // Entries, types, parameters, sections.
    for at in [32, 40, 44, 52] {
        bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let found = inspect(FileKind::Table, &bytes);
        assert!(!found.is_sound());
        assert!(found.families[0].entries.len() <= 4, "{}", found.families[0].entries.len());
    }
}

#[test]
fn classes_in_runs_that_promise_more_types_than_there_are_cost_no_memory() {
    let mut bytes = vector("runs.jdt");
    bytes[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    let found = inspect(FileKind::Table, &bytes);
    let classes: usize = found.families[0].classes.iter().map(|class| class.types.len()).sum();
    assert_eq!((found.families[0].types.len(), classes), (1102, 1102));
}

/// Whether a problem at this place begins so.
fn is_told(problems: &[Problem], at_bytes: usize, what: &str) -> bool {
    problems.iter().any(|problem| problem.at_bytes == at_bytes as u64 && problem.what.starts_with(what))
}

#[test]
fn what_a_faulty_writer_put_into_a_section_is_told_where_it_stands() {
    // (file, section, byte in it, value there, what is said, the byte of which it is said)
    let slot = |at: usize| 8 + 2 * 4 + 8 * at;
    let empty = vector("hash.jdt");
    let at = section_at(&empty, TABLES, "PHSH");
    let free = (0..12).find(|slot_at| empty[at + slot(*slot_at)..][..4] == [0xff; 4]).expect("a free slot");
    let cases = [
        ("ambiguous-matrix.jdt", "MTRX", 0, 33_u32, "MTRX: a cell has 33 bits", 0),
        ("matrix.jdt", "MTRX", 4, u32::MAX, "MTRX: the cell of tuple 0 is entry 5 of 4", 4),
        ("hash.jdt", "PHSH", slot(free), 16, "PHSH: slot FREE is of tuple 16 of 16", slot(free)),
        ("hash.jdt", "PHSH", 4, 13, "PHSH should have 13 slots, 12 are there", 0),
        ("precedence.jdt", "RULE", 0, 2, "RULE: form 2 is neither 0 nor 1", 0),
        ("precedence.jdt", "RULE", 4, 0, "RULE: [0, 0] does not name each of 2 positions once", 4),
        ("precedence.jdt", "RULE", 8, 0, "RULE: rank 0 of 2 is there twice", 10),
        ("precedence-lists.jdt", "RULE", 12, 9, "RULE: the list of type 0 is from element 0 to 9 of 6", 8),
        ("precedence-lists.jdt", "RULE", 28, 7, "RULE: parameter 7 of 2", 28),
        ("custom.jdt", "RULE", 0, u32::MAX, "RULE: the rule's name is not UTF-8", 0),
        ("left-out.jdt", "LEFT", 0, 9, "LEFT: parameter 9 of 5", 0),
        ("left-out.jdt", "LEFT", 8, 1000, "LEFT: method 0 does not end in the 48 bytes that are left", 0),
    ];
    for (name, tag, at, value, what, told_at) in cases {
        let mut bytes = vector(name);
        let section = section_at(&bytes, TABLES, tag);
        put(&mut bytes, section + at, value);
        reseal(&mut bytes, TABLES);
        let found = inspect(FileKind::Table, &bytes);
        let what = what.replace("FREE", &free.to_string());
        assert!(is_told(&found.problems, section + told_at, &what), "{name}: {what}: {:?}", found.problems);
    }
}

#[test]
fn a_section_that_is_cut_is_dumped_as_far_as_it_goes() {
    let dump = |name: &str, tag: &str, left_bytes: usize| {
        let bytes = vector(name);
        let end = section_at(&bytes, TABLES, tag) + left_bytes;
        inspect(FileKind::Table, &bytes[..end]).families.swap_remove(0)
    };
    // Of 16 cells of 3 bits two bytes hold five.
    let matrix = dump("matrix.jdt", "MTRX", 4 + 2).matrix.expect("a matrix");
    assert_eq!((matrix.cells, matrix.cell_bits), (16, 3));
    assert_eq!(matrix.outcomes.iter().map(|row| row.count).sum::<u64>(), 5);
    assert_eq!(matrix.rows.iter().map(|row| row.outcomes.len()).collect::<Vec<_>>(), [4, 1]);
    // Head, four displacements, and three of the twelve slots.
    let hash = dump("hash.jdt", "PHSH", 8 + 8 + 3 * 8 + 5).hash.expect("a hash");
    assert_eq!((hash.buckets, hash.slots), (4, 12));
    assert!(hash.occupied <= 3, "{hash:?}");
    // Of two methods the first is whole.
    let first = 4 + 4 + 4 + "round".len() + 4 + "geo".len();
    assert_eq!(dump("left-out.jdt", "LEFT", first + 7).left_out.len(), 1);
}

#[test]
fn a_file_in_a_codec_has_the_content_of_the_one_that_was_compressed() {
    for (pressed, plain, codec) in [
        ("lz4.jdt", "levels-dag.jdt", "1 (lz4)"),
        ("zstd.jdt", "levels-dag.jdt", "2 (zstd)"),
        ("columnar.jdt", "levels-dag.jdt", "3 (columnar)"),
        ("columnar.jdi", "shared.jdi", "3 (columnar)"),
    ] {
        let kind = kind_of(&vector(plain)).expect("a magic");
        let (found, whole) = (inspect(kind, &vector(pressed)), inspect(kind, &vector(plain)));
        assert_eq!((found.codec.as_deref(), found.decoded_bytes), (Some(codec), Some(whole.len_bytes)));
        assert_eq!(found.len_bytes, vector(pressed).len() as u64);
        assert_eq!(
            (&found.families, &found.types, &found.sections),
            (&whole.families, &whole.types, &whole.sections)
        );
        assert!(found.is_sound() && found.checksums.iter().all(Checksum::is_right), "{pressed}");
        assert_eq!((whole.codec.as_deref(), whole.decoded_bytes), (Some("0 (none)"), None));
    }
}

#[test]
fn a_stream_that_does_not_decode_leaves_the_header_and_the_reason() {
    let whole = vector("columnar.jdt");
    let mut bytes = whole.clone();
    *bytes.last_mut().expect("not empty") ^= 1;
    let found = inspect(FileKind::Table, &bytes);
    let what = "the sections cannot be decoded: damaged data: the stored CRC-32 is ";
    assert!(is_told(&found.problems, 39, what), "{:?}", found.problems);
    assert_eq!((found.fields.len(), found.families.len(), found.decoded_bytes), (22, 0, None));
    let first = &found.sections[0];
    assert_eq!((first.tag.as_str(), first.present_bytes), ("NAME", 0));

    // A promise of 2 GiB is refused before memory is reserved for it.
    let mut bytes = whole;
    bytes[64..72].copy_from_slice(&(2_u64 << 30).to_le_bytes());
    reseal(&mut bytes, TABLES);
    let what = "the sections cannot be decoded: the compressed data: 2147483648 decoded bytes are promised, at most 1073741824";
    let found = inspect(FileKind::Table, &bytes);
    assert!(is_told(&found.problems, 39, what), "{:?}", found.problems);
}

#[test]
fn a_codec_that_the_length_contradicts_is_taken_for_the_damage() {
    let mut bytes = vector("dag.jdt");
    bytes[39] = 2;
    let found = inspect(FileKind::Table, &bytes);
    assert!(is_told(&found.problems, 39, "the file does not decode"), "{:?}", found.problems);
    assert_eq!((found.families[0].entries.len(), found.families[0].nodes.len()), (4, 4));
}

#[test]
fn the_last_field_before_the_lengths_of_an_image_is_its_codec() {
    let value = |bytes: &[u8], name: &str| {
        let found = inspect(FileKind::Image, bytes);
        let field = found.fields.into_iter().find(|field| field.name == name).expect("a field");
        (field.at_bytes, field.value.expect("is there"))
    };
    for (name, codec) in [("shared.jdi", "0 (none)"), ("columnar.jdi", "3 (columnar)")] {
        assert_eq!(value(&vector(name), "codec"), (44, codec.to_owned()));
        assert_eq!(value(&vector(name), "reserved"), (45, "0".to_owned()));
    }
}

fn family(name: &str) -> FamilyDump {
    inspect(FileKind::Table, &vector(name)).families.swap_remove(0)
}

fn texts(lists: &[ParamList]) -> Vec<String> {
    lists.iter().map(|list| format!("{}: {}", list.name, list.params.join(" "))).collect()
}

#[test]
fn what_a_rule_needs_is_told_as_its_section_says_it() {
    // The second position is compared first, and no two types list A and B the other way round.
    let Some(RuleDump::Precedence { argument_order, ranks, lists }) = family("precedence.jdt").rule_data
    else {
        panic!("another rule")
    };
    let ranks: Vec<String> = ranks.iter().map(|row| format!("{} {}", row.rank, row.param)).collect();
    assert_eq!(
        (&argument_order[..], &ranks[..], &lists[..]),
        (&[1, 0][..], &["0 k::A".into(), "1 k::B".into()][..], &[][..])
    );

    let Some(RuleDump::Precedence { ranks, lists, .. }) = family("precedence-lists.jdt").rule_data else {
        panic!("another rule")
    };
    assert_eq!(ranks, []);
    assert_eq!(texts(&lists), ["k::A: k::A", "k::B: k::B", "k::One: k::A k::B", "k::Two: k::B k::A"]);

    let Some(RuleDump::Levels(counts_as)) = family("levels.jdt").rule_data else { panic!("another rule") };
    let expected = ["r::Cool: r::Cool", "r::Left: r::Left", "r::Right: r::Right", "r::Role: r::Cool r::Role"];
    assert_eq!(texts(&counts_as), expected);
    assert_eq!(family("custom.jdt").rule_data, Some(RuleDump::Custom("last by name 1".to_owned())));
    assert_eq!(family("dag.jdt").rule_data, None);
}

#[test]
fn cells_and_slots_are_counted_and_few_cells_told_one_by_one() {
    let counts = |rows: &[OutcomeCount]| -> Vec<String> {
        rows.iter().map(|row| format!("{} {}", row.outcome, row.count)).collect()
    };
    // Classes: others, Box, Circle, Shape, Square. Where a Box meets a Box, both methods apply.
    let matrix = family("ambiguous-matrix.jdt").matrix.expect("a matrix");
    assert_eq!((matrix.cell_bits, matrix.cells), (3, 25));
    let (no, ambiguous) = ("no method", "ambiguous");
    let [circles, squares, left, right] = ["entry 0", "entry 1", "entry 2", "entry 3"];
    let expected = [
        [no, no, no, no, no],
        [no, ambiguous, left, left, ambiguous],
        [no, right, circles, no, right],
        [no, right, no, no, right],
        [no, ambiguous, left, left, squares],
    ];
    assert_eq!(matrix.rows.iter().map(|row| row.outcomes.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(
        matrix.rows.iter().map(|row| row.classes.clone()).collect::<Vec<_>>(),
        [[0], [1], [2], [3], [4]]
    );
    let expected = ["no method 12", "ambiguous 3", "entry 0 1", "entry 1 1", "entry 2 4", "entry 3 4"];
    assert_eq!(counts(&matrix.outcomes), expected);

    let hash = family("hash.jdt").hash.expect("a hash");
    // Nine tuples have a method: 9 / 4 rounded up, and one, buckets; 9 and 9 / 4 and one slots.
    assert_eq!((hash.buckets, hash.slots, hash.occupied), (4, 12, 9));
    assert_eq!(counts(&hash.outcomes), ["entry 0 1", "entry 1 1", "entry 2 2", "entry 3 5"]);
}
