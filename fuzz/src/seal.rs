//! Tables and images with right checksums and lengths, whatever else their bytes say.

use std::mem::offset_of;

use janus_cache::digest::crc32;
use janus_cache::format::layout::{SectionRow, TABLE_MAGIC, TableHeader};
use janus_cache::image::layout::{IMAGE_MAGIC, ImageHeader};

/// Where a kind of file has what a seal changes.
pub(crate) struct Seal {
    magic: [u8; 4],
    header_len: usize,
    codec: usize,
    section_count: usize,
    total_len: usize,
    data_len: Option<usize>,
    data_crc: usize,
}

pub(crate) const TABLES: Seal = Seal {
    magic: TABLE_MAGIC,
    header_len: size_of::<TableHeader>(),
    codec: offset_of!(TableHeader, codec),
    section_count: offset_of!(TableHeader, section_count),
    total_len: offset_of!(TableHeader, total_len),
    data_len: Some(offset_of!(TableHeader, data_len)),
    data_crc: offset_of!(TableHeader, data_crc),
};

pub(crate) const IMAGES: Seal = Seal {
    magic: IMAGE_MAGIC,
    header_len: size_of::<ImageHeader>(),
    codec: offset_of!(ImageHeader, codec),
    section_count: offset_of!(ImageHeader, section_count),
    total_len: offset_of!(ImageHeader, total_len),
    data_len: None,
    data_crc: offset_of!(ImageHeader, data_crc),
};

impl Seal {
    /// `data` as a file of this kind that is stored as it is: magic, version, lengths and checksums are
    /// right. None where it is shorter than a header.
    pub(crate) fn plain(&self, data: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = self.begun(data, 0)?;
        let total = bytes.len() as u64;
        put(&mut bytes, self.total_len, &total.to_le_bytes());
        Some(self.finished(bytes))
    }

    /// `data` as a compressed file of this kind; the decoded length stays what the data say.
    pub(crate) fn pressed(&self, data: &[u8], codec: u8) -> Option<Vec<u8>> {
        Some(self.finished(self.begun(data, codec)?))
    }

    fn begun(&self, data: &[u8], codec: u8) -> Option<Vec<u8>> {
        if data.len() < self.header_len {
            return None;
        }
        let mut bytes = data.to_vec();
        put(&mut bytes, 0, &self.magic);
        put(&mut bytes, 4, &1_u16.to_le_bytes());
        put(&mut bytes, self.codec, &[codec]);
        Some(bytes)
    }

    fn finished(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let rows = u32_at(&bytes, self.section_count) as usize;
        let directory_end =
            rows.saturating_mul(size_of::<SectionRow>()).saturating_add(self.header_len).min(bytes.len());
        let data = bytes.get(directory_end..).unwrap_or_default();
        let (data_len, data_crc) = (data.len() as u32, crc32(data));
        if let Some(at) = self.data_len {
            put(&mut bytes, at, &data_len.to_le_bytes());
        }
        put(&mut bytes, self.data_crc, &data_crc.to_le_bytes());
        let crc_at = self.header_len - 4;
        let (head, _) = bytes.split_at(directory_end);
        let (fields, directory) = head.split_at(self.header_len);
        let crc = crc32(&[fields.get(..crc_at).unwrap_or_default(), directory].concat());
        put(&mut bytes, crc_at, &crc.to_le_bytes());
        bytes
    }

    /// What the header of a file that is long enough says of its decoded length.
    pub(crate) fn total_len(&self, bytes: &[u8]) -> u64 {
        u64_at(bytes, self.total_len)
    }
}

pub(crate) fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    if let Some(to) = at.checked_add(field.len()).and_then(|end| bytes.get_mut(at..end)) {
        to.copy_from_slice(field);
    }
}

/// The number at `at`; 0 where the bytes end before it.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

/// The number at `at`; 0 where the bytes end before it.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>);
    field.map_or(0, |field| u64::from_le_bytes(*field))
}
