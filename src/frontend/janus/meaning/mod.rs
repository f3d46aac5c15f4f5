//! What the scans of a project mean together.
//!
//! | file | one idea |
//! |---|---|
//! | `facts` | the steps, in order, and what comes out |
//! | `unit` | one scanned file, and how to tell about a place in it |
//! | `modules` | modules, what they declare, which scope belongs to which |
//! | `links` | which file and module an import means, what it makes visible |
//! | `lookup` | what a name means where it stands |
//! | `implied` | types that sums declare by mentioning them |
//! | `universe` | types by number, with canonical names |
//! | `express` | from written types to types |
//! | `aliases` | chains and cycles of aliases |
//! | `relate` | who is below whom |
//! | `families` | functions into families, methods, duplicates |

mod aliases;
mod express;
mod facts;
mod families;
mod implied;
mod links;
mod lookup;
mod modules;
mod relate;
mod unit;
mod universe;

pub(super) use facts::{facts, outline, problems};
