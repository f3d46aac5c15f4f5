//! Reading what a build looks at, so that nothing half-written is taken for an input.

use std::io::{self, Read};
use std::path::Path;

use crate::digest::{ContentDigest, ContentHasher};
use crate::fs::{DirHandle, FileKind, InputFile, Links, ReadError, StatTuple};

/// Read and hashed at a time: large enough for all lanes of the hash, small enough to be still near.
const PIECE_BYTES: usize = 128 << 10;

/// Whether a file stayed as it was while it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// Its tuple was the same before and after.
    Stable,
    /// Somebody wrote meanwhile, so the bytes may be a mix: no result may be kept for them.
    ChangedWhileRead,
}

/// What was seen of a file, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Taken from the open file before the first byte was read.
    pub tuple: StatTuple,
    /// Of the bytes that were read.
    pub digest: ContentDigest,
    /// Whether they belong together.
    pub stability: Stability,
}

/// A file that was read for a build.
#[derive(Clone, Debug)]
pub struct Input {
    /// The content.
    pub bytes: Vec<u8>,
    /// What a seal remembers of it.
    pub seen: Seen,
}

/// Reads a regular file of at most `limit_bytes`, links followed, and hashes it in the same pass. Waits for
/// no pipe.
///
/// ```
/// use janus_cache::digest::ContentDigest;
/// use janus_cache::track::{Stability, read_input};
///
/// let input = read_input(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"), 1 << 20)?;
/// assert_eq!(input.seen.stability, Stability::Stable);
/// assert_eq!(input.seen.digest, ContentDigest::of(&input.bytes));
/// # Ok::<(), janus_cache::fs::ReadError>(())
/// ```
pub fn read_input(path: &Path, limit_bytes: u64) -> Result<Input, ReadError> {
    whole(InputFile::open(path)?, limit_bytes)
}

/// As [`read_input`], by a path from an open directory.
pub fn read_input_in(
    dir: &DirHandle,
    path: &Path,
    links: Links,
    limit_bytes: u64,
) -> Result<Input, ReadError> {
    whole(dir.open_file(path, links)?, limit_bytes)
}

fn whole(mut file: InputFile, limit_bytes: u64) -> Result<Input, ReadError> {
    let tuple = regular(&file)?;
    if tuple.len_bytes() > limit_bytes {
        return Err(ReadError::TooLarge { limit_bytes });
    }
    let mut bytes = Vec::with_capacity(tuple.len_bytes() as usize);
    let mut hasher = ContentHasher::default();
    loop {
        let start = bytes.len();
        if (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut bytes)? == 0 {
            break;
        }
        // The limit holds for what is read: a file may grow meanwhile.
        if bytes.len() as u64 > limit_bytes {
            return Err(ReadError::TooLarge { limit_bytes });
        }
        hasher.update(bytes.get(start..).unwrap_or_default());
    }
    let stability = stability(&file, &tuple, bytes.len() as u64);
    Ok(Input { bytes, seen: Seen { tuple, digest: hasher.digest(), stability } })
}

/// What is there now, without keeping the bytes; `read_bytes` counts them.
pub(super) fn look(
    dir: &DirHandle,
    path: &Path,
    links: Links,
    buffer: &mut Vec<u8>,
    read_bytes: &mut u64,
) -> io::Result<Seen> {
    let mut file = dir.open_file(path, links)?;
    let tuple = regular(&file)?;
    buffer.resize(PIECE_BYTES, 0);
    let mut hasher = ContentHasher::default();
    let mut len_bytes = 0;
    // A file that somebody appends to without end is not followed there.
    while len_bytes <= tuple.len_bytes() {
        let count = match file.read(buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(buffer.get(..count).unwrap_or_default());
        len_bytes += count as u64;
    }
    *read_bytes += len_bytes;
    Ok(Seen { tuple, digest: hasher.digest(), stability: stability(&file, &tuple, len_bytes) })
}

fn regular(file: &InputFile) -> io::Result<StatTuple> {
    let tuple = file.tuple()?;
    match tuple.kind() {
        FileKind::File => Ok(tuple),
        FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

fn stability(file: &InputFile, before: &StatTuple, read_bytes: u64) -> Stability {
    let is_same = file.tuple().is_ok_and(|after| after == *before) && read_bytes == before.len_bytes();
    if is_same { Stability::Stable } else { Stability::ChangedWhileRead }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_and_named_by_its_content_at_every_size() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let handle = DirHandle::open(dir.path()).expect("opened");
        for len in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            let content: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            std::fs::write(dir.path().join("f"), &content).expect("written");
            let input = read_input(&dir.path().join("f"), len as u64).expect("within the limit");
            assert_eq!(input.bytes, content);
            assert_eq!(input.seen.digest, ContentDigest::of(&content));
            assert_eq!(input.seen.stability, Stability::Stable);
            let mut read_bytes = 0;
            let seen = look(&handle, "f".as_ref(), Links::Refuse, &mut Vec::new(), &mut read_bytes);
            assert_eq!(seen.expect("read"), input.seen);
            assert_eq!(read_bytes, len as u64);
        }
        let error = read_input(&dir.path().join("f"), 3 * PIECE_BYTES as u64 - 1).expect_err("too large");
        assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn what_is_written_while_it_is_read_is_said() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, b"half").expect("written");
        let file = InputFile::open(&path).expect("opened");
        let before = file.tuple().expect("its tuple");
        std::fs::write(&path, b"half and half").expect("written");
        assert_eq!(stability(&file, &before, 4), Stability::ChangedWhileRead);
        let after = file.tuple().expect("its tuple");
        assert_eq!(stability(&file, &after, 13), Stability::Stable);
        assert_eq!(stability(&file, &after, 12), Stability::ChangedWhileRead, "it grew after the last byte");
    }

    #[cfg(unix)]
    #[test]
    fn folders_pipes_and_endless_devices_are_no_inputs() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = std::process::Command::new("mkfifo").arg(dir.path().join("p")).status().expect("runs");
        assert!(made.success());
        for path in [dir.path(), &dir.path().join("p"), Path::new("/dev/zero")] {
            let error = read_input(path, 100).expect_err("no file");
            assert!(matches!(error, ReadError::Io(_)), "{}: {error}", path.display());
        }
    }
}
