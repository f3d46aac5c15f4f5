//! Folders where files belong, and files and links where folders belong: what stands in the way of opening
//! or locking a store, and so has to go before anything else can be mended.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::layout::{CLEARED, Found, Layout};
use super::report::{Finding, Problem, Repair};
use crate::fs::{self, Durability};

/// What belongs at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
}

/// The places that every use of a store needs, those above before those below.
fn places(layout: &Layout) -> Vec<(PathBuf, Kind)> {
    let folders = CLEARED.iter().map(|name| layout.version_dir().join(name));
    let folders = std::iter::once(layout.version_dir().to_owned()).chain(folders).chain([layout.settled()]);
    let files =
        [layout.lock(), layout.maintenance_lock(), layout.published_signal(), layout.collected_mark()];
    folders.map(|path| (path, Kind::Folder)).chain(files.into_iter().map(|path| (path, Kind::File))).collect()
}

fn is_wrong(path: &Path, kind: Kind) -> bool {
    match (fs::is_link(path), fs::look_at(path)) {
        // A folder may lie elsewhere; a file that is locked or appended to may not.
        (true, found) => kind == Kind::File || !found.is_ok_and(|found| found.is_dir()),
        (false, Ok(found)) => {
            if kind == Kind::Folder {
                !found.is_dir()
            } else {
                !found.is_file()
            }
        }
        (false, Err(_)) => false,
    }
}

/// The places where something of another kind stands.
pub(super) fn misplaced(layout: &Layout) -> Vec<PathBuf> {
    places(layout).into_iter().filter(|(path, kind)| is_wrong(path, *kind)).map(|(path, _)| path).collect()
}

/// Moves to `quarantine/` what stands where a folder, a lock or the signal of a store belongs, and makes what
/// belongs there. To be called before [`Store::open`](super::Store::open) by whoever repairs: with some of
/// these in the way a store does not open. Nothing is done in a directory that is no cache, or to a sound one.
pub fn mend_places(directory: &Path) -> Result<Vec<Finding>, StoreError> {
    let layout = Layout::new(directory);
    let found = layout.recognise()?;
    let mut moved = Vec::new();
    if found == Found::Nothing {
        return Ok(Vec::new());
    }
    for (path, kind) in places(&layout) {
        if !is_wrong(&path, kind) {
            continue;
        }
        let failed = |error| StoreError::io(&path, "move", error);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // The quarantine may be what is missing, so it waits beside everything.
        let aside = layout.root().join(format!(".{name}.{:016x}.odd", fs::unique()));
        fs::move_file(&path, &aside).map_err(failed)?;
        if !is_wrong(&aside, kind) {
            // Another process was faster, and this is what it made.
            fs::move_file(&aside, &path).map_err(failed)?;
            continue;
        }
        moved.push((path, aside));
    }
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    layout.create(found, Durability::Sync)?;
    let mut findings = Vec::new();
    for (path, aside) in moved {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let target = layout.quarantine().join(format!("{name}.{:016x}", fs::unique()));
        fs::move_file(&aside, &target).map_err(|error| StoreError::io(&aside, "move", error))?;
        let repair = Some(Repair::Quarantined { salvaged: 0 });
        findings.push(Finding { path, at_bytes: None, key: None, problem: Problem::Misplaced, repair });
    }
    Ok(findings)
}
