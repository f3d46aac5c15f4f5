//! What tables and images share around their content: a header that ends in a checksum, a section
//! directory, sections. Proved cheaply at open; written in one place.

use std::borrow::Cow;

use zerocopy::{FromBytes, IntoBytes};

use super::core::Part;
use super::error::{OpenError, Tag};
use super::layout::{SECTION_ALIGN, SECTION_REQUIRED, SectionRow, VERSION_MAJOR};
use super::pressed::FileCodec;
use crate::digest::crc32;

/// Whether the two checksums are computed at open, or were before, by whoever keeps the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksums {
    Compute,
    ProvedBefore,
}

/// What a header says of the bytes around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) magic: [u8; 4],
    pub(crate) expected_magic: [u8; 4],
    pub(crate) version_major: u16,
    /// Codec of what is behind the directory; only 0, none, is read where it lies.
    pub(crate) codec: u8,
    /// Its last four bytes are `metadata_crc`.
    pub(crate) header_len: usize,
    pub(crate) section_count: u32,
    pub(crate) total_len: u64,
    pub(crate) data_crc: u32,
    pub(crate) metadata_crc: u32,
}

/// The directory, and where each known section stands in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections<'a, const N: usize> {
    bytes: &'a [u8],
    pub(crate) rows: &'a [SectionRow],
    /// Bytes behind the directory.
    pub(crate) data_len: u64,
    known: &'static [Tag; N],
    /// For each known section its row, [`ABSENT`] where there is none.
    row_of: [u8; N],
}

/// The place of a tag among known ones. For constants: a tag that is not among them does not compile.
pub(crate) const fn place_of<const N: usize>(known: &[Tag; N], tag: Tag) -> usize {
    let mut place = 0;
    while u32::from_le_bytes(known[place].0) != u32::from_le_bytes(tag.0) {
        place += 1;
    }
    place
}

/// No row: a directory that is believed has fewer.
const ABSENT: u8 = u8::MAX;

impl<'a, const N: usize> Sections<'a, N> {
    /// A section that must be there, by its place among the known ones.
    #[inline]
    pub(crate) fn required(&self, place: usize) -> Result<&'a [u8], OpenError> {
        self.get(place).ok_or_else(|| self.missing(place))
    }

    /// Where a section lies that must be there.
    pub(crate) fn part(&self, place: usize) -> Result<Part, OpenError> {
        let row = self.row_of.get(place).and_then(|row| self.rows.get(usize::from(*row)));
        let row = row.ok_or_else(|| self.missing(place))?;
        Ok(Part { at: row.offset.get(), len: row.len.get() })
    }

    #[inline]
    fn get(&self, place: usize) -> Option<&'a [u8]> {
        let row = self.rows.get(usize::from(*self.row_of.get(place)?))?;
        let start = row.offset.get() as usize;
        self.bytes.get(start..start.saturating_add(row.len.get() as usize))
    }

    #[cold]
    fn missing(&self, place: usize) -> OpenError {
        OpenError::MissingSection { tag: self.known.get(place).copied().unwrap_or(Tag(*b"????")) }
    }

    /// An error about a section, with its place.
    #[cold]
    pub(crate) fn wrong(&self, tag: Tag, what: &'static str) -> OpenError {
        let row = self.rows.iter().find(|row| row.tag == tag.0);
        OpenError::Section { tag, offset: row.map_or(0, |row| u64::from(row.offset.get())), what }
    }
}

impl Envelope {
    /// Proves magic, version, length, checksums and the directory. Nothing inside the sections is
    /// believed or looked at; the cost is one CRC over the bytes and a look at each directory row.
    #[inline]
    pub(crate) fn prove<'a, const N: usize>(
        &self,
        bytes: &'a [u8],
        known: &'static [Tag; N],
        checksums: Checksums,
    ) -> Result<Sections<'a, N>, OpenError> {
        if self.magic != self.expected_magic {
            return Err(OpenError::Magic { found: self.magic, expected: self.expected_magic });
        }
        if self.version_major != VERSION_MAJOR {
            return Err(OpenError::Version { found: self.version_major, supported: VERSION_MAJOR });
        }
        // Before any length: that of a compressed file is not `total_len`.
        match FileCodec::from_code(self.codec) {
            Some(FileCodec::None) => {}
            Some(codec) => return Err(OpenError::Compressed { codec: codec.as_str() }),
            None => return Err(OpenError::UnknownCodec { found: self.codec }),
        }
        let found_bytes = bytes.len() as u64;
        let row_count = self.section_count as usize;
        let directory_end = row_count.saturating_mul(size_of::<SectionRow>()).saturating_add(self.header_len);
        let directory = bytes.get(self.header_len..directory_end);
        let rows = directory
            .and_then(|directory| <[SectionRow]>::ref_from_bytes(directory).ok())
            .ok_or(OpenError::TooShort { needed_bytes: directory_end as u64, found_bytes })?;
        if self.total_len > found_bytes {
            return Err(OpenError::TooShort { needed_bytes: self.total_len, found_bytes });
        }
        if self.total_len < found_bytes {
            return Err(OpenError::TooLong { stated_bytes: self.total_len, found_bytes });
        }
        if checksums == Checksums::Compute {
            let crc_field = self.header_len - 4;
            expect_crc("metadata", self.metadata_crc, metadata_crc(bytes, crc_field, directory_end))?;
            expect_crc("data", self.data_crc, crc32(bytes.get(directory_end..).unwrap_or_default()))?;
        }
        let mut row_of = [ABSENT; N];
        let (mut previous_end, mut expected) = (directory_end, 0);
        for (index, row) in rows.iter().enumerate() {
            let (tag, offset) = (Tag(row.tag), row.offset.get() as usize);
            let end = offset.saturating_add(row.len.get() as usize);
            if !offset.is_multiple_of(SECTION_ALIGN) || offset < previous_end || end > bytes.len() {
                return Err(misplaced(tag, offset, previous_end));
            }
            previous_end = end;
            // Our writer keeps the order of `known`, so it is mostly the next one.
            let place = match known.get(expected) {
                Some(next) if *next == tag => Some(expected),
                _ => known.iter().position(|known| *known == tag),
            };
            match place.and_then(|place| row_of.get_mut(place)) {
                Some(slot) if *slot == ABSENT && index < usize::from(ABSENT) => *slot = index as u8,
                Some(_) => {
                    return Err(OpenError::Section { tag, offset: offset as u64, what: "it is there twice" });
                }
                None if row.flags.get() & SECTION_REQUIRED != 0 => {
                    return Err(OpenError::UnknownRequired { tag });
                }
                None => {}
            }
            expected = place.map_or(expected, |place| place + 1);
        }
        let data_len = found_bytes.saturating_sub(directory_end as u64);
        Ok(Sections { bytes, rows, data_len, known, row_of })
    }
}

/// What is wrong with the place of a section.
#[cold]
fn misplaced(tag: Tag, offset: usize, previous_end: usize) -> OpenError {
    let what = if !offset.is_multiple_of(SECTION_ALIGN) {
        "its offset is not a multiple of 8"
    } else if offset < previous_end {
        "it begins before the section or directory in front of it ends"
    } else {
        "it ends behind the last byte"
    };
    OpenError::Section { tag, offset: offset as u64, what }
}

pub(crate) fn expect_crc(what: &'static str, stored: u32, computed: u32) -> Result<(), OpenError> {
    if stored == computed { Ok(()) } else { Err(OpenError::Checksum { what, stored, computed }) }
}

/// CRC-32 of the header before its last field (which begins at `crc_field`) and of the directory.
pub(crate) fn metadata_crc(bytes: &[u8], crc_field: usize, directory_end: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes.get(..crc_field).unwrap_or_default());
    hasher.update(bytes.get(crc_field + 4..directory_end).unwrap_or_default());
    hasher.finalize()
}

/// CRC-32 of header and directory, and of what is behind them. As [`metadata_crc`] and [`crc32`] apart,
/// but the processor is asked only once what it can do.
#[inline(never)]
pub(crate) fn both_crcs(bytes: &[u8], crc_field: usize, directory_end: usize) -> (u32, u32) {
    let mut hasher = crc32fast::Hasher::new();
    // The long one first: its last steps wait for each other, and the short one fills the gaps.
    hasher.update(bytes.get(directory_end..).unwrap_or_default());
    let data = hasher.clone().finalize();
    hasher.reset();
    hasher.update(bytes.get(..crc_field).unwrap_or_default());
    hasher.update(bytes.get(crc_field + 4..directory_end).unwrap_or_default());
    (hasher.finalize(), data)
}

/// A section on its way into a file: new bytes, or those of an older file.
#[derive(Clone, Debug)]
pub(crate) struct NewSection<'a> {
    pub(crate) tag: Tag,
    flags: u32,
    pub(crate) bytes: Cow<'a, [u8]>,
}

impl<'a> NewSection<'a> {
    /// A section that every reader must know.
    pub(crate) fn required(tag: Tag, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { tag, flags: SECTION_REQUIRED, bytes: bytes.into() }
    }

    /// A section without which the others give the same answers.
    pub(crate) fn optional(tag: Tag, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { tag, flags: 0, bytes: bytes.into() }
    }
}

/// What a writer's header must repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) section_count: u32,
    pub(crate) total_len: u64,
    pub(crate) data_len: u32,
    pub(crate) data_crc: u32,
}

/// Total length of a file with these sections, or none where a 32-bit offset cannot reach its end.
pub(crate) fn total_len(header_len: usize, sections: &[NewSection<'_>]) -> Result<u32, u64> {
    let directory_end = header_len + sections.len() * size_of::<SectionRow>();
    let end = sections
        .iter()
        .fold(directory_end, |end, section| end.next_multiple_of(SECTION_ALIGN) + section.bytes.len());
    u32::try_from(end).map_err(|_| end as u64)
}

/// Header, directory and sections as one file. `header` gets the totals and returns `header_len`
/// bytes whose last four, the metadata checksum, are filled in here. The length must have been
/// found possible by [`total_len`].
pub(crate) fn write<H: AsRef<[u8]>>(
    header_len: usize,
    sections: &[NewSection<'_>],
    header: impl FnOnce(Totals) -> H,
) -> Vec<u8> {
    let content_bytes = sections.iter().map(|section| section.bytes.len()).sum();
    let mut file = FileWriter::new(header_len, sections.len(), content_bytes);
    for section in sections {
        file.section(section.tag, section.flags, |bytes| bytes.extend_from_slice(&section.bytes));
    }
    file.finish(header)
}

/// A file on its way: sections are written one behind the other where they stay.
#[derive(Debug)]
pub(crate) struct FileWriter {
    bytes: Vec<u8>,
    header_len: usize,
    directory_end: usize,
    /// Where the next section's row begins.
    next_row: usize,
}

impl FileWriter {
    /// Makes room for the header, `section_count` rows and sections of `content_bytes` together, which
    /// may be a guess.
    pub(crate) fn new(header_len: usize, section_count: usize, content_bytes: usize) -> Self {
        let directory_end = header_len + section_count * size_of::<SectionRow>();
        let mut bytes = Vec::with_capacity(directory_end + section_count * SECTION_ALIGN + content_bytes);
        bytes.resize(directory_end, 0);
        Self { bytes, header_len, directory_end, next_row: header_len }
    }

    /// Appends a section: what `fill` puts behind the bytes that it is given. Returns its length.
    pub(crate) fn section(&mut self, tag: Tag, flags: u32, fill: impl FnOnce(&mut Vec<u8>)) -> usize {
        let padding = self.bytes.len().next_multiple_of(SECTION_ALIGN) - self.bytes.len();
        self.bytes.extend_from_slice(&[0; SECTION_ALIGN][..padding]);
        let start = self.bytes.len();
        fill(&mut self.bytes);
        let len = self.bytes.len() - start;
        let row = SectionRow {
            tag: tag.0,
            flags: flags.into(),
            // A file that 32 bits cannot measure is refused as a whole.
            offset: (start as u32).into(),
            len: (len as u32).into(),
        };
        let row_end = self.next_row + size_of::<SectionRow>();
        debug_assert!(row_end <= self.directory_end, "more sections than were announced");
        self.bytes[self.next_row..row_end].copy_from_slice(row.as_bytes());
        self.next_row = row_end;
        len
    }

    /// Length of the file so far, which is that of the whole once all sections are there.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The file, once all announced sections are there; `header` as in [`write`].
    pub(crate) fn finish<H: AsRef<[u8]>>(self, header: impl FnOnce(Totals) -> H) -> Vec<u8> {
        let Self { mut bytes, header_len, directory_end, next_row } = self;
        debug_assert_eq!(next_row, directory_end, "fewer sections than were announced");
        let totals = Totals {
            section_count: ((directory_end - header_len) / size_of::<SectionRow>()) as u32,
            total_len: bytes.len() as u64,
            data_len: (bytes.len() - directory_end) as u32,
            data_crc: crc32(&bytes[directory_end..]),
        };
        bytes[..header_len].copy_from_slice(header(totals).as_ref());
        let crc = metadata_crc(&bytes, header_len - 4, directory_end);
        bytes[header_len - 4..header_len].copy_from_slice(&crc.to_le_bytes());
        bytes
    }
}
