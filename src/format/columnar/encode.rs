//! All sections of a file into one stream.

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::bits::put_varint;
use super::bytes::put_bytes;
use super::decode::decode;
use super::form::{Form, Joint, Shape, candidates, rotate_words, spans};
use super::ints::put_ints;
use super::names::put_texts;
use super::rows::{put_bit_rows, put_rows};
use crate::format::error::Tag;
use crate::format::layout::SectionRow;
use crate::format::strings::Strings;

/// The stream of `data`, what is behind the directory that ends at `data_at`. What it decodes to was
/// compared with `data`.
pub(crate) fn encode(
    rows: &[SectionRow],
    data_at: usize,
    data: &[u8],
    shape: Shape,
    joint: &dyn Joint,
) -> Vec<u8> {
    let mut whole = vec![WHOLE];
    put_bytes(&mut whole, data);
    // Bytes that no section holds, such as padding that is not zero, are lost by sections: then the whole
    // is one column.
    let comes_back = |stream: &[u8]| {
        let mut found = vec![0; data.len()];
        decode(stream, rows, data_at, &mut found, joint).is_ok() && found == data
    };
    let in_sections = by_section(rows, data_at, data, shape, joint)
        .filter(|stream| stream.len() < whole.len() && comes_back(stream));
    in_sections.unwrap_or(whole)
}

/// The stream is one column of bytes.
pub(super) const WHOLE: u8 = 0;
/// The stream is one section after the other.
pub(super) const BY_SECTION: u8 = 1;

fn by_section(
    rows: &[SectionRow],
    data_at: usize,
    data: &[u8],
    shape: Shape,
    joint: &dyn Joint,
) -> Option<Vec<u8>> {
    let mut sections = Vec::with_capacity(rows.len());
    let mut rest = data;
    for (gap, len) in spans(rows, data_at, data.len())? {
        let (section, behind) = rest.get(gap..)?.split_at_checked(len)?;
        sections.push(section);
        rest = behind;
    }
    let (mut together, mut together_bytes) = (Vec::new(), Vec::new());
    for tag in joint.tags() {
        let mut found = (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|row| row.tag == tag.0));
        if let (Some(at), None) = (found.next(), found.next()) {
            together.push(at);
        }
    }
    let parts: Vec<&[u8]> = together.iter().filter_map(|at| sections.get(*at).copied()).collect();
    if together.len() < joint.tags().len() || !joint.encode(&parts, &mut together_bytes) {
        together.clear();
        together_bytes.clear();
    }
    let (mut forms, mut texts, mut counts, mut columns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, (section, row)) in sections.iter().zip(rows).enumerate() {
        let form = if together.contains(&at) {
            Form::Joint
        } else {
            let (form, stored) = shortest(Tag(row.tag), section, shape);
            columns.extend(stored);
            form
        };
        match form {
            Form::Pool => {
                let pool = pool_texts(section)?;
                put_varint(&mut counts, pool.len() as u32);
                texts.extend(pool);
            }
            Form::Text => texts.push(*section),
            _ => {}
        }
        forms.push(form.code());
    }
    let mut stream = vec![BY_SECTION];
    put_ints(&mut stream, &forms);
    stream.extend(counts);
    put_texts(&mut stream, &texts);
    stream.extend(columns);
    stream.extend(together_bytes);
    Some(stream)
}

fn shortest(tag: Tag, section: &[u8], shape: Shape) -> (Form, Vec<u8>) {
    let mut best = (Form::Bytes, Vec::new());
    if section.is_empty() {
        return best;
    }
    put_bytes(&mut best.1, section);
    for form in candidates(tag) {
        match form {
            Form::Text => return (Form::Text, Vec::new()),
            Form::Pool if pool_texts(section).is_some() => return (Form::Pool, Vec::new()),
            _ => {}
        }
        if let Some(stored) = stored_as(*form, section, shape)
            && stored.len() < best.1.len()
        {
            best = (*form, stored);
        }
    }
    best
}

/// The bytes of a section in this form, where it can have it.
fn stored_as(form: Form, section: &[u8], shape: Shape) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let whole_rows = |row_len: usize| row_len > 0 && section.len().is_multiple_of(row_len);
    match form {
        Form::Rows(widths) if whole_rows(widths.iter().map(|width| usize::from(*width)).sum()) => {
            put_rows(&mut out, section, widths);
        }
        Form::Rotated if whole_rows(4) => put_rows(&mut out, &rotate_words(section), &[4]),
        Form::Shorts if whole_rows(2 * shape.arity) => {
            put_varint(&mut out, shape.arity as u32);
            put_rows(&mut out, section, &vec![2; shape.arity]);
        }
        Form::Bits if whole_rows(shape.above_stride) => {
            put_varint(&mut out, shape.above_stride as u32);
            put_bit_rows(&mut out, std::iter::once((section, shape.above_stride)));
        }
        _ => return None,
    }
    Some(out)
}

/// The texts of a string pool that is built as the format says.
fn pool_texts(section: &[u8]) -> Option<Vec<&[u8]>> {
    let strings = Strings::parse(crate::format::layout::STRS, section)?;
    let texts: Vec<&[u8]> = (0..strings.len()).map_while(|id| strings.bytes_of(id).ok()).collect();
    let (count, _) = U32::ref_from_prefix(section).ok()?;
    let text_len: usize = texts.iter().map(|text| text.len()).sum();
    let is_regular = texts.len() == count.get() as usize && section.len() == 8 + 4 * texts.len() + text_len;
    is_regular.then_some(texts)
}
