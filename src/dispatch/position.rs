//! The classes of one position: types under the same parameters of it are answered alike there.

use std::sync::Arc;

use hashbrown::HashTable;
use zerocopy::IntoBytes;

use crate::digest::fast_hash;
use crate::format::{LogicalRule, LogicalTable, PositionClasses};

/// A position's classes, and for each what makes it one.
#[derive(Debug)]
pub(crate) struct Position {
    pub(crate) classes: PositionClasses,
    /// By class, the parameters that stand at the position in some pattern and that its types are under:
    /// ascending, or nearest first.
    pub(crate) params_of: Vec<Vec<u16>>,
}

impl Position {
    /// Classes are numbered in order of their first type behind class 0, which holds the types that are
    /// under none of the parameters. None where there are more than 16 bits hold.
    pub(crate) fn new(table: &LogicalTable, by_nearness: bool, position: usize) -> Option<Self> {
        let mut is_here = vec![false; table.params.len()];
        for param in table.entries.iter().filter_map(|entry| entry.pattern[position].ordinal()) {
            is_here[usize::from(param)] = true;
        }
        let mut params_of: Vec<Vec<u16>> = vec![Vec::new()];
        let mut ids: HashTable<u16> = HashTable::new();
        let mut class_of = Vec::with_capacity(table.types.len());
        let (mut here, mut class) = (Vec::new(), 0_u16);
        let mut last: Option<&Arc<[u16]>> = None;
        for (local, row) in table.types.iter().enumerate() {
            let above = match &table.rule {
                LogicalRule::Precedence { nearest, .. } if by_nearness => &nearest[local],
                _ => &row.above,
            };
            // Neighbours in name order often share a list.
            if last.is_some_and(|last| Arc::ptr_eq(last, above)) {
                class_of.push(class);
                continue;
            }
            last = Some(above);
            here.clear();
            here.extend(above.iter().copied().filter(|param| is_here[usize::from(*param)]));
            if here != params_of[usize::from(class)] {
                class = class_of_params(&here, &mut ids, &mut params_of)?;
            }
            class_of.push(class);
        }
        let class_count = u16::try_from(params_of.len()).ok()?;
        Some(Self { classes: PositionClasses { class_count, class_of }, params_of })
    }
}

fn class_of_params(here: &[u16], ids: &mut HashTable<u16>, params_of: &mut Vec<Vec<u16>>) -> Option<u16> {
    if here.is_empty() {
        return Some(0);
    }
    let hash_of = |params: &[u16]| fast_hash(params.as_bytes());
    if let Some(class) = ids.find(hash_of(here), |class| params_of[usize::from(*class)] == here) {
        return Some(*class);
    }
    let next = u16::try_from(params_of.len()).ok()?;
    params_of.push(here.to_vec());
    ids.insert_unique(hash_of(here), next, |class| hash_of(&params_of[usize::from(*class)]));
    Some(next)
}
