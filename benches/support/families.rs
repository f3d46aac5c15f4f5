//! A made-up family of two positions.

use std::collections::HashSet;

use janus_cache::dispatch::{Family, Method, TypeDecl, TypeGraph, restrict};
use janus_cache::format::LogicalTable;

/// The restricted question of a [`world`].
#[allow(dead_code, reason = "not every bench asks for the question alone")]
pub(crate) fn table(methods: usize) -> LogicalTable {
    let (graph, family) = world(methods);
    restrict(&graph, &family).expect("a family")
}

/// A family of two positions with so many methods, and the tree of types that it is over.
pub(crate) fn world(methods: usize) -> (TypeGraph, Family) {
    let count = methods.isqrt() * 2 + 2;
    let parent =
        |at: usize| if at == 0 { vec![] } else { vec![format!("game::world::Type{:03}", (at - 1) / 3)] };
    let types: Vec<TypeDecl> = (0..count)
        .map(|at| TypeDecl {
            name: format!("game::world::Type{at:03}"),
            supers: parent(at),
            sealed: at % 7 == 0,
            ..TypeDecl::default()
        })
        .collect();
    let mut family = Family::new("game::rules::collide", 2, Vec::new());
    let mut seen = HashSet::new();
    // A fixed sequence that visits pairs in a scattered order.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    while family.methods.len() < methods {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (a, b) = ((state >> 33) as usize % count, (state >> 48) as usize % count);
        if seen.insert((a, b)) {
            let params = [format!("game::world::Type{a:03}"), format!("game::world::Type{b:03}")];
            family.methods.push(Method {
                implementation: format!("collide({}, {})", params[0], params[1]),
                params: params.to_vec(),
                module: "game::rules".to_owned(),
                default: false,
            });
        }
    }
    (TypeGraph::new(types).expect("a tree"), family)
}
