//! `janus cache config` shows every setting, also those that nothing acts on yet.

mod kit;

use janus_cache::config::SETTINGS;
use kit::{Project, text};

#[test]
fn a_setting_that_nothing_acts_on_yet_is_checked_and_shown_with_its_origin() {
    let project = Project::empty();
    project.write("janus.toml", "[cache]\nmax_age = \"3d\"\ncompression = false\n");
    let output = project.run(&["cache", "config"]);
    assert_eq!(text(&output.stderr), "");
    let shown = text(&output.stdout);
    let line = |key: &str| {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(key));
        line.unwrap_or_else(|| panic!("{key} is missing: {shown}")).to_owned()
    };
    for setting in SETTINGS {
        line(setting.key);
    }
    let age = line("max_age");
    assert!(age.contains(" 3d ") && age.ends_with("janus.toml:2"), "{age}");
    let compression = line("compression");
    assert!(compression.contains(" false ") && compression.ends_with("janus.toml:3"), "{compression}");
    assert!(line("incremental").ends_with(" default"));

    project.write("janus.toml", "[cache]\nmax_age = \"soon\"\n");
    assert_eq!(project.run(&["cache", "config"]).status.code(), Some(2));
}

#[test]
fn every_flag_of_a_build_has_an_effect() {
    let help = text(&Project::empty().run(&["build", "--help"]).stdout);
    assert!(help.contains("--cache-max-age") && !help.contains("(not used yet)"), "{help}");
}
