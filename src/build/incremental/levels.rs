//! The three caches of a compiler's build as one: what files were, what they became, what their functions became.

use std::sync::Arc;

use super::compiler::FileIr;
use super::hashes::FileHashCache;
use super::ir_cache::{Entries, IrCounters, IrStats, UnitCacheOptions};
use crate::build::Cache;
use crate::config::Verify;
use crate::digest::ContentDigest;
use crate::key::{UnitSettings, file_key, function_key, output_key};
use crate::store::EntryKind;
use crate::track::Counters;

/// Intermediate forms of files, and whole outputs.
pub struct ZirCache<'c> {
    entries: Arc<Entries<'c>>,
    settings: UnitSettings,
    files: IrCounters,
    outputs: IrCounters,
}

/// Outputs of functions.
pub struct AirCache<'c> {
    entries: Arc<Entries<'c>>,
    settings: UnitSettings,
    functions: IrCounters,
}

/// The caches of one project's build by one compiler. See [`incremental_build`](super::incremental_build).
pub struct MultiLevelCache<'c> {
    /// What files were when they were last looked at.
    pub hashes: FileHashCache,
    /// What files became.
    pub zir: ZirCache<'c>,
    /// What functions became.
    pub air: AirCache<'c>,
    pub(super) entries: Arc<Entries<'c>>,
    pub(super) settings: UnitSettings,
}

/// What the caches did since they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelStats {
    /// Files that were looked at.
    pub hashes: Counters,
    /// Intermediate forms of files.
    pub files: IrStats,
    /// Outputs of functions.
    pub functions: IrStats,
    /// Whole outputs.
    pub outputs: IrStats,
}

impl ZirCache<'_> {
    /// What a file with this content became.
    pub fn get(&self, path: &str, content: ContentDigest) -> Option<FileIr> {
        let bytes = self.entries.get(file_key(&self.settings, path, content).0, &self.files)?;
        FileIr::from_bytes(&bytes)
    }

    /// Keeps what a file became, and what that took, in nanoseconds.
    pub fn put(&self, path: &str, content: ContentDigest, file: &FileIr, cost_ns: u64) {
        let (key, trace) = file_key(&self.settings, path, content);
        self.entries.put(key, &trace, EntryKind::FileIr, &file.to_bytes(), cost_ns, &self.files);
    }

    /// Whether what the cache has of a file is to be made again and compared.
    pub(super) fn is_compared(&self, path: &str, content: ContentDigest) -> bool {
        self.entries.is_compared(file_key(&self.settings, path, content).0, &self.files)
    }

    /// The output that everything an entry reaches became, by its combined hash.
    pub fn get_combined(&self, entry: &str, combined: &[u8; 32]) -> Option<Vec<u8>> {
        let is_used = self.entries.options.verify != Verify::Always;
        is_used.then(|| self.entries.get(output_key(&self.settings, entry, combined).0, &self.outputs))?
    }

    /// Keeps a whole output.
    pub fn put_combined(&self, entry: &str, combined: &[u8; 32], output: &[u8], cost_ns: u64) {
        let (key, trace) = output_key(&self.settings, entry, combined);
        self.entries.put(key, &trace, EntryKind::CombinedOutput, output, cost_ns, &self.outputs);
    }
}

impl AirCache<'_> {
    /// What a function that is made from `inputs` became.
    pub fn get(&self, inputs: &[u8]) -> Option<Vec<u8>> {
        self.entries.get(function_key(&self.settings, inputs).0, &self.functions)
    }

    /// Whether what the cache has of a function is to be made again and compared.
    pub(super) fn is_compared(&self, inputs: &[u8]) -> bool {
        self.entries.is_compared(function_key(&self.settings, inputs).0, &self.functions)
    }

    /// Keeps what a function became, and what that took, in nanoseconds.
    pub fn put(&self, inputs: &[u8], output: &[u8], cost_ns: u64) {
        let (key, trace) = function_key(&self.settings, inputs);
        self.entries.put(key, &trace, EntryKind::FunctionIr, output, cost_ns, &self.functions);
    }
}

impl<'c> MultiLevelCache<'c> {
    /// The caches over `cache`.
    pub fn new(
        cache: &'c Cache,
        hashes: FileHashCache,
        settings: UnitSettings,
        options: UnitCacheOptions,
    ) -> Self {
        let entries = Arc::new(Entries::new(cache, settings.language.clone(), options));
        let zir = ZirCache {
            entries: Arc::clone(&entries),
            settings: settings.clone(),
            files: IrCounters::default(),
            outputs: IrCounters::default(),
        };
        let functions = IrCounters::default();
        let air = AirCache { entries: Arc::clone(&entries), settings: settings.clone(), functions };
        Self { hashes, zir, air, entries, settings }
    }

    /// Reads what the last build left behind. Without it, or where it is damaged, everything is looked at anew.
    pub fn load(&mut self) {
        self.hashes.load();
    }

    /// Makes everything that was kept permanent, at one point: a build that is killed before it leaves the caches as
    /// they were, but for early publications, which are whole.
    pub fn save(&self) {
        self.entries.commit();
    }

    /// Forgets what the last build left behind. What files and functions became stays, since other projects share it;
    /// [`Store::clear`](crate::store::Store::clear) removes it.
    pub fn clean(&mut self) -> std::io::Result<()> {
        self.hashes.clean()
    }

    /// What the caches did.
    pub fn stats(&self) -> LevelStats {
        LevelStats {
            hashes: self.hashes.stats(),
            files: self.zir.files.read(),
            functions: self.air.functions.read(),
            outputs: self.zir.outputs.read(),
        }
    }

    /// What went wrong with the cache; the build went on. Each thing once.
    pub fn take_warnings(&self) -> Vec<String> {
        self.entries.take_warnings()
    }
}
