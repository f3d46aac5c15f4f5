//! The fast path of `janus build`: asked before the command line is even parsed.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use janus_cache::build::BuildOutcome;
use janus_cache::build::fast_path::{Invocation, Kept, Reply, SettingsFile, keep, nothing_changed};
use janus_cache::clock::{Clock, Stopwatch};
use janus_cache::config::{Settings, Verify, environment_of_process, settings_files};
use janus_cache::track::FileTime;
use janus_cache::trust::ProjectTrust;

use crate::exit::Exit;
use crate::{human, say};

/// A build is made in full at least so often, so that what it uses in the cache counts as used.
const FULL_EVERY_S: u64 = 24 * 3600;
const CACHE_DIR: &str = "JANUS_CACHE_DIR";
/// Variables that a build looks at beside those that begin with `JANUS_`.
const VARIABLES: [&str; 4] = ["SOURCE_DATE_EPOCH", "HOME", "XDG_CONFIG_HOME", "APPDATA"];

/// Answers `janus build` where nothing changed since the same call built last; `None` where it has to be run.
pub(crate) fn answer() -> Option<ExitCode> {
    let watch = Stopwatch::start();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (first, rest) = arguments.split_first()?;
    if first != "build" {
        return None;
    }
    let call = invocation(&arguments)?;
    let seals = cache_dirs(rest).map(|dir| call.seal_in(&dir));
    let now_unix_s = Clock::System.unix_s();
    let reply = seals.filter(|seal| seal.exists()).find_map(|seal| nothing_changed(&seal, now_unix_s))?;
    for line in reply.stderr.lines() {
        say::note(human::printable(line));
    }
    let time = human::time_ns(watch.elapsed_ns());
    let body: String = reply.stdout.lines().map(|line| human::printable(line).into_owned() + "\n").collect();
    let text = format!("{body}{:<9} {time}, nothing changed since this was built\n", "time");
    Some(say::out(text).map_or_else(
        |failure| {
            failure.print();
            failure.exit.into()
        },
        |()| Exit::Success.into(),
    ))
}

fn invocation(arguments: &[OsString]) -> Option<Invocation> {
    let current_dir = std::env::current_dir().ok()?;
    let variables: Vec<(OsString, OsString)> = std::env::vars_os()
        .filter(|(name, _)| {
            name.as_encoded_bytes().starts_with(b"JANUS_") || VARIABLES.iter().any(|known| name == known)
        })
        .collect();
    Some(Invocation::new(
        env!("CARGO_PKG_VERSION"),
        arguments.iter().map(|argument| argument.as_encoded_bytes()),
        current_dir.as_os_str().as_encoded_bytes(),
        variables.iter().map(|(name, value)| (name.as_encoded_bytes(), value.as_encoded_bytes())),
    ))
}

/// Where the cache of such a call may lie, without reading a file. One that only a file of settings names is not found
/// here, and the build is run.
fn cache_dirs(arguments: &[OsString]) -> impl Iterator<Item = PathBuf> {
    let from_variable = std::env::var_os(CACHE_DIR).filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let flag = arguments.iter().zip(arguments.iter().skip(1)).find(|(flag, _)| *flag == "--cache-dir");
    let joined = arguments.iter().find_map(|argument| argument.to_str()?.strip_prefix("--cache-dir="));
    let from_flag = flag.map(|(_, dir)| PathBuf::from(dir)).or(joined.map(PathBuf::from));
    let is_flag = |argument: &OsStr| argument.as_encoded_bytes().starts_with(b"-");
    let roots = arguments.iter().filter(|argument| !is_flag(argument)).map(PathBuf::from);
    let beside: Vec<PathBuf> =
        std::iter::once(PathBuf::from(".")).chain(roots).map(|root| root.join(".janus_cache")).collect();
    from_variable.into_iter().chain(from_flag).chain(beside)
}

/// What a build that is run notes before it begins, so that the next one may be answered.
pub(crate) struct Call {
    invocation: Invocation,
    settings: Vec<SettingsFile>,
}

impl Call {
    /// Looks at the files of settings, and at `more` files that the build reads. To be made before they are read.
    pub(crate) fn begin(root: &Path, more: Option<&Path>) -> Option<Self> {
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        let root = janus_cache::fs::canonical(root).ok()?;
        let mut files = settings_files(&root, &environment_of_process());
        files.extend(ProjectTrust::of_user(Clock::System).map(|trust| trust.file().to_owned()));
        files.extend(more.map(Path::to_owned));
        let settings: Option<Vec<SettingsFile>> =
            files.into_iter().map(|file| SettingsFile::before(std::path::absolute(file).ok()?)).collect();
        Some(Self { invocation: invocation(&arguments)?, settings: settings? })
    }

    /// The moment before anything else is looked at; `None` where such a build is never answered.
    pub(crate) fn start(settings: &Settings, root: &Path) -> Option<FileTime> {
        let answers = settings.enabled.value
            && settings.incremental.value
            && !settings.read_only.value
            && !settings.recache.value
            && !settings.verbose.value
            && settings.verify.value == Verify::Off;
        let state = settings.dir.value.join("v1").join("state");
        if answers { FileTime::probe(&state, root).ok() } else { None }
    }

    /// Keeps what the next such call prints if nothing changes.
    pub(crate) fn finish(
        &self,
        settings: &Settings,
        root: &Path,
        began: FileTime,
        outcome: &BuildOutcome,
        reply: &Reply,
    ) {
        let Some(image) = &outcome.image else { return };
        let Ok(output) = std::path::absolute(&image.path) else { return };
        let max_age_s = settings.max_age.value.as_secs();
        let kept = Kept {
            root,
            looked: &outcome.looked,
            settings: &self.settings,
            outputs: &[output],
            began,
            until_unix_s: Clock::System.unix_s().saturating_add(FULL_EVERY_S.min(max_age_s / 4)),
            reply,
        };
        if let Err(error) = keep(&self.invocation.seal_in(&settings.dir.value), &kept) {
            tracing::debug!(%error, "the next build is made in full");
        }
    }
}
