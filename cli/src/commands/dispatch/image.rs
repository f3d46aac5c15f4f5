//! An image that the user named, and names in it as a person writes them.

use std::io::ErrorKind;
use std::path::Path;

use janus_cache::dispatch::TOP_TYPE;
use janus_cache::format::{AccessError, EntryId, LeftOut, LocalType};
use janus_cache::image::{DispatchImage, FamilyView, ImageOpenError, ImageView, PlaceInfo};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::human;

/// More names than this are no help.
const MAX_LISTED: usize = 12;

/// Opens a file that the user named; any damage is an error.
pub(super) fn open(path: &Path) -> Result<DispatchImage, Failure> {
    DispatchImage::open(path).map_err(|error| {
        let exit = match &error {
            ImageOpenError::Unreadable { source, .. } => match source.kind() {
                // Another path would do.
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput => Exit::Usage,
                _ => Exit::System,
            },
            // Damage is nowhere near: it may be what it says it is.
            ImageOpenError::TooLarge { .. } => Exit::Usage,
            _ => Exit::Damaged,
        };
        Failure::new(exit, &error)
    })
}

/// The image, ready to answer.
pub(super) fn view(image: &DispatchImage) -> Result<ImageView<'_>, Failure> {
    image.view().map_err(|error| Failure::new(Exit::Damaged, &error))
}

/// Damage that `open` cannot see.
pub(super) fn damaged(error: &AccessError) -> Failure {
    Failure::new(Exit::Damaged, error)
}

/// All families, in order.
pub(super) fn families<'a>(image: &ImageView<'a>) -> Result<Vec<FamilyView<'a>>, Failure> {
    (0..image.family_count()).map(|at| image.family_at(at).map_err(|error| damaged(&error))).collect()
}

/// Whether `written` means `qualified`: all of it, or its last parts.
fn means(written: &str, qualified: &str) -> bool {
    qualified
        .strip_suffix(written)
        .is_some_and(|before| before.is_empty() || before.ends_with("::") || before.ends_with('.'))
}

/// A function's name, and its arity where it is written behind a slash.
pub(super) fn name_and_arity(written: &str) -> (&str, Option<u8>) {
    match written.rsplit_once('/') {
        Some((name, arity)) if arity.parse::<u8>().is_ok() => (name, arity.parse().ok()),
        _ => (written, None),
    }
}

/// The families that a name means; an exact name means one only. `arity` may be left open.
pub(super) fn find<'a>(
    image: &ImageView<'a>,
    written: &str,
    arity: Option<u8>,
) -> Result<Vec<FamilyView<'a>>, Failure> {
    let (mut exact, mut partial, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for family in families(image)? {
        let name = family.name().map_err(|error| damaged(&error))?;
        let has_arity = arity.is_none_or(|arity| arity == family.arity());
        match (name == written, means(written, name)) {
            (true, _) if has_arity => exact.push(family),
            (false, true) if has_arity => partial.push(family),
            (true, _) | (_, true) => others.push(format!("{name}/{}", family.arity())),
            _ => {}
        }
    }
    if !exact.is_empty() || !partial.is_empty() {
        return Ok(if exact.is_empty() { partial } else { exact });
    }
    let asked = arity.map_or_else(|| written.to_owned(), |arity| format!("{written}/{arity}"));
    let hint = if others.is_empty() {
        "janus dispatch list shows all".to_owned()
    } else {
        listed("there is", &others)
    };
    Err(Failure::usage(format!("the image has no family {asked}; {hint}")))
}

/// The one family that a name means.
pub(super) fn find_one<'a>(
    image: &ImageView<'a>,
    written: &str,
    arity: Option<u8>,
) -> Result<FamilyView<'a>, Failure> {
    let found = find(image, written, arity)?;
    if let [family] = found[..] {
        return Ok(family);
    }
    let names: Result<Vec<String>, AccessError> =
        found.iter().map(|family| Ok(format!("{}/{}", family.name()?, family.arity()))).collect();
    let names = names.map_err(|error| damaged(&error))?;
    Err(Failure::usage(format!("{written} means several families; {}", listed("say which:", &names))))
}

/// The type that a name means, as the family knows it, with its qualified name. `any` stands for a
/// type that no method names.
pub(super) fn find_type<'a>(
    image: &ImageView<'a>,
    family: &FamilyView<'a>,
    written: &str,
) -> Result<(LocalType, String), Failure> {
    if written == TOP_TYPE {
        return Ok((LocalType::OTHER, TOP_TYPE.to_owned()));
    }
    if let Some(global) = image.type_id(written).map_err(|error| damaged(&error))? {
        return Ok((family.local_type(global), written.to_owned()));
    }
    let mut found = Vec::new();
    for at in 0..image.type_count() {
        let global = janus_cache::image::GlobalType(at);
        let (name, _) = image.type_info(global).map_err(|error| damaged(&error))?;
        if means(written, name) {
            found.push((global, name.to_owned()));
        }
    }
    match &found[..] {
        [(global, name)] => Ok((family.local_type(*global), name.clone())),
        [] => Err(Failure::usage(format!(
            "the image has no type {written}; write `any` for a type that no method names"
        ))),
        several => {
            let names: Vec<String> = several.iter().map(|(_, name)| name.clone()).collect();
            Err(Failure::usage(format!("{written} means several types; {}", listed("say which:", &names))))
        }
    }
}

fn listed(lead: &str, names: &[String]) -> String {
    let shown = names.iter().take(MAX_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_LISTED);
    if more == 0 { format!("{lead} {shown}") } else { format!("{lead} {shown} and {more} more") }
}

/// A method as commands print it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MethodRow {
    pub(super) pattern: Vec<String>,
    pub(super) implementation: String,
    pub(super) module: String,
    pub(super) place: Option<String>,
}

impl MethodRow {
    pub(super) fn of(family: &FamilyView<'_>, entry: EntryId) -> Result<Self, AccessError> {
        let info = family.entry(entry)?;
        Ok(Self {
            pattern: family.pattern_names(entry)?.into_iter().map(str::to_owned).collect(),
            implementation: info.implementation.to_owned(),
            module: info.module.to_owned(),
            place: family.place(entry)?.map(place_text),
        })
    }

    /// A method that its table leaves out. Where it stands in the sources no image tells.
    pub(super) fn of_left_out(family: &FamilyView<'_>, method: &LeftOut<'_>) -> Result<Self, AccessError> {
        let pattern = method.pattern.iter().map(|param| family.param_name(*param).map(str::to_owned));
        Ok(Self {
            pattern: pattern.collect::<Result<_, _>>()?,
            implementation: method.implementation.to_owned(),
            module: method.module.to_owned(),
            place: None,
        })
    }

    /// `(geometry::Circle, any)  at src/a.jan:3:1`.
    pub(super) fn text(&self) -> String {
        let place =
            self.place.as_ref().map_or_else(String::new, |place| format!("  {}", human::printable(place)));
        format!("({}){place}", self.pattern.join(", "))
    }
}

fn place_text(place: PlaceInfo<'_>) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_ends_with_it_at_a_boundary() {
        assert!(means("area", "geometry::area"));
        assert!(means("Vec.push", "std::Vec.push"));
        assert!(means("push", "std::Vec.push"));
        assert!(means("std::Vec.push", "std::Vec.push"));
        assert!(!means("rea", "geometry::area"));
        assert!(!means("", "geometry::area"));
    }
}
