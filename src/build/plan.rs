//! The plan: what to do with each family, and why. Pure: facts in, decisions out.

use std::collections::BTreeMap;

use super::question::Question;
use super::reason::{Change, Reason};
use super::registry::FamilyId;
use super::table::MissCause;
use crate::key::{InputChange, TableKey};
use crate::track::FileChange;

/// What to do with a family's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Take it from the cache.
    Reuse,
    /// Build it.
    Build,
}

impl Action {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Build => "build",
        }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose table.
    pub family: FamilyId,
    /// The question's name.
    pub key: TableKey,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What to do with every family, in order of name and arity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One step for each family.
    pub steps: Vec<Step>,
    /// Families of the last build that are gone.
    pub removed: Vec<FamilyId>,
}

impl Plan {
    /// How many tables are to be reused, and how many to be built.
    pub fn counts(&self) -> (usize, usize) {
        let built = self.steps.iter().filter(|step| step.action == Action::Build).count();
        (self.steps.len() - built, built)
    }
}

/// What was found out about one question.
#[derive(Clone, Debug)]
pub struct Observed<'a> {
    /// The question.
    pub question: &'a Question<'a>,
    /// Why the cache has no answer; none if it has one.
    pub missing: Option<MissCause>,
    /// How it differs from the family's question at the last build, where that was another one and the
    /// cache still knows it; without a last build from the nearest question that the cache knows.
    pub inputs: Vec<InputChange>,
}

/// What the last build left behind, as far as a plan needs it.
#[derive(Clone, Debug, Default)]
pub struct LastBuild {
    /// The key of every family.
    pub keys: BTreeMap<FamilyId, TableKey>,
}

/// Finds the files that explain a change of a family's question.
pub trait Explain {
    /// The files, in path order; empty if none is known to.
    fn because(&self, family: &FamilyId, changes: &[InputChange]) -> Vec<FileChange>;
}

/// Plans a build. Without a `last` build nothing is known of what the questions were.
pub fn plan(observed: &[Observed<'_>], last: Option<&LastBuild>, explain: &dyn Explain) -> Plan {
    let mut steps: Vec<Step> = observed.iter().map(|one| step(one, last, explain)).collect();
    steps.sort_by(|a, b| a.family.cmp(&b.family));
    let is_gone = |family: &&FamilyId| steps.binary_search_by(|step| step.family.cmp(family)).is_err();
    let removed = last.map_or_else(Vec::new, |last| last.keys.keys().filter(is_gone).cloned().collect());
    Plan { steps, removed }
}

fn step(one: &Observed<'_>, last: Option<&LastBuild>, explain: &dyn Explain) -> Step {
    let Question { family, key, .. } = one.question;
    let old_key = last.and_then(|last| last.keys.get(family));
    let change = || Change { because: explain.because(family, &one.inputs), inputs: one.inputs.clone() };
    let reason = match (&one.missing, last, old_key) {
        (None, None, _) => Reason::KnownAnswer,
        (None, Some(_), Some(old)) if old == key => Reason::Unchanged,
        (None, Some(_), _) => Reason::AnsweredBefore(change()),
        (Some(MissCause::Recache), ..) => Reason::Recache,
        (Some(cause @ (MissCause::Off | MissCause::Unavailable)), ..) => Reason::NoCache(cause.clone()),
        (Some(_), None, _) => Reason::FirstBuild(Change { inputs: one.inputs.clone(), because: Vec::new() }),
        (Some(_), Some(_), None) => Reason::NewFamily(change()),
        (Some(cause), Some(_), Some(old)) if old == key => Reason::AnswerGone(cause.clone()),
        (Some(_), Some(_), Some(_)) => Reason::QuestionChanged(change()),
    };
    let action = if one.missing.is_none() { Action::Reuse } else { Action::Build };
    Step { family: family.clone(), key: *key, action, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Registry;
    use crate::dispatch::{Family, Method, TypeDecl};
    use crate::key::KeySettings;
    use crate::store::MissReason;
    use crate::track::ChangeKind;

    struct Named;

    impl Explain for Named {
        fn because(&self, family: &FamilyId, changes: &[InputChange]) -> Vec<FileChange> {
            let path = format!("{family} has {} changes", changes.len());
            vec![FileChange { path, kind: ChangeKind::Edited }]
        }
    }

    fn registry(param: &str) -> Registry {
        let types = [TypeDecl::new("A", &[]), TypeDecl::new("B", &["A"])];
        let family = Family::new("f", 1, vec![Method::new(&[param], "f1", "m")]);
        Registry::new(types, [family]).expect("a registry")
    }

    fn question(registry: &Registry) -> Question<'_> {
        let family = registry.family("f", 1).expect("it has one");
        Question::ask(registry, family, &KeySettings::default()).expect("a question")
    }

    fn last(question: &Question<'_>) -> LastBuild {
        LastBuild { keys: [(question.family.clone(), question.key)].into() }
    }

    fn reason(question: &Question<'_>, missing: Option<MissCause>, last: Option<&LastBuild>) -> Reason {
        let settings = KeySettings::default();
        let old = self::question(&registry("A")).trace(&settings).expect("a trace");
        let inputs = question.trace(&settings).expect("a trace").changes_since(&old);
        let observed = [Observed { question, missing, inputs }];
        plan(&observed, last, &Named).steps.remove(0).reason
    }

    #[test]
    fn every_case_has_its_reason() {
        let absent = || Some(MissCause::Miss(MissReason::Absent));
        let (old_world, new_world) = (registry("A"), registry("B"));
        let (before, now) = (question(&old_world), question(&new_world));
        let (of_before, empty) = (last(&before), LastBuild::default());
        assert_eq!(reason(&before, None, Some(&of_before)), Reason::Unchanged);
        assert_eq!(reason(&before, None, None), Reason::KnownAnswer);
        assert_eq!(reason(&before, absent(), None), Reason::FirstBuild(Change::default()));
        assert_eq!(reason(&now, absent(), None).change().map(|change| change.inputs.is_empty()), Some(false));
        assert!(matches!(reason(&before, absent(), Some(&empty)), Reason::NewFamily(_)));
        assert!(matches!(reason(&before, absent(), Some(&of_before)), Reason::AnswerGone(_)));
        assert!(matches!(reason(&now, None, Some(&of_before)), Reason::AnsweredBefore(_)));
        assert_eq!(reason(&now, Some(MissCause::Recache), Some(&of_before)), Reason::Recache);
        assert_eq!(reason(&now, Some(MissCause::Off), Some(&of_before)), Reason::NoCache(MissCause::Off));
        let Reason::QuestionChanged(change) = reason(&now, absent(), Some(&of_before)) else {
            panic!("another question");
        };
        assert!(!change.inputs.is_empty());
        assert_eq!(change.because[0].path, format!("f/1 has {} changes", change.inputs.len()));
    }

    #[test]
    fn families_that_are_gone_are_named_and_counts_add_up() {
        let world = registry("A");
        let question = question(&world);
        let plan = plan(&[], Some(&last(&question)), &Named);
        assert_eq!((plan.removed, plan.steps.len()), (vec![question.family], 0));
    }
}
