//! The table of settings: the one place to add, rename or explain one.

use std::path::PathBuf;
use std::time::Duration;

use super::quotas::Quotas;
use super::resolve::Candidates;
use super::setting::{Entry, Flag, Setting};
use super::value::{Chain, Namespace, SettingValue, Size};
use super::words::{Durability, Eviction, Verify, WriteErrorPolicy};
use super::{ConfigError, Sourced};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// From one row a setting: a typed field of [`Settings`] and a [`Setting`] of [`SETTINGS`]. `negated by`
/// stands for `set by` where the variable says the opposite of the key, `not used yet` names the work that
/// will make something act on the setting.
macro_rules! settings {
    ( $(
        $field:ident: $type:ty = $default:expr,
        key $key:literal, $sense:ident by [$($variable:literal),+], flag $flag:expr,
        $meaning:literal $(, not used yet: $awaits:literal)?;
    )+ ) => {
        /// Every setting with its value and its origin. See `docs/config.md`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Settings { $( #[doc = $meaning] pub $field: Sourced<$type>, )+ }

        /// Every setting, in the order of the reference.
        pub static SETTINGS: &[Setting] = &[ $( Setting {
            key: $key,
            variables: &[$($variable),+],
            variables_negate: settings!(@$sense),
            flag: $flag,
            text_form: <$type as SettingValue>::TEXT_FORM,
            toml_form: <$type as SettingValue>::TOML_FORM,
            inside_project_unless_trusted: <$type as SettingValue>::NAMES_PLACES,
            default_text: || <$type as SettingValue>::to_text(&$default),
            meaning: $meaning,
            awaits: settings!(@awaits $($awaits)?),
        }, )+ ];

        impl Settings {
            /// The strongest value of every setting.
            pub(super) fn pick(candidates: &mut Candidates<'_>) -> Result<Self, ConfigError> {
                Ok(Self { $( $field: candidates.pick::<$type>($key, || $default)?, )+ })
            }

            /// Every setting as it holds now, in the order of [`SETTINGS`].
            pub fn entries(&self) -> Vec<Entry<'_>> {
                let values = [ $( (self.$field.value.to_text(), &self.$field.origin), )+ ];
                SETTINGS
                    .iter()
                    .zip(values)
                    .map(|(setting, (value_text, origin))| Entry { setting, value_text, origin })
                    .collect()
            }
        }
    };
    (@awaits) => { None };
    (@awaits $awaits:literal) => { Some($awaits) };
    (@set) => { false };
    (@negated) => { true };
}

const fn valued(name: &'static str, value_name: &'static str) -> Flag {
    Flag::Valued { name, value_name }
}

const fn switch(name: &'static str, value: &'static str) -> Flag {
    Flag::Switch { name, value }
}

settings! {
    dir: PathBuf = PathBuf::from(".janus_cache"),
        key "dir", set by ["JANUS_CACHE_DIR"], flag Some(valued("--cache-dir", "DIR")),
        "The cache directory. A relative path starts at the current directory in a flag or variable, at the \
         file's folder in a file, and at the project's root in the default.";
    enabled: bool = true,
        key "enabled", negated by ["JANUS_CACHE_DISABLE"], flag Some(switch("--no-cache", "false")),
        "Whether the cache is used at all. Without it every build is a fresh one and leaves nothing behind. \
         The variable says the opposite of the key.";
    max_size: Size = Size::megabytes(100),
        key "max_size", set by ["JANUS_CACHE_SIZE", "JANUS_CACHE_MAX_SIZE"],
        flag Some(valued("--cache-size", "SIZE")),
        "How large the cache directory may be after a cleanup; the entries that were unused longest go first. \
         `kB`, `MB`, `GB` count in thousands, `KiB`, `MiB`, `GiB` in 1024s, a bare number in bytes.";
    max_age: Duration = 7 * DAY,
        key "max_age", set by ["JANUS_CACHE_MAX_AGE"], flag Some(valued("--cache-max-age", "TIME")),
        "How long an entry that nobody uses stays. Zero keeps nothing longer than until the next cleanup.";
    eviction: Eviction = Eviction::Lru,
        key "eviction", set by ["JANUS_CACHE_EVICTION"], flag None,
        "Which entries go first where there are too many: `lru`, those that were unused longest; `value`, those whose \
         building took least for their size and use.";
    quotas: Quotas = Quotas::default(),
        key "quotas", set by ["JANUS_CACHE_QUOTAS"], flag None,
        "How much of the cache a project may have, where several share one: when it has more, entries of its own \
         go first, whatever the others have.";
    keep_packages: bool = false,
        key "keep_packages", set by ["JANUS_CACHE_KEEP_PACKAGES"], flag None,
        "Whether of each package the newest artifact stays, however old it is and however full the cache.";
    cleanup_interval: Duration = DAY,
        key "cleanup_interval", set by ["JANUS_CACHE_CLEANUP_INTERVAL"], flag None,
        "The least time between two cleanups that builds start by themselves. Zero cleans up after every build.";
    verbose: bool = false,
        key "verbose", set by ["JANUS_CACHE_VERBOSE"], flag Some(switch("--verbose", "true")),
        "Whether a build says, for every table, what the cache did and why, on standard error. Standard output \
         stays what it is.";
    read_only: bool = false,
        key "read_only", set by ["JANUS_CACHE_READ_ONLY"], flag Some(switch("--read-only", "true")),
        "Whether the cache is read and never written: for builds that must not leave a trace for others.";
    recache: bool = false,
        key "recache", set by ["JANUS_CACHE_RECACHE"], flag Some(switch("--recache", "true")),
        "Whether hits are ignored: everything is built and stored anew.";
    namespace: Namespace = Namespace::default(),
        key "namespace", set by ["JANUS_CACHE_NAMESPACE"], flag Some(valued("--namespace", "NAME")),
        "A name that enters every key, so that builds with different names share nothing. \
         Only a file can set it back to the empty name.";
    chain: Chain = Chain::disk(),
        key "chain", set by ["JANUS_CACHE_CHAIN"], flag Some(valued("--chain", "LEVELS")),
        "The levels below memory, nearest first. A hit in a farther level is copied to the nearer ones.";
    write_error_policy: WriteErrorPolicy = WriteErrorPolicy::L0,
        key "write_error_policy", set by ["JANUS_CACHE_WRITE_ERROR_POLICY"], flag None,
        "Whose failure makes a write fail: `ignore`, nobody's; `l0`, that of the first level; `all`, that of any \
         level. A read-only level never counts, and a failed write never fails the build.";
    verify: Verify = Verify::Off,
        key "verify", set by ["JANUS_CACHE_VERIFY"], flag Some(valued("--verify", "WHEN")),
        "Which hits are built again and compared with what the cache has: `off`, none; `sampled`, one in sixteen, \
         each day others; `always`, every one. A difference is a miss with a reason, and the fresh table is used \
         and kept. Checksums are proved in any case.";
    lock_timeout: Duration = Duration::from_secs(60),
        key "lock_timeout", set by ["JANUS_CACHE_LOCK_TIMEOUT"], flag Some(valued("--lock-timeout", "TIME")),
        "How long to wait for another process that holds the cache. Zero does not wait.";
    durability: Durability = Durability::Default,
        key "durability", set by ["JANUS_CACHE_DURABILITY"], flag None,
        "What survives when a commit returns: `default`, the end of the process, while a power loss may take the \
         sessions of the last seconds; `sync`, a power loss too, at the price of waiting for the disk.";
    mmap: bool = true,
        key "store.mmap", set by ["JANUS_CACHE_STORE_MMAP"], flag None,
        "Whether files are mapped into memory. Without it they are read: slower, but safe on a file system where \
         others cut files short.";
    compression: bool = true,
        key "compression", set by ["JANUS_CACHE_COMPRESSION"], flag None,
        "Whether `janus cache optimize` compresses what nobody has used for a day, tables with a dictionary that is trained over \
         them. Both kinds can always be read.";
    incremental: bool = true,
        key "incremental", set by ["JANUS_CACHE_INCREMENTAL"], flag None,
        "Whether a build is answered without being run where nothing changed since the same call, or only bodies and \
         comments did, by the times and sizes of files. Without it every build reads all sources.";
}
