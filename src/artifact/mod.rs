//! Named, versioned package outputs: files, not tables.
//!
//! | file | one idea |
//! |---|---|
//! | `bundle` | many files as one content, and back |
//! | `cache` | put, get and restore, over a chain of levels |
//!
//! What a package is built from names its outputs ([`crate::key::PackageInputs`]); commands for
//! packages are later work.

mod bundle;
mod cache;

pub use bundle::{ArtifactFile, BundleError};
pub use cache::{Artifact, ArtifactCache, ArtifactError, Found};
