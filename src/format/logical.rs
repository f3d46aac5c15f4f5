//! The logical table: what a family's table says, whatever way its bytes find the answer.
//!
//! It is the restricted question: the family's methods, and of all types in the world only those
//! under one of its parameters, each with the set of *this family's* parameters above it. Every
//! other type is "everything else" and is not listed, so an unrelated new type changes nothing.

use std::sync::Arc;

use super::canonical::Canonical;
use super::rule::Rule;
use super::rule_data::rule_section;

/// The type above all others; it is never declared or listed.
pub const TOP_TYPE: &str = "any";

/// Reference to a parameter type: 0 is the top type, `n + 1` is parameter `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ParamRef(pub u16);

impl ParamRef {
    /// The type above all others.
    pub const TOP: Self = Self(0);

    /// The parameter's number, or none for the top type.
    pub fn ordinal(self) -> Option<u16> {
        self.0.checked_sub(1)
    }
}

/// A type under at least one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogicalType {
    /// Qualified name, without control characters. Shared: a name stands in many tables.
    pub name: Arc<str>,
    /// Whether no other subtypes may ever be added.
    pub sealed: bool,
    /// Numbers of the parameters that are this type or a supertype of it, ascending. Shared: many types
    /// are under the same.
    pub above: Arc<[u16]>,
}

/// A method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogicalEntry {
    /// A parameter reference for each position.
    pub pattern: Vec<ParamRef>,
    /// Symbol of the implementation.
    pub implementation: String,
    /// Module of the implementation.
    pub module: String,
    /// Whether it is preferred among equals.
    pub default: bool,
}

/// How a method is chosen, and what the rule needs to know beside patterns and relations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogicalRule {
    /// [`Rule::Symmetric`].
    #[default]
    Symmetric,
    /// [`Rule::Precedence`].
    Precedence {
        /// Positions in the order in which they are compared; each once.
        argument_order: Vec<u8>,
        /// For each type, the parameters above it, nearest first; the same as its `above`, in the
        /// order of the type's own list.
        nearest: Vec<Arc<[u16]>>,
    },
    /// [`Rule::Levels`].
    Levels {
        /// For each parameter, those that it counts as being under when methods are compared,
        /// ascending: those above it, and what the language pretends.
        counts_as: Vec<Vec<u16>>,
    },
    /// [`Rule::Custom`].
    Custom {
        /// What the embedding compiler calls it, with a version: it enters every key.
        name: String,
    },
}

impl LogicalRule {
    /// The rule without its data.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Symmetric => Rule::Symmetric,
            Self::Precedence { .. } => Rule::Precedence,
            Self::Levels { .. } => Rule::Levels,
            Self::Custom { .. } => Rule::Custom,
        }
    }
}

/// A family's table, in canonical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogicalTable {
    /// Qualified name of the family, without the arity.
    pub name: String,
    /// Number of dispatching positions.
    pub arity: u8,
    /// How a method is chosen.
    pub rule: LogicalRule,
    /// Types under a parameter, in name order; a type's local id is its index here.
    pub types: Vec<LogicalType>,
    /// Local ids of the distinct parameter types, ascending; a parameter's number is its index here.
    pub params: Vec<u32>,
    /// Methods in order of pattern, implementation, module.
    pub entries: Vec<LogicalEntry>,
}

impl LogicalTable {
    /// XXH3-64 over the canonical serialization that the specification gives under *Table hash*.
    /// Equal for equal tables, whichever optimizer made their bytes.
    pub fn table_hash(&self) -> u64 {
        self.table_hash_with(rule_section(self).as_deref())
    }

    /// The same, of a table whose section `RULE` was made before.
    pub(super) fn table_hash_with(&self, rule: Option<&[u8]>) -> u64 {
        let mut canonical = Canonical::default();
        canonical.make(self, rule);
        canonical.hash()
    }

    /// The name of what a parameter reference means; `any` for the top type.
    pub fn param_name(&self, param: ParamRef) -> &str {
        param
            .ordinal()
            .and_then(|ordinal| self.params.get(usize::from(ordinal)))
            .and_then(|local| self.types.get(*local as usize))
            .map_or(TOP_TYPE, |row| &row.name)
    }

    /// A pattern as it is printed: `(geometry::Circle, any)`.
    pub fn pattern_text(&self, pattern: &[ParamRef]) -> String {
        let names: Vec<&str> = pattern.iter().map(|param| self.param_name(*param)).collect();
        format!("({})", names.join(", "))
    }

    /// The parameters above parameter `ordinal`, itself among them, ascending.
    pub fn above_param(&self, ordinal: u16) -> &[u16] {
        let local = self.params.get(usize::from(ordinal)).copied().unwrap_or(u32::MAX);
        self.types.get(local as usize).map_or(&[], |row| &row.above)
    }

    /// Whether parameter `lower` is parameter `upper` or a subtype of it.
    pub fn param_is_below(&self, lower: ParamRef, upper: ParamRef) -> bool {
        match (lower.ordinal(), upper.ordinal()) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(lower), Some(upper)) => self.above_param(lower).binary_search(&upper).is_ok(),
        }
    }

    /// The type signature of these entries: per position the sorted distinct parameter types, a line
    /// each, separated by tabs.
    pub fn type_signature(&self, entries: &[u32]) -> String {
        let mut text = String::new();
        // Parameters are numbered in name order, so marks of the distinct ones need no sorting.
        let mut marks = vec![false; self.params.len() + 1];
        for position in 0..usize::from(self.arity) {
            marks.fill(false);
            let rows = entries.iter().filter_map(|at| self.entries.get(*at as usize));
            for param in rows.filter_map(|entry| entry.pattern.get(position)) {
                if let Some(mark) = marks.get_mut(usize::from(param.0)) {
                    *mark = true;
                }
            }
            self.put_signature_line(&mut text, &mut marks);
        }
        text
    }

    /// Appends the line of one position to a type signature: the names of what is marked, the top type
    /// being the first mark, which is taken away.
    pub(super) fn put_signature_line(&self, text: &mut String, marks: &mut [bool]) {
        let line_start = text.len();
        let mut put = |name: &str| {
            if text.len() > line_start {
                text.push('\t');
            }
            text.push_str(name);
        };
        let mut waits_top = marks.first_mut().is_some_and(std::mem::take);
        for (number, _) in marks.iter().enumerate().filter(|(_, mark)| **mark) {
            let name = self.param_name(ParamRef(number as u16));
            if waits_top && name >= TOP_TYPE {
                put(TOP_TYPE);
                waits_top = false;
            }
            put(name);
        }
        if waits_top {
            put(TOP_TYPE);
        }
        text.push('\n');
    }
}
