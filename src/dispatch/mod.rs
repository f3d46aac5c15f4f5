//! Types, methods, resolution, ambiguity, optimizers.
//!
//! A family's methods and the type graph make a restricted question ([`restrict`]); an optimizer
//! turns it into bytes that answer ([`compile`]). [`resolve`] is the definition that every optimizer
//! is held against.

mod ambiguity;
mod below;
mod compile;
mod decision;
mod family;
mod matrix;
mod narrowing;
mod nodes;
mod optimize;
mod position;
mod profile;
mod redundant;
mod repatch;
mod resolve;
mod rules;
mod sets;
mod types;

pub use crate::format::{Rule, TOP_TYPE};
pub use ambiguity::{Ambiguities, Ambiguity};
pub use compile::{
    CompileError, CompileOptions, Compiled, Optimized, compile, compile_with, find_ambiguities, optimize,
    optimize_with,
};
pub use family::{Family, FamilyError, FamilyRule, Method, restrict};
pub use optimize::{CountedCost, OptimizerChoice};
pub use profile::CallProfile;
pub use redundant::Redundancy;
pub use repatch::{MethodChange, recompile, repatch};
pub use resolve::{Selection, resolve};
pub use rules::{Applicable, Choice, ResolutionRule};
pub use types::{TypeDecl, TypeGraph, TypeGraphError, TypeId};
