//! Reads a pack where it lies: its sections, its entries, and what is known of them.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use zerocopy::{FromBytes, FromZeros};

use super::entry::{EntryKey, MAX_CONTENT_BYTES};
use super::error::StoreError;
use super::history::Access;
use super::lookup::{Damage, MissReason};
use super::pack_check::{check_entry_header, check_footer, check_header};
use super::pack_codec::PackCodec;
use super::pack_format::{
    ENTRY_HEADER_BYTES, EntryHeader, FOOTER_BYTES, HEADER_BYTES, NO_TRACE, PACK_SYNCED, PackFooter,
    PackHeader, PackId, SECOND_VERSION, Sections,
};
use super::{filter, index, pack_codec, pack_dictionary, text};
use crate::codec::Dictionary;
use crate::digest::{ContentDigest, crc32};
use crate::fs::{FileAccess, FileBytes};

// What this process knows about an index slot's entry, in one word: a mark for each is one touch of
// memory on a hit. Slots rather than ordinals, because an ordinal is read from the file and could
// lend an unchecked entry the mark of a checked one.
pub(super) const CHECKED: u32 = 1 << 31;
pub(super) const REMOVED: u32 = 1 << 30;
pub(super) const DAMAGE_SHIFT: u32 = 16;
pub(super) const DAMAGE_MASK: u32 = 0xf << DAMAGE_SHIFT;
pub(super) const HITS_MASK: u32 = 0x3ff;

/// Why a pack was not opened.
#[derive(Clone, Copy, Debug)]
pub(super) enum OpenFailure {
    /// It is gone: evicted or cleared by somebody.
    Vanished,
    /// It is there and of no use.
    Useless(MissReason),
}

/// An open pack.
pub(super) struct Pack {
    pub(super) id: PackId,
    path: PathBuf,
    pub(super) access: FileAccess,
    pub(super) bytes: FileBytes,
    header: PackHeader,
    pub(super) footer: PackFooter,
    pub(super) sections: Sections,
    // Used only where the file is not mapped: small sections are then read once and held.
    held_index: OnceLock<Vec<u8>>,
    held_filter: OnceLock<Vec<u8>>,
    held_strings: OnceLock<Vec<u8>>,
    // None in it: damage, or a pack without one.
    dictionary: OnceLock<Option<Dictionary>>,
    marks: OnceLock<Box<[AtomicU32]>>,
    // Which regions of the marks count hits: whoever writes them down reads no other.
    hit_regions: OnceLock<Box<[AtomicBool]>>,
}

/// Marks of one region, as a power of two: a page of memory.
const REGION_SHIFT: u32 = 10;

impl Pack {
    /// Checks header, footer and the sizes of the sections. Cost: nothing that grows with the pack.
    pub(super) fn open(path: &Path, id: PackId, access: FileAccess) -> Result<Self, OpenFailure> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => OpenFailure::Vanished,
            kind => OpenFailure::Useless(MissReason::Unreadable { pack: id, kind }),
        };
        let damaged = |what| OpenFailure::Useless(MissReason::Damaged { pack: id, what });
        let bytes = FileBytes::open(path, access).map_err(unreadable)?;
        if bytes.len_bytes() < HEADER_BYTES + FOOTER_BYTES {
            return Err(damaged(Damage::TooShort));
        }
        let header = bytes.get(0, HEADER_BYTES).map_err(unreadable)?;
        let header = check_header(&header, id).map_err(OpenFailure::Useless)?;
        let footer_at = bytes.len_bytes() - FOOTER_BYTES;
        let footer = bytes.get(footer_at, FOOTER_BYTES).map_err(unreadable)?;
        let (footer, sections) = check_footer(&footer, id, bytes.len_bytes()).map_err(damaged)?;
        if footer.version != header.version {
            return Err(damaged(Damage::Structure));
        }
        Ok(Self {
            id,
            path: path.to_owned(),
            access,
            bytes,
            header,
            footer,
            sections,
            held_index: OnceLock::new(),
            held_filter: OnceLock::new(),
            held_strings: OnceLock::new(),
            dictionary: OnceLock::new(),
            marks: OnceLock::new(),
            hit_regions: OnceLock::new(),
        })
    }

    pub(super) fn id(&self) -> PackId {
        self.id
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn footer(&self) -> &PackFooter {
        &self.footer
    }

    /// All of the file.
    pub(super) fn whole(&self) -> io::Result<Cow<'_, [u8]>> {
        self.bytes.get(0, self.bytes.len_bytes())
    }

    pub(super) fn mapped(&self) -> Option<&[u8]> {
        self.bytes.mapped()
    }

    /// True when the pack cannot have lost bytes since it was published: it was synced first, or no
    /// power was lost since.
    pub(super) fn is_settled(&self, boot_id: Option<[u8; 16]>) -> bool {
        self.is_synced() || boot_id.is_some_and(|boot| boot == self.header.boot_id)
    }

    /// True when its data were synced before it got its name.
    pub(super) fn is_synced(&self) -> bool {
        self.header.flags.get() & PACK_SYNCED != 0
    }

    /// The slot, place and header of a key's entry; only the key in the header is checked.
    pub(super) fn find(&self, key: &EntryKey) -> io::Result<Option<(u32, u64, EntryHeader)>> {
        let Sections { filter_at, filter_bytes, index_at, index_bytes, .. } = self.sections;
        if !filter::may_hold(self.section(filter_at, filter_bytes, &self.held_filter)?, key) {
            return Ok(None);
        }
        let table = self.section(index_at, index_bytes, &self.held_index)?;
        for (slot, at) in index::probe(table, key, self.footer.max_probe.get()) {
            if let Some(header) = self.header_at(at)?
                && header.key == *key.as_bytes()
            {
                return Ok(Some((slot, at, header)));
            }
        }
        Ok(None)
    }

    /// Everything about an entry but its content: the header's own checksum, known values, its range,
    /// and the names it refers to.
    pub(super) fn check_entry(&self, at: u64, header: &EntryHeader) -> Result<(), Damage> {
        check_entry_header(header, self.id, at)?;
        if header.is_shared() && self.footer.version.get() < SECOND_VERSION {
            return Err(Damage::Unknown);
        }
        if header.held_range(at).is_none_or(|held| held.end > self.sections.entries_end) {
            return Err(Damage::Structure);
        }
        for name in [header.project, header.producer, header.language] {
            self.strings().and_then(|strings| text::string_at(strings, name.get())).ok_or(Damage::Name)?;
        }
        Ok(())
    }

    /// The pack's dictionary, read, checked and prepared for the first entry that needs it. Damage where
    /// the pack has none: then no entry may ask for it.
    pub(super) fn dictionary(&self) -> Result<&Dictionary, MissReason> {
        let pack = self.id;
        let known = if let Some(known) = self.dictionary.get() {
            known
        } else {
            let Sections { dictionary_at, dictionary_bytes, .. } = self.sections;
            // What the system could not read now it may read the next time.
            let unreadable = |error: io::Error| MissReason::Unreadable { pack, kind: error.kind() };
            let section = self.bytes.get(dictionary_at, dictionary_bytes).map_err(unreadable)?;
            let found = pack_dictionary::dictionary_of(&section);
            self.dictionary.get_or_init(|| found)
        };
        known.as_ref().ok_or(MissReason::Damaged { pack, what: Damage::Dictionary })
    }

    /// The content that `stored` is, which may be an object's.
    pub(super) fn decode(
        &self,
        codec: PackCodec,
        stored: &[u8],
        header: &EntryHeader,
    ) -> Result<Vec<u8>, MissReason> {
        let decoded_bytes = header.decoded_bytes.get();
        let decoded = match codec {
            PackCodec::Alone(codec) => {
                codec.decode(stored, decoded_bytes, MAX_CONTENT_BYTES).map(Cow::into_owned)
            }
            PackCodec::Dictionary => self.dictionary()?.decode(stored, decoded_bytes, MAX_CONTENT_BYTES),
        };
        decoded.map_err(|error| MissReason::Damaged { pack: self.id, what: pack_codec::damage(error) })
    }

    /// The header at an offset, unchecked; `None` where none can stand.
    fn header_at(&self, at: u64) -> io::Result<Option<EntryHeader>> {
        let fits = at >= HEADER_BYTES && at.saturating_add(ENTRY_HEADER_BYTES) <= self.sections.entries_end;
        if !fits {
            return Ok(None);
        }
        let bytes = self.bytes.get(at, ENTRY_HEADER_BYTES)?;
        Ok(EntryHeader::read_from_bytes(&bytes).ok())
    }

    /// Every entry in file order with its place, its own header checked; ends at the first damage.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, EntryHeader)> {
        let mut at = HEADER_BYTES;
        std::iter::from_fn(move || {
            let header = self.header_at(at).ok()??;
            check_entry_header(&header, self.id, at).ok()?;
            let here = at;
            at = header.next_at(at)?;
            Some((here, header))
        })
    }

    /// The digest that a loose entry holds inside the pack, if that is sound.
    pub(super) fn loose_digest(&self, at: u64, header: &EntryHeader) -> Option<ContentDigest> {
        let inline = self.bytes.get(at + ENTRY_HEADER_BYTES, header.inline_bytes()).ok()?;
        let sound = header.is_loose() && crc32(&inline) == header.inline_crc32.get();
        sound.then(|| inline.first_chunk::<32>().map(|digest| ContentDigest::from_bytes(*digest)))?
    }

    /// The header and the inline bytes at a place, if both are what their checksums say. An error means that
    /// they could not be read, which says nothing about them.
    pub(super) fn sound_inline(&self, at: u64) -> io::Result<Option<(EntryHeader, Cow<'_, [u8]>)>> {
        let Some(header) = self.header_at(at)?.filter(|header| self.check_entry(at, header).is_ok()) else {
            return Ok(None);
        };
        let Some(held) = header.held_range(at) else { return Ok(None) };
        let inline = self.bytes.get(held.start, header.held_bytes())?;
        Ok((crc32(&inline) == header.inline_crc32.get()).then_some((header, inline)))
    }

    /// Counts an entry as removed from now on.
    pub(super) fn bury(&self, key: &EntryKey) {
        if let Ok(Some((slot, ..))) = self.find(key)
            && let Some(mark) = self.marks().get(slot as usize)
        {
            mark.fetch_or(REMOVED, Ordering::Relaxed);
        }
    }

    /// True when the entry of this key counts as removed.
    pub(super) fn is_buried(&self, key: &EntryKey) -> bool {
        let Some(marks) = self.marks.get() else { return false };
        let Ok(Some((slot, ..))) = self.find(key) else { return false };
        marks.get(slot as usize).is_some_and(|mark| mark.load(Ordering::Relaxed) & REMOVED != 0)
    }

    /// To be called after an entry's count of hits went from zero to one: whoever takes the hits asks the
    /// region first, so that a hit in between is found then or the next time.
    pub(super) fn note_first_hit(&self, slot: u32) {
        let regions = self.hit_regions.get_or_init(|| {
            let regions = (self.footer.slot_count.get() >> REGION_SHIFT) as usize + 1;
            <[AtomicBool]>::new_box_zeroed_with_elems(regions).unwrap_or_default()
        });
        if let Some(region) = regions.get((slot >> REGION_SHIFT) as usize) {
            region.store(true, Ordering::Relaxed);
        }
    }

    /// How often each entry was hit since the last call: ordinals with counts, sorted. Cost: one look
    /// at each mark of the regions in which an entry was hit.
    pub(super) fn take_hits(&self) -> Vec<(u32, Access)> {
        let (Some(marks), Some(regions)) = (self.marks.get(), self.hit_regions.get()) else {
            return Vec::new();
        };
        let Sections { index_at, index_bytes, .. } = self.sections;
        let Ok(table) = self.section(index_at, index_bytes, &self.held_index) else { return Vec::new() };
        let mut hits = Vec::new();
        let hit = |slot: u32| {
            let region = regions.get((slot >> REGION_SHIFT) as usize);
            region.is_some_and(|region| region.swap(false, Ordering::Relaxed))
        };
        let firsts = (0..marks.len() as u32).step_by(1 << REGION_SHIFT).filter(|first| hit(*first));
        let of_region = |first: u32| {
            let marks = marks.get(first as usize..).unwrap_or_default();
            (first..).zip(marks.iter().take(1 << REGION_SHIFT))
        };
        for (slot, mark) in firsts.flat_map(of_region) {
            if mark.load(Ordering::Relaxed) & HITS_MASK == 0 {
                continue;
            }
            // Only now the index is touched: most of its pages were not needed by a few lookups.
            let Some(at) = index::place_at(table, slot) else { continue };
            let count = mark.fetch_and(!HITS_MASK, Ordering::Relaxed) & HITS_MASK;
            if let Ok(Some(header)) = self.header_at(at)
                && header.ordinal.get() < self.footer.entry_count.get()
            {
                hits.push((header.ordinal.get(), Access::of(&header, count)));
            }
        }
        hits.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        hits
    }

    /// The name at a place that [`Pack::check_entry`] has checked.
    pub(super) fn name(&self, at: u32) -> &str {
        self.strings().and_then(|strings| text::string_at(strings, at)).map_or("", |(name, _)| name)
    }

    pub(super) fn trace(&self, header: &EntryHeader) -> Result<Vec<u8>, StoreError> {
        if header.trace_block.get() == NO_TRACE {
            return Ok(Vec::new());
        }
        let Sections { traces_at, traces_bytes, .. } = self.sections;
        let section = self
            .bytes
            .get(traces_at, traces_bytes)
            .map_err(|source| StoreError::io(&self.path, "read", source))?;
        let block = text::block_at(&section, header.trace_block.get());
        let found = block.as_ref().and_then(|(block, _)| text::trace_in_block(block, header.trace_at.get()));
        let damaged = || StoreError::Corrupted { path: self.path.clone(), what: Damage::Trace };
        found.map(|(trace, _)| trace.to_vec()).ok_or_else(damaged)
    }

    fn strings(&self) -> Option<&[u8]> {
        self.section(self.sections.strings_at, self.sections.strings_bytes, &self.held_strings).ok()
    }

    /// A section's bytes, mapped or held. Its range was checked when the pack was opened.
    fn section<'a>(&'a self, at: u64, bytes: u64, held: &'a OnceLock<Vec<u8>>) -> io::Result<&'a [u8]> {
        if let Some(mapped) = self.bytes.mapped() {
            return mapped
                .get(at as usize..(at + bytes) as usize)
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(held) = held.get() {
            return Ok(held);
        }
        let read = self.bytes.get(at, bytes)?.into_owned();
        Ok(held.get_or_init(|| read))
    }

    /// One word for each slot, made at the first hit. The footer's check bounds it by the file's size.
    /// The system gives zeros without touching them, so that one hit in a large pack stays cheap; where
    /// there is no memory for them, nothing is remembered.
    #[inline]
    pub(super) fn marks(&self) -> &[AtomicU32] {
        self.marks.get_or_init(|| {
            let slots = self.footer.slot_count.get() as usize;
            <[AtomicU32]>::new_box_zeroed_with_elems(slots).unwrap_or_default()
        })
    }
}
