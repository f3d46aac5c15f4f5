//! Section `RULE`: what a rule needs beside patterns and relations; written and read.

use std::sync::Arc;

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use super::core::{LocalType, above_stride_bytes};
use super::error::AccessError;
use super::layout::RULE;
use super::logical::{LogicalRule, LogicalTable, LogicalType, ParamRef};
use super::rule::Rule;

/// Of rule `precedence`: the parameters of every type agree with one order.
pub(crate) const ONE_ORDER: u32 = 0;
/// Of rule `precedence`: each type has a list of its own.
pub(crate) const OWN_LISTS: u32 = 1;

/// The section's bytes; none for a rule that needs none.
pub(crate) fn rule_section(table: &LogicalTable) -> Option<Vec<u8>> {
    match &table.rule {
        LogicalRule::Symmetric => None,
        LogicalRule::Precedence { argument_order, nearest } => {
            let one_order = one_order(table.params.len(), nearest);
            let form = if one_order.is_some() { ONE_ORDER } else { OWN_LISTS };
            let mut section = form.to_le_bytes().to_vec();
            section.extend_from_slice(argument_order);
            section.resize(section.len().next_multiple_of(4), 0);
            if let Some(ranks) = one_order {
                section.extend(ranks.iter().flat_map(|rank| rank.to_le_bytes()));
                return Some(section);
            }
            let mut end = 0_u32;
            section.extend_from_slice(&end.to_le_bytes());
            for list in nearest {
                end += list.len() as u32;
                section.extend_from_slice(&end.to_le_bytes());
            }
            section.extend(nearest.iter().flat_map(|list| list.iter()).flat_map(|param| param.to_le_bytes()));
            Some(section)
        }
        LogicalRule::Levels { counts_as } => {
            let stride = above_stride_bytes(table.params.len() as u32);
            let mut bits = vec![0_u8; stride * counts_as.len()];
            for (row, bytes) in counts_as.iter().zip(bits.chunks_exact_mut(stride.max(1))) {
                for param in row {
                    if let Some(byte) = bytes.get_mut(usize::from(*param) / 8) {
                        *byte |= 1 << (param % 8);
                    }
                }
            }
            Some(bits)
        }
        LogicalRule::Custom { name } => Some(name.clone().into_bytes()),
    }
}

/// For each parameter its place in the one order that agrees with every list, if there is one. Of
/// several, the one that takes the smallest parameter first.
fn one_order(params: usize, lists: &[Arc<[u16]>]) -> Option<Vec<u16>> {
    let mut behind: Vec<Vec<u16>> = vec![Vec::new(); params];
    let mut last: Option<&Arc<[u16]>> = None;
    for list in lists {
        // Types that are neighbours in name order often share a list, which need not be said twice.
        if last.is_some_and(|last| Arc::ptr_eq(last, list)) {
            continue;
        }
        last = Some(list);
        for pair in list.windows(2) {
            if let [first, second] = pair {
                behind.get_mut(usize::from(*first))?.push(*second);
            }
        }
    }
    let mut waits_for = vec![0_u32; params];
    for row in &mut behind {
        row.sort_unstable();
        row.dedup();
        for param in row {
            *waits_for.get_mut(usize::from(*param))? += 1;
        }
    }
    let free = |waits_for: &[u32]| (0..params).filter(|param| waits_for[*param] == 0).collect::<Vec<_>>();
    let mut ready: std::collections::BTreeSet<usize> = free(&waits_for).into_iter().collect();
    let mut ranks = vec![u16::MAX; params];
    let mut next = 0_u16;
    while let Some(param) = ready.pop_first() {
        ranks[param] = next;
        next += 1;
        for other in &behind[param] {
            let other = usize::from(*other);
            waits_for[other] -= 1;
            if waits_for[other] == 0 {
                ready.insert(other);
            }
        }
    }
    (usize::from(next) == params).then_some(ranks)
}

/// What a rule reads beside patterns and relations, where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RuleView<'a> {
    Symmetric,
    Precedence { argument_order: &'a [u8], ranks: Ranks<'a> },
    Levels { counts_as: &'a [u8], stride: usize },
    Custom { name: &'a [u8] },
}

/// The place of a parameter in the list of an argument's type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ranks<'a> {
    One(&'a [U16]),
    Own { offsets: &'a [U32], lists: &'a [U16] },
}

const LENGTH: &str = "its length contradicts the counts in the header";

impl<'a> RuleView<'a> {
    /// Checks that the section has the length that the counts ask for.
    pub(crate) fn parse(
        rule: Rule,
        section: &'a [u8],
        arity: usize,
        type_count: u32,
        param_count: u32,
    ) -> Result<Self, &'static str> {
        if rule == Rule::Precedence {
            let order = section.get(size_of::<U32>()..).and_then(|rest| rest.get(..arity)).ok_or(LENGTH)?;
            let mut seen = [false; 256];
            let is_position = |position: &u8| {
                usize::from(*position) < arity && !std::mem::replace(&mut seen[usize::from(*position)], true)
            };
            if !order.iter().all(is_position) {
                return Err("its order of positions does not name each once");
            }
        }
        Self::read(rule, section, arity, type_count, param_count)
    }

    /// As [`RuleView::parse`], of a section whose order of positions was proved before.
    pub(crate) fn read(
        rule: Rule,
        section: &'a [u8],
        arity: usize,
        type_count: u32,
        param_count: u32,
    ) -> Result<Self, &'static str> {
        match rule {
            Rule::Symmetric => Ok(Self::Symmetric),
            Rule::Precedence => {
                let (form, rest) = U32::ref_from_prefix(section).map_err(|_| LENGTH)?;
                let (argument_order, _) = rest.split_at_checked(arity).ok_or(LENGTH)?;
                let rest = rest.get(arity.next_multiple_of(4)..).ok_or(LENGTH)?;
                let ranks = match form.get() {
                    ONE_ORDER => {
                        let ranks = <[U16]>::ref_from_bytes_with_elems(rest, param_count as usize);
                        Ranks::One(ranks.map_err(|_| LENGTH)?)
                    }
                    OWN_LISTS => {
                        let count = (type_count as usize).checked_add(1).ok_or(LENGTH)?;
                        if count > rest.len() / 4 {
                            return Err(LENGTH);
                        }
                        let (offsets, rest) =
                            <[U32]>::ref_from_prefix_with_elems(rest, count).map_err(|_| LENGTH)?;
                        let end = offsets.last().map_or(0, |end| end.get()) as usize;
                        let lists = <[U16]>::ref_from_bytes(rest).map_err(|_| LENGTH)?;
                        if lists.len() != end {
                            return Err(LENGTH);
                        }
                        Ranks::Own { offsets, lists }
                    }
                    _ => return Err("its form is neither 0 nor 1"),
                };
                Ok(Self::Precedence { argument_order, ranks })
            }
            Rule::Levels => {
                let stride = above_stride_bytes(param_count);
                if Some(section.len()) != stride.checked_mul(param_count as usize) {
                    return Err(LENGTH);
                }
                Ok(Self::Levels { counts_as: section, stride })
            }
            Rule::Custom => Ok(Self::Custom { name: section }),
        }
    }
}

impl Ranks<'_> {
    /// Where `param` stands in the list of `local`, nearest first; the top type stands behind all.
    pub(crate) fn rank(&self, local: LocalType, param: ParamRef) -> Result<u32, AccessError> {
        let Some(ordinal) = param.ordinal() else { return Ok(u32::MAX) };
        let outside = |index: usize, bound: usize| AccessError::OutOfBounds {
            tag: RULE,
            index: index as u64,
            bound: bound as u64,
        };
        match self {
            Self::One(ranks) => {
                let rank = ranks.get(usize::from(ordinal));
                rank.map(|rank| u32::from(rank.get())).ok_or(outside(usize::from(ordinal), ranks.len()))
            }
            Self::Own { .. } => {
                let place = self.list(local)?.iter().position(|other| other.get() == ordinal);
                place.map(|place| place as u32).ok_or(outside(usize::from(ordinal), 0))
            }
        }
    }

    fn list(&self, local: LocalType) -> Result<&[U16], AccessError> {
        let Self::Own { offsets, lists } = self else { return Ok(&[]) };
        let index = local.0 as usize;
        let outside =
            AccessError::OutOfBounds { tag: RULE, index: u64::from(local.0), bound: offsets.len() as u64 };
        let pair = index.checked_add(2).and_then(|end| offsets.get(index..end));
        let Some([start, end]) = pair else { return Err(outside) };
        lists.get(start.get() as usize..end.get() as usize).ok_or(outside)
    }
}

/// The rule's data as the logical table has it.
pub(crate) fn logical_rule(
    view: &RuleView<'_>,
    types: &[LogicalType],
    param_count: u32,
) -> Result<LogicalRule, AccessError> {
    match view {
        RuleView::Symmetric => Ok(LogicalRule::Symmetric),
        RuleView::Precedence { argument_order, ranks } => {
            let mut nearest = Vec::with_capacity(types.len());
            for (local, row) in types.iter().enumerate() {
                let mut ranked = Vec::with_capacity(row.above.len());
                for param in &*row.above {
                    ranked.push((ranks.rank(LocalType(local as u32), ParamRef(param + 1))?, *param));
                }
                ranked.sort_unstable();
                nearest.push(ranked.into_iter().map(|(_, param)| param).collect());
            }
            Ok(LogicalRule::Precedence { argument_order: argument_order.to_vec(), nearest })
        }
        RuleView::Levels { counts_as, stride } => {
            let row = |param: u32| {
                let bytes = counts_as.get(param as usize * stride..).unwrap_or_default();
                let is_set = |other: &u32| {
                    bytes.get(*other as usize / 8).is_some_and(|byte| byte >> (other % 8) & 1 == 1)
                };
                (0..param_count).filter(is_set).map(|other| other as u16).collect()
            };
            Ok(LogicalRule::Levels { counts_as: (0..param_count).map(row).collect() })
        }
        RuleView::Custom { name } => {
            let name = std::str::from_utf8(name).map_err(|_| AccessError::NotUtf8 { tag: RULE, index: 0 })?;
            Ok(LogicalRule::Custom { name: name.to_owned() })
        }
    }
}
