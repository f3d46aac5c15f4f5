//! What validation does about damage: nothing is thrown away before what is sound in it is safe.

use std::path::Path;

use super::dead::{self, Removal, RemovalReason};
use super::entry::{EntryKey, EntryKind};
use super::error::StoreError;
use super::handle::Shared;
use super::pack_codec::{Frame, PackCodec};
use super::pack_format::{ENTRY_HEADER_BYTES, PackId};
use super::pack_verify::{SoundEntry, Verified};
use super::pack_writer::{EntryFields, PackStamp, PackWriter, StoredContent, StoredEntry};
use super::report::Repair;
use super::staging::Staging;
use super::{recency, text};
use crate::fs::{self, Durability};

/// Saves the sound entries of a damaged pack into a new one, then moves the damaged one away. The new
/// pack takes the old one's place in time, so that newer answers stay in front of it.
///
/// A crash at any step leaves the damaged pack, or both, or the new one: entries in both are the same.
pub(super) fn quarantine_pack(
    shared: &Shared,
    id: PackId,
    bytes: &[u8],
    verified: &Verified,
) -> Result<(Repair, Option<PackId>), StoreError> {
    let mut writer = PackWriter::with_dictionary(verified.dictionary.clone());
    let known = recency::read_of_damaged(&shared.layout, id, bytes.len() as u64 / ENTRY_HEADER_BYTES);
    let mut usage = Vec::new();
    for entry in &verified.sound {
        let twice = writer.inline_crc_of(&EntryKey::from_bytes(entry.header.key)).is_some();
        if !twice {
            let before = writer.entry_count();
            push(&mut writer, entry, bytes, verified);
            if writer.entry_count() > before {
                usage.push(known.get(entry.header.ordinal.get() as usize).copied().unwrap_or_default());
            }
        }
    }
    let salvaged = writer.entry_count();
    let mut new_id = None;
    if salvaged > 0 {
        let stamp = PackStamp {
            id: PackId::new(id.order(), fs::unique()),
            created_unix_s: shared.unix_s(),
            boot_id: shared.how.boot_id,
            synced: true,
        };
        // Synced always: it replaces something.
        let staging = Staging::start(&shared.layout)?;
        staging.publish_pack(&shared.layout, stamp.id, &writer.finish(&stamp), Durability::Sync)?;
        // When entries were used decides whether they stay; losing it loses only order.
        if let Err(error) = recency::write(&shared.layout, stamp.id, &usage) {
            tracing::warn!(pack = %stamp.id, %error, "the use of entries was not carried over");
        }
        new_id = Some(stamp.id);
    }
    quarantine_file(shared, &shared.layout.pack(id))?;
    let _ = fs::remove_file(&shared.layout.recency_of(id));
    let _ = fs::remove_file(&shared.layout.settled_mark(id));
    Ok((Repair::Quarantined { salvaged }, new_id))
}

/// Copies an entry as it is stored. A damaged trace is left out: the answer is worth more than its
/// explanation.
fn push(writer: &mut PackWriter, entry: &SoundEntry, bytes: &[u8], verified: &Verified) {
    let SoundEntry { at, header, trace_is_sound } = entry;
    let known = (EntryKind::from_byte(header.kind), PackCodec::from_byte(header.codec));
    let held = header.held_range(*at).unwrap_or_default();
    let inline = bytes.get(held.start as usize..held.end as usize);
    let ((Some(kind), Some(codec)), Some(inline)) = (known, inline) else { return };
    let content = match inline.first_chunk::<32>() {
        Some(digest) if header.is_loose() => {
            StoredContent::Loose { digest, stored_bytes: header.stored_bytes.get() }
        }
        _ => StoredContent::Inline(inline),
    };
    let strings = verified.strings(bytes);
    let name = |at: u32| text::string_at(strings, at).map_or("", |(name, _)| name);
    let block = text::block_at(verified.traces(bytes), header.trace_block.get()).filter(|_| *trace_is_sound);
    let trace = block.as_ref().and_then(|(block, _)| text::trace_in_block(block, header.trace_at.get()));
    let fields = EntryFields {
        key: EntryKey::from_bytes(header.key),
        kind,
        created_unix_s: header.created_unix_s.get(),
        rebuild_cost_ns: header.rebuild_cost_ns.get(),
        project: name(header.project.get()),
        producer: name(header.producer.get()),
        language: name(header.language.get()),
        decoded_bytes: header.decoded_bytes.get(),
        trace: trace.map_or(&[], |(trace, _)| trace),
    };
    match (codec, &verified.dictionary) {
        (PackCodec::Alone(codec), _) => writer.push(&StoredEntry { fields, codec, content }),
        // Sound entries name the dictionary, and it is the new pack's, too.
        (PackCodec::Dictionary, Some(dictionary)) => {
            if let Ok(frame) = Frame::of(dictionary, inline) {
                writer.push_frame(&fields, frame);
            }
        }
        (PackCodec::Dictionary, None) => {}
    }
}

/// Moves a file to `quarantine/`, under a name that nothing there has.
pub(super) fn quarantine_file(shared: &Shared, path: &Path) -> Result<Repair, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let target = shared.layout.quarantine().join(format!("{name}.{:016x}", fs::unique()));
    fs::move_file(path, &target).map_err(|error| StoreError::io(path, "move", error))?;
    Ok(Repair::Quarantined { salvaged: 0 })
}

/// Records an entry as removed.
pub(super) fn bury(shared: &Shared, pack: PackId, key: EntryKey) -> Result<Repair, StoreError> {
    let removal = Removal { pack, key, reason: RemovalReason::Damaged };
    dead::publish(&shared.layout, shared.next_pack_id(), &[removal], shared.unix_s())?;
    Ok(Repair::Buried)
}

/// Writes a file as it should be.
pub(super) fn rewrite(shared: &Shared, path: &Path, content: &[u8]) -> Result<Repair, StoreError> {
    if path.is_dir() {
        quarantine_file(shared, path)?;
    }
    fs::replace(path, content, Durability::Sync).map_err(|error| StoreError::io(path, "write", error))?;
    Ok(Repair::Rewritten)
}
