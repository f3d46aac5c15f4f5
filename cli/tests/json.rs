//! The JSON that commands print has exactly the fields, of exactly the types, that docs/cli.md names.

mod kit;

use std::collections::BTreeMap;

use kit::Project;
use serde_json::Value;

const DOCS: &str = include_str!("../../docs/cli.md");
/// Objects whose keys are data.
const BY_NAME: [&str; 6] = ["by_kind", "by_project", "by_language", "misses", "optimizations", "reasons"];

/// The part of docs/cli.md under the heading of a command.
fn section(command: &str) -> &'static str {
    let heading = format!("\n## `janus {command}`\n");
    let (_, rest) = DOCS.split_once(&heading).unwrap_or_else(|| panic!("no section on {command}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// Documented fields and their types.
fn documented(command: &str) -> BTreeMap<String, String> {
    let rows = section(command).lines().filter_map(|line| line.strip_prefix("| `"));
    let fields = rows.filter_map(|row| row.split_once("` | "));
    let fields = fields.filter(|(name, _)| !name.starts_with('-'));
    let fields: BTreeMap<String, String> = fields
        .filter_map(|(name, rest)| Some((name.to_owned(), rest.split_once(" |")?.0.to_owned())))
        .collect();
    assert!(fields.contains_key("schema_version"), "{command} has no table of fields");
    fields
}

/// The fields of an object, each with the types that were seen.
fn collect(value: &Value, path: &str, seen: &mut BTreeMap<String, Vec<String>>) {
    let mut note = |kind: &str| seen.entry(path.to_owned()).or_default().push(kind.to_owned());
    match value {
        Value::Null => note("null"),
        Value::Bool(_) => note("boolean"),
        Value::Number(number) if number.is_f64() => note("number"),
        Value::Number(_) => note("integer"),
        Value::String(_) => note("string"),
        Value::Array(items) if items.is_empty() => note("list"),
        Value::Array(items) if items.iter().all(Value::is_string) => note("list of strings"),
        Value::Array(items) if items.iter().all(Value::is_u64) => note("list of integers"),
        Value::Array(items) => {
            note("list of objects");
            for item in items {
                collect(item, &format!("{path}[]"), seen);
            }
        }
        Value::Object(fields) => {
            note("object");
            let is_by_name = path.rsplit('.').next().is_some_and(|last| BY_NAME.contains(&last));
            for (name, value) in fields {
                let name = if is_by_name { "NAME" } else { name };
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                collect(value, &path, seen);
            }
        }
    }
}

fn allows(documented: &str, kind: &str) -> bool {
    let is_list = kind == "list" && documented.starts_with("list of ");
    is_list || documented.split(" or ").any(|one| one == kind)
}

/// Fails unless every field that was seen is documented with its type.
fn check_known(command: &str, outputs: &[Value]) -> BTreeMap<String, Vec<String>> {
    let documented = documented(command);
    let mut seen = BTreeMap::new();
    for output in outputs {
        collect(output, "", &mut seen);
    }
    for (path, kinds) in &seen {
        if path.is_empty() || path.ends_with("[]") {
            continue;
        }
        let Some(expected) = documented.get(path) else {
            panic!("docs/cli.md, janus {command}: `{path}` is missing")
        };
        for kind in kinds {
            assert!(allows(expected, kind), "janus {command}: `{path}` is {kind}, documented as {expected}");
        }
    }
    seen
}

/// Fails unless the fields that were seen are those that are documented.
fn check(command: &str, outputs: &[Value]) {
    let seen = check_known(command, outputs);
    for path in documented(command).keys() {
        assert!(seen.contains_key(path), "janus {command} printed no `{path}`, which docs/cli.md names");
    }
}

fn json(project: &Project, args: &[&str]) -> Value {
    let output = project.run(&[args, &["--format", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {said}"))
}

#[test]
fn a_build_prints_what_is_documented() {
    let arcade = Project::copy_of("arcade");
    let mut outputs = vec![arcade.build(&["--plan"]).0, arcade.build(&[]).0];
    arcade.edit("src/physics/mod.jan", "collide(a: Enemy, b: Player)", "collide(a: Actor, b: Player)");
    outputs.push(arcade.build(&[]).0);
    outputs.push(Project::copy_of("ambiguous").build(&[]).0);
    let small = Project::small();
    small.build(&[]);
    small.write("a.jan", "module a;\nfunc other(x: int) { 1 }\n");
    outputs.push(small.build(&[]).0);
    let unlucky = Project::small();
    unlucky.write(".janus_cache", "in the way");
    outputs.push(unlucky.build(&[]).0);
    let sum = Project::empty();
    sum.write(
        "m.jan",
        "module m;\ntype sealed A = B | C\nfunc f(x: A) {}\nfunc f(x: B) {}\nfunc f(x: C) {}\n",
    );
    outputs.push(sum.build(&[]).0);
    check("build", &outputs);
}

#[test]
fn cache_commands_print_what_is_documented() {
    let project = Project::small();
    let none = |command: &str| json(&project, &["cache", command]);
    let (no_stats, no_findings, no_replay) = (none("stats"), none("validate"), none("simulate"));
    project.build(&[]);
    check_known("cache stats", &[no_stats, none("stats")]);
    project.build(&[]);
    check("cache stats", &[none("stats")]);
    check("cache simulate", &[no_replay, none("simulate")]);
    check("cache config", &[none("config")]);
    let [entry] = none("list")["entries"].as_array().expect("a list").clone().try_into().expect("one entry");
    let key = entry["key"].as_str().expect("a key").to_owned();
    check("cache list", &[none("list")]);
    check("cache size", &[none("size")]);
    check("cache dir", &[none("dir")]);
    check("cache doctor", &[none("doctor"), json(&project, &["cache", "doctor", "--cache-size", "1"])]);
    check("cache inspect", &[json(&project, &["cache", "inspect", &key[..8]])]);
    for (command, flag) in [("gc", "--cache-size"), ("optimize", "--cache-size"), ("prune", "--down-to")] {
        let output = json(&project, &["cache", command, flag, "1", "--dry-run"]);
        assert_eq!(output["removed_entries"], 1, "{command}");
        check(&format!("cache {command}"), &[output]);
    }
    check("cache clear", &[json(&project, &["cache", "clear", "--dry-run"])]);
    std::fs::write(project.cache().join("README"), "edited").expect("writable");
    let found = none("validate");
    assert_eq!(found["sound"], false);
    check("cache validate", &[no_findings, found, json(&project, &["cache", "validate", "--repair"])]);
}

#[test]
fn explaining_and_comparing_builds_print_what_is_documented() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let first = "func collide(a: Enemy, b: Player)";
    let second = "func collide(a: Actor, b: Player)";
    project.edit("src/physics/mod.jan", &first[5..], &second[5..]);
    project.build(&[]);
    let explain = |target: &[&str]| json(&project, &[&["cache", "explain"], target].concat());
    let mut told = vec![explain(&["collide"]), explain(&["src/entities/traits.jan"]), explain(&["hud"])];
    told.push(explain(&["src/physics/body.jan"]));
    told.push(explain(&["--if-changed", "src/entities/traits.jan"]));
    told.push(explain(&["collide", "--if-changed", "src/entities/traits.jan"]));
    check_known("cache diff", &[json(&project, &["cache", "diff", "1", "1"])]);
    check("cache diff", &[json(&project, &["cache", "diff"])]);
    project.edit("src/physics/mod.jan", &second[5..], &first[5..]);
    project.build(&[]);
    told.push(explain(&["collide"]));
    check("cache explain", &told);
}

#[test]
fn dispatch_commands_print_what_is_documented() {
    let project = Project::small();
    project.build(&[]);
    let image = "build/game.jdi";
    let answered = json(&project, &["dispatch", "query", image, "f", "int"]);
    let unanswered = json(&project, &["dispatch", "query", image, "f", "any"]);
    assert_eq!((&answered["outcome"], &unanswered["outcome"]), (&"method".into(), &"no-method".into()));
    check("dispatch query", &[answered, unanswered]);
    check("dispatch list", &[json(&project, &["dispatch", "list", image])]);
    check("dispatch show", &[json(&project, &["dispatch", "show", image])]);
}

#[test]
fn comparing_drawing_and_dumping_print_what_is_documented() {
    let project = Project::copy_of("ambiguous");
    let build = ["build", "--keep-going", "--optimizer", "dag", "--output"];
    project.run(&[&build[..], &["old.jdi"]].concat());
    project.edit("src/asteroids.jan", "collide(a: Body, b: Asteroid)", "collide(a: Asteroid, b: Asteroid)");
    project.run(&[&build[..], &["new.jdi"]].concat());
    let diff = json(&project, &["dispatch", "diff", "old.jdi", "new.jdi"]);
    assert_eq!(
        (&diff["differs"], &diff["families"][0]["regions"][0]["types_in"]),
        (&true.into(), &"both".into())
    );
    check_known("dispatch diff", &[diff]);
    check("dispatch matrix", &[json(&project, &["dispatch", "matrix", "old.jdi", "asteroids::collide"])]);
    let packs = std::fs::read_dir(project.cache().join("v1/packs")).expect("packs");
    let packs = packs.map(|pack| pack.expect("readable").path().display().to_string());
    let mut dumps: Vec<Value> = packs.map(|pack| json(&project, &["dispatch", "inspect", &pack])).collect();
    dumps.push(json(&project, &["dispatch", "inspect", "old.jdi"]));
    project.write("cut.jdi", &std::fs::read(project.root().join("old.jdi")).expect("readable")[..300]);
    let cut = json(&project, &["dispatch", "inspect", "cut.jdi"]);
    assert_eq!(cut["sound"], false);
    dumps.push(cut);
    for name in
        ["precedence", "precedence-lists", "levels", "custom", "matrix", "hash", "left-out", "columnar"]
    {
        let path = format!("{}/../format-spec/vectors/{name}.jdt", env!("CARGO_MANIFEST_DIR"));
        dumps.push(json(&project, &["dispatch", "inspect", &path]));
    }
    check("dispatch inspect", &dumps);
}

#[test]
fn a_check_of_a_corpus_prints_what_is_documented() {
    let project = Project::empty();
    kit::write_corpus(&project);
    let ask = |truth: &str| json(&project, &["dispatch", "check", "shapes.json", truth]);
    let agreed = ask("shapes.truth.jsonl");
    project.write("wrong.jsonl", "{\"f\":0,\"args\":[1,2],\"m\":0}\n");
    let disagreed = ask("wrong.jsonl");
    assert_eq!((&agreed["disagree"], &disagreed["disagree"]), (&0.into(), &1.into()));
    check("dispatch check", &[agreed, disagreed]);
}

#[test]
fn the_examples_in_the_documentation_are_of_the_documented_form() {
    let headings = DOCS.split("\n## `janus ").skip(1).filter_map(|section| section.split_once("`\n"));
    let mut examples = 0;
    for (command, section) in headings {
        for block in section.split("```json\n").skip(1) {
            let block = block.split("```").next().unwrap_or(block);
            let example = serde_json::from_str(block).unwrap_or_else(|error| panic!("{command}: {error}"));
            check_known(command, &[example]);
            examples += 1;
        }
    }
    assert_eq!(examples, 23, "one for each object");
}
