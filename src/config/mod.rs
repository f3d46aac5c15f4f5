//! Settings: every value, and where it came from. The only door to flags, environment and files of settings.
//!
//! A value comes from the first of these layers that names it: flag, environment variable, the project's
//! `janus.toml` (table `[cache]`), the user's `cache.toml`, the system's `cache.toml`, default.
//!
//! | step | what | touches the system |
//! |---|---|---|
//! | [`Inputs::from_system`] | collects flags, environment and the bytes of the files | yes, nothing else here does |
//! | [`Settings::resolve`] | parses, checks and ranks them | no |
//!
//! One table, `table.rs`, declares every setting. The typed [`Settings`], the rows of [`SETTINGS`] from
//! which a command line makes its flags, and `docs/config.md` all come from it.
//!
//! Beside the settings stands the build's configuration, [`Defines`]: names and values of the user's own
//! that enter every key.
//!
//! A project file comes with the project, maybe from a stranger: a folder outside the project counts only
//! when the user's trust record holds the digest of exactly the bytes that are parsed here.

mod define;
mod document;
mod error;
mod inputs;
mod nearest;
mod origin;
mod project;
mod quotas;
mod reference;
mod resolve;
mod setting;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub use define::{DEFINE_FLAG, Defines};
pub use error::{ConfigError, ConfigWarning, Distrust};
pub use inputs::{
    Environment, FileBytes, FlagValue, Inputs, PROJECT_FILE, environment_of_process, settings_files,
    user_config_dir,
};
pub use origin::{Origin, Sourced};
pub use project::project_name;
pub use quotas::Quotas;
pub use reference::reference_markdown;
pub use resolve::Resolved;
pub use setting::{Entry, Flag, Setting};
pub use table::{SETTINGS, Settings};
pub use value::{Chain, LevelKind, Namespace, Size, duration_from_text, size_from_text};
pub use words::{Durability, Eviction, Verify, WriteErrorPolicy};
