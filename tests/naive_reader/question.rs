//! What a writer is given: a family by names, without an order or an id.

use std::collections::{BTreeMap, BTreeSet};

use super::family::{Entry, Family, Type};

/// A family to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) arity: u8,
    /// For each type whether it is sealed, and at least the parameters that it is under.
    pub(crate) types: BTreeMap<String, (bool, BTreeSet<String>)>,
    pub(crate) methods: Vec<Method>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// None is the top type.
    pub(crate) params: Vec<Option<String>>,
    pub(crate) implementation: String,
    pub(crate) module: String,
    pub(crate) default: bool,
    pub(crate) calls: u32,
}

/// Where a method stands in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Question {
    /// What a parsed family says, its methods in the reverse of file order.
    pub(crate) fn of(family: &Family) -> Self {
        let param_names: Vec<&str> = (1..=family.params.len() as u16).map(|n| family.param_name(n)).collect();
        let listed = |listed: &Type| {
            let under = param_names.iter().zip(&listed.above).filter(|pair| *pair.1);
            (listed.name.clone(), (listed.sealed, under.map(|pair| (*pair.0).to_owned()).collect()))
        };
        let method = |entry: &Entry| Method {
            params: entry
                .pattern
                .iter()
                .map(|n| (*n > 0).then(|| family.param_name(*n).to_owned()))
                .collect(),
            implementation: entry.implementation.clone(),
            module: entry.module.clone(),
            default: entry.default,
            calls: entry.call_frequency,
        };
        Self {
            name: family.name.clone(),
            arity: family.arity,
            types: family.types.iter().map(listed).collect(),
            methods: family.entries.iter().rev().map(method).collect(),
        }
    }

    /// The family with its ids, orders, flag and hash; with classes and nodes for optimization 3.
    pub(crate) fn family(&self, optimization: u8) -> Family {
        let param_names: BTreeSet<&String> =
            self.methods.iter().flat_map(|method| method.params.iter().flatten()).collect();
        let listed = self.types.iter().map(|(name, (sealed, under))| {
            let above = param_names.iter().map(|param| under.contains(*param)).collect();
            Type { name: name.clone(), sealed: *sealed, above }
        });
        let types: Vec<Type> = listed.filter(|listed| listed.above.contains(&true)).collect();
        let local = |name: &String| types.iter().position(|listed| listed.name == *name);
        let params = param_names.iter().filter_map(|param| local(param)).map(|id| id as u32).collect();
        let reference = |param: &Option<String>| {
            let param = param.as_ref().and_then(|param| param_names.iter().position(|name| *name == param));
            param.map_or(0, |param| param as u16 + 1)
        };
        let entry = |method: &Method| Entry {
            pattern: method.params.iter().map(reference).collect(),
            implementation: method.implementation.clone(),
            module: method.module.clone(),
            specificity: 0,
            call_frequency: method.calls,
            default: method.default,
        };
        let mut family = Family {
            name: self.name.clone(),
            arity: self.arity,
            rule: 1,
            optimization,
            may_be_ambiguous: false,
            table_hash: 0,
            entries: self.methods.iter().map(entry).collect(),
            types,
            params,
            dag: None,
        };
        family.put_in_file_order();
        let dag = family.nodes();
        family.may_be_ambiguous = dag.words.contains(&0x8000_0001);
        family.dag = (optimization == 3).then_some(dag);
        family.table_hash = family.computed_table_hash();
        family
    }
}

impl Family {
    fn put_in_file_order(&mut self) {
        let mut known: Vec<Option<u32>> = vec![None; self.entries.len()];
        let found: Vec<u32> = (0..self.entries.len()).map(|id| self.specificity(id, &mut known)).collect();
        for (entry, specificity) in self.entries.iter_mut().zip(found) {
            entry.specificity = specificity;
        }
        self.entries.sort_by(|left, right| {
            let most_calls_first = right.call_frequency.cmp(&left.call_frequency);
            let canonical =
                |entry: &Entry| (entry.pattern.clone(), entry.implementation.clone(), entry.module.clone());
            left.specificity
                .cmp(&right.specificity)
                .then(most_calls_first)
                .then_with(|| canonical(left).cmp(&canonical(right)))
        });
    }

    /// 0 if no entry is strictly more specific, and otherwise 1 + the largest of those that are.
    fn specificity(&self, id: usize, known: &mut Vec<Option<u32>>) -> u32 {
        if let Some(known) = known[id] {
            return known;
        }
        let entries = &self.entries;
        let more = (0..entries.len()).filter(|other| self.more_specific(&entries[*other], &entries[id]));
        let found = more.map(|other| self.specificity(other, known) + 1).max().unwrap_or(0);
        known[id] = Some(found);
        found
    }
}
