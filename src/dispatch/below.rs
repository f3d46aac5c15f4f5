//! Which types a family's parameters cover.

use std::cell::RefCell;

use super::types::{TypeGraph, TypeId};

/// The types under some parameters, in name order, and for each the numbers of these parameters, ascending.
pub(super) struct Below {
    pub(super) locals: Vec<TypeId>,
    pub(super) above: Lists,
}

/// Lists of parameters, one behind the other, and where each ends.
pub(super) struct Lists {
    pub(super) params: Vec<u16>,
    pub(super) ends: Vec<usize>,
}

/// Memory as large as the graph, of which a family touches what lies under its parameters. A thread keeps it from one family
/// to the next and clears what was touched: to clear all of it for each family would cost graph times families.
#[derive(Default)]
struct Marks {
    /// By type, the last parameter that it was found under, else [`UNSEEN`]; then where the next parameter of it belongs.
    seen: Vec<u32>,
    /// By type, how many parameters it is under.
    counts: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

thread_local! {
    static MARKS: RefCell<Marks> = RefCell::default();
}

/// What lies under `params`. Cost: proportional to that, and for the first family of a thread to the graph.
pub(super) fn below(graph: &TypeGraph, params: &[TypeId]) -> Below {
    // Taken, not borrowed: what a panic leaves half cleared is nobody's any more.
    let mut marks = MARKS.take();
    marks.seen.resize(marks.seen.len().max(graph.len()), UNSEEN);
    marks.counts.resize(marks.counts.len().max(graph.len()), 0);
    let Marks { seen, counts } = &mut marks;
    // Parameter and type.
    let mut pairs: Vec<(u16, TypeId)> = Vec::new();
    for (ordinal, param) in (0..).zip(params) {
        graph.for_each_below(*param, ordinal, seen, |id| {
            counts[TypeGraph::place(id)] += 1;
            pairs.push((ordinal as u16, id));
        });
    }
    let is_under = |id: &TypeId| counts[TypeGraph::place(*id)] > 0;
    let locals: Vec<TypeId> = if pairs.len() * SORTED_FACTOR < graph.len() {
        let mut locals: Vec<TypeId> = pairs.iter().map(|(_, id)| *id).collect();
        locals.sort_unstable_by_key(|id| graph.rank(*id));
        locals.dedup();
        locals
    } else {
        graph.in_name_order().iter().copied().filter(is_under).collect()
    };
    // Where the next parameter of each type belongs; at last, where its list ends.
    let next = seen;
    let mut start = 0;
    for id in &locals {
        next[TypeGraph::place(*id)] = start;
        start += counts[TypeGraph::place(*id)];
    }
    let mut listed = vec![0; pairs.len()];
    for (ordinal, id) in pairs {
        let next = &mut next[TypeGraph::place(id)];
        listed[*next as usize] = ordinal;
        *next += 1;
    }
    let ends = locals.iter().map(|id| next[TypeGraph::place(*id)] as usize).collect();
    // Every type that was marked is among them.
    for id in &locals {
        next[TypeGraph::place(*id)] = UNSEEN;
        counts[TypeGraph::place(*id)] = 0;
    }
    MARKS.set(marks);
    Below { locals, above: Lists { params: listed, ends } }
}

/// So many times fewer types than the graph has are sorted; else the graph's order is gone through.
const SORTED_FACTOR: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::TypeDecl;

    fn shown(graph: &TypeGraph, params: &[&str]) -> Vec<(String, Vec<u16>)> {
        let mut params: Vec<TypeId> = params.iter().map(|name| graph.get(name).expect("declared")).collect();
        params.sort_unstable_by_key(|id| graph.rank(*id));
        let Below { locals, above } = below(graph, &params);
        let starts = std::iter::once(0).chain(above.ends.iter().copied());
        let lists = starts.zip(&above.ends).map(|(start, end)| above.params[start..*end].to_vec());
        locals.iter().map(|id| graph.name(*id).to_owned()).zip(lists).collect()
    }

    #[test]
    fn what_one_family_marked_is_nothing_to_the_next_also_in_another_graph() {
        let large = TypeGraph::new([
            TypeDecl::new("A", &[]),
            TypeDecl::new("B", &["A"]),
            TypeDecl::new("C", &["A"]),
            TypeDecl::new("D", &["B", "C"]),
        ])
        .expect("sound");
        let small = TypeGraph::new([TypeDecl::new("X", &[]), TypeDecl::new("Y", &["X"])]).expect("sound");
        let list = |name: &str, params: &[u16]| (name.to_owned(), params.to_vec());
        for _ in 0..3 {
            let under_b_and_c = [list("B", &[0]), list("C", &[1]), list("D", &[0, 1])];
            assert_eq!(shown(&large, &["B", "C"]), under_b_and_c);
            assert_eq!(shown(&small, &["X", "Y"]), [list("X", &[0]), list("Y", &[0, 1])]);
            let under_a = [list("A", &[0]), list("B", &[0]), list("C", &[0]), list("D", &[0])];
            assert_eq!(shown(&large, &["A"]), under_a);
        }
    }
}
