//! One column of numbers, in whichever of a few forms is the shortest.

use std::collections::HashMap;

use super::bits::{BLOCK, Block, Input, Malformed, get_block, put_block, put_varint, unzigzag, zigzag};
use super::bytes::{get_bytes, put_bytes};

/// The numbers, packed in blocks.
const PACKED: u8 = 0;
/// The first number, then differences, packed.
const DELTA: u8 = 1;
/// Runs of equal numbers: values, then lengths less one.
const RUNS: u8 = 2;
/// See [`DISTINCT`] and [`LZ`].
const OTHER: u8 = 3;
/// The distinct numbers, then for each its index among them.
const DISTINCT: u8 = 0;
/// As many bytes for each as the largest takes, as one column of bytes.
const LZ: u8 = 1;

/// Fewer numbers than this are tried packed and as runs only: the others cannot be much shorter.
const FEW: usize = 8;

/// Appends a column. How many there are is not stored: whoever reads knows it.
pub(crate) fn put_ints(out: &mut Vec<u8>, values: &[u32]) {
    if values.is_empty() {
        return;
    }
    let mut best = packed(values, PACKED);
    let mut offer = |other: Vec<u8>| {
        if other.len() < best.len() {
            best = other;
        }
    };
    // A constant column is two bytes or a little more, which nothing beats.
    if values.windows(2).any(|pair| pair.first() != pair.last()) {
        offer(runs(values));
        if values.len() >= FEW {
            offer(delta(values));
            offer(distinct(values));
            offer(lz(values));
        }
    }
    out.append(&mut best);
}

fn packed(values: &[u32], mark: u8) -> Vec<u8> {
    let mut out = Vec::new();
    for block in values.chunks(BLOCK) {
        put_block(&mut out, block, mark);
    }
    out
}

fn nested(out: &mut Vec<u8>, values: &[u32]) {
    if values.is_empty() {
        return;
    }
    let (packed, delta) = (packed(values, PACKED), delta(values));
    out.extend(if delta.len() < packed.len() { delta } else { packed });
}

fn delta(values: &[u32]) -> Vec<u8> {
    let differences: Vec<u32> = values.windows(2).map(|pair| zigzag(pair[1].wrapping_sub(pair[0]))).collect();
    let mut out = vec![DELTA << 6];
    put_varint(&mut out, values.first().copied().unwrap_or(0));
    out.extend(packed(&differences, PACKED));
    out
}

fn runs(values: &[u32]) -> Vec<u8> {
    let (mut run_values, mut lengths) = (Vec::new(), Vec::new());
    for run in values.chunk_by(|a, b| a == b) {
        run_values.extend(run.first());
        lengths.push(run.len() as u32 - 1);
    }
    let mut out = vec![RUNS << 6];
    put_varint(&mut out, lengths.len() as u32);
    nested(&mut out, &run_values);
    nested(&mut out, &lengths);
    out
}

fn distinct(values: &[u32]) -> Vec<u8> {
    let mut known = Vec::new();
    let mut index_of = HashMap::new();
    let mut indexes = Vec::with_capacity(values.len());
    for value in values {
        let index = *index_of.entry(*value).or_insert_with(|| {
            known.push(*value);
            known.len() as u32 - 1
        });
        indexes.push(index);
    }
    let mut out = vec![OTHER << 6 | DISTINCT];
    put_varint(&mut out, known.len() as u32);
    nested(&mut out, &known);
    nested(&mut out, &indexes);
    out
}

fn lz(values: &[u32]) -> Vec<u8> {
    let largest = values.iter().copied().max().unwrap_or(0);
    let width = (u32::BITS - largest.leading_zeros()).div_ceil(8).max(1) as usize;
    let plain: Vec<u8> =
        values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect();
    let mut out = vec![OTHER << 6 | LZ, width as u8];
    put_bytes(&mut out, &plain);
    out
}

/// Takes the numbers of a column in their order.
pub(crate) trait Sink {
    /// The next `length` numbers are `value`.
    fn run(&mut self, length: usize, value: u32);
    /// The next numbers, in a list that may be written over.
    fn values(&mut self, values: &mut [u32]);
}

/// Fills a list that is as long as the column.
struct Fill<'a>(&'a mut [u32]);

impl Sink for Fill<'_> {
    fn run(&mut self, length: usize, value: u32) {
        let (own, rest) = std::mem::take(&mut self.0).split_at_mut_checked(length).unwrap_or_default();
        own.fill(value);
        self.0 = rest;
    }

    fn values(&mut self, values: &mut [u32]) {
        let (own, rest) = std::mem::take(&mut self.0).split_at_mut_checked(values.len()).unwrap_or_default();
        if own.len() == values.len() {
            own.copy_from_slice(values);
        }
        self.0 = rest;
    }
}

/// Reads a column of `count` numbers into `sink`, which gets exactly that many unless the result is an
/// error. Memory: what the runs or distinct numbers take, which is bounded by `count`.
pub(crate) fn read_ints(input: &mut Input<'_>, count: usize, sink: &mut impl Sink) -> Result<(), Malformed> {
    if count == 0 {
        return Ok(());
    }
    let head = input.byte()?;
    match (head >> 6, head & 0x3f) {
        (PACKED, width) => read_packed(input, width, count, sink),
        (DELTA, 0) => read_delta(input, count, sink),
        (RUNS, 0) => {
            let runs = input.varint()? as usize;
            if runs > count {
                return Err(Malformed);
            }
            let values = get_nested(input, runs)?;
            let lengths = get_nested(input, runs)?;
            let mut left = count;
            for (value, length) in values.into_iter().zip(lengths) {
                let length = length as usize + 1;
                left = left.checked_sub(length).ok_or(Malformed)?;
                sink.run(length, value);
            }
            if left == 0 { Ok(()) } else { Err(Malformed) }
        }
        (OTHER, DISTINCT) => {
            let known = input.varint()? as usize;
            if known > count {
                return Err(Malformed);
            }
            let known = get_nested(input, known)?;
            let mut indexes = get_nested(input, count)?;
            for value in &mut indexes {
                *value = *known.get(*value as usize).ok_or(Malformed)?;
            }
            sink.values(&mut indexes);
            Ok(())
        }
        (OTHER, LZ) => {
            let width = usize::from(input.byte()?);
            if !(1..=4).contains(&width) {
                return Err(Malformed);
            }
            let mut plain = vec![0; count.checked_mul(width).ok_or(Malformed)?];
            get_bytes(input, &mut plain)?;
            let mut values = [0; BLOCK];
            for part in plain.chunks(BLOCK * width) {
                let each = values.iter_mut();
                match width {
                    // Most columns of repeating numbers are classes, of one byte.
                    1 => each.zip(part).for_each(|(value, byte)| *value = u32::from(*byte)),
                    2 => each
                        .zip(part.as_chunks::<2>().0)
                        .for_each(|(value, bytes)| *value = u32::from(u16::from_le_bytes(*bytes))),
                    _ => each.zip(part.chunks_exact(width)).for_each(|(value, bytes)| {
                        *value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                    }),
                }
                sink.values(values.get_mut(..part.len() / width).unwrap_or_default());
            }
            Ok(())
        }
        _ => Err(Malformed),
    }
}

/// As [`read_ints`], into a list. Whoever asks has found `count` to be possible.
pub(crate) fn get_ints(input: &mut Input<'_>, count: usize) -> Result<Vec<u32>, Malformed> {
    // The forms that may be nested are read to where they stay, the others by way of a sink.
    let mut column = *input;
    if count == 0 || column.byte()? >> 6 <= DELTA {
        return get_nested(input, count);
    }
    let mut values = vec![0; count];
    read_ints(input, count, &mut Fill(&mut values))?;
    Ok(values)
}

fn get_nested(input: &mut Input<'_>, count: usize) -> Result<Vec<u32>, Malformed> {
    let mut values = vec![0; count];
    if count == 0 {
        return Ok(values);
    }
    let head = input.byte()?;
    match (head >> 6, head & 0x3f) {
        (PACKED, width) => fill_packed(input, width, &mut values)?,
        (DELTA, 0) => {
            let mut last = input.varint()?;
            let Some((first, differences)) = values.split_first_mut() else { return Err(Malformed) };
            *first = last;
            if !differences.is_empty() {
                let width = input.byte()?;
                fill_packed(input, width, differences)?;
            }
            for value in differences {
                last = last.wrapping_add(unzigzag(*value));
                *value = last;
            }
        }
        _ => return Err(Malformed),
    }
    Ok(values)
}

/// As [`read_packed`], into a list of at least one number.
fn fill_packed(input: &mut Input<'_>, first_width: u8, values: &mut [u32]) -> Result<(), Malformed> {
    let mut width = Some(first_width);
    for block in values.chunks_mut(BLOCK) {
        let width = width.take().map_or_else(|| input.byte(), Ok)?;
        if let Block::Constant(value) = get_block(input, width, block)? {
            block.fill(value);
        }
    }
    Ok(())
}

fn read_packed(
    input: &mut Input<'_>,
    first_width: u8,
    count: usize,
    sink: &mut impl Sink,
) -> Result<(), Malformed> {
    let mut values = [0; BLOCK];
    let (mut left, mut width) = (count, first_width);
    loop {
        let values = values.get_mut(..left.min(BLOCK)).unwrap_or_default();
        match get_block(input, width, values)? {
            Block::Constant(value) => sink.run(values.len(), value),
            Block::Unpacked => sink.values(values),
        }
        left -= values.len();
        if left == 0 {
            return Ok(());
        }
        width = input.byte()?;
    }
}

/// Turns differences into numbers.
struct Sum<'a, S> {
    last: u32,
    sink: &'a mut S,
}

impl<S: Sink> Sink for Sum<'_, S> {
    fn run(&mut self, length: usize, difference: u32) {
        if difference == 0 {
            self.sink.run(length, self.last);
            return;
        }
        let mut left = length;
        while left > 0 {
            let count = left.min(BLOCK);
            self.values([difference; BLOCK].get_mut(..count).unwrap_or_default());
            left -= count;
        }
    }

    fn values(&mut self, differences: &mut [u32]) {
        let mut last = self.last;
        for value in &mut *differences {
            last = last.wrapping_add(unzigzag(*value));
            *value = last;
        }
        self.last = last;
        self.sink.values(differences);
    }
}

fn read_delta(input: &mut Input<'_>, count: usize, sink: &mut impl Sink) -> Result<(), Malformed> {
    let first = input.varint()?;
    sink.run(1, first);
    if count == 1 {
        return Ok(());
    }
    let width = input.byte()?;
    read_packed(input, width, count - 1, &mut Sum { last: first, sink })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(values: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        put_ints(&mut out, values);
        let mut input = Input::new(&out);
        assert_eq!(get_ints(&mut input, values.len()).as_deref(), Ok(values));
        assert!(input.is_empty());
        out
    }

    #[test]
    fn every_form_is_taken_where_it_is_the_shortest() {
        let form = |values: &[u32]| stored(values).first().map(|head| (head >> 6, head & 0x3f));
        let ascending: Vec<u32> = (0..600).map(|at| at * 1000 + at % 3).collect();
        let in_runs: Vec<u32> = (0..600).map(|at| if at % 200 < 190 { 4 } else { 1 << 20 }).collect();
        let mixed = |at: u32| at.wrapping_mul(2_654_435_761) >> 16;
        let few: Vec<u32> = (0..600).map(|at| [u32::MAX, 9, 77_777][mixed(at) as usize % 3]).collect();
        let repeating: Vec<u32> = (0..600).map(|at| mixed(at % 40)).collect();
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32 % 61
        };
        let scattered: Vec<u32> = (0..600).map(|_| next()).collect();
        assert_eq!(form(&ascending), Some((DELTA, 0)));
        assert_eq!(form(&in_runs), Some((RUNS, 0)));
        assert_eq!(form(&few), Some((OTHER, DISTINCT)));
        assert_eq!(form(&repeating), Some((OTHER, LZ)));
        assert_eq!(form(&scattered), Some((PACKED, 6)));
        assert_eq!(stored(&[5; 200]).len(), 2);
        assert_eq!(stored(&[]).len(), 0);
    }

    #[test]
    fn runs_that_do_not_give_the_count_are_refused() {
        let out = stored(&[[7; 100], [9; 100]].concat());
        for count in [1, 100, 199, 201, 1 << 20] {
            assert_eq!(get_ints(&mut Input::new(&out), count), Err(Malformed), "{count}");
        }
    }

    proptest! {
        #[test]
        fn columns_come_back(values in prop::collection::vec((any::<u32>(), 0..40_usize), 0..200), shift in 0..32) {
            let values: Vec<u32> = values.iter().flat_map(|(value, times)| vec![value >> shift; *times]).collect();
            stored(&values);
        }

        #[test]
        fn any_bytes_are_a_column_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60), count in 0..3000_usize) {
            if let Ok(values) = get_ints(&mut Input::new(&bytes), count) {
                prop_assert_eq!(values.len(), count);
            }
        }
    }
}
