//! What the last builds of a checkout were made of: a small numbered manifest for each, so that any two
//! can be compared.
//!
//! A build that found everything as the one before it left it writes none. Losing manifests loses comparisons, never a
//! table, so a damaged one counts as one that is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::registry::FamilyId;
use super::sealed::Sealed;
use super::state::checkout_name;
use crate::digest::ContentDigest;
use crate::fs::{self, Durability};
use crate::key::{InputChange, TableKey, Trace};
use crate::store::{EntryKey, Store};
use crate::track::{ChangeKind, FileChange, TrackedFile, changes};

/// 1: first.
const SEALED: Sealed = Sealed { magic: *b"JANPAST\n", version: 1 };
/// So many manifests of a checkout stay.
const MAX_KEPT: usize = 32;
/// The oldest ones go, too, until those of a checkout are no larger together.
const MAX_KEPT_BYTES: u64 = 64 << 20;
/// One that is larger was not written by this program.
const MAX_FILE_BYTES: u64 = 1 << 28;

/// What one build was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastBuild {
    /// Its number among the builds of its checkout, from 1.
    #[serde(skip)]
    pub number: u64,
    /// When it was made, in seconds since the Unix epoch.
    pub at_unix_s: u64,
    /// The project's name.
    pub project: String,
    /// The language.
    pub language: String,
    /// Name and version of the front end.
    pub front_end: String,
    /// How many tables it built.
    pub built: u64,
    /// How many it took from the cache.
    pub reused: u64,
    pub(super) files: Vec<(String, [u8; 32])>,
    pub(super) families: Vec<(String, u8, [u8; 32])>,
}

/// How two builds differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildDiff {
    /// Files that were added, edited or removed, in path order.
    pub files: Vec<FileChange>,
    /// How many files stayed as they were.
    pub files_same: usize,
    /// Families that came, went, or ask another question, in order.
    pub families: Vec<FamilyDiff>,
    /// How many families ask what they asked.
    pub families_same: usize,
}

/// How a family differs between two builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyDiff {
    /// Which one.
    pub family: FamilyId,
    /// Whether it came, went, or asks another question.
    pub kind: ChangeKind,
    /// The inputs that differ between its two questions; none where the cache has one of them no more.
    pub inputs: Option<Vec<InputChange>>,
}

impl BuildDiff {
    /// Whether both builds were made of the same.
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty() && self.families.is_empty()
    }
}

impl PastBuild {
    fn tracked(&self) -> Vec<TrackedFile> {
        let tracked = |(path, digest): &(String, [u8; 32])| TrackedFile {
            path: path.clone(),
            digest: ContentDigest::from_bytes(*digest),
        };
        self.files.iter().map(tracked).collect()
    }

    fn keys(&self) -> BTreeMap<FamilyId, TableKey> {
        let key = |(name, arity, key): &(String, u8, [u8; 32])| {
            (FamilyId { name: name.clone(), arity: *arity }, TableKey::from_bytes(*key))
        };
        self.families.iter().map(key).collect()
    }

    /// What is different in `later`. The inputs of changed questions come from the traces that `store` has.
    pub fn diff(&self, later: &Self, store: &Store) -> BuildDiff {
        let trace = |key: &TableKey| {
            let text = store.trace(&EntryKey::from_bytes(*key.as_bytes()))?;
            Some(Trace::parse(&String::from_utf8_lossy(&text)))
        };
        let files = changes(&self.tracked(), &later.tracked());
        let came = files.iter().filter(|file| file.kind == ChangeKind::Removed).count();
        let touched = files.iter().filter(|file| file.kind == ChangeKind::Edited).count();
        let files_same = self.files.len().saturating_sub(came + touched);
        let mut before = self.keys();
        let (mut families, mut families_same) = (Vec::new(), 0);
        for (family, key) in later.keys() {
            let (kind, inputs) = match before.remove(&family) {
                Some(old) if old == key => {
                    families_same += 1;
                    continue;
                }
                Some(old) => {
                    let inputs = trace(&key).zip(trace(&old)).map(|(new, old)| new.changes_since(&old));
                    (ChangeKind::Edited, inputs)
                }
                None => (ChangeKind::Added, None),
            };
            families.push(FamilyDiff { family, kind, inputs });
        }
        let gone = before.into_keys();
        families.extend(gone.map(|family| FamilyDiff { family, kind: ChangeKind::Removed, inputs: None }));
        families.sort_by(|a, b| a.family.cmp(&b.family));
        BuildDiff { files, files_same, families, families_same }
    }
}

/// The manifests of a checkout.
#[derive(Clone, Debug)]
pub struct PastBuilds {
    dir: PathBuf,
    prefix: String,
}

impl PastBuilds {
    /// Those of the project at `root` in this cache. Reads nothing yet.
    pub fn of(store: &Store, root: &Path) -> Self {
        Self::new(&store.layout().state_dir(), root)
    }

    fn new(state_dir: &Path, root: &Path) -> Self {
        Self { dir: folder(state_dir), prefix: format!("{}-", checkout_name(root)) }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{}{number}", self.prefix))
    }

    /// The numbers of the builds that are known, ascending. Whether each can be read is not looked at.
    pub fn numbers(&self) -> Vec<u64> {
        let number = |name: &String| {
            let digits = name.strip_prefix(&self.prefix)?;
            digits.parse::<u64>().ok().filter(|number| number.to_string() == digits)
        };
        let names = fs::file_names(&self.dir).unwrap_or_default();
        let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The build of this number; none if it is not there or damaged.
    pub fn load(&self, number: u64) -> Option<PastBuild> {
        let bytes = fs::read_bounded(&self.path(number), MAX_FILE_BYTES).ok()?;
        let build: PastBuild = SEALED.open(&bytes)?;
        Some(PastBuild { number, ..build })
    }

    /// Adds a build under the next number, and lets the oldest ones go.
    pub(super) fn add(&self, build: &PastBuild) -> std::io::Result<()> {
        let Some(bytes) = SEALED.seal(build) else { return Ok(()) };
        fs::create_private(&self.dir)?;
        let mut numbers = self.numbers();
        let number = numbers.last().map_or(1, |last| last.saturating_add(1));
        // Of two builds at once one may take the other's number: both are complete, one of them stays.
        fs::replace(&self.path(number), &bytes, Durability::Rename)?;
        numbers.push(number);
        let mut left_bytes = MAX_KEPT_BYTES;
        for (age, number) in numbers.iter().rev().enumerate() {
            let path = self.path(*number);
            let len_bytes = fs::look_at(&path).map_or(0, |found| found.len());
            left_bytes = left_bytes.saturating_sub(len_bytes);
            if age >= MAX_KEPT || (left_bytes == 0 && age >= 2) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

/// Where the manifests of all checkouts lie, below a cache's folder of states.
pub(super) fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("sessions")
}

/// Whether these are the bytes of a manifest.
pub(super) fn is_sound(bytes: &[u8]) -> bool {
    SEALED.open::<PastBuild>(bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(file: u8, families: &[(&str, u8)]) -> PastBuild {
        PastBuild {
            number: 0,
            at_unix_s: 5,
            project: "game".to_owned(),
            language: "janus".to_owned(),
            front_end: "janus 1".to_owned(),
            built: 1,
            reused: 0,
            files: vec![("a.jan".to_owned(), [file; 32]), ("b.jan".to_owned(), [0; 32])],
            families: families.iter().map(|(name, key)| ((*name).to_owned(), 1, [*key; 32])).collect(),
        }
    }

    fn empty_store(dir: &Path) -> Store {
        Store::open(crate::store::StoreOptions::new(dir.join("cache"))).expect("a store")
    }

    #[test]
    fn builds_are_numbered_read_back_and_the_last_32_stay() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let past = PastBuilds::new(dir.path(), Path::new("/some/where"));
        assert_eq!((past.numbers(), past.load(1)), (vec![], None));
        for file in 0..40 {
            past.add(&build(file, &[])).expect("written");
        }
        assert_eq!(past.numbers(), (9..=40).collect::<Vec<u64>>());
        assert_eq!(past.load(40), Some(PastBuild { number: 40, ..build(39, &[]) }));
        let elsewhere = PastBuilds::new(dir.path(), Path::new("/else/where"));
        assert_eq!(elsewhere.numbers(), [0_u64; 0]);
    }

    #[test]
    fn a_damaged_manifest_is_not_there() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let past = PastBuilds::new(dir.path(), Path::new("/some/where"));
        past.add(&build(1, &[])).expect("written");
        let mut bytes = std::fs::read(past.path(1)).expect("readable");
        *bytes.last_mut().expect("bytes") ^= 1;
        std::fs::write(past.path(1), bytes).expect("writable");
        assert_eq!(past.load(1), None);
    }

    #[test]
    fn two_builds_differ_in_files_and_families() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = empty_store(dir.path());
        let (old, new) = (build(1, &[("m::f", 1), ("m::g", 1)]), build(2, &[("m::f", 2), ("m::h", 1)]));
        let diff = old.diff(&new, &store);
        let edited = FileChange { path: "a.jan".to_owned(), kind: ChangeKind::Edited };
        assert_eq!((diff.files.as_slice(), diff.files_same), (&[edited][..], 1));
        let told: Vec<_> = diff.families.iter().map(|one| (one.family.to_string(), one.kind)).collect();
        let expected = [
            ("m::f/1".to_owned(), ChangeKind::Edited),
            ("m::g/1".to_owned(), ChangeKind::Removed),
            ("m::h/1".to_owned(), ChangeKind::Added),
        ];
        assert_eq!(told, expected);
        assert_eq!(diff.families[0].inputs, None, "the cache has neither question");
        assert!(old.diff(&old, &store).is_empty());
    }
}
