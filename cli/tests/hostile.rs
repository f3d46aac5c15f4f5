//! Hostile and clumsy use: nothing panics, nothing hangs, nothing of the user's is destroyed, and
//! each refusal says what, where, and what to do.
#![cfg(target_os = "linux")]

mod kit;

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use kit::{Project, as_plain_user, make_pipe, text};

/// The paths below a folder that end so.
fn names_ending(folder: &std::path::Path, end: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(end)).collect()
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_never_waited_for() {
    let project = Project::small();
    make_pipe(&project.root().join("source.jan"));
    assert_eq!(project.said(&["build"]).0, 0, "a pipe is no source");

    let pipe = project.root().join("pipe");
    make_pipe(&pipe);
    let (code, said) = project.said(&["dispatch", "list", "pipe"]);
    assert_eq!((code, said.contains("pipe: it is a pipe")), (2, true), "{said}");
    let (code, said) = project.said(&["build", "--output", "pipe"]);
    assert_eq!((code, said.contains("not a regular file")), (2, true), "{said}");

    std::fs::create_dir(project.root().join("sub")).expect("writable");
    make_pipe(&project.root().join("sub/.gitignore"));
    let (code, said) = project.said(&["build"]);
    assert_eq!((code, said.contains("--> sub/.gitignore")), (1, true), "{said}");

    make_pipe(&project.root().join("janus.toml"));
    let (code, said) = project.said(&["build"]);
    assert_eq!((code, said.contains("janus.toml: cannot be read: it is a pipe")), (2, true), "{said}");
}

#[test]
fn the_image_replaces_no_link_no_socket_no_folder_and_no_source() {
    let project = Project::small();
    let source = std::fs::read(project.root().join("a.jan")).expect("there");
    symlink("a.jan", project.root().join("link")).expect("linked");
    symlink("nowhere", project.root().join("dangling")).expect("linked");
    let _socket = std::os::unix::net::UnixListener::bind(project.root().join("socket")).expect("bound");
    for output in ["link", "dangling", "socket", ".", "a.jan", "./build/../a.jan"] {
        std::fs::create_dir_all(project.root().join("build")).expect("writable");
        let (code, said) = project.said(&["build", "--output", output]);
        assert_eq!((code, said.contains("choose another place")), (2, true), "{output}: {said}");
    }
    assert_eq!(std::fs::read(project.root().join("a.jan")).expect("there"), source);
    assert!(project.root().join("dangling").is_symlink());
}

#[test]
fn links_that_lead_nowhere_or_in_circles_are_not_followed() {
    let project = Project::small();
    symlink("nowhere", project.root().join("x.jan")).expect("linked");
    symlink(".", project.root().join("circle")).expect("linked");
    std::fs::create_dir(project.root().join("folder.jan")).expect("made");
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["files"].as_u64()), (0, Some(1)));
}

#[test]
fn a_source_of_a_gibibyte_is_refused_within_little_memory() {
    let project = Project::small();
    let huge = std::fs::File::create(project.root().join("huge.jan")).expect("made");
    huge.set_len(1 << 30).expect("a file with holes");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 600000; exec \"$0\" build", env!("CARGO_BIN_EXE_janus")]);
    command.current_dir(project.root());
    let output = Project::finish(command);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("expected a source of at most 64 MiB"), "{said}");
}

#[test]
fn a_full_output_is_told_and_a_reader_that_leaves_is_no_failure() {
    let project = Project::small();
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("a device");
    let commands: [&[&str]; 4] =
        [&["build"], &["build", "--format", "json"], &["cache", "config"], &["completions", "bash"]];
    for args in commands {
        let told = project.command(args).stdout(full()).output().expect("runs");
        let said = text(&told.stderr);
        assert_eq!(told.status.code(), Some(4), "{args:?}: {said}");
        assert!(said.starts_with("error: cannot write the result to standard output"), "{said}");

        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let left = project.command(args).stdout(writer).output().expect("runs");
        assert_eq!((left.status.code(), text(&left.stderr)), (Some(0), String::new()), "{args:?}");
    }
    let silent = project.command(&["build", "nowhere"]).stderr(full()).status().expect("runs");
    assert_eq!(silent.code(), Some(2), "what cannot be said is no reason to panic");
}

#[test]
fn names_and_lines_cannot_send_commands_to_the_terminal() {
    let project = Project::small();
    project.write("a\nb\u{1b}[2J.jan", "func f(x: \u{1b}[31m) {}\n");
    let (code, said) = project.said(&["build"]);
    assert_eq!(code, 1);
    assert!(said.contains("--> a\\nb\\u{1b}[2J.jan:1:11"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    let (json, _) = project.build(&[]);
    assert_eq!(json["diagnostics"][0]["file"], "a\nb\u{1b}[2J.jan", "JSON keeps the name");
}

#[test]
fn a_name_that_is_not_utf_8_is_a_diagnostic() {
    let project = Project::small();
    let name = std::ffi::OsStr::from_bytes(b"no\xff.jan");
    std::fs::write(project.root().join(name), "func g(x: int) {}").expect("writable");
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["diagnostics"][0]["code"].as_str()), (1, Some("unreadable")));
}

#[test]
fn every_flipped_byte_and_every_cut_of_an_image_is_found() {
    let project = Project::small();
    project.build(&[]);
    let sound = std::fs::read(project.image()).expect("an image");
    for at in 0..sound.len() {
        let mut flipped = sound.clone();
        flipped[at] ^= 0x41;
        for damaged in [&flipped[..], &sound[..at]] {
            project.write("damaged.jdi", damaged);
            let output = project.run(&["dispatch", "query", "damaged.jdi", "f", "int"]);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "byte {at}: {said}");
            assert!(said.contains("damaged.jdi") && output.stdout.is_empty(), "byte {at}: {said}");
        }
    }
    let sound = project.run(&["dispatch", "query", "build/game.jdi", "f", "int"]);
    assert_eq!(sound.status.code(), Some(0));
}

#[test]
fn what_is_no_file_is_wrong_usage_and_no_damage() {
    let project = Project::small();
    for path in ["missing.jdi", "a.jan/below", ".", "/dev/null"] {
        let (code, said) = project.said(&["dispatch", "list", path]);
        assert_eq!((code, said.contains(path)), (2, true), "{said}");
    }
}

#[test]
fn a_wrong_project_file_is_named_with_its_line() {
    let cases = [
        ("x", ":1:2: key with no value"),
        ("[cache]\nmax_size = 99999999999999999999", ":2: `max_size` expects"),
        ("[cache]\nmax_size = -1", ":2: `max_size` expects"),
        ("[cache]\nmax_age = \"99999999999999999999d\"", ":2: `max_age` expects"),
        ("[cache]\ndir = \"a\\u0000b\"", ":2: `dir` expects"),
        ("cache = 3", ":1: `cache` expects a table"),
        ("\u{0}", ":1:"),
    ];
    let project = Project::small();
    for (content, expected) in cases {
        project.write("janus.toml", content);
        let (code, said) = project.said(&["build"]);
        assert_eq!(code, 2, "{content:?}: {said}");
        assert!(said.contains(&format!("janus.toml{expected}")), "{content:?}: {said}");
        assert!(!project.image().exists());
    }
    std::fs::remove_file(project.root().join("janus.toml")).expect("there");
    std::fs::create_dir(project.root().join("janus.toml")).expect("made");
    assert_eq!(project.said(&["build"]).0, 2);
}

#[test]
fn an_unknown_key_is_a_warning() {
    let project = Project::small();
    project.write("janus.toml", "[cache]\nmax_siez = 1\n");
    let (code, said) = project.said(&["build"]);
    assert_eq!((code, said.contains("janus.toml:2: `max_siez` is ignored")), (0, true), "{said}");
}

#[test]
fn a_source_date_epoch_that_is_no_number_is_wrong_usage() {
    let project = Project::small();
    for value in ["x", "-1", "1.5", " 1", "99999999999999999999"] {
        let mut command = project.command(&["build"]);
        command.env("SOURCE_DATE_EPOCH", value);
        let output = Project::finish(command);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{value}");
        assert!(said.contains("SOURCE_DATE_EPOCH expects whole seconds"), "{said}");
    }
}

#[test]
fn a_failure_leaves_standard_output_empty_for_json_too() {
    let project = Project::small();
    project.write("folder/x", "");
    let cases: [(&[&str], i32); 7] = [
        (&["build", "nowhere"], 2),
        (&["build", "folder"], 2),
        (&["build", "--output", "folder"], 2),
        (&["dispatch", "list", "a.jan"], 3),
        (&["dispatch", "query", "missing.jdi", "f"], 2),
        (&["cache", "stats", "--cache-dir", "folder"], 2),
        (&["cache", "clear", "--yes", "--cache-dir", "a.jan/below"], 4),
    ];
    for (args, expected) in cases {
        let output = project.run(&[args, &["--format", "json"]].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{args:?}: {said}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        assert!(said.starts_with("error: "), "{args:?}: {said}");
    }
}

#[test]
fn what_the_user_may_not_read_is_a_diagnostic_and_the_rest_is_built() {
    let project = Project::small();
    project.write("secret.jan", "func s(x: int) {}");
    project.write("closed/c.jan", "func c(x: int) {}");
    let Some(mut command) = as_plain_user(&project, project.command(&["build", "--format", "json"])) else {
        return;
    };
    let shut = |path: &str, mode| {
        let path = project.root().join(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    };
    shut("secret.jan", 0);
    shut("closed", 0);
    let output = command.output().expect("runs");
    shut("closed", 0o700);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), json["families"].as_u64()), (Some(1), Some(1)));
    let files: Vec<_> =
        json["diagnostics"].as_array().expect("a list").iter().map(|one| &one["file"]).collect();
    assert_eq!(files, ["closed", "secret.jan"]);
    let said = json["diagnostics"][0]["message"].as_str().expect("a message");
    assert!(!said.contains('/'), "a place is relative to the project: {said}");
}

#[test]
fn an_interrupted_build_ends_at_once_and_leaves_nothing_broken() {
    let project = Project::copy_of("arcade");
    let mut interrupted = 0;
    // What a shell starts in the background ignores INT, and so do its children; TERM ends those, too.
    for (delay_ms, (name, number)) in
        [0, 2, 4, 7, 10, 14, 20, 30].into_iter().zip([("-INT", 2), ("-TERM", 15)].into_iter().cycle())
    {
        std::fs::remove_dir_all(project.root().join("build")).ok();
        let mut build = project.command(&["build"]).stdout(Stdio::null()).spawn().expect("runs");
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        let pid = build.id().to_string();
        Command::new("kill").args([name, &pid]).status().expect("kill runs");
        let status = build.wait().expect("ends");
        // A shell shows death by these signals as 130 and 143.
        interrupted += u32::from(status.signal() == Some(number));
        assert!(status.success() || status.signal() == Some(number), "{status}");
    }
    assert!(interrupted > 0, "no build was slow enough to be interrupted");
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["cache_warnings"].as_array().map(Vec::len)), (0, Some(0)));
    assert_eq!(project.counts().0, 0);
    assert_eq!(project.run(&["cache", "validate"]).status.code(), Some(0));
    let left = names_ending(&project.cache().join("v1/tmp"), "");
    assert!(left.len() <= 1, "the next session sweeps all but one: {left:?}");
}
