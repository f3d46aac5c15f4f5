//! The command line: arguments to files, messages and an exit code.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{embed, generate, program};

const USAGE: &str = "usage: mini build ENTRY [-o OUT.ll] [--root DIR] [--cache DIR]
       mini generate N DIR

build     compiles ENTRY and what it imports to one LLVM module, on standard output or in OUT.ll;
          imports are looked for below DIR, which is ENTRY's folder unless it is given; with a cache,
          which needs -o, only what changed is compiled, and standard error says why
generate  writes a project of N files, 1 to 1000000, into DIR, which must be empty or not there yet,
          and says which file is its entry
";

/// The most files that `generate` writes.
const MAX_FILES: usize = 1_000_000;

/// Exit codes.
const DONE: u8 = 0;
const ERRORS_IN_SOURCES: u8 = 1;
const NOT_FOLLOWED: u8 = 2;

/// What the arguments ask for.
enum Request {
    Help,
    Build { entry: PathBuf, root: Option<PathBuf>, out: Option<PathBuf>, cache: Option<PathBuf> },
    Generate { files: usize, dir: PathBuf },
}

/// Does what `arguments` ask for, without the program's name. Returns the exit code.
pub(crate) fn run(arguments: &[OsString], out: &mut dyn Write, messages: &mut dyn Write) -> u8 {
    let answer = match request(arguments) {
        Ok(Request::Help) => written(out, USAGE),
        Ok(Request::Build { entry, root, out: Some(file), cache: Some(cache) }) => {
            cached_build(&entry, root.as_deref(), &file, &cache, messages)
        }
        Ok(Request::Build { cache: Some(_), .. }) => Err(refused("expected -o with --cache, found none")),
        Ok(Request::Build { entry, root, out: file, cache: None }) => {
            build(&entry, root.as_deref(), file.as_deref(), out)
        }
        Ok(Request::Generate { files, dir }) => {
            generate_into(files, &dir).and_then(|()| written(out, &format!("{}\n", generate::entry(files))))
        }
        Err(what) => Err((NOT_FOLLOWED, format!("mini: {what}\n{USAGE}"))),
    };
    let Err((code, message)) = answer else { return DONE };
    // Where messages cannot be written, the exit code still tells.
    let _ = messages.write_all(message.as_bytes());
    code
}

type Answer = Result<(), (u8, String)>;

fn refused(what: impl std::fmt::Display) -> (u8, String) {
    (NOT_FOLLOWED, format!("mini: {what}\n"))
}

fn written(out: &mut dyn Write, text: &str) -> Answer {
    let result = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    result.map_err(|error| refused(format_args!("standard output cannot be written: {error}")))
}

fn request(arguments: &[OsString]) -> Result<Request, String> {
    let mut words = arguments.iter();
    match words.next().and_then(|word| word.to_str()) {
        Some("--help" | "-h") => Ok(Request::Help),
        Some("build") => {
            let (mut entry, mut root, mut out, mut cache) = (None, None, None, None);
            while let Some(word) = words.next() {
                let place = match word.to_str() {
                    Some("-o") => &mut out,
                    Some("--root") => &mut root,
                    Some("--cache") => &mut cache,
                    Some(flag) if flag.starts_with('-') => return Err(format!("unknown option `{flag}`")),
                    _ => {
                        if entry.replace(PathBuf::from(word)).is_some() {
                            return Err("expected one ENTRY, found several".to_owned());
                        }
                        continue;
                    }
                };
                let value = words.next().ok_or(format!("expected a path after `{}`", word.display()))?;
                if place.replace(PathBuf::from(value)).is_some() {
                    return Err(format!("expected `{}` once, found it again", word.display()));
                }
            }
            Ok(Request::Build { entry: entry.ok_or("expected ENTRY, found nothing")?, root, out, cache })
        }
        Some("generate") => {
            let (Some(files), Some(dir), None) = (words.next(), words.next(), words.next()) else {
                return Err("expected N and DIR".to_owned());
            };
            let count = files.to_str().and_then(|files| files.parse().ok());
            let count = count.filter(|count| (1..=MAX_FILES).contains(count));
            let files = count
                .ok_or(format!("expected a number from 1 to {MAX_FILES}, found `{}`", files.display()))?;
            Ok(Request::Generate { files, dir: PathBuf::from(dir) })
        }
        Some(other) => Err(format!("expected `build` or `generate`, found `{other}`")),
        None => Err("expected `build` or `generate`".to_owned()),
    }
}

fn build(entry: &Path, root: Option<&Path>, file: Option<&Path>, out: &mut dyn Write) -> Answer {
    let (root, entry) = placed(entry, root)?;
    let text = program::build(&entry, &mut |path| fs::read(below(&root, path)))
        .map_err(|errors| (ERRORS_IN_SOURCES, errors.join("\n") + "\n"))?;
    match file {
        None => written(out, &text),
        Some(file) => fs::write(file, text)
            .map_err(|error| refused(format_args!("{} cannot be written: {error}", file.display()))),
    }
}

fn cached_build(
    entry: &Path,
    root: Option<&Path>,
    file: &Path,
    cache: &Path,
    messages: &mut dyn Write,
) -> Answer {
    let (root, entry) = placed(entry, root)?;
    let (built, warnings) = embed::build(&root, &entry, file, cache).map_err(refused)?;
    let lines: Vec<String> = warnings.iter().map(|warning| format!("mini: warning: {warning}\n")).collect();
    let lines = lines.concat();
    if !built.problems.is_empty() {
        let problems: Vec<String> = built.problems.iter().map(|problem| format!("{problem}\n")).collect();
        return Err((ERRORS_IN_SOURCES, lines + &problems.concat()));
    }
    // Where messages cannot be written, the output is there all the same.
    let _ = messages.write_all((lines + &embed::explain(&built)).as_bytes());
    Ok(())
}

/// A path with `/` between its parts, below `root`. The system may want another separator.
fn below(root: &Path, path: &str) -> PathBuf {
    root.iter().chain(path.split('/').map(OsStr::new)).collect()
}

/// The root, and the entry's path from there.
fn placed(entry: &Path, root: Option<&Path>) -> Result<(PathBuf, String), (u8, String)> {
    let absolute = |path: &Path| {
        path.canonicalize()
            .map_err(|error| refused(format_args!("{} cannot be read: {error}", path.display())))
    };
    let file = absolute(entry)?;
    if !file.is_file() {
        return Err(refused(format_args!("{}: expected a file", entry.display())));
    }
    let root = match root {
        Some(root) => absolute(root)?,
        None => file.parent().map(Path::to_path_buf).unwrap_or_default(),
    };
    let parts: Option<Vec<&str>> = file
        .strip_prefix(&root)
        .map_err(|_| refused(format_args!("{} is not inside {}", entry.display(), root.display())))?
        .iter()
        .map(OsStr::to_str)
        .collect();
    let parts =
        parts.ok_or_else(|| refused(format_args!("{}: expected a path in UTF-8", entry.display())))?;
    Ok((root, parts.join("/")))
}

fn generate_into(files: usize, dir: &Path) -> Answer {
    let failed = |path: &Path, error| refused(format_args!("{} cannot be written: {error}", path.display()));
    fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    if fs::read_dir(dir).map_err(|error| failed(dir, error))?.next().is_some() {
        return Err(refused(format_args!("{} is not empty", dir.display())));
    }
    for number in 0..files {
        let path = dir.join(generate::path(number));
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        fs::write(&path, generate::source(files, number, 0)).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
