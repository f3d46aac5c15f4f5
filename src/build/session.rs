//! One session: its tables by question, so that each question is asked and built once however many
//! threads ask it, and its counters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::meters::Meters;
use super::table::{MissCause, Table};
use crate::clock::Stopwatch;
use crate::key::TableKey;

/// A running session.
pub(super) struct ActiveSession {
    started: Stopwatch,
    ended_ns: Mutex<Option<u64>>,
    pub(super) meters: Meters,
    slots: Mutex<HashMap<TableKey, Arc<Mutex<Slot>>>>,
}

/// What is known of one question. Whoever holds the lock asks or builds; the others wait for it.
#[derive(Default)]
pub(super) enum Slot {
    /// Nobody asked the cache yet.
    #[default]
    Unasked,
    /// The cache has nothing to use.
    Missing(MissCause),
    /// The table, and whether nothing is left to be compared.
    Ready { table: Table, is_settled: bool },
}

impl ActiveSession {
    pub(super) fn start() -> Self {
        Self {
            started: Stopwatch::start(),
            ended_ns: Mutex::default(),
            meters: Meters::default(),
            slots: Mutex::default(),
        }
    }

    pub(super) fn slot(&self, key: TableKey) -> Arc<Mutex<Slot>> {
        Arc::clone(self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }

    pub(super) fn end(&self) {
        *self.ended_ns.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.started.elapsed_ns());
    }

    pub(super) fn total_ns(&self) -> u64 {
        let ended_ns = *self.ended_ns.lock().unwrap_or_else(PoisonError::into_inner);
        ended_ns.unwrap_or_else(|| self.started.elapsed_ns())
    }
}
