//! What the writer of tables refuses, because the format could not hold it.

use janus_cache::dispatch::{
    CompileOptions, Family, FamilyRule, Method, TypeDecl, TypeGraph, optimize, restrict,
};
use janus_cache::format::layout::MAX_PARAMS;
use janus_cache::format::{
    EncodeError, Encoder, LogicalEntry, LogicalRule, LogicalTable, LogicalType, ParamRef, PositionClasses,
    Strategy, TablePlan, baseline_bytes, encode,
};

fn one_type(name: &str) -> LogicalTable {
    LogicalTable {
        name: "m::f".to_owned(),
        arity: 1,
        rule: LogicalRule::Symmetric,
        types: vec![LogicalType { name: name.into(), sealed: false, above: [0].into() }],
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
        left_out: Vec::new(),
        order: vec![0],
        specificity: vec![0],
        call_frequency: Vec::new(),
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

#[test]
fn a_type_with_the_name_of_the_top_type_has_no_bytes() {
    assert_eq!(encode(&one_type("any"), &plan()), Err(EncodeError::ReservedName));
}

#[test]
fn a_table_and_a_plan_that_contradict_each_other_have_no_bytes() {
    let table = one_type("m::A");
    let dag = |class_count, class_of: &[u16], nodes: &[u32]| TablePlan {
        strategy: Strategy::DecisionDag {
            classes: vec![PositionClasses { class_count, class_of: class_of.to_vec() }],
            nodes: nodes.to_vec(),
        },
        ..plan()
    };
    let plans = [
        ("the order names no such method", TablePlan { order: vec![1], ..plan() }),
        ("the order names a method twice", TablePlan { order: vec![0, 0], ..plan() }),
        (
            "the order names a method neither among the entries nor left out",
            TablePlan { order: vec![], ..plan() },
        ),
        ("there is not one specificity for each method", TablePlan { specificity: vec![], ..plan() }),
        (
            "there is not one count of calls for each method",
            TablePlan { call_frequency: vec![1, 2], ..plan() },
        ),
        ("the decision DAG has no root", dag(2, &[1], &[])),
        ("a position has not one of its classes for each type", dag(2, &[], &[1 << 31])),
        ("a position has not one of its classes for each type", dag(2, &[2], &[1 << 31])),
    ];
    for (what, plan) in plans {
        assert_eq!(encode(&table, &plan), Err(EncodeError::Inconsistent(what)));
    }
    let no_classes = Strategy::DecisionDag { classes: vec![], nodes: vec![1 << 31] };
    let found = encode(&table, &TablePlan { strategy: no_classes, ..plan() });
    assert_eq!(found, Err(EncodeError::Inconsistent("there are not classes for each position")));

    let mut tables = [table.clone(), table.clone(), table.clone(), table];
    tables[0].types[0].above = [1].into();
    tables[1].params = vec![1];
    tables[2].entries[0].pattern = vec![];
    tables[3].entries[0].pattern = vec![ParamRef(2)];
    let whats = [
        "a type is under no such parameter",
        "a parameter is no such type",
        "a pattern has not a parameter for each position",
        "a pattern has not a parameter for each position",
    ];
    for (table, what) in tables.iter().zip(whats) {
        assert_eq!(encode(table, &plan()), Err(EncodeError::Inconsistent(what)));
    }
}

/// A family with so many methods of one position; symbols share a beginning, modules take turns.
fn family(methods: usize, rule: FamilyRule) -> (LogicalTable, TablePlan) {
    let name = |at: usize| format!("m::Type{at:03}");
    let upper = |at: &usize| at.checked_sub(1).map(|before| before / 2);
    let decls = (0..methods).map(|at| TypeDecl {
        name: name(at),
        supers: upper(&at).map(name).into_iter().collect(),
        precedence: std::iter::successors(Some(at), upper).map(name).collect(),
        ..TypeDecl::default()
    });
    let graph = TypeGraph::new(decls.collect::<Vec<_>>()).expect("a tree");
    let symbol = |at: usize| format!("f({})", name(at / 2));
    let module = |at: usize| ["m", "n", "m::Type000"][at % 3];
    let methods = (0..methods).map(|at| Method::new(&[&name(at)], &symbol(at), module(at)));
    let mut family = Family::new("m::f", 1, methods.collect());
    family.rule = rule;
    let table = restrict(&graph, &family).expect("a family");
    let plan = optimize(&table, &CompileOptions::default()).expect("a plan").plan;
    (table, plan)
}

#[test]
fn an_encoder_gives_the_bytes_of_encode_whatever_it_encoded_before() {
    let precedence = || FamilyRule::Precedence { argument_order: Vec::new() };
    let tables = [
        family(90, FamilyRule::Symmetric),
        family(3, precedence()),
        (one_type("m::A"), plan()),
        family(300, precedence()),
        (one_type("m::A\n"), plan()),
        (one_type("m::A"), TablePlan { order: vec![0, 0], ..plan() }),
        family(7, FamilyRule::Symmetric),
    ];
    let mut encoder = Encoder::default();
    for turn in 0..2 * tables.len() {
        let (table, plan) = &tables[turn * 3 % tables.len()];
        assert_eq!(encoder.encode(table, plan), encode(table, plan), "turn {turn}");
    }
}

#[test]
fn an_order_that_is_not_each_method_once_has_no_bytes() {
    let two = || {
        let mut table = one_type("m::A");
        table.entries.push(LogicalEntry { implementation: "g".to_owned(), ..table.entries[0].clone() });
        table
    };
    let cases: [(&[u32], &[u32], &str); 4] = [
        (&[0, 0], &[], "the order names a method twice"),
        (&[0, 1], &[1], "the order names a method twice"),
        (&[0, 2], &[], "the order names no such method"),
        (&[0], &[], "the order names a method neither among the entries nor left out"),
    ];
    for (order, left_out, why) in cases {
        let plan = TablePlan {
            order: order.to_vec(),
            left_out: left_out.to_vec(),
            specificity: vec![0; 2],
            strategy: Strategy::Linear,
            ..plan()
        };
        assert_eq!(encode(&two(), &plan), Err(EncodeError::Inconsistent(why)), "{order:?} {left_out:?}");
    }
}

#[test]
fn a_pattern_of_other_length_or_of_an_unknown_parameter_has_no_bytes() {
    for pattern in [vec![], vec![ParamRef(1); 2], vec![ParamRef(2)]] {
        let mut table = one_type("m::A");
        table.entries[0].pattern = pattern.clone();
        let why = "a pattern has not a parameter for each position";
        assert_eq!(encode(&table, &plan()), Err(EncodeError::Inconsistent(why)), "{pattern:?}");
    }
}
