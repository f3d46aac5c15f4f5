//! Library and text refuse the same files where something was changed and the checksums put right again,
//! so that it is not they that find it; and what is still readable gives the same answers.

use janus_cache::format::{LocalType, TableView, decompress};
use janus_cache::image::{ImageView, decompress_image};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::naive_reader::{Family, Image, Refused, Table};
use crate::{in_own_words, vector};

/// Tuples that a test tries of one damaged family.
const MOST_TUPLES: u128 = 64;

/// Up to three bytes and what they become; small values are more often nearly right.
fn edits() -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec((any::<Index>(), prop_oneof![any::<u8>(), 0..12_u8]), 1..=3)
}

fn edited(file: &str, edits: &[(Index, u8)]) -> Vec<u8> {
    let mut bytes = vector(file);
    for (at, value) in edits {
        let at = at.index(bytes.len());
        bytes[at] = *value;
    }
    bytes
}

/// Whether opening succeeds, by the reader of the text.
fn opens<T>(read: &Result<T, Refused>) -> bool {
    read.as_ref().map_or_else(|why| !why.is_of_opening(), |_| true)
}

fn locals(tuple: &[Option<usize>]) -> Vec<LocalType> {
    tuple.iter().map(|local| local.map_or(LocalType::OTHER, |local| LocalType(local as u32))).collect()
}

/// That the library's answers, errors among them, are those of the text.
fn same_answers(
    family: &Family,
    dispatch: impl Fn(&[Option<usize>]) -> Option<crate::naive_reader::Outcome>,
) -> Result<(), TestCaseError> {
    for tuple in family.tuples(MOST_TUPLES) {
        prop_assert_eq!(dispatch(&tuple), family.answer(&tuple).ok(), "{:?}", tuple);
    }
    Ok(())
}

/// A vector with some of its bytes replaced and its checksums put right.
fn replaced(file: &str, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut all = vector(file);
    all[at..at + bytes.len()].copy_from_slice(bytes);
    Table::seal_again(&mut all);
    all
}

#[test]
fn a_known_tag_that_stands_twice_is_refused() {
    // The tag behind that of `CLAS` becomes a second one.
    let bytes = replaced("newer-minor.jdt", 0xE8, b"CLAS");
    assert_eq!(Table::read(&bytes).err(), Some(Refused::Directory("a known tag stands once")));
    assert!(TableView::open(&bytes).is_err());
}

/// That text and library refuse to open the bytes, and what for by the text.
fn refused_by_both(bytes: &[u8]) -> Refused {
    assert!(TableView::open(bytes).is_err());
    Table::read(bytes).expect_err("is refused by the text too")
}

/// Where a section of a vector begins.
fn section_at(file: &str, tag: &str) -> usize {
    let bytes = vector(file);
    let directory = bytes[88..].chunks_exact(16);
    let row = directory.take(14).find(|row| row[..4] == *tag.as_bytes()).expect("is there");
    u32::from_le_bytes(row[8..12].try_into().expect("four bytes")) as usize
}

#[test]
fn the_owners_rule_is_refused_with_an_optimization_that_would_scan() {
    for optimization in [1, 2, 99] {
        let bytes = replaced("custom.jdt", 36, &[optimization]);
        assert_eq!(refused_by_both(&bytes), Refused::CustomIsNotScanned, "{optimization}");
    }
}

#[test]
fn what_a_rule_needs_is_checked_when_a_table_is_opened() {
    let rule = section_at("precedence.jdt", "RULE");
    assert_eq!(refused_by_both(&replaced("precedence.jdt", rule, &[2])), Refused::RuleForm(2));
    assert_eq!(refused_by_both(&replaced("precedence.jdt", rule, &[1])), Refused::SectionLen("RULE"));
    assert_eq!(refused_by_both(&replaced("precedence.jdt", rule + 4, &[0, 0])), Refused::RuleOrder);
    assert_eq!(refused_by_both(&replaced("precedence.jdt", 38, &[3])), Refused::SectionLen("RULE"));
    assert_eq!(refused_by_both(&replaced("linear.jdt", 38, &[3])), Refused::MissingSection("RULE"));
}

#[test]
fn lengths_of_matrix_hash_and_classes_are_checked_when_a_table_is_opened() {
    for (file, tag, at, value) in [
        ("matrix.jdt", "MTRX", 0, 0),
        ("matrix.jdt", "MTRX", 0, 33),
        ("matrix.jdt", "CLAS", 4, 200),
        ("hash.jdt", "PHSH", 0, 0),
        ("hash.jdt", "PHSH", 4, 0),
        ("hash.jdt", "PHSH", 4, 200),
        ("dag.jdt", "CLAS", 6, 3),
    ] {
        let bytes = replaced(file, section_at(file, tag) + at, &[value]);
        let why = refused_by_both(&bytes);
        assert!(matches!(why, Refused::SectionLen(_)), "{file}, {tag} at {at}: {why:?}");
    }
}

#[test]
fn a_walk_that_goes_back_ends_with_an_error() {
    // Any other type at the second position leads from the node at word 6 back to the root.
    let bytes = replaced("dag.jdt", 0x298 + 4 * 7, &1_u32.to_le_bytes());
    let (view, naive) = (TableView::open(&bytes).expect("opens"), Table::read(&bytes).expect("opens"));
    let tuple = naive.family.locals(&[Some("geo::Shape"), None]);
    assert_eq!(naive.family.answer(&tuple), Err(Refused::Content("a node begins before its parent")));
    assert!(view.dispatch(&locals(&tuple)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn library_and_text_refuse_the_same_changed_tables(
        file in prop::sample::select(vec![
            "dag.jdt", "ambiguous.jdt", "top.jdt", "linear.jdt", "arity0.jdt", "newer-minor.jdt", "matrix.jdt",
            "ambiguous-matrix.jdt", "hash.jdt", "precedence.jdt", "precedence-lists.jdt", "levels.jdt", "levels-dag.jdt",
            "custom.jdt",
        ]),
        edits in edits(),
    ) {
        let mut bytes = edited(file, &edits);
        Table::seal_again(&mut bytes);
        let (view, naive) = (TableView::open(&bytes), Table::read(&bytes));
        prop_assert_eq!(view.is_ok(), opens(&naive), "library: {:?}, text: {:?}", view.err(), naive.err());
        if let (Ok(view), Ok(naive)) = (view, naive) {
            same_answers(&naive.family, |tuple| view.dispatch(&locals(tuple)).ok().map(in_own_words))?;
        }
    }

    #[test]
    fn library_and_text_refuse_the_same_changed_images(
        file in prop::sample::select(vec!["shared.jdi", "mixed.jdi"]),
        edits in edits(),
    ) {
        let mut bytes = edited(file, &edits);
        Image::seal_again(&mut bytes);
        let (view, naive) = (ImageView::open(&bytes), Image::read(&bytes));
        prop_assert_eq!(view.is_ok(), opens(&naive), "library: {:?}, text: {:?}", view.err(), naive.err());
        let (Ok(view), Ok(naive)) = (view, naive) else { return Ok(()) };
        for (index, naive) in (0..).zip(&naive.families) {
            let found = view.family_at(index);
            prop_assert_eq!(found.is_ok(), opens(naive), "library: {:?}, text: {:?}", found.err(), naive);
            if let (Ok(found), Ok(naive)) = (found, naive) {
                same_answers(&naive.family, |tuple| found.core().dispatch(&locals(tuple)).ok().map(in_own_words))?;
            }
        }
    }

    #[test]
    fn library_and_text_decode_the_same_changed_streams(
        file in prop::sample::select(vec!["lz4.jdt", "columnar.jdt", "columnar-wide.jdt", "columnar.jdi"]),
        edits in edits(),
    ) {
        let mut bytes = vector(file);
        let is_image = file.ends_with("jdi");
        // Header and directory stay, so that only the stream is wrong.
        let count_at = if is_image { 32 } else { 52 };
        let stream_at = if is_image { 64 } else { 88 } + 16 * usize::from(bytes[count_at]);
        let len = bytes.len() - stream_at;
        for (at, value) in &edits {
            bytes[stream_at + at.index(len)] = *value;
        }
        let (library, text) = if is_image {
            Image::seal_again(&mut bytes);
            (decompress_image(&bytes, 1 << 20), Image::decoded(&bytes))
        } else {
            Table::seal_again(&mut bytes);
            (decompress(&bytes, 1 << 20), Table::decoded(&bytes))
        };
        let library = library.map(std::borrow::Cow::into_owned);
        prop_assert!(library.as_ref().ok() == text.as_ref().ok(), "library: {:?}, text: {:?}", library.err(), text.err());
    }
}
