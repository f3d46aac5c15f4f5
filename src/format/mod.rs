//! Bytes ↔ shape. The table is the file: mapped bytes answer a dispatch by themselves.
//!
//! | file | one idea |
//! |---|---|
//! | `layout` | the fixed parts, byte for byte |
//! | `logical` | what a table says, whatever way its bytes find the answer |
//! | `encoder` | the only writer |
//! | `builder` | what a table's bytes are made of beside that, and their header |
//! | `shape` | what the writer leans on |
//! | `canonical`, `interned`, `methods` | what the table hash is over; strings, numbered; methods, placed |
//! | `patch`, `strings_patch` | new bytes from an older table's, what is the same copied |
//! | `envelope` | header, section directory, checksums: proved at open |
//! | `view`, `recognise` | checked reads, where the bytes lie, and the quick way to open them |
//! | `class_of`, `cells` | classes of types; the answers of a matrix and of a perfect hash |
//! | `sections` | what optimizers leave, as bytes |
//! | `core` | the part that answers, shared by tables and images |
//! | `left_out` | methods that no call selects |
//! | `scan`, `rule_data`, `levels` | the answer from the entries alone, and what a rule needs for it |
//! | `verify`, `decode` | the deep proof, and the logical table behind the bytes |
//! | `columnar` | the codec made for tables and images |
//! | `pressed` | whole files in a codec |
//! | `strings`, `rule`, `error` | string pool, codes, what can be wrong |
//!
//! The specification is `format-spec/SPEC.md`; tests hold it and the structs together.

mod builder;
mod canonical;
mod cells;
mod class_of;
pub(crate) mod columnar;
pub(crate) mod core;
pub(crate) mod decode;
mod encoder;
pub(crate) mod envelope;
mod error;
mod interned;
pub mod layout;
mod left_out;
pub(crate) mod levels;
mod logical;
mod methods;
mod patch;
pub(crate) mod pressed;
mod recognise;
mod rule;
pub(crate) mod rule_data;
mod scan;
pub(crate) mod sections;
mod shape;
pub(crate) mod strings;
mod strings_patch;
pub(crate) mod verify;
pub(crate) mod view;

pub use builder::{EncodeError, PositionClasses, Strategy, TablePlan, baseline_bytes};
pub use core::{DispatchCore, EntryId, LocalType, Outcome};
pub use encoder::{Encoder, encode};
pub use error::{AccessError, OpenError, Tag};
pub use left_out::LeftOut;
pub(crate) use left_out::left_out;
pub use logical::{LogicalEntry, LogicalRule, LogicalTable, LogicalType, ParamRef, TOP_TYPE};
pub use patch::{Patched, patch, patch_symbols};
pub use pressed::{DecompressError, FileCodec, compress, decompress};
pub use rule::{Optimization, Rule};
pub use strings::Strings;
pub use verify::{VerifyError, verify};
pub use view::{EntryInfo, TableView};
