//! Texts from their words: what `names` has cut, joined again.

use super::bits::{Input, Malformed};
use super::bytes::get_bytes;
use super::ints::get_ints;

/// The texts, one behind the other, and where each ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ends: Vec<u32>,
}

/// Bytes of a part that are copied at once. Parts are short, so one copy of a fixed size is faster than
/// one of the right size; what it writes too much is written again by the next one.
const CHUNK: usize = 32;

/// New words of up to so many bytes are joined without a loop.
const WORD: usize = 64;

/// Ones as long as a prefix may be, then zeros: from [`WORD`] less a prefix's length on it is that prefix's
/// mask.
static PREFIX: [u8; 2 * WORD] = {
    let mut mask = [0; 2 * WORD];
    let mut at = 0;
    while at < WORD {
        mask[at] = 0xff;
        at += 1;
    }
    mask
};

fn chunk<const LEN: usize>(bytes: &[u8], at: usize) -> Result<[u8; LEN], Malformed> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(Malformed)
}

/// Sum of a column that counts parts of `bound` bytes, each part being one byte at least.
fn bounded_sum(values: &[u32], bound: usize) -> Result<usize, Malformed> {
    let sum: u64 = values.iter().map(|value| u64::from(*value)).sum();
    if sum <= bound as u64 { Ok(sum as usize) } else { Err(Malformed) }
}

/// Takes the first `count` numbers of a column.
fn take<'a>(column: &mut &'a [u32], count: usize) -> Result<&'a [u32], Malformed> {
    let (taken, rest) = column.split_at_checked(count).ok_or(Malformed)?;
    *column = rest;
    Ok(taken)
}

fn take_one(column: &mut &[u32]) -> Result<u32, Malformed> {
    let (first, rest) = column.split_first().ok_or(Malformed)?;
    *column = rest;
    Ok(*first)
}

/// `len` bytes with room in front of and behind them that a copy may read.
fn read_parts(input: &mut Input<'_>, len: usize) -> Result<Vec<u8>, Malformed> {
    let mut bytes = vec![0; len + 2 * WORD];
    get_bytes(input, bytes.get_mut(WORD..WORD + len).ok_or(Malformed)?)?;
    Ok(bytes)
}

struct Separators {
    parts: Vec<u8>,
    /// Where each stands in `parts`, and its length.
    places: Vec<(u32, u32)>,
}

impl Separators {
    fn read(input: &mut Input<'_>, most: usize, text_len: usize) -> Result<Self, Malformed> {
        let count = input.varint()? as usize;
        if count > most {
            return Err(Malformed);
        }
        let lens = get_ints(input, count)?;
        let parts = read_parts(input, bounded_sum(&lens, text_len)?)?;
        let mut next = WORD as u32;
        let place = |len: u32| {
            let at = next;
            next += len;
            (at, len)
        };
        Ok(Self { parts, places: lens.into_iter().map(place).collect() })
    }
}

/// Text as it grows, with room for a copy that writes too much.
struct Growing {
    bytes: Vec<u8>,
    len: usize,
    most: usize,
}

impl Growing {
    fn new(most: usize) -> Self {
        Self { bytes: vec![0; most + WORD], len: 0, most }
    }

    /// Where the text ends with `len` more bytes.
    fn end_with(&self, len: usize) -> Result<usize, Malformed> {
        if len <= self.most - self.len { Ok(self.len + len) } else { Err(Malformed) }
    }

    fn put<const LEN: usize>(&mut self, at: usize, chunk: &[u8; LEN]) -> Result<(), Malformed> {
        let to = self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut());
        *to.ok_or(Malformed)? = *chunk;
        Ok(())
    }

    /// Appends `len` bytes that stand at `at` in `parts`, which has room behind them.
    #[inline]
    fn append(&mut self, parts: &[u8], at: usize, len: usize) -> Result<(), Malformed> {
        let end = self.end_with(len)?;
        self.put(self.len, &chunk::<CHUNK>(parts, at)?)?;
        if len > CHUNK {
            self.append_all(parts, at, len)?;
        }
        self.len = end;
        Ok(())
    }

    /// Copies `len` bytes that stand at `at` in `parts`.
    #[inline(never)]
    fn append_all(&mut self, parts: &[u8], at: usize, len: usize) -> Result<(), Malformed> {
        let to = self.bytes.get_mut(self.len..self.len + len).ok_or(Malformed)?;
        to.copy_from_slice(parts.get(at..at + len).ok_or(Malformed)?);
        Ok(())
    }

    /// Appends a separator, which mostly is empty where a text begins or ends.
    #[inline]
    fn separate(&mut self, separators: &Separators, id: u32) -> Result<(), Malformed> {
        let (at, len) = *separators.places.get(id as usize).ok_or(Malformed)?;
        if len == 0 { Ok(()) } else { self.append(&separators.parts, at as usize, len as usize) }
    }

    /// Appends `len` bytes that stand at `at` in this text.
    #[inline]
    fn repeat(&mut self, at: usize, len: usize) -> Result<(), Malformed> {
        let end = self.end_with(len)?;
        let from = chunk::<CHUNK>(&self.bytes, at)?;
        self.put(self.len, &from)?;
        if len > CHUNK {
            self.repeat_rest(at, len)?;
        }
        self.len = end;
        Ok(())
    }

    /// Copies what of the `len` bytes at `at` is behind the first [`CHUNK`].
    #[inline(never)]
    fn repeat_rest(&mut self, at: usize, len: usize) -> Result<(), Malformed> {
        for done in (CHUNK..len).step_by(CHUNK) {
            let from = chunk::<CHUNK>(&self.bytes, at + done)?;
            self.put(self.len + done, &from)?;
        }
        Ok(())
    }
}

/// New words: each begins as the one before it.
struct NewWords<'a> {
    prefix_lens: &'a [u32],
    suffix_lens: &'a [u32],
    /// With room around, see [`read_parts`].
    suffixes: &'a [u8],
    /// Where the next suffix stands in `suffixes`.
    next: usize,
    /// The first bytes of the last word. Words are joined in here and then stored as a whole: to load a word
    /// from where its two parts were just stored would wait for both.
    last: [u8; WORD],
    last_len: usize,
}

impl NewWords<'_> {
    /// Appends the next word, which `last_at` is the place of the one before; returns its length.
    #[inline]
    fn append_next(&mut self, text: &mut Growing, last_at: usize) -> Result<usize, Malformed> {
        let prefix_len = take_one(&mut self.prefix_lens)? as usize;
        let suffix_len = take_one(&mut self.suffix_lens)? as usize;
        let len = prefix_len + suffix_len;
        if prefix_len > self.last_len || len == 0 {
            return Err(Malformed);
        }
        if len <= WORD {
            let end = text.end_with(len)?;
            // The suffix stands in here where it stands in the word.
            let suffix = chunk::<WORD>(self.suffixes, self.next - prefix_len)?;
            let is_prefix = chunk::<WORD>(&PREFIX, WORD - prefix_len)?;
            let others = suffix.as_chunks().0.iter().zip(is_prefix.as_chunks().0);
            for (bytes, (other, is_prefix)) in self.last.as_chunks_mut().0.iter_mut().zip(others) {
                let (own, other) = (u64::from_le_bytes(*bytes), u64::from_le_bytes(*other));
                // The bits of `own` where `is_prefix` has ones, else those of `other`.
                *bytes = (other ^ (own ^ other) & u64::from_le_bytes(*is_prefix)).to_le_bytes();
            }
            text.put(text.len, &self.last)?;
            text.len = end;
        } else {
            let at = text.len;
            text.repeat(last_at, prefix_len)?;
            text.append(self.suffixes, self.next, suffix_len)?;
            self.last = chunk(&text.bytes, at)?;
        }
        self.next += suffix_len;
        self.last_len = len;
        Ok(len)
    }
}

/// Reads `count` texts that have `text_len` bytes together. Reserves that and a few numbers for each
/// text and each word, all of which are bounded by `count` and `text_len`.
#[inline(never)]
pub(crate) fn get_texts(input: &mut Input<'_>, count: usize, text_len: usize) -> Result<Texts, Malformed> {
    if count == 0 {
        return if text_len == 0 { Ok(Texts::default()) } else { Err(Malformed) };
    }
    // Each separator is a text's last one or stands before a word, which has a byte at least.
    let separators = Separators::read(input, count.saturating_add(text_len), text_len)?;
    let shared = get_ints(input, count)?;
    let fresh = get_ints(input, count)?;
    let pairs = bounded_sum(&fresh, text_len)?;
    let lasts = get_ints(input, count)?;
    let pair_separators = get_ints(input, pairs)?;
    let is_new = get_ints(input, pairs)?;
    let new = bounded_sum(&is_new, pairs)?;
    let old = get_ints(input, pairs - new)?;
    let prefix_lens = get_ints(input, new)?;
    let suffix_lens = get_ints(input, new)?;
    let suffixes = read_parts(input, bounded_sum(&suffix_lens, text_len)?)?;
    let (mut pair_separators, mut is_new) = (pair_separators.as_slice(), is_new.as_slice());
    let mut old = old.as_slice();
    let mut new_words = NewWords {
        prefix_lens: &prefix_lens,
        suffix_lens: &suffix_lens,
        suffixes: &suffixes,
        next: WORD,
        last: [0; WORD],
        last_len: 0,
    };

    let mut text = Growing::new(text_len);
    let mut ends = Vec::with_capacity(count);
    // Where each word stands, at its first use, in the bytes that are written already.
    let mut words: Vec<(u32, u32)> = Vec::with_capacity(new);
    // Where each pair of the text before ends, from that text's first byte.
    let mut pair_ends: Vec<u32> = Vec::new();
    let mut before = 0_usize;
    for ((shared, fresh), last) in shared.into_iter().zip(fresh).zip(lasts) {
        let start = text.len;
        let shared = shared as usize;
        if shared > pair_ends.len() {
            return Err(Malformed);
        }
        pair_ends.truncate(shared);
        if let Some(same) = pair_ends.last() {
            text.repeat(before, *same as usize)?;
        }
        let fresh = fresh as usize;
        for (separator, is_new) in take(&mut pair_separators, fresh)?.iter().zip(take(&mut is_new, fresh)?) {
            text.separate(&separators, *separator)?;
            if *is_new == 0 {
                let (at, len) = *words.get(take_one(&mut old)? as usize).ok_or(Malformed)?;
                text.repeat(at as usize, len as usize)?;
            } else {
                let at = text.len;
                let last_at = words.last().map_or(0, |(at, _)| *at as usize);
                let len = new_words.append_next(&mut text, last_at)?;
                words.push((at as u32, len as u32));
            }
            pair_ends.push((text.len - start) as u32);
        }
        text.separate(&separators, last)?;
        ends.push(text.len as u32);
        before = start;
    }
    if text.len != text_len {
        return Err(Malformed);
    }
    text.bytes.truncate(text_len);
    Ok(Texts { bytes: text.bytes, ends })
}
