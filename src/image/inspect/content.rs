//! Where a file's sections lie: in the file, or in what its codec gives back.

use std::borrow::Cow;

use super::dump::FileKind;
use super::header::{codec_of, total_len};
use super::read::{Notes, Part};
use crate::format::{DecompressError, FileCodec, decompress};
use crate::image::pressed::{MAX_DECODED_BYTES, decompress_image};

/// The bytes in which sections lie.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    /// Those of the file.
    AsItIs(Part<'a>),
    /// Those of the file that was compressed, header and directory in front.
    Decoded(Part<'a>),
    /// Nobody knows: they cannot be decoded.
    Closed,
}

impl<'a> Content<'a> {
    /// What is there of them.
    pub(super) fn part(self) -> Part<'a> {
        match self {
            Self::AsItIs(part) | Self::Decoded(part) => part,
            Self::Closed => Part::default(),
        }
    }
}

/// What the codec gives back; none where the file is, or is to be read as if it were, stored as it is.
pub(super) enum Decoded<'a> {
    AsItIs,
    Whole(Cow<'a, [u8]>),
    Refused,
}

/// Decodes a file that says that it is in a codec. Cost: the memory that it promises, within the limit of
/// an image that is opened.
pub(super) fn decode<'a>(kind: FileKind, file: Part<'a>, notes: &mut Notes) -> Decoded<'a> {
    let Some((code, at_bytes)) = codec_of(kind, file) else { return Decoded::AsItIs };
    if code == FileCodec::None.code() {
        return Decoded::AsItIs;
    }
    let decoded: Result<Cow<'a, [u8]>, DecompressError> = match kind {
        FileKind::Table => decompress(file.bytes, MAX_DECODED_BYTES),
        FileKind::Image => decompress_image(file.bytes, MAX_DECODED_BYTES),
    };
    let error = match decoded {
        Ok(decoded) => return Decoded::Whole(decoded),
        Err(error) => error,
    };
    // A file in a codec is shorter than what it decodes to; this one has its full length, so it is
    // rather the codec that is damaged.
    if total_len(kind, file) == Some(file.bytes.len() as u64) {
        notes.problem(
            at_bytes,
            format!("the file does not decode ({error}), and has the length of one that is stored as it is; what follows is read as that"),
        );
        return Decoded::AsItIs;
    }
    notes.problem(at_bytes, format!("the sections cannot be decoded: {error}"));
    Decoded::Refused
}
