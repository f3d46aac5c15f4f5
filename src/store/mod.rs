//! Bytes on the local disk: packs, loose objects, recency, eviction, validation.
//!
//! A [`Session`] collects entries and publishes them as immutable packs; [`Store::get`] maps packs
//! and looks keys up in them without a lock. How that survives kills, power loss, neighbours and
//! damage is told in `docs/store.md`; the bytes are described in `format-spec/PACK.md`.
//!
//! | file | one idea |
//! |---|---|
//! | `handle` | open a store, look a key up |
//! | `session`, `staging` | collect entries, publish packs; where the unfinished lies |
//! | `entry`, `lookup`, `error` | what goes in, what comes out, what goes wrong |
//! | `layout`, `locks`, `catalog` | where files lie, who may do what, which packs there are |
//! | `pack_format`, `pack_writer`, `pack_reader` | the pack: its shape, its only writer, its reader |
//! | `pack_answer` | what a pack says to a key |
//! | `pack_check`, `pack_verify` | what its parts promise by themselves, and all of them together |
//! | `index`, `filter`, `text` | parts of a pack: keys to places, absent keys, names and traces |
//! | `dead`, `recency` | what counts as removed, what was used when |
//! | `census`, `retention`, `fates` | what is there, what may stay, what becomes of each pack |
//! | `secure`, `compact`, `removing`, `gc` | what must be safe before something goes, copying, removing, all of it |
//! | `health` | what is odd about it |
//! | `clear`, `validate`, `repair`, `places`, `report` | other maintenance |
//! | `objects` | large contents in files of their own |
//! | `stats`, `counters` | numbers |
//! | `inspect` | all that can be read of one pack file |

mod catalog;
mod census;
mod clear;
mod compact;
mod counters;
#[cfg(test)]
mod crash_tests;
mod dead;
mod entry;
mod error;
mod fates;
#[cfg(test)]
mod fault_tests;
mod filter;
mod gc;
mod handle;
mod health;
mod index;
mod inspect;
mod layout;
mod locks;
mod lookup;
mod objects;
mod pack_answer;
mod pack_check;
mod pack_format;
mod pack_reader;
mod pack_verify;
mod pack_writer;
mod places;
#[cfg(test)]
mod power_tests;
mod recency;
mod removing;
mod repair;
mod report;
mod retention;
mod secure;
mod session;
mod staging;
mod stats;
mod text;
mod validate;

pub use counters::Activity;
pub use entry::{
    EntryKey, EntryKind, EntryMeta, MAX_CONTENT_BYTES, MAX_NAME_BYTES, MAX_TRACE_BYTES, NewEntry,
};
pub use error::StoreError;
pub use fates::Effort;
pub use gc::{Evicted, GcOptions, GcReport};
pub use handle::{Store, StoreOptions};
pub use health::{Health, Occupation};
pub use inspect::{PackEntry, PackInspection, inspect_pack, is_pack};
pub use layout::Layout;
pub use lookup::{Damage, Entry, Lookup, MissReason};
pub use pack_format::PackId;
pub use places::mend_places;
pub use report::{Checked, Finding, Problem, Repair, Report};
pub use retention::{EvictionPolicy, EvictionReason, Retention, Selection};
pub use session::{CommitReport, Session};
pub use stats::{EntryInfo, Stats, Tally};
