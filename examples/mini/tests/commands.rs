//! The command line, with real files.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::super::command;
use super::executed;

/// Exit code, standard output and standard error of `mini` with these arguments.
fn mini(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let (mut out, mut messages) = (Vec::new(), Vec::new());
    let code = command::run(&arguments, &mut out, &mut messages);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (code, text(out), text(messages))
}

fn word(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn build_writes_the_program_to_standard_output_or_into_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (entry, out) = (dir.path().join("main.mini"), dir.path().join("main.ll"));
    fs::write(&entry, "import \"other.mini\"\nfn main() { return print(other()); }").expect("written");
    fs::write(dir.path().join("other.mini"), "fn other() { return 7; }").expect("written");
    let (code, text, messages) = mini(&["build", word(&entry)]);
    assert_eq!((code, messages.as_str()), (0, ""));
    assert_eq!(mini(&["build", "-o", word(&out), word(&entry)]), (0, String::new(), String::new()));
    assert_eq!(fs::read_to_string(&out).expect("written"), text);
    if let Some(found) = executed(&text) {
        assert_eq!(found, ("7\n".to_owned(), 7));
    }
}

#[test]
fn build_finds_imports_below_the_given_root() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(dir.path().join("app")).expect("a folder");
    let entry = dir.path().join("app/main.mini");
    fs::write(&entry, "import \"lib.mini\"\nfn main() { return lib(); }").expect("written");
    fs::write(dir.path().join("lib.mini"), "fn lib() { return 7; }").expect("written");
    let (code, text, _) = mini(&["build", word(&entry), "--root", word(dir.path())]);
    assert_eq!(code, 0);
    assert!(text.contains("@mini.app.main$2emini..main("), "{text}");
    let (code, text, messages) = mini(&["build", word(&entry)]);
    assert_eq!((code, text.as_str()), (1, ""), "the root is the entry's folder");
    assert_eq!(messages, "main.mini:1:8: expected a file that exists, found none at lib.mini\n");
}

#[test]
fn errors_in_sources_write_nothing_and_exit_with_1() {
    let dir = tempfile::tempdir().expect("a folder");
    let (entry, out) = (dir.path().join("main.mini"), dir.path().join("main.ll"));
    fs::write(&entry, "fn main() { return }").expect("written");
    let (code, text, messages) = mini(&["build", word(&entry), "-o", word(&out)]);
    assert_eq!((code, text.as_str()), (1, ""));
    assert_eq!(messages, "main.mini:1:20: expected an expression, found `}`\n");
    assert!(!out.exists(), "the output was written");
}

#[test]
fn a_folder_is_no_file_to_import() {
    let dir = tempfile::tempdir().expect("a folder");
    let entry = dir.path().join("main.mini");
    fs::create_dir(dir.path().join("sub")).expect("a folder");
    fs::write(&entry, "import \"sub\"\nimport \"main.mini/x\"\nfn main() { }").expect("written");
    let (code, _, messages) = mini(&["build", word(&entry)]);
    assert_eq!(code, 1);
    let expected = "main.mini:1:8: expected a file that exists, found none at sub\nmain.mini:2:8: expected a file that exists, found none at main.mini/x\n";
    assert_eq!(messages, expected);
}

#[test]
fn commands_that_cannot_be_followed_say_why_and_exit_with_2() {
    let dir = tempfile::tempdir().expect("a folder");
    let (entry, other) = (dir.path().join("main.mini"), dir.path().join("other"));
    fs::write(&entry, "fn main() { }").expect("written");
    fs::create_dir(&other).expect("a folder");
    let (entry, other, gone) = (word(&entry), word(&other), word(dir.path()).to_owned() + "/gone");
    for (arguments, why) in [
        (&[][..], "expected `build` or `generate`"),
        (&["bild"], "found `bild`"),
        (&["build"], "expected ENTRY"),
        (&["build", &gone], "cannot be read"),
        (&["build", other], "expected a file"),
        (&["build", entry, entry], "found several"),
        (&["build", entry, "-o"], "expected a path after `-o`"),
        (&["build", entry, "--fast"], "unknown option `--fast`"),
        (&["build", entry, "--root", other], "is not inside"),
        (&["build", entry, "--root", other, "--root", other], "found it again"),
        (&["build", entry, "-o", other], "cannot be written"),
        (&["generate", "0", other], "expected a number from 1"),
        (&["generate", "1", entry], "cannot be written"),
        (&["generate", "1", word(dir.path())], "is not empty"),
        (&["generate", "1"], "expected N and DIR"),
    ] {
        let (code, out, messages) = mini(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(messages.contains(why), "{arguments:?}: {messages}");
    }
    let (code, out, messages) = mini(&["--help"]);
    assert_eq!((code, messages.as_str()), (0, ""));
    assert!(out.starts_with("usage: mini build"), "{out}");
}

#[test]
fn generate_writes_a_project_that_builds() {
    let dir = tempfile::tempdir().expect("a folder");
    let project = dir.path().join("project");
    let (code, entry, messages) = mini(&["generate", "230", word(&project)]);
    assert_eq!((code, entry.as_str(), messages.as_str()), (0, "part0002/file000229.mini\n", ""));
    assert_eq!(fs::read_dir(project.join("part0001")).expect("a folder").count(), 100);
    let entry = project.join(entry.trim_end());
    let (code, _, messages) = mini(&["build", word(&entry), "--root", word(&project)]);
    assert_eq!((code, messages.as_str()), (0, ""));
}
