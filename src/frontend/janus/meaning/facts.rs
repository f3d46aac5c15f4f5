//! From loaded files to facts, step by step.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::super::project::Project;
use super::express::Express;
use super::links::Links;
use super::lookup::Names;
use super::modules::Modules;
use super::relate::{Edge, Supers};
use super::unit::Unit;
use super::universe::{TypeId, Universe};
use super::{aliases, families, implied, relate};
use crate::build::facts::{Diagnostic, Facts, Looked, Outline, SourceFact, TypeFact};
use crate::build::parallel;
use crate::dispatch::FamilyRule;
use crate::fs::Links as PathLinks;

/// What a scan of one text finds wrong.
pub(in super::super) fn problems(path: &str, text: &str) -> Vec<Diagnostic> {
    let mut told = Unit::new(path.into(), text).problems();
    told.sort_by(|a, b| (&a.place, a.code).cmp(&(&b.place, b.code)));
    told
}

/// What a text by itself declares, without where; `None` where that cannot be told.
pub(in super::super) fn outline(text: &str) -> Option<Outline> {
    Unit::new("".into(), text).outline()
}

/// Scans the files of a project and works out what they declare. Only scanning is parallel; its
/// results are taken in path order, so the facts do not depend on the number of threads.
pub(in super::super) fn facts(project: &Project, threads: NonZeroUsize) -> Facts {
    let texts: Vec<(Arc<str>, &str)> = project
        .files
        .iter()
        .map(|file| (Arc::clone(&file.path), file.text.as_deref().unwrap_or_default()))
        .collect();
    let scanned = parallel::map(&texts, threads, |(path, text)| {
        let unit = Unit::new(Arc::clone(path), text);
        let outline = unit.outline();
        (unit, outline)
    });
    let (units, outlines): (Vec<Unit<'_>>, Vec<Option<Outline>>) = scanned.into_iter().unzip();
    let mut told = project.problems.clone();
    told.extend(units.iter().flat_map(Unit::problems));

    let mut types = Universe::new();
    let mut modules = Modules::collect(&units, &mut types, &mut told);
    let mut links = Links::resolve(&project.root, &units, &modules, &mut told);
    implied::declare(&units, &mut modules, &links, &mut types);
    let (facts, foreign) = (std::mem::take(&mut links.facts), std::mem::take(&mut links.foreign));
    let mut looked = project.looked.clone();
    for (path, seen) in std::mem::take(&mut links.looked) {
        match seen {
            Some(seen) => looked.file(Path::new(&path), PathLinks::Follow, &seen),
            None => looked.absent(Path::new(&path), PathLinks::Follow),
        };
    }

    let names = Names { modules: &modules, links: &links };
    let mut express = Express::new(&units, &names, &mut types);
    aliases::resolve(&mut express, &mut told);
    let edges = relate::declared(&mut express);
    let families = families::collect(&mut express, &mut told);
    let supers = relate::relate(&units, &types, &edges, &mut told);

    let own =
        project.files.iter().zip(&units).zip(facts).enumerate().map(|(file, ((read, unit), imports))| {
            let module = modules.get(modules.of_file(file)).name.clone();
            let path = Arc::clone(&unit.path);
            let outline = outlines.get(file).cloned().flatten();
            SourceFact {
                path,
                bytes: read.bytes,
                digest: read.digest,
                module,
                imports,
                outline,
                foreign: false,
            }
        });
    let mut sources: Vec<SourceFact> = own.chain(foreign.into_values()).collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    told.sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
    Facts {
        language: "janus".to_owned(),
        rule: FamilyRule::Symmetric,
        argument_orders: Vec::new(),
        sources,
        types: type_facts(&units, &types, &supers, &edges),
        methods: families.methods,
        functions: families.functions,
        diagnostics: told,
        looked: Looked(looked),
    }
}

fn type_facts(units: &[Unit<'_>], types: &Universe, supers: &Supers, edges: &[Edge]) -> Vec<TypeFact> {
    let mut related_in: Vec<Vec<Arc<str>>> = vec![Vec::new(); types.len()];
    for edge in edges {
        if let (Some(files), Some(unit)) = (related_in.get_mut(edge.sub.index()), units.get(edge.spot.file)) {
            files.push(Arc::clone(&unit.path));
        }
    }
    for files in &mut related_in {
        files.sort_unstable();
        files.dedup();
    }
    let mut facts: Vec<TypeFact> = types
        .iter()
        .filter(|(id, _)| *id != TypeId::ANY)
        .map(|(id, entry)| {
            let above = supers.get(id.index()).into_iter().flatten();
            let mut above: Vec<String> = above.map(|above| types.name(*above).to_owned()).collect();
            above.sort_unstable();
            TypeFact {
                name: entry.name.clone(),
                supers: above,
                sealed: entry.sealed,
                precedence: Vec::new(),
                counts_as: Vec::new(),
                place: entry.spot.and_then(|spot| Some(units.get(spot.file)?.place(spot.start))),
                related_in: related_in.get_mut(id.index()).map(std::mem::take).unwrap_or_default(),
            }
        })
        .collect();
    facts.sort_by(|a, b| a.name.cmp(&b.name));
    facts
}
