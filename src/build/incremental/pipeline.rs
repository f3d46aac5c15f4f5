//! One build of one output: the cheapest way from what changed to an output that is what a clean build makes.

use std::collections::BTreeMap;
use std::path::Path;

use super::compile::{Compiled, Compiling};
use super::compiler::UnitCompiler;
use super::levels::MultiLevelCache;
use super::plan::{OldOutput, UnitPlan, plan};
use super::record::{FileRecord, Record};
use super::report::{FullBecause, Route, UnitBuild, UnitBuildError, UnitReason, UnitStep};
use super::section::{Combined, NewSection, SectionPlace, combine, take_apart};
use super::world::World;
use crate::build::parallel;
use crate::clock::Stopwatch;
use crate::fs;
use crate::graph::{CombinedHashes, Components, Outcome, ReadyUnit, Wave, Why};

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
    cache.hashes.begin(request.output);
    let is_ours = |record: &&Record| record.settings == settings && record.entry == request.entry;
    if !cache.entries.recache
        && let Some(brief) = cache.hashes.unchanged_build().as_ref().filter(is_ours)
    {
        let files = brief.file_count as usize;
        return Ok(UnitBuild { files, ..nothing_done(Route::FastPath, brief.output_bytes) });
    }
    let record = cache.hashes.load_record().filter(is_ours).cloned();
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
            let written = self.deliver(bytes)?;
            self.remember(cache, record, bytes);
            let route = if written { Route::Restored } else { Route::FastPath };
            let files = self.world.files.len();
            return Ok(UnitBuild { files, written, ..nothing_done(route, record.output_bytes) });
        }
        let planned = plan(self.world, record, &old);
        let full = planned.full;
        let outcome = self.compile(cache, planned);
        if !outcome.done.problems.is_empty() {
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
        self.remember(cache, &self.record(&outcome.compiled, record, &made), &made.bytes);
        let route = full.map_or(Route::Patched, Route::Full);
        let changed_meanwhile = cache.hashes.changed_meanwhile(&self.world.files);
        let output_bytes = made.bytes.len() as u64;
        Ok(UnitBuild { route, written, output_bytes, changed_meanwhile, ..outcome.done })
    }

    /// The last output: where it lies if nobody touched it, else as the cache has it.
    fn old_output(&self, cache: &MultiLevelCache<'_>, record: Option<&Record>) -> OldOutput {
        let Some(record) = record else { return OldOutput::Gone(FullBecause::FirstBuild) };
        if cache.hashes.is_output_intact()
            && let Ok(bytes) = fs::read_bounded(self.request.output, record.output_bytes)
            && bytes.len() as u64 == record.output_bytes
        {
            return OldOutput::There(bytes);
        }
        let is_there = fs::look_at(self.request.output).is_ok();
        let kept = cache.zir.get_combined(self.request.entry, &record.combined);
        let kept = kept.filter(|bytes| {
            bytes.len() as u64 == record.output_bytes && take_apart(self.compiler.form(), bytes).is_ok()
        });
        match kept {
            Some(bytes) => OldOutput::There(bytes),
            None if is_there => OldOutput::Gone(FullBecause::OutputDamaged),
            None => OldOutput::Gone(FullBecause::OutputGone),
        }
    }

    fn deliver(&self, bytes: &[u8]) -> Result<bool, UnitBuildError> {
        fs::write_output(self.request.output, bytes).map_err(|source| UnitBuildError::Output {
            path: self.request.output.display().to_string(),
            source,
        })
    }

    fn compile(&self, cache: &MultiLevelCache<'_>, planned: UnitPlan) -> Compilation {
        let compiling = Compiling::new(cache, self.compiler, self.world, &cache.hashes);
        let changed = planned.changed();
        let mut reasons: BTreeMap<u32, UnitReason> =
            planned.reasons.into_iter().zip(0..).filter_map(|(reason, node)| Some((node, reason?))).collect();
        let mut wave = Wave::new(&self.world.graph, self.components, &changed);
        let mut compilation = Compilation::new(self.world.files.len());
        while !wave.is_done() {
            let batch: Vec<_> = std::iter::from_fn(|| wave.next_ready()).collect();
            let nodes: Vec<u32> = batch.iter().flat_map(|unit| unit.members.iter().copied()).collect();
            let done = parallel::map(&nodes, parallel::available(), |node| compiling.section(*node));
            let mut done = nodes.into_iter().zip(done);
            for unit in &batch {
                let mut failed = false;
                let mut shown_otherwise = false;
                for (node, result) in done.by_ref().take(unit.members.len()) {
                    match result {
                        Ok(compiled) => {
                            shown_otherwise |= !self.shows_the_same(cache, node, &compiled);
                            let reason = reasons.remove(&node).unwrap_or_else(|| self.seen_change(unit));
                            compilation.add(self.world, node, reason, compiled);
                        }
                        Err(problems) => {
                            failed = true;
                            compilation.done.problems.extend(problems);
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

    fn shows_the_same(&self, cache: &MultiLevelCache<'_>, node: u32, compiled: &Compiled) -> bool {
        let known = self.world.file(node).and_then(|file| cache.hashes.record()?.file(&file.path));
        known.is_some_and(|known| known.interface == *compiled.interface.as_bytes())
    }

    fn seen_change(&self, unit: &ReadyUnit<'_>) -> UnitReason {
        let below = match unit.why {
            Why::InterfaceOf(component) => self.components.members(component).first(),
            Why::Changed => unit.members.first(),
        };
        let import = below.and_then(|node| self.world.file(*node)).map(|file| file.path.clone());
        UnitReason::InterfaceChanged { import: import.unwrap_or_default() }
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

    fn record(&self, compiled: &BTreeMap<u32, Compiled>, old: Option<&Record>, made: &Combined) -> Record {
        let files = self.world.files.iter().zip(&made.sections).zip(0_u32..).map(|((file, place), node)| {
            let (interface, section) = match compiled.get(&node) {
                Some(compiled) => (*compiled.interface.as_bytes(), *compiled.key.as_bytes()),
                None => old
                    .and_then(|old| old.file(&file.path))
                    .map_or(([0; 32], [0; 32]), |known| (known.interface, known.section)),
            };
            FileRecord {
                path: file.path.clone(),
                digest: *file.digest.as_bytes(),
                imports: file.imports.clone(),
                interface,
                section,
                hash: place.hash,
                whole_at: place.whole.start as u64,
                content_at: place.content.start as u64,
                end: place.whole.end as u64,
            }
        });
        Record {
            settings: self.settings,
            entry: self.request.entry.to_owned(),
            file_count: self.world.files.len() as u64,
            files: files.collect(),
            output_bytes: made.bytes.len() as u64,
            combined: self.combined,
        }
    }

    /// What cannot be remembered costs the next build time and nothing else.
    fn remember(&self, cache: &mut MultiLevelCache<'_>, record: &Record, output: &[u8]) {
        let output = (self.request.output, output);
        if let Err(error) = cache.hashes.remember(&self.world.files, output, record) {
            tracing::warn!(%error, "what this build saw was not kept; the next one looks at everything anew");
        }
    }
}

/// What was compiled.
struct Compilation {
    compiled: BTreeMap<u32, Compiled>,
    done: UnitBuild,
}

impl Compilation {
    fn new(files: usize) -> Self {
        Self { compiled: BTreeMap::new(), done: UnitBuild { files, ..nothing_done(Route::Failed, 0) } }
    }

    fn add(&mut self, world: &World, node: u32, reason: UnitReason, compiled: Compiled) {
        let path = world.file(node).map_or_else(String::new, |file| file.path.clone());
        let (made, reused) = (compiled.functions_compiled, compiled.functions_reused);
        self.done.steps.push(UnitStep { path, reason, compiled: made, reused });
        self.compiled.insert(node, compiled);
    }

    fn finish(mut self) -> Self {
        self.done.steps.sort_by(|left, right| left.path.cmp(&right.path));
        self.done.blocked.sort_unstable();
        self.done.problems.sort_unstable();
        self.done.problems.dedup();
        self
    }
}
