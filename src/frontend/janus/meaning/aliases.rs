//! What aliases are, through chains of any length. An alias that leads back to itself is an error
//! and stands for the top type.

use super::super::decl::{TypeExpr, TypeKind};
use super::express::{Express, Site};
use super::lookup::Found;
use super::modules::{AliasId, Named};
use super::universe::TypeId;
use crate::build::facts::{Diagnostic, Severity};
use crate::graph::DependencyGraph;

/// So many names of a cycle are told.
pub(super) const MAX_NAMED: usize = 8;

/// Works out every alias without parameters, in an order in which what an alias mentions comes
/// first, so that long chains need no call stack.
pub(super) fn resolve(express: &mut Express<'_, '_>, told: &mut Vec<Diagnostic>) {
    let count = express.modules().aliases.len();
    let mut edges = Vec::new();
    for index in 0..count as u32 {
        let Some((file, scope, target)) = written(express, index) else { continue };
        let mut mentioned = Vec::new();
        mentions(express, Site { file, scope, bounds: None }, target, &mut mentioned);
        edges.extend(mentioned.into_iter().map(|other| (index, other)));
    }
    let loops: Vec<u32> = edges.iter().filter(|(from, to)| from == to).map(|(from, _)| *from).collect();
    let components = DependencyGraph::new(count, &edges).components();
    for members in components.iter() {
        let is_cycle = members.len() > 1 || members.iter().any(|member| loops.binary_search(member).is_ok());
        if is_cycle {
            told.extend(cycle(express, members));
        }
        for &member in members {
            let resolved = if is_cycle {
                Some(TypeId::ANY)
            } else {
                written(express, member)
                    .filter(|_| !has_parameters(express, member))
                    .map(|(file, scope, target)| express.type_of(Site { file, scope, bounds: None }, target))
            };
            if let Some(alias) = express.aliases.get_mut(member as usize) {
                *alias = resolved;
            }
        }
    }
}

/// Where an alias stands and what it is written to be.
fn written<'a>(express: &Express<'a, '_>, alias: u32) -> Option<(usize, usize, &'a TypeExpr)> {
    let at = express.modules().aliases.get(alias as usize)?;
    let decl = express.units.get(at.file)?.scan.types.get(at.decl)?;
    match &decl.kind {
        TypeKind::Alias(target) => Some((at.file, decl.scope, target)),
        _ => None,
    }
}

fn has_parameters(express: &Express<'_, '_>, alias: u32) -> bool {
    let at = express.modules().aliases.get(alias as usize);
    let decl = at.and_then(|at| express.units.get(at.file)?.scan.types.get(at.decl));
    decl.is_some_and(|decl| !decl.generics.is_empty())
}

/// Aliases that a written type mentions anywhere.
fn mentions(express: &mut Express<'_, '_>, site: Site<'_>, expr: &TypeExpr, found: &mut Vec<u32>) {
    match expr {
        TypeExpr::Path { segments, args } => {
            // The whole path, and `Alias.Variant`.
            for count in [segments.len(), segments.len().saturating_sub(1)] {
                let Some(path) = segments.get(..count).filter(|path| !path.is_empty()) else { continue };
                if let Found::Declared(Named::Alias(AliasId(alias))) = express.find(site, path) {
                    found.push(alias);
                }
            }
            for arg in args {
                mentions(express, site, arg, found);
            }
        }
        TypeExpr::Marked(_, inner) | TypeExpr::Array(inner, _) => mentions(express, site, inner, found),
        TypeExpr::ErrorUnion(left, right) => {
            mentions(express, site, left, found);
            mentions(express, site, right, found);
        }
        TypeExpr::Tuple(parts) | TypeExpr::Union(parts) | TypeExpr::Intersection(parts) => {
            for part in parts {
                mentions(express, site, part, found);
            }
        }
        TypeExpr::Function(params, returns) => {
            for param in params {
                mentions(express, site, param, found);
            }
            if let Some(returns) = returns {
                mentions(express, site, returns, found);
            }
        }
        TypeExpr::Any | TypeExpr::Record(_) | TypeExpr::Literal(..) => {}
    }
}

fn cycle(express: &Express<'_, '_>, members: &[u32]) -> Option<Diagnostic> {
    let decls = members.iter().filter_map(|member| {
        let at = express.modules().aliases.get(*member as usize)?;
        let unit = express.units.get(at.file)?;
        Some((unit, unit.scan.types.get(at.decl)?))
    });
    let mut named: Vec<String> = decls.clone().take(MAX_NAMED).map(|(_, decl)| decl.name.join(".")).collect();
    if members.len() > MAX_NAMED {
        named.push(format!("… {} more", members.len() - MAX_NAMED));
    }
    let (unit, decl) = decls.clone().next()?;
    let message = format!("expected an alias to end at a type, found a cycle of {}", named.join(", "));
    let mut told = unit.diagnostic(Severity::Error, "cyclic-alias", (decl.start, decl.end), message);
    let others = decls.skip(1).take(MAX_NAMED);
    told.notes =
        others.map(|(unit, decl)| (unit.place(decl.start), "part of the cycle".to_owned())).collect();
    told.help = Some("until then it stands for `any`".to_owned());
    Some(told)
}
