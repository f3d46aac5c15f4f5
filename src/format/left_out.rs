//! Section `LEFT`: methods of the family that no call selects, and which the entries do not hold.
//!
//! They decide no answer. They are told so that people and tools can see them, and so that the table
//! hash, which covers the whole question, can be computed from the bytes.

use super::error::AccessError;
use super::layout::{ENTRY_DEFAULT, LEFT};
use super::logical::{LogicalEntry, LogicalTable, ParamRef};

/// A method that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut<'a> {
    /// A parameter reference for each position.
    pub pattern: Vec<ParamRef>,
    /// Symbol of the implementation.
    pub implementation: &'a str,
    /// Module of the implementation.
    pub module: &'a str,
    /// Whether it is preferred among equals.
    pub default: bool,
}

impl LeftOut<'_> {
    /// As an entry of a logical table.
    pub(crate) fn to_entry(&self) -> LogicalEntry {
        LogicalEntry {
            pattern: self.pattern.clone(),
            implementation: self.implementation.to_owned(),
            module: self.module.to_owned(),
            default: self.default,
        }
    }
}

/// The section for these entries, canonical indexes in ascending order; none where there are none.
pub(super) fn left_section(table: &LogicalTable, left_out: &[u32]) -> Option<Vec<u8>> {
    if left_out.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    for entry in left_out.iter().filter_map(|at| table.entries.get(*at as usize)) {
        bytes.extend(entry.pattern.iter().flat_map(|param| param.0.to_le_bytes()));
        bytes.extend_from_slice(&(if entry.default { ENTRY_DEFAULT } else { 0 }).to_le_bytes());
        for text in [&entry.implementation, &entry.module] {
            bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    Some(bytes)
}

/// The methods of a section's bytes, in canonical order. Cost: a walk over the section.
pub(crate) fn left_out(section: &[u8], arity: u8) -> Result<Vec<LeftOut<'_>>, AccessError> {
    let mut rest = section;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let short = AccessError::OutOfBounds {
            tag: LEFT,
            index: (section.len() - rest.len()) as u64,
            bound: section.len() as u64,
        };
        found.push(next(&mut rest, usize::from(arity), found.len() as u32)?.ok_or(short)?);
    }
    Ok(found)
}

/// None where the section ends before the method does.
fn next<'a>(rest: &mut &'a [u8], arity: usize, index: u32) -> Result<Option<LeftOut<'a>>, AccessError> {
    let Some(pattern) = take(rest, 2 * arity) else { return Ok(None) };
    let pattern = pattern.chunks_exact(2).map(|pair| ParamRef(u16::from_le_bytes([pair[0], pair[1]])));
    let Some(flags) = take_u32(rest) else { return Ok(None) };
    let mut text = || take_u32(rest).and_then(|len| take(rest, len as usize));
    let (Some(implementation), Some(module)) = (text(), text()) else { return Ok(None) };
    let utf8 =
        |bytes: &'a [u8]| std::str::from_utf8(bytes).map_err(|_| AccessError::NotUtf8 { tag: LEFT, index });
    Ok(Some(LeftOut {
        pattern: pattern.collect(),
        implementation: utf8(implementation)?,
        module: utf8(module)?,
        default: flags & ENTRY_DEFAULT != 0,
    }))
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(u32::from_le_bytes(*taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> LogicalTable {
        let entry = |pattern: &[u16], implementation: &str, default| LogicalEntry {
            pattern: pattern.iter().map(|param| ParamRef(*param)).collect(),
            implementation: implementation.to_owned(),
            module: "m".to_owned(),
            default,
        };
        LogicalTable {
            name: "f".to_owned(),
            arity: 2,
            rule: crate::format::LogicalRule::Symmetric,
            types: Vec::new(),
            params: Vec::new(),
            entries: vec![entry(&[0, 1], "one", false), entry(&[2, 300], "", true)],
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let table = table();
        let section = left_section(&table, &[0, 1]).expect("two");
        let found = left_out(&section, 2).expect("sound");
        assert_eq!(found.iter().map(LeftOut::to_entry).collect::<Vec<_>>(), table.entries);
        assert_eq!(left_section(&table, &[]), None);
    }

    #[test]
    fn a_section_that_ends_too_early_is_an_error_and_no_panic() {
        let section = left_section(&table(), &[0, 1]).expect("two");
        let first = left_section(&table(), &[0]).expect("one").len();
        for len in (1..section.len()).filter(|len| *len != first) {
            let error = left_out(&section[..len], 2).expect_err("too short");
            assert!(matches!(error, AccessError::OutOfBounds { tag: LEFT, .. }), "{len}: {error}");
        }
        let mut bad = section;
        bad[12] = 0xFF;
        assert_eq!(left_out(&bad, 2), Err(AccessError::NotUtf8 { tag: LEFT, index: 0 }));
    }
}
