//! `FAMI`, `PIEC` and `BLOB` of an image in the columnar stream.

use super::Refused;
use super::bytes::{u8_at, u32_at};
use super::columns::Columns;
use super::stream::Stored;

/// Fields of a row of `FAMI`, the hash as two.
const FAMILY: [usize; 19] = [4, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];

/// A piece whose bytes stand in the stream.
struct New {
    group: usize,
    /// Length in bytes of a row of bits.
    row_len: usize,
    offset: usize,
    len: usize,
}

/// Kinds and stored offsets of the pieces of one column of places, and where the last one lay.
struct Places {
    kinds: std::vec::IntoIter<u32>,
    stored: std::vec::IntoIter<u32>,
    last: u32,
}

/// Gives pieces their offsets.
struct Placing {
    places: Vec<Places>,
    blob_len: usize,
    end: usize,
    new: Vec<New>,
}

impl Placing {
    fn offset(&mut self, column: usize, group: usize, row_len: usize, len: usize) -> Result<u32, Refused> {
        let places = &mut self.places[column];
        let missing = Refused::Stream("a kind or an offset is missing");
        let offset = match places.kinds.next().ok_or(missing.clone())? {
            0 => {
                let offset = self.end.next_multiple_of(8);
                self.end = offset + len;
                if len == 0 || self.end > self.blob_len {
                    return Err(Refused::Stream("a new piece is empty or too long"));
                }
                self.new.push(New { group, row_len, offset, len });
                offset as u32
            }
            1 => 0,
            2 => places.last,
            3 => {
                let stored = places.stored.next().ok_or(missing)?;
                stored.checked_mul(8).ok_or(Refused::Stream("an offset is too large"))?
            }
            _ => return Err(Refused::Stream("a kind is not known")),
        };
        places.last = offset;
        Ok(offset)
    }

    fn further(&mut self, row: &mut [u8]) -> Result<(), Refused> {
        let len = u32_at(row, 8)? as usize;
        let group = match &row[..4] {
            b"CLAS" => 5,
            b"DDAG" if len.is_multiple_of(4) => 6,
            b"RULE" if len.is_multiple_of(2) => 7,
            _ => 8,
        };
        let offset = self.offset(5, group, 0, len)?;
        row[4..8].copy_from_slice(&offset.to_le_bytes());
        Ok(())
    }
}

pub(super) fn read(columns: &mut Columns<'_>, sections: &mut [Stored]) -> Result<(), Refused> {
    let len =
        |tag: &[u8; 4]| sections.iter().find(|section| section.tag == *tag).map_or(0, |section| section.len);
    let blob_len = len(b"BLOB");
    let mut families = columns.rows(len(b"FAMI"), &FAMILY)?;
    let mut pieces = columns.rows(len(b"PIEC"), &[4; 3])?;
    let mut places = Vec::new();
    for column in 0..6 {
        let count = if column == 5 { pieces.len() / 12 } else { families.len() / 64 };
        let kinds = columns.column(count)?;
        let stored = columns.column(kinds.iter().filter(|kind| **kind == 3).count())?;
        places.push(Places { kinds: kinds.into_iter(), stored: stored.into_iter(), last: 0 });
    }
    let mut placing = Placing { places, blob_len, end: 0, new: Vec::new() };
    let (mut first_piece, mut first_place, mut claimed) = (0_u32, 0_u32, 0_usize);
    for row in families.chunks_exact_mut(64) {
        let [entries, types, params] =
            [20, 24, 28].map(|at| u32_at(row, at).map_or(0, |count| count as usize));
        let (arity, row_len) = (usize::from(u8_at(row, 4)?), params.div_ceil(8));
        let lens = [4 * types, 4 * params, types * row_len, 2 * entries * arity, 20 * entries];
        for (column, (len, group)) in lens.into_iter().zip([1, 1, 2, 3, 4]).enumerate() {
            let offset = placing.offset(column, group, row_len, len)?;
            row[32 + 4 * column..36 + 4 * column].copy_from_slice(&offset.to_le_bytes());
        }
        let piece_count = u32_at(row, 56)?;
        let first = first_piece.wrapping_add(u32_at(row, 52)?);
        row[52..56].copy_from_slice(&first.to_le_bytes());
        let place = first_place.wrapping_add(u32_at(row, 60)?);
        row[60..64].copy_from_slice(&place.to_le_bytes());
        first_piece = first_piece.wrapping_add(piece_count);
        first_place = first_place.wrapping_add(entries as u32);
        let mut own = pieces.chunks_exact_mut(12).skip(claimed).take(piece_count as usize);
        own.try_for_each(|row| placing.further(row))?;
        claimed = (claimed + piece_count as usize).min(pieces.len() / 12);
    }
    pieces.chunks_exact_mut(12).skip(claimed).try_for_each(|row| placing.further(row))?;
    let mut blob = vec![0; blob_len];
    for group in 1..=8 {
        let new: Vec<&New> = placing.new.iter().filter(|new| new.group == group).collect();
        let content = content(columns, group, &new)?;
        let mut rest = content.as_slice();
        for piece in new {
            let (bytes, behind) = rest.split_at(piece.len);
            blob[piece.offset..piece.offset + piece.len].copy_from_slice(bytes);
            rest = behind;
        }
    }
    for (tag, bytes) in [(b"FAMI", families), (b"PIEC", pieces), (b"BLOB", blob)] {
        if let Some(section) = sections.iter_mut().find(|section| section.tag == *tag) {
            section.bytes = bytes;
        }
    }
    Ok(())
}

/// The new pieces of a group, one behind the other.
fn content(columns: &mut Columns<'_>, group: usize, new: &[&New]) -> Result<Vec<u8>, Refused> {
    let len = new.iter().map(|piece| piece.len).sum();
    match group {
        _ if new.is_empty() => Ok(Vec::new()),
        1 => {
            let firsts = columns.column(new.len())?;
            let mut gaps = columns.column(len / 4 - new.len())?.into_iter();
            let mut bytes = Vec::new();
            for (first, piece) in firsts.into_iter().zip(new) {
                let mut number = first;
                bytes.extend(number.to_le_bytes());
                for gap in gaps.by_ref().take(piece.len / 4 - 1) {
                    number = number.wrapping_add(gap).wrapping_add(1);
                    bytes.extend(number.to_le_bytes());
                }
            }
            Ok(bytes)
        }
        2 => {
            let rows: Vec<(usize, usize)> =
                new.iter().map(|piece| (piece.row_len, piece.len / piece.row_len)).collect();
            Ok(columns.bit_rows(&rows)?.concat())
        }
        3 | 7 => columns.rows(len, &[2]),
        4 => columns.rows(len, &[4; 5]),
        5 => columns.rows(len, &[1]),
        6 => columns.turned_words(len),
        _ => columns.bytes(len),
    }
}
