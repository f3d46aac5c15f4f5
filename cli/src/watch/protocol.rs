//! What is said through the socket.
//!
//! ```text
//! sync TOKEN            asks what changed since; `sync -` only for a token
//! token TOKEN unknown   anything may have changed
//! token TOKEN paths COUNT BYTES, then so many bytes: each path with a 0 after it
//! none                  the watcher cannot say now
//! error WORDS           the question was none
//! ```

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use janus_cache::track::{Changes, Token};

use super::Answer;

/// The longest line either side takes, with its end.
const MAX_LINE_BYTES: usize = 128;
/// Longer lists are not sent: who would get one has to look at as many files anyway.
const MAX_LIST_BYTES: usize = 1 << 20;

/// A question: what changed since that token, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question(pub(super) Option<Token>);

/// What the other side said was not understood.
fn not_understood(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Question {
    pub(super) fn send(self, to: &mut impl Write) -> io::Result<()> {
        let token = self.0.map_or_else(|| "-".to_owned(), |token| token.to_string());
        to.write_all(format!("sync {token}\n").as_bytes())
    }

    pub(super) fn receive(from: &mut impl Read) -> io::Result<Self> {
        let (line, rest) = line(from)?;
        if !rest.is_empty() {
            return Err(not_understood("expected one line"));
        }
        match line.strip_prefix("sync ") {
            Some("-") => Ok(Self(None)),
            Some(token) => token.parse().map(|token| Self(Some(token))).map_err(io::Error::other),
            None => Err(not_understood("expected `sync TOKEN`")),
        }
    }
}

/// Answers, or says that there is no answer.
pub(super) fn send(answer: Option<&Answer>, to: &mut impl Write) -> io::Result<()> {
    let Some(Answer { token, changes }) = answer else { return to.write_all(b"none\n") };
    let mut list = Vec::new();
    if let Changes::Paths(paths) = changes {
        for path in paths {
            list.extend_from_slice(path.as_os_str().as_bytes());
            list.push(0);
        }
        if list.len() <= MAX_LIST_BYTES {
            let mut said = format!("token {token} paths {} {}\n", paths.len(), list.len()).into_bytes();
            said.append(&mut list);
            return to.write_all(&said);
        }
    }
    to.write_all(format!("token {token} unknown\n").as_bytes())
}

/// Says that a question was none.
pub(super) fn refuse(error: &io::Error, to: &mut impl Write) -> io::Result<()> {
    let words: String = error.to_string().chars().filter(|c| !c.is_control()).take(100).collect();
    to.write_all(format!("error {words}\n").as_bytes())
}

/// The answer, `None` where the watcher has none.
pub(super) fn receive(from: &mut impl Read) -> io::Result<Option<Answer>> {
    let (line, mut list) = line(from)?;
    let mut words = line.split(' ');
    if line == "none" {
        return Ok(None);
    }
    let (Some("token"), Some(token), Some(kind)) = (words.next(), words.next(), words.next()) else {
        return Err(not_understood("expected `token TOKEN …`"));
    };
    let token: Token = token.parse().map_err(io::Error::other)?;
    let changes = match kind {
        "unknown" => Changes::Unknown,
        "paths" => {
            let mut number = || words.next()?.parse::<usize>().ok();
            let (Some(count), Some(list_bytes)) = (number(), number()) else {
                return Err(not_understood("expected two numbers"));
            };
            if list_bytes > MAX_LIST_BYTES || list.len() > list_bytes {
                return Err(not_understood("expected a shorter list"));
            }
            let missing_bytes = list_bytes - list.len();
            from.take(missing_bytes as u64).read_to_end(&mut list)?;
            Changes::Paths(paths(&list, count, list_bytes).ok_or_else(|| not_understood("expected paths"))?)
        }
        _ => return Err(not_understood("expected `paths` or `unknown`")),
    };
    Ok(Some(Answer { token, changes }))
}

fn paths(list: &[u8], count: usize, list_bytes: usize) -> Option<Vec<PathBuf>> {
    if list.len() != list_bytes {
        return None;
    }
    let Some(list) = list.strip_suffix(&[0]) else { return (list.is_empty() && count == 0).then(Vec::new) };
    let paths: Vec<PathBuf> =
        list.split(|byte| *byte == 0).map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
    (paths.len() == count).then_some(paths)
}

/// A line without its end, and what came after it in the same reads.
fn line(from: &mut impl Read) -> io::Result<(String, Vec<u8>)> {
    let mut said = Vec::with_capacity(MAX_LINE_BYTES);
    let mut buffer = [0; MAX_LINE_BYTES];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        said.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if let Some(end) = said.iter().position(|byte| *byte == b'\n').filter(|end| *end < MAX_LINE_BYTES) {
            let rest = said.split_off(end + 1);
            said.pop();
            let line = String::from_utf8(said).map_err(|_| not_understood("expected text"))?;
            return Ok((line, rest));
        }
        if said.len() >= MAX_LINE_BYTES {
            return Err(not_understood("expected a shorter line"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        "00000000000000ff-3".parse().expect("a token")
    }

    /// Gives one byte at a time, as a slow peer does.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (Some((first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut()) else {
                return Ok(0);
            };
            *place = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn questions_and_answers_come_back_from_their_bytes_however_they_are_cut() {
        for question in [Question(None), Question(Some(token()))] {
            let mut said = Vec::new();
            question.send(&mut said).expect("written");
            assert_eq!(Question::receive(&mut said.as_slice()).expect("read"), question);
            assert_eq!(Question::receive(&mut Drops(&said)).expect("read"), question);
        }
        let paths = |names: &[&str]| Changes::Paths(names.iter().map(PathBuf::from).collect());
        let many: Vec<String> = (0..1000).map(|index| format!("src/with\nbreak/{index}.jan")).collect();
        let many = Changes::Paths(many.iter().map(PathBuf::from).collect());
        for changes in [Changes::Unknown, paths(&[]), paths(&[""]), paths(&["a", "", "b/c"]), many] {
            let answer = Answer { token: token(), changes };
            let mut said = Vec::new();
            send(Some(&answer), &mut said).expect("written");
            assert_eq!(receive(&mut said.as_slice()).expect("read"), Some(answer.clone()));
            assert_eq!(receive(&mut Drops(&said)).expect("read"), Some(answer));
            for cut in 0..said.len() {
                assert!(receive(&mut &said[..cut]).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_list_that_is_too_long_becomes_unknown() {
        let long = PathBuf::from("x".repeat(MAX_LIST_BYTES));
        let mut said = Vec::new();
        send(Some(&Answer { token: token(), changes: Changes::Paths(vec![long]) }), &mut said)
            .expect("written");
        let answer = receive(&mut said.as_slice()).expect("read");
        assert_eq!(answer, Some(Answer { token: token(), changes: Changes::Unknown }));
    }

    #[test]
    fn what_is_no_question_and_no_answer_is_refused_in_words() {
        let endless = vec![b'x'; 1 << 16];
        for bad in
            [&b""[..], b"sync", b"sync \n", b"sync x\n", b"quit\n", b"sync -\nmore", b"\xff\n", &endless]
        {
            let error = Question::receive(&mut &*bad).expect_err("no question");
            let mut said = Vec::new();
            refuse(&error, &mut said).expect("written");
            assert!(said.starts_with(b"error ") && said.len() < MAX_LINE_BYTES, "{said:?}");
            assert!(receive(&mut said.as_slice()).is_err());
        }
        let token = token();
        for bad in [
            format!("token {token}\n"),
            format!("token {token} paths\n"),
            format!("token {token} paths 1 99999999999\n"),
            format!("token {token} paths 2 2\na\0"),
            format!("token {token} paths 1 2\nab"),
            format!("token {token} paths 0 1\na\0"),
            "token x unknown\n".to_owned(),
        ] {
            assert!(receive(&mut bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
