//! What a change of one file could reach: an upper bound from what the last build knew.

use std::collections::BTreeMap;

use super::registry::FamilyId;
use super::state::State;
use crate::graph::{DependencyGraph, invalidate};
use crate::key::{InputGroup, Trace};
use crate::store::{EntryKey, Store};

/// What a change of a file could reach. Any edit of what the file has now asks no other question than
/// these; what it does not have yet, such as a first method of a family elsewhere, is not foreseen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Families whose questions contain something that stands in the file, in order.
    pub families: Vec<ReachedFamily>,
    /// Families that contain nothing of the file, but of a file that imports it: they ask anew only if a
    /// name that they take from it comes to mean something else.
    pub through_imports: Vec<FamilyId>,
    /// The files that import it, directly or not, nearest first: each with the way from it down to the
    /// changed file, each importing the next.
    pub importers: Vec<Vec<String>>,
    /// Families whose types are not known, because the cache does not have their inputs any more; of these
    /// only methods were looked at.
    pub unknown: usize,
}

/// A family whose question contains something that stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachedFamily {
    /// Which one.
    pub family: FamilyId,
    /// Its methods there, by their parameter types.
    pub methods: Vec<String>,
    /// Types under its parameters, or parameters, that the file declares or says what they are under.
    pub types: Vec<String>,
}

pub(super) fn reach(state: &State, file: u32, store: &Store) -> Reach {
    let graph = DependencyGraph::new(state.files.len(), &state.import_edges());
    let reached = invalidate(&graph, &graph.components(), &[file]);
    let way = |node: &u32| -> Vec<String> {
        reached.because(*node).filter_map(|at| state.path(at)).map(str::to_owned).collect()
    };
    let mut importers: Vec<Vec<String>> =
        reached.nodes().iter().filter(|node| **node != file).map(way).collect();
    importers.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));

    let mut methods: BTreeMap<&str, (Vec<String>, bool)> = BTreeMap::new();
    for (family, pattern, at) in state.methods() {
        let (here, is_behind) = methods.entry(family).or_default();
        if at == file {
            here.push(pattern.to_owned());
        }
        *is_behind |= reached.contains(at);
    }
    let mut found = Reach { importers, ..Reach::default() };
    for family in &state.families {
        let id = family.id();
        let (methods, mut is_behind) = methods.remove(id.to_string().as_str()).unwrap_or_default();
        let mut types = Vec::new();
        match store.trace(&EntryKey::from_bytes(*family.key().as_bytes())) {
            Some(text) => {
                let trace = Trace::parse(&String::from_utf8_lossy(&text));
                for line in trace.lines().filter(|line| line.group == InputGroup::Types) {
                    let files = state.files_of_type(line.item);
                    if files.contains(&file) {
                        types.push(line.item.to_owned());
                    }
                    is_behind |= files.iter().any(|at| reached.contains(*at));
                }
            }
            None => found.unknown += 1,
        }
        if !methods.is_empty() || !types.is_empty() {
            found.families.push(ReachedFamily { family: id, methods, types });
        } else if is_behind {
            found.through_imports.push(id);
        }
    }
    found
}
