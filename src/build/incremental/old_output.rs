//! What is left of the last output, and what an output is made from it.

use std::path::Path;

use super::hashes::FileHashCache;
use super::layout::ReadySection;
use super::output_seen::Known;
use super::record::Record;
use super::report::FullBecause;
use super::section::{OutputForm, SectionPlace};
use crate::fs::{OldFile, Piece, StatTuple, Written};

/// What is left of the last output.
#[derive(Debug)]
pub(super) enum OldOutput {
    /// It is as it was written.
    There(OldBytes),
    /// None that can be used, and why.
    Gone(FullBecause),
}

/// An output whose content is known.
#[derive(Debug)]
pub(super) enum OldBytes {
    /// It stands where the new one goes, and its tuple proves it.
    File(OldFile),
    /// It stands where the new one goes and was read, because its tuple proves nothing.
    Read { bytes: Vec<u8>, tuple: StatTuple },
    /// The cache had it.
    Kept(Vec<u8>),
}

impl OldBytes {
    pub(super) const fn len_bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.tuple().len_bytes(),
            Self::Read { bytes, .. } | Self::Kept(bytes) => bytes.len() as u64,
        }
    }

    /// The output of the last build where it was written to, if it is what was written.
    pub(super) fn find(
        output: &Path,
        record: &Record,
        form: OutputForm,
        hashes: &FileHashCache,
    ) -> Option<Self> {
        let file = OldFile::open(output).ok()?;
        let tuple = *file.tuple();
        let known = hashes.noted(output).map(|note| note.knows(record.output_hash, &tuple));
        if known == Some(Known::Same) {
            return Some(Self::File(file));
        }
        if tuple.len_bytes() != record.output_bytes {
            return None;
        }
        // Places of sections hold for these bytes only, whoever writes to the output meanwhile.
        let bytes = file.read(&(0..tuple.len_bytes())).ok()?;
        record.is_output(form, &bytes).then_some(Self::Read { bytes, tuple })
    }

    /// Its tuple, where nobody has noted yet what stands there with it.
    pub(super) const fn unnoted(&self) -> Option<Written> {
        match self {
            Self::Read { tuple, .. } => Some(Written { tuple: *tuple, is_signed: false }),
            Self::File(_) | Self::Kept(_) => None,
        }
    }

    /// All of it; none where it cannot be read any more.
    pub(super) fn to_vec(&self) -> Option<Vec<u8>> {
        match self {
            Self::File(file) => file.read(&(0..file.tuple().len_bytes())).ok(),
            Self::Read { bytes, .. } | Self::Kept(bytes) => Some(bytes.clone()),
        }
    }

    /// The file that pieces are to be copied from.
    pub(super) const fn file(&self) -> Option<&OldFile> {
        match self {
            Self::File(file) => Some(file),
            Self::Read { .. } | Self::Kept(_) => None,
        }
    }

    /// The same pieces, from memory where it was read; none where one of them is not inside.
    pub(super) fn resolve<'a>(&'a self, pieces: Vec<Piece<'a>>) -> Option<Vec<Piece<'a>>> {
        let bytes = match self {
            Self::File(_) => return Some(pieces),
            Self::Read { bytes, .. } | Self::Kept(bytes) => bytes,
        };
        let resolve = |piece| match piece {
            Piece::Old(range) => {
                let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
                bytes.get(range).map(Piece::New)
            }
            new @ Piece::New(_) => Some(new),
        };
        pieces.into_iter().map(resolve).collect()
    }

    /// Whether a section that was compiled is what stands there already.
    pub(super) fn has(&self, place: &SectionPlace, ready: &ReadySection) -> bool {
        // Equal checksums are no proof.
        place.hash == ready.hash
            && place.content.len() == ready.content().len()
            && self.has_at(place.content.start as u64, ready.content())
    }

    /// Whether it is what the pieces tell, and stands where that is to be.
    pub(super) fn holds(&self, pieces: &[Piece<'_>], output_bytes: u64) -> bool {
        if matches!(self, Self::Kept(_)) || self.len_bytes() != output_bytes {
            return false;
        }
        let mut at = 0;
        pieces.iter().all(|piece| {
            let start = at;
            match piece {
                Piece::New(bytes) => {
                    at += bytes.len() as u64;
                    self.has_at(start, bytes)
                }
                Piece::Old(range) => {
                    at += range.end.saturating_sub(range.start);
                    range.start == start
                }
            }
        })
    }

    fn has_at(&self, at_bytes: u64, expected: &[u8]) -> bool {
        let end = at_bytes.saturating_add(expected.len() as u64);
        match self {
            Self::File(file) => file.read(&(at_bytes..end)).is_ok_and(|bytes| bytes == expected),
            Self::Read { bytes, .. } | Self::Kept(bytes) => {
                bytes.get(at_bytes as usize..end as usize) == Some(expected)
            }
        }
    }
}
