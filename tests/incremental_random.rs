//! Thousands of random changes to a project, its output and its cache: after each, an incremental build gives what a
//! build without anything from before gives, and the next one has nothing to do.
//!
//! Some seconds by default; `JANUS_SOAK_S=600` for that long. A failure names its seed, `JANUS_INCREMENTAL_SEED` takes
//! one.

mod incremental_kit;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use incremental_kit::*;
use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, MultiLevelCache, Route, UnitCacheOptions, UnitRequest, incremental_build,
};
use janus_cache::store::{Store, StoreOptions};

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).cloned()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Source {
    imports: Vec<String>,
    functions: Vec<(String, u32, Vec<String>)>,
    is_broken: bool,
}

impl Source {
    fn text(&self) -> String {
        let imports = self.imports.iter().map(|import| format!("import {import}\n"));
        let functions = self
            .functions
            .iter()
            .map(|(name, parameters, words)| format!("fn {name} {parameters} = {}\n", words.join(" ")));
        let broken = self.is_broken.then(|| "fn broken\n".to_owned());
        imports.chain(functions).chain(broken).collect()
    }
}

type Sources = BTreeMap<String, Source>;

/// Names that files may have; most are in the way of another one's import.
const PATHS: usize = 40;

fn path(number: usize) -> String {
    match number % 4 {
        0 => format!("m{}.t", number / 4),
        1 => format!("x/m{}.t", number / 4),
        2 => format!("x/y/m{}.t", number / 4),
        _ => format!("z/m{}.t", number / 4),
    }
}

/// How an importer may write a path.
fn written(random: &mut Random, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if random.one_in(2) { name.to_owned() } else { path.to_owned() }
}

struct World {
    project: Project,
    random: Random,
    sources: Sources,
    past: Vec<Sources>,
    flag: usize,
    /// State files as they were at some time.
    states: Vec<Vec<(PathBuf, Vec<u8>)>>,
    outputs: Vec<Vec<u8>>,
}

impl World {
    fn new(seed: u64) -> Self {
        let project = if seed.is_multiple_of(4) { Project::new(&[]) } else { Project::in_memory() };
        let mut world = Self {
            project,
            random: Random(seed),
            sources: Sources::new(),
            past: vec![],
            flag: 0,
            states: vec![],
            outputs: vec![],
        };
        let mut sources = Sources::new();
        for number in 0..30 {
            let known: Vec<String> = sources.keys().cloned().collect();
            let imports = (0..world.random.below(4)).filter_map(|_| world.random.pick(&known));
            let imports: BTreeSet<String> = imports.collect();
            let source = Source { imports: imports.into_iter().collect(), ..Source::default() };
            sources.insert(path(number), source);
        }
        let roots = (0..8).map(|_| path(22 + world.random.below(8))).collect();
        sources.insert("main.t".to_owned(), Source { imports: roots, ..Source::default() });
        world.set(sources);
        for path in world.paths() {
            (0..1 + world.random.below(3)).for_each(|_| world.add_function(&path));
        }
        world
    }

    fn paths(&self) -> Vec<String> {
        self.sources.keys().cloned().collect()
    }

    fn any_path(&mut self) -> String {
        let paths = self.paths();
        self.random.pick(&paths).unwrap_or_default()
    }

    /// Makes the disk what `sources` say.
    fn set(&mut self, sources: Sources) {
        for path in self.sources.keys().filter(|path| !sources.contains_key(*path)) {
            let _ = fs::remove_file(self.project.path(path));
        }
        for (path, source) in &sources {
            if self.sources.get(path) != Some(source) {
                self.project.write(path, &source.text());
            }
        }
        self.sources = sources;
    }

    fn change(&mut self, path: &str, change: impl FnOnce(&mut Source, &mut Random)) {
        let mut sources = self.sources.clone();
        if let Some(source) = sources.get_mut(path) {
            change(source, &mut self.random);
        }
        self.set(sources);
    }

    /// What an import in `path` means.
    fn target(&self, path: &str, import: &str) -> Option<String> {
        let beside = path.rsplit_once('/').map(|(folder, _)| format!("{folder}/{import}"));
        beside.into_iter().chain([import.to_owned()]).find(|path| self.sources.contains_key(path))
    }

    /// Functions that `path` can call.
    fn visible(&self, path: &str) -> Vec<String> {
        let Some(source) = self.sources.get(path) else { return vec![] };
        let targets = source.imports.iter().filter_map(|import| self.target(path, import));
        let all = targets.chain([path.to_owned()]).filter_map(|path| self.sources.get(&path));
        all.flat_map(|source| source.functions.iter().map(|function| function.0.clone())).collect()
    }

    fn words(&mut self, path: &str) -> Vec<String> {
        let visible = self.visible(path);
        let count = 1 + self.random.below(4);
        let mut words = vec![self.random.below(10).to_string()];
        words.extend((0..count).filter_map(|_| self.random.pick(&visible)));
        words
    }

    fn add_function(&mut self, path: &str) {
        let words = self.words(path);
        let number = self.random.below(500);
        self.change(path, |source, random| {
            let parameters = random.below(3) as u32;
            source.functions.push((format!("f{number}"), parameters, words));
        });
    }

    /// Takes away whatever is wrong.
    fn mend(&mut self) {
        let mut sources = self.sources.clone();
        sources.entry("main.t".to_owned()).or_default();
        for source in sources.values_mut() {
            source.is_broken = false;
        }
        self.set(sources);
        for path in self.paths() {
            let found: Vec<String> = self.sources[&path]
                .imports
                .iter()
                .filter(|import| self.target(&path, import).is_some())
                .cloned()
                .collect();
            self.change(&path, |source, _| source.imports = found);
        }
        for path in self.paths() {
            let visible: BTreeSet<String> = self.visible(&path).into_iter().collect();
            self.change(&path, |source, _| {
                for (_, _, words) in &mut source.functions {
                    words.retain(|word| !word.starts_with('f') || visible.contains(word));
                    words.retain(|word| word != "!");
                }
            });
        }
    }

    /// One change of the sources, and its name.
    fn edit(&mut self) -> &'static str {
        let path = self.any_path();
        match self.random.below(20) {
            0..=3 => {
                let words = self.words(&path);
                self.change(&path, |source, random| {
                    let at = random.below(source.functions.len());
                    if let Some(function) = source.functions.get_mut(at) {
                        function.2 = words;
                    }
                });
                "body"
            }
            4 => {
                self.add_function(&path);
                "new function"
            }
            5 => {
                self.change(&path, |source, random| {
                    let (at, number) = (random.below(source.functions.len()), random.below(500));
                    if let Some(function) = source.functions.get_mut(at) {
                        function.0 = format!("f{number}");
                    }
                });
                "renamed function"
            }
            6 => {
                self.change(&path, |source, random| {
                    let at = random.below(source.functions.len());
                    if let Some(function) = source.functions.get_mut(at) {
                        function.1 = (function.1 + 1) % 4;
                    }
                });
                "parameter"
            }
            7 => {
                self.change(&path, |source, random| {
                    let at = random.below(source.functions.len());
                    if at < source.functions.len() {
                        source.functions.remove(at);
                    }
                });
                "removed function"
            }
            8 | 9 => {
                // To any file, so that cycles come about.
                let target = self.any_path();
                let import = written(&mut self.random, &target);
                self.change(&path, |source, _| source.imports.push(import));
                "new import"
            }
            10 => {
                self.change(&path, |source, random| {
                    let at = random.below(source.imports.len());
                    if at < source.imports.len() {
                        source.imports.remove(at);
                    }
                });
                "removed import"
            }
            11 => {
                self.change(&path, |source, _| source.imports.reverse());
                "imports in another order"
            }
            12 => {
                for (path, source) in &self.sources {
                    if self.random.one_in(3) {
                        self.project.write(path, &source.text());
                    }
                }
                "touched"
            }
            13 => {
                if let Some(past) = self.random.pick(&self.past) {
                    self.set(past);
                }
                "everything as it once was"
            }
            14 => {
                let to = path_of_any(&mut self.random);
                let mut sources = self.sources.clone();
                if path != "main.t"
                    && !sources.contains_key(&to)
                    && let Some(source) = sources.remove(&path)
                {
                    // The file itself goes, with its times.
                    fs::create_dir_all(self.project.path(&to).parent().expect("a folder")).expect("made");
                    fs::rename(self.project.path(&path), self.project.path(&to)).expect("renamed");
                    self.sources.remove(&path);
                    self.sources.insert(to.clone(), source.clone());
                    sources.insert(to, source);
                    self.set(sources);
                }
                "renamed file"
            }
            15 => {
                let mut sources = self.sources.clone();
                sources.remove(&path);
                self.set(sources);
                "deleted file"
            }
            16 => {
                // Often beside a file that imports the same name from the root.
                let new = path_of_any(&mut self.random);
                let mut sources = self.sources.clone();
                let copy = sources.get(&path).cloned().unwrap_or_default();
                sources.entry(new).or_insert(copy);
                self.set(sources);
                "new file"
            }
            17 => {
                self.same_size(&path);
                "edit of the same size with the time set back"
            }
            18 => {
                self.change(&path, |source, _| source.is_broken ^= true);
                "syntax"
            }
            _ => {
                self.change(&path, |source, random| {
                    let at = random.below(source.functions.len());
                    if let Some(function) = source.functions.get_mut(at) {
                        function.2.push("!".to_owned());
                    }
                });
                "function that cannot be compiled"
            }
        }
    }

    fn same_size(&mut self, path: &str) {
        let file = self.project.path(path);
        let Ok(time) = fs::metadata(&file).and_then(|metadata| metadata.modified()) else { return };
        self.change(path, |source, random| {
            for function in &mut source.functions {
                for word in function.2.iter_mut().filter(|word| word.parse::<u32>().is_ok()) {
                    *word = random.below(10).to_string();
                }
            }
        });
        set_time(&file, time);
    }

    fn state_files(&self) -> Vec<PathBuf> {
        let listed = fs::read_dir(self.project.cache.join("v1/state")).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = listed
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "seal" || ending == "output"))
            .collect();
        files.sort();
        files
    }

    /// One mishap of the output or the cache, and its name. True where an open cache cannot go on.
    fn mishap(&mut self) -> (&'static str, bool) {
        let output = self.project.output.clone();
        match self.random.below(9) {
            0 => {
                let _ = fs::remove_file(&output);
                ("output deleted", false)
            }
            1 => {
                damage(&mut self.random, &output);
                ("output damaged", false)
            }
            2 => {
                if let Some(old) = self.random.pick(&self.outputs) {
                    fs::write(&output, old).expect("written");
                }
                ("an older output put back", false)
            }
            3 => {
                let _ = fs::remove_dir_all(&self.project.cache);
                ("cache deleted", true)
            }
            4 | 5 => {
                let files = self.state_files();
                if let Some(file) = self.random.pick(&files) {
                    if self.random.one_in(2) {
                        let _ = fs::remove_file(file);
                    } else {
                        damage(&mut self.random, &file);
                    }
                }
                ("state damaged", false)
            }
            6 => {
                // One of the two files only, or both: as two builds at once may leave them.
                if let Some(state) = self.random.pick(&self.states) {
                    for (file, bytes) in state {
                        if !self.random.one_in(3) {
                            let _ = fs::write(file, bytes);
                        }
                    }
                }
                ("an older state put back", false)
            }
            7 => {
                let packs = fs::read_dir(self.project.cache.join("v1/packs")).into_iter().flatten().flatten();
                let packs: Vec<PathBuf> = packs.map(|entry| entry.path()).collect();
                if let Some(pack) = self.random.pick(&packs) {
                    let _ = fs::remove_file(pack);
                }
                ("a pack deleted", false)
            }
            _ => {
                self.flag = self.random.below(3);
                ("flag", true)
            }
        }
    }

    fn keep_for_later(&mut self) {
        if self.random.one_in(10) {
            self.past.push(self.sources.clone());
        }
        if self.random.one_in(10) {
            let state = self.state_files().into_iter();
            self.states.push(state.filter_map(|file| Some((file.clone(), fs::read(file).ok()?))).collect());
        }
        if self.random.one_in(10) {
            self.outputs.extend(fs::read(&self.project.output));
        }
    }

    fn toy(&self) -> Toy {
        Toy::with_flag(["", "-O1", "-O2"][self.flag])
    }
}

fn path_of_any(random: &mut Random) -> String {
    path(random.below(PATHS))
}

fn set_time(path: &Path, time: SystemTime) {
    let file = fs::File::options().write(true).open(path).expect("opened");
    file.set_modified(time).expect("set");
}

/// Another content, often of the same length and time.
fn damage(random: &mut Random, path: &Path) {
    let Ok(mut bytes) = fs::read(path) else { return };
    let time = fs::metadata(path).and_then(|metadata| metadata.modified()).expect("there");
    let at = random.below(bytes.len());
    match bytes.get_mut(at) {
        Some(byte) if random.one_in(2) => *byte ^= 1,
        _ => bytes.truncate(at),
    }
    fs::write(path, bytes).expect("written");
    if random.one_in(2) {
        set_time(path, time);
    }
}

fn packs(cache: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(cache.join("v1/packs")).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// How often something happened.
#[derive(Debug, Default)]
struct Tally {
    steps: u64,
    routes: BTreeMap<String, u64>,
}

/// Steps with one open cache, as a watching process has it, and builds of other processes between them.
fn live(world: &mut World, tally: &mut Tally, until: Instant, seed: u64) {
    let store = Store::open(StoreOptions::new(&world.project.cache)).expect("a cache");
    let toy = world.toy();
    let (root, output) = (world.project.root.clone(), world.project.output.clone());
    let hashes = FileHashCache::new(&root, &store.layout().state_dir(), &output.to_string_lossy());
    let cache = Cache::of_store(store);
    let mut open = MultiLevelCache::new(&cache, hashes, toy.settings(), UnitCacheOptions::default());
    open.load();
    for _ in 0..60 {
        if Instant::now() >= until {
            return;
        }
        world.keep_for_later();
        let mut done_to = Vec::new();
        let mut ends = false;
        for _ in 0..=world.random.below(2) {
            done_to.push(match world.random.below(20) {
                0..=2 => {
                    let (what, is_end) = world.mishap();
                    ends |= is_end;
                    what
                }
                3..=6 => {
                    world.mend();
                    "mended"
                }
                _ => world.edit(),
            });
        }
        if ends {
            return;
        }
        tally.steps += 1;
        let context = || format!("seed {seed}, step {}: {done_to:?}", tally.steps);
        let before = fs::read(&output).ok();
        let fresh = world.project.fresh(&world.toy());
        // A process that watches compares with its own last build, which may be older than the output, or asks the disk.
        let (is_watching, is_loading) = (world.random.one_in(2), world.random.one_in(2));
        let mut build = || {
            if is_watching {
                if is_loading {
                    open.load();
                }
                let request = UnitRequest { entry: "main.t", output: &output };
                let built = incremental_build(&mut open, &toy, &request).expect("an output");
                assert_eq!(open.take_warnings(), [""; 0], "{}", context());
                built
            } else {
                world.project.build(&toy).build
            }
        };
        let built = build();
        *tally.routes.entry(format!("{:?}", built.route)).or_default() += 1;
        match fresh {
            Ok(expected) => {
                assert_eq!(built.problems, [], "{}", context());
                let found = fs::read_to_string(&output).unwrap_or_default();
                assert!(found == expected, "{}: {:?}\n{found}\n----\n{expected}", context(), built);
                let kept = packs(&world.project.cache);
                let time = fs::metadata(&output).and_then(|metadata| metadata.modified()).expect("there");
                let next = build();
                assert_eq!((next.route, next.written), (Route::FastPath, false), "{}: {built:?}", context());
                assert_eq!((next.files, next.output_bytes), (built.files, built.output_bytes));
                assert_eq!(packs(&world.project.cache), kept, "{}", context());
                let now = fs::metadata(&output).and_then(|metadata| metadata.modified()).expect("there");
                assert_eq!((fs::read(&output).ok(), now), (Some(expected.into_bytes()), time));
            }
            Err(problems) => {
                assert_eq!(built.problems, problems, "{}", context());
                assert_eq!((built.route, built.written), (Route::Failed, false), "{}", context());
                assert_eq!(fs::read(&output).ok(), before, "{}: the output of a failed build", context());
            }
        }
    }
}

#[test]
fn after_any_change_an_incremental_build_is_a_fresh_one_and_the_next_has_nothing_to_do() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let until = Instant::now() + Duration::from_secs(number("JANUS_SOAK_S").unwrap_or(12));
    let mut tally = Tally::default();
    let first = number("JANUS_INCREMENTAL_SEED").unwrap_or(1);
    for seed in first.. {
        let mut world = World::new(seed);
        let steps = tally.steps;
        while Instant::now() < until && tally.steps < steps + 500 {
            live(&mut world, &mut tally, until, seed);
        }
        if Instant::now() >= until {
            break;
        }
    }
    println!("{tally:?}");
    assert!(tally.steps > 200, "{tally:?}");
    for route in ["FastPath", "Restored", "Patched", "Full(MostChanged)", "Failed"] {
        assert!(tally.routes.contains_key(route), "{route} never happened: {tally:?}");
    }
}
