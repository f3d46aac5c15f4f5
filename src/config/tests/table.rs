//! The table itself: names that cannot be confused.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::resolve::PREFIX;
use crate::config::{Flag, SETTINGS};

#[test]
fn no_key_variable_or_flag_stands_twice() {
    let names: Vec<&str> = SETTINGS
        .iter()
        .flat_map(|setting| {
            let flag = setting.flag.map(Flag::name);
            setting.variables.iter().copied().chain([setting.key]).chain(flag)
        })
        .collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn every_variable_has_the_prefix_and_every_flag_its_dashes() {
    for setting in SETTINGS {
        assert!(!setting.variables.is_empty(), "{} has no variable", setting.key);
        assert!(setting.variables.iter().all(|name| name.starts_with(PREFIX)), "{}", setting.key);
        assert!(setting.flag.is_none_or(|flag| flag.name().starts_with("--")), "{}", setting.key);
    }
}

#[test]
fn the_meanings_are_whole_sentences() {
    for setting in SETTINGS {
        assert!(setting.meaning.ends_with('.') && !setting.meaning.contains("  "), "{}", setting.key);
    }
}

/// All sources of the library and the command but this room.
fn other_sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("cli/src")];
    let mut text = String::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("src/config") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(path).expect("UTF-8"));
            }
        }
    }
    text
}

#[test]
fn a_setting_is_marked_as_not_used_exactly_while_no_code_reads_it() {
    let sources = other_sources();
    for setting in SETTINGS {
        let field = setting.key.rsplit('.').next().expect("a part");
        let is_read = sources.contains(&format!("settings.{field}."));
        assert_eq!(
            setting.awaits.is_none(),
            is_read,
            "{}: correct its row in src/config/table.rs",
            setting.key
        );
    }
}
