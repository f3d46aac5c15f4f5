//! What tests of this room share.

use std::path::PathBuf;

use super::entry::{EntryKey, EntryKind, EntryMeta, NewEntry};
use super::handle::Store;
use super::session::Session;
use crate::codec::Codec;
use crate::fs;

/// Of no project, stored as it is, made in a microsecond.
pub(super) fn bare_meta() -> EntryMeta {
    EntryMeta {
        kind: EntryKind::FileIr,
        codec: Codec::None,
        created_unix_s: 1,
        rebuild_cost_ns: 1000,
        project: String::new(),
        producer: String::new(),
        language: String::new(),
    }
}

/// Puts a content, with the trace `inputs`.
pub(super) fn put_bare(session: &Session, key: EntryKey, content: &[u8]) {
    session.put(&NewEntry { key, meta: &bare_meta(), content, trace: b"inputs" }).expect("put");
}

/// What lies in `tmp/` beside one folder with its lock, which stays for the next session.
pub(super) fn leftovers(store: &Store) -> Vec<PathBuf> {
    let folders = fs::list(&store.layout().tmp()).expect("listed");
    let inside = folders.iter().take(1).flat_map(|folder| fs::list(&folder.path).expect("listed"));
    let inside = inside.filter(|found| found.name != "lock");
    inside.chain(folders.iter().skip(1).cloned()).map(|found| found.path).collect()
}
