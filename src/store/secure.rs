//! What has to hold before a collection removes a pack: what takes its place is safe, and where nothing
//! can be written that could, as little goes as the limit asks for.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::census::Census;
use super::error::StoreError;
use super::fates::Fate;
use super::handle::Shared;
use super::retention::EvictionReason;
use crate::fs;

/// An entry of a pack that stays, stays with it.
pub(super) fn stay_with_their_pack(census: &Census, reasons: &mut [Option<EvictionReason>], fates: &[Fate]) {
    for (reason, entry) in reasons.iter_mut().zip(&census.entries) {
        if fates[entry.pack as usize] == Fate::Stays {
            *reason = None;
        }
    }
}

/// An older answer goes because a newer pack has one. Where that pack, or the object it names, was not
/// synced, a power loss could take the newer answer after the older one is gone, which may have been promised
/// to survive. So they are synced first. Cost: nothing where no older answer goes; else a wait for the disk
/// for each pack that was not committed with a sync, and for each object of it.
pub(super) fn what_took_a_place(
    shared: &Shared,
    census: &Census,
    reasons: &[Option<EvictionReason>],
    fates: &[Fate],
) -> Result<(), StoreError> {
    let goes = |pack: u32| fates[pack as usize] != Fate::Stays;
    let mut entries = census.entries.iter().zip(reasons);
    if !entries.any(|(entry, why)| *why == Some(EvictionReason::Superseded) && goes(entry.pack)) {
        return Ok(());
    }
    let layout = &shared.layout;
    let mut folders = BTreeSet::new();
    for (facts, fate) in census.packs.iter().zip(fates) {
        let Some(pack) = facts.pack.as_ref().filter(|pack| *fate != Fate::Goes && !pack.is_synced()) else {
            continue;
        };
        sync(pack.path(), fs::sync_file)?;
        folders.insert(layout.packs());
        for entry in &census.entries[facts.entries.clone()] {
            if let Some((digest, _)) = entry.object.and_then(|object| census.digests.get(object as usize)) {
                let object = layout.object(digest);
                sync(&object, fs::sync_file)?;
                folders.extend(object.parent().map(Path::to_owned));
                folders.insert(layout.objects());
            }
        }
    }
    folders.iter().try_for_each(|folder| sync(folder, fs::sync_dir))
}

fn sync(path: &Path, how: fn(&Path) -> io::Result<()>) -> Result<(), StoreError> {
    match how(path) {
        // An object that is missing is a miss already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        synced => synced.map_err(|error| StoreError::io(path, "sync", error)),
    }
}

/// There is no room to copy what stays of the packs that were to be written anew. They go as they are, the one
/// whose last use is longest ago first, until no more than `max_bytes` of `left_bytes` are left; the others stay.
pub(super) fn drop_whole(
    census: &Census,
    reasons: &mut [Option<EvictionReason>],
    fates: &mut [Fate],
    mut left_bytes: u64,
    max_bytes: u64,
) {
    let mut candidates: Vec<usize> = (0..fates.len()).filter(|at| fates[*at] == Fate::Copied).collect();
    let last_use = |at: &usize| {
        let entries = census.packs[*at].entries.clone();
        entries.map(|entry| census.entries[entry].last_used_unix_s()).max().unwrap_or(0)
    };
    candidates.sort_by_key(last_use);
    for at in candidates {
        if left_bytes <= max_bytes {
            fates[at] = Fate::Stays;
            continue;
        }
        left_bytes = left_bytes.saturating_sub(census.packs[at].file_bytes);
        for entry in census.packs[at].entries.clone() {
            reasons[entry].get_or_insert(EvictionReason::Size);
        }
    }
    stay_with_their_pack(census, reasons, fates);
}
