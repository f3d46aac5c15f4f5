//! Files that come, go, move and turn into others, and files that are no sources but count.

use std::fs;

use super::{World, Writing};

/// What `janus.toml` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SettingsFile {
    #[default]
    None,
    /// Another name, and so another image.
    Named,
    Define(usize),
    /// Another folder for the cache.
    Elsewhere,
    /// No build is answered.
    NotIncremental,
    Wrong,
}

impl SettingsFile {
    fn text(self) -> Option<String> {
        Some(match self {
            Self::None => return None,
            Self::Named => "[project]\nname = \"forms\"\n".to_owned(),
            Self::Define(value) => format!("[build.define]\nmode = \"{value}\"\n"),
            Self::Elsewhere => "[cache]\ndir = \"other_cache\"\n".to_owned(),
            Self::NotIncremental => "[cache]\nincremental = false\n".to_owned(),
            Self::Wrong => "[cache]\nmax_size = \"huge\"\n".to_owned(),
        })
    }

    /// The image's name.
    pub(crate) const fn project_name(self) -> &'static str {
        if matches!(self, Self::Named) { "forms" } else { "game" }
    }

    /// Whether a build in which nothing changed is answered without being run.
    pub(crate) const fn is_answered(self) -> bool {
        matches!(self, Self::None | Self::Named | Self::Define(_))
    }
}

impl World {
    /// One change of whole files, and its name.
    pub(crate) fn files(&mut self) -> &'static str {
        let (new, Some(old)) = (self.random.path(), self.any_path()) else {
            let first = self.random.source();
            self.set([("src/x0.jan".to_owned(), first)].into());
            return "a first file";
        };
        let mut sources = self.sources.clone();
        match self.random.below(20) {
            0 | 1 => {
                let source = self.random.source();
                sources.entry(new).or_insert(source);
                self.set(sources);
                "new file"
            }
            2 => {
                // Often in the way of an import that led elsewhere.
                let copy = sources[&old].clone();
                sources.insert(new, copy);
                self.set(sources);
                "copied file"
            }
            3 | 4 => {
                sources.remove(&old);
                self.set(sources);
                "deleted file"
            }
            5 | 6 => {
                if !sources.contains_key(&new)
                    && let Some(source) = sources.remove(&old)
                {
                    self.move_on_disk(&old, &new);
                    sources.insert(new, source);
                    self.sources = sources;
                }
                "moved file"
            }
            7 => {
                let other = self.any_path().unwrap_or_default();
                if other != old {
                    let on_disk = |path: &str| self.on_disk(path);
                    fs::rename(on_disk(&old), on_disk("between")).expect("renamed");
                    fs::rename(on_disk(&other), on_disk(&old)).expect("renamed");
                    fs::rename(on_disk("between"), on_disk(&other)).expect("renamed");
                    let (one, two) = (sources[&old].clone(), sources[&other].clone());
                    sources.extend([(other, one), (old, two)]);
                    self.sources = sources;
                }
                "swapped files"
            }
            8 => {
                self.rename_folder();
                "renamed folder"
            }
            9 => {
                for (path, source) in &self.sources {
                    if self.random.one_in(3) {
                        self.write(path, &source.bytes(), Writing::InPlace);
                    }
                }
                "touched"
            }
            10 | 11 => {
                if !self.past.is_empty() {
                    let past = self.random.of(&self.past).clone();
                    if let Some(source) = past.get(&old) {
                        sources.insert(old, source.clone());
                        self.set(sources);
                    }
                }
                "a file as it once was"
            }
            12 => {
                if !self.past.is_empty() {
                    let past = self.random.of(&self.past).clone();
                    self.set(past);
                }
                "everything as it once was"
            }
            13 => {
                self.link(&old);
                "link instead of a file"
            }
            14 => {
                self.change(|source, random| match random.below(7) {
                    0 => source.is_garbled ^= true,
                    1..=3 => source.has_crlf ^= true,
                    _ => source.has_mark ^= true,
                });
                "encoding"
            }
            15 | 16 => {
                let rules = ["", "lib/\n", "x2.jan\n", "deep/\n!deep/x1.jan\n", "*.new\n", "/src/x*.jan\n"];
                let rules = *self.random.of(&rules);
                let file = *self.random.of(&[".gitignore", "src/.gitignore", ".ignore"]);
                if rules.is_empty() {
                    let _ = fs::remove_file(self.on_disk(file));
                } else {
                    self.project.write(file, rules);
                }
                "ignored files"
            }
            17 | 18 => {
                let value = self.random.below(3);
                let settings = *self.random.of(&[
                    SettingsFile::None,
                    SettingsFile::None,
                    SettingsFile::Named,
                    SettingsFile::Define(value),
                    SettingsFile::Elsewhere,
                    SettingsFile::NotIncremental,
                    SettingsFile::Wrong,
                ]);
                self.settings(settings);
                "settings"
            }
            _ => {
                let file = *self.random.of(&["native.zig", "src/native.zig", "lib/native", "x1/native.zig"]);
                if self.random.one_in(3) {
                    let _ = fs::remove_file(self.on_disk(file));
                } else {
                    self.project.write(file, format!("const a = {};\n", self.random.below(10)));
                }
                "foreign file"
            }
        }
    }

    pub(super) fn settings(&mut self, settings: SettingsFile) {
        match settings.text() {
            Some(text) => self.project.write("janus.toml", text),
            None => drop(fs::remove_file(self.on_disk("janus.toml"))),
        }
        self.settings = settings;
    }

    /// The file itself goes, with its times.
    fn move_on_disk(&self, from: &str, to: &str) {
        let to = self.on_disk(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::rename(self.on_disk(from), to).expect("renamed");
    }

    fn rename_folder(&mut self) {
        let (from, to) = *self.random.of(&[
            ("lib/", "x1/lib/"),
            ("x1/lib/", "lib/"),
            ("src/", "code/"),
            ("code/", "src/"),
        ]);
        let (is_there, is_free) = (self.on_disk(from).is_dir(), !self.on_disk(to).exists());
        if is_there && is_free {
            self.move_on_disk(from.trim_end_matches('/'), to.trim_end_matches('/'));
            let moved = |path: String| match path.strip_prefix(from) {
                Some(rest) => format!("{to}{rest}"),
                None => path,
            };
            self.sources =
                std::mem::take(&mut self.sources).into_iter().map(|(path, it)| (moved(path), it)).collect();
        }
    }

    /// The file goes out of the project, or to another name in it, and a link leads there.
    fn link(&mut self, path: &str) {
        #[cfg(unix)]
        {
            self.links += 1;
            let from = self.on_disk(path);
            let to = if self.random.one_in(2) {
                self.project.root().with_extension(format!("link{}.jan", self.links))
            } else {
                self.on_disk(&format!("linked{}.txt", self.links))
            };
            let bytes = fs::read(&from).expect("read");
            fs::write(&to, bytes).expect("written");
            fs::remove_file(&from).expect("removed");
            std::os::unix::fs::symlink(to, from).expect("linked");
        }
        #[cfg(not(unix))]
        let _ = path;
    }
}
