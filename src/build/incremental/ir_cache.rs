//! The two caches of a compiler's work: what it made of files, and of functions.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compiler::FileIr;
use crate::build::Cache;
use crate::build::cache::with_source;
use crate::clock::Clock;
use crate::codec::Codec;
use crate::config::Verify;
use crate::key::{Trace, UnitKey};
use crate::store::{EntryKey, EntryKind, EntryMeta, NewEntry};
use crate::tiers::Fetched;

/// How a project's build uses the cache.
#[derive(Clone, Debug, Default)]
pub struct UnitCacheOptions {
    /// Name of the project, kept beside its entries.
    pub project: String,
    /// Nothing that was kept is used, and everything is kept anew.
    pub recache: bool,
    /// Which of the answers that a build takes from the cache are made again and compared: a difference is a warning, and
    /// the fresh answer is used and kept. With [`Verify::Always`] no whole output is taken from the cache, so that
    /// functions are. What a build need not ask for, as on the fast path, is not compared.
    pub verify: Verify,
    /// Where times come from.
    pub clock: Clock,
}

/// What both caches, and that of whole outputs, do with a chain.
pub(super) struct Entries<'c> {
    cache: &'c Cache,
    language: String,
    pub(super) options: UnitCacheOptions,
    warnings: Mutex<Vec<String>>,
}

/// What a cache is asked, worked out once for asking, comparing and keeping.
pub(super) struct Question {
    key: UnitKey,
    trace: Trace,
}

/// Hits, misses and what was kept.
#[derive(Debug, Default)]
pub(super) struct IrCounters {
    hits: AtomicU64,
    misses: AtomicU64,
    kept: AtomicU64,
    compared: AtomicU64,
}

/// What one cache of a compiler's work did in a build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IrStats {
    /// Answers that it had.
    pub hits: u64,
    /// Questions that it had no answer for.
    pub misses: u64,
    /// Answers that were made and kept.
    pub kept: u64,
    /// Hits that were made again and compared.
    pub compared: u64,
}

impl<'c> Entries<'c> {
    pub(super) fn new(cache: &'c Cache, language: String, options: UnitCacheOptions) -> Self {
        let opening = cache.opening().map(|warning| warning.message.clone());
        let warnings = Mutex::new(opening.into_iter().collect());
        Self { cache, language, options, warnings }
    }

    pub(super) fn get(&self, question: &Question, counters: &IrCounters) -> Option<Vec<u8>> {
        let chain = self.cache.chain().filter(|_| !self.options.recache);
        let found = chain.and_then(|chain| match chain.get(&question.entry_key()) {
            Fetched::Hit { answer, .. } => Some(answer.content().to_vec()),
            Fetched::Miss(_) => None,
        });
        let counter = if found.is_some() { &counters.hits } else { &counters.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps an answer. A cache that fails is a warning.
    pub(super) fn put(
        &self,
        question: &Question,
        kind: EntryKind,
        content: &[u8],
        rebuild_cost_ns: u64,
        counters: &IrCounters,
    ) {
        let Some(chain) = self.cache.chain() else { return };
        let meta = EntryMeta {
            kind,
            codec: Codec::None,
            created_unix_s: self.options.clock.unix_s(),
            rebuild_cost_ns,
            project: self.options.project.clone(),
            producer: String::new(),
            language: self.language.clone(),
        };
        let (key, trace) = (question.entry_key(), question.trace.as_str().as_bytes());
        match chain.put(&NewEntry { key, meta: &meta, content, trace }) {
            Ok(()) => {
                counters.kept.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.warn(with_source(&error)),
        }
    }

    /// How long an entry stays that nobody uses, if there is a limit.
    pub(super) fn max_age_s(&self) -> Option<u64> {
        self.cache.store()?.options().retention.max_age_s
    }

    /// Whether what was kept is asked for at all.
    pub(super) fn is_asked(&self) -> bool {
        self.cache.chain().is_some() && !self.options.recache
    }

    /// Takes a wrong answer out of use for everybody, and says where its content is now.
    pub(super) fn set_aside(&self, question: &Question) -> String {
        match self.cache.store().map(|store| store.quarantine(&question.entry_key())) {
            Some(Ok(Some(path))) => format!("; the other one is now {}", path.display()),
            // Another process was faster, it is too large to keep, or it lies in no store of this machine.
            Some(Ok(None)) | None => String::new(),
            Some(Err(error)) => format!("; the other one could not be set aside: {}", with_source(&error)),
        }
    }

    /// The one point at which everything that was kept becomes permanent.
    pub(super) fn commit(&self) {
        if let Some(Err(error)) = self.cache.chain().map(crate::tiers::Chain::commit) {
            self.warn(with_source(&error));
        }
    }

    /// Whether a hit is to be made again.
    pub(super) fn is_compared(&self, question: &Question, counters: &IrCounters) -> bool {
        let is_compared = self.options.verify.compares(question.key.as_bytes()[0], self.options.clock);
        counters.compared.fetch_add(u64::from(is_compared), Ordering::Relaxed);
        is_compared
    }

    pub(super) fn warn(&self, message: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.contains(&message) {
            warnings.push(message);
        }
    }

    pub(super) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl IrCounters {
    pub(super) fn read(&self) -> IrStats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        IrStats {
            hits: of(&self.hits),
            misses: of(&self.misses),
            kept: of(&self.kept),
            compared: of(&self.compared),
        }
    }
}

impl Question {
    fn entry_key(&self) -> EntryKey {
        EntryKey::from_bytes(*self.key.as_bytes())
    }
}

impl From<(UnitKey, Trace)> for Question {
    fn from((key, trace): (UnitKey, Trace)) -> Self {
        Self { key, trace }
    }
}

impl FileIr {
    /// Both parts in one: the length of the interface, the interface, the rest.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.interface.len() + self.ir.len());
        bytes.extend_from_slice(&(self.interface.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&self.interface);
        bytes.extend_from_slice(&self.ir);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (interface_bytes, rest) = bytes.split_first_chunk::<8>()?;
        let interface_bytes = usize::try_from(u64::from_le_bytes(*interface_bytes)).ok()?;
        let (interface, ir) = rest.split_at_checked(interface_bytes)?;
        Some(Self { ir: ir.to_vec(), interface: interface.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_form_comes_back_and_a_cut_one_is_none() {
        let file = FileIr { ir: b"code".to_vec(), interface: b"seen".to_vec() };
        let bytes = file.to_bytes();
        assert_eq!(FileIr::from_bytes(&bytes), Some(file));
        for cut in 0..12 {
            assert_eq!(FileIr::from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
    }
}
