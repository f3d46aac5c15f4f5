//! Who is who: names of types and families, one rule at a time.

mod janus_kit;

use janus_kit::{Project, any, functions, good, problems, supers, symbols, types};

#[test]
fn a_file_without_a_module_line_is_its_path() {
    let facts = Project::new()
        .file("src/game/shape.jan", "type Shape = Circle\nstruct S { }\nfunc f(s: S) { }")
        .file("tool.jan", "func f() { }")
        .read();
    assert_eq!(symbols(&facts), ["src/game/shape::f(src/game/shape::S)", "tool::f()"]);
    assert_eq!(facts.sources[0].module, "src/game/shape");
}

#[test]
fn functions_of_one_name_in_two_modules_are_two_families() {
    let facts = Project::new().file("a.jan", "func main() { }").file("b.jan", "func main() { }").read();
    assert_eq!(symbols(&facts), ["a::main()", "b::main()"]);
    assert_eq!(problems(&facts), [""; 0]);
}

#[test]
fn files_of_one_module_share_its_names() {
    let facts = Project::new()
        .file("a.jan", "module m;\nstruct A { }")
        .file("b.jan", "module m;\nfunc f(a: A) { }")
        .read();
    assert_eq!(symbols(&facts), ["m::f(m::A)"]);
}

#[test]
fn a_function_inside_a_type_belongs_to_that_type() {
    let facts =
        good("struct S { }\nimpl S { func new() -> S { } func go(&self, n: int) { } }\nfunc new() { }");
    assert_eq!(symbols(&facts), ["m::S.go(m::S, int)", "m::S.new()", "m::new()"]);
    assert_eq!(functions(&facts), ["m::S.new", "m::S.go", "m::new"]);
}

#[test]
fn an_impl_of_a_foreign_type_belongs_to_the_type_s_own_module() {
    let facts = Project::new()
        .file("a.jan", "module a;\nstruct S { }")
        .file("b.jan", "module b;\nimport a.{S}\ntrait T { }\nimpl T for S { func f(self) { } }\nimpl T for int { func g(self) { } }")
        .read();
    assert_eq!(symbols(&facts), ["a::S.f(a::S)", "int.g(int)"]);
    assert_eq!(facts.methods[0].module, "b");
    assert_eq!(supers(&facts, "a::S"), ["b::T"]);
    assert_eq!(supers(&facts, "int"), ["b::T"]);
}

#[test]
fn an_imported_function_is_extended_and_others_of_its_name_are_not() {
    let facts = Project::new()
        .file("m.jan", "module m;\nfunc f(a: int) { }")
        .file("n.jan", "module n;\nimport m.{f}\nfunc f(a: bool) { }")
        .file("o.jan", "module o;\nimport m.{f as g}\nfunc g(a: float) { }\nfunc f(a: char) { }")
        .file("p.jan", "module p;\nimport m;\nfunc f(a: u8) { }")
        .read();
    assert_eq!(symbols(&facts), ["m::f(int)", "m::f(bool)", "m::f(float)", "o::f(char)", "p::f(u8)"]);
    let modules: Vec<&str> = facts.methods.iter().map(|method| method.module.as_str()).collect();
    assert_eq!(modules, ["m", "n", "o", "o", "p"]);
}

#[test]
fn a_family_that_is_passed_on_still_belongs_to_the_first_module() {
    let facts = Project::new()
        .file("a.jan", "module a;\nfunc f(a: int) { }")
        .file("b.jan", "module b;\nimport a.{f}\nfunc f(a: bool) { }")
        .file("c.jan", "module c;\nimport b.{f}\nfunc f(a: char) { }")
        .read();
    assert_eq!(symbols(&facts), ["a::f(int)", "a::f(bool)", "a::f(char)"]);
}

#[test]
fn modules_that_have_a_family_from_each_other_agree_on_one_owner() {
    let facts = Project::new()
        .file("a.jan", "module a;\nimport b.{f}\nfunc f(a: int) { }")
        .file("b.jan", "module b;\nimport a.{f}\nfunc f(a: bool) { }")
        .read();
    assert_eq!(symbols(&facts), ["a::f(int)", "a::f(bool)"]);
}

#[test]
fn a_name_that_is_imported_from_nowhere_keeps_the_name_it_would_have() {
    let facts = Project::new()
        .file(
            "a.jan",
            "import std.io.{File, open}\nimport std.net\nfunc open(f: File, s: net.Socket, t: Text) { }",
        )
        .read();
    assert_eq!(symbols(&facts), ["std.io::open(std.io::File, std.net::Socket, a::Text)"]);
}

#[test]
fn a_type_parameter_stands_for_its_bound() {
    let facts = good("trait A { }\nfunc f<T: A, U>(t: T, u: U, v: Vec<T>, w: Vec<U>) { }");
    assert_eq!(symbols(&facts), ["m::f(m::A, any, m::Vec<m::A>, m::Vec)"]);
    assert_eq!(symbols(&good("func f<T: Ord<T>>(t: T) { }")), ["m::f(m::Ord)"]);
}

#[test]
fn an_alias_is_its_target_through_any_chain() {
    let facts =
        good("type A = B\ntype B = &C\ntype C = int\ntype V[T] = Vec<T>\nfunc f(a: A, b: V[int]) { }");
    assert_eq!(symbols(&facts), ["m::f(&int, m::Vec<int>)"]);
    assert!(!types(&facts).contains_key("m::A"));
}

#[test]
fn aliases_in_a_circle_are_an_error_and_take_anything() {
    let facts = any("type A = &B\ntype B = A\ntype C = C\ntype D = A\nfunc f(a: A, c: C, d: D) { }");
    assert_eq!(symbols(&facts), ["m::f(any, any, any)"]);
    assert_eq!(problems(&facts), ["cyclic-alias m.jan:2:6", "cyclic-alias m.jan:4:6"]);
    assert!(facts.diagnostics[0].message.ends_with("a cycle of A, B"), "{}", facts.diagnostics[0].message);
}

#[test]
fn methods_that_an_alias_makes_equal_are_a_duplicate() {
    let facts = any("type N = int\nfunc f(a: int) { }\nfunc f(a: bool) { }\nfunc f(a: N) { }");
    assert_eq!(symbols(&facts), ["m::f(int)", "m::f(bool)"]);
    assert_eq!(problems(&facts), ["duplicate-method m.jan:5:6"]);
    assert_eq!(facts.diagnostics[0].notes[0].0.line, 3);
    assert_eq!(facts.functions.len(), 3);
}

#[test]
fn enum_variants_have_names_inside_their_enum() {
    let facts = Project::new()
        .file("e.jan", "module e;\nenum E { A, B(int) }\ntype F = E")
        .file(
            "m.jan",
            "module m;\nimport e.{E, F}\nimport e as x;\nfunc f(a: E.A, b: F.B, c: x.E.A, d: E) { }",
        )
        .read();
    assert_eq!(symbols(&facts), ["m::f(e::E.A, e::E.B, e::E.A, e::E)"]);
}

#[test]
fn names_of_other_modules_are_visible_only_by_import() {
    let lib = |project: Project| {
        project.file("d/a.jan", "module d.a;\nstruct T { }").file("d/b.jan", "module d.b;\nstruct U { }")
    };
    for (imports, expected) in [
        ("", "m::f(m::T)"),
        ("import d.b;", "m::f(m::T)"),
        ("import d.a;", "m::f(d.a::T)"),
        ("import d.a.{T}", "m::f(d.a::T)"),
        ("import d.a.T", "m::f(d.a::T)"),
        ("import d.b.{U as T}", "m::f(d.b::U)"),
        ("import d.a as T;", "m::f(m::T)"),
    ] {
        let facts =
            lib(Project::new()).file("d/m.jan", format!("module m;\n{imports}\nfunc f(t: T) {{ }}")).read();
        assert_eq!(symbols(&facts), [expected], "{imports}");
    }
    for (imports, path) in [
        ("import d.a;", "a.T"),
        ("import d.a;", "d.a.T"),
        ("import d.a;", "d::a::T"),
        ("import d.a.{X}", "d.a.T"),
        ("import d.a as q;", "q.T"),
        ("import \"./a.jan\" as Q", "Q.T"),
        ("import \"./a.jan\"", "T"),
    ] {
        let facts = lib(Project::new())
            .file("d/m.jan", format!("module m;\n{imports}\nfunc f(t: {path}) {{ }}"))
            .read();
        assert_eq!(symbols(&facts), ["m::f(d.a::T)"], "{imports} {path}");
    }
}

#[test]
fn a_name_that_two_imported_modules_declare_is_neither_of_them() {
    let facts = Project::new()
        .file("a.jan", "module a;\nstruct T { }")
        .file("b.jan", "module b;\nstruct T { }")
        .file("m.jan", "module m;\nimport a;\nimport b;\nfunc f(t: T, u: b.T) { }")
        .read();
    assert_eq!(symbols(&facts), ["m::f(m::T, b::T)"]);
}

#[test]
fn what_a_module_imports_by_name_it_passes_on() {
    let facts = Project::new()
        .file("a.jan", "module a;\nstruct T { }")
        .file("b.jan", "module b;\npub use a.{T}")
        .file("m.jan", "module m;\nimport b.{T}\nfunc f(t: T) { }")
        .read();
    assert_eq!(symbols(&facts), ["m::f(a::T)"]);
}

#[test]
fn inner_names_come_before_outer_ones_and_own_ones_before_imported_ones() {
    let facts = Project::new()
        .file("a.jan", "module a;\nstruct T { }")
        .file("m.jan", "module m;\nimport a.{T}\nmodule i { struct T { }\n func f(t: T) { } }\nfunc g(t: T) { }\nmodule j { func h(t: T) { } }")
        .read();
    assert_eq!(symbols(&facts), ["m.i::f(m.i::T)", "m.j::h(a::T)", "m::g(a::T)"]);
}

#[test]
fn built_in_types_belong_to_no_module() {
    let facts = good("func f(a: int, b: u8, c: string, d: f64, e: void, g: usize) { }");
    assert_eq!(symbols(&facts), ["m::f(int, u8, string, f64, void, usize)"]);
    let facts = good("struct string { }\nfunc f(c: string) { }");
    assert_eq!(symbols(&facts), ["m::f(m::string)"]);
}

#[test]
fn one_member_that_asks_for_a_run_time_table_asks_for_its_whole_family() {
    let facts = good(
        "func f(a: int) { }\nfunc f(a: bool) {.dispatch: dynamic.} { }\nfunc f(a: int, b: int) { }\nfunc g() { }",
    );
    let dynamic: Vec<(&str, bool)> =
        facts.methods.iter().map(|method| (method.implementation.as_str(), method.dynamic)).collect();
    assert_eq!(
        dynamic,
        [("m::f(int)", true), ("m::f(bool)", true), ("m::f(int, int)", false), ("m::g()", false)]
    );
}

#[test]
fn an_associated_type_is_one_of_the_type_around() {
    let facts = good(
        "trait I { }\nstruct R { }\nimpl I for R { type Item = int; func next(self, i: Self.Item, j: Item) { } }",
    );
    assert_eq!(symbols(&facts), ["m::R.next(m::R, int, int)"]);
}
