//! What a table's header says about its size is what its bytes and its types say.

mod support;

use janus_cache::dispatch::{
    CompileOptions, Family, Method, OptimizerChoice, TypeDecl, TypeGraph, compile, restrict,
};
use janus_cache::format::{LogicalTable, Optimization, TableView, baseline_bytes};
use proptest::prelude::*;
use support::worlds;

/// What both fields must be, from the definition alone: a dense matrix has two bytes for each tuple of the
/// table's types and "everything else".
fn expected(table: &LogicalTable, total_len: u64) -> (u32, u64) {
    let mut baseline: u128 = 2;
    for _ in 0..table.arity {
        baseline = (baseline * (table.types.len() as u128 + 1)).min(u128::from(u64::MAX));
    }
    assert_eq!(u128::from(baseline_bytes(table)), baseline);
    let total_len = u128::from(total_len);
    let (whole, rest) = (total_len * 1_000_000 / baseline, total_len * 1_000_000 % baseline);
    let ratio = (whole + u128::from(rest > 0)).min(u128::from(u32::MAX));
    let saved = baseline.saturating_sub(total_len);
    (ratio as u32, saved as u64)
}

/// Both fields as the bytes have them, with the bytes' length.
fn found(table: &LogicalTable, optimizer: OptimizerChoice) -> ((u32, u64), u64) {
    let options = CompileOptions { optimizer, ..CompileOptions::default() };
    let bytes = compile(table, &options).expect("fits").bytes;
    let view = TableView::open(&bytes).expect("well formed");
    let header = view.header();
    assert_eq!(header.total_len.get(), bytes.len() as u64);
    ((header.compression_ratio_ppm.get(), header.memory_saved.get()), bytes.len() as u64)
}

/// A family over a root and `leaves` types below it, a method for each of the first `methods` tuples of
/// equal leaves.
fn tree(leaves: usize, methods: usize, arity: u8) -> LogicalTable {
    let name = |leaf: usize| format!("m::Leaf{leaf:03}");
    let mut types = vec![TypeDecl::new("m::Root", &[])];
    types.extend((0..leaves).map(|leaf| TypeDecl::new(&name(leaf), &["m::Root"])));
    let row = |type_name: &str| vec![type_name.to_owned(); usize::from(arity)];
    let method = |params: Vec<String>| {
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        Method::new(&params, &params.join(","), "m")
    };
    let mut all = vec![method(row("m::Root"))];
    all.extend((0..methods).map(|leaf| method(row(&name(leaf)))));
    let graph = TypeGraph::new(types).expect("acyclic");
    restrict(&graph, &Family::new("m::f", arity, all)).expect("a family")
}

#[test]
fn a_table_smaller_than_a_matrix_says_how_many_bytes_it_saves() {
    for optimizer in [Optimization::Linear, Optimization::DecisionDag].map(OptimizerChoice::Force) {
        let table = tree(60, 10, 3);
        let ((ratio, saved), total_len) = found(&table, optimizer);
        // 62 types with "everything else": a matrix of 62³ cells.
        assert_eq!(saved, 2 * 62 * 62 * 62 - total_len);
        assert!(ratio < 1_000_000, "{ratio}");
        assert_eq!((ratio, saved), expected(&table, total_len));
    }
}

#[test]
fn a_table_larger_than_a_matrix_saves_nothing_and_its_ratio_is_above_one() {
    let table = tree(4, 4, 1);
    let ((ratio, saved), total_len) = found(&table, OptimizerChoice::Auto);
    // 6 types with "everything else": a matrix of 6 cells; the division leaves a remainder.
    assert_eq!(saved, 0);
    assert_eq!(ratio, u32::try_from((total_len * 1_000_000).div_ceil(12)).expect("small"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_values_follow_from_length_and_types(world in worlds(9, 7, 3)) {
        let table = restrict(&world.graph(), &world.family).expect("a family");
        let forced = Optimization::ALL.map(OptimizerChoice::Force);
        for optimizer in [OptimizerChoice::Auto].into_iter().chain(forced) {
            let (found, total_len) = found(&table, optimizer);
            prop_assert_eq!(found, expected(&table, total_len));
        }
    }
}
