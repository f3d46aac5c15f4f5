//! How a method is chosen among those that apply, as a number in the file and a word in print.

use super::error::Tag;
use super::layout::{DDAG, MTRX, PHSH};

/// A resolution rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Janus: a method is selected if it applies and every other applicable method is at most as
    /// specific in every position; several applicable but none such is an ambiguity.
    #[default]
    Symmetric,
    /// CLOS: positions are compared one after the other; at the first where two parameters differ,
    /// the one that stands earlier in the list of the argument's type wins. Never ambiguous.
    Precedence,
    /// Rakudo: methods stand on levels; the first level on which one applies decides.
    Levels,
    /// An embedding compiler's own: only its optimizer's sections know the answers.
    Custom,
}

impl Rule {
    /// Every rule of this version, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Symmetric, Self::Precedence, Self::Levels, Self::Custom];

    /// The word that stands in keys, printouts and corpora.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::Precedence => "precedence",
            Self::Levels => "levels",
            Self::Custom => "custom",
        }
    }

    /// The number that stands in the header.
    pub const fn code(self) -> u8 {
        match self {
            Self::Symmetric => 1,
            Self::Precedence => 2,
            Self::Levels => 3,
            Self::Custom => 255,
        }
    }

    /// The rule behind a header's number, if this version knows it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// How a table's bytes find the selected entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Optimization {
    /// One entry: test it.
    Single,
    /// Test the entries in specificity order.
    Linear,
    /// Walk a decision DAG over classes of types.
    DecisionDag,
    /// Look into a matrix with a cell for each tuple of classes.
    Matrix,
    /// Look into a perfect hash of the tuples of classes that have an outcome.
    Hash,
}

impl Optimization {
    /// Every optimization of this version, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Single, Self::Linear, Self::DecisionDag, Self::Matrix, Self::Hash];

    /// The word that is printed and taken by `--optimizer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Linear => "linear",
            Self::DecisionDag => "dag",
            Self::Matrix => "matrix",
            Self::Hash => "hash",
        }
    }

    /// The number that stands in the header.
    pub const fn code(self) -> u8 {
        match self {
            Self::Single => 1,
            Self::Linear => 2,
            Self::DecisionDag => 3,
            Self::Matrix => 4,
            Self::Hash => 5,
        }
    }

    /// The section that holds its answers, if it has one beside the classes.
    pub(crate) const fn section(self) -> Option<Tag> {
        match self {
            Self::Single | Self::Linear => None,
            Self::DecisionDag => Some(DDAG),
            Self::Matrix => Some(MTRX),
            Self::Hash => Some(PHSH),
        }
    }

    /// Whether sections of its own hold the answers, so that the entries need not be scanned.
    pub const fn is_walked(self) -> bool {
        self.section().is_some()
    }

    /// The optimization behind a header's number, if this version knows it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back_and_unknown_codes_do_not() {
        for known in Optimization::ALL {
            assert_eq!(Optimization::from_code(known.code()), Some(known));
        }
        for known in Rule::ALL {
            assert_eq!(Rule::from_code(known.code()), Some(known));
        }
        assert_eq!((Rule::from_code(0), Optimization::from_code(0)), (None, None));
    }
}
