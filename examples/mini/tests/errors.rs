//! What is said about wrong sources, and that nothing panics.

use proptest::prelude::*;

use super::super::parser::{MAX_NESTING, parse};
use super::{assert_errors, assert_runs, build};

#[test]
fn every_syntax_error_of_a_file_is_reported_with_its_place() {
    let source = "\
fn first(a, a) { return a +; }
fn second(b {
    let x = ;
    let 3 = x;
    if x < { y = 1; }
    while { print(x) }
    return 99999999999999999999;
}
fn print(n) { return 12ab; }
let z = 1;
fn main() { x == 1; é; \"open
";
    assert_errors(
        &[("main.mini", source)],
        &[
            "main.mini:1:13: expected another name for each parameter, found `a` again",
            "main.mini:1:28: expected an expression, found `;`",
            "main.mini:2:13: expected `,`, found `{`",
            "main.mini:3:13: expected an expression, found `;`",
            "main.mini:4:9: expected a variable's name, found `3`",
            "main.mini:5:12: expected an expression, found `{`",
            "main.mini:5:14: expected a variable that is declared here, found `y`",
            "main.mini:6:11: expected an expression, found `{`",
            "main.mini:6:22: expected `;`, found `}`",
            "main.mini:7:12: expected an integer up to 9223372036854775807, found `99999999999999999999`",
            "main.mini:9:4: expected a name that is not built in, found `print`",
            "main.mini:9:22: expected an integer up to 9223372036854775807, found `12ab`",
            "main.mini:10:1: expected `fn`, found `let`",
            "main.mini:11:13: expected a variable that is declared here, found `x`",
            "main.mini:11:21: expected an expression, found `é`",
            "main.mini:11:24: expected an expression, found `\"open`",
            "main.mini:12:1: expected `}`, found the end of the file",
        ],
    );
}

#[test]
fn a_block_that_belongs_to_nothing_does_not_end_the_function_around_it() {
    let source = "fn main() {\n    unless 1 { print(nobody); }\n    return 0;\n}\nfn next() { return 1 }";
    assert_errors(
        &[("main.mini", source)],
        &[
            "main.mini:2:5: expected a variable that is declared here, found `unless`",
            "main.mini:2:12: expected `;`, found `1`",
            "main.mini:2:22: expected a variable that is declared here, found `nobody`",
            "main.mini:5:22: expected `;`, found `}`",
        ],
    );
}

#[test]
fn wrong_calls_are_reported_in_every_file_whose_imports_are_right() {
    let files = [
        (
            "main.mini",
            "import \"a.mini\"\nimport \"b.mini\"\nfn main() {\n    twice(); far(); print(1, 2);\n    return one(missing());\n}\nfn main() { }",
        ),
        ("a.mini", "import \"far.mini\"\nfn twice() { }\nfn one(n) { return far(n); }"),
        ("b.mini", "fn twice() { }"),
        ("far.mini", "fn far() { }"),
    ];
    assert_errors(
        &files,
        &[
            "a.mini:3:20: expected 0 arguments for `far`, found 1 argument",
            "main.mini:4:5: expected one imported function `twice`, found one in each of a.mini, b.mini",
            "main.mini:4:14: expected a function of this file or of one that it imports, found `far`",
            "main.mini:4:21: expected 1 argument for `print`, found 2 arguments",
            "main.mini:5:16: expected a function of this file or of one that it imports, found `missing`",
            "main.mini:7:4: expected one function `main`, found another one, after that of line 3",
        ],
    );
}

#[test]
fn a_broken_import_is_reported_and_what_it_would_declare_is_not_missed() {
    let files = [
        ("main.mini", "import \"a.mini\"\nfn main() { return a() + b(1); }"),
        ("a.mini", "fn a() { return 1 + ; }"),
    ];
    assert_errors(&files, &["a.mini:1:21: expected an expression, found `;`"]);
}

#[test]
fn imports_of_what_does_not_exist_or_is_outside_are_reported() {
    let source = "import \"gone.mini\"\nimport \"../../secret\"\nimport \"/etc/passwd\"\nimport gone\nfn main() { }\nimport \"late\"";
    assert_errors(
        &[("app/main.mini", source)],
        &[
            "app/main.mini:1:8: expected a file that exists, found none at app/gone.mini or gone.mini",
            "app/main.mini:2:8: expected a path inside the root, its parts separated by `/`, found `../../secret`",
            "app/main.mini:3:8: expected a path inside the root, its parts separated by `/`, found `/etc/passwd`",
            "app/main.mini:4:8: expected a path in quotes, found `gone`",
            "app/main.mini:6:1: expected `fn`, found `import`",
        ],
    );
}

#[test]
fn a_program_needs_a_main_without_parameters_in_its_entry() {
    let missing =
        "main.mini:1:1: expected a function `main()`, found none in the file where the program starts";
    assert_errors(&[("main.mini", "")], &[missing]);
    let wrong = "main.mini:2:4: expected a function `main()`, found `main` with 2 parameters";
    assert_errors(&[("main.mini", "\nfn main(a, b) { }")], &[wrong]);
}

#[test]
fn bytes_that_are_no_text_are_reported_where_they_stand() {
    let read = |_: &str| Ok(b"fn main() {\n  \xff }".to_vec());
    let found = super::super::program::build("main.mini", &mut { read }).expect_err("no text");
    assert_eq!(found, ["main.mini:2:3: expected text in UTF-8, found other bytes"]);
}

#[test]
fn control_characters_do_not_reach_the_messages() {
    let source = "import \"\u{1b}[2J\"\nfn main() { \u{7} }";
    let found = build(&[("main.mini", source)]).expect_err("wrong");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| !line.contains(char::is_control)), "{found:?}");
}

/// One program for each thing that nests, `levels` deep in the block of `main`.
fn nested(levels: usize) -> [String; 5] {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    [
        format!("fn main() {{ return {}; }}", nested("(", "7", ")")),
        format!("fn main() {{ return 7 + 0 * {}; }}", nested("- ", "1", "")),
        format!("fn id(x) {{ return x; }}\nfn main() {{ return {}; }}", nested("id(", "7", ")")),
        format!("fn main() {{ {} return 7; }}", nested("if 0 { ", "", "} ")),
        format!("fn main() {{ if 0 {{ }} {} return 7; }}", nested("else if 0 { } ", "", "")),
    ]
}

#[test]
fn nesting_is_possible_up_to_the_limit_and_refused_once_beyond_it() {
    let limit = MAX_NESTING as usize;
    for source in nested(limit - 2) {
        assert_runs(&[("main.mini", &source)], "", 7);
    }
    for source in nested(limit).into_iter().chain(nested(100_000)) {
        let found = build(&[("main.mini", &source)]).expect_err("too deep");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("expected at most 200 levels of nesting, found one more"), "{found:?}");
    }
}

#[test]
fn long_chains_of_operators_and_statements_are_not_nested() {
    let source =
        format!("fn main() {{ {} return 0{}; }}", "print(1 == 2);".repeat(300), " + 1".repeat(100_000));
    assert!(build(&[("main.mini", &source)]).is_ok());
}

#[test]
fn a_function_has_255_parameters_and_no_more() {
    let function = |count: usize| {
        let names: Vec<String> = (0..count).map(|at| format!("p{at}")).collect();
        let values: Vec<&str> = (0..count).map(|_| "1").collect();
        format!(
            "fn f({}) {{ return p254; }}\nfn main() {{ return f({}); }}",
            names.join(", "),
            values.join(", ")
        )
    };
    assert_runs(&[("main.mini", &function(255))], "", 1);
    let found = build(&[("main.mini", &function(256))]).expect_err("too many");
    assert_eq!(found, ["main.mini:1:1426: expected at most 255 parameters, found one more"]);
}

/// Words of the language in any order, so that the parser gets further than with any characters.
fn soup() -> impl Strategy<Value = String> {
    let words = "fn main ( ) { } let x = 1 ; if else while return import \"a\" + - * / % == < ! , f \" // \n é 99999999999999999999";
    let words: Vec<&'static str> = words.split(' ').collect();
    prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_the_compiler_panic(text in prop_oneof![soup(), any::<String>()]) {
        for source in [text.clone(), format!("fn main() {{ {text}")] {
            if let Err(problems) = parse(&source) {
                prop_assert!(!problems.is_empty());
                let mut sorted = problems.clone();
                sorted.sort();
                prop_assert_eq!(problems, sorted, "the errors follow the source");
            }
            let _ = build(&[("main.mini", &source), ("a", &text)]);
        }
    }
}
