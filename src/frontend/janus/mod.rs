//! The Janus front end: a declaration scanner, and what scans mean together.
//!
//! | file | one idea |
//! |---|---|
//! | `frontend` | the door: [`JanusFrontend`] |
//! | `project` | which files are sources, and their bytes |
//! | `candidates` | where an import looks for files |
//! | `lexer`, `cursor` | text to tokens, tokens with look-ahead and a way back |
//! | `decl` | what a scan reads out of one text |
//! | `scan`, `skip`, `starts` | the walk: blocks, what is skipped, where declarations begin |
//! | `items`, `members`, `imports`, `signature`, `generics`, `types` | one kind of declaration each |
//! | `fingerprint`, `problem` | token hashes, what is wrong |
//! | `outline` | what a text declares, without where |
//! | `meaning` | modules, names, types, families: scans to facts |

mod candidates;
mod cursor;
mod decl;
mod fingerprint;
mod frontend;
mod generics;
mod imports;
mod items;
mod lexer;
mod meaning;
mod members;
mod outline;
mod problem;
mod project;
mod scan;
mod signature;
mod skip;
mod starts;
mod types;

pub use frontend::JanusFrontend;
