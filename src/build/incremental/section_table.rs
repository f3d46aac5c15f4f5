//! The table behind the sections of a binary output.
//!
//! ```text
//! for each section: offset u64 | bytes u64 | XXH3-64 u64 | path bytes u32 | path
//! at the end:       table bytes u64 | sections u32 | CRC-32 of table and these two u32 | "JANUSEC\n"
//! ```
//! Numbers are little-endian.

use super::section::{SectionError, SectionPlace};
use crate::digest::crc32;

const MAGIC: &[u8; 8] = b"JANUSEC\n";
/// The fixed part at the end.
const TAIL_BYTES: usize = 8 + 4 + 4 + 8;
/// A section without its path.
const RECORD_BYTES: usize = 8 + 8 + 8 + 4;

pub(super) fn push_table(out: &mut Vec<u8>, places: &[SectionPlace]) {
    let start = out.len();
    for place in places {
        out.extend_from_slice(&(place.content.start as u64).to_le_bytes());
        out.extend_from_slice(&(place.content.len() as u64).to_le_bytes());
        out.extend_from_slice(&place.hash.to_le_bytes());
        out.extend_from_slice(&(place.path.len() as u32).to_le_bytes());
        out.extend_from_slice(place.path.as_bytes());
    }
    let table_bytes = (out.len() - start) as u64;
    out.extend_from_slice(&table_bytes.to_le_bytes());
    out.extend_from_slice(&(places.len() as u32).to_le_bytes());
    let crc = crc32(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(MAGIC);
}

pub(super) fn parse_table(bytes: &[u8]) -> Result<Vec<SectionPlace>, SectionError> {
    let damaged = |what, at_bytes| SectionError::Damaged { what, at_bytes };
    let tail_at = bytes.len().checked_sub(TAIL_BYTES).ok_or(damaged("the section table is missing", 0))?;
    let (body, tail) = bytes.split_at_checked(tail_at).unwrap_or_default();
    let mut tail = Cursor(tail);
    let (Some(table_bytes), Some(count), Some(crc)) = (tail.u64(), tail.u32(), tail.u32()) else {
        return Err(damaged("the section table is missing", tail_at));
    };
    let start = usize::try_from(table_bytes).ok().and_then(|table_bytes| tail_at.checked_sub(table_bytes));
    let start = start.filter(|_| tail.0 == MAGIC).ok_or(damaged("the section table is damaged", tail_at))?;
    if bytes.get(start..tail_at + 12).is_none_or(|summed| crc32(summed) != crc) {
        return Err(damaged("the section table is damaged", start));
    }
    let mut records = Cursor(body.get(start..).unwrap_or_default());
    // No count is believed that the bytes have no room for.
    let mut places = Vec::with_capacity((count as usize).min(records.0.len() / RECORD_BYTES));
    for _ in 0..count {
        let place = record(&mut records).filter(|place| place.content.end <= start);
        places.push(place.ok_or(damaged("the section table does not fit the output", start))?);
    }
    if !records.0.is_empty() {
        return Err(damaged("the section table is longer than its sections", start));
    }
    Ok(places)
}

fn record(records: &mut Cursor<'_>) -> Option<SectionPlace> {
    let at = usize::try_from(records.u64()?).ok()?;
    let end = at.checked_add(usize::try_from(records.u64()?).ok()?)?;
    let hash = records.u64()?;
    let path_bytes = records.u32()? as usize;
    let path = std::str::from_utf8(records.take(path_bytes)?).ok()?.to_owned();
    Some(SectionPlace { path, hash, whole: at..end, content: at..end })
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(*self.take(8)?.first_chunk()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::section::{NewSection, OutputForm, combine, take_apart};
    use proptest::prelude::*;

    const TEXT: OutputForm = OutputForm::Text { comment: "; " };

    #[test]
    fn an_output_is_taken_apart_into_what_it_was_made_of() {
        let sections = [("b/ü\n.x", &b"two\nlines"[..]), ("a", b""), ("c d", b"last\n")];
        for form in [TEXT, OutputForm::Binary] {
            let new = sections.map(|(path, bytes)| NewSection::Compiled { path, bytes });
            let made = combine(form, b"", b"start", &new, b"; end of file").expect("made");
            let found = take_apart(form, &made.bytes).expect("sound");
            assert_eq!(found, made.sections);
            for (place, (path, bytes)) in found.iter().zip(sections) {
                assert_eq!(place.path, path);
                let content = &made.bytes[place.content.clone()];
                assert_eq!(content.strip_suffix(b"\n").unwrap_or(content), bytes.trim_ascii_end());
            }
        }
    }

    #[test]
    fn a_patched_output_is_byte_for_byte_the_one_that_is_made_anew() {
        for form in [TEXT, OutputForm::Binary] {
            let compiled = |path, bytes| NewSection::Compiled { path, bytes };
            let old = [compiled("a", b"1"), compiled("b", b"22\n"), compiled("d", b"4")];
            let old = combine(form, b"", b"p\n", &old, b"e\n").expect("made");
            let [a, _, d] = &old.sections[..] else { panic!("three") };
            let patched =
                [NewSection::Kept(a), compiled("b", b"another"), compiled("c", b"new"), NewSection::Kept(d)];
            let patched = combine(form, &old.bytes, b"p\n", &patched, b"e\n").expect("patched");
            let anew =
                [compiled("a", b"1"), compiled("b", b"another"), compiled("c", b"new"), compiled("d", b"4")];
            assert_eq!(patched, combine(form, b"", b"p\n", &anew, b"e\n").expect("made"));
        }
    }

    #[test]
    fn a_line_like_a_marker_is_refused_and_no_output_can_be_forged_with_it() {
        for line in ["; janus section 0000000000000000 x", "; janus end"] {
            let text = format!("x\n{line}\ny");
            let section = NewSection::Compiled { path: "a", bytes: text.as_bytes() };
            assert!(combine(TEXT, b"", b"", &[section], b"").is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_cut_or_flipped_output_is_refused_or_has_the_sections_it_had(
            at in 0_usize..10_000, bit in 0_u8..8, cut in any::<bool>(), binary in any::<bool>(),
        ) {
            let form = if binary { OutputForm::Binary } else { TEXT };
            let sections = [("a", &b"define x\n"[..]), ("dir/b", b"define y\n")];
            let new = sections.map(|(path, bytes)| NewSection::Compiled { path, bytes });
            let made = combine(form, b"", b"prologue\n", &new, b"epilogue\n").expect("made");
            let mut bytes = made.bytes.clone();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            if let Ok(found) = take_apart(form, &bytes) {
                // What is outside of sections proves nothing; a section's path stands in its marker alone.
                let content = |place: &super::SectionPlace, of: &[u8]| of[place.content.clone()].to_vec();
                for place in &found {
                    let known = made.sections.iter().any(|old| content(old, &made.bytes) == content(place, &bytes));
                    prop_assert!(known);
                }
            }
        }
    }
}
