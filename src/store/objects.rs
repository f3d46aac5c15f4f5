//! Loose objects: contents in files of their own, named by their digest.

use std::collections::HashMap;

use super::error::StoreError;
use super::layout::Layout;
use crate::digest::ContentDigest;
use crate::fs::{self, Found};

/// Objects by their digest.
pub(super) type Objects = HashMap<ContentDigest, Found>;

/// All objects.
pub(super) fn list_objects(layout: &Layout) -> Result<Objects, StoreError> {
    let mut objects = HashMap::new();
    let root = layout.objects();
    let folders = fs::list_if_dir(&root).map_err(|error| StoreError::io(&root, "list", error))?;
    for folder in folders.into_iter().filter(|found| found.is_dir) {
        let files =
            fs::list_if_dir(&folder.path).map_err(|error| StoreError::io(&folder.path, "list", error))?;
        for file in files.into_iter().filter(|found| !found.is_dir) {
            if let Some(digest) = digest_of(&file.name)
                && layout.object(&digest) == file.path
            {
                objects.insert(digest, file);
            }
        }
    }
    Ok(objects)
}

/// Reads the name of an object.
pub(super) fn digest_of(name: &str) -> Option<ContentDigest> {
    let mut bytes = [0; 32];
    let (pairs, rest) = name.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(ContentDigest::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_object_is_read_back_and_only_the_canonical_one() {
        let digest = ContentDigest::of(b"x");
        assert_eq!(digest_of(&digest.to_string()), Some(digest));
        assert_eq!(digest_of(&digest.to_string().to_uppercase()), None);
        assert_eq!(digest_of("ab"), None);
        assert_eq!(digest_of(&"é".repeat(32)), None);
    }
}
