//! What the last build of a project left behind: one sealed file.
//!
//! Losing it loses explanations, never a table: the cache finds those by their questions. So a file
//! that is damaged, or of another version, counts as no file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::plan::{LastBuild, Plan};
use super::registry::FamilyId;
use crate::digest::{ContentDigest, crc32, fast_hash};
use crate::fs::{self, Durability};
use crate::key::TableKey;
use crate::track::TrackedFile;

const MAGIC: [u8; 8] = *b"JANSTAT\n";
/// 1: first.
const VERSION: u32 = 1;
/// Magic, version, CRC-32 of the payload, length of the payload.
const HEADER_BYTES: usize = 8 + 4 + 4 + 8;
/// A state describes sources that were all read into memory; beyond this something is wrong.
const MAX_BYTES: u64 = 1 << 28;

/// What a build knew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Every input file, in path order.
    pub(super) files: Vec<FileState>,
    /// The key of every family.
    families: Vec<(String, u8, [u8; 32])>,
    /// Which file declares a type: an index into `files`.
    types: BTreeMap<String, u32>,
    /// Which file declares a method, by family and parameter types.
    methods: BTreeMap<(String, String), u32>,
}

/// An input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileState {
    path: String,
    digest: [u8; 32],
    imports: Vec<ImportState>,
}

/// What an import meant: the file, and the candidates before it that were not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ImportState {
    resolved: Option<String>,
    absent: Vec<String>,
}

impl State {
    /// What a build with these facts and this plan leaves behind.
    pub(super) fn of(facts: &Facts, plan: &Plan) -> Self {
        let files: Vec<FileState> = facts
            .sources
            .iter()
            .map(|source| FileState {
                path: source.path.as_ref().to_owned(),
                digest: *source.digest.as_bytes(),
                imports: source
                    .imports
                    .iter()
                    .map(|import| ImportState {
                        resolved: import.resolved.as_deref().map(str::to_owned),
                        absent: import.absent.iter().map(|path| path.as_ref().to_owned()).collect(),
                    })
                    .collect(),
            })
            .collect();
        let index_of: BTreeMap<&str, u32> =
            files.iter().enumerate().map(|(at, file)| (file.path.as_str(), at as u32)).collect();
        let types = facts
            .types
            .iter()
            .filter_map(|fact| {
                let place = fact.place.as_ref()?;
                Some((fact.name.clone(), *index_of.get(place.file.as_ref())?))
            })
            .collect();
        let methods = facts
            .methods
            .iter()
            .filter_map(|fact| {
                let pattern = format!("({})", fact.params.join(", "));
                let family = format!("{}/{}", fact.family, fact.params.len());
                Some(((family, pattern), *index_of.get(fact.place.file.as_ref())?))
            })
            .collect();
        let families = plan
            .steps
            .iter()
            .map(|step| (step.family.name.clone(), step.family.arity, *step.key.as_bytes()))
            .collect();
        Self { files, families, types, methods }
    }

    /// What a plan needs of it.
    pub(super) fn last_build(&self) -> LastBuild {
        let key = |(name, arity, key): &(String, u8, [u8; 32])| {
            (FamilyId { name: name.clone(), arity: *arity }, TableKey::from_bytes(*key))
        };
        LastBuild { keys: self.families.iter().map(key).collect() }
    }

    pub(super) fn tracked(&self) -> Vec<TrackedFile> {
        let tracked = |file: &FileState| TrackedFile {
            path: file.path.clone(),
            digest: ContentDigest::from_bytes(file.digest),
        };
        self.files.iter().map(tracked).collect()
    }

    /// Index of the file that declares a type.
    pub(super) fn file_of_type(&self, name: &str) -> Option<u32> {
        self.types.get(name).copied()
    }

    /// Index of the file that declares a method, by its parameter types as a trace prints them.
    pub(super) fn file_of_method(&self, family: &FamilyId, pattern: &str) -> Option<u32> {
        self.methods.get(&(family.to_string(), pattern.to_owned())).copied()
    }

    pub(super) fn path(&self, file: u32) -> Option<&str> {
        self.files.get(file as usize).map(|file| file.path.as_str())
    }

    /// Edges from each file to those it imports.
    pub(super) fn import_edges(&self) -> Vec<(u32, u32)> {
        let index_of: BTreeMap<&str, u32> =
            self.files.iter().enumerate().map(|(at, file)| (file.path.as_str(), at as u32)).collect();
        let edges = self.files.iter().enumerate().flat_map(|(from, file)| {
            let resolved = file.imports.iter().filter_map(|import| import.resolved.as_deref());
            resolved.filter_map(|path| index_of.get(path)).map(move |to| (from as u32, *to))
        });
        edges.collect()
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let payload = postcard::to_stdvec(self).ok()?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&crc32(&payload).to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Some(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let (len_bytes, payload) = rest.split_first_chunk::<8>()?;
        let is_sound = *magic == MAGIC
            && u32::from_le_bytes(*version) == VERSION
            && u64::from_le_bytes(*len_bytes) == payload.len() as u64
            && u32::from_le_bytes(*crc) == crc32(payload);
        if !is_sound {
            return None;
        }
        postcard::from_bytes(payload).ok()
    }
}

/// Where a project's state lies.
#[derive(Clone, Debug)]
pub(super) struct StateFile(PathBuf);

impl StateFile {
    /// The state of the project at `root`, in a language, below a cache's folder of states. Each
    /// checkout has its own: the name comes from where the project lies.
    pub(super) fn new(state_dir: &Path, root: &Path, language: &str) -> Self {
        let place = fs::canonical(root).unwrap_or_else(|_| root.to_owned());
        let hash = fast_hash(place.as_os_str().as_encoded_bytes());
        let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
        Self(state_dir.join(format!("{hash:016x}-{language}.state")))
    }

    /// The last build's state; none if there was none that can be read.
    pub(super) fn load(&self) -> Option<State> {
        let bytes = fs::read_bounded(&self.0, MAX_BYTES).ok()?;
        let state = State::from_bytes(&bytes);
        if state.is_none() {
            tracing::debug!("the state {} is damaged or of another version", self.0.display());
        }
        state
    }

    /// Replaces the state. A crash leaves the old or the new one.
    pub(super) fn save(&self, state: &State) -> std::io::Result<()> {
        let Some(bytes) = state.to_bytes() else { return Ok(()) };
        fs::replace(&self.0, &bytes, Durability::Sync)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State {
            files: vec![FileState {
                path: "src/a.jan".to_owned(),
                digest: [1; 32],
                imports: vec![ImportState { resolved: None, absent: vec!["b.jan".to_owned()] }],
            }],
            families: vec![("m::f".to_owned(), 1, [2; 32])],
            types: [("m::A".to_owned(), 0)].into(),
            methods: [(("m::f/1".to_owned(), "(m::A)".to_owned()), 0)].into(),
        }
    }

    #[test]
    fn a_state_comes_back_as_it_was_saved() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = StateFile::new(dir.path(), Path::new("/some/where"), "janus");
        assert_eq!(file.load(), None);
        file.save(&state()).expect("saved");
        assert_eq!(file.load(), Some(state()));
    }

    #[test]
    fn a_state_with_any_flipped_byte_or_cut_anywhere_counts_as_none() {
        let bytes = state().to_bytes().expect("encodes");
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            assert_eq!(State::from_bytes(&flipped), None, "byte {at}");
            assert_eq!(State::from_bytes(&bytes[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn checkouts_and_languages_have_states_of_their_own() {
        let name = |root: &str, language| StateFile::new(Path::new("s"), Path::new(root), language).0;
        assert_ne!(name("/a", "janus"), name("/b", "janus"));
        assert_ne!(name("/a", "janus"), name("/a", "corpus"));
    }
}
