//! A project of the few-line compiler that is changed at random.

mod changes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::incremental_kit::*;

/// `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).cloned()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) imports: Vec<String>,
    pub(crate) functions: Vec<(String, u32, Vec<String>)>,
    pub(crate) is_broken: bool,
}

impl Source {
    pub(crate) fn text(&self) -> String {
        let imports = self.imports.iter().map(|import| format!("import {import}\n"));
        let functions = self
            .functions
            .iter()
            .map(|(name, parameters, words)| format!("fn {name} {parameters} = {}\n", words.join(" ")));
        let broken = self.is_broken.then(|| "fn broken\n".to_owned());
        imports.chain(functions).chain(broken).collect()
    }
}

pub(crate) type Sources = BTreeMap<String, Source>;

/// Names that files may have; most are in the way of another one's import.
pub(crate) const PATHS: usize = 40;

pub(crate) fn path(number: usize) -> String {
    match number % 4 {
        0 => format!("m{}.t", number / 4),
        1 => format!("x/m{}.t", number / 4),
        2 => format!("x/y/m{}.t", number / 4),
        _ => format!("z/m{}.t", number / 4),
    }
}

/// How an importer may write a path.
pub(crate) fn written(random: &mut Random, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if random.one_in(2) { name.to_owned() } else { path.to_owned() }
}

fn names(source: &Source) -> Vec<String> {
    source.functions.iter().map(|function| function.0.clone()).collect()
}

pub(crate) struct World {
    pub(crate) project: Project,
    pub(crate) random: Random,
    pub(crate) sources: Sources,
    pub(crate) past: Vec<Sources>,
    pub(crate) past_packages: Vec<Vec<Offered>>,
    pub(crate) flag: usize,
    /// How many releases of packages there were.
    pub(crate) releases: usize,
    /// State files as they were at some time.
    pub(crate) states: Vec<Vec<(PathBuf, Vec<u8>)>>,
    pub(crate) outputs: Vec<Vec<u8>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let project = if seed.is_multiple_of(4) { Project::new(&[]) } else { Project::in_memory() };
        let mut world = Self {
            project,
            random: Random(seed),
            sources: Sources::new(),
            past: vec![],
            past_packages: vec![],
            flag: 0,
            releases: 0,
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
            (0..=world.random.below(3)).for_each(|_| world.add_function(&path));
        }
        world
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.sources.keys().cloned().collect()
    }

    pub(crate) fn any_path(&mut self) -> String {
        let paths = self.paths();
        self.random.pick(&paths).unwrap_or_default()
    }

    /// Makes the disk what `sources` say.
    pub(crate) fn set(&mut self, sources: Sources) {
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

    pub(crate) fn change(&mut self, path: &str, change: impl FnOnce(&mut Source, &mut Random)) {
        let mut sources = self.sources.clone();
        if let Some(source) = sources.get_mut(path) {
            change(source, &mut self.random);
        }
        self.set(sources);
    }

    /// What an import in `path` means.
    pub(crate) fn target(&self, path: &str, import: &str) -> Option<String> {
        let beside = path.rsplit_once('/').map(|(folder, _)| format!("{folder}/{import}"));
        let is_there = |path: &String| self.sources.contains_key(path) || self.offered(path).is_some();
        beside.into_iter().chain([import.to_owned()]).find(is_there)
    }

    /// The module that a package offers under a path.
    pub(crate) fn offered(&self, path: &str) -> Option<&Offered> {
        self.project.packages.iter().find(|offered| offered.path == path)
    }

    /// Functions that `path` can call.
    pub(crate) fn visible(&self, path: &str) -> Vec<String> {
        let Some(source) = self.sources.get(path) else { return vec![] };
        let targets = source.imports.iter().filter_map(|import| self.target(path, import));
        let shown = |target: String| match (self.offered(&target), self.sources.get(&target)) {
            (Some(offered), _) => offered
                .interface
                .lines()
                .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
                .collect(),
            (None, Some(source)) => names(source),
            (None, None) => vec![],
        };
        targets.flat_map(shown).chain(names(source)).collect()
    }

    pub(crate) fn words(&mut self, path: &str) -> Vec<String> {
        let visible = self.visible(path);
        let count = 1 + self.random.below(4);
        let mut words = vec![self.random.below(10).to_string()];
        words.extend((0..count).filter_map(|_| self.random.pick(&visible)));
        words
    }

    pub(crate) fn add_function(&mut self, path: &str) {
        let words = self.words(path);
        let number = self.random.below(500);
        self.change(path, |source, random| {
            let parameters = random.below(3) as u32;
            source.functions.push((format!("f{number}"), parameters, words));
        });
    }

    /// Takes away whatever is wrong.
    pub(crate) fn mend(&mut self) {
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

    pub(crate) fn keep_for_later(&mut self) {
        if self.random.one_in(10) {
            self.past.push(self.sources.clone());
            self.past_packages.push(self.project.packages.clone());
        }
        if self.random.one_in(10) {
            let state = self.state_files().into_iter();
            self.states.push(state.filter_map(|file| Some((file.clone(), fs::read(file).ok()?))).collect());
        }
        if self.random.one_in(10) {
            self.outputs.extend(fs::read(&self.project.output));
        }
    }

    pub(crate) fn toy(&self) -> Toy {
        Toy::with_flag(["", "-O1", "-O2"][self.flag])
    }
}
