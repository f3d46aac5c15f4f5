//! Families that are hard to optimize: many methods, many types, many positions.

use std::collections::HashSet;

use janus_cache::dispatch::{Family, FamilyRule, Method, TypeDecl, TypeGraph};

/// A family and the graph of its types.
pub(crate) struct Large {
    pub(crate) name: &'static str,
    pub(crate) graph: TypeGraph,
    pub(crate) family: Family,
}

/// The families, each with its name.
pub(crate) fn all() -> Vec<Large> {
    let precedence = || FamilyRule::Precedence { argument_order: Vec::new() };
    let over = |name, (types, methods), positions, rule| {
        let (graph, family) = over_a_tree(types, methods, positions, rule);
        Large { name, graph, family }
    };
    let (graph, family) = over_a_chain(2000);
    vec![
        over("1,000 conversions, 1,500 types, 2 positions, precedence", (1500, 1000), 2, precedence()),
        over("1,100 methods, 1,000 types, 2 positions, precedence", (1000, 1100), 2, precedence()),
        over("1,100 methods, 1,000 types, 2 positions, symmetric", (1000, 1100), 2, FamilyRule::Symmetric),
        over("60 methods, 40 types, 8 positions, precedence", (40, 60), 8, precedence()),
        over("60 methods, 40 types, 8 positions, symmetric", (40, 60), 8, FamilyRule::Symmetric),
        Large { name: "2,000 methods over a chain of 2,000 types", graph, family },
    ]
}

/// One method for each type of a chain.
fn over_a_chain(types: usize) -> (TypeGraph, Family) {
    let name = |at: usize| format!("chain::Type{at:05}");
    let decls = (0..types).map(|at| TypeDecl {
        name: name(at),
        supers: at.checked_sub(1).map(name).into_iter().collect(),
        ..TypeDecl::default()
    });
    let methods = (0..types).map(|at| Method::new(&[&name(at)], &format!("link({})", name(at)), "chain"));
    let family = Family::new("chain::link", 1, methods.collect());
    (TypeGraph::new(decls.collect::<Vec<_>>()).expect("a chain"), family)
}

/// Methods for scattered tuples of a tree's types.
fn over_a_tree(types: usize, methods: usize, positions: usize, rule: FamilyRule) -> (TypeGraph, Family) {
    let name = |at: usize| format!("lib::Class{at:05}");
    let upper = |at: &usize| at.checked_sub(1).map(|before| before / 3);
    let decls = (0..types).map(|at| TypeDecl {
        name: name(at),
        supers: upper(&at).map(name).into_iter().collect(),
        precedence: std::iter::successors(Some(at), upper).map(name).collect(),
        ..TypeDecl::default()
    });
    let graph = TypeGraph::new(decls.collect::<Vec<_>>()).expect("a tree");
    let mut family = Family::new("lib::coerce", positions as u8, Vec::new());
    family.rule = rule;
    let mut seen = HashSet::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut scattered = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        name((state >> 33) as usize % types)
    };
    while family.methods.len() < methods {
        let params: Vec<String> = (0..positions).map(|_| scattered()).collect();
        if seen.insert(params.clone()) {
            family.methods.push(Method {
                implementation: format!("coerce({})", params.join(", ")),
                params,
                module: "lib".to_owned(),
                default: false,
            });
        }
    }
    (graph, family)
}
