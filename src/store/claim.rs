//! One builder for each key among all processes, where building is dear enough to wait for.
//!
//! A lock file stands for all keys with the same first byte and is never removed, so nothing is left over when
//! a builder dies: its lock ends with it, and the next one in line takes over. Two dear keys with one
//! first byte wait for each other without need, at most as long as the caller wants to wait.

use std::path::PathBuf;

use super::entry::EntryKey;
use super::handle::Store;
use super::layout::Layout;
use super::lookup::Entry;
use crate::fs::{self, FileLock, LockError};

/// What [`Store::claim`] says.
#[derive(Debug)]
pub enum Claim {
    /// Somebody else has built it meanwhile.
    Answered(Entry),
    /// Nobody else builds it: put the answer, publish it with [`Session::publish_now`](super::Session::publish_now), then drop this.
    Mine(Claimed),
    /// Others have held it for as long as was waited, or it cannot be locked here: build it as well.
    Unheld,
}

/// Keeps others from building the same answer until it is dropped.
#[derive(Debug)]
pub struct Claimed {
    _lock: FileLock,
}

impl Store {
    /// Asks to be the only one who builds the answer to a key, and waits at most `limit_ns` for another process
    /// that does. For answers that take long to build; a claim costs some system calls. Correctness does not
    /// hang on it: who waited long enough builds, too, and equal answers are one. An answer counts as a hit;
    /// none is no miss more, since whoever claims has asked before.
    pub fn claim(&self, key: &EntryKey, limit_ns: u64) -> Claim {
        if self.is_read_only() {
            return Claim::Unheld;
        }
        let path = lock_of(self.layout(), key);
        let made = path.parent().map(fs::create_private);
        let locked = match made {
            Some(Ok(())) => FileLock::exclusive(&path, limit_ns, &mut |_| {
                tracing::info!(key = key.short(), "waiting for another process that builds this");
            }),
            _ => return Claim::Unheld,
        };
        match locked {
            Ok(lock) => match self.get_late(key) {
                Some(entry) => Claim::Answered(entry),
                None => Claim::Mine(Claimed { _lock: lock }),
            },
            Err(LockError::Timeout { .. } | LockError::Io { .. }) => Claim::Unheld,
        }
    }
}

fn lock_of(layout: &Layout, key: &EntryKey) -> PathBuf {
    let [first, ..] = key.as_bytes();
    layout.claims().join(format!("{first:02x}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::store::test_kit::put_bare;
    use crate::store::{Session, StoreOptions};

    const SECOND_NS: u64 = 1_000_000_000;

    fn put(session: &Session, key: EntryKey) {
        put_bare(session, key, b"dear");
        session.publish_now().expect("published");
    }

    #[test]
    fn of_many_who_want_one_answer_one_builds_it_and_all_get_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (key, built) = (EntryKey::from_bytes([7; 32]), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
                    let session = store.session().expect("a session");
                    match store.claim(&key, 60 * SECOND_NS) {
                        Claim::Answered(entry) => assert_eq!(entry.content(), b"dear"),
                        Claim::Mine(claimed) => {
                            built.fetch_add(1, Ordering::Relaxed);
                            std::thread::sleep(std::time::Duration::from_millis(20));
                            put(&session, key);
                            drop(claimed);
                        }
                        Claim::Unheld => panic!("nobody held it for a minute"),
                    }
                });
            }
        });
        assert_eq!(built.into_inner(), 1);
    }

    #[test]
    fn a_claim_that_finds_no_answer_is_no_second_lookup() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        let key = EntryKey::from_bytes([7; 32]);
        assert!(store.get(&key).miss().is_some());
        let claim = store.claim(&key, 0);
        assert!(matches!(claim, Claim::Mine(_)), "{claim:?}");
        assert_eq!(store.stats().expect("counted").activity.absent, 1);
    }

    #[test]
    fn waiting_ends_and_then_both_build() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(StoreOptions::new(dir.path())).expect("opened");
        let (first, second) = (store.clone(), store.clone());
        let key = EntryKey::from_bytes([7; 32]);
        let held = first.claim(&key, 0);
        assert!(matches!(held, Claim::Mine(_)), "{held:?}");
        let refused = second.claim(&key, 1_000_000);
        assert!(matches!(refused, Claim::Unheld), "{refused:?}");
        let other = second.claim(&EntryKey::from_bytes([8; 32]), 0);
        assert!(matches!(other, Claim::Mine(_)), "another key is free: {other:?}");
        drop(held);
        let free = second.claim(&key, 0);
        assert!(matches!(free, Claim::Mine(_)), "{free:?}");
    }

    #[test]
    fn a_store_that_takes_nothing_lets_everybody_build() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        drop(Store::open(StoreOptions::new(dir.path())).expect("made"));
        let options = StoreOptions { read_only: true, ..StoreOptions::new(dir.path()) };
        let claim = Store::open(options).expect("opened").claim(&EntryKey::from_bytes([7; 32]), SECOND_NS);
        assert!(matches!(claim, Claim::Unheld), "{claim:?}");
    }
}
