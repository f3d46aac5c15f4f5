//! What a pack answers to a key: finds its entry, and checks it before it is first given out.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use zerocopy::FromBytes;

use super::entry::{EntryKey, EntryKind};
use super::layout::Layout;
use super::lookup::{Body, Damage, Entry, MissReason};
use super::pack_codec::PackCodec;
use super::pack_format::{EntryHeader, HEADER_BYTES, Sections};
use super::pack_reader::{CHECKED, DAMAGE_MASK, DAMAGE_SHIFT, HITS_MASK, Pack, REMOVED};
use super::{filter, index};
use crate::codec::Codec;
use crate::digest::{ContentDigest, crc32};
use crate::fs::FileBytes;

/// Stored as it is: can be used in place.
const PLAIN: PackCodec = PackCodec::Alone(Codec::None);

/// What a pack says to a key.
pub(super) enum Answer {
    Absent,
    Hit(Entry),
    Miss(MissReason),
}

/// Where in its pack the content of an entry lies that is stored as it is.
#[inline]
pub(super) fn plain_range(at: u64, header: &EntryHeader) -> Option<Range<usize>> {
    let held = header.held_range(at)?;
    let is_plain = header.codec == PLAIN.to_byte() && !header.is_loose();
    is_plain.then_some(held.start as usize..held.end as usize)
}

/// Where an entry stands: its slot in the index, its header's offset, and the header.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) slot: u32,
    pub(super) at: u64,
    pub(super) header: &'a EntryHeader,
}

/// Filter, index and entries of a mapped pack.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    filter: &'a [u8],
    index: &'a [u8],
    entries: &'a [u8],
    max_probe: u32,
}

impl<'a> Table<'a> {
    #[inline]
    pub(super) fn may_hold(&self, key: &EntryKey) -> bool {
        filter::may_hold(self.filter, key)
    }

    /// The slot and the place that the index names first for a key; the entry there may be another's.
    #[inline]
    pub(super) fn first_candidate(&self, key: &EntryKey) -> Option<(u32, u64)> {
        index::probe(self.index, key, self.max_probe).next()
    }

    /// The place, if the entry of this key stands there.
    #[inline]
    pub(super) fn place_at(&self, (slot, at): (u32, u64), key: &EntryKey) -> Option<Place<'a>> {
        // The index is not checked when a pack is opened: a slot may lead to the pack's header.
        let bytes = self.entries.get(at as usize..).filter(|_| at >= HEADER_BYTES)?;
        let (header, _) = EntryHeader::ref_from_prefix(bytes).ok()?;
        (header.key == *key.as_bytes()).then_some(Place { slot, at, header })
    }

    /// As [`Pack::find`], and nothing is copied. The filter is asked first where `filtered` says so.
    #[inline]
    pub(super) fn find(&self, key: &EntryKey, filtered: bool) -> Option<Place<'a>> {
        if filtered && !self.may_hold(key) {
            return None;
        }
        index::probe(self.index, key, self.max_probe).find_map(|candidate| self.place_at(candidate, key))
    }
}

impl Pack {
    /// Looks a key up. The first read of an entry checks all of it, and what was found is remembered.
    #[inline]
    pub(super) fn lookup(self: &Arc<Self>, key: &EntryKey, filtered: bool, layout: &Layout) -> Answer {
        let taken = if self.bytes.mapped().is_some() {
            let place = self.mapped_table().and_then(|table| table.find(key, filtered));
            let Some(place) = place else { return Answer::Absent };
            self.take(place, layout)
        } else {
            match self.find(key) {
                Ok(None) => return Answer::Absent,
                Ok(Some((slot, at, header))) => self.take(Place { slot, at, header: &header }, layout),
                Err(error) => Err(MissReason::Unreadable { pack: self.id, kind: error.kind() }),
            }
        };
        match taken {
            Ok(entry) => Answer::Hit(entry),
            Err(reason) => Answer::Miss(reason),
        }
    }

    /// The parts of a mapped pack that a key is looked up in.
    #[inline]
    pub(super) fn mapped_table(&self) -> Option<Table<'_>> {
        let mapped = self.bytes.mapped()?;
        let Sections { filter_at, filter_bytes, index_at, index_bytes, entries_end, .. } = self.sections;
        let section = |at: u64, bytes: u64| mapped.get(at as usize..)?.get(..bytes as usize);
        Some(Table {
            filter: section(filter_at, filter_bytes)?,
            index: section(index_at, index_bytes)?,
            entries: mapped.get(..entries_end as usize)?,
            max_probe: self.footer.max_probe.get(),
        })
    }

    #[inline]
    pub(super) fn take(
        self: &Arc<Self>,
        Place { slot, at, header }: Place<'_>,
        layout: &Layout,
    ) -> Result<Entry, MissReason> {
        let pack = self.id;
        let marks = self.marks();
        let mark = marks.get(slot as usize);
        let known = mark.map_or(0, |mark| mark.load(Ordering::Relaxed));
        if known & REMOVED != 0 {
            return Err(MissReason::Removed { pack });
        }
        if let Some(what) = Damage::from_code((known & DAMAGE_MASK) >> DAMAGE_SHIFT) {
            return Err(MissReason::Damaged { pack, what });
        }
        let checked = known & CHECKED != 0;
        if checked && let (Some(mark), Some(entry)) = (mark, self.read_again(at, header)) {
            self.count_hit(slot, mark, known);
            return Ok(entry);
        }
        self.take_at_length(slot, mark, known, at, header, layout)
    }

    /// An entry that was checked before and is stored as it is in a mapped pack: what most hits are.
    #[inline]
    pub(super) fn read_again(self: &Arc<Self>, at: u64, header: &EntryHeader) -> Option<Entry> {
        let kind = EntryKind::from_byte(header.kind)?;
        let Range { start, end } = plain_range(at, header)?;
        if self.bytes.mapped().is_none_or(|mapped| mapped.len() < end) {
            return None;
        }
        let body = Body::InPack { start, end };
        Some(Entry { pack: Arc::clone(self), header: *header, kind, codec: PLAIN, body })
    }

    #[inline]
    pub(super) fn count_hit(&self, slot: u32, mark: &AtomicU32, known: u32) {
        // What was known may be old: only the count before this hit tells that it is the first.
        if known & HITS_MASK != HITS_MASK && mark.fetch_add(1, Ordering::Relaxed) & HITS_MASK == 0 {
            self.note_first_hit(slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn take_at_length(
        self: &Arc<Self>,
        slot: u32,
        mark: Option<&AtomicU32>,
        known: u32,
        at: u64,
        header: &EntryHeader,
        layout: &Layout,
    ) -> Result<Entry, MissReason> {
        let checked = known & CHECKED != 0;
        match self.read(at, header, checked, layout) {
            Ok(entry) => {
                if let Some(mark) = mark {
                    if !checked {
                        mark.fetch_or(CHECKED, Ordering::Relaxed);
                    }
                    self.count_hit(slot, mark, known);
                }
                Ok(entry)
            }
            Err(reason) => {
                if let (MissReason::Damaged { what, .. }, Some(mark)) = (reason, mark) {
                    mark.fetch_or(what.to_code() << DAMAGE_SHIFT, Ordering::Relaxed);
                }
                Err(reason)
            }
        }
    }

    fn read(
        self: &Arc<Self>,
        at: u64,
        header: &EntryHeader,
        checked: bool,
        layout: &Layout,
    ) -> Result<Entry, MissReason> {
        let pack = self.id;
        let damaged = |what| MissReason::Damaged { pack, what };
        let unreadable = |error: io::Error| MissReason::Unreadable { pack, kind: error.kind() };
        if !checked {
            self.check_entry(at, header).map_err(damaged)?;
        }
        let (Some(kind), Some(codec)) =
            (EntryKind::from_byte(header.kind), PackCodec::from_byte(header.codec))
        else {
            return Err(damaged(Damage::Unknown));
        };
        let held = header.held_range(at).ok_or(damaged(Damage::Structure))?;
        let inline = self.bytes.get(held.start, header.held_bytes()).map_err(unreadable)?;
        if !checked && crc32(&inline) != header.inline_crc32.get() {
            return Err(damaged(Damage::Content));
        }
        let body = if header.is_loose() {
            let digest = inline.first_chunk::<32>().ok_or(damaged(Damage::Content))?;
            self.loose_body(ContentDigest::from_bytes(*digest), header, codec, checked, layout)?
        } else if codec == PLAIN && self.bytes.mapped().is_some() {
            let start = held.start as usize;
            Body::InPack { start, end: start + inline.len() }
        } else {
            Body::Owned(self.decode(codec, &inline, header)?)
        };
        Ok(Entry { pack: Arc::clone(self), header: *header, kind, codec, body })
    }

    fn loose_body(
        &self,
        digest: ContentDigest,
        header: &EntryHeader,
        codec: PackCodec,
        checked: bool,
        layout: &Layout,
    ) -> Result<Body, MissReason> {
        let pack = self.id;
        let damaged = |what| MissReason::Damaged { pack, what };
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => MissReason::ObjectMissing { pack, digest },
            kind => MissReason::Unreadable { pack, kind },
        };
        let path = layout.object(&digest);
        let object = FileBytes::open(&path, self.access).map_err(unreadable)?;
        if object.len_bytes() != header.stored_bytes.get() {
            return Err(damaged(Damage::Object));
        }
        let stored = object.get(0, object.len_bytes()).map_err(unreadable)?;
        if !checked && ContentDigest::of(&stored) != digest {
            return Err(damaged(Damage::Object));
        }
        if codec == PLAIN && object.mapped().is_some() {
            drop(stored);
            return Ok(Body::InObject { bytes: object, path });
        }
        self.decode(codec, &stored, header).map(Body::Owned)
    }
}
