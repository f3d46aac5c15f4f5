//! What programs do when they run.

use super::super::generate;
use super::{assert_runs, build, executed};

#[test]
fn a_recursive_function_computes_fibonacci_numbers() {
    let source = "
        fn fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }
        fn main() { print(fib(10)); print(fib(20)); return fib(7); }";
    assert_runs(&[("main.mini", source)], "55 6765", 13);
}

#[test]
fn loops_repeat_while_the_condition_is_not_zero() {
    let source = "
        fn main() {
            let sum = 0; let outer = 0;
            while outer < 3 {
                let inner = outer;
                while inner { sum = sum + 10; inner = inner - 1; }
                outer = outer + 1;
            }
            while 0 { print(99); }
            print(sum); print(outer);
        }";
    assert_runs(&[("main.mini", source)], "30 3", 0);
}

#[test]
fn a_loop_may_declare_variables_a_million_times_without_using_up_the_stack() {
    let source = "
        fn main() {
            let n = 0;
            while n < 3000000 { let a = n; let b = a + 1; n = b; }
            print(n);
        }";
    assert_runs(&[("main.mini", source)], "3000000", 0);
}

#[test]
fn the_first_branch_whose_condition_holds_is_taken() {
    let source = "
        fn sign(n) { if n < 0 { return -1; } else if n == 0 { return 0; } else { return 1; } }
        fn main() { print(sign(-7)); print(sign(0)); print(sign(9)); if 0 { print(1); } }";
    assert_runs(&[("main.mini", source)], "-1 0 1", 0);
}

#[test]
fn what_follows_a_return_is_legal_and_never_runs() {
    let source = "
        fn early(n) { return n; print(1); if n { return 2; } else { return 3; } print(4); }
        fn both(n) { while 1 { if n { return 5; } else { return 6; } } }
        fn main() { print(early(7)); print(both(0)); return both(1); }";
    assert_runs(&[("main.mini", source)], "7 6", 5);
}

#[test]
fn imports_lead_over_two_levels_and_only_direct_ones_are_visible() {
    let files = [
        ("main.mini", "import \"lib/shapes.mini\"\nfn main() { print(area(3, 4)); }"),
        ("lib/shapes.mini", "import \"math.mini\"\nfn area(a, b) { return multiply(a, b); }"),
        ("lib/math.mini", "fn multiply(a, b) { return a * b; }"),
    ];
    assert_runs(&files, "12", 0);
}

#[test]
fn an_import_means_the_file_beside_the_importer_before_the_one_below_the_root() {
    let files = [
        (
            "app/main.mini",
            "import \"near.mini\"\nimport \"far.mini\"\nfn main() { print(near()); print(far()); }",
        ),
        ("app/near.mini", "fn near() { return 1; }"),
        ("near.mini", "fn near() { return 2; }"),
        ("far.mini", "fn far() { return 3; }"),
    ];
    assert_runs(&files, "1 3", 0);
}

#[test]
fn functions_of_two_files_that_import_each_other_call_each_other() {
    let files = [
        (
            "even.mini",
            "import \"odd.mini\"\nfn even(n) { if n == 0 { return 1; } return odd(n - 1); }\nfn main() { print(even(10)); print(odd(10)); }",
        ),
        ("odd.mini", "import \"even.mini\"\nfn odd(n) { if n == 0 { return 0; } return even(n - 1); }"),
    ];
    assert_runs(&files, "1 0", 0);
}

#[test]
fn two_files_may_have_functions_of_the_same_name() {
    let files = [
        (
            "main.mini",
            "import \"a.mini\"\nfn value() { return 1; }\nfn main() { print(value()); print(a()); }",
        ),
        ("a.mini", "import \"b.mini\"\nfn a() { return value() + 10; }"),
        ("b.mini", "fn value() { return 2; }\nfn main() { return 3; }"),
    ];
    assert_runs(&files, "1 12", 0);
}

#[test]
fn an_inner_variable_hides_an_outer_one_until_its_block_ends() {
    let source = "
        fn f(x) {
            if 1 { let x = x * 10; print(x); x = x + 1; print(x); }
            print(x);
            let x = x + 100;
            return x;
        }
        fn main() { print(f(5)); }";
    assert_runs(&[("main.mini", source)], "50 51 5 105", 0);
}

#[test]
fn negative_numbers_divide_towards_zero_and_the_exit_code_is_cut() {
    let source = "
        fn main() {
            print(-7 / 2); print(-7 % 2); print(7 / -2); print(7 % -2); print(- -3); print(2 - -3); print(-(1 - 5));
            return -1;
        }";
    assert_runs(&[("main.mini", source)], "-3 -1 -3 1 3 5 4", 255);
}

#[test]
fn division_by_zero_and_overflow_have_a_result() {
    let source = "
        fn zero() { return 0; }
        fn main() {
            let most = 9223372036854775807; let least = -most - 1;
            print(5 / zero()); print(5 % zero()); print(0 / 0);
            print(most + 1 == least); print(least / -1); print(least % -1); print(-least); print(most * 2);
            print(least / (zero() - 1)); print(least % (zero() - 1));
        }";
    let least = i64::MIN;
    let printed = format!("0 0 0 1 {least} 0 {least} -2 {least} 0");
    assert_runs(&[("main.mini", source)], &printed, 0);
}

#[test]
fn operators_bind_by_their_strength_and_group_from_the_left() {
    let source = "
        fn main() {
            print(2 + 3 * 4); print((2 + 3) * 4); print(20 - 5 - 3); print(100 / 5 * 2); print(17 % 10 / 2);
            print(1 + 2 < 4); print(3 < 2 + 1); print(5 > 4 == 1); print(-2 * -3); print(-2 - 3);
            print(1 != 2); print(2 <= 1); print(2 >= 2); print(1 == 2);
        }";
    assert_runs(&[("main.mini", source)], "14 20 12 40 3 1 0 1 6 -5 1 0 1 0", 0);
}

#[test]
fn operands_and_arguments_are_computed_from_the_left() {
    let source = "
        fn third(a, b, c) { return c; }
        fn main() { print(print(1) + print(2) * print(3)); print(third(print(4), print(5), print(6))); }";
    assert_runs(&[("main.mini", source)], "1 2 3 7 4 5 6 6", 0);
}

#[test]
fn comments_and_line_ends_of_any_kind_are_blank() {
    let source = "// first\r\nfn main() { // a { in a comment\r\n\tprint(1 // 2 );\r\n+ 2); }// last";
    assert_runs(&[("main.mini", source)], "3", 0);
}

#[test]
fn functions_of_the_same_name_in_files_with_strange_names_do_not_collide() {
    let main = "import \"a b.mini\"\nimport \"a/b.mini\"\nimport \"a.b.mini\"\nimport \"ü.mini\"
        fn main() { return one() + two() + four() + eight(); }";
    let files = [
        ("main.mini", main),
        ("a b.mini", "fn f() { return 1; }\nfn one() { return f(); }"),
        ("a/b.mini", "fn f() { return 2; }\nfn two() { return f(); }"),
        ("a.b.mini", "fn f() { return 4; }\nfn four() { return f(); }"),
        ("ü.mini", "fn f() { return 8; }\nfn eight() { return f(); }"),
    ];
    assert_runs(&files, "", 15);
}

#[test]
fn a_generated_project_compiles_and_runs() {
    let sources: Vec<(String, String)> =
        (0..120).rev().map(|number| (generate::path(number), generate::source(120, number, 0))).collect();
    let files: Vec<(&str, &str)> =
        sources.iter().map(|(path, source)| (path.as_str(), source.as_str())).collect();
    let text = build(&files).unwrap_or_else(|errors| panic!("{}", errors.join("\n")));
    for number in 0..120 {
        assert!(text.contains(&format!("..value_{number}(")), "file {number} is not reached");
    }
    if let Some((printed, code)) = executed(&text) {
        assert_eq!((printed.lines().count(), code), (1, 0), "{printed}");
    }
}
