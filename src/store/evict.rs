//! The size limit: whole packs go, least recently used first.
//!
//! Nothing is replaced, so nothing has to be synced first: a power loss may bring a removed pack
//! back, which is still right. A pack goes before the objects that only it names; a reader that
//! found the entry just before has a miss, never a wrong answer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::error::StoreError;
use super::handle::{Shared, Store};
use super::layout::Layout;
use super::pack_format::PackId;
use super::pack_reader::{OpenFailure, Pack};
use super::{catalog, dead, locks, recency};
use crate::digest::ContentDigest;
use crate::fs::{self, Found, Measured};

/// Objects that no pack names are kept for so long: their pack may be about to appear.
const ORPHAN_GRACE_S: u64 = 24 * 3600;

/// What keeping a size limit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitReport {
    /// Bytes of packs, objects, removal records and recency before.
    pub before_bytes: u64,
    /// And after.
    pub after_bytes: u64,
    /// The packs that were removed, in this order.
    pub packs: Vec<PackId>,
    /// Every file that was removed.
    pub removed: Measured,
    /// True when another process was at it already, and nothing was done.
    pub busy_elsewhere: bool,
}

impl Store {
    /// Removes whole packs, least recently used first, until at most `max_bytes` are left, and objects
    /// that no pack names any more. Readers are not disturbed. Only bytes below `packs`, `objects`,
    /// `dead` and `recency` count.
    pub fn enforce_limit(&self, max_bytes: u64) -> Result<LimitReport, StoreError> {
        self.shared.require_writable("eviction")?;
        let _lock = locks::shared(&self.shared.layout, &self.shared.options)?;
        enforce(&self.shared, max_bytes, &[])
    }
}

struct Candidate {
    id: PackId,
    bytes: u64,
    last_used_hour: u32,
    objects: HashSet<ContentDigest>,
}

/// As [`Store::enforce_limit`], under a shared lock that the caller holds, without touching the packs in `keep`.
pub(super) fn enforce(shared: &Shared, max_bytes: u64, keep: &[PackId]) -> Result<LimitReport, StoreError> {
    let layout = &shared.layout;
    let Some(_lock) = locks::try_maintenance(layout)? else {
        return Ok(LimitReport { busy_elsewhere: true, ..LimitReport::default() });
    };
    shared.refresh()?;
    shared.flush_recency();
    let measure = |path: std::path::PathBuf| {
        fs::measure(&path).map(|found| found.bytes).map_err(|error| StoreError::io(&path, "measure", error))
    };
    let mut objects = list_objects(layout)?;
    let object_bytes: u64 = objects.values().map(|found| found.len_bytes).sum();
    let side_bytes = measure(layout.dead())? + measure(layout.recency())?;
    let before_bytes = measure(layout.packs())? + object_bytes + side_bytes;
    let mut report = LimitReport { before_bytes, after_bytes: before_bytes, ..LimitReport::default() };
    if before_bytes <= max_bytes {
        return Ok(report);
    }
    let (mut candidates, all_known) = candidates(shared)?;
    candidates.sort_unstable_by_key(|candidate| (candidate.last_used_hour, candidate.id));
    let mut names: HashMap<ContentDigest, u32> = HashMap::new();
    for digest in candidates.iter().flat_map(|candidate| &candidate.objects) {
        *names.entry(*digest).or_default() += 1;
    }
    for candidate in candidates.iter().filter(|candidate| !keep.contains(&candidate.id)) {
        if report.after_bytes <= max_bytes {
            break;
        }
        remove_pack(layout, candidate, &mut report)?;
        for digest in &candidate.objects {
            let left = names.get_mut(digest).map_or(0, |count| {
                *count -= 1;
                *count
            });
            if left == 0
                && let Some(object) = objects.remove(digest)
            {
                remove_object(&object, &mut report)?;
            }
        }
    }
    // With a pack that cannot be read, no object is known to be unnamed.
    if all_known {
        let now_unix_s = shared.unix_s();
        for (digest, object) in objects {
            if !names.contains_key(&digest)
                && object.modified_unix_s.saturating_add(ORPHAN_GRACE_S) < now_unix_s
            {
                remove_object(&object, &mut report)?;
            }
        }
    }
    drop_pointless_removals(shared, &mut report)?;
    shared.catalog.announce();
    shared.refresh()?;
    Ok(report)
}

/// Every pack file with what decides about it; and whether all of them could be read.
fn candidates(shared: &Shared) -> Result<(Vec<Candidate>, bool), StoreError> {
    let layout = &shared.layout;
    let packs = layout.packs();
    let files = fs::list(&packs).map_err(|error| StoreError::io(&packs, "list", error))?;
    let sizes: HashMap<_, _> =
        files.iter().filter_map(|file| Some((catalog::pack_id_of(&file.name)?, file.len_bytes))).collect();
    let mut all_known = true;
    let slots = shared.catalog.packs().clone();
    let candidates = slots.iter().filter_map(|slot| {
        let bytes = *sizes.get(&slot.id)?;
        // A pack that cannot be read serves nobody, so it goes first.
        let (last_used_hour, objects) = match slot.pack(layout, shared.how) {
            Ok(pack) => (last_used_hour(layout, pack), objects_of(pack)),
            Err(OpenFailure::Vanished) => return None,
            Err(OpenFailure::Useless(_)) => {
                all_known = false;
                (0, HashSet::new())
            }
        };
        Some(Candidate { id: slot.id, bytes, last_used_hour, objects })
    });
    let candidates = candidates.collect();
    Ok((candidates, all_known))
}

/// A pack is as recently used as its last used entry, and was used when it was made.
fn last_used_hour(layout: &Layout, pack: &Arc<Pack>) -> u32 {
    let made_hour = u32::try_from(pack.created_unix_s() / 3600).unwrap_or(u32::MAX);
    let usage = recency::read(layout, pack.id(), pack.footer().entry_count.get());
    usage.iter().map(|usage| usage.hour).max().unwrap_or(0).max(made_hour)
}

fn objects_of(pack: &Arc<Pack>) -> HashSet<ContentDigest> {
    if pack.footer().loose_count.get() == 0 {
        return HashSet::new();
    }
    pack.entries().filter_map(|(at, header)| pack.loose_digest(at, &header)).collect()
}

/// All objects by their digest.
pub(super) fn list_objects(layout: &Layout) -> Result<HashMap<ContentDigest, Found>, StoreError> {
    let mut objects = HashMap::new();
    let root = layout.objects();
    let folders = fs::list(&root).map_err(|error| StoreError::io(&root, "list", error))?;
    for folder in folders.into_iter().filter(|found| found.is_dir) {
        let files = fs::list(&folder.path).map_err(|error| StoreError::io(&folder.path, "list", error))?;
        for file in files.into_iter().filter(|found| !found.is_dir) {
            if let Some(digest) = digest_of(&file.name)
                && layout.object(&digest) == file.path
            {
                objects.insert(digest, file);
            }
        }
    }
    Ok(objects)
}

/// Reads the name of an object.
pub(super) fn digest_of(name: &str) -> Option<ContentDigest> {
    let mut bytes = [0; 32];
    let (pairs, rest) = name.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(ContentDigest::from_bytes(bytes))
}

fn remove_pack(layout: &Layout, candidate: &Candidate, report: &mut LimitReport) -> Result<(), StoreError> {
    let path = layout.pack(candidate.id);
    if fs::remove_file(&path).map_err(|error| StoreError::io(&path, "remove", error))? {
        report.packs.push(candidate.id);
        count(report, candidate.bytes);
    }
    // What stands beside the pack means nothing without it.
    let recency = layout.recency_of(candidate.id);
    let recency_bytes = std::fs::metadata(&recency).map_or(0, |found| found.len());
    if fs::remove_file(&recency).is_ok_and(|removed| removed) {
        count(report, recency_bytes);
    }
    let _ = fs::remove_file(&layout.settled_mark(candidate.id));
    Ok(())
}

fn remove_object(object: &Found, report: &mut LimitReport) -> Result<(), StoreError> {
    // Another session may have published the same object again since it was listed.
    let unchanged = fs::modified_unix_s(&object.path).is_some_and(|now| now == object.modified_unix_s);
    if unchanged
        && fs::remove_file(&object.path).map_err(|error| StoreError::io(&object.path, "remove", error))?
    {
        count(report, object.len_bytes);
    }
    Ok(())
}

/// Records about packs that are gone say nothing any more.
fn drop_pointless_removals(shared: &Shared, report: &mut LimitReport) -> Result<(), StoreError> {
    let layout = &shared.layout;
    let folder = layout.dead();
    for file in fs::list(&folder).map_err(|error| StoreError::io(&folder, "list", error))? {
        if !dead::is_name(&file.name) {
            continue;
        }
        let Ok(removals) = dead::read(&file.path) else { continue };
        let pointless = removals.iter().all(|removal| !layout.pack(removal.pack).exists());
        if pointless
            && fs::remove_file(&file.path).map_err(|error| StoreError::io(&file.path, "remove", error))?
        {
            count(report, file.len_bytes);
        }
    }
    Ok(())
}

fn count(report: &mut LimitReport, bytes: u64) {
    report.removed += Measured { files: 1, bytes };
    report.after_bytes = report.after_bytes.saturating_sub(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_object_is_read_back_and_only_the_canonical_one() {
        let digest = ContentDigest::of(b"x");
        assert_eq!(digest_of(&digest.to_string()), Some(digest));
        assert_eq!(digest_of(&digest.to_string().to_uppercase()), None);
        assert_eq!(digest_of("ab"), None);
        assert_eq!(digest_of(&"é".repeat(32)), None);
    }
}
