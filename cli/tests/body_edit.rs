//! An edit that changes no declaration is settled without a build, and leaves the image that a build would leave.

mod kit;

use kit::{Project, text};

const A: &str = "module a;\ntype Shape = { size: int }\ntype Round = Shape & { r: int }\nfunc area(s: Shape) { 1 }\nfunc area(s: Round) { 2 }\n";
const B: &str = "module b;\nimport a.{Shape}\nfunc grow(s: Shape, by: int) { 1 }\n";
const SOURCES: [&str; 3] = ["src/a.jan", "src/b.jan", "janus.toml"];

/// How a build went.
#[derive(Debug, PartialEq, Eq)]
enum Went {
    Built,
    /// So many edited files were settled.
    Settled(usize),
    Unchanged,
}

fn build(project: &Project) -> (Went, String) {
    let output = project.run(&["build"]);
    let said = text(&output.stdout);
    let time = said.lines().find(|line| line.starts_with("time")).unwrap_or_default();
    let went = match time.split_once(", ").map(|(_, how)| how) {
        Some(how) if how.contains("declare") => {
            Went::Settled(how.split(' ').next().and_then(|count| count.parse().ok()).expect("a count"))
        }
        Some(how) if how.starts_with("nothing changed") => Went::Unchanged,
        _ => Went::Built,
    };
    (went, said)
}

/// A project that was built a moment ago.
fn built() -> Project {
    let project = Project::empty();
    project.write("janus.toml", "[project]\nname = \"shapes\"\n");
    project.write("src/a.jan", A);
    project.write("src/b.jan", B);
    assert_eq!(build(&project).0, Went::Built);
    project
}

/// Asserts that the image is that of a build of the same sources elsewhere, without this cache.
fn assert_image_is_fresh(project: &Project, what: &str) {
    let fresh = Project::empty();
    for file in SOURCES {
        let content = std::fs::read_to_string(project.root().join(file)).expect("there");
        fresh.write(file, &content);
    }
    assert_eq!(build(&fresh).0, Went::Built);
    let image = |of: &Project| std::fs::read(of.root().join("build/shapes.jdi")).expect("an image");
    assert!(image(project) == image(&fresh), "{what}: a stale image");
}

#[test]
fn a_body_a_comment_and_space_are_settled_and_methods_move() {
    let edits = [
        ("src/a.jan", "{ 1 }", "{ 3 }", "unchanged"),
        ("src/a.jan", "{ 1 }", "{\n    3\n}", "written"),
        ("src/a.jan", "module a;", "// what it is about\nmodule a;", "written"),
        ("src/b.jan", "func grow(s", "func  grow(s", "written"),
        ("src/b.jan", "{ 1 }\n", "{ 1 }\n// the end", "unchanged"),
        ("src/b.jan", "module b;", "\u{FEFF}module b;", "unchanged"),
    ];
    for (file, from, to, image) in edits {
        let project = built();
        let source = std::fs::read_to_string(project.root().join(file)).expect("there");
        project.write(file, source.replacen(from, to, 1));
        let (went, said) = build(&project);
        assert_eq!(went, Went::Settled(1), "{to:?}: {said}");
        assert!(said.contains(&format!(", {image}\n")), "{to:?}: {said}");
        assert!(said.contains("0 built, 2 reused"), "{said}");
        assert_image_is_fresh(&project, to);
        assert_eq!(build(&project).0, Went::Unchanged, "{to:?}");
        project.write(file, &source);
        assert_eq!(build(&project).0, Went::Settled(1), "taken back: {to:?}");
        assert_image_is_fresh(&project, to);
    }
}

#[test]
fn edits_follow_each_other_and_come_together() {
    let project = built();
    for round in 1..4 {
        let lines = "\n".repeat(round);
        project.write("src/a.jan", format!("{lines}{A}"));
        project.write("src/b.jan", format!("{lines}// {round}\n{B}"));
        assert_eq!(build(&project).0, Went::Settled(2), "round {round}");
        assert_image_is_fresh(&project, "two files");
        project.write("src/b.jan", format!("{lines}\n\n\n{B}"));
        assert_eq!(build(&project).0, Went::Settled(1), "round {round}");
        assert_image_is_fresh(&project, "one of them");
    }
}

#[test]
fn an_edit_as_long_as_what_it_replaces_in_the_same_instant_is_seen() {
    let project = built();
    for round in 0..10 {
        let body = if round % 2 == 0 { "{\n3 }" } else { "{ 4 }" };
        project.write("src/a.jan", A.replace("{ 1 }", body));
        assert_eq!(build(&project).0, Went::Settled(1), "round {round}");
        assert_image_is_fresh(&project, "a method moved");
        if round % 3 == 0 {
            project.write("src/a.jan", A.replace("area(s: Shape) { 1 }", "zone(s: Shape) { 1 }"));
            assert_eq!(build(&project).0, Went::Built, "round {round}");
            assert_image_is_fresh(&project, "another name");
            project.write("src/a.jan", A);
            assert_eq!(build(&project).0, Went::Built, "round {round}");
        }
    }
}

#[test]
fn what_declares_something_else_is_built() {
    let edits = [
        ("src/a.jan", "area(s: Round)", "area(s: int)"),
        ("src/a.jan", "area(s: Shape)", "zone(s: Shape)"),
        ("src/a.jan", "Shape & { r: int }", "{ r: int }"),
        ("src/a.jan", "func area(s: Round) { 2 }\n", ""),
        ("src/b.jan", "a.{Shape}", "a.{Round as Shape}"),
        ("src/b.jan", "module b;", "module c;"),
        ("src/b.jan", "by: int", "by: Shape"),
    ];
    for (file, from, to) in edits {
        let project = built();
        let source = std::fs::read_to_string(project.root().join(file)).expect("there");
        // Beside a comment in the other file, which alone would be settled.
        let other = if file == "src/a.jan" { ("src/b.jan", B) } else { ("src/a.jan", A) };
        project.write(other.0, format!("// a comment\n{}", other.1));
        project.write(file, source.replacen(from, to, 1));
        assert_eq!(build(&project).0, Went::Built, "{to:?}");
        assert_image_is_fresh(&project, to);
    }
}

#[test]
fn a_file_of_which_a_warning_speaks_is_built() {
    let project = built();
    let warned = B.replace("import a.{Shape}", "import a.{Shape}\nimport nowhere");
    project.write("src/b.jan", &warned);
    assert_eq!(build(&project).0, Went::Built);
    project.write("src/b.jan", format!("// a comment\n{warned}"));
    let output = project.run(&["build"]);
    assert!(text(&output.stderr).contains("src/b.jan:4:"), "{}", text(&output.stderr));
    project.write("src/a.jan", format!("// a comment\n{A}"));
    let output = project.run(&["build"]);
    assert!(text(&output.stdout).contains("declares what it declared"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("src/b.jan:4:"), "it is told each time");
}

#[test]
fn an_image_in_a_codec_is_written_by_a_build() {
    let project = built();
    let lz4 = |project: &Project| text(&project.run(&["build", "--codec", "lz4"]).stdout);
    lz4(&project);
    project.write("src/a.jan", A.replace("{ 1 }", "{ 3 }"));
    assert!(lz4(&project).contains("declares what it declared"), "the image is not touched");
    project.write("src/a.jan", format!("\n{A}"));
    assert!(!lz4(&project).contains("declares"), "methods moved");
}

#[test]
fn without_what_was_kept_of_declarations_a_build_is_made() {
    type Damage = (&'static str, fn(&std::path::Path));
    let damage: [Damage; 3] = [
        ("lost", |path| std::fs::remove_file(path).expect("removed")),
        ("cut", |path| std::fs::write(path, "").expect("written")),
        ("flipped", |path| {
            let mut bytes = std::fs::read(path).expect("read");
            *bytes.last_mut().expect("bytes") ^= 1;
            std::fs::write(path, bytes).expect("written");
        }),
    ];
    for (what, damage) in damage {
        let project = built();
        let calls = project.cache().join("v1/state/calls");
        let files: Vec<_> =
            std::fs::read_dir(&calls).expect("a folder").flatten().map(|file| file.path()).collect();
        let is_outlines =
            |path: &&std::path::PathBuf| path.extension().is_some_and(|found| found == "outlines");
        damage(files.iter().find(is_outlines).expect("kept"));
        project.write("src/a.jan", format!("\n{A}"));
        assert_eq!(build(&project).0, Went::Built, "{what}");
        assert_image_is_fresh(&project, what);
        project.write("src/a.jan", A);
        assert_eq!(build(&project).0, Went::Settled(1), "{what}: kept anew");
    }
}

#[test]
fn an_image_that_was_exchanged_is_never_patched() {
    let project = built();
    let image = project.root().join("build/shapes.jdi");
    let good = std::fs::read(&image).expect("read");
    project.write("src/a.jan", format!("\n{A}"));
    std::fs::write(&image, &good[..good.len() - 1]).expect("cut");
    assert_eq!(build(&project).0, Went::Built);
    assert_image_is_fresh(&project, "a cut image");
    project.write("src/a.jan", A);
    let same = std::fs::read(&image).expect("read");
    std::fs::remove_file(&image).expect("removed");
    std::fs::write(&image, same).expect("written");
    assert_eq!(build(&project).0, Went::Settled(1), "the same bytes in another file");
    assert_image_is_fresh(&project, "a copied image");
}
