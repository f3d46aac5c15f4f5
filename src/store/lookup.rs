//! What comes out: a hit, or a miss with its reason.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::{EntryKey, EntryKind, EntryMeta};
use super::error::StoreError;
use super::pack_codec::PackCodec;
use super::pack_format::{EntryHeader, PackId};
use super::pack_reader::Pack;
use crate::digest::ContentDigest;
use crate::fs::{self, FileBytes};

/// The answer to "do you have this key?".
#[derive(Debug)]
pub enum Lookup {
    /// Yes, checked.
    Hit(Entry),
    /// No, and why.
    Miss(MissReason),
}

impl Lookup {
    /// The entry of a hit.
    pub fn hit(self) -> Option<Entry> {
        match self {
            Self::Hit(entry) => Some(entry),
            Self::Miss(_) => None,
        }
    }

    /// The reason of a miss.
    pub fn miss(&self) -> Option<MissReason> {
        match self {
            Self::Hit(_) => None,
            Self::Miss(reason) => Some(*reason),
        }
    }
}

/// Why there is no answer. Except for `Absent`, the key may have been there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MissReason {
    /// No pack holds the key.
    #[error("no entry has this key")]
    Absent,
    /// The entry was removed by eviction or repair.
    #[error("the entry was removed from pack {pack}")]
    Removed {
        /// Where it was.
        pack: PackId,
    },
    /// The entry, or a pack that may hold it, is not what its checksums say.
    #[error("pack {pack} is damaged: {what}")]
    Damaged {
        /// Where.
        pack: PackId,
        /// What is wrong.
        what: Damage,
    },
    /// The entry's content lies in a file of its own, which is not there (yet, or any more).
    #[error("pack {pack} names the object {}, which is missing", digest.short())]
    ObjectMissing {
        /// Which pack names it.
        pack: PackId,
        /// The object.
        digest: ContentDigest,
    },
    /// A pack that may hold the key was written by another version.
    #[error("pack {pack} has format version {found}, this program reads versions 1 to {supported}")]
    WrongVersion {
        /// Which pack.
        pack: PackId,
        /// Its version.
        found: u32,
        /// The last one that is understood.
        supported: u32,
    },
    /// The system could not read a pack that may hold the key.
    #[error("pack {pack} cannot be read: {kind}")]
    Unreadable {
        /// Which pack.
        pack: PackId,
        /// What the system said.
        kind: io::ErrorKind,
    },
}

/// What is wrong with a file of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Shorter than its fixed parts, or than it says.
    #[error("the file is cut short")]
    TooShort,
    /// The header's magic, checksum or reserved bytes.
    #[error("its header is damaged")]
    Header,
    /// The footer's magic, checksum or reserved bytes.
    #[error("its footer is damaged or missing")]
    Footer,
    /// Header, footer and file name disagree, or the footer's numbers cannot be.
    #[error("its parts do not fit together")]
    Structure,
    /// An entry's header.
    #[error("an entry's header is damaged")]
    EntryHeader,
    /// An entry's stored content.
    #[error("an entry's content is damaged")]
    Content,
    /// A name that an entry refers to.
    #[error("an entry's project, producer or language name is damaged")]
    Name,
    /// A trace, or its block.
    #[error("a trace is damaged")]
    Trace,
    /// A kind, codec or flag that this program does not know.
    #[error("an entry has a kind, codec or flag that this program does not know")]
    Unknown,
    /// The pack's dictionary, or a content that was made with another one.
    #[error("its dictionary is damaged, or is not the one that an entry needs")]
    Dictionary,
    /// Sound stored bytes that do not decode.
    #[error("an entry's content does not decode")]
    Codec,
    /// A loose object's length or digest.
    #[error("a loose object is not what its name says")]
    Object,
    /// The index, or an entry it does not lead to.
    #[error("its index is damaged")]
    Index,
    /// The filter, or an entry it does not let through.
    #[error("its filter is damaged")]
    Filter,
    /// A record of what a past session did.
    #[error("a record of past sessions is damaged")]
    History,
    /// Bytes that must be zero.
    #[error("bytes between its parts are not zero")]
    Padding,
}

impl Damage {
    /// Those that a first read of an entry can find: remembered as a number above zero.
    const REMEMBERED: [Self; 7] = [
        Self::EntryHeader,
        Self::Content,
        Self::Name,
        Self::Unknown,
        Self::Codec,
        Self::Object,
        Self::Dictionary,
    ];

    pub(super) fn to_code(self) -> u32 {
        Self::REMEMBERED.iter().position(|damage| *damage == self).map_or(1, |at| at as u32 + 1)
    }

    pub(super) fn from_code(code: u32) -> Option<Self> {
        Self::REMEMBERED.get((code as usize).checked_sub(1)?).copied()
    }
}

/// Where the content of a hit lies.
pub(super) enum Body {
    /// In the mapped pack.
    InPack { start: usize, end: usize },
    /// In a mapped object.
    InObject { bytes: FileBytes, path: PathBuf },
    /// Decoded or read.
    Owned(Vec<u8>),
}

/// A checked answer. It stays valid while it lives, whatever happens to the cache directory.
pub struct Entry {
    pub(super) pack: Arc<Pack>,
    pub(super) header: EntryHeader,
    pub(super) kind: EntryKind,
    pub(super) codec: PackCodec,
    pub(super) body: Body,
}

impl Entry {
    /// The question's name.
    pub fn key(&self) -> EntryKey {
        EntryKey::from_bytes(self.header.key)
    }

    /// The answer, decoded. Borrowed from the mapped file where it is stored as it is.
    #[inline]
    pub fn content(&self) -> &[u8] {
        match &self.body {
            Body::InPack { start, end } => {
                self.pack.mapped().and_then(|bytes| bytes.get(*start..*end)).unwrap_or_default()
            }
            Body::InObject { bytes, .. } => bytes.mapped().unwrap_or_default(),
            Body::Owned(bytes) => bytes,
        }
    }

    /// Gives the file at `path` this content if it has another one, and tells whether it did. A content in a file
    /// of its own is cloned where the file system can, so that it takes no room twice. See
    /// [`write_output`](crate::fs::write_output) for what is replaced and what is refused.
    pub fn write_output(&self, path: &Path) -> io::Result<bool> {
        match &self.body {
            Body::InObject { path: object, .. } => fs::clone_output(path, self.content(), object),
            Body::InPack { .. } | Body::Owned(_) => fs::write_output(path, self.content()),
        }
    }

    /// What it is.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// How it is stored.
    pub const fn codec(&self) -> PackCodec {
        self.codec
    }

    /// When it was made, in seconds since the Unix epoch.
    pub fn created_unix_s(&self) -> u64 {
        self.header.created_unix_s.get()
    }

    /// What this hit saved, in nanoseconds.
    pub fn rebuild_cost_ns(&self) -> u64 {
        self.header.rebuild_cost_ns.get()
    }

    /// For which project it was made first.
    pub fn project(&self) -> &str {
        self.pack.name(self.header.project.get())
    }

    /// Who made it.
    pub fn producer(&self) -> &str {
        self.pack.name(self.header.producer.get())
    }

    /// Of which language it is.
    pub fn language(&self) -> &str {
        self.pack.name(self.header.language.get())
    }

    /// All of that together, owned, to be put elsewhere: a codec that needs the pack's dictionary is
    /// named by what comes next to it.
    pub fn meta(&self) -> EntryMeta {
        EntryMeta {
            kind: self.kind,
            codec: self.codec.elsewhere(),
            created_unix_s: self.created_unix_s(),
            rebuild_cost_ns: self.rebuild_cost_ns(),
            project: self.project().to_owned(),
            producer: self.producer().to_owned(),
            language: self.language().to_owned(),
        }
    }

    /// Which pack holds it.
    pub fn pack(&self) -> PackId {
        self.pack.id()
    }

    /// The canonical text of the key's inputs. Decodes a block of some 64 KiB, so it is for
    /// explanations, not for every hit. Damage of the trace alone does not make the entry a miss.
    pub fn trace(&self) -> Result<Vec<u8>, StoreError> {
        self.pack.trace(&self.header)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key())
            .field("kind", &self.kind)
            .field("codec", &self.codec)
            .field("pack", &self.pack())
            .field("content_bytes", &self.content().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_that_a_read_finds_is_remembered_by_its_number() {
        for damage in Damage::REMEMBERED {
            assert_eq!(Damage::from_code(damage.to_code()), Some(damage));
        }
        assert_eq!((Damage::from_code(0), Damage::from_code(15)), (None, None));
    }
}
