//! The answer from the entries alone: slower than an optimizer's sections, and always there.

use super::core::{DispatchCore, EntryId, LocalType, Outcome};
use super::error::AccessError;
use super::layout::ENTRY_DEFAULT;
use super::logical::ParamRef;
use super::rule_data::{Ranks, RuleView};

impl DispatchCore<'_> {
    /// Entries that apply to `args`, in file order: most specific first.
    pub fn applicable<'b>(
        &'b self,
        args: &'b [LocalType],
    ) -> impl Iterator<Item = Result<EntryId, AccessError>> + 'b {
        (0..self.entry_count).filter_map(move |entry| match self.applies(entry, args) {
            Ok(true) => Some(Ok(EntryId(entry))),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }

    /// The one selected entry, or the candidates of an ambiguity: under rule `symmetric` those that
    /// apply while no strictly more specific one does, under `levels` those of the first level on
    /// which any applies, under a custom rule all that apply. Quadratic in the number of entries: for
    /// messages.
    pub fn candidates(&self, args: &[LocalType]) -> Result<Vec<EntryId>, AccessError> {
        let applicable: Vec<EntryId> = self.applicable(args).collect::<Result<_, _>>()?;
        match self.rule_view() {
            RuleView::Custom { .. } => Ok(applicable),
            RuleView::Symmetric => {
                let mut candidates = Vec::new();
                for entry in &applicable {
                    // An entry that beats another has a smaller specificity, so it stands before it.
                    let mut beaten = false;
                    for earlier in applicable.iter().take_while(|earlier| earlier.0 < entry.0) {
                        beaten |= self.beats(earlier.0, entry.0)?;
                    }
                    if !beaten {
                        candidates.push(*entry);
                    }
                }
                Ok(candidates)
            }
            RuleView::Precedence { argument_order, ranks } => {
                Ok(self.nearest(args, argument_order, &ranks)?.map(EntryId).into_iter().collect())
            }
            RuleView::Levels { .. } => {
                let Some(first) = applicable.first() else { return Ok(applicable) };
                let level = self.level(first.0);
                let same: Vec<EntryId> =
                    applicable.iter().copied().filter(|entry| self.level(entry.0) == level).collect();
                let mut defaults = same.iter().filter(|entry| self.is_default(entry.0));
                match (defaults.next(), defaults.next()) {
                    (Some(only), None) => Ok(vec![*only]),
                    _ => Ok(same),
                }
            }
        }
    }

    /// Tests the entries in file order.
    #[inline(never)]
    pub(super) fn scan(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        let outcome = match self.rule_view() {
            RuleView::Symmetric => self.scan_symmetric(args)?,
            RuleView::Precedence { argument_order, ranks } => {
                let nearest = self.nearest(args, argument_order, &ranks)?;
                nearest.map_or(Outcome::NoMethod, |entry| Outcome::Method(EntryId(entry)))
            }
            RuleView::Levels { .. } => self.scan_levels(args)?,
            // `new` refuses a custom rule without an optimizer's section.
            RuleView::Custom { .. } => return Err(AccessError::UnknownRule { found: 255 }),
        };
        // An argument outside the table is the caller's mistake even where no entry looks at it.
        let mut unknown = args.iter().filter(|local| local.0 >= self.type_count);
        match unknown.find(|local| **local != LocalType::OTHER) {
            Some(local) => Err(self.type_outside(*local)),
            None => Ok(outcome),
        }
    }

    /// The first entry that applies has nothing more specific that applies, because entries stand
    /// in specificity order; it is selected if it beats all others that apply.
    fn scan_symmetric(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        let mut first = None;
        for entry in 0..self.entry_count {
            if !self.applies(entry, args)? {
                continue;
            }
            match first {
                None => first = Some(entry),
                Some(selected) if !self.beats(selected, entry)? => return Ok(Outcome::Ambiguous),
                Some(_) => {}
            }
        }
        Ok(first.map_or(Outcome::NoMethod, |entry| Outcome::Method(EntryId(entry))))
    }

    /// Entries stand in the order of their levels, so the first that applies tells the level.
    fn scan_levels(&self, args: &[LocalType]) -> Result<Outcome, AccessError> {
        let (mut first, mut count, mut default, mut default_count) = (None, 0_u32, None, 0_u32);
        for entry in 0..self.entry_count {
            if first.is_some_and(|first| self.level(entry) != self.level(first)) {
                break;
            }
            if !self.applies(entry, args)? {
                continue;
            }
            first = first.or(Some(entry));
            count += 1;
            if self.is_default(entry) {
                default = Some(entry);
                default_count += 1;
            }
        }
        Ok(match (first, count, default, default_count) {
            (None, ..) => Outcome::NoMethod,
            (Some(only), 1, ..) | (_, _, Some(only), 1) => Outcome::Method(EntryId(only)),
            _ => Outcome::Ambiguous,
        })
    }

    /// Of the entries that apply, the one whose parameters stand earliest in the lists of the
    /// arguments' types, positions compared in `argument_order`.
    fn nearest(
        &self,
        args: &[LocalType],
        argument_order: &[u8],
        ranks: &Ranks<'_>,
    ) -> Result<Option<u32>, AccessError> {
        let mut best: Option<u32> = None;
        for entry in 0..self.entry_count {
            if !self.applies(entry, args)? {
                continue;
            }
            let Some(selected) = best else {
                best = Some(entry);
                continue;
            };
            let (ours, theirs) = (self.pattern_row(entry)?, self.pattern_row(selected)?);
            for position in argument_order.iter().map(|position| usize::from(*position)) {
                let rank =
                    |row: &[zerocopy::little_endian::U16]| match (args.get(position), row.get(position)) {
                        (Some(local), Some(param)) => ranks.rank(*local, ParamRef(param.get())),
                        _ => Ok(0),
                    };
                let (ours, theirs) = (rank(ours)?, rank(theirs)?);
                if ours != theirs {
                    best = Some(if ours < theirs { entry } else { selected });
                    break;
                }
            }
        }
        Ok(best)
    }

    fn level(&self, entry: u32) -> u32 {
        self.entry_row(entry).map_or(u32::MAX, |row| row.specificity.get())
    }

    fn is_default(&self, entry: u32) -> bool {
        self.entry_row(entry).is_some_and(|row| row.flags.get() & ENTRY_DEFAULT != 0)
    }

    fn applies(&self, entry: u32, args: &[LocalType]) -> Result<bool, AccessError> {
        for (param, local) in self.pattern_row(entry)?.iter().zip(args) {
            if !self.is_below(*local, ParamRef(param.get()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether every parameter of `winner` is `other`'s or a subtype of it.
    fn beats(&self, winner: u32, other: u32) -> Result<bool, AccessError> {
        for (lower, upper) in self.pattern_row(winner)?.iter().zip(self.pattern_row(other)?) {
            let (lower, upper) = (ParamRef(lower.get()), ParamRef(upper.get()));
            let local = match lower.ordinal() {
                Some(ordinal) => self.param_type(ordinal)?,
                None => LocalType::OTHER,
            };
            if !self.is_below(local, upper)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
