//! The codecs: streams by themselves, and tables and images whose data are such streams.

use janus_cache::codec::{Codec, Dictionary, Level};
use janus_cache::format::{FileCodec, TableView, compress, decompress};
use janus_cache::image::{ImageView, compress_image, decompress_image};

use crate::seal::{self, Seal};

/// The largest result that is taken.
const LIMIT_BYTES: u64 = 1 << 20;

/// Decodes `data` as a columnar table and as a columnar image, as it is and sealed.
///
/// # Panics
/// Where a result is longer than the limit or than its header says, or where what was decoded and
/// opens does not come back from the same codec.
pub fn columnar(data: &[u8]) {
    files(data, FileCodec::Columnar);
}

/// Decodes `data` as an LZ4 block whose first three bytes promise a size, and as files as
/// [`columnar`] does.
///
/// # Panics
/// As [`columnar`]; and where a block decodes to another size than promised, or is not what the codec
/// gives back.
pub fn lz4(data: &[u8]) {
    stream(data, Codec::Lz4);
    files(data, FileCodec::Lz4);
}

/// As [`lz4`], with Zstandard frames; and takes `data` for a dictionary.
///
/// # Panics
/// As [`lz4`]; and where what was encoded with a dictionary does not come back.
pub fn zstd(data: &[u8]) {
    stream(data, Codec::Zstd);
    files(data, FileCodec::Zstd(Level::DEFAULT));
    if let Ok(dictionary) = Dictionary::from_bytes(data.to_vec())
        && let Some(stored) = dictionary.encode(data, Level::default())
    {
        let decoded = dictionary.decode(&stored, data.len() as u64, data.len() as u64);
        assert_eq!(decoded.as_deref(), Ok(data), "a dictionary gives back what it got");
    }
}

fn stream(data: &[u8], codec: Codec) {
    let Some(([a, b, c], stored)) = data.split_first_chunk() else { return };
    let promised_bytes = u64::from(u32::from_le_bytes([*a, *b, *c, 0]));
    if let Ok(decoded) = codec.decode(stored, promised_bytes, LIMIT_BYTES) {
        assert!(promised_bytes <= LIMIT_BYTES, "a promise over the limit was taken");
        assert_eq!(decoded.len() as u64, promised_bytes, "the size that was promised");
        comes_back(&decoded, codec);
    }
    comes_back(data, codec);
}

fn comes_back(bytes: &[u8], codec: Codec) {
    let (stored_as, stored) = codec.encode(bytes);
    let len = bytes.len() as u64;
    assert_eq!(stored_as.decode(&stored, len, len).as_deref(), Ok(bytes), "{codec:?} gives back what it got");
}

fn files(data: &[u8], codec: FileCodec) {
    file(data, codec, &seal::TABLES, decompresses_to_table);
    file(data, codec, &seal::IMAGES, decompresses_to_image);
}

fn file(data: &[u8], codec: FileCodec, seal: &Seal, decode: fn(&[u8], FileCodec) -> Option<Vec<u8>>) {
    for bytes in [Some(data.to_vec()), seal.pressed(data, codec.code())].into_iter().flatten() {
        if let Some(decoded) = decode(&bytes, codec) {
            assert!(decoded.len() as u64 <= LIMIT_BYTES.max(bytes.len() as u64), "more than the limit");
            if decoded != bytes {
                assert_eq!(decoded.len() as u64, seal.total_len(&bytes), "the size that was promised");
            }
        }
    }
}

fn decompresses_to_table(bytes: &[u8], codec: FileCodec) -> Option<Vec<u8>> {
    let decoded = decompress(bytes, LIMIT_BYTES).ok()?.into_owned();
    if TableView::open(&decoded).is_ok() {
        let small = compress(&decoded, codec).expect("it opens");
        assert_eq!(decompress(&small, LIMIT_BYTES).as_deref(), Ok(decoded.as_slice()), "comes back");
    }
    Some(decoded)
}

fn decompresses_to_image(bytes: &[u8], codec: FileCodec) -> Option<Vec<u8>> {
    let decoded = decompress_image(bytes, LIMIT_BYTES).ok()?.into_owned();
    if ImageView::open(&decoded).is_ok() {
        let small = compress_image(&decoded, codec).expect("it opens");
        assert_eq!(decompress_image(&small, LIMIT_BYTES).as_deref(), Ok(decoded.as_slice()), "comes back");
    }
    Some(decoded)
}
