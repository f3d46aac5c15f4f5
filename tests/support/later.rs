//! What a writer of a later version could have made of a table: changed in place, to be sealed again.

use janus_cache::format::Optimization;

use super::seal::{put, rename};

/// A later minor version: an optional section that this one does not know, and flags.
pub(crate) fn newer_minor(bytes: &mut [u8]) {
    bytes[6] = 9;
    // Bits of `flags` that have no meaning yet.
    put(bytes, 72, 0xffff_fffe);
    bytes[36] = Optimization::Linear.code();
    rename(bytes, "DDAG", *b"LATE", 0);
}

/// An optimizer of a later version, with sections of its own: the entries still answer.
pub(crate) fn unknown_optimization(bytes: &mut [u8]) {
    bytes[36] = 99;
    rename(bytes, "CLAS", *b"LATE", 0);
    rename(bytes, "DDAG", *b"LATF", 0);
}

/// A section without which a reader would misunderstand the others.
pub(crate) fn unknown_required(bytes: &mut [u8]) {
    bytes[36] = Optimization::Linear.code();
    rename(bytes, "DDAG", *b"LATE", 1);
}
