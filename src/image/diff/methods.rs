//! The methods of a family in two images: one is the same in both if symbol, module and pattern are.

use std::collections::HashMap;

use super::changes::{DiffMethod, MethodNumber};
use crate::format::{AccessError, EntryId, LeftOut};
use crate::image::{FamilyView, ImagePlace};

/// The methods of both images, each once.
#[derive(Default)]
pub(super) struct Methods {
    pub(super) list: Vec<DiffMethod>,
    numbers: HashMap<(String, String, Vec<String>), MethodNumber>,
}

impl Methods {
    /// The number of an entry's method.
    pub(super) fn number(
        &mut self,
        family: &FamilyView<'_>,
        entry: EntryId,
        mark: fn(&mut DiffMethod),
    ) -> Result<MethodNumber, AccessError> {
        let info = family.entry(entry)?;
        let number = self.identified(family.pattern_names(entry)?, info.implementation, info.module);
        if let Some(method) = self.list.get_mut(number.0) {
            mark(method);
            if let Some(place) = family.place(entry)? {
                let (file, line, column) = (place.file.to_owned(), place.line, place.column);
                method.place = Some(ImagePlace { file, line, column });
            }
        }
        Ok(number)
    }

    /// A method without an entry, which no call selects.
    pub(super) fn left_out(
        &mut self,
        family: &FamilyView<'_>,
        method: &LeftOut<'_>,
        mark: fn(&mut DiffMethod),
    ) -> Result<(), AccessError> {
        let pattern = method.pattern.iter().map(|param| family.param_name(*param));
        let pattern = pattern.collect::<Result<_, _>>()?;
        let number = self.identified(pattern, method.implementation, method.module);
        self.list.get_mut(number.0).into_iter().for_each(mark);
        Ok(())
    }

    /// The number of the method with this identity, which is made if there is none yet.
    fn identified(&mut self, pattern: Vec<&str>, implementation: &str, module: &str) -> MethodNumber {
        let pattern: Vec<String> = pattern.into_iter().map(str::to_owned).collect();
        let identity = (implementation.to_owned(), module.to_owned(), pattern);
        let next = MethodNumber(self.list.len());
        let number = *self.numbers.entry(identity.clone()).or_insert(next);
        if number == next {
            let (implementation, module, pattern) = identity;
            let (in_before, in_after) = (false, false);
            self.list.push(DiffMethod { pattern, implementation, module, place: None, in_before, in_after });
        }
        number
    }
}
