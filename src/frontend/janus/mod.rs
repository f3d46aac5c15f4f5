//! The Janus front end.

mod cursor;
mod decl;
mod fingerprint;
mod imports;
mod items;
mod lexer;
mod members;
mod places;
mod problem;
mod scan;
mod signature;
mod skip;
mod starts;
mod types;
