//! Section `RULE`: what a rule needs beside patterns and relations, as far as it goes.

use super::dump::{ParamList, RankDump, RuleDump};
use super::family::Parts;
use super::read::{Notes, Part, UNREADABLE, set_bits};
use crate::format::Rule;
use crate::format::core::above_stride_bytes;
use crate::format::layout::RULE;
use crate::format::rule_data::{ONE_ORDER, OWN_LISTS};

/// None for a rule that needs no such section.
pub(super) fn read(
    rule: Rule,
    parts: &Parts<'_>,
    params: &[String],
    arity: u8,
    notes: &mut Notes,
) -> Option<RuleDump> {
    let section = parts.further.rule;
    match rule {
        Rule::Symmetric => None,
        Rule::Precedence => Some(precedence(section, parts, params, arity, notes)),
        Rule::Levels => Some(RuleDump::Levels(levels(section, parts.param_count, params, notes))),
        Rule::Custom => Some(RuleDump::Custom(notes.utf8(section, "RULE: the rule's name"))),
    }
}

fn precedence(
    section: Part<'_>,
    parts: &Parts<'_>,
    params: &[String],
    arity: u8,
    notes: &mut Notes,
) -> RuleDump {
    let arity = usize::from(arity);
    let positions = section.slice(4, arity);
    let told = notes.take(positions.bytes.len());
    let argument_order = positions.bytes.get(..told).unwrap_or_default().to_vec();
    let mut sorted = positions.bytes.to_vec();
    sorted.sort_unstable();
    if sorted.iter().enumerate().any(|(at, position)| usize::from(*position) != at) || sorted.len() < arity {
        let what = format!("{RULE}: {:?} does not name each of {arity} positions once", positions.bytes);
        notes.problem(positions.at_bytes, what);
    }
    let rest_at = 4 + arity.next_multiple_of(4);
    let rest = section.slice(rest_at, section.bytes.len().saturating_sub(rest_at));
    let (mut ranks, mut lists) = (Vec::new(), Vec::new());
    match section.u32(0) {
        Some(ONE_ORDER) => ranks = one_order(rest, parts.param_count, params, notes),
        Some(OWN_LISTS) => lists = own_lists(rest, parts, params, notes),
        Some(form) => {
            let what = format!("{RULE}: form {form} is neither {ONE_ORDER} nor {OWN_LISTS}");
            notes.problem(section.at_bytes, what);
        }
        None => notes.problem(section.at_bytes, format!("{RULE}: its form is missing")),
    }
    RuleDump::Precedence { argument_order, ranks, lists }
}

fn one_order(rest: Part<'_>, param_count: u32, params: &[String], notes: &mut Notes) -> Vec<RankDump> {
    let there = super::family::rows(RULE, rest, 2, param_count, notes);
    let mut seen = vec![false; there];
    let mut ranks = Vec::with_capacity(there);
    for at in 0..there {
        let rank = rest.u16(2 * at).unwrap_or_default();
        // Of a section that is cut nobody knows which ranks the missing parameters have.
        let is_wrong = match seen.get_mut(usize::from(rank)) {
            Some(seen) => std::mem::replace(seen, true),
            None => u32::from(rank) >= param_count,
        };
        let param = name_of(at, params, notes);
        if is_wrong {
            let place = rest.at_bytes + 2 * at as u64;
            notes
                .problem(place, format!("{RULE}: rank {rank} of {param_count} is there twice, or too large"));
        }
        ranks.push(RankDump { param, rank });
    }
    ranks
}

fn own_lists(rest: Part<'_>, parts: &Parts<'_>, params: &[String], notes: &mut Notes) -> Vec<ParamList> {
    let type_count = parts.type_count as usize;
    let elements_at = type_count.saturating_add(1).saturating_mul(4);
    let elements = rest.slice(elements_at, rest.bytes.len().saturating_sub(elements_at));
    if rest.bytes.len() < elements_at {
        let what = format!(
            "{RULE}: the offsets of {type_count} lists take {elements_at} bytes, {} are there",
            rest.bytes.len()
        );
        notes.problem(rest.at_bytes, what);
    }
    let mut lists = Vec::new();
    let told = notes.take(parts.types.len().min(type_count));
    for (local, (name, _)) in parts.types.iter().enumerate().take(told) {
        let bounds = rest.u32(4 * local).zip(rest.u32(4 * local + 4));
        let Some((start, end)) = bounds.map(|(start, end)| (start as usize, end as usize)) else { break };
        let list = elements.slice(start.saturating_mul(2), end.saturating_sub(start).saturating_mul(2));
        if start > end || list.rows(2) < end - start {
            let what = format!(
                "{RULE}: the list of type {local} is from element {start} to {end} of {}",
                elements.rows(2)
            );
            notes.problem(rest.at_bytes + 4 * local as u64, what);
        }
        let mut told = Vec::new();
        for at in 0..notes.take(list.rows(2)) {
            let ordinal = usize::from(list.u16(2 * at).unwrap_or_default());
            if ordinal >= params.len() {
                let place = list.at_bytes + 2 * at as u64;
                notes.problem(place, format!("{RULE}: parameter {ordinal} of {}", params.len()));
            }
            told.push(name_of(ordinal, params, notes));
        }
        lists.push(ParamList { name: notes.text(name), params: told });
    }
    lists
}

fn levels(section: Part<'_>, param_count: u32, params: &[String], notes: &mut Notes) -> Vec<ParamList> {
    let stride = above_stride_bytes(param_count);
    let there = super::family::rows(RULE, section, stride, param_count, notes);
    let mut lists = Vec::with_capacity(there);
    for param in 0..there {
        let row = section.slice(param.saturating_mul(stride), stride);
        let set = set_bits(row, params.len(), notes).into_iter();
        let counts_as = set.map(|other| name_of(other, params, notes)).collect();
        lists.push(ParamList { name: name_of(param, params, notes), params: counts_as });
    }
    lists
}

/// Of a parameter by its number; a question mark where there is none.
fn name_of(ordinal: usize, params: &[String], notes: &mut Notes) -> String {
    params.get(ordinal).map_or_else(|| UNREADABLE.to_owned(), |name| notes.text(name))
}
