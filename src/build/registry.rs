//! Types and families of a build, checked: what questions are made from.

use std::collections::BTreeMap;
use std::fmt;

use super::error::BuildError;
use super::facts::Facts;
use crate::dispatch::{Family, FamilyRule, Method, TypeDecl, TypeGraph};

/// Every type and every function family of a build.
#[derive(Clone, Debug)]
pub struct Registry {
    graph: TypeGraph,
    families: BTreeMap<FamilyId, Family>,
}

/// Names a family: qualified name and arity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyId {
    /// Qualified name.
    pub name: String,
    /// Number of dispatching positions.
    pub arity: u8,
}

impl fmt::Display for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

/// For each position, the distinct parameter types of a family's methods, in name order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TypeSignature(Vec<Vec<String>>);

impl TypeSignature {
    /// A signature from the types at each position, in any order.
    pub fn new<T: AsRef<str>>(positions: &[&[T]]) -> Self {
        let sorted = |types: &&[T]| {
            let mut names: Vec<String> = types.iter().map(|name| name.as_ref().to_owned()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        Self(positions.iter().map(sorted).collect())
    }

    /// The signature of a family. A method with fewer parameters than the family has says nothing
    /// about the others.
    pub fn of(family: &Family) -> Self {
        let at = |position: usize| -> Vec<&str> {
            family
                .methods
                .iter()
                .filter_map(|method| method.params.get(position))
                .map(String::as_str)
                .collect()
        };
        let positions: Vec<Vec<&str>> = (0..usize::from(family.arity)).map(at).collect();
        Self::new(&positions.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// Number of positions; saturates at 255, which is beyond any table.
    pub fn arity(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for TypeSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let positions: Vec<String> = self.0.iter().map(|names| names.join(" | ")).collect();
        write!(f, "({})", positions.join(", "))
    }
}

impl Registry {
    /// Checks types and families. Two families must not share name and arity.
    pub fn new(
        types: impl IntoIterator<Item = TypeDecl>,
        families: impl IntoIterator<Item = Family>,
    ) -> Result<Self, BuildError> {
        let mut by_id = BTreeMap::new();
        for family in families {
            let id = FamilyId { name: family.name.clone(), arity: family.arity };
            if by_id.insert(id.clone(), family).is_some() {
                return Err(BuildError::FamilyTwice { family: id });
            }
        }
        Ok(Self { graph: TypeGraph::new(types)?, families: by_id })
    }

    /// The types and families that a front end found.
    pub fn from_facts(facts: &Facts) -> Result<Self, BuildError> {
        let types = facts.types.iter().map(|fact| TypeDecl {
            name: fact.name.clone(),
            supers: fact.supers.clone(),
            sealed: fact.sealed,
            precedence: fact.precedence.clone(),
            counts_as: fact.counts_as.clone(),
        });
        let mut families: BTreeMap<FamilyId, Family> = BTreeMap::new();
        for fact in &facts.methods {
            let arity = u8::try_from(fact.params.len())
                .map_err(|_| BuildError::Arity { family: fact.family.clone(), found: fact.params.len() })?;
            let family = families.entry(FamilyId { name: fact.family.clone(), arity }).or_insert_with(|| {
                Family { rule: facts.rule.clone(), ..Family::new(&fact.family, arity, Vec::new()) }
            });
            family.methods.push(Method {
                params: fact.params.clone(),
                implementation: fact.implementation.clone(),
                module: fact.module.clone(),
                default: fact.default,
            });
        }
        for fact in &facts.argument_orders {
            let arity = u8::try_from(fact.order.len()).unwrap_or(u8::MAX);
            if let Some(family) = families.get_mut(&FamilyId { name: fact.family.clone(), arity })
                && let FamilyRule::Precedence { argument_order } = &mut family.rule
            {
                argument_order.clone_from(&fact.order);
            }
        }
        Ok(Self { graph: TypeGraph::new(types)?, families })
    }

    /// The types.
    pub const fn graph(&self) -> &TypeGraph {
        &self.graph
    }

    /// The families, in order of name and arity.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.values()
    }

    /// Number of families.
    pub fn family_count(&self) -> usize {
        self.families.len()
    }

    /// The family of this name and arity.
    pub fn family(&self, name: &str, arity: u8) -> Option<&Family> {
        self.families.get(&FamilyId { name: name.to_owned(), arity })
    }

    /// The type signature of the family of this name and arity.
    pub fn signature(&self, name: &str, arity: u8) -> Option<TypeSignature> {
        self.family(name, arity).map(TypeSignature::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_lists_the_distinct_types_of_each_position_in_name_order() {
        let method = |params: &[&str]| Method::new(params, &params.join(","), "m");
        let family =
            Family::new("f", 2, vec![method(&["B", "any"]), method(&["A", "any"]), method(&["B", "C"])]);
        let signature = TypeSignature::of(&family);
        assert_eq!(signature, TypeSignature::new(&[&["B", "A"], &["any", "C"]]));
        assert_eq!(signature.to_string(), "(A | B, C | any)");
    }

    #[test]
    fn families_of_one_name_and_different_arity_are_two_and_the_same_one_twice_is_refused() {
        let one = Family::new("f", 1, vec![Method::new(&["any"], "f1", "m")]);
        let two = Family::new("f", 2, vec![Method::new(&["any", "any"], "f2", "m")]);
        let registry = Registry::new([], [one.clone(), two]).expect("two families");
        assert_eq!((registry.family_count(), registry.family("f", 2).map(|f| f.arity)), (2, Some(2)));
        assert!(matches!(Registry::new([], [one.clone(), one]), Err(BuildError::FamilyTwice { .. })));
    }
}
