//! Counters of one session, added to by any number of threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::table::MissCause;
use crate::store::MissReason;

/// What a session did so far.
#[derive(Debug, Default)]
pub(super) struct Meters {
    pub(super) lookup_ns: AtomicU64,
    pub(super) optimization_ns: AtomicU64,
    pub(super) serialization_ns: AtomicU64,
    pub(super) from_cache: AtomicU64,
    pub(super) built: AtomicU64,
    pub(super) optimized: AtomicU64,
    pub(super) verified: AtomicU64,
    /// What building the tables that came from the cache had cost.
    pub(super) saved_ns: AtomicU64,
    /// What building the other ones cost, without handing them to the cache.
    pub(super) built_ns: AtomicU64,
    pub(super) write_failures: AtomicU64,
    pub(super) written_bytes: AtomicU64,
    pub(super) evicted_bytes: AtomicU64,
    misses: Mutex<BTreeMap<&'static str, u64>>,
}

impl Meters {
    pub(super) fn count_miss(&self, cause: &MissCause) {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        *misses.entry(cause.word()).or_default() += 1;
    }

    pub(super) fn misses(&self) -> BTreeMap<&'static str, u64> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl MissCause {
    /// A stable word for the cause, used in counters and JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Miss(reason) => match reason {
                MissReason::Absent => "absent",
                MissReason::Removed { .. } => "removed",
                MissReason::Damaged { .. } => "damaged",
                MissReason::ObjectMissing { .. } => "object-missing",
                MissReason::WrongVersion { .. } => "wrong-version",
                MissReason::Unreadable { .. } => "unreadable",
            },
            Self::Unusable(_) => "unusable",
            Self::OtherQuestion { .. } => "other-question",
            Self::Mismatch { .. } => "mismatch",
            Self::Recache => "recache",
            Self::Off => "off",
            Self::Unavailable => "unavailable",
        }
    }
}

pub(super) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

pub(super) fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
