//! Who is below whom: what declarations say, then what follows for constructed types.
//!
//! The relation stays acyclic: of a cycle that declarations make, the edge that closes it is
//! reported and left out; what is derived only leads from smaller types to larger ones.

use std::collections::HashMap;

use super::super::decl::{Mark, TypeKind};
use super::aliases::MAX_NAMED;
use super::express::{Express, Site};
use super::modules::Named;
use super::unit::{Spot, Unit};
use super::universe::{Shape, TypeId, Universe};
use crate::build::facts::{Diagnostic, Severity};

/// Supertypes passed while unions and references are related, at most: seconds for the most
/// contrived sources, thousands of times more than real ones take.
const MAX_STEPS: u64 = 50_000_000;

/// For each type, its direct supertypes, in the order in which they were found.
pub(super) type Supers = Vec<Vec<TypeId>>;

/// One type below another because a declaration says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) sub: TypeId,
    pub(super) sup: TypeId,
    pub(super) spot: Spot,
}

/// Reads off the declarations who is below whom. The top type needs no edges.
pub(super) fn declared(express: &mut Express<'_, '_>) -> Vec<Edge> {
    let units = express.units;
    let mut edges = Vec::new();
    let mut add = |sub, sup, spot| {
        if sub != TypeId::ANY && sup != TypeId::ANY {
            edges.push(Edge { sub, sup, spot });
        }
    };
    for (file, unit) in units.iter().enumerate() {
        for (index, decl) in unit.scan.types.iter().enumerate() {
            let own = express.modules().declared.get(file).and_then(|all| all.get(index)).copied();
            let Some(Named::Type(own)) = own else { continue };
            let bounds = express.bounds(file, decl.scope, &decl.generics);
            let site = Site { file, scope: decl.scope, bounds: Some(&bounds) };
            let spot = Spot { file, start: decl.start, end: decl.end };
            for parent in &decl.parents {
                add(own, express.type_of(site, parent), spot);
            }
            match &decl.kind {
                TypeKind::Sum(alternatives) => {
                    for alternative in alternatives {
                        let spot = Spot { file, start: alternative.start, end: alternative.end };
                        add(express.type_of(site, &alternative.expr), own, spot);
                    }
                }
                TypeKind::Variants(variants) => {
                    let name = express.types.name(own).to_owned();
                    for variant in variants {
                        let spot = Spot { file, start: variant.start, end: variant.end };
                        add(express.types.named(&format!("{name}.{}", variant.name)), own, spot);
                    }
                }
                TypeKind::Plain | TypeKind::Trait | TypeKind::Alias(_) => {}
            }
        }
        for (scope, decl) in unit.scan.scopes.iter().enumerate() {
            let super::super::decl::ScopeKind::Impl(index) = decl.kind else { continue };
            let Some(block) = unit.scan.impls.get(index) else { continue };
            let Some(implemented) = &block.implemented else { continue };
            let Some(own) = express.self_type(file, scope) else { continue };
            let bounds = express.bounds(file, block.scope, &block.generics);
            let site = Site { file, scope, bounds: Some(&bounds) };
            let spot = Spot { file, start: block.start, end: block.end };
            add(own, express.type_of(site, implemented), spot);
        }
    }
    edges
}

/// Makes the relation of all types from what is declared.
pub(super) fn relate(
    units: &[Unit<'_>],
    types: &Universe,
    edges: &[Edge],
    told: &mut Vec<Diagnostic>,
) -> Supers {
    let mut supers: Supers = vec![Vec::new(); types.len()];
    let mut spots = HashMap::new();
    let mut add = |sub: TypeId, sup: TypeId| {
        if sup != TypeId::ANY
            && let Some(own) = supers.get_mut(sub.index())
        {
            own.push(sup);
        }
    };
    for edge in edges {
        add(edge.sub, edge.sup);
        spots.entry((edge.sub, edge.sup)).or_insert(edge.spot);
    }
    for (id, entry) in types.iter() {
        match &entry.shape {
            Shape::Applied(base) => add(id, *base),
            Shape::Literal(kind) => add(id, *kind),
            Shape::Intersection(operands) => operands.iter().for_each(|operand| add(id, *operand)),
            Shape::Union(alternatives) => alternatives.iter().for_each(|alternative| add(*alternative, id)),
            Shape::Named | Shape::Pointing(..) | Shape::Made => {}
        }
    }
    for own in &mut supers {
        own.sort_unstable();
        own.dedup();
    }
    drop_cycles(units, types, &mut supers, &spots, told);
    let is_complete = derive(types, &mut supers, MAX_STEPS);
    if let (false, Some(unit)) = (is_complete, units.first()) {
        let message =
            format!("expected unions and references to be related in {MAX_STEPS} steps, found more");
        let mut cut = unit.diagnostic(Severity::Warning, "relations-cut", (0, 0), message);
        cut.help = Some("name large unions as types; what is not related does not dispatch".to_owned());
        told.push(cut);
    }
    supers
}

/// Walks up from each type and leaves out each edge that leads back onto the walk.
fn drop_cycles(
    units: &[Unit<'_>],
    types: &Universe,
    supers: &mut Supers,
    spots: &HashMap<(TypeId, TypeId), Spot>,
    told: &mut Vec<Diagnostic>,
) {
    // 0: not seen, otherwise its place on the path from 1; done where it is larger than any path.
    const DONE: usize = usize::MAX;
    let mut seen = vec![0_usize; supers.len()];
    for (root, _) in types.iter() {
        let mut path: Vec<(TypeId, usize)> = Vec::new();
        if seen.get(root.index()) == Some(&0) {
            seen[root.index()] = 1;
            path.push((root, 0));
        }
        while let Some((here, next)) = path.last_mut() {
            let here = *here;
            let Some(sup) = supers.get(here.index()).and_then(|own| own.get(*next)).copied() else {
                seen[here.index()] = DONE;
                path.pop();
                continue;
            };
            match seen[sup.index()] {
                0 => {
                    *next += 1;
                    path.push((sup, 0));
                    seen[sup.index()] = path.len();
                }
                DONE => *next += 1,
                at => {
                    supers[here.index()].remove(*next);
                    let members: Vec<TypeId> =
                        path.get(at - 1..).unwrap_or_default().iter().map(|(id, _)| *id).collect();
                    told.extend(cycle(units, types, &members, spots));
                }
            }
        }
    }
}

fn cycle(
    units: &[Unit<'_>],
    types: &Universe,
    members: &[TypeId],
    spots: &HashMap<(TypeId, TypeId), Spot>,
) -> Option<Diagnostic> {
    let first = *members.first()?;
    let above = members.iter().copied().skip(1).chain([first]);
    // The closing edge may be one that no declaration spells out; another of the cycle is.
    let spelled = members.iter().copied().zip(above).collect::<Vec<_>>();
    let spot = spelled.iter().rev().find_map(|edge| spots.get(edge))?;
    let unit = units.get(spot.file)?;
    let mut names: Vec<&str> = members.iter().take(MAX_NAMED).map(|id| types.name(*id)).collect();
    if members.len() > MAX_NAMED {
        names.push("…");
    }
    names.push(types.name(first));
    let message = format!("expected supertypes without a cycle, found {}", names.join(" below "));
    let mut told = unit.diagnostic(Severity::Error, "cyclic-supertypes", (spot.start, spot.end), message);
    told.help = Some("this relation was left out".to_owned());
    Some(told)
}

/// Adds what follows: references to smaller types are below references to larger ones, and a union
/// is below what all its alternatives are below. Types are taken from the inside to the outside,
/// so that what is above their parts is complete. `false` where that takes more steps than allowed.
fn derive(types: &Universe, supers: &mut Supers, max_steps: u64) -> bool {
    let mut pointing: HashMap<(Mark, TypeId), TypeId> = HashMap::new();
    let mut order: Vec<(u32, TypeId)> = Vec::new();
    for (id, entry) in types.iter() {
        match entry.shape {
            Shape::Pointing(mark, inner) => {
                pointing.insert((mark, inner), id);
                order.push((entry.depth, id));
            }
            Shape::Union(_) => order.push((entry.depth, id)),
            _ => {}
        }
    }
    order.sort_unstable();
    let mut walk = Walk { seen: vec![0; supers.len()], round: 0, queue: Vec::new(), steps_left: max_steps };
    for (_, id) in order {
        let found = match &types.entry(id).shape {
            Shape::Pointing(mark, inner) => {
                let found = walk.nearest(supers, *inner, |above| pointing.get(&(*mark, above)).copied());
                // The top type is above all others without an edge.
                let to_any = pointing.get(&(*mark, TypeId::ANY)).filter(|_| found.is_empty());
                to_any.map_or(found, |to_any| vec![*to_any])
            }
            Shape::Union(alternatives) => common(types, supers, &mut walk, id, alternatives),
            _ => Vec::new(),
        };
        if let Some(own) = supers.get_mut(id.index()) {
            own.extend(found.into_iter().filter(|above| *above != id));
            own.sort_unstable();
            own.dedup();
        }
        if walk.steps_left == 0 {
            return false;
        }
    }
    true
}

/// What is above all alternatives of a union, without the union and its alternatives.
fn common(
    types: &Universe,
    supers: &Supers,
    walk: &mut Walk,
    union: TypeId,
    alternatives: &[TypeId],
) -> Vec<TypeId> {
    let Some((first, others)) = alternatives.split_first() else { return Vec::new() };
    let mut shared = walk.above(supers, *first);
    for other in others {
        if shared.is_empty() || walk.steps_left == 0 {
            return Vec::new();
        }
        let above = walk.above(supers, *other);
        shared.retain(|id| above.binary_search(id).is_ok());
    }
    shared.retain(|id| {
        *id != union
            && !alternatives.contains(id)
            && match &types.entry(*id).shape {
                // Two unions of which each covers the other are the same in two spellings.
                Shape::Union(theirs) => {
                    !theirs.iter().all(|id| walk.above(supers, *id).binary_search(&union).is_ok())
                }
                _ => true,
            }
    });
    shared
}

/// Walks over supertypes; its memory is used again.
struct Walk {
    seen: Vec<u32>,
    round: u32,
    queue: Vec<TypeId>,
    steps_left: u64,
}

impl Walk {
    /// A type and everything above it, ascending.
    fn above(&mut self, supers: &Supers, from: TypeId) -> Vec<TypeId> {
        self.nearest(supers, from, |_| None);
        let mut all = self.queue.clone();
        all.sort_unstable();
        all
    }

    /// Goes up from a type, but not beyond types for which `stop` has an answer; the answers.
    /// `from` itself is passed.
    fn nearest(
        &mut self,
        supers: &Supers,
        from: TypeId,
        stop: impl Fn(TypeId) -> Option<TypeId>,
    ) -> Vec<TypeId> {
        self.round += 1;
        self.queue.clear();
        self.queue.push(from);
        let mut found = Vec::new();
        if let Some(seen) = self.seen.get_mut(from.index()) {
            *seen = self.round;
        }
        let mut at = 0;
        while let Some(here) = self.queue.get(at).copied() {
            at += 1;
            self.steps_left = self.steps_left.saturating_sub(1);
            if here != from
                && let Some(answer) = stop(here)
            {
                found.push(answer);
                continue;
            }
            for sup in supers.get(here.index()).into_iter().flatten() {
                match self.seen.get_mut(sup.index()) {
                    Some(seen) if *seen != self.round => {
                        *seen = self.round;
                        self.queue.push(*sup);
                    }
                    _ => {}
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_beyond_its_limit_stops_and_says_so() {
        let mut types = Universe::new();
        let [a, b, c] = ["m::A", "m::B", "m::C"].map(|name| types.named(name));
        let [of_a, of_c] = [a, c].map(|id| types.marked(Mark::Reference, id));
        let mut supers: Supers = vec![Vec::new(); types.len()];
        supers[a.index()].push(b);
        supers[b.index()].push(c);
        let mut cut = supers.clone();
        assert!(!derive(&types, &mut cut, 2));
        assert!(derive(&types, &mut supers, 100));
        assert_eq!(supers[of_a.index()], [of_c]);
    }
}
