//! libFuzzer on one target.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use janus_cache_fuzz::{TARGETS, regression_files, seed_files};

const DEFAULT_SECONDS: u32 = 60;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    target: String,
    seconds: u32,
}

impl Request {
    /// Reads the words behind `fuzz`.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let (mut target, mut seconds) = (None, DEFAULT_SECONDS);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--seconds" {
                let number = words.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
                seconds = number.ok_or("`--seconds` needs a whole number that is not 0")?;
            } else if word.starts_with('-') || target.is_some() {
                return Err(format!("`{word}` was not expected; see `cargo xtask`"));
            } else {
                target = Some(word.clone());
            }
        }
        let known = || TARGETS.map(|(name, _)| name).join(", ");
        let target = target.ok_or_else(|| format!("no target is named; there are {}", known()))?;
        if TARGETS.iter().all(|(name, _)| *name != target) {
            return Err(format!("there is no target `{target}`; there are {}", known()));
        }
        Ok(Self { target, seconds })
    }

    /// Runs libFuzzer until the time is over or a promise breaks.
    pub(crate) fn run(&self) -> Result<(), String> {
        needs(&["--version"], "a nightly toolchain: rustup toolchain install nightly")?;
        needs(&["fuzz", "--version"], "cargo-fuzz: cargo install cargo-fuzz --locked")?;
        let corpus = self.gather()?;
        let status = Command::new("rustup")
            .args(["run", "nightly", "cargo", "fuzz", "run", "--features", "libfuzzer", &self.target])
            .arg(&corpus)
            .arg("--")
            .arg(format!("-max_total_time={}", self.seconds))
            .current_dir(root())
            .status()
            .map_err(|error| format!("cannot start cargo fuzz: {error}"))?;
        if status.success() {
            return Ok(());
        }
        let target = &self.target;
        Err(format!(
            "cargo fuzz ended with {status}; mend what it found, and keep the input in fuzz/regressions/{target}/"
        ))
    }

    /// Puts seeds and finds beside the inputs that libFuzzer found worth keeping in earlier runs.
    fn gather(&self) -> Result<PathBuf, String> {
        let corpus = root().join("fuzz/corpus").join(&self.target);
        let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(&corpus).map_err(|error| told(&corpus, error))?;
        let files = [seed_files(&self.target), regression_files(&self.target)].concat();
        for (number, file) in files.iter().enumerate() {
            let to = corpus.join(format!("seed-{number}"));
            std::fs::copy(file, &to).map_err(|error| told(file, error))?;
        }
        Ok(corpus)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether the nightly cargo does this; if not, what to install. Inside of `cargo xtask`, `cargo +nightly`
/// is no proxy of rustup, so rustup is asked.
fn needs(words: &[&str], what: &str) -> Result<(), String> {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).args(words).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("this needs {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Request, String> {
        Request::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_target_and_a_time_are_taken_in_any_order() {
        let expected = Ok(Request { target: "table".to_owned(), seconds: 5 });
        assert_eq!(parse(&["table", "--seconds", "5"]), expected);
        assert_eq!(parse(&["--seconds", "5", "table"]), expected);
        assert_eq!(parse(&["pack"]).map(|request| request.seconds), Ok(DEFAULT_SECONDS));
    }

    #[test]
    fn an_unknown_target_is_answered_with_those_that_there_are() {
        let error = parse(&["tabel"]).expect_err("refused");
        assert!(error.contains("`tabel`") && error.contains("table, image"), "{error}");
    }

    #[test]
    fn a_time_that_is_no_number_is_refused() {
        assert!(parse(&["table", "--seconds", "soon"]).is_err());
        assert!(parse(&["table", "--seconds"]).is_err());
        assert!(parse(&["table", "--seconds", "0"]).is_err());
    }
}
