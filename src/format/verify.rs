//! The deep proof: everything that `open` leaves to each access, and that the answers agree with
//! the naive reading of the patterns.
//!
//! Too slow for every open: it reads each section whole, compares every two entries, and tries every
//! tuple, or an even sample where there are too many.

use std::cmp::Reverse;

use super::core::{EntryId, LocalType, Outcome};
use super::decode::{Provable, logical_of, with_left_out};
use super::error::{AccessError, OpenError};
use super::layout::ENTR;
use super::levels::levels;
use super::logical::{LogicalRule, LogicalTable, ParamRef};
use super::rule::Optimization;
use super::rule_data::RuleView;
use super::view::TableView;

/// Tuples that are tried, about; of a table that has more, an even sample is.
const MAX_TUPLES: u64 = 1 << 16;

/// What is wrong with bytes that open well or not at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// They do not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An access fails.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Rows are not in the order the specification asks for.
    #[error("section {tag}: row {row} is not behind row {previous} in its order")]
    Order {
        /// Which section.
        tag: super::error::Tag,
        /// The row that is out of place.
        row: u32,
        /// The row in front of it.
        previous: u32,
    },
    /// A family of an image is wrong.
    #[error("family {name}/{arity}: {source}")]
    Family {
        /// Its qualified name.
        name: String,
        /// Its arity.
        arity: u8,
        /// What is wrong with it.
        source: Box<VerifyError>,
    },
    /// A relation contradicts another one.
    #[error("{0}")]
    Inconsistent(String),
    /// The optimized answer is not the one the patterns give.
    #[error("the answer for ({args}) is {found:?}, the patterns say {expected:?}")]
    Answer {
        /// Type names.
        args: String,
        /// What `dispatch` says.
        found: Outcome,
        /// What the patterns say.
        expected: Outcome,
    },
}

/// Opens `bytes` and proves all that can be proved from them alone.
pub fn verify(bytes: &[u8]) -> Result<(), VerifyError> {
    let table = TableView::open(bytes)?;
    let logical = prove(&table)?;
    let all: Vec<u32> = (0..logical.entries.len() as u32).collect();
    if table.type_signature()? != logical.type_signature(&all) {
        return Err(VerifyError::Inconsistent("the type signature is not that of the patterns".to_owned()));
    }
    Ok(())
}

/// Proves what a table and a family of an image have alike; the logical table of its entries. That no
/// call selects the methods that were left out is not proved: it needs to know which types have values.
pub(crate) fn prove<'a>(table: &impl Provable<'a>) -> Result<LogicalTable, VerifyError> {
    let logical = logical_of(table)?;
    let (stored, computed) = (table.table_hash(), with_left_out(table, &logical)?.table_hash());
    if stored != computed {
        return Err(VerifyError::Inconsistent(format!(
            "the table hash is {stored:016x}, the logical table has {computed:016x}"
        )));
    }
    check_relations(&logical)?;
    check_order(table, &logical)?;
    check_classes(table)?;
    check_answers(table)?;
    Ok(logical)
}

/// Relations are those of a type graph: every listed type is under a parameter, being under goes on
/// upwards, and never both ways. The rule's definition needs it, so the answers alone cannot show it.
fn check_relations(logical: &LogicalTable) -> Result<(), VerifyError> {
    let inconsistent = |what| Err(VerifyError::Inconsistent(what));
    let shown = |param: u16| logical.param_name(ParamRef(param + 1));
    // What a parameter's own type is under.
    let above = |param: u16| {
        let local = logical.params.get(usize::from(param)).copied().unwrap_or_default();
        logical.types.get(local as usize).map_or(&[][..], |row| &row.above)
    };
    for row in &logical.types {
        if row.above.is_empty() {
            return inconsistent(format!("type {} is under no parameter", row.name));
        }
        for lower in &*row.above {
            let missing = above(*lower).iter().find(|upper| row.above.binary_search(upper).is_err());
            if let Some(upper) = missing {
                let (name, lower, upper) = (&row.name, shown(*lower), shown(*upper));
                return inconsistent(format!("type {name} is under {lower}, but not under {upper} above it"));
            }
        }
    }
    for param in 0..logical.params.len() as u16 {
        let mut others = above(param).iter().filter(|other| **other != param);
        if let Some(other) = others.find(|other| above(**other).contains(&param)) {
            let (param, other) = (shown(param), shown(*other));
            return inconsistent(format!("parameters {param} and {other} are under each other"));
        }
    }
    Ok(())
}

/// Entries stand in specificity order, those of equal specificity by falling call frequency, then in
/// canonical order; each
/// specificity is the right one; and no two entries have the same pattern. A scan and the search for
/// candidates both lean on this order, so comparing them with each other would not show a wrong one.
/// Quadratic in the number of entries.
fn check_order<'a>(table: &impl Provable<'a>, logical: &LogicalTable) -> Result<(), VerifyError> {
    for pair in logical.entries.windows(2) {
        if let [first, second] = pair
            && first.pattern == second.pattern
        {
            let pattern = logical.pattern_text(&first.pattern);
            return Err(VerifyError::Inconsistent(format!("two entries have the pattern {pattern}")));
        }
    }
    let entry_count = table.core().entry_count();
    if table.core().optimization() == Optimization::Single && entry_count != 1 {
        return Err(VerifyError::Inconsistent(format!(
            "the optimization is {}, but there are {entry_count} entries",
            Optimization::Single.as_str()
        )));
    }
    let mut rows: Vec<Row> = Vec::new();
    for entry in 0..entry_count {
        let info = table.entry(EntryId(entry))?;
        let pattern = table.core().pattern(EntryId(entry))?.collect();
        let row = (info.specificity, Reverse(info.call_frequency), pattern);
        if rows.last().is_some_and(|before| *before >= row) {
            return Err(VerifyError::Order { tag: ENTR, row: entry, previous: entry.saturating_sub(1) });
        }
        rows.push(row);
    }
    if matches!(logical.rule, LogicalRule::Custom { .. }) {
        let ranked = rows.iter().position(|(specificity, ..)| *specificity != 0);
        return ranked.map_or(Ok(()), |entry| wrong_specificity(logical, entry, &rows, 0));
    }
    if let Some(levels) = levels(logical) {
        // Rows stand in file order, levels in canonical order.
        let level_of = |pattern: &[ParamRef]| {
            let canonical = logical.entries.iter().position(|entry| entry.pattern == pattern);
            canonical.and_then(|canonical| levels.get(canonical)).copied().unwrap_or(u32::MAX)
        };
        let wrong = rows.iter().position(|(level, _, pattern)| *level != level_of(pattern));
        return wrong
            .map_or(Ok(()), |entry| wrong_specificity(logical, entry, &rows, level_of(&rows[entry].2)));
    }
    for (entry, (stated, _, loser)) in rows.iter().enumerate() {
        let is_more_specific = |winner: &[ParamRef]| {
            winner != loser
                && winner.iter().zip(loser).all(|(lower, upper)| logical.param_is_below(*lower, *upper))
        };
        // Being more specific has no cycles, so values that satisfy this at every entry are the right ones.
        let winners = rows.iter().filter(|(_, _, winner)| is_more_specific(winner));
        let expected =
            winners.map(|(specificity, _, _)| specificity.saturating_add(1)).max().unwrap_or_default();
        if *stated != expected {
            return wrong_specificity(logical, entry, &rows, expected);
        }
    }
    Ok(())
}

type Row = (u32, Reverse<u32>, Vec<ParamRef>);

fn wrong_specificity(
    logical: &LogicalTable,
    entry: usize,
    rows: &[Row],
    expected: u32,
) -> Result<(), VerifyError> {
    let Some((stated, _, pattern)) = rows.get(entry) else { return Ok(()) };
    Err(VerifyError::Inconsistent(format!(
        "entry {entry} has specificity {stated}, its pattern {} has {expected}",
        logical.pattern_text(pattern)
    )))
}

/// Every type has a class that its position has, also where no answer asks for it.
fn check_classes<'a>(table: &impl Provable<'a>) -> Result<(), VerifyError> {
    let core = table.core();
    for row in core.class_rows() {
        for local in (0..table.type_count()).map(LocalType) {
            core.class_in(*row, local)?;
        }
    }
    Ok(())
}

/// Tries every tuple of listed types and "any other type", or an even sample of [`MAX_TUPLES`] of them.
fn check_answers<'a>(table: &impl Provable<'a>) -> Result<(), VerifyError> {
    let arity = usize::from(table.arity());
    let choices: Vec<LocalType> =
        (0..table.type_count()).map(LocalType).chain(std::iter::once(LocalType::OTHER)).collect();
    let side = choices.len() as u64;
    let tuples = (0..arity).fold(1_u64, |product, _| product.saturating_mul(side));
    // A step that shares no factor with the side visits every digit of every position.
    let mut step = (tuples / MAX_TUPLES).max(1);
    while step > 1 && gcd(step, side) != 1 {
        step += 1;
    }
    let mut args = vec![LocalType::OTHER; arity];
    let mut index = 0_u64;
    while index < tuples {
        let mut rest = index;
        for arg in &mut args {
            *arg = choices[(rest % side) as usize];
            rest /= side;
        }
        check_one(table, &args)?;
        let Some(next) = index.checked_add(step) else { break };
        index = next;
    }
    Ok(())
}

fn check_one<'a>(table: &impl Provable<'a>, args: &[LocalType]) -> Result<(), VerifyError> {
    let found = table.core().dispatch(args)?;
    if matches!(table.core().rule_view(), RuleView::Custom { .. }) {
        // Nobody but the compiler that made the table can say what is right.
        return Ok(());
    }
    let candidates = table.core().candidates(args)?;
    let expected = match candidates.as_slice() {
        [] => Outcome::NoMethod,
        [one] => Outcome::Method(*one),
        _ => Outcome::Ambiguous,
    };
    if found == expected {
        if found == Outcome::Ambiguous && !table.may_be_ambiguous() {
            return Err(VerifyError::Inconsistent(
                "a tuple is ambiguous, but the header says that none is".to_owned(),
            ));
        }
        return Ok(());
    }
    let mut names = Vec::new();
    for local in args {
        names.push(table.type_info(*local)?.map_or("any other type", |(name, _)| name));
    }
    Err(VerifyError::Answer { args: names.join(", "), found, expected })
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
