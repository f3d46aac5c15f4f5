//! Seals as bytes: what goes in comes out, and nothing else is taken for one.

use std::path::Path;

use super::input::{Seen, Stability};
use super::racy::FileTime;
use super::scan::{Scan, ScannedDir};
use super::seal::{Seal, SealedDir};
use super::seal_builder::SealBuilder;
use super::seal_format::SealError;
use super::selection::Selection;
use crate::digest::ContentDigest;
use crate::fs::{Links, StatTuple, path_from_bytes};

fn selection() -> Selection {
    Selection { extensions: vec!["jan".to_owned()], ..Selection::default() }
}

fn tuple() -> StatTuple {
    StatTuple::of(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("is there")
}

/// Any tuple of a file will do.
fn seen(content: &str) -> Seen {
    let exe = std::env::current_exe().expect("this test");
    let tuple = StatTuple::of(&exe).expect("is there");
    Seen { tuple, digest: ContentDigest::of(content.as_bytes()), stability: Stability::Stable }
}

fn later() -> FileTime {
    FileTime::on_device_of(&seen("").tuple, i64::MAX - 1)
}

fn scanned(names: &[&str]) -> Scan {
    let dir = ScannedDir {
        path: "src".into(),
        tuple: tuple(),
        files: names.iter().map(Into::into).collect(),
        folders: Vec::new(),
        ignore_files: Vec::new(),
        is_listed: true,
    };
    Scan { dirs: vec![dir], errors: Vec::new() }
}

fn sample() -> Vec<u8> {
    let mut builder = SealBuilder::new(selection());
    builder.scan(&scanned(&["a.jan", "b.jan"]));
    // The scan has seen it without a link, so the link that might be followed later is none of it.
    builder.file("src/a.jan".as_ref(), Links::Follow, &seen("a"));
    builder.file("src/b.jan".as_ref(), Links::Refuse, &seen("b"));
    builder.file("/etc/cache.toml".as_ref(), Links::Follow, &seen("c"));
    builder.absent("./lib/a.jan".as_ref(), Links::Refuse);
    builder.payload("state", vec![1, 2, 3]).payload("text", b"nothing changed".to_vec());
    builder.finish(&later()).expect("small")
}

#[test]
fn what_was_sealed_is_read_back_in_place() {
    let bytes = sample();
    let seal = Seal::open(&bytes).expect("whole");
    assert_eq!(seal.time_ns(), i64::MAX - 1);
    assert_eq!(*seal.selection(), selection());
    assert_eq!(seal.payload("state"), Some(&[1, 2, 3][..]));
    assert_eq!(seal.payload("text"), Some(&b"nothing changed"[..]));
    assert_eq!(seal.payload("other"), None);
    assert!(
        seal.payload("text")
            .is_some_and(|text| (text.as_ptr() as usize - bytes.as_ptr() as usize).is_multiple_of(8))
    );
    let dirs: Vec<_> = seal.dirs().collect();
    let paths: Vec<_> = dirs.iter().map(|dir| dir.path().expect("a path")).collect();
    assert_eq!(paths, [Path::new("/etc"), Path::new("lib"), Path::new("src")]);
    assert_eq!(dirs.iter().map(SealedDir::is_listed).collect::<Vec<_>>(), [false, false, true]);
    let a = dirs[2].find(b"a.jan").expect("is there");
    assert_eq!((a.digest(), a.links()), (Some(ContentDigest::of(b"a")), Links::Refuse));
    assert!(a.is_selected() && !a.is_ignore_file() && !a.is_racy());
    assert_eq!(*a.tuple(), seen("a").tuple);
    let candidate = dirs[1].find(b"a.jan").expect("is there");
    assert_eq!((candidate.digest(), *candidate.tuple()), (None, StatTuple::ABSENT));
    assert_eq!(dirs[0].find(b"cache.toml").expect("is there").links(), Links::Follow);
    assert_eq!(seal.name_count(), 4);
}

#[test]
fn any_flipped_byte_and_any_cut_make_it_no_seal() {
    let bytes = sample();
    for at in 0..bytes.len() {
        for bit in [0x01, 0x40, 0xFF] {
            let mut flipped = bytes.clone();
            flipped[at] ^= bit;
            assert!(Seal::open(&flipped).is_err(), "byte {at}");
        }
        assert!(Seal::open(&bytes[..at]).is_err(), "cut at {at}");
    }
    let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    assert!(Seal::open(&longer).is_err());
}

#[test]
fn the_reason_is_said() {
    let bytes = sample();
    assert_eq!(Seal::open(b"JANSEAL").err(), Some(SealError::TooShort { needed_bytes: 56, found_bytes: 7 }));
    assert_eq!(Seal::open(&[0; 100]).err(), Some(SealError::Magic));
    let mut other = bytes.clone();
    other[8] = 9;
    assert_eq!(Seal::open(&other).err(), Some(SealError::Version { found: 9, supported: 1 }));
    let cut = Seal::open(&bytes[..bytes.len() - 1]).err();
    let (needed_bytes, found_bytes) = (bytes.len() as u64, bytes.len() as u64 - 1);
    assert_eq!(cut, Some(SealError::TooShort { needed_bytes, found_bytes }));
    let mut flipped = bytes.clone();
    flipped[100] ^= 1;
    assert!(matches!(Seal::open(&flipped), Err(SealError::Checksum { .. })));
}

/// A liar can make the checksum right.
#[test]
fn counts_and_places_that_lead_out_of_the_bytes_are_refused_without_a_panic() {
    let bytes = sample();
    let words = (16..56).step_by(4).chain((56..bytes.len() - 4).step_by(4));
    for at in words {
        for value in [u32::MAX, 0x7FFF_FFFF, 1 << 20, 5, 0] {
            let mut forged = bytes.clone();
            forged[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let crc = crate::digest::crc32(&forged[16..]);
            forged[12..16].copy_from_slice(&crc.to_le_bytes());
            let Ok(seal) = Seal::open(&forged) else { continue };
            for dir in seal.dirs() {
                let names = dir.files().filter(|file| file.name().is_some() && file.digest().is_some());
                assert!(names.count() <= seal.name_count());
            }
            assert!(seal.payloads().count() <= 2);
        }
    }
    // Counts, the first directory's path, its first file, the first name, the first payload's name and place.
    let payload = 56 + 3 * 72 + 4 * 88;
    let first = [56, 56 + 4, 56 + 8, 56 + 12, 56 + 3 * 72 + 80, payload, payload + 8, payload + 16];
    for field in [32, 36, 40, 44, 48].into_iter().chain(first) {
        let mut forged = bytes.clone();
        forged[field..field + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let crc = crate::digest::crc32(&forged[16..]);
        forged[12..16].copy_from_slice(&crc.to_le_bytes());
        assert!(matches!(Seal::open(&forged), Err(SealError::Layout { .. })), "field {field}");
    }
}

#[test]
fn the_order_of_adding_makes_no_difference() {
    let mut builder = SealBuilder::new(selection());
    builder.payload("text", b"nothing changed".to_vec()).payload("state", vec![1, 2, 3]);
    builder.absent("lib/a.jan".as_ref(), Links::Refuse);
    builder.file("/etc/cache.toml".as_ref(), Links::Follow, &seen("c"));
    builder.file("src/b.jan".as_ref(), Links::Refuse, &seen("b"));
    builder.file("src/a.jan".as_ref(), Links::Follow, &seen("a"));
    builder.scan(&scanned(&["b.jan", "a.jan"])).absent("lib/a.jan".as_ref(), Links::Refuse);
    assert_eq!(builder.finish(&later()).expect("small"), sample());
}

#[test]
fn contradictions_never_count_as_unchanged() {
    let mut builder = SealBuilder::new(selection());
    builder.scan(&scanned(&["unread.jan"]));
    builder.file("twice".as_ref(), Links::Refuse, &seen("1"));
    builder.file("twice".as_ref(), Links::Refuse, &seen("2"));
    builder.file("came".as_ref(), Links::Refuse, &seen("1")).absent("came".as_ref(), Links::Refuse);
    let moving = Seen { stability: Stability::ChangedWhileRead, ..seen("1") };
    builder.file("moving".as_ref(), Links::Refuse, &moving);
    let bytes = builder.finish(&later()).expect("small");
    let seal = Seal::open(&bytes).expect("whole");
    let names: Vec<_> = seal.dirs().flat_map(|dir| dir.files().collect::<Vec<_>>()).collect();
    assert_eq!(names.len(), 4);
    for file in names {
        assert_eq!((file.digest(), *file.tuple()), (None, StatTuple::UNKNOWN), "{:?}", file.name());
        assert!(file.is_racy());
    }
}

#[cfg(unix)]
#[test]
fn paths_that_are_not_unicode_come_back() {
    let path = path_from_bytes(b"d\xFF/n\xE9.jan").expect("a path");
    let mut builder = SealBuilder::new(selection());
    builder.file(path, Links::Refuse, &seen("x"));
    let bytes = builder.finish(&later()).expect("small");
    let seal = Seal::open(&bytes).expect("whole");
    let dir = seal.dirs().next().expect("one");
    let name = dir.files().next().and_then(|file| file.name()).expect("one");
    assert_eq!(dir.path().expect("a path").join(name), path);
}

#[test]
fn a_name_at_the_root_of_the_file_system_keeps_its_folder() {
    let mut builder = SealBuilder::new(selection());
    builder.absent("/janus.toml".as_ref(), Links::Follow).absent("janus.toml".as_ref(), Links::Follow);
    let bytes = builder.finish(&later()).expect("small");
    let seal = Seal::open(&bytes).expect("whole");
    let paths: Vec<_> = seal.dirs().map(|dir| dir.path().expect("a path")).collect();
    assert_eq!(paths, [Path::new(""), Path::new("/")]);
}

#[test]
fn a_name_that_no_system_has_is_refused() {
    let mut builder = SealBuilder::new(selection());
    builder.absent("x".repeat(70_000).as_ref(), Links::Refuse);
    let error = builder.finish(&later()).expect_err("too long");
    assert_eq!(error.to_string(), "a seal cannot hold so much: a name of more than 65535 bytes");
}
