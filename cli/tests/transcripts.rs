//! What people see: help texts, reports and diagnostics, word for word, as `cli/tests/transcripts`
//! has them. Times, sizes, dates, names of packs and the temporary folder are placeholders there.
//!
//! After an intended change, run this with `SNAPSHOTS=overwrite` and read the difference.

mod kit;

use std::fmt::Write as _;

use kit::{Project, text};
use regex::Regex;
use snapbox::{Assert, Data, Redactions};

/// What is different in each run, and its placeholder.
const CHANGING: [(&str, &str); 10] = [
    ("[TIME]", r"(?<redacted>\d+(\.\d+)? (ns|us|ms|s))\b"),
    ("[SPEEDUP]", r"tables (?<redacted>\d+\.\d) times"),
    ("[SIZE]", r"(?<redacted>\d+(\.\d+)? (B|kB))\b"),
    ("[RATE]", r"(?<redacted>\d+) cases a second"),
    ("[BYTES]", r#""bytes": (?<redacted>\d+)"#),
    ("[SHARE]", r"\((?<redacted>\d+\.\d %)\)"),
    ("[DATE]", r"(?<redacted>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"),
    ("[AT]", r"at byte (?<redacted>\d+)"),
    ("[KEY]", r"(?<redacted>[0-9a-f]{16})  "),
    ("[PACK]", r"(?<redacted>[0-9a-f]{16}-[0-9a-f]{16})\.pack"),
];
/// Said or not said by the speed of the machine.
const ADVICE_ON_SPEED: &str = "advice    move the cache to a faster local disk";

/// Runs commands one after the other. A line of standard error starts with `! `; a code that is not 0
/// stands at the end of its command.
fn run(project: &Project, commands: &[&str]) -> String {
    let mut told = String::new();
    for command in commands {
        let output = project.run(&command.split(' ').collect::<Vec<_>>());
        let _ = writeln!(told, "$ janus {command}");
        for line in text(&output.stderr).lines() {
            told.push_str(format!("! {line}").trim_end());
            told.push('\n');
        }
        for line in text(&output.stdout).lines().filter(|line| !line.starts_with(ADVICE_ON_SPEED)) {
            told.push_str(line.trim_end());
            told.push('\n');
        }
        match output.status.code().expect("not killed") {
            0 => {}
            code => {
                let _ = writeln!(told, "exit code {code}");
            }
        }
        told.push('\n');
    }
    told
}

/// Fails where `told` is not what the file has.
#[track_caller]
fn check(project: &Project, told: String, expected: Data) {
    let mut redactions = Redactions::new();
    redactions.insert("[ROOT]", project.root()).expect("a placeholder");
    for (placeholder, pattern) in CHANGING {
        let pattern = Regex::new(pattern).expect("a pattern");
        redactions.insert(placeholder, pattern).expect("a placeholder");
    }
    Assert::new().action_env("SNAPSHOTS").redact_with(redactions).eq(told, expected);
}

#[test]
fn the_help_of_every_command_is_as_written() {
    let project = Project::empty();
    let told = run(
        &project,
        &[
            "--help",
            "--version",
            "build --help",
            "build -h",
            "watch -h",
            "cache --help",
            "cache stats --help",
            "cache validate --help",
            "cache clear --help",
            "cache config --help",
            "cache explain --help",
            "cache diff --help",
            "dispatch --help",
            "dispatch query --help",
            "dispatch list --help",
            "dispatch show --help",
            "dispatch check --help",
            "trust --help",
            "completions --help",
            "man --help",
        ],
    );
    check(&project, told, snapbox::file!["transcripts/help.txt"]);
}

#[test]
fn a_project_is_planned_built_built_again_edited_and_explained_as_written() {
    let project = Project::copy_of("arcade");
    let mut told = run(&project, &["build --plan", "build", "build", "build --plan --explain"]);
    // The plan of a first build names every family: its last lines tell enough.
    let (head, rest) = told.split_once('\n').expect("lines");
    let report = rest.find("game  ").expect("a report");
    told = format!("{head}\n{}", rest.get(report..).expect("a place of its own"));
    project.edit("src/physics/mod.jan", "collide(a: Enemy, b: Player)", "collide(a: Actor, b: Player)");
    told += &run(&project, &["build --plan", "build --explain", "build --explain"]);
    project.edit("src/physics/mod.jan", "collide(a: Actor, b: Player)", "collide(a: Enemy, b: Player)");
    told += &run(&project, &["build --explain", "build --no-cache", "build --recache"]);
    check(&project, told, snapbox::file!["transcripts/build.txt"]);
}

#[test]
fn diagnostics_are_as_written() {
    let project = Project::copy_of("ambiguous");
    let told = run(&project, &["build", "build --deny ambiguity --deny unresolved-import --keep-going"]);
    check(&project, told, snapbox::file!["transcripts/diagnostics.txt"]);
}

#[test]
fn the_cache_is_counted_checked_repaired_and_cleared_as_written() {
    let project = Project::copy_of("arcade");
    let mut told = run(&project, &["cache stats", "cache validate", "cache clear --yes", "build"]);
    told += &run(&project, &["cache stats", "cache validate", "cache clear --dry-run", "cache clear"]);
    let packs = std::fs::read_dir(project.cache().join("v1/packs")).expect("packs");
    for pack in packs {
        let path = pack.expect("readable").path();
        let mut bytes = std::fs::read(&path).expect("readable");
        *bytes.last_mut().expect("not empty") ^= 1;
        std::fs::write(path, bytes).expect("writable");
    }
    std::fs::write(project.cache().join("README"), "edited").expect("writable");
    // A build whose output is there does not look into the cache.
    std::fs::remove_dir_all(project.root().join("build")).expect("was built");
    told += &run(&project, &["cache validate", "build", "cache validate --repair", "cache stats"]);
    told += &run(&project, &["cache clear --yes", "cache stats"]);
    check(&project, told, snapbox::file!["transcripts/cache.txt"]);
}

#[test]
fn the_cache_is_listed_pruned_and_looked_after_as_written() {
    let project = Project::empty();
    project.write("a.jan", "module a;\nfunc f(x: int) { 1 }\nfunc f(x: any) { 2 }\n");
    let mut told =
        run(&project, &["cache dir", "cache size", "cache list", "cache doctor", "cache inspect 0123"]);
    told += &run(&project, &["cache simulate", "build"]);
    let listed = text(&project.run(&["cache", "list"]).stdout);
    let inspect = format!("cache inspect {}", &listed[..16]);
    told +=
        &run(&project, &["cache doctor", "cache list", &inspect, "cache inspect xyz", "cache inspect ffff"]);
    told +=
        &run(&project, &["build -D a=b", "build --explain", "cache simulate --sizes 200B,1MB --policy lru"]);
    let prune = ["cache prune", "cache prune --older-than 1h", "cache prune --kind table"];
    told += &run(&project, &prune);
    let more = ["cache prune --kind dispatch-table --dry-run", "cache optimize", "cache gc --cache-size 1"];
    told += &run(&project, &more);
    told += &run(&project, &["cache clear --of-project game", "cache clear --of-project game --yes"]);
    let hidden =
        [("[0-9a-f]{64}", "[KEY]"), (&listed[..16], "[KEY]"), ("[0-9a-f]{16}-[0-9a-f]{16}", "[PACK]")];
    for (found, shown) in hidden {
        told = Regex::new(found).expect("a pattern").replace_all(&told, shown).into_owned();
    }
    // How wide a column is depends on how long building took.
    told = Regex::new("(?<first>\\S)  +").expect("a pattern").replace_all(&told, "$first  ").into_owned();
    check(&project, told, snapbox::file!["transcripts/store.txt"]);
}

#[test]
fn past_builds_are_explained_and_compared_as_written() {
    let project = Project::empty();
    let types = "module shape;\ntrait Round {}\ntype Shape = Circle | Square\n";
    let methods = "func area(s: Shape) { 1 }\nfunc area(r: Round) { 2 }\nfunc side(s: Square) { 3 }\n";
    project.write("src/shape.jan", format!("{types}{methods}"));
    project.write("src/main.jan", "module main;\nimport shape.{Shape}\nfunc main(s: Shape) { 1 }\n");
    let mut told = run(&project, &["cache explain area", "build", "cache diff"]);
    project.edit("src/shape.jan", "func area(s", "impl Round for Square {}\nfunc area(s");
    let asked = [
        "build --explain",
        "cache explain area",
        "cache explain src/shape.jan",
        "cache explain --if-changed src/shape.jan",
        "cache explain main --if-changed src/shape.jan",
        "cache explain side --if-changed src/main.jan",
        "cache explain a",
        "cache explain nothing",
        "cache diff",
        "cache diff 1 last --exit-code",
        "cache diff 7",
    ];
    told += &run(&project, &asked);
    let told = Regex::new("[0-9a-f]{16}").expect("a pattern").replace_all(&told, "[KEY]").into_owned();
    check(&project, told, snapbox::file!["transcripts/explain.txt"]);
}

#[test]
fn settings_and_their_origins_are_as_written() {
    let project = Project::small();
    project.write("janus.toml", "[cache]\nmax_size = \"2 GiB\"\nmax_siez = 1\ndir = \"/elsewhere\"\n");
    let told = run(&project, &["cache config --lock-timeout 5s --read-only", "cache config --chain far"]);
    // How wide a column is depends on how long the temporary folder's name is.
    let told = Regex::new("(?<first>\\S)  +").expect("a pattern").replace_all(&told, "$first  ").into_owned();
    check(&project, told, snapbox::file!["transcripts/settings.txt"]);
}

#[test]
fn an_image_answers_as_written() {
    let project = Project::copy_of("arcade");
    project.build(&[]);
    let image = "build/game.jdi";
    let questions = [
        "show IMAGE judge",
        "show IMAGE ai.director::judge/2 --format json",
        "query IMAGE collide Wasp Player",
        "query IMAGE collide Wasp Player --format json",
        "query IMAGE collide any any",
        "query IMAGE collide Wasp",
        "query IMAGE collide Wasp Nobody",
        "query IMAGE nothing Wasp",
        "query IMAGE digits int",
        "list src/main.jan",
        "list missing.jdi",
    ];
    let questions = questions.map(|question| format!("dispatch {}", question.replace("IMAGE", image)));
    let told = run(&project, &questions.each_ref().map(String::as_str));
    check(&project, told, snapbox::file!["transcripts/dispatch.txt"]);
}

#[test]
fn a_corpus_is_built_and_checked_as_written() {
    let project = Project::empty();
    kit::write_corpus(&project);
    let mut told = run(&project, &["build shapes.json", "build shapes.json --explain"]);
    told += &run(&project, &["dispatch check shapes.json shapes.truth.jsonl"]);
    project.edit("shapes.truth.jsonl", "[1,1],\"m\":-1", "[1,1],\"m\":2");
    told += &run(&project, &["dispatch check shapes.json shapes.truth.jsonl"]);
    project.edit("shapes.json", "\"arity\":1", "\"arity\":2");
    told += &run(&project, &["build shapes.json", "dispatch check shapes.json shapes.truth.jsonl"]);
    check(&project, told, snapbox::file!["transcripts/corpus.txt"]);
}

#[test]
fn an_image_in_a_codec_is_built_and_asked_as_written() {
    let project = Project::copy_of("arcade");
    let told = run(
        &project,
        &[
            "build --codec columnar",
            "build --codec columnar",
            "dispatch query build/game.jdi collide Wasp Player",
            "build",
            "build --codec brotli",
        ],
    );
    check(&project, told, snapbox::file!["transcripts/codec.txt"]);
}

#[test]
fn a_list_and_an_ambiguous_call_are_answered_as_written() {
    let project = Project::copy_of("ambiguous");
    project.run(&["build", "--keep-going"]);
    let query = "dispatch query build/game.jdi asteroids::collide Asteroid Asteroid";
    let told =
        run(&project, &["dispatch list build/game.jdi", "dispatch list build/game.jdi --format json", query]);
    check(&project, told, snapbox::file!["transcripts/ambiguous.txt"]);
}
