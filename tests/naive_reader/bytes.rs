//! Integers, checksums and text: chapter 2.

use super::Refused;

/// The `len` bytes at `at`.
pub(super) fn slice(bytes: &[u8], at: u64, len: u64) -> Result<&[u8], Refused> {
    let end = at.checked_add(len).ok_or(Refused::Content("an offset is too large"))?;
    let (at, end) = (usize::try_from(at), usize::try_from(end));
    let range =
        at.and_then(|at| end.map(|end| at..end)).map_err(|_| Refused::Content("an offset is too large"))?;
    bytes.get(range).ok_or(Refused::Content("bytes end too early"))
}

fn integer(bytes: &[u8], at: u64, len: u64) -> Result<u64, Refused> {
    Ok(slice(bytes, at, len)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

pub(super) fn u8_at(bytes: &[u8], at: u64) -> Result<u8, Refused> {
    integer(bytes, at, 1).map(|value| value as u8)
}

pub(super) fn u16_at(bytes: &[u8], at: u64) -> Result<u16, Refused> {
    integer(bytes, at, 2).map(|value| value as u16)
}

pub(super) fn u32_at(bytes: &[u8], at: u64) -> Result<u32, Refused> {
    integer(bytes, at, 4).map(|value| value as u32)
}

pub(super) fn u64_at(bytes: &[u8], at: u64) -> Result<u64, Refused> {
    integer(bytes, at, 8)
}

/// All words of 32 bits of a section.
pub(super) fn words(bytes: &[u8]) -> Result<Vec<u32>, Refused> {
    (0..bytes.len() as u64 / 4).map(|index| u32_at(bytes, index * 4)).collect()
}

pub(super) fn text(bytes: &[u8]) -> Result<String, Refused> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Refused::Content("text is not UTF-8"))
}

/// CRC-32, bit by bit. Of two pieces it is that of one behind the other.
pub(super) fn crc32(pieces: [&[u8]; 2]) -> u32 {
    let mut crc = u32::MAX;
    for byte in pieces.into_iter().flatten() {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            // EDB88320 is 04C11DB7 with its bits in reverse.
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// A string pool.
pub(super) struct Pool {
    strings: Vec<String>,
}

impl Pool {
    /// The offsets, for which opening a file asks that there is room.
    pub(super) fn offsets(section: &[u8]) -> Result<Vec<u32>, Refused> {
        let no_room = |_| Refused::SectionLen("STRS");
        let count = u64::from(u32_at(section, 0).map_err(no_room)?);
        words(slice(section, 4, 4 * (count + 1)).map_err(no_room)?)
    }

    pub(super) fn read(section: &[u8]) -> Result<Self, Refused> {
        let offsets = Self::offsets(section)?;
        let text_at = 4 + 4 * offsets.len() as u64;
        let text_bytes = slice(section, text_at, section.len() as u64 - text_at)?;
        if offsets.first() != Some(&0) || offsets.last().map(|last| *last as usize) != Some(text_bytes.len())
        {
            return Err(Refused::Content("offsets of strings do not span the text"));
        }
        let string = |pair: &[u32]| {
            let len = pair[1].checked_sub(pair[0]).ok_or(Refused::Content("offsets of strings descend"))?;
            text(slice(text_bytes, u64::from(pair[0]), u64::from(len))?)
        };
        Ok(Self { strings: offsets.windows(2).map(string).collect::<Result<_, _>>()? })
    }

    pub(super) fn get(&self, id: u32) -> Result<String, Refused> {
        self.strings.get(id as usize).cloned().ok_or(Refused::Content("a string id is outside the pool"))
    }
}

/// Strings in the order in which a writer first needs them.
#[derive(Default)]
pub(super) struct PoolWriter {
    strings: Vec<String>,
}

impl PoolWriter {
    pub(super) fn id(&mut self, string: &str) -> u32 {
        let known = self.strings.iter().position(|known| known == string);
        let id = known.unwrap_or_else(|| {
            self.strings.push(string.to_owned());
            self.strings.len() - 1
        });
        id as u32
    }

    pub(super) fn section(&self) -> Vec<u8> {
        let mut section = Vec::new();
        put32(&mut section, self.strings.len() as u32);
        let mut offset = 0;
        put32(&mut section, offset);
        for string in &self.strings {
            offset += string.len() as u32;
            put32(&mut section, offset);
        }
        section.extend(self.strings.concat().bytes());
        section
    }
}

pub(super) fn put16(bytes: &mut Vec<u8>, value: u16) {
    bytes.extend(value.to_le_bytes());
}

pub(super) fn put32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend(value.to_le_bytes());
}

pub(super) fn put64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend(value.to_le_bytes());
}

/// Appends zeros up to the next multiple of 8.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    while !bytes.len().is_multiple_of(8) {
        bytes.push(0);
    }
}

#[test]
fn the_checksum_has_the_check_values_of_the_text() {
    assert_eq!(crc32([b"12345", b"6789"]), 0xCBF4_3926);
    assert_eq!(crc32([b"", b""]), 0);
}
