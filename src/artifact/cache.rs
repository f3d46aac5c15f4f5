//! Put, get and restore, over a chain of levels.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bundle::{ArtifactFile, BundleError, pack, unpack};
use crate::clock::Clock;
use crate::codec::Codec;
use crate::fs;
use crate::key::{PackageInputs, package_key};
use crate::store::{EntryKey, EntryKind, EntryMeta, MissReason, NewEntry};
use crate::tiers::{Answer, Chain, ChainError, Fetched};

/// The outputs of packages, by what they were built from. Threads may share it.
///
/// ```
/// use std::sync::Arc;
/// use janus_cache::artifact::{ArtifactCache, ArtifactFile, Found};
/// use janus_cache::clock::Clock;
/// use janus_cache::digest::ContentDigest;
/// use janus_cache::key::PackageInputs;
/// use janus_cache::store::{Store, StoreOptions};
/// use janus_cache::tiers::{Chain, ChainOptions, DiskLevel};
///
/// # let directory = tempfile::tempdir()?;
/// let store = Store::open(StoreOptions::new(directory.path().join("cache")))?;
/// let chain = Chain::new(vec![Arc::new(DiskLevel::new(store))], ChainOptions::default());
/// let artifacts = ArtifactCache::new(Arc::new(chain), Clock::System);
///
/// let shapes = PackageInputs {
///     name: "shapes".into(),
///     version: "1.2.0".into(),
///     sources: vec![("src/shape.jan".into(), ContentDigest::of(b"type Circle"))],
///     ..PackageInputs::default()
/// };
/// let library = ArtifactFile { path: "lib/shapes.a", executable: false, bytes: b"archive" };
/// artifacts.put(&shapes, &[library], 2_000_000_000)?;
/// artifacts.commit()?;
///
/// let Found::Hit(artifact) = artifacts.get(&shapes) else { panic!("it was put") };
/// artifact.restore(&directory.path().join("out"))?;
/// assert_eq!(std::fs::read(directory.path().join("out/lib/shapes.a"))?, b"archive");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ArtifactCache {
    chain: Arc<Chain>,
    clock: Clock,
}

/// What a lookup found.
#[derive(Debug)]
pub enum Found {
    /// The package's outputs.
    Hit(Artifact),
    /// None, and why.
    Miss(MissReason),
    /// What was kept cannot be used: a faulty writer made it. Building afresh replaces it.
    Unusable(BundleError),
}

/// The outputs of one package.
#[derive(Debug)]
pub struct Artifact {
    answer: Answer,
}

/// Why outputs could not be kept or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The files make no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A level could not keep them.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A file could not be written.
    #[error("cannot restore {}: {source}", path.display())]
    Restore {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ArtifactCache {
    /// Over these levels; `clock` tells when an artifact was made.
    pub const fn new(chain: Arc<Chain>, clock: Clock) -> Self {
        Self { chain, clock }
    }

    /// The outputs of a package built from exactly these inputs.
    pub fn get(&self, inputs: &PackageInputs) -> Found {
        match self.chain.get(&entry_key(inputs).0) {
            Fetched::Hit { answer, .. } => match unpack(answer.content()).err() {
                None => Found::Hit(Artifact { answer }),
                Some(error) => Found::Unusable(error),
            },
            Fetched::Miss(reason) => Found::Miss(reason),
        }
    }

    /// Keeps the outputs of a package. `rebuild_cost_ns` is how long they took to make.
    pub fn put(
        &self,
        inputs: &PackageInputs,
        files: &[ArtifactFile<'_>],
        rebuild_cost_ns: u64,
    ) -> Result<(), ArtifactError> {
        let (key, trace) = entry_key(inputs);
        let meta = EntryMeta {
            kind: EntryKind::PackageArtifact,
            codec: Codec::Lz4,
            created_unix_s: self.clock.unix_s(),
            rebuild_cost_ns,
            project: format!("{} {}", inputs.name, inputs.version),
            producer: String::new(),
            language: String::new(),
        };
        let content = pack(files)?;
        Ok(self.chain.put(&NewEntry { key, meta: &meta, content: &content, trace: trace.as_bytes() })?)
    }

    /// Makes everything that was put permanent.
    pub fn commit(&self) -> Result<(), ArtifactError> {
        self.chain.commit()?;
        Ok(())
    }
}

fn entry_key(inputs: &PackageInputs) -> (EntryKey, String) {
    let (key, trace) = package_key(inputs);
    (EntryKey::from_bytes(*key.as_bytes()), trace.to_string())
}

impl Artifact {
    /// The files, in path order, where they lie.
    pub fn files(&self) -> Vec<ArtifactFile<'_>> {
        unpack(self.answer.content()).unwrap_or_default()
    }

    /// How long the outputs took to make, in nanoseconds: what the hit saved.
    pub fn rebuild_cost_ns(&self) -> u64 {
        self.answer.rebuild_cost_ns()
    }

    /// Writes every file below `directory`, which is made if it is missing; files that are there and
    /// equal are left alone, and no folder that is a link is entered. The number of files that were
    /// written.
    pub fn restore(&self, directory: &Path) -> Result<usize, ArtifactError> {
        let mut written = 0;
        for file in self.files() {
            let path = directory.join(file.path);
            let changed = no_links(directory, file.path)
                .and_then(|()| fs::write_output(&path, file.bytes))
                .and_then(|changed| fs::set_executable(&path, file.executable).map(|()| changed))
                .map_err(|source| ArtifactError::Restore { path, source })?;
            written += usize::from(changed);
        }
        Ok(written)
    }
}

/// An error if a folder between `directory` and the file `path` below it is a link: it could lead
/// outside.
fn no_links(directory: &Path, path: &str) -> io::Result<()> {
    let folders = path.match_indices('/').map(|(end, _)| directory.join(&path[..end]));
    for folder in folders {
        if fs::is_link(&folder) {
            let what = format!("{} is a link: remove it, or restore elsewhere", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
        }
    }
    Ok(())
}
