//! The image of a build: one file, written where its bytes differ from what is there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::BuildError;
use super::facts::{Facts, Place};
use super::registry::FamilyId;
use super::table::Table;
use crate::fs;
use crate::image::{ImageContent, ImagePlace, ImageType, encode_image};

/// The image that a build left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOutcome {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// Whether it was written; if not, the same bytes were there already.
    pub written: bool,
}

/// Writes the image of `tables`, which are the tables of all families.
pub(super) fn write_image(
    path: &Path,
    name: &str,
    facts: &Facts,
    tables: &[(FamilyId, Table)],
    creation_timestamp: u64,
) -> Result<ImageOutcome, BuildError> {
    // Symbols are unique in a build.
    let places: HashMap<&str, &Place> =
        facts.methods.iter().map(|fact| (fact.implementation.as_str(), &fact.place)).collect();
    let types = facts
        .types
        .iter()
        .map(|fact| ImageType { name: fact.name.clone(), sealed: fact.sealed })
        .collect();
    let content = ImageContent {
        name,
        types,
        tables: tables.iter().map(|(_, table)| table.bytes()).collect(),
        creation_timestamp,
    };
    let place_of = |_family: &str, implementation: &str| {
        let place = *places.get(implementation)?;
        Some(ImagePlace { file: place.file.as_ref().to_owned(), line: place.line, column: place.column })
    };
    let bytes = encode_image(&content, place_of)?;
    let written = fs::write_output(path, &bytes)
        .map_err(|source| BuildError::Output { path: path.to_owned(), source })?;
    Ok(ImageOutcome { path: path.to_owned(), bytes: bytes.len() as u64, written })
}
