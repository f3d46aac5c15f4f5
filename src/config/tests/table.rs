//! The table itself: names that cannot be confused.

use std::collections::BTreeSet;

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
