//! Each message word by word: where, expected, found, and the way out.

use super::{Say, file, inputs};
use crate::config::{FileBytes, Inputs, Settings};

#[test]
fn a_wrong_variable_is_named_with_what_it_expects() {
    assert_eq!(
        inputs().variable("JANUS_CACHE_VERBOSE", "maybe").error(),
        "JANUS_CACHE_VERBOSE expects 1, true, yes, on or 0, false, no, off, found `maybe`; \
         give it such a value or unset it"
    );
    assert_eq!(
        inputs().variable("JANUS_CACHE_DISABLE", "2").error(),
        "JANUS_CACHE_DISABLE expects 1, true, yes, on or 0, false, no, off, found `2`; \
         give it such a value or unset it"
    );
}

#[test]
fn a_wrong_flag_is_named_with_what_it_expects() {
    assert_eq!(
        inputs().flag("max_size", "lots").error(),
        "--cache-size expects a size above 0 such as `500 kB`, `2 GiB` or a number of bytes, found `lots`; \
         give it such a value or leave it out"
    );
    assert_eq!(
        inputs().flag("durability", "full").error(),
        "durability expects default or sync, found `full`; give it such a value or leave it out"
    );
}

#[test]
fn an_unknown_level_is_answered_with_the_known_ones() {
    assert_eq!(
        inputs().variable("JANUS_CACHE_CHAIN", "disk,s3").error(),
        "JANUS_CACHE_CHAIN expects levels with commas between them, each once; this build knows: disk, \
         found `disk,s3`; give it such a value or unset it"
    );
    assert_eq!(
        inputs().user("chain = ['disk', 's3']").error(),
        "/u/cache.toml:1: `chain` expects a list of levels such as [\"disk\"], each once; this build knows: disk, \
         found the list `[\"disk\", \"s3\"]`; correct the line or remove it"
    );
}

#[test]
fn every_wrong_type_in_a_file_is_named_with_its_line() {
    for (text, expected, found) in [
        ("dir = 1", "a string with the path of a folder", "the integer `1`"),
        ("enabled = 'yes'", "true or false", "the string `yes`"),
        (
            "max_size = 1.5",
            "a size above 0: a string such as \"500 kB\" or \"2 GiB\", or a whole number of bytes",
            "the number `1.5`",
        ),
        (
            "max_size = -1",
            "a size above 0: a string such as \"500 kB\" or \"2 GiB\", or a whole number of bytes",
            "the integer `-1`",
        ),
        (
            "max_age = 7",
            "a string with a time such as \"30s\", \"10m\", \"12h\", \"7d\" or \"2w\"",
            "the integer `7`",
        ),
        (
            "namespace = 'a b'",
            "a string with a name of at most 64 ASCII letters, digits, `.`, `_` or `-`",
            "the string `a b`",
        ),
        ("write_error_policy = true", "a string with ignore, l0 or all", "the boolean `true`"),
        ("verify = 2026-01-02", "a string with off, sampled or always", "the date `2026-01-02`"),
        ("durability = {}", "a string with default or sync", "a table"),
        ("store = false", "a table of settings", "the boolean `false`"),
    ] {
        let key = text.split(' ').next().expect("has one");
        assert_eq!(
            inputs().user(&format!("# a comment\n{text}\n")).error(),
            format!(
                "/u/cache.toml:2: `{key}` expects {expected}, found {found}; correct the line or remove it"
            )
        );
    }
}

#[test]
fn a_cache_key_that_is_no_table_is_an_error() {
    assert_eq!(
        inputs().project("\ncache = 3").error(),
        "/p/janus.toml:2: `cache` expects a table of settings, found the integer `3`; correct the line or remove it"
    );
}

#[test]
fn a_wrong_value_is_an_error_even_where_a_stronger_layer_outranks_it() {
    let said = inputs().flag("max_size", "1 GB").system("max_size = 'lots'");
    assert!(said.error().starts_with("/s/cache.toml:1: `max_size` expects a size"));
}

#[test]
fn a_flag_for_no_setting_is_an_error_with_the_nearest_key() {
    assert_eq!(
        inputs().flag("max-sise", "1").error(),
        "no setting is called `max-sise`; did you mean `max_size`?"
    );
    assert_eq!(
        inputs().flag("colour", "1").error(),
        "no setting is called `colour`; docs/config.md lists them all"
    );
}

#[test]
fn a_file_that_is_no_toml_is_named_with_line_and_column() {
    assert_eq!(
        inputs().user("max_age = '7d'\nmax_size = 1 MB\n").error(),
        "/u/cache.toml:2:12: string values must be quoted, expected literal string; \
         correct the line, nothing of this file counts until then"
    );
    let other_bytes = FileBytes { path: "/u/cache.toml".into(), bytes: b"a = 1\nb = '\xff'".to_vec() };
    let said = Inputs { user_file: Some(other_bytes), ..inputs() };
    assert_eq!(
        said.error(),
        "/u/cache.toml:2:6: expected UTF-8, found other bytes; \
         correct the line, nothing of this file counts until then"
    );
}

#[test]
fn a_table_that_is_nested_without_end_is_an_error_and_no_crash() {
    let deep = format!("[cache]\ndir = {}", "[".repeat(100_000));
    let said = Inputs { project_file: Some(file("/p/janus.toml", &deep)), ..inputs() };
    assert!(Settings::resolve(&said).is_err());
}

#[test]
fn an_unknown_variable_is_a_warning_with_the_nearest_one() {
    assert_eq!(
        inputs().variable("JANUS_CACHE_MAXSIZE", "1").variable("JANUS_CACHE_COLOUR", "1").warnings(),
        [
            "`JANUS_CACHE_COLOUR` is ignored: no setting has this variable; docs/config.md lists them all",
            "`JANUS_CACHE_MAXSIZE` is ignored: no setting has this variable; did you mean `JANUS_CACHE_MAX_SIZE`?",
        ]
    );
}

#[test]
fn a_variable_without_the_prefix_is_no_business_of_ours() {
    assert_eq!(inputs().variable("JANUS_HOME", "/x").variable("DIR", "/x").warnings(), [""; 0]);
}

#[test]
fn two_variables_that_contradict_each_other_are_a_warning_and_the_first_counts() {
    let said = inputs().variable("JANUS_CACHE_MAX_SIZE", "1 GB").variable("JANUS_CACHE_SIZE", "2 GB");
    assert_eq!(
        said.warnings(),
        ["`JANUS_CACHE_MAX_SIZE` is ignored: `JANUS_CACHE_SIZE` is set too and says something else; \
          unset one of them"]
    );
    assert_eq!(said.resolved().settings.max_size.value.bytes, 2_000_000_000);
    let same = inputs().variable("JANUS_CACHE_MAX_SIZE", "1 GB").variable("JANUS_CACHE_SIZE", "1 GB");
    assert_eq!(same.warnings(), [""; 0]);
}

#[test]
fn an_unknown_key_is_a_warning_with_its_line_and_the_nearest_key() {
    assert_eq!(
        inputs().project("[cache]\nmax_sise = 1\nmmap = false\n[cache.store]\nfoo = 1").warnings(),
        [
            "/p/janus.toml:2: `max_sise` is ignored: no setting has this key; did you mean `max_size`?",
            "/p/janus.toml:3: `mmap` is ignored: no setting has this key; did you mean `store.mmap`?",
            "/p/janus.toml:5: `store.foo` is ignored: no setting has this key; docs/config.md lists them all",
        ]
    );
}

#[test]
fn a_cache_table_in_a_cache_file_is_a_warning() {
    assert_eq!(
        inputs().user("[cache]\nmax_size = 1").warnings(),
        ["/u/cache.toml:1: the table `[cache]` is ignored: only janus.toml has it; \
          in this file settings stand on the top level"]
    );
}

#[test]
fn a_foreign_text_is_cut_and_cannot_speak_to_the_terminal() {
    let text = format!("[cache]\n\"a\\u001b]0;{}\" = 1", "x".repeat(1000));
    assert_eq!(
        inputs().project(&text).warnings(),
        [format!(
            "/p/janus.toml:2: `a\\u{{1b}}]0;{}…` is ignored: no setting has this key; docs/config.md lists them all",
            "x".repeat(75)
        )]
    );
}
