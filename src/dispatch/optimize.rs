//! Optimizers: ways in which a table's bytes can find the answer, and the choice among them.
//!
//! The choice goes by what can be counted in the table itself: cells, bytes and steps, never time,
//! so that the same question has the same bytes on every machine.

use super::decision::DecisionDag;
use crate::format::layout::ClassRow;
use crate::format::{LogicalRule, LogicalTable, Optimization, Strategy};

/// Which optimizer to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptimizerChoice {
    /// The cheapest by counted steps, within the budget of bytes.
    #[default]
    Auto,
    /// This one, where it is possible at all; the next one down where it is not.
    Force(Optimization),
}

impl OptimizerChoice {
    /// The word that stands in keys and is taken by `--optimizer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Force(optimization) => optimization.as_str(),
        }
    }
}

/// What one way would cost, as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedCost {
    /// Which way.
    pub optimization: Optimization,
    /// Loads that the longest dispatch makes.
    pub steps: u64,
    /// Nodes, where there are any.
    pub nodes: u64,
    /// Cells: children of nodes and elements of class arrays.
    pub cells: u64,
    /// Bytes of the sections that only this way needs.
    pub extra_bytes: u64,
}

/// The decision, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What was chosen, in the format's terms.
    pub(crate) strategy: Strategy,
    /// Every way that is possible, in the order of [`Optimization::ALL`].
    pub(crate) considered: Vec<CountedCost>,
}

/// Children of nodes that a DAG may have; a table that needs more is scanned.
pub(crate) const DAG_BUDGET_CELLS: usize = 1 << 20;

/// A DAG may cost this many bytes, or [`DAG_BYTES_FACTOR`] times the relations and patterns that
/// every table has, whichever is more.
const DAG_FREE_BYTES: u64 = 4096;
const DAG_BYTES_FACTOR: u64 = 8;

/// Chooses. `dag` is none where it was over budget.
pub(crate) fn decide(
    table: &LogicalTable,
    dag: Option<&DecisionDag>,
    file_order: &[u32],
    choice: OptimizerChoice,
) -> Decision {
    let is_custom = matches!(table.rule, LogicalRule::Custom { .. });
    let (entries, arity) = (table.entries.len() as u64, u64::from(table.arity));
    let mut considered = Vec::new();
    if entries == 1 && !is_custom {
        considered.push(CountedCost {
            optimization: Optimization::Single,
            steps: 2 * arity,
            nodes: 0,
            cells: 0,
            extra_bytes: 0,
        });
    }
    // Each entry is tested, and each that applies is compared with the first that did.
    let linear = CountedCost {
        optimization: Optimization::Linear,
        steps: entries * arity * 2,
        nodes: 0,
        cells: 0,
        extra_bytes: 0,
    };
    if !is_custom {
        considered.push(linear);
    }
    let mut dag_strategy = None;
    if let Some(dag) = dag {
        let nodes = dag.words(file_order);
        let class_cells: u64 = dag.classes.iter().map(|position| position.class_of.len() as u64).sum();
        let class_bytes: u64 = dag.classes.iter().map(class_bytes).sum();
        let cost = CountedCost {
            optimization: Optimization::DecisionDag,
            // Class row, class and child, for each position.
            steps: 1 + 3 * arity,
            nodes: dag.nodes.len() as u64,
            cells: class_cells + nodes.len() as u64,
            extra_bytes: class_bytes + 4 * nodes.len() as u64,
        };
        considered.push(cost);
        dag_strategy = Some((cost, Strategy::DecisionDag { classes: dag.classes.clone(), nodes }));
    }
    // Nothing but an optimizer's sections knows a custom rule's answers.
    let choice = if is_custom { OptimizerChoice::Force(Optimization::DecisionDag) } else { choice };
    let strategy = match choice {
        OptimizerChoice::Force(Optimization::Single) | OptimizerChoice::Auto if entries == 1 => {
            Strategy::Single
        }
        OptimizerChoice::Force(Optimization::DecisionDag) => {
            dag_strategy.map_or(Strategy::Linear, |(_, strategy)| strategy)
        }
        OptimizerChoice::Auto => match dag_strategy {
            Some((cost, strategy)) if cost.steps < linear.steps && is_worth(table, cost.extra_bytes) => {
                strategy
            }
            _ => Strategy::Linear,
        },
        OptimizerChoice::Force(Optimization::Single | Optimization::Linear) => Strategy::Linear,
    };
    Decision { strategy, considered }
}

fn class_bytes(position: &crate::format::PositionClasses) -> u64 {
    let width = if position.class_count <= 256 { 1 } else { 2 };
    size_of::<ClassRow>() as u64 + width * position.class_of.len() as u64
}

fn is_worth(table: &LogicalTable, dag_bytes: u64) -> bool {
    let relations = table.types.len() as u64 * (table.params.len() as u64).div_ceil(8);
    let patterns = 2 * table.entries.len() as u64 * u64::from(table.arity);
    dag_bytes <= DAG_FREE_BYTES.max(DAG_BYTES_FACTOR * (relations + patterns))
}
