//! One row of the table of settings, and one row of an answer about them.

use super::Origin;

/// What is known about a setting before anybody gives it a value.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// Its name in a file; a dot stands for a table (`store.mmap` is `mmap` in `[store]`).
    pub key: &'static str,
    /// The variables that set it; the first that is set and not empty counts.
    pub variables: &'static [&'static str],
    /// The variables say the opposite of the key (`JANUS_CACHE_DISABLE` sets `enabled`).
    pub variables_negate: bool,
    /// The flag that sets it, where it has one of its own.
    pub flag: Option<Flag>,
    /// What a flag or variable must say; reads well after "expects".
    pub text_form: &'static str,
    /// What a file must say; reads well after "expects".
    pub toml_form: &'static str,
    /// A project file that is not trusted may only name something inside the project.
    pub inside_project_unless_trusted: bool,
    /// The default as a variable would say it.
    pub default_text: fn() -> String,
    /// What it does, in whole sentences.
    pub meaning: &'static str,
    /// Where nothing acts on it yet: the work that will, by its name in `docs/designs.md`. It is read,
    /// checked and shown all the same, so that files that name it stay good.
    pub awaits: Option<&'static str>,
}

/// How a command line gives a setting its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `--name WORD`.
    Valued {
        /// With the dashes.
        name: &'static str,
        /// What help calls the value.
        value_name: &'static str,
    },
    /// `--name` alone; it hands over `value`.
    Switch {
        /// With the dashes.
        name: &'static str,
        /// The value that its presence gives.
        value: &'static str,
    },
}

impl Flag {
    /// The name with the dashes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valued { name, .. } | Self::Switch { name, .. } => name,
        }
    }
}

/// A setting as it holds now: what `config` commands print.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The row of the table.
    pub setting: &'static Setting,
    /// The value as a variable would say it (where [`Setting::variables_negate`], its opposite).
    pub value_text: String,
    /// Who said so.
    pub origin: &'a Origin,
}
