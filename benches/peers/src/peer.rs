//! What every contestant can do, and which there are.

use std::path::Path;
use std::time::Instant;

use crate::load::{Key, Load};
use crate::{cacache_store, files, floor, lmdb, ours, redb_store};

/// Puts entries.
pub(crate) trait Writer {
    /// Makes the entries visible to others together, or as nearly so as the peer can. `sync`: they
    /// survive a power loss.
    fn commit(&mut self, entries: &[(Key, &[u8])], sync: bool);
}

/// Looks keys up in an open store.
pub(crate) trait Reader {
    fn get<R>(&mut self, key: &Key, read: impl FnOnce(&[u8]) -> R) -> Option<R>;
}

/// What is done with what was found.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    FirstByte,
    /// CRC-32 of all bytes.
    EveryByte,
}

/// What a batch of lookups came to.
pub(crate) struct Batch {
    pub(crate) ns: f64,
    pub(crate) hits: usize,
}

/// A [`Reader`] behind a pointer, asked once a batch so that the pointer costs nothing.
pub(crate) trait Batches {
    /// Nanoseconds of a lookup.
    fn batch(&mut self, keys: &[Key], reading: Reading) -> Batch;
}

impl<R: Reader> Batches for R {
    fn batch(&mut self, keys: &[Key], reading: Reading) -> Batch {
        let first_byte = |content: &[u8]| content.first().map_or(0, |byte| u32::from(*byte));
        let started = Instant::now();
        let (mut hits, mut sum) = (0, 0u32);
        for key in keys {
            let found = match reading {
                Reading::FirstByte => self.get(key, first_byte),
                Reading::EveryByte => self.get(key, crc32fast::hash),
            };
            hits += usize::from(found.is_some());
            sum = sum.wrapping_add(found.unwrap_or_default());
        }
        let ns = started.elapsed().as_nanos() as f64 / keys.len() as f64;
        std::hint::black_box(sum);
        Batch { ns, hits }
    }
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Peer {
    /// A bare mapped table: what the machine allows.
    Floor,
    /// As above, and the content of each hit is proved by its CRC-32.
    FloorChecked,
    Ours,
    /// Writes nothing, not even what was used.
    OursReadOnly,
    Lmdb,
    Redb,
    Files,
    Cacache,
}

impl Peer {
    /// Those that write.
    pub(crate) const WRITERS: [Self; 6] =
        [Self::Floor, Self::Ours, Self::Lmdb, Self::Redb, Self::Files, Self::Cacache];

    const NAMES: [(Self, &'static str); 8] = [
        (Self::Floor, "floor"),
        (Self::FloorChecked, "floor-checked"),
        (Self::Ours, "ours"),
        (Self::OursReadOnly, "ours-read-only"),
        (Self::Lmdb, "lmdb"),
        (Self::Redb, "redb"),
        (Self::Files, "files"),
        (Self::Cacache, "cacache"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(peer, _)| *peer == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(peer, _)| *peer)
    }

    /// True where a commit can be asked to survive a power loss.
    pub(crate) fn can_sync(self) -> bool {
        self != Self::Cacache
    }

    pub(crate) fn writer(self, dir: &Path, sync: bool) -> Box<dyn Writer> {
        match self {
            Self::Floor | Self::FloorChecked => Box::new(floor::Tables::in_dir(dir)),
            Self::Ours | Self::OursReadOnly => Box::new(ours::Ours::open(dir, sync)),
            Self::Lmdb => Box::new(lmdb::Lmdb::open(dir, sync)),
            Self::Redb => Box::new(redb_store::Redb::create(dir)),
            Self::Files => Box::new(files::Files::open(dir)),
            Self::Cacache => Box::new(cacache_store::Cacache::open(dir)),
        }
    }

    pub(crate) fn reader(self, dir: &Path) -> Box<dyn Batches> {
        match self {
            Self::Floor => Box::new(floor::Table::open(dir, false)),
            Self::FloorChecked => Box::new(floor::Table::open(dir, true)),
            Self::Ours => Box::new(ours::Ours::open(dir, false)),
            Self::OursReadOnly => Box::new(ours::Ours::open_read_only(dir)),
            Self::Lmdb => Box::new(lmdb::Snapshot::open(dir)),
            Self::Redb => Box::new(redb_store::Snapshot::open(dir)),
            Self::Files => Box::new(files::Files::open(dir)),
            Self::Cacache => Box::new(cacache_store::Cacache::open(dir)),
        }
    }

    /// A store with all of a load, in one commit; ours in so many packs of the same size.
    pub(crate) fn fill(self, dir: &Path, load: &Load, packs: usize) {
        let mut writer: Box<dyn Writer> = match self {
            Self::Ours => Box::new(ours::Ours::open_for_whole_packs(dir)),
            peer => peer.writer(dir, false),
        };
        let commits = if self == Self::Ours { packs } else { 1 };
        for commit in 0..commits {
            let numbers = load.len() * commit / commits..load.len() * (commit + 1) / commits;
            writer.commit(&load.entries(numbers), false);
        }
    }
}
