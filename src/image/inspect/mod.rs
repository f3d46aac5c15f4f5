//! What stands in a table or an image, also in a damaged one: everything that can still be read, and
//! what is wrong where. Nothing here answers a call; an answer needs sound bytes.
//!
//! | file | one idea |
//! |---|---|
//! | `dump` | what is told |
//! | `read` | reads that give up nothing that is there |
//! | `header` | header, section directory, checksums |
//! | `table`, `family` | a whole file; what a table and a family of an image have alike |

mod dump;
mod family;
mod header;
mod read;
mod table;

pub use dump::{
    Checksum, ClassDump, EntryDump, FamilyDump, Field, FileKind, Inspection, NodeDump, PieceDump, Problem,
    SectionDump, TypeDump,
};
pub use table::{inspect, kind_of};
