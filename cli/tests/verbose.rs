//! `JANUS_CACHE_VERBOSE`: what the cache did with every table goes to standard error, and nothing else changes.

mod kit;

use kit::{Project, text};

fn project() -> Project {
    Project::of("module m;\ntype A = B | C\nfunc f(x: A) { 1 }\nfunc g(x: A) { 2 }\n")
}

/// Standard output without its last line, which tells the time, and standard error.
fn build(project: &Project, args: &[&str], verbose: Option<&str>) -> (String, String) {
    let args: Vec<&str> = ["build"].iter().chain(args).copied().collect();
    let mut command = project.command(&args);
    command.envs(verbose.map(|value| ("JANUS_CACHE_VERBOSE", value)));
    let output = command.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    let time = lines.pop().expect("the time");
    assert!(time.starts_with("time      ") || time == "}", "{time}");
    (lines.join("\n"), text(&output.stderr))
}

#[test]
fn every_table_is_told_with_its_reason_also_the_reused_ones() {
    let project = project();
    let reason = "this project was not built here before";
    let (_, first) = build(&project, &[], Some("1"));
    assert_eq!(first, format!("build m::f/1: {reason}\nbuild m::g/1: {reason}\n"));
    project.edit("m.jan", "func f(x: A)", "func f(x: B)");
    let (_, second) = build(&project, &[], Some("1"));
    let expected = "\
build m::f/1 because m.jan was edited: 5 inputs changed
  method (m::A) was removed, it was in m
  method (m::B) was added, in m
  type m::A is no longer a parameter of m::f/1
  type m::B became a parameter of m::f/1, lost the supertype m::A, a parameter of m::f/1
  type m::C is no longer under m::A, a parameter of m::f/1
reuse m::g/1: nothing it depends on changed
";
    assert_eq!(second, expected);
}

#[test]
fn standard_output_stays_what_it_is() {
    let project = project();
    build(&project, &[], None);
    for args in [&[][..], &["--explain"], &["--plan"]] {
        let ((quiet, nothing), (verbose, told)) =
            (build(&project, args, None), build(&project, args, Some("1")));
        // What a session leaves of itself makes the cache a little larger.
        let without_size = |told: &str| -> String {
            told.lines().filter(|line| !line.starts_with("cache ")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(without_size(&quiet), without_size(&verbose), "{args:?}");
        assert_eq!((nothing.as_str(), told.lines().count()), ("", 2), "{args:?}: {told}");
    }
}

#[test]
fn json_stays_json_and_the_tables_are_told_beside_it() {
    let project = project();
    build(&project, &[], None);
    let output = project.command(&["build", "--format", "json"]).env("JANUS_CACHE_VERBOSE", "1").output();
    let output = output.expect("runs");
    serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("one JSON object");
    let told = text(&output.stderr);
    assert_eq!(told.lines().filter(|line| line.starts_with("reuse m::")).count(), 2, "{told}");
}

#[test]
fn the_librarys_own_messages_are_told_too() {
    let project = project();
    build(&project, &[], None);
    let states: Vec<_> = std::fs::read_dir(project.cache().join("v1/state"))
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "state"))
        .collect();
    std::fs::write(states.first().expect("one state"), "not a state").expect("writable");
    let (_, told) = build(&project, &["--plan"], Some("1"));
    let message = told.lines().find(|line| line.starts_with("debug: the state "));
    assert!(message.is_some_and(|line| line.ends_with(" is damaged or of another version")), "{told}");
    let (_, quiet) = build(&project, &["--plan"], Some("0"));
    assert_eq!(quiet, "");
}
