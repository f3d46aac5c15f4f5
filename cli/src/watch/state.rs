//! What the watchers of a root were told.
//!
//! The system watches single directories, so a directory that comes or moves has to be watched anew, and what happens in
//! it meanwhile is told to nobody. That is no loss as long as its coming was told, for whoever asks hears of *it*; but
//! the next moment may be handed out only once all of the tree is watched again. Until then the state is unsettled.

use std::path::{Path, PathBuf};

use janus_cache::track::{Changes, Journal, Token};
use notify::Event;
use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RemoveKind, RenameMode};

use super::{Answer, cookie};

/// What is watched, and what is left out of it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Without links.
    pub(super) root: PathBuf,
    /// Trees of which nothing is told, as the cache.
    pub(super) unwatched: Vec<PathBuf>,
}

/// What an event means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Root-relative.
    paths: Vec<PathBuf>,
    cookies: Vec<PathBuf>,
    tree: Tree,
    is_root_gone: bool,
    is_lost: bool,
}

/// What became of the tree of directories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Tree {
    #[default]
    Same,
    /// A name went elsewhere; where it is now, another event tells, unless that place is not watched yet.
    MayHaveMoved,
    /// A directory came.
    Grown,
}

impl Meaning {
    /// Of what a watcher was told. May look at names that came by renaming.
    pub(super) fn of(told: notify::Result<Event>, scope: &Scope) -> Self {
        let lost = Self { is_lost: true, ..Self::default() };
        let Ok(event) = told else { return lost };
        if event.need_rescan() {
            return lost;
        }
        let mut meaning = Self::default();
        if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) {
            return meaning;
        }
        let is_gone = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::Any))
        );
        for path in &event.paths {
            let Ok(relative) = path.strip_prefix(&scope.root) else { continue };
            if scope.unwatched.iter().any(|out| path.starts_with(out)) {
                continue;
            }
            if cookie::is_name(relative) {
                if matches!(event.kind, EventKind::Create(_)) {
                    meaning.cookies.push(relative.to_owned());
                }
                continue;
            }
            meaning.is_root_gone |= is_gone && relative.as_os_str().is_empty();
            meaning.tree = meaning.tree.max(tree_change(event.kind, path));
            meaning.paths.push(relative.to_owned());
        }
        meaning
    }
}

fn tree_change(kind: EventKind, path: &Path) -> Tree {
    // Elsewhere a whole tree is watched by the system.
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return Tree::Same;
    }
    match kind {
        EventKind::Create(CreateKind::File) | EventKind::Remove(RemoveKind::File) => Tree::Same,
        EventKind::Create(_) => Tree::Grown,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Tree::MayHaveMoved,
        // The event does not say what came. What is gone again may have been a directory.
        EventKind::Modify(ModifyKind::Name(_)) => match std::fs::symlink_metadata(path) {
            Ok(found) if !found.is_dir() => Tree::Same,
            _ => Tree::Grown,
        },
        _ => Tree::Same,
    }
}

/// Which watchers were told of a cookie.
#[derive(Debug)]
struct Waited {
    name: String,
    seen_by: Vec<u64>,
}

/// What was told so far.
#[derive(Debug)]
pub(super) struct State {
    journal: Journal,
    /// The watcher that counts, by its number; 0 before there is one.
    current: u64,
    /// One that shall take its place, and whether the tree changed while it set itself up.
    next: Option<(u64, bool)>,
    numbers: u64,
    is_settled: bool,
    is_root_gone: bool,
    waited: Vec<Waited>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            journal: Journal::new(janus_cache::fs::unique()),
            current: 0,
            next: None,
            numbers: 0,
            is_settled: false,
            is_root_gone: false,
            waited: Vec::new(),
        }
    }

    /// A watcher was told something. What one says that counts no more is dropped.
    pub(super) fn told(&mut self, watcher: u64, meaning: &Meaning) {
        let is_next = self.next.is_some_and(|(number, _)| number == watcher);
        if watcher != self.current && !is_next {
            return;
        }
        self.is_root_gone |= meaning.is_root_gone;
        if meaning.is_lost {
            self.journal.lost();
        }
        // While it sets itself up, a directory may move from where it was watched to where it is not yet.
        if let Some((_, is_changed)) = self.next.as_mut().filter(|_| is_next) {
            *is_changed |= meaning.is_lost || meaning.tree > Tree::Same;
        } else {
            self.is_settled &= !meaning.is_lost && meaning.tree < Tree::Grown;
        }
        for path in &meaning.paths {
            self.journal.changed(path);
        }
        for name in &meaning.cookies {
            for waited in self.waited.iter_mut().filter(|waited| Path::new(&waited.name) == name) {
                waited.seen_by.push(watcher);
            }
        }
    }

    /// Announces a watcher that shall take the place of the current one, and gives it its number.
    pub(super) fn announce(&mut self) -> u64 {
        self.numbers += 1;
        self.next = Some((self.numbers, false));
        self.numbers
    }

    /// Whether the announced watcher may count from now on: it was told of `cookie`, and the tree stayed as it was while
    /// it set itself up. What the old one was told up to that cookie stays known; if it was not told, nothing does.
    pub(super) fn take_over(&mut self, cookie: &str) -> bool {
        let Some((number, is_changed)) = self.next.take() else { return false };
        if is_changed || !self.has_seen(cookie, number) {
            return false;
        }
        if !self.has_seen(cookie, self.current) {
            self.journal.lost();
        }
        self.current = number;
        self.is_settled = true;
        true
    }

    /// The watcher that shall take over could not be set up.
    pub(super) fn give_up(&mut self) {
        self.next = None;
    }

    /// To be called before the cookie is made; the watcher whose word counts.
    pub(super) fn wait_for(&mut self, cookie: &str) -> u64 {
        self.waited.push(Waited { name: cookie.to_owned(), seen_by: Vec::new() });
        self.current
    }

    pub(super) fn forget(&mut self, cookie: &str) {
        self.waited.retain(|waited| waited.name != cookie);
    }

    /// Whether that watcher's word still counts.
    pub(super) const fn is_told_by(&self, watcher: u64) -> bool {
        self.current == watcher
    }

    pub(super) fn has_seen(&self, cookie: &str, watcher: u64) -> bool {
        self.waited.iter().any(|waited| waited.name == cookie && waited.seen_by.contains(&watcher))
    }

    /// Whether both the current watcher and the one that shall take its place were told of a cookie.
    pub(super) fn have_all_seen(&self, cookie: &str) -> bool {
        let next = self.next.map(|(number, _)| number);
        next.into_iter()
            .chain([self.current])
            .filter(|number| *number != 0)
            .all(|one| self.has_seen(cookie, one))
    }

    /// The answer to who waited for that cookie; none while it was not seen, or the state is unsettled.
    pub(super) fn answer(&self, cookie: &str, since: Option<Token>) -> Option<Answer> {
        let is_known = self.is_settled && !self.is_root_gone && self.has_seen(cookie, self.current);
        is_known.then(|| Answer {
            token: self.now(),
            changes: since.map_or(Changes::Unknown, |token| self.journal.since(&token)),
        })
    }

    pub(super) fn changes_since(&self, token: &Token) -> Changes {
        self.journal.since(token)
    }

    pub(super) const fn now(&self) -> Token {
        self.journal.now()
    }

    pub(super) const fn is_settled(&self) -> bool {
        self.is_settled
    }

    pub(super) const fn is_root_gone(&self) -> bool {
        self.is_root_gone
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{DataChange, Flag};

    use super::*;

    const EDIT: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const NEW_DIR: EventKind = EventKind::Create(CreateKind::Folder);
    const NEW_FILE: EventKind = EventKind::Create(CreateKind::File);
    const LEFT: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::From));

    fn scope() -> Scope {
        Scope { root: "/project".into(), unwatched: vec!["/project/cache".into()] }
    }

    fn meaning(kind: EventKind, path: &str) -> Meaning {
        Meaning::of(Ok(Event::new(kind).add_path(Path::new("/project").join(path))), &scope())
    }

    /// A state with a settled watcher, and its number.
    fn settled() -> (State, u64) {
        let mut state = State::new();
        let number = state.announce();
        assert!(take_over(&mut state, &[number]));
        (state, number)
    }

    /// The announced watcher takes over after these saw its cookie.
    fn take_over(state: &mut State, seen_by: &[u64]) -> bool {
        let name = cookie::new_name();
        state.wait_for(&name);
        for watcher in seen_by {
            state.told(*watcher, &meaning(NEW_FILE, &name));
        }
        let taken = state.take_over(&name);
        state.forget(&name);
        taken
    }

    fn asked(state: &mut State, watcher: u64, since: Option<Token>) -> Option<Answer> {
        let name = cookie::new_name();
        state.wait_for(&name);
        state.told(watcher, &meaning(NEW_FILE, &name));
        let answer = state.answer(&name, since);
        state.forget(&name);
        answer
    }

    #[test]
    fn an_answer_comes_after_its_own_cookie_and_holds_what_was_told_before() {
        let (mut state, watcher) = settled();
        let before = state.now();
        let name = cookie::new_name();
        state.wait_for(&name);
        state.told(watcher, &meaning(EDIT, "a.jan"));
        assert_eq!(state.answer(&name, Some(before)), None);
        state.told(watcher, &meaning(NEW_FILE, &cookie::new_name()));
        assert_eq!(state.answer(&name, Some(before)), None, "another question's");
        state.told(watcher, &meaning(NEW_FILE, &name));
        let answer = state.answer(&name, Some(before)).expect("seen");
        assert_eq!(answer.changes, Changes::Paths(vec!["a.jan".into()]));
        assert_eq!(answer.token, state.now());
    }

    #[test]
    fn reading_cookies_and_what_is_left_out_are_no_changes() {
        let (mut state, watcher) = settled();
        let before = state.now();
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        state.told(watcher, &meaning(opened, "a.jan"));
        state.told(watcher, &meaning(EventKind::Remove(RemoveKind::File), &cookie::new_name()));
        state.told(watcher, &meaning(NEW_DIR, "cache/v1"));
        assert_eq!(state.now(), before);
        assert!(state.is_settled());
    }

    #[test]
    fn a_new_directory_unsettles_until_a_watcher_that_saw_none_come_takes_over() {
        let (mut state, first) = settled();
        let before = state.now();
        state.told(first, &meaning(NEW_DIR, "sub"));
        assert_eq!(asked(&mut state, first, Some(before)), None);
        let second = state.announce();
        state.told(second, &meaning(NEW_DIR, "sub/deep"));
        assert!(!take_over(&mut state, &[first, second]), "the tree changed meanwhile");
        let third = state.announce();
        state.told(third, &meaning(LEFT, "sub/deep"));
        assert!(
            !take_over(&mut state, &[first, third]),
            "something moved, maybe to where nobody watches yet"
        );
        let fourth = state.announce();
        assert!(!take_over(&mut state, &[first]), "it was not told of its cookie");
        state.announce();
        assert!(!take_over(&mut state, &[first, fourth]), "that one was given up");
        let last = state.announce();
        state.told(first, &meaning(EDIT, "late.jan"));
        assert!(take_over(&mut state, &[first, last]));
        let answer = asked(&mut state, last, Some(before)).expect("settled");
        let Changes::Paths(paths) = answer.changes else { panic!("nothing was lost") };
        assert!(paths.contains(&"sub".into()) && paths.contains(&"late.jan".into()), "{paths:?}");
        state.told(first, &meaning(NEW_DIR, "old news"));
        assert!(state.is_settled());
    }

    #[test]
    fn what_the_old_watcher_was_not_told_in_time_counts_as_lost() {
        let (mut state, first) = settled();
        let before = state.now();
        state.told(first, &meaning(NEW_DIR, "sub"));
        let second = state.announce();
        assert!(take_over(&mut state, &[second]));
        assert_eq!(asked(&mut state, second, Some(before)).expect("settled").changes, Changes::Unknown);
    }

    #[test]
    fn an_overflow_makes_all_that_was_known_unknown() {
        let (mut state, first) = settled();
        let before = state.now();
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        state.told(first, &Meaning::of(Ok(overflow), &scope()));
        assert_eq!(asked(&mut state, first, Some(before)), None);
        let second = state.announce();
        assert!(take_over(&mut state, &[first, second]));
        assert_eq!(asked(&mut state, second, Some(before)).expect("settled").changes, Changes::Unknown);
        let failed = Meaning::of(Err(notify::Error::generic("gone")), &scope());
        state.told(second, &failed);
        assert!(!state.is_settled());
    }

    #[test]
    fn once_the_root_is_gone_nothing_is_answered() {
        let (mut state, watcher) = settled();
        state.told(watcher, &meaning(EventKind::Remove(RemoveKind::Folder), ""));
        assert!(state.is_root_gone());
        assert_eq!(asked(&mut state, watcher, None), None);
    }

    #[test]
    fn a_renamed_file_settles_and_a_renamed_folder_or_one_that_is_gone_does_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let scope = Scope { root: dir.path().to_owned(), unwatched: Vec::new() };
        std::fs::write(dir.path().join("file"), "").expect("written");
        std::fs::create_dir(dir.path().join("folder")).expect("made");
        let came = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        let tree =
            |name: &str| Meaning::of(Ok(Event::new(came).add_path(dir.path().join(name))), &scope).tree;
        if cfg!(target_os = "linux") {
            assert_eq!([tree("file"), tree("folder"), tree("gone")], [Tree::Same, Tree::Grown, Tree::Grown]);
        }
    }
}
