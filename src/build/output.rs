//! The image of a build: one file, written where its bytes differ from what is there.

use std::collections::HashMap;
use std::path::PathBuf;

use super::error::BuildError;
use super::facts::{Facts, Place};
use super::project::BuildRequest;
use super::registry::FamilyId;
use super::table::Table;
use crate::digest::ContentDigest;
use crate::format::FileCodec;
use crate::fs;
use crate::image::{ImageContent, ImagePlace, ImageType, compress_image, encode_image};

/// The image that a build left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOutcome {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// The digest of its bytes, as this build made them.
    pub digest: ContentDigest,
    /// How it is stored: as it is, too, where the codec that was asked for saves nothing.
    pub codec: FileCodec,
    /// Whether it was written; if not, the same bytes were there already.
    pub written: bool,
}

/// Writes the image of `tables`, which are the tables of all families.
///
/// Whether the file has these bytes already is found out by comparing them, so a codec costs its time in
/// each build. Looking only at what the file decodes to would keep the bytes of another version of a codec.
pub(super) fn write_image(
    request: &BuildRequest<'_>,
    facts: &Facts,
    tables: &[(FamilyId, Table)],
    creation_timestamp: u64,
) -> Result<ImageOutcome, BuildError> {
    let path = request.image;
    // Symbols are unique in a build.
    let places: HashMap<&str, &Place> =
        facts.methods.iter().map(|fact| (fact.implementation.as_str(), &fact.place)).collect();
    let types =
        facts.types.iter().map(|fact| ImageType { name: fact.name.clone(), sealed: fact.sealed }).collect();
    let content = ImageContent {
        name: request.name,
        types,
        tables: tables.iter().map(|(_, table)| table.bytes()).collect(),
        creation_timestamp,
    };
    let place_of = |_family: &str, implementation: &str| {
        let place = *places.get(implementation)?;
        Some(ImagePlace { file: place.file.as_ref().to_owned(), line: place.line, column: place.column })
    };
    let plain = encode_image(&content, place_of)?;
    let (bytes, codec) = match request.codec {
        FileCodec::None => (plain, FileCodec::None),
        codec => {
            let pressed = compress_image(&plain, codec).map_err(BuildError::NewImage)?;
            let codec = if pressed.len() < plain.len() { codec } else { FileCodec::None };
            (pressed, codec)
        }
    };
    let written = fs::write_output(path, &bytes)
        .map_err(|source| BuildError::Output { path: path.to_owned(), source })?;
    let digest = ContentDigest::of(&bytes);
    Ok(ImageOutcome { path: path.to_owned(), bytes: bytes.len() as u64, digest, codec, written })
}
