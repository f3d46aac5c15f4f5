//! The last answers of one call site, kept beside it: most sites see one tuple of types, nearly all
//! others a few.

use super::bind::{BindError, BoundFamily, FamilyStamp, OwnType};
use crate::format::Outcome;

/// How the calls of one site were answered. The three together are the calls that had an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// By the cache.
    pub hits: u64,
    /// By the table, and kept.
    pub misses: u64,
    /// By the table, after the site had seen more tuples than it keeps.
    pub megamorphic: u64,
}

/// The answers that one call site of one thread keeps: for one tuple first, then for up to `ENTRIES`;
/// a site that sees more asks the table from then on.
///
/// An answer is kept for the family that gave it, by its [`FamilyStamp`]: a cache that is asked with
/// another family, or with the same of a newer image, forgets all and starts again. Only answers are
/// kept, never errors. Memory: 8 bytes and 4 for each position an entry, inside the value; nothing is
/// ever reserved.
///
/// ```
/// use janus_cache::image::{DispatchImage, InlineCache, OwnType};
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors/shared.jdi");
/// let image = DispatchImage::open(path.as_ref())?;
/// let binding = image.bind(["geo::Circle", "geo::Shape"])?;
/// let scale = binding.family("geo::scale", 2)?.ok_or("no such family")?;
/// let mut site = InlineCache::<2>::new();
/// for _ in 0..10 {
///     let outcome = site.dispatch(&scale, &[OwnType(0), OwnType(1)])?;
///     assert_eq!(outcome, scale.dispatch(&[OwnType(0), OwnType(1)])?);
/// }
/// assert_eq!((site.counts().hits, site.counts().misses), (9, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct InlineCache<const ARITY: usize, const ENTRIES: usize = 8> {
    stamp: Option<FamilyStamp>,
    is_megamorphic: bool,
    /// How many entries are in use; 0 where the site is megamorphic.
    used: usize,
    entries: [([OwnType; ARITY], Outcome); ENTRIES],
    counts: CallCounts,
}

impl<const ARITY: usize, const ENTRIES: usize> InlineCache<ARITY, ENTRIES> {
    /// A site that was never called.
    pub const fn new() -> Self {
        Self {
            stamp: None,
            is_megamorphic: false,
            used: 0,
            entries: [([OwnType(0); ARITY], Outcome::NoMethod); ENTRIES],
            counts: CallCounts { hits: 0, misses: 0, megamorphic: 0 },
        }
    }

    /// As [`BoundFamily::dispatch`]. Cost of a hit: one comparison for the first tuple
    /// of the site, one for each entry for the others.
    #[inline]
    pub fn dispatch(
        &mut self,
        family: &BoundFamily<'_>,
        args: &[OwnType; ARITY],
    ) -> Result<Outcome, BindError> {
        if self.stamp == Some(family.stamp()) {
            // One tuple, the commonest case, is one branch that the processor foresees. Which of eight
            // it will be, it does not, so those are compared without a branch for each.
            let found = match self.entries.first() {
                Some((kept, _)) if is_same(kept, args) => 0,
                _ => self.place_of(args),
            };
            if found < self.used
                && let Some((_, outcome)) = self.entries.get(found)
            {
                self.counts.hits += 1;
                return Ok(*outcome);
            }
            if self.is_megamorphic {
                let outcome = family.dispatch(args)?;
                self.counts.megamorphic += 1;
                return Ok(outcome);
            }
        }
        self.ask(family, args)
    }

    /// The lowest entry that has these types; the number of entries where none has. Entries that are
    /// not in use lie behind those that are, so they are found only where no other is.
    #[inline]
    fn place_of(&self, args: &[OwnType; ARITY]) -> usize {
        let places = self.entries.iter().enumerate().rev();
        places.fold(ENTRIES, |found, (at, (kept, _))| if is_same(kept, args) { at } else { found })
    }

    #[inline(never)]
    fn ask(&mut self, family: &BoundFamily<'_>, args: &[OwnType; ARITY]) -> Result<Outcome, BindError> {
        if self.stamp != Some(family.stamp()) {
            (self.stamp, self.used, self.is_megamorphic) = (Some(family.stamp()), 0, false);
        }
        let outcome = family.dispatch(args)?;
        if let Some(entry) = self.entries.get_mut(self.used) {
            *entry = (*args, outcome);
            self.used += 1;
            self.counts.misses += 1;
        } else {
            (self.used, self.is_megamorphic) = (0, true);
            self.counts.megamorphic += 1;
        }
        Ok(outcome)
    }

    /// How the calls so far were answered; forgetting changes it not.
    pub const fn counts(&self) -> CallCounts {
        self.counts
    }

    /// Whether the site has seen more tuples than it keeps, since it was asked with this family.
    pub const fn is_megamorphic(&self) -> bool {
        self.is_megamorphic
    }
}

/// Compares without a branch for each position.
#[inline]
fn is_same<const ARITY: usize>(kept: &[OwnType; ARITY], args: &[OwnType; ARITY]) -> bool {
    kept.iter().zip(args).fold(0, |differing, (kept, own)| differing | (kept.0 ^ own.0)) == 0
}

impl<const ARITY: usize, const ENTRIES: usize> Default for InlineCache<ARITY, ENTRIES> {
    fn default() -> Self {
        Self::new()
    }
}
