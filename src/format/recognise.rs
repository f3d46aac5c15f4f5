//! The quick way to open a table: it is taken to be as our writer lays tables out, and any doubt is an
//! answer too.
//!
//! Sections stand in one order, so none is searched for, and no error is made ready. What is
//! recognised is what [`Envelope::prove`](super::envelope::Envelope::prove) and the view's own checks
//! accept, with the same result, never more; whatever is not goes that way, which accepts every legal
//! order and names what is wrong.

use zerocopy::FromBytes;

use super::core::{CoreParts, DispatchCore, Part};
use super::envelope::Checksums;
use super::error::Tag;
use super::layout::{
    ABOV, CLAS, ENTR, MAX_ENTRIES, MAX_PARAMS, NAME, PARM, PATT, RULE, SECTION_ALIGN, SIGN, STRS, SectionRow,
    TABLE_MAGIC, TYPE, TableHeader, TypeRow, VERSION_MAJOR,
};
use super::pressed::FileCodec;
use super::rule::{Optimization, Rule};
use super::strings::Strings;
use super::view::TableView;

/// The rest of the directory, while its sections are taken one by one.
struct Walk {
    previous_end: usize,
}

impl Walk {
    /// Where the next section lies, if its row has this tag and it begins where chapter 3 allows.
    #[inline]
    fn take(&mut self, row: &SectionRow, tag: Tag) -> Option<Part> {
        let start = row.offset.get() as usize;
        if row.tag != tag.0 || !start.is_multiple_of(SECTION_ALIGN) || start < self.previous_end {
            return None;
        }
        self.previous_end = start.saturating_add(row.len.get() as usize);
        Some(Part { at: row.offset.get(), len: row.len.get() })
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
        let mut walk = Walk { previous_end: bytes.len() - data.len() };
        let ([name, signature, strings, types, params, above, patterns, entries], more) =
            section_rows.split_first_chunk()?;
        if walk.take(name, NAME)?.len != header.name_len.get()
            || walk.take(signature, SIGN)?.len != header.type_signature_len.get()
        {
            return None;
        }
        let strings = walk.take(strings, STRS)?;
        let types = walk.take(types, TYPE)?;
        let params = walk.take(params, PARM)?;
        let above = walk.take(above, ABOV)?;
        let patterns = walk.take(patterns, PATT)?;
        let entries = walk.take(entries, ENTR)?;
        let (rule_section, more) = match (rule, more) {
            (Rule::Symmetric, more) => (Part::default(), more),
            (_, [row, more @ ..]) => (walk.take(row, RULE)?, more),
            (_, []) => return None,
        };
        let (classes, answers) = match (optimization.section(), more) {
            (Some(tag), [row, answers]) => (walk.take(row, CLAS)?, walk.take(answers, tag)?),
            (None, []) => (Part::default(), Part::default()),
            _ => return None,
        };
        // Ends ascend, so the last tells of all.
        if walk.previous_end > bytes.len()
            || u64::from(types.len) != u64::from(type_count) * size_of::<TypeRow>() as u64
        {
            return None;
        }
        Strings::parse(STRS, strings.of(bytes))?;
        let core = DispatchCore::checked(CoreParts {
            bytes,
            optimization,
            rule,
            rule_section,
            arity: header.arity,
            entry_count,
            type_count,
            param_count,
            entries,
            params,
            above,
            patterns,
            classes,
            answers,
        })
        .ok()?;
        Some(Self { bytes, header, strings, types: types.at, core })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables among the golden vectors that can be opened.
    fn tables() -> Vec<Vec<u8>> {
        let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors");
        let files =
            std::fs::read_dir(vectors).expect("a folder").map(|entry| entry.expect("readable").path());
        let tables = files.filter(|path| path.extension().is_some_and(|extension| extension == "jdt"));
        let bytes = tables.map(|path| std::fs::read(path).expect("readable"));
        bytes.filter(|bytes| TableView::open(bytes).is_ok()).collect()
    }

    fn recognised(bytes: &[u8]) -> Option<TableView<'_>> {
        TableView::recognise(bytes, &mut { Checksums::ProvedBefore })
    }

    #[test]
    fn what_our_writer_makes_is_recognised() {
        let tables = tables();
        let known = tables.iter().filter(|bytes| recognised(bytes).is_some()).count();
        assert!(known >= 20 && known + 3 >= tables.len(), "{known} of {}", tables.len());
    }

    #[test]
    fn whatever_is_recognised_is_accepted_without_and_gives_the_same_view() {
        let mut accepted = 0;
        // Header, directory and the first sections; views of long tables take long to compare.
        for table in tables().into_iter().filter(|table| table.len() < 2000) {
            let mut bytes = table.clone();
            for at in 0..table.len().min(400) {
                for other in [0, 1, 8, 255, table[at].wrapping_add(1), table[at] ^ 0x80] {
                    bytes[at] = other;
                    if let Some(view) = recognised(&bytes) {
                        let any = TableView::prove_any(&bytes, Checksums::ProvedBefore);
                        assert_eq!(
                            any.map(|any| format!("{any:?}")),
                            Ok(format!("{view:?}")),
                            "{at}: {other}"
                        );
                        accepted += 1;
                    }
                }
                bytes[at] = table[at];
            }
        }
        assert!(accepted > 1000);
    }

    #[test]
    fn a_wrong_checksum_is_not_recognised() {
        for table in tables() {
            for at in [8, table.len() - 1] {
                let mut bytes = table.clone();
                bytes[at] ^= 1;
                let mut checksums = Checksums::Compute;
                assert!(TableView::recognise(&bytes, &mut checksums).is_none());
                assert_eq!(checksums, Checksums::Compute);
            }
        }
    }
}
