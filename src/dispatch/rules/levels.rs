//! The first level on which a method applies decides: the only one there, or the only one of them that
//! has the default mark.

use super::{Applicable, Choice, ResolutionRule};
use crate::format::LogicalTable;
use crate::format::levels::levels;

/// Each method's level and mark.
pub(crate) struct Levels {
    levels: Vec<u32>,
    defaults: Vec<bool>,
}

impl Levels {
    /// Compares every two methods: quadratic in their number.
    pub(crate) fn new(table: &LogicalTable) -> Self {
        let defaults = table.entries.iter().map(|entry| entry.default).collect();
        Self { levels: levels(table).unwrap_or_default(), defaults }
    }
}

impl ResolutionRule for Levels {
    fn choose(&self, applicable: &Applicable<'_>) -> Choice {
        let level = |method: u32| self.levels.get(method as usize).copied().unwrap_or(u32::MAX);
        let Some(first) = applicable.iter().map(level).min() else { return Choice::NoMethod };
        let same: Vec<u32> = applicable.iter().filter(|method| level(*method) == first).collect();
        let mut defaults =
            same.iter().filter(|method| self.defaults.get(**method as usize).is_some_and(|mark| *mark));
        match (same.as_slice(), defaults.next(), defaults.next()) {
            ([only], ..) | (_, Some(only), None) => Choice::Method(*only),
            _ => Choice::Ambiguous(same),
        }
    }

    fn specificity(&self, _: &LogicalTable) -> Vec<u32> {
        self.levels.clone()
    }
}
