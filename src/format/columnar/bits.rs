//! The smallest parts of a column: numbers of seven bits a byte, and blocks of numbers packed to the
//! bits that the largest needs.

/// The stored bytes break a rule of the columnar stream, or give another length than promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Numbers in a block. One block has one smallest number and one width, so that a few large numbers
/// widen only their neighbours.
pub(crate) const BLOCK: usize = 256;

/// What is left of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of up to 32 bits, seven bits a byte, lowest first; the highest bit says that more follow.
    pub(crate) fn varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| Malformed);
            }
        }
        Err(Malformed)
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small differences of either sign become small numbers.
pub(crate) const fn zigzag(difference: u32) -> u32 {
    (difference << 1) ^ (difference.cast_signed() >> 31).cast_unsigned()
}

pub(crate) const fn unzigzag(value: u32) -> u32 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}

/// Bytes that `count` numbers of `width` bits take.
const fn packed_len(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// One block: its width and smallest number, then what each is more. At most [`BLOCK`] numbers.
/// `mark` goes into the upper two bits of the width's byte.
pub(crate) fn put_block(out: &mut Vec<u8>, values: &[u32], mark: u8) {
    let smallest = values.iter().copied().min().unwrap_or(0);
    let largest = values.iter().copied().max().unwrap_or(0);
    let width = u32::BITS - (largest - smallest).leading_zeros();
    out.push(mark << 6 | width as u8);
    put_varint(out, smallest);
    let (mut pending, mut pending_bits) = (0_u64, 0);
    for value in values {
        pending |= u64::from(value - smallest) << pending_bits;
        pending_bits += width;
        while pending_bits >= 8 {
            out.push(pending as u8);
            pending >>= 8;
            pending_bits -= 8;
        }
    }
    if pending_bits > 0 {
        out.push(pending as u8);
    }
}

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// The same number everywhere: no element needs a look.
    Constant(u32),
    /// The numbers are in the list that was given.
    Unpacked,
}

/// Reads a block of `width` bits, at most 32, for as many numbers as `values` has, at most [`BLOCK`].
pub(crate) fn get_block(input: &mut Input<'_>, width: u8, values: &mut [u32]) -> Result<Block, Malformed> {
    let width = u32::from(width);
    if width > u32::BITS {
        return Err(Malformed);
    }
    let smallest = input.varint()?;
    if width == 0 {
        return Ok(Block::Constant(smallest));
    }
    let stream = input.0;
    input.take(packed_len(values.len(), width))?;
    // As many numbers as eight bytes surely hold from the byte on in which the first of them begins.
    match width {
        1..=8 => unpack::<8>(stream, width, smallest, values),
        9..=15 => unpack::<4>(stream, width, smallest, values),
        16..=29 => unpack::<2>(stream, width, smallest, values),
        _ => unpack::<1>(stream, width, smallest, values),
    }
    Ok(Block::Unpacked)
}

/// Unpacks `values` from the beginning of `stream`, `AT_ONCE` from each load, which may reach into what
/// follows.
fn unpack<const AT_ONCE: usize>(stream: &[u8], width: u32, smallest: u32, values: &mut [u32]) {
    let mask = (1_u64 << width) - 1;
    let mut at_bit = 0_usize;
    let mut load = || {
        let window = stream.get(at_bit / 8..).unwrap_or_default();
        let word = window.first_chunk().map_or_else(|| last_word(window), |word| u64::from_le_bytes(*word));
        let word = word >> (at_bit % 8);
        at_bit += width as usize * AT_ONCE;
        word
    };
    let (whole, rest) = values.as_chunks_mut::<AT_ONCE>();
    for values in whole {
        let mut word = load();
        for value in values {
            *value = smallest.wrapping_add((word & mask) as u32);
            word >>= width;
        }
    }
    if !rest.is_empty() {
        let mut word = load();
        for value in rest {
            *value = smallest.wrapping_add((word & mask) as u32);
            word >>= width;
        }
    }
}

/// The last bytes of a stream, fewer than eight, as a number.
#[cold]
fn last_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_differences_of_either_sign_are_small_numbers() {
        let differences = [0_u32, 1_u32.wrapping_neg(), 1, 2_u32.wrapping_neg(), 2];
        assert_eq!(differences.map(zigzag), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_number_of_more_than_32_bits_is_refused() {
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).varint(), Ok(u32::MAX));
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).varint(), Err(Malformed));
        assert_eq!(Input::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0]).varint(), Err(Malformed));
        assert_eq!(Input::new(&[0x80]).varint(), Err(Malformed));
    }

    #[test]
    fn a_block_takes_the_bits_of_its_widest_difference() {
        let mut out = Vec::new();
        put_block(&mut out, &[1000, 1003, 1001], 0);
        assert_eq!(out, [2, 0xe8, 0x07, 0b01_11_00]);
        put_block(&mut out, &[7; BLOCK], 2);
        assert_eq!(out.len(), 4 + 2);
    }

    #[test]
    fn a_width_over_32_bits_is_refused() {
        assert_eq!(get_block(&mut Input::new(&[0; 100]), 33, &mut [0]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn numbers_come_back(value in any::<u32>()) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(Input::new(&out).varint(), Ok(value));
            prop_assert_eq!(unzigzag(zigzag(value)), value);
        }

        #[test]
        fn blocks_come_back(values in prop::collection::vec(any::<u32>(), 1..=BLOCK), shift in 0..32) {
            let values: Vec<u32> = values.iter().map(|value| value >> shift).collect();
            let mut out = Vec::new();
            put_block(&mut out, &values, 0);
            let mut input = Input::new(&out);
            let width = input.byte().expect("a width");
            let mut found = vec![0; values.len()];
            if let Ok(Block::Constant(value)) = get_block(&mut input, width, &mut found) {
                found.fill(value);
            }
            prop_assert_eq!(found, values);
            prop_assert!(input.is_empty());
        }
    }
}
