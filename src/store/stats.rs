//! What is in a store, in numbers and entry by entry.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use super::counters::Activity;
use super::entry::{EntryKey, EntryKind, EntryMeta};
use super::error::StoreError;
use super::handle::Store;
use super::objects::list_objects;
use super::pack_codec::PackCodec;
use super::pack_format::PackId;
use super::recency;
use crate::fs::{self, Measured};

/// Some entries together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub entries: u64,
    /// Their contents as they are stored, in packs or objects.
    pub stored_bytes: u64,
    /// Their contents as they are used.
    pub decoded_bytes: u64,
    /// What it took to make them, in nanoseconds.
    pub rebuild_cost_ns: u64,
}

/// Upper ends of the ages that [`Stats::by_age`] counts, in seconds: an hour, a day, a week, thirty days,
/// and no end.
pub const AGE_ENDS_S: [u64; 5] = [3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600, u64::MAX];

/// So many of the hottest and the largest entries are named.
pub const NAMED: usize = 5;

/// What is in a store. A key that several packs hold counts in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// All entries that are not removed.
    pub total: Tally,
    /// By what they are.
    pub by_kind: BTreeMap<EntryKind, Tally>,
    /// By the project they were made for.
    pub by_project: BTreeMap<String, Tally>,
    /// By language.
    pub by_language: BTreeMap<String, Tally>,
    /// By how long ago an entry was used, or made: up to each of [`AGE_ENDS_S`].
    pub by_age: [Tally; AGE_ENDS_S.len()],
    /// Entries that no lookup finds: removed, or behind a newer answer. Their bytes wait for a collection.
    pub dead: Tally,
    /// The entries that were hit most often, the most first; at most [`NAMED`].
    pub hottest: Vec<EntryInfo>,
    /// The entries whose stored contents are longest, the longest first; at most [`NAMED`].
    pub largest: Vec<EntryInfo>,
    /// Pack files.
    pub packs: Measured,
    /// Packs that could not be opened: damaged, unreadable, or of another version.
    pub useless_packs: u64,
    /// Loose objects.
    pub objects: Measured,
    /// Removal records that are in force.
    pub removals: u64,
    /// Files in quarantine.
    pub quarantine: Measured,
    /// When the oldest entry was made, in seconds since the Unix epoch.
    pub oldest_unix_s: Option<u64>,
    /// When the newest entry was made.
    pub newest_unix_s: Option<u64>,
    /// What this process did.
    pub activity: Activity,
}

/// One entry, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// The question's name.
    pub key: EntryKey,
    /// What is known about the answer.
    pub meta: EntryMeta,
    /// How its content is stored.
    pub codec: PackCodec,
    /// Which pack holds it.
    pub pack: PackId,
    /// Its content lies in a file of its own.
    pub loose: bool,
    /// The length of the stored content.
    pub stored_bytes: u64,
    /// The length of the content.
    pub decoded_bytes: u64,
    /// The start of the last session that used it, in hours since the Unix epoch; 0 for none known.
    pub last_used_hour: u32,
    /// How often it was hit, up to 1023; hits of running sessions are not in it.
    pub hits: u32,
}

impl EntryInfo {
    /// When it was last used or, failing that, made, in seconds since the Unix epoch. Uses are known by the
    /// hour.
    pub fn last_used_unix_s(&self) -> u64 {
        self.meta.created_unix_s.max(u64::from(self.last_used_hour) * 3600)
    }
}

impl Store {
    /// How large the cache is, as its size limit counts it. Cost: it lists the packs and objects.
    pub fn used_bytes(&self) -> Result<u64, StoreError> {
        let layout = &self.shared.layout;
        let objects: u64 = list_objects(layout)?.values().map(|found| found.len_bytes).sum();
        let folders = [layout.packs(), layout.dead(), layout.recency(), layout.history_dir()];
        folders.into_iter().try_fold(objects, |sum, path| {
            let measured = fs::measure(&path).map_err(|error| StoreError::io(&path, "measure", error))?;
            Ok(sum + measured.bytes)
        })
    }

    /// How many entries there are that are not removed. Cost: each pack is opened, none of its entries is read.
    pub fn entry_count(&self) -> u64 {
        let listed: u64 =
            self.shared.open_packs().iter().map(|pack| u64::from(pack.footer().entry_count.get())).sum();
        listed.saturating_sub(self.shared.catalog.removal_count())
    }

    /// Counts everything. Cost: a look at every entry's header, no content is read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let layout = &self.shared.layout;
        let measure = |path: std::path::PathBuf| {
            fs::measure(&path).map_err(|error| StoreError::io(&path, "measure", error))
        };
        let mut stats = Stats {
            packs: measure(layout.packs())?,
            quarantine: measure(layout.quarantine())?,
            activity: self.shared.counters.read(),
            ..Stats::default()
        };
        for object in list_objects(layout)?.values() {
            stats.objects += Measured { files: 1, bytes: object.len_bytes };
        }
        let now_unix_s = self.shared.unix_s();
        let mut seen = HashSet::new();
        self.visit_all(&mut |entry, is_removed| {
            if !is_removed {
                stats.add(&entry, now_unix_s);
            }
            if is_removed || !seen.insert(entry.key) {
                stats.dead.add(&entry);
            } else {
                name(&mut stats.hottest, &entry, |entry| u64::from(entry.hits));
                name(&mut stats.largest, &entry, |entry| entry.stored_bytes);
            }
        })?;
        stats.removals = self.shared.catalog.removal_count();
        let slots = self.shared.catalog.packs().clone();
        stats.useless_packs =
            slots.iter().filter(|slot| slot.pack(layout, self.shared.how).is_err()).count() as u64;
        Ok(stats)
    }

    /// Shows every entry that is not removed, newest pack first, in the order in which a pack holds
    /// them. Damaged ones are left out.
    pub fn visit(&self, show: &mut dyn FnMut(EntryInfo)) -> Result<(), StoreError> {
        self.visit_all(&mut |entry, is_removed| {
            if !is_removed {
                show(entry);
            }
        })
    }

    /// Also those that are removed, and says so.
    fn visit_all(&self, show: &mut dyn FnMut(EntryInfo, bool)) -> Result<(), StoreError> {
        self.refresh()?;
        for pack in self.shared.open_packs() {
            let usage = recency::read(&self.shared.layout, pack.id(), pack.footer().entry_count.get());
            for (at, header) in pack.entries() {
                let key = EntryKey::from_bytes(header.key);
                let known = (EntryKind::from_byte(header.kind), PackCodec::from_byte(header.codec));
                let (Some(kind), Some(codec)) = known else { continue };
                if pack.check_entry(at, &header).is_err() {
                    continue;
                }
                let name = |at: zerocopy::little_endian::U32| pack.name(at.get()).to_owned();
                let used = usage.get(header.ordinal.get() as usize).copied().unwrap_or_default();
                let entry = EntryInfo {
                    key,
                    meta: EntryMeta {
                        kind,
                        codec: codec.elsewhere(),
                        created_unix_s: header.created_unix_s.get(),
                        rebuild_cost_ns: header.rebuild_cost_ns.get(),
                        project: name(header.project),
                        producer: name(header.producer),
                        language: name(header.language),
                    },
                    codec,
                    pack: pack.id(),
                    loose: header.is_loose(),
                    stored_bytes: header.stored_bytes.get(),
                    decoded_bytes: header.decoded_bytes.get(),
                    last_used_hour: used.hour,
                    hits: used.hits,
                };
                show(entry, pack.is_buried(&key));
            }
        }
        Ok(())
    }
}

/// Keeps those with the most of something, in that order; of equals the smaller key first.
fn name(named: &mut Vec<EntryInfo>, entry: &EntryInfo, of: fn(&EntryInfo) -> u64) {
    if of(entry) == 0 {
        return;
    }
    let rank = |entry: &EntryInfo| (Reverse(of(entry)), entry.key);
    let at = named.partition_point(|known| rank(known) < rank(entry));
    if at < NAMED {
        named.insert(at, entry.clone());
        named.truncate(NAMED);
    }
}

impl Stats {
    fn add(&mut self, entry: &EntryInfo, now_unix_s: u64) {
        self.total.add(entry);
        let idle_s = now_unix_s.saturating_sub(entry.last_used_unix_s());
        if let Some((_, tally)) = AGE_ENDS_S.iter().zip(&mut self.by_age).find(|(end_s, _)| idle_s <= **end_s)
        {
            tally.add(entry);
        }
        self.by_kind.entry(entry.meta.kind).or_default().add(entry);
        self.by_project.entry(entry.meta.project.clone()).or_default().add(entry);
        self.by_language.entry(entry.meta.language.clone()).or_default().add(entry);
        let made = entry.meta.created_unix_s;
        self.oldest_unix_s = Some(self.oldest_unix_s.map_or(made, |oldest| oldest.min(made)));
        self.newest_unix_s = Some(self.newest_unix_s.map_or(made, |newest| newest.max(made)));
    }
}

impl Tally {
    fn add(&mut self, entry: &EntryInfo) {
        self.entries += 1;
        self.stored_bytes = self.stored_bytes.saturating_add(entry.stored_bytes);
        self.decoded_bytes = self.decoded_bytes.saturating_add(entry.decoded_bytes);
        self.rebuild_cost_ns = self.rebuild_cost_ns.saturating_add(entry.meta.rebuild_cost_ns);
    }
}
