//! The promises of the single pieces, on which a cache relies.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::emit::{
    BadCode, compile_function, epilogue, file_section, function_inputs, prologue, symbol,
};
use super::super::generate;
use super::super::module::{Function, Module, Operator, Step, interface};
use super::super::parser::{imports, parse};
use super::super::paths::candidates;
use super::super::scope::Scope;
use super::executed;

fn parsed(source: &str) -> Module {
    parse(source).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The inputs and the text of each function of `a.mini`, which imports `b.mini`.
fn functions(source: &str, imported: &str) -> Vec<(Vec<u8>, String)> {
    let (module, imported) = (parsed(source), interface(&parsed(imported)));
    let scope = Scope::new("a.mini", &module, &[("b.mini", &imported)]);
    let compiled = |function| compile_function(function, &scope).expect("right code");
    module.functions.iter().map(|function| (function_inputs(function, &scope), compiled(function))).collect()
}

#[test]
fn a_function_that_moves_or_renames_its_variables_stays_the_same() {
    let before = "fn f(n) { let x = n * 2; while x > g(x) { x = x - 1; } return x; }";
    let after = "// new\n\nfn new() { }\n  fn f ( m )\n{ let y = m*2; // y\n while (y > g(y)) { y = y - 1; }\n return y; }";
    let imported = "fn g(n) { return n; }";
    assert_eq!(functions(before, imported)[0], functions(after, imported)[1]);
    assert_eq!(parsed(before).functions[0], parsed(after).functions[1]);
    assert_ne!(parsed(before).places[0], parsed(after).places[1]);
}

#[test]
fn the_inputs_of_a_function_change_with_its_body_its_name_and_whom_it_calls() {
    let imported = "fn g(n) { return n; }";
    let of = |source: &str, imported: &str| functions(source, imported).swap_remove(0);
    let source = "fn f(n) { return g(n); }";
    let base = of(source, imported);
    let changed = [
        of("fn f(n) { return g(n + 1); }", imported),
        of("fn other(n) { return g(n); }", imported),
        of("fn f(n, m) { return g(n); }", imported),
        // The same call, but now of a function of the file itself.
        of("fn f(n) { return g(n); }\nfn g(n) { return 1; }", imported),
    ];
    let inputs: BTreeSet<&Vec<u8>> = changed.iter().map(|(inputs, _)| inputs).chain([&base.0]).collect();
    assert_eq!(inputs.len(), 5, "two changes have the same inputs");
    let texts: BTreeSet<&String> = changed.iter().map(|(_, text)| text).chain([&base.1]).collect();
    assert_eq!(texts.len(), 5, "two changes have the same text");
}

#[test]
fn the_inputs_of_a_function_do_not_know_what_it_does_not_call() {
    let source = "fn f(n) { return g(n); }";
    let base = functions(source, "fn g(n) { return n; }").swap_remove(0);
    let other_body = "fn h(a, b) { return 3; }\nfn g(m) { return m * 2; }";
    assert_eq!(functions(source, other_body)[0], base);
    assert_eq!(functions(&format!("{source}\nfn h() {{ }}"), other_body)[0], base);
}

#[test]
fn inputs_tell_a_wrong_number_of_arguments_from_a_right_one() {
    let module = parsed("fn f(n) { return g(n); }");
    let of = |imported: &str| {
        let imported = interface(&parsed(imported));
        let scope = Scope::new("a.mini", &module, &[("b.mini", &imported)]);
        function_inputs(&module.functions[0], &scope)
    };
    let all = BTreeSet::from([of("fn g(n) { }"), of("fn g(n, m) { }"), of("")]);
    assert_eq!(all.len(), 3);
}

#[test]
fn the_interface_is_the_sorted_names_with_their_numbers_of_parameters() {
    let module = parsed("fn b(x, y) { return 1; }\nfn a() { }\nfn a_longer(n) { }");
    assert_eq!(interface(&module), b"a/0\na_longer/1\nb/2\n");
    let other = parsed("import \"x\"\nfn a() { return 5; }\nfn a_longer(m) { }\nfn b(y, x) { return 2; }");
    assert_eq!(interface(&module), interface(&other), "bodies, order and imports are not part of it");
}

#[test]
fn a_damaged_interface_declares_nothing_instead_of_something_wrong() {
    let module = parsed("");
    let scope = Scope::new("a", &module, &[("b", b"ok/1\nno_number/x\n\xff/1\nnothing\n/\n/1\na b/1")]);
    assert_eq!(scope.callee("ok").map(|callee| callee.parameters), Some(1));
    for name in ["no_number", "nothing", "", "a b"] {
        assert_eq!(scope.callee(name), None, "{name:?}");
    }
}

#[test]
fn an_import_means_candidates_in_order_and_none_outside_the_root() {
    for (importer, import, expected) in [
        ("main.mini", "a.mini", &["a.mini"][..]),
        ("x/main.mini", "a.mini", &["x/a.mini", "a.mini"]),
        ("x/y/main.mini", "../b/./a.mini", &["x/b/a.mini"]),
        ("x/y/main.mini", "../../a.mini", &["a.mini"]),
        ("x/y/main.mini", "z/../a.mini", &["x/y/a.mini", "a.mini"]),
        ("x/main.mini", "../../a.mini", &[]),
        ("x/main.mini", "/a.mini", &[]),
        ("x/main.mini", "a//b", &[]),
        ("x/main.mini", "a/", &[]),
        ("x/main.mini", "a/..", &[]),
        ("x/main.mini", ".", &[]),
        ("x/main.mini", "", &[]),
        ("x/main.mini", "..\\a.mini", &[]),
        ("x/main.mini", "c:a.mini", &[]),
        ("x/main.mini", "a\0b", &[]),
    ] {
        assert_eq!(candidates(importer, import), expected, "{import:?} in {importer}");
    }
}

#[test]
fn the_head_of_a_file_has_the_imports_that_the_whole_file_has() {
    let source = "// head\nimport \"a.mini\"\nimport // here\n  \"b/c.mini\"\nfn import_none() { }";
    let head = imports(source);
    assert_eq!(head.iter().map(|import| import.path.as_str()).collect::<Vec<_>>(), ["a.mini", "b/c.mini"]);
    assert_eq!((head[1].place.line, head[1].place.column), (4, 3));
    assert_eq!(parsed(source).imports, head);
}

#[test]
fn another_revision_of_a_generated_file_changes_one_function_and_not_the_interface() {
    for number in [0, 7, 199] {
        let [old, new] = [0, 1].map(|revision| parsed(&generate::source(200, number, revision)));
        let differing = old.functions.iter().zip(&new.functions).filter(|(old, new)| old != new).count();
        assert_eq!((differing, interface(&old)), (1, interface(&new)), "file {number}");
    }
}

#[test]
fn generated_files_are_some_four_kib_long_and_import_a_few_earlier_ones() {
    for number in 0..1000 {
        let bytes = generate::source(1000, number, 0).len();
        assert!((3500..5000).contains(&bytes), "file {number}: {bytes} bytes");
        let imported = generate::imported(1000, number);
        assert!(imported.len() <= 3 && imported.iter().all(|other| *other < number), "file {number}");
    }
}

#[test]
fn every_generated_file_is_reached_and_none_imports_another_one_twice() {
    for files in 1..60 {
        let mut reached = BTreeSet::from([files - 1]);
        for number in (0..files).rev() {
            assert!(reached.contains(&number), "file {number} of {files}");
            let imported = generate::imported(files, number);
            let different: BTreeSet<usize> = imported.iter().copied().collect();
            assert_eq!(different.len(), imported.len(), "file {number} of {files}");
            reached.extend(different);
        }
    }
}

#[test]
fn sections_form_one_program_in_any_order_and_with_any_path() {
    let files = ["z.mini", "a\nb.mini", "m.mini"];
    let sections = files.map(|path| {
        let module = parsed("fn f() { return 5; }\nfn main() { return print(f()); }");
        let scope = Scope::new(path, &module, &[]);
        let texts: Vec<String> = module
            .functions
            .iter()
            .map(|function| compile_function(function, &scope).expect("right code"))
            .collect();
        file_section(path, &texts)
    });
    let text = format!("{}{}{}", prologue(), sections.concat(), epilogue("a\nb.mini"));
    if let Some(found) = executed(&text) {
        assert_eq!(found, ("5\n".to_owned(), 5));
    }
}

#[test]
fn symbols_of_neighbouring_names_differ() {
    let pairs = [("a/b", "c"), ("a.b", "c"), ("a$2eb", "c"), ("a", "b__c"), ("a/b/c", "c"), ("ab", "c")];
    let symbols: BTreeSet<String> = pairs.iter().map(|(path, name)| symbol(path, name)).collect();
    assert_eq!(symbols.len(), pairs.len());
    assert_eq!(symbol("lib/math.mini", "gcd"), "mini.lib.math$2emini..gcd");
}

#[test]
fn damaged_code_is_an_error_that_names_the_step() {
    let module = parsed("");
    let scope = Scope::new("a", &module, &[]);
    let mut function = Function { name: "f".to_owned(), parameters: 0, variables: 0, code: vec![] };
    function.code = vec![Step::Constant(1), Step::Binary(Operator::Add)];
    let expected = BadCode { function: "f".to_owned(), step: 1, what: "takes a value where none is" };
    assert_eq!(compile_function(&function, &scope), Err(expected));
    (function.parameters, function.variables) = (1, 1);
    for (code, step, what) in [
        // A value that is computed in a loop or branch may never have been computed behind it.
        (vec![Step::While, Step::Constant(1), Step::Do, Step::Load(0), Step::End], 4, "leaves values behind"),
        (vec![Step::Constant(1), Step::If, Step::Load(0), Step::Else, Step::End], 3, "leaves values behind"),
        (vec![Step::Load(0), Step::While], 1, "leaves values behind"),
        (vec![Step::Load(0), Step::Load(0), Step::Return], 2, "leaves values behind"),
        (vec![Step::Load(0)], 1, "is missing"),
        (vec![Step::While], 1, "is missing"),
        (vec![Step::Load(1)], 0, "names an unknown variable"),
        (vec![Step::Else], 0, "has no `if` before it"),
        (vec![Step::While, Step::Constant(1), Step::End], 2, "ends what has not begun"),
        (vec![Step::Call { name: "gone".to_owned(), arguments: 0 }], 0, "calls what cannot be seen"),
    ] {
        let found = compile_function(&Function { code: code.clone(), ..function.clone() }, &scope);
        let expected = BadCode { function: "f".to_owned(), step, what };
        assert_eq!(found, Err(expected), "{code:?}");
    }
    function.code = vec![];
    for (parameters, variables) in [(0, u32::MAX), (1, 0), (u32::MAX, u32::MAX)] {
        let function = Function { parameters, variables, ..function.clone() };
        assert!(
            compile_function(&function, &scope).is_err(),
            "{parameters} parameters, {variables} variables"
        );
    }
    function.name = "f() { ret".to_owned();
    assert!(compile_function(&function, &scope).is_err(), "a name that is none");
}

fn steps() -> impl Strategy<Value = Step> {
    let name = prop::sample::select(vec!["f", "print", "nobody"]).prop_map(str::to_owned);
    prop_oneof![
        6 => any::<i64>().prop_map(Step::Constant),
        2 => (0_u32..3).prop_map(Step::Load),
        4 => (0_u32..3).prop_map(Step::Store),
        2 => (name, 0_u32..3).prop_map(|(name, arguments)| Step::Call { name, arguments }),
        2 => prop::sample::select(vec![Step::Negate, Step::Binary(Operator::Less), Step::Binary(Operator::Divide)]),
        5 => prop::sample::select(vec![Step::Discard, Step::Return, Step::If, Step::While, Step::Do]),
        5 => prop::sample::select(vec![Step::Else, Step::End]),
    ]
}

/// Whatever a store hands out as code: an error, or text that LLVM accepts. All go into one module.
#[test]
fn any_code_is_refused_or_gives_text_that_llvm_accepts() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let module = parsed("fn f(a) { return a; }\nfn main() { }");
    let own = Scope::new("m", &module, &[]);
    let mut text = prologue().to_owned();
    text +=
        &module.functions.iter().map(|f| compile_function(f, &own).expect("right code")).collect::<String>();
    let mut runner = TestRunner::deterministic();
    let strategy = (0_u32..3, 0_u32..4, prop::collection::vec(steps(), 0..9));
    let mut accepted = 0;
    for at in 0..20_000 {
        let (parameters, variables, code) = strategy.new_tree(&mut runner).expect("a value").current();
        let function = Function { name: format!("r{at}"), parameters, variables, code };
        if let Ok(compiled) = compile_function(&function, &own) {
            text += &compiled;
            accepted += 1;
        }
    }
    assert!(accepted > 100, "{accepted} accepted only");
    text += &epilogue("m");
    if let Some((_, code)) = executed(&text) {
        assert_eq!(code, 0);
    }
}

proptest! {
    #[test]
    fn different_functions_have_different_symbols(
        a in "[a-b/._$0-9é ]{1,6}", b in "[a-b/._$0-9é ]{1,6}", f in "[a-b_0-9]{1,3}", g in "[a-b_0-9]{1,3}",
    ) {
        // As they come out of `candidates`.
        let normal = |path: &str| candidates("", path).pop();
        if let (Some(a), Some(b)) = (normal(&a), normal(&b)) {
            prop_assert_eq!(symbol(&a, &f) == symbol(&b, &g), (&a, &f) == (&b, &g));
            prop_assert!(symbol(&a, &f).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$".contains(&byte)));
        }
    }
}
