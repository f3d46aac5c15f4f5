//! Files locked between processes, with a limit on waiting.
//!
//! The locks are advisory and belong to the open file: they end with the process, however it dies,
//! so no lock is ever stale.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::faults::{self, Act};
use super::publish::open_or_create;
use super::read::without_links;
use crate::clock::Stopwatch;

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Others held it for the whole time that the caller wanted to wait.
    #[error("{} is still locked by another process after {waited_ms} ms", path.display())]
    Timeout {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The file cannot be opened or locked.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A held lock. Dropping it lets others in.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

/// What became of taking the lock of a file that is not to be made.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Taken(FileLock),
    /// Somebody else holds it.
    Held,
    /// There is no such file.
    Missing,
}

#[derive(Clone, Copy)]
enum Mode {
    Shared,
    Exclusive,
}

impl FileLock {
    /// Takes a lock that many may hold at once. Waits at most `limit_ns`; `on_wait` is called once,
    /// when the first attempt failed.
    pub fn shared(path: &Path, limit_ns: u64, on_wait: &mut dyn FnMut(&Path)) -> Result<Self, LockError> {
        Self::wait(path, Mode::Shared, limit_ns, on_wait)
    }

    /// Takes a lock that nobody else may hold, shared or not. Waits as [`FileLock::shared`] does.
    pub fn exclusive(path: &Path, limit_ns: u64, on_wait: &mut dyn FnMut(&Path)) -> Result<Self, LockError> {
        Self::wait(path, Mode::Exclusive, limit_ns, on_wait)
    }

    /// Takes the exclusive lock if nobody holds it now.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>, LockError> {
        Self::attempt(path, Mode::Exclusive)
    }

    /// As [`FileLock::try_exclusive`], and makes no file.
    pub fn try_exclusive_of_existing(path: &Path) -> Result<Attempt, LockError> {
        match without_links(OpenOptions::new().read(true).write(true)).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Attempt::Missing),
            Err(source) => Err(LockError::Io { path: path.to_owned(), source }),
            Ok(file) => Ok(Self::take(file, path, Mode::Exclusive)?.map_or(Attempt::Held, Attempt::Taken)),
        }
    }

    /// Takes a shared lock if nobody holds the exclusive one now.
    pub fn try_shared(path: &Path) -> Result<Option<Self>, LockError> {
        Self::attempt(path, Mode::Shared)
    }

    /// True while `path` still names the locked file: false once it was removed or replaced, so that
    /// the lock protects nothing.
    pub fn still_named(&self, path: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            match (self.file.metadata(), std::fs::metadata(path)) {
                (Ok(held), Ok(named)) => (held.dev(), held.ino()) == (named.dev(), named.ino()),
                _ => false,
            }
        }
        #[cfg(not(unix))]
        {
            self.file.metadata().is_ok() && path.exists()
        }
    }

    fn wait(
        path: &Path,
        mode: Mode,
        limit_ns: u64,
        on_wait: &mut dyn FnMut(&Path),
    ) -> Result<Self, LockError> {
        const LONGEST_PAUSE_NS: u64 = 50_000_000;
        let waiting = Stopwatch::start();
        let mut pause_ns = 1_000_000;
        let mut announced = false;
        loop {
            if let Some(lock) = Self::attempt(path, mode)? {
                return Ok(lock);
            }
            let waited_ns = waiting.elapsed_ns();
            if waited_ns >= limit_ns {
                return Err(LockError::Timeout { path: path.to_owned(), waited_ms: waited_ns / 1_000_000 });
            }
            if !announced {
                announced = true;
                on_wait(path);
            }
            std::thread::sleep(Duration::from_nanos(pause_ns.min(limit_ns - waited_ns)));
            pause_ns = (pause_ns * 2).min(LONGEST_PAUSE_NS);
        }
    }

    fn attempt(path: &Path, mode: Mode) -> Result<Option<Self>, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        // Whoever may only read the directory can still hold the shared lock of an existing file.
        let file = open_or_create(path, OpenOptions::new().read(true).write(true))
            .or_else(|error| match mode {
                Mode::Shared => without_links(OpenOptions::new().read(true)).open(path).map_err(|_| error),
                Mode::Exclusive => Err(error),
            })
            .map_err(failed)?;
        Self::take(file, path, mode)
    }

    fn take(file: File, path: &Path, mode: Mode) -> Result<Option<Self>, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        faults::step(Act::Lock).map_err(failed)?;
        let taken = match mode {
            Mode::Shared => file.try_lock_shared(),
            Mode::Exclusive => file.try_lock(),
        };
        match taken {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_announced_once_and_ends_at_the_limit() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("lock");
        let held = FileLock::shared(&path, 0, &mut |_| ()).expect("free");
        let second = FileLock::shared(&path, 0, &mut |_| ()).expect("shared with the first");
        let mut announced = 0;
        let error = FileLock::exclusive(&path, 20_000_000, &mut |_| announced += 1).expect_err("held");
        assert!(matches!(error, LockError::Timeout { waited_ms: 20.., .. }), "{error:?}");
        assert_eq!(announced, 1);
        drop((held, second));
        FileLock::exclusive(&path, 0, &mut |_| ()).expect("free again");
    }

    #[test]
    fn a_lock_on_a_removed_file_is_known_to_protect_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("lock");
        let held = FileLock::try_exclusive(&path).expect("opened").expect("free");
        assert!(held.still_named(&path));
        std::fs::remove_file(&path).expect("removed");
        assert!(!held.still_named(&path));
    }
}
