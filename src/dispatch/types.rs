//! The type graph: who is a subtype of whom.

use std::collections::HashMap;
use std::sync::Arc;

use crate::format::TOP_TYPE;

/// A type of one [`TypeGraph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(u32);

/// A declaration, by qualified names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeDecl {
    /// Qualified name.
    pub name: String,
    /// Direct supertypes; the top type may be left out.
    pub supers: Vec<String>,
    /// Whether no other subtypes may ever be added.
    pub sealed: bool,
    /// Under rule `precedence`: the type and all its supertypes, nearest first; the top type may be
    /// left out. Empty where the language has no such lists.
    pub precedence: Vec<String>,
    /// Under rule `levels`: types that this one counts as being under when methods are compared,
    /// although its values need not be theirs.
    pub counts_as: Vec<String>,
}

impl TypeDecl {
    /// An open type with these direct supertypes.
    pub fn new(name: &str, supers: &[&str]) -> Self {
        let supers = supers.iter().map(|&name| name.to_owned()).collect();
        Self { name: name.to_owned(), supers, ..Self::default() }
    }

    /// The same type with the list that rule `precedence` compares by: itself first.
    #[must_use]
    pub fn with_precedence(mut self, nearest_first: &[&str]) -> Self {
        self.precedence = nearest_first.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The same type, counting as being under these when rule `levels` compares methods.
    #[must_use]
    pub fn counting_as(mut self, uppers: &[&str]) -> Self {
        self.counts_as = uppers.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The same type, closed to other subtypes.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.sealed = true;
        self
    }
}

/// Why declarations make no graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeGraphError {
    /// A name is declared twice, or is that of the top type.
    #[error("type {name} is declared twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A supertype is declared nowhere.
    #[error("type {name} has the supertype {supertype}, which is declared nowhere")]
    UnknownSuper {
        /// The subtype.
        name: String,
        /// The name that is declared nowhere.
        supertype: String,
    },
    /// A list of precedence is not of the type and its supertypes.
    #[error("the precedence list of type {name} is not itself first and then each of its supertypes once")]
    Precedence {
        /// The type.
        name: String,
    },
    /// A type is its own supertype.
    #[error("types are their own supertypes: {}", names.join(", "))]
    Cycle {
        /// The types on cycles and below them, in name order.
        names: Vec<String>,
    },
}

/// An acyclic graph of types under one top type.
///
/// Memory is proportional to the direct relations. What follows from them is walked when it is asked
/// for: a chain of 100,000 types has five billion pairs, and no question needs them all.
#[derive(Clone, Debug)]
pub struct TypeGraph {
    names: Vec<Arc<str>>,
    sealed: Vec<bool>,
    supers: Vec<Vec<TypeId>>,
    /// For each type, its direct subtypes, ascending.
    subs: Vec<Vec<TypeId>>,
    /// For each type, its own list, nearest first, without the top type; empty where it has none.
    precedence: Vec<Vec<TypeId>>,
    /// For each type, the types that it counts as being under when methods are compared.
    counts_as: Vec<Vec<TypeId>>,
    /// For each type, its place in name order.
    rank: Vec<u32>,
    /// Every type, in name order.
    in_name_order: Vec<TypeId>,
    by_name: HashMap<Arc<str>, TypeId>,
}

impl TypeGraph {
    /// Checks the declarations. Cost: proportional to names and direct relations.
    pub fn new(decls: impl IntoIterator<Item = TypeDecl>) -> Result<Self, TypeGraphError> {
        let decls: Vec<TypeDecl> = decls.into_iter().collect();
        let names: Vec<Arc<str>> = decls.iter().map(|decl| decl.name.as_str().into()).collect();
        let mut by_name = HashMap::with_capacity(decls.len());
        for (index, decl) in decls.iter().enumerate() {
            let known = by_name.insert(Arc::clone(&names[index]), TypeId(index as u32)).is_some();
            if known || decl.name == TOP_TYPE {
                return Err(TypeGraphError::Duplicate { name: decl.name.clone() });
            }
        }
        let ids_of = |name: &str, others: &[String]| -> Result<Vec<TypeId>, TypeGraphError> {
            let mut ids = Vec::with_capacity(others.len());
            for other in others.iter().filter(|other| *other != TOP_TYPE) {
                ids.push(*by_name.get(other.as_str()).ok_or_else(|| TypeGraphError::UnknownSuper {
                    name: name.to_owned(),
                    supertype: other.clone(),
                })?);
            }
            Ok(ids)
        };
        let mut supers = Vec::with_capacity(decls.len());
        let (mut precedence, mut counts_as) = (Vec::new(), Vec::new());
        for decl in &decls {
            let mut direct = ids_of(&decl.name, &decl.supers)?;
            direct.sort_unstable();
            direct.dedup();
            supers.push(direct);
            precedence.push(ids_of(&decl.name, &decl.precedence)?);
            counts_as.push(ids_of(&decl.name, &decl.counts_as)?);
        }
        let mut subs: Vec<Vec<TypeId>> = vec![Vec::new(); decls.len()];
        for (index, direct) in supers.iter().enumerate() {
            for supertype in direct {
                subs[supertype.0 as usize].push(TypeId(index as u32));
            }
        }
        let cyclic = on_cycles(&supers, &subs);
        if !cyclic.is_empty() {
            let mut names: Vec<String> = cyclic.iter().map(|index| decls[*index].name.clone()).collect();
            names.sort_unstable();
            return Err(TypeGraphError::Cycle { names });
        }
        for (index, list) in precedence.iter().enumerate().filter(|(_, list)| !list.is_empty()) {
            let mut sorted = list.clone();
            sorted.sort_unstable();
            let id = TypeId(index as u32);
            if list.first() != Some(&id) || sorted != closure(&supers, id) {
                return Err(TypeGraphError::Precedence { name: decls[index].name.clone() });
            }
        }
        let mut by_rank: Vec<usize> = (0..decls.len()).collect();
        by_rank.sort_unstable_by_key(|index| decls[*index].name.as_str());
        let mut rank = vec![0; decls.len()];
        for (place, index) in by_rank.iter().enumerate() {
            rank[*index] = place as u32;
        }
        let in_name_order = by_rank.into_iter().map(|index| TypeId(index as u32)).collect();
        let sealed = decls.into_iter().map(|decl| decl.sealed).collect();
        Ok(Self { names, sealed, supers, subs, precedence, counts_as, rank, in_name_order, by_name })
    }

    /// Number of types, the top type not counted.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no type but the top type.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The type of this name; none for the top type and for unknown names.
    pub fn get(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// Every type, in order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = TypeId> {
        (0..self.names.len() as u32).map(TypeId)
    }

    /// Qualified name.
    pub fn name(&self, id: TypeId) -> &str {
        &self.names[id.0 as usize]
    }

    /// Qualified name, shared.
    pub(crate) fn shared_name(&self, id: TypeId) -> Arc<str> {
        Arc::clone(&self.names[id.0 as usize])
    }

    /// Whether no other subtypes may ever be added.
    pub fn is_sealed(&self, id: TypeId) -> bool {
        self.sealed[id.0 as usize]
    }

    /// Direct supertypes, without the top type.
    pub fn supers(&self, id: TypeId) -> &[TypeId] {
        &self.supers[id.0 as usize]
    }

    /// The type and its supertypes, nearest first, without the top type; empty where the type was
    /// declared without such a list.
    pub fn precedence(&self, id: TypeId) -> &[TypeId] {
        &self.precedence[id.0 as usize]
    }

    /// What the type counts as being under when rule `levels` compares methods: what is above it and
    /// what its declaration pretends, ascending. Cost: a walk.
    pub fn counts_as(&self, id: TypeId) -> Vec<TypeId> {
        let mut all = self.above(id);
        all.extend(self.counts_as[id.0 as usize].iter().flat_map(|upper| self.above(*upper)));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The type and all its supertypes but the top type, ascending. Cost: a walk over them.
    pub fn above(&self, id: TypeId) -> Vec<TypeId> {
        closure(&self.supers, id)
    }

    /// The type and all its subtypes, ascending. Cost: a walk over them.
    pub fn below(&self, id: TypeId) -> Vec<TypeId> {
        closure(&self.subs, id)
    }

    /// Calls `each` with the type and all its subtypes. `seen` has a number for each type, none of which
    /// may be `mark`, and gets `mark` for these. Cost: a walk over them.
    pub(crate) fn for_each_below(
        &self,
        id: TypeId,
        mark: u32,
        seen: &mut [u32],
        mut each: impl FnMut(TypeId),
    ) {
        seen[id.0 as usize] = mark;
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            each(id);
            for sub in &self.subs[id.0 as usize] {
                if std::mem::replace(&mut seen[sub.0 as usize], mark) != mark {
                    open.push(*sub);
                }
            }
        }
    }

    /// The type's place in order of declaration.
    pub(crate) const fn place(id: TypeId) -> usize {
        id.0 as usize
    }

    /// Every type, in name order.
    pub(crate) fn in_name_order(&self) -> &[TypeId] {
        &self.in_name_order
    }

    /// The type's place in name order.
    pub fn rank(&self, id: TypeId) -> u32 {
        self.rank[id.0 as usize]
    }

    /// Whether `lower` is `upper` or a subtype of it. Cost: a walk over what is above `lower`.
    pub fn is_below(&self, lower: TypeId, upper: TypeId) -> bool {
        lower == upper || self.above(lower).binary_search(&upper).is_ok()
    }
}

/// A type and all that `next` leads to from it, ascending.
fn closure(next: &[Vec<TypeId>], from: TypeId) -> Vec<TypeId> {
    let mut seen = vec![false; next.len()];
    seen[from.0 as usize] = true;
    let mut all = vec![from];
    let mut done = 0;
    while let Some(id) = all.get(done) {
        done += 1;
        for next in &next[id.0 as usize] {
            if !std::mem::replace(&mut seen[next.0 as usize], true) {
                all.push(*next);
            }
        }
    }
    all.sort_unstable();
    all
}

/// Indexes of the types that are on a cycle or below one, ascending.
fn on_cycles(supers: &[Vec<TypeId>], subs: &[Vec<TypeId>]) -> Vec<usize> {
    let mut waits_for: Vec<usize> = supers.iter().map(Vec::len).collect();
    let mut free: Vec<usize> = (0..supers.len()).filter(|index| waits_for[*index] == 0).collect();
    while let Some(index) = free.pop() {
        for sub in &subs[index] {
            let sub = sub.0 as usize;
            waits_for[sub] -= 1;
            if waits_for[sub] == 0 {
                free.push(sub);
            }
        }
    }
    (0..supers.len()).filter(|index| waits_for[*index] > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diamond() -> TypeGraph {
        TypeGraph::new([
            TypeDecl::new("D", &["B", "C"]),
            TypeDecl::new("B", &["A"]),
            TypeDecl::new("C", &["A", "any"]),
            TypeDecl::new("A", &[]).sealed(),
        ])
        .expect("acyclic")
    }

    #[test]
    fn a_subtype_is_below_every_supertype_on_every_path() {
        let graph = diamond();
        let id = |name| graph.get(name).expect("declared");
        for upper in ["A", "B", "C", "D"] {
            assert!(graph.is_below(id("D"), id(upper)), "D below {upper}");
        }
        assert!(!graph.is_below(id("B"), id("C")));
        assert_eq!(graph.below(id("A")).len(), 4);
        assert!(graph.is_sealed(id("A")) && !graph.is_sealed(id("B")));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_types_needs_no_room_for_its_pairs() {
        const TYPES: u32 = 100_000;
        let name = |index: u32| format!("T{index}");
        let graph = TypeGraph::new((0..TYPES).map(|index| match index.checked_sub(1) {
            None => TypeDecl::new(&name(0), &[]),
            Some(upper) => TypeDecl::new(&name(index), &[&name(upper)]),
        }))
        .expect("a chain has no cycle");
        let (top, bottom) = (TypeId(0), TypeId(TYPES - 1));
        assert!(graph.is_below(bottom, top) && !graph.is_below(top, bottom));
        assert_eq!((graph.below(top).len(), graph.above(top).len()), (TYPES as usize, 1));
    }

    #[test]
    fn declarations_that_make_no_graph_are_named() {
        let cycle = TypeGraph::new([TypeDecl::new("B", &["A"]), TypeDecl::new("A", &["B"])]);
        let names = vec!["A".to_owned(), "B".to_owned()];
        assert_eq!(cycle.expect_err("a cycle"), TypeGraphError::Cycle { names });
        let twice = TypeGraph::new([TypeDecl::new("A", &[]), TypeDecl::new("A", &[])]);
        assert_eq!(twice.expect_err("twice"), TypeGraphError::Duplicate { name: "A".to_owned() });
        let short = TypeDecl::new("B", &["A"]).with_precedence(&["B"]);
        let found = TypeGraph::new([TypeDecl::new("A", &[]), short]).expect_err("A is left out");
        assert_eq!(found, TypeGraphError::Precedence { name: "B".to_owned() });
        let unknown = TypeGraph::new([TypeDecl::new("A", &["Z"])]).expect_err("unknown");
        assert_eq!(unknown.to_string(), "type A has the supertype Z, which is declared nowhere");
        assert!(TypeGraph::new([TypeDecl::new("any", &[])]).is_err());
    }
}
