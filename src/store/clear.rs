//! Empties a cache, and nothing else.

use std::io;
use std::path::Path;

use super::error::StoreError;
use super::handle::Store;
use super::layout::{CLEARED, Found};
use super::locks;
use crate::fs::{self, Measured};

impl Store {
    /// Removes all packs, objects, records, state, artifacts and leftovers, and says how much that
    /// was; the lock and the signs stay. Waits for running sessions to end, up to the lock's time
    /// limit. With `dry_run` it only counts, and waits for nobody.
    ///
    /// Refuses a directory without our tag, even where [`Store::open`] took it for a cache.
    pub fn clear(&self, dry_run: bool) -> Result<Measured, StoreError> {
        let shared = &*self.shared;
        let layout = &shared.layout;
        match layout.recognise()? {
            Found::Cache => {}
            Found::Nothing => return Ok(Measured::default()),
            Found::Untagged => {
                let why = "its tag is damaged; `cache validate --repair` writes it anew";
                return Err(StoreError::NotACache { path: layout.root().to_owned(), why });
            }
        }
        let of = |name: &str| layout.version_dir().join(name);
        let mut found = Measured::default();
        if dry_run {
            for name in CLEARED {
                let path = of(name);
                found += fs::measure(&path).map_err(|error| StoreError::io(&path, "measure", error))?;
            }
            return Ok(found);
        }
        shared.require_writable("clearing")?;
        let lock = locks::exclusive(layout, &shared.options)?;
        for name in CLEARED {
            let path = of(name);
            // The folders stay: a build that opens the store now would take it for read-only without
            // them, and a state file that is written now would keep one from being removed.
            found += emptied(&path).map_err(|error| StoreError::io(&path, "empty", error))?;
        }
        layout.create(Found::Cache, shared.options.durability)?;
        drop(lock);
        shared.refresh()?;
        Ok(found)
    }
}

/// States are written by builds whose sessions are over, so one may come into a folder that is just being emptied.
fn emptied(path: &Path) -> io::Result<Measured> {
    const ATTEMPTS: u32 = 20;
    for _ in 0..ATTEMPTS {
        match fs::empty_tree(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            emptied => return emptied,
        }
    }
    fs::empty_tree(path)
}
