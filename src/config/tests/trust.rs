//! What a project file may say before, and after, the user trusts it.

use std::path::PathBuf;

use super::{Say, inputs};
use crate::config::{Inputs, Origin};
use crate::digest::ContentDigest;

const OUTSIDE: &str = "[cache]\ndir = '/tmp/x'\n";

fn trusting(said: Inputs, content: &str) -> Inputs {
    Inputs { trusted_digest: Some(ContentDigest::of(content.as_bytes())), ..said }
}

#[test]
fn an_untrusted_project_file_cannot_lead_out_of_the_project() {
    for dir in ["/tmp/x", "../x", "a/../../x", "a/../x"] {
        let resolved = inputs().project(&format!("[cache]\ndir = '{dir}'")).user("dir = '/u/c'").resolved();
        assert_eq!(resolved.settings.dir.value, PathBuf::from("/u/c"), "{dir}");
        assert_eq!(resolved.warnings.len(), 1, "{dir}");
    }
}

#[test]
fn the_warning_names_the_command_that_ends_it() {
    assert_eq!(
        inputs().project(OUTSIDE).warnings(),
        ["/p/janus.toml:2: `dir` = `/tmp/x` is ignored: it leads out of the project, which is not trusted; \
          read the file, then run `janus trust /p`"]
    );
}

#[test]
fn a_trusted_project_file_may_lead_out_of_the_project() {
    let dir = trusting(inputs().project(OUTSIDE), OUTSIDE).settings().dir;
    assert_eq!(dir.value, PathBuf::from("/tmp/x"));
    assert_eq!(dir.origin, Origin::Project { path: "/p/janus.toml".into(), line: 2 });
}

#[test]
fn trust_in_other_content_is_no_trust_and_says_so() {
    let said = trusting(inputs().project(OUTSIDE), "[cache]\n");
    assert_eq!(
        said.warnings(),
        [
            "/p/janus.toml:2: `dir` = `/tmp/x` is ignored: it leads out of the project, and the file changed since \
          it was trusted; read the file, then run `janus trust /p`"
        ]
    );
    assert_eq!(said.resolved().settings.dir.origin, Origin::Default);
}

#[test]
fn a_folder_inside_the_project_needs_no_trust() {
    assert_eq!(
        inputs().project("[cache]\ndir = './out/cache'").settings().dir.value,
        PathBuf::from("/p/out/cache")
    );
}

#[test]
fn the_users_own_layers_need_no_trust() {
    assert_eq!(inputs().user("dir = '/x'").settings().dir.value, PathBuf::from("/x"));
    assert_eq!(inputs().variable("JANUS_CACHE_DIR", "/x").settings().dir.value, PathBuf::from("/x"));
    assert_eq!(inputs().flag("dir", "/x").settings().dir.value, PathBuf::from("/x"));
}
