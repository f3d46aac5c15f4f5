//! Who may do what at the same time.
//!
//! | lock | shared | exclusive |
//! |---|---|---|
//! | `v1/lock` | each session, each maintenance | `clear` |
//! | `v1/state/maintenance.lock` | | eviction and repair, one of them at a time |
//! | `v1/state/claims/<byte>` | | who builds an answer whose key begins with this byte |
//! | `v1/tmp/<session>/lock` | | the session that writes there |
//!
//! Readers take none. Locks are taken from the top of the table down, so no two wait for each other.

use std::path::Path;

use super::error::StoreError;
use super::handle::StoreOptions;
use super::layout::Layout;
use crate::fs::FileLock;

/// Held while the directory must not be cleared. It may have been, or removed by hand, since it was opened:
/// what is missing is made under the lock.
pub(super) fn shared(layout: &Layout, options: &StoreOptions) -> Result<FileLock, StoreError> {
    let mut tell = |path: &Path| announce(options, path);
    let lock = FileLock::shared(&layout.lock(), options.lock_timeout_ns, &mut tell)?;
    layout.create(layout.recognise()?, options.durability)?;
    Ok(lock)
}

/// Held while nobody else may have a session.
pub(super) fn exclusive(layout: &Layout, options: &StoreOptions) -> Result<FileLock, StoreError> {
    Ok(FileLock::exclusive(&layout.lock(), options.lock_timeout_ns, &mut |path| announce(options, path))?)
}

/// Held by whoever evicts or repairs; `None` when somebody else does.
pub(super) fn try_maintenance(layout: &Layout) -> Result<Option<FileLock>, StoreError> {
    Ok(FileLock::try_exclusive(&layout.maintenance_lock())?)
}

/// As [`try_maintenance`], but waits.
pub(super) fn maintenance(layout: &Layout, options: &StoreOptions) -> Result<FileLock, StoreError> {
    let path = layout.maintenance_lock();
    Ok(FileLock::exclusive(&path, options.lock_timeout_ns, &mut |path| announce(options, path))?)
}

fn announce(options: &StoreOptions, path: &Path) {
    tracing::info!(lock = %path.display(), "waiting for another process");
    if let Some(tell) = options.on_lock_wait {
        tell(path);
    }
}
