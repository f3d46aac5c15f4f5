//! A compiler of a few lines and projects for it.
//!
//! ```text
//! import b.t              a file beside this one, else below the root; for each, a package's module before a file
//! fn name 2 = word f 7    a function with 2 parameters; a word that begins with a letter is a function
//! ```

#![allow(dead_code, reason = "each test uses a part")]

mod offered;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, FileIr, Imported, LevelStats, MultiLevelCache, OutputForm, PackageModule, Unit, UnitBuild,
    UnitBuildError, UnitCacheOptions, UnitCompiler, UnitProblem, UnitRequest, UnitStep, incremental_build,
};
use janus_cache::key::UnitSettings;
use janus_cache::store::{Store, StoreOptions};

pub(crate) use offered::Offered;

type Hook = Box<dyn Fn(&str) + Send + Sync>;

/// Compiles, counts, and does what a test tells it meanwhile.
pub(crate) struct Toy {
    /// Stands in each function's output.
    pub(crate) flag: String,
    pub(crate) form: OutputForm,
    /// Stands in each function's output, and in nothing that the cache knows of.
    pub(crate) whim: String,
    /// Called with the path of each file that is lowered.
    pub(crate) on_lower: Option<Hook>,
    /// What it was asked: `lower a.t`, `compile a.t:f`.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Default for Toy {
    fn default() -> Self {
        Self::with_flag("")
    }
}

impl Toy {
    pub(crate) fn with_flag(flag: &str) -> Self {
        let form = OutputForm::Text { comment: "# " };
        Self { flag: flag.to_owned(), form, whim: String::new(), on_lower: None, asked: Mutex::default() }
    }

    pub(crate) fn on_lower(hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { on_lower: Some(Box::new(hook)), ..Self::default() }
    }

    pub(crate) fn settings(&self) -> UnitSettings {
        UnitSettings {
            language: "toy".to_owned(),
            compiler: "toy 1".to_owned(),
            flags: vec![("flag".to_owned(), self.flag.clone())],
            ..UnitSettings::default()
        }
    }

    /// What it was asked since it was asked for that the last time, in no order of the build's.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().expect("no panic"));
        asked.sort();
        asked
    }

    fn note(&self, what: String) {
        self.asked.lock().expect("no panic").push(what);
    }
}

struct Function {
    name: String,
    parameters: String,
    words: Vec<String>,
    line: u32,
}

fn problem(path: &str, line: u32, message: &str) -> UnitProblem {
    UnitProblem { path: path.to_owned(), place: Some((line, 1)), message: message.to_owned() }
}

fn parse(path: &str, source: &[u8]) -> Result<Vec<Function>, Vec<UnitProblem>> {
    let text = String::from_utf8_lossy(source);
    let (mut functions, mut problems) = (Vec::new(), Vec::new());
    for (line, number) in text.lines().zip(1..) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match &words[..] {
            [] | ["import", _] | ["//", ..] => {}
            ["fn", name, parameters, "=", words @ ..] => functions.push(Function {
                name: (*name).to_owned(),
                parameters: (*parameters).to_owned(),
                words: words.iter().map(|word| (*word).to_owned()).collect(),
                line: number,
            }),
            _ => problems.push(problem(path, number, "expected a function")),
        }
    }
    if problems.is_empty() { Ok(functions) } else { Err(problems) }
}

/// Beside the importing file, then below the root.
fn candidates(path: &str, import: &str) -> Vec<String> {
    let mut all = vec![import.to_owned()];
    if let Some((folder, _)) = path.rsplit_once('/') {
        all.insert(0, format!("{folder}/{import}"));
    }
    all
}

struct Checked<'a> {
    toy: &'a Toy,
    path: &'a str,
    /// Words that are functions say whose they are.
    functions: Vec<Function>,
    seen: Vec<String>,
}

impl UnitCompiler for Toy {
    fn form(&self) -> OutputForm {
        self.form
    }

    fn imports(&self, path: &str, source: &[u8]) -> Vec<Vec<String>> {
        let text = String::from_utf8_lossy(source);
        let imports = text.lines().filter_map(|line| line.strip_prefix("import "));
        imports.map(|import| candidates(path, import.trim())).collect()
    }

    fn lower(&self, path: &str, source: &[u8]) -> Result<FileIr, Vec<UnitProblem>> {
        self.note(format!("lower {path}"));
        if let Some(hook) = &self.on_lower {
            hook(path);
        }
        let functions = parse(path, source)?;
        let mut lines: Vec<String> =
            functions.iter().map(|f| format!("{} {}\n", f.name, f.parameters)).collect();
        lines.sort();
        Ok(FileIr { ir: source.to_vec(), interface: lines.concat().into_bytes() })
    }

    fn unit<'a>(
        &'a self,
        path: &'a str,
        ir: &'a [u8],
        imported: &[Imported<'_>],
    ) -> Result<Box<dyn Unit + 'a>, Vec<UnitProblem>> {
        let mut functions = parse(path, ir)?;
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for from in imported.iter().rev() {
            for line in String::from_utf8_lossy(from.interface).lines() {
                let (name, parameters) = line.split_once(' ').unwrap_or((line, ""));
                known.insert(name.to_owned(), format!("<{}:{name}/{parameters}>", from.path));
            }
        }
        for own in &functions {
            known.insert(own.name.clone(), format!("<{path}:{}/{}>", own.name, own.parameters));
        }
        let mut problems = Vec::new();
        for import in self.imports(path, ir) {
            if !import.iter().any(|candidate| imported.iter().any(|from| from.path == candidate)) {
                problems.push(problem(path, 1, &format!("no file at {}", import.join(" or "))));
            }
        }
        for function in &mut functions {
            let line = function.line;
            for word in function.words.iter_mut().filter(|word| word.starts_with(char::is_alphabetic)) {
                match known.get(word) {
                    Some(whose) => whose.clone_into(word),
                    None => problems.push(problem(path, line, &format!("unknown function {word}"))),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let seen = imported.iter().map(|from| from.path.to_owned()).collect();
        Ok(Box::new(Checked { toy: self, path, functions, seen }))
    }

    fn prologue(&self, entry: &str) -> Vec<u8> {
        format!("begins with {entry} {}\n", self.flag).into_bytes()
    }

    fn epilogue(&self, entry: &str) -> Vec<u8> {
        format!("end of {entry}\n").into_bytes()
    }
}

impl Checked<'_> {
    fn text(&self, function: usize) -> String {
        let Function { name, parameters, words, .. } = &self.functions[function];
        format!("{}:{name}/{parameters} {}", self.path, words.join(" "))
    }
}

impl Unit for Checked<'_> {
    fn function_count(&self) -> usize {
        self.functions.len()
    }

    fn function_name(&self, function: usize) -> String {
        self.functions[function].name.clone()
    }

    fn function_inputs(&self, function: usize) -> Vec<u8> {
        self.text(function).into_bytes()
    }

    fn compile_function(&self, function: usize) -> Result<Vec<u8>, Vec<UnitProblem>> {
        let Function { name, words, line, .. } = &self.functions[function];
        self.toy.note(format!("compile {}:{name}", self.path));
        if words.iter().any(|word| word == "!") {
            return Err(vec![problem(self.path, *line, "cannot be compiled")]);
        }
        if words.iter().any(|word| word == "?") {
            return Err(Vec::new());
        }
        let text = words.iter().find_map(|word| word.strip_prefix('$')).map(|line| line.replace('_', " "));
        Ok(format!("{}{}{}\n{}", self.text(function), self.toy.flag, self.toy.whim, text.unwrap_or_default())
            .into_bytes())
    }

    fn section(&self, functions: &[Vec<u8>]) -> Vec<u8> {
        let mut section = format!("{} sees {}\n", self.path, self.seen.join(" ")).into_bytes();
        for output in functions {
            section.extend_from_slice(output);
        }
        section
    }
}

/// A build, what it cost, and what went wrong with the cache.
pub(crate) struct Done {
    pub(crate) build: UnitBuild,
    pub(crate) stats: LevelStats,
    pub(crate) warnings: Vec<String>,
}

/// Sources in one folder, the cache and the output in others.
pub(crate) struct Project {
    dir: tempfile::TempDir,
    pub(crate) root: PathBuf,
    pub(crate) cache: PathBuf,
    pub(crate) output: PathBuf,
    /// What other packages offer to its builds.
    pub(crate) packages: Vec<Offered>,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"), files)
    }

    /// In memory where the system has such a place: making thousands of files takes long elsewhere.
    pub(crate) fn in_memory() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self::in_folder(dir.expect("a temporary folder"), &[])
    }

    fn in_folder(dir: tempfile::TempDir, files: &[(&str, &str)]) -> Self {
        let [root, cache] = ["root", "cache"].map(|name| dir.path().join(name));
        fs::create_dir(&root).expect("a folder");
        let output = dir.path().join("out");
        let project = Self { dir, root, cache, output, packages: Vec::new() };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.output).expect("an output")
    }

    /// A build of `main.t` as a process of its own would do it.
    pub(crate) fn try_build(&self, toy: &Toy) -> Result<Done, UnitBuildError> {
        let (root, cache, output) = (&self.root, &self.cache, &self.output);
        try_build_with(root, cache, output, toy, UnitCacheOptions::default(), &self.modules())
    }

    pub(crate) fn modules(&self) -> Vec<PackageModule<'_>> {
        self.packages.iter().map(Offered::module).collect()
    }

    pub(crate) fn build(&self, toy: &Toy) -> Done {
        let done = self.try_build(toy).expect("an output");
        assert_eq!(done.warnings, [""; 0]);
        done
    }

    /// What a build without anything from before makes: its output, or what is wrong.
    pub(crate) fn fresh(&self, toy: &Toy) -> Result<String, Vec<UnitProblem>> {
        let state = self.dir.path().join("fresh");
        let output = state.join("out");
        let cache = Cache::off();
        let hashes = FileHashCache::new(&self.root, &state, "fresh");
        let mut caches = MultiLevelCache::new(&cache, hashes, toy.settings(), UnitCacheOptions::default());
        let packages = self.modules();
        let request = UnitRequest { packages: &packages, ..UnitRequest::new("main.t", &output) };
        // Nothing is loaded, so what an earlier call left there is not used.
        let build = incremental_build(&mut caches, toy, &request).expect("an output");
        if build.problems.is_empty() {
            Ok(fs::read_to_string(&output).expect("an output"))
        } else {
            Err(build.problems)
        }
    }

    /// Builds, and asserts that the output is the one of a fresh build.
    #[track_caller]
    pub(crate) fn build_right(&self, toy: &Toy) -> Done {
        let done = self.build(toy);
        assert_eq!(done.build.problems, []);
        assert_eq!(Ok(self.text()), self.fresh(&Toy::with_flag(&toy.flag)));
        done
    }
}

pub(crate) fn try_build(
    root: &Path,
    cache: &Path,
    output: &Path,
    toy: &Toy,
    options: UnitCacheOptions,
) -> Result<Done, UnitBuildError> {
    try_build_with(root, cache, output, toy, options, &[])
}

fn try_build_with(
    root: &Path,
    cache: &Path,
    output: &Path,
    toy: &Toy,
    options: UnitCacheOptions,
    packages: &[PackageModule<'_>],
) -> Result<Done, UnitBuildError> {
    let store = Store::open(StoreOptions::new(cache)).expect("a cache");
    let hashes = FileHashCache::new(root, &store.layout().state_dir(), &output.to_string_lossy());
    let cache = Cache::of_store(store);
    let mut caches = MultiLevelCache::new(&cache, hashes, toy.settings(), options);
    caches.load();
    let build = incremental_build(&mut caches, toy, &UnitRequest { entry: "main.t", output, packages })?;
    Ok(Done { build, stats: caches.stats(), warnings: caches.take_warnings() })
}

/// The paths that were compiled, each with how many functions were compiled and reused.
pub(crate) fn steps(build: &UnitBuild) -> Vec<(&str, u32, u32)> {
    let step = |step: &'_ UnitStep| (step.compiled, step.reused);
    build.steps.iter().map(|each| (each.path.as_str(), step(each).0, step(each).1)).collect()
}

/// The steps and why.
pub(crate) fn reasons(build: &UnitBuild) -> Vec<String> {
    build.steps.iter().map(|step| format!("{}: {}", step.path, step.reason)).collect()
}

/// Lets the clock of the file system pass what was written, so that times alone prove it.
pub(crate) fn let_a_tick_pass() {
    std::thread::sleep(std::time::Duration::from_millis(60));
}

/// Four files.
pub(crate) fn small() -> Project {
    Project::new(&[
        ("main.t", "import a.t\nimport b.t\nimport c.t\nfn main 0 = a b c\n"),
        ("a.t", "fn a 0 = 1\n"),
        ("b.t", "fn b 0 = 2\n"),
        ("c.t", "fn c 0 = 3\n"),
    ])
}
