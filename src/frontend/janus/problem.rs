//! What a scan found wrong in a text, before it has a place and words.

/// The kind of a problem; its diagnostic's code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ProblemKind {
    /// A character that begins no token.
    Character,
    /// A string that does not end.
    OpenText,
    /// A block comment that does not end.
    OpenComment,
    /// A character literal that does not end.
    OpenCharacter,
    /// A token that no declaration has there.
    Unexpected,
    /// A block without its end.
    OpenBlock,
    /// A type that nests deeper than the limit.
    DeepType,
}

/// A problem between two byte offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Problem {
    pub(super) kind: ProblemKind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// What should have stood there.
    pub(super) expected: Option<String>,
}

impl ProblemKind {
    /// Stable name of the diagnostic.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Character => "unexpected-character",
            Self::OpenText => "unterminated-string",
            Self::OpenComment => "unterminated-comment",
            Self::OpenCharacter => "unterminated-character",
            Self::Unexpected => "unexpected-token",
            Self::OpenBlock => "unclosed-block",
            Self::DeepType => "type-too-deep",
        }
    }
}
