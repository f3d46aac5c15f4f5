//! Every optimizer gives, for every tuple of known types, exactly what the naive resolver gives.

mod support;

use janus_cache::dispatch::{
    Ambiguity, CompileOptions, OptimizerChoice, Selection, TypeGraph, TypeId, compile, find_ambiguities,
    resolve, restrict,
};
use janus_cache::format::{LocalType, LogicalTable, Optimization, Outcome, TableView, verify};
use proptest::prelude::*;
use support::{World, ruled_worlds, worlds};

/// Every tuple of known types, `None` standing for a type that is unknown.
fn tuples(graph: &TypeGraph, arity: usize) -> Vec<Vec<Option<TypeId>>> {
    let choices: Vec<Option<TypeId>> = graph.iter().map(Some).chain(std::iter::once(None)).collect();
    (0..arity).fold(vec![Vec::new()], |tuples, _| {
        let longer = |tuple: &Vec<Option<TypeId>>| {
            let tuple = tuple.clone();
            choices.iter().map(move |choice| [tuple.clone(), vec![*choice]].concat()).collect::<Vec<_>>()
        };
        tuples.iter().flat_map(longer).collect()
    })
}

/// The bytes' answer in the terms of the naive resolver.
fn answer(world: &World, graph: &TypeGraph, table: &TableView<'_>, args: &[Option<TypeId>]) -> Selection {
    let locals: Vec<LocalType> = args
        .iter()
        .map(|arg| arg.map_or(LocalType::OTHER, |id| table.local_type(graph.name(id)).expect("readable")))
        .collect();
    let method = |entry| {
        let implementation = table.entry(entry).expect("readable").implementation;
        world
            .family
            .methods
            .iter()
            .position(|method| method.implementation == implementation)
            .expect("is one")
    };
    match table.dispatch(&locals).expect("well formed") {
        Outcome::Method(entry) => Selection::Method(method(entry)),
        Outcome::NoMethod => Selection::NoMethod,
        Outcome::Ambiguous => {
            let candidates = table.core().candidates(&locals).expect("readable").into_iter().map(method);
            let mut candidates: Vec<usize> = candidates.collect();
            candidates.sort_unstable();
            Selection::Ambiguous(candidates)
        }
    }
}

fn optimizers() -> impl Iterator<Item = OptimizerChoice> {
    std::iter::once(OptimizerChoice::Auto).chain(Optimization::ALL.map(OptimizerChoice::Force))
}

/// By the definition: ambiguous tuples over all types and the top type that lie below no other
/// ambiguous tuple with the same candidates.
fn maximal_by_definition(world: &World, graph: &TypeGraph, table: &LogicalTable) -> Vec<Ambiguity> {
    let ambiguous: Vec<(Vec<Option<TypeId>>, Vec<usize>)> = tuples(graph, usize::from(world.family.arity))
        .into_iter()
        .filter_map(|tuple| match resolve(graph, &world.family, &tuple) {
            Selection::Ambiguous(candidates) => Some((tuple, candidates)),
            Selection::Method(_) | Selection::NoMethod => None,
        })
        .collect();
    let is_below = |lower: &[Option<TypeId>], upper: &[Option<TypeId>]| {
        lower.iter().zip(upper).all(|pair| match pair {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(lower), Some(upper)) => graph.is_below(*lower, *upper),
        })
    };
    let canonical = |method: &usize| {
        let implementation = &world.family.methods[*method].implementation;
        table.entries.iter().position(|entry| entry.implementation == *implementation).expect("is one") as u32
    };
    let mut maximal: Vec<Ambiguity> = ambiguous
        .iter()
        .filter(|(tuple, candidates)| {
            !ambiguous
                .iter()
                .any(|(other, same)| other != tuple && same == candidates && is_below(tuple, other))
        })
        .map(|(tuple, candidates)| {
            let mut candidates: Vec<u32> = candidates.iter().map(canonical).collect();
            candidates.sort_unstable();
            let tuple = tuple.iter().map(|id| id.map_or("any", |id| graph.name(id)).to_owned()).collect();
            Ambiguity { tuple, candidates }
        })
        .collect();
    maximal.sort_unstable();
    maximal
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_optimizer_answers_like_the_naive_resolver_under_every_rule(world in ruled_worlds(9, 7, 3)) {
        let graph = world.graph();
        let table = restrict(&graph, &world.family).expect("a family");
        let mut hashes = Vec::new();
        for optimizer in optimizers() {
            let compiled = compile(&table, &CompileOptions { optimizer, ..CompileOptions::default() }).expect("fits");
            if let OptimizerChoice::Force(wanted) = optimizer {
                // One method alone can be tested alone; every other way is possible in worlds this small.
                let is_possible = wanted != Optimization::Single || world.family.methods.len() == 1;
                prop_assert_eq!(compiled.optimization == wanted, is_possible);
            }
            let view = TableView::open(&compiled.bytes).expect("well formed");
            prop_assert_eq!(verify(&compiled.bytes), Ok(()));
            hashes.push(view.header().table_hash.get());
            for args in tuples(&graph, usize::from(world.family.arity)) {
                let (found, expected) = (answer(&world, &graph, &view, &args), resolve(&graph, &world.family, &args));
                prop_assert_eq!(found, expected, "{:?} under {:?}", args, optimizer);
            }
        }
        prop_assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "the table hash depends on the optimizer");
    }

    #[test]
    fn reported_ambiguities_are_the_maximal_tuples_of_the_definition(world in ruled_worlds(7, 6, 3)) {
        let graph = world.graph();
        let table = restrict(&graph, &world.family).expect("a family");
        let found = find_ambiguities(&graph, &table);
        prop_assert!(!found.truncated);
        let expected = maximal_by_definition(&world, &graph, &table);
        let compiled = compile(&table, &CompileOptions::default()).expect("fits");
        let flag = TableView::open(&compiled.bytes).expect("well formed").may_be_ambiguous();
        prop_assert_eq!(flag, !expected.is_empty());
        prop_assert_eq!(found.tuples, expected);
    }

    #[test]
    fn an_unrelated_type_changes_no_byte(world in ruled_worlds(9, 5, 2)) {
        let before = compile(&restrict(&world.graph(), &world.family).expect("a family"), &CompileOptions::default());
        let mut larger = world.clone();
        larger.decls.insert(0, janus_cache::dispatch::TypeDecl::new("a::Unrelated", &[]));
        let after = compile(&restrict(&larger.graph(), &larger.family).expect("a family"), &CompileOptions::default());
        prop_assert_eq!(before, after);
    }

    #[test]
    fn damaged_bytes_are_detected_and_never_panic(
        world in ruled_worlds(8, 6, 2),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
    ) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        let mut bytes = compile(&table, &CompileOptions::default()).expect("fits").bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(TableView::open(&bytes).is_err(), "byte {} may change unnoticed", at);
        // Without the checksums, accesses are on their own: any answer or an error, never a panic.
        if let Ok(view) = TableView::open_proved(&bytes) {
            let locals: Vec<LocalType> = (0..view.type_count()).map(LocalType).collect();
            for local in locals {
                let _ = view.dispatch(&vec![local; usize::from(world.family.arity)]);
                let _ = view.type_info(local);
            }
            for entry in 0..view.core().entry_count() {
                let _ = view.entry(janus_cache::format::EntryId(entry));
            }
        }
    }

    #[test]
    fn truncated_bytes_never_open(world in worlds(6, 4, 2), cut in any::<prop::sample::Index>()) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        let bytes = compile(&table, &CompileOptions::default()).expect("fits").bytes;
        prop_assert!(TableView::open(&bytes[..cut.index(bytes.len())]).is_err());
    }
}
