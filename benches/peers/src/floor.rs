//! The floor: one mapped file of contents and an open-addressed index of whole keys, probed in place.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::load::Key;
use crate::peer::{Reader, Writer};

const MAGIC: u64 = 0x5244_4f4f_4c46;
const HEADER_BYTES: usize = 24;
/// Key, offset, length, CRC-32.
const SLOT_BYTES: usize = 48;
const FIRST: &str = "0.table";

/// Tables in a directory, each of them a commit.
pub(crate) struct Tables {
    dir: PathBuf,
    next: usize,
}

impl Tables {
    pub(crate) fn in_dir(dir: &Path) -> Self {
        std::fs::create_dir_all(dir).expect("made");
        Self { dir: dir.to_owned(), next: 0 }
    }
}

impl Writer for Tables {
    fn commit(&mut self, entries: &[(Key, &[u8])], sync: bool) {
        let (tmp, target) = (self.dir.join("new.tmp"), self.dir.join(format!("{}.table", self.next)));
        write(&tmp, &target, &build(entries.iter().copied(), entries.len()), sync);
        self.next += 1;
    }
}

/// The bytes of a table.
pub(crate) fn build<'a>(entries: impl Iterator<Item = (Key, &'a [u8])>, count: usize) -> Vec<u8> {
    let slots = count * 5 / 3 + 1;
    let mut bytes = vec![0; HEADER_BYTES];
    let mut index = vec![0; slots * SLOT_BYTES];
    for (key, content) in entries {
        let mut number = home(&key, slots);
        while index[number * SLOT_BYTES + 32..][..8] != [0; 8] {
            number = if number + 1 == slots { 0 } else { number + 1 };
        }
        let slot = &mut index[number * SLOT_BYTES..][..SLOT_BYTES];
        slot[..32].copy_from_slice(&key);
        slot[32..40].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        slot[40..44].copy_from_slice(&(content.len() as u32).to_le_bytes());
        slot[44..].copy_from_slice(&crc32fast::hash(content).to_le_bytes());
        bytes.extend_from_slice(content);
    }
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    let index_at = bytes.len() as u64;
    bytes[..8].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[8..16].copy_from_slice(&(slots as u64).to_le_bytes());
    bytes[16..24].copy_from_slice(&index_at.to_le_bytes());
    bytes.extend_from_slice(&index);
    bytes
}

/// Creates, writes and renames; with the syncs that a power loss asks for.
pub(crate) fn write(tmp: &Path, target: &Path, bytes: &[u8], sync: bool) {
    let mut file = File::create(tmp).expect("created");
    file.write_all(bytes).expect("written");
    if sync {
        file.sync_data().expect("synced");
    }
    drop(file);
    std::fs::rename(tmp, target).expect("renamed");
    if sync {
        let dir = target.parent().expect("in a directory");
        File::open(dir).and_then(|dir| dir.sync_all()).expect("synced");
    }
}

/// An open table.
pub(crate) struct Table {
    map: Mmap,
    slots: usize,
    index_at: usize,
    checked: bool,
}

impl Table {
    pub(crate) fn open(dir: &Path, checked: bool) -> Self {
        let file = File::open(dir.join(FIRST)).expect("there");
        #[expect(unsafe_code, reason = "the bench alone writes the file, and never in place")]
        let map = unsafe { Mmap::map(&file) }.expect("mapped");
        assert_eq!(word(&map, 0), Some(MAGIC));
        let slots = word(&map, 8).expect("a header") as usize;
        let index_at = word(&map, 16).expect("a header") as usize;
        assert_eq!(map.len(), index_at + slots * SLOT_BYTES);
        Self { map, slots, index_at, checked }
    }

    /// Every entry, in the order of the file's index.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Key, &[u8])> {
        (0..self.slots).filter_map(|number| {
            let slot = self.slot(number)?;
            let (_, content) = self.content(slot)?;
            Some((*slot.first_chunk::<32>()?, content))
        })
    }

    fn slot(&self, number: usize) -> Option<&[u8; SLOT_BYTES]> {
        self.map.get(self.index_at + number * SLOT_BYTES..)?.first_chunk()
    }

    /// None for an empty slot.
    fn content(&self, slot: &[u8; SLOT_BYTES]) -> Option<(u32, &[u8])> {
        let at = word(slot, 32)? as usize;
        let len_and_crc = word(slot, 40)?;
        let content = self.map.get(at..at + (len_and_crc as u32) as usize)?;
        (at != 0).then_some(((len_and_crc >> 32) as u32, content))
    }
}

impl Reader for Table {
    #[inline]
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let mut number = home(key, self.slots);
        loop {
            let slot = self.slot(number)?;
            if slot.first_chunk::<32>() == Some(key) {
                let (crc, content) = self.content(slot)?;
                return (!self.checked || crc32fast::hash(content) == crc).then(|| read(content));
            }
            if word(slot, 32)? == 0 {
                return None;
            }
            number = if number + 1 == self.slots { 0 } else { number + 1 };
        }
    }
}

fn home(key: &Key, slots: usize) -> usize {
    ((u128::from(word(key, 0).unwrap_or_default()) * slots as u128) >> 64) as usize
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}
