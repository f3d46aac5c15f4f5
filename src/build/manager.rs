//! Get a table from the cache, or build it, once.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::cache::{Cache, CacheWarning, with_source};
use super::error::{BuildError, CacheErrorKind};
use super::meters::{add, get};
use super::metrics::{BuildMetrics, Circumstances, recommend};
use super::question::Question;
use super::registry::{FamilyId, Registry, TypeSignature};
use super::session::ActiveSession;
use super::table::Table;
use crate::clock::{Clock, Stopwatch};
use crate::config::Verify;
use crate::dispatch::{CompileOptions, Optimized};
use crate::format::{EncodeError, Encoder, LogicalTable, TablePlan};
use crate::key::{KeySettings, TableKey};
use crate::tiers::{Chain, LevelReport};

/// The default of [`ManagerOptions::claim_above_ns`]: waiting for another process costs a part of a millisecond.
pub const CLAIM_ABOVE_NS: u64 = 50_000_000;

/// What a manager works for.
#[derive(Clone, Debug)]
pub struct ManagerOptions {
    /// What enters every key beside the question itself.
    pub keys: KeySettings,
    /// Name of the project, kept beside its entries.
    pub project: String,
    /// Language, kept beside its entries.
    pub language: String,
    /// Which hits are built again and compared.
    pub verify: Verify,
    /// Whether hits are ignored, and everything is built and stored anew.
    pub recache: bool,
    /// Tables that are expected to take longer than this to build, in nanoseconds, are built by one of several
    /// processes that need them at once, while the others wait.
    pub claim_above_ns: u64,
    /// Where times come from.
    pub clock: Clock,
}

impl Default for ManagerOptions {
    fn default() -> Self {
        Self {
            keys: KeySettings::default(),
            project: String::new(),
            language: String::new(),
            verify: Verify::default(),
            recache: false,
            claim_above_ns: CLAIM_ABOVE_NS,
            clock: Clock::default(),
        }
    }
}

/// Gives out dispatch tables: from the cache where it has them, else built, and then kept.
///
/// Threads share it; each question is asked and built once in a session, however many ask. A failing
/// cache is a [`CacheWarning`], never an error.
///
/// ```
/// use janus_cache::build::{BuildCacheManager, Cache, ManagerOptions, Registry};
/// use janus_cache::dispatch::{Family, Method, TypeDecl, optimize};
/// use janus_cache::format::Outcome;
/// use janus_cache::store::{Store, StoreOptions};
///
/// # let directory = tempfile::tempdir()?;
/// let store = Store::open(StoreOptions::new(directory.path().join("cache")))?;
/// let manager = BuildCacheManager::new(Cache::of_store(store), ManagerOptions::default());
///
/// let types = [TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])];
/// let area = Family::new("area", 1, vec![Method::new(&["Shape"], "area(Shape)", "geometry")]);
/// let registry = Registry::new(types, [area])?;
/// let signature = registry.signature("area", 1).ok_or("just registered")?;
///
/// manager.start_session()?;
/// let table = manager.get_or_build("area", &signature, &registry, optimize)?;
/// let view = table.view()?;
/// let Outcome::Method(entry) = view.dispatch(&[view.local_type("Circle")?])? else { panic!() };
/// assert_eq!(view.entry(entry)?.implementation, "area(Shape)");
/// assert_eq!(manager.end_session().metrics.tables_built, 1);
/// assert!(manager.is_cached("area", &signature, &registry)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BuildCacheManager {
    cache: Cache,
    options: ManagerOptions,
    /// The session that runs, or the last one.
    session: RwLock<Sessions>,
    warnings: Mutex<Vec<CacheWarning>>,
    /// Those that nobody uses now: as many as threads built at once.
    encoders: Mutex<Vec<Encoder>>,
}

#[derive(Default)]
struct Sessions {
    running: bool,
    newest: Option<Arc<ActiveSession>>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionReport {
    /// What it cost and saved.
    pub metrics: BuildMetrics,
    /// What went wrong with the cache; the build went on.
    pub warnings: Vec<CacheWarning>,
    /// What each level of the cache did.
    pub levels: Vec<LevelReport>,
}

impl BuildCacheManager {
    /// A manager over a cache.
    pub fn new(cache: Cache, options: ManagerOptions) -> Self {
        let warnings = Mutex::new(cache.opening().cloned().into_iter().collect());
        Self { cache, options, session: RwLock::default(), warnings, encoders: Mutex::default() }
    }

    /// Starts a session. Counters start at zero, and what other processes published is seen.
    pub fn start_session(&self) -> Result<(), BuildError> {
        let mut sessions = self.session.write().unwrap_or_else(PoisonError::into_inner);
        if sessions.running {
            return Err(BuildError::SessionRunning);
        }
        if let Some(store) = self.cache.store()
            && let Err(error) = store.refresh()
        {
            self.warn((&error).into(), with_source(&error));
        }
        *sessions = Sessions { running: true, newest: Some(Arc::new(ActiveSession::start())) };
        Ok(())
    }

    /// The table of a family: from this session, else from the cache, else built by `builder`.
    ///
    /// The family is found in `registry` by `name` and by the arity of `signature`; a registry whose
    /// family has another signature is an error, because the caller's idea of the world is stale.
    /// `builder` is called at most once; it must not ask for the same table. What it returns is
    /// encoded, opened and kept. Without a running session one is started.
    pub fn get_or_build<E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        name: &str,
        signature: &TypeSignature,
        registry: &Registry,
        builder: impl FnOnce(&LogicalTable, &CompileOptions) -> Result<Optimized, E>,
    ) -> Result<Table, BuildError> {
        self.obtain(&self.question(name, signature, registry)?, builder)
    }

    /// Whether the cache has the table now. Builds nothing, and counts nothing in the metrics.
    pub fn is_cached(
        &self,
        name: &str,
        signature: &TypeSignature,
        registry: &Registry,
    ) -> Result<bool, BuildError> {
        Ok(self.fetch(&self.question(name, signature, registry)?).is_ok())
    }

    /// The key under which the table is, or would be, kept.
    pub fn cache_key(
        &self,
        name: &str,
        signature: &TypeSignature,
        registry: &Registry,
    ) -> Result<TableKey, BuildError> {
        Ok(self.question(name, signature, registry)?.key)
    }

    /// Ends the session: everything that was built is committed when this returns, or a warning
    /// says why not. Without a running session it reports the last one.
    pub fn end_session(&self) -> SessionReport {
        let mut sessions = self.session.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut sessions.running)
            && let Some(session) = &sessions.newest
        {
            self.commit(session);
            session.end();
        }
        drop(sessions);
        let levels = self.cache.chain().map_or_else(Vec::new, Chain::report);
        SessionReport { metrics: self.metrics(), warnings: self.warnings(), levels }
    }

    /// What the running session, or the last one, cost and saved so far.
    pub fn metrics(&self) -> BuildMetrics {
        let newest = self.session.read().unwrap_or_else(PoisonError::into_inner).newest.clone();
        newest.map_or_else(BuildMetrics::default, |session| self.metrics_of(&session))
    }

    /// What went wrong with the cache since the manager was made; each thing once.
    pub fn warnings(&self) -> Vec<CacheWarning> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The cache.
    pub const fn cache(&self) -> &Cache {
        &self.cache
    }

    /// A table's bytes, made in memory that the next table of this manager uses again.
    pub(super) fn encode(&self, table: &LogicalTable, plan: &TablePlan) -> Result<Vec<u8>, EncodeError> {
        let free = || self.encoders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut encoder = free().pop().unwrap_or_default();
        let bytes = encoder.encode(table, plan);
        free().push(encoder);
        bytes
    }

    /// What it works for.
    pub const fn options(&self) -> &ManagerOptions {
        &self.options
    }

    /// What to hand to an optimizer for this table so that it builds what the key says.
    pub fn compile_options(&self, table: &LogicalTable) -> CompileOptions {
        CompileOptions {
            optimizer: self.options.keys.optimizer,
            redundancy: self.options.keys.redundancy,
            creation_timestamp: self.options.keys.creation_timestamp,
            calls: self.options.keys.profile.calls_of(table),
        }
    }

    fn question<'r>(
        &self,
        name: &str,
        signature: &TypeSignature,
        registry: &'r Registry,
    ) -> Result<Question<'r>, BuildError> {
        let id = FamilyId { name: name.to_owned(), arity: signature.arity() };
        let Some(family) = registry.family(name, id.arity) else {
            return Err(BuildError::NoFamily { family: id });
        };
        let found = TypeSignature::of(family);
        if found != *signature {
            return Err(BuildError::Signature { family: id, expected: signature.clone(), found });
        }
        Ok(Question::ask(registry, family, &self.options.keys)?)
    }

    pub(super) fn running(&self) -> Arc<ActiveSession> {
        {
            let sessions = self.session.read().unwrap_or_else(PoisonError::into_inner);
            if sessions.running
                && let Some(session) = &sessions.newest
            {
                return Arc::clone(session);
            }
        }
        let mut sessions = self.session.write().unwrap_or_else(PoisonError::into_inner);
        match &sessions.newest {
            Some(session) if sessions.running => Arc::clone(session),
            _ => {
                let session = Arc::new(ActiveSession::start());
                *sessions = Sessions { running: true, newest: Some(Arc::clone(&session)) };
                session
            }
        }
    }

    fn commit(&self, session: &ActiveSession) {
        let Some(chain) = self.cache.chain() else { return };
        let watch = Stopwatch::start();
        match chain.commit() {
            Ok(written) => {
                add(&session.meters.written_bytes, written.bytes);
                add(&session.meters.evicted_bytes, written.evicted_bytes);
            }
            Err(error) => {
                add(&session.meters.write_failures, 1);
                self.warn((&error.source).into(), with_source(&error));
            }
        }
        add(&session.meters.serialization_ns, watch.elapsed_ns());
    }

    /// Remembers a failure of the cache; the same one again says nothing new.
    pub(super) fn warn(&self, kind: CacheErrorKind, message: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let warning = CacheWarning { kind, message };
        if !warnings.contains(&warning) {
            tracing::debug!(kind = warning.kind.as_str(), "{}", warning.message);
            warnings.push(warning);
        }
    }

    fn metrics_of(&self, session: &ActiveSession) -> BuildMetrics {
        let meters = &session.meters;
        let (from_cache, built) = (get(&meters.from_cache), get(&meters.built));
        let tables = from_cache + built;
        let spent_ns = get(&meters.lookup_ns) + get(&meters.optimization_ns) + get(&meters.serialization_ns);
        let recorded_ns = get(&meters.saved_ns) + get(&meters.built_ns);
        let mut metrics = BuildMetrics {
            total_ns: session.total_ns(),
            lookup_ns: get(&meters.lookup_ns),
            serialization_ns: get(&meters.serialization_ns),
            optimization_ns: get(&meters.optimization_ns),
            tables_from_cache: from_cache,
            tables_built: built,
            tables_optimized: get(&meters.optimized),
            tables_verified: get(&meters.verified),
            hit_ratio: (tables > 0).then(|| from_cache as f64 / tables as f64),
            saved_ns: get(&meters.saved_ns),
            speed_up: (tables > 0).then(|| recorded_ns as f64 / spent_ns.max(1) as f64),
            written_bytes: get(&meters.written_bytes),
            evicted_bytes: get(&meters.evicted_bytes),
            write_failures: get(&meters.write_failures),
            misses: meters.misses().into_iter().map(|(word, count)| (word.to_owned(), count)).collect(),
            recommendations: Vec::new(),
        };
        metrics.recommendations = recommend(&metrics, self.circumstances());
        metrics
    }

    fn circumstances(&self) -> Circumstances {
        let store = self.cache.store();
        Circumstances {
            max_bytes: store.and_then(|store| store.options().retention.max_bytes),
            used_bytes: store.and_then(|store| store.used_bytes().ok()).unwrap_or(0),
            is_read_only: self.cache.chain().is_some_and(|chain| !chain.is_written()),
        }
    }
}

impl Drop for BuildCacheManager {
    fn drop(&mut self) {
        let sessions = self.session.get_mut().unwrap_or_else(PoisonError::into_inner);
        // What was built and not committed would be lost at exit.
        if std::mem::take(&mut sessions.running)
            && let Some(session) = sessions.newest.take()
        {
            self.commit(&session);
        }
    }
}
