//! Zstandard, by the C library of its makers (crate `zstd`).
//!
//! A whole block is decoded at once into memory that was reserved for the promised size, so the window
//! that a frame asks for is never allocated: what is written already is the window.

use super::CodecError;

/// A block holds at most 128 KiB and takes at least four bytes. What promises more is damage or a bomb.
pub(super) const MOST_DECODED_PER_STORED: u64 = (128 << 10) / 4;

/// How hard to try. It is no part of what is stored: decoding needs not know it, and is equally fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// 3, as the library has it.
    pub const DEFAULT: Self = Self(3);
    /// 1.
    pub const FASTEST: Self = Self(1);
    /// 19.
    pub const SMALLEST: Self = Self(19);

    /// A level from 1, the fastest, to 19, the smallest.
    pub const fn new(level: u8) -> Option<Self> {
        if level >= Self::FASTEST.0 && level <= Self::SMALLEST.0 { Some(Self(level)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// None where the library cannot get memory for its work.
pub(super) fn encode(bytes: &[u8], level: Level) -> Option<Vec<u8>> {
    ::zstd::bulk::compress(bytes, i32::from(level.0)).ok()
}

/// Fills `decoded`, which the caller has reserved.
pub(super) fn decode_into(stored: &[u8], decoded: &mut [u8]) -> Result<(), CodecError> {
    fill(::zstd::bulk::Decompressor::new(), stored, decoded)
}

pub(super) fn fill(
    prepared: std::io::Result<::zstd::bulk::Decompressor<'_>>,
    stored: &[u8],
    decoded: &mut [u8],
) -> Result<(), CodecError> {
    let decoded_bytes = decoded.len() as u64;
    match prepared.and_then(|mut context| context.decompress_to_buffer(stored, decoded)) {
        Ok(found) if found as u64 == decoded_bytes => Ok(()),
        _ => Err(CodecError::Malformed { decoded_bytes }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Codec;

    fn decode(stored: &[u8], decoded_bytes: u64) -> Result<Vec<u8>, CodecError> {
        Codec::Zstd.decode(stored, decoded_bytes, u64::MAX).map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn levels_go_from_1_to_19() {
        let levels: Vec<u8> = (0..=u8::MAX).filter_map(Level::new).map(Level::get).collect();
        assert_eq!(levels, (1..=19).collect::<Vec<_>>());
        assert_eq!(Level::default().get(), 3);
    }

    #[test]
    fn every_level_decodes_alike_and_the_highest_is_not_larger_than_the_lowest() {
        let text =
            (0..2000).map(|at| format!("geo::Type{} ", at % 71 * at % 13)).collect::<Vec<_>>().concat();
        let stored = |level| encode(text.as_bytes(), Level::new(level).expect("a level")).expect("memory");
        for level in 1..=19 {
            assert_eq!(decode(&stored(level), text.len() as u64).as_deref(), Ok(text.as_bytes()));
        }
        assert!(stored(19).len() <= stored(1).len());
    }

    #[test]
    fn a_bomb_is_refused_by_its_promise_or_by_the_limit() {
        let decoded_bytes = 1 << 30;
        let found = decode(&[0; 10], decoded_bytes);
        assert_eq!(found, Err(CodecError::Implausible { stored_bytes: 10, decoded_bytes }));
        let bomb = encode(&vec![0; 1 << 24], Level::SMALLEST).expect("memory");
        assert!(bomb.len() < 1 << 11, "{} bytes", bomb.len());
        let found = Codec::Zstd.decode(&bomb, 1 << 24, 1 << 20);
        assert_eq!(found, Err(CodecError::OverLimit { decoded_bytes: 1 << 24, limit_bytes: 1 << 20 }));
        let found = decode(&bomb, 1 << 20);
        assert_eq!(found, Err(CodecError::Malformed { decoded_bytes: 1 << 20 }), "a smaller promise");
    }

    #[test]
    fn a_frame_that_asks_for_a_huge_window_gets_only_what_is_promised() {
        // Magic, no content size, window of 2^41 bytes, then one last raw block of 3 bytes.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x19, 0x00, 0x00, b'a', b'b', b'c'];
        for promised in [0, 2, 3, 4, 300_000] {
            if let Ok(found) = decode(&frame, promised) {
                assert_eq!((found.as_slice(), promised), (&b"abc"[..], 3));
            }
        }
    }

    #[test]
    fn another_size_than_promised_is_refused() {
        let stored = encode(&[9; 300], Level::default()).expect("memory");
        for promised in [0, 1, 299, 301, 600] {
            assert_eq!(decode(&stored, promised), Err(CodecError::Malformed { decoded_bytes: promised }));
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(bytes in prop::collection::vec(0_u8..4, 0..3000), level in 1..=19_u8) {
            let stored = encode(&bytes, Level::new(level).expect("a level")).expect("memory");
            prop_assert_eq!(decode(&stored, bytes.len() as u64), Ok(bytes));
        }

        #[test]
        fn changed_frames_decode_to_the_promised_size_or_are_refused(
            bytes in prop::collection::vec(0_u8..4, 1..300),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut stored = encode(&bytes, Level::default()).expect("memory");
            for (at, byte) in edits {
                let at = at.index(stored.len());
                stored[at] = byte;
            }
            if let Ok(decoded) = decode(&stored, bytes.len() as u64) {
                prop_assert_eq!(decoded.len(), bytes.len());
            }
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), promised in 0_u64..5000) {
            if let Ok(decoded) = decode(&bytes, promised) {
                prop_assert_eq!(decoded.len() as u64, promised);
            }
        }
    }
}
