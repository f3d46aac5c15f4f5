//! A project in a temporary folder, and the command run on it as a user would.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A copy of an example.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// A copy of an example's sources.
    pub(crate) fn copy_of(example: &str) -> Self {
        let project = Self::empty();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
        for name in ["src", "tools"] {
            if example.join(name).exists() {
                copy(&example.join(name), &project.root().join(name));
            }
        }
        project
    }

    /// A folder without sources.
    pub(crate) fn empty() -> Self {
        let project = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        std::fs::create_dir(project.root()).expect("writable");
        project
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("game")
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.root().join("build/game.jdi")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.root().join(".janus_cache")
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, content).expect("writable");
    }

    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.root().join(path);
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(text.contains(from), "{} has no `{from}`", path.display());
        std::fs::write(path, text.replacen(from, to, 1)).expect("writable");
    }

    /// The command, with nothing of this machine's settings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_janus"));
        command.args(args).current_dir(self.root()).env_clear().env("HOME", self.dir.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("runs")
    }

    /// `janus build --format json` and its exit code.
    pub(crate) fn build(&self, more: &[&str]) -> (Value, i32) {
        let args: Vec<&str> = ["build", "--format", "json"].iter().chain(more).copied().collect();
        let output = self.run(&args);
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (json, output.status.code().expect("not killed"))
    }

    /// How many tables a build built and reused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let (json, _) = self.build(&[]);
        (
            json["tables"]["built"].as_u64().expect("a count"),
            json["tables"]["reused"].as_u64().expect("a count"),
        )
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("writable");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}
