//! How a method is chosen among those that apply.

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
    /// The word that stands in keys, headers' printouts and corpora.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
        }
    }
}
