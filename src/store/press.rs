//! What contents that nobody used for long are compressed with, where packs are written anew.
//!
//! Dispatch tables have much in common: names of modules and types, and the shape of their sections. A
//! dictionary that was trained over some of them holds it once. Other kinds have no common shape that
//! is known here; they are compressed alone.
//!
//! | the new packs' dictionary | when |
//! |---|---|
//! | the one that most frames were made with | nothing is to be compressed, or little that it did not make |
//! | a new one | tables are to be compressed, and it saves more on a sample of them than it takes |
//! | none | otherwise |
//!
//! Frames whose dictionary stays are copied as they are: a collection costs no decoding.

use std::collections::HashMap;

use super::census::{Census, EntryFacts};
use super::entry::EntryKind;
use super::pack_codec::PackCodec;
use crate::codec::{Codec, Dictionary, DictionaryEncoder, Level};

/// Written once in a long while, read seldom: worth some time.
const COLD_LEVEL: Level = Level::SMALLEST;
/// A dictionary is no longer: what it saves beyond is little, and each process that reads from the pack
/// prepares all of it.
const MAX_TRAINED_BYTES: usize = 112 << 10;
/// And no longer than such a part of what it was trained over, or it would only repeat it.
const SAMPLE_TO_DICTIONARY: usize = 8;
/// Training and judging look at so much, evenly spread.
const SAMPLE_BYTES: u64 = 8 << 20;
/// Of one content only the beginning: a dictionary is of most use there.
const PIECE_BYTES: u64 = 128 << 10;
/// Frames must be so many times as large as their dictionary for it to stay.
const FRAMES_TO_DICTIONARY: u64 = 4;

/// Compresses for the packs of one run.
pub(super) struct Press {
    encoder: Option<DictionaryEncoder>,
    is_trained: bool,
}

/// A compressed content.
pub(super) enum Pressed {
    /// A frame made with [`Press::dictionary`].
    Framed(Vec<u8>),
    /// Needs nothing else.
    Alone(Codec, Vec<u8>),
}

impl Pressed {
    pub(super) fn stored_bytes(&self) -> usize {
        match self {
            Self::Framed(bytes) | Self::Alone(_, bytes) => bytes.len(),
        }
    }
}

impl Press {
    /// Decides on the dictionary of the packs into which `entries` are copied. `is_cold` says what is to
    /// be compressed. The same entries in the same order give the same dictionary.
    pub(super) fn for_entries(
        census: &Census,
        entries: &[usize],
        is_cold: &dyn Fn(&EntryFacts) -> bool,
    ) -> Self {
        let all = || entries.iter().map(|at| &census.entries[*at]);
        let served: Vec<&EntryFacts> = all()
            .filter(|facts| {
                let is_framed = facts.codec == PackCodec::Dictionary;
                is_framed || (facts.object.is_none() && serves(facts.kind) && is_cold(facts))
            })
            .collect();
        let served_bytes: u64 = served.iter().map(|facts| facts.decoded_bytes).sum();
        let is_anything_cold = all().any(is_cold);
        if let Some((dictionary, framed_bytes)) = most_used(census, &served)
            && (!is_anything_cold || framed_bytes >= served_bytes - served_bytes / 4)
        {
            return Self { encoder: dictionary.encoder(COLD_LEVEL), is_trained: false };
        }
        let trained = if is_anything_cold { train(census, &served) } else { None };
        Self { is_trained: trained.is_some(), encoder: trained }
    }

    /// The new packs' dictionary.
    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        self.encoder.as_ref().map(DictionaryEncoder::dictionary)
    }

    /// Whether it is a new one.
    pub(super) const fn is_trained(&self) -> bool {
        self.is_trained
    }

    /// Whether a cold content that is stored in this way may become smaller.
    pub(super) fn improves(&self, kind: EntryKind, codec: Codec) -> bool {
        codec == Codec::None || (self.encoder.is_some() && serves(kind))
    }

    /// Compresses a content.
    pub(super) fn press(&mut self, kind: EntryKind, content: &[u8]) -> Pressed {
        let encoder = self.encoder.as_mut().filter(|_| serves(kind));
        let framed = encoder.and_then(|encoder| encoder.encode(content));
        if let Some(framed) = framed.filter(|framed| framed.len() < content.len()) {
            return Pressed::Framed(framed);
        }
        let (codec, stored) = Codec::Zstd.encode_at(content, COLD_LEVEL);
        Pressed::Alone(codec, stored.into_owned())
    }
}

const fn serves(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::DispatchTable)
}

/// The dictionary by which most of the contents are stored, and how large those are; none where they are
/// too few to go on paying for it.
fn most_used(census: &Census, served: &[&EntryFacts]) -> Option<(Dictionary, u64)> {
    let mut by_dictionary = HashMap::new();
    for facts in served.iter().filter(|facts| facts.codec == PackCodec::Dictionary) {
        let pack = census.packs.get(facts.pack as usize)?.pack.as_ref()?;
        // What a damaged dictionary takes with it is found when it is copied.
        let Ok(dictionary) = pack.dictionary() else { continue };
        let (_, stored, decoded) =
            by_dictionary.entry(dictionary.digest()).or_insert_with(|| (dictionary.clone(), 0, 0));
        *stored += facts.pack_bytes;
        *decoded += facts.decoded_bytes;
    }
    let most =
        by_dictionary.into_values().max_by_key(|(dictionary, stored, _)| (*stored, dictionary.digest()));
    let (dictionary, stored, decoded) = most?;
    let pays = stored >= FRAMES_TO_DICTIONARY * dictionary.bytes().len() as u64;
    pays.then_some((dictionary, decoded))
}

/// A dictionary that pays for itself.
fn train(census: &Census, served: &[&EntryFacts]) -> Option<DictionaryEncoder> {
    let sample = sample(census, served);
    let sample: Vec<&[u8]> = sample.iter().map(Vec::as_slice).collect();
    let sample_bytes: usize = sample.iter().map(|piece| piece.len()).sum();
    let max_bytes = MAX_TRAINED_BYTES.min(sample_bytes / SAMPLE_TO_DICTIONARY);
    let dictionary = Dictionary::train(&sample, max_bytes).ok()?;
    let mut encoder = dictionary.encoder(COLD_LEVEL)?;
    // Only what the sample alone saves is counted, so that a dictionary never pays by a guess.
    let (mut alone, mut framed) = (0, dictionary.bytes().len());
    for piece in &sample {
        alone += Codec::Zstd.encode_at(piece, COLD_LEVEL).1.len();
        framed += encoder.encode(piece)?.len().min(piece.len());
    }
    (framed < alone).then_some(encoder)
}

/// The beginnings of contents, evenly spread over all.
fn sample(census: &Census, served: &[&EntryFacts]) -> Vec<Vec<u8>> {
    let all_bytes: u64 = served.iter().map(|facts| facts.decoded_bytes.min(PIECE_BYTES)).sum();
    let step = all_bytes.div_ceil(SAMPLE_BYTES).max(1) as usize;
    let read = |facts: &&EntryFacts| {
        let pack = census.packs.get(facts.pack as usize)?.pack.as_ref()?;
        let (header, inline) = pack.sound_inline(facts.at).ok()??;
        let mut content = pack.decode(facts.codec, &inline, &header).ok()?;
        content.truncate(PIECE_BYTES as usize);
        Some(content)
    };
    served.iter().step_by(step).filter_map(read).collect()
}
