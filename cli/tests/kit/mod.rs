//! A project in a temporary folder, and the command run on it as a user would.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A run takes milliseconds; one that takes so long waits for something that never comes.
const LONGEST_RUN: Duration = Duration::from_secs(60);

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

    /// The command, run to its end; one that hangs is killed and fails the test.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Self::finish(self.command(args))
    }

    /// Runs any command to its end, as [`Project::run`] does.
    pub(crate) fn finish(mut command: Command) -> Output {
        let (mut out, mut err) = (captured(), captured());
        command.stdin(Stdio::null()).stdout(cloned(&out)).stderr(cloned(&err));
        let mut child = command.spawn().expect("runs");
        let deadline = Instant::now() + LONGEST_RUN;
        let status = loop {
            if let Some(status) = child.try_wait().expect("asked") {
                break status;
            }
            if Instant::now() > deadline {
                child.kill().expect("killed");
                child.wait().expect("ended");
                panic!("{command:?} hangs");
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        Output { status, stdout: content(&mut out), stderr: content(&mut err) }
    }

    /// The exit code and what was said on standard error.
    pub(crate) fn said(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        (output.status.code().expect("not killed"), text(&output.stderr))
    }

    /// A project of one file with one family, which makes a small cache and a small image.
    pub(crate) fn small() -> Self {
        let project = Self::empty();
        project.write("a.jan", "module a;\nfunc f(x: int) { 1 }\n");
        project
    }

    /// A project whose one file is module `m`.
    pub(crate) fn of(source: &str) -> Self {
        let project = Self::empty();
        project.write("m.jan", source);
        project
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
        built(&self.build(&[]).0)
    }
}

/// How many tables were built and reused, as a build's JSON says.
pub(crate) fn built(json: &Value) -> (u64, u64) {
    let count = |what: &str| json["tables"][what].as_u64().expect("a count");
    (count("built"), count("reused"))
}

/// Types and two functions as `shapes.json`, and what a runtime would select as `shapes.truth.jsonl`.
pub(crate) fn write_corpus(project: &Project) {
    let corpus = r#"{"format":"dispatch-corpus/1","resolution":"symmetric",
"types":[
{"name":"Shape","supers":[]},
{"name":"Circle","supers":["Shape"]},
{"name":"Square","supers":["Shape"]}],
"functions":[
{"name":"hits","arity":2,"methods":[
{"params":["Shape","Shape"],"implementation":"hits(Shape, Shape)","module":"game"},
{"params":["Circle","Shape"],"implementation":"hits(Circle, Shape)","module":"game"},
{"params":["Shape","Circle"],"implementation":"hits(Shape, Circle)","module":"game"}]},
{"name":"radius","arity":1,"methods":[{"params":["Circle"],"implementation":"radius(Circle)"}]}]}
"#;
    let truth = r#"{"f":0,"args":[1,2],"m":1}
{"f":0,"args":[2,2],"m":0}

{"f":0,"args":[1,1],"m":-1}
{"f":1,"args":[1],"m":0}
{"f":1,"args":[2],"m":null}
"#;
    project.write("shapes.json", corpus);
    project.write("shapes.truth.jsonl", truth);
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

// Files and not pipes: nobody has to read them while the command runs.
fn captured() -> File {
    tempfile::tempfile().expect("a temporary file")
}

fn cloned(file: &File) -> Stdio {
    file.try_clone().expect("a second handle").into()
}

fn content(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut bytes).expect("readable");
    bytes
}

/// The command under another user's id, for whom permissions count, where the tests run as the
/// superuser; else as it is. `None`, with the reason printed, where that is impossible.
#[cfg(unix)]
pub(crate) fn as_plain_user(project: &Project, mut command: Command) -> Option<Command> {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65534;
    if std::os::unix::fs::chown(project.dir.path(), Some(NOBODY), Some(NOBODY)).is_err() {
        return Some(command);
    }
    give(&project.root(), NOBODY);
    command.uid(NOBODY).gid(NOBODY);
    let mut probe = Command::new(env!("CARGO_BIN_EXE_janus"));
    probe.arg("--version").current_dir(project.root()).uid(NOBODY).gid(NOBODY).stdout(Stdio::null());
    match probe.status() {
        Ok(_) => Some(command),
        Err(error) => {
            println!("skipped: user {NOBODY} cannot run the command there: {error}");
            None
        }
    }
}

#[cfg(unix)]
fn give(path: &Path, owner: u32) {
    std::os::unix::fs::lchown(path, Some(owner), Some(owner)).expect("the superuser may");
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).expect("readable") {
            give(&entry.expect("readable").path(), owner);
        }
    }
}

/// Makes a named pipe.
#[cfg(unix)]
pub(crate) fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
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
