//! LZ4 blocks.

use super::CodecError;

/// The format's own bound: one stored byte stands for at most 255 decoded ones, and the shortest
/// block costs a few bytes more. What promises more is damage or a bomb.
pub(super) const MOST_DECODED_PER_STORED: u64 = 255;

pub(super) fn encode(bytes: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress(bytes)
}

/// Fills `decoded`, which the caller has reserved.
pub(super) fn decode_into(stored: &[u8], decoded: &mut [u8]) -> Result<(), CodecError> {
    let decoded_bytes = decoded.len() as u64;
    match lz4_flex::block::decompress_into(stored, decoded) {
        Ok(found) if found as u64 == decoded_bytes => Ok(()),
        _ => Err(CodecError::Malformed { decoded_bytes }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Codec;

    fn decode(stored: &[u8], decoded_bytes: u64) -> Result<Vec<u8>, CodecError> {
        Codec::Lz4.decode(stored, decoded_bytes, u64::MAX).map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn a_bomb_is_refused_by_its_promise() {
        let error = decode(&[0; 10], 1 << 30).expect_err("refused");
        assert_eq!(error, CodecError::Implausible { stored_bytes: 10, decoded_bytes: 1 << 30 });
    }

    #[test]
    fn another_size_than_promised_is_refused() {
        let stored = encode(&[9; 300]);
        for promised in [0, 1, 299, 301, 600] {
            assert_eq!(decode(&stored, promised), Err(CodecError::Malformed { decoded_bytes: promised }));
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(bytes in prop::collection::vec(0_u8..4, 0..3000)) {
            prop_assert_eq!(decode(&encode(&bytes), bytes.len() as u64), Ok(bytes));
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), promised in 0_u64..5000) {
            if let Ok(decoded) = decode(&bytes, promised) {
                prop_assert_eq!(decoded.len() as u64, promised);
            }
        }
    }
}
