//! Alternatives of sums that nothing else declares: each is a type of its own.

use super::super::decl::{TypeExpr, TypeKind};
use super::links::Links;
use super::lookup::Names;
use super::modules::{Modules, Named};
use super::unit::{Spot, Unit};
use super::universe::Universe;

/// A name that a sum declares by mentioning it.
struct Implied {
    file: usize,
    scope: usize,
    name: String,
    spot: Spot,
}

/// Declares them. All are found before the first is declared, so that the order of files does not
/// matter: what another sum implies does not count as declared, unless it is imported by name.
pub(super) fn declare(units: &[Unit<'_>], modules: &mut Modules, links: &Links, types: &mut Universe) {
    let found = find(units, &Names { modules, links });
    for implied in found {
        let scope = modules.scope(implied.file, implied.scope);
        let (module, key) = (scope.module, format!("{}{}", scope.prefix, implied.name));
        if modules.get(module).types.contains_key(&key) {
            continue;
        }
        let name = format!("{}::{key}", modules.get(module).name);
        let id = types.declare(&name, false, false, implied.spot);
        modules.add_name(module, &key, Named::Type(id));
    }
}

fn find(units: &[Unit<'_>], names: &Names<'_>) -> Vec<Implied> {
    let mut found = Vec::new();
    for (file, unit) in units.iter().enumerate() {
        for decl in &unit.scan.types {
            let TypeKind::Sum(alternatives) = &decl.kind else { continue };
            for alternative in alternatives {
                let TypeExpr::Path { segments, args } = &alternative.expr else { continue };
                let [name] = segments.as_slice() else { continue };
                let is_parameter = decl.generics.iter().any(|generic| generic.name == *name);
                let declares =
                    alternative.declares || (args.is_empty() && !names.is_known(file, decl.scope, segments));
                if declares && !is_parameter {
                    let spot = Spot { file, start: alternative.start, end: alternative.end };
                    found.push(Implied { file, scope: decl.scope, name: name.clone(), spot });
                }
            }
        }
    }
    found
}
