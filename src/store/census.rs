//! Every entry of a store with what decides about it: what eviction and compaction plan from.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::entry::{EntryKey, EntryKind};
use super::error::StoreError;
use super::handle::Shared;
use super::objects::{Objects, list_objects};
use super::pack_codec::PackCodec;
use super::pack_format::{ENTRY_ALIGN, ENTRY_HEADER_BYTES, PackId};
use super::pack_reader::{OpenFailure, Pack};
use super::{catalog, recency};
use crate::digest::ContentDigest;
use crate::fs;

/// What an entry takes in its pack beside header and content: its share of index and filter.
pub(super) const INDEX_BYTES: u64 = 15;

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct EntryFacts {
    pub(super) key: EntryKey,
    pub(super) kind: EntryKind,
    /// Index in [`Census::packs`].
    pub(super) pack: u32,
    /// Index in [`Census::projects`].
    pub(super) project: u32,
    /// Where its header stands in its pack.
    pub(super) at: u64,
    /// What it takes in its pack, with its share of what all entries of the pack have together.
    pub(super) pack_bytes: u64,
    /// Index in [`Census::digests`], for a loose one.
    pub(super) object: Option<u32>,
    pub(super) codec: PackCodec,
    pub(super) decoded_bytes: u64,
    pub(super) created_unix_s: u64,
    pub(super) rebuild_cost_ns: u64,
    pub(super) usage: recency::Usage,
    /// Why it is worth nothing, if so.
    pub(super) garbage: Option<Garbage>,
}

/// Why an entry is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Garbage {
    /// A newer pack holds its key.
    Superseded,
    /// A removal record names it.
    Removed,
}

impl EntryFacts {
    /// When it was last used or, failing that, made, in seconds since the Unix epoch.
    pub(super) fn last_used_unix_s(&self) -> u64 {
        self.created_unix_s.max(u64::from(self.usage.hour) * 3600)
    }
}

/// One pack file.
pub(super) struct PackFacts {
    pub(super) id: PackId,
    pub(super) file_bytes: u64,
    /// None where it cannot be read, and so serves nobody.
    pub(super) pack: Option<Arc<Pack>>,
    /// Its entries in [`Census::entries`].
    pub(super) entries: Range<usize>,
    /// Its entries end early: what stands behind a damaged header is not known.
    pub(super) is_cut: bool,
}

/// A store's entries and files.
pub(super) struct Census {
    /// Newest first.
    pub(super) packs: Vec<PackFacts>,
    pub(super) entries: Vec<EntryFacts>,
    pub(super) projects: Vec<Box<str>>,
    /// Of loose contents, with their lengths.
    pub(super) digests: Vec<(ContentDigest, u64)>,
    /// The files.
    pub(super) objects: Objects,
    /// Bytes of removal records, recency and history.
    pub(super) side_bytes: u64,
}

impl Census {
    /// Looks at every entry's header. Cost: proportional to the number of entries; no content is read.
    pub(super) fn take(shared: &Shared) -> Result<Self, StoreError> {
        let layout = &shared.layout;
        shared.refresh()?;
        shared.flush_use();
        let measure = |path: std::path::PathBuf| {
            fs::measure(&path)
                .map(|found| found.bytes)
                .map_err(|error| StoreError::io(&path, "measure", error))
        };
        let files = layout.packs();
        let files = fs::list_if_dir(&files).map_err(|error| StoreError::io(&files, "list", error))?;
        let sizes: HashMap<_, _> = files
            .iter()
            .filter_map(|file| Some((catalog::pack_id_of(&file.name)?, file.len_bytes)))
            .collect();
        let mut census = Self {
            packs: Vec::new(),
            entries: Vec::new(),
            projects: Vec::new(),
            digests: Vec::new(),
            objects: list_objects(layout)?,
            side_bytes: measure(layout.dead())? + measure(layout.recency())? + measure(layout.history_dir())?,
        };
        let mut seen = Seen::default();
        let slots = shared.catalog.packs().clone();
        for slot in &slots {
            let Some(file_bytes) = sizes.get(&slot.id).copied() else { continue };
            let pack = match slot.pack(layout, shared.how) {
                Ok(pack) => Some(Arc::clone(pack)),
                Err(OpenFailure::Vanished) => continue,
                Err(OpenFailure::Useless(_)) => None,
            };
            let first = census.entries.len();
            if let Some(pack) = &pack {
                let usage = recency::read(layout, slot.id, pack.footer().entry_count.get());
                census.add(pack, &usage, &mut seen);
            }
            let entries = first..census.entries.len();
            share_rest(&mut census.entries[entries.clone()], file_bytes);
            let stated = pack.as_ref().map_or(0, |pack| pack.footer().entry_count.get() as usize);
            census.packs.push(PackFacts {
                id: slot.id,
                file_bytes,
                pack,
                is_cut: entries.len() < stated,
                entries,
            });
        }
        Ok(census)
    }

    fn add(&mut self, pack: &Pack, usage: &[recency::Usage], seen: &mut Seen) {
        for (at, header) in pack.entries() {
            let known = (EntryKind::from_byte(header.kind), PackCodec::from_byte(header.codec));
            let (Some(kind), Some(codec)) = known else { continue };
            if pack.check_entry(at, &header).is_err() {
                continue;
            }
            let key = EntryKey::from_bytes(header.key);
            // Packs come newest first, so whatever was met before is newer.
            let garbage = if pack.is_buried(&key) {
                Some(Garbage::Removed)
            } else if seen.keys.insert(key) {
                None
            } else {
                Some(Garbage::Superseded)
            };
            let object = pack.loose_digest(at, &header).map(|digest| {
                let next = self.digests.len() as u32;
                *seen.digests.entry(digest).or_insert_with(|| {
                    self.digests.push((digest, header.stored_bytes.get()));
                    next
                })
            });
            let project = pack.name(header.project.get());
            let project = if let Some(known) = seen.projects.get(project) {
                *known
            } else {
                let next = self.projects.len() as u32;
                self.projects.push(project.into());
                seen.projects.insert(project.into(), next);
                next
            };
            self.entries.push(EntryFacts {
                key,
                kind,
                pack: self.packs.len() as u32,
                project,
                at,
                pack_bytes: ENTRY_HEADER_BYTES
                    + header.inline_bytes().next_multiple_of(ENTRY_ALIGN)
                    + INDEX_BYTES,
                object,
                codec,
                decoded_bytes: header.decoded_bytes.get(),
                created_unix_s: header.created_unix_s.get(),
                rebuild_cost_ns: header.rebuild_cost_ns.get(),
                usage: usage.get(header.ordinal.get() as usize).copied().unwrap_or_default(),
                garbage,
            });
        }
    }

    /// All files together, as the size limit counts them.
    pub(super) fn total_bytes(&self) -> u64 {
        let packs: u64 = self.packs.iter().map(|pack| pack.file_bytes).sum();
        packs + self.objects.values().map(|found| found.len_bytes).sum::<u64>() + self.side_bytes
    }

    /// True when every entry of every pack is known, so that an object that none names is named by none.
    pub(super) fn is_complete(&self) -> bool {
        self.packs.iter().all(|pack| pack.pack.is_some() && !pack.is_cut)
    }
}

/// Header, footer, traces and names of a pack are its entries' too: a pack is as large as they are together.
fn share_rest(entries: &mut [EntryFacts], file_bytes: u64) {
    let own: u64 = entries.iter().map(|entry| entry.pack_bytes).sum();
    let (rest, count) = (file_bytes.saturating_sub(own), entries.len() as u64);
    for (at, entry) in (0..).zip(entries) {
        entry.pack_bytes += rest / count + u64::from(at < rest % count);
    }
}

#[derive(Default)]
struct Seen {
    keys: HashSet<EntryKey>,
    digests: HashMap<ContentDigest, u32>,
    projects: HashMap<Box<str>, u32>,
}
