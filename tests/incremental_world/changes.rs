//! What happens to the sources, the output and the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::incremental_kit::Offered;
use super::{PATHS, Random, World, path, written};

impl World {
    /// One change of the sources, and its name.
    pub(crate) fn edit(&mut self) -> &'static str {
        let path = self.any_path();
        match self.random.below(24) {
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
                let at = self.random.below(self.past.len());
                if let Some(past) = self.past.get(at).cloned() {
                    self.set(past);
                }
                if let Some(past) = self.past_packages.get(at).cloned()
                    && self.random.one_in(2)
                {
                    self.project.packages = past;
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
            19..=22 => self.edit_packages(),
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

    /// Where some importer looks first for what it imports, often in vain, and what that import means.
    fn beside_an_importer(&mut self) -> Option<(String, String)> {
        let importer = self.any_path();
        let import = self.random.pick(&self.sources.get(&importer)?.imports)?;
        let (folder, _) = importer.rsplit_once('/')?;
        Some((format!("{folder}/{import}"), self.target(&importer, &import)?))
    }

    /// One change of what other packages offer.
    fn edit_packages(&mut self) -> &'static str {
        self.releases += 1;
        let package = format!("{} {}", ["p", "q"][self.random.below(2)], self.releases);
        let count = self.project.packages.len();
        let at = self.random.below(count);
        let line = format!("f{} {}\n", self.random.below(500), self.random.below(3));
        match self.random.below(10) {
            0 | 1 if count > 0 => {
                self.project.packages[at].package = package;
                "package version"
            }
            2..=4 if count > 0 => {
                let offered = &mut self.project.packages[at];
                offered.package = package;
                if self.random.one_in(4) {
                    offered.interface = line;
                } else {
                    // Who calls its functions can go on.
                    offered.interface.push_str(&line);
                }
                "package interface"
            }
            5 if count > 0 => {
                self.project.packages.remove(at);
                "package module gone"
            }
            6 => {
                self.project.packages.reverse();
                "packages in another order"
            }
            7 => {
                let anywhere = path_of_any(&mut self.random);
                let (in_the_way, meant) =
                    self.beside_an_importer().unwrap_or_else(|| (anywhere.clone(), anywhere));
                // Mostly importers can go on with it.
                let copied = self.sources.get(&meant).map(|source| {
                    source
                        .functions
                        .iter()
                        .map(|(name, parameters, _)| format!("{name} {parameters}\n"))
                        .collect()
                });
                let interface: String = copied.unwrap_or(line);
                self.project.packages.insert(at, Offered::new(&in_the_way, &package, &interface));
                "package module in the way"
            }
            _ => {
                // Under a name that no file has; the second one is in the way of the first for some importers.
                let name = ["p/m.t", "x/p/m.t", "p/n.t"][self.random.below(3)];
                if self.offered(name).is_none() {
                    self.project.packages.insert(at, Offered::new(name, &package, &line));
                }
                let importer = if self.random.one_in(2) { "main.t".to_owned() } else { self.any_path() };
                let import = ["p/m.t", "p/n.t"][self.random.below(2)].to_owned();
                if self.target(&importer, &import).is_some() {
                    self.change(&importer, |source, _| source.imports.push(import));
                }
                "package module and an import"
            }
        }
    }

    pub(crate) fn same_size(&mut self, path: &str) {
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

    pub(crate) fn state_files(&self) -> Vec<PathBuf> {
        let listed = fs::read_dir(self.project.cache.join("v1/state")).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = listed
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "seal" || ending == "output"))
            .collect();
        files.sort();
        files
    }

    /// One mishap of the output or the cache, and its name. True where an open cache cannot go on.
    pub(crate) fn mishap(&mut self) -> (&'static str, bool) {
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
}

pub(crate) fn path_of_any(random: &mut Random) -> String {
    path(random.below(PATHS))
}

pub(crate) fn set_time(path: &Path, time: SystemTime) {
    let file = fs::File::options().write(true).open(path).expect("opened");
    file.set_modified(time).expect("set");
}

/// Another content, often of the same length and time.
pub(crate) fn damage(random: &mut Random, path: &Path) {
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
