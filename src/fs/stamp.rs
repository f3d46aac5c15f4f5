//! What the system says of a file's state, to tell cheaply that nobody replaced it.

use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Length, time and identity of a file. Two that differ say that something was done to the name; two
/// that are equal prove that the file is the same only while somebody keeps the first one open or
/// mapped, for else the system may give its number to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStamp {
    len_bytes: u64,
    modified: Option<SystemTime>,
    /// Device, number on it, seconds and nanoseconds of the last change of either content or name.
    identity: [i128; 4],
}

impl FileStamp {
    /// Of the file that `path` leads to, links followed. Cost: one system call.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            [found.dev().into(), found.ino().into(), found.ctime().into(), found.ctime_nsec().into()]
        };
        #[cfg(not(unix))]
        let identity = [0; 4];
        Ok(Self { len_bytes: found.len(), modified: found.modified().ok(), identity })
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
