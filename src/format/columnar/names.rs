//! Front-coded names: each text is what it shares with the one before it, then words.
//!
//! A text is cut into pairs of a separator and a word, and a last separator. It stores how many pairs
//! it shares with the text before it, the pairs that follow, and its last separator. A word that was met
//! before is a number; a new one is what it shares with the new word before it, and the rest. So a
//! symbol such as `collide(geo::Circle,geo::Box)` costs little more than the numbers of its types.
//!
//! Where texts are cut is the writer's choice; a reader only joins.

use std::collections::HashMap;

use super::bits::{Input, Malformed, put_varint};
use super::bytes::{get_bytes, put_bytes};
use super::ints::{get_ints, put_ints};

/// Bytes that end a word.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b' ' | b'(' | b')' | b',' | b'<' | b'>' | b'[' | b']' | b'/')
}

type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pairs of a text, and its last separator.
fn cut(text: &[u8]) -> (Vec<Pair<'_>>, &[u8]) {
    let (mut pairs, mut rest) = (Vec::new(), text);
    loop {
        let separator = rest.iter().position(|byte| !is_separator(*byte)).unwrap_or(rest.len());
        let (separator, behind) = rest.split_at(separator);
        if behind.is_empty() {
            return (pairs, separator);
        }
        let word = behind.iter().position(|byte| is_separator(*byte)).unwrap_or(behind.len());
        let (word, behind) = behind.split_at(word);
        pairs.push((separator, word));
        rest = behind;
    }
}

/// Numbers for byte strings in the order in which they are first met.
#[derive(Default)]
struct Numbers<'a> {
    ids: HashMap<&'a [u8], u32>,
    known: Vec<&'a [u8]>,
}

impl<'a> Numbers<'a> {
    /// The number, and whether it is new.
    fn of(&mut self, bytes: &'a [u8]) -> (u32, bool) {
        if let Some(id) = self.ids.get(bytes) {
            return (*id, false);
        }
        let id = self.known.len() as u32;
        self.ids.insert(bytes, id);
        self.known.push(bytes);
        (id, true)
    }
}

fn shared_prefix<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Appends the texts. Their number and the sum of their lengths are not stored.
pub(crate) fn put_texts(out: &mut Vec<u8>, texts: &[&[u8]]) {
    if texts.is_empty() {
        return;
    }
    let (mut separators, mut words) = (Numbers::default(), Numbers::default());
    let (mut shared, mut fresh, mut lasts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut pair_separators, mut is_new, mut old) = (Vec::new(), Vec::new(), Vec::new());
    let mut before: Vec<Pair<'_>> = Vec::new();
    for text in texts {
        let (pairs, last) = cut(text);
        let same = shared_prefix(&pairs, &before);
        shared.push(same as u32);
        fresh.push((pairs.len() - same) as u32);
        lasts.push(separators.of(last).0);
        for (separator, word) in pairs.iter().skip(same) {
            pair_separators.push(separators.of(separator).0);
            let (id, new) = words.of(word);
            is_new.push(u32::from(new));
            if !new {
                old.push(id);
            }
        }
        before = pairs;
    }
    put_varint(out, separators.known.len() as u32);
    put_ints(out, &separators.known.iter().map(|text| text.len() as u32).collect::<Vec<_>>());
    put_bytes(out, &separators.known.concat());
    put_ints(out, &shared);
    put_ints(out, &fresh);
    put_ints(out, &lasts);
    put_ints(out, &pair_separators);
    put_ints(out, &is_new);
    put_ints(out, &old);
    let (mut prefixes, mut suffixes, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut before: &[u8] = &[];
    for word in &words.known {
        let same = shared_prefix(word, before);
        prefixes.push(same as u32);
        suffixes.push((word.len() - same) as u32);
        rest.extend_from_slice(word.get(same..).unwrap_or_default());
        before = word;
    }
    put_ints(out, &prefixes);
    put_ints(out, &suffixes);
    put_bytes(out, &rest);
}

/// The texts, one behind the other, and where each ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ends: Vec<u32>,
}

/// A column's numbers, one after the other.
struct Column(std::vec::IntoIter<u32>);

impl Column {
    fn read(input: &mut Input<'_>, count: usize) -> Result<Self, Malformed> {
        Ok(Self(get_ints(input, count)?.into_iter()))
    }

    fn next(&mut self) -> Result<u32, Malformed> {
        self.0.next().ok_or(Malformed)
    }
}

/// Sum of a column that counts parts of `bound` bytes, each part being one byte at least.
fn bounded_sum(values: &[u32], bound: usize) -> Result<usize, Malformed> {
    let sum: u64 = values.iter().map(|value| u64::from(*value)).sum();
    if sum <= bound as u64 { Ok(sum as usize) } else { Err(Malformed) }
}

/// Bytes that are copied at once. Words are short, so one copy of a fixed size is faster than one of the
/// right size; what it writes too much is written again by the next one.
const CHUNK: usize = 16;

/// Parts one behind the other, and bytes behind them that a copy may read.
struct Parts {
    bytes: Vec<u8>,
    len: usize,
}

impl Parts {
    fn read(input: &mut Input<'_>, len: usize) -> Result<Self, Malformed> {
        let mut bytes = vec![0; len + CHUNK];
        get_bytes(input, bytes.get_mut(..len).ok_or(Malformed)?)?;
        Ok(Self { bytes, len })
    }
}

struct Separators {
    parts: Parts,
    ends: Vec<u32>,
}

impl Separators {
    fn read(input: &mut Input<'_>, most: usize, text_len: usize) -> Result<Self, Malformed> {
        let count = input.varint()? as usize;
        if count > most {
            return Err(Malformed);
        }
        let mut ends = get_ints(input, count)?;
        let parts = Parts::read(input, bounded_sum(&ends, text_len)?)?;
        let mut end = 0;
        for length in &mut ends {
            end += *length;
            *length = end;
        }
        Ok(Self { parts, ends })
    }

    /// Where a separator stands, and its length.
    fn get(&self, id: u32) -> Result<(usize, usize), Malformed> {
        let id = id as usize;
        let end = *self.ends.get(id).ok_or(Malformed)? as usize;
        let start = id.checked_sub(1).and_then(|id| self.ends.get(id)).map_or(0, |end| *end as usize);
        Ok((start, end - start))
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
        Self { bytes: vec![0; most + CHUNK], len: 0, most }
    }

    /// Appends `len` bytes that stand at `at` in `parts`, which has room behind them.
    fn append(&mut self, parts: &Parts, at: usize, len: usize) -> Result<(), Malformed> {
        if len > self.most - self.len || len > parts.len || at > parts.len - len {
            return Err(Malformed);
        }
        let mut done = 0;
        while done < len {
            let from = parts.bytes.get(at + done..).and_then(|rest| rest.first_chunk::<CHUNK>());
            let to = self.bytes.get_mut(self.len + done..).and_then(|rest| rest.first_chunk_mut::<CHUNK>());
            *to.ok_or(Malformed)? = *from.ok_or(Malformed)?;
            done += CHUNK;
        }
        self.len += len;
        Ok(())
    }

    /// Appends `len` bytes that stand at `at` in this text.
    fn repeat(&mut self, at: usize, len: usize) -> Result<(), Malformed> {
        if len > self.most - self.len || len > self.len || at > self.len - len {
            return Err(Malformed);
        }
        let mut done = 0;
        while done < len {
            let from = self.bytes.get(at + done..).and_then(|rest| rest.first_chunk::<CHUNK>());
            let from = *from.ok_or(Malformed)?;
            let to = self.bytes.get_mut(self.len + done..).and_then(|rest| rest.first_chunk_mut::<CHUNK>());
            *to.ok_or(Malformed)? = from;
            done += CHUNK;
        }
        self.len += len;
        Ok(())
    }
}

/// Reads `count` texts that have `text_len` bytes together. Reserves that and a few numbers for each
/// text and each word, all of which are bounded by `count` and `text_len`.
pub(crate) fn get_texts(input: &mut Input<'_>, count: usize, text_len: usize) -> Result<Texts, Malformed> {
    if count == 0 {
        return if text_len == 0 { Ok(Texts::default()) } else { Err(Malformed) };
    }
    // Each separator is a text's last one or stands before a word, which has a byte at least.
    let separators = Separators::read(input, count.saturating_add(text_len), text_len)?;
    let shared = get_ints(input, count)?;
    let fresh = get_ints(input, count)?;
    let pairs = bounded_sum(&fresh, text_len)?;
    let mut lasts = Column::read(input, count)?;
    let mut pair_separators = Column::read(input, pairs)?;
    let is_new = get_ints(input, pairs)?;
    let new = bounded_sum(&is_new, pairs)?;
    let mut old = Column::read(input, pairs - new)?;
    let mut prefixes = Column::read(input, new)?;
    let suffix_lens = get_ints(input, new)?;
    let suffixes = Parts::read(input, bounded_sum(&suffix_lens, text_len)?)?;
    let mut suffix_lens = suffix_lens.into_iter();
    let mut next_suffix = 0_usize;

    let mut text = Growing::new(text_len);
    let mut ends = Vec::with_capacity(count);
    // Where each word stands, at its first use, in the bytes that are written already.
    let mut words: Vec<(u32, u32)> = Vec::with_capacity(new);
    // Where each pair of the text before ends, from that text's first byte.
    let mut pair_ends: Vec<u32> = Vec::new();
    let mut is_new = is_new.into_iter();
    let mut before = 0_usize;
    for (shared, fresh) in shared.into_iter().zip(fresh) {
        let start = text.len;
        let shared = shared as usize;
        if shared > pair_ends.len() {
            return Err(Malformed);
        }
        pair_ends.truncate(shared);
        let same = pair_ends.last().map_or(0, |end| *end as usize);
        text.repeat(before, same)?;
        for _ in 0..fresh {
            let (at, len) = separators.get(pair_separators.next()?)?;
            text.append(&separators.parts, at, len)?;
            if is_new.next() == Some(0) {
                let (at, len) = *words.get(old.next()? as usize).ok_or(Malformed)?;
                text.repeat(at as usize, len as usize)?;
            } else {
                let at = text.len;
                let (prefix, suffix_len) = (prefixes.next()?, suffix_lens.next().ok_or(Malformed)?);
                let (last_at, last_len) = words.last().copied().unwrap_or_default();
                if prefix > last_len || prefix == 0 && suffix_len == 0 {
                    return Err(Malformed);
                }
                text.repeat(last_at as usize, prefix as usize)?;
                text.append(&suffixes, next_suffix, suffix_len as usize)?;
                next_suffix += suffix_len as usize;
                words.push((at as u32, (text.len - at) as u32));
            }
            pair_ends.push((text.len - start) as u32);
        }
        let (at, len) = separators.get(lasts.next()?)?;
        text.append(&separators.parts, at, len)?;
        ends.push(text.len as u32);
        before = start;
    }
    if text.len != text_len {
        return Err(Malformed);
    }
    text.bytes.truncate(text_len);
    Ok(Texts { bytes: text.bytes, ends })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(texts: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        put_texts(&mut out, texts);
        let mut input = Input::new(&out);
        let ends = texts.iter().scan(0, |end, text| {
            *end += text.len() as u32;
            Some(*end)
        });
        let expected = Texts { bytes: texts.concat(), ends: ends.collect() };
        assert_eq!(get_texts(&mut input, texts.len(), expected.bytes.len()), Ok(expected));
        assert!(input.is_empty());
        out
    }

    #[test]
    fn a_text_is_pairs_and_a_last_separator() {
        let (pairs, last) = cut(b"f(a::B, C)");
        assert_eq!(pairs, [(&b""[..], &b"f"[..]), (b"(", b"a::B"), (b", ", b"C")]);
        assert_eq!(last, b")");
        assert_eq!(cut(b""), (vec![], &b""[..]));
        assert_eq!(cut(b"()"), (vec![], &b"()"[..]));
    }

    #[test]
    fn a_symbol_made_of_names_costs_little_more_than_their_numbers() {
        let types: Vec<String> = (0..200).map(|at| format!("game::world::Type{at:03}")).collect();
        let symbols: Vec<String> = (0..500)
            .map(|at| format!("game::rules::collide({}, {})", types[at * 7 % 200], types[at * 31 % 200]))
            .collect();
        let names: Vec<&[u8]> = types.iter().chain(&symbols).map(String::as_bytes).collect();
        let bytes = stored(&names).len();
        assert!(bytes < 200 * 4 + 500 * 3, "{bytes}");
    }

    #[test]
    fn texts_longer_or_shorter_than_promised_are_refused() {
        let out = stored(&[b"one two", b"one three", b""]);
        for text_len in (0..40).filter(|len| *len != 16) {
            assert_eq!(get_texts(&mut Input::new(&out), 3, text_len), Err(Malformed), "{text_len}");
        }
    }

    proptest! {
        #[test]
        fn texts_come_back(texts in prop::collection::vec("[ab:é]{0,4}[(, ]{0,2}[ab:é]{0,4}[)]{0,1}", 0..60)) {
            stored(&texts.iter().map(String::as_bytes).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_texts_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
            count in 0..50_usize,
            text_len in 0..500_usize,
        ) {
            if let Ok(texts) = get_texts(&mut Input::new(&bytes), count, text_len) {
                prop_assert_eq!((texts.bytes.len(), texts.ends.len()), (text_len, count));
            }
        }

        #[test]
        fn changed_texts_are_texts_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut out = stored(&[b"geo::Box", b"geo::Circle", b"draw(geo::Box)", b"draw(geo::Circle)", b"draw"]);
            let at = at.index(out.len());
            out[at] = byte;
            if let Ok(texts) = get_texts(&mut Input::new(&out), 5, 54) {
                prop_assert_eq!(texts.bytes.len(), 54);
            }
        }
    }
}
