//! Answers of the optimizers that number tuples of classes: the compressed matrix and the perfect
//! hash.
//!
//! A tuple's number is mixed radix, the last position counting fastest; the radix of a position is
//! its number of classes.

use zerocopy::FromBytes;
use zerocopy::little_endian::U16;

use super::core::{DispatchCore, EntryId, LocalType, Outcome};
use super::error::AccessError;
use super::layout::{
    CELL_AMBIGUOUS, CELL_FIRST_ENTRY, CELL_NO_METHOD, ClassRow, HashHead, MATRIX_TAIL_BYTES, MTRX,
    MatrixHead, PHSH, SlotRow,
};

/// Cells of equal width, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct MatrixView<'a> {
    pub(super) cell_bits: u32,
    cells: &'a [u8],
}

impl<'a> MatrixView<'a> {
    /// Checks that the section has a cell for each tuple of classes.
    pub(super) fn parse(section: &'a [u8], classes: &[ClassRow]) -> Result<Self, &'static str> {
        let (head, cells) =
            MatrixHead::ref_from_prefix(section).map_err(|_| "it is shorter than its head")?;
        let cell_bits = head.cell_bits.get();
        if !(1..=32).contains(&cell_bits) {
            return Err("its cells have not 1 to 32 bits");
        }
        let tuples = tuple_count(classes).ok_or("its tuples of classes cannot be counted")?;
        let bytes = tuples.checked_mul(u64::from(cell_bits)).map(|bits| bits.div_ceil(8));
        let expected = bytes.and_then(|bytes| bytes.checked_add(MATRIX_TAIL_BYTES as u64));
        if expected != Some(cells.len() as u64) {
            return Err("its length is not a cell for each tuple of classes");
        }
        Ok(Self { cell_bits, cells })
    }

    /// A section that [`MatrixView::parse`] has found right before.
    #[inline]
    pub(super) fn read(section: &'a [u8], cell_bits: u32) -> Option<Self> {
        Some(Self { cell_bits, cells: section.get(size_of::<MatrixHead>()..)? })
    }

    #[inline]
    fn cell(&self, tuple: u64) -> Option<u32> {
        let bit = tuple.wrapping_mul(u64::from(self.cell_bits));
        let word = self.cells.get((bit / 8) as usize..).and_then(<[u8]>::first_chunk::<8>)?;
        let mask = (1_u64 << self.cell_bits) - 1;
        Some(((u64::from_le_bytes(*word) >> (bit % 8)) & mask) as u32)
    }
}

/// Where tuples' outcomes stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cells<'a> {
    Matrix(MatrixView<'a>),
    Hash(HashView<'a>),
}

/// Displacements and slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct HashView<'a> {
    displacements: &'a [U16],
    slots: &'a [SlotRow],
}

impl<'a> HashView<'a> {
    /// Checks that the section has the length that its head says.
    pub(super) fn parse(section: &'a [u8], classes: &[ClassRow]) -> Result<Self, &'static str> {
        const LENGTH: &str = "its length is not what its head says";
        tuple_count(classes)
            .filter(|count| u32::try_from(*count).is_ok())
            .ok_or("its tuples of classes do not fit into 32 bits")?;
        let (head, rest) = HashHead::ref_from_prefix(section).map_err(|_| "it is shorter than its head")?;
        let (buckets, slots) = (head.bucket_count.get() as usize, head.slot_count.get() as usize);
        if buckets == 0 || slots == 0 {
            return Err("it has no bucket or no slot");
        }
        if buckets > rest.len() / 2 {
            return Err(LENGTH);
        }
        Self::read(section).ok_or(LENGTH)
    }

    /// A section that [`HashView::parse`] has found right before.
    #[inline]
    pub(super) fn read(section: &'a [u8]) -> Option<Self> {
        let (head, rest) = HashHead::ref_from_prefix(section).ok()?;
        let (buckets, slots) = (head.bucket_count.get() as usize, head.slot_count.get() as usize);
        let (displacements, rest) = <[U16]>::ref_from_prefix_with_elems(rest, buckets).ok()?;
        let slots = <[SlotRow]>::ref_from_bytes_with_elems(rest.get(2 * (buckets % 2)..)?, slots).ok()?;
        Some(Self { displacements, slots })
    }

    #[inline]
    fn outcome(&self, tuple: u32) -> Option<u32> {
        let bucket = hash_bucket(tuple, self.displacements.len() as u32);
        let displacement = self.displacements.get(bucket as usize)?.get();
        let slot = hash_slot(tuple, displacement, self.slots.len() as u32);
        let row = self.slots.get(slot as usize)?;
        Some(if row.tuple.get() == tuple { row.outcome.get() } else { CELL_NO_METHOD })
    }
}

/// Spreads a tuple's number over 64 bits.
const fn spread(tuple: u32) -> u64 {
    (tuple as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// In which bucket a tuple's displacement stands.
#[inline]
pub(super) const fn hash_bucket(tuple: u32, buckets: u32) -> u32 {
    (((spread(tuple) >> 32) * buckets as u64) >> 32) as u32
}

/// In which slot a tuple stands, given the displacement of its bucket.
#[inline]
pub(super) const fn hash_slot(tuple: u32, displacement: u16, slots: u32) -> u32 {
    let spread = spread(tuple);
    let mixed = (spread ^ (spread >> 29)).wrapping_mul(2 * (displacement as u64) + 0x8525_61c1_a7b3_4e4d);
    ((((mixed ^ (mixed >> 32)) & 0xffff_ffff) * slots as u64) >> 32) as u32
}

/// How many tuples of classes there are; none beyond 64 bits.
pub(super) fn tuple_count(classes: &[ClassRow]) -> Option<u64> {
    classes.iter().try_fold(1_u64, |count, row| count.checked_mul(u64::from(row.class_count.get())))
}

impl DispatchCore<'_> {
    #[inline]
    pub(super) fn look_into_matrix(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        match self.cell_of_bytes(args).and_then(|cell| self.cell_outcome(cell)) {
            Some(outcome) => Ok(outcome),
            None => self.look_into_cells(args),
        }
    }

    /// The cell of a matrix where each position's classes are an array of bytes, as those of most
    /// tables are: so little that it stands in the caller.
    #[inline]
    fn cell_of_bytes(&self, args: &[LocalType]) -> Option<u32> {
        let classes = self.class_section()?;
        let mut tuple = 0_u64;
        for (row, local) in self.class_rows_in(classes)?.iter().zip(args) {
            let is_listed = local.0 < self.type_count;
            if row.width.get() != 1 || !(is_listed || *local == LocalType::OTHER) {
                return None;
            }
            let at = (row.offset.get() as usize).saturating_add(local.0 as usize);
            let class = if is_listed { u16::from(*classes.get(at)?) } else { 0 };
            if class >= row.class_count.get() && is_listed {
                return None;
            }
            tuple = tuple.wrapping_mul(u64::from(row.class_count.get())).wrapping_add(u64::from(class));
        }
        self.matrix()?.cell(tuple)
    }

    /// The outcome of any tuple of classes, or the error.
    #[inline(never)]
    pub(super) fn look_into_cells(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        let mut tuple = 0_u64;
        for (row, local) in self.class_rows().iter().zip(args) {
            let class = u64::from(self.class_in(*row, *local)?);
            tuple = tuple.wrapping_mul(u64::from(row.class_count.get())).wrapping_add(class);
        }
        self.outcome_of(tuple)
    }

    #[inline]
    fn cell_outcome(&self, cell: u32) -> Option<Outcome> {
        match cell {
            CELL_NO_METHOD => Some(Outcome::NoMethod),
            CELL_AMBIGUOUS => Some(Outcome::Ambiguous),
            entry => {
                let entry = entry - CELL_FIRST_ENTRY;
                (entry < self.entry_count).then_some(Outcome::Method(EntryId(entry)))
            }
        }
    }

    /// Why the tuple of this number has no outcome.
    #[cold]
    #[inline(never)]
    fn bad_outcome(&self, tuple: u64) -> AccessError {
        let (tag, cell, bound) = match self.cells() {
            Some(Cells::Matrix(matrix)) => (MTRX, matrix.cell(tuple), matrix.cells.len()),
            Some(Cells::Hash(hash)) => (PHSH, hash.outcome(tuple as u32), hash.slots.len()),
            None => (MTRX, None, 0),
        };
        let (index, bound) = match cell {
            Some(entry) => (u64::from(entry.saturating_sub(CELL_FIRST_ENTRY)), u64::from(self.entry_count)),
            None => (tuple, bound as u64),
        };
        AccessError::OutOfBounds { tag, index, bound }
    }

    /// How many tuples an optimizer numbers. None where none does, or where the numbers do not fit.
    pub(crate) fn numbered_tuples(&self) -> Option<u32> {
        let count = tuple_count(self.class_rows()).and_then(|count| u32::try_from(count).ok());
        count.filter(|_| self.cells().is_some())
    }

    /// What a type at a position adds to the number of its tuple, where an optimizer numbers tuples:
    /// its class times the radixes of the positions behind. None where none does, or where the numbers
    /// do not fit.
    pub(crate) fn tuple_share(&self, position: usize, local: LocalType) -> Result<Option<u32>, AccessError> {
        let Some((row, behind)) = self.class_rows().get(position..).and_then(<[ClassRow]>::split_first)
        else {
            return Ok(None);
        };
        let class = u64::from(self.class_in(*row, local)?);
        let fits = tuple_count(self.class_rows()).is_some_and(|count| u32::try_from(count).is_ok());
        let share = tuple_count(behind).and_then(|radix| u32::try_from(class.checked_mul(radix)?).ok());
        Ok(share.filter(|_| fits && self.cells().is_some()))
    }

    /// The outcome of the tuple of this number: the sum of its types' shares.
    #[inline]
    pub(crate) fn outcome_of_tuple(&self, tuple: u32) -> Result<Outcome, AccessError> {
        self.outcome_of(u64::from(tuple))
    }

    #[inline]
    fn outcome_of(&self, tuple: u64) -> Result<Outcome, AccessError> {
        let cell = match self.cells() {
            Some(Cells::Matrix(matrix)) => matrix.cell(tuple),
            // `parse` has seen that every tuple's number fits.
            Some(Cells::Hash(hash)) => hash.outcome(tuple as u32),
            None => None,
        };
        match cell.and_then(|cell| self.cell_outcome(cell)) {
            Some(outcome) => Ok(outcome),
            None => Err(self.bad_outcome(tuple)),
        }
    }
}
