//! What a change makes necessary: which files' sections are to be compiled, and from what the others are taken. Pure.

use super::old_output::OldOutput;
use super::record::{FileRecord, ImportRecord, Record};
use super::report::{FullBecause, UnitReason};
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
pub(super) fn plan(world: &World, record: Option<&Record>, old: &OldOutput) -> UnitPlan {
    let all = |because: FullBecause| UnitPlan {
        reasons: vec![Some(UnitReason::Full(because)); world.files.len()],
        full: Some(because),
    };
    let old_bytes = match old {
        OldOutput::Gone(because) => return all(*because),
        OldOutput::There(old) => old.len_bytes(),
    };
    let Some(record) = record else { return all(FullBecause::FirstBuild) };
    let reasons: Vec<_> =
        world.files.iter().map(|file| reason(file, record.file(&file.path), old_bytes)).collect();
    let kept = reasons.iter().filter(|reason| reason.is_none()).count();
    if kept * 2 < reasons.len() {
        return all(FullBecause::MostChanged);
    }
    UnitPlan { reasons, full: None }
}

fn reason(file: &WorldFile, known: Option<&FileRecord>, old_bytes: u64) -> Option<UnitReason> {
    let Some(known) = known else { return Some(UnitReason::New) };
    let (old, new) = (known.digest(), file.digest);
    if old != new {
        return Some(UnitReason::Edited { old, new });
    }
    // The content is the same, and so are the imports and what each may mean.
    let before = known.imports.iter().map(ImportRecord::target);
    let now = file.imports.iter().map(ImportRecord::target);
    if let Some((old, new)) = before.zip(now).find(|(old, new)| old != new) {
        return Some(UnitReason::ImportMeans { old: old.map(str::to_owned), new: new.map(str::to_owned) });
    }
    let is_there = |place: &SectionPlace| place.whole.end as u64 <= old_bytes;
    if known.place().as_ref().is_none_or(|place| !is_there(place)) {
        return Some(UnitReason::Full(FullBecause::OutputDamaged));
    }
    None
}
