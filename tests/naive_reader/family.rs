//! What a family says, whether a table or an image holds it: the sections of chapter 5 that both have.

use super::Refused;
use super::bytes::{Pool, slice, u8_at, u16_at, u32_at, words};
use super::envelope::of_len;

/// A family of methods with everything that is stored about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) arity: u8,
    pub(crate) rule: u8,
    pub(crate) optimization: u8,
    pub(crate) may_be_ambiguous: bool,
    pub(crate) table_hash: u64,
    pub(crate) types: Vec<Type>,
    /// The local type id of each parameter.
    pub(crate) params: Vec<u32>,
    pub(crate) entries: Vec<Entry>,
    /// Classes and nodes, of optimization 3.
    pub(crate) dag: Option<Dag>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) sealed: bool,
    /// For each parameter whether the type is under it.
    pub(crate) above: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) pattern: Vec<u16>,
    pub(crate) implementation: String,
    pub(crate) module: String,
    pub(crate) specificity: u32,
    pub(crate) call_frequency: u32,
    pub(crate) default: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dag {
    /// For each position the class of each local type.
    pub(crate) classes: Vec<Vec<u16>>,
    pub(crate) words: Vec<u32>,
}

/// The counts that give the lengths of a family's sections.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) arity: u8,
    pub(super) entries: u32,
    pub(super) types: u32,
    pub(super) params: u32,
}

impl Counts {
    /// The limits of chapter 4. The counts have 32 bits, so no length below can overflow 64.
    pub(super) fn within_limits(self) -> Result<Self, Refused> {
        if self.params > 65_534 {
            return Err(Refused::Limit("params"));
        }
        if self.entries > 16_777_216 {
            return Err(Refused::Limit("entries"));
        }
        Ok(self)
    }

    pub(super) fn params_len(self) -> u64 {
        u64::from(self.params) * 4
    }

    fn above_row_len(self) -> u64 {
        u64::from(self.params).div_ceil(8)
    }

    pub(super) fn above_len(self) -> u64 {
        u64::from(self.types) * self.above_row_len()
    }

    pub(super) fn patterns_len(self) -> u64 {
        u64::from(self.entries) * u64::from(self.arity) * 2
    }

    pub(super) fn entries_len(self) -> u64 {
        u64::from(self.entries) * 20
    }
}

/// The types' names and flags, still without what is above them.
pub(super) fn types(section: &[u8], pool: &Pool) -> Result<Vec<Type>, Refused> {
    let row = |row: &[u8]| {
        let sealed = u32_at(row, 4)? & 1 == 1;
        Ok(Type { name: pool.get(u32_at(row, 0)?)?, sealed, above: Vec::new() })
    };
    section.chunks_exact(8).map(row).collect()
}

/// The local type id of each parameter.
pub(super) fn params(section: &[u8], types: usize) -> Result<Vec<u32>, Refused> {
    let params = words(section)?;
    if params.iter().any(|param| *param as usize >= types) {
        return Err(Refused::Content("a parameter's type is not listed"));
    }
    Ok(params)
}

/// Fills in which parameters each type is under.
pub(super) fn fill_above(types: &mut [Type], section: &[u8], counts: Counts) -> Result<(), Refused> {
    for (index, row) in types.iter_mut().enumerate() {
        let row_at = index as u64 * counts.above_row_len();
        let bit = |param: u32| Ok(u8_at(section, row_at + u64::from(param / 8))? >> (param % 8) & 1 == 1);
        row.above = (0..counts.params).map(bit).collect::<Result<_, _>>()?;
    }
    Ok(())
}

/// The entries with their patterns.
pub(super) fn entries(
    patterns: &[u8],
    rows: &[u8],
    pool: &Pool,
    counts: Counts,
) -> Result<Vec<Entry>, Refused> {
    let arity = u64::from(counts.arity);
    let entry = |index: u32| {
        let reference = |position| {
            let reference = u16_at(patterns, (u64::from(index) * arity + position) * 2)?;
            let listed = u32::from(reference) <= counts.params;
            if listed { Ok(reference) } else { Err(Refused::Content("a parameter reference is not listed")) }
        };
        let row = slice(rows, u64::from(index) * 20, 20)?;
        Ok(Entry {
            pattern: (0..arity).map(reference).collect::<Result<_, _>>()?,
            implementation: pool.get(u32_at(row, 0)?)?,
            module: pool.get(u32_at(row, 4)?)?,
            specificity: u32_at(row, 8)?,
            call_frequency: u32_at(row, 12)?,
            default: u32_at(row, 16)? & 1 == 1,
        })
    };
    (0..counts.entries).map(entry).collect()
}

impl Dag {
    /// What opening asks of the two sections.
    pub(super) fn check(classes: &[u8], nodes: &[u8], counts: Counts) -> Result<(), Refused> {
        for position in 0..u64::from(counts.arity) {
            let row = slice(classes, position * 8, 8).map_err(|_| Refused::SectionLen("CLAS"))?;
            if !matches!(u16_at(row, 6)?, 1 | 2) {
                return Err(Refused::SectionLen("CLAS"));
            }
        }
        let whole = !nodes.is_empty() && nodes.len().is_multiple_of(4);
        if whole { Ok(()) } else { Err(Refused::SectionLen("DDAG")) }
    }

    pub(super) fn read(classes: &[u8], nodes: &[u8], counts: Counts) -> Result<Self, Refused> {
        let position = |position: u8| {
            let row = slice(classes, u64::from(position) * 8, 8)?;
            let (offset, width) = (u64::from(u32_at(row, 0)?), u16_at(row, 6)?);
            let class = |local| match width {
                1 => u8_at(classes, offset + local).map(u16::from),
                _ => u16_at(classes, offset + local * 2),
            };
            (0..u64::from(counts.types)).map(class).collect()
        };
        let classes = (0..counts.arity).map(position).collect::<Result<_, _>>()?;
        Ok(Self { classes, words: words(nodes)? })
    }
}

/// Checks the lengths of the sections that both kinds of file have.
pub(super) fn check_lens(counts: Counts, sections: [&[u8]; 4]) -> Result<(), Refused> {
    let [params, above, patterns, entries] = sections;
    of_len(params, counts.params_len(), "PARM")?;
    of_len(above, counts.above_len(), "ABOV")?;
    of_len(patterns, counts.patterns_len(), "PATT")?;
    of_len(entries, counts.entries_len(), "ENTR")
}
