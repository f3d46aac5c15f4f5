//! Header fields that tables and images share, and the section directory: chapter 3 and items 1 to 5 of
//! what a reader checks.

use super::Refused;
use super::bytes::{crc32, pad, put32, slice, u8_at, u16_at, u32_at, u64_at};

/// Where a kind of file has the fields of the envelope.
pub(super) struct Layout {
    pub(super) magic: [u8; 4],
    pub(super) header_len: u64,
    pub(super) codec_at: Option<u64>,
    pub(super) section_count_at: u64,
    pub(super) total_len_at: u64,
    pub(super) data_crc_at: u64,
    /// The tags that a reader knows.
    pub(super) known: &'static [&'static str],
}

/// A section as the directory gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) tag: [u8; 4],
    pub(crate) required: bool,
    pub(crate) bytes: Vec<u8>,
}

/// The sections of a file that passed items 1 to 5, but for needed ones that are missing.
pub(super) struct Sections {
    pub(super) all: Vec<Section>,
    /// Length in bytes of what is behind the directory.
    pub(super) data_len: u64,
}

impl Sections {
    pub(super) fn open(bytes: &[u8], layout: &Layout) -> Result<Self, Refused> {
        let header = slice(bytes, 0, layout.header_len).map_err(|_| Refused::Short)?;
        if header[..4] != layout.magic {
            return Err(Refused::Magic);
        }
        match u16_at(header, 4)? {
            1 => {}
            other => return Err(Refused::VersionMajor(other)),
        }
        match layout.codec_at.map_or(Ok(0), |at| u8_at(header, at))? {
            0 => {}
            other => return Err(Refused::Codec(other)),
        }
        let rows = u64::from(u32_at(header, layout.section_count_at)?);
        let directory = slice(bytes, layout.header_len, rows * 16).map_err(|_| Refused::NoDirectory)?;
        if u64_at(header, layout.total_len_at)? != bytes.len() as u64 {
            return Err(Refused::TotalLen);
        }
        let data_at = layout.header_len + rows * 16;
        let data = slice(bytes, data_at, bytes.len() as u64 - data_at)?;
        let (sealed, seal) = header.split_at(header.len() - 4);
        if crc32([sealed, directory]) != u32_at(seal, 0)? {
            return Err(Refused::Checksum("metadata_crc"));
        }
        if crc32([data, &[]]) != u32_at(header, layout.data_crc_at)? {
            return Err(Refused::Checksum("data_crc"));
        }
        let all = Self::directory(bytes, directory, data_at, layout)?;
        Ok(Self { all, data_len: data.len() as u64 })
    }

    fn directory(
        bytes: &[u8],
        directory: &[u8],
        data_at: u64,
        layout: &Layout,
    ) -> Result<Vec<Section>, Refused> {
        let mut free_from = data_at;
        let mut all: Vec<Section> = Vec::new();
        for row in directory.chunks_exact(16) {
            let tag = [row[0], row[1], row[2], row[3]];
            let required = u32_at(row, 4)? & 1 == 1;
            let (offset, len) = (u64::from(u32_at(row, 8)?), u64::from(u32_at(row, 12)?));
            if !offset.is_multiple_of(8) {
                return Err(Refused::Directory("a section begins at a multiple of 8"));
            }
            if offset < free_from {
                return Err(Refused::Directory("a section begins behind the one before it"));
            }
            free_from = offset + len;
            let section =
                slice(bytes, offset, len).map_err(|_| Refused::Directory("a section ends in the file"))?;
            let known = layout.known.iter().any(|known| known.as_bytes() == tag);
            if required && !known {
                return Err(Refused::RequiredSection(tag));
            }
            if known && all.iter().any(|other| other.tag == tag) {
                return Err(Refused::Directory("a known tag stands once"));
            }
            all.push(Section { tag, required, bytes: section.to_vec() });
        }
        Ok(all)
    }

    /// The bytes of a section that is needed.
    pub(super) fn needed(&self, tag: &'static str) -> Result<&[u8], Refused> {
        let section = self.all.iter().find(|section| section.tag == tag.as_bytes());
        section.map(|section| section.bytes.as_slice()).ok_or(Refused::MissingSection(tag))
    }

    /// A section that may be missing; then it is empty.
    pub(super) fn optional(&self, tag: &'static str) -> &[u8] {
        self.needed(tag).unwrap_or_default()
    }
}

/// A needed section whose length its header's counts give.
pub(super) fn of_len(bytes: &[u8], len: u64, tag: &'static str) -> Result<(), Refused> {
    if bytes.len() as u64 == len { Ok(()) } else { Err(Refused::SectionLen(tag)) }
}

/// The whole file: a header whose lengths and checksums are still 0, then directory and sections.
pub(super) fn file(mut header: Vec<u8>, layout: &Layout, sections: &[Section]) -> Vec<u8> {
    let data_at = header.len() + sections.len() * 16;
    let (mut directory, mut data) = (Vec::new(), Vec::new());
    for section in sections {
        // The directory ends at a multiple of 8, so counting from there is as good as from byte 0.
        pad(&mut data);
        directory.extend(section.tag);
        put32(&mut directory, u32::from(section.required));
        put32(&mut directory, (data_at + data.len()) as u32);
        put32(&mut directory, section.bytes.len() as u32);
        data.extend(&section.bytes);
    }
    let mut put =
        |at: u64, bytes: &[u8]| header[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    put(layout.section_count_at, &(sections.len() as u32).to_le_bytes());
    put(layout.total_len_at, &((data_at + data.len()) as u64).to_le_bytes());
    let mut bytes = [header, directory, data].concat();
    seal_again(&mut bytes, layout);
    bytes
}

/// Puts the checksums right, where the header says that the directory fits into the bytes.
pub(super) fn seal_again(bytes: &mut [u8], layout: &Layout) {
    let rows = u32_at(bytes, layout.section_count_at).map_or(0, |rows| rows as usize);
    let header_len = layout.header_len as usize;
    let Some((head, data)) = bytes.split_at_mut_checked(header_len + rows * 16) else { return };
    let data_crc_at = layout.data_crc_at as usize;
    head[data_crc_at..data_crc_at + 4].copy_from_slice(&crc32([data, &[]]).to_le_bytes());
    let (header, directory) = head.split_at_mut(header_len);
    let seal = crc32([&header[..header_len - 4], directory]);
    header[header_len - 4..].copy_from_slice(&seal.to_le_bytes());
}
