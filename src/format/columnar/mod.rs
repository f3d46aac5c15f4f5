//! The columnar codec: what is behind the section directory, column by column.
//!
//! A section keeps its rows together, because a reader wants a row; a codec wants a column, because the
//! numbers of one field resemble each other. So each section is cut into its fields, and each field is
//! stored as one column in whichever form is the shortest. Texts are stored as words. The codec gives
//! back exactly the bytes that it got: sections that it does not know, and known ones that look
//! different from what it expects, are stored as they are.
//!
//! | file | one idea |
//! |---|---|
//! | `bits` | numbers of seven bits a byte, packed blocks |
//! | `ints` | a column of numbers |
//! | `bytes` | a column of bytes |
//! | `rows` | rows of fields, rows of bits |
//! | `names`, `texts` | texts as words, and back |
//! | `form` | the forms that a section may have |
//! | `encode`, `decode` | all sections of a file |
//!
//! `format-spec/SPEC.md` describes the stream. Decoding reserves what the header promises, and numbers
//! for its rows, texts and words, which are at most a small multiple of that.

mod bits;
mod bytes;
mod decode;
mod encode;
mod form;
mod ints;
mod names;
mod rows;
mod texts;

pub(crate) use bits::{Input, Malformed};
pub(crate) use bytes::{get_bytes, put_bytes};
pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub(crate) use form::{ENTRY_FIELDS, Joint, NoJoint, Shape, rotate_words, unrotate_words};
pub(crate) use ints::{get_ints, put_ints};
pub(crate) use rows::{get_bit_rows, get_byte_column, get_rows, put_bit_rows, put_rows};
