//! The cache that a manager uses: a chain, or the reason why there is none.

use std::sync::Arc;

use super::error::CacheErrorKind;
use super::table::MissCause;
use crate::clock::Clock;
use crate::config::{Durability, Eviction, LevelKind, Settings};
use crate::fs::{self, FileAccess};
use crate::store::{EvictionPolicy, Retention, Store, StoreOptions};
use crate::tiers::{Chain, ChainOptions, DiskLevel, Level};

/// What went wrong with the cache while the build went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheWarning {
    /// What kind of failure it is.
    pub kind: CacheErrorKind,
    /// What happened, where, what to do.
    pub message: String,
}

/// A cache as a manager uses it.
pub struct Cache {
    chain: Option<Chain>,
    store: Option<Store>,
    why_not: MissCause,
    opening: Option<CacheWarning>,
}

impl Cache {
    /// No cache, by request.
    pub const fn off() -> Self {
        Self { chain: None, store: None, why_not: MissCause::Off, opening: None }
    }

    /// A chain of the caller's own.
    pub const fn of_chain(chain: Chain) -> Self {
        Self { chain: Some(chain), store: None, why_not: MissCause::Off, opening: None }
    }

    /// The local directory alone.
    pub fn of_store(store: Store) -> Self {
        let level: Arc<dyn Level> = Arc::new(DiskLevel::new(store.clone()));
        let chain = Chain::new(vec![level], ChainOptions::default());
        Self { chain: Some(chain), store: Some(store), why_not: MissCause::Off, opening: None }
    }

    /// The cache that the settings ask for. One that cannot be used is a warning, and every lookup
    /// a miss: the cache never fails a build.
    pub fn of_settings(settings: &Settings, clock: Clock) -> Self {
        if !settings.enabled.value {
            return Self::off();
        }
        let mut levels: Vec<Arc<dyn Level>> = Vec::new();
        let mut disk = None;
        for kind in settings.chain.value.levels() {
            match kind {
                LevelKind::Disk => match Store::open(store_options(settings, clock)) {
                    Ok(store) => {
                        levels.push(Arc::new(DiskLevel::new(store.clone())));
                        disk = Some(store);
                    }
                    Err(error) => {
                        let opening = CacheWarning { kind: (&error).into(), message: with_source(&error) };
                        let why_not = MissCause::Unavailable;
                        return Self { chain: None, store: None, why_not, opening: Some(opening) };
                    }
                },
            }
        }
        let options = ChainOptions { write_error_policy: settings.write_error_policy.value };
        let chain = Some(Chain::new(levels, options));
        Self { chain, store: disk, why_not: MissCause::Off, opening: None }
    }

    /// The levels, unless the cache is off or unavailable.
    pub const fn chain(&self) -> Option<&Chain> {
        self.chain.as_ref()
    }

    /// The local directory, if it is one of the levels.
    pub const fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// Why there is no chain, as a lookup says it.
    pub(super) fn why_not(&self) -> MissCause {
        self.why_not.clone()
    }

    /// What went wrong when it was opened.
    pub(super) const fn opening(&self) -> Option<&CacheWarning> {
        self.opening.as_ref()
    }
}

/// Where the size limit is passed, so much of it is left: a tenth is room for some sessions.
const LOW_WATER_PERCENT: u8 = 90;

/// How the settings want the local store to be opened.
pub fn store_options(settings: &Settings, clock: Clock) -> StoreOptions {
    let shares = settings.quotas.value.shares();
    StoreOptions {
        clock,
        durability: match settings.durability.value {
            Durability::Default => fs::Durability::Rename,
            Durability::Sync => fs::Durability::Sync,
        },
        read_only: settings.read_only.value,
        access: if settings.mmap.value { FileAccess::Map } else { FileAccess::Read },
        retention: Retention {
            max_bytes: Some(settings.max_size.value.bytes),
            low_water_percent: LOW_WATER_PERCENT,
            max_age_s: Some(settings.max_age.value.as_secs()),
            policy: match settings.eviction.value {
                Eviction::Lru => EvictionPolicy::Lru,
                Eviction::Value => EvictionPolicy::Value,
            },
            project_quotas: shares.iter().map(|(project, size)| (project.clone(), size.bytes)).collect(),
            keep_packages: settings.keep_packages.value,
            select: None,
        },
        cleanup_interval_s: settings.cleanup_interval.value.as_secs(),
        lock_timeout_ns: u64::try_from(settings.lock_timeout.value.as_nanos()).unwrap_or(u64::MAX),
        on_lock_wait: Some(|path| {
            tracing::warn!("waiting for another process that holds {}", path.display());
        }),
        ..StoreOptions::new(settings.dir.value.clone())
    }
}

/// An error and what the system said, in one line.
pub(super) fn with_source(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = source.source();
    }
    text
}
