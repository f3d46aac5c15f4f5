//! Which of the entries that apply is the outcome, rule by rule.

use super::answer::Outcome;
use super::family::{Entry, Family};
use super::rule::Rule;

impl Family {
    fn reference_is_under(&self, lower: u16, upper: u16) -> bool {
        match (usize::from(lower).checked_sub(1), upper) {
            (_, 0) => true,
            (None, _) => false,
            (Some(param), _) => self.type_is_under(Some(self.params[param] as usize), upper),
        }
    }

    pub(super) fn at_least_as_specific(&self, left: &Entry, right: &Entry) -> bool {
        left.pattern.iter().zip(&right.pattern).all(|(left, right)| self.reference_is_under(*left, *right))
    }

    fn more_specific(&self, left: &Entry, right: &Entry) -> bool {
        left.pattern != right.pattern && self.at_least_as_specific(left, right)
    }

    /// The candidates among entries that all apply, in ascending order; under rule 2 for those that
    /// are given no arguments with which to compare, none.
    pub(super) fn candidates_among(&self, applying: &[usize]) -> Vec<usize> {
        match &self.rule {
            Rule::Symmetric => {
                let beaten = |id: &usize| {
                    applying.iter().any(|other| self.more_specific(&self.entries[*other], &self.entries[*id]))
                };
                applying.iter().copied().filter(|id| !beaten(id)).collect()
            }
            Rule::Precedence { .. } => Vec::new(),
            Rule::Levels { .. } => {
                let levels = self.levels();
                let lowest = applying.iter().map(|id| levels[*id]).min();
                applying.iter().copied().filter(|id| Some(levels[*id]) == lowest).collect()
            }
            // The owner of the only vector's rule takes the symbol that comes last.
            Rule::Custom { name } => {
                assert_eq!(name, "last by name 1", "no other owner is known to this test");
                let last = applying.iter().copied().max_by_key(|id| &self.entries[*id].implementation);
                last.into_iter().collect()
            }
        }
    }

    /// The outcome of candidates.
    pub(super) fn decide(&self, candidates: &[usize]) -> Outcome {
        let defaults = || candidates.iter().copied().filter(|id| self.entries[*id].default);
        match candidates {
            [] => Outcome::NoMethod,
            [only] => Outcome::Method(*only),
            _ if matches!(self.rule, Rule::Levels { .. }) && defaults().count() == 1 => {
                Outcome::Method(defaults().next().expect("was counted"))
            }
            _ => Outcome::Ambiguous,
        }
    }

    /// Rule 2: how near a parameter reference stands to a type; the top type stands behind all.
    pub(super) fn distance(&self, local: Option<usize>, reference: u16) -> usize {
        let Rule::Precedence { lists, .. } = &self.rule else { return 0 };
        let list: &[u16] = local.map_or(&[], |local| &lists[local]);
        list.iter().position(|param| *param + 1 == reference).unwrap_or(list.len())
    }

    /// Rule 2: whether entry `left` is the more specific one, where both apply.
    pub(super) fn is_nearer(&self, left: usize, right: usize, tuple: &[Option<usize>]) -> bool {
        let Rule::Precedence { order, .. } = &self.rule else { return false };
        let distances = |id: usize| -> Vec<usize> {
            let pattern = &self.entries[id].pattern;
            let at = |position: &u8| usize::from(*position);
            order.iter().map(|position| self.distance(tuple[at(position)], pattern[at(position)])).collect()
        };
        distances(left) < distances(right)
    }

    /// Rule 2: the entry that no other one is more specific than.
    pub(super) fn nearest(&self, applying: &[usize], tuple: &[Option<usize>]) -> Option<usize> {
        let beaten = |id: &usize| applying.iter().any(|other| self.is_nearer(*other, *id, tuple));
        applying.iter().copied().find(|id| !beaten(id))
    }

    /// Rule 3.
    fn is_narrower(&self, left: &Entry, right: &Entry) -> bool {
        let Rule::Levels { counts_as } = &self.rule else { return false };
        let counts_as_under = |lower: u16, upper: u16| match (lower, upper) {
            _ if lower == upper => false,
            (_, 0) => true,
            (0, _) => false,
            _ => counts_as[usize::from(lower) - 1][usize::from(upper) - 1],
        };
        let pairs = || left.pattern.iter().copied().zip(right.pattern.iter().copied());
        pairs().any(|(left, right)| counts_as_under(left, right))
            && !pairs().any(|(left, right)| counts_as_under(right, left))
    }

    /// Rule 3: the level of each entry.
    fn levels(&self) -> Vec<u32> {
        let mut levels: Vec<Option<u32>> = vec![None; self.entries.len()];
        for level in 0.. {
            let rest: Vec<usize> = (0..levels.len()).filter(|id| levels[*id].is_none()).collect();
            let has_narrower = |id: &usize| {
                rest.iter().any(|other| self.is_narrower(&self.entries[*other], &self.entries[*id]))
            };
            let mut next: Vec<usize> = rest.iter().copied().filter(|id| !has_narrower(id)).collect();
            if next.is_empty() {
                next.clone_from(&rest);
            }
            for id in &next {
                levels[*id] = Some(level);
            }
            if next.len() == rest.len() {
                break;
            }
        }
        levels.into_iter().flatten().collect()
    }

    /// Field `specificity` of each entry.
    pub(super) fn specificities(&self) -> Vec<u32> {
        match &self.rule {
            Rule::Levels { .. } => self.levels(),
            Rule::Custom { .. } => vec![0; self.entries.len()],
            Rule::Symmetric | Rule::Precedence { .. } => {
                let mut known = vec![None; self.entries.len()];
                (0..self.entries.len()).map(|id| self.chain(id, &mut known)).collect()
            }
        }
    }

    /// 0 if no entry is strictly more specific, and otherwise 1 + the largest of those that are.
    fn chain(&self, id: usize, known: &mut Vec<Option<u32>>) -> u32 {
        if let Some(known) = known[id] {
            return known;
        }
        let entries = &self.entries;
        let more = (0..entries.len()).filter(|other| self.more_specific(&entries[*other], &entries[id]));
        let found = more.map(|other| self.chain(other, known) + 1).max().unwrap_or(0);
        known[id] = Some(found);
        found
    }
}
