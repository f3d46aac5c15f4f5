//! Whole processes over generated trees: `janus build` where nothing changed, beside `git status`, `ninja -n` and a bare
//! loop of `statx` in two threads, which is the floor.
//!
//! ```text
//! cargo run --release --manifest-path benches/incremental/Cargo.toml -- JANUS [--files N]… [--rounds N]
//! ```
//!
//! `JANUS` is the program to measure. Trees have 100 files of some 4 KiB in a folder, and the page cache is warm. The
//! contestants take turns; what is printed is the median of each, and its ratio to the floor.

mod floor;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const DEFAULT_FILES: [usize; 2] = [10_000, 100_000];
const DEFAULT_ROUNDS: usize = 21;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == "child"
    {
        floor::child(rest);
        return;
    }
    let (janus, options) = arguments.split_first().expect("the program to measure");
    let janus = std::fs::canonicalize(janus).expect("the program to measure");
    let values = |flag: &str| -> Vec<usize> {
        let pairs = options.iter().zip(options.iter().skip(1)).filter(|(name, _)| *name == flag);
        pairs.map(|(_, value)| value.parse().expect("a number")).collect()
    };
    let rounds = values("--rounds").first().copied().unwrap_or(DEFAULT_ROUNDS);
    let sizes = values("--files");
    let sizes = if sizes.is_empty() { DEFAULT_FILES.to_vec() } else { sizes };
    for files in sizes {
        measure(&janus, files, rounds);
    }
}

/// What is measured, by name, and what runs it.
struct Contestant {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
}

fn measure(janus: &Path, files: usize, rounds: usize) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path().join("tree");
    let list = dir.path().join("list");
    tree::make(&root, files);
    floor::write_list(&root, &list);
    let built = Instant::now();
    run(&mut build(janus, &root));
    let cold_ms = built.elapsed().as_secs_f64() * 1e3;
    // What was just written proves nothing by its times; after this it does.
    std::thread::sleep(std::time::Duration::from_millis(100));
    run(&mut build(janus, &root));
    println!(
        "\n== {files} files, 100 in a folder, {} MB; a cold build took {cold_ms:.0} ms",
        files * 4 / 1000
    );
    let nothing_changed = contestants(janus, &root, &list);
    print(&take_turns(&nothing_changed, rounds, &mut |_| ()));
    let edited = root.join(tree::path(files / 2));
    let source = std::fs::read_to_string(&edited).expect("read");
    let one: Vec<Contestant> = nothing_changed
        .into_iter()
        .filter(|one| one.name.starts_with("janus") || one.name == "git status")
        .collect();
    type Edit = (&'static str, fn(&str, usize) -> String);
    let edits: [Edit; 3] = [
        ("a body edited before each, nothing moves", |source, round| format!("{source}// {round}\n")),
        ("a line added at the top before each, methods move", |source, round| {
            format!("{}{source}", "\n".repeat(round % 7 + 1))
        }),
        ("a parameter's type changed before each", |source, round| {
            source.replacen("by: int", &format!("by: Other{round}"), 1)
        }),
    ];
    for (what, edit) in edits {
        println!("\n{what}");
        print(&take_turns(&one, rounds.min(7), &mut |round| {
            std::fs::write(&edited, edit(&source, round)).expect("written");
        }));
        std::fs::write(&edited, format!("{source}// the last\n")).expect("written");
        println!("most memory of a build after such an edit: {} MB", peak_mb(&mut build(janus, &root)));
    }
    println!("most memory of a build in which nothing changed: {} MB", peak_mb(&mut build(janus, &root)));
}

fn contestants(janus: &Path, root: &Path, list: &Path) -> Vec<Contestant> {
    let own = std::env::current_exe().expect("this program");
    let child = move |arguments: Vec<PathBuf>| -> Box<dyn Fn() -> Command> {
        let own = own.clone();
        Box::new(move || {
            let mut command = Command::new(&own);
            command.arg("child").args(&arguments);
            command
        })
    };
    let in_root = |program: &str, arguments: &[&str]| -> Box<dyn Fn() -> Command> {
        let (program, root) = (program.to_owned(), root.to_owned());
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Box::new(move || {
            let mut command = Command::new(&program);
            command.args(&arguments).current_dir(&root);
            command
        })
    };
    let (program, at) = (janus.to_owned(), root.to_owned());
    let mut all = vec![
        Contestant { name: "bare statx, two threads", command: child(vec!["statx".into(), list.to_owned()]) },
        Contestant { name: "an empty process", command: child(vec!["nothing".into()]) },
        Contestant { name: "janus build", command: Box::new(move || build(&program, &at)) },
    ];
    if tree::prepare_git(root) {
        all.push(Contestant { name: "git status", command: in_root("git", &["status", "--porcelain"]) });
    }
    if tree::prepare_ninja(root) {
        all.push(Contestant { name: "ninja -n", command: in_root("ninja", &["-n"]) });
    }
    all
}

fn build(janus: &Path, root: &Path) -> Command {
    let mut command = Command::new(janus);
    command.arg("build").current_dir(root).env_remove("JANUS_CACHE_DIR");
    command
}

fn run(command: &mut Command) -> f64 {
    let started = Instant::now();
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output().expect("runs");
    let ms = started.elapsed().as_secs_f64() * 1e3;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}", said.lines().take(5).collect::<Vec<_>>().join("\n"));
    ms
}

fn take_turns(all: &[Contestant], rounds: usize, before: &mut dyn FnMut(usize)) -> Vec<(&'static str, f64)> {
    let mut found = vec![Vec::new(); all.len()];
    for round in 0..rounds {
        for (contestant, found) in all.iter().zip(&mut found) {
            before(round * all.len() + found.len());
            found.push(run(&mut (contestant.command)()));
        }
    }
    let medians = found.into_iter().map(|mut ms| {
        ms.sort_by(f64::total_cmp);
        ms[ms.len() / 2]
    });
    all.iter().map(|contestant| contestant.name).zip(medians).collect()
}

fn print(found: &[(&'static str, f64)]) {
    let Some((_, floor)) = found.first() else { return };
    for (name, ms) in found {
        println!("  {name:<28} {ms:>10.2} ms {:>8.2}", ms / floor);
    }
}

/// The most memory that a command had, as the kernel counts it.
fn peak_mb(command: &mut Command) -> String {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args());
    timed.current_dir(command.get_current_dir().expect("set")).stdout(Stdio::null());
    let Ok(output) = timed.output() else { return "unknown".to_owned() };
    let said = String::from_utf8_lossy(&output.stderr);
    let kilobytes = said.lines().last().and_then(|line| line.trim().parse::<f64>().ok());
    kilobytes.map_or("unknown".to_owned(), |kilobytes| format!("{:.1}", kilobytes / 1e3))
}
