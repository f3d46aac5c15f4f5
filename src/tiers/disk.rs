//! The local directory as a level: one store, and a session while there is something to write.

use std::sync::{PoisonError, RwLock};

use super::level::{Fetch, Level, LevelError, LevelMode, Written};
use crate::store::{Claim, EntryKey, Lookup, MissReason, NewEntry, Session, Store};

/// A local store as a level. The first put opens a session, a commit ends it.
pub struct DiskLevel {
    store: Store,
    session: RwLock<Option<Session>>,
}

impl DiskLevel {
    /// A level over an open store.
    pub const fn new(store: Store) -> Self {
        Self { store, session: RwLock::new(None) }
    }

    fn in_session<T>(&self, act: impl FnOnce(&Session) -> T) -> Result<T, LevelError> {
        loop {
            if let Some(session) = &*self.session.read().unwrap_or_else(PoisonError::into_inner) {
                return Ok(act(session));
            }
            let mut session = self.session.write().unwrap_or_else(PoisonError::into_inner);
            if session.is_none() {
                *session = Some(self.store.session()?);
            }
        }
    }

    /// The store.
    pub const fn store(&self) -> &Store {
        &self.store
    }
}

impl Level for DiskLevel {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn location(&self) -> String {
        self.store.layout().root().display().to_string()
    }

    fn mode(&self) -> LevelMode {
        if self.store.is_read_only() { LevelMode::ReadOnly } else { LevelMode::ReadWrite }
    }

    fn get(&self, key: &EntryKey) -> Fetch {
        match self.store.get(key) {
            Lookup::Hit(entry) => Fetch::Hit(entry.into()),
            Lookup::Miss(reason) => Fetch::Miss(reason),
        }
    }

    fn trace(&self, key: &EntryKey) -> Option<Vec<u8>> {
        self.store.trace(key)
    }

    fn put(&self, entry: &NewEntry<'_>) -> Result<(), LevelError> {
        self.in_session(|session| session.put(entry))?.map_err(LevelError::from)
    }

    fn claim(&self, key: &EntryKey, limit_ns: u64) -> Option<Claim> {
        Some(self.store.claim(key, limit_ns))
    }

    fn publish(&self) -> Result<(), LevelError> {
        self.in_session(Session::publish_now)?.map_err(LevelError::from)
    }

    fn commit(&self) -> Result<Written, LevelError> {
        let session = self.session.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(session) = session else { return Ok(Written::default()) };
        let report = session.commit()?;
        let evicted_bytes = report
            .limit
            .and_then(Result::ok)
            .map_or(0, |limit| limit.before_bytes.saturating_sub(limit.after_bytes));
        Ok(Written { entries: report.entries, bytes: report.bytes, evicted_bytes })
    }
}

/// Whether a miss says that the level could not be asked, rather than that it has no sound answer.
pub(super) const fn is_failure(reason: MissReason) -> bool {
    matches!(reason, MissReason::Unreadable { .. })
}

/// Whether a miss says that an answer was there and is useless.
pub(super) const fn is_damage(reason: MissReason) -> bool {
    matches!(reason, MissReason::Damaged { .. } | MissReason::ObjectMissing { .. })
}
