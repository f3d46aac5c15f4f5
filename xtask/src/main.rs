//! `cargo xtask fuzz TARGET [--seconds N]`: work on the project that is no build and no test.

mod fuzz;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask fuzz TARGET [--seconds N]

Runs libFuzzer on TARGET for N seconds (60), from the target's seeds and finds.
It needs a nightly toolchain and cargo-fuzz; `cargo test --test fuzz_replay` needs neither.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((task, rest)) if task == "fuzz" => fuzz::Request::parse(rest).and_then(|request| request.run()),
        Some((task, _)) => Err(format!("there is no task `{task}`\n\n{USAGE}")),
        None => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
