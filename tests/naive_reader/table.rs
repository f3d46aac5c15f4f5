//! Reads a table file: chapter 5.

use super::bytes::{Pool, slice, text, u8_at, u16_at, u32_at, u64_at};
use super::envelope::{Layout, Section, Sections, of_len, seal_again};
use super::family::{self, Counts, Family, FinderSections};
use super::rule::Rule;
use super::{Refused, stream};

pub(super) const LAYOUT: Layout = Layout {
    magic: *b"JDT\n",
    header_len: 88,
    codec_at: Some(39),
    section_count_at: 52,
    total_len_at: 64,
    data_crc_at: 80,
    known: &[
        "NAME", "SIGN", "STRS", "TYPE", "PARM", "ABOV", "PATT", "ENTR", "RULE", "CLAS", "DDAG", "MTRX",
        "PHSH", "LEFT",
    ],
};

/// A table file, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) version_minor: u16,
    pub(crate) creation_timestamp: u64,
    pub(crate) compression_ratio_ppm: u32,
    pub(crate) memory_saved: u64,
    pub(crate) total_len: u64,
    pub(crate) type_signature: String,
    pub(crate) sections: Vec<Section>,
    pub(crate) family: Family,
}

impl Table {
    /// Reads a file, and refuses it for what chapter 9 says of opening and of accesses.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let sections = Sections::open(bytes, &LAYOUT)?;
        let header = slice(bytes, 0, LAYOUT.header_len)?;
        let optimization = u8_at(header, 36)?;
        let [name, sign, strs, types] = ["NAME", "SIGN", "STRS", "TYPE"].map(|tag| sections.needed(tag));
        let [params, above, patterns, rows] =
            ["PARM", "ABOV", "PATT", "ENTR"].map(|tag| sections.needed(tag));
        let (name, sign, strs, types) = (name?, sign?, strs?, types?);
        let (params, above, patterns, rows) = (params?, above?, patterns?, rows?);
        let finder = FinderSections::of(optimization, |tag| sections.needed(tag))?;
        let rule = u8_at(header, 38)?;
        let ruling: &[u8] = if Rule::has_section(rule)? { sections.needed("RULE")? } else { &[] };
        if u64::from(u32_at(header, 76)?) != sections.data_len {
            return Err(Refused::DataLen);
        }
        let counts = Counts {
            arity: u8_at(header, 37)?,
            entries: u32_at(header, 32)?,
            types: u32_at(header, 40)?,
            params: u32_at(header, 44)?,
        };
        let counts = counts.within_limits()?;
        of_len(name, u64::from(u32_at(header, 24)?), "NAME")?;
        of_len(sign, u64::from(u32_at(header, 28)?), "SIGN")?;
        of_len(types, u64::from(counts.types) * 8, "TYPE")?;
        family::check_lens(counts, [params, above, patterns, rows])?;
        Pool::offsets(strs)?;
        Rule::check(rule, ruling, optimization, counts)?;
        finder.map_or(Ok(()), |finder| finder.check(counts))?;
        // The file is open: from here on every refusal is of an access.
        let pool = Pool::read(strs)?;
        let finder = finder.map(|finder| finder.read(counts)).transpose()?;
        let mut types = family::types(types, &pool)?;
        family::fill_above(&mut types, above, counts)?;
        Ok(Self {
            version_minor: u16_at(header, 6)?,
            creation_timestamp: u64_at(header, 16)?,
            compression_ratio_ppm: u32_at(header, 48)?,
            memory_saved: u64_at(header, 56)?,
            total_len: u64_at(header, 64)?,
            type_signature: text(sign)?,
            family: Family {
                name: text(name)?,
                arity: counts.arity,
                rule: Rule::read(rule, ruling, &types, counts)?,
                optimization,
                may_be_ambiguous: u32_at(header, 72)? & 1 == 1,
                table_hash: u64_at(header, 8)?,
                params: family::params(params, types.len())?,
                types,
                entries: family::entries(patterns, rows, &pool, counts)?,
                finder,
                left_out: family::left_out(sections.optional("LEFT"), counts)?,
            },
            sections: sections.all,
        })
    }

    /// The file without its codec.
    pub(crate) fn decoded(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        stream::decoded(bytes, &LAYOUT, Some(76))
    }

    /// Puts the checksums right after the bytes were changed.
    pub(crate) fn seal_again(bytes: &mut [u8]) {
        seal_again(bytes, &LAYOUT);
    }

    /// A section's bytes, if it is there.
    pub(crate) fn section(&self, tag: &str) -> Option<&[u8]> {
        self.sections
            .iter()
            .find(|section| section.tag == tag.as_bytes())
            .map(|section| section.bytes.as_slice())
    }
}
