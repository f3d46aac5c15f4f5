//! The deep proof of an image: each family as if it were a table of its own, and what only an image
//! has.

use super::family::FamilyView;
use super::layout::{FAMI, PLAC};
use super::view::{GlobalType, ImageView};
use crate::format::decode::Provable;
use crate::format::layout::TYPE;
use crate::format::verify::prove;
use crate::format::{AccessError, DispatchCore, EntryId, EntryInfo, LeftOut, LocalType, VerifyError};

impl<'a> Provable<'a> for FamilyView<'a> {
    fn core(&self) -> &DispatchCore<'a> {
        self.core()
    }
    fn name(&self) -> Result<&'a str, AccessError> {
        self.name()
    }
    fn arity(&self) -> u8 {
        self.arity()
    }
    fn table_hash(&self) -> u64 {
        self.row().table_hash.get()
    }
    fn type_count(&self) -> u32 {
        self.row().type_count.get()
    }
    fn param_count(&self) -> u32 {
        self.row().param_count.get()
    }
    fn may_be_ambiguous(&self) -> bool {
        self.may_be_ambiguous()
    }
    fn type_info(&self, local: LocalType) -> Result<Option<(&'a str, bool)>, AccessError> {
        self.type_info(local)
    }
    fn entry(&self, entry: EntryId) -> Result<EntryInfo<'a>, AccessError> {
        self.entry(entry)
    }
    fn left_out(&self) -> Result<Vec<LeftOut<'a>>, AccessError> {
        self.left_out()
    }
}

impl ImageView<'_> {
    /// Proves all that can be proved from the bytes alone: types and families stand in their orders,
    /// every string can be read, type maps ascend, every entry has its own place, and each family is
    /// what its table would have to be ([`verify`](crate::format::verify)).
    ///
    /// Cost: as that of every family's table; too slow for every open.
    pub fn verify(&self) -> Result<(), VerifyError> {
        self.name()?;
        let mut previous = None;
        for row in 0..self.type_count() {
            let name = self.type_info(GlobalType(row))?.0;
            if previous.replace(name).is_some_and(|previous| previous >= name) {
                return Err(VerifyError::Order { tag: TYPE, row, previous: row.saturating_sub(1) });
            }
        }
        let (mut previous, mut next_place) = (None, 0_u32);
        for row in 0..self.family_count() {
            let family = self.family_at(row)?;
            let (name, arity) = (family.name()?, family.arity());
            if previous.replace((name, arity)).is_some_and(|previous| previous >= (name, arity)) {
                return Err(VerifyError::Order { tag: FAMI, row, previous: row.saturating_sub(1) });
            }
            if family.row().first_place.get() != next_place {
                return Err(VerifyError::Order { tag: PLAC, row, previous: row.saturating_sub(1) });
            }
            next_place = next_place.saturating_add(family.core().entry_count());
            let in_family =
                |source| VerifyError::Family { name: name.to_owned(), arity, source: Box::new(source) };
            prove_family(&family).map_err(in_family)?;
        }
        if next_place == self.header().place_count.get() {
            Ok(())
        } else {
            let places = self.header().place_count.get();
            Err(VerifyError::Inconsistent(format!("there are {places} places for {next_place} entries")))
        }
    }
}

fn prove_family(family: &FamilyView<'_>) -> Result<(), VerifyError> {
    let globals: Vec<Option<GlobalType>> =
        (0..family.row().type_count.get()).map(|local| family.global_type(LocalType(local))).collect();
    if let Some(at) = globals.windows(2).position(|pair| pair.first() >= pair.last()) {
        let (row, previous) = (at as u32 + 1, at as u32);
        return Err(VerifyError::Order { tag: TYPE, row, previous });
    }
    for entry in 0..family.core().entry_count() {
        family.place(EntryId(entry))?;
    }
    prove(family).map(|_| ())
}
