//! The classes of each position, and how a writer numbers them: section `CLAS`.

use super::Refused;
use super::bytes::{put16, put32, slice, u8_at, u16_at, u32_at};
use super::family::Family;
use super::rule::Rule;

/// `width` of a position whose classes are runs.
const RUNS: u16 = 16;

/// The classes of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classes {
    pub(crate) count: u16,
    /// The class of each local type.
    pub(crate) of: Vec<u16>,
}

impl Classes {
    /// Of these classes and class 0, which is always there.
    pub(super) fn new(of: Vec<u16>) -> Self {
        Self { count: of.iter().max().copied().unwrap_or(0) + 1, of }
    }

    /// A type that stands for all of the class; no listed one of class 0 is needed.
    pub(super) fn local(&self, class: u16) -> Option<usize> {
        if class == 0 { None } else { self.of.iter().position(|of| *of == class) }
    }

    /// What opening asks of the section; the class counts.
    pub(super) fn check(section: &[u8], arity: u8) -> Result<Vec<u16>, Refused> {
        let count = |position: u8| {
            let row = slice(section, u64::from(position) * 8, 8).map_err(|_| Refused::SectionLen("CLAS"))?;
            if !matches!(u16_at(row, 6)?, 1 | 2 | RUNS) {
                return Err(Refused::SectionLen("CLAS"));
            }
            u16_at(row, 4)
        };
        (0..arity).map(count).collect()
    }

    pub(super) fn read(section: &[u8], position: u8, types: u32) -> Result<Self, Refused> {
        let row = slice(section, u64::from(position) * 8, 8)?;
        let (offset, width) = (u64::from(u32_at(row, 0)?), u16_at(row, 6)?);
        let of = match width {
            1 => (0..types).map(|local| u8_at(section, offset + u64::from(local)).map(u16::from)).collect(),
            2 => (0..types).map(|local| u16_at(section, offset + u64::from(local) * 2)).collect(),
            _ => Self::read_runs(section, offset, types),
        };
        Ok(Self { count: u16_at(row, 4)?, of: of? })
    }

    fn read_runs(section: &[u8], offset: u64, types: u32) -> Result<Vec<u16>, Refused> {
        let count = u32_at(section, offset)?;
        let begins = slice(section, offset + 4, u64::from(count) * 4)?;
        let classes = slice(section, offset + 4 + u64::from(count) * 4, u64::from(count) * 2)?;
        let begins: Vec<u32> =
            (0..count).map(|run| u32_at(begins, u64::from(run) * 4)).collect::<Result<_, _>>()?;
        if begins.first().is_some_and(|first| *first != 0) || !begins.is_sorted_by(|left, right| left < right)
        {
            return Err(Refused::Content("runs do not ascend from 0"));
        }
        let class = |local: u32| {
            let run = begins.iter().rposition(|begin| *begin <= local);
            run.map_or(Err(Refused::Content("there is no run")), |run| u16_at(classes, run as u64 * 2))
        };
        (0..types).map(class).collect()
    }

    /// The array and its width. A hot table has no runs.
    fn array(&self, is_hot: bool) -> (u16, Vec<u8>) {
        let width: u16 = if self.count <= 256 { 1 } else { 2 };
        let elements = self.of.iter().flat_map(|class| class.to_le_bytes().into_iter().take(width.into()));
        let dense: Vec<u8> = elements.collect();
        let begins: Vec<usize> =
            (0..self.of.len()).filter(|at| *at == 0 || self.of[*at] != self.of[*at - 1]).collect();
        let mut runs = Vec::new();
        put32(&mut runs, begins.len() as u32);
        for begin in &begins {
            put32(&mut runs, *begin as u32);
        }
        for begin in &begins {
            put16(&mut runs, self.of[*begin]);
        }
        let is_worth_it = dense.len() >= 1024 && runs.len() * 8 <= dense.len();
        if is_worth_it && !is_hot { (RUNS, runs) } else { (width, dense) }
    }
}

/// Section `CLAS`.
pub(super) fn section(positions: &[Classes], is_hot: bool) -> Vec<u8> {
    let rows_len = positions.len() * 8;
    let (mut rows, mut arrays) = (Vec::new(), Vec::new());
    let mut offsets: Vec<u32> = Vec::new();
    for (position, classes) in positions.iter().enumerate() {
        let (width, array) = classes.array(is_hot);
        let same = positions[..position].iter().position(|earlier| earlier == classes);
        let offset = same.map_or((rows_len + arrays.len()) as u32, |same| offsets[same]);
        if same.is_none() {
            arrays.extend(array);
        }
        offsets.push(offset);
        put32(&mut rows, offset);
        put16(&mut rows, classes.count);
        put16(&mut rows, width);
    }
    [rows, arrays].concat()
}

impl Family {
    /// The classes of each position, as a decision DAG has them.
    pub(super) fn classes(&self) -> Vec<Classes> {
        (0..usize::from(self.arity)).map(|position| self.classes_at(position)).collect()
    }

    fn classes_at(&self, position: usize) -> Classes {
        let stands = |param: &usize| {
            self.entries.iter().any(|entry| usize::from(entry.pattern[position]) == param + 1)
        };
        let standing: Vec<usize> = (0..self.params.len()).filter(stands).collect();
        // What two types of a class have in common. Class 0 is of the types that are under none of the
        // parameters that stand there.
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        let class = |local: usize| {
            let set: Vec<usize> = match &self.rule {
                Rule::Precedence { lists, .. } => {
                    let list = lists[local].iter().map(|param| usize::from(*param));
                    list.filter(|param| standing.contains(param)).collect()
                }
                _ => standing.iter().copied().filter(|param| self.types[local].above[*param]).collect(),
            };
            let known = sets.iter().position(|known| *known == set);
            let class = known.unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
            class as u16
        };
        Classes::new((0..self.types.len()).map(class).collect())
    }
}
