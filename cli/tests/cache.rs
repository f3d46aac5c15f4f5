//! A cache that is full, foreign, read-only, locked, damaged or oddly named never fails a build, and
//! what looks after it keeps its hands off everything else.
#![cfg(target_os = "linux")]

mod kit;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kit::{Project, as_plain_user, make_pipe, text};

/// All files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn pack(project: &Project) -> PathBuf {
    let packs = files_below(&project.cache().join("v1/packs"));
    packs.into_iter().find(|path| path.extension() == Some(OsStr::new("pack"))).expect("a pack")
}

/// Runs the command where `folder` is a file system of so many KiB, which nobody else sees. `None`,
/// with the reason printed, where mounting is not allowed.
fn in_small_disk(project: &Project, folder: &Path, kib: u32, script: &str) -> Option<Output> {
    for flags in ["-m", "-rm"] {
        let mount = format!("mount -t tmpfs -o size={kib}k tmpfs \"$1\" && {script}");
        let mut command = Command::new("unshare");
        command.args([flags, "sh", "-c", &mount, env!("CARGO_BIN_EXE_janus")]).arg(folder);
        command.current_dir(project.root()).env("HOME", project.root());
        let output = Project::finish(command);
        let said = text(&output.stderr);
        if !said.starts_with("unshare:") && !said.starts_with("mount:") {
            return Some(output);
        }
        println!("skipped: no private mount with unshare {flags}: {said}");
    }
    None
}

#[test]
fn a_full_cache_is_a_warning_and_the_image_is_written() {
    let project = Project::copy_of("arcade");
    let disk = project.root().join("disk");
    std::fs::create_dir(&disk).expect("made");
    let script = "\"$0\" build --cache-dir \"$1/c\"; code=$?; \"$0\" cache validate --cache-dir \"$1/c\" || code=9; exit $code";
    let Some(output) = in_small_disk(&project, &disk, 64, script) else { return };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("no room to write") && said.contains("the build goes on"), "{said}");
    assert!(text(&output.stdout).contains("sound: 0 entries"), "{}", text(&output.stdout));
    assert!(project.image().exists());
}

#[test]
fn a_full_output_folder_keeps_the_old_image_and_leaves_no_half() {
    let project = Project::copy_of("arcade");
    let disk = project.root().join("disk");
    std::fs::create_dir(&disk).expect("made");
    let script = "echo old >\"$1/a.jdi\"; \"$0\" build --output \"$1/a.jdi\"; code=$?; ls -A \"$1\"; cat \"$1/a.jdi\"; exit $code";
    let Some(output) = in_small_disk(&project, &disk, 16, script) else { return };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot write") && said.contains("choose another place"), "{said}");
    assert_eq!(text(&output.stdout), "a.jdi\nold\n");
}

#[test]
fn a_cache_that_may_only_be_read_still_answers() {
    let project = Project::small();
    project.build(&[]);
    let run = |args: &[&str]| {
        as_plain_user(&project, project.command(args)).map(|mut it| it.output().expect("runs"))
    };
    let modes = |mode| {
        for folder in ["", "v1", "v1/packs", "v1/tmp", "v1/state", "v1/recency"] {
            let folder = project.cache().join(folder);
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).expect("ours");
        }
    };
    modes(0o500);
    let answers = ["build", "cache clear --yes", "cache validate --repair", "cache gc"].map(|args| {
        let args: Vec<&str> = args.split(' ').collect();
        run(&args)
    });
    modes(0o700);
    let [Some(build), Some(clear), Some(repair), Some(gc)] = answers else { return };
    assert_eq!(build.status.code(), Some(0), "{}", text(&build.stderr));
    assert!(text(&build.stdout).contains("0 built, 1 reused"), "{}", text(&build.stdout));
    for refused in [clear, repair, gc] {
        assert_eq!(refused.status.code(), Some(4));
        assert!(text(&refused.stderr).contains("is used read-only"), "{}", text(&refused.stderr));
    }
}

#[test]
fn a_cache_of_somebody_else_is_neither_believed_nor_touched() {
    let project = Project::small();
    project.build(&[]);
    if std::os::unix::fs::chown(project.cache(), Some(12345), None).is_err() {
        println!("skipped: only the superuser can give a directory away");
        return;
    }
    let before = files_below(&project.cache());
    let (json, code) = project.build(&[]);
    assert_eq!((code, json["tables"]["built"].as_u64()), (0, Some(1)));
    assert_eq!(json["cache_warnings"][0]["kind"], "permission-denied");
    let (code, said) = project.said(&["cache", "clear", "--yes"]);
    assert_eq!((code, said.contains("belongs to user 12345")), (2, true), "{said}");
    assert_eq!(files_below(&project.cache()), before);
}

#[test]
fn a_cache_may_have_any_name_and_an_empty_one_counts_as_unset() {
    for name in [&b"with space"[..], b"rel/ative", b"non\xffutf8", b"new\nline", b"-v", b""] {
        let project = Project::small();
        let name = OsStr::from_bytes(name);
        let run = |args: &[&str]| {
            let mut command = project.command(args);
            command.env("JANUS_CACHE_DIR", name);
            let output = Project::finish(command);
            assert_eq!(output.status.code(), Some(0), "{name:?}: {}", text(&output.stderr));
            serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
        };
        run(&["build", "--format", "json"]);
        assert_eq!(run(&["build", "--format", "json"])["tables"]["reused"], 1, "{name:?}");
        assert_eq!(run(&["cache", "stats", "--format", "json"])["entries"], 1, "{name:?}");
        let dir = if name.is_empty() { project.cache() } else { project.root().join(name) };
        assert!(dir.join("CACHEDIR.TAG").exists(), "{name:?}");
    }
}

#[test]
fn a_cache_that_cannot_be_looked_at_is_not_called_missing() {
    let project = Project::small();
    for dir in ["a.jan/below".to_owned(), "n".repeat(300)] {
        for command in ["stats", "validate", "clear"] {
            let (code, said) = project.said(&["cache", command, "--cache-dir", &dir]);
            assert_eq!((code, said.contains("cannot look at the cache")), (4, true), "{command}: {said}");
        }
        let (json, code) = project.build(&["--cache-dir", &dir]);
        assert_eq!((code, json["cache_warnings"].as_array().map(Vec::len)), (0, Some(1)));
    }
    let none = project.run(&["cache", "stats"]);
    assert!(text(&none.stdout).contains("no cache yet"), "{}", text(&none.stdout));
}

#[test]
fn clearing_removes_nothing_that_is_not_the_caches() {
    let project = Project::small();
    project.build(&[]);
    let home = project.root().parent().expect("a home").to_owned();
    let before = files_below(&home);
    for dir in [home.to_str().expect("UTF-8"), ".", "build", "a.jan"] {
        let (code, said) = project.said(&["cache", "clear", "--yes", "--cache-dir", dir]);
        assert_eq!((code, said.contains("is not a cache directory")), (2, true), "{dir}: {said}");
    }
    assert_eq!(files_below(&home), before);

    let outside = home.join("outside");
    std::fs::write(&outside, "kept").expect("written");
    symlink(&outside, project.cache().join("v1/packs/link.pack")).expect("linked");
    symlink(&home, project.cache().join("v1/tmp/home")).expect("linked");
    symlink(project.cache(), project.root().join("link")).expect("linked");
    assert_eq!(project.said(&["cache", "clear", "--yes", "--cache-dir", "link"]).0, 0);
    assert_eq!(std::fs::read(&outside).expect("there"), b"kept");
    assert!(project.image().exists() && project.cache().join("CACHEDIR.TAG").exists());
    assert_eq!(files_below(&project.cache().join("v1/packs")), Vec::<PathBuf>::new());
}

#[test]
fn a_held_lock_stops_clearing_at_its_limit_and_never_a_build() {
    let project = Project::small();
    project.build(&[]);
    let lock = std::fs::File::open(project.cache().join("v1/lock")).expect("there");
    lock.lock().expect("free");
    assert_eq!(project.build(&["--lock-timeout", "0s"]).1, 0);
    let (code, said) = project.said(&["cache", "clear", "--yes", "--lock-timeout", "1s"]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("waiting for another process") && said.contains("try again"), "{said}");
    lock.unlock().expect("held");
    assert_eq!(project.said(&["cache", "clear", "--yes", "--lock-timeout", "1s"]).0, 0);
}

#[test]
fn builds_and_clearing_at_once_harm_nobody() {
    let project = Project::copy_of("arcade");
    for _ in 0..10 {
        let start = |args: &[&str]| project.command(args).stdout(Stdio::null()).spawn().expect("runs");
        let clear = ["cache", "clear", "--yes"];
        let mut all = [start(&["build"]), start(&clear), start(&["build"]), start(&clear)];
        for one in &mut all {
            assert!(one.wait().expect("ends").success());
        }
    }
    assert_eq!(project.build(&[]).1, 0);
    assert_eq!(project.counts().0, 0);
    assert_eq!(project.said(&["cache", "validate"]).0, 0);
}

#[test]
fn a_flipped_byte_is_found_and_never_changes_an_image() {
    let project = Project::small();
    project.build(&[]);
    let image = std::fs::read(project.image()).expect("an image");
    let pack = pack(&project);
    let sound = std::fs::read(&pack).expect("a pack");
    for at in (0..sound.len()).step_by(5) {
        let mut flipped = sound.clone();
        flipped[at] ^= 0x10;
        std::fs::write(&pack, flipped).expect("writable");
        let output = project.run(&["cache", "validate", "--format", "json"]);
        assert_eq!(output.status.code(), Some(3), "byte {at}: {}", text(&output.stdout));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(json["sound"], false, "byte {at}");
        std::fs::remove_file(project.image()).expect("there");
        let (_, code) = project.build(&["--read-only"]);
        assert_eq!((code, std::fs::read(project.image()).expect("there")), (0, image.clone()), "byte {at}");
    }
}

#[test]
fn pipes_folders_and_nothing_in_the_place_of_a_caches_files_fail_no_build() {
    let project = Project::small();
    project.build(&[]);
    let names: Vec<PathBuf> = files_below(&project.cache());
    for way in ["pipe", "folder", "empty", "gone"] {
        for name in &names {
            std::fs::remove_dir_all(project.cache()).expect("ours");
            project.build(&[]);
            // Packs have random names; another one stands for them.
            let relative = name.strip_prefix(project.cache()).expect("below");
            let path = if name.exists() { name.clone() } else { pack(&project) };
            std::fs::remove_file(&path).expect("there");
            match way {
                "pipe" => make_pipe(&path),
                "folder" => std::fs::create_dir(&path).expect("made"),
                "empty" => std::fs::write(&path, "").expect("written"),
                _ => {}
            }
            let (json, code) = project.build(&[]);
            let tables = json["tables"]["built"].as_u64().zip(json["tables"]["reused"].as_u64());
            assert!(code == 0 && matches!(tables, Some((0, 1) | (1, 0))), "{way} {relative:?}: {json}");
            let (code, said) = project.said(&["cache", "validate", "--repair", "--lock-timeout", "1s"]);
            assert!(matches!(code, 0 | 3 | 4), "{way} {relative:?}: {code} {said}");
        }
    }
}

#[test]
fn doctor_makes_nothing_that_is_missing() {
    let project = Project::small();
    project.build(&[]);
    let version = project.cache().join("v1");
    for name in ["objects", "dead", "artifacts"] {
        std::fs::remove_dir_all(version.join(name)).expect("removable");
    }
    std::fs::remove_file(version.join("lock")).expect("removable");
    let (code, told) = project.said(&["cache", "doctor"]);
    assert_eq!(code, 0, "{told}");
    for name in ["objects", "dead", "artifacts", "lock"] {
        assert!(!version.join(name).exists(), "{name}");
    }
}

#[test]
fn doctor_finds_what_stands_in_the_way_of_a_cache_instead_of_failing_on_it() {
    for name in ["packs", "objects", "state", "artifacts"] {
        let project = Project::small();
        project.build(&[]);
        let folder = project.cache().join("v1").join(name);
        std::fs::remove_dir_all(&folder).expect("removable");
        project.write(&format!(".janus_cache/v1/{name}"), "no folder");
        let output = project.run(&["cache", "doctor", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
        assert_eq!((output.status.code(), &json["healthy"]), (Some(0), &false.into()), "{name}");
        let mut found =
            json["checks"].as_array().expect("checks").iter().filter(|check| check["ok"] == false);
        let is_named = |check: &serde_json::Value| {
            check["found"].as_str().is_some_and(|found| found.contains(&*folder.to_string_lossy()))
        };
        assert!(found.any(is_named), "{json}");
    }
}

#[test]
fn a_cache_in_a_folder_with_an_odd_name_cannot_send_commands_to_the_terminal() {
    let project = Project::small();
    project.build(&["--cache-dir", "o\u{1b}[31m\nd"]);
    for command in
        [&["stats"][..], &["gc"], &["gc", "--dry-run"], &["prune", "--kind", "file-ir"], &["clear", "--yes"]]
    {
        let output = project.run(&[&["cache"], command, &["--cache-dir", "o\u{1b}[31m\nd"]].concat());
        let told = text(&output.stdout);
        assert!(told.contains("o\\u{1b}[31m\\nd") && !told.contains('\u{1b}'), "{command:?}: {told}");
    }
}
