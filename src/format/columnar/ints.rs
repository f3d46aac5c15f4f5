//! One column of numbers, in whichever of a few forms is the shortest.

use std::collections::HashMap;

use super::bits::{BLOCK, Block, Input, Malformed, put_block, put_varint, unzigzag, zigzag};
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
/// Seven bits a byte, as one column of bytes.
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
    let mut plain = Vec::new();
    for value in values {
        put_varint(&mut plain, *value);
    }
    let mut out = vec![OTHER << 6 | LZ];
    put_varint(&mut out, plain.len() as u32);
    put_bytes(&mut out, &plain);
    out
}

/// Reads a column of `count` numbers. `sink` gets runs of equal numbers in order: the index of the
/// first, how many, and the number. Memory: at most what the runs or distinct numbers take, which is
/// bounded by `count`.
pub(crate) fn each_int(
    input: &mut Input<'_>,
    count: usize,
    mut sink: impl FnMut(usize, usize, u32),
) -> Result<(), Malformed> {
    if count == 0 {
        return Ok(());
    }
    let head = input.byte()?;
    match (head >> 6, head & 0x3f) {
        (PACKED, width) => each_packed(input, width, count, &mut sink),
        (DELTA, 0) => each_delta(input, count, &mut sink),
        (RUNS, 0) => {
            let runs = input.varint()? as usize;
            if runs > count {
                return Err(Malformed);
            }
            let values = get_nested(input, runs)?;
            let mut value = values.iter();
            let (mut start, mut fits) = (0_usize, true);
            each_nested(input, runs, &mut |_, repeated, length: u32| {
                for _ in 0..repeated {
                    let length = length as usize + 1;
                    fits &= length <= count - start;
                    let (true, Some(value)) = (fits, value.next()) else { return };
                    sink(start, length, *value);
                    start += length;
                }
            })?;
            if fits && start == count { Ok(()) } else { Err(Malformed) }
        }
        (OTHER, DISTINCT) => {
            let known = input.varint()? as usize;
            if known > count {
                return Err(Malformed);
            }
            let known = get_nested(input, known)?;
            let mut fits = true;
            each_nested(input, count, &mut |start, length, index: u32| match known.get(index as usize) {
                Some(value) => sink(start, length, *value),
                None => fits = false,
            })?;
            if fits { Ok(()) } else { Err(Malformed) }
        }
        (OTHER, LZ) => {
            let len = input.varint()? as usize;
            // A number of 32 bits takes five bytes at most.
            if len > count.saturating_mul(5) {
                return Err(Malformed);
            }
            let mut plain = vec![0; len];
            get_bytes(input, &mut plain)?;
            let mut plain = Input::new(&plain);
            for index in 0..count {
                sink(index, 1, plain.varint()?);
            }
            if plain.is_empty() { Ok(()) } else { Err(Malformed) }
        }
        _ => Err(Malformed),
    }
}

/// As [`each_int`], into a list. Grows only as numbers are read.
pub(crate) fn get_ints(input: &mut Input<'_>, count: usize) -> Result<Vec<u32>, Malformed> {
    let mut values = Vec::new();
    each_int(input, count, |_, length, value| values.resize(values.len() + length, value))?;
    Ok(values)
}

fn each_packed(
    input: &mut Input<'_>,
    first_width: u8,
    count: usize,
    sink: &mut impl FnMut(usize, usize, u32),
) -> Result<(), Malformed> {
    let mut block = Block::new();
    let (mut start, mut width) = (0, first_width);
    loop {
        let length = (count - start).min(BLOCK);
        block.read(input, width, length)?;
        if let Some(value) = block.constant {
            sink(start, length, value);
        } else {
            for (at, value) in block.values().iter().enumerate() {
                sink(start + at, 1, *value);
            }
        }
        start += length;
        if start == count {
            return Ok(());
        }
        width = input.byte()?;
    }
}

fn each_delta(
    input: &mut Input<'_>,
    count: usize,
    sink: &mut impl FnMut(usize, usize, u32),
) -> Result<(), Malformed> {
    let mut value = input.varint()?;
    sink(0, 1, value);
    if count == 1 {
        return Ok(());
    }
    let width = input.byte()?;
    each_packed(input, width, count - 1, &mut |start, length, difference| {
        if difference == 0 {
            sink(start + 1, length, value);
            return;
        }
        for at in 0..length {
            value = value.wrapping_add(unzigzag(difference));
            sink(start + 1 + at, 1, value);
        }
    })
}

fn each_nested(
    input: &mut Input<'_>,
    count: usize,
    sink: &mut impl FnMut(usize, usize, u32),
) -> Result<(), Malformed> {
    if count == 0 {
        return Ok(());
    }
    let head = input.byte()?;
    match (head >> 6, head & 0x3f) {
        (PACKED, width) => each_packed(input, width, count, sink),
        (DELTA, 0) => each_delta(input, count, sink),
        _ => Err(Malformed),
    }
}

fn get_nested(input: &mut Input<'_>, count: usize) -> Result<Vec<u32>, Malformed> {
    let mut values = Vec::new();
    each_nested(input, count, &mut |_, length, value| values.resize(values.len() + length, value))?;
    Ok(values)
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
        for count in [1, 100, 199, 201, 1 << 30] {
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
