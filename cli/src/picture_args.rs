//! The command line of what compares, draws and dumps.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::Format;
use crate::exit::EXIT_CODES;
use crate::settings::SettingFlags;

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
    /// The earlier and the later image; with --rev the project's folder or a corpus [default: .].
    #[arg(value_name = "PATH", num_args = 0..=2)]
    pub(crate) paths: Vec<PathBuf>,
    /// Build and compare two git revisions of a project, or of a corpus (`FILE.json`), instead.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub(crate) rev: Option<Vec<String>>,
    /// Give both builds' configuration a name with a value, as `janus build` does; may be given several
    /// times.
    #[arg(long, short = 'D', value_name = "NAME=VALUE", requires = "rev")]
    pub(crate) define: Vec<String>,
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
