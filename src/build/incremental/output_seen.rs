//! Whether an output is still what a build wrote: a small file beside the seal.
//!
//! The output is no input, so it is not in the seal: sealing it would hash it with BLAKE3 after each build, which takes
//! longer than patching it. Nobody who could forge its XXH3 gains anything: they may write the output itself.

use std::path::Path;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::digest::{crc32, fast_hash};
use crate::fs::{self, Durability, StatTuple};
use crate::track::FileTime;

const MAGIC: [u8; 8] = *b"JANOUT1\n";

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
    /// XXH3-64 of the content.
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

/// Notes in `file` that content with this XXH3-64 was just written to `output`.
pub(super) fn note(file: &Path, output: &Path, content: u64) -> std::io::Result<()> {
    // Written within this tick of the clock, so another write may leave the same times.
    let sealed = Sealed::new(output, content, StatTuple::of(output)?, false);
    fs::replace(file, sealed.as_bytes(), Durability::Rename)
}

/// Whether `output` is what was noted, and that is `content`: seal and note are two files, and of two builds at once each
/// may have written one. `began` is a moment before this call, by the file system's clock: with it a later call need not
/// read the output again.
pub(super) fn is_intact(file: &Path, output: &Path, content: u64, began: Option<&FileTime>) -> bool {
    let (Some(sealed), Ok(tuple)) = (Sealed::read(file), StatTuple::of(output)) else { return false };
    let is_same = sealed.tuple == tuple;
    let of_this_path = sealed.path.get() == fast_hash(output.as_os_str().as_encoded_bytes());
    let is_meant = of_this_path && sealed.content.get() == content;
    if !is_meant || !tuple.is_file() || tuple.len_bytes() != sealed.tuple.len_bytes() {
        return false;
    }
    if is_same && sealed.settled.get() == 1 {
        return true;
    }
    let read = fs::read_bounded(output, tuple.len_bytes())
        .is_ok_and(|bytes| bytes.len() as u64 == tuple.len_bytes() && fast_hash(&bytes) == content);
    if read && began.is_some_and(|began| began.proves(&tuple)) {
        let settled = Sealed::new(output, content, tuple, true);
        // Without it the next build reads the output once more.
        let _ = fs::replace(file, settled.as_bytes(), Durability::Rename);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_intact_until_its_content_is_another() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, output) = (dir.path().join("note"), dir.path().join("out"));
        assert!(!is_intact(&file, &output, fast_hash(b"content"), None), "never noted");
        std::fs::write(&output, b"content").expect("written");
        note(&file, &output, fast_hash(b"content")).expect("noted");
        assert!(is_intact(&file, &output, fast_hash(b"content"), None));
        std::fs::write(&output, b"content").expect("the same again");
        assert!(is_intact(&file, &output, fast_hash(b"content"), None));
        assert!(!is_intact(&file, &output, fast_hash(b"CONTENT"), None), "noted for another build's output");
        std::fs::write(&output, b"CONTENT").expect("of the same length");
        assert!(!is_intact(&file, &output, fast_hash(b"content"), None));
        std::fs::remove_file(&output).expect("removed");
        assert!(!is_intact(&file, &output, fast_hash(b"content"), None));
        std::fs::create_dir(&output).expect("a folder in its place");
        assert!(!is_intact(&file, &output, fast_hash(b"content"), None));
    }

    #[test]
    fn what_the_clock_has_passed_is_not_read_again() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, output) = (dir.path().join("note"), dir.path().join("out"));
        std::fs::write(&output, b"content").expect("written");
        note(&file, &output, fast_hash(b"content")).expect("noted");
        let tuple = StatTuple::of(&output).expect("there");
        let later = FileTime::on_device_of(&tuple, tuple.ctime_ns().max(tuple.mtime_ns()) + 10_000_000_000);
        assert!(is_intact(&file, &output, fast_hash(b"content"), Some(&later)));
        assert_eq!(Sealed::read(&file).expect("sound").settled.get(), 1);
        let mut bytes = std::fs::read(&file).expect("read");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            std::fs::write(&file, &bytes).expect("written");
            assert!(!is_intact(&file, &output, fast_hash(b"content"), None), "byte {at} of the note");
            bytes[at] ^= 1;
        }
    }
}
