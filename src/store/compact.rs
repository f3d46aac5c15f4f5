//! Copies entries into new packs: what survives an eviction, a merge, or an ordering by use.
//!
//! Entries are copied as they are stored, after their checksums were proved; what nobody used for long
//! may be compressed on the way. The new packs are synced
//! and named before anything they replace goes, so a crash leaves old and new, which say the same.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::census::{Census, EntryFacts};
use super::entry::EntryKind;
use super::error::StoreError;
use super::handle::Shared;
use super::pack_format::PackId;
use super::pack_reader::Pack;
use super::pack_writer::{PackStamp, PackWriter, StoredContent, StoredEntry};
use super::recency::{self, Usage};
use super::staging::Staging;
use crate::codec::{Codec, Level};
use crate::fs::{self, Durability};

/// Written once in a long while, read seldom: worth some time.
const COLD_LEVEL: Level = Level::SMALLEST;

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
    let staging = Staging::create(&shared.layout)?;
    let mut output = Output::new();
    for at in entries {
        let facts = &census.entries[*at];
        let Some(pack) = &census.packs[facts.pack as usize].pack else { continue };
        let is_full = output.writer.held_bytes() >= output_bytes
            || !output.writer.has_room_for(facts.pack_bytes + MAX_TRACE_ROOM);
        if is_full && output.writer.entry_count() > 0 {
            output.publish(shared, &staging, newest_source, &mut copied)?;
            output = Output::new();
        }
        let idle_s = now_unix_s.saturating_sub(facts.last_used_unix_s());
        let is_cold = compress_unused_s.is_some_and(|limit| idle_s >= limit);
        // What cannot be read now is not known to be damaged: then nothing goes.
        let unread = |error| StoreError::io(pack.path(), "read", error);
        if !output.add(pack, facts, is_cold).map_err(unread)? {
            copied.damaged.push(*at);
        }
    }
    if output.writer.entry_count() > 0 {
        output.publish(shared, &staging, newest_source, &mut copied)?;
    }
    Ok(copied)
}

/// Room that is left for an entry's trace.
const MAX_TRACE_ROOM: u64 = super::entry::MAX_TRACE_BYTES;

struct Output {
    writer: PackWriter,
    usage: Vec<Usage>,
}

impl Output {
    fn new() -> Self {
        Self { writer: PackWriter::new(), usage: Vec::new() }
    }

    /// False where the entry is damaged. A damaged trace is left out: the answer is worth more than its
    /// explanation.
    fn add(&mut self, pack: &Arc<Pack>, facts: &EntryFacts, is_cold: bool) -> io::Result<bool> {
        let Some((header, inline)) = pack.sound_inline(facts.at)? else { return Ok(false) };
        let known = (EntryKind::from_byte(header.kind), Codec::from_byte(header.codec));
        let (Some(kind), Some(codec)) = known else { return Ok(false) };
        // Objects are files of others too; they stay as they are.
        let is_pressed = is_cold && codec == Codec::None && !header.is_loose();
        let (codec, stored) = if is_pressed {
            Codec::Zstd.encode_at(&inline, COLD_LEVEL)
        } else {
            (codec, Cow::Borrowed(&*inline))
        };
        let content = match inline.first_chunk::<32>() {
            Some(digest) if header.is_loose() => {
                StoredContent::Loose { digest, stored_bytes: header.stored_bytes.get() }
            }
            _ => StoredContent::Inline(&stored),
        };
        let trace = pack.trace(&header).unwrap_or_default();
        self.writer.push(&StoredEntry {
            key: facts.key,
            kind,
            codec,
            created_unix_s: header.created_unix_s.get(),
            rebuild_cost_ns: header.rebuild_cost_ns.get(),
            project: pack.name(header.project.get()),
            producer: pack.name(header.producer.get()),
            language: pack.name(header.language.get()),
            decoded_bytes: header.decoded_bytes.get(),
            content,
            trace: &trace,
        });
        self.usage.push(facts.usage);
        Ok(true)
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
