//! Where an import looks for files, in which order. Only names; nothing is read.

use super::decl::{Import, ImportTarget};

/// A path of more parts than this names no file.
const MAX_PARTS: usize = 64;

/// Files of the language that an import may mean, first choice first: those for what is written,
/// then those for the part before its last name, which is then an item.
pub(super) fn own(importing: &str, import: &Import) -> Vec<String> {
    match &import.target {
        ImportTarget::Module(segments) => {
            let mut found = module(importing, segments);
            if let Some(parent) = parent_of(import) {
                found.extend(module(importing, parent));
            }
            found
        }
        ImportTarget::File(written) => file(importing, written).into_iter().collect(),
        ImportTarget::Foreign(_) => Vec::new(),
    }
}

/// The part before the last name, where that name may be an item.
pub(super) fn parent_of(import: &Import) -> Option<&[String]> {
    match &import.target {
        ImportTarget::Module(segments) if import.items.is_none() && segments.len() > 1 => {
            segments.split_last().map(|(_, parent)| parent)
        }
        _ => None,
    }
}

/// `a.b.c`: below the importing file's folder, the root and `src`; `a/b/c.jan`, then `a/b/c/mod.jan`.
pub(super) fn module(importing: &str, segments: &[String]) -> Vec<String> {
    if segments.is_empty() || segments.len() > MAX_PARTS {
        return Vec::new();
    }
    let ups = segments.iter().take_while(|segment| *segment == "super").count();
    let named = segments.get(ups..).unwrap_or(&[]).join("/");
    let mut found = Vec::new();
    let mut probe = |base: &str, written: &str| {
        for path in [format!("{written}.jan"), format!("{written}/mod.jan")] {
            if let Some(path) = join(base, &path) {
                push_new(&mut found, path);
            }
        }
    };
    if ups > 0 {
        if !named.is_empty() {
            probe(folder_of(importing), &format!("{}{named}", "../".repeat(ups - 1)));
        }
        return found;
    }
    for base in bases(importing) {
        probe(base, &named);
    }
    found
}

/// `"./x.jan"`, relative to the importing file. `None` where it leads out of the root.
pub(super) fn file(importing: &str, written: &str) -> Option<String> {
    join(folder_of(importing), written)
}

/// A file of another language: as written, then with `.zig`, below the same three folders.
pub(super) fn foreign(importing: &str, written: &str) -> Vec<String> {
    let mut found = Vec::new();
    for base in bases(importing) {
        for suffix in ["", ".zig"] {
            if let Some(path) = join(base, &format!("{written}{suffix}")) {
                push_new(&mut found, path);
            }
        }
    }
    found
}

/// The folders that are searched, in order.
fn bases(importing: &str) -> [&str; 3] {
    [folder_of(importing), "", "src"]
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Joins and normalizes. `None` where the path is absolute, leads out of the root or names nothing.
fn join(base: &str, written: &str) -> Option<String> {
    if written.starts_with('/') || written.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() || parts.len() > 2 * MAX_PARTS { None } else { Some(parts.join("/")) }
}

fn push_new(found: &mut Vec<String>, path: String) {
    if !found.contains(&path) {
        found.push(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn a_module_is_looked_for_beside_the_file_then_at_the_root_then_in_src() {
        assert_eq!(
            module("app/ui/main.jan", &words("a.b")),
            [
                "app/ui/a/b.jan",
                "app/ui/a/b/mod.jan",
                "a/b.jan",
                "a/b/mod.jan",
                "src/a/b.jan",
                "src/a/b/mod.jan"
            ]
        );
    }

    #[test]
    fn no_place_is_looked_at_twice() {
        assert_eq!(module("main.jan", &words("a")), ["a.jan", "a/mod.jan", "src/a.jan", "src/a/mod.jan"]);
    }

    #[test]
    fn a_file_path_is_relative_to_the_importing_file_and_stays_inside_the_root() {
        assert_eq!(file("a/b/c.jan", "../x.jan").as_deref(), Some("a/x.jan"));
        assert_eq!(file("a/b/c.jan", "./x.jan").as_deref(), Some("a/b/x.jan"));
        assert_eq!(file("a/c.jan", "../../x.jan"), None);
        assert_eq!(file("a/c.jan", "/etc/x.jan"), None);
    }

    #[test]
    fn a_foreign_file_is_looked_for_as_written_and_with_the_suffix() {
        assert_eq!(foreign("m.jan", "std/fs"), ["std/fs", "std/fs.zig", "src/std/fs", "src/std/fs.zig"]);
    }

    #[test]
    fn super_is_the_module_around_the_file() {
        assert_eq!(module("a/b/c.jan", &words("super.x")), ["a/b/x.jan", "a/b/x/mod.jan"]);
        assert_eq!(module("a/b/c.jan", &words("super.super.x")), ["a/x.jan", "a/x/mod.jan"]);
        assert_eq!(module("c.jan", &words("super.super.x")), [""; 0]);
    }
}
