//! Dictionaries for Zstandard: what many small contents have in common, once.

use std::fmt;

use ::zstd::bulk::{Compressor, Decompressor};

use super::zstd::fill;
use super::{Codec, CodecError, Level};
use crate::digest::ContentDigest;

/// A trained dictionary. What was encoded with one decodes with the same one only; its digest names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Dictionary {
    bytes: Vec<u8>,
    digest: ContentDigest,
}

/// Why there is no dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DictionaryError {
    /// The samples are too few or too small to learn from, or `max_bytes` is too small.
    #[error(
        "{sample_count} samples of {sample_bytes} bytes give no dictionary of {max_bytes} bytes: give more samples, about a hundred times that size"
    )]
    Untrainable {
        /// How many samples there are.
        sample_count: usize,
        /// How large they are together.
        sample_bytes: usize,
        /// How large the dictionary may be.
        max_bytes: usize,
    },
    /// The bytes are no trained dictionary.
    #[error("{found_bytes} bytes are no trained dictionary")]
    Malformed {
        /// How many bytes there are.
        found_bytes: usize,
    },
}

impl Dictionary {
    /// Learns from samples, such as all tables of a pack. 64 KiB serve tables well. Cost: seconds for
    /// samples of some 10 MB.
    pub fn train(samples: &[&[u8]], max_bytes: usize) -> Result<Self, DictionaryError> {
        let untrainable = || DictionaryError::Untrainable {
            sample_count: samples.len(),
            sample_bytes: samples.iter().map(|sample| sample.len()).sum(),
            max_bytes,
        };
        let bytes = ::zstd::dict::from_samples(samples, max_bytes).map_err(|_| untrainable())?;
        Self::from_bytes(bytes).map_err(|_| untrainable())
    }

    /// A dictionary that was kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, DictionaryError> {
        let malformed = DictionaryError::Malformed { found_bytes: bytes.len() };
        // Without its number, a frame could not tell that it needs another dictionary.
        if ::zstd::zstd_safe::get_dict_id(&bytes).is_none() || Decompressor::with_dictionary(&bytes).is_err()
        {
            return Err(malformed);
        }
        let digest = ContentDigest::of(&bytes);
        Ok(Self { bytes, digest })
    }

    /// The bytes to keep.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its name.
    pub const fn digest(&self) -> ContentDigest {
        self.digest
    }

    /// Encodes with this dictionary. None where the library cannot get memory for its work.
    pub fn encode(&self, bytes: &[u8], level: Level) -> Option<Vec<u8>> {
        let mut encoder = Compressor::with_dictionary(i32::from(level.get()), &self.bytes).ok()?;
        encoder.compress(bytes).ok()
    }

    /// Decodes to exactly `decoded_bytes`, which must be at most `limit_bytes`, what was encoded with this
    /// dictionary. Cost: preparing the dictionary comes on top each time.
    pub fn decode(&self, stored: &[u8], decoded_bytes: u64, limit_bytes: u64) -> Result<Vec<u8>, CodecError> {
        Codec::Zstd.check_promise(stored.len() as u64, decoded_bytes, limit_bytes)?;
        let mut decoded = vec![0; decoded_bytes as usize];
        fill(Decompressor::with_dictionary(&self.bytes), stored, &mut decoded)?;
        Ok(decoded)
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").field("bytes", &self.bytes.len()).field("digest", &self.digest).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(salt: u32) -> Vec<Vec<u8>> {
        let line = |at: u32| format!("geo::{salt}::Type{} under geo::{salt}::Shape;", at * 7 % 90);
        (0..400).map(|at| (at..at + 12).map(line).collect::<Vec<_>>().concat().into_bytes()).collect()
    }

    fn trained(salt: u32) -> Dictionary {
        let samples = samples(salt);
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        Dictionary::train(&samples, 4 << 10).expect("enough samples")
    }

    #[test]
    fn small_contents_are_smaller_with_their_dictionary_and_come_back() {
        let (dictionary, sample) = (trained(1), &samples(1)[3]);
        let with = dictionary.encode(sample, Level::default()).expect("memory");
        let (_, without) = Codec::Zstd.encode(sample);
        assert!(with.len() < without.len(), "{} and {}", with.len(), without.len());
        assert_eq!(dictionary.decode(&with, sample.len() as u64, 1 << 20).as_ref(), Ok(sample));
    }

    #[test]
    fn another_dictionary_or_none_is_refused() {
        let (dictionary, sample) = (trained(1), &samples(1)[3]);
        let stored = dictionary.encode(sample, Level::default()).expect("memory");
        let decoded_bytes = sample.len() as u64;
        let malformed = CodecError::Malformed { decoded_bytes };
        assert_eq!(trained(2).decode(&stored, decoded_bytes, 1 << 20), Err(malformed));
        assert_eq!(Codec::Zstd.decode(&stored, decoded_bytes, 1 << 20), Err(malformed));
    }

    #[test]
    fn promises_are_checked_as_without_a_dictionary() {
        let (dictionary, sample) = (trained(1), &samples(1)[3]);
        let stored = dictionary.encode(sample, Level::default()).expect("memory");
        let found = dictionary.decode(&stored, 1 << 21, 1 << 20);
        assert_eq!(found, Err(CodecError::OverLimit { decoded_bytes: 1 << 21, limit_bytes: 1 << 20 }));
        for decoded_bytes in [0, sample.len() as u64 - 1, sample.len() as u64 + 1] {
            let found = dictionary.decode(&stored, decoded_bytes, 1 << 20);
            assert_eq!(found, Err(CodecError::Malformed { decoded_bytes }));
        }
    }

    #[test]
    fn a_kept_dictionary_is_the_same_and_other_bytes_are_none() {
        let dictionary = trained(1);
        let kept = Dictionary::from_bytes(dictionary.bytes().to_vec());
        assert_eq!(kept.as_ref(), Ok(&dictionary));
        assert_eq!(kept.map(|kept| kept.digest()), Ok(dictionary.digest()));
        for bytes in [vec![], vec![7; 300], dictionary.bytes()[..20].to_vec()] {
            let found_bytes = bytes.len();
            assert_eq!(Dictionary::from_bytes(bytes), Err(DictionaryError::Malformed { found_bytes }));
        }
    }

    #[test]
    fn too_few_samples_are_refused() {
        let found = Dictionary::train(&[b"one"], 1 << 10);
        let expected = DictionaryError::Untrainable { sample_count: 1, sample_bytes: 3, max_bytes: 1 << 10 };
        assert_eq!(found, Err(expected));
    }
}
