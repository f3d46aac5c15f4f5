//! Garbage collection: takes a census, plans, and carries the plan out, one process at a time.
//!
//! Packs are never edited. A pack of which nothing stays goes; one of which much is dead, and small ones
//! where there are many, are written anew together. Readers are not disturbed: what they have mapped
//! stays theirs, and a key that they miss in a pack that went is looked up once more in the new one.

use std::collections::{BTreeMap, HashSet};

use super::census::Census;
use super::error::StoreError;
use super::fates::{Effort, Fate, MAX_PACKS, fates};
use super::handle::{Shared, Store};
use super::pack_format::PackId;
use super::retention::{EvictionReason, Retention, Stock, decide};
use super::{compact, dead, locks};
use crate::digest::ContentDigest;
use crate::fs::{self, Measured};

/// Objects that no pack names are kept for so long: their pack may be about to appear.
const ORPHAN_GRACE_S: u64 = 24 * 3600;
/// A collection that was asked for, and is over its limit still, goes on so often.
const ROUNDS: u32 = 4;

/// What a collection is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GcOptions {
    /// What may stay.
    pub retention: Retention,
    /// How much it may write.
    pub effort: Effort,
    /// Contents that nobody used for so long, in seconds, are compressed where their pack is written anew;
    /// they cost a decoding with each use then. None: everything is copied as it is.
    pub compress_unused_s: Option<u64>,
    /// Only says what it would do.
    pub dry_run: bool,
}

/// Entries that went for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// How many.
    pub entries: u64,
    /// Their bytes in packs.
    pub bytes: u64,
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Bytes of packs, objects, removal records and recency before.
    pub before_bytes: u64,
    /// And after; of a dry run, about.
    pub after_bytes: u64,
    /// Entries before, each key counted in each pack that holds it.
    pub before_entries: u64,
    /// Entries after.
    pub after_entries: u64,
    /// Pack files before.
    pub before_packs: u64,
    /// Pack files after.
    pub after_packs: u64,
    /// The packs that went, or would.
    pub removed_packs: Vec<PackId>,
    /// Every file that was removed, or would be.
    pub removed: Measured,
    /// The packs that were written; none in a dry run.
    pub new_packs: Vec<PackId>,
    /// Their bytes.
    pub written_bytes: u64,
    /// The length of the dictionary that was trained for them; 0 where none was, or it did not pay.
    pub dictionary_bytes: u64,
    /// The entries that went, by reason.
    pub evicted: BTreeMap<EvictionReason, Evicted>,
    /// True when another process was at it already, and nothing was done.
    pub busy_elsewhere: bool,
}

impl GcReport {
    /// Takes in what the next round did.
    fn followed_by(&mut self, next: Self) {
        (self.after_bytes, self.after_entries) = (next.after_bytes, next.after_entries);
        self.after_packs = next.after_packs;
        // Packs that only lived from one round to the next are nobody's.
        self.new_packs.retain(|pack| !next.removed_packs.contains(pack));
        self.new_packs.extend(next.new_packs);
        self.removed_packs.extend(next.removed_packs);
        self.removed += next.removed;
        self.written_bytes += next.written_bytes;
        self.dictionary_bytes = self.dictionary_bytes.max(next.dictionary_bytes);
        for (reason, more) in next.evicted {
            let evicted = self.evicted.entry(reason).or_default();
            evicted.entries += more.entries;
            evicted.bytes += more.bytes;
        }
    }
}

impl Store {
    /// Evicts and compacts as `options` say. Several processes may ask at once: one does it, and the
    /// others are told so. Cost: a look at every entry's header, and a copy of the packs that are written
    /// anew; at most 256 MiB of them, or a sixth of the store, are held in memory.
    pub fn gc(&self, options: &GcOptions) -> Result<GcReport, StoreError> {
        if !options.dry_run {
            self.shared.require_writable("collecting garbage")?;
        }
        let _lock = if self.shared.writable {
            Some(locks::shared(&self.shared.layout, &self.shared.options)?)
        } else {
            None
        };
        let mut report = collect(&self.shared, options, &[])?;
        // What a new pack takes besides its entries is only known when it is written.
        let mut max_bytes = options.retention.max_bytes.unwrap_or(u64::MAX);
        for _ in 0..ROUNDS {
            let over_bytes =
                report.after_bytes.saturating_sub(options.retention.max_bytes.unwrap_or(u64::MAX));
            if options.dry_run || report.busy_elsewhere || over_bytes == 0 || report.after_entries == 0 {
                break;
            }
            max_bytes = max_bytes.saturating_sub(over_bytes);
            let retention = Retention { max_bytes: Some(max_bytes), ..options.retention.clone() };
            report.followed_by(collect(&self.shared, &GcOptions { retention, ..options.clone() }, &[])?);
        }
        Ok(report)
    }

    /// Does what is due: keeps the limits of [`StoreOptions::retention`](super::StoreOptions::retention) if
    /// the last time is longer ago than the interval of the options, or if there are so many packs that
    /// lookups get slow. None where nothing was due. A slice of the work; call it when results are
    /// delivered, nobody waits for it. Cost where nothing is due: a look at one file.
    pub fn maintain(&self) -> Option<Result<GcReport, StoreError>> {
        let shared = &*self.shared;
        if !shared.writable {
            return None;
        }
        let mark = shared.layout.collected_mark();
        let interval_s = shared.options.cleanup_interval_s;
        let (last_unix_s, now_unix_s) = (fs::modified_unix_s(&mark).unwrap_or(0), shared.unix_s());
        // A mark in the future is of a clock that was wrong once; it must not stop cleaning for years.
        let is_due = last_unix_s > now_unix_s.saturating_add(interval_s)
            || now_unix_s.saturating_sub(last_unix_s) >= interval_s;
        if !is_due && shared.catalog.packs().len() <= MAX_PACKS {
            return None;
        }
        let lock = match locks::shared(&shared.layout, &shared.options) {
            Ok(lock) => lock,
            Err(error) => return Some(Err(error)),
        };
        let retention = shared.options.retention.clone();
        let report = collect(shared, &GcOptions { retention, ..GcOptions::default() }, &[]);
        if report.as_ref().is_ok_and(|report| !report.busy_elsewhere)
            && let Err(error) = fs::replace(&mark, b"", fs::Durability::Rename)
        {
            tracing::debug!(%error, "that the cache was cleaned could not be noted");
        }
        drop(lock);
        Some(report)
    }

    /// Evicts, least recently used entries first, until at most `max_bytes` are left.
    pub fn enforce_limit(&self, max_bytes: u64) -> Result<GcReport, StoreError> {
        let retention = Retention { max_bytes: Some(max_bytes), ..Retention::default() };
        self.gc(&GcOptions { retention, effort: Effort::Thorough, ..GcOptions::default() })
    }
}

/// Keeps the size limit, if there is one and the store is larger, without evicting from the packs in `keep`.
pub(super) fn keep_size(store: &Store, keep: &[PackId]) -> Option<Result<GcReport, StoreError>> {
    let shared = &*store.shared;
    let whole = &shared.options.retention;
    let max_bytes = whole.max_bytes?;
    match store.used_bytes() {
        Ok(used) if used <= max_bytes => {
            Some(Ok(GcReport { before_bytes: used, after_bytes: used, ..GcReport::default() }))
        }
        Ok(_) => {
            let retention = Retention { max_age_s: None, select: None, ..whole.clone() };
            let options = GcOptions { retention, ..GcOptions::default() };
            Some(collect(shared, &options, keep))
        }
        Err(error) => Some(Err(error)),
    }
}

/// As [`Store::gc`], under a shared lock that the caller holds, without evicting from the packs in `keep`.
pub(super) fn collect(shared: &Shared, options: &GcOptions, keep: &[PackId]) -> Result<GcReport, StoreError> {
    let _lock = if options.dry_run {
        None
    } else {
        let Some(lock) = locks::try_maintenance(&shared.layout)? else {
            return Ok(GcReport { busy_elsewhere: true, ..GcReport::default() });
        };
        Some(lock)
    };
    let census = Census::take(shared)?;
    let object_bytes: Vec<u64> = census.digests.iter().map(|(_, bytes)| *bytes).collect();
    let unreadable: u64 =
        census.packs.iter().filter(|pack| pack.pack.is_none()).map(|pack| pack.file_bytes).sum();
    let reasons = decide(
        &Stock {
            entries: &census.entries,
            projects: &census.projects,
            object_bytes: &object_bytes,
            is_kept_pack: &|pack| keep.contains(&census.packs[pack as usize].id),
            fixed_bytes: census.side_bytes + unreadable,
            now_unix_s: shared.unix_s(),
        },
        &options.retention,
    );
    let fates = fates(&census, &reasons, options, keep);
    carry_out(shared, &census, reasons, &fates, options)
}

fn carry_out(
    shared: &Shared,
    census: &Census,
    mut reasons: Vec<Option<EvictionReason>>,
    fates: &[Fate],
    options: &GcOptions,
) -> Result<GcReport, StoreError> {
    let dry_run = options.dry_run;
    let before_bytes = census.total_bytes();
    let mut report = GcReport {
        before_bytes,
        after_bytes: before_bytes,
        before_entries: census.entries.len() as u64,
        before_packs: census.packs.len() as u64,
        after_packs: census.packs.len() as u64,
        ..GcReport::default()
    };
    // An entry of a pack that stays, stays with it.
    let fate_of = |at: usize| fates[census.entries[at].pack as usize];
    for (at, reason) in reasons.iter_mut().enumerate() {
        if fate_of(at) == Fate::Stays {
            *reason = None;
        }
    }
    let mut copied_entries: Vec<usize> = (0..census.entries.len())
        .filter(|at| fate_of(*at) == Fate::Copied && reasons[*at].is_none())
        .collect();
    // Used last in front; of one hour as they were, which keeps what a session asks together.
    copied_entries.sort_by_key(|at| std::cmp::Reverse(census.entries[*at].usage.hour));
    let newest = census.packs.iter().zip(fates).find(|(_, fate)| **fate == Fate::Copied);
    if let Some((newest, _)) = newest {
        if dry_run {
            let bytes: u64 = copied_entries.iter().map(|at| census.entries[*at].pack_bytes).sum();
            (report.written_bytes, report.after_packs) = (bytes, report.after_packs + 1);
        } else {
            let copied =
                compact::copy(shared, census, &copied_entries, newest.id, options.compress_unused_s)?;
            for at in copied.damaged {
                reasons[at] = Some(EvictionReason::Damaged);
            }
            report.after_packs += copied.packs.len() as u64;
            report.after_bytes += copied.recency_bytes;
            (report.new_packs, report.written_bytes) = (copied.packs, copied.written_bytes);
            report.dictionary_bytes = copied.dictionary_bytes;
            // Whoever misses in a pack that goes next must know that there are new ones.
            shared.catalog.announce();
        }
        report.after_bytes += report.written_bytes;
    }
    for (entry, reason) in census.entries.iter().zip(&reasons) {
        if let Some(reason) = reason {
            let evicted = report.evicted.entry(*reason).or_default();
            *evicted = Evicted { entries: evicted.entries + 1, bytes: evicted.bytes + entry.pack_bytes };
        }
    }
    report.after_entries = reasons.iter().filter(|reason| reason.is_none()).count() as u64;
    let mut removing = Removing { shared, report: &mut report, dry_run };
    for (pack, _) in census.packs.iter().zip(fates).filter(|(_, fate)| **fate != Fate::Stays) {
        removing.pack(pack.id, pack.file_bytes)?;
    }
    removing.objects(census, &reasons)?;
    if !dry_run && !report.removed_packs.is_empty() {
        Removing { shared, report: &mut report, dry_run }.pointless_records()?;
        shared.catalog.announce();
        shared.refresh()?;
    }
    Ok(report)
}

struct Removing<'a> {
    shared: &'a Shared,
    report: &'a mut GcReport,
    dry_run: bool,
}

impl Removing<'_> {
    fn pack(&mut self, id: PackId, file_bytes: u64) -> Result<(), StoreError> {
        let layout = &self.shared.layout;
        let (path, recency) = (layout.pack(id), layout.recency_of(id));
        let recency_bytes = fs::look_at(&recency).map_or(0, |found| found.len());
        let is_removed =
            self.dry_run || fs::remove_file(&path).map_err(|error| StoreError::io(&path, "remove", error))?;
        if is_removed {
            self.report.removed_packs.push(id);
            self.report.after_packs -= 1;
            self.count(file_bytes);
        }
        // What stands beside the pack means nothing without it.
        if recency_bytes > 0 && (self.dry_run || fs::remove_file(&recency).is_ok_and(|removed| removed)) {
            self.count(recency_bytes);
        }
        if !self.dry_run {
            let _ = fs::remove_file(&layout.settled_mark(id));
        }
        Ok(())
    }

    /// Objects whose last entry went, and, where every entry is known, those that nobody ever named.
    fn objects(&mut self, census: &Census, reasons: &[Option<EvictionReason>]) -> Result<(), StoreError> {
        let mut named = HashSet::new();
        let mut stays = HashSet::new();
        for (entry, reason) in census.entries.iter().zip(reasons) {
            if let Some((digest, _)) = entry.object.and_then(|object| census.digests.get(object as usize)) {
                named.insert(*digest);
                if reason.is_none() {
                    stays.insert(*digest);
                }
            }
        }
        let now_unix_s = self.shared.unix_s();
        let is_old = |object: &fs::Found| object.modified_unix_s.saturating_add(ORPHAN_GRACE_S) < now_unix_s;
        let mut goes: Vec<(&ContentDigest, &fs::Found)> = census
            .objects
            .iter()
            .filter(|(digest, object)| {
                let lost_its_last = named.contains(*digest) && !stays.contains(*digest);
                // With a pack that cannot be read, no object is known to be unnamed.
                census.is_complete() && (lost_its_last || (!named.contains(*digest) && is_old(object)))
            })
            .collect();
        goes.sort_by_key(|(digest, _)| **digest);
        for (_, object) in goes {
            // Another session may have published the same object again since it was listed.
            let unchanged =
                fs::modified_unix_s(&object.path).is_some_and(|now| now == object.modified_unix_s);
            let failed = |error| StoreError::io(&object.path, "remove", error);
            if unchanged && (self.dry_run || fs::remove_file(&object.path).map_err(failed)?) {
                self.count(object.len_bytes);
            }
        }
        Ok(())
    }

    /// Records about packs that are gone say nothing any more.
    fn pointless_records(&mut self) -> Result<(), StoreError> {
        let layout = &self.shared.layout;
        let folder = layout.dead();
        for file in fs::list(&folder).map_err(|error| StoreError::io(&folder, "list", error))? {
            if !dead::is_name(&file.name) {
                continue;
            }
            let Ok(removals) = dead::read(&file.path) else { continue };
            let pointless = removals.iter().all(|removal| !layout.pack(removal.pack).exists());
            let failed = |error| StoreError::io(&file.path, "remove", error);
            if pointless && fs::remove_file(&file.path).map_err(failed)? {
                self.count(file.len_bytes);
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64) {
        self.report.removed += Measured { files: 1, bytes };
        self.report.after_bytes = self.report.after_bytes.saturating_sub(bytes);
    }
}
