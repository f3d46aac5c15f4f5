//! Who is more specific than whom: the order of entries in a table, and the answer for a set of
//! methods that apply.

use super::sets::MethodSet;
use crate::format::LogicalTable;

/// The answer for a set of applicable methods, in file order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    Method(u32),
    NoMethod,
    /// The most specific ones; none is more specific than all others.
    Ambiguous(Vec<u32>),
}

/// The methods of a table, most specific first.
#[derive(Clone, Debug)]
pub(crate) struct SpecificityOrder {
    /// Canonical indexes in file order.
    pub(crate) order: Vec<u32>,
    /// For each canonical index, the length of the longest chain of strictly more specific methods.
    pub(crate) specificity: Vec<u32>,
    /// By file order: the methods that this one is at least as specific as in every position,
    /// itself among them.
    covers: Vec<MethodSet>,
}

impl SpecificityOrder {
    /// Compares every two methods: quadratic in their number.
    pub(crate) fn new(table: &LogicalTable) -> Self {
        let count = table.entries.len();
        let covers = |winner: usize, other: usize| {
            let (lower, upper) = (&table.entries[winner].pattern, &table.entries[other].pattern);
            lower.iter().zip(upper).all(|(lower, upper)| table.param_is_below(*lower, *upper))
        };
        let mut covered: Vec<MethodSet> = vec![MethodSet::empty(count); count];
        let mut covered_by = vec![0_u32; count];
        for (winner, covered) in covered.iter_mut().enumerate() {
            for (other, covered_by) in covered_by.iter_mut().enumerate() {
                if covers(winner, other) {
                    covered.insert(other);
                    *covered_by += 1;
                }
            }
        }
        // A method is covered by strictly fewer than each one it beats, so this order puts winners first.
        let mut winners_first: Vec<usize> = (0..count).collect();
        winners_first.sort_by_key(|method| covered_by[*method]);
        let mut specificity = vec![0_u32; count];
        for winner in &winners_first {
            let next = specificity[*winner] + 1;
            for loser in covered[*winner].iter().filter(|loser| loser != winner) {
                specificity[loser] = specificity[loser].max(next);
            }
        }
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_by_key(|method| specificity[*method as usize]);
        let mut file_index = vec![0; count];
        for (file, canonical) in order.iter().enumerate() {
            file_index[*canonical as usize] = file;
        }
        let covers = order
            .iter()
            .map(|canonical| {
                let mut set = MethodSet::empty(count);
                covered[*canonical as usize].iter().for_each(|loser| set.insert(file_index[loser]));
                set
            })
            .collect();
        Self { order, specificity, covers }
    }

    /// Number of methods.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The answer where exactly the methods of `applicable` (in file order) apply.
    pub(crate) fn verdict(&self, applicable: &MethodSet) -> Verdict {
        let Some(first) = applicable.first() else { return Verdict::NoMethod };
        if applicable.is_subset(&self.covers[first]) {
            return Verdict::Method(first as u32);
        }
        let minimal = applicable.iter().filter(|method| {
            !applicable.iter().any(|other| other != *method && self.covers[other].contains(*method))
        });
        Verdict::Ambiguous(minimal.map(|method| method as u32).collect())
    }
}
