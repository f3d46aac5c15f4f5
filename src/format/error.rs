//! What can be wrong with bytes: found when they are opened, or when a later access meets it.

use std::fmt;

/// A section's tag: four ASCII letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub [u8; 4]);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// Why bytes cannot be opened as a table or an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There are fewer bytes than the header, the directory or the stated total length needs.
    #[error("too short: {needed_bytes} bytes are needed, {found_bytes} are there")]
    TooShort {
        /// Bytes needed to read on.
        needed_bytes: u64,
        /// Bytes there are.
        found_bytes: u64,
    },
    /// There are more bytes than the header's total length says.
    #[error("too long: the header says {stated_bytes} bytes, {found_bytes} are there")]
    TooLong {
        /// The header's `total_len`.
        stated_bytes: u64,
        /// Bytes there are.
        found_bytes: u64,
    },
    /// The first four bytes are another format's.
    #[error("not this format: the first bytes are {found:02x?}, expected {expected:02x?}")]
    Magic {
        /// What stands there.
        found: [u8; 4],
        /// What should stand there.
        expected: [u8; 4],
    },
    /// A newer major version, which may mean anything.
    #[error(
        "format version {found} is not supported, this reader knows version {supported}: use a reader of that version, or build the file again"
    )]
    Version {
        /// The header's major version.
        found: u16,
        /// The version this reader knows.
        supported: u16,
    },
    /// A checksum does not match what it covers.
    #[error("damaged {what}: the stored CRC-32 is {stored:08x}, the bytes have {computed:08x}")]
    Checksum {
        /// `metadata` or `data`.
        what: &'static str,
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// A header field holds a value that this version does not define.
    #[error(
        "header field `{field}` holds {found}; {expected} is expected: the file is damaged or made by a faulty writer, build it again"
    )]
    Field {
        /// The field's name in the specification.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What may stand there.
        expected: &'static str,
    },
    /// The methods are chosen by a rule that this version does not know, so their order may mean
    /// anything.
    #[error(
        "resolution rule {found} is not known, this reader knows 1, 2, 3 and 255: use a newer reader, or build the file again"
    )]
    UnknownRule {
        /// The rule's code.
        found: u8,
    },
    /// What is behind the section directory is compressed in a way that this version does not know.
    #[error(
        "codec {found} is not known, this reader knows 0 (none), 1 (lz4), 2 (zstd) and 3 (columnar): use a newer reader, or build the file again"
    )]
    UnknownCodec {
        /// The codec's code.
        found: u8,
    },
    /// What is behind the section directory is compressed, so it cannot be read where it lies.
    #[error("the file is compressed ({codec}): decompress it, then open what comes out")]
    Compressed {
        /// The codec's word.
        codec: &'static str,
    },
    /// A section's place or length contradicts the header or the file.
    #[error("section {tag} at byte {offset}: {what}")]
    Section {
        /// Which section.
        tag: Tag,
        /// Its offset in the file.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A section that must be understood is not.
    #[error(
        "section {tag} is required to read this file, and this version does not know it: use a newer reader, or build the file again"
    )]
    UnknownRequired {
        /// Which section.
        tag: Tag,
    },
    /// A section that must be there is not.
    #[error("section {tag} is missing")]
    MissingSection {
        /// Which section.
        tag: Tag,
    },
}

/// What a checked access met inside bytes that had opened well: they were made by a faulty writer,
/// or changed afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// A stored index or offset points outside what it indexes.
    #[error("section {tag}: index {index} is outside its {bound} elements")]
    OutOfBounds {
        /// The section that is indexed.
        tag: Tag,
        /// The index.
        index: u64,
        /// How many elements there are.
        bound: u64,
    },
    /// A walk would not end: a child does not come after its parent.
    #[error("section {tag}: node {child} follows node {parent}, but children come after their parents")]
    Backwards {
        /// The section of the nodes.
        tag: Tag,
        /// The node that refers.
        parent: u32,
        /// The node referred to.
        child: u32,
    },
    /// A string is not UTF-8.
    #[error("section {tag}: string {index} is not UTF-8")]
    NotUtf8 {
        /// The section of the string.
        tag: Tag,
        /// Its index.
        index: u32,
    },
    /// A family's methods are chosen by a rule that this version does not know.
    #[error(
        "resolution rule {found} of a family is not known, this reader knows 1, 2, 3 and 255: use a newer reader, or build the file again"
    )]
    UnknownRule {
        /// The rule's code.
        found: u8,
    },
    /// What a family of an image needs is not there, or has not the length that its counts give.
    #[error("piece {tag} of family {family}: {what}")]
    Piece {
        /// Which piece.
        tag: Tag,
        /// The family's row.
        family: u32,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The caller gave another number of arguments than the table has positions.
    #[error("{found} arguments for a table of {expected} positions")]
    ArgumentCount {
        /// The table's arity.
        expected: u8,
        /// What was given.
        found: usize,
    },
}
