//! Dictionaries for Zstandard: what many small contents have in common, once.

use std::fmt;
use std::sync::Arc;

use ::zstd::bulk::{Compressor, Decompressor};
use ::zstd::dict::DecoderDictionary;
use ::zstd::zstd_safe;

use super::zstd::fill;
use super::{Codec, CodecError, Level};
use crate::digest::ContentDigest;

/// A trained dictionary, ready to decode. What was encoded with one decodes with the same one only; its
/// digest names it. Clones share everything.
#[derive(Clone)]
pub struct Dictionary(Arc<Inner>);

struct Inner {
    bytes: Vec<u8>,
    digest: ContentDigest,
    id: u32,
    prepared: DecoderDictionary<'static>,
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
    /// Learns from samples, such as all tables of a pack. 64 KiB serve tables well. The same samples in
    /// the same order give the same dictionary. Cost: seconds for samples of some 10 MB.
    pub fn train(samples: &[&[u8]], max_bytes: usize) -> Result<Self, DictionaryError> {
        let untrainable = || DictionaryError::Untrainable {
            sample_count: samples.len(),
            sample_bytes: samples.iter().map(|sample| sample.len()).sum(),
            max_bytes,
        };
        let bytes = ::zstd::dict::from_samples(samples, max_bytes).map_err(|_| untrainable())?;
        Self::from_bytes(bytes).map_err(|_| untrainable())
    }

    /// A dictionary that was kept. Cost: it is hashed, and prepared for decoding.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, DictionaryError> {
        let malformed = DictionaryError::Malformed { found_bytes: bytes.len() };
        // Without its number, a frame could not tell that it needs another dictionary.
        let id = zstd_safe::get_dict_id(&bytes).ok_or(malformed)?.get();
        let prepared = DecoderDictionary::try_copy(&bytes).map_err(|_| malformed)?;
        let digest = ContentDigest::of(&bytes);
        Ok(Self(Arc::new(Inner { bytes, digest, id, prepared })))
    }

    /// The bytes to keep.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Its name.
    pub fn digest(&self) -> ContentDigest {
        self.0.digest
    }

    /// The number by which frames name it. Others may have the same by chance; the digest is what tells
    /// dictionaries apart.
    pub fn id(&self) -> u32 {
        self.0.id
    }

    /// Prepares it for encoding. None where the library cannot get memory for its work. Cost: at the
    /// higher levels milliseconds, so that one encoder is to serve many contents.
    pub fn encoder(&self, level: Level) -> Option<DictionaryEncoder> {
        let compressor = Compressor::with_dictionary(i32::from(level.get()), self.bytes()).ok()?;
        Some(DictionaryEncoder { compressor, dictionary: self.clone() })
    }

    /// Encodes with this dictionary. None where the library cannot get memory for its work. Cost:
    /// preparing the dictionary comes on top each time, see [`Dictionary::encoder`].
    pub fn encode(&self, bytes: &[u8], level: Level) -> Option<Vec<u8>> {
        self.encoder(level)?.encode(bytes)
    }

    /// Whether `stored` is one whole frame, and names this dictionary by its number. Cost: a look at the
    /// head of each block.
    pub fn check_frame(&self, stored: &[u8], decoded_bytes: u64) -> Result<(), CodecError> {
        let found = zstd_safe::get_dict_id_from_frame(stored).map_or(0, std::num::NonZeroU32::get);
        if found != self.id() {
            return Err(CodecError::OtherDictionary { found, expected: self.id() });
        }
        if zstd_safe::find_frame_compressed_size(stored) != Ok(stored.len()) {
            return Err(CodecError::Malformed { decoded_bytes });
        }
        Ok(())
    }

    /// Decodes to exactly `decoded_bytes`, which must be at most `limit_bytes`, what was encoded with this
    /// dictionary.
    pub fn decode(&self, stored: &[u8], decoded_bytes: u64, limit_bytes: u64) -> Result<Vec<u8>, CodecError> {
        Codec::Zstd.check_promise(stored.len() as u64, decoded_bytes, limit_bytes)?;
        self.check_frame(stored, decoded_bytes)?;
        let mut decoded = vec![0; decoded_bytes as usize];
        fill(Decompressor::with_prepared_dictionary(&self.0.prepared), stored, &mut decoded)?;
        Ok(decoded)
    }
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest == other.0.digest
    }
}

impl Eq for Dictionary {}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary")
            .field("bytes", &self.bytes().len())
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

/// A dictionary that is prepared for encoding at one level.
pub struct DictionaryEncoder {
    compressor: Compressor<'static>,
    dictionary: Dictionary,
}

impl DictionaryEncoder {
    /// Which dictionary it is.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// One frame. None where the library cannot get memory for its work.
    pub fn encode(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.compressor.compress(bytes).ok()
    }
}

impl fmt::Debug for DictionaryEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DictionaryEncoder").field("dictionary", &self.dictionary).finish_non_exhaustive()
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
        let other = trained(2);
        let wrong = CodecError::OtherDictionary { found: dictionary.id(), expected: other.id() };
        assert_eq!(other.decode(&stored, decoded_bytes, 1 << 20), Err(wrong));
        assert_eq!(Codec::Zstd.decode(&stored, decoded_bytes, 1 << 20), Err(malformed));
    }

    #[test]
    fn a_frame_that_names_no_dictionary_and_more_than_one_frame_are_refused() {
        let (dictionary, sample) = (trained(1), &samples(1)[3]);
        let decoded_bytes = sample.len() as u64;
        let (_, without) = Codec::Zstd.encode(sample);
        let found = dictionary.decode(&without, decoded_bytes, 1 << 20);
        assert_eq!(found, Err(CodecError::OtherDictionary { found: 0, expected: dictionary.id() }));
        let once = dictionary.encode(sample, Level::default()).expect("memory");
        for stored in
            [[&once[..], &once[..]].concat(), [&once[..], b"x"].concat(), once[..once.len() - 1].to_vec()]
        {
            let found = dictionary.decode(&stored, decoded_bytes, 1 << 20);
            assert_eq!(found, Err(CodecError::Malformed { decoded_bytes }));
        }
    }

    #[test]
    fn an_encoder_gives_the_same_bytes_for_the_same_content_whatever_came_before() {
        let (dictionary, samples) = (trained(1), samples(1));
        let mut encoder = dictionary.encoder(Level::SMALLEST).expect("memory");
        for sample in &samples[..20] {
            assert_eq!(encoder.encode(sample), dictionary.encode(sample, Level::SMALLEST));
        }
        assert_eq!(encoder.dictionary(), &dictionary);
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
