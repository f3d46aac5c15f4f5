//! What several tests share: random worlds of types and methods.

use janus_cache::dispatch::{Family, Method, TypeDecl, TypeGraph};
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
                    TypeDecl { name: name(index), supers, sealed: *sealed }
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
