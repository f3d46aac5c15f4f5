//! The pack reader.

use std::collections::HashSet;

use janus_cache::store::inspect_pack;

use crate::seal_pack;

/// Reads all that can be read of a pack: `data` as it is, and with checksums that are right.
///
/// # Panics
/// Where a sound entry lies outside of the file, before the one in front of it or has the key of
/// another, where a content has not the length that its entry says, or where a problem has a place
/// outside of the file.
pub fn pack(data: &[u8]) {
    look_at(data);
    if let Some(sealed) = seal_pack::sealed(data) {
        look_at(&sealed);
    }
}

fn look_at(bytes: &[u8]) {
    let found = inspect_pack(bytes, None, &|_, content| Some(content.len().to_string()));
    let len = bytes.len() as u64;
    assert_eq!(found.len_bytes, len);
    for problem in &found.problems {
        assert!(problem.at_bytes <= len, "{problem:?} is outside of {len} bytes");
    }
    let mut end = 0;
    let mut keys = HashSet::new();
    for entry in &found.entries {
        assert!(entry.at_bytes >= end, "{entry:?} begins in the one before it, which ends at {end}");
        end = entry.at_bytes + if entry.is_loose || entry.is_shared { 0 } else { entry.stored_bytes };
        assert!(end <= len, "{entry:?} ends outside of {len} bytes");
        if let Some(decoded) = &entry.content {
            assert_eq!(*decoded, entry.decoded_bytes.to_string(), "a content is as long as its entry says");
        }
        let is_new = keys.insert(entry.key);
        assert!(is_new || !found.problems.is_empty(), "a pack without a problem has {:?} twice", entry.key);
    }
    if found.problems.is_empty() {
        let stated = found.footer.iter().find(|field| field.name == "entry_count");
        let stated = stated.and_then(|field| field.value.clone());
        assert_eq!(stated, Some(found.entries.len().to_string()), "a pack without a problem tells all");
    }
}
