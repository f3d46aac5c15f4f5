//! Images in a codec, as `format` does it with tables.

use std::borrow::Cow;
use std::mem::offset_of;

use super::columnar::Families;
use super::layout::{IMAGE_MAGIC, ImageHeader};
use super::view::ImageView;
use crate::format::columnar::Shape;
use crate::format::pressed::{PressedLayout, press, unpress};
use crate::format::{DecompressError, FileCodec, OpenError};

const IMAGES: PressedLayout = PressedLayout {
    magic: IMAGE_MAGIC,
    header_len: size_of::<ImageHeader>(),
    codec_at: offset_of!(ImageHeader, codec),
    section_count_at: offset_of!(ImageHeader, section_count),
    total_len_at: offset_of!(ImageHeader, total_len),
    data_len_at: None,
    data_crc_at: offset_of!(ImageHeader, data_crc),
};

/// The largest image that is decoded where nobody says another limit: a GiB. What a file promises is
/// reserved before anybody knows whether it keeps the promise.
pub const MAX_DECODED_BYTES: u64 = 1 << 30;

/// The image `bytes`, which are stored as they are, in another codec; see [`crate::format::compress`].
pub fn compress_image(bytes: &[u8], codec: FileCodec) -> Result<Vec<u8>, OpenError> {
    let image = ImageView::open(bytes)?;
    Ok(press(bytes, codec, &IMAGES, image.section_rows(), Shape::default(), &Families))
}

/// The image that [`compress_image`] got, byte for byte; see [`crate::format::decompress`].
pub fn decompress_image(bytes: &[u8], limit_bytes: u64) -> Result<Cow<'_, [u8]>, DecompressError> {
    unpress(bytes, limit_bytes, &IMAGES, &Families)
}
