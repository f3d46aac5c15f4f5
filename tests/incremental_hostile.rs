//! Incremental builds where the tree or the compiler do what they should not.

#![allow(clippy::format_collect, reason = "sources are short")]

mod incremental_kit;

use std::fs;
use std::time::Instant;

use incremental_kit::*;
use janus_cache::build::incremental::{OutputForm, Route, SectionError, UnitBuildError, UnitCacheOptions};

fn told(done: &Done) -> Vec<String> {
    done.build.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_chain_of_5000_imports_builds_without_a_deep_stack() {
    const FILES: usize = 5000;
    let project = Project::new(&[("main.t", "import d0/f0.t\nfn main 0 = f0\n")]);
    let file = |at: usize| format!("d{}/f{at}.t", at / 100);
    for at in 0..FILES {
        let next = at + 1;
        let rest = if next < FILES {
            format!("import {}\nfn f{at} 0 = f{next}\n", file(next))
        } else {
            format!("fn f{at} 0 = 1\n")
        };
        project.write(&file(at), &rest);
    }
    let toy = Toy::default();
    let timed = |what: &str| {
        let start = Instant::now();
        let done = project.build(&toy);
        println!("{what}: {:?}, {:?}", done.build.route, start.elapsed());
        done
    };
    // A thread of a test has 2 MiB of stack.
    assert_eq!(timed("cold").build.files, FILES + 1);
    assert_eq!(timed("again").build.route, Route::FastPath);
    project.write(&file(FILES - 1), &format!("fn f{} 0 = 2\n", FILES - 1));
    let edited = timed("the last file edited");
    assert_eq!((edited.build.steps.len(), edited.build.cut_off), (1, FILES));
    project.write(&file(FILES - 1), &format!("fn f{} 0\n", FILES - 1));
    assert_eq!(timed("the last file broken").build.blocked.len(), FILES);
}

#[test]
fn a_file_that_vanishes_while_others_are_compiled_is_told_and_never_half_built() {
    let project = small();
    project.build(&Toy::default());
    let before = project.text();
    // What files became is gone, so that an importer has to read what it imports once more.
    fs::remove_dir_all(project.cache.join("v1/packs")).expect("removed");
    project.write("main.t", "import a.t\nimport b.t\nimport c.t\nfn main 0 = a b c 7\n");
    let victim = project.path("b.t");
    let toy = Toy::on_lower(move |path| {
        if path == "main.t" {
            let _ = fs::remove_file(&victim);
        }
    });
    let done = project.build(&toy);
    assert_eq!((done.build.route, project.text()), (Route::Failed, before));
    assert_eq!(told(&done), ["b.t: it was changed while it was read; build again"]);
    assert!(told(&project.build(&Toy::default())).contains(&"main.t:1:1: no file at b.t".to_owned()));
    project.write("b.t", "fn b 0 = 22\n");
    project.build_right(&Toy::default());
}

#[test]
fn a_source_that_changes_while_the_build_runs_is_seen_by_the_next_build() {
    let project = small();
    let file = project.path("c.t");
    let toy = Toy::on_lower(move |path| {
        if path == "a.t" {
            fs::write(&file, "fn c 0 = 4\n").expect("written");
        }
    });
    let done = project.build(&toy);
    assert_eq!(done.build.changed_meanwhile, ["c.t"]);
    assert!(project.text().contains("c.t:c/0 3"), "it was read before that");
    let next = project.build_right(&Toy::default());
    assert!(project.text().contains("c.t:c/0 4"));
    assert_eq!(steps(&next.build), [("c.t", 1, 0)]);
}

#[test]
fn a_source_that_changes_in_a_patching_build_that_does_not_read_it_is_seen_by_the_next_build() {
    let project = small();
    project.build(&Toy::default());
    let file = project.path("c.t");
    let toy = Toy::on_lower(move |path| {
        if path == "a.t" {
            fs::write(&file, "fn c 0 = 4\n").expect("written");
        }
    });
    project.write("a.t", "fn a 0 = 9\n");
    assert_eq!(project.build(&toy).build.route, Route::Patched);
    let next = project.build_right(&Toy::default());
    assert_eq!(steps(&next.build), [("c.t", 1, 0)]);
}

#[test]
fn edits_of_the_same_length_within_one_tick_are_seen_whatever_their_times_say() {
    let project = small();
    let toy = Toy::default();
    let file = project.path("a.t");
    let time = fs::metadata(&file).and_then(|metadata| metadata.modified()).expect("there");
    for round in 0..60 {
        fs::write(&file, format!("fn a 0 = {}\n", round % 7)).expect("written");
        fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(time)).expect("set");
        project.build(&toy);
        assert!(project.text().contains(&format!("a.t:a/0 {}\n", round % 7)), "round {round}");
    }
}

#[test]
fn a_section_with_a_line_like_a_marker_is_refused_and_the_old_output_stays() {
    let project = small();
    let toy = Toy::default();
    project.build(&toy);
    let before = project.text();
    for line in ["#_janus_section_0000000000000000_b.t", "#_janus_end"] {
        project.write("b.t", &format!("fn b 0 = 2 ${line}\n"));
        let error = project.try_build(&toy).err().expect("refused");
        let is_it = matches!(&error, UnitBuildError::Section(SectionError::LooksLikeMarker { path, .. }) if path == "b.t");
        assert!(is_it, "{error}");
        assert_eq!(project.text(), before);
    }
    project.write("b.t", "fn b 0 = 2 $#_janus_sections_are_fine\n");
    project.build_right(&toy);
    project.write("a.t", "fn a 0 = 7\n");
    assert_eq!(project.build_right(&toy).build.route, Route::Patched);
}

#[test]
fn a_binary_output_is_patched_to_what_a_fresh_build_makes() {
    let project = small();
    let toy = || Toy { form: OutputForm::Binary, ..Toy::default() };
    let fresh = || {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let output = dir.path().join("out");
        try_build(&project.root, &dir.path().join("cache"), &output, &toy(), UnitCacheOptions::default())
            .expect("built");
        fs::read(output).expect("an output")
    };
    project.build(&toy());
    project.write("b.t", "fn b 0 = 22 $#_janus_end\n");
    let done = project.build(&toy());
    assert_eq!(done.build.route, Route::Patched);
    assert!(fs::read(&project.output).expect("an output") == fresh());
    fs::remove_file(&project.output).expect("removed");
    assert_eq!(project.build(&toy()).build.route, Route::Restored);
    assert!(fs::read(&project.output).expect("an output") == fresh());
}

#[test]
fn a_compiler_that_fails_without_a_reason_fails_the_build() {
    let project = small();
    let toy = Toy::default();
    project.build(&toy);
    let before = project.text();
    project.write("b.t", "fn b 0 = ?\n");
    let failed = project.build(&toy);
    assert_eq!(told(&failed), ["b.t: the compiler failed, and did not say why"]);
    assert_eq!((failed.build.route, project.text()), (Route::Failed, before));
}

#[test]
fn imports_in_any_spelling_are_seen_to_change() {
    let spellings = ["./b.t", "x/../b.t", ".//x/./../b.t", "x//c.t"];
    let imports: String = spellings.iter().map(|spelling| format!("import {spelling}\n")).collect();
    let project = Project::new(&[
        ("main.t", &format!("{imports}fn main 0 = b c\n")),
        ("b.t", "fn b 0 = 1\n"),
        ("x/c.t", "fn c 0 = 1\n"),
        ("d.t", ""),
    ]);
    let toy = Toy::default();
    project.build_right(&toy);
    for path in ["b.t", "x/c.t"] {
        let text = fs::read_to_string(project.path(path)).expect("there").replace("= 1", "= 2");
        project.write(path, &text);
        project.build_right(&toy);
        assert_eq!(project.build(&toy).build.route, Route::FastPath);
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_or_folder_is_a_problem_until_it_can_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = small();
    project.write("lib/d.t", "fn d 0 = 1\n");
    project.write("a.t", "import lib/d.t\nfn a 0 = d\n");
    let allow = |path: &str, mode| {
        fs::set_permissions(project.path(path), fs::Permissions::from_mode(mode)).expect("set");
    };
    let toy = Toy::default();
    allow("b.t", 0o000);
    if fs::read(project.path("b.t")).is_ok() {
        eprintln!("this user may read everything: nothing is proved about files that cannot be read");
        return;
    }
    let done = project.build(&toy);
    assert_eq!(done.build.route, Route::Failed);
    assert!(told(&done)[0].starts_with("b.t: expected a readable file: "), "{:?}", told(&done));
    allow("b.t", 0o644);
    project.build_right(&toy);
    let_a_tick_pass();
    // The content cannot be read, but nothing says that it changed; a folder without rights hides its files.
    allow("b.t", 0o000);
    assert_ne!(project.build(&toy).build.route, Route::FastPath);
    allow("b.t", 0o644);
    allow("lib", 0o000);
    assert!(told(&project.build(&toy))[0].starts_with("a.t:1:1: no file at lib/d.t"));
    allow("lib", 0o755);
    project.build_right(&toy);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_are_no_files_and_a_link_to_a_file_is_that_file() {
    use std::os::unix::fs::symlink;
    let project = small();
    fs::remove_file(project.path("b.t")).expect("removed");
    symlink("b.t", project.path("b.t")).expect("linked");
    let toy = Toy::default();
    assert!(told(&project.build(&toy)).contains(&"main.t:1:1: no file at b.t".to_owned()));
    fs::remove_file(project.path("b.t")).expect("removed");
    project.write("real.t", "fn b 0 = 5\n");
    symlink("real.t", project.path("b.t")).expect("linked");
    project.build_right(&toy);
    project.write("real.t", "fn b 0 = 6\n");
    assert_eq!(steps(&project.build_right(&toy).build), [("b.t", 1, 0)]);
    fs::remove_file(project.path("main.t")).expect("removed");
    symlink("main.t", project.path("main.t")).expect("linked");
    let done = project.build(&toy);
    assert!(told(&done)[0].starts_with("main.t: expected a readable file: "), "{:?}", told(&done));
}

#[cfg(unix)]
#[test]
fn a_tree_that_cannot_be_written_builds_with_the_cache_elsewhere() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = small();
    let toy = Toy::default();
    let allow = |mode| fs::set_permissions(&project.root, fs::Permissions::from_mode(mode)).expect("set");
    allow(0o555);
    let listed = || fs::read_dir(&project.root).expect("a folder").count();
    let before = listed();
    project.build_right(&toy);
    assert_eq!(project.build(&toy).build.route, Route::FastPath);
    assert_eq!(listed(), before, "nothing is written beside the sources, even where that is possible");
    allow(0o755);
}

#[test]
fn the_second_build_of_10000_files_reads_none_of_them() {
    const FILES: u64 = 10_000;
    let imports: String = (0..100).map(|at| format!("import d{at}/f0.t\n")).collect();
    let project = Project::new(&[("main.t", &format!("{imports}fn main 0 = 1\n"))]);
    for dir in 0..100 {
        let all: String = (1..100).map(|at| format!("import f{at}.t\n")).collect();
        project.write(&format!("d{dir}/f0.t"), &format!("{all}fn f 0 = {dir}\n"));
        (1..100).for_each(|at| project.write(&format!("d{dir}/f{at}.t"), &format!("fn f{at} 0 = {dir}\n")));
    }
    let_a_tick_pass();
    let toy = Toy::default();
    let start = Instant::now();
    let first = project.build(&toy);
    println!("cold: {:?}", start.elapsed());
    assert_eq!((first.build.files as u64, first.stats.hashes.files_read), (FILES + 1, FILES + 1));
    let start = Instant::now();
    let second = project.build(&toy);
    println!("again: {:?}", start.elapsed());
    let hashes = second.stats.hashes;
    assert_eq!((second.build.route, hashes.files_read, hashes.bytes_read), (Route::FastPath, 0, 0));
    // Files, and names that were probed beside an importer and not there.
    let probed = 100 + FILES;
    assert!((FILES..=FILES + probed).contains(&hashes.stat_calls), "{hashes:?}");
    assert_eq!(hashes.hits, hashes.stat_calls);
}

#[test]
fn a_build_that_read_older_sources_never_writes_after_a_newer_one() {
    let project = small();
    project.build_right(&Toy::default());
    let (has_read, reads) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let (has_read, may_go_on) = (std::sync::Mutex::new(has_read), std::sync::Mutex::new(may_go_on));
    let first = std::sync::atomic::AtomicBool::new(true);
    let slow = Toy::on_lower(move |path| {
        if path == "a.t" && first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            has_read.lock().expect("free").send(()).expect("awaited");
            may_go_on.lock().expect("free").recv().expect("sent");
        }
    });
    project.write("a.t", "fn a 0 = 100\n");
    std::thread::scope(|scope| {
        let older = scope.spawn(|| project.build(&slow));
        reads.recv().expect("sent");
        project.write("a.t", "fn a 0 = 2\n");
        let newer = scope.spawn(|| project.build(&Toy::default()));
        std::thread::sleep(std::time::Duration::from_millis(50));
        go_on.send(()).expect("awaited");
        older.join().expect("built");
        newer.join().expect("built");
    });
    assert_eq!(Ok(project.text()), project.fresh(&Toy::default()));
}
