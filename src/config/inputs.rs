//! What the settings are made of, and where the system keeps it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::digest::ContentDigest;
use crate::fs::{ReadError, read_bounded};

/// The name of a project's file of settings, in the project's root.
pub const PROJECT_FILE: &str = "janus.toml";

/// The name of a user's and of the system's file of settings.
const CACHE_FILE: &str = "cache.toml";

/// The system's folder of settings; other systems than Unix have none.
const SYSTEM_DIR: Option<&str> = if cfg!(unix) { Some("/etc/janus") } else { None };

/// Files of settings are some lines; a megabyte of them is a mistake, and reading stays cheap.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Environment variables by their names.
pub type Environment = BTreeMap<OsString, OsString>;

/// The environment of this process.
pub fn environment_of_process() -> Environment {
    std::env::vars_os().collect()
}

/// The folder of the user's own settings: `$XDG_CONFIG_HOME/janus`, else `~/.config/janus` (on Windows
/// `%APPDATA%\janus`). `None` where no variable names an absolute folder.
pub fn user_config_dir(environment: &Environment) -> Option<PathBuf> {
    let folder = |name: &str| {
        let path = PathBuf::from(environment.get(OsStr::new(name))?);
        path.is_absolute().then_some(path)
    };
    let base = folder("XDG_CONFIG_HOME").or_else(|| {
        if cfg!(windows) { folder("APPDATA") } else { folder("HOME").map(|home| home.join(".config")) }
    })?;
    Some(base.join("janus"))
}

/// Where the files of settings of a project, its user and the system lie, whether they are there or not.
pub fn settings_files(project_root: &Path, environment: &Environment) -> Vec<PathBuf> {
    let user = user_config_dir(environment);
    let folders = user.iter().map(PathBuf::as_path).chain(SYSTEM_DIR.map(Path::new));
    let shared = folders.map(|folder| folder.join(CACHE_FILE));
    std::iter::once(project_root.join(PROJECT_FILE)).chain(shared).collect()
}

/// The value that a flag handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagValue {
    /// The key of the setting, not the name of the flag.
    pub key: String,
    /// What was written.
    pub value: OsString,
}

impl FlagValue {
    /// A value for the setting with this key.
    pub fn new(key: impl Into<String>, value: impl Into<OsString>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

/// A file as it was read: not yet parsed, and from whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBytes {
    /// Absolute.
    pub path: PathBuf,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Everything that settings can depend on.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Absolute; the folder that holds the project.
    pub project_root: PathBuf,
    /// Absolute; where relative paths of flags and variables start.
    pub current_dir: PathBuf,
    /// From the command line; of two for one key the later counts.
    pub flags: Vec<FlagValue>,
    /// All variables; those without the prefix are not looked at.
    pub environment: Environment,
    /// The project's `janus.toml`.
    pub project_file: Option<FileBytes>,
    /// The user's `cache.toml`.
    pub user_file: Option<FileBytes>,
    /// The system's `cache.toml`.
    pub system_file: Option<FileBytes>,
    /// The content of `janus.toml` that the user trusts, as the trust record has it. It is compared with the
    /// bytes that are parsed, so a file that changes between check and use gains nothing.
    pub trusted_digest: Option<ContentDigest>,
}

impl Inputs {
    /// Collects the inputs from this process and its system.
    ///
    /// Cost: three small reads. A file that is not there is no error; one that cannot be read is, because it
    /// might forbid what the build is about to do.
    pub fn from_system(
        project_root: &Path,
        flags: Vec<FlagValue>,
        trusted_digest: Option<ContentDigest>,
    ) -> Result<Self, ConfigError> {
        let current_dir = std::env::current_dir().map_err(|source| ConfigError::CurrentDir { source })?;
        let inputs = Self {
            project_root: current_dir.join(project_root),
            current_dir,
            flags,
            environment: environment_of_process(),
            trusted_digest,
            ..Self::default()
        };
        inputs.with_files(SYSTEM_DIR.map(Path::new))
    }

    /// Reads the files that root and environment name.
    fn with_files(mut self, system_dir: Option<&Path>) -> Result<Self, ConfigError> {
        self.project_file = read_if_there(self.project_root.join(PROJECT_FILE))?;
        if let Some(dir) = user_config_dir(&self.environment) {
            self.user_file = read_if_there(dir.join(CACHE_FILE))?;
        }
        if let Some(dir) = system_dir {
            self.system_file = read_if_there(dir.join(CACHE_FILE))?;
        }
        Ok(self)
    }
}

fn read_if_there(path: PathBuf) -> Result<Option<FileBytes>, ConfigError> {
    match read_bounded(&path, MAX_FILE_BYTES) {
        Ok(bytes) => Ok(Some(FileBytes { path, bytes })),
        // A home such as /dev/null is how a service says that it has none.
        Err(ReadError::Io(error))
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(source) => Err(ConfigError::Read { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[cfg(unix)]
    #[test]
    fn the_users_folder_is_the_xdg_one_else_below_home() {
        let both = environment(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]);
        assert_eq!(user_config_dir(&both), Some("/x/janus".into()));
        assert_eq!(user_config_dir(&environment(&[("HOME", "/h")])), Some("/h/.config/janus".into()));
        assert_eq!(user_config_dir(&environment(&[])), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_relative_xdg_folder_counts_as_unset() {
        let relative = environment(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]);
        assert_eq!(user_config_dir(&relative), Some("/h/.config/janus".into()));
    }

    #[test]
    fn all_three_files_are_found_and_absent_ones_are_no_error() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        let inputs = || Inputs {
            project_root: root.join("project"),
            environment: [("XDG_CONFIG_HOME".into(), root.join("user").into())].into(),
            ..Inputs::default()
        };
        let empty = inputs().with_files(Some(&root.join("system"))).expect("nothing there");
        assert_eq!((empty.project_file, empty.user_file, empty.system_file), (None, None, None));

        for file in ["project/janus.toml", "user/janus/cache.toml", "system/cache.toml"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(path, file).expect("written");
        }
        let full = inputs().with_files(Some(&root.join("system"))).expect("three readable files");
        let bytes = |file: Option<FileBytes>| String::from_utf8(file.expect("found").bytes).expect("text");
        assert_eq!(bytes(full.project_file), "project/janus.toml");
        assert_eq!(bytes(full.user_file), "user/janus/cache.toml");
        assert_eq!(bytes(full.system_file), "system/cache.toml");
    }

    #[test]
    fn a_file_that_is_a_folder_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(PROJECT_FILE);
        std::fs::create_dir(&path).expect("made");
        let inputs = Inputs { project_root: dir.path().to_owned(), ..Inputs::default() };
        let error = inputs.with_files(None).expect_err("a folder is no file");
        assert_eq!(
            error.to_string(),
            format!("{}: cannot be read: is a directory; make it readable or remove it", path.display())
        );
    }

    #[test]
    fn the_process_gives_absolute_folders_and_its_own_variables() {
        let inputs = Inputs::from_system(Path::new("."), Vec::new(), None).expect("this process has them");
        assert!(inputs.project_root.is_absolute() && inputs.current_dir.is_absolute());
        assert_eq!(inputs.environment.get(OsStr::new("PATH")), std::env::var_os("PATH").as_ref());
    }
}
