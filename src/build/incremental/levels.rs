//! The three caches of a compiler's build as one: what files were, what they became, what their functions became.

use std::sync::Arc;

use super::compiler::FileIr;
use super::hashes::FileHashCache;
use super::ir_cache::{Entries, IrCounters, IrStats, Question, UnitCacheOptions};
use crate::build::Cache;
use crate::config::Verify;
use crate::digest::ContentDigest;
use crate::key::{UnitKeys, UnitSettings};
use crate::store::EntryKind;
use crate::track::Counters;

/// Intermediate forms of files, and whole outputs.
pub struct ZirCache<'c> {
    entries: Arc<Entries<'c>>,
    keys: UnitKeys,
    files: IrCounters,
    outputs: IrCounters,
}

/// Outputs of functions.
pub struct AirCache<'c> {
    entries: Arc<Entries<'c>>,
    keys: UnitKeys,
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
        self.find(&self.question(path, content))
    }

    /// Keeps what a file became, and what that took, in nanoseconds.
    pub fn put(&self, path: &str, content: ContentDigest, file: &FileIr, cost_ns: u64) {
        self.keep(&self.question(path, content), file, cost_ns);
    }

    pub(super) fn question(&self, path: &str, content: ContentDigest) -> Question {
        self.keys.file(path, content).into()
    }

    pub(super) fn find(&self, question: &Question) -> Option<FileIr> {
        FileIr::from_bytes(&self.entries.get(question, &self.files)?)
    }

    pub(super) fn keep(&self, question: &Question, file: &FileIr, cost_ns: u64) {
        self.entries.put(question, EntryKind::FileIr, &file.to_bytes(), cost_ns, &self.files);
    }

    /// Whether what the cache has of a file is to be made again and compared.
    pub(super) fn is_compared(&self, question: &Question) -> bool {
        self.entries.is_compared(question, &self.files)
    }

    /// The output that everything an entry reaches became, by its combined hash.
    pub fn get_combined(&self, entry: &str, combined: &[u8; 32]) -> Option<Vec<u8>> {
        let is_used = self.entries.options.verify != Verify::Always;
        is_used.then(|| self.entries.get(&self.keys.output(entry, combined).into(), &self.outputs))?
    }

    /// Keeps a whole output.
    pub fn put_combined(&self, entry: &str, combined: &[u8; 32], output: &[u8], cost_ns: u64) {
        let question = self.keys.output(entry, combined).into();
        self.entries.put(&question, EntryKind::CombinedOutput, output, cost_ns, &self.outputs);
    }
}

impl AirCache<'_> {
    /// What a function that is made from `inputs` became.
    pub fn get(&self, inputs: &[u8]) -> Option<Vec<u8>> {
        self.find(&self.question(inputs))
    }

    /// Keeps what a function became, and what that took, in nanoseconds.
    pub fn put(&self, inputs: &[u8], output: &[u8], cost_ns: u64) {
        self.keep(&self.question(inputs), output, cost_ns);
    }

    pub(super) fn question(&self, inputs: &[u8]) -> Question {
        self.keys.function(inputs).into()
    }

    pub(super) fn find(&self, question: &Question) -> Option<Vec<u8>> {
        self.entries.get(question, &self.functions)
    }

    pub(super) fn keep(&self, question: &Question, output: &[u8], cost_ns: u64) {
        self.entries.put(question, EntryKind::FunctionIr, output, cost_ns, &self.functions);
    }

    /// Whether what the cache has of a function is to be made again and compared.
    pub(super) fn is_compared(&self, question: &Question) -> bool {
        self.entries.is_compared(question, &self.functions)
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
            keys: UnitKeys::new(&settings),
            files: IrCounters::default(),
            outputs: IrCounters::default(),
        };
        let functions = IrCounters::default();
        let air = AirCache { entries: Arc::clone(&entries), keys: UnitKeys::new(&settings), functions };
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
