//! Incremental builds of an embedding compiler: what each kind of change makes it do, and nothing more.

#![allow(clippy::format_collect, reason = "sources are short")]

mod incremental_kit;

use std::fs;
use std::path::Path;

use incremental_kit::*;
use janus_cache::build::incremental::{FullBecause, Route, UnitCacheOptions};
use janus_cache::config::Verify;

/// `main` imports `shapes`, which imports `math`; `tool` stands beside them.
const FILES: [(&str, &str); 4] = [
    ("main.t", "import shapes.t\nimport tool.t\nfn main 0 = area 1\nfn help 0 = tool\n"),
    ("shapes.t", "import math.t\nfn area 1 = twice 2\nfn side 0 = 3\n"),
    ("math.t", "fn twice 1 = 2\nfn half 1 = 5\n"),
    ("tool.t", "fn tool 0 = 9\n"),
];

fn built() -> (Project, Toy) {
    let (project, toy) = (Project::new(&FILES), Toy::default());
    let first = project.build_right(&toy);
    assert_eq!(first.build.route, Route::Full(FullBecause::FirstBuild));
    toy.asked();
    (project, toy)
}

const NOTHING: [&str; 0] = [];

#[test]
fn touching_files_compiles_nothing_and_writes_no_output() {
    let (project, toy) = built();
    let times = |path: &Path| fs::metadata(path).expect("there").modified().expect("a time");
    let before = times(&project.output);
    let_a_tick_pass();
    for (path, text) in FILES {
        project.write(path, text);
    }
    let touched = project.build_right(&toy);
    assert_eq!((touched.build.route, touched.build.written), (Route::FastPath, false));
    assert_eq!((toy.asked(), times(&project.output)), (vec![], before));
}

#[test]
fn a_changed_body_compiles_one_function_of_one_section_and_no_importer() {
    let (project, toy) = built();
    project.write("math.t", "fn twice 1 = 4\nfn half 1 = 5\n");
    let done = project.build_right(&toy);
    assert_eq!(done.build.route, Route::Patched);
    assert_eq!(steps(&done.build), [("math.t", 1, 1)]);
    assert_eq!(toy.asked(), ["compile math.t:twice", "lower math.t"]);
    assert_eq!(done.build.cut_off, 2, "shapes and main");
}

#[test]
fn a_changed_interface_compiles_direct_importers_and_stops_there() {
    let (project, toy) = built();
    project.write("math.t", "fn twice 2 = 2\nfn half 1 = 5\n");
    let done = project.build_right(&toy);
    assert_eq!(done.build.route, Route::Patched);
    assert_eq!(steps(&done.build), [("math.t", 1, 1), ("shapes.t", 1, 1)]);
    let reasons = reasons(&done.build);
    assert!(reasons[1].ends_with("shapes.t: what math.t shows changed"), "{reasons:?}");
    assert_eq!(done.build.cut_off, 1, "main");
}

#[test]
fn an_edit_that_is_taken_back_restores_the_whole_output_without_compiling() {
    let (project, toy) = built();
    let before = project.text();
    project.write("math.t", "fn twice 2 = 4\n");
    project.build_right(&toy);
    toy.asked();
    project.write("math.t", FILES[2].1);
    let back = project.build_right(&toy);
    assert_eq!((back.build.route, back.build.written), (Route::Restored, true));
    assert_eq!((toy.asked(), project.text()), (vec![], before));
    assert_eq!(back.stats.functions.hits + back.stats.functions.misses, 0, "no function was looked for");
    let again = project.build_right(&toy);
    assert_eq!((again.build.route, again.build.written), (Route::FastPath, false));
    project.write("tool.t", "fn tool 0 = 10\n");
    let next = project.build_right(&toy);
    assert_eq!((next.build.route, steps(&next.build)), (Route::Patched, vec![("tool.t", 1, 0)]));
}

#[test]
fn a_lost_output_is_restored_without_compiling() {
    let (project, toy) = built();
    fs::remove_file(&project.output).expect("removed");
    let done = project.build_right(&toy);
    assert_eq!((done.build.route, done.build.written), (Route::Restored, true));
    assert_eq!(toy.asked(), NOTHING);
}

#[test]
fn an_output_that_somebody_edited_is_not_trusted() {
    let (project, toy) = built();
    let_a_tick_pass();
    project.build_right(&toy);
    let text = project.text();
    let time = fs::metadata(&project.output).expect("there").modified().expect("a time");
    for edited in [text.replace("math.t:twice/1 2", "math.t:twice/1 3"), text.clone() + "more", String::new()]
    {
        fs::write(&project.output, &edited).expect("written");
        fs::File::options()
            .write(true)
            .open(&project.output)
            .and_then(|file| file.set_modified(time))
            .expect("set");
        let done = project.build_right(&toy);
        assert_eq!((done.build.route, done.build.written), (Route::Restored, true));
    }
    assert_eq!(toy.asked(), NOTHING);
}

#[test]
fn an_edited_output_is_not_patched_either() {
    let (project, toy) = built();
    let edited = project.text().replace("math.t:half/1 5", "math.t:half/1 6");
    fs::write(&project.output, edited).expect("written");
    project.write("tool.t", "fn tool 0 = 10\n");
    let done = project.build_right(&toy);
    assert_eq!((done.build.route, steps(&done.build)), (Route::Patched, vec![("tool.t", 1, 0)]));
}

#[test]
fn a_failed_build_keeps_what_it_compiled_and_leaves_the_output_alone() {
    let (project, toy) = built();
    let before = project.text();
    project.write("math.t", "fn twice 1 = 2\nfn half\n");
    project.write("tool.t", "fn tool 0 = 10\nfn more 0 = 11\n");
    let failed = project.build(&toy);
    assert_eq!((failed.build.route, failed.build.written), (Route::Failed, false));
    let problems: Vec<String> = failed.build.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["math.t:2:1: expected a function"]);
    assert_eq!(failed.build.blocked, ["main.t", "shapes.t"]);
    assert_eq!(project.text(), before);
    assert!(toy.asked().contains(&"compile tool.t:more".to_owned()));

    project.write("math.t", "fn twice 1 = 3\nfn half 1 = 5\n");
    let mended = project.build_right(&toy);
    assert_eq!(toy.asked(), ["compile math.t:twice", "lower math.t"], "the rest was kept");
    assert_eq!(steps(&mended.build), [("main.t", 0, 2), ("math.t", 1, 1), ("tool.t", 0, 2)]);
}

#[test]
fn a_function_that_cannot_be_compiled_fails_its_file_and_the_others_are_kept() {
    let (project, toy) = built();
    project.write("math.t", "fn twice 1 = !\nfn half 1 = 6\n");
    let failed = project.build(&toy);
    let problems: Vec<String> = failed.build.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["math.t:1:1: cannot be compiled"]);
    toy.asked();
    project.write("math.t", "fn twice 1 = 2\nfn half 1 = 6\n");
    let mended = project.build_right(&toy);
    assert_eq!(
        (toy.asked(), steps(&mended.build)),
        (vec!["lower math.t".to_owned()], vec![("math.t", 0, 2)])
    );
}

#[test]
fn files_that_all_import_each_other_in_a_circle_build_together() {
    let file = |at: usize| format!("import f{}.t\nfn f{at} 0 = f{} {at}\n", (at + 1) % 10, (at + 1) % 10);
    let project = Project::new(&[("main.t", "import f0.t\nfn main 0 = f0\n")]);
    (0..10).for_each(|at| project.write(&format!("f{at}.t"), &file(at)));
    project.write("f9.t", "import main.t\nimport f0.t\nfn f9 0 = main\n");
    let toy = Toy::default();
    assert_eq!(project.build_right(&toy).build.files, 11);
    toy.asked();
    project.write("f5.t", &file(5).replace(" 5\n", " 55\n"));
    let done = project.build_right(&toy);
    assert_eq!(toy.asked(), ["compile f5.t:f5", "lower f5.t"]);
    assert_eq!((steps(&done.build), done.build.cut_off), (vec![("f5.t", 1, 0)], 10));
    project.write("f5.t", &file(5).replace("fn f5 0", "fn f5 1"));
    let done = project.build_right(&toy);
    assert_eq!(steps(&done.build), [("f4.t", 1, 0), ("f5.t", 1, 0)], "a cycle knows early cut-off, too");
    assert!(reasons(&done.build)[0].ends_with("what f5.t shows changed"));
}

#[test]
fn a_new_file_that_comes_before_an_imports_meaning_takes_its_place() {
    let project = Project::new(&[
        ("main.t", "import lib/a.t\nimport c.t\nfn main 0 = a\n"),
        ("c.t", "fn c 0 = 1\n"),
        ("lib/a.t", "import b.t\nfn a 0 = b\n"),
        ("b.t", "fn b 0 = 1\n"),
    ]);
    let toy = Toy::default();
    project.build_right(&toy);
    project.write("lib/b.t", "fn b 0 = 1\n");
    let done = project.build_right(&toy);
    assert!(project.text().contains("<lib/b.t:b/0>"));
    assert_eq!(reasons(&done.build)[0], "lib/a.t: an import means lib/b.t where it meant b.t");
    fs::remove_file(project.path("lib/b.t")).expect("removed");
    assert_eq!(project.build_right(&toy).build.route, Route::Restored);
}

#[test]
fn another_flag_misses_everything_and_the_first_flag_finds_all_again() {
    let (project, toy) = built();
    let before = project.text();
    let other = Toy::with_flag("-O2");
    let done = project.build_right(&other);
    assert_eq!(done.build.route, Route::Full(FullBecause::FirstBuild));
    assert_eq!(other.asked().len(), 4 + 7);
    let back = project.build_right(&toy);
    assert_eq!((back.build.route, toy.asked(), project.text()), (Route::Restored, vec![], before));
}

#[test]
fn recache_compiles_everything_and_uses_nothing_that_was_kept() {
    let (project, toy) = built();
    let options = UnitCacheOptions { recache: true, ..UnitCacheOptions::default() };
    let done = try_build(&project.root, &project.cache, &project.output, &toy, options).expect("built");
    assert_eq!(toy.asked().len(), 4 + 7);
    assert!(matches!(done.build.route, Route::Full(_)), "{:?}", done.build.route);
    assert_eq!((done.stats.functions.hits, done.stats.functions.kept), (0, 7));
    let after = project.build_right(&toy);
    assert_eq!((after.build.route, toy.asked()), (Route::FastPath, vec![]));
}

/// A build with a lost output and a lost state, so that everything is asked of the cache.
fn checked(project: &Project, toy: &Toy, verify: Verify) -> Done {
    fs::remove_dir_all(project.cache.join("v1/state")).expect("removed");
    fs::remove_file(&project.output).expect("removed");
    let options = UnitCacheOptions { verify, ..UnitCacheOptions::default() };
    try_build(&project.root, &project.cache, &project.output, toy, options).expect("built")
}

#[test]
fn with_verify_every_hit_is_made_again_and_a_difference_is_told_and_replaced() {
    let (project, toy) = built();
    let same = checked(&project, &toy, Verify::Always);
    assert_eq!((same.warnings, toy.asked().len()), (vec![], 4 + 7));
    assert_eq!((same.stats.functions.compared, same.stats.functions.kept), (7, 0));
    assert_eq!((same.stats.files.compared, same.stats.files.kept), (4, 0));
    assert_eq!(same.build.steps.iter().map(|step| step.reused).sum::<u32>(), 7);

    let whimsical = Toy { whim: " and a whim".to_owned(), ..Toy::default() };
    let different = checked(&project, &whimsical, Verify::Always);
    assert_eq!(different.warnings.len(), 7, "{:?}", different.warnings);
    let half = different.warnings.iter().find(|warning| warning.starts_with("math.t: half: "));
    let half = half.expect("it is told of each function");
    // `math.t:half/1 5` is made, and then the whim.
    assert!(half.starts_with("math.t: half: byte 15 of 16 that were kept and 27 that are made: "), "{half}");
    let aside = fs::read_dir(project.cache.join("v1/quarantine")).expect("a folder");
    let aside: Vec<String> = aside
        .map(|entry| fs::read_to_string(entry.expect("readable").path()).expect("what was kept"))
        .collect();
    assert_eq!(aside.len(), 7, "each one is set aside");
    assert!(aside.contains(&"math.t:half/1 5\n".to_owned()), "{aside:?}");
    assert!(half.contains("; the other one is now ") && half.contains("quarantine"), "{half}");
    assert_eq!(project.text().matches(" and a whim").count(), 7, "the fresh ones are used");

    let after = checked(&project, &whimsical, Verify::Off);
    assert_eq!(after.stats.functions.misses, 0);
    assert_eq!(project.text().matches(" and a whim").count(), 7, "and kept");
}

#[test]
fn without_verify_no_hit_is_made_again_and_with_samples_some_are() {
    let files: Vec<String> = (0..200).map(|at| format!("fn f{at} 0 = {at}\n")).collect();
    let files = files.concat();
    let project = Project::new(&[("main.t", &files)]);
    let toy = Toy::default();
    project.build(&toy);
    toy.asked();
    let off = checked(&project, &toy, Verify::Off);
    assert_eq!((off.build.route, toy.asked(), off.stats.functions.compared), (Route::Restored, vec![], 0));
    project.write("main.t", &(files.clone() + "fn more 0 = 1\n"));
    let sampled = checked(&project, &toy, Verify::Sampled);
    assert_eq!(sampled.stats.functions.hits, 200);
    let compared = sampled.stats.functions.compared;
    assert!((1..100).contains(&compared), "{compared} of 200");
}
