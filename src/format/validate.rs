//! The cheap proof at open: header, section directory, checksums. Its cost is one CRC over the
//! bytes and a look at each directory row; nothing inside the sections is believed or looked at.

use zerocopy::FromBytes;

use super::error::{OpenError, Tag};
use super::layout::{
    ABOV, CLAS, DDAG, ENTR, NAME, PARM, PATT, SECTION_ALIGN, SECTION_REQUIRED, SIGN, STRS, SectionRow,
    TABLE_MAGIC, TYPE, TableHeader, VERSION_MAJOR,
};
use crate::digest::crc32;

/// Tags that this version knows, in the order in which [`Sections`] holds them.
pub(crate) const KNOWN: [Tag; 10] = [NAME, SIGN, STRS, TYPE, PARM, ABOV, PATT, ENTR, CLAS, DDAG];

/// The bytes of each known section, `None` where it is absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections<'a>([Option<&'a [u8]>; KNOWN.len()]);

impl<'a> Sections<'a> {
    /// A section that must be there.
    pub(crate) fn required(&self, tag: Tag) -> Result<&'a [u8], OpenError> {
        self.optional(tag).ok_or(OpenError::MissingSection { tag })
    }

    /// A section that may be absent.
    pub(crate) fn optional(&self, tag: Tag) -> Option<&'a [u8]> {
        let index = KNOWN.iter().position(|known| *known == tag)?;
        self.0.get(index).copied().flatten()
    }
}

/// Whether the two checksums are computed at open, or were before, by whoever keeps the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksums {
    Compute,
    ProvedBefore,
}

/// Proves header, directory and checksums; nothing behind the directory is believed without them.
pub(crate) fn validate(
    bytes: &[u8],
    checksums: Checksums,
) -> Result<(&TableHeader, &[SectionRow], Sections<'_>), OpenError> {
    let found_bytes = bytes.len() as u64;
    let short = |needed: usize| OpenError::TooShort { needed_bytes: needed as u64, found_bytes };
    let (header, rest) = TableHeader::ref_from_prefix(bytes).map_err(|_| short(size_of::<TableHeader>()))?;
    if header.magic != TABLE_MAGIC {
        return Err(OpenError::Magic { found: header.magic, expected: TABLE_MAGIC });
    }
    let version = header.version_major.get();
    if version != VERSION_MAJOR {
        return Err(OpenError::Version { found: version, supported: VERSION_MAJOR });
    }
    let row_count = header.section_count.get() as usize;
    let directory_end =
        row_count.saturating_mul(size_of::<SectionRow>()).saturating_add(size_of::<TableHeader>());
    let (rows, data) =
        <[SectionRow]>::ref_from_prefix_with_elems(rest, row_count).map_err(|_| short(directory_end))?;
    let total = header.total_len.get();
    if total > found_bytes {
        return Err(OpenError::TooShort { needed_bytes: total, found_bytes });
    }
    if total < found_bytes {
        return Err(OpenError::TooLong { stated_bytes: total, found_bytes });
    }
    if checksums == Checksums::Compute {
        check_sums(header, bytes, directory_end, data)?;
    }
    let mut sections = Sections([None; KNOWN.len()]);
    let mut previous_end = directory_end;
    for row in rows {
        let (tag, flags) = (Tag(row.tag), row.flags.get());
        let (offset, len) = (row.offset.get() as usize, row.len.get() as usize);
        let wrong = |what| OpenError::Section { tag, offset: offset as u64, what };
        if offset % SECTION_ALIGN != 0 {
            return Err(wrong("its offset is not a multiple of 8"));
        }
        if offset < previous_end {
            return Err(wrong("it begins before the section or directory in front of it ends"));
        }
        previous_end = offset.saturating_add(len);
        let section = bytes.get(offset..previous_end).ok_or(wrong("it ends behind the table"))?;
        match KNOWN.iter().position(|known| *known == tag).and_then(|index| sections.0.get_mut(index)) {
            Some(slot @ None) => *slot = Some(section),
            Some(Some(_)) => return Err(wrong("it is there twice")),
            None if flags & SECTION_REQUIRED != 0 => return Err(OpenError::UnknownRequired { tag }),
            None => {}
        }
    }
    Ok((header, rows, sections))
}

fn check_sums(
    header: &TableHeader,
    bytes: &[u8],
    directory_end: usize,
    data: &[u8],
) -> Result<(), OpenError> {
    let crc_field = std::mem::offset_of!(TableHeader, metadata_crc);
    let (stored, computed) = (header.metadata_crc.get(), metadata_crc(bytes, crc_field, directory_end));
    if stored != computed {
        return Err(OpenError::Checksum { what: "metadata", stored, computed });
    }
    let (stored, computed) = (header.data_crc.get(), crc32(data));
    if stored != computed {
        return Err(OpenError::Checksum { what: "data", stored, computed });
    }
    Ok(())
}

/// CRC-32 of the header before its last field (which begins at `crc_field`) and of the directory.
pub(crate) fn metadata_crc(bytes: &[u8], crc_field: usize, directory_end: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes.get(..crc_field).unwrap_or_default());
    hasher.update(bytes.get(crc_field + 4..directory_end).unwrap_or_default());
    hasher.finalize()
}
