//! Images and families against each other.

use std::collections::BTreeMap;

use super::changes::{FamilyDiff, FamilyState, ImageDiff};
use super::family::FamilyPair;
use crate::format::{AccessError, EntryId};
use crate::image::{FamilyView, GlobalType, ImageView};

/// How much a comparison may cost. What is left out is told by [`FamilyDiff::truncated`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffLimits {
    /// Tuples of classes that are looked at in one family. A table that is scanned counts each
    /// method as a hundredth of a tuple.
    pub tuples: u64,
    /// Changed tuples of classes that one family's regions are made of.
    pub changed_tuples: usize,
    /// Regions of one family.
    pub regions: usize,
}

impl Default for DiffLimits {
    fn default() -> Self {
        Self { tuples: 1 << 21, changed_tuples: 1 << 16, regions: 500 }
    }
}

/// A family of one name and arity in the earlier and the later image.
type Pair<'a> = (Option<FamilyView<'a>>, Option<FamilyView<'a>>);

/// What changes for callers from one image to another.
///
/// Types are compared by name. One that an image does not list is *any other type* there. Families
/// with equal table hashes are taken as equal. Of the others the tuples are compared by classes of
/// types that both tables answer alike, so the cost is that of the classes, not of the types; it is
/// bounded by `limits`.
pub fn diff(
    before: &ImageView<'_>,
    after: &ImageView<'_>,
    limits: &DiffLimits,
) -> Result<ImageDiff, AccessError> {
    let mut found = ImageDiff {
        types_added: types_missing_from(before, after)?,
        types_removed: types_missing_from(after, before)?,
        ..ImageDiff::default()
    };
    let mut pairs: BTreeMap<(&str, u8), Pair<'_>> = BTreeMap::new();
    for index in 0..before.family_count() {
        let family = before.family_at(index)?;
        pairs.entry((family.name()?, family.arity())).or_default().0 = Some(family);
    }
    for index in 0..after.family_count() {
        let family = after.family_at(index)?;
        pairs.entry((family.name()?, family.arity())).or_default().1 = Some(family);
    }
    for ((name, arity), pair) in pairs {
        if let (Some(old), Some(new)) = &pair
            && old.row().table_hash == new.row().table_hash
        {
            found.same_families += 1;
            continue;
        }
        let (state, rules) = match &pair {
            (None, _) => (FamilyState::Added, None),
            (_, None) => (FamilyState::Removed, None),
            (Some(old), Some(new)) => {
                (FamilyState::Changed, Some((old.rule(), new.rule())).filter(|(old, new)| old != new))
            }
        };
        let (old, new) = (pair.0.as_ref(), pair.1.as_ref());
        let said = FamilyPair::new((before, old), (after, new), usize::from(arity))?.compare(limits)?;
        let family = FamilyDiff {
            name: name.to_owned(),
            arity,
            state,
            rules,
            methods: said.methods,
            regions: said.regions,
            changed_tuples: said.changed_tuples,
            unreachable: said.unreachable,
            reachable: said.reachable,
            truncated: said.truncated,
        };
        // A type may have come or gone without any call being answered differently.
        if family.is_empty() {
            found.same_families += 1;
        } else {
            found.families.push(family);
        }
    }
    Ok(found)
}

/// Entries of a family that no call selects, by the types that the image has: for each tuple to which
/// one of them applies, another one wins or none does. A sealed type with others under it has no values
/// of its own. None if there are more tuples than `limits` allow, of which only `tuples` counts here.
///
/// What the table's writer left out is not among them ([`FamilyView::left_out`]); a writer keeps what
/// makes a call ambiguous. Cost: a dispatch for each tuple of classes of types.
pub fn never_selected(
    image: &ImageView<'_>,
    family: &FamilyView<'_>,
    limits: &DiffLimits,
) -> Result<Option<Vec<EntryId>>, AccessError> {
    let arity = usize::from(family.arity());
    FamilyPair::new((image, None), (image, Some(family)), arity)?.never_selected(limits)
}

/// Types of `image` that `other` does not list.
fn types_missing_from(other: &ImageView<'_>, image: &ImageView<'_>) -> Result<Vec<String>, AccessError> {
    let mut missing = Vec::new();
    for global in (0..image.type_count()).map(GlobalType) {
        let (name, _) = image.type_info(global)?;
        if other.type_id(name)?.is_none() {
            missing.push(name.to_owned());
        }
    }
    Ok(missing)
}
