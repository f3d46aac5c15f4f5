//! Compression: the only door to it.
//!
//! A codec is named by one byte in the formats. Decoding takes the size that the format promises and
//! a limit that the caller sets, and refuses before it reserves memory.

mod dictionary;
mod lz4;
mod zstd;

use std::borrow::Cow;

pub use dictionary::{Dictionary, DictionaryEncoder, DictionaryError};
pub use zstd::Level;

/// How bytes are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// As they are: can be used in place.
    #[default]
    None,
    /// One LZ4 block, without frame or size.
    Lz4,
    /// Zstandard frames without a dictionary.
    Zstd,
}

/// Why stored bytes do not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The promised size is over the caller's limit.
    #[error("{decoded_bytes} decoded bytes are promised, at most {limit_bytes} are taken")]
    OverLimit {
        /// What the format promises.
        decoded_bytes: u64,
        /// What the caller takes.
        limit_bytes: u64,
    },
    /// No valid input of this length decodes to so much: damage, or a bomb.
    #[error("{stored_bytes} stored bytes cannot decode to the promised {decoded_bytes}")]
    Implausible {
        /// How much is stored.
        stored_bytes: u64,
        /// What the format promises.
        decoded_bytes: u64,
    },
    /// The stored bytes break the codec's rules, or give another size than promised.
    #[error("the stored bytes do not decode to the promised {decoded_bytes}")]
    Malformed {
        /// What the format promises.
        decoded_bytes: u64,
    },
    /// The stored bytes name another dictionary than the one that is there.
    #[error("the stored bytes need the dictionary with number {found}, not {expected}")]
    OtherDictionary {
        /// The number that they name; 0 where they name none.
        found: u32,
        /// The number of the dictionary that is there.
        expected: u32,
    },
}

impl Codec {
    /// Its name in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The byte that stands for it in files.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Lz4 => 1,
            Self::Zstd => 2,
        }
    }

    /// The codec that a byte stands for, if there is one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::None),
            1 => Some(Self::Lz4),
            2 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Encodes, and says how: [`Codec::None`] where compression would save nothing.
    pub fn encode(self, bytes: &[u8]) -> (Self, Cow<'_, [u8]>) {
        self.encode_at(bytes, Level::default())
    }

    /// As [`Codec::encode`]; `level` says how hard [`Codec::Zstd`] tries, the others have none.
    pub fn encode_at(self, bytes: &[u8], level: Level) -> (Self, Cow<'_, [u8]>) {
        let stored = match self {
            Self::None => None,
            Self::Lz4 => Some(lz4::encode(bytes)),
            Self::Zstd => zstd::encode(bytes, level),
        };
        match stored.filter(|stored| stored.len() < bytes.len()) {
            Some(stored) => (self, Cow::Owned(stored)),
            None => (Self::None, Cow::Borrowed(bytes)),
        }
    }

    /// Decodes to exactly `decoded_bytes`, which must be at most `limit_bytes`.
    pub fn decode(
        self,
        stored: &[u8],
        decoded_bytes: u64,
        limit_bytes: u64,
    ) -> Result<Cow<'_, [u8]>, CodecError> {
        self.check_promise(stored.len() as u64, decoded_bytes, limit_bytes)?;
        if self == Self::None && stored.len() as u64 == decoded_bytes {
            return Ok(Cow::Borrowed(stored));
        }
        let mut decoded = vec![0; decoded_bytes as usize];
        self.decode_into(stored, &mut decoded)?;
        Ok(Cow::Owned(decoded))
    }

    /// Refuses a promised size that is over the limit, or that no input of `stored_bytes` can keep. To be
    /// asked before memory is reserved for [`Codec::decode_into`].
    pub fn check_promise(
        self,
        stored_bytes: u64,
        decoded_bytes: u64,
        limit_bytes: u64,
    ) -> Result<(), CodecError> {
        if decoded_bytes > limit_bytes {
            return Err(CodecError::OverLimit { decoded_bytes, limit_bytes });
        }
        let most = match self {
            Self::None if stored_bytes == decoded_bytes => return Ok(()),
            Self::None => return Err(CodecError::Malformed { decoded_bytes }),
            Self::Lz4 => lz4::MOST_DECODED_PER_STORED,
            Self::Zstd => zstd::MOST_DECODED_PER_STORED,
        };
        if decoded_bytes > stored_bytes.saturating_mul(most) {
            return Err(CodecError::Implausible { stored_bytes, decoded_bytes });
        }
        Ok(())
    }

    /// Decodes to exactly the length of `decoded`, which the caller has reserved.
    pub fn decode_into(self, stored: &[u8], decoded: &mut [u8]) -> Result<(), CodecError> {
        match self {
            Self::None if stored.len() == decoded.len() => {
                decoded.copy_from_slice(stored);
                Ok(())
            }
            Self::None => Err(CodecError::Malformed { decoded_bytes: decoded.len() as u64 }),
            Self::Lz4 => lz4::decode_into(stored, decoded),
            Self::Zstd => zstd::decode_into(stored, decoded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compression_does_not_shrink_is_stored_as_it_is() {
        let (codec, stored) = Codec::Lz4.encode(b"abc");
        assert_eq!((codec, stored.as_ref()), (Codec::None, b"abc".as_slice()));
        let text = vec![b'a'; 1000];
        let (codec, stored) = Codec::Lz4.encode(&text);
        assert_eq!(codec, Codec::Lz4);
        assert!(stored.len() < 100);
        assert_eq!(codec.decode(&stored, 1000, 1000).expect("decodes"), text);
    }

    #[test]
    fn a_promise_over_the_limit_is_refused_before_memory_is_reserved() {
        for codec in [Codec::None, Codec::Lz4, Codec::Zstd] {
            let error = codec.decode(b"x", u64::MAX, 1000).expect_err("refused");
            assert_eq!(error, CodecError::OverLimit { decoded_bytes: u64::MAX, limit_bytes: 1000 });
        }
    }

    #[test]
    fn every_codec_has_its_own_byte() {
        for byte in 0..=255 {
            assert!(Codec::from_byte(byte).is_none_or(|codec| codec.to_byte() == byte));
        }
        assert_eq!((0..=255).filter_map(Codec::from_byte).count(), 3);
    }
}
