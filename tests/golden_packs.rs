//! The golden packs of `format-spec/pack-vectors`: every later version reads them and gives the same answers.
//!
//! A pack's identity is drawn anew for each, so these are not written again byte for byte.
//! `BLESS_VECTORS=1 cargo test --test golden_packs` adds the files that are missing; it never changes
//! one that is there.

mod store_kit;

use std::path::{Path, PathBuf};

use janus_cache::codec::Codec;
use janus_cache::digest::{ContentDigest, crc32};
use janus_cache::store::{
    Effort, EntryKind, EntryMeta, GcOptions, Lookup, MissReason, NewEntry, Problem, Store, inspect_pack,
};
use serde_json::{Value, json};
use store_kit::*;

/// Enough that a dictionary pays.
const TABLES: u32 = 60;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/pack-vectors")
}

fn golden(file: &str, fresh: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let path = folder().join(file);
    if !path.exists() && std::env::var_os("BLESS_VECTORS").is_some_and(|value| value == "1") {
        std::fs::write(&path, fresh()).expect("the folder of vectors is writable");
    }
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{file}: {error}; BLESS_VECTORS=1 adds vectors that are missing"))
}

/// A content of a theme, as tables of one module have it in common.
fn themed(number: u32) -> Vec<u8> {
    let line = |at: u32| format!("geo::Type{} is under geo::Shape{};", at * 7 % 90, at * 13 % 11);
    (number..number + 9).map(line).collect::<Vec<_>>().concat().into_bytes()
}

/// The only pack of a cache that `fill` has filled.
fn pack_of(fill: impl FnOnce(&Store)) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    fill(&store);
    std::fs::read(only_file(dir.path(), "packs")).expect("read")
}

/// Every kind, as it is, in LZ4 and in Zstandard.
fn plain() -> Vec<u8> {
    pack_of(|store| {
        let session = store.session().expect("a session");
        let codecs = [Codec::None, Codec::Lz4, Codec::Zstd];
        for (number, codec) in (0..6).zip(codecs.into_iter().cycle()) {
            let (meta, content) = (EntryMeta { codec, ..meta(number) }, themed(number));
            let entry =
                NewEntry { key: key(number), meta: &meta, content: &content, trace: b"rule symmetric\n" };
            session.put(&entry).expect("put");
        }
        session.commit().expect("committed");
    })
}

/// Tables with a dictionary, and one of another kind without.
fn dictionary() -> Vec<u8> {
    pack_of(|store| {
        let session = store.session().expect("a session");
        for number in 0..=TABLES {
            let kind = if number == TABLES { EntryKind::FileIr } else { EntryKind::DispatchTable };
            let (meta, content) = (EntryMeta { kind, codec: Codec::None, ..meta(number) }, themed(number));
            let entry =
                NewEntry { key: key(number), meta: &meta, content: &content, trace: b"rule symmetric\n" };
            session.put(&entry).expect("put");
        }
        session.commit().expect("committed");
        let options =
            GcOptions { effort: Effort::Rewrite, compress_unused_s: Some(0), ..GcOptions::default() };
        assert!(store.gc(&options).expect("optimized").dictionary_bytes > 0, "it does not pay");
    })
}

/// Four keys with two contents.
fn shared() -> Vec<u8> {
    pack_of(|store| {
        let session = store.session().expect("a session");
        for number in 0..4 {
            let codec = if number == 3 { Codec::Lz4 } else { Codec::None };
            let (meta, content) = (EntryMeta { codec, ..meta(number) }, themed(number % 2));
            let entry =
                NewEntry { key: key(number), meta: &meta, content: &content, trace: b"rule symmetric\n" };
            session.put(&entry).expect("put");
        }
        session.commit().expect("committed");
    })
}

/// The plain one under version 3, with right checksums.
fn newer() -> Vec<u8> {
    let mut pack = golden("plain.pack", plain);
    let footer = pack.len() - 128;
    for (version_at, from, crc_at) in [(8, 0, 60), (footer + 60, footer, footer + 116)] {
        pack[version_at] = 3;
        let crc = crc32(&pack[from..crc_at]).to_le_bytes();
        pack[crc_at..crc_at + 4].copy_from_slice(&crc);
    }
    pack
}

/// A cache that has the pack under the name that it must have.
fn cache_with(pack: &[u8]) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    drop(open(dir.path()));
    let half = |at: usize| u64::from_be_bytes(pack[at..at + 8].try_into().expect("8 bytes"));
    let name = format!("{:016x}-{:016x}.pack", half(16), half(24));
    let packs = dir.path().join("v1/packs");
    std::fs::create_dir_all(&packs).expect("made");
    std::fs::write(packs.join(name), pack).expect("written");
    let store = open(dir.path());
    (dir, store)
}

/// What a pack answers, in the order of its entries.
fn answers(pack: &[u8]) -> Value {
    let (_dir, store) = cache_with(pack);
    assert_eq!(store.validate(false).expect("validated").findings, []);
    let mut keys = Vec::new();
    store.visit(&mut |entry| keys.push(entry.key)).expect("visited");
    let row = |key| {
        let Lookup::Hit(entry) = store.get(key) else { panic!("{key} is a miss") };
        json!({
            "key": key.to_string(),
            "kind": entry.kind().name(),
            "codec": entry.codec().as_str(),
            "bytes": entry.content().len(),
            "blake3": ContentDigest::of(entry.content()).to_string(),
            "trace": String::from_utf8(entry.trace().expect("readable")).expect("text"),
        })
    };
    keys.iter().map(row).collect()
}

fn check(file: &str, fresh: fn() -> Vec<u8>, version: u8, codecs: &[&str]) {
    let pack = golden(&format!("{file}.pack"), fresh);
    assert_eq!(pack[8], version);
    let found = answers(&pack);
    let text = || (serde_json::to_string_pretty(&found).expect("json") + "\n").into_bytes();
    let frozen: Value =
        serde_json::from_slice(&golden(&format!("{file}.pack.answers.json"), text)).expect("json");
    assert_eq!(found, frozen);
    let rows = frozen.as_array().expect("a list");
    for codec in codecs {
        assert!(rows.iter().any(|row| row["codec"] == *codec), "no entry in {codec}");
    }
    let inspection = inspect_pack(&pack, None, &|_, content| Some(ContentDigest::of(content).to_string()));
    assert_eq!(inspection.problems, []);
    let digests: Vec<_> = inspection.entries.iter().map(|entry| entry.content.clone()).collect();
    assert_eq!(digests, rows.iter().map(|row| row["blake3"].as_str().map(str::to_owned)).collect::<Vec<_>>());
}

#[test]
fn a_pack_of_version_1_answers_for_ever() {
    check("plain", plain, 1, &["none", "lz4", "zstd"]);
}

#[test]
fn a_pack_of_version_2_answers_for_ever() {
    check("dictionary", dictionary, 2, &["zstd+dictionary", "zstd"]);
}

#[test]
fn entries_that_share_a_content_answer_for_ever() {
    check("shared", shared, 2, &["none", "lz4"]);
    // Twice nine, and once in the fourth, which has the second's content in another codec.
    assert_eq!(golden("shared.pack", shared).windows(9).filter(|window| *window == b"geo::Type").count(), 19);
}

#[test]
fn a_pack_of_version_3_is_refused_by_its_name() {
    let pack = golden("newer.pack", newer);
    let text = || b"{\n  \"refused\": \"version\"\n}\n".to_vec();
    let stated: Value = serde_json::from_slice(&golden("newer.pack.refused.json", text)).expect("json");
    assert_eq!(stated, json!({"refused": "version"}));
    let (_dir, store) = cache_with(&pack);
    let found = get(&store, 0);
    assert!(matches!(found, Err(MissReason::WrongVersion { found: 3, supported: 2, .. })), "{found:?}");
    let findings = store.validate(false).expect("validated").findings;
    assert!(
        findings.iter().any(|finding| finding.problem == Problem::WrongVersion { found: 3 }),
        "{findings:?}"
    );
}
