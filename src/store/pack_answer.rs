//! What a pack answers to a key: finds its entry, and checks it before it is first given out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use zerocopy::FromBytes;

use super::entry::{EntryKey, EntryKind};
use super::layout::Layout;
use super::lookup::{Body, Damage, Entry, MissReason};
use super::pack_codec::PackCodec;
use super::pack_format::{ENTRY_HEADER_BYTES, EntryHeader, HEADER_BYTES, Sections};
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

impl Pack {
    /// Looks a key up. The first read of an entry checks all of it, and what was found is remembered.
    #[inline]
    pub(super) fn lookup(self: &Arc<Self>, key: &EntryKey, layout: &Layout) -> Answer {
        let taken = if let Some(mapped) = self.bytes.mapped() {
            let Some((slot, at, header)) = self.find_mapped(mapped, key) else { return Answer::Absent };
            self.take(slot, at, header, layout)
        } else {
            match self.find(key) {
                Ok(None) => return Answer::Absent,
                Ok(Some((slot, at, header))) => self.take(slot, at, &header, layout),
                Err(error) => Err(MissReason::Unreadable { pack: self.id, kind: error.kind() }),
            }
        };
        match taken {
            Ok(entry) => Answer::Hit(entry),
            Err(reason) => Answer::Miss(reason),
        }
    }

    /// As [`Pack::find`], and nothing is copied.
    #[inline]
    fn find_mapped<'a>(&self, mapped: &'a [u8], key: &EntryKey) -> Option<(u32, u64, &'a EntryHeader)> {
        let Sections { filter_at, filter_bytes, index_at, index_bytes, entries_end, .. } = self.sections;
        let section = |at: u64, bytes: u64| mapped.get(at as usize..)?.get(..bytes as usize);
        if !filter::may_hold(section(filter_at, filter_bytes)?, key) {
            return None;
        }
        let entries = mapped.get(..entries_end as usize)?;
        index::probe(section(index_at, index_bytes)?, key, self.footer.max_probe.get()).find_map(
            |(slot, at)| {
                // The index is not checked when a pack is opened: a slot may lead to the pack's header.
                let bytes = entries.get(at as usize..).filter(|_| at >= HEADER_BYTES)?;
                let (header, _) = EntryHeader::ref_from_prefix(bytes).ok()?;
                (header.key == *key.as_bytes()).then_some((slot, at, header))
            },
        )
    }

    #[inline]
    fn take(
        self: &Arc<Self>,
        slot: u32,
        at: u64,
        header: &EntryHeader,
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
            if known & HITS_MASK != HITS_MASK {
                mark.fetch_add(1, Ordering::Relaxed);
            }
            return Ok(entry);
        }
        self.take_at_length(mark, known, at, header, layout)
    }

    /// An entry that was checked before and is stored as it is in a mapped pack: what most hits are.
    #[inline]
    fn read_again(self: &Arc<Self>, at: u64, header: &EntryHeader) -> Option<Entry> {
        let kind = EntryKind::from_byte(header.kind)?;
        let start = (at + ENTRY_HEADER_BYTES) as usize;
        let end = start.checked_add(header.stored_bytes.get() as usize)?;
        let is_plain = header.codec == PLAIN.to_byte() && !header.is_loose();
        if !is_plain || self.bytes.mapped().is_none_or(|mapped| mapped.len() < end) {
            return None;
        }
        let body = Body::InPack { start, end };
        Some(Entry { pack: Arc::clone(self), header: *header, kind, codec: PLAIN, body })
    }

    #[cold]
    #[inline(never)]
    fn take_at_length(
        self: &Arc<Self>,
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
                    if known & HITS_MASK != HITS_MASK {
                        mark.fetch_add(1, Ordering::Relaxed);
                    }
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
        let inline = self.bytes.get(at + ENTRY_HEADER_BYTES, header.inline_bytes()).map_err(unreadable)?;
        if !checked && crc32(&inline) != header.inline_crc32.get() {
            return Err(damaged(Damage::Content));
        }
        let body = if header.is_loose() {
            let digest = inline.first_chunk::<32>().ok_or(damaged(Damage::Content))?;
            self.loose_body(ContentDigest::from_bytes(*digest), header, codec, checked, layout)?
        } else if codec == PLAIN && self.bytes.mapped().is_some() {
            let start = (at + ENTRY_HEADER_BYTES) as usize;
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
        let object = FileBytes::open(&layout.object(&digest), self.access).map_err(unreadable)?;
        if object.len_bytes() != header.stored_bytes.get() {
            return Err(damaged(Damage::Object));
        }
        let stored = object.get(0, object.len_bytes()).map_err(unreadable)?;
        if !checked && ContentDigest::of(&stored) != digest {
            return Err(damaged(Damage::Object));
        }
        if codec == PLAIN && object.mapped().is_some() {
            drop(stored);
            return Ok(Body::InObject(object));
        }
        self.decode(codec, &stored, header).map(Body::Owned)
    }
}
