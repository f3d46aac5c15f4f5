//! Whole files, bounded.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::faults::{self, Act};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than the caller allows.
    #[error("the file has more than {limit_bytes} bytes")]
    TooLarge {
        /// The most that the caller takes.
        limit_bytes: u64,
    },
}

/// Opens a file to be read piece by piece, as large as it may be.
pub fn open_to_read(path: &Path) -> io::Result<impl Read> {
    Ok(open(path)?.0)
}

/// Opens a file to be read, and never waits: a pipe that nobody writes to would be waited for without
/// end, and may lie wherever somebody else's project has a file.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    faults::step(Act::Open)?;
    let file = without_waiting(File::options().read(true)).open(path)?;
    let metadata = file.metadata()?;
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, not a regular file"));
    }
    Ok((file, metadata))
}

/// Makes opening a pipe an error, or at least immediate, where it would wait for the other end.
pub(super) fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        let no_wait = rustix::fs::OFlags::NONBLOCK.bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, no_wait.cast_signed());
    }
    options
}

/// As [`without_waiting`], and a link in the place of the file is an error.
pub(super) fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    options
}

/// The whole content of a regular file of at most `limit_bytes`.
///
/// The limit holds for what is read, not for what the metadata promised, so a file that grows
/// meanwhile, or a device, cannot fill the memory.
pub fn read_bounded(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let (file, metadata) = open(path)?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    if metadata.len() > limit_bytes {
        return Err(ReadError::TooLarge { limit_bytes });
    }
    faults::step(Act::Read)?;
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(ReadError::TooLarge { limit_bytes });
    }
    Ok(bytes)
}

/// `len_bytes` bytes of a file from `at_bytes` on; an `UnexpectedEof` where it ends before. The memory is
/// reserved first, so the caller bounds the length.
pub fn read_range(path: &Path, at_bytes: u64, len_bytes: usize) -> io::Result<Vec<u8>> {
    let (mut file, _) = open(path)?;
    faults::step(Act::Read)?;
    file.seek(SeekFrom::Start(at_bytes))?;
    let mut bytes = vec![0; len_bytes];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_and_one_that_leaves_the_file_is_refused() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, b"0123456789").expect("written");
        assert_eq!(read_range(&path, 3, 4).expect("inside"), b"3456");
        let error = read_range(&path, 7, 4).expect_err("outside");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        std::fs::write(&path, [7_u8; 10]).expect("written");
        assert_eq!(read_bounded(&path, 10).expect("within the limit"), [7; 10]);
        assert!(matches!(read_bounded(&path, 9), Err(ReadError::TooLarge { limit_bytes: 9 })));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        let error = read_bounded(&path, 10).expect_err("a pipe");
        assert_eq!(error.to_string(), "it is a pipe, not a regular file");
    }

    #[test]
    fn an_endless_device_stops_at_the_limit() {
        assert!(matches!(read_bounded(Path::new("/dev/zero"), 4096), Err(ReadError::TooLarge { .. })));
    }
}
