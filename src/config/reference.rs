//! `docs/config.md`, written from the table.

use std::fmt::Write as _;

use super::setting::{Flag, Setting};
use super::table::SETTINGS;

/// The whole text of `docs/config.md`. A test compares the file with it.
pub fn reference_markdown() -> String {
    let mut text = String::from(HEAD);
    for setting in SETTINGS {
        let unused = if setting.awaits.is_some() { " (not used yet)" } else { "" };
        let names =
            [format!("{}{unused}", code(setting.key)), variables(setting), flag(setting), default(setting)];
        line(&mut text, &names);
    }
    text.push_str(DETAILS);
    for setting in SETTINGS {
        section(&mut text, setting);
    }
    text
}

fn section(text: &mut String, setting: &Setting) {
    text.push_str("\n### ");
    text.push_str(&code(setting.key));
    text.push_str("\n\n");
    text.push_str(setting.meaning);
    text.push_str("\n\n| | |\n|---|---|\n");
    line(text, &["default".to_owned(), default(setting)]);
    line(text, &["file".to_owned(), setting.toml_form.to_owned()]);
    line(text, &["variable, flag".to_owned(), setting.text_form.to_owned()]);
    if let Some(work) = setting.awaits {
        let effect = format!("none yet, the value is only checked and shown: this is later work, *{work}*");
        line(text, &["effect".to_owned(), effect]);
    }
    if setting.inside_project_unless_trusted {
        line(text, &["untrusted project file".to_owned(), "a relative path without `..`".to_owned()]);
    }
}

fn line(text: &mut String, cells: &[String]) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn variables(setting: &Setting) -> String {
    let names: Vec<String> = setting.variables.iter().copied().map(code).collect();
    let opposite = if setting.variables_negate { " (the opposite)" } else { "" };
    format!("{}{opposite}", names.join(", else "))
}

fn flag(setting: &Setting) -> String {
    match setting.flag {
        Some(Flag::Valued { name, value_name }) => code(&format!("{name} {value_name}")),
        Some(Flag::Switch { name, value }) => format!("{} ({})", code(name), code(value)),
        None => "none".to_owned(),
    }
}

fn default(setting: &Setting) -> String {
    let value = (setting.default_text)();
    if value.is_empty() { "empty".to_owned() } else { code(&value) }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

const HEAD: &str = "\
<!-- Written from src/config/table.rs by tests/config_reference.rs: change those, then run it with UPDATE_DOCS=1. -->

# Settings

A setting has the value that the first of these layers gives it:

| layer | where |
|---|---|
| flag | the command line |
| variable | the environment; one that is empty counts as unset |
| project | `janus.toml` in the project's root, in its table `[cache]` |
| user | `cache.toml` in `$XDG_CONFIG_HOME/janus`, else in `~/.config/janus` (Windows: `%APPDATA%\\janus`) |
| system | `/etc/janus/cache.toml` (Windows: none) |
| default | this page |

In `janus.toml` the settings stand in a table, because the file is about more than the cache:

```toml
[cache]
max_size = \"500 MB\"
store.mmap = false
```

In `cache.toml` they stand on the top level:

```toml
max_size = \"2 GiB\"
chain = [\"disk\"]
```

## Build configuration

Names and values that belong to a build, such as its profile or target, enter the key of every table, so builds
that differ in one of them share nothing, in one cache directory. They stand in `janus.toml`, and `janus build`
takes more of them as `--define NAME=VALUE` (short `-D`):

```toml
[build.define]
profile = \"debug\"
checks = true
level = 2
```

A flag outranks the file, and of two flags for one name the later counts. A name has 1 to 64 ASCII letters,
digits, `.`, `_` or `-`, a value at most 4096 bytes; whole numbers and booleans count as their text.
`janus build --explain` names what changed, with old and new value.

## What is wrong, and what is only odd

A value of the wrong type or out of range is an error in every layer, also in one that a stronger layer
outranks. The message names the flag, the variable or the file and line, what was expected and what was found.
A file that is there but cannot be read is an error too, because it might forbid what the build is about to do.

An unknown key, also one of table `[build]`, an unknown variable that begins with `JANUS_CACHE_` and a second variable that contradicts
the first are ignored with a warning, and so is a `[cache]` table in a `cache.toml`.

## What a project file may not do

A project file comes with the project, maybe from a stranger. A value that leads out of the project, which is an
absolute path or one with a `..` part, counts only once the user has read the file and run `janus trust DIR`.
That records the project's path and the digest of the file's content in `trusted.toml` beside the user's
`cache.toml`. Until then, and again after each change of the file, such a value is ignored with a warning.

## All settings

| key | variable | flag | default |
|---|---|---|---|
";

const DETAILS: &str = "
## One by one
";
