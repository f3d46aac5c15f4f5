//! The naive resolver: the definition of a rule, in the plainest code. Every optimizer is tested
//! against it; no build uses it.

use super::family::{Family, FamilyRule};
use super::types::{TypeGraph, TypeId};
use crate::format::TOP_TYPE;

/// What a call selects, by the index of the method in its family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// This method.
    Method(usize),
    /// No method applies.
    NoMethod,
    /// These are the most specific of those that apply, ascending, and none is more specific than all others.
    Ambiguous(Vec<usize>),
}

/// What `family` selects for one type per position; `None` is a type that `graph` does not know, or
/// knows only under the top type.
///
/// Under a custom rule it tells the methods that apply as [`Selection::Ambiguous`]: what the rule makes
/// of them only its owner can say.
pub fn resolve(graph: &TypeGraph, family: &Family, args: &[Option<TypeId>]) -> Selection {
    let applies = |method: usize| {
        let params = &family.methods[method].params;
        params.len() == args.len() && params.iter().zip(args).all(|(param, arg)| is_below(graph, *arg, param))
    };
    let applicable: Vec<usize> = (0..family.methods.len()).filter(|method| applies(*method)).collect();
    let chosen = match &family.rule {
        FamilyRule::Symmetric => applicable
            .iter()
            .copied()
            .filter(|method| !applicable.iter().any(|other| beats(graph, family, *other, *method)))
            .collect(),
        FamilyRule::Precedence { argument_order } => {
            nearest(graph, family, args, argument_order, &applicable).into_iter().collect()
        }
        FamilyRule::Levels => first_level(graph, family, &applicable),
        FamilyRule::Custom { .. } => applicable,
    };
    match chosen.as_slice() {
        [] => Selection::NoMethod,
        [method] => Selection::Method(*method),
        _ => Selection::Ambiguous(chosen),
    }
}

/// Whether each parameter of `winner` is at or below `other`'s, and one strictly.
fn beats(graph: &TypeGraph, family: &Family, winner: usize, other: usize) -> bool {
    let (lower, upper) = (&family.methods[winner].params, &family.methods[other].params);
    lower != upper && lower.iter().zip(upper).all(|(lower, upper)| is_below(graph, graph.get(lower), upper))
}

/// The method that no other one comes before: at the first position of the order at which two
/// differ, the one whose parameter stands earlier in the list of the argument's type.
fn nearest(
    graph: &TypeGraph,
    family: &Family,
    args: &[Option<TypeId>],
    argument_order: &[u8],
    applicable: &[usize],
) -> Option<usize> {
    let left_to_right: Vec<u8> = (0..family.arity).collect();
    let order = if argument_order.is_empty() { &left_to_right[..] } else { argument_order };
    let rank = |method: usize, position: u8| {
        let list = args[usize::from(position)].map_or(&[][..], |arg| graph.precedence(arg));
        let param = graph.get(&family.methods[method].params[usize::from(position)]);
        list.iter().position(|id| Some(*id) == param).unwrap_or(usize::MAX)
    };
    let ranks = |method: usize| order.iter().map(|position| rank(method, *position)).collect::<Vec<_>>();
    applicable.iter().copied().min_by_key(|method| ranks(*method))
}

/// Of the methods that apply those of the first level that holds any; one of them alone if only that
/// one has the default mark. Levels go by all methods of the family: peel off those to which none of
/// the rest is narrower, again and again.
fn first_level(graph: &TypeGraph, family: &Family, applicable: &[usize]) -> Vec<usize> {
    let is_under = |lower: &str, upper: &str| {
        lower != upper
            && (upper == TOP_TYPE
                || graph
                    .get(lower)
                    .zip(graph.get(upper))
                    .is_some_and(|(lower, upper)| graph.counts_as(lower).binary_search(&upper).is_ok()))
    };
    let is_narrower = |winner: &usize, loser: usize| {
        let pairs = || family.methods[*winner].params.iter().zip(&family.methods[loser].params);
        pairs().any(|(ours, theirs)| is_under(ours, theirs))
            && !pairs().any(|(ours, theirs)| is_under(theirs, ours))
    };
    let mut rest: Vec<usize> = (0..family.methods.len()).collect();
    while !rest.is_empty() {
        let (mut level, next): (Vec<usize>, Vec<usize>) =
            rest.iter().partition(|method| !rest.iter().any(|other| is_narrower(other, **method)));
        rest = next;
        if level.is_empty() {
            level = std::mem::take(&mut rest);
        }
        level.retain(|method| applicable.contains(method));
        if !level.is_empty() {
            let mut defaults = level.iter().filter(|method| family.methods[**method].default);
            return match (defaults.next(), defaults.next()) {
                (Some(only), None) => vec![*only],
                _ => level,
            };
        }
    }
    Vec::new()
}

fn is_below(graph: &TypeGraph, lower: Option<TypeId>, upper: &str) -> bool {
    upper == TOP_TYPE
        || lower.zip(graph.get(upper)).is_some_and(|(lower, upper)| graph.is_below(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Method, TypeDecl};

    #[test]
    fn the_most_specific_method_is_selected_and_crossing_methods_are_ambiguous() {
        let graph = TypeGraph::new([TypeDecl::new("A", &[]), TypeDecl::new("B", &["A"])]).expect("acyclic");
        let methods = vec![Method::new(&["A", "B"], "ab", "m"), Method::new(&["B", "A"], "ba", "m")];
        let family = Family::new("f", 2, methods);
        let (a, b) = (graph.get("A"), graph.get("B"));
        assert_eq!(resolve(&graph, &family, &[a, b]), Selection::Method(0));
        assert_eq!(resolve(&graph, &family, &[b, a]), Selection::Method(1));
        assert_eq!(resolve(&graph, &family, &[a, a]), Selection::NoMethod);
        assert_eq!(resolve(&graph, &family, &[b, b]), Selection::Ambiguous(vec![0, 1]));
    }
}
