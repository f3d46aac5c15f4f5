//! What a rule needs beside patterns and relations: section `RULE`.

use super::Refused;
use super::bytes::{put32, slice, text, u16_at, u32_at};
use super::family::{Counts, Type, bits, bytes_of_bits};

/// A resolution rule with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Symmetric,
    Precedence {
        /// The positions in the order in which they are compared.
        order: Vec<u8>,
        /// For each local type the parameter numbers that it is under, nearest first.
        lists: Vec<Vec<u16>>,
    },
    Levels {
        /// For each parameter which ones it counts as being under.
        counts_as: Vec<Vec<bool>>,
    },
    Custom {
        name: String,
    },
}

/// Bytes of form and order, with those of 0 behind them.
fn head_len(arity: u8) -> u64 {
    4 + u64::from(arity).next_multiple_of(4)
}

impl Rule {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Symmetric => 1,
            Self::Precedence { .. } => 2,
            Self::Levels { .. } => 3,
            Self::Custom { .. } => 255,
        }
    }

    /// Whether the rule of this code is known, and whether it has a section.
    pub(super) fn has_section(code: u8) -> Result<bool, Refused> {
        match code {
            1 => Ok(false),
            2 | 3 | 255 => Ok(true),
            other => Err(Refused::Rule(other)),
        }
    }

    /// What opening asks of rule and section.
    pub(super) fn check(code: u8, section: &[u8], optimization: u8, counts: Counts) -> Result<(), Refused> {
        let wrong_len = |_| Refused::SectionLen("RULE");
        match code {
            2 => {
                let form = u32_at(section, 0).map_err(wrong_len)?;
                let order = slice(section, 4, counts.arity.into()).map_err(wrong_len)?;
                if (0..counts.arity).any(|position| !order.contains(&position)) {
                    return Err(Refused::RuleOrder);
                }
                let head = head_len(counts.arity);
                let len = match form {
                    0 => head + 2 * u64::from(counts.params),
                    1 => {
                        let last = head + 4 * u64::from(counts.types);
                        last + 4 + 2 * u64::from(u32_at(section, last).map_err(wrong_len)?)
                    }
                    other => return Err(Refused::RuleForm(other)),
                };
                if section.len() as u64 == len { Ok(()) } else { Err(Refused::SectionLen("RULE")) }
            }
            3 if section.len() as u64 != u64::from(counts.params) * counts.above_row_len() => {
                Err(Refused::SectionLen("RULE"))
            }
            255 if !matches!(optimization, 3..=5) => Err(Refused::CustomIsNotScanned),
            _ => Ok(()),
        }
    }

    pub(super) fn read(code: u8, section: &[u8], types: &[Type], counts: Counts) -> Result<Self, Refused> {
        match code {
            2 => {
                let order = slice(section, 4, counts.arity.into())?.to_vec();
                let body =
                    slice(section, head_len(counts.arity), section.len() as u64 - head_len(counts.arity))?;
                let lists = match u32_at(section, 0)? {
                    0 => lists_by_rank(body, types, counts)?,
                    _ => lists_as_given(body, types)?,
                };
                Ok(Self::Precedence { order, lists })
            }
            3 => {
                let row = |param: u32| bits(section, param, counts);
                Ok(Self::Levels { counts_as: (0..counts.params).map(row).collect::<Result<_, _>>()? })
            }
            255 => Ok(Self::Custom { name: text(section)? }),
            _ => Ok(Self::Symmetric),
        }
    }

    /// The section's bytes: there is one way to write them.
    pub(super) fn section(&self, params: usize) -> Option<Vec<u8>> {
        match self {
            Self::Symmetric => None,
            Self::Precedence { order, lists } => {
                let ranks = ranks(lists, params);
                let mut section = Vec::new();
                put32(&mut section, u32::from(ranks.is_none()));
                section.extend(order);
                section.resize(section.len().next_multiple_of(4), 0);
                if let Some(ranks) = ranks {
                    section.extend(ranks.iter().flat_map(|rank| rank.to_le_bytes()));
                } else {
                    let mut offset = 0;
                    put32(&mut section, offset);
                    for list in lists {
                        offset += list.len() as u32;
                        put32(&mut section, offset);
                    }
                    section.extend(lists.iter().flatten().flat_map(|param| param.to_le_bytes()));
                }
                Some(section)
            }
            Self::Levels { counts_as } => Some(counts_as.iter().flat_map(|row| bytes_of_bits(row)).collect()),
            Self::Custom { name } => Some(name.clone().into_bytes()),
        }
    }
}

/// Form 0.
fn lists_by_rank(body: &[u8], types: &[Type], counts: Counts) -> Result<Vec<Vec<u16>>, Refused> {
    let ranks: Vec<u16> =
        (0..counts.params).map(|param| u16_at(body, u64::from(param) * 2)).collect::<Result<_, _>>()?;
    if (0..counts.params).any(|rank| !ranks.contains(&(rank as u16))) {
        return Err(Refused::Content("ranks are not each number once"));
    }
    let list = |listed: &Type| {
        let mut list: Vec<u16> =
            (0_u16..).zip(&listed.above).filter(|pair| *pair.1).map(|pair| pair.0).collect();
        list.sort_by_key(|param| ranks[usize::from(*param)]);
        list
    };
    Ok(types.iter().map(list).collect())
}

/// Form 1.
fn lists_as_given(body: &[u8], types: &[Type]) -> Result<Vec<Vec<u16>>, Refused> {
    let first_list = 4 * (types.len() as u64 + 1);
    if u32_at(body, 0)? != 0 {
        return Err(Refused::Content("the first list does not begin at 0"));
    }
    let list = |(local, listed): (u64, &Type)| {
        let (from, to) = (u32_at(body, local * 4)?, u32_at(body, local * 4 + 4)?);
        let list: Vec<u16> =
            (from..to).map(|at| u16_at(body, first_list + u64::from(at) * 2)).collect::<Result<_, _>>()?;
        let mut sorted = list.clone();
        sorted.sort_unstable();
        let under: Vec<u16> =
            (0_u16..).zip(&listed.above).filter(|pair| *pair.1).map(|pair| pair.0).collect();
        if sorted == under {
            Ok(list)
        } else {
            Err(Refused::Content("a list is not of what the type is under"))
        }
    };
    (0..).zip(types).map(list).collect()
}

/// One order for all lists, as a rank for each parameter, if there is one.
fn ranks(lists: &[Vec<u16>], params: usize) -> Option<Vec<u16>> {
    let mut ranks: Vec<Option<u16>> = vec![None; params];
    for rank in 0..params as u16 {
        let stands_behind_ranked_ones = |param: u16| {
            lists
                .iter()
                .filter_map(|list| {
                    list.split(|other| *other == param).next().filter(|front| front.len() < list.len())
                })
                .flatten()
                .all(|front| ranks[usize::from(*front)].is_some())
        };
        let next = (0..params as u16)
            .find(|param| ranks[usize::from(*param)].is_none() && stands_behind_ranked_ones(*param))?;
        ranks[usize::from(next)] = Some(rank);
    }
    ranks.into_iter().collect()
}
