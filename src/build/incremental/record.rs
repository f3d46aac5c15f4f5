//! What a compiler's build leaves behind for the next one, beside the tuples of its files.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::section::{OutputForm, SectionPlace, marker as marker_of};
use crate::digest::{ContentDigest, fast_hash};

/// What the last build knew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Digest of the settings that it was made with.
    pub(super) settings: [u8; 32],
    /// The entry file.
    pub(super) entry: String,
    /// How many files the entry reaches.
    pub(super) file_count: u64,
    /// Every file that the entry reaches, in path order; none in the brief form, which tells only what it was.
    pub(super) files: Vec<FileRecord>,
    /// The modules of other packages that these files import, in path order; none in the brief form.
    pub(super) packages: Vec<PackageRecord>,
    /// Digest of all that other packages offered, used or not.
    pub(super) offer: [u8; 32],
    /// The output's length.
    pub(super) output_bytes: u64,
    /// Tells this output from those of other builds: XXH3-64 of what its parts are, which is known without reading them.
    pub(super) output_hash: u64,
    /// XXH3-64 of what stands before the first section.
    pub(super) head_hash: u64,
    /// XXH3-64 of what stands behind the last one.
    pub(super) tail_hash: u64,
    /// The combined hash of the entry: what the whole output is known by in the cache.
    pub(super) combined: [u8; 32],
}

/// A file of the last build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRecord {
    pub(super) path: String,
    pub(super) digest: [u8; 32],
    pub(super) imports: Imports,
    /// Digest of what importers see.
    pub(super) interface: [u8; 32],
    /// XXH3-64 of the section's bytes.
    pub(super) hash: u64,
    /// Where the section begins, marker included.
    pub(super) whole_at: u64,
    /// Where its bytes begin.
    pub(super) content_at: u64,
    /// Where it ends.
    pub(super) end: u64,
}

/// A module of another package that the last build used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PackageRecord {
    pub(super) path: String,
    /// Name and version, as people read them.
    pub(super) package: String,
    /// Digest of what importers see.
    pub(super) interface: [u8; 32],
}

/// Imports of a file, in its order. Shared, since most are those of the last build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Imports(Arc<[ImportRecord]>);

impl Deref for Imports {
    type Target = [ImportRecord];

    fn deref(&self) -> &[ImportRecord] {
        &self.0
    }
}

impl FromIterator<ImportRecord> for Imports {
    fn from_iter<I: IntoIterator<Item = ImportRecord>>(imports: I) -> Self {
        Self(imports.into_iter().collect())
    }
}

impl Serialize for Imports {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Imports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|imports: Vec<ImportRecord>| Self(imports.into()))
    }
}

/// An import of the last build: what it may have meant, and what it meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportRecord {
    pub(super) candidates: Vec<String>,
    pub(super) means: Means,
}

/// What an import means: one of its candidates. Those before it were neither files nor offered by a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Means {
    Nothing,
    /// The candidate with this number, which is a file and offered by no package.
    File(u32),
    /// The candidate with this number, which a package offers, whether or not it is a file.
    Package(u32),
}

impl Record {
    pub(super) fn file(&self, path: &str) -> Option<&FileRecord> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }

    /// What was known of a package's module.
    pub(super) fn package(&self, path: &str) -> Option<&PackageRecord> {
        let at = self.packages.binary_search_by(|package| package.path.as_str().cmp(path)).ok()?;
        self.packages.get(at)
    }

    /// The brief form.
    pub(super) fn brief(&self) -> Self {
        Self { entry: self.entry.clone(), files: Vec::new(), packages: Vec::new(), ..*self }
    }

    /// What [`Record::output_hash`] has to be. Cost: some bytes a file.
    pub(super) fn identity(&self) -> u64 {
        let mut text = Vec::with_capacity(32 + self.files.len() * 80);
        let mut push = |number: u64| text.extend_from_slice(&number.to_le_bytes());
        [self.output_bytes, self.head_hash, self.tail_hash].into_iter().for_each(&mut push);
        for file in &self.files {
            let numbers = [file.hash, file.whole_at, file.content_at, file.end, file.path.len() as u64];
            text.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            text.extend_from_slice(file.path.as_bytes());
        }
        fast_hash(&text)
    }

    /// Whether `bytes` are the output. Cost: hashing all of it.
    pub(super) fn is_output(&self, form: OutputForm, bytes: &[u8]) -> bool {
        let mut end = self.files.first().map_or(self.output_bytes, |first| first.whole_at);
        let is = |from: u64, to: u64, hash: u64| {
            let range = usize::try_from(from).ok()?..usize::try_from(to).ok()?;
            Some(fast_hash(bytes.get(range)?) == hash)
        };
        if bytes.len() as u64 != self.output_bytes || is(0, end, self.head_hash) != Some(true) {
            return false;
        }
        let are_there = self.files.iter().all(|file| {
            let place = file.place().filter(|place| place.whole.start as u64 == end);
            end = file.end;
            place.is_some_and(|place| {
                let marker = bytes.get(place.whole.start..place.content.start);
                marker.is_some_and(|found| found == marker_of(form, &file.path, file.hash))
                    && is(file.content_at, file.end, file.hash) == Some(true)
            })
        });
        are_there && is(end, self.output_bytes, self.tail_hash) == Some(true)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Plain data in memory always has a form.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// `None` for what another version wrote: the seal around it proves that it is whole.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

impl FileRecord {
    pub(super) fn digest(&self) -> ContentDigest {
        ContentDigest::from_bytes(self.digest)
    }

    /// Where its section stands in the last output; none where the numbers cannot be.
    pub(super) fn place(&self) -> Option<SectionPlace> {
        let number = |number: u64| usize::try_from(number).ok();
        let (whole, content, end) = (number(self.whole_at)?, number(self.content_at)?, number(self.end)?);
        let is_ordered = whole <= content && content <= end;
        is_ordered.then(|| SectionPlace {
            path: self.path.clone(),
            hash: self.hash,
            whole: whole..end,
            content: content..end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_and_impossible_places_are_none() {
        let file = FileRecord {
            path: "a".to_owned(),
            digest: [1; 32],
            imports: [ImportRecord { candidates: vec!["b".to_owned()], means: Means::File(0) }]
                .into_iter()
                .collect(),
            interface: [2; 32],
            hash: 4,
            whole_at: 10,
            content_at: 12,
            end: 20,
        };
        let record = Record { entry: "a".to_owned(), files: vec![file.clone()], ..Record::default() };
        assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record.clone()));
        assert_eq!((record.file("a"), record.file("b")), (Some(&file), None));
        assert_eq!(file.place().map(|place| (place.whole, place.content)), Some((10..20, 12..20)));
        assert_eq!(FileRecord { end: 11, ..file }.place(), None);
    }
}
