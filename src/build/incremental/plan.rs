//! What a change makes necessary: which files' sections are to be compiled, and from what the others are taken. Pure.

use super::old_output::OldOutput;
use super::record::{FileRecord, ImportRecord, Record};
use super::report::{FullBecause, Meant, UnitReason};
use super::section::SectionPlace;
use super::world::{World, WorldFile};

/// Why each file has to be compiled; none where its section can be kept, as far as it is known before anything is compiled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnitPlan {
    /// In the order of the files.
    pub(super) reasons: Vec<Option<UnitReason>>,
    /// Whether all of the output is made anew.
    pub(super) full: Option<FullBecause>,
}

impl UnitPlan {
    /// The nodes that are to be compiled whatever becomes of the others.
    pub(super) fn changed(&self) -> Vec<u32> {
        let changed = self.reasons.iter().enumerate().filter(|(_, reason)| reason.is_some());
        changed.map(|(node, _)| node as u32).collect()
    }
}

/// Compares the files with the last build. Sections are kept as long as half of them can be: below that, making a new
/// output is no more work than taking the old one apart.
pub(super) fn plan(world: &World<'_>, record: Option<&Record>, old: &OldOutput) -> UnitPlan {
    let all = |because: FullBecause| UnitPlan {
        reasons: vec![Some(UnitReason::Full(because)); world.files.len()],
        full: Some(because),
    };
    let old_bytes = match old {
        OldOutput::Gone(because) => return all(*because),
        OldOutput::There(old) => old.len_bytes(),
    };
    let Some(record) = record else { return all(FullBecause::FirstBuild) };
    let reasons: Vec<_> = world.files.iter().map(|file| reason(world, file, record, old_bytes)).collect();
    let kept = reasons.iter().filter(|reason| reason.is_none()).count();
    if kept * 2 < reasons.len() {
        return all(FullBecause::MostChanged);
    }
    UnitPlan { reasons, full: None }
}

fn reason(world: &World<'_>, file: &WorldFile, record: &Record, old_bytes: u64) -> Option<UnitReason> {
    let Some(known) = record.file(&file.path) else { return Some(UnitReason::New) };
    let (old, new) = (known.digest(), file.digest);
    if old != new {
        return Some(UnitReason::Edited { old, new });
    }
    import_reason(world, file, known, record).or_else(|| {
        let is_there = |place: &SectionPlace| place.whole.end as u64 <= old_bytes;
        let is_kept = known.place().as_ref().is_some_and(is_there);
        (!is_kept).then_some(UnitReason::Full(FullBecause::OutputDamaged))
    })
}

/// What became of the imports of a file whose content is the same, and so what each may mean.
fn import_reason(
    world: &World<'_>,
    file: &WorldFile,
    known: &FileRecord,
    record: &Record,
) -> Option<UnitReason> {
    let mut imports = known.imports.iter().zip(file.imports.iter());
    if let Some((old, new)) =
        imports.find(|(old, new)| (old.file(), old.package()) != (new.file(), new.package()))
    {
        let old = meant(old, |path| record.package(path).map(|known| known.package.clone()));
        let new = meant(new, |path| world.offer.get(path).map(|offered| offered.module.package.to_owned()));
        return Some(UnitReason::ImportMeans { old, new });
    }
    let packages = file.imports.iter().filter_map(ImportRecord::package);
    let mut changes = packages.filter_map(|path| world.offer.change(record, path));
    changes.find(|change| !change.shows_the_same()).map(UnitReason::PackageChanged)
}

fn meant(import: &ImportRecord, package: impl Fn(&str) -> Option<String>) -> Option<Meant> {
    let path = import.file().or(import.package())?.to_owned();
    Some(Meant { path, package: import.package().and_then(package) })
}
