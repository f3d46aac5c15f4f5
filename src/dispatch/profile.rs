//! How often methods were called: what a profile of the running program says.

use std::collections::BTreeMap;

use crate::format::LogicalTable;

/// Calls of one family's implementations.
type Calls = BTreeMap<String, u64>;

/// How often the methods of families were called. Counts order methods that are equally specific, the
/// most called first; they never change an answer.
///
/// ```
/// use janus_cache::dispatch::{CallProfile, Family, Method, TypeDecl, TypeGraph, restrict};
///
/// let mut profile = CallProfile::default();
/// profile.add("area", 1, "area(Square)", 40);
/// profile.add("area", 1, "area(Square)", 2);
///
/// let types = [TypeDecl::new("Circle", &[]), TypeDecl::new("Square", &[])];
/// let methods =
///     vec![Method::new(&["Circle"], "area(Circle)", "m"), Method::new(&["Square"], "area(Square)", "m")];
/// let table = restrict(&TypeGraph::new(types)?, &Family::new("area", 1, methods))?;
/// assert_eq!(profile.calls_of(&table), [0, 42]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallProfile {
    /// By name, then arity.
    families: BTreeMap<String, BTreeMap<u8, Calls>>,
}

impl CallProfile {
    /// Counts `calls` more of an implementation; a sum beyond 64 bits stays at their largest number.
    pub fn add(&mut self, family: &str, arity: u8, implementation: &str, calls: u64) {
        let family = self.families.entry(family.to_owned()).or_default().entry(arity).or_default();
        let counted = family.entry(implementation.to_owned()).or_default();
        *counted = counted.saturating_add(calls);
    }

    /// Everything that was counted: family, arity, implementation, calls; in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u8, &str, u64)> {
        self.families.iter().flat_map(|(name, arities)| {
            arities.iter().flat_map(move |(arity, calls)| {
                calls.iter().map(move |(symbol, calls)| (name.as_str(), *arity, symbol.as_str(), *calls))
            })
        })
    }

    /// For each entry of a question its calls, at most [`u32::MAX`]; empty where none has any, so that
    /// a profile without calls of a family is, to this family, no profile.
    ///
    /// Entries that share an implementation have its calls each: a profile knows symbols only. Cost: a
    /// look-up for each entry of a family that was counted, else one.
    pub fn calls_of(&self, table: &LogicalTable) -> Vec<u32> {
        let counted = self.families.get(&table.name).and_then(|arities| arities.get(&table.arity));
        let Some(counted) = counted else { return Vec::new() };
        let calls = table.entries.iter().map(|entry| {
            let calls = counted.get(&entry.implementation).copied().unwrap_or(0);
            u32::try_from(calls).unwrap_or(u32::MAX)
        });
        let calls: Vec<u32> = calls.collect();
        if calls.iter().all(|calls| *calls == 0) { Vec::new() } else { calls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Family, Method, TypeDecl, TypeGraph, restrict};

    fn table() -> LogicalTable {
        let graph = TypeGraph::new([TypeDecl::new("A", &[]), TypeDecl::new("B", &[])]).expect("acyclic");
        let methods = vec![Method::new(&["A"], "f(A)", "m"), Method::new(&["B"], "f(B)", "m")];
        restrict(&graph, &Family::new("f", 1, methods)).expect("a family")
    }

    #[test]
    fn a_family_without_calls_has_no_profile() {
        let mut profile = CallProfile::default();
        profile.add("g", 1, "f(A)", 5);
        profile.add("f", 2, "f(A)", 5);
        profile.add("f", 1, "f(C)", 5);
        profile.add("f", 1, "f(A)", 0);
        assert!(profile.calls_of(&table()).is_empty());
    }

    #[test]
    fn counts_add_up_and_stop_at_what_an_entry_can_hold() {
        let mut profile = CallProfile::default();
        for _ in 0..2 {
            profile.add("f", 1, "f(A)", 3);
            profile.add("f", 1, "f(B)", u64::MAX);
        }
        assert_eq!(profile.calls_of(&table()), [6, u32::MAX]);
    }
}
