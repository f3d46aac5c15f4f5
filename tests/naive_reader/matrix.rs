//! Optimization 4: classes are merged and outcomes stand in a matrix of cells.

use super::Refused;
use super::bytes::{put32, slice, u8_at, u32_at};
use super::classes::Classes;
use super::family::{Family, Index};

/// Bytes of 0 behind the last cell.
const TAIL: usize = 7;

/// Section `MTRX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matrix {
    pub(crate) cell_bits: u32,
    /// With the bytes behind the last.
    pub(crate) cells: Vec<u8>,
}

/// How many tuples there are of classes; none where that is beyond 64 bits.
pub(super) fn tuple_count(class_counts: &[u16]) -> Option<u64> {
    class_counts.iter().try_fold(1_u64, |all, count| all.checked_mul(u64::from(*count)))
}

/// The number of a tuple of classes: the last position counts fastest.
pub(super) fn tuple_number(positions: &[Classes], tuple: &[u16]) -> u64 {
    positions
        .iter()
        .zip(tuple)
        .fold(0, |number, (classes, class)| number * u64::from(classes.count) + u64::from(*class))
}

/// The classes of tuple `number`.
fn tuple_of(positions: &[Classes], mut number: u64) -> Vec<u16> {
    let mut tuple: Vec<u16> = Vec::new();
    for classes in positions.iter().rev() {
        tuple.push((number % u64::from(classes.count)) as u16);
        number /= u64::from(classes.count);
    }
    tuple.reverse();
    tuple
}

impl Matrix {
    pub(super) fn has_right_len(section: &[u8], class_counts: &[u16]) -> bool {
        let Ok(cell_bits @ 1..=32) = u32_at(section, 0) else { return false };
        let bits = tuple_count(class_counts).and_then(|cells| cells.checked_mul(u64::from(cell_bits)));
        bits.is_some_and(|bits| section.len() as u64 == 4 + bits.div_ceil(8) + TAIL as u64)
    }

    pub(super) fn read(section: &[u8]) -> Result<Self, Refused> {
        let cells = slice(section, 4, section.len() as u64 - 4)?.to_vec();
        Ok(Self { cell_bits: u32_at(section, 0)?, cells })
    }

    /// The outcome of a tuple, bit by bit.
    pub(super) fn outcome(&self, tuple: u64) -> Result<u32, Refused> {
        let bit = |at: u64| Ok(u32::from(u8_at(&self.cells, at / 8)? >> (at % 8) & 1));
        let first = tuple * u64::from(self.cell_bits);
        (0..self.cell_bits).try_fold(0, |outcome, at| Ok(outcome | bit(first + u64::from(at))? << at))
    }

    pub(super) fn of(outcomes: &[u32]) -> Self {
        let largest = outcomes.iter().max().copied().unwrap_or(0);
        let cell_bits = (1..32).find(|bits| largest >> bits == 0).unwrap_or(32);
        let mut cells = vec![0; (outcomes.len() * cell_bits as usize).div_ceil(8) + TAIL];
        for (tuple, outcome) in outcomes.iter().enumerate() {
            for bit in 0..cell_bits as usize {
                let at = tuple * cell_bits as usize + bit;
                cells[at / 8] |= ((outcome >> bit & 1) as u8) << (at % 8);
            }
        }
        Self { cell_bits, cells }
    }

    pub(super) fn section(&self) -> Vec<u8> {
        let mut section = Vec::new();
        put32(&mut section, self.cell_bits);
        section.extend(&self.cells);
        section
    }
}

impl Family {
    /// The merged classes of optimizations 4 and 5, and the outcome of each tuple of them.
    pub(super) fn merged(&self) -> (Vec<Classes>, Vec<u32>) {
        let dag = self.nodes();
        let counts: Vec<u16> = dag.classes.iter().map(|classes| classes.count).collect();
        let all = tuple_count(&counts).expect("a test's family is small");
        let Index::Dag(words) = &dag.index else { unreachable!("nodes make a DAG") };
        let leaf = |tuple: &[u16]| {
            let mut word = words[0];
            while word >> 31 == 0 {
                let position = (words[word as usize] & 0xFF) as usize;
                word = words[word as usize + 1 + usize::from(tuple[position])];
            }
            word & 0x7FFF_FFFF
        };
        let tuples: Vec<Vec<u16>> = (0..all).map(|number| tuple_of(&dag.classes, number)).collect();
        // For each position the class that each class becomes, and the first that became it.
        let becomes: Vec<(Vec<u16>, Vec<u16>)> = (0..dag.classes.len())
            .map(|position| {
                let mut kinds: Vec<Vec<u32>> = Vec::new();
                let (mut becomes, mut firsts) = (Vec::new(), Vec::new());
                for class in 0..counts[position] {
                    let of_class = tuples.iter().filter(|tuple| tuple[position] == class);
                    let kind: Vec<u32> = of_class.map(|tuple| leaf(tuple)).collect();
                    let known = kinds.iter().position(|known| *known == kind);
                    becomes.push(known.unwrap_or(kinds.len()) as u16);
                    if known.is_none() {
                        kinds.push(kind);
                        firsts.push(class);
                    }
                }
                (becomes, firsts)
            })
            .collect();
        let merge = |(classes, (becomes, _)): (&Classes, &(Vec<u16>, Vec<u16>))| {
            Classes::new(classes.of.iter().map(|class| becomes[usize::from(*class)]).collect())
        };
        let merged: Vec<Classes> = dag.classes.iter().zip(&becomes).map(merge).collect();
        let counts: Vec<u16> = merged.iter().map(|classes| classes.count).collect();
        let outcome = |number| {
            let firsts = tuple_of(&merged, number).into_iter().zip(&becomes);
            leaf(&firsts.map(|(class, (_, firsts))| firsts[usize::from(class)]).collect::<Vec<u16>>())
        };
        let outcomes = (0..tuple_count(&counts).expect("fewer than before")).map(outcome).collect();
        (merged, outcomes)
    }
}
