//! What is remembered of a checkout's last build, family by family and file by file.

use std::path::Path;

use super::event::TableEvent;
use super::reach::{Reach, ReachedFamily, reach};
use super::registry::FamilyId;
use super::state::{State, StateFile};
use crate::digest::ContentDigest;
use crate::key::TableKey;
use crate::store::Store;

/// What the last build of a checkout in one language left behind.
#[derive(Clone, Debug)]
pub struct Memory {
    state: State,
    language: String,
}

/// What is known of a family's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStory {
    /// Whose table.
    pub family: FamilyId,
    /// The question's name at the last build.
    pub key: TableKey,
    /// The last build that made a table for the family; none if none did that is known.
    pub built: Option<TableEvent>,
    /// The last build after that one which found the question changed and had its answer in the cache.
    pub reused: Option<TableEvent>,
    /// The files of its methods, in path order.
    pub files: Vec<String>,
}

/// What is known of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStory {
    /// Root-relative path.
    pub path: String,
    /// Digest of its content at the last build.
    pub digest: ContentDigest,
    /// What it imports, in order of place.
    pub imports: Vec<ImportStory>,
    /// The types that it declares, or says what they are under, in name order.
    pub types: Vec<String>,
}

/// An import, and what it meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportStory {
    /// As the source has it.
    pub written: String,
    /// The file it meant, if there was one.
    pub resolved: Option<String>,
    /// Paths that were looked for before that one, and where nothing was.
    pub absent: Vec<String>,
}

impl Memory {
    /// What is remembered of the project at `root`, for each language that it was built in.
    pub fn of(store: &Store, root: &Path) -> Vec<Self> {
        let remember = |file: StateFile| Some(Self { state: file.load()?, language: file.language() });
        let files = StateFile::of_checkout(&store.layout().state_dir(), root);
        files.into_iter().filter_map(remember).collect()
    }

    /// The language, as the front end names it.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Every family, in order of name and arity.
    pub fn families(&self) -> impl Iterator<Item = FamilyId> {
        self.state.families.iter().map(super::state::FamilyState::id)
    }

    /// Every file's root-relative path, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.state.files.iter().map(|file| file.path.as_str())
    }

    /// What is known of a family.
    pub fn table(&self, family: &FamilyId) -> Option<TableStory> {
        let known = self.state.family(family)?;
        let name = family.to_string();
        let of_family = self.state.methods().filter(|(of, _, _)| *of == name);
        let mut files: Vec<String> =
            of_family.filter_map(|(_, _, file)| self.state.path(file).map(str::to_owned)).collect();
        files.sort_unstable();
        files.dedup();
        Some(TableStory {
            family: family.clone(),
            key: known.key(),
            built: known.built.clone(),
            reused: known.reused.clone(),
            files,
        })
    }

    /// What is known of a file, by its root-relative path.
    pub fn file(&self, path: &str) -> Option<FileStory> {
        let at = self.state.file(path)?;
        let file = self.state.files.get(at as usize)?;
        let imports = file.imports.iter().map(|import| ImportStory {
            written: import.written.clone(),
            resolved: import.resolved.clone(),
            absent: import.absent.clone(),
        });
        Some(FileStory {
            path: file.path.clone(),
            digest: ContentDigest::from_bytes(file.digest),
            imports: imports.collect(),
            types: self.state.types_in(at).map(str::to_owned).collect(),
        })
    }

    /// What a change of a file would reach, by what the last build knew. Cost: a look at the trace of
    /// every family's table.
    pub fn if_changed(&self, path: &str, store: &Store) -> Option<Reach> {
        Some(reach(&self.state, self.state.file(path)?, store))
    }
}

/// Families by a part of their name: those that are named exactly, with or without the arity; else those
/// whose last part is; else those that contain it.
pub fn families_named<'f>(all: &'f [FamilyId], text: &str) -> Vec<&'f FamilyId> {
    let last = |name: &str| name.rsplit("::").next().unwrap_or(name).to_owned();
    let is_named: [&dyn Fn(&FamilyId) -> bool; 3] = [
        &|id| id.name == text || id.to_string() == text,
        &|id| last(&id.name) == text || format!("{}/{}", last(&id.name), id.arity) == text,
        &|id| id.to_string().contains(text),
    ];
    let found = is_named.into_iter().map(|is_named| all.iter().filter(|id| is_named(id)).collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

impl Reach {
    /// What the change would do to one family, if it is directly reached.
    pub fn of_family(&self, family: &FamilyId) -> Option<&ReachedFamily> {
        self.families.iter().find(|reached| reached.family == *family)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_found_by_the_part_that_names_it() {
        let id = |name: &str, arity| FamilyId { name: name.to_owned(), arity };
        let all = [id("a::hit", 1), id("a::hit", 2), id("b::hit", 2), id("b::hits", 1)];
        let found = |text: &str| -> Vec<String> {
            families_named(&all, text).into_iter().map(ToString::to_string).collect()
        };
        assert_eq!(found("a::hit/2"), ["a::hit/2"]);
        assert_eq!(found("a::hit"), ["a::hit/1", "a::hit/2"]);
        assert_eq!(found("hit/2"), ["a::hit/2", "b::hit/2"]);
        assert_eq!(found("hit"), ["a::hit/1", "a::hit/2", "b::hit/2"]);
        assert_eq!(found("its"), ["b::hits/1"]);
        assert_eq!(found("nothing"), [""; 0]);
    }
}
