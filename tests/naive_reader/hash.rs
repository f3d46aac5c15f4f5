//! Optimization 5: tuples with a method stand in the slots of a perfect hash.

use super::Refused;
use super::bytes::{put16, put32, slice, u16_at, u32_at};
use super::matrix::tuple_count;

/// Section `PHSH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hash {
    pub(crate) displacements: Vec<u16>,
    /// Tuple and outcome.
    pub(crate) slots: Vec<(u32, u32)>,
}

const EMPTY: (u32, u32) = (u32::MAX, 0);

fn spread(tuple: u64) -> u64 {
    (tuple + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn bucket(tuple: u64, buckets: usize) -> usize {
    (((spread(tuple) >> 32) * buckets as u64) >> 32) as usize
}

fn slot(tuple: u64, displacement: u16, slots: usize) -> usize {
    let spread = spread(tuple);
    let mixed = (spread ^ (spread >> 29))
        .wrapping_mul((2 * u64::from(displacement)).wrapping_add(0x8525_61c1_a7b3_4e4d));
    ((((mixed ^ (mixed >> 32)) & 0xffff_ffff) * slots as u64) >> 32) as usize
}

impl Hash {
    pub(super) fn has_right_len(section: &[u8], class_counts: &[u16]) -> bool {
        let (Ok(buckets @ 1..), Ok(slots @ 1..)) = (u32_at(section, 0), u32_at(section, 4)) else {
            return false;
        };
        let displacements = u64::from(buckets).next_multiple_of(2) * 2;
        section.len() as u64 == 8 + displacements + u64::from(slots) * 8
            && tuple_count(class_counts).is_some_and(|tuples| u32::try_from(tuples).is_ok())
    }

    pub(super) fn read(section: &[u8]) -> Result<Self, Refused> {
        let (buckets, slots) = (u64::from(u32_at(section, 0)?), u64::from(u32_at(section, 4)?));
        let slots_at = 8 + buckets.next_multiple_of(2) * 2;
        let slot = |slot: u64| {
            let row = slice(section, slots_at + slot * 8, 8)?;
            Ok((u32_at(row, 0)?, u32_at(row, 4)?))
        };
        Ok(Self {
            displacements: (0..buckets).map(|at| u16_at(section, 8 + at * 2)).collect::<Result<_, _>>()?,
            slots: (0..slots).map(slot).collect::<Result<_, _>>()?,
        })
    }

    /// The outcome of a tuple.
    pub(super) fn outcome(&self, tuple: u64) -> u32 {
        let displacement = self.displacements[bucket(tuple, self.displacements.len())];
        match self.slots[slot(tuple, displacement, self.slots.len())] {
            (found, outcome) if u64::from(found) == tuple => outcome,
            _ => 0,
        }
    }

    pub(super) fn of(outcomes: &[u32]) -> Self {
        let found = || (0_u64..).zip(outcomes).filter(|(_, outcome)| **outcome != 0);
        let tuples = found().count();
        let mut buckets: Vec<(usize, Vec<u64>)> =
            (0..=tuples.div_ceil(4)).map(|at| (at, Vec::new())).collect();
        let mut slots = vec![EMPTY; tuples + tuples / 4 + 1];
        let bucket_count = buckets.len();
        for (tuple, _) in found() {
            buckets[bucket(tuple, bucket_count)].1.push(tuple);
        }
        // A stable sort: of equal ones the smaller number stays first.
        buckets.sort_by_key(|(_, tuples)| usize::MAX - tuples.len());
        let mut displacements = vec![0; bucket_count];
        for (at, tuples) in &buckets {
            let fits = |displacement: &u16| {
                let mut places: Vec<usize> =
                    tuples.iter().map(|tuple| slot(*tuple, *displacement, slots.len())).collect();
                places.sort_unstable();
                places.windows(2).all(|pair| pair[0] != pair[1])
                    && places.iter().all(|at| slots[*at] == EMPTY)
            };
            let displacement = (0..=u16::MAX).find(fits).expect("a test's family is small");
            displacements[*at] = displacement;
            let slot_count = slots.len();
            for tuple in tuples {
                slots[slot(*tuple, displacement, slot_count)] = (*tuple as u32, outcomes[*tuple as usize]);
            }
        }
        Self { displacements, slots }
    }

    pub(super) fn section(&self) -> Vec<u8> {
        let mut section = Vec::new();
        put32(&mut section, self.displacements.len() as u32);
        put32(&mut section, self.slots.len() as u32);
        self.displacements.iter().for_each(|displacement| put16(&mut section, *displacement));
        section.resize(section.len().next_multiple_of(4), 0);
        for (tuple, outcome) in &self.slots {
            put32(&mut section, *tuple);
            put32(&mut section, *outcome);
        }
        section
    }
}
