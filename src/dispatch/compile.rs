//! From a restricted question to bytes.

use std::cmp::Reverse;

use super::ambiguity::{Ambiguities, ambiguities};
use super::decision::DecisionDag;
use super::optimize::{CountedCost, DAG_BUDGET_CELLS, OptimizerChoice, decide};
use super::redundant::{Reduced, Redundancy};
use super::rules::{Choice, ResolutionRule, rule_of};
use super::types::TypeGraph;
use crate::format::{EncodeError, LogicalRule, LogicalTable, Optimization, TablePlan, encode};

/// What may change a table's bytes beside its question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Which optimizer to use.
    pub optimizer: OptimizerChoice,
    /// Seconds since the Unix epoch, or 0; for reproducible bytes leave it at 0.
    pub creation_timestamp: u64,
    /// For each entry of the question, in its order, the calls that a profile counted, such as
    /// [`CallProfile::calls_of`](super::CallProfile::calls_of) gives them; empty: none. They order
    /// entries that are equally specific, keep the arrays of classes dense, and change no answer.
    pub calls: Vec<u32>,
    /// What becomes of methods that no call selects.
    pub redundancy: Redundancy,
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

/// Why a restricted question has no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The table names a rule that only the embedding compiler knows.
    #[error("the rule {name} is the embedding compiler's own: compile the table with `compile_with`")]
    UnknownRule {
        /// What the rule is called.
        name: String,
    },
    /// Under a custom rule no other way answers than an optimizer's sections, and those would be too
    /// large.
    #[error("family {family}: under the custom rule {rule} its answers need more than {limit_cells} cells")]
    TooLarge {
        /// The family.
        family: String,
        /// What the rule is called.
        rule: String,
        /// How many cells are possible.
        limit_cells: u64,
    },
    /// The format cannot hold it.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Decides how a restricted question is answered. Deterministic: it goes by counts, never by time.
pub fn optimize(table: &LogicalTable, options: &CompileOptions) -> Result<Optimized, CompileError> {
    match (rule_of(table), &table.rule) {
        (Some(rule), _) => optimize_with(table, rule.as_ref(), options),
        (None, LogicalRule::Custom { name }) => Err(CompileError::UnknownRule { name: name.clone() }),
        (None, other) => Err(CompileError::UnknownRule { name: other.rule().as_str().to_owned() }),
    }
}

/// As [`optimize`], with a rule of the caller's. Where the table names a rule of ours, it must be that.
pub fn optimize_with(
    table: &LogicalTable,
    rule: &dyn ResolutionRule,
    options: &CompileOptions,
) -> Result<Optimized, CompileError> {
    if options.redundancy == Redundancy::LeaveOut
        && let Some(reduced) = Reduced::of(table)
    {
        let without = CompileOptions {
            redundancy: Redundancy::Keep,
            calls: reduced.kept_of(&options.calls),
            ..options.clone()
        };
        let optimized = optimize(&reduced.table, &without)?;
        return Ok(reduced.restore(optimized, &options.calls));
    }
    let specificity = rule.specificity(table);
    let mut order: Vec<u32> = (0..table.entries.len() as u32).collect();
    order.sort_by_key(|entry| {
        let at = *entry as usize;
        (specificity.get(at).copied(), Reverse(options.calls.get(at).copied().unwrap_or(0)))
    });
    let dag = DecisionDag::build(table, rule, DAG_BUDGET_CELLS);
    let is_ambiguous = |choice: &Choice| matches!(choice, Choice::Ambiguous(_));
    let may_be_ambiguous = dag.as_ref().is_none_or(|dag| dag.verdicts.iter().any(is_ambiguous));
    let is_hot = options.calls.iter().any(|calls| *calls > 0);
    let decision = decide(table, dag.as_ref(), &order, options.optimizer, is_hot);
    if let LogicalRule::Custom { name } = &table.rule
        && !decision.strategy.optimization().is_walked()
    {
        let (family, rule) = (format!("{}/{}", table.name, table.arity), name.clone());
        return Err(CompileError::TooLarge { family, rule, limit_cells: DAG_BUDGET_CELLS as u64 });
    }
    let plan = TablePlan {
        order,
        left_out: Vec::new(),
        specificity,
        call_frequency: options.calls.clone(),
        strategy: decision.strategy,
        may_be_ambiguous,
        creation_timestamp: options.creation_timestamp,
    };
    Ok(Optimized { plan, considered: decision.considered })
}

/// Optimizes and encodes a restricted question: the same question and options give the same bytes on
/// every machine.
pub fn compile(table: &LogicalTable, options: &CompileOptions) -> Result<Compiled, CompileError> {
    encoded(table, optimize(table, options)?)
}

/// As [`compile`], with a rule of the caller's.
pub fn compile_with(
    table: &LogicalTable,
    rule: &dyn ResolutionRule,
    options: &CompileOptions,
) -> Result<Compiled, CompileError> {
    encoded(table, optimize_with(table, rule, options)?)
}

fn encoded(table: &LogicalTable, optimized: Optimized) -> Result<Compiled, CompileError> {
    let Optimized { plan, considered } = optimized;
    Ok(Compiled { bytes: encode(table, &plan)?, optimization: plan.strategy.optimization(), considered })
}

/// The ambiguities of a restricted question, for its diagnostics. They depend on more of the graph
/// than the question does (on which types stand between others), so they are no part of the bytes.
/// Nothing is said of a rule that only the embedding compiler knows.
pub fn find_ambiguities(graph: &TypeGraph, table: &LogicalTable) -> Ambiguities {
    let Some(rule) = rule_of(table) else { return Ambiguities::default() };
    match DecisionDag::build(table, rule.as_ref(), DAG_BUDGET_CELLS) {
        Some(dag) => ambiguities(graph, table, &dag),
        None => Ambiguities { tuples: Vec::new(), truncated: true },
    }
}
