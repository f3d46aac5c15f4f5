//! `janus dispatch check`, and `janus build` of a corpus: what a stranger's types and methods answer.

mod kit;

use kit::{Project, text, write_corpus};
use serde_json::Value;

fn corpus() -> Project {
    let project = Project::empty();
    write_corpus(&project);
    project
}

/// The exit code, standard output and standard error.
fn check(project: &Project, more: &[&str]) -> (i32, String, String) {
    let output = project.run(&[&["dispatch", "check"], more].concat());
    (output.status.code().expect("not killed"), text(&output.stdout), text(&output.stderr))
}

#[test]
fn answers_that_agree_are_counted_and_nothing_is_written() {
    let project = corpus();
    let (code, out, err) = check(&project, &["shapes.json", "shapes.truth.jsonl"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert_eq!(lines[0], "cases     5, 5 agree, 0 disagree");
    assert!(lines[1].starts_with("tables    2 functions: "), "{out}");
    assert!(lines[2].starts_with("time      compiled in "), "{out}");
    let files = std::fs::read_dir(project.root()).expect("readable").count();
    assert_eq!(files, 2, "the corpus and its truth");
}

#[test]
fn an_answer_that_disagrees_is_shown_with_its_line_and_the_exit_code_is_1() {
    let project = corpus();
    project.edit("shapes.truth.jsonl", "[1,1],\"m\":-1", "[1,1],\"m\":2");
    project.edit("shapes.truth.jsonl", "[2],\"m\":null", "[2],\"m\":0");
    let (code, out, _) = check(&project, &["shapes.json", "shapes.truth.jsonl"]);
    let expected = "hits: 1 case disagrees\n  \
                    line 4: (Circle, Circle) is ambiguous, expected hits(Shape, Circle)\n\
                    radius: 1 case disagrees\n  \
                    line 6: (Square) is no method, expected radius(Circle)\n\
                    cases     5, 3 agree, 2 disagree\n";
    assert_eq!(code, 1);
    assert!(out.starts_with(expected), "{out}");
}

#[test]
fn of_many_disagreements_of_a_function_the_first_few_are_shown() {
    let project = corpus();
    project.write("shapes.truth.jsonl", "{\"f\":1,\"args\":[2],\"m\":0}\n".repeat(9));
    let (code, out, _) = check(&project, &["shapes.json", "shapes.truth.jsonl"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("radius: 9 cases disagree\n  line 1: "), "{out}");
    assert!(out.contains("  line 5: ") && !out.contains("  line 6: "), "{out}");
    assert!(out.contains("\n  and 4 more\n"), "{out}");
}

#[test]
fn json_says_the_same() {
    let project = corpus();
    project.edit("shapes.truth.jsonl", "[1,1],\"m\":-1", "[1,1],\"m\":null");
    let (code, out, _) = check(&project, &["shapes.json", "shapes.truth.jsonl", "--format", "json"]);
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &json["cases"], &json["agree"]), (1, &5.into(), &4.into()));
    let case = &json["disagreements"][0]["cases"][0];
    let expected = serde_json::json!({
        "line": 4, "arguments": ["Circle", "Circle"], "expected": "no method", "found": "ambiguous"
    });
    assert_eq!((&json["disagreements"][0]["function"], case), (&"hits".into(), &expected));
}

#[test]
fn tables_of_the_wanted_optimizer_are_asked() {
    let project = corpus();
    for (word, tables) in [("linear", 2), ("dag", 2), ("matrix", 2), ("hash", 2)] {
        let args = ["shapes.json", "shapes.truth.jsonl", "--format", "json", "--optimizer", word];
        let (code, out, _) = check(&project, &args);
        let json: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((code, &json["agree"]), (0, &5.into()), "{word}: {out}");
        assert_eq!(json["optimizations"], serde_json::json!({ word: tables }), "{word}");
    }
}

#[test]
fn a_file_that_is_not_there_ends_with_2_and_is_named() {
    let project = corpus();
    let (code, out, err) = check(&project, &["shapes.json", "none.jsonl"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.starts_with("error: cannot read the truth none.jsonl: "), "{err}");
    let (code, out, err) = check(&project, &["none.json", "shapes.truth.jsonl"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.starts_with("error: cannot read none.json: "), "{err}");
}

#[test]
fn what_is_wrong_with_a_corpus_or_a_case_ends_with_1_and_is_placed() {
    let project = corpus();
    for (line, message) in [
        ("{\"f\":9,\"args\":[1],\"m\":0}", "error: line 1 of the truth: there is no function 9\n"),
        ("{\"f\":1,\"args\":[1],\"m\":7}", "error: line 1 of the truth: radius has no method 7\n"),
        (
            "{\"f\":1,\"args\":[7],\"m\":0}",
            "error: line 1 of the truth: an argument's type is not in the corpus\n",
        ),
        (
            "{\"f\":1,\"args\":[1]}",
            "error: line 1 of the truth: no case: missing field `m` at line 1 column 18\n",
        ),
        ("{\"f\":1,\"args\":[1,1],\"m\":0}", "error: line 1 of the truth: 2 arguments for radius/1\n"),
    ] {
        project.write("wrong.jsonl", line);
        let (code, out, err) = check(&project, &["shapes.json", "wrong.jsonl"]);
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", message), "{line}");
    }
    project.edit("shapes.json", "[\"Circle\"]", "[\"Oval\"]");
    let (code, _, err) = check(&project, &["shapes.json", "shapes.truth.jsonl"]);
    let expected = "error: shapes.json:11:39: radius(Circle) has a parameter of type Oval, which is not among \
                    the types\n";
    assert_eq!((code, err.as_str()), (1, expected));
}

#[test]
fn a_corpus_is_built_into_the_current_folder_and_the_next_build_reuses_its_tables() {
    let project = corpus();
    let (first, code) = project.build(&["shapes.json"]);
    assert_eq!((code, &first["tables"]), (0, &serde_json::json!({"built": 2, "reused": 0})));
    assert_eq!((&first["project"], &first["image_written"]), (&"shapes".into(), &true.into()));
    assert!(project.root().join("build/shapes.jdi").exists());
    let (second, _) = project.build(&["shapes.json"]);
    assert_eq!(second["tables"], serde_json::json!({"built": 0, "reused": 2}));
    assert_eq!(second["image_written"], false);
    project.edit("shapes.json", "\"radius(Circle)\"", "\"radius(Circle) v2\"");
    let (third, _) = project.build(&["shapes.json"]);
    assert_eq!(third["tables"], serde_json::json!({"built": 1, "reused": 1}));
    assert_eq!(third["reasons"][0]["because"], serde_json::json!(["shapes.json was edited"]));
    let (code, _) = project.said(&["dispatch", "query", "build/shapes.jdi", "radius", "Circle"]);
    assert_eq!(code, 0);
}

#[test]
fn types_in_a_circle_are_a_diagnostic_that_names_them() {
    let project = corpus();
    project.edit("shapes.json", "\"Circle\",\"supers\":[\"Shape\"]", "\"Circle\",\"supers\":[\"Square\"]");
    project.edit("shapes.json", "\"Square\",\"supers\":[\"Shape\"]", "\"Square\",\"supers\":[\"Circle\"]");
    let output = project.run(&["build", "shapes.json"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let expected = "error[cyclic-types]: types are their own supertypes: Circle is below Square is below \
                    Circle\n --> shapes.json:4:1\n";
    assert!(said.starts_with(expected), "{said}");
    assert!(!project.root().join("build/shapes.jdi").exists());
}
