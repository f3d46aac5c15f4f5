//! What tests of this room share.

use super::entry::{EntryKey, EntryKind, EntryMeta, NewEntry};
use super::session::Session;
use crate::codec::Codec;

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
