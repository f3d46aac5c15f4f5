//! Reads an image file: chapter 6.

use super::bytes::{Pool, slice, u8_at, u32_at, u64_at};
use super::envelope::{Layout, Sections, of_len, seal_again};
use super::family::{self, Counts, Family, FinderSections, Type};
use super::question::Place;
use super::rule::Rule;
use super::{Refused, stream};

pub(super) const LAYOUT: Layout = Layout {
    magic: *b"JDI\n",
    header_len: 64,
    codec_at: Some(44),
    section_count_at: 32,
    total_len_at: 48,
    data_crc_at: 56,
    known: &["STRS", "TYPE", "FAMI", "PIEC", "BLOB", "PLAC"],
};

/// An image file, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) creation_timestamp: u64,
    pub(crate) name: String,
    /// Each type of the build, and whether it is sealed.
    pub(crate) types: Vec<(String, bool)>,
    /// Each family, or why it cannot be read; the others stay readable.
    pub(crate) families: Vec<Result<ImageFamily, Refused>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageFamily {
    pub(crate) family: Family,
    /// One for each entry, none where it is not known.
    pub(crate) places: Vec<Option<Place>>,
}

/// What all families of a file share.
struct Shared<'a> {
    pool: Pool,
    types: Vec<Type>,
    pieces: &'a [u8],
    blob: &'a [u8],
    places: &'a [u8],
}

impl Image {
    /// Reads a file, and refuses it for what chapter 9 says of opening and of accesses.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let sections = Sections::open(bytes, &LAYOUT)?;
        let [strs, types, rows] = ["STRS", "TYPE", "FAMI"].map(|tag| sections.needed(tag));
        let [pieces, blob, places] = ["PIEC", "BLOB", "PLAC"].map(|tag| sections.needed(tag));
        let (strs, types, rows) = (strs?, types?, rows?);
        let (pieces, blob, places) = (pieces?, blob?, places?);
        of_len(types, u64::from(u32_at(bytes, 24)?) * 8, "TYPE")?;
        of_len(rows, u64::from(u32_at(bytes, 20)?) * 64, "FAMI")?;
        of_len(pieces, u64::from(u32_at(bytes, 40)?) * 12, "PIEC")?;
        of_len(places, u64::from(u32_at(bytes, 28)?) * 12, "PLAC")?;
        Pool::offsets(strs)?;
        // The image is open: from here on every refusal is of an access or of one family.
        let pool = Pool::read(strs)?;
        let types = family::types(types, &pool)?;
        let shared = Shared { pool, types, pieces, blob, places };
        Ok(Self {
            creation_timestamp: u64_at(bytes, 8)?,
            name: shared.pool.get(u32_at(bytes, 16)?)?,
            families: rows.chunks_exact(64).map(|row| shared.family(row)).collect(),
            types: shared.types.into_iter().map(|listed| (listed.name, listed.sealed)).collect(),
        })
    }

    /// The file without its codec.
    pub(crate) fn decoded(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        stream::decoded(bytes, &LAYOUT, None)
    }

    /// Puts the checksums right after the bytes were changed.
    pub(crate) fn seal_again(bytes: &mut [u8]) {
        seal_again(bytes, &LAYOUT);
    }

    /// The family of a name and an arity.
    pub(crate) fn family(&self, name: &str, arity: u8) -> Option<&ImageFamily> {
        let mut readable = self.families.iter().flatten();
        readable.find(|with| with.family.name == name && with.family.arity == arity)
    }
}

impl Shared<'_> {
    fn family(&self, row: &[u8]) -> Result<ImageFamily, Refused> {
        let rule = u8_at(row, 5)?;
        let has_rule_section = Rule::has_section(rule)?;
        let counts = Counts {
            arity: u8_at(row, 4)?,
            entries: u32_at(row, 20)?,
            types: u32_at(row, 24)?,
            params: u32_at(row, 28)?,
        };
        let counts = counts.within_limits()?;
        let piece = |at, len| self.piece(u32_at(row, at)?, len);
        let type_map = piece(32, u64::from(counts.types) * 4)?;
        let (params, above) = (piece(36, counts.params_len())?, piece(40, counts.above_len())?);
        let (patterns, rows) = (piece(44, counts.patterns_len())?, piece(48, counts.entries_len())?);
        let further = self.further(u32_at(row, 52)?, u32_at(row, 56)?)?;
        let optimization = u8_at(row, 6)?;
        let finder = FinderSections::of(optimization, |tag| self.further_piece(further, tag))?;
        let ruling = if has_rule_section { self.further_piece(further, "RULE")? } else { &[] };
        Rule::check(rule, ruling, optimization, counts)?;
        finder.map_or(Ok(()), |finder| finder.check(counts))?;
        // The family is found: from here on every refusal is of an access.
        let mut types = self.local_types(type_map)?;
        family::fill_above(&mut types, above, counts)?;
        let first_place = u64::from(u32_at(row, 60)?);
        let places = (0..u64::from(counts.entries)).map(|entry| self.place(first_place + entry));
        let family = Family {
            name: self.pool.get(u32_at(row, 0)?)?,
            arity: counts.arity,
            rule: Rule::read(rule, ruling, &types, counts)?,
            optimization,
            may_be_ambiguous: u32_at(row, 16)? & 1 == 1,
            table_hash: u64_at(row, 8)?,
            params: family::params(params, types.len())?,
            types,
            entries: family::entries(patterns, rows, &self.pool, counts)?,
            finder: finder.map(|finder| finder.read(counts)).transpose()?,
            left_out: family::left_out(self.further_piece(further, "LEFT")?, counts)?,
        };
        Ok(ImageFamily { family, places: places.collect::<Result<_, _>>()? })
    }

    fn piece(&self, offset: u32, len: u64) -> Result<&[u8], Refused> {
        slice(self.blob, u64::from(offset), len).map_err(|_| Refused::SectionLen("BLOB"))
    }

    /// The family's rows of section `PIEC`.
    fn further(&self, first: u32, count: u32) -> Result<&[u8], Refused> {
        slice(self.pieces, u64::from(first) * 12, u64::from(count) * 12)
            .map_err(|_| Refused::SectionLen("PIEC"))
    }

    /// A further piece; one that is missing is empty.
    fn further_piece(&self, rows: &[u8], tag: &str) -> Result<&[u8], Refused> {
        let row = rows.chunks_exact(12).find(|row| row[..4] == *tag.as_bytes());
        row.map_or(Ok(&[]), |row| self.piece(u32_at(row, 4)?, u64::from(u32_at(row, 8)?)))
    }

    fn local_types(&self, type_map: &[u8]) -> Result<Vec<Type>, Refused> {
        let global = |id: &[u8]| {
            let listed = self.types.get(u32_at(id, 0)? as usize);
            listed.cloned().ok_or(Refused::Content("a global type is not listed"))
        };
        type_map.chunks_exact(4).map(global).collect()
    }

    fn place(&self, row: u64) -> Result<Option<Place>, Refused> {
        let row = slice(self.places, row * 12, 12)?;
        let (line, column) = (u32_at(row, 4)?, u32_at(row, 8)?);
        let place = Place { file: self.pool.get(u32_at(row, 0)?)?, line, column };
        Ok((line != 0).then_some(place))
    }
}
