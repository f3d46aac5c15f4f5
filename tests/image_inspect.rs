//! Dumps of damaged tables and images: at every cut and with every changed byte something is told, and
//! nothing panics.

use janus_cache::image::inspect::{Checksum, FileKind, Problem, inspect, kind_of};

const VECTORS: [(&str, FileKind); 4] = [
    ("dag.jdt", FileKind::Table),
    ("wide.jdt", FileKind::Table),
    ("arity0.jdt", FileKind::Table),
    ("shared.jdi", FileKind::Image),
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
