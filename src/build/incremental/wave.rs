//! A wave of compilations: from what changed upwards, until files show their importers the same as before.

use std::collections::BTreeMap;

use super::compile::{Compiled, Compiling};
use super::compiler::{UnitCompiler, UnitProblem};
use super::levels::MultiLevelCache;
use super::plan::UnitPlan;
use super::record::{ImportRecord, Record};
use super::report::{Route, UnitBuild, UnitReason, UnitStep};
use super::world::World;
use crate::build::parallel;
use crate::digest::ContentDigest;
use crate::graph::{Components, Outcome, Wave};

/// What a wave goes through.
pub(super) struct Sea<'b> {
    pub(super) compiler: &'b dyn UnitCompiler,
    pub(super) world: &'b World<'b>,
    pub(super) components: &'b Components,
}

impl Sea<'_> {
    /// Compiles what the plan names, and what that makes necessary.
    pub(super) fn compile(
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
        let mut imports = self.world.file(node)?.imports.iter().filter_map(ImportRecord::file);
        let import = imports.find(shows_otherwise)?.to_owned();
        Some(UnitReason::InterfaceChanged { import })
    }
}

/// What was compiled.
pub(super) struct Compilation {
    pub(super) compiled: BTreeMap<u32, Compiled>,
    /// The first file that could not be compiled, whether or not the compiler said why.
    pub(super) failed: Option<String>,
    pub(super) done: UnitBuild,
}

impl Compilation {
    fn new(files: usize) -> Self {
        Self {
            compiled: BTreeMap::new(),
            failed: None,
            done: UnitBuild { files, ..UnitBuild::nothing_done(Route::Failed, 0) },
        }
    }

    fn add(&mut self, world: &World<'_>, node: u32, reason: UnitReason, compiled: Compiled) {
        let path = world.file(node).map_or_else(String::new, |file| file.path.clone());
        let (made, reused) = (compiled.functions_made, compiled.functions_reused);
        self.done.steps.push(UnitStep { path, reason, compiled: made, reused });
        self.compiled.insert(node, compiled);
    }

    fn fail(&mut self, world: &World<'_>, node: u32, problems: Vec<UnitProblem>) {
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
