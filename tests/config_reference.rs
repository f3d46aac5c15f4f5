//! `docs/config.md` says what the table of settings says.

use std::path::Path;

#[test]
fn the_reference_of_settings_is_in_step_with_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md");
    let expected = janus_cache::config::reference_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).expect("docs/config.md is writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/config.md is stale: run this test with UPDATE_DOCS=1 and read the difference"
    );
}
