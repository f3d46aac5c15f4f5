//! Whether an output is still what a build wrote: a small file beside the seal.
//!
//! The output is no input, so it is not in the seal: sealing it would hash it with BLAKE3 after each build, which takes
//! longer than patching it. Its identity (`Record::identity`) is made of what its sections are, so a patch hashes only what
//! is new. Nobody who could forge it gains anything: they may write the output itself.

use std::path::Path;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::digest::{crc32, fast_hash};
use crate::fs::{self, Durability, StatTuple};

const MAGIC: [u8; 8] = *b"JANOUT2\n";

/// What was written.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Sealed {
    magic: [u8; 8],
    /// CRC-32 of all that follows.
    crc: U32,
    /// 1 where the tuple alone proves the content.
    settled: U32,
    /// XXH3-64 of the path.
    path: U64,
    /// Identity of the content.
    content: U64,
    /// When all that the output is made of was last asked of the cache, in seconds since the Unix epoch.
    used_unix_s: U64,
    tuple: StatTuple,
}

/// What is noted of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// `Record::identity` of its content.
    pub(super) content: u64,
    pub(super) tuple: StatTuple,
    /// Whether the tuple alone proves the content from now on.
    pub(super) is_settled: bool,
    /// When all that it is made of was last asked of the cache, in seconds since the Unix epoch.
    pub(super) used_unix_s: u64,
}

impl Sealed {
    fn new(path: &Path, note: &Note) -> Self {
        let path = fast_hash(path.as_os_str().as_encoded_bytes());
        let mut sealed = Self {
            magic: MAGIC,
            crc: 0.into(),
            settled: u32::from(note.is_settled).into(),
            path: path.into(),
            content: note.content.into(),
            used_unix_s: note.used_unix_s.into(),
            tuple: note.tuple,
        };
        sealed.crc = sealed.checksum().into();
        sealed
    }

    fn checksum(&self) -> u32 {
        crc32(self.as_bytes().get(12..).unwrap_or_default())
    }

    fn read(file: &Path) -> Option<Self> {
        let bytes = fs::read_bounded(file, 4096).ok()?;
        let sealed = Self::read_from_bytes(&bytes).ok()?;
        (sealed.magic == MAGIC && sealed.crc.get() == sealed.checksum()).then_some(sealed)
    }
}

/// Notes in `file` what stands in `output`.
pub(super) fn write(file: &Path, output: &Path, note: &Note) -> std::io::Result<()> {
    fs::replace(file, Sealed::new(output, note).as_bytes(), Durability::Rename)
}

/// What `file` says of `output`; none where it says nothing, or is damaged.
pub(super) fn read(file: &Path, output: &Path) -> Option<Note> {
    let path = fast_hash(output.as_os_str().as_encoded_bytes());
    let sealed = Sealed::read(file).filter(|sealed| sealed.path.get() == path)?;
    Some(Note {
        content: sealed.content.get(),
        tuple: sealed.tuple,
        is_settled: sealed.settled.get() == 1,
        used_unix_s: sealed.used_unix_s.get(),
    })
}

/// What is known of an output without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is what was noted. What this relies on: nobody writes to a file without moving one of its times. A change time
    /// moves with every write, unless one falls into the tick of the last; then the other time does, because it was
    /// signed when the output was written (see [`write_pieces`](crate::fs::write_pieces)), or because the tick was over
    /// when the content was looked at. If either broke, a patch would keep sections that somebody else wrote.
    Same,
    /// It may be: its content has to be looked at.
    MayBe,
    /// It is not.
    Other,
}

impl Note {
    /// Whether an output with this tuple is what was noted, and that is `content`: seal and note are two files, and of two
    /// builds at once each may have written one.
    pub(super) fn knows(&self, content: u64, tuple: &StatTuple) -> Known {
        if self.content != content || !tuple.is_file() || tuple.len_bytes() != self.tuple.len_bytes() {
            Known::Other
        } else if self.tuple == *tuple && self.is_settled {
            Known::Same
        } else {
            Known::MayBe
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(file: &Path, output: &Path, is_settled: bool) {
        let tuple = StatTuple::of(output).expect("there");
        write(file, output, &Note { content: 7, tuple, is_settled, used_unix_s: 9 }).expect("noted");
    }

    #[test]
    fn an_output_is_known_by_its_tuple_once_that_is_settled_and_looked_at_before() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, output) = (dir.path().join("note"), dir.path().join("out"));
        std::fs::write(&output, b"content").expect("written");
        let known = |content| {
            let tuple = StatTuple::of(&output).expect("asked");
            read(&file, &output).map(|note| note.knows(content, &tuple))
        };
        assert_eq!(known(7), None, "never noted");
        noted(&file, &output, false);
        assert_eq!((known(7), known(8)), (Some(Known::MayBe), Some(Known::Other)), "8 is another build's");
        noted(&file, &output, true);
        assert_eq!(known(7), Some(Known::Same));
        assert_eq!(read(&file, &dir.path().join("other")), None);
        std::fs::File::options()
            .write(true)
            .open(&output)
            .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
            .expect("touched");
        assert_eq!(known(7), Some(Known::MayBe));
        std::fs::write(&output, b"of another length").expect("written");
        assert_eq!(known(7), Some(Known::Other));
        std::fs::remove_file(&output).expect("removed");
        assert_eq!(known(7), Some(Known::Other));
        std::fs::create_dir(&output).expect("a folder in its place");
        assert_eq!(known(7), Some(Known::Other));
    }

    #[test]
    fn a_note_with_a_flipped_bit_is_none() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, output) = (dir.path().join("note"), dir.path().join("out"));
        std::fs::write(&output, b"content").expect("written");
        noted(&file, &output, true);
        let mut bytes = std::fs::read(&file).expect("read");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            std::fs::write(&file, &bytes).expect("written");
            assert_eq!(read(&file, &output), None, "byte {at} of the note");
            bytes[at] ^= 1;
        }
    }
}
