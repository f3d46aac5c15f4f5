//! What each source declares, kept beside a seal: an edit that leaves it alone needs no build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::facts::{Diagnostic, Facts, Outline};
use super::sealed::Sealed;
use crate::digest::{ContentDigest, fast_hash};
use crate::fs::{self, Durability};

/// 1: first.
const FILE: Sealed = Sealed { magic: *b"JANOUTL\n", version: 1 };
/// It has some hundred bytes for each file.
const MAX_BYTES: u64 = 1 << 30;

/// Lines and columns, from 1, in the order in which functions are declared.
pub(super) type Places = Vec<(u32, u32)>;

/// The outlines of a build's sources, but for those of which a diagnostic speaks: that may say something else after any edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlines(Vec<(Arc<str>, Outline)>);

/// A source as it is written down. Places are decoded only where they are asked for.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    path: &'a str,
    declares: [u8; 32],
    places: &'a [u8],
}

impl Outlines {
    /// Those of a project with these facts, of which all of `diagnostics` are told.
    pub(super) fn of(facts: &Facts, diagnostics: &[Diagnostic]) -> Self {
        let named: BTreeSet<&str> = diagnostics
            .iter()
            .flat_map(|told| std::iter::once(&told.place).chain(told.notes.iter().map(|(place, _)| place)))
            .map(|place| place.file.as_ref())
            .collect();
        let sources = facts.sources.iter().filter(|source| !named.contains(source.path.as_ref()));
        Self(sources.filter_map(|source| Some((Arc::clone(&source.path), source.outline.clone()?))).collect())
    }

    /// Where the outlines of a sealed build lie.
    pub(super) fn beside(seal_file: &Path) -> PathBuf {
        seal_file.with_extension("outlines")
    }

    /// Writes them beside a seal, and gives what tells this content from any other, for the seal to hold.
    pub(super) fn keep(&self, seal_file: &Path) -> std::io::Result<u64> {
        let places: Vec<Vec<u8>> =
            self.0.iter().map(|(_, outline)| places_to_bytes(&outline.places)).collect();
        let rows = self.0.iter().zip(&places).map(|((path, outline), places)| Row {
            path,
            declares: *outline.declares.as_bytes(),
            places,
        });
        let rows: Vec<Row<'_>> = rows.collect();
        let bytes = FILE.seal(&rows).ok_or(std::io::ErrorKind::InvalidData)?;
        fs::replace(&Self::beside(seal_file), &bytes, Durability::Rename)?;
        Ok(fast_hash(&bytes))
    }
}

/// Outlines that were kept, in the bytes of their file.
pub(super) struct KeptOutlines(Vec<u8>);

impl KeptOutlines {
    /// Those that the seal knows as `tag`; `None` where other ones lie there, or none.
    pub(super) fn read(seal_file: &Path, tag: u64) -> Option<Self> {
        // What somebody else could write there would be believed.
        let bytes = fs::read_own(&Outlines::beside(seal_file), MAX_BYTES).ok()??;
        (fast_hash(&bytes) == tag).then_some(Self(bytes))
    }

    /// The outlines of these paths.
    pub(super) fn find<'p>(&self, paths: &BTreeSet<&'p str>) -> Option<BTreeMap<&'p str, Outline>> {
        let (mut count, mut rest) = postcard::take_from_bytes::<u64>(FILE.payload(&self.0)?).ok()?;
        let mut found = BTreeMap::new();
        // One after the other: a list of all of them would be built for the few that are asked for.
        while count > 0 {
            let (row, behind) = postcard::take_from_bytes::<Row<'_>>(rest).ok()?;
            if let Some(path) = paths.get(row.path) {
                let (declares, places) =
                    (ContentDigest::from_bytes(row.declares), places_of_bytes(row.places)?);
                found.insert(*path, Outline { declares, places });
            }
            (count, rest) = (count - 1, behind);
        }
        Some(found)
    }
}

pub(super) fn places_to_bytes(places: &Places) -> Vec<u8> {
    places.iter().flat_map(|(line, column)| [line.to_le_bytes(), column.to_le_bytes()].concat()).collect()
}

pub(super) fn places_of_bytes(bytes: &[u8]) -> Option<Places> {
    let (places, rest) = bytes.as_chunks::<8>();
    let number = |bytes: &[u8]| Some(u32::from_le_bytes(*bytes.first_chunk()?));
    let place = |place: &[u8; 8]| Some((number(place)?, number(place.get(4..)?)?));
    rest.is_empty().then(|| places.iter().map(place).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(byte: u8) -> Outline {
        Outline {
            declares: ContentDigest::of(&[byte]),
            places: vec![(1, 6), (u32::from(byte) + 300, 70_000)],
        }
    }

    #[test]
    fn outlines_come_back_for_the_seal_that_knows_them() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let seal_file = dir.path().join("x.seal");
        let outlines = Outlines(
            ["a.jan", "b.jan", "c.jan"].map(|path| (path.into(), outline(path.as_bytes()[0]))).into(),
        );
        let tag = outlines.keep(&seal_file).expect("written");
        let kept = KeptOutlines::read(&seal_file, tag).expect("there");
        let found = kept.find(&BTreeSet::from(["b.jan", "d.jan"])).expect("whole");
        assert_eq!(found, BTreeMap::from([("b.jan", outline(b'b'))]));
        assert!(KeptOutlines::read(&seal_file, tag + 1).is_none(), "another build's");
        std::fs::remove_file(Outlines::beside(&seal_file)).expect("removed");
        assert!(KeptOutlines::read(&seal_file, tag).is_none());
    }

    #[test]
    fn places_that_were_cut_are_none() {
        let bytes = places_to_bytes(&outline(1).places);
        assert_eq!(places_of_bytes(&bytes), Some(outline(1).places));
        assert_eq!(places_of_bytes(&bytes[..bytes.len() - 1]), None);
    }
}
