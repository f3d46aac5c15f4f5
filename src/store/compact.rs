//! Copies entries into new packs: what survives an eviction, a merge, or an ordering by use.
//!
//! Entries are copied as they are stored, after their checksums were proved; what nobody used for long
//! may be compressed on the way, and what needs a dictionary that the new pack has not is decoded. The
//! new packs are synced and named before anything they replace goes, so a crash leaves old and new,
//! which say the same.

use std::io;
use std::sync::Arc;

use super::census::{Census, EntryFacts};
use super::error::StoreError;
use super::handle::Shared;
use super::pack_codec::{Frame, PackCodec};
use super::pack_format::{EntryHeader, PackId};
use super::pack_reader::Pack;
use super::pack_writer::{EntryFields, PackStamp, PackWriter, StoredContent, StoredEntry};
use super::press::{Press, Pressed};
use super::recency::{self, Usage};
use super::staging::Staging;
use crate::fs::{self, Durability};

/// A new pack holds at least so much before another one is begun.
const OUTPUT_BYTES: u64 = 256 << 20;
/// So many outputs at most, or few more.
const OUTPUTS: u64 = 6;

/// What copying did.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) packs: Vec<PackId>,
    pub(super) written_bytes: u64,
    /// Of the files that tell their use.
    pub(super) recency_bytes: u64,
    /// Of the dictionary that was trained for them; 0 for none.
    pub(super) dictionary_bytes: u64,
    /// Indexes in the census of entries whose content is not what it was.
    pub(super) damaged: Vec<usize>,
}

/// Copies the entries with these indexes, in this order. The new packs take the place in time of the
/// newest pack among `sources`, so that newer answers stay in front of them.
pub(super) fn copy(
    shared: &Shared,
    census: &Census,
    entries: &[usize],
    newest_source: PackId,
    compress_unused_s: Option<u64>,
) -> Result<Copied, StoreError> {
    let now_unix_s = shared.unix_s();
    let mut copied = Copied::default();
    if entries.is_empty() {
        return Ok(copied);
    }
    let all_bytes: u64 = entries.iter().map(|at| census.entries[*at].pack_bytes).sum();
    let output_bytes = OUTPUT_BYTES.max(all_bytes / OUTPUTS);
    let is_cold = |facts: &EntryFacts| {
        let idle_s = now_unix_s.saturating_sub(facts.last_used_unix_s());
        compress_unused_s.is_some_and(|limit| idle_s >= limit)
    };
    let mut press = Press::for_entries(census, entries, &is_cold);
    let staging = Staging::start(&shared.layout)?;
    let mut output = Output::new(&press);
    let tell = |done: u64| {
        if let Some(tell) = shared.options.on_progress {
            tell(done, entries.len() as u64);
        }
    };
    for (done, at) in (0..).zip(entries) {
        tell(done);
        let facts = &census.entries[*at];
        let Some(pack) = &census.packs[facts.pack as usize].pack else { continue };
        // Frames of another dictionary may become longer, at most as long as what they hold.
        let most_bytes = if facts.codec == PackCodec::Dictionary { facts.decoded_bytes } else { 0 };
        let is_full = output.writer.held_bytes() >= output_bytes
            || !output.writer.has_room_for(facts.pack_bytes + most_bytes + MAX_TRACE_ROOM);
        if is_full && output.writer.entry_count() > 0 {
            output.publish(shared, &staging, newest_source, &mut copied)?;
            output = Output::new(&press);
        }
        // What cannot be read now is not known to be damaged: then nothing goes.
        let unread = |error| StoreError::io(pack.path(), "read", error);
        if !output.add(pack, facts, &mut press, is_cold(facts)).map_err(unread)? {
            copied.damaged.push(*at);
        }
    }
    if output.writer.entry_count() > 0 {
        output.publish(shared, &staging, newest_source, &mut copied)?;
    }
    if !press.is_trained() {
        copied.dictionary_bytes = 0;
    }
    tell(entries.len() as u64);
    Ok(copied)
}

/// Room that is left for an entry's trace.
const MAX_TRACE_ROOM: u64 = super::entry::MAX_TRACE_BYTES;

struct Output {
    writer: PackWriter,
    usage: Vec<Usage>,
}

impl Output {
    fn new(press: &Press) -> Self {
        Self { writer: PackWriter::with_dictionary(press.dictionary().cloned()), usage: Vec::new() }
    }

    /// False where the entry is damaged. A damaged trace is left out: the answer is worth more than its
    /// explanation.
    fn add(
        &mut self,
        pack: &Arc<Pack>,
        facts: &EntryFacts,
        press: &mut Press,
        is_cold: bool,
    ) -> io::Result<bool> {
        let Some((header, inline)) = pack.sound_inline(facts.at)? else { return Ok(false) };
        let trace = pack.trace(&header).unwrap_or_default();
        let fields = EntryFields {
            key: facts.key,
            kind: facts.kind,
            created_unix_s: header.created_unix_s.get(),
            rebuild_cost_ns: header.rebuild_cost_ns.get(),
            project: pack.name(header.project.get()),
            producer: pack.name(header.producer.get()),
            language: pack.name(header.language.get()),
            decoded_bytes: header.decoded_bytes.get(),
            trace: &trace,
        };
        let is_added = match facts.codec {
            PackCodec::Alone(codec) => {
                // Objects are files of others too; they stay as they are.
                let is_pressed = is_cold && !header.is_loose() && press.improves(facts.kind, codec);
                let smaller =
                    if is_pressed { self.press(pack, &header, &inline, &fields, press) } else { None };
                smaller.unwrap_or_else(|| {
                    let content = match inline.first_chunk::<32>() {
                        Some(digest) if header.is_loose() => {
                            StoredContent::Loose { digest, stored_bytes: header.stored_bytes.get() }
                        }
                        _ => StoredContent::Inline(&inline),
                    };
                    self.writer.push(&StoredEntry { fields, codec, content });
                    true
                })
            }
            PackCodec::Dictionary => {
                let frame = pack.dictionary().ok().and_then(|own| Frame::of(own, &inline).ok());
                let is_copied = frame.is_some_and(|frame| self.writer.push_frame(&fields, frame));
                is_copied || self.press(pack, &header, &inline, &fields, press).unwrap_or(false)
            }
        };
        if is_added {
            self.usage.push(facts.usage);
        }
        Ok(is_added)
    }

    /// Compresses a content anew. None, and nothing is added, where it would not be smaller than it is and
    /// can stay as it is; false where it is damaged.
    fn press(
        &mut self,
        pack: &Pack,
        header: &EntryHeader,
        inline: &[u8],
        fields: &EntryFields<'_>,
        press: &mut Press,
    ) -> Option<bool> {
        let stored_as = PackCodec::from_byte(header.codec)?;
        let Ok(content) = pack.decode(stored_as, inline, header) else { return Some(false) };
        let pressed = press.press(fields.kind, &content);
        let is_smaller = pressed.stored_bytes() < inline.len();
        if !is_smaller && stored_as != PackCodec::Dictionary {
            return None;
        }
        match &pressed {
            Pressed::Framed(bytes) => {
                let frame = press.dictionary().and_then(|dictionary| Frame::of(dictionary, bytes).ok());
                Some(frame.is_some_and(|frame| self.writer.push_frame(fields, frame)))
            }
            Pressed::Alone(codec, bytes) => {
                let content = StoredContent::Inline(bytes);
                self.writer.push(&StoredEntry { fields: *fields, codec: *codec, content });
                Some(true)
            }
        }
    }

    fn publish(
        self,
        shared: &Shared,
        staging: &Staging,
        newest_source: PackId,
        copied: &mut Copied,
    ) -> Result<(), StoreError> {
        let stamp = PackStamp {
            id: PackId::new(newest_source.order(), fs::unique()),
            created_unix_s: shared.unix_s(),
            boot_id: shared.how.boot_id,
            synced: true,
        };
        if let Some(dictionary) = self.writer.needed_dictionary() {
            copied.dictionary_bytes = dictionary.bytes().len() as u64;
        }
        let bytes = self.writer.finish(&stamp);
        staging.publish_pack(&shared.layout, stamp.id, &bytes, Durability::Sync)?;
        // Losing it loses only order.
        match recency::write(&shared.layout, stamp.id, &self.usage) {
            Ok(written) => copied.recency_bytes += written,
            Err(error) => tracing::warn!(pack = %stamp.id, %error, "the use of entries was not carried over"),
        }
        copied.packs.push(stamp.id);
        copied.written_bytes += bytes.len() as u64;
        Ok(())
    }
}
