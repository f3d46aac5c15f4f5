//! A session puts entries: it collects them and publishes whole packs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::entry::{MAX_CONTENT_BYTES, MAX_NAME_BYTES, MAX_TRACE_BYTES, NewEntry};
use super::error::StoreError;
use super::gc::{self, GcReport};
use super::handle::{Shared, Store};
use super::history::Access;
use super::locks;
use super::pack_format::PackId;
use super::pack_writer::{EntryFields, PackStamp, PackWriter, StoredContent, StoredEntry};
use super::staging::{StagedObject, Staging};
use crate::clock::Stopwatch;
use crate::digest::{ContentDigest, crc32};
use crate::fs::{Durability, FileLock};

/// Puts entries into a store. Threads may share it. While it lives the cache is not cleared.
///
/// Entries become visible to [`Store::get`], in this process and in others, when they are published:
/// every 16 MiB, with the first put after 5 s, and at [`Session::commit`]. Dropping a session without
/// a commit forgets what was not published yet, and keeps what was.
pub struct Session {
    store: Store,
    /// `None` in a read-only store.
    writing: Option<Writing>,
    put: AtomicU64,
    dropped: AtomicU64,
    published: Mutex<Published>,
}

// The folder goes before the lock does.
struct Writing {
    staging: Staging,
    buffer: Mutex<Buffer>,
    _lock: FileLock,
}

struct Buffer {
    writer: PackWriter,
    objects: Vec<StagedObject>,
    made: Vec<Access>,
    since: Option<Stopwatch>,
}

/// What was taken out of the buffer to be published. The identity is drawn when it is taken, so that
/// packs sort in the order of the puts, whichever thread is done first.
struct Batch {
    id: PackId,
    writer: PackWriter,
    objects: Vec<StagedObject>,
    made: Vec<Access>,
}

#[derive(Default)]
struct Published {
    packs: Vec<PackId>,
    entries: u64,
    bytes: u64,
}

/// What a session did.
#[derive(Debug)]
pub struct CommitReport {
    /// The packs that it published, in their order.
    pub packs: Vec<PackId>,
    /// The entries in them.
    pub entries: u64,
    /// Their bytes, without loose objects.
    pub bytes: u64,
    /// Entries that were put and not kept.
    pub dropped: u64,
    /// What the size limit removed, if there is one. A failure here takes nothing from the commit.
    pub limit: Option<Result<GcReport, StoreError>>,
}

impl Store {
    /// Starts a session. Waits while the cache is being cleared, up to the lock's time limit, and
    /// removes what killed sessions left behind.
    pub fn session(&self) -> Result<Session, StoreError> {
        let shared = &*self.shared;
        shared.start_hour();
        let writing = if shared.writable { Some(Writing::start(shared)?) } else { None };
        Ok(Session {
            store: self.clone(),
            writing,
            put: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            published: Mutex::default(),
        })
    }
}

impl Session {
    /// Keeps an entry, or drops and counts it in a read-only store. Compresses and hashes on the
    /// calling thread. An error means that this entry, and with [`StoreError::DiskFull`] and the like
    /// those that were to be published with it, are not kept; the session can go on.
    pub fn put(&self, entry: &NewEntry<'_>) -> Result<(), StoreError> {
        check_sizes(entry)?;
        self.put.fetch_add(1, Ordering::Relaxed);
        let Some(writing) = &self.writing else {
            self.count_dropped(1);
            return Ok(());
        };
        let options = &self.store.shared.options;
        let (codec, stored) = entry.meta.codec.encode(entry.content);
        let digest;
        let mut object = None;
        let content = if stored.len() as u64 > options.loose_above_bytes {
            digest = ContentDigest::of(&stored);
            let staged = writing.staging.stage_object(digest, &stored, options.durability);
            object = Some(staged.inspect_err(|_| self.count_dropped(1))?);
            StoredContent::Loose { digest: digest.as_bytes(), stored_bytes: stored.len() as u64 }
        } else {
            StoredContent::Inline(&stored)
        };
        let fields = EntryFields {
            key: entry.key,
            kind: entry.meta.kind,
            created_unix_s: entry.meta.created_unix_s,
            rebuild_cost_ns: entry.meta.rebuild_cost_ns,
            project: &entry.meta.project,
            producer: &entry.meta.producer,
            language: &entry.meta.language,
            decoded_bytes: entry.content.len() as u64,
            trace: entry.trace,
        };
        let stored_entry = StoredEntry { fields, codec, content };
        let batches = writing.buffer_entry(&self.store.shared, &stored_entry, object);
        // Each batch is tried, so that one failure does not take the other with it.
        let [before, after] = batches.map(|batch| batch.map_or(Ok(()), |batch| self.publish(writing, batch)));
        before.and(after)
    }

    /// Publishes what is held now.
    pub fn publish_now(&self) -> Result<(), StoreError> {
        let Some(writing) = &self.writing else { return Ok(()) };
        let batch = writing.locked().take(&self.store.shared);
        batch.map_or(Ok(()), |batch| self.publish(writing, batch))
    }

    /// Publishes what is left, writes down what was used, and keeps the size limit. When it returns,
    /// a kill loses nothing; under [`Durability::Sync`] a power loss neither.
    pub fn commit(self) -> Result<CommitReport, StoreError> {
        self.publish_now()?;
        let shared = &*self.store.shared;
        shared.flush_use();
        let published = std::mem::take(&mut *self.published.lock().unwrap_or_else(PoisonError::into_inner));
        let limit = if shared.writable { gc::keep_size(&self.store, &published.packs) } else { None };
        if let Some(Err(error)) = &limit {
            tracing::warn!(%error, "the cache's size limit is not kept");
        }
        Ok(CommitReport {
            packs: published.packs,
            entries: published.entries,
            bytes: published.bytes,
            dropped: self.dropped.load(Ordering::Relaxed),
            limit,
        })
    }

    /// How many entries were put, and how many of them were dropped.
    pub fn counts(&self) -> (u64, u64) {
        (self.put.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed))
    }

    fn count_dropped(&self, entries: u64) {
        self.dropped.fetch_add(entries, Ordering::Relaxed);
        self.store.shared.counters.dropped_puts.fetch_add(entries, Ordering::Relaxed);
    }

    /// Pack first, objects after it, then everybody is told. A kill in between leaves entries whose
    /// object is missing, which are misses.
    fn publish(&self, writing: &Writing, batch: Batch) -> Result<(), StoreError> {
        let shared = &*self.store.shared;
        let durability = shared.options.durability;
        let entries = batch.writer.entry_count();
        let stamp = PackStamp {
            id: batch.id,
            created_unix_s: shared.unix_s(),
            boot_id: shared.how.boot_id,
            synced: durability == Durability::Sync,
        };
        let bytes = batch.writer.finish(&stamp);
        writing.staging.publish_pack(&shared.layout, batch.id, &bytes, durability).inspect_err(|_| {
            self.count_dropped(entries);
            batch.objects.iter().for_each(StagedObject::discard);
        })?;
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        published.packs.push(batch.id);
        published.entries += entries;
        published.bytes += bytes.len() as u64;
        drop(published);
        shared.unwritten.add(batch.made);
        shared.counters.published_entries.fetch_add(entries, Ordering::Relaxed);
        shared.counters.published_packs.fetch_add(1, Ordering::Relaxed);
        let named = batch.objects.iter().try_for_each(|object| object.publish(&shared.layout, durability));
        shared.catalog.announce();
        named.and(shared.refresh())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.store.shared.flush_use();
    }
}

impl Writing {
    fn start(shared: &Shared) -> Result<Self, StoreError> {
        let layout = &shared.layout;
        let lock = locks::shared(layout, &shared.options)?;
        Ok(Self { staging: Staging::start(layout)?, buffer: Mutex::new(Buffer::new()), _lock: lock })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry, and answers with what is to be published now: what had to make way for it, and
    /// what is full or old with it.
    fn buffer_entry(
        &self,
        shared: &Shared,
        entry: &StoredEntry<'_>,
        object: Option<StagedObject>,
    ) -> [Option<Batch>; 2] {
        let mut buffer = self.locked();
        let (inline, stored_bytes): (&[u8], u64) = match &entry.content {
            StoredContent::Inline(bytes) => (bytes, bytes.len() as u64),
            StoredContent::Loose { digest, stored_bytes } => (*digest, *stored_bytes),
        };
        let mut before = None;
        match buffer.writer.inline_crc_of(&entry.fields.key) {
            Some(crc) if crc == crc32(inline) => {
                object.iter().for_each(StagedObject::discard);
                return [None, None];
            }
            // A pack holds a key once: the newer answer goes into a newer pack.
            Some(_) => before = buffer.take(shared),
            None if !buffer.writer.has_room_for((inline.len() + entry.fields.trace.len()) as u64) => {
                before = buffer.take(shared);
            }
            None => {}
        }
        buffer.writer.push(entry);
        buffer.objects.extend(object);
        buffer.made.push(Access::new(&entry.fields.key, stored_bytes, entry.fields.rebuild_cost_ns, 0));
        let since = *buffer.since.get_or_insert_with(Stopwatch::start);
        let full = buffer.writer.held_bytes() >= shared.options.publish_after_bytes;
        let old = since.elapsed_ns() >= shared.options.publish_after_ns;
        let after = if full || old { buffer.take(shared) } else { None };
        [before, after]
    }
}

impl Buffer {
    fn new() -> Self {
        Self { writer: PackWriter::new(), objects: Vec::new(), made: Vec::new(), since: None }
    }

    fn take(&mut self, shared: &Shared) -> Option<Batch> {
        if self.writer.entry_count() == 0 {
            return None;
        }
        let taken = std::mem::replace(self, Self::new());
        let Self { writer, objects, made, .. } = taken;
        Some(Batch { id: shared.next_pack_id(), writer, objects, made })
    }
}

fn check_sizes(entry: &NewEntry<'_>) -> Result<(), StoreError> {
    let sizes = [
        ("content", entry.content.len(), MAX_CONTENT_BYTES),
        ("trace", entry.trace.len(), MAX_TRACE_BYTES),
        ("project name", entry.meta.project.len(), MAX_NAME_BYTES),
        ("producer name", entry.meta.producer.len(), MAX_NAME_BYTES),
        ("language name", entry.meta.language.len(), MAX_NAME_BYTES),
    ];
    for (what, found, limit_bytes) in sizes {
        let found_bytes = found as u64;
        if found_bytes > limit_bytes {
            return Err(StoreError::TooLarge { what, found_bytes, limit_bytes });
        }
    }
    Ok(())
}
