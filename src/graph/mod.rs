//! Who depends on whom, and what a change makes necessary.
//!
//! Import cycles are legal, so the unit of order is the strongly connected component. Nodes are numbers
//! below a count; what they stand for (a file, a module, a function) is the caller's business.
//!
//! | question | answer |
//! |---|---|
//! | who imports whom? | [`DependencyGraph`]: two arrays of edges; edits give a new graph |
//! | in which order? | [`Components`]: each behind those it depends on |
//! | did anything below this node change? | [`CombinedHashes`]: one hash for all it rests on |
//! | what can a change reach, and by which way? | [`invalidate`] |
//! | what is really to be rebuilt? | [`Wave`]: stops where an interface came out as before |
//! | does my compiler's graph do what I think? | [`testing::NamedGraph`] |
//!
//! [`invalidate`] is the upper bound that can be told before anything is built; [`Wave`] finds the rest
//! while building. Nothing here recurses: chains of any depth need no call stack.

mod adjacency;
mod bits;
mod combined;
mod components;
mod edit;
mod hash;
mod invalidate;
mod paged;
pub mod testing;
mod unit;
mod wave;

pub use adjacency::DependencyGraph;
pub use combined::CombinedHashes;
pub use components::Components;
pub use hash::{CombinedHash, OwnDigest};
pub use invalidate::{Invalidated, invalidate};
pub use unit::{NotRunning, Outcome, ReadyUnit, Why};
pub use wave::Wave;
