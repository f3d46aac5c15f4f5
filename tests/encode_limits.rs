//! What the writer of tables refuses, because the format could not hold it.

use janus_cache::format::layout::MAX_PARAMS;
use janus_cache::format::{
    EncodeError, LogicalEntry, LogicalTable, LogicalType, ParamRef, Rule, Strategy, TablePlan,
    baseline_bytes, encode,
};

fn one_type(name: &str) -> LogicalTable {
    LogicalTable {
        name: "m::f".to_owned(),
        arity: 1,
        rule: Rule::Symmetric,
        types: vec![LogicalType { name: name.to_owned(), sealed: false, above: vec![0] }],
        params: vec![0],
        entries: vec![LogicalEntry {
            pattern: vec![ParamRef(1)],
            implementation: "f".to_owned(),
            module: "m".to_owned(),
            default: false,
        }],
    }
}

fn plan() -> TablePlan {
    TablePlan {
        order: vec![0],
        specificity: vec![0],
        strategy: Strategy::Single,
        may_be_ambiguous: false,
        creation_timestamp: 0,
    }
}

#[test]
fn names_with_control_characters_have_no_bytes() {
    for name in ["m::A\tB", "m::A\n", "m::\u{85}"] {
        let expected = EncodeError::ControlCharacter { name: name.to_owned() };
        assert_eq!(encode(&one_type(name), &plan()), Err(expected.clone()));
        let family = LogicalTable { name: name.to_owned(), ..one_type("m::A") };
        assert_eq!(encode(&family, &plan()), Err(expected));
    }
}

#[test]
fn more_parameters_than_references_can_tell_apart_have_no_bytes() {
    let table = LogicalTable { params: (0..=MAX_PARAMS as u32).collect(), ..one_type("m::A") };
    let (found, limit) = (MAX_PARAMS as u64 + 1, MAX_PARAMS as u64);
    assert_eq!(encode(&table, &plan()), Err(EncodeError::TooMany { what: "parameter types", found, limit }));
}

#[test]
fn the_baseline_is_a_dense_matrix_and_stops_at_64_bits() {
    let table = one_type("m::A");
    assert_eq!(baseline_bytes(&LogicalTable { arity: 0, ..table.clone() }), 2);
    assert_eq!(baseline_bytes(&LogicalTable { arity: 3, ..table.clone() }), 2 * 8);
    assert_eq!(baseline_bytes(&LogicalTable { arity: 63, ..table.clone() }), u64::MAX);
}
