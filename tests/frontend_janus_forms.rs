//! Every form of declaration that Janus sources use is read.

mod janus_kit;

use janus_cache::build::facts::Facts;
use janus_kit::{Project, any, functions, good, is_below, problems, supers, symbols, types};

fn one_function(text: &str) -> Facts {
    let facts = good(text);
    assert_eq!(facts.functions.len(), 1, "{text}");
    facts
}

#[test]
fn a_function_may_have_any_kind_of_body() {
    for text in [
        "func f(a: int) -> int { return a; }",
        "func f(a: int) -> int { a }",
        "func f(a: int) -> int do a end",
        "func f(a: int) -> int do\n  if a do\n    return a\n  end\n  a\nend",
        "fn f(a: int) int { a }",
        "fn f(a: int) { }",
        "func f(a: int) do end",
    ] {
        let facts = one_function(text);
        assert_eq!(symbols(&facts), ["m::f(int)"], "{text}");
        assert!(facts.functions[0].body_hash.is_some(), "{text}");
    }
}

#[test]
fn prefixes_may_stack() {
    for prefix in
        ["pub", "export", "async", "inline", "comptime", "pub async", "pub export inline", "pub(package)"]
    {
        let facts = one_function(&format!("{prefix} func f(a: int) {{ }}"));
        assert_eq!(symbols(&facts), ["m::f(int)"], "{prefix}");
    }
}

#[test]
fn an_external_function_is_a_method_without_a_body() {
    for text in [
        "extern func f(a: int) -> int",
        "extern func f(a: int) -> int;",
        "pub extern \"c\" fn f(a: int) int;",
    ] {
        let facts = one_function(text);
        assert_eq!(symbols(&facts), ["m::f(int)"], "{text}");
        assert_eq!(facts.functions[0].body_hash, None, "{text}");
    }
}

#[test]
fn a_function_of_a_trait_without_a_body_is_no_method() {
    let facts = good("trait T { func f(self) -> int; func g(&self) -> int { 1 } }");
    assert_eq!(functions(&facts), ["m::T.f", "m::T.g"]);
    assert_eq!(symbols(&facts), ["m::T.g(m::T)"]);
    assert_eq!(facts.functions[0].body_hash, None);
}

#[test]
fn a_function_may_be_named_after_its_type() {
    let facts =
        good("struct Out { n: int }\nfunc Out.add(self: *Out, n: int) { }\nfunc Out.new() -> Out { }");
    assert_eq!(symbols(&facts), ["m::Out.add(m::Out, int)", "m::Out.new()"]);
}

#[test]
fn type_parameters_may_stand_in_any_brackets() {
    for text in ["func f<T: B>(a: T) { }", "func f[T: B](a: T) { }", "func f<T>(a: T) where T: B { }"] {
        let facts = good(&format!("trait B {{ }}\n{text}"));
        assert_eq!(symbols(&facts), ["m::f(m::B)"], "{text}");
    }
    assert_eq!(symbols(&good("func f[T](a: T) { }")), ["m::f(any)"]);
    assert_eq!(symbols(&good("func f(comptime T: type, a: T) { }")), ["m::f(type, any)"]);
}

#[test]
fn every_form_of_return_type_is_read() {
    for returns in [
        "-> int",
        "",
        "int",
        "!int",
        "-> int ! E",
        "-> !void",
        "-> Result<int, E>",
        "-> Result[int, E]",
        "-> ?int",
        "-> int?",
        "-> E!int",
        "-> (int, int)",
        "-> []const u8",
        "-> func(int) -> bool",
    ] {
        let facts = one_function(&format!("func f(a: int) {returns} {{ }}"));
        assert_eq!(symbols(&facts), ["m::f(int)"], "{returns}");
    }
}

#[test]
fn every_form_of_parameter_type_has_a_canonical_name() {
    for (written, canonical) in [
        ("int", "int"),
        ("any", "any"),
        ("*T", "*m::T"),
        ("*const T", "*const m::T"),
        ("&T", "&m::T"),
        ("&mut T", "&mut m::T"),
        ("&[T]", "&[]m::T"),
        ("[]T", "[]m::T"),
        ("[]const u8", "[]const u8"),
        ("[T; 3]", "[m::T; 3]"),
        ("[3]T", "[m::T; 3]"),
        ("(T, int)", "(m::T, int)"),
        ("Option<T>", "m::Option<m::T>"),
        ("Option[T]", "m::Option<m::T>"),
        ("func(T) -> int", "func(m::T) -> int"),
        ("?T", "?m::T"),
        ("T?", "?m::T"),
        ("int | T", "int | m::T"),
        ("T | int | T", "int | m::T"),
        ("0", "0"),
        ("\"x\"", "\"x\""),
        ("true", "true"),
        ("a.b.C", "m::a.b.C"),
        ("a::b::C", "m::a.b.C"),
    ] {
        let facts = good(&format!("struct T {{ }}\nfunc f(a: {written}) {{ }}"));
        assert_eq!(facts.methods[0].params, [canonical], "{written}");
    }
}

#[test]
fn every_form_of_self_is_the_type_around() {
    for (form, count) in [
        ("self", 1),
        ("&self", 1),
        ("&mut self", 1),
        ("mut self", 1),
        ("self: *Self", 1),
        ("self, other: Self", 2),
    ] {
        let facts = good(&format!("struct S {{ }}\nimpl S {{ func f({form}) {{ }} }}"));
        assert_eq!(facts.methods[0].params, vec!["m::S"; count], "{form}");
    }
}

#[test]
fn a_parameter_without_a_type_takes_anything() {
    assert_eq!(symbols(&good("func f(a, b: int) { }")), ["m::f(any, int)"]);
    assert_eq!(symbols(&good("func f(a: int = g(1, 2), b: int = 3) { }")), ["m::f(int, int)"]);
}

#[test]
fn structs_enums_unions_and_errors_are_types() {
    let facts = good(
        "struct A { a: int, b: []A }\nstruct B;\nenum C { X, Y(int), Z { q: int } }\nunion D { i: int, f: float }\n\
         error E { Lost, Late }\nconst F = struct { a: int };\npub const G = enum { P, Q };\nstruct V<T> { t: T }\nstruct P(int, int);",
    );
    let all = types(&facts);
    for name in ["m::A", "m::B", "m::C", "m::D", "m::E", "m::F", "m::G", "m::V", "m::P"] {
        assert!(all.contains_key(name), "{name}");
    }
    for name in ["m::C.X", "m::C.Y", "m::C.Z"] {
        assert_eq!(supers(&facts, name), ["m::C"]);
    }
    assert_eq!(supers(&facts, "m::E.Late"), ["m::E"]);
    assert_eq!(supers(&facts, "m::G.Q"), ["m::G"]);
}

#[test]
fn functions_may_stand_inside_types() {
    let facts = good(
        "const S = struct {\n  a: int,\n  pub func get(self) -> int { self.a }\n  b: int,\n};\nenum E { A, B; func n(self) -> int { 1 } }",
    );
    assert_eq!(symbols(&facts), ["m::E.n(m::E)", "m::S.get(m::S)"]);
    assert_eq!(supers(&facts, "m::E.B"), ["m::E"]);
}

#[test]
fn a_sum_is_above_its_alternatives_and_declares_those_that_nothing_else_declares() {
    let facts = good("type Shape = Circle | Square{ side: int } | Dot\ntype Circle = { r: float }");
    for name in ["m::Circle", "m::Square", "m::Dot"] {
        assert_eq!(supers(&facts, name), ["m::Shape"], "{name}");
    }
    let place = |name: &str| {
        let found = facts.types.iter().find(|ty| ty.name == name).and_then(|ty| ty.place.as_ref());
        found.map(|place| (place.line, place.column))
    };
    assert_eq!(place("m::Circle"), Some((3, 6)));
    assert_eq!(place("m::Square"), Some((2, 23)));
    assert_eq!(place("m::Dot"), Some((2, 45)));
}

#[test]
fn an_alternative_with_fields_is_a_type_of_its_own_and_one_without_may_be_imported() {
    let facts = Project::new()
        .file("a.jan", "module a;\ntype S = Full{ n: int } | Bare")
        .file("b.jan", "module b;\nimport a.{Full, Bare}\ntype T = Full{ n: int } | Bare")
        .file("c.jan", "module c;\nimport a;\nfunc f(x: Full, y: Bare) { }")
        .read();
    assert_eq!(supers(&facts, "a::Bare"), ["a::S", "b::T"]);
    assert_eq!(supers(&facts, "a::Full"), ["a::S"]);
    assert_eq!(supers(&facts, "b::Full"), ["b::T"]);
    assert_eq!(symbols(&facts), ["c::f(a::Full, a::Bare)"]);
}

#[test]
fn sealed_and_open_are_kept() {
    let facts = good("type sealed S = A | B\ntype open O = C | D\ntype N = E | F\nenum X { Y }");
    let sealed: Vec<&str> = facts.types.iter().filter(|ty| ty.sealed).map(|ty| ty.name.as_str()).collect();
    assert_eq!(sealed, ["m::S", "m::X"]);
}

#[test]
fn what_has_values_of_its_own_is_not_sealed_whatever_is_written() {
    let facts = good(
        "type sealed R = { a: int }\ntype sealed B { a: int }\ntype sealed I = R & { b: int }\ntype sealed V<T> = struct { v: T }\ntype sealed O;\ntype sealed S<T> = T | B\nfunc f(a: R, b: B, i: I, v: V<int>, o: O) { }",
    );
    let sealed: Vec<&str> = facts.types.iter().filter(|ty| ty.sealed).map(|ty| ty.name.as_str()).collect();
    assert_eq!(sealed, ["m::S"]);
}

#[test]
fn all_other_forms_of_type_are_read() {
    let facts = good(
        "type R = { a: int }\ntype A = int\ntype O;\ntype B { a: int }\ntype L[T] { items: []T }\ntype I = R & { b: int }\nfunc f(a: A, r: R, o: O, b: B, l: L[int], i: I) { }",
    );
    assert_eq!(facts.methods[0].params, ["int", "m::R", "m::O", "m::B", "m::L<int>", "m::I"]);
    assert_eq!(supers(&facts, "m::I"), ["m::R"]);
    assert_eq!(supers(&facts, "m::L<int>"), ["m::L"]);
}

#[test]
fn an_impl_of_a_trait_puts_the_type_below_the_trait() {
    let facts = good(
        "trait FS { }\ntrait Iter<T> { }\nstruct Mem { }\nstruct Range { }\nimpl FS for Mem { func f(self) { } }\nimpl Iter<int> for Range { }\nimpl Mem { func g(self) { } }\ntrait Big: FS + Iter<int> { }",
    );
    assert_eq!(supers(&facts, "m::Mem"), ["m::FS"]);
    assert!(is_below(&facts, "m::Range", "m::Iter"));
    assert_eq!(supers(&facts, "m::Big"), ["m::FS", "m::Iter<int>"]);
    assert_eq!(symbols(&facts), ["m::Mem.f(m::Mem)", "m::Mem.g(m::Mem)"]);
}

#[test]
fn generic_impls_hold_for_the_bare_type() {
    let facts = good(
        "trait T { }\nstruct Vec<A> { }\nstruct Map[K, V] { }\nimpl<A> Vec<A> { func f(self, a: A) { } }\nimpl[K, V] T for Map[K, V] { func g(self, k: K) { } }",
    );
    assert_eq!(symbols(&facts), ["m::Map.g(m::Map, any)", "m::Vec.f(m::Vec, any)"]);
    assert_eq!(supers(&facts, "m::Map"), ["m::T"]);
}

#[test]
fn a_generic_impl_holds_for_the_bare_type_whatever_bounds_its_parameters_have() {
    let facts =
        good("trait T { }\ntrait B { }\nstruct H<A> { }\nimpl<A: B> T for H<A> { func f(self, a: A) { } }");
    assert_eq!(symbols(&facts), ["m::H.f(m::H, m::B)"]);
    assert_eq!(supers(&facts, "m::H"), ["m::T"]);
}

#[test]
fn blocks_are_modules_inside_the_file_s() {
    let facts = good(
        "module inner { type T = { a: int }\n func f(t: T) { } }\nnamespace deep { module er { func f() { } } }\nfunc f(t: inner.T) { }",
    );
    assert_eq!(symbols(&facts), ["m.deep.er::f()", "m.inner::f(m.inner::T)", "m::f(m.inner::T)"]);
}

#[test]
fn directives_may_stand_before_and_after_a_signature() {
    for text in [
        "{.dispatch: dynamic.}\nfunc f(a: int) { }",
        "func f(a: int) {.dispatch: dynamic.} { }",
        "func f(a: int) -> int {.effects: \"pure\".} {.dispatch: dynamic.} { }",
        "{.effects: \"pure\".}\npub func f(a: int) {.dispatch: dynamic.} do end",
    ] {
        let facts = good(text);
        assert!(facts.methods[0].dynamic, "{text}");
    }
    assert!(!good("{.effects: \"pure\".}\nfunc f(a: int) { }").methods[0].dynamic);
}

#[test]
fn keywords_in_text_and_comments_are_no_code() {
    let facts = good(
        "// func a() {\n/* func b() { */\nconst T = \"func c() {\"; const R = r#\"\nfunc d() { \"#;\nconst L =\n  \\\\func e() {\n  ;\nconst C = '{';\nfunc f() { g(\"}\"); /* } */ }\nfunc z() { }",
    );
    assert_eq!(functions(&facts), ["m::f", "m::z"]);
}

#[test]
fn builtin_calls_and_attributes_declare_nothing() {
    let facts = good("@inline(always)\nfunc f(a: int) { @panic(\"x\"); }\n#[test]\nfunc g() { }");
    assert_eq!(functions(&facts), ["m::f", "m::g"]);
}

#[test]
fn a_function_inside_a_body_is_part_of_that_body() {
    assert_eq!(functions(&good("func f() { func g() { } }\nfunc h() { }")), ["m::f", "m::h"]);
}

#[test]
fn a_forward_declaration_gives_way_to_the_real_one() {
    let facts = good("struct S;\nstruct S { a: int }");
    assert_eq!(facts.types[0].place.as_ref().map(|place| place.line), Some(3));
    assert_eq!(problems(&any("struct S { a: int }\nstruct S { b: int }")), ["duplicate-type m.jan:3:8"]);
}
