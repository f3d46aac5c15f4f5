//! What the last build of a project left behind: one sealed file.
//!
//! Losing it loses explanations, never a table: the cache finds those by their questions. So a file
//! that is damaged, or of another version, counts as no file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::TableEvent;
use super::facts::Facts;
use super::past_builds;
use super::plan::{Action, LastBuild, Plan, Step};
use super::reason::Reason;
use super::registry::FamilyId;
use super::sealed::Sealed;
use crate::digest::{ContentDigest, fast_hash};
use crate::fs::{self, Durability};
use crate::key::TableKey;
use crate::store::{Finding, Problem, Repair, Store, StoreError};
use crate::track::TrackedFile;

/// 1: first. 2: when and why each table was made, every file that speaks of a type, imports as written.
const STATE: Sealed = Sealed { magic: *b"JANSTAT\n", version: 2 };
/// A state describes sources that were all read into memory; beyond this something is wrong.
const MAX_BYTES: u64 = 1 << 28;

/// What a build knew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Every input file, in path order.
    pub(super) files: Vec<FileState>,
    /// Every family, in order of name and arity.
    pub(super) families: Vec<FamilyState>,
    /// Which files declare a type or say what it is under: indices into `files`, ascending.
    /// In name order.
    types: Vec<(String, Vec<u32>)>,
    /// Which file declares a method, by family and parameter types, in this order.
    methods: Vec<((String, String), u32)>,
}

/// A function family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FamilyState {
    name: String,
    arity: u8,
    key: [u8; 32],
    /// The last build that made its table; none if none did that is known.
    pub(super) built: Option<TableEvent>,
    /// The last build after that one which found its question changed, and answered by the cache.
    pub(super) reused: Option<TableEvent>,
}

impl FamilyState {
    /// What a build leaves behind that did `step`. What happened before is carried over until it
    /// happens again.
    fn after(step: &Step, before: Option<&Self>, at_unix_s: u64) -> Self {
        let (mut built, mut reused) =
            before.map_or((None, None), |before| (before.built.clone(), before.reused.clone()));
        match step.action {
            Action::Build => (built, reused) = (Some(TableEvent::of(step, at_unix_s)), None),
            Action::Reuse if step.reason == Reason::Unchanged => {}
            Action::Reuse => reused = Some(TableEvent::of(step, at_unix_s)),
        }
        let FamilyId { name, arity } = step.family.clone();
        Self { name, arity, key: *step.key.as_bytes(), built, reused }
    }

    pub(super) fn id(&self) -> FamilyId {
        FamilyId { name: self.name.clone(), arity: self.arity }
    }

    pub(super) const fn key(&self) -> TableKey {
        TableKey::from_bytes(self.key)
    }
}

/// An input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileState {
    pub(super) path: String,
    pub(super) digest: [u8; 32],
    pub(super) imports: Vec<ImportState>,
}

/// What an import meant: the file, and the candidates before it that were not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportState {
    pub(super) written: String,
    pub(super) resolved: Option<String>,
    pub(super) absent: Vec<String>,
}

impl State {
    /// What a build with these facts leaves behind, as far as that does not depend on its plan.
    pub(super) fn of(facts: &Facts) -> Self {
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
                        written: import.written.clone(),
                        resolved: import.resolved.as_deref().map(str::to_owned),
                        absent: import.absent.iter().map(|path| path.as_ref().to_owned()).collect(),
                    })
                    .collect(),
            })
            .collect();
        let index_of: BTreeMap<&str, u32> =
            files.iter().enumerate().map(|(at, file)| (file.path.as_str(), at as u32)).collect();
        let mut types: Vec<(String, Vec<u32>)> = facts
            .types
            .iter()
            .filter_map(|fact| {
                let declaring = fact.place.as_ref().map(|place| &place.file);
                let files = declaring.into_iter().chain(&fact.related_in);
                let mut files: Vec<u32> =
                    files.filter_map(|path| index_of.get(path.as_ref()).copied()).collect();
                files.sort_unstable();
                files.dedup();
                (!files.is_empty()).then(|| (fact.name.clone(), files))
            })
            .collect();
        let mut methods: Vec<((String, String), u32)> = facts
            .methods
            .iter()
            .filter_map(|fact| {
                let pattern = format!("({})", fact.params.join(", "));
                let family = format!("{}/{}", fact.family, fact.params.len());
                Some(((family, pattern), *index_of.get(fact.place.file.as_ref())?))
            })
            .collect();
        types.sort_unstable();
        methods.sort_unstable();
        Self { files, families: Vec::new(), types, methods }
    }

    /// Adds what became of each family, after what the build before this one left.
    pub(super) fn with_plan(mut self, plan: &Plan, before: Option<&Self>, now_unix_s: u64) -> Self {
        let known = |id: &FamilyId| before.and_then(|before| before.family(id));
        let after = |step: &Step| FamilyState::after(step, known(&step.family), now_unix_s);
        self.families = plan.steps.iter().map(after).collect();
        self
    }

    /// What a plan needs of it.
    pub(super) fn last_build(&self) -> LastBuild {
        LastBuild { keys: self.families.iter().map(|family| (family.id(), family.key())).collect() }
    }

    pub(super) fn family(&self, id: &FamilyId) -> Option<&FamilyState> {
        let order = |family: &FamilyState| (&*family.name, family.arity).cmp(&(&*id.name, id.arity));
        let found = self.families.binary_search_by(order).ok()?;
        self.families.get(found)
    }

    pub(super) fn tracked(&self) -> Vec<TrackedFile> {
        let tracked = |file: &FileState| TrackedFile {
            path: file.path.clone(),
            digest: ContentDigest::from_bytes(file.digest),
        };
        self.files.iter().map(tracked).collect()
    }

    /// The files that declare a type, or say what it is under.
    pub(super) fn files_of_type(&self, name: &str) -> &[u32] {
        let found = self.types.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok();
        found.and_then(|at| self.types.get(at)).map_or(&[], |(_, files)| files.as_slice())
    }

    /// The same files' paths.
    pub(super) fn files_on_type(&self, name: &str) -> impl Iterator<Item = &str> {
        self.files_of_type(name).iter().filter_map(|file| self.path(*file))
    }

    /// The types that a file declares, or says of what they are under.
    pub(super) fn types_in(&self, file: u32) -> impl Iterator<Item = &str> {
        let found = self.types.iter().filter(move |(_, files)| files.contains(&file));
        found.map(|(name, _)| name.as_str())
    }

    /// Every method: its family, its parameter types, the index of its file.
    pub(super) fn methods(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.methods.iter().map(|((family, pattern), file)| (family.as_str(), pattern.as_str(), *file))
    }

    /// Index of a file.
    pub(super) fn file(&self, path: &str) -> Option<u32> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        u32::try_from(found).ok()
    }

    /// Index of the file that declares a method, by its parameter types as a trace prints them.
    pub(super) fn file_of_method(&self, family: &FamilyId, pattern: &str) -> Option<u32> {
        let family = family.to_string();
        let wanted = (family.as_str(), pattern);
        let found =
            self.methods.binary_search_by(|((family, pattern), _)| (&**family, &**pattern).cmp(&wanted));
        self.methods.get(found.ok()?).map(|(_, file)| *file)
    }

    pub(super) fn path(&self, file: u32) -> Option<&str> {
        self.files.get(file as usize).map(|file| file.path.as_str())
    }

    pub(super) fn file_digests(&self) -> Vec<(String, [u8; 32])> {
        self.files.iter().map(|file| (file.path.clone(), file.digest)).collect()
    }

    pub(super) fn family_keys(&self) -> Vec<(String, u8, [u8; 32])> {
        self.families.iter().map(|family| (family.name.clone(), family.arity, family.key)).collect()
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
}

/// A name for the place where a project lies: each checkout has its own.
pub(super) fn checkout_name(root: &Path) -> String {
    let place = fs::canonical(root).unwrap_or_else(|_| root.to_owned());
    format!("{:016x}", fast_hash(place.as_os_str().as_encoded_bytes()))
}

/// Where a project's state lies.
#[derive(Clone, Debug)]
pub(super) struct StateFile(PathBuf);

impl StateFile {
    /// The state of the project at `root`, in a language, below a cache's folder of states. Each
    /// checkout has its own: the name comes from where the project lies.
    pub(super) fn new(state_dir: &Path, root: &Path, language: &str) -> Self {
        let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
        Self(state_dir.join(format!("{}-{language}.state", checkout_name(root))))
    }

    /// Every state of the project at `root`, one for each language, in order of their names.
    pub(super) fn of_checkout(state_dir: &Path, root: &Path) -> Vec<Self> {
        let prefix = format!("{}-", checkout_name(root));
        let is_one = |name: &str| name.starts_with(&prefix) && name.strip_suffix(".state").is_some();
        let mut names = fs::file_names(state_dir).unwrap_or_default();
        names.retain(|name| is_one(name));
        names.sort_unstable();
        names.iter().map(|name| Self(state_dir.join(name))).collect()
    }

    /// The language that it is about.
    pub(super) fn language(&self) -> String {
        let name = self.0.file_stem().unwrap_or_default().to_string_lossy();
        name.split_once('-').map_or_else(String::new, |(_, language)| language.to_owned())
    }

    /// The last build's state; none if there was none that can be read.
    pub(super) fn load(&self) -> Option<State> {
        let bytes = fs::read_bounded(&self.0, MAX_BYTES).ok()?;
        let state = STATE.open::<State>(&bytes);
        if state.is_none() {
            tracing::debug!("the state {} is damaged or of another version", self.0.display());
        }
        state
    }

    /// Replaces the state. A crash leaves the old or the new one.
    pub(super) fn save(&self, state: &State) -> std::io::Result<()> {
        let Some(bytes) = STATE.seal(state) else { return Ok(()) };
        fs::replace(&self.0, &bytes, Durability::Sync)
    }
}

type IsSound = fn(&[u8]) -> bool;

/// Checks every state and every manifest of a cache, as [`Store::validate`] checks its packs. With `repair` a damaged one
/// is removed: it only explains.
pub fn validate_states(store: &Store, repair: bool) -> Result<Vec<Finding>, StoreError> {
    let dir = store.layout().state_dir();
    let io_error = |doing, path: &Path, source| StoreError::Io { path: path.to_owned(), doing, source };
    let list = |dir: &Path| fs::list_if_dir(dir).map_err(|error| io_error("list", dir, error));
    let mut files = list(&dir)?;
    files.retain(|file| file.path.extension().is_some_and(|extension| extension == "state"));
    let states =
        files.into_iter().map(|file| (file, (|bytes| STATE.open::<State>(bytes).is_some()) as IsSound));
    let manifests =
        list(&past_builds::folder(&dir))?.into_iter().map(|file| (file, past_builds::is_sound as IsSound));
    let mut findings = Vec::new();
    for (found, is_sound) in states.chain(manifests) {
        if fs::read_bounded(&found.path, MAX_BYTES).is_ok_and(|bytes| is_sound(&bytes)) {
            continue;
        }
        let repaired =
            repair && fs::remove_file(&found.path).map_err(|e| io_error("remove", &found.path, e))?;
        findings.push(Finding {
            path: found.path,
            at_bytes: None,
            key: None,
            problem: Problem::Altered,
            repair: repaired.then_some(Repair::Removed),
        });
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Change;

    fn step(reason: Reason, action: Action) -> Step {
        let family = FamilyId { name: "m::f".to_owned(), arity: 1 };
        Step { family, key: TableKey::from_bytes([2; 32]), action, reason }
    }

    fn state() -> State {
        State {
            files: vec![FileState {
                path: "src/a.jan".to_owned(),
                digest: [1; 32],
                imports: vec![ImportState {
                    written: "b".to_owned(),
                    resolved: None,
                    absent: vec!["b.jan".to_owned()],
                }],
            }],
            families: vec![FamilyState::after(&step(Reason::Recache, Action::Build), None, 5)],
            types: vec![("m::A".to_owned(), vec![0])],
            methods: vec![(("m::f/1".to_owned(), "(m::A)".to_owned()), 0)],
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
    fn the_build_that_made_a_table_stays_known_while_the_table_is_reused() {
        let made = FamilyState::after(&step(Reason::Recache, Action::Build), None, 5);
        let same = FamilyState::after(&step(Reason::Unchanged, Action::Reuse), Some(&made), 6);
        assert_eq!(same, made);
        let change = Reason::AnsweredBefore(Change::default());
        let back = FamilyState::after(&step(change, Action::Reuse), Some(&same), 7);
        assert_eq!(back.built, made.built);
        assert_eq!(back.reused.as_ref().map(|event| event.at_unix_s), Some(7));
        let anew = FamilyState::after(&step(Reason::Recache, Action::Build), Some(&back), 8);
        assert_eq!((anew.built.map(|event| event.at_unix_s), anew.reused), (Some(8), None));
    }

    #[test]
    fn checkouts_and_languages_have_states_of_their_own() {
        let name = |root: &str, language| StateFile::new(Path::new("s"), Path::new(root), language).0;
        assert_ne!(name("/a", "janus"), name("/b", "janus"));
        assert_ne!(name("/a", "janus"), name("/a", "corpus"));
    }
}
