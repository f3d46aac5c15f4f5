//! What `docs/dispatch.md` and `docs/guide.md` show of the examples is what the command does.

mod kit;

use std::path::Path;

use kit::{Project, text};

/// A command of the guide and what it is shown to print.
struct Shown {
    command: String,
    output: String,
}

fn guide(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(path).expect("readable")
}

/// Every command in the code blocks of the guide.
fn shown() -> Vec<Shown> {
    let guide = guide("dispatch.md");
    let mut all: Vec<Shown> = Vec::new();
    for block in guide.split("```text\n").skip(1) {
        let (block, _) = block.split_once("```").expect("a block ends");
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ janus ") {
                all.push(Shown { command: command.to_owned(), output: String::new() });
            } else {
                let current = all.last_mut().expect("a block begins with a command");
                current.output.push_str(line);
                current.output.push('\n');
            }
        }
    }
    all
}

#[test]
fn every_output_of_the_guide_to_dispatch_is_what_the_command_prints() {
    let all = shown();
    assert!(all.len() >= 5, "only {} commands were found", all.len());
    for example in ["arcade", "ambiguous"] {
        let project = Project::copy_of(example);
        let image = format!("build/{example}.jdi");
        project.run(&["build", "--keep-going", "--output", &image]);
        for Shown { command, output } in all.iter().filter(|one| one.command.contains(&image)) {
            let (command, wanted) = command.split_once(" | grep ").unwrap_or((command, ""));
            let args: Vec<&str> = command.split(' ').collect();
            let printed = text(&project.run(&args).stdout);
            let printed: String =
                printed.split_inclusive('\n').filter(|line| line.contains(wanted)).collect();
            assert_eq!(&printed, output, "janus {command}");
        }
    }
    let is_run = |one: &Shown| one.command.contains("arcade.jdi") || one.command.contains("ambiguous.jdi");
    assert!(all.iter().all(is_run), "a command of the guide is about no example");
}

#[test]
fn the_guide_counts_the_optimizers_of_arcade_rightly() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let list = text(&project.run(&["dispatch", "list", "build/game.jdi"]).stdout);
    let count = |word: &str| list.lines().filter(|line| line.ends_with(&format!(", {word}"))).count();
    let (dag, single, linear) = (count("dag"), count("single"), count("linear"));
    let claim = format!("`auto` makes {dag} a DAG, {single} single and {linear} linear:");
    assert!(guide("dispatch.md").contains(&claim), "docs/dispatch.md does not say: {claim}");
}

#[test]
fn the_users_guide_counts_rightly_what_edits_of_arcade_build() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let source = |path: &str| std::fs::read_to_string(project.root().join(path)).expect("readable");
    let claims = guide("guide.md");
    // Each edit stays: the next one counts from there. The texts are those of the guide's rows.
    let edits: [(&str, &str, &str, &str); 6] = [
        ("a body in `src/physics/mod.jan`, a comment", "src/physics/mod.jan", "amount: 1", "amount: 2"),
        (
            "a new type that is below no other",
            "src/entities/entity.jan",
            "pub type Door",
            "pub type Mat = { x: int }\npub type Door",
        ),
        (
            "a parameter type of one method",
            "src/physics/mod.jan",
            "(a: Enemy, b: Player)",
            "(a: Actor, b: Player)",
        ),
        (
            "a first function `length(a: int)`",
            "src/geometry/vector.jan",
            "",
            "pub func length(a: int) -> int { a }\n",
        ),
        ("`Shape` becomes open", "src/geometry/shape.jan", "sealed Shape", "open Shape"),
        ("a new kind of `Flyer`", "src/entities/enemy.jan", "Flyer = Drone", "Flyer = Hornet | Drone"),
    ];
    for (row, path, from, to) in edits {
        if from.is_empty() {
            project.write(path, source(path) + to);
        } else {
            project.edit(path, from, to);
        }
        let built = project.counts().0;
        let line = claims.lines().find(|line| line.starts_with(&format!("| {row}")));
        let line = line.unwrap_or_else(|| panic!("docs/guide.md has no row for {row}"));
        assert!(line.ends_with(&format!("| {built} |")), "{built} tables were built, not as here: {line}");
    }
}
