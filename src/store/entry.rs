//! What goes in: a key, what is known about the answer, and the answer's bytes.

use std::fmt;

use crate::codec::Codec;

/// The most bytes of one content, before compression.
pub const MAX_CONTENT_BYTES: u64 = 1 << 30;
/// The most bytes of one trace, before compression.
pub const MAX_TRACE_BYTES: u64 = 4 << 20;
/// The most bytes of a project, producer or language name.
pub const MAX_NAME_BYTES: u64 = 4096;

/// The name of a question: 32 bytes that the room `key` computes, and that the store only compares.
///
/// They are expected to be evenly distributed, as a cryptographic hash is. Keys that are not still
/// work, only slower.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey([u8; 32]);

impl EntryKey {
    /// A key from its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hexadecimal digits: enough for a person to tell two apart.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(16);
        text
    }

    /// One of the four little-endian words of the key: 0 places it in an index, 1 is its fingerprint
    /// there, 2 and 3 place it in a filter.
    pub(super) const fn word<const AT: usize>(&self) -> u64 {
        const { assert!(AT < 4) };
        let (words, _) = self.0.as_chunks::<8>();
        u64::from_le_bytes(words[AT])
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryKey({self})")
    }
}

/// What kind of answer an entry holds. Only for people and policies: the key alone decides a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// One optimized dispatch table.
    DispatchTable,
    /// The intermediate form of a file.
    FileIr,
    /// The intermediate form of one function.
    FunctionIr,
    /// Several units' outputs in one.
    CombinedOutput,
    /// A file of a package's output.
    PackageArtifact,
}

impl EntryKind {
    /// All kinds, in the order of their bytes.
    pub const ALL: [Self; 5] =
        [Self::DispatchTable, Self::FileIr, Self::FunctionIr, Self::CombinedOutput, Self::PackageArtifact];

    /// The byte that stands for it in packs.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::DispatchTable => 1,
            Self::FileIr => 2,
            Self::FunctionIr => 3,
            Self::CombinedOutput => 4,
            Self::PackageArtifact => 5,
        }
    }

    /// The kind that a byte stands for, if there is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_byte() == byte)
    }

    /// Its name in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DispatchTable => "dispatch-table",
            Self::FileIr => "file-ir",
            Self::FunctionIr => "function-ir",
            Self::CombinedOutput => "combined-output",
            Self::PackageArtifact => "package-artifact",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known about an answer besides its bytes. Nothing of this is part of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryMeta {
    /// What it is.
    pub kind: EntryKind,
    /// How to store it: a wish. What does not shrink is stored as it is; what an entry is stored as, its
    /// own `codec` tells.
    pub codec: Codec,
    /// When it was made, in seconds since the Unix epoch.
    pub created_unix_s: u64,
    /// How long it took to make, in nanoseconds: what a later hit saves.
    pub rebuild_cost_ns: u64,
    /// For which project it was made first; may be empty.
    pub project: String,
    /// Who made it: a producer's name, or empty for this machine.
    pub producer: String,
    /// Of which language it is; may be empty.
    pub language: String,
}

/// An answer to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// The question's name.
    pub key: EntryKey,
    /// What is known about the answer.
    pub meta: &'a EntryMeta,
    /// The answer, at most [`MAX_CONTENT_BYTES`].
    pub content: &'a [u8],
    /// The canonical text of the key's inputs, at most [`MAX_TRACE_BYTES`]. The store keeps it and
    /// does not read it.
    pub trace: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_its_bytes_and_cut_into_its_words() {
        let key = EntryKey::from_bytes(std::array::from_fn(|at| at as u8));
        assert!(key.to_string().starts_with("000102030405060708"));
        assert_eq!(key.short(), "0001020304050607");
        assert_eq!(key.word::<0>(), 0x0706_0504_0302_0100);
        assert_eq!(key.word::<1>(), 0x0f0e_0d0c_0b0a_0908);
        assert_eq!(key.word::<2>(), 0x1716_1514_1312_1110);
        assert_eq!(key.word::<3>(), 0x1f1e_1d1c_1b1a_1918);
    }

    #[test]
    fn the_bytes_of_the_kinds_are_frozen() {
        assert_eq!(EntryKind::ALL.map(EntryKind::to_byte), [1, 2, 3, 4, 5]);
        assert_eq!(EntryKind::from_byte(3), Some(EntryKind::FunctionIr));
        assert_eq!((EntryKind::from_byte(0), EntryKind::from_byte(6)), (None, None));
    }
}
