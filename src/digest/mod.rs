//! Hashes: three of them, for three jobs, kept apart by their types.
//!
//! | job | hash | type |
//! |---|---|---|
//! | to name content, and (in room `key`) questions | BLAKE3-256 | [`ContentDigest`] |
//! | speed where nobody attacks: table hash, fingerprints | XXH3-64 | [`fast_hash`] |
//! | to find damage | CRC-32 (IEEE) | [`crc32`] |

mod content;
mod framed;

pub use content::{ContentDigest, ContentHasher};
pub use framed::{FramedHasher, MessageHasher};

/// XXH3-64 of `bytes`, seed 0. Not for anything an attacker may choose.
pub fn fast_hash(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// CRC-32 (IEEE 802.3, reflected, as in zlib) of `bytes`.
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// CRC-32 of several pieces, as if they stood one after the other.
pub fn crc32_of(pieces: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_checksum_of_the_whole() {
        assert_eq!(crc32_of(&[b"12345", b"", b"6789"]), crc32(b"123456789"));
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
