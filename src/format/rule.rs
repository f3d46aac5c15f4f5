//! How a method is chosen among those that apply, as a number in the file and a word in print.

/// A resolution rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Janus: a method is selected if it applies and every other applicable method is at most as
    /// specific in every position; several applicable but none such is an ambiguity.
    #[default]
    Symmetric,
}

impl Rule {
    /// The word that stands in keys, printouts and corpora.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
        }
    }

    /// The number that stands in the header.
    pub const fn code(self) -> u8 {
        match self {
            Self::Symmetric => 1,
        }
    }

    /// The rule behind a header's number, if this version knows it.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Symmetric),
            _ => None,
        }
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
}

impl Optimization {
    /// Every optimization of this version, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Single, Self::Linear, Self::DecisionDag];

    /// The word that is printed and taken by `--optimizer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Linear => "linear",
            Self::DecisionDag => "dag",
        }
    }

    /// The number that stands in the header.
    pub const fn code(self) -> u8 {
        match self {
            Self::Single => 1,
            Self::Linear => 2,
            Self::DecisionDag => 3,
        }
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
        assert_eq!(Rule::from_code(Rule::Symmetric.code()), Some(Rule::Symmetric));
        assert_eq!((Rule::from_code(0), Optimization::from_code(0)), (None, None));
    }
}
