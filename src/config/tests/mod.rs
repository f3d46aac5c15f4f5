//! The room as its users see it.

mod define;
mod forms;
mod messages;
mod precedence;
mod say;
mod table;
mod trust;

use say::{Say, entry, file, inputs};
