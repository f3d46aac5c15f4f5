//! Front-coded names: each text is what it shares with the one before it, then words.
//!
//! A text is cut into pairs of a separator and a word, and a last separator. It stores how many pairs
//! it shares with the text before it, the pairs that follow, and its last separator. A word that was met
//! before is a number; a new one is what it shares with the new word before it, and the rest. So a
//! symbol such as `collide(geo::Circle,geo::Box)` costs little more than the numbers of its types.
//!
//! Where texts are cut is the writer's choice; a reader, `texts`, only joins.

use std::collections::HashMap;

use super::bits::put_varint;
use super::bytes::put_bytes;
use super::ints::put_ints;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::{Input, Malformed};
    use super::super::texts::{Texts, get_texts};
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
        fn words_and_separators_of_any_length_come_back(texts in prop::collection::vec("[ab]{0,90}( {0,50}[ab]{1,40}){0,2} {0,40}", 0..12)) {
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
