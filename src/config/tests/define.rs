//! The build's configuration, from flags and from the project's file.

use super::file;
use crate::config::{ConfigWarning, Defines};

fn resolve(flags: &[&str], toml: &str) -> Result<Defines, String> {
    let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    Defines::resolve(&flags, Some(&file("/p/janus.toml", toml))).map_err(|error| error.to_string())
}

fn values(flags: &[&str], toml: &str) -> Vec<(String, String)> {
    let defines = resolve(flags, toml).expect("nothing wrong");
    assert_eq!(defines.warnings, []);
    defines.values.into_iter().collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_later_flag_outranks_an_earlier_one_and_both_the_file() {
    let toml = "[build.define]\nprofile = \"debug\"\ntarget = \"wasm\"\n";
    let found = values(&["profile=release", "log=off", "log=on"], toml);
    assert_eq!(found, pairs(&[("log", "on"), ("profile", "release"), ("target", "wasm")]));
}

#[test]
fn nothing_is_defined_where_nobody_says_anything() {
    assert_eq!(Defines::resolve(&[], None).expect("nothing wrong"), Defines::default());
    assert_eq!(values(&[], "[cache]\nmax_size = 1\n[build]\n"), pairs(&[]));
}

#[test]
fn numbers_and_booleans_of_the_file_are_what_a_flag_would_say() {
    let toml = "[build]\ndefine = { level = 3, checks = true, empty = \"\", big = 0x1F }\n";
    let expected = [("big", "31"), ("checks", "true"), ("empty", ""), ("level", "3")];
    let found = values(&[], toml);
    // A number in another base keeps its meaning or is refused, it is never another number.
    assert_eq!(found, pairs(&expected));
}

#[test]
fn a_value_may_hold_equals_signs_and_nothing_at_all() {
    assert_eq!(values(&["flags=-O2 -DX=1", "none="], ""), pairs(&[("flags", "-O2 -DX=1"), ("none", "")]));
}

#[test]
fn a_flag_without_a_name_or_value_is_refused() {
    let long = format!("{}=1", "n".repeat(65));
    let large = format!("n={}", "v".repeat(4097));
    for flag in ["profile", "=release", "a b=1", "ü=1", &long, &large] {
        let error = resolve(&[flag], "").expect_err("malformed");
        assert!(error.starts_with("--define expects NAME=VALUE, "), "{error}");
        assert!(error.ends_with("; give it such a value or leave it out"), "{error}");
    }
    assert!(resolve(&["profile"], "").expect_err("malformed").contains("found `profile`"));
}

#[test]
fn what_is_wrong_in_the_file_is_told_with_its_line() {
    let value = "a string of at most 4096 bytes, a whole number, true or false";
    let name = "a name of 1 to 64 ASCII letters, digits, `.`, `_` or `-`";
    for (toml, expected) in [
        ("build = 1", "/p/janus.toml:1: `build` expects a table, found the integer `1`".to_owned()),
        (
            "[build]\ndefine = []",
            "/p/janus.toml:2: `build.define` expects a table, found the list `[]`".to_owned(),
        ),
        (
            "[build.define]\na = 1\nb = 1.5",
            format!("/p/janus.toml:3: `build.define.b` expects {value}, found the number `1.5`"),
        ),
        (
            "[build.define]\n\"a b\" = 1",
            format!("/p/janus.toml:2: `build.define.a b` expects {name}, found `a b`"),
        ),
    ] {
        let error = resolve(&[], toml).expect_err("malformed");
        assert_eq!(error, format!("{expected}; correct the line or remove it"));
    }
    assert!(resolve(&[], "[build").expect_err("no TOML").starts_with("/p/janus.toml:1:"));
}

#[test]
fn a_misspelt_table_is_a_warning_that_names_the_right_one() {
    let defines = resolve(&[], "[build.defines]\na = 1\n").expect("only odd");
    let shown: Vec<String> = defines.warnings.iter().map(ConfigWarning::to_string).collect();
    let expected = "/p/janus.toml:1: `build.defines` is ignored: no setting has this key; \
                    did you mean `build.define`?";
    assert_eq!((shown, defines.values.len()), (vec![expected.to_owned()], 0));
}
