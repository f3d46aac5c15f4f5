//! What a level can do, and what it answers.

use std::fmt;

use crate::store::{Claim, Entry, EntryKey, EntryMeta, MissReason, NewEntry, StoreError};

/// Whether a level takes writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LevelMode {
    /// Reads and writes.
    ReadWrite,
    /// Only reads. Nothing is written to it, and that is no failure.
    ReadOnly,
}

impl LevelMode {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
        }
    }
}

/// One level of cache. Threads share it.
pub trait Level: Send + Sync {
    /// What settings and reports call it: `disk`, …
    fn name(&self) -> &str;

    /// Where it is, for people: a directory, an address without secrets.
    fn location(&self) -> String;

    /// Whether it takes writes.
    fn mode(&self) -> LevelMode;

    /// Looks a key up. Damage is a miss with its reason; a level that cannot be asked has failed.
    fn get(&self, key: &EntryKey) -> Fetch;

    /// The canonical text of a key's inputs, if it has it: for explanations. A level that can look
    /// without counting a use does.
    fn trace(&self, key: &EntryKey) -> Option<Vec<u8>> {
        match self.get(key) {
            Fetch::Hit(answer) => answer.trace(),
            Fetch::Miss(_) | Fetch::Failed(_) => None,
        }
    }

    /// Keeps an entry. It may be buffered until [`Level::commit`].
    fn put(&self, entry: &NewEntry<'_>) -> Result<(), LevelError>;

    /// Keeps other processes from building the same answer, as [`Store::claim`](crate::store::Store::claim) does; none where the level
    /// cannot. What was built is to be put and given to [`Level::publish`] before the claim is dropped.
    fn claim(&self, _key: &EntryKey, _limit_ns: u64) -> Option<Claim> {
        None
    }

    /// Shows others what was put, before the commit, where the level can.
    fn publish(&self) -> Result<(), LevelError> {
        Ok(())
    }

    /// Makes everything that was put since the last commit permanent. When it returns nothing is
    /// left in the background.
    fn commit(&self) -> Result<Written, LevelError>;
}

/// What a level says to a key.
#[derive(Debug)]
pub enum Fetch {
    /// It has the answer, checked.
    Hit(Answer),
    /// It has no answer that can be used, and why.
    Miss(MissReason),
    /// It could not be asked.
    Failed(LevelError),
}

/// What a commit wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Entries.
    pub entries: u64,
    /// Their stored bytes.
    pub bytes: u64,
    /// Bytes that were removed to keep the size limit.
    pub evicted_bytes: u64,
}

/// A level that could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LevelError {
    /// The local store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A checked answer, wherever it came from. It stays valid while it lives.
pub struct Answer(Body);

enum Body {
    Stored(Entry),
    Owned { meta: EntryMeta, content: Vec<u8>, trace: Vec<u8> },
}

impl Answer {
    /// An answer that no store holds: what a remote level sent.
    pub const fn owned(meta: EntryMeta, content: Vec<u8>, trace: Vec<u8>) -> Self {
        Self(Body::Owned { meta, content, trace })
    }

    /// The bytes. Borrowed from a mapped file where the store has them as they are.
    #[inline]
    pub fn content(&self) -> &[u8] {
        match &self.0 {
            Body::Stored(entry) => entry.content(),
            Body::Owned { content, .. } => content,
        }
    }

    /// How long it took to make, in nanoseconds.
    pub fn rebuild_cost_ns(&self) -> u64 {
        match &self.0 {
            Body::Stored(entry) => entry.rebuild_cost_ns(),
            Body::Owned { meta, .. } => meta.rebuild_cost_ns,
        }
    }

    /// What is known about it besides its bytes.
    pub fn meta(&self) -> EntryMeta {
        match &self.0 {
            Body::Stored(entry) => entry.meta(),
            Body::Owned { meta, .. } => meta.clone(),
        }
    }

    /// The canonical text of the key's inputs; none where it is damaged. Not free: for explanations.
    pub fn trace(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Body::Stored(entry) => entry.trace().ok(),
            Body::Owned { trace, .. } => Some(trace.clone()),
        }
    }
}

impl From<Entry> for Answer {
    fn from(entry: Entry) -> Self {
        Self(Body::Stored(entry))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("content_bytes", &self.content().len()).finish_non_exhaustive()
    }
}
