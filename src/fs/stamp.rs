//! What the system says of a file's state, to tell cheaply that nobody replaced it.

use std::io;
use std::path::Path;

/// Length, time and identity of a file. Two that differ say that something was done to the name; two
/// that are equal prove that the file is the same only while somebody keeps the first one open or
/// mapped, for else the system may give its number to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStamp {
    len_bytes: u64,
    /// Device and number on it, where the system has them.
    identity: [u64; 2],
    /// The last change of the content, and of anything, in the system's units.
    changed: [i64; 4],
}

impl FileStamp {
    /// Of the file that `path` leads to, links followed. Cost: one system call.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        #[cfg(unix)]
        let (identity, changed) = {
            use std::os::unix::fs::MetadataExt;
            let changed = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
            ([found.dev(), found.ino()], changed)
        };
        #[cfg(windows)]
        let (identity, changed) = {
            use std::os::windows::fs::MetadataExt;
            let times = [found.last_write_time(), found.creation_time()];
            ([0; 2], [times[0].cast_signed(), times[1].cast_signed(), 0, 0])
        };
        Ok(Self { len_bytes: found.len(), identity, changed })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_replaced_by_one_of_the_same_length_and_time_is_told_apart() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (path, other) = (dir.path().join("f"), dir.path().join("g"));
        std::fs::write(&path, b"first").expect("written");
        let time = std::fs::metadata(&path).and_then(|found| found.modified()).expect("has a time");
        let before = FileStamp::of(&path).expect("is there");
        assert_eq!(FileStamp::of(&path).expect("is there"), before);
        let file = std::fs::File::create(&other).expect("created");
        io::Write::write_all(&mut &file, b"other").expect("written");
        file.set_modified(time).expect("set");
        std::fs::rename(&other, &path).expect("renamed");
        assert_ne!(FileStamp::of(&path).expect("is there"), before);
    }
}
