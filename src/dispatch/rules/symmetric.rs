//! A method is selected if it applies and every other applicable method is at most as specific in
//! every position.

use super::{Applicable, Choice, ResolutionRule};
use crate::dispatch::sets::{MethodSet, members};
use crate::format::LogicalTable;

/// Who is at least as specific as whom.
pub(crate) struct Symmetric {
    /// For each method, those that it is at least as specific as in every position, itself among them.
    covers: Vec<MethodSet>,
    specificity: Vec<u32>,
}

impl Symmetric {
    /// Compares every two methods: quadratic in their number.
    pub(crate) fn new(table: &LogicalTable) -> Self {
        let covers = covers(table);
        let specificity = chains(&covers);
        Self { covers, specificity }
    }
}

/// For each method, those that it is at least as specific as in every position.
pub(super) fn covers(table: &LogicalTable) -> Vec<MethodSet> {
    let count = table.entries.len();
    // By parameter reference, the methods whose parameter at the position is at or above it.
    let params = table.params.len() + 1;
    let mut covers = vec![MethodSet::full(count); count];
    for position in 0..usize::from(table.arity) {
        let mut methods_at: Vec<Vec<usize>> = vec![Vec::new(); params];
        for (method, entry) in table.entries.iter().enumerate() {
            methods_at[usize::from(entry.pattern[position].0)].push(method);
        }
        let mut above: Vec<Option<MethodSet>> = vec![None; params];
        for (method, entry) in table.entries.iter().enumerate() {
            let lower = entry.pattern[position];
            let above = above[usize::from(lower.0)].get_or_insert_with(|| {
                let mut set = MethodSet::empty(count);
                let uppers = lower.ordinal().map_or(&[][..], |ordinal| table.above_param(ordinal));
                let uppers = uppers.iter().map(|upper| usize::from(*upper) + 1).chain([0]);
                uppers.flat_map(|upper| &methods_at[upper]).for_each(|method| set.insert(*method));
                set
            });
            covers[method].intersect(above);
        }
    }
    covers
}

/// For each method, the length of the longest chain of strictly more specific ones.
pub(super) fn chains(covers: &[MethodSet]) -> Vec<u32> {
    let count = covers.len();
    let mut covered_by = vec![0_u32; count];
    for loser in covers.iter().flat_map(MethodSet::iter) {
        covered_by[loser] += 1;
    }
    // A method is covered by strictly fewer than each one it beats, so this order puts winners first.
    let mut winners_first: Vec<usize> = (0..count).collect();
    winners_first.sort_by_key(|method| covered_by[*method]);
    let mut specificity = vec![0_u32; count];
    for winner in &winners_first {
        let next = specificity[*winner] + 1;
        for loser in covers[*winner].iter().filter(|loser| loser != winner) {
            specificity[loser] = specificity[loser].max(next);
        }
    }
    specificity
}

impl ResolutionRule for Symmetric {
    fn choose(&self, applicable: &Applicable<'_>) -> Choice {
        let Some(all) = applicable.set() else { return Choice::NoMethod };
        let methods: Vec<usize> = members(all).collect();
        // Whoever covers all others has the smallest specificity among them.
        let Some(first) = methods.iter().min_by_key(|method| self.specificity[**method]) else {
            return Choice::NoMethod;
        };
        if methods.iter().all(|method| self.covers[*first].has(*method)) {
            return Choice::Method(*first as u32);
        }
        // One by one, or by sets where so many are left that it is cheaper.
        let minimal: Vec<u32> = if methods.len() <= all.len() {
            let beats = |other: usize, method: usize| other != method && self.covers[other].has(method);
            let is_minimal = |method: &usize| !methods.iter().any(|other| beats(*other, *method));
            methods.iter().copied().filter(is_minimal).map(|method| method as u32).collect()
        } else {
            let mut minimal = MethodSet::from(all);
            for method in methods {
                let is_left = minimal.has(method);
                minimal.remove_all(&self.covers[method]);
                // It covers itself, which does not make it less specific.
                if is_left {
                    minimal.insert(method);
                }
            }
            minimal.iter().map(|method| method as u32).collect()
        };
        Choice::Ambiguous(minimal)
    }

    fn specificity(&self, _: &LogicalTable) -> Vec<u32> {
        self.specificity.clone()
    }
}
