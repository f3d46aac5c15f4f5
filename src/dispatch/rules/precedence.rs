//! Positions are compared one after the other: at the first where two parameters differ, the one that
//! stands earlier in the list of the argument's type is the more specific one.

use super::symmetric::{chains, covers};
use super::{Applicable, Choice, ResolutionRule};
use crate::format::LogicalTable;

/// The nearest group holds one method: two of one group have equal parameters everywhere.
pub(crate) struct Precedence {
    argument_order: Vec<u8>,
    specificity: Vec<u32>,
}

impl Precedence {
    pub(crate) fn new(table: &LogicalTable, argument_order: Vec<u8>) -> Self {
        // A type's list has it before its supertypes, so whoever is at least as specific everywhere
        // is nearer, whatever the argument is.
        Self { argument_order, specificity: chains(&covers(table)) }
    }
}

impl ResolutionRule for Precedence {
    fn choose(&self, applicable: &Applicable<'_>) -> Choice {
        applicable.iter().next().map_or(Choice::NoMethod, Choice::Method)
    }

    fn specificity(&self, _: &LogicalTable) -> Vec<u32> {
        self.specificity.clone()
    }

    fn argument_order(&self) -> Option<&[u8]> {
        Some(&self.argument_order)
    }
}
