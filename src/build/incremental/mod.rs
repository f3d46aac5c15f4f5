//! Incremental builds for compilers that embed this library: prove that nothing changed, compile only what did, and
//! say why.
//!
//! An output is made of sections, one for each file that its entry reaches. [`incremental_build`] takes the cheapest way
//! to the bytes that a clean build makes; a [`UnitCompiler`] is asked for what is missing, in pieces that are kept.
//!
//! | file | one idea |
//! |---|---|
//! | `compiler` | what an embedding compiler is asked for |
//! | `section`, `section_table`, `layout` | an output that can be taken apart and patched |
//! | `hashes`, `output_seen`, `record`, `old_output` | what the last build saw and left behind |
//! | `world` | the files that an entry reaches |
//! | `packages` | what other packages offer |
//! | `plan`, `report` | what to compile, and why; pure |
//! | `ir_cache`, `levels` | what files, functions and whole outputs became |
//! | `in_use` | what an output is made of does not grow old |
//! | `compile`, `wave` | one file's section; those that a change reaches |
//! | `pipeline` | the cheapest way |

mod compile;
mod compiler;
mod hashes;
mod in_use;
mod ir_cache;
mod layout;
mod levels;
mod old_output;
mod output_seen;
mod packages;
mod pipeline;
mod plan;
mod record;
mod report;
mod section;
mod section_table;
mod wave;
mod world;

pub use compiler::{FileIr, Imported, Unit, UnitCompiler, UnitProblem};
pub use hashes::FileHashCache;
pub use ir_cache::{IrStats, UnitCacheOptions};
pub use levels::{AirCache, LevelStats, MultiLevelCache, ZirCache};
pub use packages::PackageModule;
pub use pipeline::{UnitRequest, incremental_build};
pub use report::{
    FullBecause, Meant, PackageChange, PackageSeen, Route, UnitBuild, UnitBuildError, UnitReason, UnitStep,
};
pub use section::{Combined, NewSection, OutputForm, SectionError, SectionPlace, combine, take_apart};
