//! A unit of a wave: what it waits for, why it is rebuilt, and how it ends.

/// A unit that is to be rebuilt now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyUnit<'a> {
    /// Number of the component; [`finished`](super::Wave::finished) and [`failed`](super::Wave::failed)
    /// take it.
    pub component: u32,
    /// Its nodes, ascending.
    pub members: &'a [u32],
    /// Why it is to be rebuilt.
    pub why: Why,
}

/// Why a unit is to be rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// One of its nodes changed.
    Changed,
    /// This component, on which it depends directly, came out with another interface. Of several the
    /// first in dependency order.
    InterfaceOf(u32),
}

/// How the wave ended for a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was rebuilt.
    Rebuilt {
        /// Whether those that depend on it directly have to be rebuilt, too.
        interface_changed: bool,
    },
    /// A change could have reached it, and did not: no interface below it changed.
    CutOff,
    /// It could not be rebuilt.
    Failed,
    /// It was not handed out, because this component, on which it depends, directly or not, failed. Of
    /// several the first in dependency order.
    Blocked {
        /// Number of the component that failed.
        by: u32,
    },
}

/// An outcome was reported for a unit that was not handed out, or a second time. The wave is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the outcome of a unit that is being rebuilt, found that of component {component}; \
     report each unit that `next_ready` gave once"
)]
pub struct NotRunning {
    /// The component that was reported.
    pub component: u32,
}

/// A unit that a change can reach.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) component: u32,
    /// Edges to affected units that are not decided yet.
    pub(super) undecided_edges: usize,
    pub(super) why: Option<Why>,
    blocked_by: Option<u32>,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Running,
    Decided(Outcome),
}

impl Unit {
    pub(super) const fn new(component: u32) -> Self {
        Self { component, undecided_edges: 0, why: None, blocked_by: None, state: State::Waiting }
    }

    /// An edge leads to `component`, which is decided. What is kept does not depend on the order in which
    /// several are.
    pub(super) fn hear(&mut self, component: u32, outcome: Outcome) {
        self.undecided_edges -= 1;
        let first = |known: Option<u32>, by: u32| Some(known.map_or(by, |known| known.min(by)));
        match outcome {
            Outcome::Rebuilt { interface_changed: true } => {
                let why = Why::InterfaceOf(component);
                self.why = Some(self.why.map_or(why, |known| known.min(why)));
            }
            Outcome::Rebuilt { interface_changed: false } | Outcome::CutOff => {}
            Outcome::Failed => self.blocked_by = first(self.blocked_by, component),
            Outcome::Blocked { by } => self.blocked_by = first(self.blocked_by, by),
        }
    }

    /// What becomes of a unit whose dependencies are all decided; none if it is to be rebuilt.
    pub(super) const fn fate(&self) -> Option<Outcome> {
        match (self.blocked_by, self.why) {
            (Some(by), _) => Some(Outcome::Blocked { by }),
            (None, None) => Some(Outcome::CutOff),
            (None, Some(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_unit_hears_gives_the_same_in_any_order() {
        let other = Outcome::Rebuilt { interface_changed: true };
        let mut news = [(3, other), (2, other), (5, Outcome::Failed), (4, Outcome::Blocked { by: 1 })];
        for _ in 0..2 {
            let mut unit = Unit { undecided_edges: news.len(), ..Unit::new(9) };
            for (component, outcome) in &news {
                unit.hear(*component, *outcome);
            }
            assert_eq!((unit.undecided_edges, unit.why), (0, Some(Why::InterfaceOf(2))));
            assert_eq!(unit.fate(), Some(Outcome::Blocked { by: 1 }));
            news.reverse();
        }
    }

    #[test]
    fn that_it_changed_itself_is_told_before_what_it_depends_on() {
        let mut unit = Unit { undecided_edges: 1, why: Some(Why::Changed), ..Unit::new(9) };
        unit.hear(0, Outcome::Rebuilt { interface_changed: true });
        assert_eq!((unit.why, unit.fate()), (Some(Why::Changed), None));
    }
}
