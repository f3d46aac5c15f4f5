//! What do whole builds of an embedding compiler cost, process start included?
//!
//! `cargo build --release --example mini` first. Projects of 1,000 and 10,000 files (`JANUS_BENCH_FILES=300` for another
//! size) are built by processes of their own, 11 times each. Floors: reading and hashing every file, and asking for the
//! tuple of each on two threads.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use janus_cache::digest::ContentDigest;
use janus_cache::fs::StatTuple;

const ROUNDS: usize = 11;

/// The median of what `work` takes; `prepare` is not counted.
fn median(mut prepare: impl FnMut(usize), mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            prepare(round);
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

struct Bench {
    mini: PathBuf,
    dir: tempfile::TempDir,
    entry: PathBuf,
    files: Vec<PathBuf>,
}

impl Bench {
    fn new(mini: &Path, count: usize) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path().join("root");
        let output = Command::new(mini).arg("generate").arg(count.to_string()).arg(&root).output();
        let output = output.expect("mini starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let entry = root.join(String::from_utf8_lossy(&output.stdout).trim());
        let mut files = Vec::new();
        for folder in std::fs::read_dir(&root).expect("a folder") {
            let folder = folder.expect("readable").path();
            files.extend(
                std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("readable").path()),
            );
        }
        files.sort();
        Self { mini: mini.to_owned(), dir, entry, files }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Builds, and asserts that it went that way.
    fn build(&self, way: &str) {
        let mut command = Command::new(&self.mini);
        command.arg("build").arg(&self.entry).arg("-o").arg(self.place("out.ll"));
        command.arg("--root").arg(self.place("root")).arg("--cache").arg(self.place("cache"));
        let output = command.output().expect("mini starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains(way), "expected {way:?}, found {told}");
    }

    /// Gives one function of a file in the middle another body.
    fn edit(&self, round: usize) {
        let file = &self.files[self.files.len() / 2];
        let text = std::fs::read_to_string(file).expect("readable");
        let at = text.find("while round < ").expect("a loop") + "while round < ".len();
        let end = at + text[at..].find(' ').expect("a space");
        std::fs::write(file, format!("{}{}{}", &text[..at], 100 + round, &text[end..])).expect("written");
    }

    fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.place("cache"));
        let _ = std::fs::remove_file(self.place("out.ll"));
    }

    fn stat_all(&self) {
        let (left, right) = self.files.split_at(self.files.len() / 2);
        let look = |files: &[PathBuf]| files.iter().for_each(|file| drop(StatTuple::of(file)));
        std::thread::scope(|scope| {
            scope.spawn(|| look(left));
            look(right);
        });
    }

    fn read_all(&self) {
        for file in &self.files {
            std::hint::black_box(ContentDigest::of(&std::fs::read(file).expect("readable")));
        }
    }
}

fn measure(mini: &Path, count: usize) {
    let bench = Bench::new(mini, count);
    let nothing = |_: usize| {};
    let print = |what: &str, time: Duration| {
        println!("{count:>6} files  {what:<34} {:>9.2} ms", time.as_secs_f64() * 1e3);
    };
    let sources: u64 = bench.files.iter().map(|file| file.metadata().expect("there").len()).sum();
    print("floor: tuples, two threads", median(nothing, || bench.stat_all()));
    print("floor: read and hash", median(nothing, || bench.read_all()));
    print("cold build", median(|_| bench.forget(), || bench.build("all ")));
    bench.build("nothing changed");
    print("nothing changed", median(nothing, || bench.build("nothing changed")));
    print("one body edited", median(|round| bench.edit(round), || bench.build("1 of ")));
    let lose = |_: usize| std::fs::remove_file(bench.place("out.ll")).expect("removed");
    print("output deleted", median(lose, || bench.build("")));
    let output = bench.place("out.ll").metadata().expect("there").len();
    println!("{count:>6} files  sources {sources} bytes, output {output} bytes");
}

fn main() {
    let own = std::env::current_exe().expect("this program");
    let mini = own.ancestors().nth(2).expect("a target folder").join("examples/mini");
    if !mini.is_file() {
        println!("{} is not there: cargo build --release --example mini", mini.display());
        return;
    }
    let only = std::env::var("JANUS_BENCH_FILES").ok().and_then(|count| count.parse().ok());
    for count in only.map_or(vec![1000, 10_000], |count: usize| vec![count]) {
        measure(&mini, count);
    }
}
