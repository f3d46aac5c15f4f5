//! What `docs/dispatch.md` shows is what the command prints.

mod kit;

use std::path::Path;

use kit::{Project, text};

/// A command of the guide and what it is shown to print.
struct Shown {
    command: String,
    output: String,
}

/// Every command in the code blocks of the guide.
fn shown() -> Vec<Shown> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dispatch.md");
    let guide = std::fs::read_to_string(path).expect("readable");
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
            let printed: String = printed
                .lines()
                .filter(|line| line.contains(wanted))
                .map(|line| format!("{line}\n"))
                .collect();
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
    assert_eq!((count("dag"), count("single"), count("linear")), (113, 110, 12));
}
