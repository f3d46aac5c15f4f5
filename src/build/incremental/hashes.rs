//! What files were when they were last looked at, and whether they still are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::compile::changed;
use super::compiler::UnitProblem;
use super::output_seen::{self, Known, Note};
use super::record::Record;
use super::world::{Tree, WorldFile};
use crate::build::turn::Turn;
use crate::clock::Stopwatch;
use crate::digest::fast_hash;
use crate::fs::{self, Durability, FileKind, Links, ReadError, StatTuple, Written};
use crate::track::{
    Began, ChangeKind, CheckOptions, Counters, FileTime, Input, Seal, SealBuilder, Selection, Stability,
    Verdict, check, read_input,
};

/// No source is larger.
const MAX_SOURCE_BYTES: u64 = 64 << 20;
/// No seal is larger: it has some hundred bytes for each file.
const MAX_SEAL_BYTES: u64 = 1 << 30;
/// How often a file that is being written is read before the build gives up on it.
const ATTEMPTS: u32 = 3;
/// A record of another shape has another name.
const RECORD: &str = "record 4";
const BRIEF: &str = "brief 4";

/// The files of one project: tuples, digests, imports, as of the last build.
pub struct FileHashCache {
    root: PathBuf,
    state: PathBuf,
    seal: Option<Vec<u8>>,
    record: Option<Record>,
    /// The record without its files.
    brief: Option<Record>,
    /// By path, what differs from the record; `None` where there is nothing to compare with.
    changed: Option<BTreeMap<String, ChangeKind>>,
    began: Began,
    counted: Mutex<Counters>,
}

impl FileHashCache {
    /// Of the project at `root`, with its state in a file of its own below `state_dir`, which the output named
    /// `name` of that project has.
    pub fn new(root: &Path, state_dir: &Path, name: &str) -> Self {
        let place = fs::canonical(root).unwrap_or_else(|_| root.to_owned());
        let hash =
            fast_hash(place.as_os_str().as_encoded_bytes()) ^ fast_hash(name.as_bytes()).rotate_left(1);
        Self {
            root: place,
            state: state_dir.join(format!("{hash:016x}.seal")),
            seal: None,
            record: None,
            brief: None,
            changed: None,
            began: Began::NotYet,
            counted: Mutex::default(),
        }
    }

    /// Reads the state of the last build.
    pub(super) fn load(&mut self) {
        self.seal = fs::read_bounded(&self.state, MAX_SEAL_BYTES).ok();
    }

    pub(super) fn clean(&mut self) -> std::io::Result<()> {
        (self.seal, self.record, self.brief, self.changed) = (None, None, None, None);
        fs::remove_file(&self.output_note())?;
        fs::remove_file(&self.state).map(|_| ())
    }

    /// What looking at files cost so far.
    pub fn stats(&self) -> Counters {
        *self.counted()
    }

    fn counted(&self) -> MutexGuard<'_, Counters> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn output_note(&self) -> PathBuf {
        self.state.with_extension("output")
    }

    /// Waits until no other build of the same output runs whose states lie here, too.
    pub(super) fn turn(&self, output: &Path) -> Turn {
        Turn::wait(&self.state_dir(), output)
    }

    /// Looks at every file of the last build.
    pub(super) fn begin(&mut self) {
        (self.changed, self.record, self.brief, self.began) = (None, None, None, Began::NotYet);
        let Some(bytes) = self.seal.take() else { return };
        if let Ok(seal) = Seal::open(&bytes) {
            let state_dir = self.state_dir();
            let options = CheckOptions { probe_dir: Some(&state_dir), ..CheckOptions::default() };
            let checked = check(&self.root, &seal, &options);
            *self.counted() += checked.counters;
            self.began = checked.began;
            self.changed = Some(match &checked.verdict {
                Verdict::Unchanged { .. } => BTreeMap::new(),
                Verdict::Changed { files } => {
                    files.iter().map(|file| (file.path.clone(), file.kind)).collect()
                }
            });
            // The check has proved the checksum.
            self.brief = seal.payload(BRIEF).and_then(Record::from_bytes);
            if self.changed.as_ref().is_some_and(|changed| !changed.is_empty()) || self.brief.is_none() {
                self.record = seal.payload(RECORD).and_then(Record::from_bytes);
            }
            if let Some(Ok(fresh)) = checked.refresh(&seal) {
                // Without it the next check is slower, and right all the same.
                let _ = fs::replace(&self.state, &fresh, Durability::Rename);
                self.seal = Some(fresh);
            }
        }
        self.seal.get_or_insert(bytes);
    }

    fn state_dir(&self) -> PathBuf {
        self.state.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// Before the first source is read: only what is older than this moment is proved by its tuple the next time. A build
    /// in which nothing changed reads none, and needs no moment.
    pub(super) fn before_reading(&mut self) {
        if self.began == Began::NotYet {
            let state_dir = self.state_dir();
            let time =
                fs::create_private(&state_dir).and_then(|()| FileTime::probe(&state_dir, &self.root)).ok();
            self.began = time.map_or(Began::Unknown, Began::At);
        }
    }

    /// What the last build was of, where nothing that it looked at has changed since.
    pub(super) fn unchanged_build(&self) -> Option<&Record> {
        self.brief.as_ref().filter(|_| self.changed.as_ref().is_some_and(BTreeMap::is_empty))
    }

    /// What was noted of the output, if it is there as it was written, as far as tuples can prove it.
    pub(super) fn has_output(&self, output: &Path, brief: &Record) -> Option<Note> {
        let note = self.noted(output)?;
        (note.knows(brief.output_hash, &StatTuple::of(output).ok()?) == Known::Same).then_some(note)
    }

    /// What was noted of the output.
    pub(super) fn noted(&self, output: &Path) -> Option<Note> {
        output_seen::read(&self.output_note(), output)
    }

    /// What the last build knew of each file. It is given away: it is large.
    pub(super) fn take_record(&mut self) -> Option<Record> {
        let read = || {
            self.changed.as_ref()?;
            Record::from_bytes(Seal::open(self.seal.as_ref()?).ok()?.payload(RECORD)?)
        };
        self.record.take().or_else(read)
    }

    /// Notes that the output of this record stands there with this tuple.
    pub(super) fn note_output(&self, output: &Path, record: &Record, written: &Written, used_unix_s: u64) {
        let began = match self.began {
            Began::At(began) => Some(began),
            Began::NotYet | Began::Unknown => None,
        };
        let is_settled = written.is_signed || began.is_some_and(|began| began.proves(&written.tuple));
        let note = Note { content: record.output_hash, tuple: written.tuple, is_settled, used_unix_s };
        self.note(output, &note);
    }

    /// What cannot be noted costs the next build a look at the output.
    pub(super) fn note(&self, output: &Path, note: &Note) {
        if let Err(error) = output_seen::write(&self.output_note(), output, note) {
            tracing::debug!(%error, "what the output is was not noted; the next build reads it");
        }
    }

    /// Which of the files that were read are not what they were then.
    pub(super) fn changed_meanwhile(&self, files: &[WorldFile]) -> Vec<String> {
        let has_moved = |file: &&WorldFile| {
            let read = file.input.as_ref();
            read.is_some_and(|input| {
                StatTuple::of(&self.root.join(&file.path)).ok() != Some(input.seen.tuple)
            })
        };
        files.iter().filter(has_moved).map(|file| file.path.clone()).collect()
    }

    /// Leaves behind what this build saw: the next one compares with it. Without a time that the file system told
    /// nothing would be proved, so nothing is kept.
    pub(super) fn remember(&mut self, files: &[WorldFile], record: &Record) -> std::io::Result<()> {
        let Began::At(began) = self.began else { return self.clean() };
        let known = self.seal.as_ref().and_then(|bytes| Seal::open(bytes).ok());
        let mut builder = SealBuilder::new(Selection::default());
        for file in files {
            let path = Path::new(&file.path);
            let before = || known.as_ref()?.seen(path);
            match file.input.as_ref().map(|input| input.seen).or_else(before) {
                Some(seen) => builder.file(path, Links::Follow, &seen),
                // It cannot be proved, so it counts as changed the next time.
                None => builder.absent(path, Links::Follow),
            };
            for absent in file.imports.iter().flat_map(super::record::ImportRecord::absent) {
                builder.absent(Path::new(absent), Links::Follow);
            }
        }
        builder.payload(RECORD, record.to_bytes()).payload(BRIEF, record.brief().to_bytes());
        let bytes = builder.finish(&began).map_err(std::io::Error::other)?;
        fs::replace(&self.state, &bytes, Durability::Rename)?;
        self.seal = Some(bytes);
        Ok(())
    }
}

impl Tree for FileHashCache {
    fn is_untouched(&self, path: &str) -> bool {
        is_plain(path) && self.changed.as_ref().is_some_and(|changed| !changed.contains_key(path))
    }

    fn is_file(&self, path: &str) -> bool {
        StatTuple::of(&self.root.join(path)).is_ok_and(|tuple| tuple.kind() == FileKind::File)
    }

    fn read(&self, path: &str) -> Result<Option<Input>, UnitProblem> {
        for _ in 0..ATTEMPTS {
            let watch = Stopwatch::start();
            let read = read_input(&self.root.join(path), MAX_SOURCE_BYTES);
            let bytes_read = read.as_ref().map_or(0, |input| input.bytes.len() as u64);
            let read_ns = watch.elapsed_ns();
            *self.counted() += Counters { files_read: 1, bytes_read, read_ns, ..Counters::default() };
            match read {
                Ok(input) if input.seen.stability == Stability::Stable => {
                    return Ok(Some(input));
                }
                Ok(_) => {}
                Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    let message = format!("expected a readable file: {error}");
                    return Err(UnitProblem { path: path.to_owned(), place: None, message });
                }
            }
        }
        Err(changed(path))
    }
}

/// Whether a seal gives a path back as it was given: `./a` and `b//a` are `a` and `b/a` there, so nothing is known of them
/// by those names.
fn is_plain(path: &str) -> bool {
    let relative = path.strip_prefix('/').unwrap_or(path);
    relative.split('/').all(|part| !part.is_empty() && part != ".")
}
