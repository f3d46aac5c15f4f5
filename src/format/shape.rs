//! What the writer leans on: limits, and that a table and its plan fit each other.

use std::sync::Arc;

use super::builder::{EncodeError, PositionClasses, Strategy, TablePlan};
use super::canonical::PatternFacts;
use super::layout::{MAX_ARITY, MAX_ENTRIES, MAX_PARAMS};
use super::logical::{LogicalRule, LogicalTable, ParamRef, TOP_TYPE};

pub(super) fn check_limits(table: &LogicalTable) -> Result<(), EncodeError> {
    let limits = [
        ("dispatching positions", usize::from(table.arity), MAX_ARITY),
        ("parameter types", table.params.len(), MAX_PARAMS),
        ("methods", table.entries.len(), MAX_ENTRIES),
    ];
    for (what, found, limit) in limits {
        if found > limit {
            return Err(EncodeError::TooMany { what, found: found as u64, limit: limit as u64 });
        }
    }
    if table.types.iter().any(|row| *row.name == *TOP_TYPE) {
        return Err(EncodeError::ReservedName);
    }
    let names = std::iter::once(table.name.as_str()).chain(table.types.iter().map(|row| &*row.name));
    for name in names {
        // Nearly all names are of printable ASCII, which a look at the bytes tells.
        if !is_printable_ascii(name.as_bytes()) && name.chars().any(char::is_control) {
            return Err(EncodeError::ControlCharacter { name: name.to_owned() });
        }
    }
    Ok(())
}

/// Eight bytes at a time: none is below a space, none is above a tilde.
fn is_printable_ascii(text: &[u8]) -> bool {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let is_odd = |bytes: [u8; 8]| {
        let word = u64::from_le_bytes(bytes);
        // A byte's highest bit is set in one of these where it is: 0x80 and above; 0x7f; below 0x20.
        (word | word.wrapping_add(EACH) | (word.wrapping_sub(EACH * 0x20) & !word)) & (EACH * 0x80) != 0
    };
    match text.last_chunk() {
        // The last eight overlap others where the length is no multiple.
        Some(last) => !is_odd(*last) && !text.as_chunks().0.iter().any(|bytes| is_odd(*bytes)),
        None => text.iter().all(|byte| (b' '..=b'~').contains(byte)),
    }
}

/// What the writer leans on, but for patterns and the plan's order ([`check_methods`]), which `encode`
/// proves while it reads them: whatever passes both is written without a panic and without losing a bit. Whether it says the truth is the
/// deep proof's question.
pub(super) fn check_shape(table: &LogicalTable, plan: &TablePlan) -> Result<(), EncodeError> {
    let (types, params, arity) = (table.types.len(), table.params.len(), usize::from(table.arity));
    let expect = |holds: bool, what| if holds { Ok(()) } else { Err(EncodeError::Inconsistent(what)) };
    // Neighbours in name order often share their lists, which are then proved once.
    let mut last: Option<&Arc<[u16]>> = None;
    for row in &table.types {
        if last.is_some_and(|last| Arc::ptr_eq(last, &row.above)) {
            continue;
        }
        last = Some(&row.above);
        let known = row.above.iter().all(|param| usize::from(*param) < params);
        expect(known, "a type is under no such parameter")?;
    }
    expect(table.params.iter().all(|local| (*local as usize) < types), "a parameter is no such type")?;
    match &table.rule {
        LogicalRule::Symmetric => {}
        LogicalRule::Precedence { argument_order, nearest } => {
            let mut positions = argument_order.clone();
            positions.sort_unstable();
            expect(
                positions == (0..table.arity).collect::<Vec<_>>(),
                "the order of positions does not name each once",
            )?;
            expect(nearest.len() == types, "there is not a list of parameters for each type")?;
            let mut last: Option<[&Arc<[u16]>; 2]> = None;
            let mut sorted = Vec::new();
            for (list, row) in nearest.iter().zip(&table.types) {
                let here = [list, &row.above];
                if last.is_some_and(|last| last.iter().zip(here).all(|(last, here)| Arc::ptr_eq(last, here)))
                {
                    continue;
                }
                last = Some(here);
                sorted.clear();
                sorted.extend_from_slice(list);
                sorted.sort_unstable();
                expect(*sorted == *row.above, "a type's list is not of the parameters above it")?;
            }
        }
        LogicalRule::Levels { counts_as } => {
            expect(counts_as.len() == params, "there is not a row of what it counts as for each parameter")?;
            let known = counts_as.iter().flatten().all(|param| usize::from(*param) < params);
            expect(known, "a parameter counts as no such parameter")?;
        }
        LogicalRule::Custom { .. } => {
            let walked = plan.strategy.optimization().is_walked();
            expect(walked, "a custom rule is answered by an optimizer's section alone, and there is none")?;
        }
    }
    expect(plan.left_out.is_sorted(), "methods that are left out are not in canonical order")?;
    expect(plan.specificity.len() == table.entries.len(), "there is not one specificity for each method")?;
    let calls = plan.call_frequency.len();
    expect(calls == 0 || calls == table.entries.len(), "there is not one count of calls for each method")?;
    if let Strategy::DecisionDag { nodes, .. } = &plan.strategy {
        expect(!nodes.is_empty(), "the decision DAG has no root")?;
    }
    if let Some(classes) = plan.strategy.classes() {
        expect(classes.len() == arity, "there are not classes for each position")?;
        let fits = |position: &PositionClasses| {
            position.class_of.len() == types
                && position.class_of.iter().all(|class| *class < position.class_count)
        };
        expect(classes.iter().all(fits), "a position has not one of its classes for each type")?;
    }
    Ok(())
}

/// The same of patterns and the plan's order, for a writer that does not prove them while it reads.
pub(super) fn check_methods(table: &LogicalTable, plan: &TablePlan) -> Result<(), EncodeError> {
    let patterns = || table.entries.iter().map(|entry| &entry.pattern);
    let are_whole = patterns().all(|pattern| pattern.len() == usize::from(table.arity));
    let largest = patterns().flatten().copied().max().unwrap_or(ParamRef::TOP);
    check_patterns(table, PatternFacts { are_whole, largest })?;
    let mut is_named = vec![false; table.entries.len()];
    for index in plan.order.iter().chain(&plan.left_out) {
        name_once(&mut is_named, *index)?;
    }
    check_all_named(table, plan)
}

/// Takes a note that the plan's order, or what it leaves out, names the method of this canonical index.
pub(super) fn name_once(is_named: &mut [bool], index: u32) -> Result<(), EncodeError> {
    let is_named = is_named
        .get_mut(index as usize)
        .ok_or(EncodeError::Inconsistent("the order names no such method"))?;
    if std::mem::replace(is_named, true) {
        return Err(EncodeError::Inconsistent("the order names a method twice"));
    }
    Ok(())
}

/// Whether a plan that names no method twice names all.
pub(super) fn check_all_named(table: &LogicalTable, plan: &TablePlan) -> Result<(), EncodeError> {
    if plan.order.len() + plan.left_out.len() == table.entries.len() {
        return Ok(());
    }
    Err(EncodeError::Inconsistent("the order names a method neither among the entries nor left out"))
}

/// What the writer leans on of patterns, by what was seen of them.
pub(super) fn check_patterns(table: &LogicalTable, patterns: PatternFacts) -> Result<(), EncodeError> {
    let known = usize::from(patterns.largest.0) <= table.params.len();
    if patterns.are_whole && known {
        return Ok(());
    }
    Err(EncodeError::Inconsistent("a pattern has not a parameter for each position"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_printable_ascii_are_seen_wherever_they_stand() {
        for len in 0..40 {
            let plain: Vec<u8> = (0..len).map(|at| b' ' + (at * 37 % 95) as u8).collect();
            assert!(is_printable_ascii(&plain), "{len} bytes");
            for at in 0..len {
                for byte in (0..b' ').chain(0x7f..=u8::MAX) {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert!(!is_printable_ascii(&text), "{byte:#x} at {at} of {len}");
                }
            }
        }
    }
}
