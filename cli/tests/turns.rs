//! Builds of one image at once: the last one to begin is the last one to write.

mod kit;

use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use kit::{Project, text};

/// A source that takes a while.
fn large(round: usize) -> String {
    let mut source = String::from("module a;\n");
    for number in 0..1500 {
        let _ = writeln!(source, "type T{number} = {{}}\nfunc f{round}(a: T{number}) {{}}");
    }
    source
}

fn start(project: &Project) -> Child {
    project.command(&["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts")
}

fn image(project: &Project) -> Vec<u8> {
    std::fs::read(project.root().join("build/game.jdi")).expect("an image")
}

fn assert_is_fresh(project: &Project, what: &str) {
    let clean = project.root().join("../clean.jdi");
    let built = project.run(&["build", "--no-cache", "--output", clean.to_str().expect("UTF-8")]);
    assert!(built.status.success(), "{}", text(&built.stderr));
    assert!(image(project) == std::fs::read(&clean).expect("an image"), "{what}: a stale image");
}

#[test]
fn a_build_of_older_sources_never_writes_after_a_newer_one() {
    let project = Project::empty();
    for round in 0..8 {
        project.write("a.jan", large(round));
        let mut older = start(&project);
        std::thread::sleep(Duration::from_millis(5 * round as u64));
        project.write("a.jan", format!("module a;\nfunc small{round}(x: int) {{}}\n"));
        let mut newer = start(&project);
        assert!(newer.wait().expect("ends").success());
        assert!(older.wait().expect("ends").success());
        assert_is_fresh(&project, &format!("round {round}"));
    }
}

#[test]
fn what_is_about_to_be_written_is_no_proof_that_nothing_changed() {
    let project = Project::empty();
    let first = "module a;\nfunc small(x: int) {}\n";
    project.write("a.jan", first);
    assert!(project.run(&["build"]).status.success());
    for round in 0..8 {
        project.write("a.jan", large(round));
        let mut other = start(&project);
        std::thread::sleep(Duration::from_millis(5 * round as u64));
        // As the first build sealed it.
        project.write("a.jan", first);
        assert!(project.run(&["build"]).status.success());
        assert!(other.wait().expect("ends").success());
        assert_is_fresh(&project, &format!("round {round}"));
    }
}
