//! Why a table is reused or built, so that nobody has to guess.

use std::fmt;

use super::table::MissCause;
use crate::key::InputChange;

/// Why a step of a plan is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The question is that of the last build, and the cache has its answer.
    Unchanged,
    /// The project has no last build here, and the cache has the answer all the same: from another
    /// checkout, or from before the state was lost.
    KnownAnswer,
    /// The question is another one than at the last build, and was answered before: an edit that was
    /// taken back, a branch that was visited.
    AnsweredBefore(Change),
    /// The project has no last build here.
    FirstBuild,
    /// The family did not exist at the last build.
    NewFamily(Change),
    /// The question is another one than at the last build.
    QuestionChanged(Change),
    /// The question is that of the last build, and the cache cannot answer it any more.
    AnswerGone(MissCause),
    /// Hits are ignored by request.
    Recache,
    /// There is no cache to ask.
    NoCache(MissCause),
    /// The cache has an answer, and building gave another one.
    Mismatch(MissCause),
}

/// What changed in a question, and where that came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The inputs that differ, with old and new value. Empty where the old ones are not known.
    pub inputs: Vec<InputChange>,
    /// Files whose change explains it, each with how it changed: `src/shape.jan changed`.
    pub because: Vec<String>,
}

impl Reason {
    /// A stable kebab-case word, used in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::KnownAnswer => "known-answer",
            Self::AnsweredBefore(_) => "answered-before",
            Self::FirstBuild => "first-build",
            Self::NewFamily(_) => "new-family",
            Self::QuestionChanged(_) => "question-changed",
            Self::AnswerGone(_) => "answer-gone",
            Self::Recache => "recache",
            Self::NoCache(_) => "no-cache",
            Self::Mismatch(_) => "mismatch",
        }
    }

    /// What changed, where something did.
    pub const fn change(&self) -> Option<&Change> {
        match self {
            Self::AnsweredBefore(change) | Self::NewFamily(change) | Self::QuestionChanged(change) => {
                Some(change)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = |change: &Change| {
            if change.because.is_empty() { String::new() } else { format!("{}: ", change.because.join(", ")) }
        };
        match self {
            Self::Unchanged => f.write_str("nothing it depends on changed"),
            Self::KnownAnswer => f.write_str("the cache has it from an earlier build"),
            Self::AnsweredBefore(change) => {
                write!(f, "{}the question changed to one that was answered before", files(change))
            }
            Self::FirstBuild => f.write_str("this project was not built here before"),
            Self::NewFamily(change) => write!(f, "{}the family is new", files(change)),
            Self::QuestionChanged(change) if change.inputs.is_empty() => {
                write!(f, "{}the question changed; what it was is no longer in the cache", files(change))
            }
            Self::QuestionChanged(change) => {
                let count = change.inputs.len();
                write!(f, "{}{count} {} changed", files(change), if count == 1 { "input" } else { "inputs" })
            }
            Self::AnswerGone(cause) | Self::NoCache(cause) | Self::Mismatch(cause) => write!(f, "{cause}"),
            Self::Recache => f.write_str("hits are ignored by request"),
        }
    }
}

/// One changed input in one line: what, old value, new value.
pub fn describe(change: &InputChange) -> String {
    let group = change.group.as_str();
    let item = if change.item.is_empty() { String::new() } else { format!(" {}", change.item) };
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{group}{item}: {old} -> {new}"),
        (None, Some(new)) => format!("{group}{item}: new, {new}"),
        (Some(old), None) => format!("{group}{item}: gone, was {old}"),
        (None, None) => format!("{group}{item}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::InputGroup;

    #[test]
    fn a_change_is_told_with_old_and_new_value() {
        let change = |old: Option<&str>, new: Option<&str>| {
            describe(&InputChange {
                group: InputGroup::Types,
                item: "m::Circle".to_owned(),
                old: old.map(str::to_owned),
                new: new.map(str::to_owned),
            })
        };
        assert_eq!(change(Some("open"), Some("sealed")), "type m::Circle: open -> sealed");
        assert_eq!(change(None, Some("open")), "type m::Circle: new, open");
        assert_eq!(change(Some("open"), None), "type m::Circle: gone, was open");
    }

    #[test]
    fn a_reason_names_the_files_first() {
        let change = Change { inputs: Vec::new(), because: vec!["src/a.jan was edited".to_owned()] };
        let text = Reason::QuestionChanged(change).to_string();
        assert!(text.starts_with("src/a.jan was edited: the question changed"), "{text}");
    }
}
