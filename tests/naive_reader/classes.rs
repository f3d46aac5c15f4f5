//! The classes of each position, as a writer numbers them: section `CLAS`.

use super::bytes::{put16, put32};
use super::family::{Dag, Family};

impl Family {
    /// For each position the class of each local type.
    pub(super) fn classes(&self) -> Vec<Vec<u16>> {
        (0..usize::from(self.arity)).map(|position| self.classes_at(position)).collect()
    }

    fn classes_at(&self, position: usize) -> Vec<u16> {
        let standing: Vec<usize> = self
            .entries
            .iter()
            .filter_map(|entry| usize::from(entry.pattern[position]).checked_sub(1))
            .collect();
        // Class 0 is of the types that are under none of the parameters that stand there.
        let mut sets: Vec<Vec<bool>> = vec![vec![false; standing.len()]];
        let mut class_of = |above: &[bool]| {
            let set: Vec<bool> = standing.iter().map(|param| above[*param]).collect();
            let known = sets.iter().position(|known| *known == set);
            known.unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            })
        };
        self.types.iter().map(|listed| class_of(&listed.above) as u16).collect()
    }
}

/// One more than the largest class: class 0 is always there.
pub(super) fn class_count(classes: &[u16]) -> u16 {
    classes.iter().max().copied().unwrap_or(0) + 1
}

impl Dag {
    pub(super) fn class_section(&self) -> Vec<u8> {
        let rows_len = self.classes.len() * 8;
        let (mut rows, mut arrays) = (Vec::new(), Vec::new());
        let mut offsets: Vec<u32> = Vec::new();
        for (position, classes) in self.classes.iter().enumerate() {
            let width: u16 = if class_count(classes) <= 256 { 1 } else { 2 };
            let same = self.classes[..position].iter().position(|earlier| earlier == classes);
            let offset = same.map_or((rows_len + arrays.len()) as u32, |same| offsets[same]);
            if same.is_none() {
                arrays.extend(
                    classes.iter().flat_map(|class| class.to_le_bytes().into_iter().take(width.into())),
                );
            }
            offsets.push(offset);
            put32(&mut rows, offset);
            put16(&mut rows, class_count(classes));
            put16(&mut rows, width);
        }
        [rows, arrays].concat()
    }
}
