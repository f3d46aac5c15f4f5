//! From types as they are written to types of the universe.

use std::collections::HashMap;

use super::super::decl::{Generic, Literal, ScopeKind, TypeExpr, TypeKind};
use super::lookup::{Found, Names, Remembered};
use super::modules::{AliasId, Modules, Named};
use super::unit::Unit;
use super::universe::{TypeId, Universe};

/// Types nest at most this deep after aliases with parameters and bounds of parameters were put in
/// their places: three times what may be written. What is deeper stands for the top type, so that
/// no source decides how deep the call stack grows.
const MAX_DEPTH: u32 = 192;

/// What type parameters stand for.
pub(super) type Bounds = HashMap<String, TypeId>;

/// Where a type is written.
#[derive(Clone, Copy)]
pub(super) struct Site<'e> {
    pub(super) file: usize,
    pub(super) scope: usize,
    /// Parameters of the declaration itself; those of the scopes around it count too.
    pub(super) bounds: Option<&'e Bounds>,
}

/// Turns written types into types, and remembers what was worked out for scopes and aliases.
pub(super) struct Express<'a, 't> {
    pub(super) units: &'a [Unit<'t>],
    pub(super) names: &'a Names<'a>,
    pub(super) types: &'a mut Universe,
    /// What each alias is; `None` before it is known and for those with parameters.
    pub(super) aliases: Vec<Option<TypeId>>,
    expanded: HashMap<(AliasId, Vec<TypeId>), TypeId>,
    depth: u32,
    remembered: Remembered,
    scopes: HashMap<(usize, usize), Bounds>,
    selves: HashMap<(usize, usize), Option<TypeId>>,
}

impl<'a, 't> Express<'a, 't> {
    pub(super) fn new(units: &'a [Unit<'t>], names: &'a Names<'a>, types: &'a mut Universe) -> Self {
        Self {
            units,
            names,
            types,
            aliases: vec![None; names.modules.aliases.len()],
            expanded: HashMap::new(),
            depth: 0,
            remembered: Remembered::default(),
            scopes: HashMap::new(),
            selves: HashMap::new(),
        }
    }

    pub(super) const fn modules(&self) -> &'a Modules {
        self.names.modules
    }

    /// What a path means, without regard to type parameters.
    pub(super) fn find(&mut self, site: Site<'_>, segments: &[String]) -> Found {
        self.remembered.find(self.names, site.file, site.scope, segments)
    }

    /// The type that is written at a site.
    pub(super) fn type_of(&mut self, site: Site<'_>, expr: &TypeExpr) -> TypeId {
        if self.depth >= MAX_DEPTH {
            return TypeId::ANY;
        }
        self.depth += 1;
        let found = self.expressed(site, expr);
        self.depth -= 1;
        found
    }

    fn expressed(&mut self, site: Site<'_>, expr: &TypeExpr) -> TypeId {
        match expr {
            TypeExpr::Any => TypeId::ANY,
            TypeExpr::Path { segments, args } => self.path(site, segments, args),
            TypeExpr::Marked(mark, inner) => {
                let inner = self.type_of(site, inner);
                self.types.marked(*mark, inner)
            }
            TypeExpr::Array(inner, length) => {
                let inner = self.type_of(site, inner);
                let name = format!("[{}; {length}]", self.types.name(inner));
                self.types.made(name, &[inner])
            }
            TypeExpr::ErrorUnion(left, right) => {
                let parts = [self.type_of(site, left), self.type_of(site, right)];
                let name = format!("{}!{}", self.types.operand(parts[0]), self.types.operand(parts[1]));
                self.types.made(name, &parts)
            }
            TypeExpr::Tuple(parts) => {
                let parts = self.all(site, parts);
                let name = format!("({})", self.types.list(&parts, ", "));
                self.types.made(name, &parts)
            }
            TypeExpr::Function(params, returns) => {
                let mut parts = self.all(site, params);
                let mut name = format!("func({})", self.types.list(&parts, ", "));
                if let Some(returns) = returns {
                    let returns = self.type_of(site, returns);
                    name = format!("{name} -> {}", self.types.name(returns));
                    parts.push(returns);
                }
                self.types.made(name, &parts)
            }
            TypeExpr::Union(alternatives) => {
                let alternatives = self.all(site, alternatives);
                self.types.union(&alternatives)
            }
            TypeExpr::Intersection(operands) => {
                let operands = self.all(site, operands);
                self.types.intersection(&operands)
            }
            TypeExpr::Record(text) => self.types.made(text.clone(), &[]),
            TypeExpr::Literal(kind, text) => self.types.literal(text, literal_kind(*kind)),
        }
    }

    /// What type parameters stand for: their bounds, in which those named before count.
    pub(super) fn bounds(&mut self, file: usize, scope: usize, generics: &[Generic]) -> Bounds {
        let mut bounds: Bounds = generics.iter().map(|generic| (generic.name.clone(), TypeId::ANY)).collect();
        for generic in generics {
            if let Some(bound) = &generic.bound {
                let bound = self.type_of(Site { file, scope, bounds: Some(&bounds) }, bound);
                bounds.insert(generic.name.clone(), bound);
            }
        }
        bounds
    }

    /// The type that `self` and `Self` have in a scope.
    pub(super) fn self_type(&mut self, file: usize, scope: usize) -> Option<TypeId> {
        let chain: Vec<usize> = self.modules().chain(file, scope).map(|around| around.this).collect();
        chain.into_iter().find_map(|around| self.own_self_type(file, around))
    }

    fn own_self_type(&mut self, file: usize, scope: usize) -> Option<TypeId> {
        if let Some(known) = self.selves.get(&(file, scope)) {
            return *known;
        }
        let unit = self.units.get(file)?;
        let decl = unit.scan.scopes.get(scope)?;
        let own = match decl.kind {
            ScopeKind::File | ScopeKind::Module(_) => None,
            ScopeKind::Type(index) => match self.modules().declared.get(file)?.get(index)? {
                Named::Type(id) => Some(*id),
                Named::Alias(_) => None,
            },
            ScopeKind::Impl(index) => unit.scan.impls.get(index).map(|decl| {
                // While the target is worked out, `Self` in it says nothing.
                self.selves.insert((file, scope), Some(TypeId::ANY));
                let bounds = self.bounds(file, decl.scope, &decl.generics);
                let site = Site { file, scope: decl.scope, bounds: Some(&bounds) };
                self.type_of(site, bare(&decl.target, &decl.generics).as_ref().unwrap_or(&decl.target))
            }),
        };
        self.selves.insert((file, scope), own);
        own
    }

    fn all(&mut self, site: Site<'_>, exprs: &[TypeExpr]) -> Vec<TypeId> {
        exprs.iter().map(|expr| self.type_of(site, expr)).collect()
    }

    fn path(&mut self, site: Site<'_>, segments: &[String], args: &[TypeExpr]) -> TypeId {
        let Some(first) = segments.first() else { return TypeId::ANY };
        if let Some(bound) = self.parameter(site, first) {
            // What is inside a type parameter is not known.
            return if segments.len() == 1 { bound } else { TypeId::ANY };
        }
        if first == "Self"
            && let Some(own) = self.self_type(site.file, site.scope)
        {
            return match segments.get(1..) {
                Some(inner) if !inner.is_empty() => self.inside(own, &inner.join(".")),
                _ => own,
            };
        }
        let args = self.all(site, args);
        match self.find(site, segments) {
            Found::Declared(Named::Type(base)) => self.types.applied(base, &args),
            Found::Declared(Named::Alias(alias)) => self.alias(alias, args),
            Found::Builtin => {
                let base = self.types.named(first);
                self.types.applied(base, &args)
            }
            Found::Unknown(name) => {
                let base = self.variant_of_alias(site, segments).unwrap_or_else(|| self.types.named(&name));
                self.types.applied(base, &args)
            }
        }
    }

    /// `Alias.Variant`: a name inside what the alias is.
    fn variant_of_alias(&mut self, site: Site<'_>, segments: &[String]) -> Option<TypeId> {
        let (last, path) = segments.split_last()?;
        if path.is_empty() {
            return None;
        }
        let Found::Declared(Named::Alias(alias)) = self.find(site, path) else { return None };
        let outer = self.alias(alias, Vec::new());
        (outer != TypeId::ANY).then(|| self.inside(outer, last))
    }

    /// A type declared inside another, or one of that name.
    fn inside(&mut self, outer: TypeId, name: &str) -> TypeId {
        if outer == TypeId::ANY {
            return TypeId::ANY;
        }
        let full = format!("{}.{name}", self.types.name(self.base(outer)));
        let alias = full.split_once("::").and_then(|(module, key)| {
            let module = self.modules().by_name(module)?;
            self.modules().get(module).types.get(key).copied()
        });
        match alias {
            Some(Named::Alias(alias)) => self.alias(alias, Vec::new()),
            Some(Named::Type(id)) => id,
            None => self.types.named(&full),
        }
    }

    fn parameter(&mut self, site: Site<'_>, name: &str) -> Option<TypeId> {
        if let Some(bound) = site.bounds.and_then(|bounds| bounds.get(name)) {
            return Some(*bound);
        }
        let chain: Vec<usize> =
            self.modules().chain(site.file, site.scope).map(|around| around.this).collect();
        for around in chain {
            if !self.scopes.contains_key(&(site.file, around)) {
                let generics = self.generics_of(site.file, around);
                if generics.is_empty() {
                    continue;
                }
                // A bound that uses its own scope's parameters finds no bounds there yet.
                self.scopes.insert((site.file, around), Bounds::new());
                let parent = self.modules().scope(site.file, around).parent;
                let bounds = self.bounds(site.file, parent, generics);
                self.scopes.insert((site.file, around), bounds);
            }
            if let Some(bound) = self.scopes.get(&(site.file, around)).and_then(|bounds| bounds.get(name)) {
                return Some(*bound);
            }
        }
        None
    }

    /// The type parameters that a scope declares.
    fn generics_of(&self, file: usize, scope: usize) -> &'a [Generic] {
        let Some(scan) = self.units.get(file).map(|unit| &unit.scan) else { return &[] };
        let generics = match scan.scopes.get(scope).map(|scope| &scope.kind) {
            Some(ScopeKind::Type(index)) => scan.types.get(*index).map(|decl| &decl.generics),
            Some(ScopeKind::Impl(index)) => scan.impls.get(*index).map(|decl| &decl.generics),
            _ => None,
        };
        generics.map_or(&[], Vec::as_slice)
    }

    /// What an alias is; one with parameters is expanded with these arguments.
    pub(super) fn alias(&mut self, alias: AliasId, args: Vec<TypeId>) -> TypeId {
        if let Some(Some(known)) = self.aliases.get(alias.0 as usize) {
            return self.types.applied(*known, &args);
        }
        let key = (alias, args);
        if let Some(known) = self.expanded.get(&key) {
            return *known;
        }
        let Some((file, decl)) = self
            .modules()
            .aliases
            .get(alias.0 as usize)
            .and_then(|at| Some((at.file, self.units.get(at.file)?.scan.types.get(at.decl)?)))
        else {
            return TypeId::ANY;
        };
        let TypeKind::Alias(target) = &decl.kind else { return TypeId::ANY };
        let mut bounds = self.bounds(file, decl.scope, &decl.generics);
        for (generic, arg) in decl.generics.iter().zip(&key.1) {
            bounds.insert(generic.name.clone(), *arg);
        }
        let expanded = self.type_of(Site { file, scope: decl.scope, bounds: Some(&bounds) }, target);
        self.expanded.insert(key, expanded);
        expanded
    }

    /// The type that constructed ones are made of: `m::Vec` for `&m::Vec<int>`.
    pub(super) fn base(&self, id: TypeId) -> TypeId {
        use super::universe::Shape;
        let mut id = id;
        loop {
            match self.types.entry(id).shape {
                Shape::Pointing(_, inner) => id = inner,
                Shape::Applied(base) => id = base,
                _ => return id,
            }
        }
    }
}

/// `Vec` for `Vec<T>` where all arguments are parameters of the block itself: it holds for any.
fn bare(target: &TypeExpr, generics: &[Generic]) -> Option<TypeExpr> {
    let TypeExpr::Path { segments, args } = target else { return None };
    let is_parameter = |arg: &TypeExpr| match arg {
        TypeExpr::Path { segments, args } if args.is_empty() => {
            matches!(segments.as_slice(), [one] if generics.iter().any(|generic| generic.name == *one))
        }
        _ => false,
    };
    (!args.is_empty() && args.iter().all(is_parameter))
        .then(|| TypeExpr::Path { segments: segments.clone(), args: Vec::new() })
}

const fn literal_kind(kind: Literal) -> &'static str {
    match kind {
        Literal::Integer => "int",
        Literal::Float => "float",
        Literal::Text => "string",
        Literal::Bool => "bool",
        Literal::Character => "char",
    }
}
