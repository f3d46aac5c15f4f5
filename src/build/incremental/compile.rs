//! Compiles one file's section, with what the caches have of files and functions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::compiler::{FileIr, Imported, UnitCompiler, UnitProblem};
use super::ir_cache::Question;
use super::layout::ReadySection;
use super::levels::MultiLevelCache;
use super::packages::PackageModule;
use super::section::SectionError;
use super::world::{Tree, World, WorldFile};
use crate::clock::Stopwatch;
use crate::digest::ContentDigest;

/// A section that was made.
#[derive(Debug)]
pub(super) struct Compiled {
    /// An error fails the build, whatever is wrong with other files.
    pub(super) ready: Result<ReadySection, SectionError>,
    /// Of what importers see.
    pub(super) interface: ContentDigest,
    pub(super) functions_made: u32,
    pub(super) functions_reused: u32,
}

/// What one build knows of its files; threads share it.
pub(super) struct Compiling<'b> {
    pub(super) cache: &'b MultiLevelCache<'b>,
    pub(super) compiler: &'b dyn UnitCompiler,
    pub(super) world: &'b World<'b>,
    pub(super) tree: &'b (dyn Tree + Sync),
    /// What files became, each once.
    lowered: Mutex<HashMap<u32, Lowered>>,
}

/// What an import means, and what it shows.
enum Seen<'w> {
    File(&'w str, Arc<FileIr>),
    Package(PackageModule<'w>),
}

impl Seen<'_> {
    fn imported(&self) -> Imported<'_> {
        match self {
            Self::File(path, file) => Imported { path, interface: &file.interface },
            Self::Package(PackageModule { path, interface, .. }) => Imported { path, interface },
        }
    }
}

type Problems = Vec<UnitProblem>;
/// Filled by the first thread that asks; others wait for it.
type Lowered = Arc<OnceLock<Result<Arc<FileIr>, Problems>>>;

impl<'b> Compiling<'b> {
    pub(super) fn new(
        cache: &'b MultiLevelCache<'b>,
        compiler: &'b dyn UnitCompiler,
        world: &'b World<'b>,
        tree: &'b (dyn Tree + Sync),
    ) -> Self {
        Self { cache, compiler, world, tree, lowered: Mutex::default() }
    }

    /// The section of a file.
    pub(super) fn section(&self, node: u32) -> Result<Compiled, Problems> {
        let Some(file) = self.world.file(node) else { return Err(Vec::new()) };
        let own = self.lowered(node, file)?;
        // It may be that nobody else tells what is wrong with an import: its own section may be kept.
        let seen = self.seen_by(file, |node, imported| self.lowered(node, imported))?;
        let imported: Vec<Imported<'_>> = seen.iter().map(Seen::imported).collect();
        let fresh;
        let unit = match self.compiler.unit(&file.path, &own.ir, &imported) {
            Ok(unit) => unit,
            // The source may be right, and what the cache has of it not.
            Err(problems) => {
                fresh = self.other_than(&own, file).ok_or(problems)?;
                self.compiler.unit(&file.path, &fresh.ir, &imported)?
            }
        };
        let (mut outputs, mut problems) = (Vec::with_capacity(unit.function_count()), Vec::new());
        let (mut compiled, mut reused, mut failed) = (0, 0, false);
        for function in 0..unit.function_count() {
            let question = self.cache.air.question(&unit.function_inputs(function));
            let mut known = self.cache.air.find(&question);
            if let Some(known) = known.take_if(|_| !self.cache.air.is_compared(&question)) {
                outputs.push(known);
                reused += 1;
                continue;
            }
            let watch = Stopwatch::start();
            match unit.compile_function(function) {
                Ok(output) if known.as_ref() == Some(&output) => {
                    outputs.push(output);
                    reused += 1;
                }
                Ok(output) => {
                    let cost_ns = watch.elapsed_ns();
                    if let Some(known) = known {
                        let what = format!(
                            "{}: {}",
                            unit.function_name(function),
                            first_difference(&known, &output)
                        );
                        self.differs(&question, &file.path, &what);
                    }
                    self.cache.air.keep(&question, &output, cost_ns);
                    outputs.push(output);
                    compiled += 1;
                }
                Err(found) => {
                    failed = true;
                    problems.extend(found);
                }
            }
        }
        if failed {
            return Err(problems);
        }
        Ok(Compiled {
            ready: ReadySection::new(self.compiler.form(), &file.path, unit.section(&outputs)),
            interface: ContentDigest::of(&own.interface),
            functions_made: compiled,
            functions_reused: reused,
        })
    }

    /// Asks the cache for a file and its functions, so that they count as used, as far as it has them.
    pub(super) fn ask(&self, node: u32) -> Option<()> {
        let file = self.world.file(node)?;
        let kept = |node, file: &WorldFile| {
            let find = || self.cache.zir.find(&self.cache.zir.question(&file.path, file.digest));
            self.lowered_by(node, || find().map(Arc::new).ok_or_else(Vec::new)).ok()
        };
        let own = kept(node, file)?;
        let seen = self.seen_by(file, |node, imported| kept(node, imported).ok_or(())).ok()?;
        let imported: Vec<Imported<'_>> = seen.iter().map(Seen::imported).collect();
        let unit = self.compiler.unit(&file.path, &own.ir, &imported).ok()?;
        for function in 0..unit.function_count() {
            let _ = self.cache.air.find(&self.cache.air.question(&unit.function_inputs(function)));
        }
        Some(())
    }

    /// What importers see of a file; none where it cannot be read.
    pub(super) fn interface(&self, node: u32) -> Option<ContentDigest> {
        let lowered = self.lowered(node, self.world.file(node)?).ok()?;
        Some(ContentDigest::of(&lowered.interface))
    }

    /// What a file sees of what it imports, in the order of its imports.
    fn seen_by<'w, E>(
        &'w self,
        file: &'w WorldFile,
        lowered: impl Fn(u32, &WorldFile) -> Result<Arc<FileIr>, E>,
    ) -> Result<Vec<Seen<'w>>, E> {
        let mut seen = Vec::with_capacity(file.imports.len());
        for import in file.imports.iter() {
            if let Some(offered) = import.package().and_then(|path| self.world.offer.get(path)) {
                seen.push(Seen::Package(offered.module));
            }
            let Some(node) = import.file().and_then(|path| self.world.node(path)) else { continue };
            let Some(imported) = self.world.file(node) else { continue };
            seen.push(Seen::File(&imported.path, lowered(node, imported)?));
        }
        Ok(seen)
    }

    fn lowered(&self, node: u32, file: &WorldFile) -> Result<Arc<FileIr>, Problems> {
        self.lowered_by(node, || self.lower(file).map(Arc::new))
    }

    fn lowered_by(
        &self,
        node: u32,
        lower: impl FnOnce() -> Result<Arc<FileIr>, Problems>,
    ) -> Result<Arc<FileIr>, Problems> {
        let mut all = self.lowered.lock().unwrap_or_else(PoisonError::into_inner);
        let lowered = Arc::clone(all.entry(node).or_default());
        drop(all);
        lowered.get_or_init(lower).clone()
    }

    fn lower(&self, file: &WorldFile) -> Result<FileIr, Problems> {
        let question = self.cache.zir.question(&file.path, file.digest);
        let mut known = self.cache.zir.find(&question);
        if let Some(known) = known.take_if(|_| !self.cache.zir.is_compared(&question)) {
            return Ok(known);
        }
        let (lowered, cost_ns) = self.lower_anew(file)?;
        if let Some(known) = known {
            self.replace(&question, file, &known, &lowered, cost_ns);
        } else {
            self.cache.zir.keep(&question, &lowered, cost_ns);
        }
        Ok(lowered)
    }

    /// What the compiler makes of a file now, if that is not `known`.
    fn other_than(&self, known: &FileIr, file: &WorldFile) -> Option<FileIr> {
        let (fresh, cost_ns) = self.lower_anew(file).ok().filter(|(fresh, _)| fresh != known)?;
        self.replace(&self.cache.zir.question(&file.path, file.digest), file, known, &fresh, cost_ns);
        Some(fresh)
    }

    fn replace(&self, question: &Question, file: &WorldFile, known: &FileIr, fresh: &FileIr, cost_ns: u64) {
        let what = if known.interface != fresh.interface {
            format!("the file: its interface: {}", first_difference(&known.interface, &fresh.interface))
        } else if known.ir != fresh.ir {
            format!("the file: {}", first_difference(&known.ir, &fresh.ir))
        } else {
            return;
        };
        self.differs(question, &file.path, &what);
        self.cache.zir.keep(question, fresh, cost_ns);
    }

    /// A function or file that the cache had another answer for. That is set aside before the fresh one is kept, so that
    /// nobody is given it meanwhile.
    fn differs(&self, question: &Question, path: &str, what: &str) {
        let where_now = self.cache.entries.set_aside(question);
        self.cache.entries.warn(format!(
            "{path}: {what}: the cache had another answer than the compiler has now; the fresh one is used and \
             kept{where_now}. Either the compiler is not deterministic, or its answer depends on what the key leaves \
             out, or the entry was damaged"
        ));
    }

    /// What the compiler makes of a file, and how long that took, in nanoseconds.
    fn lower_anew(&self, file: &WorldFile) -> Result<(FileIr, u64), Problems> {
        let read;
        let source = if let Some(input) = &file.input {
            &input.bytes
        } else {
            read = self.tree.read(&file.path).map_err(|problem| vec![problem])?;
            match &read {
                // What is read now has to be what the plan was made for.
                Some(input) if input.seen.digest == file.digest => &input.bytes,
                _ => return Err(vec![changed(&file.path)]),
            }
        };
        let watch = Stopwatch::start();
        let lowered = self.compiler.lower(&file.path, source)?;
        Ok((lowered, watch.elapsed_ns()))
    }
}

/// A file that did not hold still.
pub(super) fn changed(path: &str) -> UnitProblem {
    let message = "it was changed while it was read; build again".to_owned();
    UnitProblem { path: path.to_owned(), place: None, message }
}

/// Where two answers differ first.
fn first_difference(cached: &[u8], fresh: &[u8]) -> String {
    let at = cached.iter().zip(fresh).position(|(cached, fresh)| cached != fresh);
    let at = at.unwrap_or(cached.len().min(fresh.len()));
    format!("byte {at} of {} that were kept and {} that are made", cached.len(), fresh.len())
}
