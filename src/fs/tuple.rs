//! What the system says of a name, as bytes that can be kept.

use std::io;
use std::path::Path;

use zerocopy::little_endian::{I64, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Nothing, or nothing that can be reached.
    Absent,
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link that was not followed.
    Link,
    /// A pipe, a device, a socket, or a kind this version does not know.
    Other,
}

/// Kind, length, times and identity of what stands under a name; 48 bytes, little-endian, ready to be kept.
///
/// Two that differ say only that something was done, if but a touch. Two that are equal prove that the
/// content is the same only under the racy-time rule (`track::FileTime`), since a clock that ticks
/// every few milliseconds gives two changes one time.
///
/// ```
/// use janus_cache::fs::{FileKind, StatTuple};
///
/// let dir = StatTuple::of(std::path::Path::new("/"))?;
/// assert_eq!(dir.kind(), FileKind::Dir);
/// assert_eq!(StatTuple::of(std::path::Path::new("/no/such/name"))?, StatTuple::ABSENT);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct StatTuple {
    len_bytes: U64,
    mtime_ns: I64,
    ctime_ns: I64,
    inode: U64,
    device: U64,
    kind: u8,
    reserved: [u8; 7],
}

const _: () = assert!(size_of::<StatTuple>() == 48);

/// A tuple in the system's numbers, before it takes its fixed form.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawTuple {
    pub(super) kind: FileKind,
    pub(super) len_bytes: u64,
    pub(super) mtime_ns: i64,
    pub(super) ctime_ns: i64,
    pub(super) inode: u64,
    pub(super) device: u64,
}

impl From<RawTuple> for StatTuple {
    fn from(raw: RawTuple) -> Self {
        Self {
            len_bytes: raw.len_bytes.into(),
            mtime_ns: raw.mtime_ns.into(),
            ctime_ns: raw.ctime_ns.into(),
            inode: raw.inode.into(),
            device: raw.device.into(),
            kind: match raw.kind {
                FileKind::Absent => 0,
                FileKind::File => 1,
                FileKind::Dir => 2,
                FileKind::Link => 3,
                FileKind::Other => 4,
            },
            reserved: [0; 7],
        }
    }
}

impl StatTuple {
    /// Of a name under which nothing stands.
    pub const ABSENT: Self = Self {
        len_bytes: U64::ZERO,
        mtime_ns: I64::ZERO,
        ctime_ns: I64::ZERO,
        inode: U64::ZERO,
        device: U64::ZERO,
        kind: 0,
        reserved: [0; 7],
    };

    /// Equal to that of nothing that can be found, for what nobody knows.
    pub const UNKNOWN: Self = Self { kind: u8::MAX, ..Self::ABSENT };

    /// Of what `path` leads to, links followed; [`StatTuple::ABSENT`] where nothing is.
    pub fn of(path: &Path) -> io::Result<Self> {
        absent_or(std::fs::metadata(path).map(|found| Self::from_metadata(&found)))
    }

    /// What stands there.
    pub const fn kind(&self) -> FileKind {
        match self.kind {
            0 => FileKind::Absent,
            1 => FileKind::File,
            2 => FileKind::Dir,
            3 => FileKind::Link,
            _ => FileKind::Other,
        }
    }

    /// True for a regular file.
    pub const fn is_file(&self) -> bool {
        matches!(self.kind(), FileKind::File)
    }

    /// True for a directory.
    pub const fn is_dir(&self) -> bool {
        matches!(self.kind(), FileKind::Dir)
    }

    /// Length of the content of a file; of others, what the system says.
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes.get()
    }

    /// Last change of the content, in nanoseconds since the Unix epoch. Times outside of the years 1678
    /// to 2261 are the nearest that fits.
    pub const fn mtime_ns(&self) -> i64 {
        self.mtime_ns.get()
    }

    /// Last change of anything, the times too, as [`StatTuple::mtime_ns`]; nobody can set it. Where the
    /// system has no such time, the last change of the content stands here, and a change of the same
    /// length whose time was set back cannot be seen.
    pub const fn ctime_ns(&self) -> i64 {
        self.ctime_ns.get()
    }

    /// The device on which it lies; 0 where the system does not say.
    pub const fn device(&self) -> u64 {
        self.device.get()
    }

    pub(super) fn from_metadata(found: &std::fs::Metadata) -> Self {
        let kind = match found.file_type() {
            kind if kind.is_file() => FileKind::File,
            kind if kind.is_dir() => FileKind::Dir,
            kind if kind.is_symlink() => FileKind::Link,
            _ => FileKind::Other,
        };
        #[cfg(unix)]
        let (mtime_ns, ctime_ns, inode, device) = {
            use std::os::unix::fs::MetadataExt;
            let mtime_ns = nanoseconds(found.mtime(), found.mtime_nsec());
            (mtime_ns, nanoseconds(found.ctime(), found.ctime_nsec()), found.ino(), found.dev())
        };
        #[cfg(not(unix))]
        let (mtime_ns, ctime_ns, inode, device) = {
            let since = found.modified().map(|time| time.duration_since(std::time::UNIX_EPOCH));
            let mtime_ns = match since {
                Ok(Ok(since)) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
                Ok(Err(before)) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
                // A time that is not known counts as one in the future, so that nothing is proved by it.
                Err(_) => i64::MAX,
            };
            (mtime_ns, mtime_ns, 0, 0)
        };
        Self::from(RawTuple { kind, len_bytes: found.len(), mtime_ns, ctime_ns, inode, device })
    }
}

impl std::fmt::Debug for StatTuple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (bytes, inode) = (self.len_bytes, self.inode);
        write!(f, "{:?}({bytes} bytes, inode {inode}, ", self.kind())?;
        write!(f, "mtime {} ns, ctime {} ns)", self.mtime_ns, self.ctime_ns)
    }
}

/// Seconds and nanoseconds in one number, the nearest that fits.
#[cfg(unix)]
pub(super) fn nanoseconds(seconds: i64, part_ns: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(part_ns)
}

/// Makes "nothing there" an answer.
pub(super) fn absent_or(found: io::Result<StatTuple>) -> io::Result<StatTuple> {
    match found {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(StatTuple::ABSENT)
        }
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_edit_whose_time_was_set_back_shows_in_the_other_time() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, b"first").expect("written");
        let time = std::fs::metadata(&path).and_then(|found| found.modified()).expect("has a time");
        let before = StatTuple::of(&path).expect("is there");
        std::thread::sleep(std::time::Duration::from_millis(30));
        std::fs::write(&path, b"other").expect("written");
        std::fs::File::options().write(true).open(&path).and_then(|f| f.set_modified(time)).expect("set");
        let after = StatTuple::of(&path).expect("is there");
        assert_eq!(after.mtime_ns(), before.mtime_ns());
        assert!(after.ctime_ns() > before.ctime_ns(), "{before:?} {after:?}");
        assert_ne!(after, before);
    }

    #[cfg(unix)]
    #[test]
    fn times_that_do_not_fit_are_the_nearest_that_do() {
        assert_eq!(nanoseconds(1, 5), 1_000_000_005);
        assert_eq!(nanoseconds(-1, 999_999_999), -1);
        assert_eq!(nanoseconds(i64::MAX, 1), i64::MAX);
        assert_eq!(nanoseconds(i64::MIN, 0), i64::MIN);
    }
}
