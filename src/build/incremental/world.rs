//! The files that an entry reaches, found by following imports, and which of them are as they were. Modules of other
//! packages are leaves: who imports one has it in its own digest, so it needs no node.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZeroUsize;

use super::compiler::{UnitCompiler, UnitProblem};
use super::packages::Offer;
use super::record::{ImportRecord, Imports, Means, Record};
use crate::build::parallel;
use crate::digest::ContentDigest;
use crate::graph::{DependencyGraph, OwnDigest};
use crate::track::Input;

/// Below so many files at once, starting threads costs more than they save.
const FILES_FOR_THREADS: usize = 16;

/// How the walk sees the tree.
pub(super) trait Tree {
    /// Whether what stands under a path that the last build looked at, a file or nothing, still does.
    fn is_untouched(&self, path: &str) -> bool;

    /// Whether a regular file is there.
    fn is_file(&self, path: &str) -> bool;

    /// Reads a file; none where there is none.
    fn read(&self, path: &str) -> Result<Option<Input>, UnitProblem>;
}

/// A file of the build.
#[derive(Debug)]
pub(super) struct WorldFile {
    pub(super) path: String,
    pub(super) digest: ContentDigest,
    /// Where it was read this time.
    pub(super) input: Option<Input>,
    pub(super) imports: Imports,
}

/// All files of a build, in path order, and who imports whom.
#[derive(Debug)]
pub(super) struct World<'p> {
    pub(super) files: Vec<WorldFile>,
    pub(super) graph: DependencyGraph,
    pub(super) offer: &'p Offer<'p>,
}

impl<'p> World<'p> {
    /// Follows the imports of `entry`. What is known of a file with the same content is not asked again.
    pub(super) fn discover(
        entry: &str,
        compiler: &dyn UnitCompiler,
        offer: &'p Offer<'p>,
        record: Option<&Record>,
        tree: &(dyn Tree + Sync),
    ) -> Result<Self, Vec<UnitProblem>> {
        let mut files: Vec<WorldFile> = Vec::new();
        let mut problems = Vec::new();
        let mut wanted = vec![entry.to_owned()];
        let mut known: HashSet<String> = wanted.iter().cloned().collect();
        let ground = Ground { compiler, offer, record, tree };
        // What is imported is not known before its importer was read, so files are read in rounds.
        while !wanted.is_empty() {
            let threads =
                if wanted.len() < FILES_FOR_THREADS { NonZeroUsize::MIN } else { parallel::available() };
            let found = parallel::map(&wanted, threads, |path| ground.visit(path));
            wanted.clear();
            for file in found {
                match file {
                    Ok(file) => {
                        for target in file.imports.iter().filter_map(ImportRecord::file) {
                            if !known.contains(target) {
                                known.insert(target.to_owned());
                                wanted.push(target.to_owned());
                            }
                        }
                        files.push(file);
                    }
                    Err(problem) => problems.push(problem),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        let graph = graph_of(&files);
        Ok(Self { files, graph, offer })
    }

    /// The node of a path.
    pub(super) fn node(&self, path: &str) -> Option<u32> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        u32::try_from(at).ok()
    }

    pub(super) fn file(&self, node: u32) -> Option<&WorldFile> {
        self.files.get(node as usize)
    }

    /// The paths of the package modules that files import, in their order.
    pub(super) fn packages(&self) -> BTreeSet<&str> {
        self.files.iter().flat_map(|file| file.imports.iter().filter_map(ImportRecord::package)).collect()
    }

    /// What each file is by itself, for combined hashes: path, content, what its imports mean and what was not there, and
    /// what it sees of other packages.
    pub(super) fn own_digests(&self) -> Vec<OwnDigest> {
        let own = |file: &WorldFile| {
            let mut text = Vec::with_capacity(96 + file.imports.len() * 64);
            text.extend_from_slice(file.digest.as_bytes());
            push_framed(&mut text, &file.path);
            for import in file.imports.iter() {
                match import.means {
                    Means::Nothing => text.extend_from_slice(&u64::MAX.to_le_bytes()),
                    Means::File(at) => text.extend_from_slice(&u64::from(at).to_le_bytes()),
                    Means::Package(at) => {
                        // No candidate has this number.
                        text.extend_from_slice(&(u64::MAX - 1).to_le_bytes());
                        text.extend_from_slice(&u64::from(at).to_le_bytes());
                        let offered = import.package().and_then(|path| self.offer.get(path));
                        let interface = offered.map_or([0; 32], |offered| *offered.interface.as_bytes());
                        text.extend_from_slice(&interface);
                    }
                }
                text.extend_from_slice(&(import.candidates.len() as u64).to_le_bytes());
                import.candidates.iter().for_each(|candidate| push_framed(&mut text, candidate));
            }
            OwnDigest::from_bytes(*ContentDigest::of(&text).as_bytes())
        };
        self.files.iter().map(own).collect()
    }
}

fn push_framed(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

impl ImportRecord {
    /// The file that it means.
    pub(super) fn file(&self) -> Option<&str> {
        let Means::File(at) = self.means else { return None };
        self.candidates.get(at as usize).map(String::as_str)
    }

    /// The module of another package that it means.
    pub(super) fn package(&self) -> Option<&str> {
        let Means::Package(at) = self.means else { return None };
        self.candidates.get(at as usize).map(String::as_str)
    }

    /// Candidates that were looked for and not there.
    pub(super) fn absent(&self) -> &[String] {
        let probed = match self.means {
            Means::Nothing => self.candidates.len(),
            Means::File(at) | Means::Package(at) => at as usize,
        };
        self.candidates.get(..probed).unwrap_or_default()
    }

    /// Whether it means what it meant when the last build looked. Whether a candidate that a package offers is a file,
    /// too, was not looked at.
    fn is_untouched(&self, ground: &Ground<'_>) -> bool {
        let is_absent = |path: &String| ground.offer.get(path).is_none() && ground.tree.is_untouched(path);
        let is_same = || match (self.file(), self.package()) {
            (Some(path), _) => ground.offer.get(path).is_none() && ground.tree.is_untouched(path),
            (_, Some(path)) => ground.offer.get(path).is_some(),
            (None, None) => true,
        };
        self.absent().iter().all(is_absent) && is_same()
    }

    fn resolve(candidates: Vec<String>, ground: &Ground<'_>) -> Self {
        let means = |(candidate, at): (&String, u32)| {
            if ground.offer.get(candidate).is_some() {
                Some(Means::Package(at))
            } else {
                ground.tree.is_file(candidate).then_some(Means::File(at))
            }
        };
        let means = candidates.iter().zip(0_u32..).find_map(means).unwrap_or(Means::Nothing);
        Self { candidates, means }
    }
}

impl Imports {
    /// What they mean now, where the last build knew what they meant.
    fn again(&self, ground: &Ground<'_>) -> Self {
        if self.iter().all(|import| import.is_untouched(ground)) {
            return self.clone();
        }
        let again = |import: &ImportRecord| {
            let is_known = import.is_untouched(ground);
            if is_known { import.clone() } else { ImportRecord::resolve(import.candidates.clone(), ground) }
        };
        self.iter().map(again).collect()
    }
}

/// What a walk stands on.
struct Ground<'b> {
    compiler: &'b dyn UnitCompiler,
    offer: &'b Offer<'b>,
    record: Option<&'b Record>,
    tree: &'b (dyn Tree + Sync),
}

impl Ground<'_> {
    fn visit(&self, path: &str) -> Result<WorldFile, UnitProblem> {
        let known = self.record.and_then(|record| record.file(path));
        if let Some(known) = known
            && self.tree.is_untouched(path)
        {
            return Ok(WorldFile {
                path: path.to_owned(),
                digest: known.digest(),
                input: None,
                imports: known.imports.again(self),
            });
        }
        let input = self.tree.read(path)?.ok_or_else(|| UnitProblem {
            path: path.to_owned(),
            place: None,
            message: "expected a file, found none".to_owned(),
        })?;
        let digest = input.seen.digest;
        let imports = if let Some(known) = known.filter(|known| known.digest() == digest) {
            known.imports.again(self)
        } else {
            let candidates = self.compiler.imports(path, &input.bytes).into_iter();
            candidates.map(|candidates| ImportRecord::resolve(candidates, self)).collect::<Imports>()
        };
        Ok(WorldFile { path: path.to_owned(), digest, imports, input: Some(input) })
    }
}

fn graph_of(files: &[WorldFile]) -> DependencyGraph {
    let nodes: HashMap<&str, u32> = files.iter().map(|file| file.path.as_str()).zip(0_u32..).collect();
    let mut edges = Vec::new();
    for (file, from) in files.iter().zip(0_u32..) {
        let targets = file.imports.iter().filter_map(|import| nodes.get(import.file()?));
        edges.extend(targets.map(|to| (from, *to)));
    }
    DependencyGraph::new(files.len(), &edges)
}
