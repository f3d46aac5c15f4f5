//! Which projects' files the user trusts.

use std::io;
use std::path::{Path, PathBuf};

use super::records::{self, TrustRecord, TrustedFileError};
use crate::clock::Clock;
use crate::config::{PROJECT_FILE, environment_of_process, user_config_dir};
use crate::digest::ContentDigest;
use crate::fs::{self, OwnError, ReadError};

/// The name of the user's record, beside their `cache.toml`.
const TRUSTED_FILE: &str = "trusted.toml";

/// As for every file of settings: larger is a mistake.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The user's record of the projects whose `janus.toml` may lead out of the project.
#[derive(Clone, Debug)]
pub struct ProjectTrust {
    file: PathBuf,
    clock: Clock,
}

/// What the record says about a project's file as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustState {
    /// Its content is the recorded one.
    Trusted {
        /// Of both.
        digest: ContentDigest,
    },
    /// The project is recorded with other content, so it is not trusted.
    Changed {
        /// Of the content that was trusted.
        recorded: ContentDigest,
        /// Of the content that is there.
        found: ContentDigest,
    },
    /// The project is not recorded.
    Unknown,
    /// The project has no `janus.toml`: nothing to trust or to fear.
    NoProjectFile,
}

/// Why trust was neither found out nor changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The project's folder is not there, or closed.
    #[error("{}: cannot be entered: {source}; name the folder that holds {PROJECT_FILE}", .project.display())]
    Project {
        /// The folder as it was named.
        project: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The record is text, and this path is not.
    #[error("{}: only a path that is UTF-8 can be recorded; rename the folder", .project.display())]
    NotUtf8 {
        /// The folder, absolute.
        project: PathBuf,
    },
    /// There is nothing to record.
    #[error("{}: there is no {PROJECT_FILE}, so there is nothing to trust", .project.display())]
    NoProjectFile {
        /// The folder, absolute.
        project: PathBuf,
    },
    /// The project's file is there and cannot be read.
    #[error("{}: cannot be read: {source}; make it readable first", .path.display())]
    ProjectFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: ReadError,
    },
    /// The record cannot be read, or is not to be believed.
    #[error("{}: the trust record is not used: {source}; own it with mode 0600, or remove it and trust anew", .path.display())]
    Refused {
        /// The record.
        path: PathBuf,
        /// Why.
        source: OwnError,
    },
    /// The record makes no sense.
    #[error("{}: the trust record is not used: {source}; correct it, or remove it and trust anew", .path.display())]
    Damaged {
        /// The record.
        path: PathBuf,
        /// Where, and what.
        source: TrustedFileError,
    },
    /// The record was not written; the old one still holds.
    #[error("{}: the trust record cannot be written: {source}; nothing changed", .path.display())]
    Write {
        /// The record.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ProjectTrust {
    /// The record of this process's user. `None` where the user has no folder of settings; then nothing can be
    /// trusted.
    pub fn of_user(clock: Clock) -> Option<Self> {
        let folder = user_config_dir(&environment_of_process())?;
        Some(Self::at(folder.join(TRUSTED_FILE), clock))
    }

    /// The record in `file`, which need not be there yet. `clock` dates new entries.
    pub fn at(file: impl Into<PathBuf>, clock: Clock) -> Self {
        Self { file: file.into(), clock }
    }

    /// Where the record lies.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Compares the project's file with the record. Cost: two small reads.
    pub fn is_trusted(&self, project: &Path) -> Result<TrustState, TrustError> {
        let project = canonical(project)?;
        let Some(found) = project_digest(&project)? else { return Ok(TrustState::NoProjectFile) };
        Ok(match self.recorded(&project)? {
            None => TrustState::Unknown,
            Some(recorded) if recorded == found => TrustState::Trusted { digest: found },
            Some(recorded) => TrustState::Changed { recorded, found },
        })
    }

    /// The content that the user trusts in this project, whatever is there now: what
    /// [`Inputs`](crate::config::Inputs) compares with the bytes it parses.
    pub fn trusted_digest(&self, project: &Path) -> Result<Option<ContentDigest>, TrustError> {
        self.recorded(&canonical(project)?)
    }

    /// Records the project with the content that its file has now, and says which that is. An earlier record
    /// of the project is replaced.
    pub fn record(&self, project: &Path) -> Result<ContentDigest, TrustError> {
        let project = canonical(project)?;
        if project.to_str().is_none() {
            return Err(TrustError::NotUtf8 { project });
        }
        let Some(digest) = project_digest(&project)? else {
            return Err(TrustError::NoProjectFile { project });
        };
        let trusted_at_unix_s = self.clock.unix_s();
        self.change(|records| {
            records.retain(|record| record.project != project);
            records.push(TrustRecord { project, digest, trusted_at_unix_s });
            true
        })?;
        Ok(digest)
    }

    /// Forgets the project, which need not exist any more. Says whether it was recorded.
    pub fn remove(&self, project: &Path) -> Result<bool, TrustError> {
        // A project that is gone cannot be resolved; its record has the absolute path.
        let project = canonical(project).unwrap_or_else(|_| project.to_owned());
        self.change(|records| {
            let before = records.len();
            records.retain(|record| record.project != project);
            records.len() < before
        })
    }

    /// All records, sorted by path.
    pub fn list(&self) -> Result<Vec<TrustRecord>, TrustError> {
        let read = fs::read_own(&self.file, MAX_FILE_BYTES)
            .map_err(|source| TrustError::Refused { path: self.file.clone(), source })?;
        match read {
            None => Ok(Vec::new()),
            Some(bytes) => records::parse(&bytes)
                .map_err(|source| TrustError::Damaged { path: self.file.clone(), source }),
        }
    }

    fn recorded(&self, project: &Path) -> Result<Option<ContentDigest>, TrustError> {
        let records = self.list()?;
        Ok(records.into_iter().find(|record| record.project == project).map(|record| record.digest))
    }

    /// Writes the records anew where `edit` says that it changed them. Two processes that change the record at
    /// once take turns, so neither loses what the other recorded.
    fn change(&self, edit: impl FnOnce(&mut Vec<TrustRecord>) -> bool) -> Result<bool, TrustError> {
        let write_error = |source| TrustError::Write { path: self.file.clone(), source };
        let _turn = fs::lock_beside(&self.file).map_err(write_error)?;
        let mut records = self.list()?;
        let changed = edit(&mut records);
        if changed {
            fs::replace_file(&self.file, records::write(records).as_bytes()).map_err(write_error)?;
        }
        Ok(changed)
    }
}

fn canonical(project: &Path) -> Result<PathBuf, TrustError> {
    project.canonicalize().map_err(|source| TrustError::Project { project: project.to_owned(), source })
}

fn project_digest(project: &Path) -> Result<Option<ContentDigest>, TrustError> {
    let path = project.join(PROJECT_FILE);
    match fs::read_bounded(&path, MAX_FILE_BYTES) {
        Ok(bytes) => Ok(Some(ContentDigest::of(&bytes))),
        Err(ReadError::Io(error))
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(source) => Err(TrustError::ProjectFile { path, source }),
    }
}
