//! Who is below whom among constructed types, and what happens to circles.

mod janus_kit;

use std::fmt::Write as _;

use janus_kit::{any, good, is_below, problems, supers, symbols, types};

const SHAPES: &str = "type Shape = Circle | Square\ntype Round = Circle | Ball\ntype All = Shape | Round\n";

#[test]
fn references_follow_what_they_refer_to() {
    for mark in ["&", "&mut ", "*", "*const "] {
        let facts = good(&format!(
            "{SHAPES}func f(a: {mark}Circle, b: {mark}All, c: {mark}any) {{ }}\nfunc f(a: {mark}Shape) {{ }}"
        ));
        let name = |ty: &str| format!("{mark}{ty}");
        assert!(is_below(&facts, &name("m::Circle"), &name("m::Shape")), "{mark}");
        assert_eq!(supers(&facts, &name("m::Shape")), [name("m::All")], "{mark}");
        assert_eq!(supers(&facts, &name("m::All")), [name("any")], "{mark}");
        assert!(!is_below(&facts, &name("m::Shape"), &name("m::Circle")), "{mark}");
    }
}

#[test]
fn every_reference_is_below_the_reference_to_anything() {
    let facts = good("struct A { }\nfunc f(a: &A, b: &any) { }");
    assert_eq!(supers(&facts, "&m::A"), ["&any"]);
}

#[test]
fn references_of_different_kinds_are_not_related() {
    let facts = good(&format!("{SHAPES}func f(a: &Circle, b: *Shape, c: &mut Shape) {{ }}"));
    assert_eq!(supers(&facts, "&m::Circle"), [""; 0]);
}

#[test]
fn references_to_references_and_to_unions_follow_too() {
    let facts =
        good(&format!("{SHAPES}func f(a: &&Circle, b: &&Shape, c: &(Circle | Square), d: &Shape) {{ }}"));
    assert!(is_below(&facts, "&&m::Circle", "&&m::Shape"));
    assert!(is_below(&facts, "&(m::Circle | m::Square)", "&m::Shape"));
    assert!(is_below(&facts, "&m::Circle", "&(m::Circle | m::Square)"));
}

#[test]
fn slices_options_and_arrays_are_related_to_nothing() {
    let facts = good(&format!(
        "{SHAPES}func f(a: []Circle, b: []Shape, c: ?Circle, d: ?Shape, e: [Circle; 2], g: [Shape; 2]) {{ }}"
    ));
    for name in ["[]m::Circle", "?m::Circle", "[m::Circle; 2]"] {
        assert_eq!(supers(&facts, name), [""; 0], "{name}");
    }
}

#[test]
fn an_applied_type_is_below_the_bare_one() {
    let facts = good(
        "trait T { }\nstruct Vec<A> { }\nimpl<A> T for Vec<A> { }\nimpl T for Box<int> { }\nfunc f(a: Vec<int>, b: Vec<Vec<int>>, c: Box<int>, d: Box<bool>) { }",
    );
    assert_eq!(supers(&facts, "m::Vec<int>"), ["m::Vec"]);
    assert!(is_below(&facts, "m::Vec<m::Vec<int>>", "m::T"));
    assert_eq!(supers(&facts, "m::Box<int>"), ["m::Box", "m::T"]);
    assert_eq!(supers(&facts, "m::Box<bool>"), ["m::Box"]);
}

#[test]
fn a_union_is_above_its_alternatives_and_below_what_they_share() {
    let facts = good(&format!(
        "{SHAPES}func f(a: Square | Circle) {{ }}\nfunc f(a: Square | Ball) {{ }}\nfunc f(a: Ball | Circle | Square) {{ }}"
    ));
    let names: Vec<&str> = facts.methods.iter().map(|method| method.params[0].as_str()).collect();
    assert_eq!(names, ["m::Circle | m::Square", "m::Ball | m::Square", "m::Ball | m::Circle | m::Square"]);
    for name in ["m::Circle", "m::Square"] {
        assert!(is_below(&facts, name, "m::Circle | m::Square"), "{name}");
    }
    assert!(is_below(&facts, "m::Circle | m::Square", "m::Shape"));
    assert!(is_below(&facts, "m::Circle | m::Square", "m::Ball | m::Circle | m::Square"));
    assert!(!is_below(&facts, "m::Ball | m::Square", "m::Shape"));
    assert!(is_below(&facts, "m::Ball | m::Square", "m::All"));
}

#[test]
fn unions_that_cover_each_other_make_no_circle() {
    let facts = good(
        "type E = C | Q\nstruct Q { }\nfunc f(a: E | B) { }\nfunc f(a: E | B | Q) { }\nfunc f(a: C | Q) { }",
    );
    assert!(!is_below(&facts, "m::B | m::E | m::Q", "m::B | m::E"));
    assert!(!is_below(&facts, "m::B | m::E", "m::B | m::E | m::Q"));
    assert!(is_below(&facts, "m::Q", "m::B | m::E"));
    assert!(is_below(&facts, "m::C | m::Q", "m::B | m::E"));
    janus_cache::build::Registry::from_facts(&facts).expect("an acyclic graph");
}

#[test]
fn a_literal_is_below_the_type_of_its_kind() {
    let facts = good("func f(a: 0, b: -1, c: \"x\", d: 1.5, e: true, g: 'c') { }");
    for (literal, kind) in [
        ("0", "int"),
        ("-1", "int"),
        ("\"x\"", "string"),
        ("1.5", "float"),
        ("true", "bool"),
        ("'c'", "char"),
    ] {
        assert_eq!(supers(&facts, literal), [kind]);
    }
}

#[test]
fn an_intersection_is_below_its_operands() {
    let facts = good("trait A { }\ntrait B { }\nfunc f(x: B & A) { }\nfunc f(x: A & { n: int }) { }");
    assert_eq!(supers(&facts, "m::A & m::B"), ["m::A", "m::B"]);
    assert_eq!(symbols(&facts), ["m::f(m::A & m::B)", "m::f(m::A)"]);
}

#[test]
fn only_types_that_are_mentioned_exist() {
    let facts = good(&format!("{SHAPES}struct Vec<T> {{ }}\nfunc f(a: &Circle) {{ }}"));
    let names: Vec<&str> = types(&facts).into_keys().collect();
    assert_eq!(
        names,
        ["&m::Circle", "m::All", "m::Ball", "m::Circle", "m::Round", "m::Shape", "m::Square", "m::Vec"]
    );
}

#[test]
fn a_circle_of_supertypes_is_an_error_and_the_rest_stays() {
    let facts = any(
        "type A = B | X\ntype B = C\ntype D = E | Y\ntype E = D | Z\ntrait T: U { }\ntrait U: T { }\ntype S = S | P\ntype C = int",
    );
    assert_eq!(
        problems(&facts),
        ["cyclic-supertypes m.jan:4:10", "cyclic-supertypes m.jan:7:7", "cyclic-supertypes m.jan:8:10"]
    );
    assert!(
        facts.diagnostics[0].message.contains("m::D below m::E below m::D"),
        "{}",
        facts.diagnostics[0].message
    );
    assert_eq!(supers(&facts, "m::P"), ["m::S"]);
    assert!(is_below(&facts, "m::Y", "m::E"));
    janus_cache::build::Registry::from_facts(&facts).expect("an acyclic graph");
}

#[test]
fn a_name_that_grows_without_end_is_cut() {
    let mut text = String::from("struct P<A, B> { }\ntype A0 = int\n");
    for n in 1..200 {
        writeln!(text, "type A{n} = P<A{0}, A{0}>", n - 1).expect("text grows");
    }
    let facts = good(&format!("{text}func f(a: A198, b: A199) {{ }}"));
    assert_ne!(facts.methods[0].params[0], facts.methods[0].params[1]);
    assert!(facts.types.iter().all(|ty| ty.name.len() <= 512));
}

#[test]
fn a_chain_of_a_hundred_thousand_aliases_is_followed() {
    let mut text = String::from("type A0 = int\n");
    for n in 1..100_000 {
        writeln!(text, "type A{n} = A{}", n - 1).expect("text grows");
    }
    assert_eq!(symbols(&good(&format!("{text}func f(a: A99999) {{ }}"))), ["m::f(int)"]);
}
