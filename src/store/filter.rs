//! Which keys a pack surely does not hold: a Bloom filter of 256-bit blocks.
//!
//! A miss has to ask every pack. The filter is a ninth of the index (12 bits an entry against 8
//! bytes at a load of 0.6), so it stays in the processor's cache for longer, and each question
//! touches one half line of it. About one absent key in two hundred passes, and then costs one index
//! probe. Fingerprints of 8 bits would need a second table of the index's shape for the same rate.
//! A damaged filter can only miss.

use super::entry::EntryKey;

pub(super) const BLOCK_BYTES: usize = 32;
const BITS_PER_ENTRY: u64 = 12;
const BLOCK_BITS: u64 = BLOCK_BYTES as u64 * 8;

/// How many blocks hold `entries` keys; one at least.
pub(super) fn block_count(entries: u64) -> u64 {
    (entries * BITS_PER_ENTRY).div_ceil(BLOCK_BITS).max(1)
}

/// The filter of some keys.
pub(super) fn build<'a>(keys: impl ExactSizeIterator<Item = &'a EntryKey>) -> Vec<u8> {
    let blocks = block_count(keys.len() as u64);
    let mut filter = vec![0; blocks as usize * BLOCK_BYTES];
    for key in keys {
        let at = block_of(key, blocks);
        for (word, bit) in bits_of(key) {
            if let Some(byte) = filter.get_mut(at + word * 4 + bit / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
    }
    filter
}

/// False when the filter was built without `key`. A filter without blocks holds nothing.
#[inline]
pub(super) fn may_hold(filter: &[u8], key: &EntryKey) -> bool {
    let at = block_of(key, (filter.len() / BLOCK_BYTES) as u64);
    let Some(block) = filter.get(at..).and_then(|rest| rest.first_chunk::<BLOCK_BYTES>()) else {
        return false;
    };
    // All words at once: where to stop early is what a processor cannot foresee.
    let (words, _) = block.as_chunks::<4>();
    let chosen = key.word::<3>();
    let missing = words.iter().zip(0u32..).fold(0, |missing, (word, number)| {
        missing | !u32::from_le_bytes(*word) & (1 << (chosen >> (5 * number) & 31))
    });
    missing == 0
}

fn block_of(key: &EntryKey, blocks: u64) -> usize {
    ((u128::from(key.word::<2>()) * u128::from(blocks)) >> 64) as usize * BLOCK_BYTES
}

/// One bit of each of the block's eight 32-bit words: five bits of the key choose it.
fn bits_of(key: &EntryKey) -> impl Iterator<Item = (usize, usize)> {
    let chosen = key.word::<3>();
    (0..8).map(move |word| (word, (chosen >> (5 * word) & 31) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::ContentDigest;

    fn key(number: u32) -> EntryKey {
        EntryKey::from_bytes(*ContentDigest::of(&number.to_le_bytes()).as_bytes())
    }

    #[test]
    fn every_key_that_was_put_in_passes_and_few_others_do() {
        let keys: Vec<_> = (0..5000).map(key).collect();
        let filter = build(keys.iter());
        assert!(keys.iter().all(|key| may_hold(&filter, key)));
        let passed = (5000..25_000).map(key).filter(|key| may_hold(&filter, key)).count();
        assert!(passed < 20_000 / 100, "{passed} of 20000 strangers passed");
    }

    #[test]
    fn an_empty_or_cut_filter_holds_nothing() {
        for cut in [0, 1, 31] {
            assert!(!may_hold(&vec![0xff; cut], &key(1)));
        }
    }
}
