//! `janus build --define`: the build's configuration enters every key.

mod kit;

use kit::{Project, built, text};
use serde_json::Value;

fn project() -> Project {
    Project::of("module m;\ntype A = B | C\nfunc f(x: A) { 1 }\nfunc f(x: B) { 2 }\nfunc g(x: A) { 3 }\n")
}

#[test]
fn debug_and_release_share_no_table_and_both_stay() {
    let project = project();
    let debug = ["--define", "profile=debug"];
    let release = ["-D", "profile=release"];
    assert_eq!(built(&project.build(&debug).0), (2, 0));
    assert_eq!(built(&project.build(&release).0), (2, 0));
    assert_eq!(built(&project.build(&[]).0), (2, 0), "no profile is a configuration of its own");
    for again in [&debug[..], &release[..], &[]] {
        assert_eq!(built(&project.build(again).0), (0, 2), "{again:?}");
    }
}

#[test]
fn a_changed_value_is_the_reason_with_old_and_new() {
    let project = project();
    project.build(&["-D", "profile=debug", "-D", "target=wasm"]);
    let output = project.run(&["build", "--explain", "-D", "profile=release", "-D", "checks=on"]);
    let told = text(&output.stdout);
    for family in ["m::f/1", "m::g/1"] {
        let expected = format!(
            "build {family}: 3 inputs changed\n\
             \x20 configuration checks: new, on\n\
             \x20 configuration profile: debug -> release\n\
             \x20 configuration target: gone, was wasm\n"
        );
        assert!(told.contains(&expected), "{told}");
    }
    let (json, _) = project.build(&["-D", "profile=debug"]);
    let change = &json["reasons"][0]["changes"][1];
    assert_eq!((&change["old"], &change["new"]), (&Value::from("release"), &Value::from("debug")));
}

#[test]
fn the_projects_file_defines_what_no_flag_does() {
    let project = project();
    assert_eq!(built(&project.build(&["-D", "profile=debug", "-D", "level=2"]).0), (2, 0));
    project.write("janus.toml", "[build.define]\nprofile = \"debug\"\nlevel = 2\n");
    assert_eq!(built(&project.build(&[]).0), (0, 2), "the file says what the flags said");
    assert_eq!(built(&project.build(&["-D", "level=3"]).0), (2, 0));
    assert_eq!(built(&project.build(&["-D", "level=3", "-D", "level=2"]).0), (0, 2), "the later flag counts");
}

#[test]
fn the_order_of_the_flags_does_not_matter() {
    let project = project();
    project.build(&["-D", "a=1", "-D", "b=2"]);
    assert_eq!(built(&project.build(&["-D", "b=2", "-D", "a=1"]).0), (0, 2));
}

#[test]
fn a_malformed_definition_is_refused_before_anything_is_done() {
    let project = project();
    for malformed in ["profile", "=debug", "a b=1"] {
        let output = project.run(&["build", "--define", malformed]);
        assert_eq!(output.status.code(), Some(2), "{malformed}");
        let told = text(&output.stderr);
        assert!(told.starts_with("error: --define expects NAME=VALUE, "), "{told}");
        assert!(told.contains(&format!("found `{malformed}`")), "{told}");
    }
    project.write("janus.toml", "[build.define]\nprofile = 1.5\n");
    let output = project.run(&["build"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("janus.toml:2: `build.define.profile` expects a string"));
    assert!(!project.cache().exists() && !project.image().exists());
}

#[test]
fn a_misspelt_table_is_warned_about() {
    let project = project();
    project.write("janus.toml", "[build.defines]\nprofile = \"debug\"\n");
    let output = project.run(&["build"]);
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output.stderr);
    assert!(
        told.contains("`build.defines` is ignored") && told.contains("did you mean `build.define`?"),
        "{told}"
    );
}
