//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit::EXIT_CODES;
use crate::explain_args::{BuildsArgs, ExplainArgs};
use crate::picture_args::{DiffArgs, InspectArgs, MatrixArgs, TreeArgs};
use crate::settings::SettingFlags;
use crate::store_args::{CollectArgs, EntriesArgs, EntryArgs, PruneArgs, SimulateArgs, StatsArgs, Which};

/// Builds dispatch tables, keeps them in a cache, and looks after that cache.
#[derive(Debug, Parser)]
#[command(name = "janus", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Janus {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the dispatch tables of a project, from the cache where it has them.
    Build(BuildArgs),
    /// Build now and whenever something changes, and tell other builds what did.
    Watch(WatchArgs),
    /// Look at the cache, check it, empty it.
    Cache {
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Ask an image who answers a call, and what is in it.
    Dispatch {
        #[command(subcommand)]
        command: DispatchCommand,
    },
    /// Let a project's janus.toml lead out of the project.
    Trust(TrustArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Write the manual pages.
    Man(ManArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Count what is in the cache, and what builds found in it.
    Stats(StatsArgs),
    /// Check every byte of the cache.
    Validate(ValidateArgs),
    /// Remove everything that the cache keeps.
    Clear(ClearArgs),
    /// Remove what the limits of the settings do not allow, now.
    Gc(CollectArgs),
    /// Remove entries of a project, of a kind, or that nobody uses.
    Prune(PruneArgs),
    /// Write all packs anew: as few, without dead entries, the used ones in front.
    Optimize(CollectArgs),
    /// List the entries.
    List(EntriesArgs),
    /// Show one entry, and the inputs that its key stands for.
    Inspect(EntryArgs),
    /// Say why a table was built, what a source file has to do with it, and what its change would reach.
    Explain(ExplainArgs),
    /// Compare what two builds of a project were made of.
    Diff(BuildsArgs),
    /// Replay what builds asked for against other sizes and policies.
    Simulate(SimulateArgs),
    /// Look for what makes the cache miss, fail or slow: permissions, file system, locks, clock, limits.
    Doctor(CacheArgs),
    /// Print how many bytes the cache has.
    Size(CacheArgs),
    /// Print where the cache is.
    Dir(CacheArgs),
    /// Show every setting, its value, and who said so.
    Config(CacheArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DispatchCommand {
    /// Who answers a call with these argument types, and why.
    Query(QueryArgs),
    /// List the families of an image.
    List(ImageArgs),
    /// Show a family: its methods, types, and how its table answers.
    Show(ShowArgs),
    /// Compare two images, or two git revisions: which calls are answered differently.
    Diff(DiffArgs),
    /// Draw who wins for each pair of argument types.
    Matrix(MatrixArgs),
    /// Draw how a table finds its answers.
    Tree(TreeArgs),
    /// Dump a table, an image or a pack, also a damaged one.
    Inspect(InspectArgs),
    /// Ask the tables of a corpus what a runtime was asked, and compare the answers.
    Check(CheckArgs),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object on standard output.
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Optimizer {
    /// The cheapest by counted steps, within a budget of bytes.
    #[default]
    Auto,
    /// One method, tested.
    Single,
    /// A scan, most specific method first.
    Linear,
    /// A decision DAG over classes of types.
    Dag,
    /// A matrix over classes of types.
    Matrix,
    /// A perfect hash of tuples of classes.
    Hash,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImageCodec {
    /// As it is: mapped, and answers where it lies.
    #[default]
    None,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
    /// Column by column: as a rule the smallest, and the slowest to write.
    Columnar,
}

/// Warnings that can be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Calls for which several methods apply and none is the most specific.
    Ambiguity,
    /// Imports that no file answers.
    UnresolvedImport,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct BuildArgs {
    /// The project's folder, or a corpus (`FILE.json`), whose outputs go to the current folder.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Say for each table that is built, or whose question changed, why.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Only say what would be done; build nothing, write nothing.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Count a kind of warning as an error; may be given several times.
    #[arg(long, value_enum, value_name = "WARNING")]
    pub(crate) deny: Vec<Deny>,
    /// Write the image in spite of errors in the sources; the exit code stays 1.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Give the build's configuration a name with a value: builds that differ in one share no table.
    /// Outranks [build.define] in janus.toml; may be given several times.
    #[arg(long, short = 'D', value_name = "NAME=VALUE")]
    pub(crate) define: Vec<String>,
    /// How often methods were called: of equally specific ones the most called are tried first.
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// How tables find their answers.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) optimizer: Optimizer,
    /// How the image is stored. In a codec it is smaller, and decoded whenever it is opened.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) codec: ImageCodec,
    /// Where the image goes [default: build/NAME.jdi in the project].
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CacheArgs {
    /// The project whose cache it is.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) project: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ValidateArgs {
    /// Move damaged files to quarantine, save what is sound in them.
    #[arg(long)]
    pub(crate) repair: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ClearArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Only say what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ImageArgs {
    /// The image.
    pub(crate) image: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct QueryArgs {
    /// The image.
    pub(crate) image: PathBuf,
    /// The function's name; the last part is enough if only one family has it.
    pub(crate) function: String,
    /// The argument types, by qualified name or by last part.
    pub(crate) types: Vec<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ShowArgs {
    /// The image.
    pub(crate) image: PathBuf,
    /// The function's name, with `/ARITY` where several families have it; every family if left out.
    pub(crate) function: Option<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CheckArgs {
    /// The corpus: types, functions and methods as JSON.
    pub(crate) corpus: PathBuf,
    /// What a runtime selected: one case on each line.
    pub(crate) truth: PathBuf,
    /// How tables find their answers.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) optimizer: Optimizer,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct TrustArgs {
    /// The project's folder.
    #[arg(required_unless_present = "list")]
    pub(crate) dir: Option<PathBuf>,
    /// Forget the project.
    #[arg(long, conflicts_with = "list")]
    pub(crate) remove: bool,
    /// List what is trusted.
    #[arg(long, conflicts_with = "dir")]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder to write them to; made if it is missing.
    pub(crate) dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    const DOCS: &str = include_str!("../../docs/cli.md");

    /// The part of docs/cli.md under the heading of a command.
    fn section(command: &str) -> Option<&'static str> {
        let (_, rest) = DOCS.split_once(&format!("\n## `{command}`\n"))?;
        Some(rest.split("\n## ").next().unwrap_or(rest))
    }

    fn check(name: &str, command: &clap::Command) {
        if command.has_subcommands() {
            command.get_subcommands().for_each(|child| check(&format!("{name} {}", child.get_name()), child));
            return;
        }
        let section = section(name).unwrap_or_else(|| panic!("docs/cli.md has no section on `{name}`"));
        for arg in command.get_arguments() {
            // The flags of settings stand in docs/config.md, which is held to them by its own test.
            if arg.get_help_heading().is_some() || matches!(arg.get_id().as_str(), "help" | "version") {
                continue;
            }
            let word = match arg.get_long() {
                Some(long) => format!("`--{long}"),
                None => format!("`{}`", arg.get_id().as_str().to_uppercase()),
            };
            assert!(section.contains(&word), "docs/cli.md does not name {word} of `{name}`");
            if let Some(short) = arg.get_short() {
                assert!(section.contains(&format!("`-{short}`")), "`{name}` has an undocumented -{short}");
            }
        }
    }

    #[test]
    fn docs_cli_md_names_every_command_with_its_flags_and_arguments() {
        check("janus", &Janus::command());
    }

    #[test]
    fn the_exit_codes_are_the_same_in_the_help_and_in_docs_cli_md() {
        let rows = EXIT_CODES.lines().filter_map(|line| line.trim().split_once("  "));
        let rows: Vec<String> = rows.map(|(code, meaning)| format!("| {code} | {meaning} |")).collect();
        assert_eq!(rows.len(), 5);
        for row in rows {
            assert!(DOCS.contains(&row), "docs/cli.md has no row {row}");
        }
    }
}
