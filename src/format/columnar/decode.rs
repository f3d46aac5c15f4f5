//! A stream back into all sections of a file.

use super::bits::{Input, Malformed};
use super::bytes::get_bytes;
use super::encode::{BY_SECTION, WHOLE};
use super::form::{Form, Joint, spans, unrotate_words};
use super::ints::get_ints;
use super::rows::{get_bit_rows, get_rows};
use super::texts::get_texts;
use crate::format::layout::{MAX_ARITY, SectionRow};

/// Fills `data`, all that is behind the directory, which holds zeros.
pub(crate) fn decode(
    stream: &[u8],
    rows: &[SectionRow],
    data_at: usize,
    data: &mut [u8],
    joint: &dyn Joint,
) -> Result<(), Malformed> {
    let mut input = Input::new(stream);
    match input.byte()? {
        WHOLE => get_bytes(&mut input, data)?,
        BY_SECTION => by_section(&mut input, rows, data_at, data, joint)?,
        _ => return Err(Malformed),
    }
    if input.is_empty() { Ok(()) } else { Err(Malformed) }
}

fn by_section(
    input: &mut Input<'_>,
    rows: &[SectionRow],
    data_at: usize,
    data: &mut [u8],
    joint: &dyn Joint,
) -> Result<(), Malformed> {
    let mut sections: Vec<&mut [u8]> = Vec::with_capacity(rows.len());
    let spans = spans(rows, data_at, data.len()).ok_or(Malformed)?;
    let mut rest = data;
    for (gap, len) in spans {
        let (section, behind) =
            rest.get_mut(gap..).and_then(|rest| rest.split_at_mut_checked(len)).ok_or(Malformed)?;
        sections.push(section);
        rest = behind;
    }
    let forms = get_ints(input, sections.len())?;
    let forms: Vec<Form> = forms.into_iter().map(Form::from_code).collect::<Result<_, _>>()?;
    texts(input, &forms, &mut sections)?;
    for (form, section) in forms.iter().zip(&mut sections) {
        match form {
            Form::Pool | Form::Text | Form::Joint => {}
            Form::Bytes => get_bytes(input, section)?,
            Form::Rows(widths) => get_whole_rows(input, section, widths)?,
            Form::Rotated => {
                get_whole_rows(input, section, &[4])?;
                unrotate_words(section);
            }
            Form::Shorts => {
                let arity = input.varint()? as usize;
                if arity > MAX_ARITY {
                    return Err(Malformed);
                }
                get_whole_rows(input, section, &vec![2; arity])?;
            }
            Form::Bits => {
                let stride = input.varint()? as usize;
                if stride == 0 || !section.len().is_multiple_of(stride) {
                    return Err(Malformed);
                }
                get_bit_rows(input, &mut [(section, stride)])?;
            }
        }
    }
    if !forms.contains(&Form::Joint) {
        return Ok(());
    }
    let mut together = Vec::new();
    for tag in joint.tags() {
        let is_it = |(form, row): (&Form, &SectionRow)| *form == Form::Joint && row.tag == tag.0;
        let at = forms.iter().zip(rows).position(is_it).ok_or(Malformed)?;
        together.push(std::mem::take(sections.get_mut(at).ok_or(Malformed)?));
    }
    if forms.iter().filter(|form| **form == Form::Joint).count() != together.len() {
        return Err(Malformed);
    }
    joint.decode(input, &mut together)
}

fn get_whole_rows(input: &mut Input<'_>, section: &mut [u8], widths: &[u8]) -> Result<(), Malformed> {
    let row_len = widths.iter().map(|width| usize::from(*width)).sum();
    if section.len().checked_rem(row_len) != Some(0) {
        return Err(Malformed);
    }
    get_rows(input, section, widths)
}

/// Fills all string pools and other texts.
fn texts(input: &mut Input<'_>, forms: &[Form], sections: &mut [&mut [u8]]) -> Result<(), Malformed> {
    let mut counts = Vec::new();
    let (mut text_count, mut text_len) = (0_usize, 0_usize);
    for (form, section) in forms.iter().zip(sections.iter()) {
        match form {
            Form::Pool => {
                let count = input.varint()? as usize;
                let offsets_len = count.checked_mul(4).and_then(|len| len.checked_add(8)).ok_or(Malformed)?;
                text_len += section.len().checked_sub(offsets_len).ok_or(Malformed)?;
                text_count += count;
                counts.push(count);
            }
            Form::Text => {
                text_len += section.len();
                text_count += 1;
            }
            _ => {}
        }
    }
    let texts = get_texts(input, text_count, text_len)?;
    let (mut rest, mut ends, mut start) = (texts.bytes.as_slice(), texts.ends.as_slice(), 0_u32);
    let mut counts = counts.into_iter();
    for (form, section) in forms.iter().zip(sections) {
        let count = match form {
            Form::Pool => counts.next().ok_or(Malformed)?,
            Form::Text => 1,
            _ => continue,
        };
        let (own, behind) = ends.split_at_checked(count).ok_or(Malformed)?;
        ends = behind;
        let mut text: &mut [u8] = section;
        if *form == Form::Pool {
            let (head, behind) =
                std::mem::take(&mut text).split_at_mut_checked(8 + 4 * count).ok_or(Malformed)?;
            let (words, _) = head.as_chunks_mut::<4>();
            // The second word, the first offset, is 0 as it is.
            for (word, number) in words.iter_mut().zip([count as u32, 0]) {
                *word = number.to_le_bytes();
            }
            for (word, end) in words.iter_mut().skip(2).zip(own) {
                *word = (end - start).to_le_bytes();
            }
            text = behind;
        }
        let end = own.last().copied().unwrap_or(start);
        let (from, behind) = rest.split_at_checked((end - start) as usize).ok_or(Malformed)?;
        if from.len() != text.len() {
            return Err(Malformed);
        }
        text.copy_from_slice(from);
        (rest, start) = (behind, end);
    }
    Ok(())
}
