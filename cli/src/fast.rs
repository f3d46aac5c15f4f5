//! The fast path of `janus build`: asked before the command line is even parsed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use janus_cache::build::fast_path::{Found, Invocation, Kept, Reply, SettingsFile, answer_call, keep};
use janus_cache::build::{BuildOutcome, WatchNote};
use janus_cache::clock::{Clock, Stopwatch};
use janus_cache::config::{Settings, Verify, environment_of_process, settings_files};
use janus_cache::frontend::JanusFrontend;
use janus_cache::store::Layout;
use janus_cache::track::{Changes, FileTime, Token};
use janus_cache::trust::ProjectTrust;

use crate::exit::{Exit, Failure};
use crate::watch::{self, Answer};
use crate::{human, say};

/// A build is made in full at least so often, so that what it uses in the cache counts as used.
const FULL_EVERY_S: u64 = 24 * 3600;
const BUILD: &str = "build";
const CACHE_DIR: &str = "JANUS_CACHE_DIR";
/// Variables that a build looks at beside those that begin with `JANUS_`.
const VARIABLES: [&str; 4] = ["SOURCE_DATE_EPOCH", "HOME", "XDG_CONFIG_HOME", "APPDATA"];

/// Answers `janus build` where nothing changed since the same call built last; `None` where it has to be run.
pub(crate) fn answer() -> Option<ExitCode> {
    let clock = Stopwatch::start();
    let arguments = arguments();
    let (first, rest) = arguments.split_first()?;
    // Not `watch`, which stands for it among the arguments.
    if first != BUILD || std::env::args_os().nth(1)? != BUILD {
        return None;
    }
    let call = invocation(&arguments)?;
    let dirs = cache_dirs(rest).map(|dir| (call.seal_in(&dir), dir)).filter(|(seal, _)| seal.exists());
    let now_unix_s = Clock::System.unix_s();
    let (reply, how) = dirs.into_iter().find_map(|(seal, dir)| answer_of(&seal, &dir, now_unix_s))?;
    Some(tell(&reply, &how, clock).map_or_else(
        |failure| {
            failure.print();
            failure.exit.into()
        },
        |()| Exit::Success.into(),
    ))
}

/// Prints what a build would print, and how it was found.
fn tell(reply: &Reply, how: &How, clock: Stopwatch) -> Result<(), Failure> {
    for line in reply.stderr.lines() {
        say::note(human::printable(line));
    }
    let time = human::time_ns(clock.elapsed_ns());
    let body: String = reply.stdout.lines().map(|line| human::printable(line).into_owned() + "\n").collect();
    say::out(format!("{body}{:<9} {time}, {how}\n", "time"))
}

/// How an answer was found.
enum How {
    Watched,
    Looked(Found),
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watched => f.write_str("nothing changed since this was built, as the watcher says"),
            Self::Looked(Found::Unchanged) => f.write_str("nothing changed since this was built"),
            Self::Looked(Found::Edited(1)) => f.write_str("1 file edited, it declares what it declared"),
            Self::Looked(Found::Edited(count)) => {
                write!(f, "{count} files edited, they declare what they declared")
            }
        }
    }
}

/// Asks the watcher first, then looks at the files; what to print, and how it was found.
fn answer_of(seal_file: &Path, cache_dir: &Path, now_unix_s: u64) -> Option<(Reply, How)> {
    // Asked before anything is looked at: what changes later, the next answer tells. Who gave no answer is not asked twice.
    let (mut token, mut is_asked) = (None, false);
    if let Some(note) = WatchNote::read(seal_file, now_unix_s).filter(WatchNote::is_output_at_rest) {
        let answer = watch::ask(cache_dir, note.root(), Some(note.token()));
        if let Some(Answer { token, changes: Changes::Paths(paths) }) = &answer
            && note.is_unchanged_out_of_sight()
            && note.is_untouched_by(seal_file, paths)
        {
            let reply = note.reply().clone();
            if !paths.is_empty() {
                // Without it the next question has a longer answer.
                let _ = note.renew(seal_file, *token);
            }
            return Some((reply, How::Watched));
        }
        (token, is_asked) = (answer.map(|answer| answer.token), true);
    }
    let (reply, found) = answer_call(seal_file, now_unix_s, Some(&JanusFrontend::default()), |root| {
        if !is_asked {
            token = watch::ask(cache_dir, root, None).map(|answer| answer.token);
        }
    })?;
    take_note(seal_file, cache_dir, token);
    Some((reply, How::Looked(found)))
}

/// Does what the call of a build would do that this one stands for, where that needs no build, and tells only what was
/// edited; false where a build has to be made.
#[cfg(unix)]
pub(crate) fn is_settled(cache_dir: &Path) -> Result<bool, Failure> {
    let clock = Stopwatch::start();
    let Some(call) = invocation(&arguments()) else { return Ok(false) };
    let seal_file = call.seal_in(cache_dir);
    let mut token = None;
    let frontend = JanusFrontend::default();
    let answer = answer_call(&seal_file, Clock::System.unix_s(), Some(&frontend), |root| {
        token = watch::ask(cache_dir, root, None).map(|answer| answer.token);
    });
    let Some((reply, found)) = answer else { return Ok(false) };
    take_note(&seal_file, cache_dir, token);
    if found != Found::Unchanged {
        tell(&reply, &How::Looked(found), clock)?;
    }
    Ok(true)
}

/// Notes that what is sealed was so when the watcher was asked.
fn take_note(seal_file: &Path, cache_dir: &Path, token: Option<Token>) {
    // The watcher leaves the cache out, under its name without links.
    if let (Some(token), Ok(cache)) = (token, janus_cache::fs::canonical(cache_dir))
        && let Err(error) = WatchNote::keep(seal_file, token, &[cache])
    {
        tracing::debug!(%error, "the next build looks at the files");
    }
}

/// The arguments of this process, those of `janus watch` as those of the build that it makes.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(first) = arguments.first_mut().filter(|first| *first == "watch") {
        *first = BUILD.into();
    }
    arguments
}

fn invocation(arguments: &[OsString]) -> Option<Invocation> {
    let current_dir = std::env::current_dir().ok()?;
    let variables: Vec<(OsString, OsString)> = std::env::vars_os()
        .filter(|(name, _)| {
            name.as_encoded_bytes().starts_with(b"JANUS_") || VARIABLES.iter().any(|known| name == known)
        })
        .collect();
    // A link that leads elsewhere now makes another call of the same words. What has no link on its way may come to be
    // between two calls, as an output does, and is no part of it.
    let behind_link = |path: &OsString| {
        let place = std::fs::canonicalize(path).ok()?;
        (std::path::absolute(path).ok()? != place).then_some(place)
    };
    let places: Vec<PathBuf> = arguments.iter().skip(1).filter_map(behind_link).collect();
    let places = places.iter().map(|place| place.as_os_str().as_encoded_bytes());
    // A program that was built anew may make something else of the same sources without another version.
    let program = janus_cache::fs::look_at(&std::env::current_exe().ok()?).ok()?;
    let version = format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), program.len(), program.modified().ok()?);
    Some(Invocation::new(
        &version,
        arguments.iter().map(|argument| argument.as_encoded_bytes()).chain(places),
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
    /// What the watcher said before anything was looked at, and in which cache it was found.
    asked: Option<(PathBuf, Token)>,
}

impl Call {
    /// Looks at the files of settings, and at `more` files that the build reads. To be made before they are read.
    pub(crate) fn begin(root: &Path, more: Option<&Path>) -> Option<Self> {
        let arguments = arguments();
        let root = janus_cache::fs::canonical(root).ok()?;
        let asked = cache_dirs(arguments.get(1..).unwrap_or_default())
            .find_map(|dir| watch::ask(&dir, &root, None).map(|answer| (dir, answer.token)));
        let mut files = settings_files(&root, &environment_of_process());
        files.extend(ProjectTrust::of_user(Clock::System).map(|trust| trust.file().to_owned()));
        files.extend(more.map(Path::to_owned));
        let settings: Option<Vec<SettingsFile>> =
            files.into_iter().map(|file| SettingsFile::before(std::path::absolute(file).ok()?)).collect();
        Some(Self { invocation: invocation(&arguments)?, settings: settings?, asked })
    }

    /// The moment before anything else is looked at; `None` where such a build is never answered.
    pub(crate) fn start(settings: &Settings, root: &Path) -> Option<FileTime> {
        let answers = settings.enabled.value
            && settings.incremental.value
            && !settings.read_only.value
            && !settings.recache.value
            && !settings.verbose.value
            && settings.verify.value == Verify::Off;
        let state = Layout::new(&settings.dir.value).state_dir();
        if answers { FileTime::probe(&state, root).ok() } else { None }
    }

    /// Keeps what the next such call prints if nothing changes.
    pub(crate) fn finish(
        &self,
        settings: &Settings,
        root: &Path,
        language: &str,
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
            outlines: &outcome.outlines,
            language,
            settings: &self.settings,
            outputs: &[(output.clone(), image.digest)],
            image: reply.stdout_moved.is_some().then_some(output.as_path()),
            began,
            until_unix_s: Clock::System.unix_s().saturating_add(FULL_EVERY_S.min(max_age_s / 4)),
            reply,
        };
        let seal_file = self.invocation.seal_in(&settings.dir.value);
        if let Err(error) = keep(&seal_file, &kept) {
            tracing::debug!(%error, "the next build is made in full");
            return;
        }
        // Another cache's watcher leaves other files out.
        let canonical = |dir: &Path| janus_cache::fs::canonical(dir).ok();
        let asked = self.asked.as_ref().filter(|(dir, _)| canonical(dir) == canonical(&settings.dir.value));
        take_note(&seal_file, &settings.dir.value, asked.map(|(_, token)| *token));
    }
}
