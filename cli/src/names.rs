//! Type names as short as they can be told apart.

use std::collections::BTreeMap;

/// Of some qualified names those whose last part no other one has.
pub(crate) struct ShortNames {
    /// The one qualified name with this last part, or none where several have it.
    owners: BTreeMap<String, Option<String>>,
}

/// What stands behind the last `::` or dot.
fn last_part(qualified: &str) -> &str {
    // A type without a name is called by its parts, as in `a::Coin | a::Heart`; it stays whole.
    if qualified.contains(' ') {
        return qualified;
    }
    let after_colons = qualified.rsplit("::").next().unwrap_or(qualified);
    let last = after_colons.rsplit('.').next().unwrap_or(after_colons);
    if last.is_empty() { qualified } else { last }
}

impl ShortNames {
    pub(crate) fn of<'a>(qualified: impl Iterator<Item = &'a str>) -> Self {
        let mut owners: BTreeMap<String, Option<String>> = BTreeMap::new();
        for name in qualified {
            owners
                .entry(last_part(name).to_owned())
                .and_modify(|owner| {
                    if owner.as_deref() != Some(name) {
                        *owner = None;
                    }
                })
                .or_insert_with(|| Some(name.to_owned()));
        }
        Self { owners }
    }

    /// The last part of a name where it is enough, else the whole name.
    pub(crate) fn of_type<'a>(&self, qualified: &'a str) -> &'a str {
        let last = last_part(qualified);
        let is_known = matches!(self.owners.get(last), Some(Some(owner)) if owner == qualified);
        if is_known { last } else { qualified }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_where_its_last_part_is_enough() {
        let names = [
            "geo::Circle",
            "art.oil::Circle",
            "geo::Square",
            "geo::Square",
            "any",
            "odd::",
            "geo::Square | geo::Line",
        ];
        let short = ShortNames::of(names.into_iter());
        assert_eq!(
            names.map(|name| short.of_type(name)),
            ["geo::Circle", "art.oil::Circle", "Square", "Square", "any", "odd::", "geo::Square | geo::Line"]
        );
        assert_eq!(short.of_type("not::seen"), "not::seen");
    }
}
