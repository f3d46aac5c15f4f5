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
    tuple: StatTuple,
}

impl Sealed {
    fn new(path: &Path, content: u64, tuple: StatTuple, settled: bool) -> Self {
        let path = fast_hash(path.as_os_str().as_encoded_bytes());
        let mut sealed = Self {
            magic: MAGIC,
            crc: 0.into(),
            settled: u32::from(settled).into(),
            path: path.into(),
            content: content.into(),
            tuple,
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

/// Notes in `file` that content of this identity stands in `output` with this tuple. `is_settled` where the tuple alone
/// proves that from now on.
pub(super) fn note(
    file: &Path,
    output: &Path,
    content: u64,
    tuple: StatTuple,
    is_settled: bool,
) -> std::io::Result<()> {
    let sealed = Sealed::new(output, content, tuple, is_settled);
    fs::replace(file, sealed.as_bytes(), Durability::Rename)
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

/// Whether an output with this tuple is what was noted, and that is `content`: seal and note are two files, and of two builds
/// at once each may have written one.
pub(super) fn look(file: &Path, output: &Path, content: u64, tuple: &StatTuple) -> Known {
    let Some(sealed) = Sealed::read(file) else { return Known::Other };
    let of_this_path = sealed.path.get() == fast_hash(output.as_os_str().as_encoded_bytes());
    let is_meant = of_this_path && sealed.content.get() == content;
    if !is_meant || !tuple.is_file() || tuple.len_bytes() != sealed.tuple.len_bytes() {
        Known::Other
    } else if sealed.tuple == *tuple && sealed.settled.get() == 1 {
        Known::Same
    } else {
        Known::MayBe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_known_by_its_tuple_once_that_is_settled_and_looked_at_before() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, output) = (dir.path().join("note"), dir.path().join("out"));
        std::fs::write(&output, b"content").expect("written");
        let tuple = StatTuple::of(&output).expect("there");
        let known = |content| look(&file, &output, content, &StatTuple::of(&output).expect("asked"));
        assert_eq!(known(7), Known::Other, "never noted");
        note(&file, &output, 7, tuple, false).expect("noted");
        assert_eq!((known(7), known(8)), (Known::MayBe, Known::Other), "8 is another build's");
        note(&file, &output, 7, tuple, true).expect("noted");
        assert_eq!(known(7), Known::Same);
        assert_eq!(look(&file, &dir.path().join("other"), 7, &tuple), Known::Other);
        std::fs::File::options()
            .write(true)
            .open(&output)
            .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
            .expect("touched");
        assert_eq!(known(7), Known::MayBe);
        std::fs::write(&output, b"of another length").expect("written");
        assert_eq!(known(7), Known::Other);
        std::fs::remove_file(&output).expect("removed");
        assert_eq!(known(7), Known::Other);
        std::fs::create_dir(&output).expect("a folder in its place");
        assert_eq!(known(7), Known::Other);
    }

    #[test]
    fn a_note_with_a_flipped_bit_is_none() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, output) = (dir.path().join("note"), dir.path().join("out"));
        std::fs::write(&output, b"content").expect("written");
        let tuple = StatTuple::of(&output).expect("there");
        note(&file, &output, 7, tuple, true).expect("noted");
        let mut bytes = std::fs::read(&file).expect("read");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            std::fs::write(&file, &bytes).expect("written");
            assert_eq!(look(&file, &output, 7, &tuple), Known::Other, "byte {at} of the note");
            bytes[at] ^= 1;
        }
    }
}
