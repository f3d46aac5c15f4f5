//! The run-time's door: an image in a file, mapped, or decoded where it is in a codec.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::bind::{BindError, TypeBinding};
use super::family::FamilyView;
use super::pressed::{MAX_DECODED_BYTES, decompress_image};
use super::view::ImageView;
use crate::codec::CodecError;
use crate::format::{AccessError, DecompressError, OpenError};
use crate::fs::{FileAccess, FileBytes};

/// An image in a file, mapped and proved. Threads may share it.
///
/// An image in a codec, which `janus build --codec` writes, is decoded into memory instead: it answers the
/// same, takes longer to open, and no two processes share its bytes.
///
/// The file must not be changed in place while it is open; builds replace it as a whole, and then an
/// open image keeps the old content.
///
/// ```
/// use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
/// use janus_cache::format::Outcome;
/// use janus_cache::image::{DispatchImage, ImageContent, ImageType, encode_image};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("shapes.jdi");
/// let graph = TypeGraph::new([TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])])?;
/// let area = Family::new("geometry::area", 1, vec![Method::new(&["Shape"], "area(Shape)", "geometry")]);
/// let table = compile(&restrict(&graph, &area)?, &CompileOptions::default())?.bytes;
/// let types = ["Circle", "Shape"].map(|name| ImageType { name: name.into(), sealed: false });
/// let content = ImageContent { name: "shapes", types: types.into(), tables: vec![&table], ..Default::default() };
/// std::fs::write(&path, encode_image(&content, |_, _| None)?)?;
///
/// let image = DispatchImage::open(&path)?;
/// let view = image.view()?;
/// let circle = view.type_id("Circle")?.ok_or("no such type")?;
/// let area = image.family("geometry::area", 1)?.ok_or("no such family")?;
/// let Outcome::Method(entry) = area.dispatch(&[circle])? else { panic!("Shape covers Circle") };
/// assert_eq!(area.entry(entry)?.implementation, "area(Shape)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DispatchImage {
    path: PathBuf,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Mapped(FileBytes),
    Read(Vec<u8>),
    /// What a codec gave back. The file is kept open, so that the system gives its number to no other
    /// and [`super::ImageHandle`] can tell files apart by it.
    Decoded {
        _file: FileBytes,
        bytes: Vec<u8>,
    },
}

/// Why an image cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageOpenError {
    /// The system does not give the file.
    #[error("cannot read the image {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no sound image.
    #[error("{} is no sound image: {source}; build it again", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What was expected and found, and where.
        source: OpenError,
    },
    /// The file is in a codec and does not decode to what it promises.
    #[error("{} cannot be decoded: {source}; build it again", path.display())]
    Undecodable {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        source: CodecError,
    },
    /// The file is in a codec and promises more bytes than the caller takes.
    #[error("{} decodes to {decoded_bytes} bytes, at most {limit_bytes} are taken into memory; build it without a codec, then it is mapped", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it promises.
        decoded_bytes: u64,
        /// What the caller takes.
        limit_bytes: u64,
    },
}

impl DispatchImage {
    /// Maps the file and proves header, directory and checksums. Cost: one CRC over the file.
    ///
    /// An image in a codec is decoded, to [`MAX_DECODED_BYTES`] at most.
    pub fn open(path: &Path) -> Result<Self, ImageOpenError> {
        Self::open_within(path, MAX_DECODED_BYTES)
    }

    /// As [`DispatchImage::open`], with a limit of one's own for what an image in a codec decodes to, in
    /// bytes. A promise over it is refused before memory is reserved; decoding reserves a small multiple
    /// of what is promised. An image that is stored as it is has no limit.
    pub fn open_within(path: &Path, limit_bytes: u64) -> Result<Self, ImageOpenError> {
        let unreadable = |source| ImageOpenError::Unreadable { path: path.to_owned(), source };
        let file = FileBytes::open(path, FileAccess::Map).map_err(unreadable)?;
        let bytes = if file.mapped().is_some() {
            Bytes::Mapped(file)
        } else {
            Bytes::Read(file.get(0, file.len_bytes()).map_err(unreadable)?.into_owned())
        };
        let mut image = Self { path: path.to_owned(), bytes };
        let unsound = |source| ImageOpenError::Unsound { path: path.to_owned(), source };
        match ImageView::open(image.bytes()) {
            Ok(_) => return Ok(image),
            Err(OpenError::Compressed { .. }) => {}
            Err(source) => return Err(unsound(source)),
        }
        let decoded = decompress_image(image.bytes(), limit_bytes).map(Cow::into_owned);
        let bytes = decoded.map_err(|error| match error {
            DecompressError::Open(source) => unsound(source),
            DecompressError::Stream(CodecError::OverLimit { decoded_bytes, limit_bytes }) => {
                ImageOpenError::TooLarge { path: path.to_owned(), decoded_bytes, limit_bytes }
            }
            DecompressError::Stream(source) => ImageOpenError::Undecodable { path: path.to_owned(), source },
        })?;
        ImageView::open(&bytes).map_err(unsound)?;
        if let Bytes::Mapped(file) = image.bytes {
            image.bytes = Bytes::Decoded { _file: file, bytes };
        } else {
            image.bytes = Bytes::Read(bytes);
        }
        Ok(image)
    }

    /// Whether the bytes are the file's own, mapped; not so where it is in a codec.
    pub const fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::Mapped(_))
    }

    /// How long the file is; [`DispatchImage::bytes`] is longer where it is in a codec.
    pub fn file_len_bytes(&self) -> u64 {
        match &self.bytes {
            Bytes::Mapped(file) | Bytes::Decoded { _file: file, .. } => file.len_bytes(),
            Bytes::Read(bytes) => bytes.len() as u64,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All bytes of the image, decoded.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(file) => file.mapped().unwrap_or_default(),
            Bytes::Read(bytes) | Bytes::Decoded { bytes, .. } => bytes,
        }
    }

    /// The image, ready to answer. The checksums were proved by [`DispatchImage::open`], so this only
    /// looks at the header and the directory.
    pub fn view(&self) -> Result<ImageView<'_>, OpenError> {
        ImageView::open_proved(self.bytes())
    }

    /// The family of this qualified name and arity, if there is one. Look it up once and keep it: the
    /// cost is that of [`DispatchImage::view`] and a binary search.
    pub fn family(&self, qualified: &str, arity: u8) -> Result<Option<FamilyView<'_>>, AccessError> {
        match self.view() {
            Ok(view) => view.family(qualified, arity),
            // The directory was proved when the file was opened; it changes only with the file.
            Err(_) => Ok(None),
        }
    }

    /// Binds a process's own types, the first name to number 0; more may be pushed later. A name that
    /// the image does not know is bound, too: to *other*.
    pub fn bind<'n>(
        &self,
        qualified: impl IntoIterator<Item = &'n str>,
    ) -> Result<TypeBinding<'_>, BindError> {
        let binding = TypeBinding::new(self.view().map_err(BindError::Image)?);
        for name in qualified {
            binding.push(name)?;
        }
        Ok(binding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Level;
    use crate::format::FileCodec;
    use crate::image::{ImageHandle, Reloaded, compress_image};

    const PLAIN: &[u8] = include_bytes!("../../format-spec/vectors/shared.jdi");
    const CODECS: [FileCodec; 3] = [FileCodec::Lz4, FileCodec::Zstd(Level::DEFAULT), FileCodec::Columnar];

    fn pressed(codec: FileCodec) -> Vec<u8> {
        compress_image(PLAIN, codec).expect("a sound image")
    }

    #[test]
    fn an_image_in_a_codec_is_decoded_on_open_and_a_plain_one_is_mapped() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("some.jdi");
        std::fs::write(&path, PLAIN).expect("writable");
        assert!(DispatchImage::open(&path).expect("opens").is_mapped());
        for codec in CODECS {
            std::fs::write(&path, pressed(codec)).expect("writable");
            let image = DispatchImage::open(&path).expect("opens");
            assert!(image.bytes() == PLAIN && !image.is_mapped(), "{codec:?}");
            assert_eq!(image.file_len_bytes(), pressed(codec).len() as u64);
            assert!(image.family("geo::draw", 1).expect("sound").is_some());
        }
    }

    #[test]
    fn only_an_image_in_a_codec_has_a_limit_and_it_is_its_decoded_size() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("some.jdi");
        let size = PLAIN.len() as u64;
        for codec in CODECS {
            std::fs::write(&path, pressed(codec)).expect("writable");
            assert!(DispatchImage::open_within(&path, size).is_ok());
            let error = DispatchImage::open_within(&path, size - 1).expect_err("too large");
            assert!(
                matches!(error, ImageOpenError::TooLarge { decoded_bytes, .. } if decoded_bytes == size),
                "{error}"
            );
        }
        std::fs::write(&path, PLAIN).expect("writable");
        assert!(DispatchImage::open_within(&path, 0).is_ok());
    }

    #[test]
    fn the_same_image_in_another_codec_is_no_newer_image() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("some.jdi");
        std::fs::write(&path, PLAIN).expect("writable");
        let handle = ImageHandle::open(&path).expect("opens");
        for codec in CODECS {
            crate::fs::write_output(&path, &pressed(codec)).expect("writable");
            assert_eq!(handle.reload().expect("opens"), Reloaded::Unchanged, "{codec:?}");
            assert!(!handle.current().is_mapped());
        }
    }

    #[test]
    fn what_is_no_image_is_told_apart_from_what_cannot_be_read() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let missing = DispatchImage::open(&dir.path().join("missing.jdi"));
        assert!(matches!(missing, Err(ImageOpenError::Unreadable { .. })));
        for content in [&b""[..], b"short", &[0; 4096]] {
            let path = dir.path().join("wrong.jdi");
            std::fs::write(&path, content).expect("writable");
            let error = DispatchImage::open(&path).expect_err("no image");
            assert!(matches!(error, ImageOpenError::Unsound { .. }), "{error}");
        }
    }
}
