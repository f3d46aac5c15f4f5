//! Checked reads of an image's bytes, where they lie.

use std::cmp::Ordering;

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::family::FamilyView;
use super::layout::{
    BLOB, FAMI, FamilyRow, IMAGE_MAGIC, ImageHeader, PIEC, PLAC, PieceRow, PlaceRow, STRS, TYPE,
};
use crate::format::envelope::{Checksums, Envelope, place_of};
use crate::format::layout::{SectionRow, TYPE_SEALED, TypeRow};
use crate::format::strings::Strings;
use crate::format::view::rows;
use crate::format::{AccessError, OpenError, Tag};

/// Sections of an image that this version knows, in the order of the file.
const KNOWN: [Tag; 6] = [STRS, TYPE, FAMI, PIEC, BLOB, PLAC];

/// A type as one image numbers it: its place in name order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GlobalType(pub u32);

impl GlobalType {
    /// Every type that the image does not list: no family's type map holds this number.
    pub const OTHER: Self = Self(u32::MAX);
}

/// An image in its bytes.
#[derive(Clone, Copy, Debug)]
pub struct ImageView<'a> {
    header: &'a ImageHeader,
    section_rows: &'a [SectionRow],
    pub(super) strings: Strings<'a>,
    pub(super) types: &'a [TypeRow],
    pub(super) families: &'a [FamilyRow],
    pub(super) pieces: &'a [PieceRow],
    pub(super) blob: &'a [u8],
    pub(super) places: &'a [PlaceRow],
}

/// Where an entry stands in the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceInfo<'a> {
    /// Root-relative path.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl<'a> ImageView<'a> {
    /// Opens `bytes`, which are exactly one image, and proves header, directory and both checksums.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        Self::prove(bytes, Checksums::Compute)
    }

    /// Opens bytes whose checksums were proved before; everything else is checked.
    pub(crate) fn open_proved(bytes: &'a [u8]) -> Result<Self, OpenError> {
        Self::prove(bytes, Checksums::ProvedBefore)
    }

    fn prove(bytes: &'a [u8], checksums: Checksums) -> Result<Self, OpenError> {
        let header_len = size_of::<ImageHeader>();
        let (header, _) = ImageHeader::ref_from_prefix(bytes).map_err(|_| OpenError::TooShort {
            needed_bytes: header_len as u64,
            found_bytes: bytes.len() as u64,
        })?;
        let envelope = Envelope {
            magic: header.magic,
            expected_magic: IMAGE_MAGIC,
            version_major: header.version_major.get(),
            codec: header.codec,
            header_len,
            section_count: header.section_count.get(),
            total_len: header.total_len.get(),
            data_crc: header.data_crc.get(),
            metadata_crc: header.metadata_crc.get(),
        };
        let sections = envelope.prove(bytes, &KNOWN, checksums)?;
        let strings = Strings::parse(STRS, sections.required(const { place_of(&KNOWN, STRS) })?)
            .ok_or_else(|| sections.wrong(STRS, "its count of strings does not fit into it"))?;
        let types = rows(sections.required(const { place_of(&KNOWN, TYPE) })?, header.type_count.get())
            .ok_or_else(|| sections.wrong(TYPE, "its length is not `type_count` rows"))?;
        let families = rows(sections.required(const { place_of(&KNOWN, FAMI) })?, header.family_count.get())
            .ok_or_else(|| sections.wrong(FAMI, "its length is not `family_count` rows"))?;
        let pieces = rows(sections.required(const { place_of(&KNOWN, PIEC) })?, header.piece_count.get())
            .ok_or_else(|| sections.wrong(PIEC, "its length is not `piece_count` rows"))?;
        let places = rows(sections.required(const { place_of(&KNOWN, PLAC) })?, header.place_count.get())
            .ok_or_else(|| sections.wrong(PLAC, "its length is not `place_count` rows"))?;
        let (section_rows, blob) = (sections.rows, sections.required(const { place_of(&KNOWN, BLOB) })?);
        Ok(Self { header, section_rows, strings, types, families, pieces, blob, places })
    }

    /// The fixed header.
    pub const fn header(&self) -> &'a ImageHeader {
        self.header
    }

    /// The section directory.
    pub const fn section_rows(&self) -> &'a [SectionRow] {
        self.section_rows
    }

    /// The project's name.
    pub fn name(&self) -> Result<&'a str, AccessError> {
        self.strings.get(self.header.name.get())
    }

    /// Number of types.
    pub const fn type_count(&self) -> u32 {
        self.types.len() as u32
    }

    /// The type of this qualified name, if the build knew it. Cost: a binary search.
    pub fn type_id(&self, qualified: &str) -> Result<Option<GlobalType>, AccessError> {
        let index = search(self.types.len(), |index| {
            let row = self.types.get(index).map_or(0, |row| row.name.get());
            Ok(self.strings.bytes_of(row)?.cmp(qualified.as_bytes()))
        })?;
        Ok(index.ok().map(|index| GlobalType(index as u32)))
    }

    /// Qualified name of a type, and whether it is sealed.
    pub fn type_info(&self, global: GlobalType) -> Result<(&'a str, bool), AccessError> {
        let row = self.types.get(global.0 as usize).ok_or(AccessError::OutOfBounds {
            tag: TYPE,
            index: u64::from(global.0),
            bound: u64::from(self.type_count()),
        })?;
        Ok((self.strings.get(row.name.get())?, row.flags.get() & TYPE_SEALED != 0))
    }

    /// The family of this qualified name and arity, if there is one. Cost: a binary search.
    pub fn family(&self, qualified: &str, arity: u8) -> Result<Option<FamilyView<'a>>, AccessError> {
        self.family_index(qualified, arity)?.map(|index| self.family_at(index)).transpose()
    }

    /// The row of a family.
    pub(super) fn family_index(&self, qualified: &str, arity: u8) -> Result<Option<u32>, AccessError> {
        let index = search(self.families.len(), |index| {
            let Some(row) = self.families.get(index) else { return Ok(Ordering::Greater) };
            let name = self.strings.bytes_of(row.name.get())?;
            Ok(name.cmp(qualified.as_bytes()).then(row.arity.cmp(&arity)))
        })?;
        Ok(index.ok().map(|index| index as u32))
    }

    /// Number of families.
    pub const fn family_count(&self) -> u32 {
        self.families.len() as u32
    }

    /// Family `index` in order of name and arity.
    pub fn family_at(&self, index: u32) -> Result<FamilyView<'a>, AccessError> {
        let bound = u64::from(self.family_count());
        let row = self.families.get(index as usize).ok_or(AccessError::OutOfBounds {
            tag: FAMI,
            index: u64::from(index),
            bound,
        })?;
        FamilyView::new(*self, index, row)
    }

    /// `len` bytes of section `BLOB`.
    pub(super) fn piece(&self, offset: U32, len: usize) -> Result<&'a [u8], AccessError> {
        let start = offset.get() as usize;
        self.blob.get(start..start.saturating_add(len)).ok_or(AccessError::OutOfBounds {
            tag: BLOB,
            index: start.saturating_add(len) as u64,
            bound: self.blob.len() as u64,
        })
    }
}

/// Binary search with a comparison that may fail.
fn search(
    len: usize,
    compare: impl Fn(usize) -> Result<Ordering, AccessError>,
) -> Result<Result<usize, usize>, AccessError> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(middle)? {
            Ordering::Equal => return Ok(Ok(middle)),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok(Err(low))
}
