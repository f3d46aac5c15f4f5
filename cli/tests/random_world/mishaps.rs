//! What happens to the image and to the cache.

use std::fs;
use std::path::{Path, PathBuf};

use super::{World, set_time};

impl World {
    pub(crate) fn image(&self) -> PathBuf {
        self.on_disk(&format!("build/{}.jdi", self.settings.project_name()))
    }

    /// One mishap, and its name.
    pub(crate) fn mishap(&mut self) -> &'static str {
        let image = self.image();
        match self.random.below(12) {
            0 => {
                let _ = fs::remove_file(image);
                "image deleted"
            }
            1 | 2 => {
                self.damage(&image);
                "image damaged"
            }
            3 | 4 => {
                if !self.images.is_empty() && image.exists() {
                    let old = self.random.of(&self.images).clone();
                    fs::write(image, old).expect("written");
                }
                "an older image put back"
            }
            5 => {
                let _ = fs::remove_dir_all(self.project.cache());
                "cache deleted"
            }
            6 | 7 => {
                let files = self.state_files();
                if !files.is_empty() {
                    let file = self.random.of(&files).clone();
                    fs::remove_file(file).expect("removed");
                }
                "state deleted"
            }
            8 => {
                let files = self.state_files();
                if !files.is_empty() {
                    let file = self.random.of(&files).clone();
                    self.damage(&file);
                }
                "state damaged"
            }
            9 | 10 => {
                if !self.states.is_empty() {
                    let state = self.random.of(&self.states).clone();
                    for (file, bytes) in state {
                        // Some of them only, as two builds at once may leave them.
                        if !self.random.one_in(3) {
                            let _ = fs::write(file, bytes);
                        }
                    }
                }
                "an older state put back"
            }
            _ => {
                let packs = files_in(&self.project.cache().join("v1/packs"));
                if !packs.is_empty() {
                    let pack = self.random.of(&packs).clone();
                    fs::remove_file(pack).expect("removed");
                }
                "a pack deleted"
            }
        }
    }

    fn state_files(&self) -> Vec<PathBuf> {
        let state = self.project.cache().join("v1/state");
        let mut files = files_in(&state);
        files.extend(files_in(&state.join("calls")));
        files
    }

    pub(super) fn remember_outputs(&mut self) {
        const KEPT: usize = 8;
        if self.images.len() == KEPT {
            let at = self.random.below(KEPT);
            self.images.swap_remove(at);
            self.states.swap_remove(at);
        }
        let files = self.state_files().into_iter();
        let state = files.filter_map(|file| fs::read(&file).ok().map(|bytes| (file, bytes))).collect();
        self.states.push(state);
        self.images.push(fs::read(self.image()).unwrap_or_default());
    }

    /// Another content, often of the same length and time.
    fn damage(&mut self, file: &Path) {
        let Ok(mut bytes) = fs::read(file) else { return };
        let time = fs::metadata(file).and_then(|metadata| metadata.modified()).expect("there");
        let at = self.random.below(bytes.len());
        match bytes.get_mut(at) {
            Some(byte) if self.random.one_in(2) => *byte ^= 1,
            _ => bytes.truncate(at),
        }
        fs::write(file, bytes).expect("written");
        if self.random.one_in(2) {
            set_time(file, time);
        }
    }
}

/// In the order of their names, so that a seed always chooses alike.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}
