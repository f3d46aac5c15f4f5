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
//! | `claim` | one builder for a key among all processes |
//! | `entry`, `lookup`, `error` | what goes in, what comes out, what goes wrong |
//! | `layout`, `founding`, `locks`, `catalog` | where files lie, who may do what, which packs there are |
//! | `pack_format`, `pack_writer`, `pack_reader` | the pack: its shape, its only writer, its reader |
//! | `pack_answer`, `batch`, `snapshot` | what a pack says to a key, to many at once, and to whoever asks often |
//! | `pack_codec`, `pack_dictionary` | how a pack stores a content, and what many of them have in common |
//! | `pack_check`, `pack_verify`, `pack_salvage` | what its parts promise by themselves, all of them together, and where they lie in a torn pack |
//! | `index`, `filter`, `text` | parts of a pack: keys to places, absent keys, names and traces |
//! | `dead`, `recency` | what counts as removed, what was used when |
//! | `census`, `retention`, `weights`, `fates` | what is there, what may stay, what becomes of each pack |
//! | `secure`, `compact`, `press`, `removing`, `gc` | what must be safe before something goes, copying, compressing, removing, all of it |
//! | `health` | what is odd about it |
//! | `history`, `history_format`, `simulate` | what past sessions asked, and what they would have found under other limits |
//! | `clear`, `validate`, `repair`, `places`, `report` | other maintenance |
//! | `objects` | large contents in files of their own |
//! | `quarantine` | wrong entries with right checksums: out of use, and kept aside |
//! | `stats`, `counters` | numbers |
//! | `inspect` | all that can be read of one pack file |

mod batch;
mod catalog;
mod census;
mod claim;
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
mod founding;
mod gc;
mod handle;
mod health;
mod history;
mod history_format;
mod index;
mod inspect;
mod layout;
mod locks;
mod lookup;
mod objects;
mod pack_answer;
mod pack_check;
mod pack_codec;
mod pack_dictionary;
mod pack_format;
mod pack_reader;
mod pack_salvage;
mod pack_verify;
mod pack_writer;
mod places;
#[cfg(test)]
mod power_tests;
mod press;
mod quarantine;
mod recency;
mod removing;
mod repair;
mod report;
mod retention;
mod secure;
mod session;
mod simulate;
mod snapshot;
mod staging;
mod stats;
#[cfg(test)]
mod test_kit;
mod text;
mod validate;
mod weights;

pub use claim::{Claim, Claimed};
pub use counters::Activity;
pub use entry::{
    EntryKey, EntryKind, EntryMeta, MAX_CONTENT_BYTES, MAX_NAME_BYTES, MAX_TRACE_BYTES, NewEntry,
};
pub use error::StoreError;
pub use fates::Effort;
pub use gc::{Evicted, GcOptions, GcReport};
pub use handle::{Store, StoreOptions};
pub use health::{Health, Occupation};
pub use history::{Access, PastSession};
pub use inspect::{PackEntry, PackInspection, inspect_pack, is_pack};
pub use layout::Layout;
pub use lookup::{Damage, Entry, Lookup, MissReason};
pub use pack_codec::PackCodec;
pub use pack_format::PackId;
pub use places::mend_places;
pub use report::{Checked, Finding, Problem, Repair, Report};
pub use retention::{EvictionPolicy, EvictionReason, Retention, Selection};
pub use session::{CommitReport, Session};
pub use simulate::{Simulated, simulate, working_set_bytes};
pub use snapshot::{Seen, Snapshot};
pub use stats::{AGE_ENDS_S, EntryInfo, NAMED, Stats, Tally};
