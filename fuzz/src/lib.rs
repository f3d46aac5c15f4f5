//! What any bytes may do to a reader: nothing but answers and error values.
//!
//! Each target is a plain function over bytes which panics where a promise is broken. `fuzz_targets/`
//! hands them to libFuzzer (`cargo xtask fuzz TARGET`, nightly), `tests/fuzz_replay.rs` of the root
//! package runs the same functions on stable: over the seeds, over changed seeds for a bounded time,
//! and over every file of `regressions/TARGET/`, where finds are kept.
//!
//! Where a format has checksums, a target looks at its input twice: as it is, and sealed, with
//! checksums that are right. A change would otherwise never come past the first check.
//!
//! | file | one idea |
//! |---|---|
//! | `tables`, `images`, `codecs`, `packs`, `sources` | targets |
//! | `seal`, `seal_pack` | checksums made right, whatever the bytes are |
//! | `seeds` | which files a target starts from |

mod codecs;
mod images;
mod packs;
mod seal;
mod seal_pack;
mod seeds;
mod sources;
mod tables;

pub use codecs::{columnar, lz4, zstd};
pub use images::image;
pub use packs::pack;
pub use seeds::{regression_files, seed_files};
pub use sources::{corpus, scanner};
pub use tables::table;

/// A target: what it is called, and what it does with bytes. It panics where a promise is broken.
pub type Target = (&'static str, fn(&[u8]));

/// All targets; each has a file of its name in `fuzz_targets/`.
pub const TARGETS: [Target; 8] = [
    ("table", table),
    ("image", image),
    ("pack", pack),
    ("columnar", columnar),
    ("lz4", lz4),
    ("zstd", zstd),
    ("corpus", corpus),
    ("scanner", scanner),
];
