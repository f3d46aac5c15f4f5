//! The answers of a family whose optimizer numbers tuples, laid out for a process's own type ids.
//!
//! All that a call could find wrong in the bytes is looked for when the family is bound. What is left
//! for a call is a load for each position, their sum, and a load of the outcome.

use super::bind::OwnType;
use super::family::FamilyView;
use crate::format::{AccessError, LocalType, Outcome};

/// Outcomes of so many tuples are unpacked, 8 bytes each: half of what a processor of today holds
/// nearest to it. Those of a larger family stay where they lie, so that no binding costs more than its
/// types and 32 KiB, and processes that map one file share them.
const UNPACKED_MAX_TUPLES: u32 = 4096;

/// A family's tuples of own types, by number.
#[derive(Debug)]
pub(super) struct NumberedTuples {
    /// 0 where the family's optimizer numbers no tuples; then nothing is found.
    arity: usize,
    /// For each own type, side by side for the positions, what it adds to the number of its tuple.
    shares: Box<[u32]>,
    /// Outcomes by number; none where the bytes hold no valid one. Empty where there are too many.
    outcomes: Box<[Option<Outcome>]>,
}

impl NumberedTuples {
    /// Of own types that are, in order, these local ones. An error is that of the first class which
    /// cannot be read; an outcome that cannot be read is one only for whoever asks for it.
    pub(super) fn new(family: &FamilyView<'_>, locals: &[u32]) -> Result<Self, AccessError> {
        let core = family.core();
        let none = Self { arity: 0, shares: Box::default(), outcomes: Box::default() };
        let arity = usize::from(family.arity());
        let Some(tuples) = core.numbered_tuples().filter(|_| arity > 0) else { return Ok(none) };
        let mut shares = Vec::with_capacity(locals.len().saturating_mul(arity));
        for local in locals {
            for position in 0..arity {
                let Some(share) = core.tuple_share(position, LocalType(*local))? else { return Ok(none) };
                shares.push(share);
            }
        }
        let unpacked = if tuples <= UNPACKED_MAX_TUPLES { tuples } else { 0 };
        let outcomes = (0..unpacked).map(|tuple| core.outcome_of_tuple(tuple).ok()).collect();
        Ok(Self { arity, shares: shares.into_boxed_slice(), outcomes })
    }

    /// The number of this tuple; none where a type was bound later than the family, or there are more
    /// or fewer than the family's positions.
    #[inline]
    pub(super) fn number_of(&self, args: &[OwnType]) -> Option<u32> {
        if args.len() != self.arity {
            return None;
        }
        // Where the caller's array has a length that the compiler sees, one arm is left of these. No
        // sum is larger than the number of tuples, which fits.
        match *args {
            [] => None,
            [a] => self.shares.get(a.0 as usize).copied(),
            [a, b] => {
                let rows = self.shares.as_chunks::<2>().0;
                let ([first, _], [_, second]) = (rows.get(a.0 as usize)?, rows.get(b.0 as usize)?);
                Some(first.wrapping_add(*second))
            }
            _ => args.iter().enumerate().try_fold(0_u32, |number, (position, own)| {
                let at = (own.0 as usize).saturating_mul(self.arity).saturating_add(position);
                Some(number.wrapping_add(*self.shares.get(at)?))
            }),
        }
    }

    /// The outcome of the tuple of this number, where it was unpacked and is valid.
    #[inline]
    pub(super) fn outcome(&self, number: u32) -> Option<Outcome> {
        *self.outcomes.get(number as usize)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{
        CompileOptions, Family, Method, OptimizerChoice, TypeDecl, TypeGraph, compile, restrict,
    };
    use crate::format::{Optimization, Tag};
    use crate::image::{BindError, ImageContent, ImageType, ImageView, TypeBinding, encode_image};

    fn names(types: usize) -> Vec<String> {
        (0..types).map(|at| format!("T{at:03}")).collect()
    }

    /// An image with `meet/2`, a method for each type with itself, and one for any two.
    fn image(types: usize, optimization: Optimization) -> Vec<u8> {
        let graph = TypeGraph::new(names(types).iter().map(|name| TypeDecl::new(name, &[]))).expect("flat");
        let methods = names(types).into_iter().map(|name| Method::new(&[&name, &name], &name, "m"));
        let any = Method::new(&["any", "any"], "any", "m");
        let family = Family::new("meet", 2, methods.chain([any]).collect());
        let options =
            CompileOptions { optimizer: OptimizerChoice::Force(optimization), ..CompileOptions::default() };
        let table = compile(&restrict(&graph, &family).expect("a family"), &options).expect("fits").bytes;
        let types = names(types).into_iter().map(|name| ImageType { name, sealed: false }).collect();
        let tables = vec![table.as_slice()];
        let content = ImageContent { name: "run", types, tables, creation_timestamp: 0 };
        encode_image(&content, |_, _| None).expect("an image")
    }

    fn assert_bound_calls_answer_as_the_family_does(bytes: &[u8], types: usize) {
        let binding = TypeBinding::new(ImageView::open_proved(bytes).expect("opens"));
        for name in names(types + 1) {
            binding.push(&name).expect("readable");
        }
        let bound = binding.family("meet", 2).expect("readable").expect("is there");
        for (a, b) in (0..=types as u32).flat_map(|a| (0..=types as u32).map(move |b| (a, b))) {
            let global = |own| binding.global(OwnType(own)).expect("was pushed");
            let expected = bound.family().dispatch(&[global(a), global(b)]).map_err(BindError::from);
            assert_eq!(bound.dispatch(&[OwnType(a), OwnType(b)]), expected, "{a}, {b}");
        }
    }

    #[test]
    fn families_with_more_tuples_than_are_unpacked_answer_as_those_with_fewer() {
        for (types, is_unpacked) in [(10, true), (63, true), (64, false), (70, false)] {
            for optimization in [Optimization::Matrix, Optimization::Hash] {
                let bytes = image(types, optimization);
                let view = ImageView::open(&bytes).expect("opens");
                let family = view.family("meet", 2).expect("readable").expect("is there");
                let numbered = NumberedTuples::new(&family, &[0]).expect("readable");
                assert_eq!(numbered.outcomes.is_empty(), !is_unpacked, "{types} types");
                assert_bound_calls_answer_as_the_family_does(&bytes, types);
            }
        }
    }

    #[test]
    fn a_bad_outcome_is_an_error_for_whoever_asks_for_it_and_for_nobody_else() {
        let mut bytes = image(10, Optimization::Matrix);
        let view = ImageView::open(&bytes).expect("opens");
        let matrix = view.pieces.iter().find(|piece| piece.tag == *b"MTRX").expect("is there");
        let blob = view.section_rows().iter().find(|row| row.tag == *b"BLOB").expect("is there");
        // The first cells: those of the tuples whose first type is none of the ten.
        let first_cell = (blob.offset.get() + matrix.offset.get() + 4) as usize;
        bytes[first_cell] = 0xff;
        assert_bound_calls_answer_as_the_family_does(&bytes, 10);

        let binding = TypeBinding::new(ImageView::open_proved(&bytes).expect("opens"));
        for name in ["T003", "plugin::Unheard"] {
            binding.push(name).expect("readable");
        }
        let bound = binding.family("meet", 2).expect("readable").expect("is there");
        let outcome = bound.dispatch(&[OwnType(1), OwnType(1)]);
        let tag = Tag(*b"MTRX");
        assert!(
            matches!(outcome, Err(BindError::Access(AccessError::OutOfBounds { tag: found, .. })) if found == tag),
            "{outcome:?}"
        );
        assert!(bound.dispatch(&[OwnType(0), OwnType(0)]).is_ok());
    }
}
