//! A newer image takes the place of an older one while threads use both.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::open::{DispatchImage, ImageOpenError};
use crate::fs::FileStamp;

/// What [`ImageHandle::reload`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// The file has the content that is in use.
    Unchanged,
    /// Another content is in use from now on.
    Swapped {
        /// Its generation.
        generation: u64,
    },
}

/// The newest sound image of a file, for a process that runs while builds replace the file.
///
/// Whoever got an image keeps it, mapped, as long as it likes; bindings and inline caches belong to
/// the image that they were made of. So a thread works like this: remember the generation, take the
/// image, bind; go on until the generation is another.
///
/// ```
/// use janus_cache::image::{ImageHandle, OwnType, Reloaded};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("shared.jdi");
/// # std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/format-spec/vectors/shared.jdi"), &path)?;
/// let handle = ImageHandle::open(&path)?;
/// let mut rounds = 3;
/// while rounds > 0 {
///     let generation = handle.generation();
///     let image = handle.current();
///     let binding = image.bind(["geo::Circle"])?;
///     let draw = binding.family("geo::draw", 1)?.ok_or("no such family")?;
///     while rounds > 0 && handle.generation() == generation {
///         draw.dispatch(&[OwnType(0)])?;
///         rounds -= 1;
///     }
/// }
/// assert_eq!(handle.reload()?, Reloaded::Unchanged);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ImageHandle {
    path: PathBuf,
    current: RwLock<Arc<DispatchImage>>,
    generation: AtomicU64,
    /// How the file was when the image in use was taken from it. Who holds it reloads.
    seen: Mutex<FileStamp>,
}

impl ImageHandle {
    /// Opens the image as [`DispatchImage::open`] does; it is generation 1.
    pub fn open(path: &Path) -> Result<Self, ImageOpenError> {
        let seen = stamp(path)?;
        let image = DispatchImage::open(path)?;
        Ok(Self {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(image)),
            generation: AtomicU64::new(1),
            seen: Mutex::new(seen),
        })
    }

    /// The image in use. Cost: a lock that only [`ImageHandle::reload`] ever holds alone, and that
    /// only to exchange a pointer; take the image for many calls, not for each.
    pub fn current(&self) -> Arc<DispatchImage> {
        // A panic cannot leave a pointer half exchanged.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many images were in use, this one included: from 1. Ask before [`ImageHandle::current`]:
    /// the image is then at least as new, and one that is newer costs one binding more, never an old
    /// answer for ever. Cost: a load.
    #[inline]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Puts the file's image in use if it is another than the one that is. Where the file is not there
    /// or no sound image, that is an error and the old image stays in use. Several threads may ask.
    /// Cost: one system call if nobody touched the file; else that of [`DispatchImage::open`], and a
    /// comparison of both contents.
    pub fn reload(&self) -> Result<Reloaded, ImageOpenError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // The file is looked at before it is opened: if it is replaced in between, the next reload sees
        // a file that differs from `now`, and looks again. While the image in use is mapped, the system
        // gives its file's number to no other, so an equal stamp is the same file.
        let now = stamp(&self.path)?;
        if now == *seen {
            return Ok(Reloaded::Unchanged);
        }
        let newer = DispatchImage::open(&self.path)?;
        *seen = now;
        if newer.bytes() == self.current().bytes() {
            self.exchange(newer);
            return Ok(Reloaded::Unchanged);
        }
        self.exchange(newer);
        // Behind the exchange: whoever sees the new number gets the new image.
        let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        Ok(Reloaded::Swapped { generation })
    }

    fn exchange(&self, newer: DispatchImage) {
        let newer = Arc::new(newer);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let older = std::mem::replace(&mut *current, newer);
        drop(current);
        // Unmapping takes a while; nobody waits for it.
        drop(older);
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn stamp(path: &Path) -> Result<FileStamp, ImageOpenError> {
    FileStamp::of(path).map_err(|source| ImageOpenError::Unreadable { path: path.to_owned(), source })
}
