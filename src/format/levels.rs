//! The levels of rule `levels`: which methods are looked at before which, whatever the arguments are.

use super::logical::{LogicalRule, LogicalTable, ParamRef};

/// For each entry its level, from 0; none under another rule.
///
/// An entry is *narrower* than another if its parameter is properly under the other's in at least one
/// position and the other's is properly under its own in none; for this comparison a parameter is
/// under what it counts as. Level 0 holds the entries to which no other is narrower; without these,
/// level 1 holds those to which none of the rest is narrower; and so on. Entries that are narrower
/// than each other in a circle share the last level. Cost: every two entries are compared.
pub(crate) fn levels(table: &LogicalTable) -> Option<Vec<u32>> {
    let LogicalRule::Levels { counts_as } = &table.rule else { return None };
    let is_under = |lower: ParamRef, upper: ParamRef| match (lower.ordinal(), upper.ordinal()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(lower), Some(upper)) => {
            counts_as.get(usize::from(lower)).is_some_and(|row| row.binary_search(&upper).is_ok())
        }
    };
    let is_properly_under = |lower: ParamRef, upper: ParamRef| lower != upper && is_under(lower, upper);
    let is_narrower = |winner: usize, loser: usize| {
        let pairs = || table.entries[winner].pattern.iter().zip(&table.entries[loser].pattern);
        pairs().any(|(ours, theirs)| is_properly_under(*ours, *theirs))
            && !pairs().any(|(ours, theirs)| is_properly_under(*theirs, *ours))
    };
    let count = table.entries.len();
    let mut losers: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut narrower = vec![0_u32; count];
    for (winner, losers) in losers.iter_mut().enumerate() {
        for (loser, narrower) in narrower.iter_mut().enumerate() {
            if is_narrower(winner, loser) {
                losers.push(loser);
                *narrower += 1;
            }
        }
    }
    let mut levels = vec![u32::MAX; count];
    let mut level = 0;
    let mut open: Vec<usize> = (0..count).filter(|entry| narrower[*entry] == 0).collect();
    while !open.is_empty() {
        let mut next = Vec::new();
        for winner in open {
            levels[winner] = level;
            for loser in &losers[winner] {
                narrower[*loser] -= 1;
                if narrower[*loser] == 0 {
                    next.push(*loser);
                }
            }
        }
        open = next;
        level += 1;
    }
    for stuck in levels.iter_mut().filter(|level| **level == u32::MAX) {
        *stuck = level;
    }
    Some(levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{LogicalEntry, LogicalType};

    fn table(patterns: &[&[u16]], counts_as: Vec<Vec<u16>>) -> LogicalTable {
        let types = (0..counts_as.len() as u16)
            .map(|at| LogicalType { name: format!("T{at}").into(), sealed: false, above: [at].into() })
            .collect();
        let entry = |pattern: &&[u16]| LogicalEntry {
            pattern: pattern.iter().map(|param| ParamRef(*param)).collect(),
            implementation: format!("{pattern:?}"),
            module: String::new(),
            default: false,
        };
        LogicalTable {
            name: "f".to_owned(),
            arity: 2,
            types,
            params: (0..counts_as.len() as u32).collect(),
            entries: patterns.iter().map(entry).collect(),
            rule: LogicalRule::Levels { counts_as },
        }
    }

    #[test]
    fn unrelated_parameters_are_tied_and_one_narrower_position_is_enough() {
        // T1 is under T0; T2 is unrelated to both.
        let table = table(&[&[1, 0], &[2, 3], &[1, 3]], vec![vec![0], vec![0, 1], vec![2]]);
        assert_eq!(levels(&table), Some(vec![2, 0, 1]));
    }

    #[test]
    fn what_a_parameter_counts_as_decides_though_it_is_not_under_it() {
        let pretending = table(&[&[1, 1], &[2, 2]], vec![vec![0], vec![0, 1]]);
        assert_eq!(levels(&pretending), Some(vec![1, 0]));
        let honest = table(&[&[1, 1], &[2, 2]], vec![vec![0], vec![1]]);
        assert_eq!(levels(&honest), Some(vec![0, 0]));
    }

    #[test]
    fn a_circle_shares_the_last_level() {
        // Each is narrower than the next in one position and unrelated in the other.
        let circle: [&[u16]; 4] = [&[2, 5], &[1, 6], &[3, 4], &[4, 3]];
        let table = table(&circle, vec![vec![0], vec![0, 1], vec![2], vec![3], vec![2, 4], vec![3, 5]]);
        let found = levels(&table).expect("the rule is levels");
        assert_eq!(found.iter().filter(|level| **level == u32::MAX).count(), 0);
    }
}
