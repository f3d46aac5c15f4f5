//! Modules, what is declared in them, and which scope of a file belongs to which.

use std::collections::{HashMap, HashSet};

use super::super::decl::{ScopeKind, TypeExpr, TypeKind};
use super::unit::{Spot, Unit};
use super::universe::{TypeId, Universe};
use crate::build::facts::{Diagnostic, Severity};

/// Scopes nest at most this deep. What stands deeper belongs to the scope at the limit.
const MAX_SCOPE_DEPTH: u32 = 64;

/// A module: one number for all files that declare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ModuleId(u32);

impl ModuleId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An alias: its number in [`Modules::aliases`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct AliasId(pub(super) u32);

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Named {
    Type(TypeId),
    Alias(AliasId),
}

/// One module.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) parent: Option<ModuleId>,
    /// Modules inside, by their names as written.
    pub(super) children: HashMap<String, ModuleId>,
    /// Types by name; `Enum.Variant` and `Outer.Inner` too.
    pub(super) types: HashMap<String, Named>,
    /// Names of functions outside of types.
    pub(super) functions: HashSet<String>,
    /// Files whose own module this is, in path order; the file of an inner module.
    pub(super) files: Vec<usize>,
}

/// What a scope of a file is.
#[derive(Clone, Debug)]
pub(super) struct ScopeInfo {
    /// The scope that stands for it: itself, or the one at the limit of depth.
    pub(super) this: usize,
    pub(super) parent: usize,
    pub(super) module: ModuleId,
    /// `Outer.Inner.` inside types, empty outside.
    pub(super) prefix: String,
    depth: u32,
}

/// Where an alias is declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct AliasAt {
    pub(super) file: usize,
    /// Index among the file's types.
    pub(super) decl: usize,
}

/// All modules of a project.
#[derive(Debug, Default)]
pub(super) struct Modules {
    all: Vec<Module>,
    by_name: HashMap<String, ModuleId>,
    /// For each file, its scopes.
    scopes: Vec<Vec<ScopeInfo>>,
    /// For each file, what each of its type declarations declares.
    pub(super) declared: Vec<Vec<Named>>,
    pub(super) aliases: Vec<AliasAt>,
    /// For each name of a type, the modules that declare it, ascending.
    declaring: HashMap<String, Vec<ModuleId>>,
}

impl Modules {
    /// Registers everything that the files declare.
    pub(super) fn collect(units: &[Unit<'_>], types: &mut Universe, told: &mut Vec<Diagnostic>) -> Self {
        let mut modules = Self::default();
        for (file, unit) in units.iter().enumerate() {
            modules.add_scopes(file, unit, told);
        }
        for (file, unit) in units.iter().enumerate() {
            modules.add_types(file, units, types, told);
            for function in &unit.scan.functions {
                let scope = modules.scope(file, function.scope);
                if let ([name], true) = (function.name.as_slice(), scope.prefix.is_empty()) {
                    let module = scope.module;
                    if let Some(module) = modules.all.get_mut(module.index()) {
                        module.functions.insert(name.clone());
                    }
                }
            }
        }
        modules
    }

    pub(super) fn get(&self, id: ModuleId) -> &Module {
        self.all.get(id.index()).expect("a module's number comes from its table")
    }

    /// The module of this qualified name.
    pub(super) fn by_name(&self, name: &str) -> Option<ModuleId> {
        self.by_name.get(name).copied()
    }

    /// The module that files declare by this name with a `module` line.
    pub(super) fn declared_by_line(&self, name: &str, units: &[Unit<'_>]) -> Option<(ModuleId, usize)> {
        let id = self.by_name(name)?;
        let declares =
            |file: &&usize| units.get(**file).is_some_and(|unit| unit.scan.module.as_deref() == Some(name));
        self.get(id).files.iter().find(declares).map(|file| (id, *file))
    }

    /// A scope of a file, or the one that stands for it.
    pub(super) fn scope(&self, file: usize, scope: usize) -> &ScopeInfo {
        let scopes = self.scopes.get(file).expect("every file has its scopes");
        let info = scopes.get(scope).or_else(|| scopes.first()).expect("the file is a scope");
        scopes.get(info.this).unwrap_or(info)
    }

    /// A scope and those around it, the file last.
    pub(super) fn chain(&self, file: usize, scope: usize) -> impl Iterator<Item = &ScopeInfo> {
        let mut next = Some(self.scope(file, scope));
        std::iter::from_fn(move || {
            let here = next?;
            next = (here.this != 0).then(|| self.scope(file, here.parent));
            Some(here)
        })
    }

    /// The module that a file's own declarations belong to.
    pub(super) fn of_file(&self, file: usize) -> ModuleId {
        self.scope(file, 0).module
    }

    /// Modules that declare a type of this name, ascending.
    pub(super) fn declaring(&self, name: &str) -> &[ModuleId] {
        self.declaring.get(name).map_or(&[], Vec::as_slice)
    }

    /// Registers a name in a module. `false` where it was there.
    pub(super) fn add_name(&mut self, module: ModuleId, name: &str, named: Named) -> bool {
        let Some(own) = self.all.get_mut(module.index()) else { return false };
        if own.types.contains_key(name) {
            return false;
        }
        own.types.insert(name.to_owned(), named);
        let declaring = self.declaring.entry(name.to_owned()).or_default();
        if let Err(at) = declaring.binary_search(&module) {
            declaring.insert(at, module);
        }
        true
    }

    fn module(&mut self, name: String, parent: Option<ModuleId>, file: usize) -> ModuleId {
        let next = ModuleId(self.all.len() as u32);
        let id = *self.by_name.entry(name.clone()).or_insert(next);
        if id == next {
            let (children, types) = (HashMap::new(), HashMap::new());
            self.all.push(Module {
                name,
                parent,
                children,
                types,
                functions: HashSet::new(),
                files: Vec::new(),
            });
        }
        if let Some(module) = self.all.get_mut(id.index())
            && module.files.last() != Some(&file)
        {
            module.files.push(file);
        }
        id
    }

    fn add_scopes(&mut self, file: usize, unit: &Unit<'_>, told: &mut Vec<Diagnostic>) {
        let name = unit.scan.module.clone().unwrap_or_else(|| unit.path_name().to_owned());
        let module = self.module(name, None, file);
        let mut scopes = vec![ScopeInfo { this: 0, parent: 0, module, prefix: String::new(), depth: 0 }];
        let mut is_told = false;
        for (index, scope) in unit.scan.scopes.iter().enumerate().skip(1) {
            let Some(parent) = scopes.get(scope.parent).and_then(|info| scopes.get(info.this)) else {
                continue;
            };
            let mut info =
                ScopeInfo { this: index, parent: parent.this, depth: parent.depth + 1, ..parent.clone() };
            if info.depth > MAX_SCOPE_DEPTH {
                info.this = parent.this;
                if !std::mem::replace(&mut is_told, true) {
                    let message = format!("expected at most {MAX_SCOPE_DEPTH} levels of scopes, found more");
                    let range = (scope.start, scope.start + 1);
                    told.push(unit.diagnostic(Severity::Error, "nesting-too-deep", range, message));
                }
                scopes.push(info);
                continue;
            }
            match &scope.kind {
                ScopeKind::File => {}
                ScopeKind::Module(name) => {
                    let outer = info.module;
                    let full = format!("{}.{name}", self.get(outer).name);
                    info.module = self.module(full, Some(outer), file);
                    info.prefix.clear();
                    if let Some(outer) = self.all.get_mut(outer.index()) {
                        outer.children.insert(name.clone(), info.module);
                    }
                }
                ScopeKind::Type(decl) => {
                    let name =
                        unit.scan.types.get(*decl).map_or_else(String::new, |decl| decl.name.join("."));
                    info.prefix = format!("{}{name}.", info.prefix);
                }
                ScopeKind::Impl(decl) => {
                    let target = unit.scan.impls.get(*decl).and_then(|decl| path_of(&decl.target));
                    info.prefix = format!("{}.", target.unwrap_or_default());
                }
            }
            scopes.push(info);
        }
        self.scopes.push(scopes);
    }

    fn add_types(
        &mut self,
        file: usize,
        units: &[Unit<'_>],
        types: &mut Universe,
        told: &mut Vec<Diagnostic>,
    ) {
        let Some(unit) = units.get(file) else { return };
        let mut declared = Vec::with_capacity(unit.scan.types.len());
        for (index, decl) in unit.scan.types.iter().enumerate() {
            let scope = self.scope(file, decl.scope).clone();
            let key = format!("{}{}", scope.prefix, decl.name.join("."));
            let spot = Spot { file, start: decl.start, end: decl.end };
            let name = format!("{}::{key}", self.get(scope.module).name);
            let named = match self.get(scope.module).types.get(&key).copied() {
                Some(Named::Type(id)) if types.entry(id).forward => {
                    types.declare(&name, decl.sealed, decl.forward, spot);
                    Named::Type(id)
                }
                Some(first) => {
                    // Each `impl` of a type may say again what `type Item` is; deeper than the
                    // limit, names of different scopes fall together.
                    let kind = unit.scan.scopes.get(decl.scope).map(|scope| &scope.kind);
                    let repeats = matches!(kind, Some(ScopeKind::Impl(_))) || scope.this != decl.scope;
                    if !decl.forward && !repeats {
                        told.push(self.twice(units, types, &key, first, spot));
                    }
                    first
                }
                None if matches!(decl.kind, TypeKind::Alias(_)) => {
                    self.aliases.push(AliasAt { file, decl: index });
                    Named::Alias(AliasId(self.aliases.len() as u32 - 1))
                }
                None => Named::Type(types.declare(&name, decl.sealed, decl.forward, spot)),
            };
            self.add_name(scope.module, &key, named);
            declared.push(named);
            if let TypeKind::Variants(variants) = &decl.kind {
                for variant in variants {
                    let spot = Spot { file, start: variant.start, end: variant.end };
                    let id = types.declare(&format!("{name}.{}", variant.name), false, false, spot);
                    self.add_name(scope.module, &format!("{key}.{}", variant.name), Named::Type(id));
                }
            }
        }
        self.declared.push(declared);
    }

    /// Says that a name is declared a second time in one module.
    fn twice(
        &self,
        units: &[Unit<'_>],
        types: &Universe,
        key: &str,
        first: Named,
        second: Spot,
    ) -> Diagnostic {
        let first = match first {
            Named::Type(id) => types.entry(id).spot.map(|spot| (spot.file, spot.start)),
            Named::Alias(id) => self.aliases.get(id.0 as usize).and_then(|at| {
                let decl = units.get(at.file)?.scan.types.get(at.decl)?;
                Some((at.file, decl.start))
            }),
        };
        let unit = units.get(second.file).expect("the declaration stands in a file");
        let message = format!("expected one declaration of `{key}` in its module, found a second one");
        let range = (second.start, second.end);
        let mut diagnostic = unit.diagnostic(Severity::Warning, "duplicate-type", range, message);
        if let Some((file, start)) = first
            && let Some(unit) = units.get(file)
        {
            diagnostic
                .notes
                .push((unit.place(start), "first declared here; both count as one type".to_owned()));
        }
        diagnostic
    }
}

/// A type's name as written, without marks and arguments.
pub(super) fn path_of(expr: &TypeExpr) -> Option<String> {
    let mut expr = expr;
    loop {
        match expr {
            TypeExpr::Path { segments, .. } => return Some(segments.join(".")),
            TypeExpr::Marked(_, inner) => expr = inner,
            _ => return None,
        }
    }
}
