//! A build in which nothing changed is answered without being run, and only then.

mod kit;

use std::path::Path;

use kit::{Project, text};

const ANSWERED: &str = "nothing changed since this was built";

fn build(project: &Project, arguments: &[&str]) -> String {
    let mut all = vec!["build"];
    all.extend_from_slice(arguments);
    text(&project.run(&all).stdout)
}

fn is_answered(project: &Project) -> bool {
    build(project, &[]).contains(ANSWERED)
}

/// A project that was built, and whose next build is answered.
fn built() -> Project {
    let project = Project::empty();
    project.write("janus.toml", "[project]\nname = \"shapes\"\n");
    project.write(".gitignore", "generated/\n");
    project.write("src/a.jan", "module a;\ntype Shape = { size: int }\nfunc area(s: Shape) { 1 }\n");
    project.write("src/b.jan", "module b;\nimport a.{Shape}\nfunc grow(s: Shape, by: int) { 1 }\n");
    assert!(!is_answered(&project), "nobody has built it");
    assert!(is_answered(&project));
    project
}

#[test]
fn what_changes_no_answer_is_answered() {
    let project = built();
    let path = |name: &str| project.root().join(name);
    let content = std::fs::read(path("src/a.jan")).expect("there");
    std::fs::write(path("src/a.jan"), content).expect("touched");
    assert!(is_answered(&project), "a touched source");
    project.write("src/a.o", "");
    project.write("notes.txt", "");
    project.write("generated/c.jan", "module c;\nfunc c(x: int) { 1 }\n");
    project.write(".hidden/c.jan", "module c;\nfunc c(x: int) { 1 }\n");
    assert!(is_answered(&project), "files that are no sources");
    std::fs::create_dir(path("src/empty")).expect("made");
    assert!(is_answered(&project), "an empty folder");
    std::fs::remove_dir(path("src/empty")).expect("removed");
    assert!(is_answered(&project), "which goes again");
}

#[test]
fn whatever_changes_an_answer_is_built() {
    type Change = (&'static str, fn(&Path));
    fn write(path: std::path::PathBuf, content: &str) {
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(path, content).expect("written");
    }
    let changes: [Change; 13] = [
        ("an edited source", |root| write(root.join("src/a.jan"), "module a;\ntype Shape = { size: int }\n")),
        ("of the same length", |root| {
            let path = root.join("src/a.jan");
            let text = std::fs::read_to_string(&path).expect("there").replace("area", "zone");
            std::fs::write(path, text).expect("written");
        }),
        ("a new source", |root| write(root.join("src/c.jan"), "module c;\nfunc c(x: int) { 1 }\n")),
        ("one in a new folder", |root| {
            write(root.join("new/deep/c.jan"), "module c;\nfunc c(x: int) { 1 }\n");
        }),
        ("a removed source", |root| std::fs::remove_file(root.join("src/b.jan")).expect("removed")),
        ("a renamed source", |root| {
            std::fs::rename(root.join("src/b.jan"), root.join("src/z.jan")).expect("renamed");
        }),
        ("a source that is ignored now", |root| write(root.join(".gitignore"), "generated/\nb.jan\n")),
        ("a source that is ignored no more", |root| {
            write(root.join("generated/c.jan"), "module c;\nfunc c(x: int) { 1 }\n");
            write(root.join(".gitignore"), "");
        }),
        ("the project's settings", |root| write(root.join("janus.toml"), "[project]\nname = \"forms\"\n")),
        ("no settings any more", |root| std::fs::remove_file(root.join("janus.toml")).expect("removed")),
        ("an edited image", |root| write(root.join("build/shapes.jdi"), "x")),
        ("a lost image", |root| std::fs::remove_file(root.join("build/shapes.jdi")).expect("removed")),
        ("a cleared cache", |root| std::fs::remove_dir_all(root.join(".janus_cache")).expect("removed")),
    ];
    for (what, change) in changes {
        let project = built();
        change(&project.root());
        assert!(!is_answered(&project), "{what}");
        let fresh = Project::empty();
        for file in
            ["janus.toml", ".gitignore", "src/a.jan", "src/b.jan", "src/c.jan", "src/z.jan", "new/deep/c.jan"]
        {
            if let Ok(content) = std::fs::read_to_string(project.root().join(file)) {
                fresh.write(file, &content);
            }
        }
        if what.contains("no more") {
            fresh.write("generated/c.jan", "module c;\nfunc c(x: int) { 1 }\n");
        }
        build(&fresh, &[]);
        let images = |of: &Project| {
            let mut names: Vec<_> = std::fs::read_dir(of.root().join("build"))
                .expect("built")
                .flatten()
                .map(|file| file.path())
                .collect();
            names.sort();
            names.pop().map(|path| std::fs::read(path).expect("read"))
        };
        if what != "the project's settings" && what != "no settings any more" {
            assert_eq!(images(&project), images(&fresh), "{what}: a stale image");
        }
    }
}

#[test]
fn a_call_of_another_kind_is_built() {
    let project = built();
    for arguments in
        [&["--define", "a=b"][..], &["--codec", "lz4"], &["--optimizer", "linear"], &["--explain"]]
    {
        assert!(!build(&project, arguments).contains(ANSWERED), "{arguments:?}");
    }
    let mut other = project.command(&["build"]);
    other.env("SOURCE_DATE_EPOCH", "1");
    assert!(!text(&other.output().expect("runs").stdout).contains(ANSWERED));
    for round in 0..2 {
        let mut off = project.command(&["build"]);
        off.env("JANUS_CACHE_INCREMENTAL", "0");
        assert!(!text(&off.output().expect("runs").stdout).contains(ANSWERED), "round {round}");
        assert!(!build(&project, &["--verify", "always"]).contains(ANSWERED), "round {round}");
        assert!(!build(&project, &["--recache"]).contains(ANSWERED), "round {round}");
    }
}

#[test]
fn warnings_are_told_each_time_and_errors_are_never_answered() {
    let project = Project::copy_of("ambiguous");
    for wrong in ["src/sector.jan", "src/trade.jan"] {
        std::fs::remove_file(project.root().join(wrong)).expect("has errors");
    }
    let (first, second) = (project.run(&["build"]), project.run(&["build"]));
    assert!(text(&second.stdout).contains(ANSWERED));
    assert!(text(&first.stderr).contains("ambiguous-dispatch"));
    assert_eq!(text(&first.stderr), text(&second.stderr));
    for round in 0..2 {
        let denied = project.run(&["build", "--deny", "ambiguity"]);
        assert_eq!(denied.status.code(), Some(1), "round {round}");
    }
}

#[test]
fn a_damaged_seal_is_none() {
    let project = built();
    let calls = project.cache().join("v1/state/calls");
    let mut seals: Vec<_> =
        std::fs::read_dir(&calls).expect("there").flatten().map(|file| file.path()).collect();
    seals.retain(|path| path.extension().is_some_and(|extension| extension == "seal"));
    let [seal] = &seals[..] else { panic!("{seals:?}") };
    let sound = std::fs::read(seal).expect("read");
    for at in (0..sound.len()).step_by(97) {
        let mut damaged = sound.clone();
        damaged[at] ^= 4;
        std::fs::write(seal, damaged).expect("written");
        assert!(!is_answered(&project), "byte {at}");
        std::fs::write(seal, &sound[..at]).expect("written");
        assert!(!is_answered(&project), "cut at {at}");
    }
    assert!(is_answered(&project), "the last build sealed anew");
}

#[test]
fn a_copy_of_a_project_with_its_cache_is_built() {
    let project = built();
    let copy = Project::empty();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(project.root().join("."))
        .arg(copy.root())
        .status()
        .expect("cp runs");
    assert!(copied.success());
    copy.edit("src/a.jan", "area", "zone");
    assert!(!is_answered(&copy));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_to_another_project_now_is_another_call() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (first, second) = (built(), built());
    second.edit("src/a.jan", "area", "zone");
    let link = dir.path().join("link");
    let call = |project: &Project| {
        let mut command = project.command(&["build"]);
        command
            .arg(&link)
            .arg("--cache-dir")
            .arg(dir.path().join("cache"))
            .arg("-o")
            .arg(dir.path().join("o.jdi"));
        let output = command.current_dir(dir.path()).output().expect("runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).contains(ANSWERED)
    };
    std::os::unix::fs::symlink(first.root(), &link).expect("linked");
    assert_eq!((call(&first), call(&first)), (false, true));
    std::fs::remove_file(&link).expect("removed");
    std::os::unix::fs::symlink(second.root(), &link).expect("linked");
    assert!(!call(&second), "the link leads to another project");
}

#[test]
fn a_program_that_was_built_anew_builds_anew() {
    let project = built();
    let program = project.root().join("janus");
    let call = || {
        let mut command = std::process::Command::new(&program);
        command.arg("build");
        for (name, value) in project.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        text(&command.current_dir(project.root()).output().expect("runs").stdout).contains(ANSWERED)
    };
    std::fs::copy(env!("CARGO_BIN_EXE_janus"), &program).expect("copied");
    assert_eq!((call(), call()), (false, true));
    std::fs::remove_file(&program).expect("removed");
    std::fs::copy(env!("CARGO_BIN_EXE_janus"), &program).expect("copied");
    assert!(!call(), "the same bytes, and nobody knows that");
}
