//! What a collection removes: packs with what stands beside them, objects, pointless records.

use std::collections::HashSet;

use super::census::Census;
use super::dead;
use super::error::StoreError;
use super::fates::Fate;
use super::gc::GcReport;
use super::handle::Shared;
use super::pack_format::PackId;
use super::retention::EvictionReason;
use crate::digest::ContentDigest;
use crate::fs::{self, Measured};

/// Objects that no pack names are kept for so long: their pack may be about to appear.
const ORPHAN_GRACE_S: u64 = 24 * 3600;
/// Removes, and counts it in the report.
pub(super) struct Removing<'a> {
    pub(super) shared: &'a Shared,
    pub(super) report: &'a mut GcReport,
    pub(super) dry_run: bool,
}

impl Removing<'_> {
    /// The packs with this fate.
    pub(super) fn packs(&mut self, census: &Census, fates: &[Fate], fate: Fate) -> Result<(), StoreError> {
        let mut with_fate = census.packs.iter().zip(fates).filter(|(_, of)| **of == fate);
        with_fate.try_for_each(|(pack, _)| self.pack(pack.id, pack.file_bytes))
    }

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
    pub(super) fn objects(
        &mut self,
        census: &Census,
        reasons: &[Option<EvictionReason>],
    ) -> Result<(), StoreError> {
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
    pub(super) fn pointless_records(&mut self) -> Result<(), StoreError> {
        let layout = &self.shared.layout;
        let folder = layout.dead();
        for file in fs::list_if_dir(&folder).map_err(|error| StoreError::io(&folder, "list", error))? {
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
