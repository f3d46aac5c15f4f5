//! Answers: chapter 7, by the definition, by a scan and by the sections of an optimization.

use super::Refused;
use super::family::{Entry, Family, Finder, Index};
use super::matrix::tuple_number;
use super::rule::Rule;

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

    fn applies(&self, entry: &Entry, tuple: &[Option<usize>]) -> bool {
        entry.pattern.iter().zip(tuple).all(|(reference, local)| self.type_is_under(*local, *reference))
    }

    fn applying(&self, tuple: &[Option<usize>]) -> Vec<usize> {
        (0..self.entries.len()).filter(|id| self.applies(&self.entries[*id], tuple)).collect()
    }

    /// What is selected or ties.
    pub(crate) fn candidates(&self, tuple: &[Option<usize>]) -> Vec<usize> {
        let applying = self.applying(tuple);
        match &self.rule {
            Rule::Precedence { .. } => self.nearest(&applying, tuple).into_iter().collect(),
            _ => self.candidates_among(&applying),
        }
    }

    /// The rule as it is defined; of rule 255 what its owner says of the vector.
    pub(crate) fn by_definition(&self, tuple: &[Option<usize>]) -> Outcome {
        self.decide(&self.candidates(tuple))
    }

    /// Optimization 1 and 2; none under rule 255, whose entries do not tell the outcome.
    pub(crate) fn by_scan(&self, tuple: &[Option<usize>]) -> Option<Outcome> {
        let mut applying = self.applying(tuple).into_iter();
        let first = applying.next();
        match (&self.rule, first) {
            (Rule::Custom { .. }, _) => None,
            (_, None) => Some(Outcome::NoMethod),
            (Rule::Symmetric, Some(first)) => {
                let first_entry = &self.entries[first];
                let wins = applying.all(|later| self.at_least_as_specific(first_entry, &self.entries[later]));
                Some(if wins { Outcome::Method(first) } else { Outcome::Ambiguous })
            }
            (Rule::Precedence { .. }, Some(first)) => {
                let better = |best: usize, id: usize| if self.is_nearer(id, best, tuple) { id } else { best };
                Some(Outcome::Method(applying.fold(first, better)))
            }
            (Rule::Levels { .. }, Some(first)) => {
                let level = self.entries[first].specificity;
                let same = applying.take_while(|id| self.entries[*id].specificity == level);
                Some(self.decide(&std::iter::once(first).chain(same).collect::<Vec<usize>>()))
            }
        }
    }

    /// The answer as the table's optimization finds it, or else by a scan.
    pub(crate) fn answer(&self, tuple: &[Option<usize>]) -> Result<Outcome, Refused> {
        let Some(finder) = &self.finder else {
            return self.by_scan(tuple).ok_or(Refused::CustomIsNotScanned);
        };
        let number = match &finder.index {
            Index::Dag(words) => walk(words, finder, tuple)?,
            Index::Matrix(matrix) => matrix.outcome(finder.tuple(tuple)?)?,
            Index::Hash(hash) => hash.outcome(finder.tuple(tuple)?),
        };
        match number {
            0 => Ok(Outcome::NoMethod),
            1 => Ok(Outcome::Ambiguous),
            entry if (entry as usize - 2) < self.entries.len() => Ok(Outcome::Method(entry as usize - 2)),
            _ => Err(Refused::Content("an outcome names an entry that is not there")),
        }
    }
}

impl Finder {
    fn class(&self, position: usize, local: Option<usize>) -> Result<u16, Refused> {
        let classes = &self.classes[position];
        let class = local.map_or(0, |local| classes.of[local]);
        // Class 0 of any other type is not looked up.
        let is_listed = local.is_none() || class < classes.count;
        if is_listed {
            Ok(class)
        } else {
            Err(Refused::Content("a class is not smaller than the class count"))
        }
    }

    /// The number of the tuple of classes of local types.
    fn tuple(&self, tuple: &[Option<usize>]) -> Result<u64, Refused> {
        let classes = tuple.iter().enumerate().map(|(position, local)| self.class(position, *local));
        let classes: Vec<u16> = classes.collect::<Result<_, _>>()?;
        Ok(tuple_number(&self.classes, &classes))
    }
}

/// Optimization 3; the outcome as the others number it.
fn walk(words: &[u32], finder: &Finder, tuple: &[Option<usize>]) -> Result<u32, Refused> {
    let word = |index: usize| words.get(index).copied().ok_or(Refused::Content("a word is missing"));
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
        let class = finder.class(position, *local)?;
        if u32::from(class) >= class_count {
            return Err(Refused::Content("a class is not smaller than the class count"));
        }
        (parent, child) = (node, word(node + 1 + usize::from(class))?);
    }
    Ok(child & 0x7FFF_FFFF)
}
