//! `janus build --profile`: calls enter the keys of the families that were called, and no other.

mod kit;

use kit::{Project, built, text};
use serde_json::Value;

fn project() -> Project {
    Project::of("module m;\ntype A = B | C\nfunc f(x: B) { 1 }\nfunc f(x: C) { 2 }\nfunc g(x: A) { 3 }\n")
}

/// The symbols of a family's methods in file order, with their calls.
fn methods(project: &Project, family: &str) -> Vec<(String, u64)> {
    let output = project.run(&["dispatch", "show", "build/game.jdi", family, "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let methods = json["families"][0]["methods"].as_array().expect("methods").clone();
    let symbol = |method: &Value| method["implementation"].as_str().expect("a symbol").to_owned();
    let calls = |method: &Value| method["call_frequency"].as_u64().expect("a count");
    methods.iter().map(|method| (symbol(method), calls(method))).collect()
}

/// Writes `calls.json` with these calls of methods of `m::f`.
fn write_calls(project: &Project, calls: &[(&str, u64)]) {
    let method =
        |(symbol, calls): &(&str, u64)| serde_json::json!({"implementation": symbol, "calls": calls});
    let methods: Vec<Value> = calls.iter().map(method).collect();
    let function = serde_json::json!({"name": "m::f", "arity": 1, "methods": methods});
    let profile = serde_json::json!({"format": "dispatch-profile/1", "functions": [function]});
    project.write("calls.json", profile.to_string());
}

const PROFILE: [&str; 2] = ["--profile", "calls.json"];

#[test]
fn only_the_family_whose_calls_changed_is_built_and_the_reason_says_so() {
    let project = project();
    project.build(&[]);
    let symbols: Vec<String> = methods(&project, "m::f").into_iter().map(|(symbol, _)| symbol).collect();
    let [first, second] = &symbols[..] else { panic!("two methods: {symbols:?}") };

    write_calls(&project, &[(second, 120)]);
    let told = text(&project.run(&["build", "--explain", "--profile", "calls.json"]).stdout);
    let expected = "build m::f/1: 2 inputs changed\n\
                    \x20 profile: none -> calls counted\n\
                    \x20 profile (m::C): new, 120\n";
    assert!(told.contains(expected) && !told.contains("m::g/1"), "{told}");
    assert_eq!(methods(&project, "m::f"), [(second.clone(), 120), (first.clone(), 0)]);

    assert_eq!(built(&project.build(&PROFILE).0), (0, 2), "the same calls are the same question");
    write_calls(&project, &[(second, 120), (first, 500)]);
    let (json, _) = project.build(&PROFILE);
    assert_eq!(built(&json), (1, 1));
    assert_eq!(json["reasons"][0]["changes"][0]["group"], "profile");
    assert_eq!(methods(&project, "m::f"), [(first.clone(), 500), (second.clone(), 120)]);
    assert_eq!(built(&project.build(&[]).0), (0, 2), "the tables without a profile stayed");
}

#[test]
fn calls_of_what_is_gone_are_a_warning_and_build_nothing_anew() {
    let project = project();
    project.build(&[]);
    write_calls(&project, &[("m::f(m::Gone)", 1)]);
    let output = project.run(&["build", "--profile", "calls.json", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stderr),
        "warning: the profile counts calls of m::f(m::Gone) of m::f/1, which the sources do not have; \
         profile anew\n"
    );
    assert_eq!(built(&serde_json::from_slice(&output.stdout).expect("JSON")), (0, 2));
}

#[test]
fn a_profile_that_cannot_be_read_is_refused_before_anything_is_done() {
    let project = project();
    let (code, told) = project.said(&["build", "--profile", "calls.json"]);
    assert_eq!(code, 2);
    assert!(told.starts_with("error: cannot read the profile calls.json: "), "{told}");
    for (malformed, expected) in [
        ("[", "error: calls.json is no call profile: "),
        (r#"{"format":"dispatch-corpus/1","functions":[]}"#, "error: calls.json: `format` is"),
        (
            r#"{"format":"dispatch-profile/1","functions":[{"name":"f","arity":256,"methods":[]}]}"#,
            "error: calls.json is no call profile: invalid value: integer `256`, expected u8",
        ),
    ] {
        project.write("calls.json", malformed);
        let (code, told) = project.said(&["build", "--profile", "calls.json"]);
        assert_eq!(code, 2, "{told}");
        assert!(told.starts_with(expected), "{told}");
    }
    assert!(!project.cache().exists() && !project.image().exists());
}
