//! The last answers of a call site that several threads run.
//!
//! Each entry is a sequence lock over atomics. A writer makes the sequence odd, writes, and makes it
//! even again; a reader takes an entry only if the sequence was even before and is the same after. Why
//! a reader never takes half of one write and half of another:
//!
//! 1. If it saw a word of a write, the writer's fence, which stands before that word, is ordered
//!    before the reader's fence, which stands behind its reads. So its second look at the sequence
//!    sees the odd number of that write, or a later one.
//! 2. If its first look saw the even number of a write, it sees every word of that write, or of a
//!    later one, which 1 refuses.
//!
//! Nobody waits: a reader that is refused asks the table, and a writer that finds another at work
//! keeps nothing. The tests run this code under every order that the memory model allows, with `loom`.

#[cfg(test)]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(test))]
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use super::bind::{BindError, BoundFamily, FamilyStamp, OwnType};
use crate::format::{EntryId, Outcome};

/// As [`InlineCache`](super::InlineCache), for a site that several threads run. No call ever waits.
///
/// Where threads use two generations of one family, as during a reload, the newer one keeps its
/// answers and the older asks its table. Hits are not counted: a counter that each call writes would
/// cost more than the call, since the processors would have to pass it around.
///
/// ```
/// use janus_cache::image::{DispatchImage, OwnType, SharedInlineCache};
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors/shared.jdi");
/// let image = DispatchImage::open(path.as_ref())?;
/// let binding = image.bind(["geo::Circle"])?;
/// let draw = binding.family("geo::draw", 1)?.ok_or("no such family")?;
/// let site = SharedInlineCache::<1>::new();
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| assert_eq!(site.dispatch(&draw, &[OwnType(0)]), draw.dispatch(&[OwnType(0)])));
///     }
/// });
/// assert!((1..=2).contains(&site.misses()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SharedInlineCache<const ARITY: usize, const ENTRIES: usize = 8> {
    entries: [Entry<ARITY>; ENTRIES],
    /// Stamp of the family for which the entries did not suffice; 0 at first.
    megamorphic_for: AtomicU64,
    misses: AtomicU64,
}

#[derive(Debug)]
struct Entry<const ARITY: usize> {
    /// Odd while somebody writes. 2⁶³ writes do not happen, so no number comes twice.
    sequence: AtomicU64,
    /// 0 where the entry was never written.
    stamp: AtomicU64,
    outcome: AtomicU64,
    args: [AtomicU32; ARITY],
}

impl<const ARITY: usize, const ENTRIES: usize> SharedInlineCache<ARITY, ENTRIES> {
    /// A site that was never called.
    pub fn new() -> Self {
        Self {
            entries: std::array::from_fn(|_| Entry::new()),
            megamorphic_for: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// As [`BoundFamily::dispatch`]. Cost of a hit: five loads for the first tuple of the site, three
    /// more for each entry for the others; nothing is written.
    #[inline]
    pub fn dispatch(&self, family: &BoundFamily<'_>, args: &[OwnType; ARITY]) -> Result<Outcome, BindError> {
        let stamp = family.stamp();
        if self.megamorphic_for.load(Ordering::Relaxed) == stamp.0 {
            return family.dispatch(args);
        }
        // As in `InlineCache`: the first entry by a branch, the others without one for each. What the
        // search finds is a guess, since nothing holds the entries still; `read` proves it.
        if let Some(first) = self.entries.first()
            && let Found::This(outcome) = first.read(stamp, args)
        {
            return Ok(outcome);
        }
        let places = self.entries.iter().enumerate().rev();
        let likely =
            places.fold(ENTRIES, |found, (at, entry)| if entry.may_hold(stamp, args) { at } else { found });
        if let Some(entry) = self.entries.get(likely)
            && let Found::This(outcome) = entry.read(stamp, args)
        {
            return Ok(outcome);
        }
        self.ask(family, args)
    }

    #[inline(never)]
    fn ask(&self, family: &BoundFamily<'_>, args: &[OwnType; ARITY]) -> Result<Outcome, BindError> {
        let outcome = family.dispatch(args)?;
        self.misses.fetch_add(1, Ordering::Relaxed);
        self.keep(family.stamp(), args, outcome);
        Ok(outcome)
    }

    fn keep(&self, stamp: FamilyStamp, args: &[OwnType; ARITY], outcome: Outcome) {
        for entry in &self.entries {
            if entry.write(stamp, args, outcome) != Kept::Occupied {
                return;
            }
            // Another thread may have kept the same, or be about to: twice it would take two places.
            if entry.read(stamp, args) != Found::Other {
                return;
            }
        }
        // The largest: an older generation must not make the newer one search again.
        self.megamorphic_for.fetch_max(stamp.0, Ordering::Relaxed);
    }

    /// Calls that the table answered before the site became megamorphic.
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Whether the site has seen more tuples of this family than it keeps; then each call asks the
    /// table.
    pub fn is_megamorphic(&self, family: &BoundFamily<'_>) -> bool {
        self.megamorphic_for.load(Ordering::Relaxed) == family.stamp().0
    }
}

impl<const ARITY: usize, const ENTRIES: usize> Default for SharedInlineCache<ARITY, ENTRIES> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a reader found in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The outcome for this family and these types.
    This(Outcome),
    /// Something else, or nothing yet.
    Other,
    /// Somebody wrote meanwhile.
    Torn,
}

/// What became of an attempt to keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Yes,
    /// Another thread was at work on the entry.
    Contended,
    /// The entry belongs to this family or to a newer one.
    Occupied,
}

impl<const ARITY: usize> Entry<ARITY> {
    fn new() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            stamp: AtomicU64::new(0),
            outcome: AtomicU64::new(0),
            args: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }

    /// Whether the entry had these words one after the other, perhaps of several writes.
    #[inline]
    fn may_hold(&self, stamp: FamilyStamp, args: &[OwnType; ARITY]) -> bool {
        let types = self.args.iter().zip(args);
        let differing = types.fold(0, |bits, (kept, own)| bits | (kept.load(Ordering::Relaxed) ^ own.0));
        u64::from(differing) | (self.stamp.load(Ordering::Relaxed) ^ stamp.0) == 0
    }

    /// What the entry holds of this family and these types.
    #[inline]
    fn read(&self, stamp: FamilyStamp, args: &[OwnType; ARITY]) -> Found {
        let before = self.sequence.load(Ordering::Acquire);
        let is_it = self.may_hold(stamp, args);
        let outcome = self.outcome.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if !before.is_multiple_of(2) || self.sequence.load(Ordering::Relaxed) != before {
            return Found::Torn;
        }
        if is_it { Found::This(outcome_of(outcome)) } else { Found::Other }
    }

    /// Keeps an answer, unless that would drop one of the same family or of a newer one.
    fn write(&self, stamp: FamilyStamp, args: &[OwnType; ARITY], outcome: Outcome) -> Kept {
        // Stamps of an entry only grow, so an old look at one can err in one way, and the second look
        // below is exact.
        if self.stamp.load(Ordering::Relaxed) >= stamp.0 {
            return Kept::Occupied;
        }
        let before = self.sequence.load(Ordering::Relaxed);
        let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
        let is_ours = before.is_multiple_of(2)
            && self.sequence.compare_exchange(before, before + 1, acquire, relaxed).is_ok();
        if !is_ours {
            return Kept::Contended;
        }
        if self.stamp.load(Ordering::Relaxed) >= stamp.0 {
            // Nothing was written, so whoever read meanwhile read what is still there.
            self.sequence.store(before, Ordering::Release);
            return Kept::Occupied;
        }
        fence(Ordering::Release);
        self.stamp.store(stamp.0, Ordering::Relaxed);
        self.outcome.store(code_of(outcome), Ordering::Relaxed);
        for (kept, own) in self.args.iter().zip(args) {
            kept.store(own.0, Ordering::Relaxed);
        }
        self.sequence.store(before + 2, Ordering::Release);
        Kept::Yes
    }
}

const NO_METHOD: u64 = 1 << 32;
const AMBIGUOUS: u64 = 2 << 32;

fn code_of(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Method(entry) => u64::from(entry.0),
        Outcome::NoMethod => NO_METHOD,
        Outcome::Ambiguous => AMBIGUOUS,
    }
}

#[inline]
fn outcome_of(code: u64) -> Outcome {
    match code {
        NO_METHOD => Outcome::NoMethod,
        AMBIGUOUS => Outcome::Ambiguous,
        entry => Outcome::Method(EntryId(entry as u32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    const OLD: FamilyStamp = FamilyStamp(1);
    const NEW: FamilyStamp = FamilyStamp(2);

    fn tuple(number: u32) -> [OwnType; 1] {
        [OwnType(number)]
    }

    /// The only right answer for a tuple in a generation.
    fn answer(stamp: FamilyStamp, number: u32) -> Outcome {
        Outcome::Method(EntryId(stamp.0 as u32 * 10 + number))
    }

    #[test]
    fn an_outcome_survives_its_code() {
        let all = [Outcome::NoMethod, Outcome::Ambiguous];
        for outcome in all.into_iter().chain([0, 1, u32::MAX].map(|at| Outcome::Method(EntryId(at)))) {
            assert_eq!(outcome_of(code_of(outcome)), outcome);
        }
    }

    #[test]
    fn in_every_order_a_reader_gets_the_answer_to_its_question_or_none() {
        // The old answer and the new one are there in turn; of the other two nobody ever heard.
        for (stamp, number) in [(OLD, 1), (NEW, 2), (OLD, 2), (NEW, 1)] {
            loom::model(move || {
                let entry = Arc::new(Entry::<1>::new());
                assert_eq!(entry.write(OLD, &tuple(1), answer(OLD, 1)), Kept::Yes);
                let writer = Arc::clone(&entry);
                let writing = thread::spawn(move || writer.write(NEW, &tuple(2), answer(NEW, 2)));
                let was_given = [(OLD, 1), (NEW, 2)].contains(&(stamp, number));
                let found = entry.read(stamp, &tuple(number));
                let is_right = was_given && found == Found::This(answer(stamp, number));
                assert!(is_right || matches!(found, Found::Other | Found::Torn), "{found:?}");
                assert_eq!(writing.join().expect("the writer ends"), Kept::Yes);
                assert_eq!(entry.read(NEW, &tuple(2)), Found::This(answer(NEW, 2)));
            });
        }
    }

    #[test]
    fn in_every_order_of_two_writers_the_newer_generation_stays() {
        loom::model(|| {
            let entry = Arc::new(Entry::<1>::new());
            let older = Arc::clone(&entry);
            let writing = thread::spawn(move || older.write(OLD, &tuple(1), answer(OLD, 1)));
            let newer = entry.write(NEW, &tuple(1), answer(NEW, 1));
            let older = writing.join().expect("the writer ends");
            let left = [OLD, NEW].map(|stamp| entry.read(stamp, &tuple(1)));
            match (older, newer) {
                (_, Kept::Yes) => assert_eq!(left, [Found::Other, Found::This(answer(NEW, 1))]),
                (Kept::Yes, Kept::Contended) => assert_eq!(left, [Found::This(answer(OLD, 1)), Found::Other]),
                other => panic!("one of two writers gets through: {other:?}"),
            }
        });
    }

    #[test]
    fn in_every_order_two_threads_that_ask_the_same_take_one_place() {
        loom::model(|| {
            let site = Arc::new(SharedInlineCache::<1, 1>::new());
            let other = Arc::clone(&site);
            let asking = thread::spawn(move || other.keep(NEW, &tuple(1), answer(NEW, 1)));
            site.keep(NEW, &tuple(1), answer(NEW, 1));
            asking.join().expect("the other ends");
            assert_eq!(site.megamorphic_for.load(Ordering::Relaxed), 0);
            site.keep(NEW, &tuple(2), answer(NEW, 2));
            assert_eq!(site.megamorphic_for.load(Ordering::Relaxed), NEW.0);
        });
    }
}
