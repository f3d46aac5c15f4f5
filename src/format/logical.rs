//! The logical table: what a family's table says, whatever way its bytes find the answer.
//!
//! It is the restricted question: the family's methods, and of all types in the world only those
//! under one of its parameters, each with the set of *this family's* parameters above it. Every
//! other type is "everything else" and is not listed, so an unrelated new type changes nothing.

use super::rule::Rule;

/// The type above all others; it is never declared or listed.
pub const TOP_TYPE: &str = "any";

/// Reference to a parameter type: 0 is the top type, `n + 1` is parameter `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Qualified name, without control characters.
    pub name: String,
    /// Whether no other subtypes may ever be added.
    pub sealed: bool,
    /// Numbers of the parameters that are this type or a supertype of it, ascending.
    pub above: Vec<u16>,
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

/// A family's table, in canonical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogicalTable {
    /// Qualified name of the family, without the arity.
    pub name: String,
    /// Number of dispatching positions.
    pub arity: u8,
    /// How a method is chosen.
    pub rule: Rule,
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
        let mut bytes = Vec::new();
        let put_str = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        put_str(&mut bytes, &self.name);
        bytes.extend_from_slice(&[self.arity, self.rule.code()]);
        bytes.extend_from_slice(&(self.types.len() as u32).to_le_bytes());
        for row in &self.types {
            put_str(&mut bytes, &row.name);
            bytes.push(u8::from(row.sealed));
            bytes.extend_from_slice(&(row.above.len() as u32).to_le_bytes());
            bytes.extend(row.above.iter().flat_map(|param| param.to_le_bytes()));
        }
        bytes.extend_from_slice(&(self.params.len() as u32).to_le_bytes());
        bytes.extend(self.params.iter().flat_map(|local| local.to_le_bytes()));
        bytes.extend_from_slice(&(self.entries.len() as u32).to_le_bytes());
        for entry in &self.entries {
            bytes.extend(entry.pattern.iter().flat_map(|param| param.0.to_le_bytes()));
            put_str(&mut bytes, &entry.implementation);
            put_str(&mut bytes, &entry.module);
            bytes.push(u8::from(entry.default));
        }
        crate::digest::fast_hash(&bytes)
    }

    /// The name of what a parameter reference means; `any` for the top type.
    pub fn param_name(&self, param: ParamRef) -> &str {
        param
            .ordinal()
            .and_then(|ordinal| self.params.get(usize::from(ordinal)))
            .and_then(|local| self.types.get(*local as usize))
            .map_or(TOP_TYPE, |row| row.name.as_str())
    }

    /// A pattern as it is printed: `(geometry::Circle, any)`.
    pub fn pattern_text(&self, pattern: &[ParamRef]) -> String {
        let names: Vec<&str> = pattern.iter().map(|param| self.param_name(*param)).collect();
        format!("({})", names.join(", "))
    }

    /// Whether parameter `lower` is parameter `upper` or a subtype of it.
    pub fn param_is_below(&self, lower: ParamRef, upper: ParamRef) -> bool {
        match (lower.ordinal(), upper.ordinal()) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(lower), Some(upper)) => self
                .params
                .get(usize::from(lower))
                .and_then(|local| self.types.get(*local as usize))
                .is_some_and(|row| row.above.binary_search(&upper).is_ok()),
        }
    }

    /// The type signature: per position the sorted distinct parameter types, a line each, separated by tabs.
    pub fn type_signature(&self) -> String {
        let mut text = String::new();
        for position in 0..usize::from(self.arity) {
            let mut params: Vec<ParamRef> =
                self.entries.iter().filter_map(|entry| entry.pattern.get(position).copied()).collect();
            params.sort_unstable_by_key(|param| self.param_name(*param));
            params.dedup();
            let names: Vec<&str> = params.iter().map(|param| self.param_name(*param)).collect();
            text.push_str(&names.join("\t"));
            text.push('\n');
        }
        text
    }
}
