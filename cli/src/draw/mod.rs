//! Pictures: of who wins for each pair of types, of how a table decides, and of how a cache would do.
//!
//! | file | one idea |
//! |---|---|
//! | `svg` | a writer that escapes |
//! | `palette` | a letter and a colour for each method |
//! | `grid` | a family's answers for two positions, types that answer alike as one |
//! | `matrix`, `blocks` | the grid as SVG, and in a terminal |
//! | `flow` | how a table decides: questions, and where their answers lead |
//! | `curve` | hit ratios over sizes as SVG |
//! | `tree`, `dot` | the questions as SVG, and for Graphviz |

pub(crate) mod blocks;
pub(crate) mod curve;
pub(crate) mod dot;
pub(crate) mod flow;
pub(crate) mod grid;
pub(crate) mod matrix;
pub(crate) mod palette;
mod svg;
pub(crate) mod tree;
