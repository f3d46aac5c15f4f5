//! Generated trees: the same for the same number of files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FOLDER: usize = 100;
const BYTES: usize = 4096;
/// Functions of a file, each of a family of its own.
const FUNCTIONS: usize = 5;

/// The root-relative path of file `number`.
pub(crate) fn path(number: usize) -> PathBuf {
    PathBuf::from(format!("part{:04}/file{number:06}.jan", number / FOLDER))
}

/// Writes the tree. Each file is a module with a type and some functions, which call each other in its own module.
pub(crate) fn make(root: &Path, files: usize) {
    for number in 0..files {
        let path = root.join(path(number));
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(path, source(number)).expect("written");
    }
    std::fs::write(root.join("janus.toml"), "[project]\nname = \"tree\"\n").expect("written");
    std::fs::write(root.join(".gitignore"), "build/\n.janus_cache/\n.ninja_*\n").expect("written");
}

fn source(number: usize) -> String {
    let mut text = format!("module part{:04}.file{number:06};\n\n", number / FOLDER);
    let _ = writeln!(text, "type Shape{number} = {{ size: int }}\n");
    for step in 0..FUNCTIONS {
        let _ = writeln!(
            text,
            "// Step {step} of file {number}, with as much to say as people say.\n\
             func step{step}(shape: Shape{number}, by: int) {{\n    let total = by * {step} + 1"
        );
        for line in 0.. {
            if text.len() > BYTES * (step + 1) / FUNCTIONS {
                break;
            }
            let _ = writeln!(text, "    let part{line} = total / {} + {number} * {line}", line + 2);
        }
        text.push_str("    return total\n}\n\n");
    }
    text
}

/// Makes the tree a repository in which everything is committed; false where there is no git.
pub(crate) fn prepare_git(root: &Path) -> bool {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=bench", "-c", "user.email=bench@example.org"]).args(arguments);
        command.current_dir(root).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    git(&["init", "-q"]) && git(&["add", "."]) && git(&["commit", "-q", "-m", "tree"]) && git(&["status"])
}

/// Writes a build of one step for each file, and does it; false where there is no ninja.
pub(crate) fn prepare_ninja(root: &Path) -> bool {
    let mut text = String::from("rule all\n  command = touch $out\n\n");
    let mut sources: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(root).expect("listed").flatten().filter(|found| found.path().is_dir()) {
        let files = std::fs::read_dir(folder.path()).expect("listed").flatten().map(|found| found.path());
        sources.extend(files.filter(|file| file.extension().is_some_and(|found| found == "jan")));
    }
    sources.sort();
    text.push_str("build build/all.stamp: all");
    for source in &sources {
        let _ = write!(text, " $\n    {}", source.strip_prefix(root).expect("below").display());
    }
    text.push('\n');
    std::fs::write(root.join("build.ninja"), text).expect("written");
    let mut ninja = Command::new("ninja");
    ninja.current_dir(root).stdout(Stdio::null()).stderr(Stdio::null());
    ninja.status().is_ok_and(|status| status.success())
}
