//! Optimizers: ways in which a table's bytes can find the answer, and the choice among them.
//!
//! The choice goes by what can be counted in the table itself: cells, bytes and steps, never time,
//! so that the same question has the same bytes on every machine.

use super::decision::DecisionDag;
use super::matrix::CompressedMatrix;
use crate::format::layout::{HashHead, MATRIX_TAIL_BYTES, MatrixHead, SlotRow};
use crate::format::sections::{cell_bits, classes_len, hash_counts, put_answers};
use crate::format::{LogicalRule, LogicalTable, Optimization, PositionClasses, Strategy};

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

/// An optimizer's sections may cost this many bytes, or [`WORTH_FACTOR`] times the relations and
/// patterns that every table has, whichever is more.
const FREE_BYTES: u64 = 4096;
const WORTH_FACTOR: u64 = 8;

/// Chooses. `dag` is none where it was over budget; the class arrays of a table that `is_hot` stay dense.
pub(crate) fn decide(
    table: &LogicalTable,
    dag: Option<&DecisionDag>,
    file_order: &[u32],
    choice: OptimizerChoice,
    is_hot: bool,
) -> Decision {
    let is_custom = matches!(table.rule, LogicalRule::Custom { .. });
    let mut ways: Vec<CountedCost> = Vec::new();
    // Nothing but an optimizer's sections knows a custom rule's answers.
    if !is_custom {
        let (entries, arity) = (table.entries.len() as u64, u64::from(table.arity));
        if entries == 1 {
            ways.push(scanned(Optimization::Single, 2 * arity));
        }
        // Each entry is tested, and each that applies is compared with the first that did.
        ways.push(scanned(Optimization::Linear, 2 * entries * arity));
    }
    let words = dag.map_or_else(Vec::new, |dag| dag.words(file_order));
    let matrix = dag.and_then(|dag| CompressedMatrix::build(dag, file_order));
    if let Some(dag) = dag {
        ways.push(by_dag(dag, words.len(), is_hot));
    }
    if let Some(matrix) = &matrix {
        let class_bytes = classes_len(matrix.classes(), is_hot) as u64;
        ways.extend(by_matrix(matrix, class_bytes));
        ways.extend(by_hash(matrix, class_bytes));
    }
    let considered = ways.clone();
    loop {
        let Some(chosen) = take(table, &mut ways, choice) else {
            return Decision { strategy: Strategy::Linear, considered };
        };
        let strategy = match chosen.optimization {
            Optimization::Single => Some(Strategy::Single),
            Optimization::Linear => Some(Strategy::Linear),
            Optimization::DecisionDag => dag.map(|dag| {
                let classes = dag.classes.clone();
                Strategy::DecisionDag { classes, nodes: words.clone() }
            }),
            Optimization::Matrix => matrix.as_ref().and_then(CompressedMatrix::matrix),
            // A hash is perfect only if its displacements are found, which is seen by looking for them.
            Optimization::Hash => matrix
                .as_ref()
                .and_then(CompressedMatrix::hash)
                .filter(|hash| put_answers(&mut Vec::new(), hash, None).is_ok()),
        };
        if let Some(strategy) = strategy {
            return Decision { strategy, considered };
        }
    }
}

/// Takes the way that was asked for, or the best of those that are there, out of `ways`.
fn take(table: &LogicalTable, ways: &mut Vec<CountedCost>, choice: OptimizerChoice) -> Option<CountedCost> {
    let forced = match choice {
        OptimizerChoice::Auto => None,
        OptimizerChoice::Force(wanted) => ways.iter().position(|cost| cost.optimization == wanted),
    };
    forced.or_else(|| cheapest(table, ways, choice)).map(|chosen| ways.swap_remove(chosen))
}

/// The way with the fewest steps among those that are worth their bytes; of equal ones that with the
/// fewest bytes. A way that was asked for and is not possible falls back to what costs no bytes.
fn cheapest(table: &LogicalTable, ways: &[CountedCost], choice: OptimizerChoice) -> Option<usize> {
    let is_free_only = choice != OptimizerChoice::Auto && ways.iter().any(|cost| cost.extra_bytes == 0);
    let allowed = |cost: &CountedCost| match cost.optimization {
        Optimization::Single | Optimization::Linear => true,
        _ if is_free_only => false,
        // A custom rule has no other way.
        _ => matches!(table.rule, LogicalRule::Custom { .. }) || is_worth(table, cost.extra_bytes),
    };
    // Where one method is all there is, it is tested, even if a look into a table had fewer steps:
    // most families are such, and a table for each of them would be most of an image.
    let single = ways.iter().position(|cost| cost.optimization == Optimization::Single);
    let candidates = ways.iter().enumerate().filter(|(_, cost)| allowed(cost));
    let fewest = candidates.min_by_key(|(_, cost)| (cost.steps, cost.extra_bytes));
    single.or(fewest.map(|(index, _)| index))
}

const fn scanned(optimization: Optimization, steps: u64) -> CountedCost {
    CountedCost { optimization, steps, nodes: 0, cells: 0, extra_bytes: 0 }
}

fn by_dag(dag: &DecisionDag, words: usize, is_hot: bool) -> CountedCost {
    CountedCost {
        optimization: Optimization::DecisionDag,
        // Class row, class and child, for each position.
        steps: 1 + 3 * dag.classes.len() as u64,
        nodes: dag.nodes.len() as u64,
        cells: class_cells(&dag.classes) + words as u64,
        extra_bytes: classes_len(&dag.classes, is_hot) as u64 + 4 * words as u64,
    }
}

fn by_matrix(matrix: &CompressedMatrix, class_bytes: u64) -> Option<CountedCost> {
    let cells = matrix.cell_count()?;
    let cell_bytes = (cells * u64::from(cell_bits([matrix.largest()]))).div_ceil(8);
    Some(CountedCost {
        optimization: Optimization::Matrix,
        // Class row and class for each position, then the cell.
        steps: 1 + 2 * matrix.classes().len() as u64,
        nodes: 0,
        cells: class_cells(matrix.classes()) + cells,
        extra_bytes: class_bytes + (size_of::<MatrixHead>() + MATRIX_TAIL_BYTES) as u64 + cell_bytes,
    })
}

fn by_hash(matrix: &CompressedMatrix, class_bytes: u64) -> Option<CountedCost> {
    if !matrix.is_numbered() {
        return None;
    }
    let (buckets, slots) = hash_counts(matrix.outcome_count());
    let section = size_of::<HashHead>() + (2 * buckets).next_multiple_of(4) + slots * size_of::<SlotRow>();
    Some(CountedCost {
        optimization: Optimization::Hash,
        // As a matrix, with a displacement and a slot in place of the cell.
        steps: 3 + 2 * matrix.classes().len() as u64,
        nodes: 0,
        cells: class_cells(matrix.classes()) + slots as u64,
        extra_bytes: class_bytes + section as u64,
    })
}

fn class_cells(classes: &[PositionClasses]) -> u64 {
    classes.iter().map(|position| position.class_of.len() as u64).sum()
}

fn is_worth(table: &LogicalTable, extra_bytes: u64) -> bool {
    let relations = table.types.len() as u64 * (table.params.len() as u64).div_ceil(8);
    let patterns = 2 * table.entries.len() as u64 * u64::from(table.arity);
    extra_bytes <= FREE_BYTES.max(WORTH_FACTOR * (relations + patterns))
}
