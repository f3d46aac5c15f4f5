//! Who wins for each pair of types: a family's answers for two positions, with types that answer
//! alike as one row or column.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use janus_cache::format::{AccessError, EntryId, LocalType, Outcome, ParamRef};
use janus_cache::image::{FamilyView, TypeClass};

use crate::names::ShortNames;

/// What is asked for.
pub(crate) struct Question {
    /// The position that goes down, and the one that goes across; none where there are fewer.
    pub(crate) down: Option<usize>,
    pub(crate) across: Option<usize>,
    /// The argument of each position; those that go down and across are not looked at.
    pub(crate) fixed: Vec<LocalType>,
}

/// Types that answer alike, as a row or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The types, most general first; empty for any other type alone.
    pub(crate) types: Vec<String>,
    /// Whether any other type is one of them.
    pub(crate) has_other: bool,
}

/// What stands for a type that no method names.
pub(crate) const ANY_OTHER: &str = "any other type";
/// Stands for such a type and listed ones that answer as it does.
const ANYTHING_ELSE: &str = "anything else";

impl Group {
    /// `Enemy +3`: one of the types and how many more, with names as short as `short` makes them.
    pub(crate) fn label(&self, short: &ShortNames) -> String {
        match (&self.types[..], self.has_other) {
            ([], _) => ANY_OTHER.to_owned(),
            // The listed ones are only some of very many.
            (_, true) => ANYTHING_ELSE.to_owned(),
            ([one], _) => short.of_type(one).to_owned(),
            ([first, more @ ..], _) => format!("{} +{}", short.of_type(first), more.len()),
        }
    }

    /// All names.
    pub(crate) fn names(&self, short: &ShortNames) -> String {
        let other = self.has_other.then_some(ANY_OTHER);
        let names = self.types.iter().map(|name| short.of_type(name)).chain(other);
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Who wins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cell {
    /// An index of [`Grid::methods`].
    Method(usize),
    NoMethod,
    /// The candidates, as indexes of [`Grid::methods`].
    Ambiguous(Vec<usize>),
}

/// All cells, by row and then by column.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) rows: Vec<Group>,
    pub(crate) columns: Vec<Group>,
    pub(crate) cells: Vec<Vec<Cell>>,
    /// The methods that stand in cells, most specific first.
    pub(crate) methods: Vec<EntryId>,
    /// Whether there is an argument that goes across; if not, the one column stands for nothing.
    pub(crate) has_across: bool,
}

impl Grid {
    /// How many cells are so, counting the types of their rows and columns.
    pub(crate) fn count(&self, is_so: impl Fn(&Cell) -> bool) -> usize {
        let size = |group: &Group| group.types.len() + usize::from(group.has_other);
        let rows = self.rows.iter().zip(&self.cells);
        rows.map(|(row, cells)| {
            let columns = self.columns.iter().zip(cells).filter(|(_, cell)| is_so(cell));
            size(row) * columns.map(|(column, _)| size(column)).sum::<usize>()
        })
        .sum()
    }
}

/// More classes than this on a side make no picture that can be read.
pub(crate) const MAX_SIDE: usize = 400;

/// Why there is no grid.
pub(crate) enum GridError {
    Access(AccessError),
    /// So many classes on one side.
    TooLarge(usize),
}

impl From<AccessError> for GridError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

/// Asks the family for every pair of classes.
pub(crate) fn grid(family: &FamilyView<'_>, question: &Question) -> Result<Grid, GridError> {
    let ranks = ranks(family)?;
    let (down, across) = (side(family, question.down, &ranks)?, side(family, question.across, &ranks)?);
    let mut args = question.fixed.clone();
    let mut outcomes = Vec::with_capacity(down.len());
    for row in &down {
        let mut line = Vec::with_capacity(across.len());
        for column in &across {
            for (position, class) in [(question.down, row), (question.across, column)] {
                if let Some(arg) = position.and_then(|position| args.get_mut(position)) {
                    *arg = class.representative();
                }
            }
            let outcome = family.core().dispatch(&args)?;
            let among = match outcome {
                Outcome::Method(entry) => vec![entry],
                Outcome::NoMethod => Vec::new(),
                Outcome::Ambiguous => family.core().candidates(&args)?,
            };
            line.push((outcome, among));
        }
        outcomes.push(line);
    }
    let mut methods: Vec<EntryId> =
        outcomes.iter().flatten().flat_map(|(_, among)| among.iter().copied()).collect();
    methods.sort_unstable();
    methods.dedup();
    let number = |entry: &EntryId| methods.binary_search(entry).unwrap_or_default();
    let cell = |(outcome, among): &(Outcome, Vec<EntryId>)| match outcome {
        Outcome::Method(entry) => Cell::Method(number(entry)),
        Outcome::NoMethod => Cell::NoMethod,
        Outcome::Ambiguous => Cell::Ambiguous(among.iter().map(number).collect()),
    };
    let cells: Vec<Vec<Cell>> = outcomes.iter().map(|line| line.iter().map(cell).collect()).collect();
    let (rows, cells) = merged(members(family, &down, &ranks)?, cells);
    let (columns, turned) = merged(members(family, &across, &ranks)?, turned(&cells, across.len()));
    let cells = self::turned(&turned, rows.len());
    let (rows, columns) = (named(rows), named(columns));
    Ok(Grid { rows, columns, cells, methods, has_across: question.across.is_some() })
}

/// By parameter number: its place among the parameters, those above most types first. Types sorted by
/// the places of what they are under stand beside their relatives.
fn ranks(family: &FamilyView<'_>) -> Result<Vec<usize>, AccessError> {
    let types = family.row().type_count.get();
    let mut params = Vec::new();
    for ordinal in 0..family.row().param_count.get() as u16 {
        let mut below = 0_u32;
        for local in (0..types).map(LocalType) {
            below += u32::from(family.core().is_below(local, ParamRef(ordinal + 1))?);
        }
        params.push((Reverse(below), usize::from(ordinal)));
    }
    params.sort_unstable();
    let mut ranks = vec![0; params.len()];
    for (rank, (_, ordinal)) in params.iter().enumerate() {
        if let Some(slot) = ranks.get_mut(*ordinal) {
            *slot = rank;
        }
    }
    Ok(ranks)
}

/// The places of the parameters that a type is under, ascending; any other type comes last.
fn path(family: &FamilyView<'_>, local: LocalType, ranks: &[usize]) -> Result<Vec<usize>, AccessError> {
    if local == LocalType::OTHER {
        return Ok(vec![usize::MAX]);
    }
    let mut path = Vec::new();
    for (ordinal, rank) in ranks.iter().enumerate() {
        if family.core().is_below(local, ParamRef(ordinal as u16 + 1))? {
            path.push(*rank);
        }
    }
    path.sort_unstable();
    Ok(path)
}

/// The classes of a position, relatives beside each other; one that stands for all where there is no
/// position.
fn side(
    family: &FamilyView<'_>,
    position: Option<usize>,
    ranks: &[usize],
) -> Result<Vec<TypeClass>, GridError> {
    let Some(position) = position else {
        return Ok(vec![TypeClass { types: Vec::new(), has_other: true }]);
    };
    let classes = family.classes(position)?;
    if classes.len() > MAX_SIDE {
        return Err(GridError::TooLarge(classes.len()));
    }
    let mut sorted = Vec::with_capacity(classes.len());
    for class in classes {
        let mut first = None;
        for local in &class.types {
            let path = path(family, *local, ranks)?;
            if first.as_ref().is_none_or(|first| path < *first) {
                first = Some(path);
            }
        }
        // A class of any other type and some more is that of types no pattern of the position names.
        let place = if class.has_other { vec![usize::MAX] } else { first.unwrap_or_default() };
        sorted.push((place, class));
    }
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(sorted.into_iter().map(|(_, class)| class).collect())
}

/// Classes as groups of names.
pub(crate) fn described(family: &FamilyView<'_>, classes: &[TypeClass]) -> Result<Vec<Group>, AccessError> {
    Ok(named(members(family, classes, &ranks(family)?)?))
}

/// A type with what decides its place in a group: the parameters that it is under, and whether it is
/// none itself.
type Member = (usize, bool, String);

/// The types of a group, and whether any other type is one of them.
type Members = (Vec<Member>, bool);

/// The type that stands for a group comes first.
fn named(groups: Vec<Members>) -> Vec<Group> {
    let group = |(mut types, has_other): Members| {
        types.sort();
        Group { types: types.into_iter().map(|(_, _, name)| name).collect(), has_other }
    };
    groups.into_iter().map(group).collect()
}

fn members(
    family: &FamilyView<'_>,
    classes: &[TypeClass],
    ranks: &[usize],
) -> Result<Vec<Members>, AccessError> {
    let ordinals = 0..family.row().param_count.get() as u16;
    let params: Result<HashSet<LocalType>, AccessError> =
        ordinals.map(|ordinal| family.core().param_type(ordinal)).collect();
    let params = params?;
    let mut groups = Vec::with_capacity(classes.len());
    for class in classes {
        let mut types = Vec::with_capacity(class.types.len());
        for local in &class.types {
            if let Some((name, _)) = family.type_info(*local)? {
                // The type that a method names stands for those that are only under it.
                let is_named = params.contains(local);
                types.push((path(family, *local, ranks)?.len(), !is_named, name.to_owned()));
            }
        }
        groups.push((types, class.has_other));
    }
    Ok(groups)
}

/// Puts groups together whose lines are equal.
fn merged(groups: Vec<Members>, lines: Vec<Vec<Cell>>) -> (Vec<Members>, Vec<Vec<Cell>>) {
    let mut known: HashMap<Vec<Cell>, usize> = HashMap::new();
    let (mut kept, mut kept_lines): (Vec<Members>, Vec<Vec<Cell>>) = (Vec::new(), Vec::new());
    for (group, line) in groups.into_iter().zip(lines) {
        let at = *known.entry(line.clone()).or_insert(kept.len());
        if let Some(first) = kept.get_mut(at) {
            first.0.extend(group.0);
            first.1 |= group.1;
        } else {
            kept.push(group);
            kept_lines.push(line);
        }
    }
    (kept, kept_lines)
}

/// Rows as columns; `width` is the length of each line.
fn turned(lines: &[Vec<Cell>], width: usize) -> Vec<Vec<Cell>> {
    (0..width).map(|at| lines.iter().filter_map(|line| line.get(at).cloned()).collect()).collect()
}
