//! Writes a table file: chapter 5.

use super::bytes::{PoolWriter, put16, put32, put64};
use super::classes;
use super::envelope::{Section, file};
use super::family::{Entry, Family, Index, bytes_of_bits};
use super::table::LAYOUT;

impl Family {
    pub(super) fn params_section(&self) -> Vec<u8> {
        self.params.iter().flat_map(|param| param.to_le_bytes()).collect()
    }

    pub(super) fn above_section(&self) -> Vec<u8> {
        self.types.iter().flat_map(|listed| bytes_of_bits(&listed.above)).collect()
    }

    pub(super) fn patterns_section(&self) -> Vec<u8> {
        self.entries
            .iter()
            .flat_map(|entry| entry.pattern.iter().flat_map(|param| param.to_le_bytes()))
            .collect()
    }

    /// Rows whose strings are `ids`, implementation and module of each entry.
    pub(super) fn entries_section(&self, ids: &[[u32; 2]]) -> Vec<u8> {
        let mut section = Vec::new();
        for (entry, [implementation, module]) in self.entries.iter().zip(ids) {
            put32(&mut section, *implementation);
            put32(&mut section, *module);
            put32(&mut section, entry.specificity);
            put32(&mut section, entry.call_frequency);
            put32(&mut section, u32::from(entry.default));
        }
        section
    }
}

/// The sections behind `ENTR`, which only some families have.
pub(super) fn further_sections(family: &Family) -> Vec<([u8; 4], Vec<u8>)> {
    let is_hot = family.entries.iter().any(|entry| entry.call_frequency > 0);
    let rule = family.rule.section(family.params.len()).map(|section| (*b"RULE", section));
    let finder = family.finder.iter().flat_map(|finder| {
        let own = match &finder.index {
            Index::Dag(words) => (*b"DDAG", words.iter().flat_map(|word| word.to_le_bytes()).collect()),
            Index::Matrix(matrix) => (*b"MTRX", matrix.section()),
            Index::Hash(hash) => (*b"PHSH", hash.section()),
        };
        [(*b"CLAS", classes::section(&finder.classes, is_hot)), own]
    });
    let left_out = (!family.left_out.is_empty()).then(|| (*b"LEFT", left_section(&family.left_out)));
    rule.into_iter().chain(finder).chain(left_out).collect()
}

fn left_section(methods: &[Entry]) -> Vec<u8> {
    let mut section = Vec::new();
    for method in methods {
        section.extend(method.pattern.iter().flat_map(|reference| reference.to_le_bytes()));
        put32(&mut section, u32::from(method.default));
        for symbol in [&method.implementation, &method.module] {
            put32(&mut section, symbol.len() as u32);
            section.extend(symbol.bytes());
        }
    }
    section
}

/// Rows of section `TYPE`.
pub(super) fn types_section<'a>(
    types: impl Iterator<Item = (&'a str, bool)>,
    pool: &mut PoolWriter,
) -> Vec<u8> {
    let mut section = Vec::new();
    for (name, sealed) in types {
        put32(&mut section, pool.id(name));
        put32(&mut section, u32::from(sealed));
    }
    section
}

/// The sections of a family's table.
pub(crate) fn sections(family: &Family) -> Vec<Section> {
    let mut pool = PoolWriter::default();
    let types =
        types_section(family.types.iter().map(|listed| (listed.name.as_str(), listed.sealed)), &mut pool);
    let ids: Vec<[u32; 2]> =
        family.entries.iter().map(|entry| [pool.id(&entry.implementation), pool.id(&entry.module)]).collect();
    let mut sections = vec![
        (*b"NAME", family.name.clone().into_bytes()),
        (*b"SIGN", family.type_signature().into_bytes()),
        (*b"STRS", pool.section()),
        (*b"TYPE", types),
        (*b"PARM", family.params_section()),
        (*b"ABOV", family.above_section()),
        (*b"PATT", family.patterns_section()),
        (*b"ENTR", family.entries_section(&ids)),
    ];
    sections.extend(further_sections(family));
    // Without them a scan gives the same answers.
    let required = |tag: [u8; 4]| ![*b"CLAS", *b"DDAG", *b"MTRX", *b"PHSH", *b"LEFT"].contains(&tag);
    sections.into_iter().map(|(tag, bytes)| Section { tag, required: required(tag), bytes }).collect()
}

/// The file of a family.
pub(crate) fn table_bytes(family: &Family, creation_timestamp: u64) -> Vec<u8> {
    let sections = sections(family);
    let total_len = sections.iter().fold(LAYOUT.header_len + 16 * sections.len() as u64, |end, section| {
        end.next_multiple_of(8) + section.bytes.len() as u64
    });
    let mut header = LAYOUT.magic.to_vec();
    put16(&mut header, 1);
    put16(&mut header, u16::from(!family.left_out.is_empty()));
    put64(&mut header, family.table_hash);
    put64(&mut header, creation_timestamp);
    put32(&mut header, sections[0].bytes.len() as u32);
    put32(&mut header, sections[1].bytes.len() as u32);
    put32(&mut header, family.entries.len() as u32);
    header.extend([family.optimization, family.arity, family.rule.code(), 0]);
    put32(&mut header, family.types.len() as u32);
    put32(&mut header, family.params.len() as u32);
    put32(&mut header, family.compression_ratio_ppm(total_len));
    put32(&mut header, 0);
    put64(&mut header, family.memory_saved(total_len));
    put64(&mut header, 0);
    put32(&mut header, u32::from(family.may_be_ambiguous));
    put32(&mut header, (total_len - LAYOUT.header_len) as u32 - 16 * sections.len() as u32);
    put64(&mut header, 0);
    file(header, &LAYOUT, &sections)
}
