//! Our store, by the interface that a build uses.

use std::path::Path;
use std::time::Instant;

use janus_cache::codec::Codec;
use janus_cache::fs::Durability;
use janus_cache::store::{
    Effort, EntryKey, EntryKind, EntryMeta, GcOptions, GcReport, Lookup, NewEntry, Snapshot, Store,
    StoreOptions,
};

use crate::load::Key;
use crate::peer::{Batch, Batches, Reader, Reading, Writer};

pub(crate) struct Ours {
    pub(crate) store: Store,
    meta: EntryMeta,
}

impl Ours {
    pub(crate) fn open(dir: &Path, sync: bool) -> Self {
        let durability = if sync { Durability::Sync } else { Durability::Rename };
        Self::with(StoreOptions { durability, ..StoreOptions::new(dir) })
    }

    pub(crate) fn open_read_only(dir: &Path) -> Self {
        Self::with(StoreOptions { read_only: true, ..StoreOptions::new(dir) })
    }

    /// Puts what shrinks in Zstandard.
    pub(crate) fn open_for_zstd(dir: &Path) -> Self {
        let mut ours = Self::open_for_whole_packs(dir);
        ours.meta.codec = Codec::Zstd;
        ours
    }

    /// Puts entries of another kind; only tables get a dictionary.
    pub(crate) fn open_for_kind(dir: &Path, kind: EntryKind) -> Self {
        let mut ours = Self::open_for_whole_packs(dir);
        ours.meta.kind = kind;
        ours
    }

    /// As `janus cache optimize` a day later: all packs written anew, everything compressed.
    pub(crate) fn optimize(dir: &Path) -> GcReport {
        let options =
            GcOptions { effort: Effort::Rewrite, compress_unused_s: Some(0), ..GcOptions::default() };
        Self::open(dir, false).store.gc(&options).expect("written anew")
    }

    /// A commit becomes one pack, however large it is.
    pub(crate) fn open_for_whole_packs(dir: &Path) -> Self {
        Self::with(StoreOptions {
            publish_after_bytes: u64::MAX,
            publish_after_ns: u64::MAX,
            ..StoreOptions::new(dir)
        })
    }

    fn with(options: StoreOptions) -> Self {
        let meta = EntryMeta {
            kind: EntryKind::DispatchTable,
            codec: Codec::None,
            created_unix_s: 1_795_219_200,
            rebuild_cost_ns: 120_000,
            project: "bench".to_owned(),
            producer: String::new(),
            language: "janus".to_owned(),
        };
        Self { store: Store::open(options).expect("opened"), meta }
    }
}

impl Writer for Ours {
    fn commit(&mut self, entries: &[(Key, &[u8])], _sync: bool) {
        let session = self.store.session().expect("started");
        for (key, content) in entries {
            // The peers keep no account of what an answer was made from, so ours has none here.
            let entry = NewEntry { key: EntryKey::from_bytes(*key), meta: &self.meta, content, trace: b"" };
            session.put(&entry).expect("put");
        }
        session.commit().expect("committed");
    }
}

impl Reader for Ours {
    #[inline]
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        match self.store.get(&EntryKey::from_bytes(*key)) {
            Lookup::Hit(entry) => Some(read(entry.content())),
            Lookup::Miss(_) => None,
        }
    }
}

/// Asks for all keys of a batch in one call.
pub(crate) struct OursTogether(Ours);

impl OursTogether {
    pub(crate) fn open(dir: &Path) -> Self {
        Self(Ours::open(dir, false))
    }
}

/// So many keys a call: a plan asks for what it needs next, not for everything there is.
/// Asks a snapshot, as LMDB and `redb` are asked in one read transaction.
pub(crate) struct OursSnapshot {
    snapshot: Snapshot,
}

impl OursSnapshot {
    pub(crate) fn open(dir: &Path) -> Self {
        Self { snapshot: Ours::open(dir, false).store.snapshot() }
    }
}

impl Batches for OursSnapshot {
    fn batch(&mut self, keys: &[Key], reading: Reading) -> Batch {
        let started = Instant::now();
        let (mut hits, mut sum) = (0, 0u32);
        for key in keys {
            let Ok(seen) = self.snapshot.get(&EntryKey::from_bytes(*key)) else { continue };
            hits += 1;
            sum = sum.wrapping_add(match reading {
                Reading::FirstByte => seen.content().first().map_or(0, |byte| u32::from(*byte)),
                Reading::EveryByte => crc32fast::hash(seen.content()),
            });
        }
        let ns = started.elapsed().as_nanos() as f64 / keys.len() as f64;
        std::hint::black_box(sum);
        Batch { ns, hits }
    }
}

const TOGETHER: usize = 256;

impl Batches for OursTogether {
    fn batch(&mut self, keys: &[Key], reading: Reading) -> Batch {
        let started = Instant::now();
        let (mut hits, mut sum) = (0, 0u32);
        for some in keys.chunks(TOGETHER) {
            let some: Vec<EntryKey> = some.iter().map(|key| EntryKey::from_bytes(*key)).collect();
            for entry in self.0.store.get_many(&some).into_iter().filter_map(Lookup::hit) {
                hits += 1;
                sum = sum.wrapping_add(match reading {
                    Reading::FirstByte => entry.content().first().map_or(0, |byte| u32::from(*byte)),
                    Reading::EveryByte => crc32fast::hash(entry.content()),
                });
            }
        }
        let ns = started.elapsed().as_nanos() as f64 / keys.len() as f64;
        std::hint::black_box(sum);
        Batch { ns, hits }
    }
}
