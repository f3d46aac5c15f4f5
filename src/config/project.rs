//! What a project is called.

use std::path::Path;

use toml::de::DeTable;

use super::inputs::FileBytes;

/// The longest name, in bytes: it becomes a file's name.
const MAX_NAME_BYTES: usize = 100;

/// The project's name: `name` of table `[project]` in its `janus.toml`, else the name of its folder.
///
/// Everything that is no ASCII letter, digit, `.`, `_` or `-` becomes `_`, and a leading `.` or `-`
/// does too: the name becomes a file's name, and the file that says it may come from a stranger.
pub fn project_name(project_root: &Path, project_file: Option<&FileBytes>) -> String {
    let said = project_file.and_then(|file| said_name(&file.bytes));
    let folder = || project_root.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = said.filter(|name| !name.is_empty()).or_else(folder).unwrap_or_else(|| "project".to_owned());
    let is_safe =
        |at: usize, c: char| c.is_ascii_alphanumeric() || c == '_' || (at > 0 && matches!(c, '.' | '-'));
    let safe: String = name.chars().enumerate().map(|(at, c)| if is_safe(at, c) { c } else { '_' }).collect();
    safe.chars().take(MAX_NAME_BYTES).collect()
}

/// The name that a file says; what is wrong with the file is told where its settings are read.
fn said_name(bytes: &[u8]) -> Option<String> {
    let top = DeTable::parse(std::str::from_utf8(bytes).ok()?).ok()?.into_inner();
    let name = top.get("project")?.get_ref().as_table()?.get("name")?.get_ref().as_str()?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(toml: &str) -> String {
        let file = FileBytes { path: "/p/shapes/janus.toml".into(), bytes: toml.as_bytes().to_vec() };
        project_name(Path::new("/p/shapes"), Some(&file))
    }

    #[test]
    fn a_project_is_called_what_its_file_says_else_as_its_folder() {
        assert_eq!(name("[project]\nname = \"arcade\"\n"), "arcade");
        for nothing in ["", "[project]\n", "[project]\nname = 7\n", "[project]\nname = \"\"\n", "not toml ["]
        {
            assert_eq!(name(nothing), "shapes");
        }
        assert_eq!(project_name(Path::new("/"), None), "project");
    }

    #[test]
    fn a_name_cannot_lead_to_another_folder() {
        assert_eq!(name("[project]\nname = \"../../etc/x\"\n"), "_._.._etc_x");
        assert_eq!(name("[project]\nname = \".hidden\"\n"), "_hidden");
        assert_eq!(name("[project]\nname = \"a/b\\\\c\"\n"), "a_b_c");
        assert_eq!(name(&format!("[project]\nname = \"{}\"\n", "n".repeat(1000))).len(), 100);
    }
}
