//! Looks at every byte of a cache and says what is not as it should be, and where.
//!
//! Readers and sessions go on meanwhile. Recency is not looked at: every value there is legal.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::catalog::pack_id_of;
use super::dead;
use super::entry::EntryKey;
use super::error::StoreError;
use super::handle::{Shared, Store};
use super::layout::{CLEARED, SIGNS};
use super::lookup::Damage;
use super::objects::digest_of;
use super::pack_format::{ENTRY_HEADER_BYTES, PackId};
use super::pack_verify::{self, Verified};
use super::report::{Problem, Repair, Report};
use super::{history, history_format, locks, places, repair, staging};
use crate::digest::ContentDigest;
use crate::fs::{self, FileBytes, Found};

impl Store {
    /// Checks every byte of the cache. With `repair`, damaged files go to `quarantine/` after their
    /// sound entries were saved into a new pack, entries without a sound object are recorded as
    /// removed, tags are written anew and leftovers of dead sessions removed; strays are only named.
    ///
    /// Cost: reads the whole cache once.
    pub fn validate(&self, repair: bool) -> Result<Report, StoreError> {
        let shared = &*self.shared;
        let layout = &shared.layout;
        let mut held = None;
        let mut report = Report::default();
        if repair {
            shared.require_writable("repair")?;
            report.findings = places::mend_places(layout.root())?;
            let session = locks::shared(&shared.layout, &shared.options)?;
            held = Some((session, locks::maintenance(&shared.layout, &shared.options)?));
        }
        for path in places::misplaced(layout) {
            report.add(&path, Problem::Misplaced);
        }
        let mut validation = Validation { shared, repair, report, named: HashMap::new() };
        validation.check_signs()?;
        validation.check_places()?;
        validation.check_packs()?;
        validation.check_objects()?;
        validation.check_dead_files()?;
        validation.check_history()?;
        validation.check_leftovers()?;
        if repair {
            shared.catalog.announce();
            shared.refresh()?;
        }
        drop(held);
        Ok(validation.report)
    }
}

/// Whether a name may stand in a directory.
type Belongs<'a> = &'a dyn Fn(&Found) -> bool;

/// Entries of sound places that name an object.
type Namers = Vec<(PackId, EntryKey)>;

struct Validation<'a> {
    shared: &'a Shared,
    repair: bool,
    report: Report,
    named: HashMap<ContentDigest, Namers>,
}

impl Validation<'_> {
    fn list(path: &Path) -> Result<Vec<Found>, StoreError> {
        fs::list_if_dir(path).map_err(|error| StoreError::io(path, "list", error))
    }

    /// The files that say what the directory is, and the one whose length is a signal.
    fn check_signs(&mut self) -> Result<(), StoreError> {
        let layout = &self.shared.layout;
        for (name, content) in SIGNS {
            let path = layout.root().join(name);
            let problem = match fs::read_bounded(&path, content.len() as u64) {
                Ok(found) if found == content.as_bytes() => continue,
                Err(fs::ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Problem::Missing,
                _ => Problem::Altered,
            };
            let finding = self.report.add(&path, problem);
            if self.repair {
                finding.repair = Some(repair::rewrite(self.shared, &path, content.as_bytes())?);
            }
        }
        let signal = layout.published_signal();
        let found = fs::read_bounded(&signal, u64::from(u32::MAX)).unwrap_or_default();
        if found.iter().any(|byte| *byte != fs::EVENT) {
            let finding = self.report.add(&signal, Problem::Altered);
            if self.repair {
                finding.repair = Some(repair::rewrite(self.shared, &signal, &vec![fs::EVENT; found.len()])?);
            }
        }
        for lock in [layout.lock(), layout.maintenance_lock()] {
            if fs::look_at(&lock).is_ok_and(|found| found.is_file() && found.len() > 0) {
                let finding = self.report.add(&lock, Problem::Altered);
                if self.repair {
                    // Emptied where it is: whoever holds it, holds this file.
                    fs::empty(&lock).map_err(|error| StoreError::io(&lock, "write", error))?;
                    finding.repair = Some(Repair::Rewritten);
                }
            }
        }
        Ok(())
    }

    /// Names that do not belong where they are. What other rooms keep in `state/` and `artifacts/` is
    /// theirs to check.
    fn check_places(&mut self) -> Result<(), StoreError> {
        let layout = &self.shared.layout;
        let is_version = |name: &str| {
            name.strip_prefix('v')
                .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        };
        let is_sign = |name: &str| SIGNS.iter().any(|(sign, _)| *sign == name);
        let is_pack_name = |name: &str| PackId::parse(name).is_some();
        let is_misplaced = |found: &Found, folder: &Path| {
            let is_file_name = (folder == layout.packs() && pack_id_of(&found.name).is_some())
                || (folder == layout.dead() && dead::is_name(&found.name))
                || ((folder == layout.recency() || folder == layout.settled()) && is_pack_name(&found.name));
            found.is_dir && is_file_name
        };
        let rules: [(PathBuf, Belongs<'_>); 8] = [
            (layout.root().to_owned(), &|found| {
                found.is_dir && is_version(&found.name) || is_sign(&found.name)
            }),
            (layout.version_dir().to_owned(), &|found| {
                found.name == "lock" || found.is_dir && CLEARED.contains(&found.name.as_str())
            }),
            (layout.packs(), &|found| !found.is_dir && pack_id_of(&found.name).is_some()),
            (layout.dead(), &|found| !found.is_dir && dead::is_name(&found.name)),
            (layout.recency(), &|found| !found.is_dir && is_pack_name(&found.name)),
            (layout.history_dir(), &|found| !found.is_dir && history::files(layout).contains(&found.path)),
            (layout.settled(), &|found| !found.is_dir && is_pack_name(&found.name) && found.len_bytes == 0),
            (layout.tmp(), &|found| found.is_dir),
        ];
        for (folder, belongs) in rules {
            for found in Self::list(&folder)?.iter().filter(|found| !belongs(found)) {
                if is_misplaced(found, &folder) {
                    self.report_misplaced(&found.path)?;
                } else {
                    self.report.add(&found.path, Problem::Stray);
                }
            }
        }
        Ok(())
    }

    fn report_misplaced(&mut self, path: &Path) -> Result<(), StoreError> {
        let finding = self.report.add(path, Problem::Misplaced);
        if self.repair {
            finding.repair = Some(repair::quarantine_file(self.shared, path)?);
        }
        Ok(())
    }

    fn check_packs(&mut self) -> Result<(), StoreError> {
        for file in Self::list(&self.shared.layout.packs())? {
            let Some(id) = pack_id_of(&file.name).filter(|_| !file.is_dir) else { continue };
            self.check_pack(id, &file)?;
        }
        Ok(())
    }

    fn check_pack(&mut self, id: PackId, file: &Found) -> Result<(), StoreError> {
        let opened = FileBytes::open(&file.path, self.shared.how.access);
        let bytes = match opened.as_ref().map_err(io::Error::kind) {
            // Evicted while we came to it.
            Err(io::ErrorKind::NotFound) => return Ok(()),
            Err(kind) => {
                self.report.add(&file.path, Problem::Unreadable(kind));
                return Ok(());
            }
            Ok(opened) => match opened.get(0, opened.len_bytes()) {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.report.add(&file.path, Problem::Unreadable(error.kind()));
                    return Ok(());
                }
            },
        };
        let verified = pack_verify::verify(&bytes, id);
        self.report.checked.packs += 1;
        self.report.checked.entries += verified.sound.len() as u64;
        self.report.checked.bytes += bytes.len() as u64;
        self.remember_objects(id, &bytes, &verified);
        if verified.problems.is_empty() {
            return Ok(());
        }
        let mut repaired = None;
        if self.repair {
            repaired = Some(repair::quarantine_pack(self.shared, id, &bytes, &verified)?);
        }
        for problem in &verified.problems {
            let what = match (verified.version, problem.what) {
                (Some(found), Damage::Header) => Problem::WrongVersion { found },
                (_, what) => Problem::Damaged(what),
            };
            self.report.add_at(&file.path, Some(problem.at_bytes), problem.key, what).repair =
                repaired.map(|(done, _)| done);
        }
        // Its loose entries live in the new pack now.
        if let Some((_, Some(new_id))) = repaired {
            for namer in self.named.values_mut().flatten().filter(|(pack, _)| *pack == id) {
                namer.0 = new_id;
            }
        }
        Ok(())
    }

    fn remember_objects(&mut self, id: PackId, bytes: &[u8], verified: &Verified) {
        for entry in verified.sound.iter().filter(|entry| entry.header.is_loose()) {
            let inline = bytes.get((entry.at + ENTRY_HEADER_BYTES) as usize..);
            if let Some(digest) = inline.and_then(<[u8]>::first_chunk::<32>) {
                let namer = (id, EntryKey::from_bytes(entry.header.key));
                self.named.entry(ContentDigest::from_bytes(*digest)).or_default().push(namer);
            }
        }
    }

    fn check_objects(&mut self) -> Result<(), StoreError> {
        let layout = &self.shared.layout;
        let mut present = HashSet::new();
        for folder in Self::list(&layout.objects())? {
            if !folder.is_dir {
                let is_folder_name = folder.name.len() == 2
                    && folder.name.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
                if is_folder_name {
                    self.report_misplaced(&folder.path)?;
                } else {
                    self.report.add(&folder.path, Problem::Stray);
                }
                continue;
            }
            for file in Self::list(&folder.path)? {
                let digest = digest_of(&file.name).filter(|digest| layout.object(digest) == file.path);
                match digest {
                    Some(_) if file.is_dir => self.report_misplaced(&file.path)?,
                    None => {
                        self.report.add(&file.path, Problem::Stray);
                    }
                    Some(digest) => {
                        present.insert(digest);
                        self.check_object(digest, &file)?;
                    }
                }
            }
        }
        let buried = self.shared.catalog.buried_entries();
        let missing = self.named.iter().filter(|(digest, _)| !present.contains(*digest));
        let missing: Vec<_> = missing
            .flat_map(|(digest, namers)| namers.iter().map(|namer| (*digest, *namer)))
            .filter(|(_, namer)| !buried.contains(namer))
            .collect();
        for (digest, namer) in missing {
            self.report_lost_entry(&layout.object(&digest), namer, Problem::ObjectMissing)?;
        }
        Ok(())
    }

    fn check_object(&mut self, digest: ContentDigest, file: &Found) -> Result<(), StoreError> {
        let access = self.shared.how.access;
        let read = || {
            let bytes = FileBytes::open(&file.path, access)?;
            bytes.get(0, bytes.len_bytes()).map(|stored| (ContentDigest::of(&stored), stored.len() as u64))
        };
        // Once more: an error that passes must not move a sound object away.
        let found = read().or_else(|_| read());
        self.report.checked.objects += 1;
        self.report.checked.bytes += file.len_bytes;
        let namers = self.named.get(&digest).cloned().unwrap_or_default();
        let problem = match found {
            Ok((same, _)) if same == digest && !namers.is_empty() => return Ok(()),
            Ok((same, _)) if same == digest => {
                self.report.add(&file.path, Problem::Unnamed);
                return Ok(());
            }
            Ok(_) => Problem::Damaged(Damage::Object),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => Problem::Unreadable(error.kind()),
        };
        let finding = self.report.add(&file.path, problem);
        if self.repair {
            finding.repair = Some(repair::quarantine_file(self.shared, &file.path)?);
        }
        for namer in namers {
            self.report_lost_entry(&file.path, namer, Problem::Damaged(Damage::Object))?;
        }
        Ok(())
    }

    fn report_lost_entry(
        &mut self,
        object: &Path,
        (pack, key): (PackId, EntryKey),
        problem: Problem,
    ) -> Result<(), StoreError> {
        let finding = self.report.add_at(object, None, Some(key), problem);
        if self.repair {
            finding.repair = Some(repair::bury(self.shared, pack, key)?);
        }
        Ok(())
    }

    fn check_dead_files(&mut self) -> Result<(), StoreError> {
        for file in Self::list(&self.shared.layout.dead())? {
            if file.is_dir || !dead::is_name(&file.name) {
                continue;
            }
            self.report.checked.dead_files += 1;
            self.report.checked.bytes += file.len_bytes;
            let problem = match dead::read(&file.path) {
                Ok(_) => continue,
                Err(StoreError::Corrupted { what, .. }) => Problem::Damaged(what),
                Err(StoreError::Io { source, .. } | StoreError::PermissionDenied { source, .. }) => {
                    Problem::Unreadable(source.kind())
                }
                Err(error) => return Err(error),
            };
            let finding = self.report.add(&file.path, problem);
            if self.repair {
                finding.repair = Some(repair::quarantine_file(self.shared, &file.path)?);
            }
        }
        Ok(())
    }

    fn check_history(&mut self) -> Result<(), StoreError> {
        for path in history::files(&self.shared.layout) {
            let problem = match history::read(&path) {
                Ok(bytes) => {
                    self.report.checked.bytes += bytes.len() as u64;
                    let records = history_format::decode(&bytes);
                    let Some(at) = records.first_damage else { continue };
                    let finding =
                        self.report.add_at(&path, Some(at as u64), None, Problem::Damaged(Damage::History));
                    if self.repair {
                        let sound: Vec<&[u8]> =
                            records.sound.iter().filter_map(|range| bytes.get(range.clone())).collect();
                        finding.repair = Some(repair::rewrite(self.shared, &path, &sound.concat())?);
                    }
                    continue;
                }
                Err(fs::ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(fs::ReadError::Io(error)) => Problem::Unreadable(error.kind()),
                Err(_) => Problem::Damaged(Damage::History),
            };
            let finding = self.report.add(&path, problem);
            if self.repair {
                finding.repair = Some(repair::quarantine_file(self.shared, &path)?);
            }
        }
        Ok(())
    }

    fn check_leftovers(&mut self) -> Result<(), StoreError> {
        if !self.shared.writable {
            return Ok(());
        }
        for abandoned in staging::abandoned(&self.shared.layout)? {
            let finding = self.report.add(&abandoned.folder, Problem::Abandoned);
            if self.repair {
                abandoned.remove()?;
                finding.repair = (!abandoned.folder.exists()).then_some(Repair::Removed);
            }
        }
        Ok(())
    }
}
