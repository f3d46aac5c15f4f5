//! How a table decides: questions about one argument each, and where their answers lead.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use janus_cache::format::{AccessError, EntryId, Outcome, Rule};
use janus_cache::image::{DecisionDag, FamilyView, Step, TypeClass};

use super::grid::{ANY_OTHER, Cell, Group, described};
use crate::names::ShortNames;

/// More groups of one branch are counted, not named.
const MAX_NAMED: usize = 3;

/// A question, or the list of a table that has none.
pub(crate) struct Question {
    /// `argument 0`.
    pub(crate) title: String,
    pub(crate) branches: Vec<Branch>,
}

/// An answer to a question.
pub(crate) struct Branch {
    pub(crate) label: String,
    /// Everything the label stands for.
    pub(crate) names: String,
    pub(crate) target: Target,
}

/// Where an answer leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To another question, which stands behind this one.
    Question(usize),
    /// To the result; of an ambiguity no candidates are told.
    Result(Cell),
}

/// All questions; a call begins at the first one.
pub(crate) struct Flow {
    pub(crate) questions: Vec<Question>,
    /// What the results are called, in file order: an index is that of a [`Cell::Method`].
    pub(crate) methods: Vec<EntryId>,
    /// Where the first question stands for a list that is gone through.
    pub(crate) is_list: bool,
}

/// The questions of a decision DAG.
pub(crate) fn of_dag(family: &FamilyView<'_>, dag: &DecisionDag) -> Result<Flow, AccessError> {
    let short = names_of(family)?;
    let mut classes: HashMap<u8, Vec<Group>> = HashMap::new();
    let mut questions = Vec::with_capacity(dag.nodes.len().max(1));
    for node in &dag.nodes {
        let groups = match classes.entry(node.position) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(slot) => {
                let class = |class: u32| TypeClass {
                    types: dag.types_of(node.position, class).collect(),
                    has_other: class == 0,
                };
                let classes: Vec<TypeClass> = (0..node.steps.len() as u32).map(class).collect();
                slot.insert(described(family, &classes)?)
            }
        };
        let groups = groups.as_slice();
        let mut branches: Vec<(Step, Vec<&Group>)> = Vec::new();
        // Class 0, where any other type is, comes last.
        for (step, group) in
            node.steps.iter().zip(groups).skip(1).chain(node.steps.iter().zip(groups).take(1))
        {
            match branches.iter_mut().find(|(known, _)| known == step) {
                Some((_, among)) => among.push(group),
                None => branches.push((*step, vec![group])),
            }
        }
        let branch = |(step, groups): (Step, Vec<&Group>)| Branch {
            label: label(&groups, &short),
            names: groups.iter().map(|group| group.names(&short)).collect::<Vec<_>>().join(", "),
            target: target(step),
        };
        questions.push(Question {
            title: format!("argument {}", node.position),
            branches: branches.into_iter().map(branch).collect(),
        });
    }
    if questions.is_empty() {
        // Every call has the same answer.
        let branch = Branch {
            label: "every call".to_owned(),
            names: "every call".to_owned(),
            target: target(dag.root),
        };
        questions.push(Question { title: "no question".to_owned(), branches: vec![branch] });
    }
    let methods = (0..family.core().entry_count()).map(EntryId).collect();
    Ok(Flow { questions, methods, is_list: false })
}

/// The methods of a table without a DAG, in file order: with their numbers where the order says something,
/// and with their levels where these do.
pub(crate) fn of_list(family: &FamilyView<'_>, title: String) -> Result<Flow, AccessError> {
    let short = names_of(family)?;
    let methods: Vec<EntryId> = (0..family.core().entry_count()).map(EntryId).collect();
    let mut branches = Vec::with_capacity(methods.len() + 1);
    for (at, entry) in methods.iter().enumerate() {
        let names = family.pattern_names(*entry)?;
        let cut: Vec<&str> = names.iter().map(|name| short.of_type(name)).collect();
        let pattern = format!("({})", cut.join(", "));
        let label = match family.rule() {
            // Their order says nothing.
            Rule::Precedence => pattern,
            Rule::Levels => {
                let info = family.entry(*entry)?;
                let default = if info.default { ", default" } else { "" };
                format!("level {}: {pattern}{default}", info.specificity)
            }
            _ => format!("{}. {pattern}", at + 1),
        };
        branches.push(Branch { label, names: names.join(", "), target: Target::Result(Cell::Method(at)) });
    }
    let target = Target::Result(Cell::NoMethod);
    branches.push(Branch { label: "none applies".to_owned(), names: ANY_OTHER.to_owned(), target });
    Ok(Flow { questions: vec![Question { title, branches }], methods, is_list: true })
}

/// How a family's types are called.
pub(crate) fn names_of(family: &FamilyView<'_>) -> Result<ShortNames, AccessError> {
    let mut names = Vec::new();
    for local in (0..family.row().type_count.get()).map(janus_cache::format::LocalType) {
        names.extend(family.type_info(local)?.map(|(name, _)| name));
    }
    Ok(ShortNames::of(names.into_iter()))
}

fn target(step: Step) -> Target {
    match step {
        Step::Node(node) => Target::Question(node),
        Step::Answer(Outcome::Method(entry)) => Target::Result(Cell::Method(entry.0 as usize)),
        Step::Answer(Outcome::NoMethod) => Target::Result(Cell::NoMethod),
        Step::Answer(Outcome::Ambiguous) => Target::Result(Cell::Ambiguous(Vec::new())),
    }
}

fn label(groups: &[&Group], short: &ShortNames) -> String {
    let named = groups.iter().take(MAX_NAMED).map(|group| group.label(short));
    let label = named.collect::<Vec<_>>().join(", ");
    let size = |group: &&Group| group.types.len() + usize::from(group.has_other);
    match groups.iter().skip(MAX_NAMED).map(size).sum::<usize>() {
        0 => label,
        more => format!("{label} and {more} more"),
    }
}
