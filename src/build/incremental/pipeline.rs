//! One build of one output: the cheapest way from what changed to an output that is what a clean build makes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::compile::Compiled;
use super::compiler::UnitCompiler;
use super::in_use;
use super::layout::{Layout, Part, assemble};
use super::levels::MultiLevelCache;
use super::old_output::{OldBytes, OldOutput};
use super::packages::{Offer, PackageModule};
use super::plan::plan;
use super::record::{FileRecord, Record};
use super::report::{FullBecause, PackageChange, Route, UnitBuild, UnitBuildError};
use super::section::{Combined, SectionPlace, take_apart};
use super::wave::Sea;
use super::world::{World, WorldFile};
use crate::clock::Stopwatch;
use crate::digest::{ContentDigest, fast_hash};
use crate::fs::{self, OldFile, Piece, PieceError, Written};
use crate::graph::{CombinedHashes, Components};

/// A whole output that is longer than this is not kept in the cache: to hash and write all of it again would take longer than
/// the patch that made it, and it can be put together from what its functions became.
const MOST_KEPT_BYTES: u64 = 1 << 20;

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct UnitRequest<'a> {
    /// The file that the build begins with, root-relative, with `/`.
    pub entry: &'a str,
    /// Where the output goes.
    pub output: &'a Path,
    /// What other packages offer, in any order; of two modules with one path the first one counts. Cost: each interface is
    /// hashed at each build, also where nothing changed.
    pub packages: &'a [PackageModule<'a>],
}

impl<'a> UnitRequest<'a> {
    /// A build without other packages.
    pub const fn new(entry: &'a str, output: &'a Path) -> Self {
        Self { entry, output, packages: &[] }
    }
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
    let offer = Offer::of(request.packages);
    // Until the output is written and its state with it: another build may have begun with older sources.
    let _turn = cache.hashes.turn(request.output);
    cache.hashes.begin();
    let is_ours = |record: &Record| record.settings == settings && record.entry == request.entry;
    if !cache.entries.options.recache
        && let Some(brief) = cache.hashes.unchanged_build().filter(|brief| is_ours(brief))
        && brief.offer == offer.digest()
        && let Some(note) = cache.hashes.has_output(request.output, brief)
    {
        let files = brief.file_count as usize;
        let done = UnitBuild { files, ..UnitBuild::nothing_done(Route::FastPath, brief.output_bytes) };
        if in_use::is_due(cache, &note) {
            in_use::look_again(cache, compiler, request, &offer, &note);
        }
        return Ok(done);
    }
    cache.hashes.before_reading();
    let record = cache.hashes.take_record().filter(is_ours);
    let record = record.filter(|_| !cache.entries.options.recache);
    let world = match World::discover(request.entry, compiler, &offer, record.as_ref(), &cache.hashes) {
        Ok(world) => world,
        Err(problems) => return Ok(UnitBuild { problems, ..UnitBuild::nothing_done(Route::Failed, 0) }),
    };
    let components = world.graph.components();
    let combined = CombinedHashes::of(&world.graph, &components, &world.own_digests());
    let entry_node = world.node(request.entry).and_then(|node| combined.of_node(node));
    let combined = entry_node.map_or([0; 32], |hash| *hash.as_bytes());
    let build = Build {
        request,
        compiler,
        settings,
        combined,
        record: record.as_ref(),
        world: &world,
        components: &components,
    };
    let done = build.run(cache).map(|done| UnitBuild { packages: build.package_changes(), ..done });
    cache.save();
    if done.as_ref().is_ok_and(|done| done.problems.is_empty())
        && let Some(note) = cache.hashes.noted(request.output)
        && in_use::is_due(cache, &note)
    {
        in_use::count(cache, compiler, request, &world, &combined, &note);
    }
    done
}

struct Build<'b> {
    request: &'b UnitRequest<'b>,
    compiler: &'b dyn UnitCompiler,
    settings: [u8; 32],
    combined: [u8; 32],
    /// Of the last build, if it was one of the same.
    record: Option<&'b Record>,
    world: &'b World<'b>,
    components: &'b Components,
}

/// What became of an output that was to be delivered.
enum Delivered {
    Written(Written),
    /// It was there; its tuple where nobody has noted that.
    WasThere(Option<Written>),
    /// Somebody changed the old output while it was copied.
    OldChanged,
}

impl Build<'_> {
    fn run(&self, cache: &mut MultiLevelCache<'_>) -> Result<UnitBuild, UnitBuildError> {
        let old = self.old_output(cache);
        if let (Some(record), OldOutput::There(bytes)) = (self.record, &old)
            && record.combined == self.combined
        {
            // Files were touched, or the output was lost: what is to be delivered is known as a whole.
            let delivered = match bytes {
                OldBytes::Kept(bytes) => self.deliver(&[Piece::New(bytes)], None)?,
                OldBytes::File(_) | OldBytes::Read { .. } => Delivered::WasThere(bytes.unnoted()),
            };
            return Ok(self.restored(cache, &self.with_versions_of_now(record), &delivered));
        }
        if let Some((output, interfaces)) = self.whole_output(cache) {
            let record = self.record_of(interfaces, &output);
            let delivered = self.deliver(&[Piece::New(&output.bytes)], None)?;
            return Ok(self.restored(cache, &record, &delivered));
        }
        if let Some(done) = self.make(cache, &old)? {
            return Ok(done);
        }
        let made = self.make(cache, &OldOutput::Gone(FullBecause::OutputDamaged))?;
        // Nothing is copied from an output that is gone, so nobody can have changed it.
        Ok(made.unwrap_or_else(|| UnitBuild::nothing_done(Route::Failed, 0)))
    }

    /// The last output: where it lies if nobody touched it, else as the cache has it.
    fn old_output(&self, cache: &MultiLevelCache<'_>) -> OldOutput {
        if cache.entries.options.recache {
            return OldOutput::Gone(FullBecause::Recache);
        }
        let Some(record) = self.record else { return OldOutput::Gone(FullBecause::FirstBuild) };
        let form = self.compiler.form();
        let found = OldBytes::find(self.request.output, record, form, &cache.hashes);
        let is_it = |bytes: &Vec<u8>| record.is_output(form, bytes);
        let kept = || cache.zir.get_combined(self.request.entry, &record.combined).filter(is_it);
        match found.or_else(|| kept().map(OldBytes::Kept)) {
            Some(bytes) => OldOutput::There(bytes),
            None if fs::look_at(self.request.output).is_ok() => OldOutput::Gone(FullBecause::OutputDamaged),
            None => OldOutput::Gone(FullBecause::OutputGone),
        }
    }

    /// The output of these very sources, if it was made before: its parts, and what importers see of each file.
    fn whole_output(&self, cache: &MultiLevelCache<'_>) -> Option<(Combined, Vec<[u8; 32]>)> {
        let bytes = cache.zir.get_combined(self.request.entry, &self.combined)?;
        let sections = take_apart(self.compiler.form(), &bytes).ok()?;
        let paths = self.world.files.iter().map(|file| &file.path);
        if !sections.iter().map(|section| &section.path).eq(paths) {
            return None;
        }
        let interface = |file: &WorldFile| match self.record.and_then(|record| record.file(&file.path)) {
            Some(known) if known.digest() == file.digest => Some(known.interface),
            _ => {
                let lowered = cache.zir.get(&file.path, file.digest)?;
                Some(*ContentDigest::of(&lowered.interface).as_bytes())
            }
        };
        let interfaces: Option<Vec<_>> = self.world.files.iter().map(interface).collect();
        Some((Combined { bytes, sections }, interfaces?))
    }

    /// The record of a build with the same combined hash: what packages show is the same, their versions may not be, nor
    /// what they offer beside.
    fn with_versions_of_now<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        let offer = self.world.offer;
        if record.offer == offer.digest() {
            return Cow::Borrowed(record);
        }
        let packages = offer.records(self.world.packages().into_iter());
        Cow::Owned(Record { packages, offer: offer.digest(), ..record.clone() })
    }

    /// What became of the package modules that the last build used.
    fn package_changes(&self) -> Vec<PackageChange> {
        let Some(record) = self.record else { return Vec::new() };
        let used = self.world.packages().into_iter();
        used.filter_map(|path| self.world.offer.change(record, path)).collect()
    }

    /// After an output was delivered that was known as a whole.
    fn restored(&self, cache: &mut MultiLevelCache<'_>, record: &Record, delivered: &Delivered) -> UnitBuild {
        self.remember(cache, record, delivered, None);
        let written = matches!(delivered, Delivered::Written(_));
        let route = if written { Route::Restored } else { Route::FastPath };
        let changed_meanwhile = cache.hashes.changed_meanwhile(&self.world.files);
        let done = UnitBuild::nothing_done(route, record.output_bytes);
        UnitBuild { files: self.world.files.len(), written, changed_meanwhile, ..done }
    }

    /// Compiles what has to be, and puts the output together; none where somebody changed the old one meanwhile.
    fn make(
        &self,
        cache: &mut MultiLevelCache<'_>,
        old: &OldOutput,
    ) -> Result<Option<UnitBuild>, UnitBuildError> {
        let watch = Stopwatch::start();
        let planned = plan(self.world, self.record, old);
        let sea = Sea { compiler: self.compiler, world: self.world, components: self.components };
        let outcome = sea.compile(cache, self.record, &planned);
        if outcome.failed.is_some() {
            return Ok(Some(outcome.done));
        }
        let there = match old {
            OldOutput::There(bytes) if planned.full.is_none() => Some(bytes),
            OldOutput::There(_) | OldOutput::Gone(_) => None,
        };
        let places: Vec<Option<SectionPlace>> =
            self.world.files.iter().map(|file| self.record?.file(&file.path)?.place()).collect();
        let parts = self.parts(&outcome.compiled, &places, there)?;
        let (prologue, epilogue) =
            (self.compiler.prologue(self.request.entry), self.compiler.epilogue(self.request.entry));
        let layout = Layout::new(self.compiler.form(), &prologue, &parts, &epilogue);
        let pieces = layout.pieces(&parts);
        let delivered = match there {
            Some(there) if there.holds(&pieces, layout.output_bytes) => Delivered::WasThere(there.unnoted()),
            Some(there) => match there.resolve(pieces.clone()) {
                Some(pieces) => self.deliver(&pieces, there.file())?,
                None => Delivered::OldChanged,
            },
            None => self.deliver(&pieces, None)?,
        };
        if matches!(delivered, Delivered::OldChanged) {
            return Ok(None);
        }
        if layout.output_bytes <= MOST_KEPT_BYTES
            && let Some(bytes) = there.map_or_else(|| Some(Vec::new()), OldBytes::to_vec)
            && let Ok(whole) = assemble(&pieces, layout.output_bytes, &bytes)
        {
            cache.zir.put_combined(self.request.entry, &self.combined, &whole, watch.elapsed_ns());
        }
        let record = self.record_with(
            self.interfaces(&outcome.compiled),
            &layout.sections,
            (&layout.head, &layout.tail),
            layout.output_bytes,
        );
        // Where every section was made, the cache was asked for everything a moment ago.
        let used_unix_s = planned.full.map(|_| cache.entries.options.clock.unix_s());
        self.remember(cache, &record, &delivered, used_unix_s);
        let changed_meanwhile = cache.hashes.changed_meanwhile(&self.world.files);
        Ok(Some(UnitBuild {
            route: planned.full.map_or(Route::Patched, Route::Full),
            changed_meanwhile,
            written: matches!(delivered, Delivered::Written(_)),
            output_bytes: layout.output_bytes,
            ..outcome.done
        }))
    }

    /// Where each section comes from. One that became what it was is kept.
    fn parts<'a>(
        &'a self,
        compiled: &'a BTreeMap<u32, Compiled>,
        places: &'a [Option<SectionPlace>],
        old: Option<&OldBytes>,
    ) -> Result<Vec<(&'a str, Part<'a>)>, UnitBuildError> {
        let mut parts = Vec::with_capacity(places.len());
        for ((file, place), node) in self.world.files.iter().zip(places).zip(0_u32..) {
            let part = match (compiled.get(&node), place) {
                (Some(compiled), place) => {
                    let ready = compiled.ready.as_ref().map_err(Clone::clone)?;
                    match place.as_ref().zip(old) {
                        Some((place, old)) if old.has(place, ready) => Part::Kept(place),
                        _ => Part::Ready(ready),
                    }
                }
                (None, Some(place)) => Part::Kept(place),
                // The plan keeps only what has a place.
                (None, None) => continue,
            };
            parts.push((file.path.as_str(), part));
        }
        Ok(parts)
    }

    fn deliver(&self, pieces: &[Piece<'_>], old: Option<&OldFile>) -> Result<Delivered, UnitBuildError> {
        let done = match fs::find_pieces(self.request.output, pieces) {
            Some(tuple) => return Ok(Delivered::WasThere(Some(Written { tuple, is_signed: false }))),
            None => fs::write_pieces(self.request.output, pieces, old),
        };
        match done {
            Ok(written) => Ok(Delivered::Written(written)),
            Err(PieceError::OldChanged) => Ok(Delivered::OldChanged),
            Err(PieceError::Io(source)) => {
                Err(UnitBuildError::Output { path: self.request.output.display().to_string(), source })
            }
        }
    }

    /// What importers see of each file, in the order of the files.
    fn interfaces(&self, compiled: &BTreeMap<u32, Compiled>) -> Vec<[u8; 32]> {
        let files = self.world.files.iter().zip(0_u32..);
        let interface = |(file, node): (&WorldFile, u32)| match compiled.get(&node) {
            Some(compiled) => *compiled.interface.as_bytes(),
            // The plan keeps only what the last build knew.
            None => self.record.and_then(|old| old.file(&file.path)).map_or([0; 32], |known| known.interface),
        };
        files.map(interface).collect()
    }

    fn record_of(&self, interfaces: Vec<[u8; 32]>, made: &Combined) -> Record {
        let bytes = &made.bytes;
        let head = made.sections.first().map_or(bytes.len(), |first| first.whole.start);
        let tail = made.sections.last().map_or(bytes.len(), |last| last.whole.end);
        let around = (bytes.get(..head).unwrap_or_default(), bytes.get(tail..).unwrap_or_default());
        self.record_with(interfaces, &made.sections, around, bytes.len() as u64)
    }

    fn record_with(
        &self,
        interfaces: Vec<[u8; 32]>,
        sections: &[SectionPlace],
        (head, tail): (&[u8], &[u8]),
        output_bytes: u64,
    ) -> Record {
        let files = self.world.files.iter().zip(sections).zip(interfaces);
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
        let mut record = Record {
            settings: self.settings,
            entry: self.request.entry.to_owned(),
            file_count: self.world.files.len() as u64,
            files: files.collect(),
            packages: self.world.offer.records(self.world.packages().into_iter()),
            offer: self.world.offer.digest(),
            output_bytes,
            output_hash: 0,
            head_hash: fast_hash(head),
            tail_hash: fast_hash(tail),
            combined: self.combined,
        };
        record.output_hash = record.identity();
        record
    }

    /// What cannot be remembered costs the next build time and nothing else.
    fn remember(
        &self,
        cache: &mut MultiLevelCache<'_>,
        record: &Record,
        delivered: &Delivered,
        used_unix_s: Option<u64>,
    ) {
        if let Err(error) = cache.hashes.remember(&self.world.files, record) {
            tracing::warn!(%error, "what this build saw was not kept; the next one looks at everything anew");
        }
        if let Delivered::Written(seen) | Delivered::WasThere(Some(seen)) = delivered {
            let before = || cache.hashes.noted(self.request.output).map(|note| note.used_unix_s);
            let used_unix_s = used_unix_s.or_else(before).unwrap_or_default();
            cache.hashes.note_output(self.request.output, record, seen, used_unix_s);
        }
    }
}
