//! A call profile orders methods that are equally specific, and changes no answer.

mod support;

use janus_cache::dispatch::{
    CallProfile, CompileOptions, Family, Method, OptimizerChoice, TypeDecl, TypeGraph, compile, restrict,
};
use janus_cache::format::{EntryId, LocalType, LogicalTable, Optimization, Outcome, TableView, verify};
use proptest::prelude::*;
use support::ruled_worlds;

/// `area` of three shapes that are not under each other, and of all shapes.
fn area() -> LogicalTable {
    let shape = |name| TypeDecl::new(name, &["Shape"]);
    let types = [TypeDecl::new("Shape", &[]), shape("Circle"), shape("Oval"), shape("Square")];
    let methods = ["Shape", "Circle", "Oval", "Square"].map(|name| Method::new(&[name], name, "m"));
    let graph = TypeGraph::new(types).expect("acyclic");
    restrict(&graph, &Family::new("area", 1, methods.to_vec())).expect("a family")
}

fn options(table: &LogicalTable, calls: &[(&str, u64)], optimizer: OptimizerChoice) -> CompileOptions {
    let mut profile = CallProfile::default();
    for (symbol, calls) in calls {
        profile.add(&table.name, table.arity, symbol, *calls);
    }
    CompileOptions { optimizer, calls: profile.calls_of(table), ..CompileOptions::default() }
}

/// The entries in file order with their calls.
fn entries(bytes: &[u8]) -> Vec<(String, u32)> {
    let view = TableView::open(bytes).expect("a table");
    let entry = |id| view.entry(EntryId(id)).expect("readable");
    (0..view.header().entry_count.get())
        .map(|id| (entry(id).implementation.to_owned(), entry(id).call_frequency))
        .collect()
}

#[test]
fn the_most_called_of_equally_specific_methods_stands_first() {
    let table = area();
    let calls = [("Square", 9), ("Oval", 5), ("Shape", 1000)];
    let bytes = compile(&table, &options(&table, &calls, OptimizerChoice::Auto)).expect("fits").bytes;
    let expected = [("Square", 9), ("Oval", 5), ("Circle", 0), ("Shape", 1000)];
    assert_eq!(entries(&bytes), expected.map(|(name, calls)| (name.to_owned(), calls)));
}

#[test]
fn without_calls_the_order_is_canonical_and_the_bytes_are_those_of_no_profile() {
    let table = area();
    let none = compile(&table, &CompileOptions::default()).expect("fits").bytes;
    let order: Vec<String> = entries(&none).into_iter().map(|(name, _)| name).collect();
    assert_eq!(order, ["Circle", "Oval", "Square", "Shape"]);
    let zeros = compile(&table, &options(&table, &[("Square", 0)], OptimizerChoice::Auto)).expect("fits");
    assert_eq!(zeros.bytes, none);
}

#[test]
fn the_question_stays_the_same_question() {
    let table = area();
    let hash = |calls: &[(&str, u64)]| {
        let bytes = compile(&table, &options(&table, calls, OptimizerChoice::Auto)).expect("fits").bytes;
        TableView::open(&bytes).expect("a table").header().table_hash.get()
    };
    assert_eq!(hash(&[("Square", 9)]), hash(&[]));
}

/// What the bytes answer, by symbols.
fn answers(bytes: &[u8], arity: u32, types: u32) -> Vec<Result<String, Outcome>> {
    let view = TableView::open(bytes).expect("a table");
    let side = types + 1;
    let local = |number: u32| if number == types { LocalType::OTHER } else { LocalType(number) };
    let tuple =
        |at: u32| (0..arity).map(|position| local(at / side.pow(position) % side)).collect::<Vec<_>>();
    (0..side.pow(arity))
        .map(|at| match view.dispatch(&tuple(at)).expect("well formed") {
            Outcome::Method(entry) => Ok(view.entry(entry).expect("readable").implementation.to_owned()),
            other => Err(other),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_profile_changes_an_answer_of_any_optimizer(
        world in ruled_worlds(8, 7, 3),
        counts in prop::collection::vec(prop_oneof![Just(0), 0_u64..4, Just(u64::MAX)], 7),
    ) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        let (arity, types) = (u32::from(table.arity), table.types.len() as u32);
        let symbols = table.entries.iter().map(|entry| entry.implementation.as_str());
        let calls: Vec<(&str, u64)> = symbols.zip(counts).collect();
        let choices = Optimization::ALL.map(OptimizerChoice::Force);
        for optimizer in choices.into_iter().chain([OptimizerChoice::Auto]) {
            let plain = compile(&table, &options(&table, &[], optimizer)).expect("fits");
            let profiled = compile(&table, &options(&table, &calls, optimizer)).expect("fits");
            prop_assert_eq!(verify(&profiled.bytes), Ok(()));
            prop_assert_eq!(profiled.optimization, plain.optimization);
            prop_assert_eq!(answers(&profiled.bytes, arity, types), answers(&plain.bytes, arity, types));
            let mut counted = entries(&profiled.bytes);
            counted.retain(|(_, calls)| *calls > 0);
            let called = calls.iter().filter(|(_, calls)| *calls > 0).count();
            prop_assert_eq!(counted.len(), called, "each count stands beside its method");
            for (symbol, found) in counted {
                let expected = calls.iter().find(|(name, _)| *name == symbol).map(|(_, calls)| *calls);
                prop_assert_eq!(Some(u64::from(found)), expected.map(|calls| calls.min(u64::from(u32::MAX))));
            }
        }
    }
}
