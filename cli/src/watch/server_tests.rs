//! The whole way in one process: files are changed, the socket is asked, and the answer holds every change.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use janus_cache::track::{Changes, Token};

use super::{Answer, Eyes, NoServer, Place, Server, ask};

/// A root that is watched and served.
struct Watched {
    dir: tempfile::TempDir,
    root: PathBuf,
    cache: PathBuf,
    place: Place,
    eyes: Eyes,
    _server: Server,
}

impl Watched {
    fn new() -> Self {
        Self::after(|_| {})
    }

    /// A root in which something was made before it is watched.
    fn after(make: impl FnOnce(&std::path::Path)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let base = janus_cache::fs::canonical(dir.path()).expect("is there");
        let (root, cache) = (base.join("root"), base.join("root/cache"));
        std::fs::create_dir_all(&cache).expect("made");
        make(&root);
        let place = Place::of(&cache, &root);
        let eyes = Eyes::open(&root, std::slice::from_ref(&cache)).expect("watched");
        let server = Server::start(&place, &eyes).expect("served");
        Self { dir, root, cache, place, eyes, _server: server }
    }

    fn write(&self, path: &str, content: &str) {
        std::fs::write(self.root.join(path), content).expect("written");
    }

    fn make_dir(&self, path: &str) {
        std::fs::create_dir(self.root.join(path)).expect("made");
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.root.join(from), self.root.join(to)).expect("renamed");
    }

    fn ask(&self, since: Option<Token>) -> Option<Answer> {
        ask(&self.cache, &self.root, since)
    }

    /// A token, as soon as there is one.
    fn token(&self) -> Token {
        let began = Instant::now();
        loop {
            match self.ask(None) {
                Some(answer) => return answer.token,
                None => assert!(began.elapsed() < Duration::from_secs(20), "the watcher never answers"),
            }
        }
    }

    /// Whether the answer holds the path, or says that it may be anything. Who gets no answer looks itself.
    #[track_caller]
    fn assert_told(&self, since: Token, path: &str) -> Option<Token> {
        let answer = self.ask(Some(since))?;
        if let Changes::Paths(paths) = &answer.changes {
            assert!(paths.contains(&path.into()), "{path} is not in {paths:?}");
        }
        Some(answer.token)
    }

    /// The paths that are told, without a way out.
    #[track_caller]
    fn told(&self, since: Token) -> Vec<PathBuf> {
        let answer = self.ask(Some(since)).expect("in time");
        let Changes::Paths(paths) = answer.changes else { panic!("nothing was lost") };
        paths
    }

    /// What the server says to bytes that may be no question.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.place.connect().expect("served");
        let mut answer = String::new();
        // The server may hang up before it has read everything.
        let _ = stream.write_all(bytes).and_then(|()| stream.read_to_string(&mut answer));
        answer
    }
}

#[test]
fn a_file_that_was_just_written_is_in_the_answer_ten_thousand_times() {
    const TIMES: u32 = 10_000;
    let watched = Watched::new();
    let mut token = watched.token();
    let (began, mut asking, mut silent) = (Instant::now(), Duration::ZERO, 0);
    for time in 0..TIMES {
        let path = format!("f{}", time % 50);
        watched.write(&path, &time.to_string());
        let asked = Instant::now();
        let told = watched.assert_told(token, &path);
        asking += asked.elapsed();
        silent += u32::from(told.is_none());
        token = told.unwrap_or_else(|| watched.token());
    }
    println!("{:?} for each of {TIMES} answers, {silent} of which came too late", asking / TIMES);
    assert!(silent < TIMES / 10, "{silent} of {TIMES} questions were not answered in time");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn ten_thousand_unchanged_files_cost_one_short_question() {
    const TIMES: u32 = 500;
    let watched = Watched::after(|root| {
        for dir in 0..100 {
            std::fs::create_dir(root.join(dir.to_string())).expect("made");
            for file in 0..100 {
                std::fs::write(root.join(format!("{dir}/{file}.jan")), "").expect("written");
            }
        }
    });
    let token = watched.token();
    let mut best = Duration::MAX;
    for _ in 0..TIMES {
        let began = Instant::now();
        let answer = watched.ask(Some(token));
        best = best.min(began.elapsed());
        if let Some(Answer { changes, .. }) = answer {
            assert_eq!(changes, Changes::Paths(Vec::new()));
        }
    }
    println!("{best:?} for the quickest of {TIMES} answers about 10,000 files");
    assert!(best < Duration::from_millis(10), "{best:?}");
}

#[test]
fn editors_that_rename_and_replace_and_edits_of_one_length_are_told() {
    let watched = Watched::new();
    watched.write("a.jan", "one");
    let token = watched.token();
    watched.write(".a.jan.swp", "two");
    watched.rename(".a.jan.swp", "a.jan");
    assert!(watched.told(token).contains(&"a.jan".into()));
    let token = watched.token();
    watched.write("a.jan", "six");
    assert_eq!(watched.told(token), [PathBuf::from("a.jan")]);
    let token = watched.token();
    watched.rename("a.jan", "a.jan~");
    watched.write("a.jan", "ten");
    std::fs::remove_file(watched.root.join("a.jan~")).expect("removed");
    assert!(watched.told(token).contains(&"a.jan".into()));
}

#[test]
fn what_happens_in_a_directory_that_just_came_is_never_missed() {
    let watched = Watched::new();
    for time in 0..150 {
        let dir = format!("d{time}");
        let mut token = watched.token();
        watched.make_dir(&dir);
        watched.make_dir(&format!("{dir}/deep"));
        watched.write(&format!("{dir}/deep/before"), "");
        token = watched.assert_told(token, &dir).unwrap_or_else(|| watched.token());
        let path = format!("{dir}/deep/after");
        watched.write(&path, "");
        watched.assert_told(token, &path);
    }
}

#[test]
fn a_directory_that_moves_into_one_that_just_came_stays_in_sight() {
    let watched = Watched::new();
    watched.make_dir("d0");
    watched.make_dir("d0/kept");
    for time in 1..150 {
        let (from, to) = (format!("d{}/kept", time - 1), format!("d{time}/kept"));
        watched.make_dir(&format!("d{time}"));
        watched.rename(&from, &to);
        let token = watched.token();
        let path = format!("{to}/x");
        watched.write(&path, &time.to_string());
        watched.assert_told(token, &path);
    }
}

#[test]
fn ten_thousand_files_that_are_switched_are_all_told_or_none_is() {
    const FILES: usize = 10_000;
    let watched = Watched::new();
    for branch in ["main", "other"] {
        std::fs::create_dir(watched.root.join(branch)).expect("made");
    }
    for file in 0..FILES {
        watched.write(&format!("main/{file}"), "main");
    }
    let token = watched.token();
    for file in 0..FILES {
        watched.rename(&format!("main/{file}"), &format!("other/{file}"));
    }
    if let Some(Answer { changes: Changes::Paths(paths), .. }) = watched.ask(Some(token)) {
        let paths: std::collections::HashSet<PathBuf> = paths.into_iter().collect();
        for file in 0..FILES {
            assert!(paths.contains(&PathBuf::from(format!("other/{file}"))), "{file} is missing");
        }
    }
    let token = watched.token();
    watched.write("other/7", "edited");
    watched.assert_told(token, "other/7");
    let token = watched.token();
    watched.rename("other", "renamed");
    watched.assert_told(token, "other");
    let token = watched.token();
    watched.write("renamed/7", "edited again");
    watched.assert_told(token, "renamed/7");
}

#[test]
fn what_the_cache_writes_and_cookies_are_not_told() {
    let watched = Watched::new();
    let token = watched.token();
    watched.write("cache/x", "x");
    watched.make_dir("cache/sub");
    for _ in 0..10 {
        watched.token();
    }
    assert_eq!(watched.told(token), Vec::<PathBuf>::new());
    let left = std::fs::read_dir(&watched.root).expect("a folder").count();
    assert_eq!(left, 1, "the cookies are gone again");
}

#[test]
fn a_root_that_was_moved_replaced_or_removed_gives_no_answer() {
    let (moved, replaced, removed) = (Watched::new(), Watched::new(), Watched::new());
    for watched in [&moved, &replaced] {
        std::fs::rename(&watched.root, watched.dir.path().join("elsewhere")).expect("renamed");
    }
    std::fs::create_dir_all(&replaced.cache).expect("made");
    std::fs::remove_dir_all(&removed.root).expect("removed");
    for watched in [&moved, &replaced, &removed] {
        let shared = watched.eyes.shared();
        assert_eq!(shared.ask(None, Duration::from_millis(50)), None);
    }
}

#[test]
fn questions_that_are_none_get_an_error_and_the_next_one_an_answer() {
    let watched = Watched::new();
    let endless = "x".repeat(1 << 20);
    for bad in ["\n", "hello\n", "sync\n", "sync 1-2\n", "sync -\nsync -\n", "\0\0\0\n", &endless] {
        let said = watched.say(bad.as_bytes());
        // Of what it did not read, the system may have told the peer first.
        assert!(said.starts_with("error ") || bad.len() > 128, "{said:?} to {bad:?}");
    }
    let other = watched.ask(Some("0123456789abcdef-1".parse().expect("a token"))).expect("in time");
    assert_eq!(other.changes, Changes::Unknown, "another watcher's token");
    watched.token();
}

#[test]
fn peers_that_say_nothing_or_leave_hold_nobody_up_for_long() {
    let watched = Watched::new();
    let silent: Vec<UnixStream> = (0..8).map(|_| watched.place.connect().expect("served")).collect();
    for _ in 0..8 {
        drop(watched.place.connect().expect("served"));
    }
    let began = Instant::now();
    watched.token();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(silent);
}

#[test]
fn a_second_server_for_one_root_is_refused_and_a_dead_one_s_socket_is_taken() {
    let watched = Watched::new();
    let second = Server::start(&watched.place, &watched.eyes);
    assert!(matches!(second, Err(NoServer::Taken)), "{second:?}");
    let Watched { dir, root, cache, place, eyes, _server: server } = watched;
    assert!(server.is_in_place());
    drop(server);
    assert_eq!(ask(&cache, &root, None), None);
    assert!(!place.socket_file().exists());
    drop(std::os::unix::net::UnixListener::bind(place.socket_file()).expect("bound"));
    let _server = Server::start(&place, &eyes).expect("the lock is free");
    assert!(ask(&cache, &root, None).is_some());
    drop(dir);
}
