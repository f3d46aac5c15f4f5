//! The command line of what looks into the cache, or makes it smaller.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use janus_cache::config::duration_from_text;
use janus_cache::store::EntryKind;

use crate::args::CacheArgs;
use crate::exit::EXIT_CODES;

/// Which entries are meant: those with all of these properties.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only entries that were made for the project of this name (`janus cache stats` lists them).
    #[arg(long, value_name = "NAME")]
    pub(crate) of_project: Option<String>,
    /// Only entries of this kind, such as `dispatch-table`.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: Option<EntryKind>,
    /// Only entries that nobody has used for so long, such as `12h` or `30d`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CollectArgs {
    /// Only say what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Then the least recently used ones, until the cache is no larger, such as `50MB`.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) down_to: Option<u64>,
    /// Only say what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// In which order entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Last used first.
    #[default]
    Used,
    /// Largest first.
    Size,
    /// What took longest to build first.
    Cost,
    /// Most often hit first.
    Hits,
    /// Newest first.
    Made,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct EntriesArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// In which order.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sort: Sort,
    /// At most so many.
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct EntryArgs {
    /// The entry's key, or how it begins: at least 4 digits.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct StatsArgs {
    /// Count hits and misses of so long only, such as `12h` or `30d` [default: as far back as is known].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) since: Option<Duration>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// In which order entries go when there is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// Least recently used first.
    Lru,
    /// Least worth a byte first.
    Value,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct SimulateArgs {
    /// The sizes to try, such as `10MB,50MB` [default: parts of all that was asked for, and today's limit].
    #[arg(long, value_name = "SIZE", value_parser = size, value_delimiter = ',')]
    pub(crate) sizes: Vec<u64>,
    /// The policy to try [default: both].
    #[arg(long, value_enum)]
    pub(crate) policy: Option<Policy>,
    /// Replay so long only, such as `30d` [default: as far back as is known].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) since: Option<Duration>,
    /// Write a picture.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

fn kind(text: &str) -> Result<EntryKind, String> {
    let names = || EntryKind::ALL.map(EntryKind::name).join(", ");
    let found = EntryKind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| format!("expected one of {}", names()))
}

fn duration(text: &str) -> Result<Duration, String> {
    duration_from_text(text).ok_or_else(|| "expected a time such as `30s`, `12h` or `7d`".to_owned())
}

fn size(text: &str) -> Result<u64, String> {
    janus_cache::config::size_from_text(text)
        .ok_or_else(|| "expected a size such as `500kB`, `2MiB` or `1GB`".to_owned())
}
