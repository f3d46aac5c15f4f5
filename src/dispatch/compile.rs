//! From a restricted question to bytes.

use super::ambiguity::{Ambiguities, ambiguities};
use super::decision::DecisionDag;
use super::optimize::{CountedCost, DAG_BUDGET_CELLS, OptimizerChoice, decide};
use super::order::{SpecificityOrder, Verdict};
use super::types::TypeGraph;
use crate::format::{EncodeError, LogicalTable, Optimization, TablePlan, encode};

/// What may change a table's bytes beside its question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Which optimizer to use.
    pub optimizer: OptimizerChoice,
    /// Seconds since the Unix epoch, or 0; for reproducible bytes leave it at 0.
    pub creation_timestamp: u64,
}

/// A compiled table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The table's bytes, which answer by themselves.
    pub bytes: Vec<u8>,
    /// What was chosen.
    pub optimization: Optimization,
    /// What each possible way was counted to cost.
    pub considered: Vec<CountedCost>,
}

/// The choice for a restricted question: what an optimizer found, before it is bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimized {
    /// Order, specificity and strategy: what [`encode`] needs beside the question.
    pub plan: TablePlan,
    /// What each possible way was counted to cost.
    pub considered: Vec<CountedCost>,
}

/// Decides how a restricted question is answered. Deterministic: it goes by counts, never by time.
pub fn optimize(table: &LogicalTable, options: &CompileOptions) -> Optimized {
    let order = SpecificityOrder::new(table);
    let dag = DecisionDag::build(table, &order, DAG_BUDGET_CELLS);
    let may_be_ambiguous = dag
        .as_ref()
        .is_none_or(|dag| dag.verdicts.iter().any(|verdict| matches!(verdict, Verdict::Ambiguous(_))));
    let decision = decide(table, dag.as_ref(), options.optimizer);
    let plan = TablePlan {
        order: order.order,
        specificity: order.specificity,
        strategy: decision.strategy,
        may_be_ambiguous,
        creation_timestamp: options.creation_timestamp,
    };
    Optimized { plan, considered: decision.considered }
}

/// Optimizes and encodes a restricted question: the same question and options give the same bytes on
/// every machine.
pub fn compile(table: &LogicalTable, options: &CompileOptions) -> Result<Compiled, EncodeError> {
    let Optimized { plan, considered } = optimize(table, options);
    Ok(Compiled { bytes: encode(table, &plan)?, optimization: plan.strategy.optimization(), considered })
}

/// The ambiguities of a restricted question, for its diagnostics. They depend on more of the graph
/// than the question does (on which types stand between others), so they are no part of the bytes.
pub fn find_ambiguities(graph: &TypeGraph, table: &LogicalTable) -> Ambiguities {
    let order = SpecificityOrder::new(table);
    match DecisionDag::build(table, &order, DAG_BUDGET_CELLS) {
        Some(dag) => ambiguities(graph, table, &dag, &order.order),
        None => Ambiguities { tuples: Vec::new(), truncated: true },
    }
}
