//! The run-time's door: an image in a file, mapped.

use std::path::{Path, PathBuf};

use super::bind::{BindError, TypeBinding};
use super::family::FamilyView;
use super::view::ImageView;
use crate::format::{AccessError, OpenError};
use crate::fs::{FileAccess, FileBytes};

/// An image in a file, mapped and proved. Threads may share it.
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
}

impl DispatchImage {
    /// Maps the file and proves header, directory and checksums. Cost: one CRC over the file.
    pub fn open(path: &Path) -> Result<Self, ImageOpenError> {
        let unreadable = |source| ImageOpenError::Unreadable { path: path.to_owned(), source };
        let file = FileBytes::open(path, FileAccess::Map).map_err(unreadable)?;
        let bytes = if file.mapped().is_some() {
            Bytes::Mapped(file)
        } else {
            Bytes::Read(file.get(0, file.len_bytes()).map_err(unreadable)?.into_owned())
        };
        let image = Self { path: path.to_owned(), bytes };
        ImageView::open(image.bytes())
            .map_err(|source| ImageOpenError::Unsound { path: path.to_owned(), source })?;
        Ok(image)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(file) => file.mapped().unwrap_or_default(),
            Bytes::Read(bytes) => bytes,
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
