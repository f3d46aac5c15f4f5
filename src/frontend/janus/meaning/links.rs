//! Imports: which file and module each means, and what it makes visible where.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::super::candidates;
use super::super::decl::{Import, ImportTarget, ScopeKind};
use super::super::project::{MAX_SOURCE_BYTES, refused};
use super::modules::{ModuleId, Modules};
use super::unit::Unit;
use crate::build::facts::{Diagnostic, ImportFact, Severity, SourceFact};
use crate::fs::ReadError;
use crate::track::{Seen, read_input};

/// What an import leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Module(ModuleId),
    /// Nothing: the name as written, with dots.
    Missing(Arc<str>),
}

/// What the imports of one scope make visible in it.
#[derive(Debug, Default)]
pub(super) struct Visible {
    /// Name here: module and name there.
    pub(super) items: HashMap<String, (Target, String)>,
    /// Aliases, last names and whole names of modules, with dots.
    pub(super) modules: HashMap<String, Target>,
    /// Modules whose names are visible as they are.
    pub(super) open: BTreeSet<ModuleId>,
}

/// All imports of a project.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// For each file, in order of place.
    pub(super) facts: Vec<Vec<ImportFact>>,
    /// By file and scope.
    visible: HashMap<(usize, usize), Visible>,
    /// By module, the names that its files import as items: here, and module and name there.
    passed_on: HashMap<ModuleId, HashMap<String, (Target, String)>>,
    /// Files of other languages, by path.
    pub(super) foreign: BTreeMap<Arc<str>, SourceFact>,
    /// What was looked at for them: paths with what was seen, or nothing.
    pub(super) looked: Vec<(String, Option<Seen>)>,
}

/// What an import was found to mean.
struct Resolved {
    file: Option<Arc<str>>,
    absent: Vec<Arc<str>>,
    target: Target,
    /// The last name written is an item of the module before it.
    item: Option<String>,
}

impl Links {
    /// Resolves every import. Each written path that leads nowhere is told once a file.
    pub(super) fn resolve(
        root: &Path,
        units: &[Unit<'_>],
        modules: &Modules,
        told: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut links = Self::default();
        let by_path: HashMap<&str, usize> =
            units.iter().enumerate().map(|(file, unit)| (unit.path.as_ref(), file)).collect();
        let mut refusals: BTreeMap<String, Diagnostic> = BTreeMap::new();
        for (file, unit) in units.iter().enumerate() {
            let mut facts = Vec::with_capacity(unit.scan.imports.len());
            let mut missing = BTreeSet::new();
            for import in &unit.scan.imports {
                let found = match &import.target {
                    ImportTarget::Foreign(written) => links.foreign(root, unit, written, &mut refusals),
                    _ => own(file, units, &by_path, modules, import),
                };
                if found.file.is_none() && missing.insert(import.written.as_str()) {
                    told.push(unresolved(unit, import, &found.absent));
                }
                if !matches!(import.target, ImportTarget::Foreign(_)) {
                    let scope = modules.scope(file, import.scope).this;
                    links.visible.entry((file, scope)).or_default().add(import, &found);
                }
                facts.push(ImportFact {
                    written: import.written.clone(),
                    resolved: found.file,
                    absent: found.absent,
                    place: unit.place(import.start),
                });
            }
            facts.sort_by(|a, b| a.place.cmp(&b.place));
            links.facts.push(facts);
            if let Some(visible) = links.visible.get(&(file, 0)) {
                let module = links.passed_on.entry(modules.of_file(file)).or_default();
                for (name, from) in &visible.items {
                    module.entry(name.clone()).or_insert_with(|| from.clone());
                }
            }
        }
        told.extend(refusals.into_values());
        links
    }

    /// What imports make visible in a scope of a file.
    pub(super) fn visible(&self, file: usize, scope: usize) -> Option<&Visible> {
        self.visible.get(&(file, scope))
    }

    /// Where a module has a name from, if one of its files imports it as an item. The first file in
    /// path order counts.
    pub(super) fn passed_on(&self, module: ModuleId, name: &str) -> Option<&(Target, String)> {
        self.passed_on.get(&module)?.get(name)
    }

    fn foreign(
        &mut self,
        root: &Path,
        unit: &Unit<'_>,
        written: &str,
        refusals: &mut BTreeMap<String, Diagnostic>,
    ) -> Resolved {
        let target = Target::Missing(written.into());
        let mut absent = Vec::new();
        for candidate in candidates::foreign(&unit.path, written) {
            let path: Arc<str> = candidate.as_str().into();
            if self.foreign.contains_key(&path) {
                return Resolved { file: Some(path), absent, target, item: None };
            }
            match read_input(&root.join(&candidate), MAX_SOURCE_BYTES) {
                Ok(input) => {
                    self.looked.push((candidate, Some(input.seen)));
                    let fact = SourceFact {
                        path: Arc::clone(&path),
                        bytes: input.bytes.len() as u64,
                        digest: input.seen.digest,
                        module: String::new(),
                        imports: Vec::new(),
                        outline: None,
                        foreign: true,
                    };
                    self.foreign.insert(Arc::clone(&path), fact);
                    return Resolved { file: Some(path), absent, target, item: None };
                }
                Err(error @ ReadError::TooLarge { .. }) => {
                    refusals.entry(candidate.clone()).or_insert_with(|| refused(&candidate, &error));
                    return Resolved { file: Some(path), absent, target, item: None };
                }
                Err(_) => {
                    self.looked.push((candidate, None));
                    absent.push(path);
                }
            }
        }
        Resolved { file: None, absent, target, item: None }
    }
}

impl Visible {
    fn add(&mut self, import: &Import, found: &Resolved) {
        if let Some(items) = &import.items {
            for (there, here) in items {
                self.items.entry(here.clone()).or_insert_with(|| (found.target.clone(), there.clone()));
            }
        } else if let Some(item) = &found.item {
            let here = import.alias.as_ref().unwrap_or(item);
            self.items.entry(here.clone()).or_insert_with(|| (found.target.clone(), item.clone()));
        } else if let (None, Target::Module(module)) = (&import.alias, &found.target) {
            self.open.insert(*module);
        }
        let whole = whole_name(import);
        if let Some(alias) = &import.alias {
            self.modules.insert(alias.clone(), found.target.clone());
        } else if import.items.is_none()
            && let Some((_, last)) = whole.rsplit_once('.')
            && found.item.is_none()
        {
            self.modules.entry(last.to_owned()).or_insert_with(|| found.target.clone());
        }
        let whole = match &found.item {
            Some(_) => whole.rsplit_once('.').map_or(whole.as_str(), |(parent, _)| parent).to_owned(),
            None => whole,
        };
        self.modules.entry(whole).or_insert_with(|| found.target.clone());
    }
}

/// The imported module's name with dots; a file's name without folder and extension.
fn whole_name(import: &Import) -> String {
    match &import.target {
        ImportTarget::Module(segments) => segments.join("."),
        ImportTarget::File(written) | ImportTarget::Foreign(written) => {
            let name = written.rsplit_once('/').map_or(written.as_str(), |(_, name)| name);
            name.strip_suffix(".jan").unwrap_or(name).to_owned()
        }
    }
}

/// Resolves an import of the language's own: inner modules around it, files, then `module` lines;
/// first as written, then without the last name.
fn own(
    file: usize,
    units: &[Unit<'_>],
    by_path: &HashMap<&str, usize>,
    modules: &Modules,
    import: &Import,
) -> Resolved {
    let path = units.get(file).map_or("", |unit| unit.path.as_ref());
    let mut absent: Vec<Arc<str>> = Vec::new();
    let whole = whole_name(import);
    if let ImportTarget::File(written) = &import.target {
        let found = candidates::file(path, written);
        let target = found.as_deref().and_then(|candidate| by_path.get(candidate)).copied();
        if target.is_none() {
            absent.extend(found.map(Arc::from));
        }
        return resolved(units, modules, target, None, absent, &whole, None);
    }
    let ImportTarget::Module(segments) = &import.target else {
        return resolved(units, modules, None, None, absent, &whole, None);
    };
    let parent = candidates::parent_of(import);
    for (segments, item) in [(Some(segments.as_slice()), None), (parent, segments.last())] {
        let Some(segments) = segments else { continue };
        let item = item.cloned();
        let name = segments.join(".");
        if let Some(module) = inner(file, units, modules, import.scope, segments) {
            return resolved(units, modules, Some(file), Some(module), absent, &name, item);
        }
        for candidate in candidates::module(path, segments) {
            if let Some(found) = by_path.get(candidate.as_str()) {
                let block = top_block(modules, *found, &name);
                return resolved(units, modules, Some(*found), block, absent, &name, item);
            }
            absent.push(candidate.into());
        }
        if let Some((module, found)) = modules.declared_by_line(&name, units) {
            return resolved(units, modules, Some(found), Some(module), absent, &name, item);
        }
    }
    resolved(units, modules, None, None, absent, &whole, None)
}

fn resolved(
    units: &[Unit<'_>],
    modules: &Modules,
    file: Option<usize>,
    module: Option<ModuleId>,
    absent: Vec<Arc<str>>,
    name: &str,
    item: Option<String>,
) -> Resolved {
    let target = match (module, file) {
        (Some(module), _) => Target::Module(module),
        (None, Some(file)) => Target::Module(modules.of_file(file)),
        (None, None) => Target::Missing(name.into()),
    };
    let file = file.and_then(|file| units.get(file)).map(|unit| Arc::clone(&unit.path));
    Resolved { file, absent, target, item }
}

/// A module inside one that encloses the import; `super` is the one around.
fn inner(
    file: usize,
    units: &[Unit<'_>],
    modules: &Modules,
    scope: usize,
    segments: &[String],
) -> Option<ModuleId> {
    let ups = segments.iter().take_while(|segment| *segment == "super").count();
    let down = |mut module: ModuleId, names: &[String]| {
        for name in names {
            module = *modules.get(module).children.get(name)?;
        }
        Some(module)
    };
    let here = modules.scope(file, scope).module;
    if ups > 0 {
        let mut module = here;
        for _ in 0..ups {
            module = modules.get(module).parent?;
        }
        return down(module, segments.get(ups..)?);
    }
    for around in modules.chain(file, scope) {
        let kind =
            units.get(file).and_then(|unit| unit.scan.scopes.get(around.this)).map(|scope| &scope.kind);
        if matches!(kind, Some(ScopeKind::File | ScopeKind::Module(_))) {
            // A block `module a.b { … }` has one name with a dot.
            let joined = modules.get(around.module).children.get(&segments.join(".")).copied();
            let found = joined.or_else(|| down(around.module, segments));
            if found.is_some_and(|found| found != here) {
                return found;
            }
        }
    }
    None
}

/// The block `module a.b { … }` of a file that was found by the name `a.b`.
fn top_block(modules: &Modules, file: usize, name: &str) -> Option<ModuleId> {
    modules.get(modules.of_file(file)).children.get(name).copied()
}

fn unresolved(unit: &Unit<'_>, import: &Import, absent: &[Arc<str>]) -> Diagnostic {
    let message = format!("expected a file or module for `{}`, found none", import.written);
    let range = (import.start, import.end);
    let mut diagnostic = unit.diagnostic(Severity::Warning, "unresolved-import", range, message);
    diagnostic.help = Some(match absent.first() {
        Some(first) => format!("create {first}, or declare `module {};` in a file", whole_name(import)),
        None => "name a file below the project's root".to_owned(),
    });
    diagnostic
}
