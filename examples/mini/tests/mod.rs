//! Programs in memory, compiled and, where LLVM is installed, proved and run by it.
//!
//! Without `llvm-as` and `lli` the tests that need them say so on standard error and prove nothing, unless
//! the variable `JANUS_REQUIRE_LLVM` is set, which makes that a failure.

mod cached;
mod commands;
mod errors;
mod pieces;
mod programs;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::program;

/// Files by root-relative path. The first one is the entry.
type Files<'f> = [(&'f str, &'f str)];

/// Builds a program whose files are in memory.
fn build(files: &Files) -> Result<String, Vec<String>> {
    program::build(files[0].0, &mut |wanted| {
        let file = files.iter().find(|(path, _)| *path == wanted);
        file.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| ErrorKind::NotFound.into())
    })
}

/// The oldest LLVM whose text has opaque pointers.
const OLDEST_LLVM: u32 = 14;

/// The tools of one LLVM.
struct Llvm {
    assembler: String,
    interpreter: String,
    /// What switches opaque pointers on where they are not yet a matter of course.
    flags: &'static [&'static str],
}

static LLVM: LazyLock<Option<Llvm>> = LazyLock::new(|| {
    let suffixes = (OLDEST_LLVM..60).rev().map(|version| format!("-{version}"));
    let found = std::iter::once(String::new()).chain(suffixes).find_map(|suffix| {
        let tool = |name: &str| {
            let tool = format!("{name}{suffix}");
            Some((version(&tool)?, tool))
        };
        let ((version, assembler), (_, interpreter)) = (tool("llvm-as")?, tool("lli")?);
        let flags: &[&str] = if version == OLDEST_LLVM { &["-opaque-pointers"] } else { &[] };
        (version >= OLDEST_LLVM).then_some(Llvm { assembler, interpreter, flags })
    });
    if found.is_none() {
        let what = format!("there is no `llvm-as` and `lli` of LLVM {OLDEST_LLVM} or later");
        assert!(std::env::var_os("JANUS_REQUIRE_LLVM").is_none(), "{what}");
        // Not with `eprintln!`, which the test runner keeps back where a test passes.
        let _ = writeln!(io::stderr(), "mini: {what}: no program is run");
    }
    found
});

fn version(tool: &str) -> Option<u32> {
    let output = Command::new(tool).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (_, version) = text.split_once("LLVM version ")?;
    version.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"))
}

/// Has LLVM read and verify a text; the bitcode is then in `dir`.
fn assemble(llvm: &Llvm, text: &str, dir: &Path) -> PathBuf {
    let (source, bitcode) = (dir.join("program.ll"), dir.join("program.bc"));
    fs::write(&source, text).expect("a writable folder");
    let output = run(Command::new(&llvm.assembler).args(llvm.flags).arg(&source).arg("-o").arg(&bitcode));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    bitcode
}

/// Proves a text with LLVM and runs it: what it prints and its exit code. None without LLVM.
fn executed(text: &str) -> Option<(String, i32)> {
    let llvm = LLVM.as_ref()?;
    let dir = tempfile::tempdir().expect("a folder");
    let bitcode = assemble(llvm, text, dir.path());
    let output = run(Command::new(&llvm.interpreter).args(llvm.flags).arg(bitcode));
    let printed = String::from_utf8(output.stdout).expect("mini prints numbers");
    let code = output.status.code();
    Some((printed, code.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))))
}

/// Asserts that a program compiles, that LLVM accepts it, and what it prints and returns.
#[track_caller]
fn assert_runs(files: &Files, printed: &str, code: i32) {
    let text = build(files).unwrap_or_else(|errors| panic!("{}", errors.join("\n")));
    if let Some((found, found_code)) = executed(&text) {
        let lines: Vec<&str> = found.lines().collect();
        assert_eq!((lines.join(" ").as_str(), found_code), (printed, code));
    }
}

/// Asserts the whole list of errors.
#[track_caller]
fn assert_errors(files: &Files, errors: &[&str]) {
    let found = build(files).expect_err("an error was expected");
    assert_eq!(found, errors);
}
