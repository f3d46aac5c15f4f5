//! Files of another codec than 0: chapters 4 and 11. Zstandard has a text of its own.

use super::bytes::{put32, slice, u8_at, u32_at, u64_at};
use super::columns::Columns;
use super::envelope::{Layout, seal_again};
use super::{Refused, lz4, together};

/// A row of the directory, and the section's bytes once they are known.
pub(super) struct Stored {
    pub(super) tag: [u8; 4],
    pub(super) offset: usize,
    pub(super) len: usize,
    pub(super) bytes: Vec<u8>,
}

/// The file that was compressed, byte for byte.
pub(super) fn decoded(file: &[u8], layout: &Layout, data_len_at: Option<u64>) -> Result<Vec<u8>, Refused> {
    let rows = u64::from(u32_at(file, layout.section_count_at)?);
    let data_at = layout.header_len + 16 * rows;
    let stream = slice(file, data_at, file.len() as u64 - data_at)?;
    let total_len = u64_at(file, layout.total_len_at)?;
    let data_len = total_len.checked_sub(data_at).ok_or(Refused::TotalLen)? as usize;
    let codec_at = layout.codec_at.ok_or(Refused::Codec(0))?;
    let data = match u8_at(file, codec_at)? {
        0 => stream.to_vec(),
        1 => lz4::decode(stream, data_len)?,
        3 => {
            let directory = slice(file, layout.header_len, 16 * rows)?;
            columnar(stream, directory, data_at as usize, data_len)?
        }
        other => return Err(Refused::Codec(other)),
    };
    let mut bytes = [slice(file, 0, data_at)?, &data].concat();
    bytes[codec_at as usize] = 0;
    if let Some(at) = data_len_at {
        bytes[at as usize..at as usize + 4].copy_from_slice(&(data_len as u32).to_le_bytes());
    }
    seal_again(&mut bytes, layout);
    Ok(bytes)
}

fn columnar(stream: &[u8], directory: &[u8], data_at: usize, data_len: usize) -> Result<Vec<u8>, Refused> {
    let mut columns = Columns(stream);
    let data = match columns.byte()? {
        0 => columns.bytes(data_len)?,
        1 => {
            let row = |row: &[u8]| {
                let (offset, len) = (u32_at(row, 8)? as usize, u32_at(row, 12)? as usize);
                Ok(Stored { tag: [row[0], row[1], row[2], row[3]], offset, len, bytes: Vec::new() })
            };
            let mut sections: Vec<Stored> = directory.chunks_exact(16).map(row).collect::<Result<_, _>>()?;
            let mut end = data_at;
            for section in &sections {
                if section.offset < end || section.offset >= end + 8 {
                    return Err(Refused::Stream("a section does not follow the one before"));
                }
                end = section.offset + section.len;
            }
            if end != data_at + data_len {
                return Err(Refused::Stream("the last section does not end the file"));
            }
            read_sections(&mut columns, &mut sections)?;
            let mut data = vec![0; data_len];
            for section in &sections {
                let at = section.offset - data_at;
                data[at..at + section.len].copy_from_slice(&section.bytes);
            }
            data
        }
        _ => return Err(Refused::Stream("its first byte is not known")),
    };
    if columns.0.is_empty() { Ok(data) } else { Err(Refused::Stream("it ends late")) }
}

fn read_sections(columns: &mut Columns<'_>, sections: &mut [Stored]) -> Result<(), Refused> {
    let forms = columns.column(sections.len())?;
    read_texts(columns, sections, &forms)?;
    for (section, form) in sections.iter_mut().zip(&forms) {
        let len = section.len;
        section.bytes = match form {
            0 => columns.bytes(len)?,
            1 | 2 | 12 => continue,
            3 => columns.rows(len, &[1])?,
            4 => columns.rows(len, &[2])?,
            5 => columns.rows(len, &[4])?,
            6 => columns.turned_words(len)?,
            7 => columns.rows(len, &[4; 2])?,
            8 => columns.rows(len, &[4; 5])?,
            9 => columns.rows(len, &[4; 3])?,
            10 => match columns.varint()? as usize {
                fields @ 1..=255 => columns.rows(len, &vec![2; fields])?,
                _ => return Err(Refused::Stream("a row has 1 to 255 fields")),
            },
            11 => match columns.varint()? as usize {
                row_len if row_len > 0 && len.is_multiple_of(row_len) => {
                    columns.bit_rows(&[(row_len, len / row_len)])?.concat()
                }
                _ => return Err(Refused::Stream("a section has no whole number of rows")),
            },
            _ => return Err(Refused::Stream("a section has a form that is not known")),
        };
    }
    let tags = sections.iter().zip(&forms).filter(|(_, form)| **form == 12).map(|(section, _)| section.tag);
    let mut tags: Vec<[u8; 4]> = tags.collect();
    tags.sort_unstable();
    match tags[..] {
        [] => Ok(()),
        [blob, rows, pieces] if [blob, rows, pieces] == [*b"BLOB", *b"FAMI", *b"PIEC"] => {
            together::read(columns, sections)
        }
        _ => Err(Refused::Stream("form 12 is of FAMI, PIEC and BLOB")),
    }
}

/// Forms 1 and 2.
fn read_texts(columns: &mut Columns<'_>, sections: &mut [Stored], forms: &[u32]) -> Result<(), Refused> {
    let (mut counts, mut len) = (Vec::new(), 0);
    for (section, form) in sections.iter().zip(forms) {
        let count = match form {
            1 => columns.varint()? as usize,
            2 => 1,
            _ => continue,
        };
        let text_at = if *form == 1 { 8 + 4 * count } else { 0 };
        len +=
            section.len.checked_sub(text_at).ok_or(Refused::Stream("a pool has no room for its offsets"))?;
        counts.push(count);
    }
    let count: usize = counts.iter().sum();
    let mut texts = if count == 0 { Vec::new() } else { columns.texts(count, len)? }.into_iter();
    let mut counts = counts.into_iter();
    for (section, form) in sections.iter_mut().zip(forms).filter(|(_, form)| matches!(**form, 1 | 2)) {
        let texts: Vec<Vec<u8>> = texts.by_ref().take(counts.next().unwrap_or(0)).collect();
        if *form == 1 {
            put32(&mut section.bytes, texts.len() as u32);
            let mut offset = 0;
            put32(&mut section.bytes, offset);
            for text in &texts {
                offset += text.len() as u32;
                put32(&mut section.bytes, offset);
            }
        }
        section.bytes.extend(texts.concat());
        if section.bytes.len() != section.len {
            return Err(Refused::Stream("a section of texts has another length"));
        }
    }
    Ok(())
}
