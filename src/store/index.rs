//! From a key to the entry's place: an open-addressed table, probed where it lies in the file.
//!
//! A slot holds 32 bits of the key and where the entry begins. It proves nothing: the entry repeats
//! the whole key under its own checksum, so a damaged slot can only miss.

use zerocopy::{FromBytes, IntoBytes};

use super::entry::EntryKey;
use super::pack_format::{ENTRY_ALIGN, IndexSlot};

const SLOT_BYTES: usize = size_of::<IndexSlot>();

/// Slots for `entries` keys: a load of at most 0.6, and always an empty one to end a probe.
pub(super) const fn slot_count(entries: u64) -> u64 {
    entries * 5 / 3 + 1
}

/// A finished table.
pub(super) struct Built {
    pub(super) bytes: Vec<u8>,
    /// The most slots that lie between a key's home and its place.
    pub(super) max_probe: u32,
}

/// Places distinct keys with the offsets of their entries.
pub(super) fn build<'a>(entries: impl ExactSizeIterator<Item = (&'a EntryKey, u64)>) -> Built {
    let count = slot_count(entries.len() as u64) as usize;
    let mut slots = vec![IndexSlot::default(); count];
    let mut max_probe = 0;
    for (key, at_bytes) in entries {
        let home = home_of(key, count as u64);
        let placed = IndexSlot {
            fingerprint: fingerprint_of(key).into(),
            entry_at: ((at_bytes / ENTRY_ALIGN) as u32).into(),
        };
        for distance in 0..count as u64 {
            let number = wrap(home + distance, count as u64) as usize;
            if let Some(slot) = slots.get_mut(number).filter(|slot| slot.entry_at.get() == 0) {
                *slot = placed;
                max_probe = max_probe.max(distance as u32);
                break;
            }
        }
    }
    Built { bytes: slots.as_bytes().to_vec(), max_probe }
}

/// The slots that may name `key`: each slot's number and the offset it names. Ends at an empty slot
/// and after `max_probe` steps, so that a damaged table cannot make a probe long.
#[inline]
pub(super) fn probe<'a>(
    table: &'a [u8],
    key: &EntryKey,
    max_probe: u32,
) -> impl Iterator<Item = (u32, u64)> + use<'a> {
    let count = (table.len() / SLOT_BYTES) as u64;
    let (home, wanted) = (home_of(key, count), fingerprint_of(key));
    (0..=u64::from(max_probe).min(count.saturating_sub(1)))
        .map_while(move |distance| {
            let number = wrap(home + distance, count);
            let bytes = table.get(number as usize * SLOT_BYTES..)?;
            let (slot, _) = IndexSlot::read_from_prefix(bytes).ok()?;
            (slot.entry_at.get() != 0).then_some((number as u32, slot))
        })
        .filter(move |(_, slot)| slot.fingerprint.get() == wanted)
        .map(|(number, slot)| (number, u64::from(slot.entry_at.get()) * ENTRY_ALIGN))
}

/// Every place that the table names, in the table's order.
pub(super) fn places(table: &[u8]) -> impl Iterator<Item = (u32, u64)> {
    table.chunks_exact(SLOT_BYTES).enumerate().filter_map(|(number, bytes)| {
        let slot = IndexSlot::read_from_bytes(bytes).ok()?;
        (slot.entry_at.get() != 0).then(|| (number as u32, u64::from(slot.entry_at.get()) * ENTRY_ALIGN))
    })
}

/// The place that one slot names.
pub(super) fn place_at(table: &[u8], slot: u32) -> Option<u64> {
    let (slot, _) = IndexSlot::read_from_prefix(table.get(slot as usize * SLOT_BYTES..)?).ok()?;
    (slot.entry_at.get() != 0).then(|| u64::from(slot.entry_at.get()) * ENTRY_ALIGN)
}

fn home_of(key: &EntryKey, count: u64) -> u64 {
    ((u128::from(key.word::<0>()) * u128::from(count)) >> 64) as u64
}

fn fingerprint_of(key: &EntryKey) -> u32 {
    key.word::<1>() as u32
}

/// `at` is less than twice `count`.
fn wrap(at: u64, count: u64) -> u64 {
    if at >= count { at - count } else { at }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(table: &Built, key: &EntryKey) -> Vec<u64> {
        probe(&table.bytes, key, table.max_probe).map(|(_, at)| at).collect()
    }

    #[test]
    fn keys_that_share_home_and_fingerprint_are_all_found() {
        let keys: Vec<_> = (0..40)
            .map(|n| {
                let mut bytes = [0xff; 32];
                bytes[31] = n;
                EntryKey::from_bytes(bytes)
            })
            .collect();
        let table = build(keys.iter().enumerate().map(|(n, key)| (key, 64 + 8 * n as u64)));
        assert_eq!(table.max_probe, 39);
        for (n, key) in keys.iter().enumerate() {
            assert!(find(&table, key).contains(&(64 + 8 * n as u64)));
        }
    }

    #[test]
    fn a_table_without_an_empty_slot_still_ends_a_probe() {
        let full = [0xff; 80];
        assert_eq!(probe(&full, &EntryKey::from_bytes([7; 32]), u32::MAX).count(), 0);
        assert_eq!(probe(&full, &EntryKey::from_bytes([0xff; 32]), u32::MAX).count(), 10);
        assert_eq!(probe(&[], &EntryKey::from_bytes([7; 32]), 9).count(), 0);
    }

    proptest! {
        #[test]
        fn every_placed_key_is_found_at_its_place(keys in prop::collection::hash_set(any::<[u8; 32]>(), 0..200)) {
            let keys: Vec<_> = keys.into_iter().map(EntryKey::from_bytes).collect();
            let table = build(keys.iter().enumerate().map(|(n, key)| (key, 64 + 8 * n as u64)));
            for (n, key) in keys.iter().enumerate() {
                prop_assert!(find(&table, key).contains(&(64 + 8 * n as u64)));
            }
            prop_assert_eq!(places(&table.bytes).count(), keys.len());
            prop_assert!(table.bytes.len() / SLOT_BYTES > keys.len());
        }
    }
}
