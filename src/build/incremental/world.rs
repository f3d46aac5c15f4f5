//! The files that an entry reaches, found by following imports, and which of them are as they were.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;

use super::compiler::{UnitCompiler, UnitProblem};
use super::record::{FileRecord, ImportRecord, Imports, Record};
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
pub(super) struct World {
    pub(super) files: Vec<WorldFile>,
    pub(super) graph: DependencyGraph,
}

impl World {
    /// Follows the imports of `entry`. What is known of a file with the same content is not asked again.
    pub(super) fn discover(
        entry: &str,
        compiler: &dyn UnitCompiler,
        record: Option<&Record>,
        tree: &(dyn Tree + Sync),
    ) -> Result<Self, Vec<UnitProblem>> {
        let mut files: Vec<WorldFile> = Vec::new();
        let mut problems = Vec::new();
        let mut wanted = vec![entry.to_owned()];
        let mut known: HashSet<String> = wanted.iter().cloned().collect();
        // What is imported is not known before its importer was read, so files are read in rounds.
        while !wanted.is_empty() {
            let threads =
                if wanted.len() < FILES_FOR_THREADS { NonZeroUsize::MIN } else { parallel::available() };
            let found = parallel::map(&wanted, threads, |path| visit(path, compiler, record, tree));
            wanted.clear();
            for file in found {
                match file {
                    Ok(file) => {
                        for target in file.imports.iter().filter_map(ImportRecord::target) {
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
        Ok(Self { files, graph })
    }

    /// The node of a path.
    pub(super) fn node(&self, path: &str) -> Option<u32> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        u32::try_from(at).ok()
    }

    pub(super) fn file(&self, node: u32) -> Option<&WorldFile> {
        self.files.get(node as usize)
    }

    /// What each file is by itself, for combined hashes: path, content, what its imports mean and what was not there.
    pub(super) fn own_digests(&self) -> Vec<OwnDigest> {
        let own = |file: &WorldFile| {
            let mut text = Vec::with_capacity(96 + file.imports.len() * 64);
            text.extend_from_slice(file.digest.as_bytes());
            push_framed(&mut text, &file.path);
            for import in file.imports.iter() {
                text.extend_from_slice(&import.resolved.map_or(u64::MAX, u64::from).to_le_bytes());
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
    /// The path that it means.
    pub(super) fn target(&self) -> Option<&str> {
        self.candidates.get(self.resolved? as usize).map(String::as_str)
    }

    /// Candidates that were looked for and not there.
    pub(super) fn absent(&self) -> &[String] {
        let probed = self.resolved.map_or(self.candidates.len(), |resolved| resolved as usize);
        self.candidates.get(..probed).unwrap_or_default()
    }

    /// Whether it means what it meant when the last build looked.
    fn is_untouched(&self, tree: &dyn Tree) -> bool {
        let probed = self.absent().len() + usize::from(self.resolved.is_some());
        let probed = self.candidates.get(..probed).unwrap_or_default();
        probed.iter().all(|candidate| tree.is_untouched(candidate))
    }

    fn resolve(candidates: Vec<String>, tree: &dyn Tree) -> Self {
        let resolved = candidates.iter().position(|candidate| tree.is_file(candidate));
        Self { candidates, resolved: resolved.and_then(|at| u32::try_from(at).ok()) }
    }
}

impl Imports {
    /// What they mean now, where the last build knew what they meant.
    fn again(&self, tree: &dyn Tree) -> Self {
        if self.iter().all(|import| import.is_untouched(tree)) {
            return self.clone();
        }
        let again = |import: &ImportRecord| {
            let is_known = import.is_untouched(tree);
            if is_known { import.clone() } else { ImportRecord::resolve(import.candidates.clone(), tree) }
        };
        self.iter().map(again).collect()
    }
}

fn visit(
    path: &str,
    compiler: &dyn UnitCompiler,
    record: Option<&Record>,
    tree: &dyn Tree,
) -> Result<WorldFile, UnitProblem> {
    let known = record.and_then(|record| record.file(path));
    let again = |known: &FileRecord| known.imports.again(tree);
    if let Some(known) = known
        && tree.is_untouched(path)
    {
        return Ok(WorldFile {
            path: path.to_owned(),
            digest: known.digest(),
            input: None,
            imports: again(known),
        });
    }
    let input = tree.read(path)?.ok_or_else(|| UnitProblem {
        path: path.to_owned(),
        place: None,
        message: "expected a file, found none".to_owned(),
    })?;
    let digest = input.seen.digest;
    let imports = if let Some(known) = known.filter(|known| known.digest() == digest) {
        again(known)
    } else {
        let candidates = compiler.imports(path, &input.bytes).into_iter();
        candidates.map(|candidates| ImportRecord::resolve(candidates, tree)).collect::<Imports>()
    };
    Ok(WorldFile { path: path.to_owned(), digest, imports, input: Some(input) })
}

fn graph_of(files: &[WorldFile]) -> DependencyGraph {
    let nodes: HashMap<&str, u32> = files.iter().map(|file| file.path.as_str()).zip(0_u32..).collect();
    let mut edges = Vec::new();
    for (file, from) in files.iter().zip(0_u32..) {
        let targets = file.imports.iter().filter_map(|import| nodes.get(import.target()?));
        edges.extend(targets.map(|to| (from, *to)));
    }
    DependencyGraph::new(files.len(), &edges)
}
