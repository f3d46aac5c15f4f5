//! `janus dispatch show` says which methods no call selects.

mod kit;

use kit::{Project, text};
use serde_json::Value;

#[test]
fn a_method_for_a_sum_is_told_once_each_alternative_has_its_own() {
    let two = "module m;\ntype sealed A = B | C\nfunc f(x: A) { 1 }\nfunc f(x: B) { 2 }\n";
    let project = Project::of(two);
    project.build(&[]);
    let show = ["dispatch", "show", "build/game.jdi", "m::f"];
    let told = text(&project.run(&show).stdout);
    assert!(!told.contains("never selected"), "{told}");

    project.write("m.jan", format!("{two}func f(x: C) {{ 3 }}\n"));
    project.build(&[]);
    let told = text(&project.run(&show).stdout);
    assert!(told.contains("\n  never selected: (m::A)\n"), "{told}");
    let json = project.run(&[&show[..], &["--format", "json"]].concat()).stdout;
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    let methods = json["families"][0]["methods"].as_array().expect("methods");
    let unreachable: Vec<(&Value, &Value)> =
        methods.iter().map(|method| (&method["pattern"][0], &method["unreachable"])).collect();
    let said = |name: &str, unreachable: bool| (Value::from(name), Value::from(unreachable));
    let expected = [said("m::B", false), said("m::C", false), said("m::A", true)];
    assert_eq!(unreachable, expected.iter().map(|(name, is)| (name, is)).collect::<Vec<_>>());
    assert_eq!(methods.iter().map(|method| &method["left_out"]).collect::<Vec<_>>(), [false, false, true]);
}

const COVERED: &str =
    "module m;\ntype sealed A = B | C\nfunc f(x: A) { 1 }\nfunc f(x: B) { 2 }\nfunc f(x: C) { 3 }\n";

#[test]
fn a_build_tells_what_it_left_out_also_when_the_table_comes_from_the_cache() {
    let project = Project::of(COVERED);
    for _ in 0..2 {
        let told = text(&project.run(&["build"]).stdout);
        let line = "unused    1 method that no call selects, left out of the tables (--explain names them)\n";
        assert!(told.contains(line), "{told}");
        let explained = text(&project.run(&["build", "--explain"]).stdout);
        assert!(explained.contains("unused m::f(m::A)  m.jan:3:6: no call selects it\n"), "{explained}");
    }
    let (json, _) = project.build(&[]);
    assert_eq!(json["tables"]["reused"], 1);
    assert_eq!(json["never_selected"][0]["pattern"], serde_json::json!(["m::A"]));
    assert_eq!(json["never_selected"][0]["place"], "m.jan:3:6");
}

#[test]
fn a_difference_still_tells_which_method_lost_its_calls() {
    let project = Project::of(&COVERED.replace("func f(x: C) { 3 }\n", ""));
    project.build(&["--output", "before.jdi"]);
    project.write("m.jan", COVERED);
    project.build(&["--output", "after.jdi"]);
    let told = text(&project.run(&["dispatch", "diff", "before.jdi", "after.jdi"]).stdout);
    assert!(told.contains("1 method unreachable") && told.contains("(A)"), "{told}");
    assert!(!told.contains("no method"), "{told}");
}

#[test]
fn a_sealed_record_has_values_of_its_own_and_keeps_its_method() {
    let record =
        "module m;\ntype sealed A = { v: int }\ntype B = A & { w: int }\ntype sealed V<T> { v: T }\n";
    let methods = "func f(x: A) { 1 }\nfunc f(x: B) { 2 }\nfunc g(x: V) { 1 }\nfunc g(x: V<int>) { 2 }\n";
    let project = Project::of(&format!("{record}{methods}"));
    let (json, _) = project.build(&[]);
    assert_eq!(json["never_selected"], serde_json::json!([]));
    for (family, argument) in [("m::f", "m::A"), ("m::g", "m::V")] {
        let asked = project.run(&["dispatch", "query", "build/game.jdi", family, argument]);
        assert_eq!(asked.status.code(), Some(0), "{}", text(&asked.stdout));
    }
}
