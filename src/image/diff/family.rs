//! One family in two images: its tuples, by classes of types that neither table tells apart.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::changes::{Age, DiffMethod, MethodNumber, Region, Verdict};
use super::compare::DiffLimits;
use super::methods::Methods;
use super::regions::{Change, Changed, regions};
use crate::format::{AccessError, EntryId, LocalType, Optimization, Outcome, ParamRef, Rule};
use crate::image::classes::PositionParams;
use crate::image::{FamilyView, ImageView};

/// A type of either table; the first one stands for any other type.
pub(super) struct Member<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) before: LocalType,
    pub(super) after: LocalType,
    pub(super) age: Age,
}

/// Members that both tables answer alike at one position.
pub(super) struct JointClass {
    pub(super) members: Vec<usize>,
    age: Age,
    has_old_values: bool,
    has_new_values: bool,
}

/// One image's side of a family.
struct Side<'a> {
    family: Option<FamilyView<'a>>,
    /// The shared number of each entry.
    numbers: Vec<MethodNumber>,
    /// By shared number: whether some tuple of types that have values selects it.
    selected: Vec<bool>,
    /// Sealed types with others under them.
    without_values: HashSet<LocalType>,
}

/// A family, where it is in one image at least.
pub(super) struct FamilyPair<'a> {
    before: Side<'a>,
    after: Side<'a>,
    methods: Vec<DiffMethod>,
    pub(super) members: Vec<Member<'a>>,
    /// By position.
    pub(super) classes: Vec<Vec<JointClass>>,
}

/// What the comparison of one family says.
pub(super) struct FamilyAnswer {
    pub(super) methods: Vec<DiffMethod>,
    pub(super) regions: Vec<Region>,
    pub(super) changed_tuples: u64,
    pub(super) unreachable: Vec<MethodNumber>,
    pub(super) reachable: Vec<MethodNumber>,
    pub(super) truncated: bool,
}

impl<'a> FamilyPair<'a> {
    pub(super) fn new(
        (old_image, old): (&ImageView<'a>, Option<&FamilyView<'a>>),
        (new_image, new): (&ImageView<'a>, Option<&FamilyView<'a>>),
        arity: usize,
    ) -> Result<Self, AccessError> {
        let mut methods = Methods::default();
        let mut before = Side::new(old, &mut methods, |method| method.in_before = true)?;
        let mut after = Side::new(new, &mut methods, |method| method.in_after = true)?;
        before.selected.resize(methods.list.len(), false);
        after.selected.resize(methods.list.len(), false);

        let mut locals: BTreeMap<&str, (LocalType, LocalType)> = BTreeMap::new();
        let other = (LocalType::OTHER, LocalType::OTHER);
        for (local, name) in before.types()? {
            locals.entry(name).or_insert(other).0 = local;
        }
        for (local, name) in after.types()? {
            locals.entry(name).or_insert(other).1 = local;
        }
        let mut members = vec![Member { name: None, before: other.0, after: other.1, age: Age::Both }];
        for (name, (before, after)) in locals {
            let age = match (old_image.type_id(name)?, new_image.type_id(name)?) {
                (None, _) => Age::Added,
                (_, None) => Age::Removed,
                _ => Age::Both,
            };
            members.push(Member { name: Some(name), before, after, age });
        }
        let classes = (0..arity).map(|position| joint_classes(&before, &after, &members, position));
        let classes = classes.collect::<Result<_, _>>()?;
        Ok(Self { before, after, methods: methods.list, members, classes })
    }

    /// Looks at every tuple of classes, as far as the limits go.
    pub(super) fn compare(mut self, limits: &DiffLimits) -> Result<FamilyAnswer, AccessError> {
        let is_removed = self.after.family.is_none();
        let (all, limit) = self.tuples(limits);
        let mut truncated = all > limit && !is_removed;
        let (mut cell, mut looked_at) = (vec![0_usize; self.classes.len()], 0);
        let (mut changed_tuples, mut changed) = (0_u64, Changed::default());
        // Of a removed family there is nothing to tell but that it is gone.
        while !is_removed && looked_at < limit {
            looked_at += 1;
            if let Some((change, tuples)) = self.look_at(&cell)? {
                changed_tuples = changed_tuples.saturating_add(tuples);
                truncated |= !changed.add(change, &cell, limits.changed_tuples);
            }
            if !advance(&mut cell, &self.classes) {
                break;
            }
        }
        let (unreachable, reachable) =
            if truncated || is_removed { Default::default() } else { self.reach() };
        let (regions, is_whole) = regions(&self, changed, limits.regions)?;
        truncated |= !is_whole;
        let methods = self.methods;
        Ok(FamilyAnswer { methods, regions, changed_tuples, unreachable, reachable, truncated })
    }

    /// Entries of the later table that no tuple of types with values selects; none if there are more
    /// tuples than the limits allow.
    pub(super) fn never_selected(mut self, limits: &DiffLimits) -> Result<Option<Vec<EntryId>>, AccessError> {
        let (all, limit) = self.tuples(limits);
        if all > limit {
            return Ok(None);
        }
        let mut cell = vec![0_usize; self.classes.len()];
        loop {
            self.look_at(&cell)?;
            if !advance(&mut cell, &self.classes) {
                break;
            }
        }
        let numbers = self.after.numbers.iter().zip(0..);
        let never = numbers.filter(|(number, _)| self.after.selected.get(number.0) == Some(&false));
        Ok(Some(never.map(|(_, entry)| EntryId(entry)).collect()))
    }

    /// How many tuples of classes there are, and how many may be looked at.
    fn tuples(&self, limits: &DiffLimits) -> (u64, u64) {
        let all = self.classes.iter().fold(1_u64, |all, classes| all.saturating_mul(classes.len() as u64));
        (all, limits.tuples / (1 + self.before.cost() + self.after.cost()))
    }

    /// How the answer changes for one tuple of classes, if it does, and for how many tuples of types.
    fn look_at(&mut self, cell: &[usize]) -> Result<Option<(Change, u64)>, AccessError> {
        let mut tuples = 1_u64;
        let (mut age, mut has_old_values, mut has_new_values) = (Age::Both, true, true);
        let (mut old_args, mut new_args) = (Vec::with_capacity(cell.len()), Vec::with_capacity(cell.len()));
        for (classes, at) in self.classes.iter().zip(cell) {
            let Some(class) = classes.get(*at) else { continue };
            tuples = tuples.saturating_mul(class.members.len() as u64);
            age = age.max(class.age);
            has_old_values &= class.has_old_values;
            has_new_values &= class.has_new_values;
            let member = class.members.first().and_then(|first| self.members.get(*first));
            old_args.push(member.map_or(LocalType::OTHER, |member| member.before));
            new_args.push(member.map_or(LocalType::OTHER, |member| member.after));
        }
        let before = self.before.ask(&old_args, has_old_values)?;
        let after = self.after.ask(&new_args, has_new_values)?;
        // No call has a type without values, so that it matters to nobody what its answer is.
        let is_told =
            has_new_values && (self.before.family.is_some() || matches!(after, Verdict::Ambiguous(_)));
        Ok((before != after && is_told).then_some((Change { before, after, age }, tuples)))
    }

    /// Methods that became unreachable, and those that became reachable.
    fn reach(&self) -> (Vec<MethodNumber>, Vec<MethodNumber>) {
        let (mut unreachable, mut reachable) = (Vec::new(), Vec::new());
        let selected = self.before.selected.iter().zip(&self.after.selected);
        for (number, (method, (was, is))) in self.methods.iter().zip(selected).enumerate() {
            match (method.in_after, *is) {
                (true, false) if *was || !method.in_before => unreachable.push(MethodNumber(number)),
                (true, true) if method.in_before && !*was => reachable.push(MethodNumber(number)),
                _ => {}
            }
        }
        (unreachable, reachable)
    }

    /// Whether member `lower` is under member `upper`, as the later table that has a parameter of
    /// `upper` says.
    pub(super) fn is_under(&self, lower: &Member<'_>, upper: &UpperParam) -> Result<bool, AccessError> {
        let (side, param, local) = match (upper.after, upper.before) {
            (Some(param), _) => (&self.after, param, lower.after),
            (None, Some(param)) => (&self.before, param, lower.before),
            (None, None) => return Ok(false),
        };
        side.family.as_ref().map_or(Ok(false), |family| family.core().is_below(local, param))
    }

    /// The parameters that are types of these members: only of them it is known what is under them.
    pub(super) fn upper_params(&self) -> Result<HashMap<usize, UpperParam>, AccessError> {
        let (before, after) = (self.before.params()?, self.after.params()?);
        let mut uppers = HashMap::new();
        for (at, member) in self.members.iter().enumerate().skip(1) {
            let upper = UpperParam {
                before: before.get(&member.before).copied(),
                after: after.get(&member.after).copied(),
            };
            if upper.before.is_some() || upper.after.is_some() {
                uppers.insert(at, upper);
            }
        }
        Ok(uppers)
    }
}

/// A type that is a parameter, in the tables that have it as one.
pub(super) struct UpperParam {
    before: Option<ParamRef>,
    after: Option<ParamRef>,
}

impl<'a> Side<'a> {
    fn new(
        family: Option<&FamilyView<'a>>,
        methods: &mut Methods,
        mark: fn(&mut DiffMethod),
    ) -> Result<Self, AccessError> {
        let mut numbers = Vec::new();
        if let Some(family) = family {
            for entry in (0..family.core().entry_count()).map(EntryId) {
                numbers.push(methods.number(family, entry, mark)?);
            }
            for method in family.left_out()? {
                methods.left_out(family, &method, mark)?;
            }
        }
        let without_values = family.map(sums).transpose()?.unwrap_or_default();
        Ok(Self { family: family.copied(), numbers, selected: Vec::new(), without_values })
    }

    fn params_at(&self, position: usize) -> Result<Option<PositionParams<'a>>, AccessError> {
        self.family.as_ref().map(|family| PositionParams::of(family, position)).transpose()
    }

    /// The listed types with their names.
    fn types(&self) -> Result<Vec<(LocalType, &'a str)>, AccessError> {
        let Some(family) = &self.family else { return Ok(Vec::new()) };
        let mut types = Vec::new();
        for local in (0..family.row().type_count.get()).map(LocalType) {
            if let Some((name, _)) = family.type_info(local)? {
                types.push((local, name));
            }
        }
        Ok(types)
    }

    /// The parameters by their types.
    fn params(&self) -> Result<HashMap<LocalType, ParamRef>, AccessError> {
        let Some(family) = &self.family else { return Ok(HashMap::new()) };
        let count = family.row().param_count.get() as u16;
        (0..count).map(|at| Ok((family.core().param_type(at)?, ParamRef(at + 1)))).collect()
    }

    /// What a question costs more than a step or two, in hundredths of its methods.
    fn cost(&self) -> u64 {
        let Some(family) = &self.family else { return 0 };
        let core = family.core();
        let is_scanned = matches!(core.optimization(), Optimization::Single | Optimization::Linear);
        if is_scanned { u64::from(core.entry_count()) / 100 } else { 0 }
    }

    fn ask(&mut self, args: &[LocalType], has_values: bool) -> Result<Verdict, AccessError> {
        let Some(family) = &self.family else { return Ok(Verdict::NoMethod) };
        let number = |entry: EntryId| self.numbers.get(entry.0 as usize).copied();
        match family.core().dispatch(args)? {
            Outcome::NoMethod => Ok(Verdict::NoMethod),
            Outcome::Ambiguous => {
                let candidates: Vec<EntryId> = family.core().candidates(args)?;
                let mut numbers: Vec<MethodNumber> = candidates.into_iter().filter_map(number).collect();
                numbers.sort_unstable();
                Ok(Verdict::Ambiguous(numbers))
            }
            Outcome::Method(entry) => {
                // An entry that the table answers with is one of its entries; `dispatch` checks it.
                let Some(number) = number(entry) else { return Ok(Verdict::NoMethod) };
                if let Some(selected) = self.selected.get_mut(number.0) {
                    *selected |= has_values;
                }
                Ok(Verdict::Method(number))
            }
        }
    }
}

/// Sealed types with others under them: each of their values is one of a type under them. Only of
/// parameters it is known what is under them; to the rest of the family nothing else matters.
///
/// That sealed types have no values of their own is a promise of Janus. Another rule is another language's,
/// which makes that promise only where its writer left methods out for it.
fn sums(family: &FamilyView<'_>) -> Result<HashSet<LocalType>, AccessError> {
    let mut sums = HashSet::new();
    if family.rule() != Rule::Symmetric && family.left_out()?.is_empty() {
        return Ok(sums);
    }
    for ordinal in 0..family.row().param_count.get() as u16 {
        let sum = family.core().param_type(ordinal)?;
        if !family.type_info(sum)?.is_some_and(|(_, sealed)| sealed) {
            continue;
        }
        for local in (0..family.row().type_count.get()).map(LocalType) {
            if local != sum && family.core().is_below(local, ParamRef(ordinal + 1))? {
                sums.insert(sum);
                break;
            }
        }
    }
    Ok(sums)
}

fn joint_classes(
    before: &Side<'_>,
    after: &Side<'_>,
    members: &[Member<'_>],
    position: usize,
) -> Result<Vec<JointClass>, AccessError> {
    let (old, new) = (before.params_at(position)?, after.params_at(position)?);
    let mut numbers = HashMap::new();
    let mut classes: Vec<JointClass> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let old = old.as_ref().map(|params| params.key(member.before)).transpose()?;
        let new = new.as_ref().map(|params| params.key(member.after)).transpose()?;
        let number = *numbers.entry((old, new, member.age)).or_insert(classes.len());
        if number == classes.len() {
            let (members, age) = (Vec::new(), member.age);
            classes.push(JointClass { members, age, has_old_values: false, has_new_values: false });
        }
        if let Some(class) = classes.get_mut(number) {
            class.members.push(at);
            class.has_old_values |= !before.without_values.contains(&member.before);
            class.has_new_values |= !after.without_values.contains(&member.after);
        }
    }
    Ok(classes)
}

/// The next tuple of classes, last position first; false after the last one.
fn advance(cell: &mut [usize], classes: &[Vec<JointClass>]) -> bool {
    for (at, classes) in cell.iter_mut().zip(classes).rev() {
        *at += 1;
        if *at < classes.len() {
            return true;
        }
        *at = 0;
    }
    false
}
