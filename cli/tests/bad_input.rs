//! Bad sources, bad caches, bad words: a clear message or an honest result.

mod kit;

use kit::{Project, text};

#[test]
fn what_cannot_be_read_is_named() {
    let project = Project::empty();
    let missing = project.run(&["build", "nowhere"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("nowhere"), "{}", text(&missing.stderr));
    let nothing = project.run(&["build"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("no *.jan file"), "{}", text(&nothing.stderr));
}

#[test]
fn odd_sources_are_diagnosed_and_the_others_are_built() {
    let project = Project::empty();
    project.write("good.jan", "module good;\nfunc f(x: int) { x }\n");
    project.write("latin.jan", b"module latin;\nfunc g(x: int) { \"\xe9\" }\n");
    project.write("nul.jan", b"module nul;\n\0\nfunc h(x: int) { x }\n");
    project.write(
        "deep.jan",
        format!("module deep;\nfunc d(x: int) {}{}\n", "{".repeat(10_000), "}".repeat(10_000)),
    );
    project.write("own.jan", "module own;\nimport own;\nfunc o(x: int) { x }\n");
    let (json, code) = project.build(&[]);
    assert_eq!(code, 1);
    let places: Vec<String> = json["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| format!("{}:{}", one["file"].as_str().expect("a file"), one["line"]))
        .collect();
    assert!(places.contains(&"latin.jan:2".to_owned()), "{places:?}");
    assert!(places.contains(&"nul.jan:2".to_owned()), "{places:?}");
    assert!(!places.iter().any(|place| place.starts_with("good") || place.starts_with("own")), "{places:?}");
    assert!(json["families"].as_u64().expect("a count") >= 4, "{}", json["families"]);
}

#[test]
fn a_cache_that_cannot_be_used_is_a_warning() {
    let project = Project::copy_of("arcade");
    project.write(".janus_cache", "a file in the way");
    let build = project.run(&["build"]);
    assert_eq!(build.status.code(), Some(0));
    assert!(text(&build.stderr).contains("is not a cache directory"), "{}", text(&build.stderr));
    assert!(project.image().exists());
    assert_eq!(std::fs::read(project.cache()).expect("there"), b"a file in the way");
}

#[test]
fn a_cache_that_is_switched_off_leaves_no_trace() {
    let project = Project::copy_of("arcade");
    let build = project.command(&["build"]).env("JANUS_CACHE_DISABLE", "1").output().expect("runs");
    assert_eq!((build.status.code(), project.cache().exists()), (Some(0), false));
}

#[test]
fn wrong_settings_are_wrong_usage() {
    let project = Project::copy_of("arcade");
    let build = project.command(&["build"]).env("JANUS_CACHE_SIZE", "huge").output().expect("runs");
    assert_eq!(build.status.code(), Some(2));
    assert!(text(&build.stderr).contains("JANUS_CACHE_SIZE expects"), "{}", text(&build.stderr));
}

#[test]
fn damage_is_found_repaired_and_never_built_from() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let image = std::fs::read(project.image()).expect("an image");
    let pack = std::fs::read_dir(project.cache().join("v1/packs"))
        .expect("packs")
        .map(|entry| entry.expect("readable").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "pack"))
        .expect("a pack");
    let mut bytes = std::fs::read(&pack).expect("readable");
    let middle = bytes.len() / 4;
    bytes[middle] ^= 0x10;
    std::fs::write(&pack, bytes).expect("writable");
    assert_eq!(project.run(&["cache", "validate"]).status.code(), Some(3));
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["diagnostics"].as_array().map(Vec::len)), (0, Some(0)));
    assert_eq!(std::fs::read(project.image()).expect("an image"), image);
    assert_eq!(project.run(&["cache", "validate", "--repair"]).status.code(), Some(0));
    assert_eq!(project.run(&["cache", "validate"]).status.code(), Some(0));
    project.build(&[]);
    assert_eq!(project.counts().0, 0);
}

#[test]
fn clearing_asks_first_and_keeps_its_hands_off_other_folders() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let entries = || {
        let json: serde_json::Value =
            serde_json::from_slice(&project.run(&["cache", "stats", "--format", "json"]).stdout)
                .expect("JSON");
        json["entries"].as_u64().expect("a count")
    };
    let before = entries();
    assert!(before > 60);
    assert_eq!(project.run(&["cache", "clear"]).status.code(), Some(2));
    let dry = project.run(&["cache", "clear", "--dry-run"]);
    assert!(text(&dry.stdout).starts_with("would remove"), "{}", text(&dry.stdout));
    assert_eq!(entries(), before);
    assert_eq!(project.run(&["cache", "clear", "--yes"]).status.code(), Some(0));
    assert_eq!(entries(), 0);
    assert!(project.cache().join("CACHEDIR.TAG").exists());
    let other = project.run(&["cache", "clear", "--yes", "--cache-dir", "src"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(project.root().join("src/main.jan").exists());
}

#[test]
fn an_image_that_is_none_and_names_that_mean_nothing_are_told() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let query = |args: &[&str]| {
        let output = project.run(&[&["dispatch", "query"], args].concat());
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = query(&["src/main.jan", "f"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("is no sound image"), "{said}");
    let (code, said) = query(&["build/game.jdi", "no_such_function", "any"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no family no_such_function/1"), "{said}");
    let (code, said) = query(&["build/game.jdi", "physics::collide", "Wasp", "NoSuchType"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no type NoSuchType"), "{said}");
}
