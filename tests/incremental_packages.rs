//! Incremental builds that import modules of other packages: what their changes compile, and what they do not.

mod incremental_kit;

use std::fs;

use incremental_kit::*;
use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, FullBecause, MultiLevelCache, PackageChange, Route, UnitCacheOptions, UnitRequest,
    incremental_build,
};
use janus_cache::clock::Clock;
use janus_cache::store::{Store, StoreOptions};

/// `draw` and `plot` import a package's modules, `main` imports them; `plain` stands beside them.
const FILES: [(&str, &str); 4] = [
    ("main.t", "import draw.t\nimport plot.t\nimport plain.t\nfn main 0 = draw plot plain\n"),
    ("draw.t", "import geometry/shapes\nfn draw 0 = area 2\nfn pen 0 = 3\n"),
    ("plot.t", "import geometry/lines\nimport geometry/shapes\nfn plot 0 = length\nfn grid 0 = side 4\n"),
    ("plain.t", "fn plain 0 = 9\n"),
];
const SHAPES: &str = "area 1\nside 1\n";
const LINES: &str = "length 2\n";
const NOTHING: [&str; 0] = [];

fn geometry(version: &str, shapes: &str) -> Vec<Offered> {
    let package = format!("geometry {version}");
    vec![
        Offered::new("geometry/lines", &package, LINES),
        Offered::new("geometry/shapes", &package, shapes),
        Offered::new("geometry/solids", &package, "volume 3\n"),
    ]
}

fn built() -> (Project, Toy) {
    let (mut project, toy) = (Project::new(&FILES), Toy::default());
    project.packages = geometry("2.0.3", SHAPES);
    let first = project.build_right(&toy);
    assert_eq!((first.build.route, first.build.files), (Route::Full(FullBecause::FirstBuild), 4));
    toy.asked();
    (project, toy)
}

/// What became of package modules, in words.
fn packages(done: &Done) -> Vec<String> {
    done.build.packages.iter().map(ToString::to_string).collect()
}

/// Builds, which finds nothing to do: nothing is compiled, and the output is not written.
#[track_caller]
fn assert_nothing_to_do(project: &Project, toy: &Toy) -> Done {
    toy.asked();
    let done = project.build_right(toy);
    assert_eq!((done.build.route, done.build.written), (Route::FastPath, false));
    assert_eq!(toy.asked(), NOTHING);
    done
}

#[test]
fn a_packages_module_is_seen_by_its_importers_and_has_no_section() {
    let (project, toy) = built();
    let text = project.text();
    assert!(text.contains("draw.t:draw/0 <geometry/shapes:area/1> 2"), "{text}");
    assert!(text.contains("plot.t sees geometry/lines geometry/shapes\n"), "{text}");
    let markers: Vec<&str> = text.lines().filter(|line| line.starts_with("# janus section")).collect();
    assert_eq!(markers.len(), 4, "{markers:?}");
    let_a_tick_pass();
    project.build_right(&toy);
    assert_eq!(assert_nothing_to_do(&project, &toy).stats.hashes.files_read, 0);
}

#[test]
fn a_module_that_shows_something_else_compiles_its_importers_and_nothing_above_them() {
    let (mut project, toy) = built();
    project.packages = geometry("2.1.0", "area 2\nside 1\n");
    let done = project.build_right(&toy);
    assert_eq!(done.build.route, Route::Patched);
    assert_eq!(steps(&done.build), [("draw.t", 1, 1), ("plot.t", 0, 2)]);
    assert_eq!(toy.asked(), ["compile draw.t:draw"], "only it calls area, and no file is read again");
    assert_eq!(done.build.cut_off, 1, "main");
    let because = "package geometry 2.1.0 (was 2.0.3) shows something else in geometry/shapes";
    assert_eq!(reasons(&done.build), [format!("draw.t: {because}"), format!("plot.t: {because}")]);
    let same = "package geometry 2.1.0 (was 2.0.3) shows the same in geometry/lines";
    assert_eq!(packages(&done), [same, because], "nobody imports the solids");
    assert_eq!(packages(&assert_nothing_to_do(&project, &toy)), NOTHING);
}

#[test]
fn another_version_that_shows_the_same_compiles_nothing_and_is_told_once() {
    let (mut project, toy) = built();
    let_a_tick_pass();
    project.build_right(&toy);
    project.packages = geometry("2.0.4", SHAPES);
    let done = assert_nothing_to_do(&project, &toy);
    assert_eq!(done.stats.hashes.files_read, 0);
    let told = |path| format!("package geometry 2.0.4 (was 2.0.3) shows the same in {path}");
    assert_eq!(packages(&done), [told("geometry/lines"), told("geometry/shapes")]);
    assert!(done.build.packages.iter().all(PackageChange::shows_the_same));
    assert_eq!(packages(&assert_nothing_to_do(&project, &toy)), NOTHING);
    // What is told the next time begins with the version that was told last.
    project.packages = geometry("2.0.5", SHAPES);
    assert!(packages(&assert_nothing_to_do(&project, &toy))[0].contains("2.0.5 (was 2.0.4)"));
}

#[test]
fn a_version_whose_content_changed_is_told_by_its_digests_and_another_package_by_its_name() {
    let (mut project, toy) = built();
    project.packages = geometry("2.0.3", "area 1\n");
    let failed = project.build(&toy);
    assert_eq!(failed.build.problems[0].to_string(), "plot.t:4:1: unknown function side");
    let [told] = &packages(&failed)[..] else { panic!("one module changed") };
    let start = "package geometry 2.0.3 shows something else in geometry/shapes, which changed from ";
    assert!(told.starts_with(start), "{told}");

    project.packages = geometry("2.0.3", "area 1\nside 2\n");
    for offered in &mut project.packages {
        offered.package = "planes 1.0".to_owned();
    }
    let done = project.build_right(&toy);
    let because = "package planes 1.0 (was geometry 2.0.3) shows something else in geometry/shapes";
    assert_eq!(reasons(&done.build), [format!("draw.t: {because}"), format!("plot.t: {because}")]);
}

#[test]
fn a_module_that_vanished_is_the_compilers_problem_and_the_output_stays() {
    let (mut project, toy) = built();
    let_a_tick_pass();
    project.build_right(&toy);
    let before = project.text();
    project.packages.retain(|offered| offered.path != "geometry/lines");
    let failed = project.build(&toy);
    assert_eq!((failed.build.route, failed.build.written), (Route::Failed, false));
    let problems: Vec<String> = failed.build.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["plot.t:1:1: no file at geometry/lines", "plot.t:3:1: unknown function length"]);
    assert_eq!(Err(failed.build.problems), project.fresh(&Toy::default()));
    assert_eq!((project.text(), failed.build.blocked), (before, vec!["main.t".to_owned()]));
    toy.asked();
    project.packages = geometry("2.0.3", SHAPES);
    assert_nothing_to_do(&project, &toy);
}

#[test]
fn an_import_whose_module_vanished_means_the_file_that_stands_there() {
    let (mut project, toy) = built();
    project.write("geometry/lines", "fn length 2 = 1\n");
    assert_nothing_to_do(&project, &toy);
    project.packages.remove(0);
    let done = project.build_right(&toy);
    assert_eq!(done.build.files, 5);
    let moved =
        "plot.t: an import means geometry/lines where it meant geometry/lines of package geometry 2.0.3";
    assert_eq!(reasons(&done.build), ["geometry/lines: it is new", moved]);
    fs::remove_file(project.path("geometry/lines")).expect("removed");
    assert_eq!(project.build(&toy).build.route, Route::Failed);
}

#[test]
fn a_newly_offered_module_takes_the_place_of_a_file_and_gives_it_back() {
    let (mut project, toy) = built();
    let_a_tick_pass();
    project.build_right(&toy);
    project.packages.push(Offered::new("plain.t", "plain 0.1.0", "plain 0\n"));
    let done = project.build_right(&toy);
    assert_eq!((done.build.route, done.build.files), (Route::Patched, 3));
    assert_eq!(
        reasons(&done.build),
        ["main.t: an import means plain.t of package plain 0.1.0 where it meant plain.t"]
    );
    assert!(!project.text().contains("plain.t:plain/0 9"), "it has no section");
    // Nothing of the file is looked at any more.
    project.write("plain.t", "fn plain\n");
    assert_nothing_to_do(&project, &toy);
    project.write("plain.t", FILES[3].1);
    project.packages.pop();
    assert_eq!(project.build_right(&toy).build.route, Route::Restored);
    assert_eq!(project.build_right(&toy).build.files, 4);
}

#[test]
fn a_newly_offered_module_that_comes_before_an_imports_meaning_takes_its_place() {
    let (mut project, toy) = (Project::new(&FILES), Toy::default());
    project.write("main.t", "import lib/a.t\nimport lib/c.t\nimport plain.t\nfn main 0 = a c\n");
    project.write("lib/a.t", "import geometry/shapes\nfn a 0 = area\n");
    project.write("lib/c.t", "import plain.t\nfn c 0 = plain\n");
    project.packages = geometry("2.0.3", SHAPES);
    project.build_right(&toy);
    project.packages.push(Offered::new("lib/geometry/shapes", "lib 1", SHAPES));
    let done = project.build_right(&toy);
    let was = "where it meant geometry/shapes of package geometry 2.0.3";
    assert_eq!(
        reasons(&done.build),
        [format!("lib/a.t: an import means lib/geometry/shapes of package lib 1 {was}")]
    );
    project.packages.push(Offered::new("lib/plain.t", "lib 1", "plain 1\n"));
    let done = project.build_right(&toy);
    assert_eq!(
        reasons(&done.build),
        ["lib/c.t: an import means lib/plain.t of package lib 1 where it meant plain.t"]
    );
    assert_nothing_to_do(&project, &toy);
}

#[test]
fn what_is_offered_and_not_imported_and_the_order_of_offers_change_nothing() {
    let (mut project, toy) = built();
    let_a_tick_pass();
    project.build_right(&toy);
    project.packages[2].interface = "volume 4\n".to_owned();
    project.packages.push(Offered::new("colour/red", "colour 7", "red 0\n"));
    project.packages.reverse();
    assert_eq!(packages(&assert_nothing_to_do(&project, &toy)), NOTHING);
    // Of two modules with one path the first one counts.
    project.packages.push(Offered::new("geometry/lines", "other 1", "length 7\n"));
    assert_eq!(packages(&assert_nothing_to_do(&project, &toy)), NOTHING);
    project.packages.reverse();
    let done = project.build_right(&toy);
    assert_eq!(steps(&done.build), [("plot.t", 1, 1)]);
}

#[test]
fn keys_depend_on_what_a_module_shows_and_not_on_its_version() {
    let (mut project, toy) = built();
    let forget = |project: &Project| {
        fs::remove_dir_all(project.cache.join("v1/state")).expect("removed");
        fs::remove_file(&project.output).expect("removed");
    };
    forget(&project);
    project.packages = geometry("3.0.0", SHAPES);
    let done = project.build_right(&toy);
    assert_eq!((done.build.route, toy.asked()), (Route::Restored, vec![]));
    assert_eq!(packages(&done), NOTHING, "nothing is known of a version before");
    forget(&project);
    project.packages = geometry("3.0.0", "area 5\nside 1\n");
    let done = project.build_right(&toy);
    assert_eq!(done.build.route, Route::Full(FullBecause::FirstBuild));
    assert_eq!(toy.asked(), ["compile draw.t:draw"]);
    project.packages = geometry("2.0.3", SHAPES);
    let back = project.build_right(&toy);
    assert_eq!((back.build.route, toy.asked()), (Route::Restored, vec![]));
    assert!(packages(&back)[1].contains("2.0.3 (was 3.0.0) shows something else"), "{:?}", packages(&back));
}

#[test]
fn the_entry_is_the_file_whatever_packages_offer() {
    let (mut project, toy) = built();
    project.write("draw.t", "import main.t\nimport geometry/shapes\nfn draw 0 = main\n");
    project.packages.push(Offered::new("main.t", "mains 1", "main 7\n"));
    project.build_right(&toy);
    assert!(project.text().contains("draw.t:draw/0 <main.t:main/7>"), "{}", project.text());
    project.write("main.t", &FILES[0].1.replace("fn main 0", "fn main 1"));
    let done = project.build_right(&toy);
    assert_eq!(
        (steps(&done.build), done.build.cut_off),
        (vec![("main.t", 1, 0)], 0),
        "draw has nothing to do with it"
    );
}

#[test]
fn in_a_circle_of_files_only_the_importers_of_a_module_are_compiled() {
    let (mut project, toy) = built();
    project.write("draw.t", "import main.t\nimport geometry/shapes\nfn draw 0 = main area\n");
    project.build_right(&toy);
    toy.asked();
    project.packages = geometry("2.1.0", "area 2\nside 1\n");
    let done = project.build_right(&toy);
    assert_eq!(steps(&done.build), [("draw.t", 1, 0), ("plot.t", 0, 2)]);
    assert_eq!(toy.asked(), ["compile draw.t:draw"]);
}

#[test]
fn what_importers_of_modules_became_does_not_grow_old_on_the_fast_path() {
    let (project, toy) = built();
    let build_on_day = |day: u64| {
        let clock = Clock::Fixed { unix_ns: (1_700_000_000 + day * 24 * 3600) * 1_000_000_000 };
        let store = Store::open(StoreOptions { clock, ..StoreOptions::new(&project.cache) }).expect("opened");
        let hashes = FileHashCache::new(&project.root, &store.layout().state_dir(), "days");
        let cache = Cache::of_store(store);
        let options = UnitCacheOptions { clock, ..UnitCacheOptions::default() };
        let mut caches = MultiLevelCache::new(&cache, hashes, toy.settings(), options);
        caches.load();
        let packages = project.modules();
        let request = UnitRequest { packages: &packages, ..UnitRequest::new("main.t", &project.output) };
        let built = incremental_build(&mut caches, &toy, &request).expect("built");
        (built.route, caches.stats().functions.hits)
    };
    build_on_day(0);
    assert_eq!(build_on_day(2), (Route::FastPath, 6), "every function is asked for");
}
