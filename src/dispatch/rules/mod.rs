//! Resolution rules: which of the methods that apply is selected.
//!
//! | file | rule |
//! |---|---|
//! | `symmetric` | Janus: all positions count alike |
//! | `precedence` | CLOS: positions one after the other, by the lists of the arguments' types |
//! | `levels` | Rakudo: methods stand on levels, and the first on which one applies decides |
//!
//! An embedding compiler's own rule is one more implementation of [`ResolutionRule`].

mod levels;
mod precedence;
mod symmetric;

pub(crate) use levels::Levels;
pub(crate) use precedence::Precedence;
pub(crate) use symmetric::Symmetric;

use super::narrowing::GROUP_START;
use super::sets::members;
use crate::format::{LogicalRule, LogicalTable};

/// What a rule says about a set of methods that apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// This one is selected: its index among the entries of the logical table.
    Method(u32),
    /// No method is.
    NoMethod,
    /// These are equally good, ascending.
    Ambiguous(Vec<u32>),
}

/// A rule, made for one logical table.
///
/// ```
/// use janus_cache::dispatch::{
///     Applicable, Choice, CompileOptions, Family, FamilyRule, Method, ResolutionRule, TypeDecl, TypeGraph,
///     compile_with, restrict,
/// };
/// use janus_cache::format::{EntryId, Outcome, TableView};
///
/// /// Whatever was declared first.
/// struct FirstCome(Vec<u32>);
/// impl ResolutionRule for FirstCome {
///     fn choose(&self, applicable: &Applicable<'_>) -> Choice {
///         applicable.iter().min_by_key(|entry| self.0[*entry as usize]).map_or(Choice::NoMethod, Choice::Method)
///     }
/// }
///
/// let graph = TypeGraph::new([TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])])?;
/// let methods = vec![Method::new(&["Shape"], "shape", "m"), Method::new(&["Circle"], "circle", "m")];
/// let rule = FamilyRule::Custom { name: "first-come 1".to_owned() };
/// let family = Family { rule, ..Family::new("area", 1, methods) };
/// let table = restrict(&graph, &family)?;
/// // Entries stand in the order of their patterns: circle, shape.
/// let bytes = compile_with(&table, &FirstCome(vec![1, 0]), &CompileOptions::default())?.bytes;
///
/// let view = TableView::open(&bytes)?;
/// let Outcome::Method(entry) = view.dispatch(&[view.local_type("Circle")?])? else { panic!("both apply") };
/// assert_eq!(view.entry(entry)?.implementation, "shape");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ResolutionRule {
    /// The answer where exactly these methods apply; at least one does.
    ///
    /// It must depend on nothing else, and be the same on every machine.
    fn choose(&self, applicable: &Applicable<'_>) -> Choice;

    /// For each entry of the logical table how far behind it stands in the file: an entry that may be
    /// selected although another one applies stands before that one. All 0 where the order means
    /// nothing.
    fn specificity(&self, table: &LogicalTable) -> Vec<u32> {
        vec![0; table.entries.len()]
    }

    /// Positions in the order in which they are compared, for a rule to which it matters how near a
    /// parameter is to the argument: [`Applicable::groups`] are then by nearness. None for the others.
    fn argument_order(&self) -> Option<&[u8]> {
        None
    }
}

/// The methods that apply to some arguments, by their indexes in the logical table.
#[derive(Clone, Copy, Debug)]
pub struct Applicable<'a>(State<'a>);

#[derive(Clone, Copy, Debug)]
enum State<'a> {
    /// The words of a set.
    Set(&'a [u64]),
    /// Methods, the first of each group marked.
    Groups(&'a [u32]),
}

impl<'a> Applicable<'a> {
    pub(crate) const fn of_set(words: &'a [u64]) -> Self {
        Self(State::Set(words))
    }

    pub(crate) const fn of_groups(methods: &'a [u32]) -> Self {
        Self(State::Groups(methods))
    }

    /// Every one, ascending within a group.
    pub fn iter(&self) -> impl Iterator<Item = u32> + 'a {
        let (set, groups) = match self.0 {
            State::Set(words) => (words, &[][..]),
            State::Groups(methods) => (&[][..], methods),
        };
        let of_set = members(set).map(|method| method as u32);
        of_set.chain(groups.iter().map(|method| method & !GROUP_START))
    }

    /// Groups of methods that are equally near to the arguments, nearest first; a single group where
    /// [`ResolutionRule::argument_order`] is none.
    pub fn groups(&self) -> impl Iterator<Item = Vec<u32>> + 'a {
        let single = matches!(self.0, State::Set(_)).then(|| self.iter().collect());
        let groups = match self.0 {
            State::Set(_) => &[][..],
            State::Groups(methods) => methods,
        };
        let groups = groups.chunk_by(|_, next| next & GROUP_START == 0);
        single
            .into_iter()
            .chain(groups.map(|group| group.iter().map(|method| method & !GROUP_START).collect::<Vec<u32>>()))
    }

    /// The words of the set, where nearness does not count.
    pub(crate) const fn set(&self) -> Option<&'a [u64]> {
        match self.0 {
            State::Set(words) => Some(words),
            State::Groups(_) => None,
        }
    }
}

/// The rule that a logical table names; none for an embedding compiler's own.
pub(crate) fn rule_of(table: &LogicalTable) -> Option<Box<dyn ResolutionRule>> {
    match &table.rule {
        LogicalRule::Symmetric => Some(Box::new(Symmetric::new(table))),
        LogicalRule::Precedence { argument_order, .. } => {
            Some(Box::new(Precedence::new(table, argument_order.clone())))
        }
        LogicalRule::Levels { .. } => Some(Box::new(Levels::new(table))),
        LogicalRule::Custom { .. } => None,
    }
}
