//! Families and their methods, and the restriction of a family's question to the types that matter.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashTable;
use zerocopy::IntoBytes;

use super::below::{Below, below};
use super::types::{TypeGraph, TypeId};
use crate::digest::fast_hash;
#[allow(unused_imports, reason = "for the documentation's links")]
use crate::format::Rule;
use crate::format::TOP_TYPE;
use crate::format::{LogicalEntry, LogicalRule, LogicalTable, LogicalType, ParamRef};

/// A method, by qualified names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// A parameter type for each position.
    pub params: Vec<String>,
    /// Symbol of the implementation.
    pub implementation: String,
    /// Module of the implementation.
    pub module: String,
    /// Whether it is preferred among equals.
    pub default: bool,
}

impl Method {
    /// A method with these parameter types.
    pub fn new(params: &[&str], implementation: &str, module: &str) -> Self {
        Self {
            params: params.iter().map(|&name| name.to_owned()).collect(),
            implementation: implementation.to_owned(),
            module: module.to_owned(),
            default: false,
        }
    }
}

/// How a family's methods are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FamilyRule {
    /// [`Rule::Symmetric`].
    #[default]
    Symmetric,
    /// [`Rule::Precedence`].
    Precedence {
        /// Positions in the order in which they are compared; empty: from left to right.
        argument_order: Vec<u8>,
    },
    /// [`Rule::Levels`].
    Levels,
    /// [`Rule::Custom`]: by a [`ResolutionRule`](super::ResolutionRule) of the embedding compiler.
    Custom {
        /// What it is called, with a version: it enters every key.
        name: String,
    },
}

/// All methods of one name and arity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Qualified name, without the arity.
    pub name: String,
    /// Number of dispatching positions.
    pub arity: u8,
    /// How a method is chosen.
    pub rule: FamilyRule,
    /// The methods, in any order.
    pub methods: Vec<Method>,
}

impl Family {
    /// A family under the symmetric rule.
    pub fn new(name: &str, arity: u8, methods: Vec<Method>) -> Self {
        Self { name: name.to_owned(), arity, rule: FamilyRule::Symmetric, methods }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

/// Why a family has no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FamilyError {
    /// It has no method.
    #[error("family {family} has no method")]
    Empty {
        /// The family.
        family: String,
    },
    /// A method has another number of parameters than the family.
    #[error("family {family}: {implementation} has {found} parameters")]
    ParameterCount {
        /// The family.
        family: String,
        /// The method.
        implementation: String,
        /// Its number of parameters.
        found: usize,
    },
    /// A parameter type is declared nowhere.
    #[error("family {family}: {implementation} has a parameter of type {name}, which is declared nowhere")]
    UnknownType {
        /// The family.
        family: String,
        /// The method.
        implementation: String,
        /// The type's name.
        name: String,
    },
    /// Two methods have the same parameter types.
    #[error("family {family}: {first} and {second} have the same parameter types")]
    Duplicate {
        /// The family.
        family: String,
        /// One of the methods.
        first: String,
        /// The other one.
        second: String,
    },
    /// The order of its positions does not name each of them once.
    #[error("family {family}: the order {found:?} of its positions does not name each of {arity} once")]
    ArgumentOrder {
        /// The family.
        family: String,
        /// The order.
        found: Vec<u8>,
        /// How many positions there are.
        arity: u8,
    },
    /// Rule `precedence` needs the list of a type that was declared without one.
    #[error("family {family}: type {name} has no precedence list, by which rule `precedence` compares")]
    NoPrecedence {
        /// The family.
        family: String,
        /// The type.
        name: String,
    },
    /// There are more parameter types than references to them can tell apart.
    #[error("family {family}: {found} parameter types, at most {limit} are possible")]
    TooManyParams {
        /// The family.
        family: String,
        /// How many there are.
        found: usize,
        /// How many would do.
        limit: usize,
    },
}

/// The restricted question of `family`: its methods, and of all types only those under one of its
/// parameters, with the parameters above each.
///
/// Cost: proportional to the table, not to the graph.
pub fn restrict(graph: &TypeGraph, family: &Family) -> Result<LogicalTable, FamilyError> {
    let shown = || family.to_string();
    if family.methods.is_empty() {
        return Err(FamilyError::Empty { family: shown() });
    }
    let mut rows: Vec<Vec<Option<TypeId>>> = Vec::with_capacity(family.methods.len());
    for method in &family.methods {
        if method.params.len() != usize::from(family.arity) {
            let (implementation, found) = (method.implementation.clone(), method.params.len());
            return Err(FamilyError::ParameterCount { family: shown(), implementation, found });
        }
        let row = method.params.iter().map(|name| match graph.get(name) {
            Some(id) => Ok(Some(id)),
            None if name == TOP_TYPE => Ok(None),
            None => Err(FamilyError::UnknownType {
                family: shown(),
                implementation: method.implementation.clone(),
                name: name.clone(),
            }),
        });
        rows.push(row.collect::<Result<_, _>>()?);
    }
    let by_rank = |id: &TypeId| graph.rank(*id);
    let mut params: Vec<TypeId> = rows.iter().flatten().copied().flatten().collect();
    params.sort_unstable_by_key(by_rank);
    params.dedup();
    if params.len() > crate::format::layout::MAX_PARAMS {
        let limit = crate::format::layout::MAX_PARAMS;
        return Err(FamilyError::TooManyParams { family: shown(), found: params.len(), limit });
    }
    let Below { locals, above } = below(graph, &params);
    let mut shared = SharedLists::default();
    let types: Vec<LogicalType> = locals
        .iter()
        .zip(&above.ends)
        .enumerate()
        .map(|(local, (id, end))| LogicalType {
            name: graph.shared_name(*id),
            sealed: graph.is_sealed(*id),
            above: shared
                .list(&above.params[local.checked_sub(1).map_or(0, |before| above.ends[before])..*end]),
        })
        .collect();
    let param_ref = |param: &Option<TypeId>| match param {
        None => ParamRef::TOP,
        Some(id) => {
            let ordinal = params.binary_search_by_key(&graph.rank(*id), by_rank).unwrap_or(usize::MAX);
            ParamRef(ordinal as u16 + 1)
        }
    };
    let mut entries: Vec<LogicalEntry> = family
        .methods
        .iter()
        .zip(&rows)
        .map(|(method, row)| LogicalEntry {
            pattern: row.iter().map(param_ref).collect(),
            implementation: method.implementation.clone(),
            module: method.module.clone(),
            default: method.default,
        })
        .collect();
    entries.sort_unstable_by(|a, b| {
        (&a.pattern, &a.implementation, &a.module).cmp(&(&b.pattern, &b.implementation, &b.module))
    });
    let neighbours = entries.iter().zip(entries.iter().skip(1));
    if let Some((first, second)) = neighbours.into_iter().find(|(a, b)| a.pattern == b.pattern) {
        let (first, second) = (first.implementation.clone(), second.implementation.clone());
        return Err(FamilyError::Duplicate { family: shown(), first, second });
    }
    let rule = restrict_rule(graph, family, &locals, &params, &types, &mut shared)?;
    let local_of = |id: &TypeId| locals.binary_search_by_key(&graph.rank(*id), by_rank).unwrap_or(usize::MAX);
    let params = params.iter().map(|id| local_of(id) as u32).collect();
    Ok(LogicalTable { name: family.name.clone(), arity: family.arity, rule, types, params, entries })
}

/// Equal lists, stored once.
#[derive(Default)]
struct SharedLists {
    lists: HashTable<Arc<[u16]>>,
    /// The last two that were asked for.
    last: [Option<Arc<[u16]>>; 2],
}

impl SharedLists {
    fn list(&mut self, params: &[u16]) -> Arc<[u16]> {
        // Neighbours in name order are often under the same.
        if let Some(list) = self.last.iter().flatten().find(|list| ***list == *params) {
            return Arc::clone(list);
        }
        let hash_of = |list: &[u16]| fast_hash(list.as_bytes());
        let hash = hash_of(params);
        let entry = self.lists.entry(hash, |list| **list == *params, |list| hash_of(list));
        let list = Arc::clone(entry.or_insert_with(|| params.into()).get());
        self.last.swap(0, 1);
        self.last[0] = Some(Arc::clone(&list));
        list
    }
}

/// What the family's rule needs to know of these types and parameters.
fn restrict_rule(
    graph: &TypeGraph,
    family: &Family,
    locals: &[TypeId],
    params: &[TypeId],
    types: &[LogicalType],
    shared: &mut SharedLists,
) -> Result<LogicalRule, FamilyError> {
    let by_rank = |id: &TypeId| graph.rank(*id);
    let ordinal_of = |id: &TypeId| params.binary_search_by_key(&graph.rank(*id), by_rank).ok();
    match &family.rule {
        FamilyRule::Symmetric => Ok(LogicalRule::Symmetric),
        FamilyRule::Custom { name } => Ok(LogicalRule::Custom { name: name.clone() }),
        FamilyRule::Precedence { argument_order } => {
            let mut named = argument_order.clone();
            named.sort_unstable();
            let left_to_right: Vec<u8> = (0..family.arity).collect();
            if !argument_order.is_empty() && named != left_to_right {
                let (found, arity) = (argument_order.clone(), family.arity);
                return Err(FamilyError::ArgumentOrder { family: family.to_string(), found, arity });
            }
            let argument_order =
                if argument_order.is_empty() { left_to_right } else { argument_order.clone() };
            // By type, one more than its number as a parameter; 0 for the others.
            let mut ordinals = vec![0_u16; graph.len()];
            for (ordinal, param) in (1..).zip(params) {
                ordinals[TypeGraph::place(*param)] = ordinal;
            }
            let mut nearest = Vec::with_capacity(locals.len());
            let mut here: Vec<u16> = Vec::new();
            for (id, row) in locals.iter().zip(types) {
                let list = graph.precedence(*id);
                if list.is_empty() {
                    let name = graph.name(*id).to_owned();
                    return Err(FamilyError::NoPrecedence { family: family.to_string(), name });
                }
                // A list of one has one order.
                if row.above.len() == 1 {
                    nearest.push(Arc::clone(&row.above));
                    continue;
                }
                here.clear();
                here.extend(
                    list.iter().filter_map(|upper| ordinals[TypeGraph::place(*upper)].checked_sub(1)),
                );
                nearest.push(shared.list(&here));
            }
            Ok(LogicalRule::Precedence { argument_order, nearest })
        }
        FamilyRule::Levels => {
            let row = |param: &TypeId| -> Vec<u16> {
                let uppers = graph.counts_as(*param);
                let mut row: Vec<u16> =
                    uppers.iter().filter_map(ordinal_of).map(|ordinal| ordinal as u16).collect();
                row.sort_unstable();
                row
            };
            Ok(LogicalRule::Levels { counts_as: params.iter().map(row).collect() })
        }
    }
}
