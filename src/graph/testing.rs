//! For tests of compilers that embed the cache: a graph with names, and assertions that explain
//! themselves.
//!
//! ```
//! use janus_cache::graph::testing::NamedGraph;
//!
//! let graph = NamedGraph::new(&[("main", &["shapes", "io"]), ("shapes", &["math"]), ("tool", &["io"])]);
//! graph.assert_invalidates(&["math"], &["main", "math", "shapes"]);
//! // A change inside of `math` that leaves its interface alone rebuilds `math` only.
//! graph.assert_rebuilds(&["math"], &[], &["math"]);
//! graph.assert_rebuilds(&["math"], &["math"], &["math", "shapes"]);
//! assert_eq!(graph.because(&["math"], "main"), "main imports shapes, which imports math, which changed");
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::adjacency::DependencyGraph;
use super::components::Components;
use super::invalidate::{Invalidated, invalidate};
use super::wave::Wave;

/// A dependency graph whose nodes have names.
///
/// Nodes are numbered as they are first mentioned; a name that is only imported is a node, too. A name
/// that is listed twice has the imports of both.
#[derive(Clone, Debug)]
pub struct NamedGraph {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
    graph: DependencyGraph,
    components: Components,
}

/// A change that reaches, or rebuilds, another set of nodes than a test expected.
///
/// Its text shows both sets, what is missing, and for each surplus node the way by which the change
/// reached it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// `invalidates` or `rebuilds`.
    verb: &'static str,
    changed: BTreeSet<String>,
    expected: BTreeSet<String>,
    found: BTreeSet<String>,
    /// Names in the question that are no node.
    unknown: BTreeSet<String>,
    /// For surplus nodes, in the order of their names.
    because: Vec<String>,
}

impl NamedGraph {
    /// A graph from each node's name and the names it imports.
    pub fn new(imports: &[(&str, &[&str])]) -> Self {
        imports.iter().map(|(name, imports)| (*name, imports.iter().copied())).collect()
    }

    /// The graph.
    pub const fn graph(&self) -> &DependencyGraph {
        &self.graph
    }

    /// Its components.
    pub const fn components(&self) -> &Components {
        &self.components
    }

    /// The number of the node with this name; none if there is none.
    pub fn node(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a node; none for a node outside the graph.
    pub fn name(&self, node: u32) -> Option<&str> {
        self.names.get(node as usize).map(String::as_str)
    }

    /// The names of what a change reaches, each behind those it depends on. Names that are no node are
    /// left out.
    pub fn invalidated_by(&self, changed: &[&str]) -> Vec<&str> {
        self.reach(changed).nodes().iter().filter_map(|node| self.name(*node)).collect()
    }

    /// The names of what is rebuilt, in an order of dependency, if a rebuilt unit's interface changes
    /// exactly if one of `with_new_interface` is in it.
    pub fn rebuilt_by(&self, changed: &[&str], with_new_interface: &[&str]) -> Vec<&str> {
        let with_new_interface = self.nodes(with_new_interface);
        let mut wave = Wave::new(&self.graph, &self.components, &self.nodes(changed));
        let mut rebuilt = Vec::new();
        while let Some(unit) = wave.next_ready() {
            rebuilt.extend(unit.members.iter().filter_map(|node| self.name(*node)));
            let is_new = unit.members.iter().any(|node| with_new_interface.contains(node));
            if wave.finished(unit.component, is_new).is_err() {
                break;
            }
        }
        rebuilt
    }

    /// By which way a change reaches `name`, in words.
    pub fn because(&self, changed: &[&str], name: &str) -> String {
        self.way(&self.reach(changed), name)
    }

    /// Whether a change of `changed` reaches exactly `expected`, in any order.
    pub fn check_invalidates(&self, changed: &[&str], expected: &[&str]) -> Result<(), Box<Mismatch>> {
        self.check("invalidates", changed, expected, &self.invalidated_by(changed))
    }

    /// Whether a change of `changed` rebuilds exactly `expected`, in any order; see [`Self::rebuilt_by`].
    pub fn check_rebuilds(
        &self,
        changed: &[&str],
        with_new_interface: &[&str],
        expected: &[&str],
    ) -> Result<(), Box<Mismatch>> {
        self.check("rebuilds", changed, expected, &self.rebuilt_by(changed, with_new_interface))
    }

    /// Asserts [`Self::check_invalidates`].
    ///
    /// # Panics
    ///
    /// If the change reaches another set, or a name is no node.
    #[track_caller]
    pub fn assert_invalidates(&self, changed: &[&str], expected: &[&str]) {
        if let Err(mismatch) = self.check_invalidates(changed, expected) {
            panic!("{mismatch}");
        }
    }

    /// Asserts [`Self::check_rebuilds`].
    ///
    /// # Panics
    ///
    /// If the change rebuilds another set, or a name is no node.
    #[track_caller]
    pub fn assert_rebuilds(&self, changed: &[&str], with_new_interface: &[&str], expected: &[&str]) {
        if let Err(mismatch) = self.check_rebuilds(changed, with_new_interface, expected) {
            panic!("{mismatch}");
        }
    }

    fn check(
        &self,
        verb: &'static str,
        changed: &[&str],
        expected: &[&str],
        found: &[&str],
    ) -> Result<(), Box<Mismatch>> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let (changed_set, expected, found) = (set(changed), set(expected), set(found));
        let unknown: BTreeSet<String> =
            changed_set.union(&expected).filter(|name| self.node(name).is_none()).cloned().collect();
        if unknown.is_empty() && expected == found {
            return Ok(());
        }
        let reached = self.reach(changed);
        let because = found.difference(&expected).map(|name| self.way(&reached, name)).collect();
        Err(Box::new(Mismatch { verb, changed: changed_set, expected, found, unknown, because }))
    }

    fn nodes(&self, names: &[&str]) -> Vec<u32> {
        names.iter().filter_map(|name| self.node(name)).collect()
    }

    fn reach(&self, changed: &[&str]) -> Invalidated {
        invalidate(&self.graph, &self.components, &self.nodes(changed))
    }

    fn way(&self, reached: &Invalidated, name: &str) -> String {
        let Some(node) = self.node(name) else { return format!("{name} is not in the graph") };
        let steps: Vec<&str> = reached.because(node).filter_map(|step| self.name(step)).collect();
        match &steps[..] {
            [] => format!("no change reaches {name}"),
            [changed] => format!("{changed} changed"),
            steps => format!("{}, which changed", steps.join(", which imports ").replacen(", which", "", 1)),
        }
    }
}

/// From names and imports that a test works out, such as those its compiler found in sources.
impl<Name, Imports> FromIterator<(Name, Imports)> for NamedGraph
where
    Name: Into<String>,
    Imports: IntoIterator,
    Imports::Item: Into<String>,
{
    fn from_iter<All: IntoIterator<Item = (Name, Imports)>>(all: All) -> Self {
        let (mut names, mut numbers, mut edges) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut number = |name: String| {
            *numbers.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                names.len() as u32 - 1
            })
        };
        for (name, imports) in all {
            let from = number(name.into());
            edges.extend(imports.into_iter().map(|import| (from, number(import.into()))));
        }
        let graph = DependencyGraph::new(names.len(), &edges);
        let components = graph.components();
        Self { names, numbers, graph, components }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
            let names: Vec<&str> = names.map(String::as_str).collect();
            if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
        }
        let changed = list(self.changed.iter());
        writeln!(f, "a change of {changed} {} another set of nodes than expected", self.verb)?;
        writeln!(f, "  expected: {}", list(self.expected.iter()))?;
        writeln!(f, "  found:    {}", list(self.found.iter()))?;
        writeln!(f, "  missing:  {}", list(self.expected.difference(&self.found)))?;
        write!(f, "  surplus:  {}", list(self.found.difference(&self.expected)))?;
        self.because.iter().try_for_each(|way| write!(f, "\n    because {way}"))?;
        if !self.unknown.is_empty() {
            write!(f, "\n  not in the graph: {}", list(self.unknown.iter()))?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> NamedGraph {
        NamedGraph::new(&[
            ("main", &["shapes", "io"]),
            ("shapes", &["math"]),
            ("math", &[]),
            ("tool", &["io"]),
        ])
    }

    #[test]
    fn a_mismatch_shows_what_is_missing_and_how_the_surplus_was_reached() {
        let text = graph().check_invalidates(&["math"], &["math", "tool"]).map_err(|error| error.to_string());
        let expected = "\
a change of math invalidates another set of nodes than expected
  expected: math, tool
  found:    main, math, shapes
  missing:  tool
  surplus:  main, shapes
    because main imports shapes, which imports math, which changed
    because shapes imports math, which changed";
        assert_eq!(text, Err(expected.to_owned()));
    }

    #[test]
    fn a_misspelt_name_is_no_silent_success() {
        let text = graph().check_invalidates(&["maths"], &[]).map_err(|error| error.to_string());
        let text = text.expect_err("no such node");
        assert!(text.contains("found:    nothing") && text.ends_with("not in the graph: maths"), "{text}");
    }

    #[test]
    #[should_panic(expected = "missing:  tool")]
    fn an_assertion_that_does_not_hold_panics_with_the_mismatch() {
        graph().assert_invalidates(&["io"], &["io", "main", "tool"]);
        graph().assert_invalidates(&["math"], &["tool"]);
    }

    #[test]
    fn an_assertion_about_rebuilding_knows_early_cut_off() {
        graph().assert_rebuilds(&["math"], &["math"], &["math", "shapes"]);
        graph().assert_rebuilds(&["math", "tool"], &["math", "shapes"], &["math", "shapes", "main", "tool"]);
        let error = graph().check_rebuilds(&["io"], &[], &["io", "tool"]).expect_err("tool is cut off");
        assert!(error.to_string().contains("\n  missing:  tool\n"), "{error}");
    }

    #[test]
    fn names_that_are_only_imported_are_nodes_and_lists_of_one_name_add_up() {
        let found = [("a".to_owned(), vec!["c"]), ("b".to_owned(), vec![]), ("a".to_owned(), vec!["b"])];
        let graph: NamedGraph = found.into_iter().collect();
        assert_eq!(graph.graph(), &DependencyGraph::new(3, &[(0, 1), (0, 2)]));
        assert_eq!((graph.node("c"), graph.name(2), graph.name(3)), (Some(1), Some("b"), None));
        assert_eq!(graph.invalidated_by(&["c"]), ["c", "a"]);
        assert_eq!(graph.because(&["c"], "b"), "no change reaches b");
    }
}
