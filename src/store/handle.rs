//! The store's handle: opening, looking up, and what its parts share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::catalog::{Catalog, OpenHow};
use super::counters::Counters;
use super::entry::EntryKey;
use super::error::StoreError;
use super::history::{self, Unwritten};
use super::layout::{Found, Layout};
use super::lookup::{Entry, Lookup, MissReason};
use super::pack_answer::Answer;
use super::pack_format::PackId;
use super::pack_reader::{OpenFailure, Pack};
use super::recency;
use super::retention::Retention;
use crate::clock::Clock;
use crate::fs::{self, Durability, FileAccess, FileLock};

/// How a store is used. Start from [`StoreOptions::new`].
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The cache directory. Made if it is missing, refused if it is something else.
    pub directory: PathBuf,
    /// Where times come from.
    pub clock: Clock,
    /// What a commit survives.
    pub durability: Durability,
    /// Writes nothing, not even recency. Chosen by itself where the directory cannot be written.
    pub read_only: bool,
    /// How packs are read. [`FileAccess::Read`] is chosen by itself on remote file systems.
    pub access: FileAccess,
    /// What may stay. The size is kept at each commit, the rest by [`Store::maintain`]. No limits by default.
    pub retention: Retention,
    /// The least time between two runs of [`Store::maintain`] that do something, in seconds.
    pub cleanup_interval_s: u64,
    /// Encoded contents longer than this become files of their own.
    pub loose_above_bytes: u64,
    /// A session publishes what it holds once that is so much.
    pub publish_after_bytes: u64,
    /// A session publishes what it holds with the first put after so long, in nanoseconds.
    pub publish_after_ns: u64,
    /// How long to wait for a lock, in nanoseconds.
    pub lock_timeout_ns: u64,
    /// Called once for each lock that has to be waited for, with the lock file.
    pub on_lock_wait: Option<fn(&Path)>,
    /// Called while a collection copies entries, with how many are done and how many there are; at the end
    /// both are equal.
    pub on_progress: Option<fn(u64, u64)>,
}

impl StoreOptions {
    /// The defaults for a directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            clock: Clock::System,
            durability: Durability::Rename,
            read_only: false,
            access: FileAccess::Map,
            retention: Retention::default(),
            cleanup_interval_s: 24 * 3600,
            loose_above_bytes: 1 << 20,
            publish_after_bytes: 16 << 20,
            publish_after_ns: 5_000_000_000,
            lock_timeout_ns: 60_000_000_000,
            on_lock_wait: None,
            on_progress: None,
        }
    }
}

/// The bytes of a build cache on the local disk. A handle: cloning it is cheap, all clones are one
/// store, and threads may share it.
///
/// ```
/// use janus_cache::codec::Codec;
/// use janus_cache::store::{EntryKey, EntryKind, EntryMeta, Lookup, MissReason, NewEntry, Store, StoreOptions};
///
/// # let directory = tempfile::tempdir()?;
/// let store = Store::open(StoreOptions::new(directory.path().join("cache")))?;
/// let key = EntryKey::from_bytes([7; 32]);
/// let meta = EntryMeta {
///     kind: EntryKind::DispatchTable,
///     codec: Codec::None,
///     created_unix_s: 1_763_683_200,
///     rebuild_cost_ns: 120_000,
///     project: "shapes".into(),
///     producer: String::new(),
///     language: "janus".into(),
/// };
///
/// let session = store.session()?;
/// session.put(&NewEntry { key, meta: &meta, content: b"a table", trace: b"rule symmetric\n" })?;
/// session.commit()?;
///
/// let Lookup::Hit(entry) = store.get(&key) else { panic!("it was committed") };
/// assert_eq!((entry.content(), entry.project()), (&b"a table"[..], "shapes"));
/// assert_eq!(entry.trace()?, b"rule symmetric\n");
/// assert_eq!(store.get(&EntryKey::from_bytes([8; 32])).miss(), Some(MissReason::Absent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
}

/// What all handles of a store, its sessions and its maintenance use together.
pub(super) struct Shared {
    pub(super) options: StoreOptions,
    pub(super) layout: Layout,
    pub(super) catalog: Catalog,
    pub(super) counters: Counters,
    pub(super) writable: bool,
    pub(super) how: OpenHow,
    /// The start of the newest session, or of the store: what hits are stamped with.
    hour: AtomicU32,
    last_order: AtomicU64,
    pub(super) unwritten: Unwritten,
}

impl Store {
    /// Opens a cache directory, and makes it if it is missing. Cost: some system calls for each file
    /// that is missing, one to list the packs; no pack is opened.
    pub fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let layout = Layout::new(&options.directory);
        let found = layout.recognise()?;
        // What sessions promise of a cache that is there already, they see to themselves.
        let survives = if found == Found::Nothing { options.durability } else { Durability::Rename };
        let takes_files = || fs::is_writable(&layout.packs()) && fs::is_writable(&layout.tmp());
        // A session makes what is missing; whoever only looks need not see to each folder.
        let writable = !options.read_only
            && (found == Found::Cache && takes_files()
                || match layout.create(found, survives) {
                    Ok(()) => takes_files(),
                    // What is there can still be read.
                    Err(StoreError::PermissionDenied { .. }) if found != Found::Nothing => false,
                    Err(error) => return Err(error),
                });
        let access = match options.access {
            FileAccess::Map if fs::is_remote(&options.directory) => FileAccess::Read,
            access => access,
        };
        let hour = AtomicU32::new(hour_of(options.clock));
        let shared = Shared {
            catalog: Catalog::new(&layout),
            counters: Counters::default(),
            writable,
            how: OpenHow { access, boot_id: fs::boot_id(), writable },
            hour,
            last_order: AtomicU64::new(0),
            unwritten: Unwritten::default(),
            options,
            layout,
        };
        let store = Self { shared: Arc::new(shared) };
        store.refresh()?;
        Ok(store)
    }

    /// Looks a key up in the packs, newest first. Takes no file lock; a hit stays valid while it lives.
    ///
    /// A miss looks whether somebody has published since (one system call), and if so once more.
    /// Damage is a miss with its reason, unless an older pack has the key, too: every intact answer
    /// to a question is right.
    pub fn get(&self, key: &EntryKey) -> Lookup {
        let found = self.get_uncounted(key);
        self.shared.counters.count(&found);
        found
    }

    /// As [`Store::get`] where the same key was asked and missed before: another miss is not counted.
    pub(super) fn get_late(&self, key: &EntryKey) -> Option<Entry> {
        let found = self.get_uncounted(key);
        if found.miss().is_none() {
            self.shared.counters.count(&found);
        }
        found.hit()
    }

    #[inline]
    fn get_uncounted(&self, key: &EntryKey) -> Lookup {
        let shared = &*self.shared;
        let mut found = shared.look_up(key);
        if found.miss().is_some() && shared.catalog.is_stale() && self.refresh().is_ok() {
            found = shared.look_up(key);
        }
        found
    }

    /// The canonical text of a key's inputs, if an entry has it. Unlike a lookup this is no use of the entry:
    /// it counts no hit, and keeps nothing from being evicted.
    pub fn trace(&self, key: &EntryKey) -> Option<Vec<u8>> {
        self.shared.open_packs().into_iter().find_map(|pack| {
            let (_, at, header) = pack.find(key).ok()??;
            pack.check_entry(at, &header).ok()?;
            pack.trace(&header).ok()
        })
    }

    /// Sees what other processes published or removed since.
    pub fn refresh(&self) -> Result<(), StoreError> {
        self.shared.refresh()
    }

    /// The paths of the cache directory, for rooms that keep files of their own there.
    pub fn layout(&self) -> &Layout {
        &self.shared.layout
    }

    /// True when puts are counted and dropped.
    pub fn is_read_only(&self) -> bool {
        !self.shared.writable
    }

    /// How it was opened.
    pub fn options(&self) -> &StoreOptions {
        &self.shared.options
    }
}

impl Shared {
    #[inline]
    pub(super) fn look_up(&self, key: &EntryKey) -> Lookup {
        // Damage of the entry itself says more than a pack that could not be asked.
        let (mut of_entry, mut of_pack) = (None, None);
        let packs = self.catalog.packs();
        // Of one pack the index answers as fast as the filter, and a hit is spared a touch of memory.
        let filtered = packs.len() > 1;
        for slot in packs.iter() {
            match slot.pack(&self.layout, self.how) {
                Ok(pack) => match pack.lookup(key, filtered, &self.layout) {
                    Answer::Absent => {}
                    Answer::Hit(entry) => return Lookup::Hit(entry),
                    Answer::Miss(reason) => of_entry = of_entry.or(Some(reason)),
                },
                Err(OpenFailure::Vanished) => {}
                Err(OpenFailure::Useless(reason)) => of_pack = of_pack.or(Some(*reason)),
            }
        }
        Lookup::Miss(of_entry.or(of_pack).unwrap_or(MissReason::Absent))
    }

    pub(super) fn refresh(&self) -> Result<(), StoreError> {
        self.catalog.refresh(&self.layout)?;
        if let Some(newest) = self.catalog.packs().first() {
            self.last_order.fetch_max(newest.id.order(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Every pack that can be opened, newest first.
    pub(super) fn open_packs(&self) -> Vec<Arc<Pack>> {
        let slots = self.catalog.packs().clone();
        slots.iter().filter_map(|slot| slot.pack(&self.layout, self.how).as_ref().ok().cloned()).collect()
    }

    /// An identity that sorts after every pack that this process knows, even when the clock stands
    /// still or goes back: the newest answer to a question is the one that is found first.
    pub(super) fn next_pack_id(&self) -> PackId {
        let now_ns = self.options.clock.unix_ns();
        let previous = self.last_order.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(now_ns.max(last.saturating_add(1)))
        });
        let previous = previous.unwrap_or_else(|last| last);
        PackId::new(now_ns.max(previous.saturating_add(1)), fs::unique())
    }

    pub(super) fn unix_s(&self) -> u64 {
        self.options.clock.unix_s()
    }

    pub(super) fn hour(&self) -> u32 {
        self.hour.load(Ordering::Relaxed)
    }

    pub(super) fn start_hour(&self) {
        self.hour.store(hour_of(self.options.clock), Ordering::Relaxed);
    }

    /// Writes down what was used and made since the last time. Failing loses only order and numbers, so
    /// it only warns.
    pub(super) fn flush_use(&self) {
        if !self.writable {
            return;
        }
        let mut used = Vec::new();
        let mut has_failed = false;
        for slot in self.catalog.packs().iter() {
            let Some(pack) = slot.already_open() else { continue };
            let hits = pack.take_hits();
            used.extend(hits.iter().map(|(_, access)| *access));
            if !has_failed && let Err(error) = recency::flush(&self.layout, pack, self.hour(), &hits) {
                tracing::warn!(pack = %slot.id, %error, "the use of entries was not written down");
                has_failed = true;
            }
        }
        if let Err(error) = history::flush(self, used) {
            tracing::warn!(%error, "what this session did was not written down");
        }
    }

    pub(super) fn require_writable(&self, what: &'static str) -> Result<(), StoreError> {
        if self.writable {
            return Ok(());
        }
        let path = self.options.directory.clone();
        Err(StoreError::ReadOnly { path, what, by_choice: self.options.read_only })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Without the lock a clearing process could be met; it is worth no waiting.
        if self.writable
            && let Ok(Some(_lock)) = FileLock::try_shared(&self.layout.lock())
        {
            self.flush_use();
        }
    }
}

fn hour_of(clock: Clock) -> u32 {
    u32::try_from(clock.unix_hours()).unwrap_or(u32::MAX)
}
