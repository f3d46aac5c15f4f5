//! The quick way to open a table: it is taken to be as our writer lays tables out, and any doubt is an
//! answer too.
//!
//! Sections stand in one order, so none is searched for, and no error is made ready. What is
//! recognised is what [`Envelope::prove`](super::envelope::Envelope::prove) and the view's own checks
//! accept, with the same result, never more; whatever is not goes that way, which accepts every legal
//! order and names what is wrong.

use zerocopy::FromBytes;

use super::core::{CoreParts, DispatchCore};
use super::envelope::Checksums;
use super::error::Tag;
use super::layout::{
    ABOV, CLAS, ENTR, MAX_ENTRIES, MAX_PARAMS, NAME, PARM, PATT, RULE, SECTION_ALIGN, SIGN, STRS, SectionRow,
    TABLE_MAGIC, TYPE, TableHeader, VERSION_MAJOR,
};
use super::pressed::FileCodec;
use super::rule::{Optimization, Rule};
use super::strings::Strings;
use super::view::{TableView, rows};

/// The rest of the directory, while its sections are taken one by one.
struct Walk<'a> {
    bytes: &'a [u8],
    previous_end: usize,
}

impl<'a> Walk<'a> {
    /// The bytes of the next section, if its row has this tag and a place that chapter 3 allows.
    #[inline]
    fn take(&mut self, row: &SectionRow, tag: Tag) -> Option<&'a [u8]> {
        let start = row.offset.get() as usize;
        if row.tag != tag.0 || !start.is_multiple_of(SECTION_ALIGN) || start < self.previous_end {
            return None;
        }
        self.previous_end = start.saturating_add(row.len.get() as usize);
        self.bytes.get(start..self.previous_end)
    }
}

impl<'a> TableView<'a> {
    /// The table, if it is as our writer lays tables out and nothing is wrong with it. `checksums`
    /// afterwards tells whether they are still to be computed.
    #[inline]
    pub(super) fn recognise(bytes: &'a [u8], checksums: &mut Checksums) -> Option<Self> {
        let (header, behind) = TableHeader::ref_from_prefix(bytes).ok()?;
        let (section_rows, data) =
            <[SectionRow]>::ref_from_prefix_with_elems(behind, header.section_count.get() as usize).ok()?;
        let (entry_count, type_count) = (header.entry_count.get(), header.type_count.get());
        let param_count = header.param_count.get();
        if header.magic != TABLE_MAGIC
            || header.version_major.get() != VERSION_MAJOR
            || header.codec != FileCodec::None.code()
            || header.total_len.get() != bytes.len() as u64
            || header.data_len.get() as usize != data.len()
            || entry_count as usize > MAX_ENTRIES
            || param_count as usize > MAX_PARAMS
        {
            return None;
        }
        if *checksums == Checksums::Compute {
            let directory_end = bytes.len() - data.len();
            let (stored, computed) = (
                (header.metadata_crc.get(), header.data_crc.get()),
                super::envelope::both_crcs(bytes, size_of::<TableHeader>() - 4, directory_end),
            );
            if stored != computed {
                return None;
            }
            *checksums = Checksums::ProvedBefore;
        }
        let rule = Rule::from_code(header.rule)?;
        let optimization = Optimization::from_code(header.optimization)?;
        let mut walk = Walk { bytes, previous_end: bytes.len() - data.len() };
        let ([name, signature, strings, types, params, above, patterns, entries], more) =
            section_rows.split_first_chunk()?;
        if walk.take(name, NAME)?.len() != header.name_len.get() as usize
            || walk.take(signature, SIGN)?.len() != header.type_signature_len.get() as usize
        {
            return None;
        }
        let strings = Strings::parse(STRS, walk.take(strings, STRS)?)?;
        let types = rows(walk.take(types, TYPE)?, type_count)?;
        let params = walk.take(params, PARM)?;
        let above = walk.take(above, ABOV)?;
        let patterns = walk.take(patterns, PATT)?;
        let entries = rows(walk.take(entries, ENTR)?, entry_count)?;
        let (rule_section, more) = match (rule, more) {
            (Rule::Symmetric, more) => (&[][..], more),
            (_, [row, more @ ..]) => (walk.take(row, RULE)?, more),
            (_, []) => return None,
        };
        let (classes, answers) = match (optimization.section(), more) {
            (Some(tag), [row, answers]) => (walk.take(row, CLAS)?, walk.take(answers, tag)?),
            (None, []) => (&[][..], &[][..]),
            _ => return None,
        };
        let core = DispatchCore::checked(CoreParts {
            optimization,
            rule,
            rule_section,
            arity: header.arity,
            entries,
            type_count,
            param_count,
            params,
            above,
            patterns,
            classes,
            answers,
        })
        .ok()?;
        Some(Self { bytes, header, section_rows, rule, strings, types, core })
    }
}
