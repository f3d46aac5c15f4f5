//! The forms that a section may have in the stream, and which of them are tried for which section.

use super::bits::{Input, Malformed};
use crate::format::error::Tag;
use crate::format::layout::{
    ABOV, CLAS, DDAG, ENTR, NAME, PARM, PATT, RULE, SECTION_ALIGN, SIGN, STRS, SectionRow, TYPE,
};

/// How a section is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One column of bytes.
    Bytes,
    /// A string pool: its texts are among those of the file.
    Pool,
    /// One text among those of the file.
    Text,
    /// Rows of fields with these widths in bytes.
    Rows(&'static [u8]),
    /// Words of u32 whose highest bit is moved to the lowest place, as one column.
    Rotated,
    /// Rows of as many u16 as the stream says.
    Shorts,
    /// Bit rows of as many bytes as the stream says.
    Bits,
    /// Together with other sections, by a [`Joint`].
    Joint,
}

/// Fields of a row of section `ENTR`.
pub(crate) const ENTRY_FIELDS: &[u8] = &[4; 5];

const FORMS: [Form; 13] = [
    Form::Bytes,
    Form::Pool,
    Form::Text,
    Form::Rows(&[1]),
    Form::Rows(&[2]),
    Form::Rows(&[4]),
    Form::Rotated,
    Form::Rows(&[4; 2]),
    Form::Rows(ENTRY_FIELDS),
    Form::Rows(&[4; 3]),
    Form::Shorts,
    Form::Bits,
    Form::Joint,
];

impl Form {
    pub(super) fn code(self) -> u32 {
        FORMS.iter().position(|form| *form == self).map_or(0, |code| code as u32)
    }

    pub(super) fn from_code(code: u32) -> Result<Self, Malformed> {
        FORMS.get(code as usize).copied().ok_or(Malformed)
    }
}

/// What of a file's counts decides how its rows are cut; only the writer needs to know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shape {
    /// Dispatching positions: references in a row of `PATT`.
    pub(crate) arity: usize,
    /// Bytes in a row of `ABOV`.
    pub(crate) above_stride: usize,
}

/// What is tried for a section beside one column of bytes; texts are taken without trying.
pub(super) fn candidates(tag: Tag) -> &'static [Form] {
    match tag {
        STRS => &[Form::Pool],
        NAME | SIGN => &[Form::Text],
        TYPE => &[Form::Rows(&[4; 2])],
        PARM => &[Form::Rows(&[4])],
        ABOV => &[Form::Bits, Form::Rows(&[1])],
        PATT => &[Form::Shorts],
        ENTR => &[Form::Rows(ENTRY_FIELDS)],
        RULE => &[Form::Rows(&[2]), Form::Bits],
        CLAS => &[Form::Rows(&[1]), Form::Rows(&[2])],
        DDAG => &[Form::Rotated],
        // Places of an image; a table's section of this tag is none of its own.
        Tag([b'P', b'L', b'A', b'C']) => &[Form::Rows(&[4; 3])],
        _ => &[],
    }
}

/// Sections that are stored together, because one says where the parts of another lie.
pub(crate) trait Joint {
    /// Which they are; each must be there once.
    fn tags(&self) -> &'static [Tag];

    /// Appends them, given in the order of [`Joint::tags`]; false where they do not look as expected, and
    /// then `out` may hold anything.
    fn encode(&self, sections: &[&[u8]], out: &mut Vec<u8>) -> bool;

    /// Fills them, which hold zeros.
    fn decode(&self, input: &mut Input<'_>, sections: &mut [&mut [u8]]) -> Result<(), Malformed>;
}

/// A file whose sections are all stored by themselves.
pub(crate) struct NoJoint;

impl Joint for NoJoint {
    fn tags(&self) -> &'static [Tag] {
        &[]
    }

    fn encode(&self, _sections: &[&[u8]], _out: &mut Vec<u8>) -> bool {
        false
    }

    fn decode(&self, _input: &mut Input<'_>, _sections: &mut [&mut [u8]]) -> Result<(), Malformed> {
        Err(Malformed)
    }
}

/// The sections of a directory as lengths: of the gap in front of each, and of itself. `data_at` is where
/// the directory ends. None where they do not lie behind each other, with no more between them than
/// padding, and fill `data_len` bytes: a gap costs nothing in the stream, so it must not be long.
pub(super) fn spans(rows: &[SectionRow], data_at: usize, data_len: usize) -> Option<Vec<(usize, usize)>> {
    let mut spans = Vec::with_capacity(rows.len());
    let mut end = data_at;
    for row in rows {
        let (offset, len) = (row.offset.get() as usize, row.len.get() as usize);
        let gap = offset.checked_sub(end).filter(|gap| *gap < SECTION_ALIGN)?;
        spans.push((gap, len));
        end = offset.checked_add(len)?;
    }
    (end == data_at.checked_add(data_len)?).then_some(spans)
}

/// Moves the highest bit of each u32 to the lowest place, so that outcomes and places of nodes are both
/// small numbers.
pub(crate) fn rotate_words(bytes: &[u8]) -> Vec<u8> {
    let rotated = |word: &[u8; 4]| u32::from_le_bytes(*word).rotate_left(1).to_le_bytes();
    bytes.as_chunks::<4>().0.iter().flat_map(rotated).collect()
}

/// What [`rotate_words`] did, undone in place.
pub(crate) fn unrotate_words(bytes: &mut [u8]) {
    for word in bytes.as_chunks_mut::<4>().0 {
        *word = u32::from_le_bytes(*word).rotate_right(1).to_le_bytes();
    }
}
