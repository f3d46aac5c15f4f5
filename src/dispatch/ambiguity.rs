//! Ambiguities as a person should hear of them: the maximal tuples, each with its candidates.
//!
//! A tuple is maximal if no other ambiguous tuple above it has the same candidates. Raising a tuple
//! step by step to a maximal one keeps its candidates on the way (fewer methods apply higher up,
//! and the candidates are among them), so it is enough to try each single step up.

use super::decision::DecisionDag;
use super::nodes::{Child, Link};
use super::rules::Choice;
use super::types::{TypeGraph, TypeId};
use crate::format::LogicalTable;

/// A maximal ambiguous tuple.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ambiguity {
    /// Qualified type names, one for each position; `any` where every type does.
    pub tuple: Vec<String>,
    /// Canonical indexes of the candidates, ascending.
    pub candidates: Vec<u32>,
}

/// What a search for ambiguities found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ambiguities {
    /// Maximal tuples in name order.
    pub tuples: Vec<Ambiguity>,
    /// Whether the search stopped early, so that there may be more.
    pub truncated: bool,
}

/// Tuples that are looked at before a search stops.
const MAX_TRIED: usize = 200_000;

struct Search<'a> {
    graph: &'a TypeGraph,
    dag: &'a DecisionDag,
    /// By node: whether an ambiguity can be reached from it.
    leads: Vec<bool>,
    /// By position and class: the types of the class that are below no other type of it; `None` is
    /// the top type.
    tops: Vec<Vec<Vec<Option<TypeId>>>>,
    locals: Vec<TypeId>,
    found: Vec<(Vec<Option<TypeId>>, u32)>,
    tried: usize,
    truncated: bool,
}

/// The maximal ambiguous tuples of a table.
pub(crate) fn ambiguities(graph: &TypeGraph, table: &LogicalTable, dag: &DecisionDag) -> Ambiguities {
    if !dag.verdicts.iter().any(|verdict| matches!(verdict, Choice::Ambiguous(_))) {
        return Ambiguities::default();
    }
    let is_ambiguous = |verdict: u32| matches!(dag.verdicts[verdict as usize], Choice::Ambiguous(_));
    let mut leads: Vec<bool> = Vec::with_capacity(dag.nodes.len());
    for node in 0..dag.nodes.len() as u32 {
        let reached = dag.nodes.children(node).iter().any(|link| match link.child() {
            Child::Node(node) => leads[node as usize],
            Child::Verdict(verdict) => is_ambiguous(verdict),
        });
        leads.push(reached);
    }
    let locals: Vec<TypeId> = table.types.iter().filter_map(|row| graph.get(&row.name)).collect();
    let mut search =
        Search { graph, dag, leads, tops: Vec::new(), locals, found: Vec::new(), tried: 0, truncated: false };
    search.tops = (0..usize::from(table.arity)).map(|position| search.tops_at(position)).collect();
    let mut tuple = vec![None; usize::from(table.arity)];
    search.descend(dag.root, &mut tuple);
    let mut tuples: Vec<Ambiguity> = search
        .found
        .iter()
        .map(|(tuple, verdict)| Ambiguity {
            tuple: tuple.iter().map(|id| id.map_or("any", |id| graph.name(id)).to_owned()).collect(),
            candidates: match &dag.verdicts[*verdict as usize] {
                Choice::Ambiguous(candidates) => candidates.clone(),
                Choice::Method(_) | Choice::NoMethod => Vec::new(),
            },
        })
        .collect();
    tuples.sort_unstable();
    Ambiguities { tuples, truncated: search.truncated }
}

impl Search<'_> {
    /// The class of a type at a position; types that the table does not list are in class 0.
    fn class_of(&self, position: usize, id: Option<TypeId>) -> u16 {
        let local = id.and_then(|id| {
            self.locals.binary_search_by_key(&self.graph.rank(id), |local| self.graph.rank(*local)).ok()
        });
        local.map_or(0, |local| self.dag.classes[position].class_of[local])
    }

    /// One step up: the direct supertypes, or the top type where there is none.
    fn steps_up(&self, id: TypeId) -> Vec<Option<TypeId>> {
        match self.graph.supers(id) {
            [] => vec![None],
            supers => supers.iter().copied().map(Some).collect(),
        }
    }

    fn tops_at(&self, position: usize) -> Vec<Vec<Option<TypeId>>> {
        let classes = &self.dag.classes[position];
        let mut tops = vec![Vec::new(); usize::from(classes.class_count)];
        tops[0].push(None);
        for (id, class) in self.locals.iter().zip(&classes.class_of) {
            let is_top = *class != 0
                && self.steps_up(*id).into_iter().all(|upper| self.class_of(position, upper) != *class);
            if is_top {
                tops[usize::from(*class)].push(Some(*id));
            }
        }
        tops
    }

    /// Follows every class that leads to an ambiguity. Positions that a path does not test stay at
    /// the top type: every type does there.
    fn descend(&mut self, link: Link, tuple: &mut Vec<Option<TypeId>>) {
        if self.truncated {
            return;
        }
        match link.child() {
            Child::Verdict(verdict) => {
                if matches!(self.dag.verdicts[verdict as usize], Choice::Ambiguous(_)) {
                    self.tried += 1;
                    self.truncated = self.tried >= MAX_TRIED;
                    if self.is_maximal(tuple, verdict) {
                        self.found.push((tuple.clone(), verdict));
                    }
                }
            }
            Child::Node(node) if self.leads[node as usize] => {
                let dag = self.dag;
                let position = usize::from(dag.nodes.position(node));
                for (class, next) in dag.nodes.children(node).iter().enumerate() {
                    for top in self.tops[position][class].clone() {
                        tuple[position] = top;
                        self.descend(*next, tuple);
                    }
                }
                tuple[position] = None;
            }
            Child::Node(_) => {}
        }
    }

    fn is_maximal(&self, tuple: &[Option<TypeId>], verdict: u32) -> bool {
        let classes: Vec<u16> =
            tuple.iter().enumerate().map(|(position, id)| self.class_of(position, *id)).collect();
        tuple.iter().enumerate().all(|(position, id)| {
            let steps = id.map(|id| self.steps_up(id)).unwrap_or_default();
            steps.into_iter().all(|upper| {
                let raised = self.class_of(position, upper);
                self.dag.verdict_of(|at| if at == position { raised } else { classes[at] }) != verdict
            })
        })
    }
}
