//! What once happened to a family's table, kept until it happens again.

use serde::{Deserialize, Serialize};

use super::plan::Step;
use crate::key::{InputChange, InputGroup, TableKey};
use crate::track::FileChange;

/// More inputs than this are counted and not kept: a state is read by every build.
const MAX_KEPT_INPUTS: usize = 32;
/// More files than this are not kept.
const MAX_KEPT_FILES: usize = 16;

/// A build that made a family's table, or took another one for it than the build before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEvent {
    /// When, in seconds since the Unix epoch.
    pub at_unix_s: u64,
    /// The word of its reason, as [`Reason::word`](super::Reason::word) gives it.
    pub reason: String,
    /// The reason in a sentence.
    pub text: String,
    /// Files whose change explains it; at most 16.
    pub because: Vec<FileChange>,
    /// How many inputs of the question had changed.
    pub input_count: u32,
    key: [u8; 32],
    inputs: Vec<Input>,
}

/// An [`InputChange`] by words, which stay when groups are added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    group: String,
    item: String,
    old: Option<String>,
    new: Option<String>,
}

impl TableEvent {
    pub(super) fn of(step: &Step, at_unix_s: u64) -> Self {
        let (inputs, because) =
            step.reason.change().map_or((&[][..], &[][..]), |change| (&change.inputs, &change.because));
        let kept = inputs.iter().take(MAX_KEPT_INPUTS).map(|input| Input {
            group: input.group.as_str().to_owned(),
            item: input.item.clone(),
            old: input.old.clone(),
            new: input.new.clone(),
        });
        Self {
            at_unix_s,
            reason: step.reason.word().to_owned(),
            text: step.reason.to_string(),
            because: because.iter().take(MAX_KEPT_FILES).cloned().collect(),
            input_count: u32::try_from(inputs.len()).unwrap_or(u32::MAX),
            key: *step.key.as_bytes(),
            inputs: kept.collect(),
        }
    }

    /// The question that was answered.
    pub const fn key(&self) -> TableKey {
        TableKey::from_bytes(self.key)
    }

    /// The inputs that had changed, with old and new value; the first 32.
    pub fn inputs(&self) -> Vec<InputChange> {
        let change = |input: &Input| {
            let group = InputGroup::ALL.into_iter().find(|group| group.as_str() == input.group)?;
            let Input { item, old, new, .. } = input.clone();
            Some(InputChange { group, item, old, new })
        };
        self.inputs.iter().filter_map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Action, Change, FamilyId, Reason};

    #[test]
    fn an_event_keeps_some_inputs_and_counts_all() {
        let input = |at: usize| InputChange {
            group: InputGroup::Types,
            item: format!("m::T{at}"),
            old: None,
            new: Some("open, under m::A".to_owned()),
        };
        let inputs: Vec<InputChange> = (0..40).map(input).collect();
        let step = Step {
            family: FamilyId { name: "m::f".to_owned(), arity: 1 },
            key: TableKey::from_bytes([3; 32]),
            action: Action::Build,
            reason: Reason::QuestionChanged(Change { inputs: inputs.clone(), because: Vec::new() }),
        };
        let event = TableEvent::of(&step, 5);
        assert_eq!((event.at_unix_s, event.key(), event.input_count), (5, step.key, 40));
        assert_eq!(event.reason, "question-changed");
        assert_eq!(event.inputs(), inputs[..MAX_KEPT_INPUTS]);
    }
}
