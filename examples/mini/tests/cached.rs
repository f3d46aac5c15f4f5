//! Builds with the cache: the program that LLVM proves and runs is the one of a build without it.

use std::fs;
use std::path::Path;

use janus_cache::build::incremental::{Route, UnitBuild};

use super::super::{embed, generate, program};
use super::executed;

const FILES: usize = 40;

struct Cached {
    dir: tempfile::TempDir,
    entry: String,
}

impl Cached {
    /// A generated project.
    fn new() -> Self {
        let project = Self { dir: tempfile::tempdir().expect("a folder"), entry: generate::entry(FILES) };
        for number in 0..FILES {
            project.write(number, &generate::source(FILES, number, 0));
        }
        project
    }

    fn write(&self, number: usize, source: &str) {
        let path = self.dir.path().join("root").join(generate::path(number));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, source).expect("written");
    }

    fn build(&self) -> UnitBuild {
        let [root, output, cache] = ["root", "out.ll", "cache"].map(|name| self.dir.path().join(name));
        let (built, warnings) = embed::build(&root, &self.entry, &output, &cache).expect("an output");
        assert_eq!(warnings, [""; 0]);
        built
    }

    /// Builds, compares with a build without a cache, and has LLVM prove the output and run it.
    #[track_caller]
    fn build_right(&self) -> (UnitBuild, String) {
        let built = self.build();
        assert_eq!(built.problems, []);
        let text = fs::read_to_string(self.dir.path().join("out.ll")).expect("an output");
        let root = self.dir.path().join("root");
        let fresh = program::build(&self.entry, &mut |path| fs::read(root.join(Path::new(path))));
        let fresh = fresh.unwrap_or_else(|errors| panic!("{}", errors.join("\n")));
        assert_eq!(without_markers(&text), without_markers(&fresh));
        let (printed, code) = executed(&text).unwrap_or_default();
        assert_eq!(code, 0);
        (built, printed)
    }
}

/// Without the lines by which an output is taken apart, and without blank ones.
fn without_markers(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("; janus ") && !line.is_empty()).collect()
}

#[test]
fn every_output_of_a_project_that_is_edited_and_built_again_is_proved_and_run_by_llvm() {
    let project = Cached::new();
    let (first, printed) = project.build_right();
    assert_eq!((first.files, first.steps.len()), (FILES, FILES));

    // Another body: one function of one file, and another result.
    project.write(7, &generate::source(FILES, 7, 5));
    let (edited, other) = project.build_right();
    assert_eq!(edited.route, Route::Patched);
    let steps: Vec<_> = edited.steps.iter().map(|step| (step.path.clone(), step.compiled)).collect();
    assert_eq!(steps, [(generate::path(7), 1)]);
    assert!(printed.is_empty() || printed != other, "{printed}");

    // Another interface: its importers are compiled, too.
    let source = generate::source(FILES, 7, 5) + "\nfn more(a, b) { return a + b; }\n";
    project.write(7, &source);
    let importers = (0..FILES).filter(|number| generate::imported(FILES, *number).contains(&7)).count();
    let (interface, same) = project.build_right();
    assert_eq!((interface.steps.len(), &same), (1 + importers, &other));

    // An error, and its mending.
    project.write(7, &source.replace("return a + b;", "return a + ;"));
    let failed = project.build();
    assert_eq!((failed.route, failed.problems.len()), (Route::Failed, 1));
    project.write(7, &source.replace("return a + b;", "return a - b;"));
    assert_eq!(project.build_right().0.route, Route::Patched);

    // Everything as it was, then without an output.
    project.write(7, &generate::source(FILES, 7, 0));
    let (back, again) = project.build_right();
    assert_eq!((back.route, again), (Route::Restored, printed));
    fs::remove_file(project.dir.path().join("out.ll")).expect("removed");
    assert_eq!(project.build_right().0.route, Route::Restored);
    assert_eq!(project.build_right().0.route, Route::FastPath);
}
