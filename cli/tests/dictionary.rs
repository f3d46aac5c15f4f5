//! A cache that was optimized says in every command that its tables need the dictionary of their pack.

mod kit;

use janus_cache::clock::Clock;
use janus_cache::codec::Codec;
use janus_cache::digest::ContentDigest;
use janus_cache::store::{EntryKey, EntryKind, EntryMeta, NewEntry, Store, StoreOptions};
use kit::{Project, text};
use serde_json::Value;

/// A cache whose 300 tables, which have much in common, nobody used for years.
fn with_old_tables() -> Project {
    let project = Project::empty();
    let made_unix_s = 1_600_000_000;
    let clock = Clock::Fixed { unix_ns: made_unix_s * 1_000_000_000 };
    let store = Store::open(StoreOptions { clock, ..StoreOptions::new(project.cache()) }).expect("opened");
    let session = store.session().expect("a session");
    for number in 0..300_u32 {
        let line = |at: u32| format!("geo::Type{} is under geo::Shape{};", at * 7 % 90, at * 13 % 11);
        let content = (number..number + 9).map(line).collect::<Vec<_>>().concat();
        let meta = EntryMeta {
            kind: EntryKind::DispatchTable,
            codec: Codec::None,
            created_unix_s: made_unix_s,
            rebuild_cost_ns: 1000,
            project: "game".to_owned(),
            producer: String::new(),
            language: "janus".to_owned(),
        };
        let key = EntryKey::from_bytes(*ContentDigest::of(&number.to_le_bytes()).as_bytes());
        session.put(&NewEntry { key, meta: &meta, content: content.as_bytes(), trace: b"" }).expect("put");
    }
    session.commit().expect("committed");
    project
}

fn json(project: &Project, args: &[&str]) -> Value {
    let output = project.run(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)))
}

/// The exit code and what was printed.
fn printed(project: &Project, args: &[&str]) -> (Option<i32>, String) {
    let output = project.run(args);
    (output.status.code(), text(&output.stdout))
}

/// The flag that keeps what is old.
const KEEP: [&str; 2] = ["--cache-max-age", "36500d"];

#[test]
fn optimize_tells_of_the_dictionary_and_everything_names_it() {
    let project = with_old_tables();
    let (code, said) = printed(&project, &[&["cache", "optimize"], &KEEP[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("compressed tables with a dictionary of "), "{said}");
    let list = json(&project, &["cache", "list"]);
    let entries = list["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 300);
    assert!(entries.iter().all(|entry| entry["codec"] == "zstd+dictionary"), "{list}");
    let key = entries[0]["key"].as_str().expect("a key");
    let (_, said) = printed(&project, &["cache", "inspect", key]);
    assert!(said.contains("stored (zstd+dictionary)"), "{said}");
    let pack = std::fs::read_dir(project.cache().join("v1/packs")).expect("there").next().expect("a pack");
    let pack = pack.expect("readable").path().display().to_string();
    let (code, said) = printed(&project, &["dispatch", "inspect", &pack]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stored as zstd+dictionary") && said.contains("dictionary_bytes"), "{said}");
    let dump = json(&project, &["dispatch", "inspect", &pack]);
    assert_eq!(dump["entries"][0]["codec"], "zstd+dictionary");
    let (code, said) = printed(&project, &["cache", "validate"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_report_counts_the_bytes_of_the_dictionary_once() {
    let project = with_old_tables();
    let first = json(&project, &[&["cache", "optimize"], &KEEP[..]].concat());
    assert!(first["dictionary_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{first}");
    let again = json(&project, &[&["cache", "optimize"], &KEEP[..]].concat());
    assert_eq!(again["dictionary_bytes"], 0, "it is kept, not trained anew");
    assert_eq!(again["after"]["bytes"], first["after"]["bytes"]);
}
