//! `janus dispatch diff`: which calls are answered differently, between images and git revisions.

mod kit;

use std::process::Command;

use kit::{Project, text};
use serde_json::Value;

const ENEMY: &str = "collide(a: Enemy, b: Player)";
const ACTOR: &str = "collide(a: Actor, b: Player)";
const CROSSED: &str = "collide(a: Player, b: Entity)";

/// The example, built twice: `old.jdi`, and `new.jdi` with another method.
fn two_images(from: &str, to: &str) -> Project {
    let project = Project::copy_of("arcade");
    project.build(&["--output", "old.jdi"]);
    project.edit("src/physics/mod.jan", from, to);
    project.build(&["--output", "new.jdi"]);
    project
}

fn json(project: &Project, args: &[&str]) -> Value {
    let output = project.run(&[&["dispatch", "diff", "--format", "json"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn git(project: &Project, args: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]);
    let output = git.args(args).current_dir(project.root()).env("HOME", project.root()).output();
    let output = output.expect("git runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// The example in a repository with two commits; the folder itself is edited once more.
fn repository() -> Project {
    let project = Project::copy_of("arcade");
    project.write(".gitignore", "build/\n.janus_cache/\n");
    git(&project, &["init", "-q"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "one"]);
    git(&project, &["tag", "one"]);
    project.edit("src/physics/mod.jan", ENEMY, ACTOR);
    git(&project, &["commit", "-qam", "two"]);
    project.edit("src/physics/mod.jan", ACTOR, CROSSED);
    project
}

#[test]
fn the_text_says_who_answered_and_who_answers_now_and_where() {
    let project = two_images(ENEMY, ACTOR);
    let output = project.run(&["dispatch", "diff", "old.jdi", "new.jdi"]);
    assert_eq!(output.status.code(), Some(0));
    let expected = "\
physics::collide/2 changed: 1 method added, 1 method removed, 9 calls answered differently
  - (Enemy, Player)  src/physics/mod.jan:23:10
  + (Actor, Player)  src/physics/mod.jan:23:10
  (Enemy +6 below except Boss, Player): another method, 7 calls
    was (Enemy, Player)  src/physics/mod.jan:23:10
    now (Actor, Player)  src/physics/mod.jan:23:10
  (Actor +1 below except Enemy, Player): another method, 2 calls
    was (Entity, Entity)  src/physics/mod.jan:21:10
    now (Actor, Player)  src/physics/mod.jan:23:10
1 family differs, 9 calls answered differently, 0 new ambiguities, 0 methods unreachable; 234 families as before
";
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn what_the_diff_says_is_what_queries_say() {
    let project = two_images(ENEMY, CROSSED);
    let json = json(&project, &["old.jdi", "new.jdi"]);
    let regions = json["families"][0]["regions"].as_array().expect("a list").clone();
    assert_eq!(regions[0]["kind"], "new-ambiguity");
    for region in regions {
        for (image, side) in [("old.jdi", "before"), ("new.jdi", "after")] {
            let types = region["types"].as_array().expect("a list");
            let first = |set: &Value| set["types"][0].as_str().expect("a type").to_owned();
            let (a, b) = (first(&types[0]), first(&types[1]));
            let query = ["dispatch", "query", image, "physics::collide", &a, &b, "--format", "json"];
            let said: Value = serde_json::from_slice(&project.run(&query).stdout).expect("JSON");
            assert_eq!(said["outcome"], region[side]["outcome"]);
            if said["outcome"] == "method" {
                assert_eq!(said["method"]["pattern"], region[side]["methods"][0]["pattern"]);
            }
        }
    }
}

#[test]
fn markdown_has_a_table_row_for_each_region() {
    let project = two_images(ENEMY, CROSSED);
    let output = project.run(&["dispatch", "diff", "old.jdi", "new.jdi", "--format", "markdown"]);
    let said = text(&output.stdout);
    assert!(said.contains("#### `physics::collide/2` changed\n"), "{said}");
    assert!(said.contains("2 new ambiguities"), "{said}");
    let rows: Vec<&str> = said.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), 4, "{said}");
    assert!(rows[0].contains("**ambiguous**"), "{said}");
    for row in said.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
}

#[test]
fn the_exit_code_tells_of_differences_only_if_asked() {
    let project = two_images(ENEMY, ACTOR);
    let code = |args: &[&str]| project.run(&[&["dispatch", "diff"], args].concat()).status.code();
    assert_eq!(code(&["old.jdi", "new.jdi"]), Some(0));
    assert_eq!(code(&["old.jdi", "new.jdi", "--exit-code"]), Some(1));
    assert_eq!(code(&["old.jdi", "old.jdi", "--exit-code"]), Some(0));
    assert_eq!(code(&["old.jdi"]), Some(2));
    assert_eq!(code(&["old.jdi", "nowhere.jdi"]), Some(2));
}

#[test]
fn revisions_are_compared_without_a_look_at_the_folder_as_it_is() {
    let project = repository();
    let before = text(
        &Command::new("git")
            .args(["status", "--porcelain"])
            .current_dir(project.root())
            .output()
            .expect("runs")
            .stdout,
    );
    let json = json(&project, &["--rev", "one", "HEAD"]);
    assert_eq!(json["families"][0]["methods_added"][0]["pattern"][0], "entities.entity::Actor");
    assert_eq!(
        (json["families"][0]["changed_tuples"].as_u64(), json["same_families"].as_u64()),
        (Some(9), Some(234))
    );
    assert!(!project.image().exists());
    let after = text(
        &Command::new("git")
            .args(["status", "--porcelain"])
            .current_dir(project.root())
            .output()
            .expect("runs")
            .stdout,
    );
    assert_eq!((before.as_str(), after.as_str()), (" M src/physics/mod.jan\n", " M src/physics/mod.jan\n"));
}

#[test]
fn revisions_share_tables_with_builds_and_leave_no_state_behind() {
    let project = repository();
    project.run(&["dispatch", "diff", "--rev", "one", "HEAD"]);
    let files = std::fs::read_dir(project.cache().join("v1/state")).expect("a folder");
    let is_state = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".state");
    assert_eq!(files.filter(|file| is_state(&file.as_ref().expect("readable").file_name())).count(), 0);
    git(&project, &["checkout", "-q", "."]);
    assert_eq!(project.counts(), (0, 235));
}

#[test]
fn revisions_share_tables_with_builds_of_the_same_configuration_only() {
    let project = repository();
    let revisions = ["dispatch", "diff", "--rev", "one", "HEAD"];
    let said = project.run(&[&revisions[..], &["--define", "profile=release"]].concat());
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    assert!(text(&said.stdout).starts_with("physics::collide/2 changed: 1 method added"));
    git(&project, &["checkout", "-q", "."]);
    let (json, _) = project.build(&["--plan"]);
    assert_eq!(json["tables"]["reused"], 0, "no table without the definition");
    let (json, _) = project.build(&["-D", "profile=release"]);
    assert_eq!(kit::built(&json), (0, 235));

    let (code, told) = project.said(&[&revisions[..], &["-D", "profile"]].concat());
    assert_eq!(code, 2);
    assert!(told.starts_with("error: --define expects NAME=VALUE, "), "{told}");
    let (code, told) = project.said(&["dispatch", "diff", "a.jdi", "b.jdi", "-D", "profile=release"]);
    assert_eq!(code, 2);
    assert!(told.contains("--rev"), "{told}");
}

/// A corpus in a folder of a repository: in the second commit a method is another one.
fn corpus_repository() -> Project {
    let project = Project::empty();
    kit::write_corpus(&project);
    std::fs::create_dir(project.root().join("data")).expect("writable");
    let (from, to) = (project.root().join("shapes.json"), project.root().join("data/shapes.json"));
    std::fs::rename(from, to).expect("writable");
    project.write(".gitignore", ".janus_cache/\n");
    git(&project, &["init", "-q"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "one"]);
    git(&project, &["tag", "one"]);
    project.edit(
        "data/shapes.json",
        r#"{"params":["Shape","Circle"],"implementation":"hits(Shape, Circle)","module":"game"}"#,
        r#"{"params":["Circle","Circle"],"implementation":"hits(Circle, Circle)","module":"game"}"#,
    );
    git(&project, &["commit", "-qam", "two"]);
    project
}

#[test]
fn a_corpus_is_compared_at_two_revisions_also_when_the_folder_has_it_no_more() {
    let project = corpus_repository();
    std::fs::remove_file(project.root().join("data/shapes.json")).expect("removable");
    let revisions = ["dispatch", "diff", "--rev", "one", "HEAD", "data/shapes.json"];
    let output = project.run(&revisions);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // The top type is `any`; but for it and Circle no method names a type, so that all others are one call.
    let expected = "\
hits/2 changed: 1 method added, 1 method removed, 2 calls answered differently
  - (any, Circle)  shapes.json:10:1
  + (Circle, Circle)  shapes.json:10:1
  (any other type, Circle): another method, 1 call
    was (any, Circle)  shapes.json:10:1
    now (any, any)  shapes.json:8:1
  (Circle, Circle): no longer ambiguous, 1 call
    was ambiguous: (any, Circle)  shapes.json:10:1
    was ambiguous: (Circle, any)  shapes.json:9:1
    now (Circle, Circle)  shapes.json:10:1
1 family differs, 2 calls answered differently, 0 new ambiguities, 0 methods unreachable; 1 family as before
";
    assert_eq!(text(&output.stdout), expected);
    assert!(project.cache().exists(), "the cache is that of the current folder");
    assert!(!project.root().join("data/.janus_cache").exists());
    let markdown = text(&project.run(&[&revisions[..], &["--format", "markdown"]].concat()).stdout);
    assert!(markdown.starts_with("### Dispatch: `one` to `HEAD`"), "{markdown}");
}

#[test]
fn a_revision_without_the_corpus_is_named() {
    let project = corpus_repository();
    git(&project, &["mv", "data/shapes.json", "data/forms.json"]);
    git(&project, &["commit", "-qm", "three"]);
    let (code, told) = project.said(&["dispatch", "diff", "--rev", "one", "HEAD", "data/shapes.json"]);
    assert_eq!(code, 2);
    assert_eq!(told, "error: revision HEAD has no file `data/shapes.json`\n");
}

#[test]
fn a_project_below_the_root_of_its_repository_is_found_there() {
    let project = Project::empty();
    project.write("a/b/one.jan", "module one;\npub type T = { x: int }\nfunc f(t: T) { t }\n");
    git(&project, &["init", "-q"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "one"]);
    project.write("a/b/two.jan", "module two;\nfunc g(x: int) { x }\n");
    project.write("c/three.jan", "module three;\nfunc h(x: int) { x }\n");
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "two"]);
    let json = json(&project, &["--rev", "HEAD~1", "HEAD", "a/b"]);
    let added: Vec<&str> = json["families"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["family"].as_str())
        .collect();
    assert_eq!(added, ["two::g"]);
    let missing = project.run(&["dispatch", "diff", "--rev", "HEAD~1", "HEAD", "c"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("revision HEAD~1 has no folder `c`"), "{}", text(&missing.stderr));
}

#[test]
fn what_keeps_revisions_from_being_read_is_said() {
    let project = repository();
    let said = |output: std::process::Output| (output.status.code(), text(&output.stderr));
    let (code, message) = said(project.run(&["dispatch", "diff", "--rev", "one", "nope"]));
    assert_eq!(code, Some(2));
    assert!(message.contains("no revision nope"), "{message}");
    let outside = Project::copy_of("arcade");
    let (code, message) = said(outside.run(&["dispatch", "diff", "--rev", "one", "two"]));
    assert_eq!(code, Some(2));
    assert!(message.contains("is in no git repository"), "{message}");
    let nowhere =
        project.command(&["dispatch", "diff", "--rev", "one", "HEAD"]).env("PATH", "/nowhere").output();
    let (code, message) = said(nowhere.expect("runs"));
    assert_eq!(code, Some(2));
    assert!(message.contains("`git` is needed"), "{message}");
}

#[test]
fn a_revision_whose_sources_have_errors_is_compared_as_far_as_it_is_built() {
    let project = repository();
    project.write("src/broken.jan", "module broken;\nfunc (\n");
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "three"]);
    let output = project.run(&["dispatch", "diff", "--rev", "one", "HEAD"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("the sources of HEAD have 1 error"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("physics::collide/2 changed"), "{}", text(&output.stdout));
}
