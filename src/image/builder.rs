//! The only writer of images: tables' bytes and places in, one file out.

use std::collections::HashMap;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::layout::{
    BLOB, FAMI, FamilyRow, IMAGE_MAGIC, ImageHeader, PIEC, PLAC, PieceRow, PlaceRow, STRS, TYPE,
};
use crate::format::envelope::{NewSection, total_len, write};
use crate::format::layout::{
    self, ABOV, ENTRY_DEFAULT, EntryRow, LEFT, PARM, PATT, SECTION_ALIGN, TYPE_SEALED, TypeRow,
    VERSION_MAJOR, VERSION_MINOR,
};
use crate::format::strings::StringsBuilder;
use crate::format::{AccessError, EntryId, LocalType, OpenError, TableView, Tag};

/// A type of the build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageType {
    /// Qualified name.
    pub name: String,
    /// Whether no other subtypes may ever be added.
    pub sealed: bool,
}

/// Where a method stands in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePlace {
    /// Root-relative path.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Everything an image holds.
#[derive(Clone, Debug, Default)]
pub struct ImageContent<'a> {
    /// The project's name.
    pub name: &'a str,
    /// Every type of the build, in any order; a table's types must be among them.
    pub types: Vec<ImageType>,
    /// Each family's table, in any order; no two may have the same name and arity.
    pub tables: Vec<&'a [u8]>,
    /// Seconds since the Unix epoch, or 0.
    pub creation_timestamp: u64,
}

/// Why there is no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A table does not open.
    #[error("table {index} cannot be opened: {source}")]
    Table {
        /// Its index in the content.
        index: usize,
        /// Why.
        source: OpenError,
    },
    /// A table opens and cannot be read.
    #[error("a table cannot be read: {0}")]
    Access(#[from] AccessError),
    /// A table has a type that the build has not.
    #[error("family {family} has the type {name}, which is not among the build's types")]
    UnknownType {
        /// The family.
        family: String,
        /// The type's name.
        name: String,
    },
    /// Two tables answer for the same family.
    #[error("there are two tables for {name}/{arity}")]
    DuplicateFamily {
        /// The family's name.
        name: String,
        /// Its arity.
        arity: u8,
    },
    /// The file would be larger than 32-bit offsets can reach.
    #[error("the image would have {found_bytes} bytes; at most {limit_bytes} are possible")]
    TooLarge {
        /// How large it would be.
        found_bytes: u64,
        /// How large it may be.
        limit_bytes: u64,
    },
}

/// Sections of a table that an image has in another form: in the family's row or its pool of strings.
const IN_ROW_OR_STRINGS: [Tag; 8] =
    [layout::NAME, layout::SIGN, layout::STRS, layout::TYPE, PARM, ABOV, PATT, layout::ENTR];

/// Equal pieces are stored once.
#[derive(Default)]
struct Blob {
    bytes: Vec<u8>,
    offsets: HashMap<Vec<u8>, u32>,
}

impl Blob {
    fn put(&mut self, piece: &[u8]) -> U32 {
        if piece.is_empty() {
            return U32::ZERO;
        }
        if let Some(offset) = self.offsets.get(piece) {
            return U32::new(*offset);
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(SECTION_ALIGN), 0);
        let offset = self.bytes.len() as u32;
        self.bytes.extend_from_slice(piece);
        self.offsets.insert(piece.to_vec(), offset);
        U32::new(offset)
    }
}

/// Where `name` stands among types in name order. A table lists its types in the same order, so that the
/// next one is often at `next`, and nearly always behind it; it is found wherever it stands.
fn find(types: &[ImageType], next: usize, name: &str) -> Option<usize> {
    if types.get(next).is_some_and(|row| row.name == name) {
        return Some(next);
    }
    let search = |types: &[ImageType]| types.binary_search_by(|row| row.name.as_str().cmp(name)).ok();
    let behind = types.get(next..).and_then(search);
    behind.map(|at| next + at).or_else(|| search(types))
}

/// The bytes of an image. `place_of` tells where an implementation stands, by family and symbol.
/// Deterministic: the order of types and tables in `content` does not matter.
pub fn encode_image(
    content: &ImageContent<'_>,
    place_of: impl Fn(&str, &str) -> Option<ImagePlace>,
) -> Result<Vec<u8>, ImageError> {
    let mut types = content.types.clone();
    types.sort_unstable();
    types.dedup_by(|later, first| later.name == first.name);
    let mut strings = StringsBuilder::default();
    let name = strings.intern(content.name);
    let type_rows: Vec<TypeRow> = types
        .iter()
        .map(|row| TypeRow {
            name: U32::new(strings.intern(&row.name)),
            flags: U32::new(if row.sealed { TYPE_SEALED } else { 0 }),
        })
        .collect();

    let mut tables = Vec::with_capacity(content.tables.len());
    for (index, bytes) in content.tables.iter().enumerate() {
        let table = TableView::open_proved(bytes).map_err(|source| ImageError::Table { index, source })?;
        tables.push((table.name()?, table.header().arity, table));
    }
    tables.sort_by_key(|(name, arity, _)| (*name, *arity));
    let same = |a: &(&str, u8, TableView<'_>), b: &(&str, u8, TableView<'_>)| (a.0, a.1) == (b.0, b.1);
    if let Some((twice, _)) = tables.iter().zip(tables.iter().skip(1)).find(|(a, b)| same(a, b)) {
        return Err(ImageError::DuplicateFamily { name: twice.0.to_owned(), arity: twice.1 });
    }

    let mut blob = Blob::default();
    let (mut families, mut pieces, mut places) = (Vec::with_capacity(tables.len()), Vec::new(), Vec::new());
    for (name, arity, table) in &tables {
        let mut type_map = Vec::new();
        let mut next = 0;
        for local in 0..table.type_count() {
            let (type_name, _) = table.type_info(LocalType(local))?.unwrap_or_default();
            let global = find(&types, next, type_name).ok_or_else(|| ImageError::UnknownType {
                family: (*name).to_owned(),
                name: type_name.to_owned(),
            })?;
            next = global + 1;
            type_map.extend_from_slice(&(global as u32).to_le_bytes());
        }
        let first_place = places.len() as u32;
        let mut entries = Vec::new();
        for entry in 0..table.core().entry_count() {
            let info = table.entry(EntryId(entry))?;
            entries.push(EntryRow {
                implementation: U32::new(strings.intern(info.implementation)),
                module: U32::new(strings.intern(info.module)),
                specificity: U32::new(info.specificity),
                call_frequency: U32::new(info.call_frequency),
                flags: U32::new(if info.default { ENTRY_DEFAULT } else { 0 }),
            });
            let place = place_of(name, info.implementation);
            places.push(PlaceRow {
                file: U32::new(strings.intern(place.as_ref().map_or("", |place| place.file.as_str()))),
                line: U32::new(place.as_ref().map_or(0, |place| place.line)),
                column: U32::new(place.as_ref().map_or(0, |place| place.column)),
            });
        }
        let section = |tag: Tag| table.section(tag).unwrap_or_default();
        let (header, first_piece) = (table.header(), pieces.len() as u32);
        families.push(FamilyRow {
            name: U32::new(strings.intern(name)),
            arity: *arity,
            rule: header.rule,
            optimization: header.optimization,
            reserved: 0,
            table_hash: header.table_hash,
            flags: header.flags,
            entry_count: header.entry_count,
            type_count: header.type_count,
            param_count: header.param_count,
            type_map: blob.put(&type_map),
            params: blob.put(section(PARM)),
            above: blob.put(section(ABOV)),
            patterns: blob.put(section(PATT)),
            entries: blob.put(entries.as_bytes()),
            first_piece: U32::new(first_piece),
            piece_count: U32::ZERO,
            first_place: U32::new(first_place),
        });
        // Whatever else the table has goes along, known or not: what answers a table answers an image.
        for tag in table.section_tags().filter(|tag| !IN_ROW_OR_STRINGS.contains(tag)) {
            let bytes = section(tag);
            pieces.push(PieceRow { tag: tag.0, offset: blob.put(bytes), len: U32::new(bytes.len() as u32) });
        }
        if let Some(family) = families.last_mut() {
            family.piece_count = U32::new(pieces.len() as u32 - first_piece);
        }
    }
    let sections = [
        NewSection::required(STRS, strings.finish()),
        NewSection::required(TYPE, type_rows.as_bytes().to_vec()),
        NewSection::required(FAMI, families.as_bytes().to_vec()),
        NewSection::required(PIEC, pieces.as_bytes().to_vec()),
        NewSection::required(BLOB, blob.bytes),
        NewSection::required(PLAC, places.as_bytes().to_vec()),
    ];
    total_len(size_of::<ImageHeader>(), &sections)
        .map_err(|found_bytes| ImageError::TooLarge { found_bytes, limit_bytes: u64::from(u32::MAX) })?;
    Ok(write(size_of::<ImageHeader>(), &sections, |totals| {
        let mut header = ImageHeader::new_zeroed();
        header.magic = IMAGE_MAGIC;
        header.version_major = U16::new(VERSION_MAJOR);
        let has_news = pieces.iter().any(|piece| piece.tag == LEFT.0);
        header.version_minor = U16::new(if has_news { VERSION_MINOR } else { 0 });
        header.creation_timestamp = U64::new(content.creation_timestamp);
        header.name = U32::new(name);
        header.family_count = U32::new(families.len() as u32);
        header.type_count = U32::new(type_rows.len() as u32);
        header.place_count = U32::new(places.len() as u32);
        header.piece_count = U32::new(pieces.len() as u32);
        header.section_count = U32::new(totals.section_count);
        header.total_len = U64::new(totals.total_len);
        header.data_crc = U32::new(totals.data_crc);
        header.as_bytes().to_vec()
    }))
}
