//! Types, methods, resolution, ambiguity, optimizers.
//!
//! A family's methods and the type graph make a restricted question ([`restrict`]); an optimizer
//! turns it into bytes that answer ([`compile`]). [`resolve`] is the definition that every optimizer
//! is held against.

mod ambiguity;
mod compile;
mod decision;
mod family;
mod optimize;
mod order;
mod resolve;
mod sets;
mod types;

pub use crate::format::{Rule, TOP_TYPE};
pub use ambiguity::{Ambiguities, Ambiguity};
pub use compile::{CompileOptions, Compiled, Optimized, compile, find_ambiguities, optimize};
pub use family::{Family, FamilyError, Method, restrict};
pub use optimize::{CountedCost, OptimizerChoice};
pub use resolve::{Selection, resolve};
pub use types::{TypeDecl, TypeGraph, TypeGraphError, TypeId};
