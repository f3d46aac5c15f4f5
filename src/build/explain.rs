//! From a changed question to the files that changed it.

use std::collections::BTreeSet;

use super::phrase::names_that_differ;
use super::plan::Explain;
use super::registry::FamilyId;
use super::state::State;
use crate::graph::DependencyGraph;
use crate::key::{InputChange, InputGroup};
use crate::track::{FileChange, changes};

/// What differs between the last build's sources and these.
pub(super) struct SourceDiff<'a> {
    old: &'a State,
    new: &'a State,
    changed: Vec<FileChange>,
    imports: DependencyGraph,
}

impl<'a> SourceDiff<'a> {
    pub(super) fn new(old: &'a State, new: &'a State) -> Self {
        Self {
            changed: changes(&old.tracked(), &new.tracked()),
            imports: DependencyGraph::new(new.files.len(), &new.import_edges()),
            old,
            new,
        }
    }

    fn change_of(&self, path: &str) -> Option<&FileChange> {
        self.changed.iter().find(|change| change.path == path)
    }

    /// The paths, then and now, of the file that declares something.
    fn declaring(&self, find: impl Fn(&State) -> Option<u32>) -> Vec<&str> {
        let in_state = |state: &'a State| find(state).and_then(|file| state.path(file));
        [in_state(self.new), in_state(self.old)].into_iter().flatten().collect()
    }

    /// Changed files that import one of `paths`, directly or not: what they say about a type, such
    /// as that it implements a trait, stands beside its declaration.
    fn changed_dependents(&self, paths: &BTreeSet<&str>) -> BTreeSet<&str> {
        let files = 0..self.new.files.len() as u32;
        let declaring: Vec<u32> =
            files.filter(|file| self.new.path(*file).is_some_and(|path| paths.contains(path))).collect();
        let dependents = self.imports.affected_by(&declaring);
        let paths = dependents.into_iter().filter_map(|file| self.new.path(file));
        paths.filter_map(|path| self.change_of(path)).map(|change| change.path.as_str()).collect()
    }
}

impl Explain for SourceDiff<'_> {
    fn because(&self, family: &FamilyId, changes: &[InputChange]) -> Vec<FileChange> {
        let mut declaring: BTreeSet<&str> = BTreeSet::new();
        for change in changes {
            match change.group {
                InputGroup::Types => {
                    for state in [self.new, self.old] {
                        declaring.extend(state.files_on_type(&change.item));
                        for name in names_that_differ(change) {
                            declaring.extend(state.files_on_type(name));
                        }
                    }
                }
                InputGroup::Methods => {
                    declaring.extend(self.declaring(|state| state.file_of_method(family, &change.item)));
                }
                _ => {}
            }
        }
        // Of a family that is new no question is known, and who made it new is: who declares its methods.
        if self.old.family(family).is_none() {
            let name = family.to_string();
            let own = self.new.methods().filter(|(of, _, _)| *of == name);
            declaring.extend(own.filter_map(|(_, _, file)| self.new.path(file)));
        }
        // Settings and versions explain themselves.
        if declaring.is_empty() && !changes.is_empty() {
            return Vec::new();
        }
        let mut files: BTreeSet<&str> =
            declaring.iter().copied().filter(|path| self.change_of(path).is_some()).collect();
        if files.is_empty() {
            files = self.changed_dependents(&declaring);
        }
        if files.is_empty() {
            files = self.changed.iter().map(|change| change.path.as_str()).collect();
        }
        files.into_iter().filter_map(|path| self.change_of(path)).cloned().collect()
    }
}
