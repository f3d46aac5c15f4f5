//! Which packs there are, newest first, and what is recorded as removed from them.
//!
//! A reader holds the list for the time of one lookup; a refresh replaces it. Packs are opened when
//! a lookup first reaches them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use super::dead;
use super::entry::EntryKey;
use super::error::StoreError;
use super::layout::Layout;
use super::lookup::MissReason;
use super::pack_format::PackId;
use super::pack_reader::{OpenFailure, Pack};
use super::pack_verify;
use crate::fs::{self, Durability, FileAccess, Signal};

/// How packs are opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenHow {
    pub(super) access: FileAccess,
    pub(super) boot_id: Option<[u8; 16]>,
    /// The directory may be written: what was verified is noted there.
    pub(super) writable: bool,
}

/// A pack that may not have been opened yet.
pub(super) struct PackSlot {
    pub(super) id: PackId,
    path: PathBuf,
    opened: OnceLock<Result<Arc<Pack>, OpenFailure>>,
    removed: Vec<EntryKey>,
}

impl PackSlot {
    fn new(layout: &Layout, id: PackId, removed: Vec<EntryKey>) -> Self {
        Self { id, path: layout.pack(id), opened: OnceLock::new(), removed }
    }

    /// The pack; the first call opens it.
    pub(super) fn pack(&self, layout: &Layout, how: OpenHow) -> &Result<Arc<Pack>, OpenFailure> {
        self.opened.get_or_init(|| {
            let pack = Pack::open(&self.path, self.id, how.access)?;
            if !pack.is_settled(how.boot_id) {
                settle(&pack, layout, how)?;
            }
            for key in &self.removed {
                pack.bury(key);
            }
            Ok(Arc::new(pack))
        })
    }

    /// The pack, if somebody has opened it.
    pub(super) fn already_open(&self) -> Option<&Arc<Pack>> {
        self.opened.get().and_then(|opened| opened.as_ref().ok())
    }
}

/// The machine has been started anew since this pack was written without a sync, so any of its
/// blocks may be missing: all of it is verified once, synced, and noted as sound.
fn settle(pack: &Pack, layout: &Layout, how: OpenHow) -> Result<(), OpenFailure> {
    let id = pack.id();
    let mark = layout.settled_mark(id);
    if mark.exists() {
        return Ok(());
    }
    let unreadable =
        |error: std::io::Error| OpenFailure::Useless(MissReason::Unreadable { pack: id, kind: error.kind() });
    let bytes = pack.whole().map_err(unreadable)?;
    if let Some(problem) = pack_verify::verify(&bytes, id).problems.first() {
        tracing::warn!(pack = %id, problem = %problem.what, "a pack did not survive the last stop of the machine");
        return Err(OpenFailure::Useless(MissReason::Damaged { pack: id, what: problem.what }));
    }
    if how.writable {
        // Losing the note costs another verification, so its failure is none of the reader's.
        let noted = fs::sync_file(pack.path()).and_then(|()| fs::write_new(&mark, b"", Durability::Rename));
        if let Err(error) = noted {
            tracing::debug!(pack = %id, %error, "a verified pack could not be noted as such");
        }
    }
    Ok(())
}

/// The packs of a directory.
pub(super) struct Catalog {
    /// Newest first.
    packs: RwLock<Vec<Arc<PackSlot>>>,
    signal: Signal,
    heard: AtomicU64,
    /// Removal records that were read, by file; held during a refresh, so that there is one at a time.
    removals: Mutex<HashMap<String, Vec<dead::Removal>>>,
}

impl Catalog {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            packs: RwLock::default(),
            signal: Signal::new(&layout.published_signal()),
            heard: AtomicU64::new(0),
            removals: Mutex::default(),
        }
    }

    /// The list as it is known now.
    pub(super) fn packs(&self) -> RwLockReadGuard<'_, Vec<Arc<PackSlot>>> {
        self.packs.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when somebody published or removed something since the last refresh. One system call.
    pub(super) fn is_stale(&self) -> bool {
        self.signal.now() != self.heard.load(Ordering::Acquire)
    }

    /// Tells all processes, this one included, that the directory has changed.
    pub(super) fn announce(&self) {
        if let Err(error) = self.signal.raise() {
            // Others see the change when they next open the cache.
            tracing::debug!(%error, "a publication could not be announced");
        }
    }

    /// Reads the directory anew. Packs that are open stay open.
    pub(super) fn refresh(&self, layout: &Layout) -> Result<(), StoreError> {
        let mut removals = self.removals.lock().unwrap_or_else(PoisonError::into_inner);
        // Listened to before the directory is read: what comes in between is read twice, never missed.
        let heard = self.signal.now();
        let failed = |path: PathBuf| move |error| StoreError::io(&path, "list", error);
        let mut dead_files = fs::file_names(&layout.dead()).map_err(failed(layout.dead()))?;
        dead_files.retain(|name| dead::is_name(name));
        removals.retain(|name, _| dead_files.contains(name));
        for name in dead_files {
            let path = layout.dead().join(&name);
            removals.entry(name).or_insert_with(|| {
                dead::read(&path).unwrap_or_else(|error| {
                    tracing::warn!(file = %path.display(), %error, "removal records are ignored");
                    Vec::new()
                })
            });
        }
        let mut removed: HashMap<PackId, Vec<EntryKey>> = HashMap::new();
        for removal in removals.values().flatten() {
            removed.entry(removal.pack).or_default().push(removal.key);
        }
        let files = fs::file_names(&layout.packs()).map_err(failed(layout.packs()))?;
        let mut ids: Vec<_> = files.iter().filter_map(|name| pack_id_of(name)).collect();
        ids.sort_unstable_by(|left, right| right.cmp(left));
        let known: HashMap<_, _> = self.packs().iter().map(|slot| (slot.id, Arc::clone(slot))).collect();
        let slots = ids.into_iter().map(|id| {
            let removed = removed.remove(&id).unwrap_or_default();
            match known.get(&id) {
                Some(slot) if slot.removed.len() == removed.len() => Arc::clone(slot),
                Some(slot) => match slot.already_open() {
                    Some(pack) => {
                        for key in &removed {
                            pack.bury(key);
                        }
                        let opened = OnceLock::from(Ok(Arc::clone(pack)));
                        Arc::new(PackSlot { id, path: slot.path.clone(), opened, removed })
                    }
                    None => Arc::new(PackSlot::new(layout, id, removed)),
                },
                None => Arc::new(PackSlot::new(layout, id, removed)),
            }
        });
        let slots: Vec<_> = slots.collect();
        *self.packs.write().unwrap_or_else(PoisonError::into_inner) = slots;
        self.heard.store(heard, Ordering::Release);
        Ok(())
    }

    /// Every entry that counts as removed.
    pub(super) fn buried_entries(&self) -> HashSet<(PackId, EntryKey)> {
        let removals = self.removals.lock().unwrap_or_else(PoisonError::into_inner);
        removals.values().flatten().map(|removal| (removal.pack, removal.key)).collect()
    }

    /// How many removal records are known.
    pub(super) fn removal_count(&self) -> u64 {
        let removals = self.removals.lock().unwrap_or_else(PoisonError::into_inner);
        removals.values().map(|records| records.len() as u64).sum()
    }
}

/// The identity in a file name of `packs/`.
pub(super) fn pack_id_of(name: &str) -> Option<PackId> {
    PackId::parse(name.strip_suffix(".pack")?)
}
