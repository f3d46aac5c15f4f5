//! What changes for callers between two images: a review of dispatch.
//!
//! | file | one idea |
//! |---|---|
//! | `changes` | what a comparison says |
//! | `compare` | images and families against each other |
//! | `family` | one family's tuples, by classes of types |
//! | `methods` | the methods of both images |
//! | `regions` | many changed tuples as few regions |

mod changes;
mod compare;
mod family;
mod methods;
mod regions;

pub use changes::{
    Age, ChangeKind, DiffMethod, FamilyDiff, FamilyState, ImageDiff, MethodNumber, Region, TypeSet, Verdict,
};
pub use compare::{DiffLimits, diff, never_selected};
