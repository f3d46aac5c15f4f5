//! How a pack stores a content. One way needs the pack's own dictionary, and therefore must not leave the
//! pack: what may go elsewhere is named by [`Codec`], which has no such case, and frames made with a
//! dictionary travel as [`Frame`], which only a pack with that dictionary takes.

use std::fmt;

use super::lookup::Damage;
use crate::codec::{Codec, CodecError, Dictionary};
use crate::digest::ContentDigest;

/// How a pack stores a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PackCodec {
    /// By a codec that needs nothing but the stored bytes.
    Alone(Codec),
    /// As one Zstandard frame made with the pack's dictionary.
    Dictionary,
}

/// The byte of [`PackCodec::Dictionary`]. 3 stays unused: in tables and images it stands for columns.
const DICTIONARY_BYTE: u8 = 4;

impl PackCodec {
    /// Its name in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alone(codec) => codec.as_str(),
            Self::Dictionary => "zstd+dictionary",
        }
    }

    /// The byte that stands for it in packs.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Alone(codec) => codec.to_byte(),
            Self::Dictionary => DICTIONARY_BYTE,
        }
    }

    /// What a byte stands for in a pack of version 2, if anything.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match Codec::from_byte(byte) {
            Some(codec) => Some(Self::Alone(codec)),
            None if byte == DICTIONARY_BYTE => Some(Self::Dictionary),
            None => None,
        }
    }

    /// How to store the content alike where there is no dictionary.
    pub const fn elsewhere(self) -> Codec {
        match self {
            Self::Alone(codec) => codec,
            Self::Dictionary => Codec::Zstd,
        }
    }
}

impl From<Codec> for PackCodec {
    fn from(codec: Codec) -> Self {
        Self::Alone(codec)
    }
}

impl fmt::Display for PackCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A frame that was made with a dictionary, together with which one that was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    dictionary: ContentDigest,
    bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` are, if they name this dictionary.
    pub(super) fn of(dictionary: &Dictionary, bytes: &'a [u8]) -> Result<Self, Damage> {
        dictionary.check_frame(bytes, 0).map_err(damage)?;
        Ok(Self { dictionary: dictionary.digest(), bytes })
    }

    /// The bytes to store beside `dictionary`; None where they were made with another.
    pub(super) fn beside(self, dictionary: &Dictionary) -> Option<&'a [u8]> {
        (self.dictionary == dictionary.digest()).then_some(self.bytes)
    }
}

/// What a content that does not decode tells about its pack.
pub(super) fn damage(error: CodecError) -> Damage {
    match error {
        CodecError::OtherDictionary { .. } => Damage::Dictionary,
        _ => Damage::Codec,
    }
}

/// Contents that have much in common, for tests.
#[cfg(test)]
pub(super) fn alike(salt: u32, number: u32) -> Vec<u8> {
    let line = |at: u32| format!("geo::{salt}::Type{} under geo::{salt}::Shape;", at * 7 % 90);
    (number..number + 12).map(line).collect::<Vec<_>>().concat().into_bytes()
}

/// A dictionary over [`alike`] ones.
#[cfg(test)]
pub(super) fn trained(salt: u32) -> Dictionary {
    let samples: Vec<Vec<u8>> = (0..400).map(|number| alike(salt, number)).collect();
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    Dictionary::train(&samples, 1 << 10).expect("enough samples")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Level;

    #[test]
    fn the_bytes_of_the_codecs_are_frozen_and_three_is_none() {
        let bytes: Vec<(u8, &str)> = (0..=u8::MAX)
            .filter_map(|byte| PackCodec::from_byte(byte).map(|codec| (byte, codec.as_str())))
            .collect();
        assert_eq!(bytes, [(0, "none"), (1, "lz4"), (2, "zstd"), (4, "zstd+dictionary")]);
        assert!(
            (0..=u8::MAX).all(|byte| PackCodec::from_byte(byte).is_none_or(|known| known.to_byte() == byte))
        );
        assert_eq!(PackCodec::Dictionary.elsewhere(), Codec::Zstd);
    }

    #[test]
    fn a_frame_goes_only_where_its_dictionary_is() {
        let (one, other) = (trained(1), trained(2));
        let stored = one.encode(b"geo::1::Type7 under geo::1::Shape;", Level::default()).expect("memory");
        let frame = Frame::of(&one, &stored).expect("its own");
        assert_eq!(frame.beside(&one), Some(&stored[..]));
        assert_eq!(frame.beside(&other), None);
        assert_eq!(Frame::of(&other, &stored).expect_err("another"), Damage::Dictionary);
        assert_eq!(Frame::of(&one, &stored[1..]).expect_err("no frame"), Damage::Dictionary);
        assert_eq!(Frame::of(&one, &stored[..stored.len() - 1]).expect_err("a piece"), Damage::Codec);
    }
}
