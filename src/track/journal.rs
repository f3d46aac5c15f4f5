//! What changed since when: the memory of a watcher. Pure; it never looks at a file.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// A moment of one watcher's life.
///
/// ```
/// use janus_cache::track::Token;
///
/// let token: Token = "00000000000000ff-12".parse()?;
/// assert_eq!(token.to_string(), "00000000000000ff-12");
/// # Ok::<(), janus_cache::track::TokenError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Which watcher: another one, or the same started anew, knows nothing of this moment.
    watcher: u64,
    /// Changes that it had seen.
    count: u64,
}

/// A text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 16 hexadecimal digits, `-` and a number, found {found:?}")]
pub struct TokenError {
    /// The text, its first 64 characters.
    pub found: String,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.watcher, self.count)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let token = || {
            let (watcher, count) = text.split_once('-')?;
            // `from_str_radix` would take a sign.
            let are_digits = watcher.len() == 16 && watcher.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
            if !are_digits || !is_number {
                return None;
            }
            Some(Self { watcher: u64::from_str_radix(watcher, 16).ok()?, count: count.parse().ok()? })
        };
        token().ok_or_else(|| TokenError { found: text.chars().take(64).collect() })
    }
}

/// What changed since a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// These root-relative paths, each once, the one that changed last at the end. None: nothing did.
    Paths(Vec<PathBuf>),
    /// Anything may have: the token is of another watcher, too old, or events were lost since.
    Unknown,
}

/// Remembers which paths changed, and in which order. Its memory is bounded: of more than
/// [`Journal::MAX_PATHS`] paths, or [`Journal::MAX_BYTES`] of their text, the oldest changes are forgotten, and tokens
/// from before them are answered with [`Changes::Unknown`].
///
/// ```
/// use janus_cache::track::{Changes, Journal};
///
/// let mut journal = Journal::new(7);
/// let before = journal.now();
/// journal.changed("src/shape.jan".as_ref());
/// assert_eq!(journal.since(&before), Changes::Paths(vec!["src/shape.jan".into()]));
/// assert_eq!(journal.since(&journal.now()), Changes::Paths(Vec::new()));
/// journal.lost();
/// assert_eq!(journal.since(&before), Changes::Unknown);
/// ```
#[derive(Clone, Debug)]
pub struct Journal {
    watcher: u64,
    count: u64,
    /// Tokens below this are unknown.
    known_from: u64,
    last: HashMap<Arc<Path>, u64>,
    order: BTreeMap<u64, Arc<Path>>,
    path_bytes: usize,
}

impl Journal {
    /// Paths that are remembered at most.
    pub const MAX_PATHS: usize = 16_384;
    /// Bytes of all remembered paths at most.
    pub const MAX_BYTES: usize = 4 << 20;

    /// An empty one. `watcher` is drawn at random for each start.
    pub fn new(watcher: u64) -> Self {
        Self { watcher, count: 0, known_from: 0, last: HashMap::new(), order: BTreeMap::new(), path_bytes: 0 }
    }

    /// A root-relative path changed.
    pub fn changed(&mut self, path: &Path) {
        self.count += 1;
        let path = if let Some((path, before)) = self.last.remove_entry(path) {
            self.order.remove(&before);
            path
        } else {
            self.path_bytes += path.as_os_str().len();
            Arc::from(path)
        };
        self.last.insert(Arc::clone(&path), self.count);
        self.order.insert(self.count, path);
        while self.order.len() > Self::MAX_PATHS || self.path_bytes > Self::MAX_BYTES {
            let Some((count, path)) = self.order.pop_first() else { break };
            self.last.remove(&path);
            self.path_bytes -= path.as_os_str().len();
            self.known_from = count;
        }
    }

    /// Events were lost: nobody knows what changed up to now.
    pub fn lost(&mut self) {
        self.count += 1;
        self.known_from = self.count;
        self.last.clear();
        self.order.clear();
        self.path_bytes = 0;
    }

    /// The present moment.
    pub const fn now(&self) -> Token {
        Token { watcher: self.watcher, count: self.count }
    }

    /// What changed since then. Cost: the answer's length.
    pub fn since(&self, token: &Token) -> Changes {
        let is_known = token.watcher == self.watcher && (self.known_from..=self.count).contains(&token.count);
        if !is_known {
            return Changes::Unknown;
        }
        Changes::Paths(self.order.range(token.count + 1..).map(|(_, path)| path.to_path_buf()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Changes {
        Changes::Paths(names.iter().map(PathBuf::from).collect())
    }

    fn journal(changed: &[&str]) -> Journal {
        let mut journal = Journal::new(1);
        for path in changed {
            journal.changed(path.as_ref());
        }
        journal
    }

    #[test]
    fn each_path_is_told_once_and_only_to_those_who_asked_before_it_changed() {
        let mut journal = journal(&["a", "b"]);
        let middle = journal.now();
        journal.changed("a".as_ref());
        journal.changed("a".as_ref());
        assert_eq!(journal.since(&middle), paths(&["a"]));
        assert_eq!(journal.since(&Token { watcher: 1, count: 0 }), paths(&["b", "a"]));
        assert_eq!(journal.since(&journal.now()), paths(&[]));
    }

    #[test]
    fn another_watcher_s_token_and_one_from_the_future_are_unknown() {
        let journal = journal(&["a"]);
        assert_eq!(journal.since(&Token { watcher: 2, count: 1 }), Changes::Unknown);
        assert_eq!(journal.since(&Token { watcher: 1, count: 2 }), Changes::Unknown);
        assert_eq!(journal.since(&Token { watcher: 1, count: u64::MAX }), Changes::Unknown);
    }

    #[test]
    fn lost_events_make_every_earlier_token_unknown_and_no_later_one() {
        let mut journal = journal(&["a"]);
        let before = journal.now();
        journal.lost();
        let after = journal.now();
        journal.changed("b".as_ref());
        assert_eq!(journal.since(&before), Changes::Unknown);
        assert_eq!(journal.since(&after), paths(&["b"]));
    }

    #[test]
    fn beyond_its_memory_it_forgets_the_oldest_and_says_so() {
        let mut journal = journal(&["first"]);
        let (start, first) = (Token { watcher: 1, count: 0 }, journal.now());
        for index in 0..Journal::MAX_PATHS {
            journal.changed(format!("{index}").as_ref());
        }
        assert_eq!(journal.since(&start), Changes::Unknown);
        let Changes::Paths(since) = journal.since(&first) else { panic!("all of them are remembered") };
        assert_eq!(since.len(), Journal::MAX_PATHS);
        journal.changed("one more".as_ref());
        assert_eq!(journal.since(&first), Changes::Unknown);
    }

    #[test]
    fn long_paths_count_by_their_bytes() {
        let mut journal = Journal::new(1);
        let long = "x".repeat(Journal::MAX_BYTES / 2);
        journal.changed(long.as_ref());
        let first = journal.now();
        journal.changed(format!("{}y", &long[1..]).as_ref());
        assert_eq!(
            journal.since(&Token { watcher: 1, count: 0 }),
            paths(&[&long, &format!("{}y", &long[1..])])
        );
        journal.changed("z".as_ref());
        assert_eq!(journal.since(&Token { watcher: 1, count: 0 }), Changes::Unknown);
        assert_eq!(journal.since(&first), paths(&[&format!("{}y", &long[1..]), "z"]));
        assert!(journal.path_bytes <= Journal::MAX_BYTES);
    }

    #[test]
    fn a_token_comes_back_from_its_text_and_from_nothing_else() {
        let token = Token { watcher: 0xAB, count: u64::MAX };
        assert_eq!(token.to_string().parse(), Ok(token));
        for bad in [
            "",
            "-",
            "00000000000000ab",
            "00000000000000ab-",
            "ab-1",
            "+0000000000000ab-1",
            "00000000000000ab-+1",
        ] {
            let error = bad.parse::<Token>().expect_err(bad);
            assert_eq!(error.found, bad);
        }
        assert!("00000000000000ab-18446744073709551616".parse::<Token>().is_err());
    }
}
