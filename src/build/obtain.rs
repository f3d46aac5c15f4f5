//! How a manager gets a table: from the session, else from the cache, else by building it.

use std::error::Error;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::cache::with_source;
use super::error::{BuildError, CacheErrorKind};
use super::manager::BuildCacheManager;
use super::meters::{Meters, add};
use super::question::Question;
use super::session::{ActiveSession, Slot};
use super::table::{MissCause, Table};
use crate::clock::Stopwatch;
use crate::codec::Codec;
use crate::dispatch::{CompileOptions, Optimized};
use crate::format::{LogicalTable, Optimization, TablePlan, TableView};
use crate::key::{TableKey, Trace, table_key};
use crate::store::{Claim, EntryKey, EntryKind, EntryMeta, NewEntry};
use crate::tiers::Fetched;

/// Whoever waits for another process to build a table waits at least so long.
const LEAST_WAIT_NS: u64 = 1_000_000_000;

/// A table that was just built.
struct Fresh {
    table: LogicalTable,
    plan: TablePlan,
    bytes: Vec<u8>,
    /// What plan and bytes cost, in nanoseconds.
    cost_ns: u64,
}

impl BuildCacheManager {
    /// What the session or the cache has for a question; builds nothing.
    pub(super) fn look_up(&self, question: &Question<'_>) -> Result<Table, MissCause> {
        let session = self.running();
        let slot = session.slot(question.key);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&session, question, &mut slot)
    }

    fn fill(
        &self,
        session: &ActiveSession,
        question: &Question<'_>,
        slot: &mut Slot,
    ) -> Result<Table, MissCause> {
        if let Slot::Unasked = slot {
            let watch = Stopwatch::start();
            let fetched = self.fetch(question);
            add(&session.meters.lookup_ns, watch.elapsed_ns());
            *slot = match fetched {
                Ok(table) => {
                    add(&session.meters.from_cache, 1);
                    add(&session.meters.saved_ns, table.rebuild_cost_ns());
                    Slot::Ready { table, is_settled: !self.is_compared(question.key) }
                }
                Err(cause) => Slot::Missing(cause),
            };
        }
        match slot {
            Slot::Ready { table, .. } => Ok(table.clone()),
            Slot::Missing(cause) => Err(cause.clone()),
            Slot::Unasked => Err(MissCause::Unavailable),
        }
    }

    pub(super) fn fetch(&self, question: &Question<'_>) -> Result<Table, MissCause> {
        let Some(chain) = self.cache().chain() else { return Err(self.cache().why_not()) };
        if self.options().recache {
            return Err(MissCause::Recache);
        }
        let (answer, level) = match chain.get(&question.entry_key()) {
            Fetched::Hit { answer, level } => (answer, level),
            Fetched::Miss(reason) => return Err(MissCause::Miss(reason)),
        };
        // The level has proved its own checksums. Whether the bytes are a table, and the table that
        // was asked for, only this room can tell; a poisoned entry is rebuilt, and so replaced.
        let found = TableView::open(answer.content()).map_err(MissCause::Unusable)?.header().table_hash.get();
        let expected = question.table_hash;
        if found != expected {
            return Err(MissCause::OtherQuestion { expected, found });
        }
        Ok(Table::cached(question.key, answer, level))
    }

    pub(super) fn obtain<E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        question: &Question<'_>,
        builder: impl FnOnce(&LogicalTable, &CompileOptions) -> Result<Optimized, E>,
    ) -> Result<Table, BuildError> {
        let session = self.running();
        let slot = session.slot(question.key);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let cause = match (self.fill(&session, question, &mut slot), &*slot) {
            (Ok(table), Slot::Ready { is_settled: true, .. }) => return Ok(table),
            (Ok(table), _) => {
                let fresh = self.build(&session.meters, question, builder)?;
                add(&session.meters.verified, 1);
                let Some(section) = first_difference(table.bytes(), &fresh.bytes) else {
                    *slot = Slot::Ready { table: table.clone(), is_settled: true };
                    return Ok(table);
                };
                let cause = MissCause::Mismatch { section };
                let aside = self.set_aside(question);
                self.warn(
                    CacheErrorKind::Corrupted,
                    format!("{}: {cause}; the fresh one is used and kept{aside}", question.family),
                );
                session.meters.from_cache.fetch_sub(1, Ordering::Relaxed);
                session.meters.saved_ns.fetch_sub(table.rebuild_cost_ns(), Ordering::Relaxed);
                let built = self.keep(&session.meters, question, fresh, cause);
                *slot = Slot::Ready { table: built.clone(), is_settled: true };
                return Ok(built);
            }
            (Err(cause), _) => cause,
        };
        let claim = self.claim(question);
        if let Some(Claim::Answered(_)) = &claim {
            *slot = Slot::Unasked;
            if let Ok(table) = self.fill(&session, question, &mut slot) {
                return Ok(table);
            }
        }
        let fresh = self.build(&session.meters, question, builder)?;
        let table = self.keep(&session.meters, question, fresh, cause);
        if let (Some(Claim::Mine(_)), Some(chain)) = (&claim, self.cache().chain())
            && let Err(error) = chain.publish()
        {
            self.warn((&error.source).into(), with_source(&error));
        }
        drop(claim);
        *slot = Slot::Ready { table: table.clone(), is_settled: true };
        Ok(table)
    }

    /// Takes a wrong entry out of use, and says where it is now.
    fn set_aside(&self, question: &Question<'_>) -> String {
        match self.cache().store().map(|store| store.quarantine(&question.entry_key())) {
            Some(Ok(Some(path))) => format!(", the other one is now {}", path.display()),
            // Another process was faster, or it is too large to keep.
            Some(Ok(None)) | None => String::new(),
            Some(Err(error)) => format!(", the other one could not be set aside: {}", with_source(&error)),
        }
    }

    /// Asks to be the only process that builds a table, if building it is expected to take long.
    fn claim(&self, question: &Question<'_>) -> Option<Claim> {
        let expected_ns = question.expected_cost_ns();
        if expected_ns < self.options().claim_above_ns {
            return None;
        }
        // Whoever holds it for much longer than expected may have been stopped.
        let limit_ns = expected_ns.saturating_mul(2).max(LEAST_WAIT_NS);
        self.cache().chain()?.claim(&question.entry_key(), limit_ns)
    }

    fn build<E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        meters: &Meters,
        question: &Question<'_>,
        builder: impl FnOnce(&LogicalTable, &CompileOptions) -> Result<Optimized, E>,
    ) -> Result<Fresh, BuildError> {
        let family = || question.family.clone();
        let table = question.table()?;
        let watch = Stopwatch::start();
        let Optimized { plan, .. } = builder(&table, &self.compile_options(&table))
            .map_err(|source| BuildError::Builder { family: family(), source: source.into() })?;
        let optimization_ns = watch.elapsed_ns();
        let watch = Stopwatch::start();
        let bytes =
            self.encode(&table, &plan).map_err(|source| BuildError::Encode { family: family(), source })?;
        TableView::open(&bytes).map_err(|source| BuildError::NewTable { family: family(), source })?;
        let serialization_ns = watch.elapsed_ns();
        add(&meters.optimization_ns, optimization_ns);
        add(&meters.serialization_ns, serialization_ns);
        Ok(Fresh { table, plan, bytes, cost_ns: optimization_ns + serialization_ns })
    }

    fn keep(&self, meters: &Meters, question: &Question<'_>, fresh: Fresh, cause: MissCause) -> Table {
        let Fresh { table, plan, bytes, cost_ns } = fresh;
        add(&meters.built, 1);
        add(&meters.built_ns, cost_ns);
        if plan.strategy.optimization() != Optimization::Linear {
            add(&meters.optimized, 1);
        }
        meters.count_miss(&cause);
        if let Some(chain) = self.cache().chain() {
            let watch = Stopwatch::start();
            let meta = EntryMeta {
                kind: EntryKind::DispatchTable,
                codec: Codec::None,
                created_unix_s: self.options().clock.unix_s(),
                rebuild_cost_ns: cost_ns,
                project: self.options().project.clone(),
                producer: String::new(),
                language: self.options().language.clone(),
            };
            let (_, trace) = table_key(&table, &self.options().keys);
            let (key, trace) = (question.entry_key(), trace.as_str().as_bytes());
            let entry = NewEntry { key, meta: &meta, content: &bytes, trace };
            if let Err(error) = chain.put(&entry) {
                add(&meters.write_failures, 1);
                self.warn((&error.source).into(), with_source(&error));
            }
            add(&meters.serialization_ns, watch.elapsed_ns());
        }
        Table::built(question.key, bytes, cause, cost_ns)
    }

    /// The trace beside a key, if the cache still has it: what the question was.
    pub(super) fn trace_of(&self, key: TableKey) -> Option<Trace> {
        let trace = self.cache().chain()?.trace(&EntryKey::from_bytes(*key.as_bytes()))?;
        Some(Trace::parse(&String::from_utf8_lossy(&trace)))
    }

    fn is_compared(&self, key: TableKey) -> bool {
        self.options().verify.compares(key.as_bytes()[0], self.options().clock)
    }
}

/// Where two tables' bytes differ first, by section.
fn first_difference(cached: &[u8], fresh: &[u8]) -> Option<String> {
    if cached == fresh {
        return None;
    }
    let (Ok(cached), Ok(fresh)) = (TableView::open_proved(cached), TableView::open_proved(fresh)) else {
        return Some("its header".to_owned());
    };
    let differs = fresh.section_tags().find(|tag| cached.section(*tag) != fresh.section(*tag));
    Some(differs.map_or_else(|| "its header".to_owned(), |tag| format!("section {tag}")))
}
