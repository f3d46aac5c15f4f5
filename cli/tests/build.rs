//! What `janus build` promises.

mod kit;

use kit::{Project, text};

#[test]
fn a_second_build_reuses_every_table() {
    let project = Project::copy_of("arcade");
    let (first, code) = project.build(&[]);
    assert_eq!((code, first["schema_version"].as_u64()), (0, Some(1)));
    let families = first["families"].as_u64().expect("a count");
    assert!(families >= 60 && first["methods"].as_u64().expect("a count") >= 250, "{families} families");
    assert_eq!(first["tables"]["built"].as_u64(), Some(families));
    let (second, _) = project.build(&[]);
    assert_eq!(second["tables"]["built"].as_u64(), Some(0));
    assert_eq!(second["tables"]["reused"].as_u64(), Some(families));
    assert_eq!(second["metrics"]["hit_ratio"].as_f64(), Some(1.0));
    assert_eq!(second["image_written"].as_bool(), Some(false));
    assert_eq!(second["reasons"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_json_object_has_every_documented_field() {
    let project = Project::copy_of("arcade");
    let (json, _) = project.build(&[]);
    for field in [
        "schema_version",
        "files",
        "functions",
        "methods",
        "families",
        "ambiguities",
        "tables",
        "diagnostics",
        "plan",
        "reasons",
        "cache",
        "image",
        "elapsed_ms",
        "metrics",
    ] {
        assert!(!json[field].is_null(), "{field} is missing");
    }
    for field in ["dir", "bytes", "entries"] {
        assert!(!json["cache"][field].is_null(), "cache.{field} is missing");
    }
}

#[test]
fn changing_a_parameter_type_builds_one_table_and_says_why() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    project.edit("src/physics/mod.jan", "collide(a: Enemy, b: Player)", "collide(a: Actor, b: Player)");
    let (json, code) = project.build(&["--explain"]);
    assert_eq!((code, json["tables"]["built"].as_u64()), (0, Some(1)));
    let reasons = json["reasons"].as_array().expect("a list");
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0]["family"], "physics::collide");
    assert_eq!(reasons[0]["because"][0], "src/physics/mod.jan was edited");
    let changes = reasons[0]["changes"].as_array().expect("a list");
    let gone = changes.iter().find(|change| change["new"].is_null()).expect("an old method");
    assert_eq!(gone["item"], "(entities.enemy::Enemy, entities.player::Player)");
    let new = changes.iter().find(|change| change["old"].is_null()).expect("a new method");
    assert_eq!(new["item"], "(entities.entity::Actor, entities.player::Player)");

    project.edit("src/physics/mod.jan", "collide(a: Actor, b: Player)", "collide(a: Enemy, b: Player)");
    let (json, _) = project.build(&[]);
    assert_eq!(json["tables"]["built"].as_u64(), Some(0), "an edit that is taken back was answered before");
    assert_eq!(json["reasons"][0]["reason"], "answered-before");
}

#[test]
fn a_comment_or_a_body_builds_nothing_and_the_places_move() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let place = || {
        let args =
            ["dispatch", "query", "build/game.jdi", "physics::collide", "Wasp", "Wasp", "--format", "json"];
        let json: serde_json::Value = serde_json::from_slice(&project.run(&args).stdout).expect("JSON");
        json["method"]["place"].as_str().expect("a place").to_owned()
    };
    assert_eq!(place(), "src/physics/mod.jan:24:10");
    project.edit("src/physics/mod.jan", "amount: 1", "amount: 2");
    assert_eq!(project.counts().0, 0);
    project.edit("src/physics/mod.jan", "module", "// a comment\nmodule");
    assert_eq!(project.counts().0, 0);
    assert_eq!(place(), "src/physics/mod.jan:25:10");
}

#[test]
fn a_plan_writes_nothing() {
    let project = Project::copy_of("arcade");
    let (json, code) = project.build(&["--plan"]);
    assert_eq!((code, json["image"].is_null()), (0, true));
    assert!(json["tables"]["built"].as_u64().expect("a count") > 60);
    assert!(!project.cache().exists() && !project.image().exists());
}

#[test]
fn a_deleted_or_edited_image_is_restored() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let whole = std::fs::read(project.image()).expect("an image");
    std::fs::remove_file(project.image()).expect("there");
    assert_eq!(project.counts().0, 0);
    assert_eq!(std::fs::read(project.image()).expect("restored"), whole);
    std::fs::write(project.image(), b"edited").expect("writable");
    assert_eq!(project.counts().0, 0);
    assert_eq!(std::fs::read(project.image()).expect("restored"), whole);
}

#[test]
fn errors_keep_the_image_back_unless_told_to_keep_going() {
    let project = Project::copy_of("ambiguous");
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["ambiguities"].as_u64(), json["image"].is_null()), (1, Some(2), true));
    let errors: Vec<String> = json["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["severity"] == "error")
        .map(|one| format!("{}:{}", one["file"].as_str().expect("a file"), one["line"]))
        .collect();
    assert_eq!(errors, ["src/sector.jan:13", "src/trade.jan:15"]);
    assert!(!project.image().exists());
    let (_, code) = project.build(&["--keep-going"]);
    assert_eq!((code, project.image().exists()), (1, true));
}

#[test]
fn an_ambiguity_is_a_warning_until_it_is_denied() {
    let project = Project::empty();
    let source = "module m;\ntype A = B | C\ntype D = B | E\nfunc f(x: A) { 1 }\nfunc f(x: D) { 2 }\n";
    project.write("m.jan", source);
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["ambiguities"].as_u64()), (0, Some(1)));
    let (json, code) = project.build(&["--deny", "ambiguity"]);
    assert_eq!((code, json["diagnostics"][0]["severity"].as_str()), (1, Some("error")));
    let human = project.run(&["build"]);
    assert!(text(&human.stderr).contains("f(m::B) is ambiguous: 2 methods apply"), "{}", text(&human.stderr));
}

#[test]
fn two_builds_at_once_both_succeed_and_agree() {
    let project = Project::copy_of("arcade");
    let start = || project.command(&["build"]).stdout(std::process::Stdio::null()).spawn().expect("runs");
    let mut running = [start(), start(), start()];
    for build in &mut running {
        assert!(build.wait().expect("ends").success());
    }
    assert_eq!(project.counts().0, 0);
    assert_eq!(project.run(&["cache", "validate"]).status.code(), Some(0));
}

#[test]
fn a_build_that_is_killed_leaves_a_usable_cache() {
    let project = Project::copy_of("arcade");
    for delay_ms in [1, 3, 5, 8, 12, 20] {
        let mut build =
            project.command(&["build"]).stdout(std::process::Stdio::null()).spawn().expect("runs");
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        build.kill().expect("killed");
        build.wait().expect("ends");
    }
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["diagnostics"].as_array().map(Vec::len)), (0, Some(0)));
    assert_eq!(project.counts().0, 0);
    assert_eq!(project.run(&["cache", "validate"]).status.code(), Some(0));
}
