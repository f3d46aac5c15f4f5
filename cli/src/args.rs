//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit::EXIT_CODES;
use crate::settings::SettingFlags;

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
    /// Count what is in the cache.
    Stats(CacheArgs),
    /// Check every byte of the cache.
    Validate(ValidateArgs),
    /// Remove everything that the cache keeps.
    Clear(ClearArgs),
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
    /// The project's folder.
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
    /// How tables find their answers.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) optimizer: Optimizer,
    /// Where the image goes [default: build/NAME.jdi in the project].
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object on standard output.
    Json,
    /// For the description of a change that is reviewed.
    Markdown,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct DiffArgs {
    /// The earlier and the later image; with --rev the project's folder [default: .].
    #[arg(value_name = "PATH", num_args = 0..=2)]
    pub(crate) paths: Vec<PathBuf>,
    /// Build and compare two git revisions of a project instead.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub(crate) rev: Option<Vec<String>>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DiffFormat,
    /// End with 1 where anything differs.
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the variable `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct MatrixArgs {
    /// The image.
    pub(crate) image: PathBuf,
    /// The function's name, with `/ARITY` where several families have it.
    pub(crate) function: String,
    /// The argument that goes down and the one that goes across, counted from 0.
    #[arg(long, value_delimiter = ',', num_args = 1, value_name = "DOWN,ACROSS", default_value = "0,1")]
    pub(crate) positions: Vec<u8>,
    /// The type of another argument; may be given several times [default: a type that no method names].
    #[arg(long, value_name = "POSITION=TYPE")]
    pub(crate) fixed: Vec<String>,
    /// Write a picture.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) color: Color,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct TreeArgs {
    /// The image.
    pub(crate) image: PathBuf,
    /// The function's name, with `/ARITY` where several families have it.
    pub(crate) function: String,
    /// Print the text that Graphviz draws.
    #[arg(long)]
    pub(crate) dot: bool,
    /// Write a picture.
    #[arg(long, value_name = "FILE", conflicts_with = "dot")]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct InspectArgs {
    /// The file.
    pub(crate) file: PathBuf,
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
