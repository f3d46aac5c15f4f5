//! A small file that knows whether it is whole: magic, version, CRC-32 and length before a payload.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::crc32;

/// Magic, version, CRC-32 of the payload, length of the payload.
const HEADER_BYTES: usize = 8 + 4 + 4 + 8;

/// One kind of sealed file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed {
    pub(super) magic: [u8; 8],
    pub(super) version: u32,
}

impl Sealed {
    /// The file's bytes; none if the value cannot be written down.
    pub(super) fn seal(self, value: &impl Serialize) -> Option<Vec<u8>> {
        let payload = postcard::to_stdvec(value).ok()?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&self.magic);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&crc32(&payload).to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Some(bytes)
    }

    /// The value; none if the file is damaged, cut, or of another kind or version.
    pub(super) fn open<T: DeserializeOwned>(self, bytes: &[u8]) -> Option<T> {
        postcard::from_bytes(self.payload(bytes)?).ok()
    }

    /// The value's bytes, as postcard writes them; none where [`Sealed::open`] gives none.
    pub(super) fn payload(self, bytes: &[u8]) -> Option<&[u8]> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let (len_bytes, payload) = rest.split_first_chunk::<8>()?;
        let is_sound = *magic == self.magic
            && u32::from_le_bytes(*version) == self.version
            && u64::from_le_bytes(*len_bytes) == payload.len() as u64
            && u32::from_le_bytes(*crc) == crc32(payload);
        is_sound.then_some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Sealed = Sealed { magic: *b"SAMPLE\r\n", version: 2 };

    #[test]
    fn a_flipped_byte_a_cut_and_another_kind_or_version_count_as_nothing() {
        let value = ("a".to_owned(), 7_u32);
        let bytes = KIND.seal(&value).expect("encodes");
        assert_eq!(KIND.open::<(String, u32)>(&bytes), Some(value));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            assert_eq!(KIND.open::<(String, u32)>(&flipped), None, "byte {at}");
            assert_eq!(KIND.open::<(String, u32)>(&bytes[..at]), None, "cut at {at}");
        }
        for other in [Sealed { version: 1, ..KIND }, Sealed { magic: *b"OTHER.\r\n", ..KIND }] {
            assert_eq!(other.open::<(String, u32)>(&bytes), None, "{other:?}");
        }
    }
}
