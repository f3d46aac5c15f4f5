//! An array of numbers that grows while threads read it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Elements of the first chunk; each further chunk has twice as many as the one before.
const FIRST_LEN: u64 = 64;

/// So many chunks reach every 32-bit index: 64 · (2²⁷ − 1) is more than 2³².
const CHUNKS: usize = 27;

/// Marks an element that has no value yet. A type's number, global or local, is an index of rows of
/// at least 4 bytes in a file below 4 GiB, or [`u32::MAX`] for *other*, so it is never this.
const UNSET: u32 = u32::MAX - 1;

/// Elements are set one by one and never move, so a reader needs no lock: each is a number that means
/// the same to whoever sees it.
#[derive(Debug)]
pub(super) struct Growing {
    chunks: [OnceLock<Box<[AtomicU32]>>; CHUNKS],
}

impl Growing {
    pub(super) const fn new() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS] }
    }

    /// The value at `index`; none where none was set.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<u32> {
        let (chunk, at) = place_of(index);
        let value = self.chunks.get(chunk)?.get()?.get(at)?.load(Ordering::Relaxed);
        (value != UNSET).then_some(value)
    }

    /// Sets the value at `index`. Reserves the chunk of `index` if it is the first there: at most as
    /// many elements as the larger of `index` and 64, so let indexes grow one by one.
    pub(super) fn set(&self, index: u32, value: u32) {
        let (chunk, at) = place_of(index);
        let Some(slot) = self.chunks.get(chunk) else { return };
        let elements = slot.get_or_init(|| (0..FIRST_LEN << chunk).map(|_| AtomicU32::new(UNSET)).collect());
        if let Some(element) = elements.get(at) {
            element.store(value, Ordering::Relaxed);
        }
    }
}

/// The chunk of an index, and the place in it.
#[inline]
const fn place_of(index: u32) -> (usize, usize) {
    let shifted = index as u64 + FIRST_LEN;
    let chunk = shifted.ilog2() - FIRST_LEN.ilog2();
    (chunk as usize, (shifted - (FIRST_LEN << chunk)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own_inside_its_chunk() {
        let mut expected = (0, 0);
        for index in 0..100_000 {
            assert_eq!(place_of(index), expected);
            expected.1 += 1;
            if expected.1 == 64 << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        let (chunk, at) = place_of(u32::MAX);
        assert!(chunk < CHUNKS && (at as u64) < FIRST_LEN << chunk);
    }

    #[test]
    fn what_was_set_stays_and_what_was_not_is_none() {
        let array = Growing::new();
        assert_eq!(array.get(0), None);
        for index in 0..1000 {
            array.set(index, index * 3);
        }
        assert!((0..1000).all(|index| array.get(index) == Some(index * 3)));
        assert_eq!((array.get(1000), array.get(u32::MAX)), (None, None));
        array.set(1000, u32::MAX);
        assert_eq!(array.get(1000), Some(u32::MAX));
    }
}
