//! A file whose length counts events, so that another process sees with one system call that
//! something happened.
//!
//! Directory times are too coarse for that: two changes within one tick of the file system's clock
//! leave one time. The file only grows, by one line end an event.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// The byte of one event.
pub(crate) const EVENT: u8 = b'\n';

/// One end of the signal: many processes may raise and watch the same file.
#[derive(Debug)]
pub struct Signal {
    path: PathBuf,
    watched: RwLock<Option<File>>,
}

impl Signal {
    /// A signal by way of `path`, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), watched: RwLock::new(None) }
    }

    /// Tells everybody. Creates the file if it is missing.
    pub fn raise(&self) -> std::io::Result<()> {
        super::append(&self.path, &[EVENT])
    }

    /// A number that changes whenever somebody raised the signal, and when the file was removed or
    /// made anew; 0 while there is none. Cost: one `fstat` as long as the file stays.
    pub fn now(&self) -> u64 {
        let held = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = held.as_ref().and_then(state_of) {
            return state;
        }
        drop(held);
        let found = super::read::open(&self.path).ok().map(|(file, _)| file);
        let state = found.as_ref().and_then(state_of).unwrap_or(0);
        *self.watched.write().unwrap_or_else(PoisonError::into_inner) = found;
        state
    }
}

/// `None` for a file that has lost its name. The held file keeps its inode number taken, so a new
/// file of the same length gets another state.
#[cfg(unix)]
fn state_of(file: &File) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let found = file.metadata().ok()?;
    let identity = found.ino().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (found.nlink() > 0).then(|| (identity ^ found.len()).max(1))
}

#[cfg(not(unix))]
fn state_of(file: &File) -> Option<u64> {
    Some(file.metadata().ok()?.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_changes_what_a_watcher_sees() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("bell");
        let (watcher, other) = (Signal::new(&path), Signal::new(&path));
        assert_eq!(watcher.now(), 0);
        let mut seen = vec![0];
        for _ in 0..5 {
            other.raise().expect("raised");
            seen.push(watcher.now());
            assert_eq!(watcher.now(), *seen.last().expect("some"));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_made_anew_is_not_taken_for_the_old_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("bell");
        let watcher = Signal::new(&path);
        watcher.raise().expect("raised");
        let before = watcher.now();
        std::fs::remove_file(&path).expect("removed");
        Signal::new(&path).raise().expect("raised");
        assert_ne!(watcher.now(), before);
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(watcher.now(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_the_file_makes_nobody_wait() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("bell");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        let signal = Signal::new(&path);
        assert_eq!(signal.now(), 0);
        signal.raise().expect_err("nobody reads the pipe");
    }
}
