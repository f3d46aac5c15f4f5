//! What `verify` finds in tables that a faulty writer made: their checksums are right, they open, and
//! they say something wrong.

#[path = "support/seal.rs"]
mod seal;

use janus_cache::format::{
    AccessError, LogicalEntry, LogicalRule, LogicalTable, LogicalType, ParamRef, PositionClasses, Strategy,
    TablePlan, TableView, VerifyError, encode, verify,
};
use seal::{TABLES, put, reseal, section_at};

fn named(name: &str, above: &[u16]) -> LogicalType {
    LogicalType { name: name.into(), sealed: false, above: above.into() }
}

fn method(symbol: &str, pattern: &[u16]) -> LogicalEntry {
    LogicalEntry {
        pattern: pattern.iter().map(|param| ParamRef(*param)).collect(),
        implementation: symbol.to_owned(),
        module: "m".to_owned(),
        default: false,
    }
}

/// `A`, `B` under `A`; a method for each. Both are parameters.
fn chain() -> LogicalTable {
    LogicalTable {
        name: "m::f".to_owned(),
        arity: 1,
        rule: LogicalRule::Symmetric,
        types: vec![named("A", &[0]), named("B", &[0, 1])],
        params: vec![0, 1],
        entries: vec![method("a", &[1]), method("b", &[2])],
    }
}

/// The right plan for [`chain`]: `b` is more specific than `a`.
fn plan() -> TablePlan {
    TablePlan {
        left_out: Vec::new(),
        order: vec![1, 0],
        specificity: vec![1, 0],
        call_frequency: Vec::new(),
        strategy: Strategy::Linear,
        may_be_ambiguous: false,
        creation_timestamp: 0,
    }
}

fn dag(nodes: &[u32]) -> TablePlan {
    let classes = vec![PositionClasses { class_count: 3, class_of: vec![1, 2] }];
    TablePlan { strategy: Strategy::DecisionDag { classes, nodes: nodes.to_vec() }, ..plan() }
}

const NO_METHOD: u32 = 0x8000_0000;
const AMBIGUOUS: u32 = 0x8000_0001;
const ENTRY_0: u32 = 0x8000_0002;
const ENTRY_1: u32 = 0x8000_0003;
/// Position 0, three classes.
const HEAD: u32 = 3 << 8;

fn found(table: &LogicalTable, plan: &TablePlan) -> String {
    found_in(&encode(table, plan).expect("it fits the format"))
}

fn found_in(bytes: &[u8]) -> String {
    TableView::open(bytes).expect("it opens: only the deep proof can tell");
    verify(bytes).expect_err("the deep proof finds it").to_string()
}

/// The table of [`chain`] with other bytes at `at` of section `tag`: our writer would not write them.
fn changed(tag: &str, at: usize, other: &[u8]) -> Vec<u8> {
    let mut bytes = encode(&chain(), &plan()).expect("it fits the format");
    let at = section_at(&bytes, TABLES, tag) + at;
    bytes[at..at + other.len()].copy_from_slice(other);
    reseal(&mut bytes, TABLES);
    bytes
}

#[test]
fn the_tables_that_the_others_are_made_from_are_right() {
    for plan in [plan(), dag(&[1, HEAD, NO_METHOD, ENTRY_1, ENTRY_0])] {
        assert_eq!(verify(&encode(&chain(), &plan).expect("fits")), Ok(()));
    }
}

#[test]
fn entries_whose_order_hides_the_more_specific_one_are_found() {
    let wrong = TablePlan { order: vec![0, 1], specificity: vec![0, 0], may_be_ambiguous: true, ..plan() };
    assert_eq!(found(&chain(), &wrong), "entry 0 has specificity 0, its pattern (A) has 1");
}

#[test]
fn falling_specificities_are_found() {
    let wrong = TablePlan { order: vec![0, 1], ..plan() };
    assert_eq!(found(&chain(), &wrong), "section ENTR: row 1 is not behind row 0 in its order");
}

#[test]
fn equally_specific_entries_out_of_canonical_order_are_found() {
    let mut table = chain();
    table.types = vec![named("A", &[0]), named("B", &[1])];
    let wrong = TablePlan { specificity: vec![0, 0], ..plan() };
    assert_eq!(found(&table, &wrong), "section ENTR: row 1 is not behind row 0 in its order");
}

#[test]
fn two_entries_of_one_pattern_are_found() {
    let mut table = chain();
    table.entries[1].pattern = vec![ParamRef(1)];
    assert_eq!(found(&table, &plan()), "two entries have the pattern (A)");
}

#[test]
fn a_single_table_of_two_entries_is_found() {
    let wrong = TablePlan { strategy: Strategy::Single, ..plan() };
    assert_eq!(found(&chain(), &wrong), "the optimization is single, but there are 2 entries");
}

#[test]
fn types_out_of_name_order_are_found() {
    let mut table = chain();
    table.types[0].name = "C".into();
    assert_eq!(found(&table, &plan()), "section TYPE: row 1 is not behind row 0 in its order");
}

#[test]
fn parameters_out_of_order_are_found() {
    let mut table = chain();
    table.params = vec![1, 0];
    table.types = vec![named("A", &[0, 1]), named("B", &[0, 1])];
    assert_eq!(found(&table, &plan()), "section PARM: row 1 is not behind row 0 in its order");
}

#[test]
fn a_parameter_that_is_not_above_itself_is_found() {
    let mut table = chain();
    table.types[1].above = [0].into();
    assert_eq!(found(&table, &plan()), "parameter 1 is not above itself");
}

#[test]
fn a_parameter_that_is_no_listed_type_is_found() {
    for (local, expected) in [
        (u32::MAX, "parameter 1 is no type of the table"),
        (7, "section TYPE: index 7 is outside its 2 elements"),
    ] {
        assert_eq!(found_in(&changed("PARM", 4, &local.to_le_bytes())), expected);
    }
}

#[test]
fn a_listed_type_under_no_parameter_is_found() {
    let mut table = chain();
    table.types.push(named("C", &[]));
    assert_eq!(found(&table, &plan()), "type C is under no parameter");
}

#[test]
fn relations_that_do_not_go_on_upwards_are_found() {
    let mut table = chain();
    table.types.push(named("C", &[1]));
    assert_eq!(found(&table, &plan()), "type C is under B, but not under A above it");
}

#[test]
fn types_under_each_other_are_found() {
    let mut table = chain();
    table.types[0].above = [0, 1].into();
    assert_eq!(found(&table, &plan()), "parameters A and B are under each other");
}

#[test]
fn a_parameter_reference_beyond_the_parameters_is_found() {
    let expected = VerifyError::Access(AccessError::OutOfBounds {
        tag: janus_cache::format::layout::PATT,
        index: 3,
        bound: 2,
    });
    assert_eq!(verify(&changed("PATT", 0, &3_u16.to_le_bytes())), Err(expected));
}

#[test]
fn equally_specific_entries_stand_by_falling_call_frequency() {
    let mut table = chain();
    table.types = vec![named("A", &[0]), named("B", &[1])];
    let right = TablePlan { order: vec![0, 1], specificity: vec![0, 0], ..plan() };
    let mut bytes = encode(&table, &right).expect("it fits the format");
    let second = section_at(&bytes, TABLES, "ENTR") + 20;
    put(&mut bytes, second + 12, 9);
    reseal(&mut bytes, TABLES);
    assert_eq!(found_in(&bytes), "section ENTR: row 1 is not behind row 0 in its order");
    let first = second - 20;
    put(&mut bytes, first + 12, 10);
    reseal(&mut bytes, TABLES);
    assert_eq!(verify(&bytes), Ok(()));
}

#[test]
fn a_wrong_leaf_is_found_with_its_tuple() {
    let expected = [
        (
            dag(&[1, HEAD, NO_METHOD, ENTRY_0, ENTRY_0]),
            "(A) is Method(EntryId(0)), the patterns say Method(EntryId(1))",
        ),
        (
            dag(&[1, HEAD, ENTRY_1, ENTRY_1, ENTRY_0]),
            "(any other type) is Method(EntryId(1)), the patterns say NoMethod",
        ),
        (
            dag(&[1, HEAD, NO_METHOD, ENTRY_1, AMBIGUOUS]),
            "(B) is Ambiguous, the patterns say Method(EntryId(0))",
        ),
    ];
    for (plan, expected) in expected {
        assert_eq!(found(&chain(), &plan), format!("the answer for {expected}"));
    }
}

#[test]
fn walks_that_leave_the_nodes_or_go_backwards_are_errors() {
    let cases = [
        (vec![0], "section DDAG: node 0 follows node 0, but children come after their parents"),
        (
            vec![1, HEAD, 1, 1, 1],
            "section DDAG: node 1 follows node 1, but children come after their parents",
        ),
        (vec![9], "section DDAG: index 9 is outside its 1 elements"),
        (vec![1, HEAD, NO_METHOD], "section DDAG: index 3 is outside its 3 elements"),
        (vec![1, 2 << 8, NO_METHOD, ENTRY_1], "section DDAG: index 2 is outside its 2 elements"),
        (vec![1, HEAD | 1, NO_METHOD, ENTRY_1, ENTRY_0], "section DDAG: index 1 is outside its 5 elements"),
        (vec![ENTRY_0 + 2], "section DDAG: index 2 is outside its 2 elements"),
        (vec![u32::MAX], "section DDAG: index 2147483645 is outside its 2 elements"),
    ];
    for (nodes, expected) in cases {
        assert_eq!(found(&chain(), &dag(&nodes)), expected, "{nodes:08x?}");
    }
}

#[test]
fn an_ambiguous_tuple_under_a_flag_that_denies_it_is_found() {
    let mut table = chain();
    table.types = vec![named("A", &[0]), named("B", &[1]), named("C", &[0, 1])];
    let right = TablePlan { order: vec![0, 1], specificity: vec![0, 0], may_be_ambiguous: true, ..plan() };
    assert_eq!(verify(&encode(&table, &right).expect("fits")), Ok(()));
    let wrong = TablePlan { may_be_ambiguous: false, ..right };
    assert_eq!(found(&table, &wrong), "a tuple is ambiguous, but the header says that none is");
}
