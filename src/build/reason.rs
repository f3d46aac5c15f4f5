//! Why a table is reused or built, so that nobody has to guess.

use std::fmt;

use super::table::MissCause;
use crate::key::InputChange;
use crate::track::FileChange;

/// More files than this explain nothing, so their number is told instead.
const MAX_NAMED_FILES: usize = 3;

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
    /// The project has no last build here. The change leads from the nearest question that the cache has
    /// the answer of, where one was looked for and found: that of another checkout or machine.
    FirstBuild(Change),
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
    /// Files whose change explains it, in path order.
    pub because: Vec<FileChange>,
}

impl Change {
    /// The files, each with how it changed, as `src/shape.jan was edited`; of many only how many.
    pub fn files_in_words(&self) -> Vec<String> {
        if self.because.len() > MAX_NAMED_FILES {
            return vec![format!("{} files changed", self.because.len())];
        }
        self.because.iter().map(|file| format!("{} was {}", file.path, file.kind.as_str())).collect()
    }
}

impl Reason {
    /// A stable kebab-case word, used in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::KnownAnswer => "known-answer",
            Self::AnsweredBefore(_) => "answered-before",
            Self::FirstBuild(_) => "first-build",
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
            Self::AnsweredBefore(change)
            | Self::FirstBuild(change)
            | Self::NewFamily(change)
            | Self::QuestionChanged(change) => Some(change),
            _ => None,
        }
    }

    /// The reason in a sentence that leaves out the files.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Unchanged => "nothing it depends on changed".to_owned(),
            Self::KnownAnswer => "the cache has it from an earlier build".to_owned(),
            Self::AnsweredBefore(_) => "the question changed to one that was answered before".to_owned(),
            Self::FirstBuild(change) if change.inputs.is_empty() => {
                "this project was not built here before".to_owned()
            }
            Self::FirstBuild(change) => {
                let inputs = inputs(change.inputs.len());
                format!(
                    "this project was not built here before; the cache has an answer to a question that \
                     differs in {inputs}"
                )
            }
            Self::NewFamily(_) => "the family is new".to_owned(),
            Self::QuestionChanged(change) if change.inputs.is_empty() => {
                "the question changed; what it was is no longer in the cache".to_owned()
            }
            Self::QuestionChanged(change) => format!("{} changed", inputs(change.inputs.len())),
            Self::AnswerGone(cause) | Self::NoCache(cause) | Self::Mismatch(cause) => cause.to_string(),
            Self::Recache => "hits are ignored by request".to_owned(),
        }
    }
}

fn inputs(count: usize) -> String {
    format!("{count} {}", if count == 1 { "input" } else { "inputs" })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.change().map(Change::files_in_words).unwrap_or_default();
        if !files.is_empty() {
            write!(f, "{}: ", files.join(", "))?;
        }
        f.write_str(&self.what())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::ChangeKind;

    fn edited(path: &str) -> FileChange {
        FileChange { path: path.to_owned(), kind: ChangeKind::Edited }
    }

    #[test]
    fn a_reason_names_the_files_first() {
        let change = Change { inputs: Vec::new(), because: vec![edited("src/a.jan")] };
        let text = Reason::QuestionChanged(change).to_string();
        assert!(text.starts_with("src/a.jan was edited: the question changed"), "{text}");
    }

    #[test]
    fn many_files_are_counted() {
        let because = ["a", "b", "c", "d"].map(edited).to_vec();
        let change = Change { inputs: Vec::new(), because };
        assert_eq!(change.files_in_words(), ["4 files changed"]);
    }
}
