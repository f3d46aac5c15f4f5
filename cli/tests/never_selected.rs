//! `janus dispatch show` says which methods no call selects.

mod kit;

use kit::{Project, text};
use serde_json::Value;

#[test]
fn a_method_for_a_sum_is_told_once_each_alternative_has_its_own() {
    let project = Project::empty();
    let two = "module m;\ntype sealed A = B | C\nfunc f(x: A) { 1 }\nfunc f(x: B) { 2 }\n";
    project.write("m.jan", two);
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
}
