//! What stands in a table or an image, also in a damaged one: everything that can still be read, and
//! what is wrong where. Nothing here answers a call; an answer needs sound bytes.
//!
//! | file | one idea |
//! |---|---|
//! | `dump` | what is told |
//! | `read` | reads that give up nothing that is there |
//! | `content` | where sections lie: in the file, or in what its codec gives back |
//! | `header` | header, section directory, checksums |
//! | `table`, `family` | a whole file; what a table and a family of an image have alike |
//! | `rule`, `outcomes`, `left_out` | what only some families have |

mod content;
mod dump;
mod family;
mod header;
mod left_out;
mod outcomes;
mod read;
mod rule;
mod table;

pub use dump::{
    Checksum, ClassDump, EntryDump, FamilyDump, Field, FileKind, HashDump, Inspection, LeftOutDump,
    MatrixDump, MatrixRow, NodeDump, OutcomeCount, ParamList, PieceDump, Problem, RankDump, RuleDump,
    SectionDump, TypeDump,
};
pub use table::{inspect, kind_of};
