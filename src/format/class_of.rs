//! The class of a type at a position, for the optimizers that go by classes.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use super::core::{DispatchCore, LocalType};
use super::error::AccessError;
use super::layout::{CLAS, ClassRow};

impl<'a> DispatchCore<'a> {
    /// Section `CLAS`; none where no optimizer has any.
    #[inline]
    pub(super) fn class_section(&self) -> Option<&'a [u8]> {
        self.classes.get(self.bytes)
    }

    /// The classes of each position; none where no optimizer has any.
    #[inline]
    pub(super) fn class_rows(&self) -> &'a [ClassRow] {
        self.class_section().and_then(|classes| self.class_rows_in(classes)).unwrap_or_default()
    }

    /// The rows that section `CLAS` begins with.
    #[inline]
    pub(super) fn class_rows_in<'b>(&self, classes: &'b [u8]) -> Option<&'b [ClassRow]> {
        let rows = classes.get(..usize::from(self.arity) * size_of::<ClassRow>())?;
        <[ClassRow]>::ref_from_bytes(rows).ok()
    }

    /// Class of `local` at a position: types of one class are answered alike there.
    #[inline]
    pub(super) fn class_in(&self, row: ClassRow, local: LocalType) -> Result<u32, AccessError> {
        let classes = self.class_section().unwrap_or_default();
        self.readable_class(classes, row, local).ok_or_else(|| self.unreadable_class(row, local))
    }

    /// [`DispatchCore::class_in`], none where that is an error.
    #[inline]
    pub(super) fn readable_class(&self, classes: &[u8], row: ClassRow, local: LocalType) -> Option<u32> {
        if local.0 >= self.type_count {
            return (local == LocalType::OTHER).then_some(0);
        }
        element(classes, row, local).filter(|class| *class < u32::from(row.class_count.get()))
    }

    /// Why there is no class.
    #[cold]
    #[inline(never)]
    fn unreadable_class(&self, row: ClassRow, local: LocalType) -> AccessError {
        if local.0 >= self.type_count {
            return self.type_outside(local);
        }
        let (index, bound) = match element(self.class_section().unwrap_or_default(), row, local) {
            Some(class) => (u64::from(class), u64::from(row.class_count.get())),
            None => (u64::from(row.offset.get()), u64::from(self.classes.len)),
        };
        AccessError::OutOfBounds { tag: CLAS, index, bound }
    }
}

/// What the array of a position holds for a listed type.
#[inline]
fn element(classes: &[u8], row: ClassRow, local: LocalType) -> Option<u32> {
    let (offset, index) = (row.offset.get() as usize, local.0 as usize);
    match row.width.get() {
        1 => classes.get(offset.saturating_add(index)).map(|class| u32::from(*class)),
        2 => {
            let element = classes.get(offset.saturating_add(index.saturating_mul(2))..)?;
            element.first_chunk().map(|bytes| u32::from(u16::from_le_bytes(*bytes)))
        }
        _ => class_in_runs(classes.get(offset..)?, local.0),
    }
}

/// The class of a type in runs: a count, the first type of each run ascending from 0, the classes.
fn class_in_runs(runs: &[u8], local: u32) -> Option<u32> {
    let (count, rest) = U32::ref_from_prefix(runs).ok()?;
    let count = count.get() as usize;
    if count > rest.len() / 6 {
        return None;
    }
    let (starts, rest) = <[U32]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let (classes, _) = <[U16]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let run = starts.partition_point(|start| start.get() <= local).checked_sub(1)?;
    classes.get(run).map(|class| u32::from(class.get()))
}
