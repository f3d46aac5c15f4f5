//! What is really to be rebuilt: a state machine that an executor drives, with early cut-off.
//!
//! A unit (one component, all its nodes together) is rebuilt if one of its nodes changed, or if a unit it
//! depends on directly was rebuilt and changed its interface. It is handed out when all it depends on is
//! decided, so what it reads is up to date.
//!
//! ```text
//!            all dependencies decided
//! waiting ──┬─ one of them failed or is blocked ──────────────────► blocked
//!           ├─ it changed, or an interface below it did ─► ready ─► running ─► rebuilt | failed
//!           └─ else ──────────────────────────────────────────────► cut off
//! ```

use std::collections::VecDeque;

use super::adjacency::DependencyGraph;
use super::components::Components;
use super::invalidate::invalidate;
use super::paged::PagedMap;
use super::unit::{NotRunning, Outcome, ReadyUnit, State, Unit, Why};

/// A wave of rebuilding from the changed nodes up. It holds no threads: several may take from it under
/// one lock.
///
/// Cost: making it is two passes over the edges that a change can reach; each of them is looked at once
/// more when the unit below it is decided.
///
/// ```
/// use janus_cache::graph::{DependencyGraph, Wave};
///
/// // 0 imports 1, which imports 2.
/// let graph = DependencyGraph::new(3, &[(0, 1), (1, 2)]);
/// let components = graph.components();
/// let mut wave = Wave::new(&graph, &components, &[2]);
/// let mut rebuilt = Vec::new();
/// while let Some(unit) = wave.next_ready() {
///     rebuilt.extend_from_slice(unit.members);
///     // Rebuilding 1 gives the interface it had, so 0 is not touched.
///     wave.finished(unit.component, !unit.members.contains(&1))?;
/// }
/// assert!(wave.is_done());
/// assert_eq!(rebuilt, [2, 1]);
/// # Ok::<(), janus_cache::graph::NotRunning>(())
/// ```
#[derive(Clone, Debug)]
pub struct Wave<'a> {
    graph: &'a DependencyGraph,
    components: &'a Components,
    /// What a change can reach, in dependency order.
    units: Vec<Unit>,
    /// By component, its place in `units`.
    place_of: PagedMap,
    /// Places of units that wait to be handed out.
    ready: VecDeque<u32>,
    undecided: usize,
}

impl<'a> Wave<'a> {
    /// A wave from the nodes `changed`; nodes outside the graph are left out. `components` are those of
    /// `graph`.
    pub fn new(graph: &'a DependencyGraph, components: &'a Components, changed: &[u32]) -> Self {
        let affected = invalidate(graph, components, changed);
        let mut units: Vec<Unit> = Vec::new();
        let mut place_of = PagedMap::new(components.len());
        for component in affected.nodes().iter().filter_map(|node| components.component_of(*node)) {
            if place_of.insert_first(component, units.len() as u32) {
                units.push(Unit::new(component));
            }
        }
        let undecided = units.len();
        let mut wave = Self { graph, components, units, place_of, ready: VecDeque::new(), undecided };
        for place in 0..wave.units.len() {
            wave.for_each_dependent(place, |unit| unit.undecided_edges += 1);
        }
        for component in changed.iter().filter_map(|node| components.component_of(*node)) {
            if let Some(unit) = wave.unit_mut(component) {
                unit.why = Some(Why::Changed);
            }
        }
        // A unit that depends on no affected one is affected because it changed.
        let is_free = |place: &u32| wave.units[*place as usize].undecided_edges == 0;
        wave.ready = (0..undecided as u32).filter(is_free).collect();
        wave
    }

    /// The next unit whose dependencies are all decided; none if there is none now. While others run,
    /// there may be one later: see [`Self::is_done`].
    pub fn next_ready(&mut self) -> Option<ReadyUnit<'a>> {
        let unit = self.units.get_mut(self.ready.pop_front()? as usize)?;
        unit.state = State::Running;
        Some(ReadyUnit {
            component: unit.component,
            members: self.components.members(unit.component),
            why: unit.why.unwrap_or(Why::Changed),
        })
    }

    /// A unit was rebuilt. If its interface came out as before, what depends on it need not be rebuilt
    /// for its sake.
    pub fn finished(&mut self, component: u32, interface_changed: bool) -> Result<(), NotRunning> {
        self.report(component, Outcome::Rebuilt { interface_changed })
    }

    /// A unit could not be rebuilt. What depends on it, directly or not, is blocked.
    pub fn failed(&mut self, component: u32) -> Result<(), NotRunning> {
        self.report(component, Outcome::Failed)
    }

    /// Whether every unit is decided: nothing is ready, nothing runs.
    pub const fn is_done(&self) -> bool {
        self.undecided == 0
    }

    /// How the wave ended for a component; none while it is undecided, or if no change can reach it.
    pub fn outcome(&self, component: u32) -> Option<Outcome> {
        match self.units.get(self.place_of.get(component)? as usize)?.state {
            State::Decided(outcome) => Some(outcome),
            State::Waiting | State::Running => None,
        }
    }

    /// The components that are decided, with how they ended, in dependency order.
    pub fn outcomes(&self) -> impl Iterator<Item = (u32, Outcome)> {
        self.units.iter().filter_map(|unit| match unit.state {
            State::Decided(outcome) => Some((unit.component, outcome)),
            State::Waiting | State::Running => None,
        })
    }

    fn report(&mut self, component: u32, outcome: Outcome) -> Result<(), NotRunning> {
        let place = self.place_of.get(component).ok_or(NotRunning { component })?;
        match self.units.get(place as usize) {
            Some(unit) if unit.state == State::Running => {}
            _ => return Err(NotRunning { component }),
        }
        // A list instead of recursion: a cut-off may run up a chain of any length.
        let mut to_tell = vec![(place as usize, outcome)];
        while let Some((place, outcome)) = to_tell.pop() {
            let component = self.units[place].component;
            self.units[place].state = State::Decided(outcome);
            self.undecided -= 1;
            let mut free = Vec::new();
            self.for_each_dependent(place, |unit| {
                unit.hear(component, outcome);
                if unit.undecided_edges == 0 {
                    free.push(unit.component);
                }
            });
            for component in free {
                let Some(place) = self.place_of.get(component) else { continue };
                match self.units[place as usize].fate() {
                    None => self.ready.push_back(place),
                    Some(outcome) => to_tell.push((place as usize, outcome)),
                }
            }
        }
        Ok(())
    }

    /// Calls `tell` for each edge that leads to a unit from another one: once for an edge.
    fn for_each_dependent(&mut self, place: usize, mut tell: impl FnMut(&mut Unit)) {
        let (graph, components) = (self.graph, self.components);
        let component = self.units[place].component;
        for member in components.members(component) {
            for dependent in graph.dependents(*member) {
                match components.component_of(*dependent) {
                    Some(above) if above != component => self.unit_mut(above).into_iter().for_each(&mut tell),
                    _ => {}
                }
            }
        }
    }

    fn unit_mut(&mut self, component: u32) -> Option<&mut Unit> {
        self.units.get_mut(self.place_of.get(component)? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Drives a wave one unit at a time; `end` says of each how it goes. Gives the handed out members.
    fn drive(wave: &mut Wave<'_>, mut end: impl FnMut(&ReadyUnit<'_>) -> Outcome) -> Vec<Vec<u32>> {
        let mut handed_out = Vec::new();
        while let Some(unit) = wave.next_ready() {
            handed_out.push(unit.members.to_vec());
            let told = match end(&unit) {
                Outcome::Rebuilt { interface_changed } => wave.finished(unit.component, interface_changed),
                _ => wave.failed(unit.component),
            };
            assert_eq!(told, Ok(()));
        }
        assert!(wave.is_done());
        handed_out
    }

    const SAME: Outcome = Outcome::Rebuilt { interface_changed: false };
    const OTHER: Outcome = Outcome::Rebuilt { interface_changed: true };

    #[test]
    fn an_interface_that_came_out_as_before_rebuilds_nothing_above_it() {
        let graph = DependencyGraph::new(3, &[(0, 1), (1, 2)]);
        let components = graph.components();
        let mut wave = Wave::new(&graph, &components, &[2]);
        assert_eq!(drive(&mut wave, |_| SAME), [[2]]);
        assert_eq!(
            wave.outcomes().collect::<Vec<_>>(),
            [(0, SAME), (1, Outcome::CutOff), (2, Outcome::CutOff)]
        );
    }

    #[test]
    fn a_changed_unit_is_rebuilt_though_what_it_depends_on_came_out_as_before() {
        let graph = DependencyGraph::new(2, &[(0, 1)]);
        let components = graph.components();
        assert_eq!(drive(&mut Wave::new(&graph, &components, &[0, 1]), |_| SAME), [[1], [0]]);
    }

    #[test]
    fn a_unit_waits_until_all_it_depends_on_is_decided() {
        // 0 → 1, 0 → 2
        let graph = DependencyGraph::new(3, &[(0, 1), (0, 2)]);
        let components = graph.components();
        let mut wave = Wave::new(&graph, &components, &[1, 2]);
        let (one, two) = (wave.next_ready().expect("1"), wave.next_ready().expect("2"));
        assert_eq!((one.members, two.members, wave.next_ready()), (&[1][..], &[2][..], None));
        assert_eq!(wave.finished(one.component, true), Ok(()));
        assert_eq!((wave.next_ready(), wave.is_done()), (None, false));
        assert_eq!(wave.finished(two.component, true), Ok(()));
        let top = wave.next_ready().expect("0");
        assert_eq!((top.members, top.why), (&[0][..], Why::InterfaceOf(one.component)));
    }

    #[test]
    fn what_depends_on_a_failed_unit_is_blocked_and_the_rest_goes_on() {
        // 0 → 1 → 2, 3 → 4
        let graph = DependencyGraph::new(5, &[(0, 1), (1, 2), (3, 4)]);
        let components = graph.components();
        let mut wave = Wave::new(&graph, &components, &[0, 2, 4]);
        let ends = |unit: &ReadyUnit<'_>| if unit.members == [2] { Outcome::Failed } else { OTHER };
        assert_eq!(drive(&mut wave, ends), [[2], [4], [3]]);
        let by = components.component_of(2).expect("a node");
        let of_node = |node| wave.outcome(components.component_of(node).expect("a node"));
        assert_eq!(of_node(2), Some(Outcome::Failed));
        assert_eq!([of_node(1), of_node(0)], [Some(Outcome::Blocked { by }); 2]);
        assert_eq!(of_node(3), Some(OTHER));
    }

    #[test]
    fn an_outcome_counts_once_and_only_for_a_unit_that_was_handed_out() {
        let graph = DependencyGraph::new(2, &[(0, 1)]);
        let components = graph.components();
        let mut wave = Wave::new(&graph, &components, &[1]);
        let refused = |component| Err(NotRunning { component });
        assert_eq!((wave.finished(0, true), wave.failed(77)), (refused(0), refused(77)));
        assert!(NotRunning { component: 77 }.to_string().contains("found that of component 77; report each"));
        assert_eq!(wave.next_ready().map(|unit| unit.component), Some(0));
        assert_eq!((wave.finished(0, false), wave.finished(0, true)), (Ok(()), refused(0)));
        assert_eq!((wave.is_done(), wave.outcome(1)), (true, Some(Outcome::CutOff)));
    }

    #[test]
    fn a_cut_off_runs_up_a_chain_of_a_hundred_thousand_without_a_deep_stack() {
        let edges: Vec<(u32, u32)> = (0..99_999).map(|node| (node, node + 1)).collect();
        let graph = DependencyGraph::new(100_000, &edges);
        let components = graph.components();
        let mut wave = Wave::new(&graph, &components, &[99_999]);
        assert_eq!(drive(&mut wave, |_| SAME), [[99_999]]);
        assert_eq!(wave.outcomes().filter(|(_, outcome)| *outcome == Outcome::CutOff).count(), 99_999);
    }

    #[test]
    fn a_cycle_through_all_nodes_is_rebuilt_as_one_unit() {
        let edges: Vec<(u32, u32)> = (0..100_000).map(|node| (node, (node + 1) % 100_000)).collect();
        let graph = DependencyGraph::new(100_000, &edges);
        let components = graph.components();
        let rebuilt = drive(&mut Wave::new(&graph, &components, &[5]), |_| OTHER);
        assert_eq!(rebuilt.iter().map(Vec::len).collect::<Vec<_>>(), [100_000]);
    }

    proptest! {
        #[test]
        fn rebuilt_is_what_changed_and_what_saw_an_interface_change_in_order_of_dependency(
            edges in prop::collection::vec((0_u32..14, 0_u32..14), 0..36),
            changed in prop::collection::vec(0_u32..14, 0..4),
            // By a node of the unit; few fail, so that blocking does not hide the rest.
            ends in prop::collection::vec(prop_oneof![4 => Just(SAME), 6 => Just(OTHER), 1 => Just(Outcome::Failed)], 14),
            picks in prop::collection::vec(0_usize..4, 40),
        ) {
            let graph = DependencyGraph::new(14, &edges);
            let components = graph.components();
            let count = components.len();
            let end_of = |component: usize| ends[components.members(component as u32)[0] as usize];
            let below = |component: usize| -> BTreeSet<usize> {
                let members = components.members(component as u32).iter();
                let all = members.flat_map(|node| graph.dependencies(*node));
                let all = all.filter_map(|node| components.component_of(*node)).map(|at| at as usize);
                all.filter(|at| *at != component).collect()
            };
            // The naive model: all components in dependency order.
            let mut expected: Vec<Option<Outcome>> = vec![None; count];
            for component in 0..count {
                let members = components.members(component as u32);
                let is_changed = members.iter().any(|node| changed.contains(node));
                let below: Vec<(usize, Outcome)> =
                    below(component).into_iter().filter_map(|at| Some((at, expected[at]?))).collect();
                let blocking = below.iter().filter_map(|(at, outcome)| match outcome {
                    Outcome::Failed => Some(*at as u32),
                    Outcome::Blocked { by } => Some(*by),
                    _ => None,
                });
                expected[component] = match blocking.min() {
                    Some(by) => Some(Outcome::Blocked { by }),
                    None if is_changed || below.iter().any(|(_, outcome)| *outcome == OTHER) => {
                        Some(end_of(component))
                    }
                    None if below.is_empty() => None,
                    None => Some(Outcome::CutOff),
                };
            }
            // An executor that keeps up to four units running and ends any of them.
            let mut wave = Wave::new(&graph, &components, &changed);
            let (mut running, mut handed_out): (Vec<ReadyUnit<'_>>, _) = (Vec::new(), BTreeSet::new());
            for pick in picks {
                while running.len() < 4 {
                    let Some(unit) = wave.next_ready() else { break };
                    for at in below(unit.component as usize) {
                        prop_assert_eq!(wave.outcome(at as u32), expected[at], "{} under {}", at, unit.component);
                    }
                    prop_assert!(handed_out.insert(unit.component));
                    running.push(unit);
                }
                if running.is_empty() {
                    break;
                }
                let unit = running.swap_remove(pick % running.len());
                let told = match end_of(unit.component as usize) {
                    Outcome::Rebuilt { interface_changed } => wave.finished(unit.component, interface_changed),
                    _ => wave.failed(unit.component),
                };
                prop_assert_eq!(told, Ok(()));
            }
            prop_assert!(wave.is_done() && running.is_empty());
            let found: Vec<Option<Outcome>> = (0..count as u32).map(|at| wave.outcome(at)).collect();
            prop_assert_eq!(found, expected.clone());
            let is_rebuilt = |at: &usize| matches!(expected[*at], Some(Outcome::Rebuilt { .. } | Outcome::Failed));
            let rebuilt: BTreeSet<u32> = (0..count).filter(is_rebuilt).map(|at| at as u32).collect();
            prop_assert_eq!(handed_out, rebuilt);
        }
    }
}
