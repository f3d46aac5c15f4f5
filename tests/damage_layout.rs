//! Every field of every layout table of `SPEC.md`, damaged in every vector that has it, with the
//! checksums made right again: what only a faulty writer leaves. And every byte of small vectors,
//! damaged as a disk does it.
//!
//! A damaged file is refused when it is opened, or the deep proof finds it, or it gives the answers that it
//! gave before. What the fields of the envelope and the header say is never behind a wrong answer, proof
//! or not; but for `rule`, which another rule's sections may fit: what it means only the hash can tell.

mod damage_kit;
#[path = "support/seal.rs"]
mod seal;

use std::time::{Duration, Instant};

use damage_kit::answers::{Answers, image_answers, table_answers};
use damage_kit::layouts::{Field, Layout, layouts, places_of};
use damage_kit::vectors::{Kind, Vector, vectors};
use seal::reseal;

/// All variants of a vector may take so long, on a busy machine and without optimization.
const MOST_FOR_ALL: Duration = Duration::from_secs(120);

/// Structs whose fields never lead to a wrong answer, whether or not the file is proved: what `open`
/// checks them against stands elsewhere in the file, too.
const ENVELOPE: [&str; 3] = ["TableHeader", "ImageHeader", "SectionRow"];

/// What became of damaged files.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    found_by_proof: usize,
    harmless: usize,
    /// Promises that were broken, each with its place.
    broken: Vec<String>,
}

/// Values that a field of these bytes could have instead, with what each is.
fn other_values(bytes: &[u8], next: Option<&[u8]>) -> Vec<(String, Vec<u8>)> {
    let width = bytes.len();
    let number = bytes.iter().rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let end = 1_u128 << (8 * width);
    let as_bytes = |number: u128| number.to_le_bytes()[..width].to_vec();
    let mut values = vec![
        ("0".to_owned(), as_bytes(0)),
        ("its maximum".to_owned(), as_bytes(end - 1)),
        ("the half".to_owned(), as_bytes(end / 2)),
        ("one less".to_owned(), as_bytes(number.wrapping_sub(1) % end)),
    ];
    for more in [1, 2, 3, 4, 7, 8, 16, 256, 65_536] {
        values.push((format!("{more} more"), as_bytes((number + more) % end)));
    }
    for times in [2, 3, 16] {
        values.push((format!("{times} times as much"), as_bytes(number * times % end)));
    }
    if let Some(next) = next {
        values.push(("the next field's".to_owned(), next.to_vec()));
    }
    values.retain(|(_, value)| value != bytes);
    values
}

/// `file` with `value` in `field` of the struct at `at`, and, where fields change places, the field's
/// own in the next.
fn with(file: &[u8], at: usize, field: &Field, value: &[u8], next: Option<&Field>) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let start = at + field.offset;
    if let Some(next) = next {
        let other = at + next.offset;
        bytes[other..other + next.size].copy_from_slice(&file[start..start + field.size]);
    }
    bytes[start..start + field.size].copy_from_slice(value);
    bytes
}

/// Judges one damaged file.
fn judge(vector: &Vector, right: &Answers, bytes: &[u8], in_envelope: bool, what: &str, tally: &mut Tally) {
    let found = match vector.kind {
        Kind::Table => table_answers(bytes, right),
        Kind::Image => image_answers(bytes, right),
    };
    let Some(found) = found else {
        tally.refused += 1;
        return;
    };
    assert_eq!(found.given.len(), right.given.len(), "{what}");
    let wrong = found.given.iter().zip(&right.given).find(|(found, right)| found.is_ok() && found != right);
    if let Some((found, right)) = wrong.filter(|_| in_envelope && !found.is_proved) {
        tally.broken.push(format!("{what}: {found:?}, right is {right:?}"));
    }
    if !found.is_proved {
        tally.found_by_proof += 1;
    } else if found.given == right.given {
        tally.harmless += 1;
    } else {
        tally.broken.push(format!("{what}: proved, and yet {wrong:?} or an error value"));
    }
}

/// Damages each field of `layout` in each place that `vector` has of it.
fn damage(vector: &Vector, right: &Answers, layout: &Layout, tally: &mut Tally) -> usize {
    let in_envelope = ENVELOPE.contains(&layout.name.as_str());
    let places = places_of(layout, vector);
    for (row, at) in places.iter().enumerate() {
        for (index, field) in layout.fields.iter().enumerate() {
            // Sealing writes the checksums; a wrong one has a test of its own.
            if field.name.ends_with("_crc") {
                continue;
            }
            let in_envelope = in_envelope && field.name != "rule";
            let next = layout.fields.get(index + 1).filter(|next| next.size == field.size);
            let bytes_of = |field: &Field| &vector.bytes[at + field.offset..at + field.offset + field.size];
            for (kind, value) in other_values(bytes_of(field), next.map(bytes_of)) {
                let swapped = next.filter(|_| kind == "the next field's");
                let mut bytes = with(&vector.bytes, *at, field, &value, swapped);
                reseal(&mut bytes, vector.kind.envelope());
                let what = format!("{}: {} {row}, `{}` is {kind}", vector.name, layout.name, field.name);
                judge(vector, right, &bytes, in_envelope, &what, tally);
            }
        }
    }
    places.len()
}

#[test]
fn every_damaged_field_of_every_struct_is_detected_or_harmless() {
    let (layouts, vectors) = (layouts(), vectors());
    assert_eq!(layouts.len(), 12, "SPEC.md has so many structs");
    let started = Instant::now();
    let mut met = vec![0; layouts.len()];
    let mut tally = Tally::default();
    for vector in &vectors {
        let right = vector.right_answers();
        for (layout, met) in layouts.iter().zip(&mut met) {
            *met += damage(vector, &right, layout, &mut tally);
        }
    }
    for (layout, met) in layouts.iter().zip(met) {
        assert!(met > 0, "no vector has a {}", layout.name);
    }
    println!("{tally:?}");
    assert!(tally.broken.is_empty(), "{}", tally.broken.join("\n"));
    let Tally { refused, found_by_proof, harmless, .. } = tally;
    assert!(refused > 10_000 && found_by_proof > 5000 && harmless > 1000, "are files resealed? {tally:?}");
    assert!(started.elapsed() < MOST_FOR_ALL, "no damage makes a reader slow");
}

#[test]
fn a_wrong_checksum_is_refused_in_every_vector() {
    for vector in vectors() {
        for layout in layouts().iter().filter(|layout| ENVELOPE.contains(&layout.name.as_str())) {
            for at in places_of(layout, &vector) {
                for field in layout.fields.iter().filter(|field| field.name.ends_with("_crc")) {
                    let stored = &vector.bytes[at + field.offset..at + field.offset + field.size];
                    for (kind, value) in other_values(stored, None) {
                        let bytes = with(&vector.bytes, at, field, &value, None);
                        assert!(!vector.kind.opens(&bytes), "{}: `{}` is {kind}", vector.name, field.name);
                    }
                }
            }
        }
    }
}

#[test]
fn every_changed_byte_of_small_vectors_is_refused() {
    for name in ["dag.jdt", "matrix.jdt", "hash.jdt", "precedence.jdt", "shared.jdi"] {
        let vectors = vectors();
        let vector = vectors.iter().find(|vector| vector.name == name).expect("a vector of this name");
        assert!(vector.kind.opens(&vector.bytes), "{name}");
        for at in 0..vector.bytes.len() {
            let mut bytes = vector.bytes.clone();
            let old = bytes[at];
            for new in (0..8).map(|bit| old ^ 1 << bit).chain([!old, 0, 0xff]).filter(|new| *new != old) {
                bytes[at] = new;
                assert!(!vector.kind.opens(&bytes), "{name}: byte {at} is {new:#x}");
            }
        }
    }
}

#[test]
fn bytes_that_change_places_are_refused() {
    for name in ["dag.jdt", "shared.jdi"] {
        let vectors = vectors();
        let vector = vectors.iter().find(|vector| vector.name == name).expect("a vector of this name");
        for at in 0..vector.bytes.len() {
            for distance in [1, 4, 8, 16] {
                let mut bytes = vector.bytes.clone();
                if at + distance < bytes.len() {
                    bytes.swap(at, at + distance);
                }
                if bytes != vector.bytes {
                    assert!(!vector.kind.opens(&bytes), "{name}: bytes {at} and {}", at + distance);
                }
            }
        }
    }
}
