//! A set of small numbers, a bit for each: 100,000 fit into a processor's nearest cache.

/// Numbers below a count.
#[derive(Clone, Debug)]
pub(super) struct BitSet {
    words: Vec<u64>,
    /// No word before this one has a bit: where [`Self::take_first`] stopped.
    first_word: usize,
}

impl BitSet {
    pub(super) fn new(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)], first_word: 0 }
    }

    /// Whether the number was not in the set, and now is. One beyond the last word is never in it; one
    /// before a number that was taken is not taken any more.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let Some(word) = self.words.get_mut(number as usize / 64) else { return false };
        let bit = 1 << (number % 64);
        // Written only where it is new: a store would hold up the next look at the same word.
        let is_new = *word & bit == 0;
        if is_new {
            *word |= bit;
        }
        is_new
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// Takes the smallest number out.
    pub(super) fn take_first(&mut self) -> Option<u32> {
        loop {
            let word = self.words.get_mut(self.first_word)?;
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(self.first_word as u32 * 64 + bit);
            }
            self.first_word += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_once_each_in_ascending_order() {
        let mut set = BitSet::new(200);
        assert_eq!([130, 63, 64, 63, 0].map(|number| set.insert(number)), [true, true, true, false, true]);
        assert!(set.contains(63) && !set.contains(62));
        assert_eq!((set.take_first(), set.take_first()), (Some(0), Some(63)));
        // Behind those that were taken, numbers may still come in.
        assert!(set.insert(199));
        assert_eq!(std::iter::from_fn(|| set.take_first()).collect::<Vec<_>>(), [64, 130, 199]);
    }

    #[test]
    fn a_number_beyond_the_set_is_never_in_it() {
        let mut set = BitSet::new(1);
        assert!(!set.insert(64) && !set.insert(u32::MAX) && !set.contains(64));
        assert_eq!(set.take_first(), None);
    }
}
