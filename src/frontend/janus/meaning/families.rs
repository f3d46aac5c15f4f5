//! Functions: which family each belongs to, and which of them are methods.

use std::collections::{HashMap, HashSet};

use super::super::decl::{FunctionDecl, ScopeKind, TypeExpr, TypeKind};
use super::express::{Express, Site};
use super::links::Target;
use super::lookup::Found;
use super::modules::ModuleId;
use super::unit::Spot;
use super::universe::TypeId;
use crate::build::facts::{Diagnostic, FunctionFact, MethodFact, Severity};

/// Dispatch takes at most so many arguments.
const MAX_PARAMS: usize = 255;

/// One function with its meaning.
struct Member {
    family: String,
    params: Vec<TypeId>,
    module: ModuleId,
    dynamic: bool,
    spot: Spot,
}

/// Functions and methods of a project.
#[derive(Debug, Default)]
pub(super) struct Families {
    pub(super) functions: Vec<FunctionFact>,
    pub(super) methods: Vec<MethodFact>,
}

/// Who owns a family that modules import from each other, once it is known.
type Owners = HashMap<(ModuleId, String), String>;

/// Sorts every function into its family. Equal methods are told; the first in order of place counts.
pub(super) fn collect(express: &mut Express<'_, '_>, told: &mut Vec<Diagnostic>) -> Families {
    let units = express.units;
    let mut families = Families::default();
    let mut members = Vec::new();
    let mut owners = Owners::new();
    for (file, unit) in units.iter().enumerate() {
        for function in &unit.scan.functions {
            let (family, own) = family_of(express, file, function, &mut owners);
            families.functions.push(FunctionFact {
                name: family.clone(),
                signature_hash: function.signature_hash,
                body_hash: function.body_hash,
                place: unit.place(function.start),
            });
            if function.body_hash.is_none() && !is_elsewhere(express, file, function) {
                continue;
            }
            if function.params.len() > MAX_PARAMS {
                let message =
                    format!("expected at most {MAX_PARAMS} parameters, found {}", function.params.len());
                let range = (function.start, function.end);
                told.push(unit.diagnostic(Severity::Error, "too-many-parameters", range, message));
                continue;
            }
            members.push(Member {
                family,
                params: params(express, file, function, own),
                module: express.modules().scope(file, function.scope).module,
                dynamic: function.dynamic,
                spot: Spot { file, start: function.start, end: function.end },
            });
        }
    }
    families.methods = methods(express, &members, told);
    families.functions.sort_by(|a, b| (&a.place, &a.name).cmp(&(&b.place, &b.name)));
    families
}

/// Whether a function without a body has its implementation elsewhere: `extern`, outside of traits.
fn is_elsewhere(express: &Express<'_, '_>, file: usize, function: &FunctionDecl) -> bool {
    let Some(scan) = express.units.get(file).map(|unit| &unit.scan) else { return false };
    let in_trait = match scan.scopes.get(function.scope).map(|scope| &scope.kind) {
        Some(ScopeKind::Type(index)) => {
            scan.types.get(*index).is_some_and(|decl| matches!(decl.kind, TypeKind::Trait))
        }
        _ => false,
    };
    function.external && !in_trait
}

/// The family's qualified name, and the type that `self` has in the function.
fn family_of(
    express: &mut Express<'_, '_>,
    file: usize,
    function: &FunctionDecl,
    owners: &mut Owners,
) -> (String, Option<TypeId>) {
    let Some((name, path)) = function.name.split_last() else { return (String::new(), None) };
    let site = Site { file, scope: function.scope, bounds: None };
    if !path.is_empty() {
        let path = TypeExpr::Path { segments: path.to_vec(), args: Vec::new() };
        let own = express.type_of(site, &path);
        return (in_type(express, own, name), Some(own));
    }
    if let Some(own) = express.self_type(file, function.scope) {
        return (in_type(express, own, name), Some(own));
    }
    (free(express, file, function.scope, name, owners), None)
}

fn in_type(express: &Express<'_, '_>, own: TypeId, name: &str) -> String {
    format!("{}.{name}", express.types.name(express.base(own)))
}

/// The family of a function outside of types: another module's, if its name is imported.
fn free(express: &Express<'_, '_>, file: usize, scope: usize, name: &str, owners: &mut Owners) -> String {
    let modules = express.modules();
    let here = modules.scope(file, scope).module;
    // Imports around an inner module are not its own: there the function is a new one.
    let own_scopes = modules.chain(file, scope).take_while(|around| around.module == here);
    let imported = own_scopes
        .filter_map(|around| express.names.links.visible(file, around.this))
        .find_map(|visible| visible.items.get(name));
    match imported {
        Some((target, there)) if !is_type(express, target, there) => match target {
            Target::Missing(module) => format!("{module}::{there}"),
            Target::Module(module) if *module != here => owner(express, *module, there, owners),
            Target::Module(_) => format!("{}::{name}", modules.get(here).name),
        },
        _ => format!("{}::{name}", modules.get(here).name),
    }
}

/// Whether a name of another module is one of its types and none of its functions.
fn is_type(express: &Express<'_, '_>, target: &Target, name: &str) -> bool {
    let Target::Module(module) = target else { return false };
    !express.modules().get(*module).functions.contains(name)
        && matches!(express.names.member(target, name), Found::Declared(_))
}

/// Follows a family to the module that declares it and has it from nobody. Where modules have it
/// from each other in a circle, the one with the first name owns it.
fn owner(express: &Express<'_, '_>, module: ModuleId, name: &str, owners: &mut Owners) -> String {
    let modules = express.modules();
    let mut walked: Vec<(ModuleId, String)> = Vec::new();
    let mut seen = HashSet::new();
    let mut here = (module, name.to_owned());
    let found = loop {
        if let Some(known) = owners.get(&here) {
            break known.clone();
        }
        if !seen.insert(here.clone()) {
            let start = walked.iter().position(|step| *step == here).unwrap_or(0);
            let circle = walked.iter().skip(start);
            let names = circle.map(|(module, name)| format!("{}::{name}", modules.get(*module).name));
            break names.min().unwrap_or_default();
        }
        walked.push(here.clone());
        match express.names.links.passed_on(here.0, &here.1) {
            Some((Target::Module(next), there)) if *next != here.0 => here = (*next, there.clone()),
            Some((Target::Missing(next), there)) => break format!("{next}::{there}"),
            _ => break format!("{}::{}", modules.get(here.0).name, here.1),
        }
    };
    for step in walked {
        owners.insert(step, found.clone());
    }
    found
}

fn params(
    express: &mut Express<'_, '_>,
    file: usize,
    function: &FunctionDecl,
    own: Option<TypeId>,
) -> Vec<TypeId> {
    let bounds = express.bounds(file, function.scope, &function.generics);
    let site = Site { file, scope: function.scope, bounds: Some(&bounds) };
    let type_of = |param: &super::super::decl::Param| match (&param.ty, own) {
        (_, Some(own)) if param.is_self => own,
        (Some(ty), _) => express.type_of(site, ty),
        (None, _) => TypeId::ANY,
    };
    function.params.iter().map(type_of).collect()
}

fn methods(express: &Express<'_, '_>, members: &[Member], told: &mut Vec<Diagnostic>) -> Vec<MethodFact> {
    let mut dynamic: HashSet<(&str, usize)> = HashSet::new();
    for member in members.iter().filter(|member| member.dynamic) {
        dynamic.insert((&member.family, member.params.len()));
    }
    let mut first: HashMap<(&str, &[TypeId]), Spot> = HashMap::new();
    let mut methods = Vec::with_capacity(members.len());
    for member in members {
        let Some(unit) = express.units.get(member.spot.file) else { continue };
        if let Some(first) = first.get(&(member.family.as_str(), member.params.as_slice())) {
            told.extend(duplicate(express, member, *first));
            continue;
        }
        first.insert((&member.family, &member.params), member.spot);
        let params: Vec<String> = member.params.iter().map(|id| express.types.name(*id).to_owned()).collect();
        methods.push(MethodFact {
            family: member.family.clone(),
            implementation: format!("{}({})", member.family, params.join(", ")),
            params,
            module: express.modules().get(member.module).name.clone(),
            default: false,
            dynamic: dynamic.contains(&(member.family.as_str(), member.params.len())),
            place: unit.place(member.spot.start),
        });
    }
    methods.sort_by(|a, b| (&a.family, &a.place).cmp(&(&b.family, &b.place)));
    methods
}

fn duplicate(express: &Express<'_, '_>, member: &Member, first: Spot) -> Option<Diagnostic> {
    let unit = express.units.get(member.spot.file)?;
    let place = express.units.get(first.file)?.place(first.start);
    let params = express.types.list(&member.params, ", ");
    let message = format!("expected each method once, found a second {}({params})", member.family);
    let range = (member.spot.start, member.spot.end);
    let mut told = unit.diagnostic(Severity::Error, "duplicate-method", range, message);
    told.notes.push((place, "already defined here".to_owned()));
    told.help =
        Some("remove one, or change the type of a parameter; an alias is the type it names".to_owned());
    Some(told)
}
