//! The naive resolver: the definition of a rule, in the plainest code. Every optimizer is tested
//! against it; no build uses it.

use super::family::Family;
use super::types::{TypeGraph, TypeId};
use crate::format::Rule;
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
pub fn resolve(graph: &TypeGraph, family: &Family, args: &[Option<TypeId>]) -> Selection {
    let applies = |method: usize| {
        let params = &family.methods[method].params;
        params.len() == args.len() && params.iter().zip(args).all(|(param, arg)| is_below(graph, *arg, param))
    };
    let applicable: Vec<usize> = (0..family.methods.len()).filter(|method| applies(*method)).collect();
    match family.rule {
        Rule::Symmetric => {
            let minimal: Vec<usize> = applicable
                .iter()
                .copied()
                .filter(|method| !applicable.iter().any(|other| beats(graph, family, *other, *method)))
                .collect();
            match minimal.as_slice() {
                [] => Selection::NoMethod,
                [method] => Selection::Method(*method),
                _ => Selection::Ambiguous(minimal),
            }
        }
    }
}

/// Whether each parameter of `winner` is at or below `other`'s, and one strictly.
fn beats(graph: &TypeGraph, family: &Family, winner: usize, other: usize) -> bool {
    let (lower, upper) = (&family.methods[winner].params, &family.methods[other].params);
    lower != upper && lower.iter().zip(upper).all(|(lower, upper)| is_below(graph, graph.get(lower), upper))
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
