//! A Janus project that is changed at random, on the disk and as its parts.
//!
//! | file | one idea |
//! |---|---|
//! | `source` | a source as its parts, and their text |
//! | `words` | names, types, statements, whole declarations |
//! | `quiet` | edits of bodies, comments and white space |
//! | `loud` | edits of declarations and imports |
//! | `files` | files that come, go, move, and what is beside the sources |
//! | `mishaps` | what happens to the image and the cache |

mod files;
mod loud;
mod mishaps;
mod quiet;
mod source;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::kit::Project;
pub(crate) use source::Source;

/// `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 where that is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of some.
    pub(crate) fn of<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub(crate) type Sources = BTreeMap<String, Source>;

/// How a file gets its new content.
#[derive(Clone, Copy)]
enum Writing {
    InPlace,
    /// Another file takes its name, as many editors do it.
    Replaced,
    InPlaceTimeSetBack,
    ReplacedTimeSetBack,
}

pub(crate) struct World {
    pub(crate) project: Project,
    pub(crate) random: Random,
    sources: Sources,
    /// Some of what the sources were.
    past: Vec<Sources>,
    /// The last sources without errors.
    sound: Sources,
    /// What is to be taken back next.
    to_revert: Option<Sources>,
    /// Images and states as they were at some time.
    images: Vec<Vec<u8>>,
    states: Vec<Vec<(PathBuf, Vec<u8>)>>,
    /// What `janus.toml` says, as far as it changes how builds are answered.
    pub(crate) settings: files::SettingsFile,
    links: usize,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self {
            project: Project::empty(),
            random: Random(seed),
            sources: Sources::new(),
            past: vec![],
            sound: Sources::new(),
            to_revert: None,
            images: vec![],
            states: vec![],
            settings: files::SettingsFile::default(),
            links: 0,
        };
        let mut sources = world.random.sources();
        if !seed.is_multiple_of(3) {
            // Without warnings, whose places an edit would have to move.
            for source in sources.values_mut() {
                source.imports.clear();
                source.module = None;
            }
        }
        world.project.write("native.zig", "const a = 1;\n");
        world.set(sources);
        world
    }

    fn on_disk(&self, path: &str) -> PathBuf {
        self.project.root().join(path)
    }

    /// One of the files there are.
    fn any_path(&mut self) -> Option<String> {
        let at = self.random.below(self.sources.len());
        self.sources.keys().nth(at).cloned()
    }

    /// Makes the disk what `sources` say.
    fn set(&mut self, sources: Sources) {
        for path in self.sources.keys().filter(|path| !sources.contains_key(*path)) {
            let _ = fs::remove_file(self.on_disk(path));
        }
        for (path, source) in &sources {
            if self.sources.get(path) != Some(source) {
                let writing = match self.random.below(6) {
                    0 => Writing::InPlaceTimeSetBack,
                    1 => Writing::ReplacedTimeSetBack,
                    2 | 3 => Writing::Replaced,
                    _ => Writing::InPlace,
                };
                self.write(path, &source.bytes(), writing);
            }
        }
        self.sources = sources;
    }

    fn write(&self, path: &str, bytes: &[u8], writing: Writing) {
        let file = self.on_disk(path);
        let time = fs::metadata(&file).and_then(|metadata| metadata.modified());
        match writing {
            // Through a link, where there is one.
            Writing::InPlace | Writing::InPlaceTimeSetBack => self.project.write(path, bytes),
            Writing::Replaced | Writing::ReplacedTimeSetBack => {
                let beside = format!("{path}.new");
                self.project.write(&beside, bytes);
                fs::rename(self.on_disk(&beside), &file).expect("renamed");
            }
        }
        if let (Ok(time), Writing::InPlaceTimeSetBack | Writing::ReplacedTimeSetBack) = (time, writing) {
            set_time(&file, time);
        }
    }

    /// Changes one file; nothing where there is none.
    fn change(&mut self, change: impl FnOnce(&mut Source, &mut Random)) {
        let Some(path) = self.any_path() else { return };
        let mut sources = self.sources.clone();
        if let Some(source) = sources.get_mut(&path) {
            change(source, &mut self.random);
        }
        self.set(sources);
    }

    /// Some random changes, and their names.
    pub(crate) fn step(&mut self) -> Vec<&'static str> {
        if self.random.one_in(4) {
            self.remember();
        }
        if let Some(before) = self.to_revert.take() {
            self.set(before);
            return vec!["taken back"];
        }
        let mut done = Vec::new();
        match self.random.below(20) {
            0 => {
                for _ in 0..2 + self.random.below(4) {
                    done.push(self.any_edit());
                }
            }
            1..=3 => done.extend([self.quiet(), self.quiet()]),
            4..=10 => {
                let before = self.sources.clone();
                done.push(self.quiet());
                if self.random.one_in(4) {
                    self.to_revert = Some(before);
                }
            }
            11 => done.push(self.mishap()),
            12 => done.extend([self.quiet(), self.mishap()]),
            _ => done.push(self.any_edit()),
        }
        done
    }

    fn any_edit(&mut self) -> &'static str {
        match self.random.below(8) {
            0 => self.quiet(),
            1 | 2 => self.files(),
            _ => self.loud(),
        }
    }

    /// To be told how the last build ended: where there were errors for a while, they are mended.
    pub(crate) fn ended(&mut self, is_sound: bool) {
        if is_sound {
            self.sound = self.sources.clone();
        } else if self.random.one_in(3) && self.to_revert.is_none() {
            // Of a project that has been wrong from its beginning another one is made.
            let sound = if self.sound.is_empty() { self.random.sources() } else { self.sound.clone() };
            self.settings(files::SettingsFile::default());
            self.to_revert = Some(sound);
        }
    }

    fn remember(&mut self) {
        const KEPT: usize = 12;
        if self.past.len() == KEPT {
            let at = self.random.below(KEPT);
            self.past.swap_remove(at);
        }
        self.past.push(self.sources.clone());
        self.remember_outputs();
    }

    /// The sources as they are, to be looked at after a failure.
    pub(crate) fn copy_to(&self, folder: &Path) {
        crate::kit::copy(&self.project.root(), folder);
    }
}

fn set_time(path: &Path, time: SystemTime) {
    let file = fs::File::options().write(true).open(path).expect("opened");
    file.set_modified(time).expect("set");
}
