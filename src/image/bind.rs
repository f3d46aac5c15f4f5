//! From a process's own type ids to an image's, once, so that a call needs array loads only.
//!
//! A run-time numbers its types itself, densely and in the order it loads them, and knows nothing of
//! an image's numbers. A [`TypeBinding`] looks each name up once; a [`BoundFamily`] keeps for each of
//! the run-time's types the number that the family's table indexes by.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::family::FamilyView;
use super::grow::Growing;
use super::numbered::NumberedTuples;
use super::view::{GlobalType, ImageView};
use crate::format::layout::MAX_ARITY;
use crate::format::{AccessError, LocalType, OpenError, Outcome};

/// A type as the running process numbers it: from 0, in the order in which it loads its types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnType(pub u32);

/// Why own types cannot be bound, or a call on them has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The process never gave this number to a type. A name that the image does not know is no
    /// error: it is bound, to *other*.
    #[error("own type {own} was never bound, {bound_count} types are: push a type before it is used")]
    Unbound {
        /// The number.
        own: u32,
        /// How many numbers have a type.
        bound_count: u32,
    },
    /// All 32-bit numbers are given away.
    #[error("{bound_count} types are bound, and there are no numbers for more")]
    TooMany {
        /// How many numbers have a type.
        bound_count: u32,
    },
    /// A checked access failed.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The image's bytes are no image any more: somebody changed the file in place.
    #[error("the image cannot be used: {0}")]
    Image(OpenError),
}

/// Names one family of one binding in this process, and nothing else ever: the key of inline caches.
/// What is bound later has the larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyStamp(pub(super) u64);

/// Bits of a stamp that hold the family's row: rows of 64 bytes in a file below 4 GiB.
const FAMILY_BITS: u32 = 26;

/// A process's own types in one image. Grows while threads use it.
///
/// It belongs to the image that it was made of, so numbers of two images cannot be mixed up; after a
/// reload, bind again. Memory: 4 to 8 bytes for each type.
///
/// ```
/// use janus_cache::image::{DispatchImage, GlobalType};
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors/shared.jdi");
/// let image = DispatchImage::open(path.as_ref())?;
/// let binding = image.bind(["geo::Circle", "plugin::Blob"])?;
/// let circle = image.view()?.type_id("geo::Circle")?;
/// let square = binding.push("geo::Square")?;
/// assert_eq!(square.0, 2);
/// assert_eq!(binding.global(janus_cache::image::OwnType(0)), circle);
/// assert_eq!(binding.global(janus_cache::image::OwnType(1)), Some(GlobalType::OTHER));
/// assert_eq!(binding.global(janus_cache::image::OwnType(9)), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TypeBinding<'a> {
    image: ImageView<'a>,
    serial: u64,
    globals: Growing,
    /// Who holds it gives the next number away.
    bound_count: Mutex<u32>,
}

impl<'a> TypeBinding<'a> {
    /// A binding of no types yet.
    pub fn new(image: ImageView<'a>) -> Self {
        // From 1: an inline cache that has seen no family yet has stamp 0.
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        Self { image, serial, globals: Growing::new(), bound_count: Mutex::new(0) }
    }

    /// Gives the next number to the type of this qualified name, whether the image knows it or not.
    /// Cost: a binary search over the image's names, under a lock that calls do not take.
    pub fn push(&self, qualified: &str) -> Result<OwnType, BindError> {
        let global = self.image.type_id(qualified)?.unwrap_or(GlobalType::OTHER);
        // A panic cannot leave the count half changed.
        let mut bound_count = self.bound_count.lock().unwrap_or_else(PoisonError::into_inner);
        let own = *bound_count;
        let next = own.checked_add(1).ok_or(BindError::TooMany { bound_count: own })?;
        self.globals.set(own, global.0);
        *bound_count = next;
        Ok(OwnType(own))
    }

    /// How many types are bound: the next number.
    pub fn bound_count(&self) -> u32 {
        *self.bound_count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The image's number for an own type, [`GlobalType::OTHER`] where the image does not know its
    /// name; none where the number was never given away. Cost: two loads.
    #[inline]
    pub fn global(&self, own: OwnType) -> Option<GlobalType> {
        self.globals.get(own.0).map(GlobalType)
    }

    /// The image.
    pub const fn image(&self) -> &ImageView<'a> {
        &self.image
    }

    /// The family of this qualified name and arity, if there is one, ready for calls on own types.
    /// Bind a family once and share it. Cost: for each bound type a binary search over the types
    /// under the family's parameters, and 4 bytes, and as many again for each position where tuples
    /// have numbers; then up to 4,096 outcomes are read and kept too, 8 bytes each.
    pub fn family(&self, qualified: &str, arity: u8) -> Result<Option<BoundFamily<'_>>, BindError> {
        let Some(index) = self.image.family_index(qualified, arity)? else { return Ok(None) };
        let family = self.image.family_at(index)?;
        let first: Box<[u32]> = (0..self.bound_count())
            .map_while(|own| self.globals.get(own))
            .map(|global| family.local_type(GlobalType(global)).0)
            .collect();
        let numbered = NumberedTuples::new(&family, &first)?;
        let stamp = FamilyStamp(self.serial << FAMILY_BITS | u64::from(index));
        Ok(Some(BoundFamily { family, binding: self, first, numbered, later: Growing::new(), stamp }))
    }
}

/// One family, asked by a process's own type ids. Threads may share it.
///
/// Types that were pushed after the family was bound are looked up at their first call and kept: that
/// call may reserve memory, no other does.
///
/// ```
/// use janus_cache::image::{DispatchImage, OwnType};
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors/shared.jdi");
/// let image = DispatchImage::open(path.as_ref())?;
/// let binding = image.bind(["geo::Circle", "geo::Shape"])?;
/// let scale = binding.family("geo::scale", 2)?.ok_or("no such family")?;
/// let outcome = scale.dispatch(&[OwnType(0), OwnType(1)])?;
/// let circle = image.view()?.type_id("geo::Circle")?.ok_or("no such type")?;
/// let shape = image.view()?.type_id("geo::Shape")?.ok_or("no such type")?;
/// assert_eq!(outcome, scale.family().dispatch(&[circle, shape])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BoundFamily<'b> {
    family: FamilyView<'b>,
    binding: &'b TypeBinding<'b>,
    /// Local types of the own types that were bound first.
    first: Box<[u32]>,
    /// What their tuples are answered by.
    numbered: NumberedTuples,
    /// Local types of the types behind them, each from its first call on.
    later: Growing,
    stamp: FamilyStamp,
}

impl<'b> BoundFamily<'b> {
    /// The answer for one own type per position. Cost: a load for each position, and one for the
    /// outcome, where the family's optimizer numbers tuples and has at most 4,096; with more of them,
    /// reading a cell; without numbers, the core's dispatch. Allocates nothing, unless a type was pushed
    /// after the family was bound and is asked for the first time.
    #[inline]
    pub fn dispatch(&self, args: &[OwnType]) -> Result<Outcome, BindError> {
        match self.numbered.number_of(args) {
            Some(number) => match self.numbered.outcome(number) {
                Some(outcome) => Ok(outcome),
                None => Ok(self.family.core().outcome_of_tuple(number)?),
            },
            None => self.dispatch_by_locals(args),
        }
    }

    /// Apart, so that a call with a number does not make room for the answer of this one.
    #[inline(never)]
    fn dispatch_by_locals(&self, args: &[OwnType]) -> Result<Outcome, BindError> {
        match *args {
            [a] => self.ask(&[self.local(a)?]),
            [a, b] => self.ask(&[self.local(a)?, self.local(b)?]),
            [a, b, c] => self.ask(&[self.local(a)?, self.local(b)?, self.local(c)?]),
            _ => self.dispatch_many(args),
        }
    }

    #[inline]
    fn ask(&self, locals: &[LocalType]) -> Result<Outcome, BindError> {
        Ok(self.family.core().dispatch(locals)?)
    }

    #[inline(never)]
    fn dispatch_many(&self, args: &[OwnType]) -> Result<Outcome, BindError> {
        let mut locals = [LocalType::OTHER; MAX_ARITY];
        let Some(locals) = locals.get_mut(..args.len()) else {
            let (expected, found) = (self.family.arity(), args.len());
            return Err(AccessError::ArgumentCount { expected, found }.into());
        };
        for (local, own) in locals.iter_mut().zip(args) {
            *local = self.local(*own)?;
        }
        self.ask(locals)
    }

    /// The family's number for an own type; [`LocalType::OTHER`] where the type is under none of the
    /// family's parameters. Cost: a load.
    #[inline]
    pub fn local(&self, own: OwnType) -> Result<LocalType, BindError> {
        match self.first.get(own.0 as usize) {
            Some(local) => Ok(LocalType(*local)),
            None => self.local_of_later(own),
        }
    }

    fn local_of_later(&self, own: OwnType) -> Result<LocalType, BindError> {
        let index = own.0.wrapping_sub(self.first.len() as u32);
        if let Some(local) = self.later.get(index) {
            return Ok(LocalType(local));
        }
        let global = self.binding.global(own);
        let bound_count = || self.binding.bound_count();
        let global = global.ok_or_else(|| BindError::Unbound { own: own.0, bound_count: bound_count() })?;
        let local = self.family.local_type(global);
        self.later.set(index, local.0);
        Ok(local)
    }

    /// The family as the image has it: entries, places, names.
    pub const fn family(&self) -> &FamilyView<'b> {
        &self.family
    }

    /// What inline caches know this family by.
    #[inline]
    pub const fn stamp(&self) -> FamilyStamp {
        self.stamp
    }
}
