//! Answers: chapter 7, by the definition, by a scan and by a walk.

use super::Refused;
use super::family::{Dag, Entry, Family};

/// What a table answers. Entries are given by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Method(usize),
    NoMethod,
    Ambiguous,
}

impl Family {
    /// Local types of names; none is any other type.
    pub(crate) fn locals(&self, names: &[Option<&str>]) -> Vec<Option<usize>> {
        let local = |name: &str| self.types.iter().position(|listed| listed.name == name);
        names.iter().map(|name| name.and_then(local)).collect()
    }

    /// Every tuple of local types and any other type; of more than `most`, an even sample.
    pub(crate) fn tuples(&self, most: u128) -> Vec<Vec<Option<usize>>> {
        let choices = self.types.len() as u128 + 1;
        let all = choices.pow(u32::from(self.arity));
        let step = all.div_ceil(most).max(1);
        let tuple = |index: u128| {
            let digits = (0..u32::from(self.arity)).map(|position| index / choices.pow(position) % choices);
            digits.map(|digit| (digit as usize).checked_sub(1)).collect()
        };
        (0..all.div_ceil(step)).map(|index| tuple(index * step)).collect()
    }

    pub(super) fn type_is_under(&self, local: Option<usize>, reference: u16) -> bool {
        match (local, usize::from(reference).checked_sub(1)) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(local), Some(param)) => self.types[local].above[param],
        }
    }

    fn reference_is_under(&self, lower: u16, upper: u16) -> bool {
        match (usize::from(lower).checked_sub(1), upper) {
            (_, 0) => true,
            (None, _) => false,
            (Some(param), _) => self.type_is_under(Some(self.params[param] as usize), upper),
        }
    }

    fn applies(&self, entry: &Entry, tuple: &[Option<usize>]) -> bool {
        entry.pattern.iter().zip(tuple).all(|(reference, local)| self.type_is_under(*local, *reference))
    }

    fn at_least_as_specific(&self, left: &Entry, right: &Entry) -> bool {
        left.pattern.iter().zip(&right.pattern).all(|(left, right)| self.reference_is_under(*left, *right))
    }

    pub(super) fn more_specific(&self, left: &Entry, right: &Entry) -> bool {
        left.pattern != right.pattern && self.at_least_as_specific(left, right)
    }

    /// The candidates among entries that all apply.
    pub(super) fn candidates_among(&self, applying: &[usize]) -> Vec<usize> {
        let beaten = |id: &usize| {
            applying.iter().any(|other| self.more_specific(&self.entries[*other], &self.entries[*id]))
        };
        applying.iter().copied().filter(|id| !beaten(id)).collect()
    }

    fn applying(&self, tuple: &[Option<usize>]) -> Vec<usize> {
        (0..self.entries.len()).filter(|id| self.applies(&self.entries[*id], tuple)).collect()
    }

    pub(crate) fn candidates(&self, tuple: &[Option<usize>]) -> Vec<usize> {
        self.candidates_among(&self.applying(tuple))
    }

    /// Rule 1 as it is defined.
    pub(crate) fn by_definition(&self, tuple: &[Option<usize>]) -> Outcome {
        match self.candidates(tuple)[..] {
            [] => Outcome::NoMethod,
            [only] => Outcome::Method(only),
            _ => Outcome::Ambiguous,
        }
    }

    /// Optimization 1 and 2.
    pub(crate) fn by_scan(&self, tuple: &[Option<usize>]) -> Outcome {
        let mut applying = self.applying(tuple).into_iter();
        let Some(first) = applying.next() else { return Outcome::NoMethod };
        let wins =
            applying.all(|later| self.at_least_as_specific(&self.entries[first], &self.entries[later]));
        if wins { Outcome::Method(first) } else { Outcome::Ambiguous }
    }

    /// The answer as the table's optimization finds it: by a walk, or else by a scan.
    pub(crate) fn answer(&self, tuple: &[Option<usize>]) -> Result<Outcome, Refused> {
        self.dag.as_ref().map_or_else(|| Ok(self.by_scan(tuple)), |dag| self.by_walk(dag, tuple))
    }

    /// Optimization 3.
    fn by_walk(&self, dag: &Dag, tuple: &[Option<usize>]) -> Result<Outcome, Refused> {
        let word = |index: usize| dag.words.get(index).copied().ok_or(Refused::Content("a word is missing"));
        let (mut parent, mut child) = (0, word(0)?);
        while child >> 31 == 0 {
            let node = child as usize;
            if node <= parent {
                return Err(Refused::Content("a node begins before its parent"));
            }
            let head = word(node)?;
            let (position, class_count) = ((head & 0xFF) as usize, head >> 8);
            let local =
                tuple.get(position).ok_or(Refused::Content("a node tests a position that is not there"))?;
            let class = local.map_or(0, |local| dag.classes[position][local]);
            if u32::from(class) >= class_count {
                return Err(Refused::Content("a class is not smaller than the class count"));
            }
            (parent, child) = (node, word(node + 1 + usize::from(class))?);
        }
        match child & 0x7FFF_FFFF {
            0 => Ok(Outcome::NoMethod),
            1 => Ok(Outcome::Ambiguous),
            leaf if (leaf as usize - 2) < self.entries.len() => Ok(Outcome::Method(leaf as usize - 2)),
            _ => Err(Refused::Content("a leaf names an entry that is not there")),
        }
    }
}
