//! The nearest question that a cache knows the answer of, where nothing is known of the last build: another
//! machine or checkout may have asked it.

use std::collections::BTreeMap;

use super::manager::BuildCacheManager;
use super::question::Question;
use super::registry::FamilyId;
use crate::key::{InputChange, InputGroup, Trace};
use crate::store::{EntryKey, EntryKind, Store};

/// No more traces are looked at: an explanation must not take longer than the build.
const MAX_TRACES: usize = 20_000;

/// Questions about dispatch tables that a cache has answered, by family.
pub(super) struct KnownQuestions(BTreeMap<FamilyId, Vec<Trace>>);

impl KnownQuestions {
    /// Those of a language, newest first. A project's name is often that of its folder, so another
    /// checkout's may differ. Cost: a look at every entry's header, and the traces of at most 20,000 of them.
    pub(super) fn of(store: &Store, language: &str) -> Self {
        let mut keys: Vec<EntryKey> = Vec::new();
        let mut show = |entry: crate::store::EntryInfo| {
            let is_one = entry.meta.kind == EntryKind::DispatchTable && entry.meta.language == language;
            if is_one && keys.len() < MAX_TRACES {
                keys.push(entry.key);
            }
        };
        if let Err(error) = store.visit(&mut show) {
            tracing::debug!(%error, "the cache's questions cannot be listed");
        }
        let mut known: BTreeMap<FamilyId, Vec<Trace>> = BTreeMap::new();
        for key in keys {
            let Some(text) = store.trace(&key) else { continue };
            let trace = Trace::parse(&String::from_utf8_lossy(&text));
            if let Some(family) = family_of(&trace) {
                known.entry(family).or_default().push(trace);
            }
        }
        Self(known)
    }

    /// How a question differs from the nearest known one of its family: the fewest inputs, of equally many
    /// the newest. None where no question of the family is known.
    pub(super) fn nearest(
        &self,
        question: &Question<'_>,
        manager: &BuildCacheManager,
    ) -> Option<Vec<InputChange>> {
        let known = self.0.get(&question.family)?;
        let trace = question.trace(&manager.options().keys).ok()?;
        known.iter().map(|old| trace.changes_since(old)).min_by_key(Vec::len)
    }

    /// Every family with the number of its known questions, in order.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&FamilyId, usize)> {
        self.0.iter().map(|(family, known)| (family, known.len()))
    }
}

/// The families about which a cache has answered questions of a language, with how many, in order. Cost: as
/// of an explanation without a last build: a look at every entry's header, and at most 20,000 traces.
pub fn known_families(store: &Store, language: &str) -> Vec<(FamilyId, usize)> {
    KnownQuestions::of(store, language).counts().map(|(family, count)| (family.clone(), count)).collect()
}

fn family_of(trace: &Trace) -> Option<FamilyId> {
    let value = |item: &str| {
        let line = trace.lines().find(|line| line.group == InputGroup::Family && line.item == item);
        line.map(|line| line.value)
    };
    Some(FamilyId { name: value("name")?.to_owned(), arity: value("arity")?.parse().ok()? })
}
