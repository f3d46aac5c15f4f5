//! Which layer wins, and that its name stands beside the value.

use std::path::Path;

use super::{Say, entry, inputs};
use crate::config::{Flag, Inputs, Origin, SETTINGS};

/// For every setting a value that is not the default: as a flag or variable says it, as a file says it, and as
/// it is said back.
const SAMPLES: [(&str, &str, &str, &str); 20] = [
    ("dir", "cache", "\"cache\"", "cache"),
    ("enabled", "no", "false", "false"),
    ("max_size", "2GiB", "\"2 GiB\"", "2 GiB"),
    ("max_age", "30s", "\"30s\"", "30s"),
    ("eviction", "value", "\"value\"", "value"),
    ("quotas", "a=5MB,b=1kB", "['b=1 kB', 'a=5MB']", "a=5 MB,b=1 kB"),
    ("keep_packages", "on", "true", "true"),
    ("cleanup_interval", "2h", "\"2h\"", "2h"),
    ("verbose", "on", "true", "true"),
    ("read_only", "1", "true", "true"),
    ("recache", "yes", "true", "true"),
    ("namespace", "ci", "\"ci\"", "ci"),
    ("chain", "disk", "[\"disk\"]", "disk"),
    ("write_error_policy", "all", "\"all\"", "all"),
    ("verify", "off", "\"off\"", "off"),
    ("lock_timeout", "5s", "\"5s\"", "5s"),
    ("durability", "sync", "\"sync\"", "sync"),
    ("store.mmap", "off", "false", "false"),
    ("compression", "off", "false", "false"),
    ("incremental", "off", "false", "false"),
];

const LAYERS: [fn(Inputs, &str) -> Inputs; 5] = [
    |inputs, size| inputs.flag("max_size", size),
    |inputs, size| inputs.variable("JANUS_CACHE_SIZE", size),
    |inputs, size| inputs.project(&format!("[cache]\nmax_size = '{size}'\n")),
    |inputs, size| inputs.user(&format!("\n\nmax_size = '{size}'\n")),
    |inputs, size| inputs.system(&format!("max_size = '{size}'\n")),
];

#[test]
fn each_layer_outranks_all_weaker_ones_and_is_named_as_the_origin() {
    let origins = [
        "--cache-size",
        "JANUS_CACHE_SIZE",
        "/p/janus.toml:2",
        "/u/cache.toml:3",
        "/s/cache.toml:1",
        "default",
    ];
    for (strongest, origin) in origins.iter().enumerate() {
        let mut said = inputs();
        for (layer, say) in LAYERS.iter().enumerate().skip(strongest) {
            said = say(said, &format!("{} kB", layer + 1));
        }
        let size = said.settings().max_size;
        let expected = if strongest < LAYERS.len() { (strongest as u64 + 1) * 1000 } else { 100_000_000 };
        assert_eq!((size.value.bytes, size.origin.to_string()), (expected, (*origin).to_owned()));
    }
}

#[test]
fn every_setting_can_be_set_in_every_layer() {
    let keys: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(SAMPLES.map(|(key, ..)| key).as_slice(), keys);
    for (setting, (key, text, toml, back)) in SETTINGS.iter().zip(SAMPLES) {
        let name = setting.flag.map_or(key, Flag::name);
        let back = |start: &str| if key == "dir" { format!("{start}/{back}") } else { back.to_owned() };
        assert_eq!(
            entry(&inputs().flag(key, text).settings(), key),
            (back("/c"), Origin::Flag { name }),
            "{key} as a flag"
        );
        for &name in setting.variables {
            let text = if setting.variables_negate { "yes" } else { text };
            assert_eq!(
                entry(&inputs().variable(name, text).settings(), key),
                (back("/c"), Origin::Variable { name }),
                "{name}"
            );
        }
        assert_eq!(
            entry(&inputs().project(&format!("[cache]\n{key} = {toml}")).settings(), key),
            (back("/p"), Origin::Project { path: "/p/janus.toml".into(), line: 2 }),
            "{key} in a project file"
        );
        assert_eq!(
            entry(&inputs().user(&format!("{key} = {toml}")).settings(), key),
            (back("/u"), Origin::User { path: "/u/cache.toml".into(), line: 1 }),
            "{key} in a user file"
        );
        assert_eq!(
            entry(&inputs().system(&format!("{key} = {toml}")).settings(), key),
            (back("/s"), Origin::System { path: "/s/cache.toml".into(), line: 1 }),
            "{key} in a system file"
        );
    }
}

#[test]
fn without_any_word_every_setting_has_its_default() {
    let settings = inputs().settings();
    for entry in settings.entries() {
        let key = entry.setting.key;
        let expected = if key == "dir" { "/p/.janus_cache".into() } else { (entry.setting.default_text)() };
        assert_eq!((entry.value_text, entry.origin), (expected, &Origin::Default), "{key}");
    }
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let settings = inputs().settings();
    assert_eq!(settings.max_size.value.bytes, 100_000_000);
    assert_eq!(settings.max_age.value.as_secs(), 7 * 24 * 3600);
    assert_eq!(settings.cleanup_interval.value.as_secs(), 24 * 3600);
    assert_eq!(settings.lock_timeout.value.as_secs(), 60);
    assert!(settings.enabled.value && settings.compression.value && settings.incremental.value);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let size = inputs()
        .variable("JANUS_CACHE_SIZE", "")
        .variable("JANUS_CACHE_MAX_SIZE", "5 kB")
        .settings()
        .max_size;
    assert_eq!((size.value.bytes, size.origin), (5000, Origin::Variable { name: "JANUS_CACHE_MAX_SIZE" }));
}

#[test]
fn of_two_flags_for_one_setting_the_later_counts() {
    let settings = inputs().flag("namespace", "a").flag("namespace", "b").settings();
    assert_eq!(settings.namespace.value.as_str(), "b");
}

#[test]
fn the_disabling_variable_can_also_enable_what_a_file_disabled() {
    let said = inputs().project("[cache]\nenabled = false");
    assert!(!said.settings().enabled.value);
    assert!(said.variable("JANUS_CACHE_DISABLE", "0").settings().enabled.value);
}

#[test]
fn a_relative_directory_starts_where_its_author_stands() {
    // As text: two paths that differ in a `.` part are equal.
    let dir = |said: Inputs| said.settings().dir.value.display().to_string();
    assert_eq!(dir(inputs().flag("dir", "./a/./x")), "/c/a/x");
    assert_eq!(dir(inputs().variable("JANUS_CACHE_DIR", "../x")), "/c/../x");
    assert_eq!(dir(inputs().project("[cache]\ndir = './x'")), "/p/x");
    assert_eq!(dir(inputs().user("dir = 'x'")), "/u/x");
    assert_eq!(dir(inputs().system("dir = '/x'")), "/x");
    assert_eq!(dir(inputs()), "/p/.janus_cache");
}

#[cfg(unix)]
#[test]
fn a_directory_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::ffi::OsStr::from_bytes(b"/\xff");
    let mut said = inputs();
    said.environment.insert("JANUS_CACHE_DIR".into(), path.into());
    assert_eq!(said.settings().dir.value, Path::new(path));
}

#[test]
fn other_tables_of_a_project_file_are_left_to_others() {
    let settings = inputs().project("[build]\nmax_size = true\n[cache.store]\nmmap = false").settings();
    assert_eq!(settings.max_size.origin, Origin::Default);
    assert_eq!(settings.mmap.origin, Origin::Project { path: "/p/janus.toml".into(), line: 4 });
}
