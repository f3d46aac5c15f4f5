//! What imports mean, and which files would change their meaning.

mod janus_kit;

use janus_kit::{Project, imports, meaning, problems, symbols};

const NONE: [&str; 0] = [];

#[test]
fn the_folder_of_the_file_comes_first_then_the_root_then_src() {
    let project = || Project::new().file("d/m.jan", "import a.b;");
    let all = ["d/a/b.jan", "d/a/b/mod.jan", "a/b.jan", "a/b/mod.jan", "src/a/b.jan", "src/a/b/mod.jan"];
    for (count, path) in all.iter().enumerate() {
        let facts = project().file(path, "").read();
        assert_eq!(meaning(&imports(&facts, "d/m.jan")[0]), (Some(*path), all[..count].to_vec()));
    }
    let facts = project().read();
    let mut probed = all.to_vec();
    probed.extend(["d/a.jan", "d/a/mod.jan", "a.jan", "a/mod.jan", "src/a.jan", "src/a/mod.jan"]);
    assert_eq!(meaning(&imports(&facts, "d/m.jan")[0]), (None, probed));
}

#[test]
fn a_module_line_answers_after_all_paths_were_looked_for() {
    let facts = Project::new().file("m.jan", "import a.b.{T}").file("other/x.jan", "module a.b;").read();
    let absent = vec!["a/b.jan", "a/b/mod.jan", "src/a/b.jan", "src/a/b/mod.jan"];
    assert_eq!(meaning(&imports(&facts, "m.jan")[0]), (Some("other/x.jan"), absent));
}

#[test]
fn every_spelling_of_an_import_is_read() {
    for (text, written) in [
        ("import std.core;", "std.core"),
        ("import std.core", "std.core"),
        ("import std.core.{a, b as c}", "std.core"),
        ("import \"../std/core.jan\" as Core", "../std/core.jan"),
        ("import \"std.core\"", "std.core"),
        ("use std.core", "std.core"),
        ("use std::core::Type;", "std::core::Type"),
        ("use std::core::{Type};", "std::core"),
        ("use std::core::*;", "std::core"),
        ("pub use std.core.{Type};", "std.core"),
        ("use janus \"std/core\"", "std/core"),
        ("using std.core;", "std.core"),
    ] {
        let facts = Project::new().file("std/core.jan", "struct Type { }").file("app/m.jan", text).read();
        let import = &imports(&facts, "app/m.jan")[0];
        assert_eq!(
            (import.written.as_str(), import.resolved.as_deref()),
            (written, Some("std/core.jan")),
            "{text}"
        );
        assert_eq!(problems(&facts), NONE, "{text}");
    }
}

#[test]
fn a_file_path_never_leads_out_of_the_root() {
    let facts = Project::new()
        .file("d/m.jan", "import \"../x.jan\"\nimport \"../../x.jan\"")
        .file("x.jan", "")
        .read();
    let imports = imports(&facts, "d/m.jan");
    assert_eq!(meaning(&imports[0]), (Some("x.jan"), vec![]));
    assert_eq!(meaning(&imports[1]), (None, vec![]));
    assert_eq!(problems(&facts), ["unresolved-import d/m.jan:2:8"]);
}

#[test]
fn a_foreign_file_is_a_source_by_its_content_alone() {
    let facts = Project::new()
        .file("src/m.jan", "use zig \"native/fs\"\ngraft zig \"x.zig\"\nuse zig \"gone\"")
        .file("src/native/fs.zig", "pub fn main() void {}")
        .file("x.zig", "// x")
        .read();
    let imports = imports(&facts, "src/m.jan");
    assert_eq!(meaning(&imports[0]), (Some("src/native/fs.zig"), vec!["src/native/fs"]));
    assert_eq!(meaning(&imports[1]), (Some("x.zig"), vec!["src/x.zig", "src/x.zig.zig"]));
    assert_eq!(problems(&facts), ["unresolved-import src/m.jan:3:9"]);
    let foreign: Vec<(&str, u64)> = facts
        .sources
        .iter()
        .filter(|source| source.foreign)
        .map(|source| (source.path.as_ref(), source.bytes))
        .collect();
    assert_eq!(foreign, [("src/native/fs.zig", 21), ("x.zig", 4)]);
    assert!(facts.functions.is_empty());
}

#[test]
fn an_import_that_leads_nowhere_is_told_once_a_file_and_is_no_error() {
    let facts = Project::new()
        .file("a.jan", "import std.io;\nimport std.io.{x}\nimport std.os;")
        .file("b.jan", "import std.io;")
        .read();
    assert_eq!(
        problems(&facts),
        ["unresolved-import a.jan:1:8", "unresolved-import a.jan:3:8", "unresolved-import b.jan:1:8"]
    );
    assert!(facts.diagnostics.iter().all(|diagnostic| diagnostic.severity.as_str() == "warning"));
}

#[test]
fn files_may_import_each_other_and_themselves() {
    let facts = Project::new()
        .file("a.jan", "module a;\nimport b.{T}\nimport a.{S}\nstruct S { }\nfunc f(t: T, s: S) { }")
        .file("b.jan", "module b;\nimport a;\nstruct T { }\nfunc g(s: a.S) { }")
        .read();
    assert_eq!(symbols(&facts), ["a::f(b::T, a::S)", "b::g(a::S)"]);
    assert_eq!(problems(&facts), NONE);
}

#[test]
fn a_module_inside_the_file_comes_before_files() {
    let facts = Project::new()
        .file("m.jan", "module m;\nmodule lib { struct T { } }\nmodule app { import lib.{T}\n func f(t: T) { } }\nmodule up { use super::{S}; func f(s: S) { } }\nstruct S { }")
        .file("lib.jan", "module lib;\nstruct T { }")
        .read();
    assert_eq!(symbols(&facts), ["m.app::f(m.lib::T)", "m.up::f(m::S)"]);
    assert_eq!(meaning(&imports(&facts, "m.jan")[0]), (Some("m.jan"), vec![]));
}

#[test]
fn an_imported_file_whose_block_has_the_name_means_that_block() {
    let facts = Project::new()
        .file("std/env.jan", "module std.env { struct T { } }")
        .file("m.jan", "module m;\nimport std.env.{T}\nfunc f(t: T) { }")
        .read();
    assert_eq!(symbols(&facts), ["m::f(std/env.std.env::T)"]);
}

#[test]
fn the_place_and_the_text_of_an_import_are_kept() {
    let facts = Project::new().file("m.jan", "\n  pub use a::b;\n").file("a/b.jan", "").read();
    let import = &imports(&facts, "m.jan")[0];
    assert_eq!((import.place.line, import.place.column, import.written.as_str()), (2, 11, "a::b"));
}
