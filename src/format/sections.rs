//! What optimizers leave, as bytes: sections `CLAS`, `DDAG`, `MTRX` and `PHSH`.

use std::collections::HashMap;

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, IntoBytes};

use super::builder::{EncodeError, PositionClasses, Strategy};
use super::cells::{hash_bucket, hash_slot};
use super::layout::{CLASS_RUNS, ClassRow, EMPTY_SLOT, HashHead, MATRIX_TAIL_BYTES, MatrixHead, SlotRow};

/// Dense arrays of fewer bytes than this are never stored as runs: a load beats a search.
const MIN_DENSE_BYTES: usize = 1024;
/// How much smaller runs must be to be worth the search.
const RUNS_FACTOR: usize = 8;

/// Rows, then arrays; positions with equal classes share one array.
pub(crate) fn class_section(positions: &[PositionClasses]) -> Vec<u8> {
    let mut rows = Vec::with_capacity(positions.len());
    let mut arrays: Vec<u8> = Vec::new();
    let mut stored: HashMap<&PositionClasses, ClassRow> = HashMap::new();
    let base = size_of::<ClassRow>() * positions.len();
    for position in positions {
        let row = stored.entry(position).or_insert_with(|| {
            let (width, array) = class_array(position);
            let row = ClassRow {
                offset: U32::new((base + arrays.len()) as u32),
                class_count: U16::new(position.class_count),
                width: U16::new(width),
            };
            arrays.extend_from_slice(&array);
            row
        });
        rows.push(*row);
    }
    let mut section = rows.as_bytes().to_vec();
    section.extend_from_slice(&arrays);
    section
}

/// The width and the bytes of one position's array.
fn class_array(position: &PositionClasses) -> (u16, Vec<u8>) {
    let classes = &position.class_of;
    let width = if position.class_count <= 256 { 1 } else { 2 };
    let dense_bytes = usize::from(width) * classes.len();
    let starts: Vec<u32> = (0..classes.len())
        .filter(|at| at.checked_sub(1).is_none_or(|before| classes[before] != classes[*at]))
        .map(|at| at as u32)
        .collect();
    if dense_bytes >= MIN_DENSE_BYTES && (4 + 6 * starts.len()) * RUNS_FACTOR <= dense_bytes {
        let mut runs = (starts.len() as u32).to_le_bytes().to_vec();
        runs.extend(starts.iter().flat_map(|start| start.to_le_bytes()));
        runs.extend(starts.iter().flat_map(|start| classes[*start as usize].to_le_bytes()));
        return (CLASS_RUNS, runs);
    }
    let dense = match width {
        1 => classes.iter().map(|class| *class as u8).collect(),
        _ => classes.iter().flat_map(|class| class.to_le_bytes()).collect(),
    };
    (width, dense)
}

/// The section beside the classes. `old` may be such a section of an older table, which spares a hash
/// the search for displacements where it holds the same tuples; the bytes are the same without it.
pub(crate) fn answer_section(strategy: &Strategy, old: Option<&[u8]>) -> Result<Vec<u8>, EncodeError> {
    match strategy {
        Strategy::Single | Strategy::Linear => Ok(Vec::new()),
        Strategy::DecisionDag { nodes, .. } => Ok(nodes.iter().flat_map(|word| word.to_le_bytes()).collect()),
        Strategy::Matrix { classes, cells } => {
            if tuple_count(classes) != Some(cells.len() as u64) {
                return Err(EncodeError::Inconsistent("the matrix has not a cell for each tuple of classes"));
            }
            Ok(matrix_section(cells))
        }
        Strategy::Hash { classes, tuples } => {
            let count = tuple_count(classes).filter(|count| u32::try_from(*count).is_ok());
            let fits = count.is_some_and(|count| tuples.iter().all(|(tuple, _)| u64::from(*tuple) < count));
            if !fits || !tuples.windows(2).all(|pair| pair.first() < pair.last()) {
                return Err(EncodeError::Inconsistent("the hash has a tuple out of order or of no classes"));
            }
            let displaced_before = old.and_then(|old| hash_displaced_as(old, tuples));
            displaced_before
                .or_else(|| hash_section(tuples))
                .ok_or(EncodeError::Inconsistent("the hash has no perfect displacements"))
        }
    }
}

fn tuple_count(classes: &[PositionClasses]) -> Option<u64> {
    classes.iter().try_fold(1_u64, |count, row| count.checked_mul(u64::from(row.class_count)))
}

/// Bits that the largest of these cells needs, at least 1.
pub(crate) fn cell_bits(cells: impl IntoIterator<Item = u32>) -> u32 {
    cells.into_iter().max().map_or(1, |largest| (u32::BITS - largest.leading_zeros()).max(1))
}

fn matrix_section(cells: &[u32]) -> Vec<u8> {
    let cell_bits = cell_bits(cells.iter().copied());
    let mut section = MatrixHead { cell_bits: U32::new(cell_bits) }.as_bytes().to_vec();
    let (mut pending, mut pending_bits) = (0_u64, 0_u32);
    for cell in cells {
        pending |= u64::from(*cell) << pending_bits;
        pending_bits += cell_bits;
        while pending_bits >= 8 {
            section.push(pending as u8);
            pending >>= 8;
            pending_bits -= 8;
        }
    }
    if pending_bits > 0 {
        section.push(pending as u8);
    }
    section.resize(section.len() + MATRIX_TAIL_BYTES, 0);
    section
}

/// Tuples in a bucket, on average.
const BUCKET_TUPLES: usize = 4;

/// Number of buckets and slots for so many tuples.
pub(crate) const fn hash_counts(tuples: usize) -> (usize, usize) {
    (tuples.div_ceil(BUCKET_TUPLES) + 1, tuples + tuples / 4 + 1)
}

/// Compress, hash and displace (Belazzougui, Botelho and Dietzfelbinger, ESA 2009): buckets with the
/// most tuples first, each gets the smallest displacement that puts its tuples into free slots. None
/// where a bucket has no such displacement.
fn hash_section(tuples: &[(u32, u32)]) -> Option<Vec<u8>> {
    let (bucket_count, slot_count) = hash_counts(tuples.len());
    let mut buckets: Vec<Vec<(u32, u32)>> = vec![Vec::new(); bucket_count];
    for tuple in tuples {
        buckets[hash_bucket(tuple.0, bucket_count as u32) as usize].push(*tuple);
    }
    let mut largest_first: Vec<usize> = (0..bucket_count).collect();
    largest_first.sort_by_key(|bucket| std::cmp::Reverse(buckets[*bucket].len()));
    let empty = SlotRow { tuple: U32::new(EMPTY_SLOT), outcome: U32::ZERO };
    let mut slots = vec![empty; slot_count];
    let mut displacements = vec![0_u16; bucket_count];
    let mut places: Vec<usize> = Vec::new();
    for bucket in largest_first {
        let members = &buckets[bucket];
        let displacement = (0..=u16::MAX).find(|displacement| {
            places.clear();
            members.iter().all(|(tuple, _)| {
                let place = hash_slot(*tuple, *displacement, slot_count as u32) as usize;
                let free = slots[place].tuple.get() == EMPTY_SLOT && !places.contains(&place);
                places.push(place);
                free
            })
        })?;
        displacements[bucket] = displacement;
        for ((tuple, outcome), place) in members.iter().zip(&places) {
            slots[*place] = SlotRow { tuple: U32::new(*tuple), outcome: U32::new(*outcome) };
        }
    }
    let head =
        HashHead { bucket_count: U32::new(bucket_count as u32), slot_count: U32::new(slot_count as u32) };
    let mut section = head.as_bytes().to_vec();
    section.extend(displacements.iter().flat_map(|displacement| displacement.to_le_bytes()));
    section.resize(section.len().next_multiple_of(4), 0);
    section.extend_from_slice(slots.as_bytes());
    Some(section)
}

/// The section that [`hash_section`] makes, from an older one that it made of the same tuples: places
/// depend on the tuples alone, so outcomes are all that can differ. None where the tuples differ.
fn hash_displaced_as(old: &[u8], tuples: &[(u32, u32)]) -> Option<Vec<u8>> {
    let (bucket_count, slot_count) = hash_counts(tuples.len());
    let (head, rest) = HashHead::ref_from_prefix(old).ok()?;
    let counts = (head.bucket_count.get() as usize, head.slot_count.get() as usize);
    // No two numbers of tuples need as many slots, so the old section has no other tuple beside these.
    if counts != (bucket_count, slot_count) {
        return None;
    }
    let (displacements, _) = <[U16]>::ref_from_prefix_with_elems(rest, bucket_count).ok()?;
    let slots_at = size_of::<HashHead>() + (2 * bucket_count).next_multiple_of(4);
    let mut section = old.to_vec();
    let slots = <[SlotRow]>::mut_from_bytes(section.get_mut(slots_at..)?).ok()?;
    for (tuple, outcome) in tuples {
        let bucket = hash_bucket(*tuple, bucket_count as u32) as usize;
        let place = hash_slot(*tuple, displacements.get(bucket)?.get(), slot_count as u32) as usize;
        let slot = slots.get_mut(place).filter(|slot| slot.tuple.get() == *tuple)?;
        slot.outcome = U32::new(*outcome);
    }
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_equal_classes_are_stored_as_runs_and_short_arrays_never() {
        let position = |class_of: Vec<u16>| PositionClasses { class_count: 3, class_of };
        assert_eq!(class_array(&position(vec![1; 1023])).0, 1);
        let (width, runs) = class_array(&position([vec![1; 1000], vec![2; 24]].concat()));
        assert_eq!(width, CLASS_RUNS);
        assert_eq!(runs, [2, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 1, 0, 2, 0]);
        let changing: Vec<u16> = (0..2000).map(|at| at % 3).collect();
        assert_eq!(class_array(&position(changing)).0, 1);
    }

    #[test]
    fn cells_have_as_many_bits_as_the_largest_needs() {
        assert_eq!([cell_bits([]), cell_bits([0]), cell_bits([1]), cell_bits([2, 5])], [1, 1, 1, 3]);
        assert_eq!(cell_bits([u32::MAX]), 32);
        let section = matrix_section(&[0, 1, 2, 3, 4]);
        assert_eq!(section[..6], [3, 0, 0, 0, 0b1000_1000, 0b0100_0110]);
        assert_eq!(section.len(), 4 + 2 + MATRIX_TAIL_BYTES);
    }

    #[test]
    fn every_tuple_has_a_slot_of_its_own_however_many_there_are() {
        for count in [0_u32, 1, 2, 7, 100, 5000] {
            let tuples: Vec<(u32, u32)> = (0..count).map(|at| (at * 13, at + 2)).collect();
            let section = hash_section(&tuples).expect("displacements are found");
            let (buckets, slots) = hash_counts(tuples.len());
            assert_eq!(section.len(), 8 + (2 * buckets).next_multiple_of(4) + 8 * slots);
        }
    }

    #[test]
    fn an_older_hash_of_the_same_tuples_lends_its_displacements_and_another_none() {
        let tuples: Vec<(u32, u32)> = (0..500).map(|at| (at * 13, at % 7 + 2)).collect();
        let others: Vec<(u32, u32)> = tuples.iter().map(|(tuple, outcome)| (*tuple, outcome + 1)).collect();
        let moved: Vec<(u32, u32)> = tuples.iter().map(|(tuple, outcome)| (tuple + 1, *outcome)).collect();
        let section = hash_section(&tuples).expect("displacements are found");
        assert_eq!(hash_displaced_as(&section, &others), hash_section(&others));
        assert_eq!(hash_displaced_as(&section, &moved), None);
        assert_eq!(hash_displaced_as(&section, &tuples[1..]), None);
        for cut in 0..section.len() {
            assert_eq!(hash_displaced_as(&section[..cut], &tuples), None, "cut at {cut}");
        }
    }
}
