//! A table in hand, and why it had to be built where it had to.

use std::fmt;
use std::sync::Arc;

use crate::format::{OpenError, TableView};
use crate::key::TableKey;
use crate::store::MissReason;
use crate::tiers::Answer;

/// A dispatch table: its bytes, checked. Cloning it is cheap, threads may share it, and it stays
/// valid whatever happens to the cache.
#[derive(Clone)]
pub struct Table(Arc<Inner>);

struct Inner {
    key: TableKey,
    bytes: Bytes,
    origin: TableOrigin,
    rebuild_cost_ns: u64,
}

enum Bytes {
    Cached(Answer),
    Built(Vec<u8>),
}

/// Where a table came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableOrigin {
    /// From the cache.
    Cached {
        /// Name of the level that had it.
        level: String,
    },
    /// Built in this session.
    Built {
        /// Why no answer of the cache was used.
        cause: MissCause,
    },
}

/// Why no answer of the cache was used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MissCause {
    /// The cache has none, or none that is sound.
    #[error("{0}")]
    Miss(MissReason),
    /// The cache's checksums are right, and the bytes are no table of this version.
    #[error("the cached bytes do not open: {0}")]
    Unusable(OpenError),
    /// The cached bytes are a sound table that answers another question.
    #[error(
        "the cached table answers another question: its hash is {found:016x}, {expected:016x} was expected"
    )]
    OtherQuestion {
        /// Table hash of the question.
        expected: u64,
        /// Table hash in the bytes.
        found: u64,
    },
    /// The cached bytes differ from what building gives: somebody's compiler or memory was wrong.
    #[error("the cached table differs from a fresh one in {section}")]
    Mismatch {
        /// The first section that differs.
        section: String,
    },
    /// Hits are ignored by request.
    #[error("hits are ignored (recache)")]
    Recache,
    /// The cache is switched off.
    #[error("the cache is switched off")]
    Off,
    /// The cache cannot be used.
    #[error("the cache cannot be used")]
    Unavailable,
}

impl Table {
    /// A table from the cache.
    pub(super) fn cached(key: TableKey, answer: Answer, level: String) -> Self {
        let rebuild_cost_ns = answer.rebuild_cost_ns();
        let origin = TableOrigin::Cached { level };
        Self(Arc::new(Inner { key, bytes: Bytes::Cached(answer), origin, rebuild_cost_ns }))
    }

    /// A table that was just built.
    pub(super) fn built(key: TableKey, bytes: Vec<u8>, cause: MissCause, rebuild_cost_ns: u64) -> Self {
        let origin = TableOrigin::Built { cause };
        Self(Arc::new(Inner { key, bytes: Bytes::Built(bytes), origin, rebuild_cost_ns }))
    }

    /// The question's name.
    pub fn key(&self) -> TableKey {
        self.0.key
    }

    /// The table's bytes, which answer by themselves. Mapped where the cache allows it.
    pub fn bytes(&self) -> &[u8] {
        match &self.0.bytes {
            Bytes::Cached(answer) => answer.content(),
            Bytes::Built(bytes) => bytes,
        }
    }

    /// The table, ready to answer. The checksums were proved when it came in, so this only looks at
    /// the header; it fails only if a mapped file was cut short meanwhile.
    pub fn view(&self) -> Result<TableView<'_>, OpenError> {
        TableView::open_proved(self.bytes())
    }

    /// Where it came from.
    pub fn origin(&self) -> &TableOrigin {
        &self.0.origin
    }

    /// Whether it came from the cache.
    pub fn is_cached(&self) -> bool {
        matches!(self.0.origin, TableOrigin::Cached { .. })
    }

    /// How long building it took, this time or when it was cached, in nanoseconds.
    pub fn rebuild_cost_ns(&self) -> u64 {
        self.0.rebuild_cost_ns
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("key", &self.0.key)
            .field("origin", &self.0.origin)
            .field("bytes", &self.bytes().len())
            .finish_non_exhaustive()
    }
}
