//! Small sets of methods, as bits.

/// A set of numbers below the size it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MethodSet(Box<[u64]>);

impl MethodSet {
    /// No member, room for `size`.
    pub(crate) fn empty(size: usize) -> Self {
        Self(vec![0; Self::words_for(size)].into_boxed_slice())
    }

    /// Every number below `size`.
    pub(crate) fn full(size: usize) -> Self {
        let mut words = vec![u64::MAX; Self::words_for(size)];
        if let Some(last) = words.last_mut()
            && !size.is_multiple_of(64)
        {
            *last = (1 << (size % 64)) - 1;
        }
        Self(words.into_boxed_slice())
    }

    pub(crate) fn insert(&mut self, member: usize) {
        self.0[member / 64] |= 1 << (member % 64);
    }

    /// Keeps only what is in `other`, too.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours &= theirs;
        }
    }

    /// Leaves out what is in `other`.
    pub(crate) fn remove_all(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours &= !theirs;
        }
    }

    pub(crate) fn has(&self, member: usize) -> bool {
        self.0[member / 64] >> (member % 64) & 1 == 1
    }

    /// Members as bits, 64 a word, the first one lowest.
    pub(crate) fn words(&self) -> &[u64] {
        &self.0
    }

    /// How many words a set of this size has.
    pub(crate) const fn words_for(size: usize) -> usize {
        size.div_ceil(64)
    }

    /// Members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        members(&self.0)
    }
}

impl From<&[u64]> for MethodSet {
    fn from(words: &[u64]) -> Self {
        Self(words.into())
    }
}

/// The members of a set that is given by its words, ascending.
pub(crate) fn members(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(index, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            if rest == 0 {
                return None;
            }
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            Some(index * 64 + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_back_in_order_across_words() {
        let mut set = MethodSet::empty(130);
        for member in [129, 0, 64] {
            set.insert(member);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 64, 129]);
        assert_eq!((set.has(64), set.has(63)), (true, false));
        let mut rest = MethodSet::full(130);
        rest.remove_all(&set);
        assert_eq!(rest.iter().count(), 127);
        assert!(!rest.has(129) && rest.has(128));
    }

    #[test]
    fn a_full_set_has_every_member_and_no_other() {
        for size in [0, 1, 63, 64, 65, 130] {
            let full = MethodSet::full(size);
            assert_eq!(full.iter().collect::<Vec<_>>(), (0..size).collect::<Vec<_>>());
            assert_eq!(full.words().len(), MethodSet::words_for(size));
        }
    }
}
