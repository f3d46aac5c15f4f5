//! Reasons in a person's words: what a changed input means for the family that asks.

use std::collections::BTreeSet;
use std::fmt;

use super::plan::Step;
use super::reason::{Change, Reason};
use super::registry::FamilyId;
use crate::key::{InputChange, InputGroup};

/// One changed input in one line: what it is, and its old and new value as far as they differ.
pub fn describe(change: &InputChange, family: &FamilyId) -> String {
    let told = match change.group {
        InputGroup::Types => of_type(change, family),
        InputGroup::Methods => of_method(change, family),
        _ => None,
    };
    told.unwrap_or_else(|| as_it_is(change))
}

/// The values as a trace has them.
fn as_it_is(change: &InputChange) -> String {
    let group = change.group.as_str();
    let item = if change.item.is_empty() { String::new() } else { format!(" {}", change.item) };
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{group}{item}: {old} -> {new}"),
        (None, Some(new)) => format!("{group}{item}: new, {new}"),
        (Some(old), None) => format!("{group}{item}: gone, was {old}"),
        (None, None) => format!("{group}{item}"),
    }
}

/// The value of a type's line, such as `open, under m::A + m::B`.
struct Standing<'v> {
    openness: &'v str,
    above: Vec<&'v str>,
}

impl<'v> Standing<'v> {
    fn parse(value: &'v str) -> Option<Self> {
        let (openness, names) = value.split_once(", under ")?;
        Some(Self { openness, above: names.split(" + ").filter(|name| !name.is_empty()).collect() })
    }
}

/// Names above a type that stand only in the old or only in the new value of its line.
pub(super) fn names_that_differ(change: &InputChange) -> BTreeSet<&str> {
    fn names(value: Option<&String>) -> BTreeSet<&str> {
        let standing = value.and_then(|value| Standing::parse(value));
        standing.map(|standing| standing.above.into_iter().collect()).unwrap_or_default()
    }
    &names(change.old.as_ref()) ^ &names(change.new.as_ref())
}

fn of_type(change: &InputChange, family: &FamilyId) -> Option<String> {
    let item = change.item.as_str();
    // A parameter is listed above itself.
    let under = |above: &[&str]| {
        let others: Vec<&str> = above.iter().copied().filter(|name| *name != item).collect();
        let what = if others.len() == 1 { "a parameter" } else { "parameters" };
        (!others.is_empty()).then(|| (others.join(" and "), format!(", {what} of {family}")))
    };
    match (&change.old, &change.new) {
        (None, Some(new)) => Some(match under(&Standing::parse(new)?.above) {
            Some((names, what)) => format!("type {item} came under {names}{what}"),
            None => format!("type {item} became a parameter of {family}"),
        }),
        (Some(old), None) => Some(match under(&Standing::parse(old)?.above) {
            Some((names, what)) => format!("type {item} is no longer under {names}{what}"),
            None => format!("type {item} is no longer a parameter of {family}"),
        }),
        (Some(old), Some(new)) => {
            let (old, new) = (Standing::parse(old)?, Standing::parse(new)?);
            let mut parts = Vec::new();
            for (verb, itself, these, those) in [
                ("gained", "became", &new.above, &old.above),
                ("lost", "is no longer", &old.above, &new.above),
            ] {
                let only: Vec<&str> = these.iter().copied().filter(|name| !those.contains(name)).collect();
                if only.contains(&item) {
                    parts.push(format!("{itself} a parameter of {family}"));
                }
                if let Some((names, what)) = under(&only) {
                    let noun = if names.contains(" and ") { "supertypes" } else { "supertype" };
                    parts.push(format!("{verb} the {noun} {names}{what}"));
                }
            }
            if old.openness != new.openness {
                parts.push(format!("is {} and was {}", new.openness, old.openness));
            }
            if parts.is_empty() {
                let (old, new) = (old.above.join(", "), new.above.join(", "));
                parts.push(format!("has its supertypes in another order: {old} -> {new}"));
            }
            Some(format!("type {item} {}", parts.join(", ")))
        }
        (None, None) => None,
    }
}

fn of_method(change: &InputChange, family: &FamilyId) -> Option<String> {
    let item = change.item.as_str();
    // The usual symbol says what the line says already.
    let usual = format!("{}{item} ", family.name);
    let short = |value: &str| value.strip_prefix(&usual).unwrap_or(value).to_owned();
    Some(match (&change.old, &change.new) {
        (None, Some(new)) => format!("method {item} was added, {}", short(new)),
        (Some(old), None) => format!("method {item} was removed, it was {}", short(old)),
        (Some(old), Some(new)) => {
            format!("method {item} has another implementation: {} -> {}", short(old), short(new))
        }
        (None, None) => return None,
    })
}

impl fmt::Display for Step {
    /// What is done with which table and why, in one line. A single changed input is named at once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (action, family) = (self.action.as_str(), &self.family);
        let what = match &self.reason {
            Reason::QuestionChanged(change) => match change.inputs.as_slice() {
                [one] => describe(one, family),
                _ => self.reason.what(),
            },
            reason => reason.what(),
        };
        match self.reason.change().map(Change::files_in_words).filter(|files| !files.is_empty()) {
            Some(files) => write!(f, "{action} {family} because {}: {what}", files.join(", ")),
            None => write!(f, "{action} {family}: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(group: InputGroup, item: &str, old: Option<&str>, new: Option<&str>) -> String {
        let change = InputChange {
            group,
            item: item.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        describe(&change, &FamilyId { name: "m::area".to_owned(), arity: 1 })
    }

    fn of_circle(old: Option<&str>, new: Option<&str>) -> String {
        told(InputGroup::Types, "m::Circle", old, new)
    }

    #[test]
    fn a_type_gains_and_loses_supertypes_that_are_parameters() {
        let shape = Some("open, under m::Shape");
        assert_eq!(
            of_circle(shape, Some("open, under m::Round + m::Shape")),
            "type m::Circle gained the supertype m::Round, a parameter of m::area/1"
        );
        assert_eq!(
            of_circle(shape, Some("open, under m::Round + m::Flat")),
            "type m::Circle gained the supertypes m::Round and m::Flat, parameters of m::area/1, \
             lost the supertype m::Shape, a parameter of m::area/1"
        );
        assert_eq!(of_circle(None, shape), "type m::Circle came under m::Shape, a parameter of m::area/1");
        assert_eq!(
            of_circle(shape, None),
            "type m::Circle is no longer under m::Shape, a parameter of m::area/1"
        );
    }

    #[test]
    fn a_type_becomes_a_parameter_is_sealed_or_reordered() {
        let shape = Some("open, under m::Shape");
        assert_eq!(
            of_circle(shape, Some("open, under m::Circle + m::Shape")),
            "type m::Circle became a parameter of m::area/1"
        );
        assert_eq!(
            of_circle(None, Some("open, under m::Circle")),
            "type m::Circle became a parameter of m::area/1"
        );
        assert_eq!(of_circle(shape, Some("sealed, under m::Shape")), "type m::Circle is sealed and was open");
        assert_eq!(
            of_circle(Some("open, under m::A + m::B"), Some("open, under m::B + m::A")),
            "type m::Circle has its supertypes in another order: m::A, m::B -> m::B, m::A"
        );
    }

    #[test]
    fn a_method_is_added_removed_or_implemented_in_another_way() {
        let of = |old, new| told(InputGroup::Methods, "(m::Circle)", old, new);
        let usual = Some("m::area(m::Circle) in m");
        assert_eq!(of(None, usual), "method (m::Circle) was added, in m");
        assert_eq!(of(usual, None), "method (m::Circle) was removed, it was in m");
        assert_eq!(
            of(usual, Some("fast_area in n, default")),
            "method (m::Circle) has another implementation: in m -> fast_area in n, default"
        );
    }

    #[test]
    fn what_has_no_words_of_its_own_is_told_as_the_trace_has_it() {
        let of = |old, new| told(InputGroup::Configuration, "target", old, new);
        assert_eq!(of(Some("a"), Some("b")), "configuration target: a -> b");
        assert_eq!(of(None, Some("b")), "configuration target: new, b");
        assert_eq!(of(Some("a"), None), "configuration target: gone, was a");
        assert_eq!(of_circle(None, Some("strange")), "type m::Circle: new, strange");
    }

    #[test]
    fn the_names_that_differ_are_those_on_one_side_only() {
        let change = InputChange {
            group: InputGroup::Types,
            item: "m::Circle".to_owned(),
            old: Some("open, under m::Shape + m::Flat".to_owned()),
            new: Some("open, under m::Shape + m::Round".to_owned()),
        };
        assert_eq!(names_that_differ(&change), ["m::Flat", "m::Round"].into());
        let new = InputChange { old: None, new: Some("open, under m::Shape".to_owned()), ..change };
        assert_eq!(names_that_differ(&new), ["m::Shape"].into());
    }
}
