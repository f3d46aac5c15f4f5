//! Nothing changed: told by a watcher of the project's root, at the cost of one question.
//!
//! A note beside a seal holds a token of a watcher, taken *before* the build or check that found the sealed state, and
//! what such a call prints. As long as the watcher saw nothing change since the token, and the few names that it cannot
//! see have their tuples, the state is the sealed one.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zerocopy::{FromBytes, IntoBytes};

use super::fast_path::{Reply, Sealed};
use super::turn::Turn;
use crate::digest::crc32;
use crate::fs::{self, Durability, StatTuple, bytes_of_path, path_from_bytes};
use crate::track::{OutOfSight, Token};

const MAGIC: [u8; 8] = *b"JANWTCH\x02";
/// Reports are short; one with more warnings than that is told by a check.
const MAX_BYTES: u64 = 4 << 20;

/// What is believed while a watcher sees nothing change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchNote {
    token: Token,
    root: PathBuf,
    until_unix_s: u64,
    reply: Reply,
    turn: PathBuf,
    out_of_sight: Vec<OutOfSight>,
}

/// The same as text and bytes.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    token: String,
    root: &'a [u8],
    until_unix_s: u64,
    stdout: &'a str,
    stderr: &'a str,
    turn: &'a [u8],
    out_of_sight: Vec<(&'a [u8], &'a [u8])>,
}

impl WatchNote {
    /// Where the note of a seal lies.
    pub fn beside(seal_file: &Path) -> PathBuf {
        seal_file.with_extension("watch")
    }

    /// Reads the note of a seal; `None` where there is none that is whole and still holds at `now_unix_s`, in seconds
    /// since the Unix epoch.
    pub fn read(seal_file: &Path, now_unix_s: u64) -> Option<Self> {
        // What somebody else could write there would be believed.
        let bytes = fs::read_own(&Self::beside(seal_file), MAX_BYTES).ok()??;
        Self::from_bytes(&bytes).filter(|note| now_unix_s < note.until_unix_s)
    }

    /// Notes what a build or a check just found. `token` was asked for before that began; the watcher is told nothing of
    /// what lies in `unwatched`. Nothing is noted, and an older note removed, where a watcher's word would not prove it.
    /// Cost: one system call for each sealed name.
    pub fn keep(seal_file: &Path, token: Token, unwatched: &[PathBuf]) -> io::Result<()> {
        let note = Sealed::read(seal_file, 0).and_then(|sealed| {
            let seal = sealed.seal()?;
            let out_of_sight = seal.out_of_sight(sealed.root(), unwatched)?;
            let (root, until_unix_s) = (sealed.root().to_owned(), sealed.until_unix_s());
            // A watcher that saw a source change is no proof of anything.
            let reply = Reply { stdout_moved: None, ..Sealed::reply(&seal)? };
            let turn = Sealed::turn(&seal)?.to_owned();
            Some(Self { token, root, until_unix_s, reply, turn, out_of_sight })
        });
        match note {
            Some(note) => note.write(seal_file),
            None => fs::remove_file(&Self::beside(seal_file)).map(drop),
        }
    }

    /// The same with a later token, because what changed in between touched nothing that is sealed.
    pub fn renew(mut self, seal_file: &Path, token: Token) -> io::Result<()> {
        self.token = token;
        self.write(seal_file)
    }

    /// What the watcher is asked about.
    pub const fn token(&self) -> Token {
        self.token
    }

    /// What is watched.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What to print.
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Whether nobody is about to write the output.
    pub fn is_output_at_rest(&self) -> bool {
        Turn::is_free(&self.turn)
    }

    /// Whether all that the watcher cannot see is as it was. Cost: one system call for each such name, of which there are
    /// [`MAX_OUT_OF_SIGHT`](crate::track::Seal::MAX_OUT_OF_SIGHT) at most.
    pub fn is_unchanged_out_of_sight(&self) -> bool {
        self.out_of_sight.iter().all(OutOfSight::is_unchanged)
    }

    /// Whether changes at these root-relative paths leave what is sealed alone.
    pub fn is_untouched_by(&self, seal_file: &Path, paths: &[PathBuf]) -> bool {
        paths.is_empty()
            || Sealed::read(seal_file, 0).is_some_and(|sealed| {
                sealed.root() == self.root
                    && sealed.seal().is_some_and(|seal| !seal.is_touched_by(&self.root, paths))
            })
    }

    fn write(&self, seal_file: &Path) -> io::Result<()> {
        let bytes = self.to_bytes().ok_or(io::ErrorKind::InvalidData)?;
        fs::replace(&Self::beside(seal_file), &bytes, Durability::Rename)
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let paths: Vec<_> = self.out_of_sight.iter().map(|one| bytes_of_path(&one.path)).collect();
        let tuples = self.out_of_sight.iter().map(|one| one.tuple.as_bytes());
        let written = Written {
            token: self.token.to_string(),
            root: &bytes_of_path(&self.root),
            until_unix_s: self.until_unix_s,
            stdout: &self.reply.stdout,
            stderr: &self.reply.stderr,
            turn: &bytes_of_path(&self.turn),
            out_of_sight: paths.iter().map(|path| &**path).zip(tuples).collect(),
        };
        let body = postcard::to_stdvec(&written).ok()?;
        let fits = body.len() as u64 + 12 <= MAX_BYTES;
        fits.then(|| [&MAGIC[..], &crc32(&body).to_le_bytes(), &body].concat())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (crc, body) = rest.split_first_chunk::<4>()?;
        if *magic != MAGIC || u32::from_le_bytes(*crc) != crc32(body) {
            return None;
        }
        let written: Written<'_> = postcard::from_bytes(body).ok()?;
        let out_of_sight = written.out_of_sight.iter().map(|(path, tuple)| {
            Some(OutOfSight {
                path: path_from_bytes(path)?.to_owned(),
                tuple: StatTuple::read_from_bytes(tuple).ok()?,
            })
        });
        Some(Self {
            token: written.token.parse().ok()?,
            root: path_from_bytes(written.root)?.to_owned(),
            until_unix_s: written.until_unix_s,
            reply: Reply {
                stdout: written.stdout.to_owned(),
                stdout_moved: None,
                stderr: written.stderr.to_owned(),
            },
            turn: path_from_bytes(written.turn)?.to_owned(),
            out_of_sight: out_of_sight.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> WatchNote {
        WatchNote {
            token: "00000000000000ff-3".parse().expect("a token"),
            root: "/home/me/game".into(),
            until_unix_s: 100,
            reply: Reply { stdout: "done\n".to_owned(), stdout_moved: None, stderr: "careful\n".to_owned() },
            turn: "/home/me/.cache/janus/v1/state/turns/0.lock".into(),
            out_of_sight: vec![OutOfSight { path: "/etc/janus.toml".into(), tuple: StatTuple::ABSENT }],
        }
    }

    #[test]
    fn a_note_comes_back_until_its_time_is_over() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let seal_file = dir.path().join("x.seal");
        assert_eq!(WatchNote::read(&seal_file, 0), None);
        note().write(&seal_file).expect("written");
        assert_eq!(WatchNote::read(&seal_file, 99), Some(note()));
        assert_eq!(WatchNote::read(&seal_file, 100), None);
        let token = "00000000000000ff-4".parse().expect("a token");
        note().renew(&seal_file, token).expect("written");
        assert_eq!(WatchNote::read(&seal_file, 99), Some(WatchNote { token, ..note() }));
    }

    #[test]
    fn a_note_with_any_damage_is_none() {
        let bytes = note().to_bytes().expect("small");
        for cut in 0..bytes.len() {
            assert_eq!(WatchNote::from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert_eq!(WatchNote::from_bytes(&bad), None, "byte {at}");
        }
    }

    #[test]
    fn without_a_seal_nothing_is_noted_and_an_old_note_goes() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let seal_file = dir.path().join("x.seal");
        note().write(&seal_file).expect("written");
        WatchNote::keep(&seal_file, note().token, &[]).expect("removed");
        assert!(!WatchNote::beside(&seal_file).exists());
        assert!(note().is_untouched_by(&seal_file, &[]));
        assert!(!note().is_untouched_by(&seal_file, &["a".into()]), "nobody knows what is sealed");
    }
}
