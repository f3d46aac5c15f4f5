//! Which types a family answers alike, position by position.

use std::collections::{BTreeSet, HashMap};

use super::family::FamilyView;
use crate::format::{AccessError, EntryId, LocalType, ParamRef, Rule};

/// Types that a family answers alike at one position, whatever stands at the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeClass {
    /// The listed types, in name order.
    pub types: Vec<LocalType>,
    /// Whether [`LocalType::OTHER`] is one of them.
    pub has_other: bool,
}

impl TypeClass {
    /// A type that stands for all of them.
    pub fn representative(&self) -> LocalType {
        self.types.first().copied().unwrap_or(LocalType::OTHER)
    }
}

/// What tells types of one class from others: the parameters of the position that they are under,
/// and the type itself where a rule may look at more than that.
pub(super) type ClassKey = (Vec<ParamRef>, Option<LocalType>);

/// The parameters that stand at one position in some pattern.
pub(super) struct PositionParams<'a> {
    family: FamilyView<'a>,
    params: BTreeSet<ParamRef>,
}

impl<'a> PositionParams<'a> {
    pub(super) fn of(family: &FamilyView<'a>, position: usize) -> Result<Self, AccessError> {
        let mut params = BTreeSet::new();
        for entry in 0..family.core().entry_count() {
            params.extend(family.core().pattern(EntryId(entry))?.nth(position));
        }
        params.remove(&ParamRef::TOP);
        Ok(Self { family: *family, params })
    }

    pub(super) fn key(&self, local: LocalType) -> Result<ClassKey, AccessError> {
        let mut under = Vec::new();
        for param in &self.params {
            if self.family.core().is_below(local, *param)? {
                under.push(*param);
            }
        }
        // A rule that has an order of its own among a type's supertypes asks for it where two of
        // them are not under each other; such a type is then alike to no other.
        let is_alone = self.family.rule() != Rule::Symmetric && !self.is_chain(&under)?;
        Ok((under, is_alone.then_some(local)))
    }

    /// Whether of every two of these parameters one is under the other.
    fn is_chain(&self, params: &[ParamRef]) -> Result<bool, AccessError> {
        for (at, a) in params.iter().enumerate() {
            for b in params.iter().skip(at + 1) {
                if !self.is_under(*a, *b)? && !self.is_under(*b, *a)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn is_under(&self, lower: ParamRef, upper: ParamRef) -> Result<bool, AccessError> {
        let Some(ordinal) = lower.ordinal() else { return Ok(upper == ParamRef::TOP) };
        self.family.core().is_below(self.family.core().param_type(ordinal)?, upper)
    }
}

impl FamilyView<'_> {
    /// The classes of `position`: every listed type and [`LocalType::OTHER`] is in exactly one. The
    /// first holds [`LocalType::OTHER`]; the others stand in the order of their first types.
    ///
    /// Cost: the listed types times the parameters of the position.
    pub fn classes(&self, position: usize) -> Result<Vec<TypeClass>, AccessError> {
        let params = PositionParams::of(self, position)?;
        let mut numbers = HashMap::from([(params.key(LocalType::OTHER)?, 0)]);
        let mut classes = vec![TypeClass { types: Vec::new(), has_other: true }];
        for local in (0..self.row().type_count.get()).map(LocalType) {
            let number = *numbers.entry(params.key(local)?).or_insert(classes.len());
            match classes.get_mut(number) {
                Some(class) => class.types.push(local),
                None => classes.push(TypeClass { types: vec![local], has_other: false }),
            }
        }
        Ok(classes)
    }
}
