//! One build of one output: the cheapest way from what changed to an output that is what a clean build makes.

use std::collections::BTreeMap;
use std::path::Path;

use super::compile::{Compiled, Compiling};
use super::compiler::{UnitCompiler, UnitProblem};
use super::levels::MultiLevelCache;
use super::plan::{OldOutput, UnitPlan, plan};
use super::record::{FileRecord, ImportRecord, Record};
use super::report::{FullBecause, Route, UnitBuild, UnitBuildError, UnitReason, UnitStep};
use super::section::{Combined, NewSection, SectionPlace, combine, take_apart};
use super::world::{World, WorldFile};
use crate::build::parallel;
use crate::clock::Stopwatch;
use crate::digest::{ContentDigest, fast_hash};
use crate::fs;
use crate::graph::{CombinedHashes, Components, Outcome, Wave};

/// A whole output that is longer than this is not kept in the cache: it can be put together from what its functions
/// became.
const MOST_KEPT_BYTES: usize = 16 << 20;

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct UnitRequest<'a> {
    /// The file that the build begins with, root-relative, with `/`.
    pub entry: &'a str,
    /// Where the output goes.
    pub output: &'a Path,
}

/// Builds an output from an entry file and all that it reaches.
///
/// The ways, cheapest first: nothing changed and the output is there (fast path); the whole output is in the cache; the
/// changed sections are compiled and the others taken from the old output; everything is put together from what files
/// and functions became. Whatever the way, the bytes are those of a clean build. What is wrong with the sources is in
/// the answer; then the output is as it was, and what could be compiled is kept.
pub fn incremental_build(
    cache: &mut MultiLevelCache<'_>,
    compiler: &dyn UnitCompiler,
    request: &UnitRequest<'_>,
) -> Result<UnitBuild, UnitBuildError> {
    let settings = *cache.settings.digest().as_bytes();
    cache.hashes.begin();
    let is_ours = |record: &&Record| record.settings == settings && record.entry == request.entry;
    if !cache.entries.options.recache
        && let Some(brief) = cache.hashes.unchanged_build(request.output).as_ref().filter(is_ours)
    {
        let files = brief.file_count as usize;
        return Ok(UnitBuild { files, ..nothing_done(Route::FastPath, brief.output_bytes) });
    }
    let record = cache.hashes.load_record().filter(is_ours).cloned();
    let record = record.filter(|_| !cache.entries.options.recache);
    let world = match World::discover(request.entry, compiler, record.as_ref(), &cache.hashes) {
        Ok(world) => world,
        Err(problems) => return Ok(UnitBuild { problems, ..nothing_done(Route::Failed, 0) }),
    };
    let components = world.graph.components();
    let combined = CombinedHashes::of(&world.graph, &components, &world.own_digests());
    let entry_node = world.node(request.entry).and_then(|node| combined.of_node(node));
    let combined = entry_node.map_or([0; 32], |hash| *hash.as_bytes());
    let build = Build { request, compiler, settings, combined, world: &world, components: &components };
    let done = build.run(cache, record.as_ref());
    cache.save();
    done
}

fn nothing_done(route: Route, output_bytes: u64) -> UnitBuild {
    UnitBuild {
        route,
        files: 0,
        steps: Vec::new(),
        cut_off: 0,
        blocked: Vec::new(),
        problems: Vec::new(),
        changed_meanwhile: Vec::new(),
        written: false,
        output_bytes,
    }
}

struct Build<'b> {
    request: &'b UnitRequest<'b>,
    compiler: &'b dyn UnitCompiler,
    settings: [u8; 32],
    combined: [u8; 32],
    world: &'b World,
    components: &'b Components,
}

impl Build<'_> {
    fn run(
        &self,
        cache: &mut MultiLevelCache<'_>,
        record: Option<&Record>,
    ) -> Result<UnitBuild, UnitBuildError> {
        let watch = Stopwatch::start();
        let is_same = record.is_some_and(|record| record.combined == self.combined);
        let old = self.old_output(cache, record);
        if let (true, Some(record), OldOutput::There(bytes)) = (is_same, record, &old) {
            // Files were touched, or the output was lost: what is to be delivered is known as a whole.
            return self.restore(cache, record, bytes);
        }
        if let Some((output, interfaces)) = self.whole_output(cache, record) {
            return self.restore(cache, &self.record(interfaces, &output), &output.bytes);
        }
        let planned = plan(self.world, record, &old);
        let full = planned.full;
        let outcome = self.compile(cache, record, &planned);
        if outcome.failed.is_some() {
            return Ok(outcome.done);
        }
        let old_bytes = match &old {
            OldOutput::There(bytes) => bytes.as_slice(),
            OldOutput::Gone(_) => &[],
        };
        let made = self.put_together(&outcome.compiled, record, old_bytes)?;
        let written = self.deliver(&made.bytes)?;
        if made.bytes.len() <= MOST_KEPT_BYTES {
            cache.zir.put_combined(self.request.entry, &self.combined, &made.bytes, watch.elapsed_ns());
        }
        self.remember(cache, &self.record(self.interfaces(&outcome.compiled, record), &made));
        let route = full.map_or(Route::Patched, Route::Full);
        let changed_meanwhile = cache.hashes.changed_meanwhile(&self.world.files);
        let output_bytes = made.bytes.len() as u64;
        Ok(UnitBuild { route, changed_meanwhile, written, output_bytes, ..outcome.done })
    }

    /// The last output: where it lies if nobody touched it, else as the cache has it.
    fn old_output(&self, cache: &MultiLevelCache<'_>, record: Option<&Record>) -> OldOutput {
        if cache.entries.options.recache {
            return OldOutput::Gone(FullBecause::Recache);
        }
        let Some(record) = record else { return OldOutput::Gone(FullBecause::FirstBuild) };
        // Places of sections hold for these bytes only, whoever writes to the output meanwhile.
        let is_it = |bytes: &Vec<u8>| {
            bytes.len() as u64 == record.output_bytes && fast_hash(bytes) == record.output_hash
        };
        if let Some(bytes) = fs::read_bounded(self.request.output, record.output_bytes).ok().filter(is_it) {
            return OldOutput::There(bytes);
        }
        let is_there = fs::look_at(self.request.output).is_ok();
        match cache.zir.get_combined(self.request.entry, &record.combined).filter(is_it) {
            Some(bytes) => OldOutput::There(bytes),
            None if is_there => OldOutput::Gone(FullBecause::OutputDamaged),
            None => OldOutput::Gone(FullBecause::OutputGone),
        }
    }

    /// The output of these very sources, if it was made before: its parts, and what importers see of each file.
    fn whole_output(
        &self,
        cache: &MultiLevelCache<'_>,
        record: Option<&Record>,
    ) -> Option<(Combined, Vec<[u8; 32]>)> {
        let bytes = cache.zir.get_combined(self.request.entry, &self.combined)?;
        let sections = take_apart(self.compiler.form(), &bytes).ok()?;
        let paths = self.world.files.iter().map(|file| &file.path);
        if !sections.iter().map(|section| &section.path).eq(paths) {
            return None;
        }
        let interface = |file: &WorldFile| match record.and_then(|record| record.file(&file.path)) {
            Some(known) if known.digest() == file.digest => Some(known.interface),
            _ => {
                let lowered = cache.zir.get(&file.path, file.digest)?;
                Some(*ContentDigest::of(&lowered.interface).as_bytes())
            }
        };
        let interfaces: Option<Vec<_>> = self.world.files.iter().map(interface).collect();
        Some((Combined { bytes, sections }, interfaces?))
    }

    /// Delivers an output that is known as a whole.
    fn restore(
        &self,
        cache: &mut MultiLevelCache<'_>,
        record: &Record,
        bytes: &[u8],
    ) -> Result<UnitBuild, UnitBuildError> {
        let written = self.deliver(bytes)?;
        self.remember(cache, record);
        let route = if written { Route::Restored } else { Route::FastPath };
        let changed_meanwhile = cache.hashes.changed_meanwhile(&self.world.files);
        let done = nothing_done(route, record.output_bytes);
        Ok(UnitBuild { files: self.world.files.len(), written, changed_meanwhile, ..done })
    }

    fn deliver(&self, bytes: &[u8]) -> Result<bool, UnitBuildError> {
        fs::write_output(self.request.output, bytes).map_err(|source| UnitBuildError::Output {
            path: self.request.output.display().to_string(),
            source,
        })
    }

    fn compile(
        &self,
        cache: &MultiLevelCache<'_>,
        record: Option<&Record>,
        planned: &UnitPlan,
    ) -> Compilation {
        let compiling = Compiling::new(cache, self.compiler, self.world, &cache.hashes);
        let mut wave = Wave::new(&self.world.graph, self.components, &planned.changed());
        let mut compilation = Compilation::new(self.world.files.len());
        while !wave.is_done() {
            let batch: Vec<_> = std::iter::from_fn(|| wave.next_ready()).collect();
            let mut work: Vec<(u32, UnitReason)> = Vec::new();
            let mut counts = Vec::with_capacity(batch.len());
            for unit in &batch {
                let before = work.len();
                work.extend(unit.members.iter().filter_map(|node| {
                    let own = planned.reasons.get(*node as usize).cloned().flatten();
                    let reason = own.or_else(|| self.seen_change(&compiling, record, planned, *node))?;
                    Some((*node, reason))
                }));
                let count = work.len() - before;
                compilation.done.cut_off += unit.members.len() - count;
                counts.push(count);
            }
            let done = parallel::map(&work, parallel::available(), |(node, _)| compiling.section(*node));
            let mut done = work.into_iter().zip(done);
            for (unit, count) in batch.iter().zip(counts) {
                let mut failed = false;
                let mut shown_otherwise = false;
                for ((node, reason), result) in done.by_ref().take(count) {
                    match result {
                        Ok(compiled) => {
                            shown_otherwise |= !self.shows_the_same(record, node, compiled.interface);
                            compilation.add(self.world, node, reason, compiled);
                        }
                        Err(problems) => {
                            failed = true;
                            compilation.fail(self.world, node, problems);
                        }
                    }
                }
                // Only units that were handed out are reported, so neither can fail.
                let _ = if failed {
                    wave.failed(unit.component)
                } else {
                    wave.finished(unit.component, shown_otherwise)
                };
            }
        }
        for (component, outcome) in wave.outcomes() {
            let members = self.components.members(component);
            match outcome {
                Outcome::CutOff => compilation.done.cut_off += members.len(),
                Outcome::Blocked { .. } => {
                    let paths = members.iter().filter_map(|node| self.world.file(*node));
                    compilation.done.blocked.extend(paths.map(|file| file.path.clone()));
                }
                _ => {}
            }
        }
        compilation.finish()
    }

    fn shows_the_same(&self, record: Option<&Record>, node: u32, interface: ContentDigest) -> bool {
        let known = self.world.file(node).and_then(|file| record?.file(&file.path));
        known.is_some_and(|known| known.interface == *interface.as_bytes())
    }

    /// The import of a file that shows something else now. What a file shows depends on its content alone, so this is
    /// known of the members of an import cycle before any of them is compiled.
    fn seen_change(
        &self,
        compiling: &Compiling<'_>,
        record: Option<&Record>,
        planned: &UnitPlan,
        node: u32,
    ) -> Option<UnitReason> {
        let shows_otherwise = |import: &&str| {
            let Some(target) = self.world.node(import) else { return false };
            let reason = planned.reasons.get(target as usize).and_then(Option::as_ref);
            matches!(reason, Some(UnitReason::New | UnitReason::Edited { .. }))
                && compiling
                    .interface(target)
                    .is_some_and(|interface| !self.shows_the_same(record, target, interface))
        };
        let mut imports = self.world.file(node)?.imports.iter().filter_map(ImportRecord::target);
        let import = imports.find(shows_otherwise)?.to_owned();
        Some(UnitReason::InterfaceChanged { import })
    }

    fn put_together(
        &self,
        compiled: &BTreeMap<u32, Compiled>,
        record: Option<&Record>,
        old: &[u8],
    ) -> Result<Combined, UnitBuildError> {
        let places: Vec<Option<SectionPlace>> =
            self.world.files.iter().map(|file| record?.file(&file.path)?.place()).collect();
        let mut sections = Vec::with_capacity(self.world.files.len());
        for ((file, place), node) in self.world.files.iter().zip(&places).zip(0_u32..) {
            match (compiled.get(&node), place) {
                (Some(compiled), _) => {
                    sections.push(NewSection::Compiled { path: &file.path, bytes: &compiled.bytes });
                }
                (None, Some(place)) => sections.push(NewSection::Kept(place)),
                // The plan keeps only what has a place.
                (None, None) => {}
            }
        }
        let (prologue, epilogue) =
            (self.compiler.prologue(self.request.entry), self.compiler.epilogue(self.request.entry));
        Ok(combine(self.compiler.form(), old, &prologue, &sections, &epilogue)?)
    }

    /// What importers see of each file, in the order of the files.
    fn interfaces(&self, compiled: &BTreeMap<u32, Compiled>, old: Option<&Record>) -> Vec<[u8; 32]> {
        let files = self.world.files.iter().zip(0_u32..);
        let interface = |(file, node): (&WorldFile, u32)| match compiled.get(&node) {
            Some(compiled) => *compiled.interface.as_bytes(),
            // The plan keeps only what the last build knew.
            None => old.and_then(|old| old.file(&file.path)).map_or([0; 32], |known| known.interface),
        };
        files.map(interface).collect()
    }

    fn record(&self, interfaces: Vec<[u8; 32]>, made: &Combined) -> Record {
        let files = self.world.files.iter().zip(&made.sections).zip(interfaces);
        let files = files.map(|((file, place), interface)| FileRecord {
            path: file.path.clone(),
            digest: *file.digest.as_bytes(),
            imports: file.imports.clone(),
            interface,
            hash: place.hash,
            whole_at: place.whole.start as u64,
            content_at: place.content.start as u64,
            end: place.whole.end as u64,
        });
        Record {
            settings: self.settings,
            entry: self.request.entry.to_owned(),
            file_count: self.world.files.len() as u64,
            files: files.collect(),
            output_bytes: made.bytes.len() as u64,
            output_hash: fast_hash(&made.bytes),
            combined: self.combined,
        }
    }

    /// What cannot be remembered costs the next build time and nothing else.
    fn remember(&self, cache: &mut MultiLevelCache<'_>, record: &Record) {
        if let Err(error) = cache.hashes.remember(&self.world.files, self.request.output, record) {
            tracing::warn!(%error, "what this build saw was not kept; the next one looks at everything anew");
        }
    }
}

/// What was compiled.
struct Compilation {
    compiled: BTreeMap<u32, Compiled>,
    /// The first file that could not be compiled, whether or not the compiler said why.
    failed: Option<String>,
    done: UnitBuild,
}

impl Compilation {
    fn new(files: usize) -> Self {
        Self {
            compiled: BTreeMap::new(),
            failed: None,
            done: UnitBuild { files, ..nothing_done(Route::Failed, 0) },
        }
    }

    fn add(&mut self, world: &World, node: u32, reason: UnitReason, compiled: Compiled) {
        let path = world.file(node).map_or_else(String::new, |file| file.path.clone());
        let (made, reused) = (compiled.functions_made, compiled.functions_reused);
        self.done.steps.push(UnitStep { path, reason, compiled: made, reused });
        self.compiled.insert(node, compiled);
    }

    fn fail(&mut self, world: &World, node: u32, problems: Vec<UnitProblem>) {
        let path = || world.file(node).map_or_else(String::new, |file| file.path.clone());
        self.failed.get_or_insert_with(path);
        self.done.problems.extend(problems);
    }

    fn finish(mut self) -> Self {
        // Who finds no problem takes the build for done.
        if let (Some(path), true) = (&self.failed, self.done.problems.is_empty()) {
            let message = "the compiler failed, and did not say why".to_owned();
            self.done.problems.push(UnitProblem { path: path.clone(), place: None, message });
        }
        self.done.steps.sort_by(|left, right| left.path.cmp(&right.path));
        self.done.blocked.sort_unstable();
        self.done.problems.sort_unstable();
        self.done.problems.dedup();
        self
    }
}
