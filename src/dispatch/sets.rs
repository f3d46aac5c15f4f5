//! Small sets of methods, as bits.

/// A set of numbers below the size it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MethodSet(Box<[u64]>);

impl MethodSet {
    /// No member, room for `size`.
    pub(crate) fn empty(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)].into_boxed_slice())
    }

    /// Every number below `size`.
    pub(crate) fn full(size: usize) -> Self {
        let mut all = Self::empty(size);
        (0..size).for_each(|member| all.insert(member));
        all
    }

    pub(crate) fn insert(&mut self, member: usize) {
        self.0[member / 64] |= 1 << (member % 64);
    }

    pub(crate) fn contains(&self, member: usize) -> bool {
        self.0[member / 64] >> (member % 64) & 1 == 1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// Takes in what is in `other`.
    pub(crate) fn unite(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours |= theirs;
        }
    }

    /// Keeps only what is in `other`, too.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours &= theirs;
        }
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    /// Members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
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
        assert_eq!((set.contains(64), set.contains(63)), (true, false));
        assert!(set.is_subset(&MethodSet::full(130)) && !MethodSet::full(130).is_subset(&set));
        assert_eq!(set.intersection(&MethodSet::empty(130)), MethodSet::empty(130));
        assert!(MethodSet::empty(130).is_empty());
    }
}
