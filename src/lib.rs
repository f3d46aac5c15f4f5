#![doc = include_str!("../README.md")]
//!
//! ## Rooms
//!
//! A room calls only rooms below it; `docs/architecture.md` shows them from the user down to the floor.

pub mod artifact;
pub mod build;
pub mod clock;
pub mod codec;
pub mod config;
pub mod digest;
pub mod dispatch;
pub mod format;
pub mod frontend;
pub mod fs;
pub mod graph;
pub mod image;
pub mod key;
pub mod store;
pub mod tiers;
pub mod track;
pub mod trust;

#[cfg(test)]
mod spec_tables;
