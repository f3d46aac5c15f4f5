//! Files that only their owner may have written.

use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::Path;

use super::ReadError;

/// Why a file was not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnError {
    /// It was not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Somebody else owns it.
    #[error("it belongs to user {owner}, and this process runs as user {me}")]
    Foreign {
        /// The numeric id of the file's owner.
        owner: u32,
        /// The numeric id this process acts under.
        me: u32,
    },
    /// Others than the owner may write it.
    #[error("others may write it (mode {mode:04o})")]
    OthersWrite {
        /// The permission bits.
        mode: u32,
    },
}

/// The content of a file of at most `limit_bytes` that this user owns and nobody else may write. `None` where
/// there is no file.
///
/// Owner and mode are those of the file that was opened, so exchanging the file meanwhile gains nothing. Only
/// Unix has them; elsewhere this is a plain bounded read.
pub fn read_own(path: &Path, limit_bytes: u64) -> Result<Option<Vec<u8>>, OwnError> {
    let (file, metadata) = match super::read::open(path) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(ReadError::from(error).into()),
    };
    check(&metadata)?;
    // What it is said to have, and no more than may be: room that grows by doubling would be twice the file.
    let mut bytes = Vec::with_capacity(metadata.len().min(limit_bytes) as usize + 1);
    file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(ReadError::from)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(ReadError::TooLarge { limit_bytes }.into());
    }
    Ok(Some(bytes))
}

#[cfg(unix)]
fn check(metadata: &Metadata) -> Result<(), OwnError> {
    use std::os::unix::fs::MetadataExt as _;
    judge(metadata.uid(), metadata.mode() & 0o7777, rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "has the shape of its Unix twin")]
fn check(_: &Metadata) -> Result<(), OwnError> {
    Ok(())
}

#[cfg(unix)]
fn judge(owner: u32, mode: u32, me: u32) -> Result<(), OwnError> {
    if owner != me {
        return Err(OwnError::Foreign { owner, me });
    }
    if mode & 0o022 != 0 {
        return Err(OwnError::OthersWrite { mode });
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file_with_mode(mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("f");
        fs::write(&path, b"mine").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
        (dir, path)
    }

    #[test]
    fn an_own_file_is_read_also_where_others_may_read_it() {
        for mode in [0o600, 0o644] {
            let (_dir, path) = file_with_mode(mode);
            assert_eq!(read_own(&path, 4).expect("ours"), Some(b"mine".to_vec()));
        }
    }

    #[test]
    fn a_file_that_group_or_world_may_write_is_refused() {
        for mode in [0o620, 0o602] {
            let (_dir, path) = file_with_mode(mode);
            let error = read_own(&path, 4).expect_err("not only ours");
            assert_eq!(error.to_string(), format!("others may write it (mode {mode:04o})"));
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let error = judge(1000, 0o600, 1001).expect_err("not ours");
        assert_eq!(error.to_string(), "it belongs to user 1000, and this process runs as user 1001");
        assert!(judge(1000, 0o600, 1000).is_ok());
    }

    #[test]
    fn a_file_above_the_limit_is_refused_and_an_absent_one_is_none() {
        let (dir, path) = file_with_mode(0o600);
        assert!(matches!(read_own(&path, 3), Err(OwnError::Read(ReadError::TooLarge { limit_bytes: 3 }))));
        assert_eq!(read_own(&dir.path().join("absent"), 3).expect("no error"), None);
    }
}
