//! What a family says, whether a table or an image holds it: the sections of chapter 5 that both have.

use super::Refused;
use super::bytes::{Pool, slice, text, u8_at, u16_at, u32_at, words};
use super::classes::Classes;
use super::envelope::of_len;
use super::hash::Hash;
use super::matrix::Matrix;
use super::rule::Rule;

/// A family of methods with everything that is stored about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) arity: u8,
    pub(crate) rule: Rule,
    pub(crate) optimization: u8,
    pub(crate) may_be_ambiguous: bool,
    pub(crate) table_hash: u64,
    pub(crate) types: Vec<Type>,
    /// The local type id of each parameter.
    pub(crate) params: Vec<u32>,
    pub(crate) entries: Vec<Entry>,
    /// Of optimizations 3 to 5.
    pub(crate) finder: Option<Finder>,
    /// Methods that no call selects, in canonical order.
    pub(crate) left_out: Vec<Entry>,
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

/// How an optimization finds the outcome of classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finder {
    /// Of each position.
    pub(crate) classes: Vec<Classes>,
    pub(crate) index: Index,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    /// The words of section `DDAG`.
    Dag(Vec<u32>),
    Matrix(Matrix),
    Hash(Hash),
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

    pub(super) fn above_row_len(self) -> u64 {
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

/// Row `row` of a section of bits, one for each parameter.
pub(super) fn bits(section: &[u8], row: u32, counts: Counts) -> Result<Vec<bool>, Refused> {
    let row_at = u64::from(row) * counts.above_row_len();
    let bit = |param: u32| Ok(u8_at(section, row_at + u64::from(param / 8))? >> (param % 8) & 1 == 1);
    (0..counts.params).map(bit).collect()
}

/// A row of bits in whole bytes.
pub(super) fn bytes_of_bits(row: &[bool]) -> Vec<u8> {
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    row.chunks(8).map(byte).collect()
}

/// Fills in which parameters each type is under.
pub(super) fn fill_above(types: &mut [Type], section: &[u8], counts: Counts) -> Result<(), Refused> {
    for (row, listed) in (0..).zip(types) {
        listed.above = bits(section, row, counts)?;
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

/// Section `LEFT`.
pub(super) fn left_out(section: &[u8], counts: Counts) -> Result<Vec<Entry>, Refused> {
    let mut at = 0;
    let mut methods = Vec::new();
    while at < section.len() as u64 {
        let pattern = (0..u64::from(counts.arity)).map(|position| u16_at(section, at + 2 * position));
        let pattern: Vec<u16> = pattern.collect::<Result<_, _>>()?;
        if pattern.iter().any(|reference| u32::from(*reference) > counts.params) {
            return Err(Refused::Content("a parameter reference is not listed"));
        }
        at += 2 * u64::from(counts.arity);
        let default = u32_at(section, at)? & 1 == 1;
        at += 4;
        let mut symbol = || {
            let len = u64::from(u32_at(section, at)?);
            at += 4 + len;
            text(slice(section, at - len, len)?)
        };
        let (implementation, module) = (symbol()?, symbol()?);
        methods.push(Entry { pattern, implementation, module, specificity: 0, call_frequency: 0, default });
    }
    Ok(methods)
}

/// The sections that an optimization needs: `CLAS`, and the one of its own.
#[derive(Clone, Copy)]
pub(super) struct FinderSections<'a> {
    pub(super) classes: &'a [u8],
    pub(super) own: &'a [u8],
    optimization: u8,
}

impl<'a> FinderSections<'a> {
    /// The sections of an optimization, of which `section` gives each; none where it has none.
    pub(super) fn of(
        optimization: u8,
        section: impl Fn(&'static str) -> Result<&'a [u8], Refused>,
    ) -> Result<Option<Self>, Refused> {
        let own = match optimization {
            3 => "DDAG",
            4 => "MTRX",
            5 => "PHSH",
            _ => return Ok(None),
        };
        Ok(Some(Self { classes: section("CLAS")?, own: section(own)?, optimization }))
    }

    /// What opening asks of them.
    pub(super) fn check(self, counts: Counts) -> Result<(), Refused> {
        let class_counts = Classes::check(self.classes, counts.arity)?;
        let is_right = match self.optimization {
            3 => !self.own.is_empty() && self.own.len().is_multiple_of(4),
            4 => Matrix::has_right_len(self.own, &class_counts),
            _ => Hash::has_right_len(self.own, &class_counts),
        };
        if is_right { Ok(()) } else { Err(Refused::SectionLen("DDAG, MTRX or PHSH")) }
    }

    pub(super) fn read(self, counts: Counts) -> Result<Finder, Refused> {
        let classes = |position| Classes::read(self.classes, position, counts.types);
        let index = match self.optimization {
            3 => Index::Dag(words(self.own)?),
            4 => Index::Matrix(Matrix::read(self.own)?),
            _ => Index::Hash(Hash::read(self.own)?),
        };
        Ok(Finder { classes: (0..counts.arity).map(classes).collect::<Result<_, _>>()?, index })
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
