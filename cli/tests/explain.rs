//! "Why was this built?" has an answer: for the build that runs, for one that is past, for one on another
//! machine, and for an entry that was wrong.

mod kit;

use std::path::{Path, PathBuf};

use janus_cache::codec::Codec;
use janus_cache::store::{EntryKey, EntryKind, EntryMeta, Lookup, NewEntry, Store, StoreOptions};
use kit::{Project, copy, text};
use serde_json::Value;

const SHAPES: &str = "module shape;\ntrait Round {}\ntype Shape = Circle | Square\nfunc area(s: Shape) { 1 }\n\
                      func area(r: Round) { 2 }\nfunc name(s: Square) { 3 }\n";
const MAIN: &str = "module main;\nimport shape.{Shape}\nfunc main(s: Shape) { 1 }\n";

/// A project with two families that is built.
fn shapes() -> Project {
    let project = Project::empty();
    project.write("src/shape.jan", SHAPES);
    project.write("src/main.jan", MAIN);
    assert_eq!(project.build(&[]).1, 0);
    project
}

fn make_circle_round(project: &Project) {
    project.edit("src/shape.jan", "func area(s", "impl Round for Circle {}\nfunc area(s");
}

fn said(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn explained(project: &Project, args: &[&str]) -> Value {
    let args = [&["cache", "explain", "--format", "json"], args].concat();
    serde_json::from_str(&said(project, &args)).expect("JSON")
}

#[test]
fn a_gained_supertype_is_named_with_the_family_whose_parameter_it_is() {
    let project = shapes();
    make_circle_round(&project);
    let told = said(&project, &["build", "--explain"]);
    let expected = "build shape::area/1 because src/shape.jan was edited: type shape::Circle gained the supertype \
                    shape::Round, a parameter of shape::area/1\n";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.contains("src/shape.jan: 1 table rebuilt\n2 tables reused\n"), "{told}");
}

#[test]
fn why_a_table_was_built_stays_known_however_often_it_is_reused() {
    let project = shapes();
    make_circle_round(&project);
    project.build(&[]);
    project.write("src/other.jan", "module other;\nfunc other(x: int) { 1 }\n");
    project.build(&[]);
    project.build(&["--explain"]);
    let area = explained(&project, &["area"]);
    assert_eq!(area["family"]["built"]["reason"], "question-changed");
    assert_eq!(area["family"]["built"]["files"][0], "src/shape.jan");
    let change = &area["family"]["built"]["changes"][0];
    assert_eq!(
        (&change["item"], &change["old"]),
        (&"shape::Circle".into(), &"open, under shape::Shape".into())
    );
    assert_eq!(area["family"]["reused"], Value::Null);
    assert_eq!(explained(&project, &["name/1"])["family"]["built"]["reason"], "first-build");
    assert_eq!(explained(&project, &["other"])["family"]["built"]["reason"], "new-family");
}

#[test]
fn an_edit_that_is_taken_back_is_told_beside_the_build_that_made_the_table() {
    let project = shapes();
    make_circle_round(&project);
    project.build(&[]);
    project.write("src/shape.jan", SHAPES);
    project.build(&[]);
    let family = explained(&project, &["area"])["family"].clone();
    assert_eq!(family["reused"]["reason"], "answered-before");
    assert_eq!((&family["reused"]["key"], &family["missing"]), (&family["key"], &Value::Null));
    assert_ne!(family["built"]["key"], family["key"]);
}

#[test]
fn a_file_tells_its_importers_and_the_families_that_ask_about_it() {
    let project = shapes();
    let file = explained(&project, &["src/shape.jan"])["file"].clone();
    assert_eq!(file["imported_by"][0], "src/main.jan");
    let families = file["families"].as_array().expect("a list");
    let names: Vec<&str> = families.iter().filter_map(|family| family["family"].as_str()).collect();
    assert_eq!(names, ["main::main", "shape::area", "shape::name"]);
    assert_eq!(families[0]["types"][0], "shape::Circle");
    let importer = explained(&project, &["./src/main.jan"])["file"].clone();
    assert_eq!(importer["imports"][0]["resolved"], "src/shape.jan");
}

/// The families of the last build whose question is another one in this build.
fn asked_anew(project: &Project) -> Vec<String> {
    let (json, _) = project.build(&[]);
    let reasons = json["reasons"].as_array().expect("a list").iter();
    let known = reasons.filter(|reason| reason["reason"] != "new-family");
    known.map(|reason| reason["family"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn what_an_edit_asks_anew_was_foreseen() {
    let edits = [
        ("src/geometry/shape.jan", "area(c: Circle)", "area(c: Capsule)"),
        ("src/geometry/shape.jan", "type sealed Shape", "type open Shape"),
        ("src/physics/mod.jan", "collide(a: Enemy, b: Player)", "collide(a: Actor, b: Player)"),
        ("src/entities/enemy.jan", "impl Audible for Wasp", "impl Audible for Brute"),
        ("src/entities/enemy.jan", "Drone | Wasp", "Drone"),
    ];
    for (path, from, to) in edits {
        let project = Project::copy_of("arcade");
        project.build(&[]);
        let reach = explained(&project, &["--if-changed", path])["if_changed"].clone();
        let direct = reach["families"].as_array().expect("a list").iter();
        let mut foreseen: Vec<String> =
            direct.map(|family| family["family"].as_str().expect("a name").to_owned()).collect();
        let through = reach["through_imports"].as_array().expect("a list").iter();
        foreseen.extend(through.filter_map(|id| Some(id.as_str()?.split_once('/')?.0.to_owned())));
        project.edit(path, from, to);
        let asked = asked_anew(&project);
        assert!(!asked.is_empty(), "{path}: the edit `{to}` changes no question");
        for family in asked {
            assert!(foreseen.contains(&family), "{path}: {family} was not foreseen");
        }
    }
}

#[test]
fn a_family_is_told_whether_a_file_can_reach_it_and_by_what() {
    let project = shapes();
    project.write("src/alone.jan", "module alone;\nfunc alone(x: int) { 1 }\n");
    project.build(&[]);
    let reach = |family: &str, file: &str| {
        explained(&project, &[family, "--if-changed", file])["if_changed"]["reached"].clone()
    };
    assert_eq!(reach("main", "src/shape.jan"), "directly");
    assert_eq!(reach("alone", "src/shape.jan"), "no");
    assert_eq!(reach("area", "src/main.jan"), "no");
}

#[test]
fn a_target_that_nothing_has_and_a_project_that_was_not_built_are_usage_errors() {
    let project = shapes();
    let (code, told) = project.said(&["cache", "explain", "nothing"]);
    assert_eq!(code, 2);
    assert!(told.contains("is named \"nothing\""), "{told}");
    let fresh = Project::small();
    assert_eq!(fresh.said(&["cache", "explain", "f"]).0, 2);
}

#[test]
fn two_builds_are_compared_by_number_and_an_unchanged_one_has_none() {
    let project = shapes();
    project.build(&[]);
    make_circle_round(&project);
    project.build(&[]);
    project.write("src/new.jan", "module new;\nfunc new(x: int) { 1 }\n");
    project.build(&[]);
    let last = said(&project, &["cache", "diff"]);
    assert!(last.contains("before    build 2 of"), "{last}");
    assert!(
        last.contains("added     src/new.jan\nadded     new::new/1\nsame      2 files, 3 families\n"),
        "{last}"
    );
    let first = said(&project, &["cache", "diff", "1", "-1"]);
    let change = "changed   shape::area/1\n          type shape::Circle gained the supertype shape::Round";
    assert!(first.contains(change), "{first}");
    assert_eq!(project.said(&["cache", "diff", "last", "last", "--exit-code"]).0, 0);
    assert_eq!(project.said(&["cache", "diff", "--exit-code"]).0, 1);
    let (code, told) = project.said(&["cache", "diff", "4"]);
    assert_eq!((code, told.contains("known are 1 to 3")), (2, true), "{told}");
}

#[test]
fn a_damaged_state_or_manifest_is_found_and_removed_by_a_repair_and_fails_nothing() {
    let project = shapes();
    let state = project.cache().join("v1/state");
    let manifest = only_file(&state.join("sessions"));
    for path in [manifest, file_ending(&state, ".state")] {
        let mut bytes = std::fs::read(&path).expect("readable");
        *bytes.last_mut().expect("bytes") ^= 1;
        std::fs::write(&path, bytes).expect("writable");
        assert_eq!(project.said(&["cache", "validate"]).0, 3);
        assert_eq!(project.said(&["cache", "validate", "--repair"]).0, 0);
        assert!(!path.exists(), "{}", path.display());
    }
    assert_eq!(project.build(&["--explain"]).1, 0);
}

fn file_ending(folder: &Path, end: &str) -> PathBuf {
    let files = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    files.into_iter().find(|path| path.to_string_lossy().ends_with(end)).expect("a file")
}

fn only_file(folder: &Path) -> PathBuf {
    file_ending(folder, "")
}

#[test]
fn a_miss_against_a_cache_of_another_machine_is_compared_with_the_nearest_question() {
    let built = shapes();
    let elsewhere = Project::empty();
    elsewhere.write("src/shape.jan", SHAPES);
    elsewhere.write("src/main.jan", MAIN);
    make_circle_round(&elsewhere);
    copy(&built.cache(), &elsewhere.cache());
    let told = said(&elsewhere, &["build", "--plan"]);
    let expected = "build shape::area/1: this project was not built here before; the cache has an answer to a \
                    question that differs in 1 input\n  type shape::Circle gained the supertype shape::Round, a \
                    parameter of shape::area/1\n";
    assert!(told.contains(expected), "{told}");
    let (code, told) = elsewhere.said(&["cache", "explain", "area"]);
    assert_eq!(code, 2);
    assert!(told.contains("answers to 1 question about shape::area/1 that were asked elsewhere"), "{told}");
}

fn area_key(project: &Project) -> EntryKey {
    let key = explained(project, &["area"])["family"]["key"].as_str().expect("a key").to_owned();
    let byte = |at: usize| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).expect("hexadecimal");
    EntryKey::from_bytes(std::array::from_fn(byte))
}

fn content(project: &Project, key: &EntryKey) -> Vec<u8> {
    let store = Store::open(StoreOptions::new(project.cache())).expect("a store");
    let Lookup::Hit(entry) = store.get(key) else { panic!("{key} is there") };
    entry.content().to_vec()
}

#[test]
fn a_wrong_entry_with_right_checksums_is_named_set_aside_and_given_to_nobody() {
    // The same question answered in another way: a sound table, and not the one that building gives.
    let other = shapes();
    other.build(&["--optimizer", "dag"]);
    let wrong = content(&other, &area_key(&other));
    let project = shapes();
    let (key, image) = (area_key(&project), std::fs::read(project.image()).expect("readable"));
    let right = content(&project, &key);
    assert_ne!(wrong, right);
    poison(&project, key, &wrong);

    let mut command = project.command(&["build"]);
    // Another call than before, so that nothing is proved unchanged.
    command.env("JANUS_CACHE_VERIFY", "always");
    let output = Project::finish(command);
    let warning = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{warning}");
    assert!(warning.contains("shape::area/1: the cached table differs from a fresh one in"), "{warning}");
    assert_eq!(std::fs::read(project.image()).expect("readable"), image);
    let kept = only_file(&project.cache().join("v1/quarantine"));
    assert!(warning.contains(&kept.file_name().expect("a name").to_string_lossy().into_owned()), "{warning}");
    assert_eq!(std::fs::read(kept).expect("readable"), wrong);

    let mut again = project.command(&["build", "--explain"]);
    again.env("JANUS_CACHE_VERIFY", "off");
    assert_eq!(Project::finish(again).status.code(), Some(0));
    assert_eq!(content(&project, &key), right);
    assert_eq!(project.said(&["cache", "validate"]).0, 0);
}

fn poison(project: &Project, key: EntryKey, bytes: &[u8]) {
    let store = Store::open(StoreOptions::new(project.cache())).expect("a store");
    let meta = EntryMeta {
        kind: EntryKind::DispatchTable,
        codec: Codec::None,
        created_unix_s: 1,
        rebuild_cost_ns: 1,
        project: "game".to_owned(),
        producer: String::new(),
        language: "janus".to_owned(),
    };
    let session = store.session().expect("a session");
    session.put(&NewEntry { key, meta: &meta, content: bytes, trace: b"" }).expect("put");
    session.commit().expect("committed");
}
