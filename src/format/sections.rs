//! What optimizers leave, as bytes: sections `CLAS`, `DDAG`, `MTRX` and `PHSH`.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, IntoBytes};

use super::builder::{EncodeError, PositionClasses, Strategy};
use super::cells::{hash_bucket, hash_slot};
use super::layout::{
    CELL_FIRST_ENTRY, CLASS_RUNS, ClassRow, EMPTY_SLOT, HashHead, MATRIX_TAIL_BYTES, MatrixHead, SlotRow,
};

/// Dense arrays of fewer bytes than this are never stored as runs: a load beats a search.
const MIN_DENSE_BYTES: usize = 1024;
/// How much smaller runs must be to be worth the search.
const RUNS_FACTOR: usize = 8;

/// Rows, then arrays; positions with equal classes share one array. A table that is `hot` has no runs.
pub(crate) fn put_classes(section: &mut Vec<u8>, positions: &[PositionClasses], is_hot: bool) {
    let start = section.len();
    section.resize(start + size_of::<ClassRow>() * positions.len(), 0);
    let mut stored: Vec<(&PositionClasses, ClassRow)> = Vec::with_capacity(positions.len());
    for (index, position) in positions.iter().enumerate() {
        let row = stored.iter().find(|(other, _)| *other == position).map(|(_, row)| *row);
        let row = row.unwrap_or_else(|| {
            let offset = U32::new((section.len() - start) as u32);
            let form = ClassForm::of(position, is_hot);
            form.put(section, &position.class_of);
            let row = ClassRow {
                offset,
                class_count: U16::new(position.class_count),
                width: U16::new(form.width()),
            };
            stored.push((position, row));
            row
        });
        let at = start + index * size_of::<ClassRow>();
        section[at..at + size_of::<ClassRow>()].copy_from_slice(row.as_bytes());
    }
}

/// Length of what [`put_classes`] puts, without making it.
pub(crate) fn classes_len(positions: &[PositionClasses], is_hot: bool) -> usize {
    let is_first = |(index, position): &(usize, &PositionClasses)| !positions[..*index].contains(position);
    let distinct = positions.iter().enumerate().filter(is_first);
    let arrays: usize =
        distinct.map(|(_, position)| ClassForm::of(position, is_hot).len(position.class_of.len())).sum();
    size_of::<ClassRow>() * positions.len() + arrays
}

/// How the array of a position is stored.
#[derive(Clone, Copy)]
enum ClassForm {
    Bytes,
    Words,
    Runs(usize),
}

impl ClassForm {
    fn of(position: &PositionClasses, is_hot: bool) -> Self {
        let classes = &position.class_of;
        let dense = if position.class_count <= 256 { Self::Bytes } else { Self::Words };
        let dense_bytes = dense.len(classes.len());
        if is_hot || dense_bytes < MIN_DENSE_BYTES {
            return dense;
        }
        let changes = classes.iter().zip(&classes[1..]).filter(|(before, class)| before != class);
        let runs = Self::Runs(changes.count() + 1);
        if runs.len(classes.len()) * RUNS_FACTOR <= dense_bytes { runs } else { dense }
    }

    const fn width(self) -> u16 {
        match self {
            Self::Bytes => 1,
            Self::Words => 2,
            Self::Runs(_) => CLASS_RUNS,
        }
    }

    const fn len(self, types: usize) -> usize {
        match self {
            Self::Bytes => types,
            Self::Words => 2 * types,
            Self::Runs(runs) => 4 + 6 * runs,
        }
    }

    fn put(self, section: &mut Vec<u8>, classes: &[u16]) {
        match self {
            Self::Bytes => section.extend(classes.iter().map(|class| *class as u8)),
            Self::Words => section.extend(classes.iter().flat_map(|class| class.to_le_bytes())),
            Self::Runs(runs) => {
                let begins =
                    |at: &usize| at.checked_sub(1).is_none_or(|before| classes[before] != classes[*at]);
                let starts: Vec<usize> = (0..classes.len()).filter(begins).collect();
                debug_assert_eq!(starts.len(), runs);
                section.extend_from_slice(&(runs as u32).to_le_bytes());
                section.extend(starts.iter().flat_map(|start| (*start as u32).to_le_bytes()));
                section.extend(starts.iter().flat_map(|start| classes[*start].to_le_bytes()));
            }
        }
    }
}

/// Puts the section beside the classes. `old` may be such a section of an older table, which spares a
/// hash the search for displacements where it holds the same tuples; the bytes are the same without it.
pub(crate) fn put_answers(
    section: &mut Vec<u8>,
    strategy: &Strategy,
    old: Option<&[u8]>,
) -> Result<(), EncodeError> {
    match strategy {
        Strategy::Single | Strategy::Linear => {}
        Strategy::DecisionDag { nodes, .. } => put_words(section, nodes),
        Strategy::Matrix { classes, cells } => {
            if tuple_count(classes) != Some(cells.len() as u64) {
                return Err(EncodeError::Inconsistent("the matrix has not a cell for each tuple of classes"));
            }
            put_matrix(section, cells);
        }
        Strategy::Hash { classes, tuples } => {
            let count = tuple_count(classes).filter(|count| u32::try_from(*count).is_ok());
            let fits = count.is_some_and(|count| tuples.iter().all(|(tuple, _)| u64::from(*tuple) < count));
            if !fits || !tuples.windows(2).all(|pair| pair.first() < pair.last()) {
                return Err(EncodeError::Inconsistent("the hash has a tuple out of order or of no classes"));
            }
            let displaced_before = old.and_then(|old| hash_displaced_as(old, tuples));
            let made = displaced_before
                .or_else(|| hash_section(tuples))
                .ok_or(EncodeError::Inconsistent("the hash has no perfect displacements"))?;
            section.extend_from_slice(&made);
        }
    }
    Ok(())
}

/// About how long the section is that [`put_answers`] puts, for the memory to reserve.
pub(super) fn answers_len(strategy: &Strategy, entries: usize) -> usize {
    match strategy {
        Strategy::Single | Strategy::Linear => 0,
        Strategy::DecisionDag { nodes, .. } => 4 * nodes.len(),
        Strategy::Matrix { cells, .. } => {
            // A block of cells is written whole and then cut.
            let bits = cell_bits([CELL_FIRST_ENTRY.saturating_add(entries as u32)]) as usize;
            size_of::<MatrixHead>() + (bits * cells.len()).div_ceil(8) + size_of::<u128>()
        }
        Strategy::Hash { tuples, .. } => {
            let (buckets, slots) = hash_counts(tuples.len());
            size_of::<HashHead>() + (2 * buckets).next_multiple_of(4) + slots * size_of::<SlotRow>()
        }
    }
}

/// Appends each number's four bytes.
pub(super) fn put_words(section: &mut Vec<u8>, words: &[u32]) {
    let start = section.len();
    section.resize(start + 4 * words.len(), 0);
    for (bytes, word) in section[start..].chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

fn tuple_count(classes: &[PositionClasses]) -> Option<u64> {
    classes.iter().try_fold(1_u64, |count, row| count.checked_mul(u64::from(row.class_count)))
}

/// Bits that the largest of these cells needs, at least 1.
pub(crate) fn cell_bits(cells: impl IntoIterator<Item = u32>) -> u32 {
    cells.into_iter().max().map_or(1, |largest| (u32::BITS - largest.leading_zeros()).max(1))
}

/// Cells that are packed at once: so many end at a whole byte, whatever their bits.
const CELLS_AT_ONCE: usize = 8;

fn put_matrix(section: &mut Vec<u8>, cells: &[u32]) {
    let cell_bits = cell_bits(cells.iter().copied());
    section.extend_from_slice(MatrixHead { cell_bits: U32::new(cell_bits) }.as_bytes());
    let mut rest = cells;
    // Four of them fit into 64 bits, eight into 128.
    if cell_bits <= 16 {
        let (blocks, behind) = cells.as_chunks::<CELLS_AT_ONCE>();
        let four = |[a, b, c, d]: [u32; 4]| {
            let [a, b, c, d] = [a, b, c, d].map(u64::from);
            a | b << cell_bits | (c | d << cell_bits) << (2 * cell_bits)
        };
        // Each block is written whole, and the next one over what of it is no cell.
        let block_bytes = cell_bits as usize;
        let start = section.len();
        section.resize(start + block_bytes * blocks.len() + size_of::<u128>(), 0);
        let mut room = &mut section[start..];
        for [a, b, c, d, e, f, g, h] in blocks {
            let packed =
                u128::from(four([*a, *b, *c, *d])) | u128::from(four([*e, *f, *g, *h])) << (4 * cell_bits);
            if let Some(to) = room.first_chunk_mut() {
                *to = packed.to_le_bytes();
            }
            room = &mut room[block_bytes..];
        }
        section.truncate(start + block_bytes * blocks.len());
        rest = behind;
    }
    let (mut pending, mut pending_bits) = (0_u64, 0_u32);
    for cell in rest {
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

    /// Width and bytes of the array of one position.
    fn class_array(class_of: Vec<u16>, is_hot: bool) -> (u16, Vec<u8>) {
        let positions = [PositionClasses { class_count: 3, class_of }];
        let mut section = vec![0xff];
        put_classes(&mut section, &positions, is_hot);
        assert_eq!(section.len(), 1 + classes_len(&positions, is_hot));
        (u16::from_le_bytes([section[7], section[8]]), section[9..].to_vec())
    }

    #[test]
    fn long_runs_of_equal_classes_are_stored_as_runs_and_short_arrays_never() {
        assert_eq!(class_array(vec![1; 1023], false).0, 1);
        let (width, runs) = class_array([vec![1; 1000], vec![2; 24]].concat(), false);
        assert_eq!(width, CLASS_RUNS);
        assert_eq!(runs, [2, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 1, 0, 2, 0]);
        let changing: Vec<u16> = (0..2000).map(|at| at % 3).collect();
        assert_eq!(class_array(changing, false).0, 1);
    }

    #[test]
    fn the_arrays_of_a_hot_table_stay_dense() {
        assert_eq!(class_array(vec![1; 5000], true), (1, vec![1; 5000]));
    }

    #[test]
    fn positions_with_equal_classes_share_one_array() {
        let [a, b] = [1, 2].map(|class| PositionClasses { class_count: 3, class_of: vec![class; 9] });
        let positions = [a.clone(), b.clone(), b, a];
        let mut section = Vec::new();
        put_classes(&mut section, &positions, false);
        assert_eq!(section.len(), classes_len(&positions, false));
        assert_eq!(section.len(), 4 * 8 + 2 * 9);
        let offsets = [0, 8, 16, 24].map(|at| section[at]);
        assert_eq!(offsets, [32, 41, 41, 32]);
    }

    #[test]
    fn cells_have_as_many_bits_as_the_largest_needs() {
        assert_eq!([cell_bits([]), cell_bits([0]), cell_bits([1]), cell_bits([2, 5])], [1, 1, 1, 3]);
        assert_eq!(cell_bits([u32::MAX]), 32);
        let mut section = Vec::new();
        put_matrix(&mut section, &[0, 1, 2, 3, 4]);
        assert_eq!(section[..6], [3, 0, 0, 0, 0b1000_1000, 0b0100_0110]);
        assert_eq!(section.len(), 4 + 2 + MATRIX_TAIL_BYTES);
    }

    #[test]
    fn a_cell_has_its_bits_at_its_place_however_many_cells_and_bits_there_are() {
        for bits in 1..=32_u32 {
            for count in [0_usize, 1, 7, 8, 9, 16, 43] {
                let largest = u32::MAX >> (32 - bits);
                let cell = |at: usize| (at as u32).wrapping_mul(0x9e37_79b9) & largest;
                // The last one needs all bits.
                let cells: Vec<u32> = (1..count).map(cell).chain((count > 0).then_some(largest)).collect();
                let mut section = Vec::new();
                put_matrix(&mut section, &cells);
                let bits = if count == 0 { 1 } else { bits as usize };
                assert_eq!(section.len(), 4 + (bits * count).div_ceil(8) + MATRIX_TAIL_BYTES);
                let bit = |at: usize| u32::from(section[4 + at / 8] >> (at % 8) & 1);
                let read =
                    |at: usize| (0..bits).fold(0, |cell, place| cell | bit(at * bits + place) << place);
                assert_eq!((0..count).map(read).collect::<Vec<_>>(), cells, "{bits} bits");
            }
        }
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
