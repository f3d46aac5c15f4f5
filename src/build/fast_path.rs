//! Nothing changed: proved by one system call a file, before anything else is set up.
//!
//! A build that ends well seals everything that its answer depends on, under a name made from how it was called, together
//! with what such a call prints when there is nothing to do. The same call later proves the seal and prints that. What a
//! seal cannot prove is built as ever, so a lost or damaged one costs time and nothing else.

use std::io;
use std::path::{Path, PathBuf};

use super::body_edit;
use super::facts::Looked;
use super::frontend::Frontend;
use super::outlines::Outlines;
use super::turn::Turn;
use super::watch_note::WatchNote;
use crate::digest::{ContentDigest, FramedHasher};
use crate::fs::{self, Durability, Links};
use crate::store::Layout;
use crate::track::{CheckOptions, FileTime, Seal, Verdict, check, read_input};

/// No seal is larger: it has some hundred bytes for each file.
const MAX_SEAL_BYTES: u64 = 1 << 30;
/// Outputs and files of settings that are larger are not sealed.
const MAX_FILE_BYTES: u64 = 1 << 30;
const STDOUT: &str = "standard output";
const STDOUT_MOVED: &str = "standard output, image written";
const STDERR: &str = "standard error";
const ROOT: &str = "root";
const UNTIL: &str = "until";
const TURN: &str = "turn";

/// A way to call a build: equal ones have equal answers as long as nothing that they look at changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation([u8; 32]);

/// What a build prints that finds nothing to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// On standard output.
    pub stdout: String,
    /// The same where methods were moved in the image and it was written; none where such a build is to be run.
    pub stdout_moved: Option<String>,
    /// On standard error: warnings about the sources are told each time.
    pub stderr: String,
}

/// What is sealed beside the sources.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    /// The project's root, absolute.
    pub root: &'a Path,
    /// What the front end looked at.
    pub looked: &'a Looked,
    /// Other files on which the answer depends: settings, a profile.
    pub settings: &'a [SettingsFile],
    /// What each source declares, as the front end of `language` says.
    pub outlines: &'a Outlines,
    /// The front end's language.
    pub language: &'a str,
    /// What was written: absolute paths, and the digest of the bytes that this build made.
    pub outputs: &'a [(PathBuf, ContentDigest)],
    /// Of these, the image, if methods may be moved in it where it lies.
    pub image: Option<&'a Path>,
    /// A moment before any of this was looked at, by the file system's clock.
    pub began: FileTime,
    /// After this time, in seconds since the Unix epoch, a build is made in full, so that what it uses in the cache counts
    /// as used.
    pub until_unix_s: u64,
    /// What to print.
    pub reply: &'a Reply,
}

/// A file on which a build's answer depends and that is no source, as it was before the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    path: PathBuf,
    /// None where it was not there.
    content: Option<ContentDigest>,
}

impl SettingsFile {
    /// Looks at a file, absolute, before the build reads it. `None` where it cannot be read.
    pub fn before(path: PathBuf) -> Option<Self> {
        let content = match read_input(&path, MAX_FILE_BYTES) {
            Ok(input) => Some(input.seen.digest),
            Err(fs::ReadError::Io(error)) if is_missing(&error) => None,
            Err(_) => return None,
        };
        Some(Self { path, content })
    }
}

impl Invocation {
    /// From everything that a program can be told before it reads a file: its version, its arguments, where it runs, and
    /// the variables that it looks at.
    pub fn new<'v>(
        version: &str,
        arguments: impl IntoIterator<Item = &'v [u8]>,
        current_dir: &[u8],
        variables: impl IntoIterator<Item = (&'v [u8], &'v [u8])>,
    ) -> Self {
        let mut hasher = FramedHasher::new("janus-cache 2026-11 invocation v1");
        hasher.field("version", version.as_bytes());
        for argument in arguments {
            hasher.field("argument", argument);
        }
        hasher.field("current directory", current_dir);
        let mut variables: Vec<_> = variables.into_iter().collect();
        variables.sort_unstable();
        for (name, value) in variables {
            hasher.field("variable", name).field("value", value);
        }
        Self(hasher.finish())
    }

    /// Where its seal lies below a cache directory.
    pub fn seal_in(&self, cache_dir: &Path) -> PathBuf {
        // Half of the hash, with its type's way of printing.
        let mut name = ContentDigest::from_bytes(self.0).to_string();
        name.truncate(32);
        Layout::new(cache_dir).state_dir().join("calls").join(name + ".seal")
    }
}

/// A seal's bytes, whole and in time.
pub(super) struct Sealed {
    bytes: Vec<u8>,
    root: PathBuf,
    until_unix_s: u64,
}

impl Sealed {
    /// `None` where there is none that holds at `now_unix_s`.
    pub(super) fn read(seal_file: &Path, now_unix_s: u64) -> Option<Self> {
        // What somebody else could write there would be believed.
        let bytes = fs::read_own(seal_file, MAX_SEAL_BYTES).ok()??;
        let seal = Seal::open(&bytes).ok()?;
        let until_unix_s = u64::from_le_bytes(*seal.payload(UNTIL)?.first_chunk()?);
        let root = fs::path_from_bytes(seal.payload(ROOT)?)?.to_owned();
        (now_unix_s < until_unix_s).then_some(Self { bytes, root, until_unix_s })
    }

    pub(super) fn seal(&self) -> Option<Seal<'_>> {
        Seal::open(&self.bytes).ok()
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) const fn until_unix_s(&self) -> u64 {
        self.until_unix_s
    }

    /// The lock of the output's turn.
    pub(super) fn turn<'s>(seal: &Seal<'s>) -> Option<&'s Path> {
        fs::path_from_bytes(seal.payload(TURN)?)
    }

    pub(super) fn reply(seal: &Seal<'_>) -> Option<Reply> {
        let text = |name| Some(String::from_utf8_lossy(seal.payload(name)?).into_owned());
        let stdout_moved = text(STDOUT_MOVED).filter(|text| !text.is_empty());
        Some(Reply { stdout: text(STDOUT)?, stdout_moved, stderr: text(STDERR)? })
    }
}

/// How a call was answered without a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing changed since the same call built last.
    Unchanged,
    /// So many sources were edited, and declare what they declared.
    Edited(usize),
}

/// What to print where nothing changed since the seal was made, or where what changed is settled by `frontend` without a
/// build; `None` where a build has to be made. `now_unix_s` is the time in seconds since the Unix epoch.
/// `before_looking` is called with the project's root before anything is looked at.
///
/// Cost: one read, and one system call for each sealed name. Edited sources are scanned, and the image is copied where
/// methods moved.
pub fn answer_call(
    seal_file: &Path,
    now_unix_s: u64,
    frontend: Option<&dyn Frontend>,
    before_looking: impl FnOnce(&Path),
) -> Option<(Reply, Found)> {
    let mut sealed = Sealed::read(seal_file, now_unix_s)?;
    // Before anything is looked at: a build that runs now may have read other sources, and will exchange the output. It
    // seals what it made before it ends its turn.
    let turn = Sealed::turn(&sealed.seal()?)?.to_owned();
    if !Turn::is_free(&turn) {
        sealed = if Turn::comes_free(&turn) { Sealed::read(seal_file, now_unix_s)? } else { return None };
    }
    before_looking(sealed.root());
    let seal = sealed.seal()?;
    let options = CheckOptions { probe_dir: seal_file.parent(), ..CheckOptions::default() };
    let checked = check(sealed.root(), &seal, &options);
    if let Verdict::Changed { files } = &checked.verdict {
        let reply = body_edit::settle(seal_file, sealed.root(), &seal, &checked, frontend?)?;
        return Some((reply, Found::Edited(files.len())));
    }
    let reply = Sealed::reply(&seal)?;
    if let Some(Ok(fresh)) = checked.refresh(&seal) {
        // Without it the next check is slower, and right all the same.
        let _ = fs::replace(seal_file, &fresh, Durability::Rename);
    }
    Some((reply, Found::Unchanged))
}

/// Seals a build. An error means that the next one is made in full.
pub fn keep(seal_file: &Path, kept: &Kept<'_>) -> io::Result<()> {
    let mut builder = kept.looked.0.clone();
    for SettingsFile { path, content } in kept.settings {
        match (read_input(path, MAX_FILE_BYTES), content) {
            (Ok(input), Some(before)) if input.seen.digest == *before => {
                builder.file(path, Links::Follow, &input.seen)
            }
            (Err(fs::ReadError::Io(error)), None) if is_missing(&error) => {
                builder.absent(path, Links::Follow)
            }
            // What the build made of it nobody knows.
            _ => return Err(io::Error::other(format!("{} changed during the build", path.display()))),
        };
    }
    for (path, made) in kept.outputs {
        let input = read_input(path, MAX_FILE_BYTES).map_err(io::Error::other)?;
        // A build of older sources may have written here since: sealed, its output would pass for this one's.
        if input.seen.digest != *made {
            return Err(io::Error::other(format!("{} was written by another process", path.display())));
        }
        builder.file(path, Links::Follow, &input.seen);
    }
    builder
        .payload(STDOUT, kept.reply.stdout.clone().into_bytes())
        .payload(STDOUT_MOVED, kept.reply.stdout_moved.clone().unwrap_or_default().into_bytes())
        .payload(STDERR, kept.reply.stderr.clone().into_bytes())
        .payload(body_edit::LANGUAGE, kept.language.as_bytes().to_vec())
        .payload(body_edit::EDITS, body_edit::no_edits())
        .payload(body_edit::IMAGE, kept.image.map_or(Vec::new(), |path| fs::bytes_of_path(path).into_owned()))
        .payload(ROOT, kept.root.as_os_str().as_encoded_bytes().to_vec())
        .payload(UNTIL, kept.until_unix_s.to_le_bytes().to_vec());
    if let Some(folder) = seal_file.parent() {
        fs::create_private(folder)?;
        forget_old_ones(folder, seal_file);
    }
    let state_dir = seal_file.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let turn = kept.outputs.first().map(|(output, _)| Turn::file(state_dir, output)).unwrap_or_default();
    // Without the folder nobody could ask whether the output is at rest.
    turn.parent().map_or(Ok(()), fs::create_private)?;
    builder.payload(TURN, fs::bytes_of_path(&turn).into_owned());
    let tag = kept.outlines.keep(seal_file)?;
    builder.payload(body_edit::OUTLINES, tag.to_le_bytes().to_vec());
    let bytes = builder.finish(&kept.began).map_err(io::Error::other)?;
    fs::replace(seal_file, &bytes, Durability::Rename)
}

/// Builds that are called in many ways leave a seal each; the last ones stay.
fn forget_old_ones(folder: &Path, but: &Path) {
    const STAY: usize = 31;
    let Ok(mut seals) = fs::list(folder) else { return };
    seals.retain(|seal| {
        seal.path != but && seal.path.extension().is_some_and(|extension| extension == "seal")
    });
    seals.sort_by_key(|seal| std::cmp::Reverse(seal.modified_unix_s));
    for seal in seals.iter().skip(STAY) {
        // One that stays is in nobody's way.
        let _ = fs::remove_file(&seal.path);
        let _ = fs::remove_file(&WatchNote::beside(&seal.path));
        let _ = fs::remove_file(&Outlines::beside(&seal.path));
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{SealBuilder, Selection};

    fn call(variables: &[(&[u8], &[u8])]) -> Invocation {
        Invocation::new("1", [&b"build"[..], b"."], b"/here", variables.iter().copied())
    }

    #[test]
    fn calls_differ_by_version_argument_place_and_variable_and_not_by_order() {
        let base = call(&[(b"A", b"1"), (b"B", b"2")]);
        assert_eq!(call(&[(b"B", b"2"), (b"A", b"1")]), base);
        let others = [
            call(&[(b"A", b"1")]),
            call(&[(b"A", b"2"), (b"B", b"2")]),
            Invocation::new("2", [&b"build"[..], b"."], b"/here", [(&b"A"[..], &b"1"[..]), (b"B", b"2")]),
            Invocation::new("1", [&b"build."[..]], b"/here", [(&b"A"[..], &b"1"[..]), (b"B", b"2")]),
            Invocation::new("1", [&b"build"[..], b"."], b"/there", [(&b"A"[..], &b"1"[..]), (b"B", b"2")]),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    #[test]
    fn a_sealed_build_is_answered_until_a_file_changes_appears_or_its_time_is_over() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path().join("project");
        std::fs::create_dir_all(&root).expect("made");
        let (output, settings) = (dir.path().join("out"), dir.path().join("settings"));
        std::fs::write(&output, b"out").expect("written");
        std::fs::write(root.join("a.jan"), b"a").expect("written");
        let seal_file = dir.path().join("state/calls/x.seal");
        let (stdout, stderr) = ("done\n".to_owned(), "careful\n".to_owned());
        let reply = Reply { stdout, stdout_moved: None, stderr };
        let try_to_seal = |made| {
            let began = FileTime::probe(dir.path(), &root).expect("the time");
            let selection = Selection { extensions: vec!["jan".to_owned()], ..Selection::default() };
            let mut builder = SealBuilder::new(selection.clone());
            builder.scan(&crate::track::scan(&root, &selection));
            builder.file(
                "a.jan".as_ref(),
                Links::Refuse,
                &read_input(&root.join("a.jan"), 99).expect("read").seen,
            );
            let settings = [SettingsFile::before(settings.clone()).expect("looked at")];
            let looked = Looked(builder);
            let kept = Kept {
                root: &root,
                looked: &looked,
                settings: &settings,
                outlines: &Outlines::default(),
                language: "janus",
                outputs: &[(output.clone(), made)],
                image: None,
                began,
                until_unix_s: 100,
                reply: &reply,
            };
            keep(&seal_file, &kept)
        };
        let (ours, of_another_build) = (ContentDigest::of(b"out"), ContentDigest::of(b"newer"));
        assert!(try_to_seal(of_another_build).is_err());
        let sealed = || try_to_seal(ours).expect("kept");
        let ask = |now_unix_s| answer_call(&seal_file, now_unix_s, None, |_| {}).map(|(reply, _)| reply);
        let asked = || ask(99);
        assert_eq!(asked(), None);
        sealed();
        assert_eq!(asked(), Some(reply.clone()));
        assert_eq!(ask(100), None, "its time is over");
        std::fs::write(root.join("a.jan"), b"a").expect("touched");
        std::fs::write(root.join("notes.txt"), b"").expect("no source");
        assert_eq!(asked(), Some(reply.clone()));
        let changes: [(&Path, Option<&[u8]>); 5] = [
            (&root.join("a.jan"), Some(b"b")),
            (&output, Some(b"edited")),
            (&output, None),
            (&settings, Some(b"new")),
            (&root.join("b.jan"), Some(b"new")),
        ];
        for (path, content) in changes {
            sealed();
            match content {
                Some(content) => std::fs::write(path, content).expect("written"),
                None => std::fs::remove_file(path).expect("removed"),
            }
            assert_eq!(asked(), None, "{}", path.display());
            std::fs::write(&output, b"out").expect("written");
            std::fs::write(root.join("a.jan"), b"a").expect("written");
            let _ = std::fs::remove_file(&settings);
        }
    }
}
