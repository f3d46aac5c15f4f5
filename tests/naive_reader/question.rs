//! What a writer is given: a family by names, without an order or an id.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::Classes;
use super::family::{Entry, Family, Finder, Index, Type};
use super::hash::Hash;
use super::matrix::Matrix;
use super::rule::Rule;

/// A family to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) arity: u8,
    /// For each type whether it is sealed, and at least the parameters that it is under.
    pub(crate) types: BTreeMap<String, (bool, BTreeSet<String>)>,
    pub(crate) methods: Vec<Method>,
    pub(crate) rule: AskedRule,
}

/// A rule by names. What it says of types that are no parameters is left out of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AskedRule {
    Symmetric,
    Precedence {
        order: Vec<u8>,
        /// For each type at least the parameters that it is under, nearest first.
        lists: BTreeMap<String, Vec<String>>,
    },
    Levels {
        /// For each parameter at least the parameters that it counts as being under.
        counts_as: BTreeMap<String, BTreeSet<String>>,
    },
    Custom {
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// None is the top type.
    pub(crate) params: Vec<Option<String>>,
    pub(crate) implementation: String,
    pub(crate) module: String,
    pub(crate) default: bool,
    pub(crate) calls: u32,
    /// Whether the writer leaves it out.
    pub(crate) left_out: bool,
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
        let method = |entry: &Entry, left_out| Method {
            params: entry
                .pattern
                .iter()
                .map(|n| (*n > 0).then(|| family.param_name(*n).to_owned()))
                .collect(),
            implementation: entry.implementation.clone(),
            module: entry.module.clone(),
            default: entry.default,
            calls: entry.call_frequency,
            left_out,
        };
        let entries = family.entries.iter().rev().map(|entry| method(entry, false));
        let left_out = family.left_out.iter().rev().map(|entry| method(entry, true));
        Self {
            name: family.name.clone(),
            arity: family.arity,
            types: family.types.iter().map(listed).collect(),
            methods: entries.chain(left_out).collect(),
            rule: AskedRule::of(family),
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
        let rule = self.rule.by_numbers(&param_names, &types);
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
            rule,
            optimization,
            may_be_ambiguous: false,
            table_hash: 0,
            entries: self.methods.iter().filter(|method| !method.left_out).map(entry).collect(),
            left_out: self.methods.iter().filter(|method| method.left_out).map(entry).collect(),
            types,
            params,
            finder: None,
        };
        family.put_in_file_order();
        family.left_out.sort_by_key(canonical);
        let dag = family.nodes();
        let Index::Dag(words) = &dag.index else { unreachable!("nodes make a DAG") };
        family.may_be_ambiguous = words.contains(&0x8000_0001);
        let merged = |index: fn(&[u32]) -> Index| {
            let (classes, outcomes): (Vec<Classes>, _) = family.merged();
            Some(Finder { classes, index: index(&outcomes) })
        };
        family.finder = match optimization {
            3 => Some(dag),
            4 => merged(|outcomes| Index::Matrix(Matrix::of(outcomes))),
            5 => merged(|outcomes| Index::Hash(Hash::of(outcomes))),
            _ => None,
        };
        family.table_hash = family.computed_table_hash();
        family
    }
}

impl AskedRule {
    fn of(family: &Family) -> Self {
        let list_of = |params: &[u16]| params.iter().map(|n| family.param_name(n + 1).to_owned()).collect();
        match &family.rule {
            Rule::Symmetric => Self::Symmetric,
            Rule::Precedence { order, lists } => Self::Precedence {
                order: order.clone(),
                lists: family
                    .types
                    .iter()
                    .zip(lists)
                    .map(|(of, list)| (of.name.clone(), list_of(list)))
                    .collect(),
            },
            Rule::Levels { counts_as } => {
                let row = |(param, row): (u16, &Vec<bool>)| {
                    let names = (1..).zip(row).filter(|pair| *pair.1);
                    let names = names.map(|(upper, _)| family.param_name(upper).to_owned()).collect();
                    (family.param_name(param).to_owned(), names)
                };
                Self::Levels { counts_as: (1..).zip(counts_as).map(row).collect() }
            }
            Rule::Custom { name } => Self::Custom { name: name.clone() },
        }
    }

    fn by_numbers(&self, params: &BTreeSet<&String>, types: &[Type]) -> Rule {
        let number =
            |name: &String| params.iter().position(|param| *param == name).map(|number| number as u16);
        match self {
            Self::Symmetric => Rule::Symmetric,
            Self::Precedence { order, lists } => {
                let list = |listed: &Type| lists[&listed.name].iter().filter_map(number).collect();
                Rule::Precedence { order: order.clone(), lists: types.iter().map(list).collect() }
            }
            Self::Levels { counts_as } => {
                let row =
                    |lower: &&String| params.iter().map(|upper| counts_as[*lower].contains(*upper)).collect();
                Rule::Levels { counts_as: params.iter().map(row).collect() }
            }
            Self::Custom { name } => Rule::Custom { name: name.clone() },
        }
    }
}

impl Family {
    fn put_in_file_order(&mut self) {
        let specificities = self.specificities();
        for (entry, specificity) in self.entries.iter_mut().zip(specificities) {
            entry.specificity = specificity;
        }
        self.entries.sort_by(|left, right| {
            let most_calls_first = right.call_frequency.cmp(&left.call_frequency);
            left.specificity
                .cmp(&right.specificity)
                .then(most_calls_first)
                .then_with(|| canonical(left).cmp(&canonical(right)))
        });
    }
}

/// By what canonical order sorts.
fn canonical(entry: &Entry) -> (Vec<u16>, String, String) {
    (entry.pattern.clone(), entry.implementation.clone(), entry.module.clone())
}
