//! A column of bytes without further structure: as they are, or one LZ4 block where that is shorter.

use super::bits::{Input, Malformed, put_varint};
use crate::codec::Codec;

/// Appends `bytes`. Their length is not stored: whoever reads knows it.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let (codec, stored) = Codec::Lz4.encode(bytes);
    out.push(codec.to_byte());
    if codec == Codec::Lz4 {
        put_varint(out, stored.len() as u32);
    }
    out.extend_from_slice(&stored);
}

/// Fills `out` with the next bytes. `out` is what the caller has reserved, so nothing is asked of the
/// stream before its size is known to be possible.
pub(crate) fn get_bytes(input: &mut Input<'_>, out: &mut [u8]) -> Result<(), Malformed> {
    if out.is_empty() {
        return Ok(());
    }
    let stored = match Codec::from_byte(input.byte()?) {
        Some(Codec::None) => {
            out.copy_from_slice(input.take(out.len())?);
            return Ok(());
        }
        Some(Codec::Lz4) => {
            let len = input.varint()? as usize;
            input.take(len)?
        }
        _ => return Err(Malformed),
    };
    Codec::Lz4.decode_into(stored, out).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(0_u8..3, 0..400)) {
            let mut out = Vec::new();
            put_bytes(&mut out, &bytes);
            prop_assert!(out.len() <= bytes.len() + 1);
            let mut found = vec![9; bytes.len()];
            let mut input = Input::new(&out);
            prop_assert_eq!(get_bytes(&mut input, &mut found), Ok(()));
            prop_assert!(input.is_empty());
            prop_assert_eq!(found, bytes);
        }
    }
}
