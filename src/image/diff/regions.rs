//! Many changed tuples as few regions: tuples that change alike are put together, position by
//! position, as long as the result is a product of sets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::changes::{Age, ChangeKind, Region, TypeSet, Verdict};
use super::family::FamilyPair;
use crate::format::AccessError;

/// How an answer changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) before: Verdict,
    pub(super) after: Verdict,
    pub(super) age: Age,
}

/// A product of sets of classes.
type Product = Vec<Vec<usize>>;

/// Changed tuples of classes by how they change.
#[derive(Default)]
pub(super) struct Changed {
    cells: BTreeMap<Change, Vec<Product>>,
    count: usize,
}

impl Changed {
    /// Adds one, unless there are `limit` already; says whether it did.
    pub(super) fn add(&mut self, change: Change, cell: &[usize], limit: usize) -> bool {
        if self.count == limit {
            return false;
        }
        self.count += 1;
        self.cells.entry(change).or_default().push(cell.iter().map(|class| vec![*class]).collect());
        true
    }
}

/// The regions of these tuples, at most `limit`, and whether these are all. What a reviewer must see
/// first stands first.
pub(super) fn regions(
    family: &FamilyPair<'_>,
    changed: Changed,
    limit: usize,
) -> Result<(Vec<Region>, bool), AccessError> {
    let mut products = Vec::new();
    for (change, cells) in changed.cells {
        for product in merged(cells) {
            products.push((Reverse(tuples_of(family, &product)), change.clone(), product));
        }
    }
    let is_whole = products.len() <= limit;
    let rank = |change: &Change| (change.age, ChangeKind::of(&change.before, &change.after));
    products.sort_by(|a, b| (rank(&a.1), a).cmp(&(rank(&b.1), b)));
    products.truncate(limit);
    let mut describe = Describe { family, uppers: family.upper_params()?, known: HashMap::new() };
    let mut regions = Vec::new();
    for (Reverse(tuples), change, product) in products {
        let mut types = Vec::with_capacity(product.len());
        for (position, classes) in product.into_iter().enumerate() {
            types.push(describe.set(position, classes)?);
        }
        let Change { before, after, age } = change;
        regions.push(Region { types, tuples, before, after, age });
    }
    Ok((regions, is_whole))
}

/// How many tuples of types a product of sets of classes has.
fn tuples_of(family: &FamilyPair<'_>, product: &Product) -> u64 {
    product.iter().zip(&family.classes).fold(1, |tuples, (set, classes)| {
        let members = set.iter().filter_map(|class| classes.get(*class)).map(|class| class.members.len());
        tuples.saturating_mul(members.sum::<usize>() as u64)
    })
}

/// Fewer products that hold the same tuples. Which position is first decides how they come out; the
/// better of two orders is taken.
fn merged(cells: Vec<Product>) -> Vec<Product> {
    let arity = cells.first().map_or(0, Vec::len);
    let forward = (0..arity).fold(cells.clone(), merge_at);
    let backward = (0..arity).rev().fold(cells, merge_at);
    if forward.len() < backward.len() { forward } else { backward }
}

/// Puts products together that differ at `position` only.
fn merge_at(products: Vec<Product>, position: usize) -> Vec<Product> {
    let mut by_others: BTreeMap<Product, Vec<usize>> = BTreeMap::new();
    for mut product in products {
        let Some(set) = product.get_mut(position).map(std::mem::take) else { continue };
        by_others.entry(product).or_default().extend(set);
    }
    let put_back = |(mut product, mut set): (Product, Vec<usize>)| {
        set.sort_unstable();
        if let Some(slot) = product.get_mut(position) {
            *slot = set;
        }
        product
    };
    by_others.into_iter().map(put_back).collect()
}

/// Names sets of classes; the same sets come again and again.
struct Describe<'f, 'a> {
    family: &'f FamilyPair<'a>,
    uppers: HashMap<usize, super::family::UpperParam>,
    known: HashMap<(usize, Vec<usize>), TypeSet>,
}

impl Describe<'_, '_> {
    fn set(&mut self, position: usize, classes: Vec<usize>) -> Result<TypeSet, AccessError> {
        let key = (position, classes);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let all = self.family.classes.get(position).map_or(&[][..], Vec::as_slice);
        let chosen = key.1.iter().filter_map(|class| all.get(*class));
        let mut members: Vec<usize> = chosen.flat_map(|class| class.members.iter().copied()).collect();
        members.sort_unstable();
        let mut tops = self.tops(&members)?;
        let missing = self.missing_under(&tops, &members)?;
        let except = self.tops(&missing)?;
        // Of what is left out something may be in the set after all; it is named, too.
        let mut back = Vec::new();
        for member in &members {
            if self.is_under_one(*member, &except)? {
                back.push(*member);
            }
        }
        tops.extend(self.tops(&back)?);
        let name = |at: &usize| self.family.members.get(*at).and_then(|member| member.name);
        let names = |list: &[usize]| list.iter().filter_map(name).map(str::to_owned).collect::<Vec<_>>();
        let set = TypeSet {
            tops: names(&tops),
            except: names(&except),
            types: names(&members),
            has_other: members.iter().any(|member| name(member).is_none()),
            is_all: key.1.len() == all.len(),
        };
        self.known.insert(key, set.clone());
        Ok(set)
    }

    /// Whether a member is under one of `others` that is not itself.
    fn is_under_one(&self, at: usize, others: &[usize]) -> Result<bool, AccessError> {
        let Some(member) = self.family.members.get(at) else { return Ok(false) };
        for upper in others.iter().filter(|upper| **upper != at) {
            if let Some(upper) = self.uppers.get(upper)
                && self.family.is_under(member, upper)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those that are not under another one of them.
    fn tops(&self, members: &[usize]) -> Result<Vec<usize>, AccessError> {
        let uppers: Vec<usize> = members.iter().copied().filter(|at| self.uppers.contains_key(at)).collect();
        let mut tops = Vec::new();
        for at in members {
            if !self.is_under_one(*at, &uppers)? {
                tops.push(*at);
            }
        }
        Ok(tops)
    }

    /// Members under one of `tops` that are not among `members`, which are in order.
    fn missing_under(&self, tops: &[usize], members: &[usize]) -> Result<Vec<usize>, AccessError> {
        let mut missing = Vec::new();
        for at in 1..self.family.members.len() {
            if members.binary_search(&at).is_err() && self.is_under_one(at, tops)? {
                missing.push(at);
            }
        }
        Ok(missing)
    }
}
