//! What is wrong with sources: said at the right place, and nothing after it is lost.

mod janus_kit;

use janus_cache::build::facts::{Facts, Severity};
use janus_kit::{Project, any, functions, good, problems};

fn only(facts: &Facts) -> &janus_cache::build::facts::Diagnostic {
    assert_eq!(facts.diagnostics.len(), 1, "{:?}", problems(facts));
    &facts.diagnostics[0]
}

#[test]
fn a_malformed_declaration_costs_itself_and_nothing_else() {
    for (broken, at, message) in [
        ("func f(a: int, b -> int { a }", "3:18", "expected `:` and a type, `,` or `)`, found `->`"),
        ("func f(a: ) { }", "3:11", "expected a type, found `)`"),
        ("func f(a: int { }", "3:15", "expected `,` or `)`, found `{`"),
        ("func f(a: int) -> { }", "3:19", "expected a type, found `{`"),
        ("func f(a: Result[int, ) { }", "3:23", "expected a type, found `)`"),
        ("func f { }", "3:8", "expected `(`, found `{`"),
        ("fn f -> int { 1 }", "3:6", "expected `(`, found `->`"),
        ("struct 5 { }", "3:8", "expected a name, found `5`"),
        ("type A = = int", "3:10", "expected a type, found `=`"),
        ("import a.{b, 5}", "3:14", "expected a name or `}`, found `5`"),
        ("impl for { }", "3:6", "expected a type, found `for`"),
        (
            "typeradius: float, center: Point }",
            "3:1",
            "expected a declaration or a statement, found `typeradius`",
        ),
        ("enum E { A, 5, B }", "3:13", "expected a variant, a function or the end of the block, found `5`"),
        ("struct S { end 5 }", "3:12", "expected a field, a function or the end of the block, found `end`"),
        ("}", "3:1", "expected a declaration, found `}`"),
    ] {
        let facts = any(&format!("func before() {{ }}\n{broken}\nfunc after() {{ }}\n"));
        let errors: Vec<_> =
            facts.diagnostics.iter().filter(|told| told.severity == Severity::Error).collect();
        let first = errors.first().unwrap_or_else(|| panic!("{broken} is malformed"));
        assert_eq!(format!("{}:{}", first.place.line, first.place.column), at, "{broken}: {}", first.message);
        assert_eq!(first.message, message, "{broken}");
        let names = functions(&facts);
        assert!(names.contains(&"m::before") && names.contains(&"m::after"), "{broken}: {names:?}");
    }
}

#[test]
fn what_stands_in_the_body_of_a_malformed_function_is_no_declaration() {
    for header in [
        "func f(a: )",
        "func f(a: int",
        "func f() -> )",
        "func 5()",
        "func f",
        "impl <",
        "impl",
        "struct 5",
        "trait",
        "namespace",
    ] {
        let facts = any(&format!("{header} {{\n  func inner() {{ }}\n}}\nfunc after() {{ }}"));
        let names = functions(&facts);
        assert!(!names.contains(&"m::inner") && names.contains(&"m::after"), "{header}: {names:?}");
        assert_eq!(facts.diagnostics.len(), 1, "{header}: {:?}", problems(&facts));
    }
}

#[test]
fn a_body_without_its_end_loses_none_of_the_next_declarations() {
    for body in ["{", "{ if a {", "do", "do if a do", "{ g(", "{ g([", "{ if a do }"] {
        let facts =
            any(&format!("func f(a: int) {body}\n  let x = 1\n\nfunc g(a: int) {{ }}\nstruct S {{ }}"));
        assert!(functions(&facts).contains(&"m::g"), "{body}: {:?}", functions(&facts));
        assert!(facts.types.iter().any(|ty| ty.name == "m::S"), "{body}");
        assert!(!facts.diagnostics.is_empty(), "{body}");
    }
}

#[test]
fn a_type_without_its_end_loses_none_of_the_next_declarations() {
    for open in [
        "struct S {\n  a: int,",
        "impl S {\n  func h(self) { }",
        "trait T {",
        "enum E { A,",
        "module x {",
        "struct S(int,",
        "#[test(",
        "const A = f(",
    ] {
        let facts = any(&format!("{open}\n\nfunc g(a: int) {{ }}\nfunc h() {{ }}"));
        let names = functions(&facts);
        assert!(
            names.iter().any(|name| name.ends_with("::g")) && names.contains(&"m::h"),
            "{open}: {names:?}"
        );
        assert!(!facts.diagnostics.is_empty(), "{open}");
    }
}

#[test]
fn text_and_comments_without_their_end_lose_one_line() {
    for (open, code) in [
        ("const S = \"open", "unterminated-string"),
        ("const S = 'o", "unterminated-character"),
        ("const S = r#\"open", "unterminated-string"),
        ("/* open", "unterminated-comment"),
    ] {
        let facts = any(&format!("{open}\nfunc f() {{ }}"));
        assert_eq!(only(&facts).code, code, "{open}");
        assert_eq!(functions(&facts), ["m::f"], "{open}");
    }
}

#[test]
fn places_count_characters_and_excerpts_show_the_line() {
    let facts = Project::new().file("a/b.jan", "// ä\n\tfunc größe(a: ) { } // ü\n").read();
    let told = only(&facts);
    assert_eq!((told.place.line, told.place.column), (2, 16));
    assert_eq!(told.excerpt, "\tfunc größe(a: ) { } // ü");
    assert_eq!(told.marked_columns, 1);
    let facts = any("type A = = int // same\nfunc f(a: int) { }\nfunc f(a: int) { }");
    assert_eq!((facts.diagnostics[1].marked_columns, facts.diagnostics[1].place.column), (1, 6));
}

#[test]
fn a_byte_order_mark_and_line_ends_of_both_kinds_are_white_space() {
    let facts = Project::new().file("x.jan", "\u{FEFF}module m;\r\nfunc f() { }\r\n").read();
    assert_eq!(functions(&facts), ["m::f"]);
    assert_eq!((facts.functions[0].place.line, facts.functions[0].place.column), (2, 6));
    assert_eq!(facts.diagnostics, []);
}

#[test]
fn an_excerpt_is_short_however_long_the_line() {
    let facts = any(&format!("func f(a: ) {{ {} }}", "x".repeat(100_000)));
    assert_eq!(only(&facts).excerpt.chars().count(), 200);
}

#[test]
fn a_file_that_is_no_text_is_an_error_at_its_first_wrong_byte_and_spares_the_others() {
    let facts = Project::new()
        .file("a.jan", b"func f() { }\n\xC3\xA4 \xFF func g() { }\n")
        .file("b.jan", "func h() { }")
        .read();
    let told = only(&facts);
    assert_eq!((told.code, told.place.line, told.place.column), ("not-utf8", 2, 3));
    assert_eq!(told.message, "expected UTF-8, found the byte 0xFF");
    assert_eq!(functions(&facts), ["b::h"]);
    assert_eq!(facts.sources.len(), 2);
}

#[test]
fn a_zero_byte_is_an_unexpected_character() {
    let facts = any("func f() { }\n\0\0\nfunc g() { }");
    let told = only(&facts);
    assert_eq!((told.code, told.place.line, told.place.column), ("unexpected-character", 3, 1));
    assert_eq!(functions(&facts), ["m::f", "m::g"]);
}

#[test]
fn a_file_beyond_the_limit_is_refused_and_spares_the_others() {
    let project = Project::new().file("a.jan", "func f() { }").file("b.jan", "");
    let file = std::fs::File::options().write(true).open(project.root().join("b.jan")).expect("there");
    file.set_len((64 << 20) + 1).expect("a sparse file");
    let facts = project.read();
    assert_eq!(problems(&facts), ["too-large b.jan:1:1"]);
    assert_eq!(functions(&facts), ["a::f"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_an_error_and_spares_the_others() {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::new().file("a.jan", "func f() { }");
    let name = std::ffi::OsStr::from_bytes(b"\xFF.jan");
    std::fs::write(project.root().join(name), "func g() { }").expect("written");
    let facts = project.read();
    assert_eq!(only(&facts).code, "unreadable");
    assert_eq!(functions(&facts), ["a::f"]);
}

#[test]
fn a_flood_of_problems_is_counted_not_kept() {
    let facts = any(&"radius: int\n".repeat(5000));
    assert_eq!(facts.diagnostics.len(), 1001);
    let last = facts.diagnostics.iter().find(|told| told.code == "too-many-problems").expect("told");
    assert_eq!(last.message, "4000 more problems follow in this file");
}

#[test]
fn comments_and_white_space_change_no_fingerprint_and_tokens_do() {
    let hashes = |text: &str| {
        let function = good(text).functions.remove(0);
        (function.signature_hash, function.body_hash)
    };
    let base = hashes("pub func f(a: int) -> int { return a + 1; }");
    for same in [
        "// note\npub func f(a: int) -> int { return a + 1; }",
        "pub  func f ( a : int )\n  -> int\n{\n  return a /* x */ + 1; // y\n}",
    ] {
        assert_eq!(hashes(same), base, "{same}");
    }
    for body in
        ["pub func f(a: int) -> int { return a + 2; }", "pub func f(a: int) -> int { return (a + 1); }"]
    {
        let new = hashes(body);
        assert_eq!(new.0, base.0, "{body}");
        assert_ne!(new.1, base.1, "{body}");
    }
    assert_ne!(hashes("func f() { a b }").1, hashes("func f() { ab }").1);
    for signature in [
        "func f(a: int) -> int { return a + 1; }",
        "pub func f(b: int) -> int { return a + 1; }",
        "pub func f(a: int) -> u8 { return a + 1; }",
    ] {
        let new = hashes(signature);
        assert_ne!(new.0, base.0, "{signature}");
        assert_eq!(new.1, base.1, "{signature}");
    }
}

#[test]
fn too_many_parameters_are_an_error_and_no_method() {
    let params: Vec<String> = (0..256).map(|n| format!("a{n}: int")).collect();
    let facts =
        any(&format!("func f({}) {{ }}\nfunc g({}) {{ }}", params.join(", "), params[1..].join(", ")));
    assert_eq!(only(&facts).code, "too-many-parameters");
    assert_eq!(facts.methods.len(), 1);
    assert_eq!(facts.functions.len(), 2);
}

/// Each written type is within the limits; put into each other they are not.
fn generic_aliases_inside_each_other() -> String {
    let marks = "&".repeat(60);
    let aliases: Vec<String> = (1..60).map(|n| format!("type A{n}[T] = {marks}A{}[T]", n - 1)).collect();
    format!("type A0[T] = T\n{}\nfunc f(a: A59[int]) {{ }}", aliases.join("\n"))
}

#[test]
fn any_depth_of_nesting_is_read_in_time_and_without_a_deep_stack() {
    const N: usize = 200_000;
    let cases = [
        format!("func f() {{ {}{} }}", "{ if a do ".repeat(N), "end } ".repeat(N)),
        format!("func f() {{ {}{} }}", "(".repeat(N), ")".repeat(N)),
        format!("func f() {}", "{ ".repeat(N)),
        format!("func f() {}", "do ".repeat(N)),
        format!("func f(a: {}int) {{ }}", "&".repeat(N)),
        format!("func f(a: {}", "A<".repeat(N)),
        format!("func f(a: {}", "(".repeat(N)),
        "func f(a: { ".repeat(N / 4),
        generic_aliases_inside_each_other(),
        "module a { ".repeat(N / 4),
        "struct A { const B = struct { ".repeat(N / 4),
        "impl A { ".repeat(N / 4),
        "if a do else ".repeat(N),
        "/*".repeat(N),
        "r#\"".repeat(N),
        format!("const A = \"{}", "a".repeat(10 * N)),
        "a".repeat(10 * N),
        " ".repeat(10 * N),
    ];
    for text in cases {
        // A small stack, so that recursion would show.
        let run = move || {
            let begin = std::time::Instant::now();
            let facts = any(&format!("{text}\nfunc last() {{ }}"));
            assert!(begin.elapsed().as_secs() < 20, "{}", text.chars().take(20).collect::<String>());
            facts
        };
        let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(run).expect("a thread");
        thread.join().expect("no overflow, no panic");
    }
}
