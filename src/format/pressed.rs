//! Whole files in a codec: header and directory stay as they are, what is behind them becomes one
//! stream.

use std::borrow::Cow;

use zerocopy::FromBytes;

use super::columnar::{self, Joint, NoJoint, Shape};
use super::core::above_stride_bytes;
use super::envelope::{expect_crc, metadata_crc};
use super::error::OpenError;
use super::layout::{SectionRow, TABLE_MAGIC, TableHeader, VERSION_MAJOR};
use super::view::TableView;
use crate::codec::{Codec, CodecError, Level};
use crate::digest::crc32;

/// How what is behind a file's section directory is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FileCodec {
    /// As it is: the file answers where it lies.
    #[default]
    None,
    /// One LZ4 block.
    Lz4,
    /// Zstandard, without a dictionary; the level is no part of the file.
    Zstd(Level),
    /// Column by column: made for tables and images, and as a rule the smallest.
    Columnar,
}

impl FileCodec {
    /// The code that stands for it in a header.
    pub const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Lz4 => 1,
            Self::Zstd(_) => 2,
            Self::Columnar => 3,
        }
    }

    /// The codec of this code, if this version knows it; a level that is no part of the code is the default.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1 => Some(Self::Lz4),
            2 => Some(Self::Zstd(Level::DEFAULT)),
            3 => Some(Self::Columnar),
            _ => None,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd(_) => "zstd",
            Self::Columnar => "columnar",
        }
    }
}

/// Why a compressed file does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// The header, the directory or a checksum is wrong.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The stream does not decode to what the header promises, or the promise is over the limit.
    #[error("the compressed data: {0}; the file is damaged or made by a faulty writer, build it again")]
    Stream(#[from] CodecError),
}

/// Where a kind of file has the fields that a codec changes.
pub(crate) struct PressedLayout {
    pub(crate) magic: [u8; 4],
    /// The last four bytes of the header are `metadata_crc`.
    pub(crate) header_len: usize,
    /// u8.
    pub(crate) codec_at: usize,
    /// u32.
    pub(crate) section_count_at: usize,
    /// u64.
    pub(crate) total_len_at: usize,
    /// u32; a kind of file whose length follows from that of the bytes has none.
    pub(crate) data_len_at: Option<usize>,
    /// u32.
    pub(crate) data_crc_at: usize,
}

const TABLES: PressedLayout = PressedLayout {
    magic: TABLE_MAGIC,
    header_len: size_of::<TableHeader>(),
    codec_at: std::mem::offset_of!(TableHeader, codec),
    section_count_at: std::mem::offset_of!(TableHeader, section_count),
    total_len_at: std::mem::offset_of!(TableHeader, total_len),
    data_len_at: Some(std::mem::offset_of!(TableHeader, data_len)),
    data_crc_at: std::mem::offset_of!(TableHeader, data_crc),
};

/// The table `bytes`, which are stored as they are, in another codec. Where that would not be smaller, it
/// is the table itself. Deterministic for [`FileCodec::Columnar`]; another version of the other codecs
/// may choose other bytes.
///
/// Cost: for columns, each is tried in several forms and the result decoded once to compare.
///
/// ```
/// use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
/// use janus_cache::format::{FileCodec, compress, decompress};
///
/// let graph = TypeGraph::new([TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])])?;
/// let family = Family::new("area", 1, vec![Method::new(&["Shape"], "area(Shape)", "geometry")]);
/// let table = compile(&restrict(&graph, &family)?, &CompileOptions::default())?.bytes;
///
/// let small = compress(&table, FileCodec::Columnar)?;
/// assert!(small.len() < table.len());
/// assert_eq!(decompress(&small, 1 << 20)?, table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compress(bytes: &[u8], codec: FileCodec) -> Result<Vec<u8>, OpenError> {
    let table = TableView::open(bytes)?;
    let shape = Shape {
        arity: usize::from(table.header().arity),
        above_stride: above_stride_bytes(table.header().param_count.get()),
    };
    Ok(press(bytes, codec, &TABLES, table.section_rows(), shape, &NoJoint))
}

/// The table that [`compress`] got, byte for byte; a table that is stored as it is comes back without a
/// copy. What it says of itself is not proved beyond header, directory and checksums: open it.
///
/// `limit_bytes` is the largest table that is taken. A promise over it is refused before memory is
/// reserved; decoding reserves a small multiple of what is promised.
pub fn decompress(bytes: &[u8], limit_bytes: u64) -> Result<Cow<'_, [u8]>, DecompressError> {
    unpress(bytes, limit_bytes, &TABLES, &NoJoint)
}

/// `bytes`, an opened file of codec 0, in `codec`.
pub(crate) fn press(
    bytes: &[u8],
    codec: FileCodec,
    layout: &PressedLayout,
    rows: &[SectionRow],
    shape: Shape,
    joint: &dyn Joint,
) -> Vec<u8> {
    let data_at = layout.header_len + size_of_val(rows);
    let Some((head, data)) = bytes.split_at_checked(data_at) else { return bytes.to_vec() };
    let stream = match codec {
        FileCodec::None => return bytes.to_vec(),
        FileCodec::Lz4 => Codec::Lz4.encode(data).1,
        FileCodec::Zstd(level) => Codec::Zstd.encode_at(data, level).1,
        FileCodec::Columnar => Cow::Owned(columnar::encode(rows, data_at, data, shape, joint)),
    };
    if stream.len() >= data.len() {
        return bytes.to_vec();
    }
    sealed([head, stream.as_ref()].concat(), data_at, codec, layout)
}

/// What [`press`] made, undone.
pub(crate) fn unpress<'a>(
    bytes: &'a [u8],
    limit_bytes: u64,
    layout: &PressedLayout,
    joint: &dyn Joint,
) -> Result<Cow<'a, [u8]>, DecompressError> {
    let found_bytes = bytes.len() as u64;
    let too_short = |needed_bytes| OpenError::TooShort { needed_bytes, found_bytes };
    let header = bytes.get(..layout.header_len).ok_or(too_short(layout.header_len as u64))?;
    let magic = field::<4>(header, 0);
    if magic != layout.magic {
        return Err(OpenError::Magic { found: magic, expected: layout.magic }.into());
    }
    let version = u16::from_le_bytes(field(header, 4));
    if version != VERSION_MAJOR {
        return Err(OpenError::Version { found: version, supported: VERSION_MAJOR }.into());
    }
    let [code] = field(header, layout.codec_at);
    let codec = FileCodec::from_code(code).ok_or(OpenError::UnknownCodec { found: code })?;
    let decoded_bytes = u64::from_le_bytes(field(header, layout.total_len_at));
    let over_limit = || {
        let error = CodecError::OverLimit { decoded_bytes, limit_bytes };
        if decoded_bytes > limit_bytes { Err(DecompressError::from(error)) } else { Ok(()) }
    };
    if codec == FileCodec::None {
        return over_limit().map(|()| Cow::Borrowed(bytes));
    }
    let section_count = u32::from_le_bytes(field(header, layout.section_count_at)) as usize;
    let data_at = section_count.saturating_mul(size_of::<SectionRow>()).saturating_add(layout.header_len);
    let (head, stream) = bytes.split_at_checked(data_at).ok_or(too_short(data_at as u64))?;
    let directory = head.get(layout.header_len..).unwrap_or_default();
    let rows = <[SectionRow]>::ref_from_bytes(directory).map_err(|_| too_short(data_at as u64))?;
    if let Some(at) = layout.data_len_at {
        let data_len = u64::from(u32::from_le_bytes(field(header, at)));
        if data_len > stream.len() as u64 {
            return Err(too_short(data_len.saturating_add(data_at as u64)).into());
        }
        if data_len < stream.len() as u64 {
            let stated_bytes = data_len + data_at as u64;
            return Err(OpenError::TooLong { stated_bytes, found_bytes }.into());
        }
    }
    let crc_at = layout.header_len - 4;
    let stored_crc = |at| u32::from_le_bytes(field(header, at));
    expect_crc("metadata", stored_crc(crc_at), metadata_crc(bytes, crc_at, data_at))?;
    // Not sooner: a flipped bit in the length is damage, and advice about large files would mislead.
    over_limit()?;
    expect_crc("data", stored_crc(layout.data_crc_at), crc32(stream))?;
    let malformed = CodecError::Malformed { decoded_bytes };
    let data_len = decoded_bytes.checked_sub(data_at as u64).ok_or(malformed)?;
    // Offsets and `data_len` have 32 bits.
    if decoded_bytes > u64::from(u32::MAX) {
        return Err(malformed.into());
    }
    let reserve = || {
        let mut file = Vec::with_capacity(decoded_bytes as usize);
        file.extend_from_slice(head);
        file.resize(decoded_bytes as usize, 0);
        file
    };
    let general = |codec: Codec| -> Result<Vec<u8>, CodecError> {
        codec.check_promise(stream.len() as u64, data_len, limit_bytes)?;
        let mut file = reserve();
        codec.decode_into(stream, file.get_mut(data_at..).unwrap_or_default())?;
        Ok(file)
    };
    let file = match codec {
        FileCodec::None => return Ok(Cow::Borrowed(bytes)),
        FileCodec::Lz4 => general(Codec::Lz4)?,
        FileCodec::Zstd(_) => general(Codec::Zstd)?,
        FileCodec::Columnar => {
            let mut file = reserve();
            let data = file.get_mut(data_at..).unwrap_or_default();
            columnar::decode(stream, rows, data_at, data, joint).map_err(|columnar::Malformed| malformed)?;
            file
        }
    };
    Ok(Cow::Owned(sealed(file, data_at, FileCodec::None, layout)))
}

/// `file`, whose directory ends at `data_at`, with the header made right for what is behind that.
fn sealed(mut file: Vec<u8>, data_at: usize, codec: FileCodec, layout: &PressedLayout) -> Vec<u8> {
    let (head, data) = file.split_at_mut_checked(data_at).unwrap_or_default();
    let mut put = |at: usize, field: &[u8]| {
        if let Some(to) = head.get_mut(at..at + field.len()) {
            to.copy_from_slice(field);
        }
    };
    put(layout.codec_at, &[codec.code()]);
    if let Some(at) = layout.data_len_at {
        put(at, &(data.len() as u32).to_le_bytes());
    }
    put(layout.data_crc_at, &crc32(data).to_le_bytes());
    let crc_at = layout.header_len - 4;
    let crc = metadata_crc(head, crc_at, data_at);
    if let Some(to) = head.get_mut(crc_at..crc_at + 4) {
        to.copy_from_slice(&crc.to_le_bytes());
    }
    file
}

/// A field of a header that is long enough, as layouts promise.
fn field<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    header.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
