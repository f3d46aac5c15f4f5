//! Many files as one content: a count, a row for each file, then the files' bytes.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `JPB\n` |
//! | 4 | length of the list, little-endian |
//! | list | `postcard`: for each file its path, whether it is executable, its length |
//! | rest | the files' bytes, in the order of the list |
//!
//! The store proves the bytes; a bundle that contradicts itself is all the same an error, never a
//! panic and never a path outside of where it is restored.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

const MAGIC: [u8; 4] = *b"JPB\n";

/// One file of a package's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtifactFile<'a> {
    /// Relative path with `/`, without `.` and `..`.
    pub path: &'a str,
    /// Whether it may be executed.
    pub executable: bool,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Why files make no bundle, or bytes are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A path that could lie outside, or that two systems read differently.
    #[error(
        "the path {path:?} is not a plain relative path: use names separated by `/`, without `.` and `..`"
    )]
    Path {
        /// The path.
        path: String,
    },
    /// Two files have one path.
    #[error("the path {path:?} is there twice")]
    Twice {
        /// The path.
        path: String,
    },
    /// The bytes are no bundle, or end too early.
    #[error("not a bundle of files: {what}")]
    Damaged {
        /// What is wrong with them.
        what: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
struct Row<'a> {
    path: &'a str,
    executable: bool,
    bytes: u64,
}

/// The bundle of `files`, in path order whatever order they are given in.
pub(super) fn pack(files: &[ArtifactFile<'_>]) -> Result<Vec<u8>, BundleError> {
    let mut files: Vec<&ArtifactFile<'_>> = files.iter().collect();
    files.sort_unstable_by_key(|file| file.path);
    if let Some(bad) = files.iter().find(|file| !is_plain(file.path)) {
        return Err(BundleError::Path { path: bad.path.to_owned() });
    }
    if let Some((twice, _)) = files.iter().zip(files.iter().skip(1)).find(|(a, b)| a.path == b.path) {
        return Err(BundleError::Twice { path: twice.path.to_owned() });
    }
    let rows: Vec<Row<'_>> = files
        .iter()
        .map(|file| Row { path: file.path, executable: file.executable, bytes: file.bytes.len() as u64 })
        .collect();
    let list =
        postcard::to_stdvec(&rows).map_err(|_| BundleError::Damaged { what: "its list has no bytes" })?;
    let list_bytes =
        u32::try_from(list.len()).map_err(|_| BundleError::Damaged { what: "its list is too long" })?;
    let mut bundle = MAGIC.to_vec();
    bundle.extend_from_slice(&list_bytes.to_le_bytes());
    bundle.extend_from_slice(&list);
    for file in files {
        bundle.extend_from_slice(file.bytes);
    }
    Ok(bundle)
}

/// The files of a bundle, where they lie. Cost: the list; no file's bytes are looked at.
pub(super) fn unpack(bundle: &[u8]) -> Result<Vec<ArtifactFile<'_>>, BundleError> {
    let damaged = |what| BundleError::Damaged { what };
    let rest = bundle.strip_prefix(&MAGIC).ok_or(damaged("its first bytes are another format's"))?;
    let (len, rest) = rest.split_first_chunk::<4>().ok_or(damaged("it ends before its list"))?;
    let len = u32::from_le_bytes(*len) as usize;
    let (list, mut rest) = rest.split_at_checked(len).ok_or(damaged("it ends inside its list"))?;
    let rows: Vec<Row<'_>> = postcard::from_bytes(list).map_err(|_| damaged("its list cannot be read"))?;
    let mut files: Vec<ArtifactFile<'_>> = Vec::new();
    for Row { path, executable, bytes } in rows {
        if !is_plain(path) {
            return Err(BundleError::Path { path: path.to_owned() });
        }
        if files.last().is_some_and(|previous| previous.path >= path) {
            return Err(damaged("its list is not in path order"));
        }
        let len = usize::try_from(bytes).map_err(|_| damaged("a file is larger than memory"))?;
        let (content, behind) = rest.split_at_checked(len).ok_or(damaged("it ends inside a file"))?;
        rest = behind;
        files.push(ArtifactFile { path, executable, bytes: content });
    }
    if rest.is_empty() { Ok(files) } else { Err(damaged("there are bytes behind the last file")) }
}

/// Names separated by `/`, none of them special to any system.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|name| !name.is_empty() && name != "." && name != "..")
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [ArtifactFile<'static>; 3] = [
        ArtifactFile { path: "lib/shapes.a", executable: false, bytes: b"archive" },
        ArtifactFile { path: "bin/shapes", executable: true, bytes: b"program" },
        ArtifactFile { path: "lib/empty", executable: false, bytes: b"" },
    ];

    #[test]
    fn files_come_back_in_path_order_with_what_is_known_of_them() {
        let bundle = pack(&FILES).expect("plain paths");
        let mut expected = FILES.to_vec();
        expected.sort_by_key(|file| file.path);
        assert_eq!(unpack(&bundle), Ok(expected));
        let mut turned = FILES;
        turned.reverse();
        assert_eq!(pack(&turned), Ok(bundle), "the order of the files changes no byte");
    }

    #[test]
    fn paths_that_could_lead_outside_are_refused_both_ways() {
        let bundle = pack(&[ArtifactFile { path: "aa/bb", executable: false, bytes: b"" }]).expect("plain");
        for path in ["../b1", "/aa/b", "a//bb", "./a/b", "aa/..", "c:/ab", "a\\bbb", ""] {
            let file = ArtifactFile { path, executable: false, bytes: b"" };
            assert_eq!(pack(&[file]), Err(BundleError::Path { path: path.to_owned() }));
            if path.len() == 5 {
                let at = bundle.len() - 7;
                let mut forged = bundle.clone();
                forged[at..at + 5].copy_from_slice(path.as_bytes());
                assert_eq!(unpack(&forged), Err(BundleError::Path { path: path.to_owned() }));
            }
        }
        let twice = [FILES[0], FILES[0]];
        assert_eq!(pack(&twice), Err(BundleError::Twice { path: "lib/shapes.a".to_owned() }));
    }

    #[test]
    fn every_truncation_and_extension_is_refused_and_no_flipped_byte_panics() {
        let bundle = pack(&FILES).expect("plain paths");
        for len in 0..bundle.len() {
            assert!(unpack(&bundle[..len]).is_err(), "{len} bytes");
        }
        assert!(unpack(&[&bundle[..], b"x"].concat()).is_err());
        for at in 0..bundle.len() {
            for bit in 0..8 {
                let mut flipped = bundle.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(files) = unpack(&flipped) {
                    assert!(files.iter().all(|file| is_plain(file.path)), "bit {bit} of byte {at}");
                }
            }
        }
    }
}
