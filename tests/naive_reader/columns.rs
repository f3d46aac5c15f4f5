//! Numbers, columns and texts of the columnar stream: chapter 11.

use super::{Refused, lz4};

fn bad<T>(what: &'static str) -> Result<T, Refused> {
    Err(Refused::Stream(what))
}

fn sum(numbers: &[u32]) -> usize {
    numbers.iter().map(|number| *number as usize).sum()
}

/// What is left of a stream.
pub(super) struct Columns<'a>(pub(super) &'a [u8]);

impl<'a> Columns<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Refused> {
        let Some((taken, rest)) = self.0.split_at_checked(len) else { return bad("it ends early") };
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refused> {
        self.take(1).map(|byte| byte[0])
    }

    pub(super) fn varint(&mut self) -> Result<u32, Refused> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return u32::try_from(value).or(bad("a number has more than 32 bits"));
            }
        }
        bad("a number has more than five bytes")
    }

    fn block(&mut self, count: usize) -> Result<Vec<u32>, Refused> {
        let width = usize::from(self.byte()?);
        if width > 32 {
            return bad("a block is wider than 32 bits, or has a form");
        }
        let smallest = self.varint()?;
        let bytes = self.take((count * width).div_ceil(8))?;
        let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
        let more = |index: usize| (0..width).fold(0, |more, at| more | bit(index * width + at) << at);
        Ok((0..count).map(|index| smallest.wrapping_add(more(index))).collect())
    }

    fn packed(&mut self, count: usize) -> Result<Vec<u32>, Refused> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            numbers.extend(self.block((count - numbers.len()).min(256))?);
        }
        Ok(numbers)
    }

    pub(super) fn column(&mut self, count: usize) -> Result<Vec<u32>, Refused> {
        self.column_of(count, 3)
    }

    /// A column of form 0 or 1.
    fn inner(&mut self, count: usize) -> Result<Vec<u32>, Refused> {
        self.column_of(count, 1)
    }

    fn column_of(&mut self, count: usize, largest_form: u8) -> Result<Vec<u32>, Refused> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let Some(first) = self.0.first().copied() else { return bad("it ends early") };
        if first >> 6 > largest_form {
            return bad("a column inside another has a form of 2 or 3");
        }
        if first >> 6 == 0 {
            return self.packed(count);
        }
        self.byte()?;
        let numbers = match (first >> 6, first & 63) {
            (1, 0) => self.differences(count)?,
            (2, 0) => {
                let runs = self.varint()? as usize;
                let (values, lengths) = (self.inner(runs)?, self.inner(runs)?);
                if sum(&lengths) + runs != count {
                    return bad("runs do not add up");
                }
                let run = |(value, length): (&u32, &u32)| vec![*value; *length as usize + 1];
                values.iter().zip(&lengths).flat_map(run).collect()
            }
            (3, 0) => {
                let distinct = self.varint()? as usize;
                if distinct > count {
                    return bad("there are more distinct numbers than numbers");
                }
                let (values, indexes) = (self.inner(distinct)?, self.inner(count)?);
                let value = |index: &u32| values.get(*index as usize).copied();
                let found: Option<Vec<u32>> = indexes.iter().map(value).collect();
                found.ok_or(Refused::Stream("an index is outside its numbers"))?
            }
            (3, 1) => {
                let width = usize::from(self.byte()?);
                if !(1..=4).contains(&width) {
                    return bad("a number has 1 to 4 bytes");
                }
                let number =
                    |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
                self.bytes(count * width)?.chunks_exact(width).map(number).collect()
            }
            _ => return bad("a column has a form that is not known"),
        };
        Ok(numbers)
    }

    fn differences(&mut self, count: usize) -> Result<Vec<u32>, Refused> {
        let mut last = self.varint()?;
        let mut numbers = vec![last];
        for zigzag in self.packed(count - 1)? {
            last = last.wrapping_add(zigzag >> 1 ^ (zigzag & 1).wrapping_neg());
            numbers.push(last);
        }
        Ok(numbers)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<Vec<u8>, Refused> {
        if len == 0 {
            return Ok(Vec::new());
        }
        match self.byte()? {
            0 => self.take(len).map(<[u8]>::to_vec),
            1 => {
                let block_len = self.varint()? as usize;
                lz4::decode(self.take(block_len)?, len)
            }
            _ => bad("bytes have a form that is not known"),
        }
    }

    /// As many rows of fields of these widths as have `len` bytes.
    pub(super) fn rows(&mut self, len: usize, widths: &[usize]) -> Result<Vec<u8>, Refused> {
        let row_len: usize = widths.iter().sum();
        if !len.is_multiple_of(row_len) {
            return bad("a section has no whole number of rows");
        }
        let fields: Vec<Vec<u32>> =
            widths.iter().map(|_| self.column(len / row_len)).collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for row in 0..len / row_len {
            for (field, width) in fields.iter().zip(widths) {
                let number = field[row].to_le_bytes();
                if number[*width..].iter().any(|byte| *byte != 0) {
                    return bad("a field cannot hold its number");
                }
                rows.extend(&number[..*width]);
            }
        }
        Ok(rows)
    }

    /// Rows of `u32` whose bit 31 stands at bit 0.
    pub(super) fn turned_words(&mut self, len: usize) -> Result<Vec<u8>, Refused> {
        let words = self.rows(len, &[4])?;
        let turn = |word: &[u8]| {
            u32::from_le_bytes([word[0], word[1], word[2], word[3]]).rotate_right(1).to_le_bytes()
        };
        Ok(words.chunks_exact(4).flat_map(turn).collect())
    }

    /// Pieces given by the length of a row and the number of rows.
    pub(super) fn bit_rows(&mut self, pieces: &[(usize, usize)]) -> Result<Vec<Vec<u8>>, Refused> {
        let gap_count = self.varint()? as usize;
        let mut gaps = self.column(gap_count)?.into_iter();
        let mut changes = self.column(pieces.iter().map(|piece| piece.1).sum())?.into_iter();
        let mut found = Vec::new();
        for (row_len, row_count) in pieces {
            let (mut row, mut piece) = (vec![0_u8; *row_len], Vec::new());
            for _ in 0..*row_count {
                let mut next = 0;
                for _ in 0..changes.next().unwrap_or(0) {
                    let Some(gap) = gaps.next() else { return bad("a gap is missing") };
                    let bit = next + gap as usize;
                    let Some(byte) = row.get_mut(bit / 8) else { return bad("a bit is outside its row") };
                    *byte ^= 1 << (bit % 8);
                    next = bit + 1;
                }
                piece.extend(&row);
            }
            found.push(piece);
        }
        if gaps.next().is_some() { bad("a gap is left over") } else { Ok(found) }
    }

    /// `count` pieces of bytes that follow each other.
    fn cut(&mut self, lengths: &[u32]) -> Result<Vec<Vec<u8>>, Refused> {
        let bytes = self.bytes(sum(lengths))?;
        let mut rest = bytes.as_slice();
        let piece = |length: &u32| {
            let (piece, behind) = rest.split_at(*length as usize);
            rest = behind;
            piece.to_vec()
        };
        Ok(lengths.iter().map(piece).collect())
    }

    /// `count` texts of `len` bytes together.
    pub(super) fn texts(&mut self, count: usize, len: usize) -> Result<Vec<Vec<u8>>, Refused> {
        let separator_count = self.varint()? as usize;
        let lengths = self.column(separator_count)?;
        let separators = self.cut(&lengths)?;
        let (shared, following, last) = (self.column(count)?, self.column(count)?, self.column(count)?);
        let pair_count = sum(&following);
        let (pair_separators, is_new) = (self.column(pair_count)?, self.column(pair_count)?);
        if is_new.iter().any(|flag| *flag > 1) {
            return bad("a word is met before or not");
        }
        let new_count = is_new.iter().filter(|flag| **flag != 0).count();
        let mut known = self.column(pair_count - new_count)?.into_iter();
        let new_words = self.words(new_count)?;
        let (mut pairs, mut met) = (pair_separators.into_iter().zip(is_new), 0);
        let mut text_pairs: Vec<(usize, usize)> = Vec::new();
        let mut texts = Vec::new();
        for text in 0..count {
            if shared[text] as usize > text_pairs.len() {
                return bad("a text shares more than there is");
            }
            text_pairs.truncate(shared[text] as usize);
            for (separator, is_new) in pairs.by_ref().take(following[text] as usize) {
                let word =
                    if is_new == 0 { known.next().map_or(usize::MAX, |word| word as usize) } else { met };
                met += usize::from(is_new != 0);
                if word >= met {
                    return bad("a word was not met before");
                }
                text_pairs.push((separator as usize, word));
            }
            let mut bytes = Vec::new();
            for (separator, word) in &text_pairs {
                bytes.extend(separators.get(*separator).ok_or(Refused::Stream("a separator is not there"))?);
                bytes.extend(&new_words[*word]);
            }
            let end = separators.get(last[text] as usize);
            bytes.extend(end.ok_or(Refused::Stream("a separator is not there"))?);
            texts.push(bytes);
        }
        if texts.iter().map(Vec::len).sum::<usize>() == len {
            Ok(texts)
        } else {
            bad("texts have another length")
        }
    }

    fn words(&mut self, count: usize) -> Result<Vec<Vec<u8>>, Refused> {
        let (shared, following) = (self.column(count)?, self.column(count)?);
        let ends = self.cut(&following)?;
        let mut words: Vec<Vec<u8>> = Vec::new();
        for (shared, end) in shared.iter().zip(ends) {
            let before = words.last().map_or(&[][..], Vec::as_slice);
            let Some(front) = before.get(..*shared as usize) else { return bad("a word shares too much") };
            words.push([front, &end].concat());
            if words.last().is_some_and(Vec::is_empty) {
                return bad("a word has a byte at least");
            }
        }
        Ok(words)
    }
}
