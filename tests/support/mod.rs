//! What several tests share: random worlds of types and methods.

use janus_cache::dispatch::{Family, FamilyRule, Method, TypeDecl, TypeGraph};
use proptest::prelude::*;

/// Types that may be under several others, and a family over them.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) decls: Vec<TypeDecl>,
    pub(crate) family: Family,
}

impl World {
    pub(crate) fn graph(&self) -> TypeGraph {
        TypeGraph::new(self.decls.clone()).expect("supertypes are declared earlier")
    }
}

/// Up to `max_types` types with up to three direct supertypes each, and a family of up to
/// `max_methods` methods with `1..=max_arity` positions. No two methods have the same parameters.
pub(crate) fn worlds(max_types: usize, max_methods: usize, max_arity: usize) -> impl Strategy<Value = World> {
    let types = prop::collection::vec(
        (prop::collection::vec(any::<prop::sample::Index>(), 0..3), any::<bool>()),
        1..=max_types,
    );
    (types, 1..=max_arity).prop_flat_map(move |(types, arity)| {
        // One more than there are types: the last stands for the top type.
        let row = prop::collection::vec(0..=types.len(), arity);
        (Just(types), prop::collection::hash_set(row, 1..=max_methods)).prop_map(move |(types, rows)| {
            let name = |index: usize| format!("m::T{index}");
            let decls: Vec<TypeDecl> = types
                .iter()
                .enumerate()
                .map(|(index, (supers, sealed))| {
                    let mut supers: Vec<String> = supers
                        .iter()
                        .filter(|_| index > 0)
                        .map(|pick| name(pick.index(index.max(1))))
                        .collect();
                    supers.sort();
                    supers.dedup();
                    TypeDecl { name: name(index), supers, sealed: *sealed, ..TypeDecl::default() }
                })
                .collect();
            let mut rows: Vec<Vec<usize>> = rows.into_iter().collect();
            rows.sort();
            let methods = rows
                .iter()
                .enumerate()
                .map(|(index, row)| {
                    let params: Vec<String> = row
                        .iter()
                        .map(|pick| if *pick == types.len() { "any".to_owned() } else { name(*pick) })
                        .collect();
                    let params: Vec<&str> = params.iter().map(String::as_str).collect();
                    Method::new(&params, &format!("f{index}"), "m")
                })
                .collect();
            World { decls, family: Family::new("m::f", arity as u8, methods) }
        })
    })
}

/// As [`worlds`], under any of the rules that this project knows: types have lists of precedence that
/// agree with their supertypes, and may count as being under others; methods may be defaults.
#[allow(dead_code, reason = "not every test that includes this file asks for other rules")]
pub(crate) fn ruled_worlds(
    max_types: usize,
    max_methods: usize,
    max_arity: usize,
) -> impl Strategy<Value = World> {
    let seeds = prop::collection::vec(any::<u64>(), 64);
    (worlds(max_types, max_methods, max_arity), 0..3_u8, seeds).prop_map(|(mut world, rule, seeds)| {
        let names: Vec<String> = world.decls.iter().map(|decl| decl.name.clone()).collect();
        let arity = world.family.arity;
        world.family.rule = match rule {
            0 => FamilyRule::Symmetric,
            1 => {
                let mut argument_order: Vec<u8> = (0..arity).collect();
                argument_order.rotate_left((seeds[0] % u64::from(arity)) as usize);
                FamilyRule::Precedence { argument_order }
            }
            _ => FamilyRule::Levels,
        };
        let graph = world.graph();
        for (at, decl) in world.decls.iter_mut().enumerate() {
            let seed = seeds[at % seeds.len()];
            // Supertypes stand earlier, so going down by index is a list that agrees with them; two
            // neighbours that are unrelated may change places.
            let mut list = graph.above(graph.get(&decl.name).expect("declared"));
            list.reverse();
            for place in 1..list.len().saturating_sub(1) {
                if seed >> (place % 64) & 1 == 1 && !graph.is_below(list[place], list[place + 1]) {
                    list.swap(place, place + 1);
                }
            }
            decl.precedence = list.into_iter().map(|id| graph.name(id).to_owned()).collect();
            if seed % 5 == 0 {
                decl.counts_as = vec![names[seed as usize / 5 % names.len()].clone()];
            }
        }
        for (method, seed) in world.family.methods.iter_mut().zip(&seeds) {
            method.default = seed % 3 == 0;
        }
        world
    })
}
