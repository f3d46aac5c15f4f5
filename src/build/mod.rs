//! Build sessions: facts in, a plan with reasons, tables and an image out.
//!
//! Data flows one way. A [`Frontend`] reads facts; a [`Registry`] makes one [`Question`] of each
//! family; a [`Plan`] says which are answered by the cache and which are built, each with its
//! [`Reason`]; the executor does that through a [`BuildCacheManager`] and writes the image.
//!
//! | file | one idea |
//! |---|---|
//! | `facts`, `frontend` | what a language hands over |
//! | `registry`, `question` | families, and the question about each one's table |
//! | `plan`, `reason`, `explain`, `phrase` | what to do and why, also in words; pure |
//! | `fast_path`, `watch_note` | nothing changed, proved before anything is set up, or told by a watcher |
//! | `body_edit`, `outlines` | files were edited and declare what they declared |
//! | `incremental` | the same idea for compilers that embed this library: sections of one output |
//! | `state`, `event`, `sealed` | what the last build left behind |
//! | `memory`, `reach` | what that tells about a family or a file, and what a change of it would reach |
//! | `past_builds` | what the builds before it were made of |
//! | `nearest` | the nearest question that was answered elsewhere |
//! | `manager`, `obtain`, `session`, `table` | get a table or build it, once |
//! | `profile` | how often methods were called, from a file |
//! | `cache` | the chain a manager uses, or why there is none |
//! | `metrics`, `meters`, `report` | what it cost, what it saved, what to do about it |
//! | `project`, `check`, `output` | the executor, its diagnostics, the image |
//! | `turn` | builds of one output, one after the other |
//! | `parallel` | work on many things, answers in order |
//! | `error` | what can fail; the cache cannot |

mod body_edit;
mod cache;
mod check;
mod error;
mod event;
mod explain;
pub mod facts;
pub mod fast_path;
mod frontend;
pub mod incremental;
mod manager;
mod memory;
mod meters;
mod metrics;
mod nearest;
mod obtain;
mod outlines;
mod output;
pub(crate) mod parallel;
mod past_builds;
mod phrase;
mod plan;
mod profile;
mod project;
mod question;
mod reach;
mod reason;
mod registry;
mod report;
mod sealed;
mod session;
mod state;
mod table;
mod turn;
mod watch_note;

pub use cache::{Cache, CacheWarning, store_options};
pub use check::NeverSelected;
pub use error::{BuildError, CacheErrorKind};
pub use event::TableEvent;
pub use frontend::{Frontend, FrontendError};
pub use manager::{BuildCacheManager, CLAIM_ABOVE_NS, ManagerOptions, SessionReport};
pub use memory::{FileStory, ImportStory, Memory, TableStory, families_named};
pub use metrics::{BuildMetrics, Recommendation};
pub use nearest::known_families;
pub use outlines::Outlines;
pub use output::ImageOutcome;
pub use past_builds::{BuildDiff, FamilyDiff, PastBuild, PastBuilds};
pub use phrase::describe;
pub use plan::{Action, Explain, LastBuild, Observed, Plan, Step, plan};
pub use profile::{ProfileError, read_profile};
pub use project::{BuildOutcome, BuildRequest, CacheSummary, build_project};
pub use question::Question;
pub use reach::{Reach, ReachedFamily};
pub use reason::{Change, Reason};
pub use registry::{FamilyId, Registry, TypeSignature};
pub use state::validate_states;
pub use table::{MissCause, Table, TableOrigin};
pub use watch_note::WatchNote;
