//! What most commands need first: the project, its settings, its cache.

use std::path::{Path, PathBuf};

use janus_cache::build::store_options;
use janus_cache::clock::Clock;
use janus_cache::config::{FileBytes, Inputs, Settings, project_name};
use janus_cache::store::{Retention, Store, StoreError};
use janus_cache::trust::ProjectTrust;

use crate::exit::{Exit, Failure};
use crate::progress;
use crate::settings::SettingFlags;

/// A project and the settings that hold for it.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) name: String,
    pub(crate) settings: Settings,
    /// Its `janus.toml`, as it was read for the settings.
    pub(crate) file: Option<FileBytes>,
}

impl Project {
    /// The project in a folder. Odd settings are warned about, wrong ones fail.
    pub(crate) fn open(path: &Path, flags: &SettingFlags) -> Result<Self, Failure> {
        let root = janus_cache::fs::canonical(path).map_err(|error| {
            Failure::usage(format!(
                "cannot open the project {}: {error}; name an existing folder",
                path.display()
            ))
        })?;
        if !root.is_dir() {
            let shown = path.display();
            return Err(Failure::usage(format!("{shown} is a file; name the folder of the project")));
        }
        let trusted = match ProjectTrust::of_user(Clock::System).map(|trust| trust.trusted_digest(&root)) {
            None => None,
            Some(Ok(digest)) => digest,
            Some(Err(error)) => {
                crate::say::note(format_args!("warning: {error}"));
                None
            }
        };
        let usage = |error: &dyn std::error::Error| Failure::new(Exit::Usage, error);
        let inputs = Inputs::from_system(&root, flags.0.clone(), trusted).map_err(|error| usage(&error))?;
        let resolved = Settings::resolve(&inputs).map_err(|error| usage(&error))?;
        crate::logging::start(resolved.settings.verbose.value);
        for warning in &resolved.warnings {
            crate::say::note(format_args!("warning: {warning}"));
        }
        let name = project_name(&root, inputs.project_file.as_ref());
        Ok(Self { root, name, settings: resolved.settings, file: inputs.project_file })
    }

    /// The cache as it is, to be looked at; none where there is no directory yet.
    pub(crate) fn existing_store(&self, read_only: bool) -> Result<Option<Store>, Failure> {
        let dir = &self.settings.dir.value;
        match janus_cache::fs::look_at(dir) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            // "There is none yet" would be a guess.
            Err(error) => {
                let shown = dir.display();
                let message = format!("cannot look at the cache {shown}: {error}; choose another directory");
                return Err(Failure::message(Exit::System, message));
            }
        }
        let mut options = store_options(&self.settings, Clock::System);
        options.read_only |= read_only;
        // Looking at a cache, or emptying it, evicts nothing by the way.
        options.retention = Retention::default();
        options.on_progress = Some(progress::show);
        Store::open(options).map(Some).map_err(|error| failure_of(&error))
    }
}

/// A failing store, sorted by who can do something about it.
pub(crate) fn failure_of(error: &StoreError) -> Failure {
    let exit = match error {
        StoreError::NotACache { .. }
        | StoreError::ForeignOwner { .. }
        | StoreError::ReadOnly { by_choice: true, .. } => Exit::Usage,
        _ => Exit::System,
    };
    Failure::new(exit, error)
}
