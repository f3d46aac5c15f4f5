//! The record of trusted projects as its users see it.

use std::fs;
use std::path::{Path, PathBuf};

use super::records;
use super::{ProjectTrust, TrustState};
use crate::clock::Clock;
use crate::config::{FileBytes, Inputs, PROJECT_FILE, Settings};
use crate::digest::ContentDigest;

/// A user with a record that is not there yet, and a project with a file.
struct Desk {
    dir: tempfile::TempDir,
}

const NOON: Clock = Clock::Fixed { unix_ns: 1_767_268_800_000_000_000 };

impl Desk {
    fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        desk.write("one");
        desk
    }

    fn trust(&self) -> ProjectTrust {
        ProjectTrust::at(self.file(), NOON)
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("config/janus/trusted.toml")
    }

    fn project(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("there").join("project")
    }

    fn write(&self, content: &str) {
        fs::create_dir_all(self.project()).expect("made");
        fs::write(self.project().join(PROJECT_FILE), content).expect("written");
    }

    fn write_record(&self, content: &str) {
        crate::fs::replace_file(&self.file(), content.as_bytes()).expect("written");
    }
}

fn digest(content: &str) -> ContentDigest {
    ContentDigest::of(content.as_bytes())
}

#[test]
fn nothing_is_trusted_before_the_user_says_so() {
    let desk = Desk::new();
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect("readable"), TrustState::Unknown);
    assert!(!desk.file().exists());
}

#[test]
fn a_recorded_project_is_trusted_under_every_name_of_its_folder() {
    let desk = Desk::new();
    desk.trust().record(&desk.project().join("../project/.")).expect("recorded");
    let trusted = TrustState::Trusted { digest: digest("one") };
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect("readable"), trusted);
    #[cfg(unix)]
    {
        let link = desk.dir.path().join("link");
        std::os::unix::fs::symlink(desk.project(), &link).expect("linked");
        assert_eq!(desk.trust().is_trusted(&link).expect("readable"), trusted);
    }
}

#[test]
fn a_changed_file_is_not_trusted_and_trusted_again_when_changed_back() {
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    desk.write("two");
    let changed = TrustState::Changed { recorded: digest("one"), found: digest("two") };
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect("readable"), changed);
    desk.write("one");
    let trusted = TrustState::Trusted { digest: digest("one") };
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect("readable"), trusted);
}

#[test]
fn the_same_file_in_another_project_is_not_trusted() {
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    let copy = desk.dir.path().join("copy");
    fs::create_dir(&copy).expect("made");
    fs::write(copy.join(PROJECT_FILE), "one").expect("written");
    assert_eq!(desk.trust().is_trusted(&copy).expect("readable"), TrustState::Unknown);
}

#[test]
fn a_project_without_a_file_has_nothing_to_trust_also_when_it_was_recorded() {
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    fs::remove_file(desk.project().join(PROJECT_FILE)).expect("removed");
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect("readable"), TrustState::NoProjectFile);
    assert_eq!(
        desk.trust().record(&desk.project()).expect_err("nothing to record").to_string(),
        format!("{}: there is no janus.toml, so there is nothing to trust", desk.project().display())
    );
}

#[test]
fn recording_again_replaces_the_record_and_its_date() {
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    desk.write("two");
    let later = ProjectTrust::at(desk.file(), Clock::Fixed { unix_ns: 1_767_355_200_000_000_000 });
    assert_eq!(later.record(&desk.project()).expect("recorded"), digest("two"));
    let records = later.list().expect("readable");
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].digest, records[0].trusted_at_unix_s), (digest("two"), 1_767_355_200));
}

#[test]
fn a_removed_project_is_unknown_and_the_others_stay() {
    let desk = Desk::new();
    let other = desk.dir.path().join("other");
    fs::create_dir(&other).expect("made");
    fs::write(other.join(PROJECT_FILE), "other").expect("written");
    desk.trust().record(&desk.project()).expect("recorded");
    desk.trust().record(&other).expect("recorded");
    assert!(desk.trust().remove(&desk.project()).expect("writable"));
    assert!(!desk.trust().remove(&desk.project()).expect("nothing to do"));
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect("readable"), TrustState::Unknown);
    assert_eq!(
        desk.trust().is_trusted(&other).expect("readable"),
        TrustState::Trusted { digest: digest("other") }
    );
}

#[test]
fn a_project_that_is_gone_can_still_be_forgotten() {
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    fs::remove_dir_all(desk.project()).expect("removed");
    assert!(desk.trust().remove(&desk.project()).expect("writable"));
    assert_eq!(desk.trust().list().expect("readable"), []);
}

#[test]
fn projects_recorded_at_the_same_time_are_all_kept() {
    let desk = Desk::new();
    let projects: Vec<PathBuf> = (0..8).map(|number| desk.dir.path().join(number.to_string())).collect();
    for project in &projects {
        fs::create_dir(project).expect("made");
        fs::write(project.join(PROJECT_FILE), "x").expect("written");
    }
    std::thread::scope(|scope| {
        for project in &projects {
            scope.spawn(|| desk.trust().record(project).expect("recorded"));
        }
    });
    assert_eq!(desk.trust().list().expect("readable").len(), projects.len());
}

#[test]
fn the_record_is_a_file_that_a_person_can_read() {
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    assert_eq!(
        fs::read_to_string(desk.file()).expect("there"),
        format!(
            "# Projects whose janus.toml may lead out of the project. `janus trust` keeps this file.\n\
             version = 1\n\n[[project]]\npath = \"{}\"\ncontent = \"blake3:{}\"\n\
             trusted_at = \"2026-01-01T12:00:00Z\"\n",
            desk.project().display(),
            digest("one"),
        )
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_or_write_the_record() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    assert_eq!(fs::metadata(desk.file()).expect("there").permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_record_that_others_may_write_is_neither_believed_nor_extended() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    desk.trust().record(&desk.project()).expect("recorded");
    fs::set_permissions(desk.file(), fs::Permissions::from_mode(0o666)).expect("ours");
    let refused = format!(
        "{}: the trust record is not used: others may write it (mode 0666); \
         own it with mode 0600, or remove it and trust anew",
        desk.file().display()
    );
    assert_eq!(desk.trust().is_trusted(&desk.project()).expect_err("not ours alone").to_string(), refused);
    assert_eq!(desk.trust().record(&desk.project()).expect_err("not ours alone").to_string(), refused);
}

#[test]
fn a_damaged_record_trusts_nothing_and_names_its_line() {
    let project = "[[project]]\npath = '/p'\n";
    let time = "trusted_at = '2026-01-01T12:00:00Z'\n";
    let content = format!("content = 'blake3:{}'\n", digest("one"));
    let desk = Desk::new();
    for (text, said) in [
        ("version = 1\n[[".to_owned(), "line 2: "),
        ("version = 2\n".to_owned(), "expected version 1, found 2"),
        (String::new(), "line 1: missing field `version`"),
        (format!("version = 1\n{project}{time}"), "line 2: missing field `content`"),
        (
            format!("version = 1\n{project}content = 'blake3:12'\n{time}"),
            "line 4: expected `blake3:` and 64 hexadecimal digits, found `blake3:12`",
        ),
        (
            format!("version = 1\n{project}{content}trusted_at = 'now'\n"),
            "line 5: expected a time such as `2026-01-31T12:00:00Z`, found `now`",
        ),
        (
            format!("version = 1\n[[project]]\npath = 'p'\n{content}{time}"),
            "line 3: expected an absolute path, found `p`",
        ),
    ] {
        desk.write_record(&text);
        let error = desk.trust().is_trusted(&desk.project()).expect_err("damaged").to_string();
        let start = format!("{}: the trust record is not used: {said}", desk.file().display());
        assert!(error.starts_with(&start), "{error}");
        assert!(error.ends_with("; correct it, or remove it and trust anew"), "{error}");
    }
}

#[test]
fn a_path_with_quotes_and_control_characters_comes_back_from_the_record() {
    let record = records::TrustRecord {
        project: "/a \"b\"\\c\n\t\u{1b}\u{7f}\u{85}ä".into(),
        digest: digest("x"),
        trusted_at_unix_s: 1,
    };
    let text = records::write(vec![record.clone()]);
    assert_eq!(records::parse(text.as_bytes()).expect("our own text"), [record]);
}

#[test]
fn a_date_at_either_end_of_the_clock_comes_back_from_the_record() {
    for trusted_at_unix_s in [0, u64::MAX / 1_000_000_000] {
        let record = records::TrustRecord { project: "/p".into(), digest: digest("x"), trusted_at_unix_s };
        let text = records::write(vec![record.clone()]);
        assert_eq!(records::parse(text.as_bytes()).expect("our own text"), [record]);
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let desk = Desk::new();
    let error = desk.trust().is_trusted(Path::new("/absent/project")).expect_err("not there").to_string();
    assert!(error.starts_with("/absent/project: cannot be entered: "), "{error}");
}

#[test]
fn settings_believe_exactly_the_recorded_content() {
    let desk = Desk::new();
    desk.write("[cache]\ndir = '/elsewhere'\n");
    let dir = || {
        let trusted = desk.trust().trusted_digest(&desk.project()).expect("readable");
        let path = desk.project().join(PROJECT_FILE);
        let bytes = fs::read(&path).expect("readable");
        let inputs = Inputs {
            project_root: desk.project(),
            project_file: Some(FileBytes { path, bytes }),
            trusted_digest: trusted,
            ..Inputs::default()
        };
        Settings::resolve(&inputs).expect("no mistake").settings.dir.value
    };
    assert_eq!(dir(), desk.project().join(".janus_cache"));
    desk.trust().record(&desk.project()).expect("recorded");
    assert_eq!(dir(), Path::new("/elsewhere"));
    desk.write("[cache]\ndir = '/elsewhere/else'\n");
    assert_eq!(dir(), desk.project().join(".janus_cache"));
}
