//! Entries that are wrong although their checksums are right: given to nobody any more, and kept aside for
//! the person who looks into it.

use std::path::{Path, PathBuf};

use super::dead::{self, Removal, RemovalReason};
use super::entry::EntryKey;
use super::error::StoreError;
use super::handle::{Shared, Store};
use crate::fs::{self, Durability};

/// So many contents stay aside; the oldest go.
const MAX_FILES: usize = 16;
/// So large they are together at most.
const MAX_BYTES: u64 = 64 << 20;
const EXTENSION: &str = "entry";

impl Store {
    /// Takes the key's entries out of use for everybody, because what they hold is not the answer, and keeps
    /// the content of the one that was given out as a file of `quarantine/`. Entries that are put afterwards
    /// are found as ever.
    ///
    /// The path is that of the kept content: `None` where no entry has the key, or where one is larger than
    /// all of the quarantine may be. At most 16 contents of 64 MiB together stay. An error says
    /// what could not be done; the entries are out of use before the content is written.
    pub fn quarantine(&self, key: &EntryKey) -> Result<Option<PathBuf>, StoreError> {
        let shared = &*self.shared;
        shared.require_writable("quarantine")?;
        let entry = shared.look_up(key).hit();
        let removals: Vec<Removal> = shared
            .open_packs()
            .iter()
            .filter(|pack| pack.find(key).is_ok_and(|found| found.is_some()))
            .map(|pack| Removal { pack: pack.id(), key: *key, reason: RemovalReason::Damaged })
            .collect();
        if !removals.is_empty() {
            dead::publish(&shared.layout, shared.next_pack_id(), &removals, shared.unix_s())?;
            shared.catalog.announce();
            shared.refresh()?;
        }
        entry.map_or(Ok(None), |entry| keep_aside(shared, key, entry.content()))
    }
}

fn keep_aside(shared: &Shared, key: &EntryKey, content: &[u8]) -> Result<Option<PathBuf>, StoreError> {
    let needed_bytes = content.len() as u64;
    if needed_bytes > MAX_BYTES {
        return Ok(None);
    }
    let folder = shared.layout.quarantine();
    fs::create_private(&folder).map_err(|error| StoreError::io(&folder, "make", error))?;
    make_room(&folder, needed_bytes)?;
    let path = folder.join(format!("{}-{}.{EXTENSION}", key.short(), shared.unix_s()));
    fs::replace(&path, content, Durability::Rename).map_err(|error| StoreError::io(&path, "write", error))?;
    Ok(Some(path))
}

/// Removes the oldest contents until one more of this size fits.
fn make_room(folder: &Path, needed_bytes: u64) -> Result<(), StoreError> {
    let mut kept = fs::list(folder).map_err(|error| StoreError::io(folder, "list", error))?;
    kept.retain(|found| !found.is_dir && found.path.extension().is_some_and(|end| end == EXTENSION));
    kept.sort_by(|a, b| (b.modified_unix_s, &b.name).cmp(&(a.modified_unix_s, &a.name)));
    let mut sum_bytes = needed_bytes;
    for (newer, found) in kept.iter().enumerate() {
        sum_bytes = sum_bytes.saturating_add(found.len_bytes);
        if newer + 1 >= MAX_FILES || sum_bytes > MAX_BYTES {
            fs::remove_file(&found.path).map_err(|error| StoreError::io(&found.path, "remove", error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lookup::MissReason;
    use crate::store::test_kit::put_bare;
    use crate::store::{Lookup, StoreOptions};

    const KEY: EntryKey = EntryKey::from_bytes([7; 32]);

    fn store(dir: &Path) -> Store {
        Store::open(StoreOptions::new(dir)).expect("opens")
    }

    fn put(store: &Store, key: EntryKey, content: &[u8]) {
        let session = store.session().expect("a session");
        put_bare(&session, key, content);
        session.commit().expect("committed");
    }

    #[test]
    fn a_quarantined_entry_is_given_to_nobody_and_its_content_is_kept() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = store(dir.path());
        // Two packs have it: the older one must not come up again.
        put(&store, KEY, b"bad");
        put(&store, KEY, b"bad, too");
        let path = store.quarantine(&KEY).expect("done").expect("kept");
        assert_eq!(std::fs::read(&path).expect("readable"), b"bad, too");
        assert!(path.starts_with(dir.path().join("v1/quarantine")), "{}", path.display());
        let reopened = self::store(dir.path());
        for store in [&store, &reopened] {
            let miss = store.get(&KEY).miss();
            assert!(matches!(miss, Some(MissReason::Removed { .. })), "{miss:?}");
        }
        put(&store, KEY, b"good");
        let Lookup::Hit(entry) = reopened.get(&KEY) else { panic!("put afterwards") };
        assert_eq!(entry.content(), b"good");
    }

    #[test]
    fn a_key_without_an_entry_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = store(dir.path());
        assert_eq!(store.quarantine(&KEY).expect("nothing to do"), None);
        assert_eq!(fs::list(&store.layout().dead()).expect("listed").len(), 0);
    }

    #[test]
    fn only_the_last_contents_stay() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = store(dir.path());
        for at in 0..20 {
            let key = EntryKey::from_bytes([at; 32]);
            put(&store, key, b"bad");
            store.quarantine(&key).expect("done").expect("kept");
        }
        assert_eq!(fs::list(&store.layout().quarantine()).expect("listed").len(), MAX_FILES);
    }

    #[test]
    fn a_read_only_store_says_so() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        put(&store(dir.path()), KEY, b"bad");
        let reader =
            Store::open(StoreOptions { read_only: true, ..StoreOptions::new(dir.path()) }).expect("opens");
        let error = reader.quarantine(&KEY).expect_err("nothing may be written");
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    }
}
