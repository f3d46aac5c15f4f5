//! Settings that are one word out of a few.

use std::ffi::OsStr;
use std::fmt;

use toml::de::DeValue;

use super::value::SettingValue;
use crate::clock::Clock;

/// Declares an enum whose variants have one word each, and its forms as a setting.
macro_rules! words {
    (
        $(#[$about:meta])* $name:ident: $form:literal {
            $( $(#[$doc:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        impl $name {
            /// The word that a file or variable uses for it.
            pub const fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl SettingValue for $name {
            const TEXT_FORM: &'static str = $form;
            const TOML_FORM: &'static str = concat!("a string with ", $form);

            fn from_text(text: &OsStr) -> Option<Self> {
                match text.to_str()? {
                    $( $word => Some(Self::$variant), )+
                    _ => None,
                }
            }

            fn from_toml(value: &DeValue<'_>) -> Option<Self> {
                Self::from_text(OsStr::new(value.as_str()?))
            }

            fn to_text(&self) -> String {
                self.word().to_owned()
            }
        }
    };
}

words! {
    /// Whose failure to write makes the whole write a failure. Levels that are read-only never count.
    WriteErrorPolicy: "ignore, l0 or all" {
        /// Nobody's: each failure is a warning.
        Ignore = "ignore",
        /// That of the first level; the others write as best they can.
        L0 = "l0",
        /// That of any level.
        All = "all",
    }
}

words! {
    /// Which hits are built again and compared with what the cache has. Checksums are proved in any case:
    /// this finds what they cannot, a builder that gives two answers to one question.
    #[derive(Default)]
    Verify: "off, sampled or always" {
        /// None.
        #[default]
        Off = "off",
        /// One in sixteen, each day others.
        Sampled = "sampled",
        /// Every one, when a session uses it first.
        Always = "always",
    }
}

words! {
    /// What a commit has survived when it returns.
    Durability: "default or sync" {
        /// The end of the process, however it ends. A power loss may take the sessions of the last
        /// seconds, each as a whole.
        Default = "default",
        /// A power loss too; each commit waits for the disk.
        Sync = "sync",
    }
}

words! {
    /// Which entries go first where there are too many.
    Eviction: "lru or value" {
        /// Those that were unused longest.
        Lru = "lru",
        /// Those whose building took least for their size and use.
        Value = "value",
    }
}

/// One hit in so many is made again and compared where `verify` is `sampled`.
const SAMPLED_ONE_IN: u64 = 16;

impl Verify {
    /// Whether a hit is made again and compared. `key_byte` is one byte of its key.
    pub(crate) fn compares(self, key_byte: u8, clock: Clock) -> bool {
        match self {
            Self::Off => false,
            // Another sample each day, so that every entry has its turn.
            Self::Sampled => (u64::from(key_byte) + clock.unix_hours() / 24).is_multiple_of(SAMPLED_ONE_IN),
            Self::Always => true,
        }
    }
}
