//! The watchers of a root: which one counts, and when it covers the whole tree.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use janus_cache::track::{Changes, Token};
use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::cookie::{self, Cookie};
use super::state::{Meaning, Scope, State};
use super::{Answer, mounts};

/// How long a watcher may take until it is told of its first cookie.
const SETTLE_LIMIT: Duration = Duration::from_secs(1);
/// Attempts at the start, while others may be making and removing folders.
const FIRST_ATTEMPTS: u32 = 20;
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    Changed,
    RootGone,
    Timeout,
}

/// Watches a root as long as it lives.
#[derive(Debug)]
pub(crate) struct Eyes {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    scope: Scope,
    state: Mutex<State>,
    told: Condvar,
    is_over: AtomicBool,
}

impl Eyes {
    /// Starts to watch `root`, which is without links as `unwatched` is. Comes back once all of it is watched.
    pub(crate) fn open(root: &Path, unwatched: &[PathBuf]) -> notify::Result<Self> {
        Cookie::sweep(root);
        let scope = Scope { root: root.to_owned(), unwatched: unwatched.to_vec() };
        let shared = Arc::new(Shared {
            scope,
            state: Mutex::new(State::new()),
            told: Condvar::new(),
            is_over: AtomicBool::new(false),
        });
        let mut attempts = 0;
        let first = loop {
            attempts += 1;
            match shared.replace_watcher() {
                Ok(watcher) => break watcher,
                // There will not be more watches in a moment.
                Err(error)
                    if attempts == FIRST_ATTEMPTS || matches!(error.kind, ErrorKind::MaxFilesWatch) =>
                {
                    return Err(error);
                }
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let keeper = Arc::clone(&shared);
        std::thread::Builder::new().name("watch keeper".to_owned()).spawn(move || keeper.keep(first))?;
        Ok(Self { shared })
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// The present moment, without waiting for events that are under way.
    pub(crate) fn now(&self) -> Token {
        self.shared.state().now()
    }

    /// What was told since, without waiting for events that are under way.
    pub(crate) fn changes_since(&self, token: &Token) -> Changes {
        self.shared.state().changes_since(token)
    }

    /// Waits until something was told since `after`, or the root is gone.
    pub(crate) fn wait(&self, after: &Token, limit: Duration) -> Woken {
        let is_quiet = |state: &mut State| state.now() == *after && !state.is_root_gone();
        let state = self.shared.state();
        let waited = self.shared.told.wait_timeout_while(state, limit, is_quiet);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (state.is_root_gone(), state.now() == *after) {
            (true, _) => Woken::RootGone,
            (false, true) => Woken::Timeout,
            (false, false) => Woken::Changed,
        }
    }
}

impl Drop for Eyes {
    fn drop(&mut self) {
        // Under the lock, so that the keeper either sees it or is woken.
        let state = self.shared.state();
        self.shared.is_over.store(true, Ordering::Relaxed);
        drop(state);
        self.shared.told.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked left what it was told up to then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What changed since; `None` where no cookie came round in time, or the tree is not watched as a whole.
    pub(super) fn ask(&self, since: Option<Token>, limit: Duration) -> Option<Answer> {
        let deadline = Instant::now() + limit;
        if mounts::is_any_below(&self.scope.root, &self.scope.unwatched) {
            return None;
        }
        loop {
            let name = cookie::new_name();
            let watcher = self.state().wait_for(&name);
            self.send_round(&name, deadline, |state| {
                !state.is_told_by(watcher) || state.has_seen(&name, watcher)
            });
            let mut state = self.state();
            let answer = state.answer(&name, since);
            state.forget(&name);
            if answer.is_some() {
                return answer;
            }
            // The tree changed: once it is watched again, only a new cookie comes after all that happened meanwhile.
            let left = deadline.saturating_duration_since(Instant::now());
            let settling = self.told.wait_timeout_while(state, left, |state| !state.is_settled());
            if settling.is_ok_and(|(_, waited)| waited.timed_out()) || Instant::now() >= deadline {
                return None;
            }
        }
    }

    /// Makes a cookie, and waits until `is_done`, or the time is over.
    fn send_round(&self, name: &str, deadline: Instant, is_done: impl Fn(&State) -> bool) {
        let Ok(_cookie) = Cookie::make(&self.scope.root, name) else { return };
        let left = deadline.saturating_duration_since(Instant::now());
        drop(self.told.wait_timeout_while(self.state(), left, |state| !is_done(state)));
    }

    /// Watches the tree anew whenever it changed, until the end.
    fn keep(self: &Arc<Self>, first: RecommendedWatcher) {
        let mut current = first;
        let mut pause = Duration::ZERO;
        let is_over = || self.is_over.load(Ordering::Relaxed);
        loop {
            let waited = self
                .told
                .wait_while(self.state(), |state| (state.is_settled() || state.is_root_gone()) && !is_over());
            drop(waited);
            if is_over() {
                break;
            }
            std::thread::sleep(pause);
            let began = Instant::now();
            if let Ok(watcher) = self.replace_watcher() {
                current = watcher;
            }
            // Where folders come all the time, a fifth of the time goes into watching them at most.
            pause = (began.elapsed() * 4).min(LONGEST_PAUSE);
            let quiet =
                self.told.wait_timeout_while(self.state(), pause, |state| state.is_settled() && !is_over());
            if quiet.is_ok_and(|(_, waited)| waited.timed_out()) {
                pause = Duration::ZERO;
            }
        }
        drop(current);
    }

    /// Watches the whole tree with a new watcher, which counts from now on. A watcher that is told of changes of the tree
    /// mends itself, but not reliably: of folders that move while it does so it may lose sight without a word.
    fn replace_watcher(self: &Arc<Self>) -> notify::Result<RecommendedWatcher> {
        let number = self.state().announce();
        let watcher = self.new_watcher(number);
        let name = cookie::new_name();
        self.state().wait_for(&name);
        let has_taken_over = watcher.is_ok() && {
            self.send_round(&name, Instant::now() + SETTLE_LIMIT, |state| state.have_all_seen(&name));
            self.state().take_over(&name)
        };
        let mut state = self.state();
        state.forget(&name);
        if !has_taken_over {
            state.give_up();
        }
        drop(state);
        self.told.notify_all();
        match watcher {
            Ok(_) if !has_taken_over => Err(notify::Error::generic("the tree does not come to rest")),
            watcher => watcher,
        }
    }

    fn new_watcher(self: &Arc<Self>, number: u64) -> notify::Result<RecommendedWatcher> {
        let shared = Arc::downgrade(self);
        let told = move |event| {
            let Some(shared) = shared.upgrade() else { return };
            let meaning = Meaning::of(event, &shared.scope);
            if meaning == Meaning::default() {
                // A build opens every file: nobody is woken for that.
                return;
            }
            shared.state().told(number, &meaning);
            shared.told.notify_all();
        };
        let mut watcher = RecommendedWatcher::new(told, Config::default().with_follow_symlinks(false))?;
        watcher.watch(&self.scope.root, RecursiveMode::Recursive)?;
        Ok(watcher)
    }
}
