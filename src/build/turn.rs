//! Builds of one output take turns, so that one that read older sources never writes its output after a newer one.
//!
//! Who reads sources in order to write an output holds a lock from before the first source is read until the output is in
//! its place. Who only wants to say that nothing changed asks whether somebody holds it: an output is about to be exchanged
//! then, and says nothing. The lock ends with its process, however that dies.

use std::path::{Path, PathBuf};

use crate::digest::fast_hash;
use crate::fs::{self, FileLock, LockError};

/// So long is waited in silence.
const SILENT_NS: u64 = 1_000_000_000;
/// Who holds a turn for longer than that is taken for hung: a build must not fail for another one.
const LIMIT_NS: u64 = 600_000_000_000;
/// A look at a lock takes microseconds; somebody may be looking just now.
const LOOK_NS: u64 = 20_000_000;

/// The right to write an output; ends where it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// None where the lock cannot be had: then builds do as they like, as without a cache.
    _lock: Option<FileLock>,
}

impl Turn {
    /// The lock of an output, below a cache's folder of states. It does not matter by which way its folder is named.
    pub(super) fn file(state_dir: &Path, output: &Path) -> PathBuf {
        let folder =
            output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let place = fs::canonical(folder).or_else(|_| std::path::absolute(folder));
        let place = place.unwrap_or_else(|_| folder.to_owned()).join(output.file_name().unwrap_or_default());
        state_dir.join("turns").join(format!("{:016x}.lock", fast_hash(place.as_os_str().as_encoded_bytes())))
    }

    /// Waits until no other build of `output` with this cache runs.
    pub(super) fn wait(state_dir: &Path, output: &Path) -> Self {
        let file = Self::file(state_dir, output);
        let exclusive = |limit_ns| FileLock::exclusive(&file, limit_ns, &mut |_| ());
        let made = file.parent().map_or(Ok(()), fs::create_private);
        let taken = match made.is_ok().then(|| exclusive(SILENT_NS)) {
            Some(Err(LockError::Timeout { .. })) => {
                tracing::warn!("another build of {} is running, and is waited for", output.display());
                exclusive(LIMIT_NS).ok()
            }
            Some(taken) => taken.ok(),
            None => None,
        };
        if taken.is_none() {
            tracing::debug!(
                "{} cannot be locked; builds at once may exchange each other's outputs",
                file.display()
            );
        }
        Self { _lock: taken }
    }

    /// Takes the turn if nobody has it.
    pub(super) fn try_take(state_dir: &Path, output: &Path) -> Option<Self> {
        let lock = FileLock::exclusive(&Self::file(state_dir, output), LOOK_NS, &mut |_| ()).ok()?;
        Some(Self { _lock: Some(lock) })
    }

    /// Whether nobody has the turn whose lock this is.
    pub(super) fn is_free(file: &Path) -> bool {
        FileLock::try_shared(file).is_ok_and(|taken| taken.is_some())
    }

    /// Waits a moment for that; false where it was in vain.
    pub(super) fn comes_free(file: &Path) -> bool {
        FileLock::shared(file, SILENT_NS, &mut |_| ()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_has_one_turn_however_it_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (output, state) = (dir.path().join("out.jdi"), dir.path().join("state"));
        let file = Turn::file(&state, &output);
        let turn = Turn::wait(&state, &output);
        assert!(!Turn::is_free(&file));
        assert!(Turn::try_take(&state, &dir.path().join("state/../out.jdi")).is_none());
        assert!(Turn::try_take(&state, &dir.path().join("other.jdi")).is_some());
        drop(turn);
        assert!(Turn::is_free(&file));
        assert!(Turn::try_take(&state, &output).is_some());
    }

    #[test]
    fn two_builds_follow_each_other() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let output = dir.path().join("out.jdi");
        let first = Turn::wait(dir.path(), &output);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| drop(Turn::wait(dir.path(), &output)));
            std::thread::sleep(std::time::Duration::from_millis(30));
            assert!(!second.is_finished());
            drop(first);
            second.join().expect("had its turn");
        });
    }

    #[test]
    fn where_no_lock_can_be_had_a_build_goes_on() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let state = dir.path().join("a-file");
        std::fs::write(&state, "").expect("written");
        let _first = Turn::wait(&state, &dir.path().join("out.jdi"));
        let _second = Turn::wait(&state, &dir.path().join("out.jdi"));
        assert!(!Turn::is_free(&Turn::file(&state, &dir.path().join("out.jdi"))));
    }
}
