//! Rows of fields, a column for each field; and rows of bits, as what changes from row to row.

use super::bits::{Input, Malformed, put_varint};
use super::ints::{Sink, get_ints, put_ints, read_ints};

/// Appends the columns of rows whose fields have these widths in bytes: 1, 2 or 4. The bytes are whole
/// rows.
pub(crate) fn put_rows(out: &mut Vec<u8>, bytes: &[u8], widths: &[u8]) {
    let row_len: usize = widths.iter().map(|width| usize::from(*width)).sum();
    let mut column = Vec::with_capacity(bytes.len() / row_len.max(1));
    let mut offset = 0;
    for width in widths {
        let end = offset + usize::from(*width);
        column.clear();
        column.extend(bytes.chunks_exact(row_len.max(1)).map(|row| {
            let mut value = [0; 4];
            let field = row.get(offset..end).unwrap_or_default();
            value.iter_mut().zip(field).for_each(|(to, from)| *to = *from);
            u32::from_le_bytes(value)
        }));
        put_ints(out, &column);
        offset = end;
    }
}

/// Fills `out`, whole rows of zeros, from their columns.
pub(crate) fn get_rows(input: &mut Input<'_>, out: &mut [u8], widths: &[u8]) -> Result<(), Malformed> {
    let row_len: usize = widths.iter().map(|width| usize::from(*width)).sum();
    let count = out.len().checked_div(row_len).ok_or(Malformed)?;
    let mut offset = 0;
    for width in widths {
        match *width {
            1 => get_field::<1>(input, out, count, row_len, offset)?,
            2 => get_field::<2>(input, out, count, row_len, offset)?,
            4 => get_field::<4>(input, out, count, row_len, offset)?,
            _ => return Err(Malformed),
        }
        offset += usize::from(*width);
    }
    Ok(())
}

/// Puts numbers into one field of rows that hold zeros.
struct Field<'a, const WIDTH: usize> {
    /// From the field of the next row on.
    rest: &'a mut [u8],
    row_len: usize,
    /// All bits of all numbers.
    seen: u32,
}

impl<const WIDTH: usize> Field<'_, WIDTH> {
    /// The bytes from the next row's field on for `count` rows; the last row may be cut behind the field.
    fn next(&mut self, count: usize) -> &mut [u8] {
        let rest = std::mem::take(&mut self.rest);
        let len = (count * self.row_len).min(rest.len());
        let (own, behind) = rest.split_at_mut(len);
        self.rest = behind;
        own
    }
}

fn put<const WIDTH: usize>(row: &mut [u8], value: u32) {
    if let (Some(to), Some(from)) = (row.first_chunk_mut::<WIDTH>(), value.to_le_bytes().first_chunk()) {
        *to = *from;
    }
}

/// Puts each value where its row of `ROW` bytes begins; the last row may be cut.
fn put_each<const WIDTH: usize, const ROW: usize>(rows: &mut [u8], values: &[u32]) {
    let (whole, cut) = rows.as_chunks_mut::<ROW>();
    let (for_whole, for_cut) = values.split_at_checked(whole.len()).unwrap_or_default();
    whole.iter_mut().zip(for_whole).for_each(|(row, value)| put::<WIDTH>(row, *value));
    if let Some(value) = for_cut.first() {
        put::<WIDTH>(cut, *value);
    }
}

impl<const WIDTH: usize> Sink for Field<'_, WIDTH> {
    fn run(&mut self, length: usize, value: u32) {
        self.seen |= value;
        let row_len = self.row_len;
        let rows = self.next(length);
        if value == 0 {
            return;
        }
        if row_len == 1 {
            rows.fill(value as u8);
        } else {
            rows.chunks_mut(row_len).for_each(|row| put::<WIDTH>(row, value));
        }
    }

    fn values(&mut self, values: &mut [u32]) {
        let row_len = self.row_len;
        self.seen |= values.iter().fold(0, |seen, value| seen | *value);
        let rows = self.next(values.len());
        match row_len {
            _ if row_len == WIDTH => put_each::<WIDTH, WIDTH>(rows, values),
            // Types, places, entries.
            8 => put_each::<WIDTH, 8>(rows, values),
            12 => put_each::<WIDTH, 12>(rows, values),
            20 => put_each::<WIDTH, 20>(rows, values),
            _ => rows.chunks_mut(row_len).zip(values).for_each(|(row, value)| put::<WIDTH>(row, *value)),
        }
    }
}

fn get_field<const WIDTH: usize>(
    input: &mut Input<'_>,
    out: &mut [u8],
    count: usize,
    row_len: usize,
    offset: usize,
) -> Result<(), Malformed> {
    let mut field = Field::<WIDTH> { rest: out.get_mut(offset..).unwrap_or_default(), row_len, seen: 0 };
    read_ints(input, count, &mut field)?;
    if WIDTH == 4 || field.seen >> (8 * WIDTH as u32 % 32) == 0 { Ok(()) } else { Err(Malformed) }
}

/// Fills parts, which hold zeros, from one column of as many bytes as they have together.
pub(crate) fn get_byte_column(input: &mut Input<'_>, parts: &mut [&mut [u8]]) -> Result<(), Malformed> {
    let count = parts.iter().map(|part| part.len()).sum();
    let mut sink = Spread { parts, at: 0, seen: 0 };
    read_ints(input, count, &mut sink)?;
    if sink.seen <= 0xff { Ok(()) } else { Err(Malformed) }
}

struct Spread<'a, 'b> {
    parts: &'a mut [&'b mut [u8]],
    /// Where the next byte goes in the first of `parts`.
    at: usize,
    /// All bits of all numbers.
    seen: u32,
}

impl Spread<'_, '_> {
    /// The next bytes, at most `count`, of the first part that has some left.
    fn next(&mut self, count: usize) -> &mut [u8] {
        while self.parts.first().is_some_and(|part| self.at >= part.len()) {
            self.parts = std::mem::take(&mut self.parts).get_mut(1..).unwrap_or_default();
            self.at = 0;
        }
        let at = self.at;
        let part = self.parts.first_mut().map(|part| &mut **part).unwrap_or_default();
        let end = part.len().min(at + count);
        self.at = end;
        part.get_mut(at..end).unwrap_or_default()
    }
}

impl Sink for Spread<'_, '_> {
    fn run(&mut self, length: usize, value: u32) {
        self.seen |= value;
        let mut left = length;
        while left > 0 {
            let own = self.next(left);
            if own.is_empty() {
                return;
            }
            left -= own.len();
            own.fill(value as u8);
        }
    }

    fn values(&mut self, values: &mut [u32]) {
        let mut rest = &*values;
        while !rest.is_empty() {
            let own = self.next(rest.len());
            let (these, behind) = rest.split_at(own.len());
            if own.is_empty() {
                return;
            }
            let mut seen = 0;
            for (to, value) in own.iter_mut().zip(these) {
                seen |= value;
                *to = *value as u8;
            }
            self.seen |= seen;
            rest = behind;
        }
    }
}

/// Appends pieces of bit rows; each piece has its own number of bytes in a row, 1 or more, and whole
/// rows. A row is stored as the bits in which it differs from the row before it in its piece: how many,
/// and the gap in front of each.
pub(crate) fn put_bit_rows<'a>(out: &mut Vec<u8>, pieces: impl Iterator<Item = (&'a [u8], usize)>) {
    let (mut counts, mut gaps) = (Vec::new(), Vec::new());
    for (piece, stride) in pieces {
        let zeros = vec![0; stride];
        let mut before = zeros.as_slice();
        for row in piece.chunks_exact(stride.max(1)) {
            let (mut count, mut next) = (0, 0);
            for (at, (byte, byte_before)) in row.iter().zip(before).enumerate() {
                let mut changed = byte ^ byte_before;
                while changed != 0 {
                    let bit = at as u32 * 8 + changed.trailing_zeros();
                    gaps.push(bit - next);
                    next = bit + 1;
                    count += 1;
                    changed &= changed - 1;
                }
            }
            counts.push(count);
            before = row;
        }
    }
    put_varint(out, gaps.len() as u32);
    put_ints(out, &gaps);
    put_ints(out, &counts);
}

/// Fills pieces of bit rows, which hold zeros and whole rows of 1 byte or more.
pub(crate) fn get_bit_rows(
    input: &mut Input<'_>,
    pieces: &mut [(&mut [u8], usize)],
) -> Result<(), Malformed> {
    let rows = pieces.iter().map(|(piece, stride)| piece.len().checked_div(*stride).unwrap_or(0)).sum();
    let most_bits: u64 = pieces.iter().map(|(piece, _)| piece.len() as u64 * 8).sum();
    let changes = input.varint()?;
    if u64::from(changes) > most_bits {
        return Err(Malformed);
    }
    let gaps = get_ints(input, changes as usize)?;
    let mut sink = BitRows { pieces, at: 0, gaps: &gaps, fits: true };
    read_ints(input, rows, &mut sink)?;
    if sink.fits && sink.gaps.is_empty() { Ok(()) } else { Err(Malformed) }
}

/// Takes for each row the number of bits in which it differs from the row before it.
struct BitRows<'a, 'b> {
    pieces: &'a mut [(&'b mut [u8], usize)],
    /// Where the next row begins in the first of `pieces`.
    at: usize,
    gaps: &'a [u32],
    fits: bool,
}

impl<'b> BitRows<'_, 'b> {
    /// Takes rows of the first piece that has some left: those rows, as many as are asked for, with the row
    /// in front of them made equal.
    fn next(&mut self, count: usize) -> Option<(&mut [u8], usize)> {
        while self.pieces.first().is_some_and(|(piece, _)| self.at >= piece.len()) {
            self.pieces = std::mem::take(&mut self.pieces).get_mut(1..)?;
            self.at = 0;
        }
        let (piece, stride): &mut (&'b mut [u8], usize) = self.pieces.first_mut()?;
        let (at, count) = (self.at, count.min((piece.len() - self.at).checked_div(*stride)?));
        repeat_row(piece, at, count, *stride);
        self.at += count * *stride;
        Some((piece.get_mut(at..self.at)?, count))
    }

    fn changed_row(&mut self, count: u32) {
        let Some((changed, rest)) = self.gaps.split_at_checked(count as usize) else {
            self.fits = false;
            return;
        };
        self.gaps = rest;
        // Most pieces have rows of one byte.
        if let Some((piece, 1)) = self.pieces.first_mut()
            && let Some(at_before) = self.at.checked_sub(1)
            && let Some([before, row]) = piece.get_mut(at_before..).and_then(|rest| rest.first_chunk_mut())
        {
            let (mut next, mut bits) = (0_u64, *before);
            for gap in changed {
                let bit = next + u64::from(*gap);
                self.fits &= bit < 8;
                bits ^= 1 << (bit % 8);
                next = bit + 1;
            }
            *row = bits;
            self.at += 1;
            return;
        }
        let Some((row, _)) = self.next(1) else { return };
        let (mut next, mut fits) = (0_u64, true);
        for gap in changed {
            let bit = next + u64::from(*gap);
            match row.get_mut((bit / 8) as usize) {
                Some(byte) => *byte ^= 1 << (bit % 8),
                None => fits = false,
            }
            next = bit + 1;
        }
        self.fits &= fits;
    }
}

impl Sink for BitRows<'_, '_> {
    fn run(&mut self, length: usize, count: u32) {
        let mut left = length;
        while left > 0 && self.fits {
            if count > 0 {
                self.changed_row(count);
                left -= 1;
            } else {
                match self.next(left) {
                    Some((_, repeated)) if repeated > 0 => left -= repeated,
                    _ => self.fits = false,
                }
            }
        }
    }

    fn values(&mut self, counts: &mut [u32]) {
        for count in counts {
            self.run(1, *count);
        }
    }
}

/// Makes `count` rows from `at` on equal to the row in front of them, if there is one.
fn repeat_row(piece: &mut [u8], at: usize, count: usize, stride: usize) {
    let Some(before) = at.checked_sub(stride) else { return };
    if stride == 1 {
        let byte = piece.get(before).copied().unwrap_or(0);
        if byte != 0 {
            piece.get_mut(at..at + count).unwrap_or_default().fill(byte);
        }
        return;
    }
    // What is copied already is copied with the next, so a long run takes few copies.
    let Some(rows) = piece.get_mut(before..at + count * stride) else { return };
    let mut known = stride;
    while known < rows.len() {
        let len = known.min(rows.len() - known);
        rows.copy_within(..len, known);
        known += len;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_that_its_field_cannot_hold_is_refused() {
        let mut out = Vec::new();
        put_ints(&mut out, &[255, 256]);
        assert_eq!(get_rows(&mut Input::new(&out), &mut [0; 2], &[1]), Err(Malformed));
        assert_eq!(get_rows(&mut Input::new(&out), &mut [0; 4], &[2]), Ok(()));
    }

    #[test]
    fn rows_that_repeat_cost_a_few_bytes() {
        let piece = [vec![0b01; 900], vec![0b11; 40], vec![0b01; 2000]].concat();
        let mut out = Vec::new();
        put_bit_rows(&mut out, std::iter::once((piece.as_slice(), 1)));
        assert!(out.len() < 30, "{}", out.len());
    }

    proptest! {
        #[test]
        fn rows_come_back(rows in prop::collection::vec((any::<u32>(), 0..9_u8, any::<u16>()), 0..300)) {
            let bytes: Vec<u8> = rows
                .iter()
                .flat_map(|(a, b, c)| [&a.to_le_bytes()[..], &[*b], &c.to_le_bytes()].concat())
                .collect();
            let mut out = Vec::new();
            put_rows(&mut out, &bytes, &[4, 1, 2]);
            let mut found = vec![0; bytes.len()];
            let mut input = Input::new(&out);
            prop_assert_eq!(get_rows(&mut input, &mut found, &[4, 1, 2]), Ok(()));
            prop_assert!(input.is_empty());
            prop_assert_eq!(found, bytes);
        }

        #[test]
        fn bit_rows_come_back(rows in prop::collection::vec((any::<u8>(), 0..5_usize), 0..60), strides in prop::collection::vec(1..5_usize, 1..4)) {
            let bytes: Vec<u8> = rows.iter().flat_map(|(byte, times)| vec![*byte; *times]).collect();
            let pieces: Vec<(&[u8], usize)> =
                strides.iter().map(|stride| (&bytes[..bytes.len() / stride * stride], *stride)).collect();
            let mut out = Vec::new();
            put_bit_rows(&mut out, pieces.iter().copied());
            let mut found: Vec<(Vec<u8>, usize)> =
                pieces.iter().map(|(piece, stride)| (vec![0; piece.len()], *stride)).collect();
            let mut parts: Vec<(&mut [u8], usize)> =
                found.iter_mut().map(|(piece, stride)| (piece.as_mut_slice(), *stride)).collect();
            let mut input = Input::new(&out);
            prop_assert_eq!(get_bit_rows(&mut input, &mut parts), Ok(()));
            prop_assert!(input.is_empty());
            for ((found, _), (piece, _)) in found.iter().zip(pieces) {
                prop_assert_eq!(found.as_slice(), piece);
            }
        }

        #[test]
        fn any_bytes_are_bit_rows_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60), rows in 0..200_usize, stride in 1..4_usize) {
            let mut piece = vec![0; rows * stride];
            let _refused_or_not = get_bit_rows(&mut Input::new(&bytes), &mut [(&mut piece, stride)]);
        }
    }
}
