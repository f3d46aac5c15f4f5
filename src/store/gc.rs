//! Garbage collection: takes a census, plans, and carries the plan out, one process at a time.
//!
//! Packs are never edited. A pack of which nothing stays goes; one of which much is dead, and small ones
//! where there are many, are written anew together. Readers are not disturbed: what they have mapped
//! stays theirs, and a key that they miss in a pack that went is looked up once more in the new one.

use std::collections::BTreeMap;

use super::census::Census;
use super::error::StoreError;
use super::fates::{Effort, Fate, MAX_PACKS, fates};
use super::handle::{Shared, Store};
use super::pack_format::PackId;
use super::removing::Removing;
use super::retention::{EvictionReason, Retention, Stock, decide};
use super::{compact, history, locks, recency, secure};
use crate::fs::{self, Measured};

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
    /// Packs that cannot be read: they serve nobody, and count. `validate` with repair saves what is sound
    /// in them and moves them away.
    pub useless_packs: Vec<PackId>,
    /// Their bytes.
    pub useless_bytes: u64,
    /// The disk had no room for new packs: whole packs went, as far as the size limit asks for it.
    pub no_room: bool,
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
        self.no_room |= next.no_room;
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
        history::remove_unreadable(&shared.layout)?;
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
            now_unix_s: shared.unix_s().min(recency::LAST_UNIX_S),
        },
        &options.retention,
    );
    let fates = fates(&census, &reasons, options, keep);
    carry_out(shared, &census, reasons, fates, options)
}

fn carry_out(
    shared: &Shared,
    census: &Census,
    mut reasons: Vec<Option<EvictionReason>>,
    mut fates: Vec<Fate>,
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
    for pack in census.packs.iter().filter(|pack| pack.pack.is_none()) {
        report.useless_packs.push(pack.id);
        report.useless_bytes += pack.file_bytes;
    }
    secure::stay_with_their_pack(census, &mut reasons, &fates);
    let fate_of = |at: usize| fates[census.entries[at].pack as usize];
    let mut copied_entries: Vec<usize> = (0..census.entries.len())
        .filter(|at| fate_of(*at) == Fate::Copied && reasons[*at].is_none())
        .collect();
    // Used last in front; of one hour as they were, which keeps what a session asks together.
    copied_entries.sort_by_key(|at| std::cmp::Reverse(census.entries[*at].usage.hour));
    if !dry_run {
        secure::what_took_a_place(shared, census, &reasons, &fates)?;
    }
    // First what nothing stays of: on a full disk this is the room for the copies.
    let mut removing = Removing { shared, report: &mut report, dry_run };
    removing.packs(census, &fates, Fate::Goes)?;
    let newest = census.packs.iter().zip(&fates).find(|(_, fate)| **fate == Fate::Copied);
    if let Some((newest, _)) = newest {
        if dry_run {
            let bytes: u64 = copied_entries.iter().map(|at| census.entries[*at].pack_bytes).sum();
            (report.written_bytes, report.after_packs) = (bytes, report.after_packs + 1);
        } else {
            match compact::copy(shared, census, &copied_entries, newest.id, options.compress_unused_s) {
                Ok(copied) => {
                    for at in copied.damaged {
                        reasons[at] = Some(EvictionReason::Damaged);
                    }
                    report.after_packs += copied.packs.len() as u64;
                    report.after_bytes += copied.recency_bytes;
                    (report.new_packs, report.written_bytes) = (copied.packs, copied.written_bytes);
                    report.dictionary_bytes = copied.dictionary_bytes;
                }
                Err(StoreError::DiskFull { path, .. }) => {
                    tracing::warn!(path = %path.display(), "no room for new packs; whole packs go instead");
                    report.no_room = true;
                    let max_bytes = options.retention.max_bytes.unwrap_or(u64::MAX);
                    secure::drop_whole(census, &mut reasons, &mut fates, report.after_bytes, max_bytes);
                }
                Err(error) => return Err(error),
            }
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
    removing.packs(census, &fates, Fate::Copied)?;
    removing.objects(census, &reasons)?;
    if !dry_run && !report.removed_packs.is_empty() {
        Removing { shared, report: &mut report, dry_run }.pointless_records()?;
        shared.catalog.announce();
        shared.refresh()?;
    }
    Ok(report)
}
