//! When and how often entries were used: four bytes for each entry, in a file beside its pack.
//!
//! Only order hangs on it, so every value is legal, writers do not coordinate, and a lost file loses
//! nothing else. The upper 22 bits are hours since the Unix epoch (up to the year 2448), the lower
//! 10 a number of hits that stops at its top.

use super::error::StoreError;
use super::history::Access;
use super::layout::Layout;
use super::pack_format::PackId;
use super::pack_reader::Pack;
use crate::fs::{self, Durability};

const HITS_BITS: u32 = 10;
const MAX_HITS: u32 = (1 << HITS_BITS) - 1;
const MAX_HOUR: u32 = u32::MAX >> HITS_BITS;
/// The last second whose hour can be written down. Ages are counted up to here, so that a clock that is
/// centuries ahead makes nothing old that is being used.
pub(super) const LAST_UNIX_S: u64 = MAX_HOUR as u64 * 3600 + 3599;

/// The use of one entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// The start of the last session that used it, in hours since the Unix epoch; 0 for never.
    pub(super) hour: u32,
    /// How often it was hit; stops at 1023.
    pub(super) hits: u32,
}

impl Usage {
    fn from_word(word: u32) -> Self {
        Self { hour: word >> HITS_BITS, hits: word & MAX_HITS }
    }

    fn to_word(self) -> u32 {
        self.hour.min(MAX_HOUR) << HITS_BITS | self.hits.min(MAX_HITS)
    }

    fn used_again(self, hour: u32, hits: u32) -> Self {
        Self { hour: self.hour.max(hour), hits: self.hits.saturating_add(hits).min(MAX_HITS) }
    }
}

/// The use of a pack's entries by ordinal; nothing known where the file is missing or of another
/// length.
pub(super) fn read(layout: &Layout, id: PackId, entry_count: u32) -> Vec<Usage> {
    let expected = u64::from(entry_count) * 4;
    let bytes = fs::read_bounded(&layout.recency_of(id), expected).unwrap_or_default();
    if bytes.len() as u64 != expected {
        return vec![Usage::default(); entry_count as usize];
    }
    bytes.as_chunks::<4>().0.iter().map(|word| Usage::from_word(u32::from_le_bytes(*word))).collect()
}

/// The use of a damaged pack's entries by ordinal: at most `most_entries`, since how many it has is not known.
pub(super) fn read_of_damaged(layout: &Layout, id: PackId, most_entries: u64) -> Vec<Usage> {
    let bytes = fs::read_bounded(&layout.recency_of(id), most_entries.saturating_mul(4)).unwrap_or_default();
    bytes.as_chunks::<4>().0.iter().map(|word| Usage::from_word(u32::from_le_bytes(*word))).collect()
}

/// Writes the use of a new pack's entries, by ordinal; how many bytes that took. Of entries that nobody
/// used nothing is written.
pub(super) fn write(layout: &Layout, id: PackId, usage: &[Usage]) -> Result<u64, StoreError> {
    if usage.iter().all(|usage| *usage == Usage::default()) {
        return Ok(0);
    }
    let words: Vec<u8> = usage.iter().flat_map(|usage| usage.to_word().to_le_bytes()).collect();
    let path = layout.recency_of(id);
    fs::replace(&path, &words, Durability::Rename).map_err(|error| StoreError::io(&path, "write", error))?;
    Ok(words.len() as u64)
}

/// Adds `hits`, which [`Pack::take_hits`] gave. A pack that is gone gets no file.
pub(super) fn flush(
    layout: &Layout,
    pack: &Pack,
    hour: u32,
    hits: &[(u32, Access)],
) -> Result<(), StoreError> {
    let ([(first, _), ..], [.., (last, _)]) = (hits, hits) else { return Ok(()) };
    if !pack.path().exists() {
        return Ok(());
    }
    let path = layout.recency_of(pack.id());
    let file_bytes = u64::from(pack.footer().entry_count.get()) * 4;
    let has_full_size = fs::look_at(&path).is_ok_and(|found| found.len() == file_bytes);
    // Of a file that is whole only what was touched is read and written: a process that asks little of a
    // large pack shall not pay for its size.
    let (start, len) = if has_full_size {
        (u64::from(*first) * 4, (*last - *first) as usize * 4 + 4)
    } else {
        (0, file_bytes as usize)
    };
    let known = has_full_size.then(|| fs::read_range(&path, start, len).ok()).flatten();
    let mut words = known.unwrap_or_else(|| vec![0; len]);
    for (ordinal, access) in hits {
        let at = (*ordinal as usize * 4).saturating_sub(start as usize);
        if let Some(word) = words.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
            let known = Usage::from_word(u32::from_le_bytes(*word));
            *word = known.used_again(hour, u32::from(access.hits)).to_word().to_le_bytes();
        }
    }
    let written = if has_full_size {
        fs::patch(&path, start, &words)
    } else {
        fs::replace(&path, &words, Durability::Rename)
    };
    written.map_err(|error| StoreError::io(&path, "write", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::test_kit::put_bare;
    use crate::store::{EntryKey, Store, StoreOptions};

    #[test]
    fn hours_and_hits_share_a_word_and_both_stop_at_their_top() {
        let usage = Usage { hour: 496_000, hits: 17 };
        assert_eq!(Usage::from_word(usage.to_word()), usage);
        let top = Usage { hour: u32::MAX, hits: u32::MAX };
        assert_eq!(Usage::from_word(top.to_word()), Usage { hour: MAX_HOUR, hits: 1023 });
        assert_eq!(usage.used_again(495_000, 2000), Usage { hour: 496_000, hits: 1023 });
    }

    #[test]
    fn uses_of_one_process_are_added_to_those_of_others_and_touch_no_other_entry() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let open = || Store::open(StoreOptions::new(dir.path())).expect("opened");
        let key = |number: u8| EntryKey::from_bytes([number; 32]);
        let session = open().session().expect("a session");
        for number in 0..3 {
            put_bare(&session, key(number), b"x");
        }
        let id = session.commit().expect("committed").packs[0];
        for asked in [vec![0], vec![2], vec![0, 2, 2]] {
            let store = open();
            for number in asked {
                assert!(store.get(&key(number)).hit().is_some());
            }
        }
        let hits = read(&Layout::new(dir.path()), id, 3).into_iter().map(|usage| usage.hits);
        assert_eq!(hits.collect::<Vec<_>>(), [2, 0, 3]);
    }

    #[test]
    fn a_file_of_another_length_says_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layout = Layout::new(dir.path());
        std::fs::create_dir_all(layout.recency()).expect("made");
        let id = PackId::new(1, 2);
        let word = Usage { hour: 9, hits: 3 }.to_word().to_le_bytes();
        std::fs::write(layout.recency_of(id), word).expect("written");
        assert_eq!(read(&layout, id, 1), [Usage { hour: 9, hits: 3 }]);
        assert_eq!(read(&layout, id, 2), [Usage::default(); 2]);
    }
}
