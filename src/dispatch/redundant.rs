//! Methods that no call selects.
//!
//! A sealed type with others under it has no values of its own: where each of these has a method, one
//! for the sealed type itself is dead. So is, under rule `levels`, a method behind one on an earlier
//! level that applies wherever it does. Such methods need no entry; the table tells of them apart.

use super::compile::Optimized;
use super::decision::DecisionDag;
use super::nodes::{Child, Link};
use super::optimize::DAG_BUDGET_CELLS;
use super::rules::{Choice, rule_of};
use super::sets::MethodSet;
use crate::format::{LogicalRule, LogicalTable};

/// What becomes of methods that no call selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Redundancy {
    /// They are entries like all others.
    #[default]
    Keep,
    /// They are told in a section of their own and never looked at. A sealed type with others under it
    /// must have no values of its own; the answers for such types are then those of the other methods.
    /// Under a rule of the embedding compiler's own nothing is left out.
    LeaveOut,
}

impl Redundancy {
    /// The word that stands in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::LeaveOut => "leave-out",
        }
    }
}

/// Tuples of classes that are compared, under rule `levels`, before and after.
const COMPARED_TUPLES: usize = 1 << 16;

/// A question without the methods that no call selects.
#[derive(Clone, Debug)]
pub(super) struct Reduced {
    /// The same types and parameters, fewer entries.
    pub(super) table: LogicalTable,
    /// Canonical indexes in the whole question, ascending.
    kept: Vec<u32>,
    left_out: Vec<u32>,
}

impl Reduced {
    /// None where every method is selected somewhere, or there are too many tuples to tell.
    pub(super) fn of(table: &LogicalTable) -> Option<Self> {
        let has_values = types_with_values(table);
        // Elsewhere every method is selected for its own parameter types.
        if !matches!(table.rule, LogicalRule::Levels { .. }) && has_values.iter().all(|has| *has) {
            return None;
        }
        let dag = DecisionDag::build(table, rule_of(table)?.as_ref(), DAG_BUDGET_CELLS)?;
        let live = live_classes(&dag, &has_values);
        let needed = needed(&dag, &live, table.entries.len());
        let (kept, left_out): (Vec<u32>, Vec<u32>) =
            (0..table.entries.len() as u32).partition(|entry| needed.has(*entry as usize));
        if left_out.is_empty() || kept.is_empty() {
            return None;
        }
        let entries = kept.iter().filter_map(|at| table.entries.get(*at as usize).cloned()).collect();
        let reduced = Self { table: LogicalTable { entries, ..table.clone() }, kept, left_out };
        // There a method stands one level behind what it is wider than, so that one which is never
        // selected may still hold others apart.
        let is_sure = !matches!(table.rule, LogicalRule::Levels { .. }) || reduced.answers_as(&dag, &live);
        is_sure.then_some(reduced)
    }

    /// What `of_all` says of the methods that are kept; empty where that is.
    pub(super) fn kept_of(&self, of_all: &[u32]) -> Vec<u32> {
        if of_all.is_empty() {
            return Vec::new();
        }
        self.kept.iter().map(|at| of_all.get(*at as usize).copied().unwrap_or(0)).collect()
    }

    /// The choice for [`Reduced::table`] as one for the whole question.
    pub(super) fn restore(self, optimized: Optimized, calls: &[u32]) -> Optimized {
        let Optimized { mut plan, considered } = optimized;
        let mut specificity = vec![0; self.kept.len() + self.left_out.len()];
        for (at, kept) in self.kept.iter().zip(&plan.specificity) {
            if let Some(slot) = specificity.get_mut(*at as usize) {
                *slot = *kept;
            }
        }
        plan.order = plan.order.iter().filter_map(|at| self.kept.get(*at as usize).copied()).collect();
        plan.specificity = specificity;
        plan.call_frequency = calls.to_vec();
        plan.left_out = self.left_out;
        Optimized { plan, considered }
    }

    /// Whether the kept methods alone give the answers of all for every tuple of live classes.
    fn answers_as(&self, whole: &DecisionDag, live: &[Vec<bool>]) -> bool {
        let Some(rule) = rule_of(&self.table) else { return false };
        let Some(reduced) = DecisionDag::build(&self.table, rule.as_ref(), DAG_BUDGET_CELLS) else {
            return false;
        };
        // For each position and live class of the whole, the class that its types have now. Types of one
        // class there are of one class here, since fewer parameters tell them apart.
        let class_pairs: Vec<Vec<(u16, u16)>> = (0..live.len())
            .map(|position| {
                let now_of = |class: u16| {
                    let at = whole.classes[position].class_of.iter().position(|of| *of == class);
                    at.map_or(0, |at| reduced.classes[position].class_of[at])
                };
                let classes = (0..whole.classes[position].class_count)
                    .filter(|class| live[position][usize::from(*class)]);
                classes.map(|class| (class, now_of(class))).collect()
            })
            .collect();
        let tuples = class_pairs.iter().try_fold(1_usize, |product, pairs| product.checked_mul(pairs.len()));
        let Some(tuples) = tuples.filter(|tuples| *tuples <= COMPARED_TUPLES) else { return false };
        (0..tuples).all(|tuple| {
            let pair_at = |position: usize| {
                let behind: usize = class_pairs[position + 1..].iter().map(Vec::len).product();
                class_pairs[position][tuple / behind % class_pairs[position].len()]
            };
            let before = &whole.verdicts[whole.verdict_of(|position| pair_at(position).0) as usize];
            let now = &reduced.verdicts[reduced.verdict_of(|position| pair_at(position).1) as usize];
            *before == self.in_whole(now)
        })
    }

    /// A choice among the kept methods, by their numbers in the whole question.
    fn in_whole(&self, choice: &Choice) -> Choice {
        match choice {
            Choice::NoMethod => Choice::NoMethod,
            Choice::Method(at) => Choice::Method(self.kept[*at as usize]),
            Choice::Ambiguous(all) => {
                Choice::Ambiguous(all.iter().map(|at| self.kept[*at as usize]).collect())
            }
        }
    }
}

/// For each local type, whether it may have values of its own: it is not both sealed and above another.
/// What a type is above is known of parameters only; others count as having values.
fn types_with_values(table: &LogicalTable) -> Vec<bool> {
    let mut has_values = vec![true; table.types.len()];
    for (local, row) in table.types.iter().enumerate() {
        for param in &*row.above {
            let above = table.params.get(usize::from(*param)).map_or(local, |above| *above as usize);
            if above != local && table.types.get(above).is_some_and(|row| row.sealed) {
                has_values[above] = false;
            }
        }
    }
    has_values
}

/// For each position and class, whether a type with values is in it. *Any other type* is in class 0.
fn live_classes(dag: &DecisionDag, has_values: &[bool]) -> Vec<Vec<bool>> {
    let of_position = |classes: &crate::format::PositionClasses| {
        let mut live = vec![false; usize::from(classes.class_count)];
        live[0] = true;
        for (class, has_values) in classes.class_of.iter().zip(has_values) {
            live[usize::from(*class)] |= has_values;
        }
        live
    };
    dag.classes.iter().map(of_position).collect()
}

/// The methods that some tuple of live classes selects, or finds among equally good ones.
fn needed(dag: &DecisionDag, live: &[Vec<bool>], count: usize) -> MethodSet {
    let mut needed = MethodSet::empty(count);
    let mut visit = |link: Link, reached: &mut [bool]| match link.child() {
        Child::Node(node) => reached[node as usize] = true,
        Child::Verdict(verdict) => match &dag.verdicts[verdict as usize] {
            Choice::NoMethod => {}
            Choice::Method(entry) => needed.insert(*entry as usize),
            Choice::Ambiguous(all) => all.iter().for_each(|entry| needed.insert(*entry as usize)),
        },
    };
    // Children stand before their parents.
    let mut reached = vec![false; dag.nodes.len()];
    visit(dag.root, &mut reached);
    for node in (0..dag.nodes.len() as u32).rev() {
        if reached[node as usize] {
            let live = &live[usize::from(dag.nodes.position(node))];
            let children = dag.nodes.children(node).iter().zip(live).filter(|(_, live)| **live);
            children.for_each(|(link, _)| visit(*link, &mut reached));
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{
        CompileOptions, Family, FamilyRule, Method, Selection, TypeDecl, TypeGraph, compile, resolve,
        restrict,
    };
    use crate::format::{LocalType, Outcome, TableView, verify};
    use proptest::prelude::*;

    fn sum() -> TypeGraph {
        let decls = [
            TypeDecl { sealed: true, ..TypeDecl::new("Shape", &[]) },
            TypeDecl::new("Circle", &["Shape"]),
            TypeDecl::new("Square", &["Shape"]),
        ];
        TypeGraph::new(decls).expect("a tree")
    }

    fn options() -> CompileOptions {
        CompileOptions { redundancy: Redundancy::LeaveOut, ..CompileOptions::default() }
    }

    fn methods(rows: &[&[&str]]) -> Vec<Method> {
        rows.iter().map(|params| Method::new(params, &format!("f({})", params.join(",")), "m")).collect()
    }

    #[test]
    fn a_method_for_a_sum_is_left_out_once_each_alternative_has_its_own() {
        let some = Family::new("area", 1, methods(&[&["Shape"], &["Circle"]]));
        let table = restrict(&sum(), &some).expect("sound");
        assert!(Reduced::of(&table).is_none(), "a square needs the method for shapes");

        let all = Family::new("area", 1, methods(&[&["Shape"], &["Circle"], &["Square"]]));
        let table = restrict(&sum(), &all).expect("sound");
        let bytes = compile(&table, &options()).expect("compiles").bytes;
        verify(&bytes).expect("sound");
        let view = TableView::open(&bytes).expect("opens");
        let left_out = view.left_out().expect("readable");
        assert_eq!(left_out.iter().map(|method| method.implementation).collect::<Vec<_>>(), ["f(Shape)"]);
        assert_eq!(view.core().entry_count(), 2);
        assert_eq!(view.header().table_hash.get(), table.table_hash());
        assert_eq!(view.header().version_minor.get(), 1);
        let shape = view.local_type("Shape").expect("listed");
        assert_eq!(view.dispatch(&[shape]), Ok(Outcome::NoMethod));
    }

    #[test]
    fn what_makes_a_call_ambiguous_is_kept() {
        let rows: [&[&str]; 4] =
            [&["Shape", "Circle"], &["Circle", "Shape"], &["Square", "any"], &["any", "Square"]];
        let table = restrict(&sum(), &Family::new("hit", 2, methods(&rows))).expect("sound");
        assert!(Reduced::of(&table).is_none());
    }

    #[test]
    fn without_being_asked_nothing_is_left_out() {
        let all = Family::new("area", 1, methods(&[&["Shape"], &["Circle"], &["Square"]]));
        let table = restrict(&sum(), &all).expect("sound");
        let bytes = compile(&table, &CompileOptions::default()).expect("compiles").bytes;
        let view = TableView::open(&bytes).expect("opens");
        assert_eq!((view.left_out(), view.core().entry_count()), (Ok(Vec::new()), 3));
        assert_eq!(view.header().version_minor.get(), 0);
    }

    /// Types `T0`, `T1`, …; each under some before it, some sealed, with a list of all above it.
    fn world() -> impl Strategy<Value = (TypeGraph, Vec<String>)> {
        let row = (any::<bool>(), proptest::collection::vec(any::<prop::sample::Index>(), 0..3));
        proptest::collection::vec(row, 1..8).prop_map(|rows| {
            let names: Vec<String> = (0..rows.len()).map(|number| format!("T{number}")).collect();
            let mut linear: Vec<Vec<String>> = Vec::new();
            let mut decls = Vec::new();
            for (number, (sealed, above)) in rows.iter().enumerate() {
                let mut supers: Vec<usize> =
                    if number == 0 { Vec::new() } else { above.iter().map(|at| at.index(number)).collect() };
                supers.sort_unstable();
                supers.dedup();
                let shown: Vec<&str> = supers.iter().map(|at| names[*at].as_str()).collect();
                // Later types first is an order that every list agrees with.
                let mut list: Vec<String> = supers.iter().flat_map(|at| linear[*at].clone()).collect();
                list.push(names[number].clone());
                list.sort_by_key(|name| std::cmp::Reverse(name[1..].parse::<usize>().expect("a number")));
                list.dedup();
                linear.push(list.clone());
                decls.push(TypeDecl {
                    sealed: *sealed,
                    precedence: list,
                    ..TypeDecl::new(&names[number], &shown)
                });
            }
            (TypeGraph::new(decls).expect("no cycles"), names)
        })
    }

    proptest! {
        #[test]
        fn every_tuple_of_types_with_values_is_answered_as_before(
            (graph, names) in world(),
            patterns in proptest::collection::vec(
                (any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
            rule in 0..3,
        ) {
            let mut rows: Vec<[&str; 2]> = patterns
                .iter()
                .map(|(a, b): &(prop::sample::Index, prop::sample::Index)| [names[a.index(names.len())].as_str(), names[b.index(names.len())].as_str()])
                .collect();
            rows.sort_unstable();
            rows.dedup();
            let methods: Vec<Method> =
                rows.iter().map(|row| Method::new(row, &row.join(" "), "m")).collect();
            let rule = match rule {
                0 => FamilyRule::Symmetric,
                1 => FamilyRule::Precedence { argument_order: vec![1, 0] },
                _ => FamilyRule::Levels,
            };
            let family = Family { rule, ..Family::new("f", 2, methods) };
            let table = restrict(&graph, &family).expect("sound");
            let bytes = compile(&table, &options()).expect("compiles").bytes;
            verify(&bytes).expect("sound");
            let view = TableView::open(&bytes).expect("opens");
            let has_values = types_with_values(&table);
            let locals: Vec<LocalType> = (0..table.types.len() as u32)
                .filter(|local| has_values[*local as usize])
                .map(LocalType)
                .chain([LocalType::OTHER])
                .collect();
            let name_of = |local: LocalType| table.types.get(local.0 as usize).map_or(String::new(), |row| row.name.to_string());
            for first in &locals {
                for second in &locals {
                    let (a, b) = (name_of(*first), name_of(*second));
                    let expected = resolve(&graph, &family, &[graph.get(&a), graph.get(&b)]);
                    let found = view.dispatch(&[*first, *second]).expect("readable");
                    let found_name = match found {
                        Outcome::Method(entry) => Some(view.entry(entry).expect("there").implementation),
                        _ => None,
                    };
                    let expected_name = match &expected {
                        Selection::Method(at) => Some(family.methods[*at].implementation.as_str()),
                        _ => None,
                    };
                    prop_assert_eq!(found_name, expected_name, "{} {} {:?}", a, b, found);
                    let is_ambiguous = matches!(expected, Selection::Ambiguous(_));
                    prop_assert_eq!(found == Outcome::Ambiguous, is_ambiguous);
                }
            }
        }
    }
}
