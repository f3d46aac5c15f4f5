//! A reader and a writer of tables and images, made from `format-spec/SPEC.md` and its vectors.
//!
//! It shares no code with the library and looks at one byte after another; where both give the same
//! answers, the text says enough for a stranger. It reads a whole file at once, so what the text
//! leaves to each access is checked here when the file is read.

mod answer;
mod bytes;
mod classes;
mod columns;
mod decide;
mod derive;
mod envelope;
mod family;
mod hash;
mod image;
mod lz4;
mod matrix;
mod nodes;
mod question;
mod rule;
mod stream;
mod table;
mod together;
mod write_image;
mod write_table;

pub(crate) use answer::Outcome;
pub(crate) use family::Family;
pub(crate) use image::{Image, ImageFamily};
pub(crate) use question::{AskedRule, Method, Place, Question};
pub(crate) use rule::Rule;
pub(crate) use table::Table;
pub(crate) use write_image::{ImageQuestion, image_bytes};
pub(crate) use write_table::{sections, table_bytes};

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Fewer bytes than the header has.
    Short,
    /// Another kind of file.
    Magic,
    VersionMajor(u16),
    Codec(u8),
    /// The directory does not fit into the bytes.
    NoDirectory,
    TotalLen,
    Checksum(&'static str),
    /// The directory breaks the rule that the text says.
    Directory(&'static str),
    /// A required section that is not known.
    RequiredSection([u8; 4]),
    MissingSection(&'static str),
    Rule(u8),
    /// A form of section `RULE` that is not known.
    RuleForm(u32),
    /// An order of positions that does not name each once.
    RuleOrder,
    /// Rule 255 with an optimization that scans.
    CustomIsNotScanned,
    DataLen,
    Limit(&'static str),
    /// A section or piece whose length is not the one that the counts give.
    SectionLen(&'static str),
    /// A compressed stream that breaks the rule that the text says.
    Stream(&'static str),
    /// Bytes that are whole but say something impossible.
    Content(&'static str),
}

impl Refused {
    /// Whether opening a file, or finding a family in an image, refuses already; an access otherwise.
    pub(crate) fn is_of_opening(&self) -> bool {
        !matches!(self, Self::Content(_))
    }

    /// The word that `NAME.refused.json` uses, of the reasons that have one.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            Self::VersionMajor(_) => Some("version_major"),
            Self::RequiredSection(_) => Some("required_section"),
            Self::Rule(_) => Some("rule"),
            Self::Codec(_) => Some("codec"),
            _ => None,
        }
    }
}
